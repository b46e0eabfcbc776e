"""Groups of firms by a trait: quantiles or categories, none of them too small to judge."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalgreen.errors import DesignError
from causalgreen.explain.scores import Scores

__all__ = ["LEAST_CLUSTERS", "Grouping", "group_by", "trait_column"]

LEAST_CLUSTERS = 5


@dataclass(frozen=True, slots=True)
class Grouping:
    """Firms by group.

    Attributes
    ----------
    trait : str
        What they are grouped by.
    labels : tuple of str, length m
        Groups in order: of the numbers, or of the levels of a category.
    codes : numpy.ndarray of int, shape (n,)
        Group of each firm; -1: none.
    ordered : bool
        Whether the order means more and less.
    centres : numpy.ndarray, shape (m,)
        Mean of a number in each group; 0, 1, ... for a category.
    notes : tuple of str
        Groups that were merged, firms that were left out, and why.
    """

    trait: str
    labels: tuple[str, ...]
    codes: np.ndarray
    ordered: bool
    centres: np.ndarray
    notes: tuple[str, ...]

    def indicators(self) -> np.ndarray:
        """One column for each group, shape (n, m)."""
        return (self.codes[:, None] == np.arange(len(self.labels))).astype(np.float64)


def trait_column(scores: Scores, trait: str) -> pd.Series:
    """A trait of the firms.

    Raises
    ------
    DesignError
        If there is no such trait.
    """
    if not isinstance(trait, str) or trait not in scores.traits.columns:
        known = list(map(str, scores.traits.columns))
        near = difflib.get_close_matches(str(trait), known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        raise DesignError(
            f"there is no trait {trait!r}{hint} The traits are {', '.join(known)}; others are "
            "named in Panel.from_frame(traits=[...])"
        )
    return scores.traits[trait]


def group_by(scores: Scores, trait: str, n: int = 5) -> Grouping:
    """Quantile groups of a number, or levels of a category.

    A group with fewer than 5 clusters cannot be judged: a quantile group joins its smaller
    neighbour, levels of a category join as "other"; the notes say so. What cannot join is left out,
    with a note.

    Parameters
    ----------
    scores : Scores
        Firms with their traits.
    trait : str
        Trait.
    n : int
        Number of quantile groups; a number with at most n values is grouped by value.

    Returns
    -------
    Grouping

    Raises
    ------
    DesignError
        If there is no such trait, it has one value, or fewer than two groups have 5 clusters.
    """
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 2:
        raise DesignError(f"n={n!r}: give a number of groups, 2 or more")
    column = trait_column(scores, trait)
    number = pd.api.types.is_numeric_dtype(column)
    gaps = column.isna().to_numpy()
    if column.nunique() < 2:
        only = column.dropna().iloc[0] if column.notna().any() else "missing"
        raise DesignError(
            f"trait {trait!r} has one value ({only}) among these firms: there are no groups to "
            "compare. Choose another trait"
        )
    codes, labels = (
        _number_codes(column.to_numpy(dtype=np.float64, na_value=np.nan), n) if number
        else _level_codes(column)
    )  # fmt: skip
    notes = [f"{int(gaps.sum()):,} firms have no {trait}, and are in no group"] * bool(gaps.any())
    sizes = [f"{v}: {_clusters(codes, scores.home, j)}" for j, v in enumerate(labels)]
    codes, labels, more = _merge(codes, labels, scores.home, number, trait)
    notes += more
    if len(labels) < 2:
        raise DesignError(
            f"fewer than two groups of {trait!r} have {LEAST_CLUSTERS} clusters (clusters of "
            f"{', '.join(sizes[:8])}{', ...' if len(sizes) > 8 else ''}): nothing can be compared. "
            "Use broader groups, or another trait"
        )
    centres = np.arange(len(labels), dtype=np.float64)
    if number:
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        centres = np.array([values[codes == j].mean() for j in range(len(labels))])
    return Grouping(trait, tuple(labels), codes, number, centres, tuple(notes))


def _number_codes(values: np.ndarray, n: int) -> tuple[np.ndarray, list[str]]:
    known = np.isfinite(values)
    distinct = np.unique(values[known])
    if len(distinct) <= n:
        codes = np.where(known, np.searchsorted(distinct, np.where(known, values, 0.0)), -1)
        return codes, [f"{v:.4g}" for v in distinct]
    cuts = np.unique(np.quantile(values[known], np.arange(1, n) / n))
    codes = np.where(known, np.searchsorted(cuts, np.where(known, values, 0.0), side="left"), -1)
    used = np.unique(codes[known])
    codes = np.where(known, np.searchsorted(used, codes), -1)
    labels = [
        f"{values[codes == j].min():.4g} to {values[codes == j].max():.4g}"
        for j in range(len(used))
    ]
    return codes, labels


def _level_codes(column: pd.Series) -> tuple[np.ndarray, list[str]]:
    levels = sorted(column.dropna().unique().tolist(), key=str)
    values = column.to_numpy(dtype=object)
    codes = np.full(len(values), -1)
    for j, level in enumerate(levels):
        codes[values == level] = j
    return codes, [str(level) for level in levels]


def _clusters(codes: np.ndarray, home: np.ndarray, j: int) -> int:
    return len(np.unique(home[codes == j]))


def _merge(
    codes: np.ndarray, labels: list[str], home: np.ndarray, number: bool, trait: str
) -> tuple[np.ndarray, list[str], list[str]]:
    codes, labels, notes = codes.copy(), list(labels), []
    if not number:
        return _merge_levels(codes, labels, home, trait)
    while len(labels) > 1:
        counts = [_clusters(codes, home, j) for j in range(len(labels))]
        worst = int(np.argmin(counts))
        if counts[worst] >= LEAST_CLUSTERS:
            break
        sides = [j for j in (worst - 1, worst + 1) if 0 <= j < len(labels)]
        other = min(sides, key=lambda j: counts[j])
        low, high = min(worst, other), max(worst, other)
        notes.append(
            f"{trait} {labels[worst]} has {counts[worst]} clusters, too few: merged with "
            f"{labels[other]}"
        )
        labels[low] = f"{labels[low].split(' to ')[0]} to {labels[high].split(' to ')[-1]}"
        codes[codes == high] = low
        codes[codes > high] -= 1
        del labels[high]
    return codes, labels, notes


def _merge_levels(
    codes: np.ndarray, labels: list[str], home: np.ndarray, trait: str
) -> tuple[np.ndarray, list[str], list[str]]:
    small = [j for j in range(len(labels)) if _clusters(codes, home, j) < LEAST_CLUSTERS]
    if not small:
        return codes, labels, []
    kept = [j for j in range(len(labels)) if j not in small]
    names = ", ".join(labels[j] for j in small[:8]) + (", ..." if len(small) > 8 else "")
    out = np.full(len(codes), -1)
    for new, old in enumerate(kept):
        out[codes == old] = new
    together = np.isin(codes, small)
    if len(small) > 1 and len(np.unique(home[together])) >= LEAST_CLUSTERS:
        out[together] = len(kept)
        note = f"{trait}: {names} have fewer than {LEAST_CLUSTERS} clusters each: merged as other"
        return out, [labels[j] for j in kept] + ["other"], [note]
    firms = int(together.sum())
    note = (
        f"{trait}: {names} left out ({firms:,} firms): fewer than {LEAST_CLUSTERS} clusters, and "
        "nothing to merge with"
    )
    return out, [labels[j] for j in kept], [note]
