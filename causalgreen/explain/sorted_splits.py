"""One split of generic machine learning, and medians over many."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from causalgreen.effects.effects import Effects
from causalgreen.errors import EstimationError
from causalgreen.explain.clan import clan, ranks
from causalgreen.explain.grouping import LEAST_CLUSTERS
from causalgreen.explain.held_out import random_halves
from causalgreen.explain.multiple import holm
from causalgreen.explain.regress import regress
from causalgreen.explain.scores import Scores
from causalgreen.surface.surface import Surface

__all__ = ["CONTRAST", "Pieces", "group_labels", "medians", "one_split"]

CONTRAST = "most - least"
DRAWS = 999
NUMBERS = ("estimate", "std_error", "p_above", "conf_low", "conf_high")


@dataclass(frozen=True, slots=True)
class Pieces:
    """Tables of one split: loading, groups, traits, and tests by path."""

    blp: pd.DataFrame
    gates: pd.DataFrame
    clan: pd.DataFrame
    tests: pd.DataFrame
    notes: tuple[str, ...]


def group_labels(n: int) -> list[str]:
    """Names of the groups, least affected first."""
    return ["1 (least)", *map(str, range(2, n)), f"{n} (most)"]


def one_split(surface: Surface, seed: int, n: int, terms: tuple[str, ...], level: float) -> Pieces:
    """Learn on a random half of the clusters, and judge on the other.

    Parameters
    ----------
    surface : Surface
        Its method is fitted again.
    seed : int
        Seed of the split.
    n : int
        Number of groups.
    terms : tuple of str
        Paths.
    level : float
        Coverage of the intervals of this split.

    Returns
    -------
    Pieces
    """
    scores = random_halves(surface, seed).test_scores
    parts = [_one_path(scores, surface, term, n, level, seed) for term in terms]
    blp, gates, traits, tests, notes = zip(*parts, strict=True)
    whole = [pd.concat(tables, ignore_index=True) for tables in (blp, gates, traits, tests)]
    told = tuple(dict.fromkeys(note for part in notes for note in part))
    return Pieces(whole[0], whole[1], whole[2], whole[3], told)


def _one_path(
    scores: Scores, surface: Surface, term: str, n: int, level: float, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame, list[str]]:
    predicted = scores.prediction[:, scores.terms.index(term)]
    codes = ranks(predicted, n, seed)
    _check(scores, codes, n)
    blp = _loading(scores, predicted, term, level)
    gates, tests = _groups(scores, predicted, codes, n, term, level)
    ends = np.where(codes == 0, 0, np.where(codes == n - 1, 2, 1))
    traits, notes = clan(scores, surface.problem.code, ends, level)
    traits = _one_sided(traits).drop(columns=["statistic", "spread", "p_value"])
    for table in (blp, gates, traits, tests):
        table.insert(0, "term", term)
    return blp, gates, traits, tests, notes


def _check(scores: Scores, codes: np.ndarray, n: int) -> None:
    have = [len(np.unique(scores.home[codes == j])) for j in range(n)]
    if min(have) < LEAST_CLUSTERS:
        raise EstimationError(
            f"in a random half of the clusters, group {int(np.argmin(have)) + 1} of {n} by "
            f"predicted effect has {min(have)} clusters, and {LEAST_CLUSTERS} are needed: ask for "
            "fewer groups with sorted_groups(n=...)"
        )


def _one_sided(table: pd.DataFrame) -> pd.DataFrame:
    """With the p-value against an effect of zero or less: medians of two-sided ones mix signs."""
    half = table["p_value"] / 2
    return table.assign(p_above=half.where(table["statistic"] > 0, 1 - half))


def _loading(scores: Scores, predicted: np.ndarray, term: str, level: float) -> pd.DataFrame:
    """Average effect, and slope of the effects on their predictions (BLP)."""
    centred = predicted - scores.share @ predicted
    names, one = ["average", "loading"], np.ones(scores.n)
    flat = np.sqrt(scores.share @ centred**2) <= 1e-9 * float(np.abs(predicted).max())
    R = one[:, None] if flat else np.column_stack([one, centred])
    table = _one_sided(regress(scores, R, names[: R.shape[1]], [term]).tidy(level))
    if flat:  # the same prediction for all firms: nothing was found, and nothing can be refuted
        nothing = dict(zip(NUMBERS, (np.nan, np.nan, 0.5, -np.inf, np.inf), strict=True))
        table = pd.concat([table, pd.DataFrame([nothing])], ignore_index=True)
    out = table[list(NUMBERS)].copy()
    out.insert(0, "coefficient", names)
    out["n_firms"], out["n_clusters"] = scores.n, scores.n_clusters
    return out


def _groups(
    scores: Scores, predicted: np.ndarray, codes: np.ndarray, n: int, term: str, level: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Average effect of each group by prediction (GATES), most less least, and joint tests."""
    labels = group_labels(n)
    inside = codes[:, None] == np.arange(n)
    effects = regress(scores, inside.astype(np.float64), labels, [term])
    names = effects.terms
    apart = effects.contrast({CONTRAST: {names[-1]: 1.0, names[0]: -1.0}})
    joint = effects.confint(level, simultaneous=True, draws=DRAWS)
    table = pd.concat([effects.tidy(level), apart.tidy(level)], ignore_index=True)
    table = _one_sided(table)[list(NUMBERS)].copy()
    table.insert(0, "group", [*labels, CONTRAST])
    table["joint_low"] = [*joint["conf_low"], table["conf_low"].iloc[-1]]
    table["joint_high"] = [*joint["conf_high"], table["conf_high"].iloc[-1]]
    w = scores.share
    means = [float(w[g] @ predicted[g] / w[g].sum()) for g in inside.T]
    table["prediction"] = [*means, means[-1] - means[0]]
    firms = inside.sum(axis=0).tolist()
    homes = [len(np.unique(scores.home[g])) for g in inside.T]
    ends = inside[:, 0] | inside[:, -1]
    table["n_firms"] = [*firms, int(ends.sum())]
    table["n_clusters"] = [*homes, len(np.unique(scores.home[ends]))]
    return table, pd.DataFrame([_tests(effects, names)])


