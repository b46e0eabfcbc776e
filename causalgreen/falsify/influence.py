"""Influence: which clusters and firms carry the estimate, and how many must go to overturn it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.falsify.finding import FAIL, NOT_APPLICABLE, PASS, WARN, Finding, Verdict
from causalgreen.falsify.resample import solve_weighted
from causalgreen.falsify.verdicts import LEVEL, extreme, listed, records, worst
from causalgreen.moments.alone import resting_on_one
from causalgreen.moments.paths import path_terms

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from causalgreen.falsify.case import Case

__all__ = ["influence", "leave_one_out", "most_influential"]

NAME = "influence"
QUESTION = "How many clusters must be left out to overturn an effect?"
FRAGILE, MOST = 0.02, 0.5
EXACT = 3_000_000


def influence(case: Case) -> Finding:
    """Leave one cluster out; then the fewest clusters without which an effect is lost.

    The set of clusters whose absence moves an effect most towards zero is found from influence
    functions, and the effect without them is then computed exactly.

    Parameters
    ----------
    case : Case

    Returns
    -------
    Finding
        One row for each path: range without one cluster, the cluster and the firm with the largest
        influence, and how many clusters must go until it is insignificant or changes sign. Not
        applicable where no path is significant.

    References
    ----------
    Broderick, Giordano and Meager (2023), An automatic finite-sample robustness metric, doi
    10.48550/arXiv.2011.14999; MacKinnon, Nielsen and Webb (2023), Leverage, influence, and the
    jackknife in clustered regression models, Stata Journal 23(4), doi 10.1177/1536867X231212433.
    """
    effects = case.effects
    codes = effects.context.clusters[0]
    labels, firms = _labels(case)
    if lone := _alone(case):
        return _rests_on(case, labels, lone)
    out, exact = leave_one_out(case)
    sums = np.zeros((int(codes.max()) + 1, len(effects.terms)))
    np.add.at(sums, codes, effects.influence)
    by_firm = np.zeros((case.panel.n_units, len(effects.terms)))
    np.add.at(by_firm, case.moments.sample.units, effects.influence)
    tidy = effects.tidy()
    p, half = tidy["p_value"].to_numpy(), (tidy["conf_high"] - tidy["conf_low"]).to_numpy() / 2
    lines = []
    for j, term in enumerate(effects.terms):
        lose, flip = most_influential(case, sums[:, j], j)
        far = int(np.abs(out[:, j] - effects.estimate[j]).argmax())
        firm = int(np.abs(by_firm[:, j]).argmax())
        lines.append({
            "path": term, "estimate": effects.estimate[j], "p_value": p[j],
            "least_without_one": out[:, j].min(), "largest_without_one": out[:, j].max(),
            "cluster": labels[far], "firm": firms[firm], "firm_influence": by_firm[firm, j],
            "clusters": len(sums), "until_insignificant": lose, "until_sign": flip,
            "without_these": _without(case, sums[:, j], j, lose), "half_interval": half[j],
        })  # fmt: skip
    table = pd.DataFrame(lines)
    table["verdict"] = [_verdict(row) for row in records(table)]
    claims = bool((table["p_value"] < LEVEL).any())
    verdict = worst(table["verdict"]) if claims else NOT_APPLICABLE
    return Finding(
        NAME, QUESTION, verdict, _reason(table, exact), table,
        partial(_draw, case, sums),
    )  # fmt: skip


def _alone(case: Case) -> dict[int, tuple[str, ...]]:
    """Clusters without which nothing determines a coefficient of the path system."""
    codes = case.moments.sample.clusters[0]
    found: dict[int, tuple[str, ...]] = {}
    for equation in case.layout.equations():
        for number, names in resting_on_one(case.moments, equation, case.basis, codes).items():
            found[number] = tuple(dict.fromkeys((*found.get(number, ()), *names)))
    return found


def _rests_on(case: Case, labels: list[str], lone: dict[int, tuple[str, ...]]) -> Finding:
    """That effects rest on one cluster: there are none without it."""
    table = pd.DataFrame(
        [{"cluster": labels[k], "determines": ", ".join(names)} for k, names in lone.items()]
    )
    told = "; ".join(f"without {row[0]} nothing determines {row[1]}" for row in table.to_numpy())
    claims = bool((case.effects.tidy()["p_value"] < LEVEL).any())
    return Finding(
        NAME, QUESTION, FAIL if claims else WARN,
        f"{told}: the estimates rest on that cluster alone.", table,
    )  # fmt: skip


def leave_one_out(case: Case) -> tuple[np.ndarray, bool]:
    """Effects without each cluster, and whether they are exact, shape (n_clusters, k)."""
    effects = case.effects
    codes = effects.context.clusters[0]
    n, firms = int(codes.max()) + 1, case.panel.n_units
    if n * firms <= EXACT:
        names = path_terms(case.layout).headline
        every = solve_weighted(case, case.basis, 1.0 - np.eye(n))
        return every[:, [names.index(term) for term in effects.terms]], True
    sums = np.zeros((n, len(effects.terms)))
    np.add.at(sums, codes, effects.influence)
    return effects.estimate - sums * n / (n - 1), False


def most_influential(case: Case, sums: np.ndarray, j: int) -> tuple[float, float]:
    """Fewest clusters until an effect is insignificant, and until it changes sign (approximate).

    Parameters
    ----------
    case : Case
    sums : numpy.ndarray, shape (n_clusters,)
        Influence of each cluster on the effect.
    j : int
        Which effect.

    Returns
    -------
    lose, flip : float
        NaN where it is not significant to begin with, or half of the clusters do not suffice.
    """
    from scipy.stats import t

    effects = case.effects
    sign = np.sign(effects.estimate[j])
    order = np.argsort(-sign * sums, kind="stable")
    n = len(sums)
    gone = np.arange(1, int(MOST * n) + 1)
    helped = np.cumsum((sign * sums)[order])[: len(gone)]
    remaining = sign * effects.estimate[j] - helped * n / (n - gone)
    squares = np.cumsum((sums**2)[order])[: len(gone)]
    # What is left of the sum of squares, around its new mean, for fewer clusters.
    rest = (sums**2).sum() - squares - helped**2 / (n - gone)
    scale = effects.std_error[j] / max(np.sqrt((sums**2).sum()), 1e-300)
    error = scale * np.sqrt(np.maximum(rest, 0.0)) * n / (n - gone)
    margin = t.ppf(1 - LEVEL / 2, np.maximum(n - gone - 1, 1))
    flip = _first(remaining < 0, gone)
    if abs(effects.estimate[j]) <= t.ppf(1 - LEVEL / 2, effects.df) * effects.std_error[j]:
        return float("nan"), flip
    return _first(remaining < margin * error, gone), flip


def _first(condition: np.ndarray, count: np.ndarray) -> float:
    return float(count[int(condition.argmax())]) if condition.any() else float("nan")


def _without(case: Case, sums: np.ndarray, j: int, lose: float) -> float:
    """The effect without the clusters that make it insignificant, solved exactly."""
    if not np.isfinite(lose):
        return float("nan")
    order = np.argsort(-np.sign(case.effects.estimate[j]) * sums, kind="stable")
    weights = np.ones((1, len(sums)))
    weights[0, order[: int(lose)]] = 0.0
    place = path_terms(case.layout).headline.index(case.effects.terms[j])
    return float(solve_weighted(case, case.basis, weights)[0, place])


def _labels(case: Case) -> tuple[list[str], list[str]]:
    """Names of clusters in the order of their codes, and of firms."""
    panel, rows = case.panel, case.residuals.design.rows
    name = panel.roles.clusters[0]
    codes = np.unique(panel.clusters[0][rows], return_inverse=True)[1]
    values = panel.units[panel.unit_codes] if name == panel.roles.unit else panel.frame[name]
    first = np.unique(codes, return_index=True)[1]
    return [str(v) for v in np.asarray(values)[rows][first]], [str(u) for u in panel.units]


def _verdict(row: dict[str, float]) -> Verdict:
    if row["p_value"] >= LEVEL:
        return PASS
    if row["least_without_one"] * row["largest_without_one"] <= 0:
        return FAIL
    few = max(1.0, FRAGILE * row["clusters"])
    return WARN if row["until_insignificant"] <= few or _hangs_on_one(row) else PASS


def _hangs_on_one(row: dict[str, float]) -> bool:
    """Whether one cluster less leaves an effect that the study's own error cannot tell from zero.

    A firm with so much of the treatment's variance that it sets the estimate itself has an
    influence function near zero; only solving again without it shows it.
    """
    return (
        min(abs(row["least_without_one"]), abs(row["largest_without_one"])) < row["half_interval"]
    )


def _reason(table: pd.DataFrame, exact: bool) -> str:
    claims = table[table["p_value"] < LEVEL]
    how = "" if exact else " (approximately)"
    if not len(claims):
        return "no path is significant, so that there is nothing for a cluster to take away."
    flips = claims[claims["least_without_one"] * claims["largest_without_one"] <= 0]
    if len(flips):
        return f"without one cluster {listed(flips['path'])} changes sign{how}."
    n = int(claims["clusters"].iloc[0])
    hangs = [row for row in records(claims) if _hangs_on_one(row)]
    if hangs:
        row = min(hangs, key=lambda r: abs(r["least_without_one"] / r["estimate"]))
        nearest = min(row["least_without_one"], row["largest_without_one"], key=abs)
        return (
            f"{listed([row['path']])} hangs on one cluster: without {row['cluster']} it is "
            f"{nearest:.3g} instead of {row['estimate']:.3g}, which its interval (plus or minus "
            f"{row['half_interval']:.3g}) could not tell from zero{how}."
        )
    known = claims[claims["until_insignificant"].notna()]
    told = f"without any one of {n:,} clusters every significant path keeps its sign{how}"
    if len(known):
        row = extreme(known, "until_insignificant")
        k = int(row["until_insignificant"])
        told += (
            f"; {listed([row['path']])} is the first to become insignificant, without the {k} "
            f"clusters ({100 * k / n:.1f} %) that favour it most: {row['without_these']:.3g} "
            f"instead of {row['estimate']:.3g}"
        )
    else:
        told += "; none becomes insignificant without half of the clusters"
    return told + "."


def _draw(case: Case, sums: np.ndarray) -> Figure:
    from causalgreen.falsify.drawing import plot_influence

    return plot_influence(case, sums, QUESTION)
