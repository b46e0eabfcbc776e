"""The refuters' questions, over firms and clusters: noise as a control, subsets, bootstrap."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from causalgreen.falsify.finding import FAIL, PASS, WARN, Finding, Verdict
from causalgreen.falsify.legs import WHOLE, leg_ratio
from causalgreen.falsify.permute import streams
from causalgreen.falsify.resample import solve_weighted, solve_with_noise
from causalgreen.falsify.verdicts import LEVEL, extreme, listed, records, worst
from causalgreen.moments.paths import path_terms

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from causalgreen.falsify.case import Case

__all__ = ["FRACTION", "bootstrap", "bootstrap_weights", "data_subset", "random_common_cause",
           "subset_weights"]  # fmt: skip

FRACTION = 0.8
CLOSE = (0.8, 1.25)
"""Bootstrap error over reported error: what is no news."""
TOO_WIDE = 1.5
NOISE = "random common cause"
SUBSET = "data subset"
BOOTSTRAP = "bootstrap"
ASKED = {
    NOISE: "Do the effects stay where they are when a random variable is added to the controls?",
    SUBSET: "Do the effects stay where they are without a fifth of the clusters?",
    BOOTSTRAP: "Do the effects spread over resampled clusters as their standard errors say?",
}


def random_common_cause(case: Case) -> Finding:
    """Add pure noise to the controls of every equation; nothing may change.

    Half of the noise's variance is common to a cluster in a period. It finds estimates that hang by
    a thread (collinear residuals, few clusters), never omitted confounders.

    Parameters
    ----------
    case : Case

    Returns
    -------
    Finding
        One row for each path, moves in standard errors.

    References
    ----------
    Sharma and Kiciman (2020), DoWhy: An end-to-end library for causal inference, doi
    10.48550/arXiv.2011.04216.
    """
    rngs = streams(case.seed + 11, case.simulations)
    if case.refit:
        from causalgreen.falsify.refit import refit_noise

        draws = refit_noise(case, rngs)
    else:
        draws = _named(case, solve_with_noise(case, case.basis, rngs))
    table = _table(case, draws)
    moves = np.quantile(np.abs(draws - table["estimate"].to_numpy()), 0.95, axis=0)
    table["move_in_se"] = moves / table["std_error"].to_numpy()
    table["verdict"] = [_by(m, 0.5, 0.25) for m in table["move_in_se"]]
    row = extreme(table, "move_in_se", largest=True)
    reason = (
        f"{case.simulations:,} random variables move {listed([row['path']])} most, by at most "
        f"{row['move_in_se']:.3f} standard errors in 95 % of the draws (more than .25 would be "
        "noted). This says nothing of omitted confounders: see the sensitivity analysis."
    )
    return _finding(case, NOISE, table, reason)


def data_subset(case: Case) -> Finding:
    """Estimate again on random subsets of four fifths of the clusters.

    Parameters
    ----------
    case : Case

    Returns
    -------
    Finding
        One row for each path: position of the estimate among subsets, share with another sign, and
        spread in units of what the standard error implies.

    References
    ----------
    Politis, Romano and Wolf (1999), Subsampling, doi 10.1007/978-1-4612-1554-7.
    """
    draws, _, table = _resampled(case, subset_weights)
    implied = table["std_error"] * np.sqrt((1 - FRACTION) / FRACTION)
    table["spread_ratio"] = table["spread"] / implied
    table["other_sign"] = (np.sign(draws) != np.sign(table["estimate"].to_numpy())).mean(axis=0)
    table["verdict"] = [
        PASS if row["zero_product"]
        else FAIL if row["position_p"] < LEVEL
        else WARN if row["claimed"] and (row["other_sign"] > LEVEL
                                         or row["spread_ratio"] > TOO_WIDE)
        else PASS
        for row in records(table)
    ]  # fmt: skip
    judged, told = _compared(table, 0.0, TOO_WIDE)
    row = extreme(judged, "position_p")
    where = "outside" if row["position_p"] < LEVEL else "inside"
    reason = (
        f"{case.simulations:,} subsets of {100 * FRACTION:.0f} % of the clusters: estimates lie "
        f"{where} the middle 95 % of the subsets' (smallest two-sided position p "
        f"{row['position_p']:.2f}); significant paths change sign in "
        f"{100 * _of_claims(table, 'other_sign'):.1f} % at most, and spread is up to "
        f"{judged['spread_ratio'].max():.2f} times what standard errors imply{told}."
    )
    return _finding(case, SUBSET, table, reason)


def bootstrap(case: Case) -> Finding:
    """Draw clusters with replacement, and compare the spread with the standard errors.

    Clusters are those of the study, the first column of them where there are several: errors that
    are related across clusters stay so small here, too. A mediated path that the study does not
    claim, and that may be zero, is a product of legs that may both be zero. Its reported error is
    no yardstick then (the spread is larger, the test rejects too rarely), and the errors of its
    legs are judged instead.

    Parameters
    ----------
    case : Case

    Returns
    -------
    Finding
        One row for each path: bootstrap over reported standard error, percentile interval, and
        ``leg_ratio`` for paths that are judged by their legs (of the moments, refitted or not).

    References
    ----------
    Cameron, Gelbach and Miller (2008), Bootstrap-based improvements for inference with clustered
    errors, Review of Economics and Statistics 90(3), doi 10.1162/rest.90.3.414.
    """
    _, every, table = _resampled(case, bootstrap_weights)
    table["spread_ratio"] = table["spread"] / table["std_error"]
    covers = (table["draws_low"] <= 0) & (table["draws_high"] >= 0)
    table["loses"] = table["claimed"] & covers
    table["zero_product"] &= covers
    table["leg_ratio"] = [
        leg_ratio(case, row["path"], every)
        if row["zero_product"] and row["spread_ratio"] > CLOSE[1]
        else np.nan
        for row in records(table)
    ]
    table["verdict"] = [_spreads(row) for row in records(table)]
    judged, told = _compared(table, *CLOSE)
    low, high = judged["spread_ratio"].min(), judged["spread_ratio"].max()
    reason = (
        f"over {case.simulations:,} draws of {case.moments.sample.n_clusters[0]:,} clusters the "
        f"bootstrap standard errors are {low:.2f} to {high:.2f} times the reported ones "
        f"(Monte-Carlo error {1 / np.sqrt(2 * case.simulations):.2f}); {_kept(table)}{told}."
    )
    return _finding(case, BOOTSTRAP, table, reason)


def _spreads(row: dict[str, Any]) -> Verdict:
    """Spread as reported; of a product that may be zero that of its legs, where its own is not."""
    if row["zero_product"]:
        return _by(row["leg_ratio"], TOO_WIDE, CLOSE[1]) if row["leg_ratio"] > 0 else PASS
    if row["spread_ratio"] > TOO_WIDE or row["position_p"] < LEVEL:
        return FAIL
    return WARN if row["loses"] or not CLOSE[0] <= row["spread_ratio"] <= CLOSE[1] else PASS


def _kept(table: pd.DataFrame) -> str:
    """What has become of the paths that the study calls significant."""
    if not table["claimed"].any():
        return "no path is significant"
    lost = table.loc[table["loses"], "path"]
    if len(lost):
        return f"{listed(lost)} may be zero by the bootstrap though not by the study"
    return "every significant path stays so"


def subset_weights(n_clusters: int, rngs: list[np.random.Generator]) -> np.ndarray:
    """Which clusters are in each subset, shape (s, n_clusters)."""
    keep = max(2, round(FRACTION * n_clusters))
    out = np.zeros((len(rngs), n_clusters))
    for row, rng in zip(out, rngs, strict=True):
        row[rng.permutation(n_clusters)[:keep]] = 1.0
    return out


def bootstrap_weights(n_clusters: int, rngs: list[np.random.Generator]) -> np.ndarray:
    """How often each cluster is drawn, shape (s, n_clusters)."""
    return np.stack([
        np.bincount(rng.integers(0, n_clusters, n_clusters), minlength=n_clusters) for rng in rngs
    ]).astype(np.float64)  # fmt: skip


def _resampled(
    case: Case, make: Callable[[int, list[np.random.Generator]], np.ndarray]
) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    """Draws of the paths under cluster weights, of all terms from the moments, and a table."""
    n_clusters = case.moments.sample.n_clusters[0]
    weights = make(n_clusters, streams(case.seed + 12, case.simulations))
    every = solve_weighted(case, case.basis, weights, detail=True)
    if case.refit:
        from causalgreen.falsify.refit import refit_clusters

        draws = refit_clusters(case, weights)
    else:
        draws = _named(case, every)
    return draws, every, _table(case, draws)


def _named(case: Case, draws: np.ndarray) -> np.ndarray:
    """Columns of the paths that the study reports."""
    names = path_terms(case.layout).headline
    return draws[:, [names.index(term) for term in case.effects.terms]]


def _table(case: Case, draws: np.ndarray) -> pd.DataFrame:
    """Estimates beside their draws; ``position_p`` is DoWhy's two-sided percentile."""
    effects = case.effects
    above = (draws > effects.estimate).mean(axis=0) + 0.5 * (draws == effects.estimate).mean(axis=0)
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    table = pd.DataFrame(
        {
            "path": effects.terms, "estimate": effects.estimate, "std_error": effects.std_error,
            "mean_of_draws": draws.mean(axis=0), "spread": draws.std(axis=0, ddof=1),
            "draws_low": low, "draws_high": high,
            "position_p": np.minimum(2 * np.minimum(above, 1 - above), 1.0),
            "claimed": effects.tidy()["p_value"].to_numpy() < LEVEL,
        }
    )  # fmt: skip
    table["zero_product"] = ~table["path"].isin(WHOLE) & ~table["claimed"]
    return table