def _tests(effects: Effects, names: tuple[str, ...]) -> dict[str, float]:
    """Whether all groups are equal; whether any effect is negative, or positive."""
    from scipy.stats import t

    steps = {b: {a: -1.0, b: 1.0} for a, b in pairwise(names)}
    with np.errstate(divide="ignore", invalid="ignore"):
        value = effects.estimate / effects.std_error
    below, above = t.cdf(value, effects.df), t.sf(value, effects.df)
    return {
        "p_equal": effects.contrast(steps).wald()["p_value"],
        "p_any_negative": float(np.min(holm(below))),
        "p_any_positive": float(np.min(holm(above))),
    }


def medians(tables: list[pd.DataFrame], keys: list[str]) -> pd.DataFrame:
    """Medians over splits; p-values doubled, so that they count the splitting.

    Two-sided p-values (``p_value``) double the smaller median of the two one-sided ones: splits
    that find the opposite signs are no evidence for either.

    Parameters
    ----------
    tables : list of pandas.DataFrame
        The same table of each split.
    keys : list of str
        Columns that name a row.

    Returns
    -------
    pandas.DataFrame
        Rows in the order of their first appearance.
    """
    whole = pd.concat(tables, ignore_index=True)
    out = whole.groupby(keys, sort=False, as_index=False, dropna=False).median()
    for name in out.columns:
        if name == "p_above":
            out[name] = 2 * np.minimum(out[name], 1 - out[name])
        if name.startswith("p_"):
            out[name] = np.minimum(2 * out[name], 1.0)
        elif name.startswith("n_"):
            out[name] = out[name].round().astype(np.int64)
    return out.rename(columns={"p_above": "p_value"})