def _compared(table: pd.DataFrame, low: float, high: float) -> tuple[pd.DataFrame, str]:
    """Rows whose spread is compared, and what a reader should know of the others."""
    apart = table["zero_product"] & ~table["spread_ratio"].between(low, high)
    if not apart.any() or apart.all():
        return table, ""
    rest = table[apart]
    told = f"; {listed(rest['path'])} ({rest['spread_ratio'].max():.2f} times) may be zero, "
    legs = rest["leg_ratio"].max() if "leg_ratio" in rest else float("nan")
    if legs > CLOSE[1]:
        told += f"and the errors of the legs are too small, too (they spread {legs:.2f} times)"
    else:
        told += (
            "and the study claims no more: where both legs may be zero the error of a product is "
            "no yardstick, and its test rejects too rarely rather than too often"
        )
        told += "" if np.isnan(legs) else f" (the legs by themselves: {legs:.2f} times at most)"
    return table[~apart], told


def _by(value: float, fail: float, warn: float) -> Verdict:
    return FAIL if not value <= fail else WARN if value > warn else PASS


def _of_claims(table: pd.DataFrame, column: str) -> float:
    claims = table.loc[table["claimed"], column]
    return float(claims.max()) if len(claims) else 0.0


def _finding(case: Case, name: str, table: pd.DataFrame, reason: str) -> Finding:
    verdict = worst(table["verdict"])
    return Finding(name, ASKED[name], verdict, reason, table, partial(_draw, case, name, table))


def _draw(case: Case, name: str, table: pd.DataFrame) -> Figure:
    from causalgreen.falsify.drawing import plot_ranges

    return plot_ranges(case, table, ASKED[name])
