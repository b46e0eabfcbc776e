"""Traits as regressors that a reader can name: numbers, and levels beside a reference."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.errors import DesignError
from causalgreen.explain.grouping import LEAST_CLUSTERS, group_by, trait_column

if TYPE_CHECKING:
    from causalgreen.explain.scores import Scores

__all__ = ["Regressors", "regressors_of"]


@dataclass(frozen=True, slots=True)
class Regressors:
    """Columns of a projection.

    Attributes
    ----------
    traits : tuple of str
        Traits that are in it.
    names : tuple of str, length q
        Columns.
    source : tuple of str, length q
        Trait of each column.
    reference : tuple of str, length q
        Level that an indicator is compared with; empty for a number.
    columns : numpy.ndarray, shape (n, q)
        Values, of the firms kept.
    centres, scales : numpy.ndarray, shape (q,)
        Weighted mean and standard deviation of a number; 0 and 1 for an indicator.
    notes : tuple of str
        Levels merged, firms and traits left out.
    """

    traits: tuple[str, ...]
    names: tuple[str, ...]
    source: tuple[str, ...]
    reference: tuple[str, ...]
    columns: np.ndarray
    centres: np.ndarray
    scales: np.ndarray
    notes: tuple[str, ...]

    def units(self, standardised: bool) -> list[str]:
        """What a coefficient is for: a standard deviation, a unit, a level beside another."""
        return [
            f"rather than {ref}" if ref else f"per sd ({scale:.4g})" if standardised else "per unit"
            for ref, scale in zip(self.reference, self.scales, strict=True)
        ]


@dataclass(slots=True)
class _Draft:
    """Columns as they are collected."""

    names: list[str]
    source: list[str]
    reference: list[str]
    columns: list[np.ndarray]
    notes: list[str]
    kept: np.ndarray

    def add(self, name: str, source: str, reference: str, column: np.ndarray) -> None:
        self.names.append(name)
        self.source.append(source)
        self.reference.append(reference)
        self.columns.append(column.astype(np.float64))


def regressors_of(
    scores: Scores, traits: Sequence[str] | None = None
) -> tuple[Regressors, np.ndarray]:
    """Regressors from traits, and a mask of the firms that have them all.

    A gap in a number takes the median and gets an indicator; a gap in a category is a level; both
    where at least 5 clusters have gaps, else those firms are left out, with a note.
    """
    chosen = _chosen(scores, traits)
    draft = _Draft([], [], [], [], [], np.ones(scores.n, dtype=bool))
    used = []
    for trait in chosen:
        column = trait_column(scores, trait)
        if column.nunique() < 2:
            if traits is not None:
                raise DesignError(
                    f"trait {trait!r} has one value among these firms: effects cannot be projected "
                    "on it. Leave it out"
                )
            draft.notes.append(f"{trait} has one value, and is left out")
            continue
        many = pd.api.types.is_numeric_dtype(column) and column.nunique() > 2
        try:
            (_number if many else _levels)(draft, scores, trait, column)
        except DesignError as error:  # no two levels with enough clusters
            draft.notes.append(f"{trait} is left out: {error}")
            continue
        used.append(trait)
    if not used:
        why = "".join(f"\n- {note}" for note in draft.notes)
        raise DesignError(
            "no trait varies among these firms in enough clusters: there is nothing to project on"
            + why
        )
    columns = np.column_stack(draft.columns)[draft.kept]
    w = scores.share[draft.kept]
    number = np.array([ref == "" for ref in draft.reference])
    centres = np.where(number, np.average(columns, axis=0, weights=w), 0.0)
    spread = np.sqrt(np.average((columns - centres) ** 2, axis=0, weights=w))
    made = Regressors(
        tuple(used), tuple(draft.names), tuple(draft.source), tuple(draft.reference), columns,
        centres, np.where(number & (spread > 0), spread, 1.0), tuple(draft.notes),
    )  # fmt: skip
    return made, draft.kept


def _chosen(scores: Scores, traits: Sequence[str] | None) -> list[str]:
    if traits is None:
        return list(map(str, scores.traits.columns))
    if not isinstance(traits, Iterable):
        first = str(scores.traits.columns[0])
        raise DesignError(
            f"projection({traits!r}): name traits, such as projection([{first!r}]), or none for "
            "all that vary"
        )
    chosen = [traits] if isinstance(traits, str) else list(traits)
    for trait in chosen:
        trait_column(scores, trait)
    if not chosen or len(set(chosen)) < len(chosen):
        raise DesignError(f"traits={traits!r}: name each trait once, and at least one")
    return chosen


def _gaps(draft: _Draft, scores: Scores, trait: str, gaps: np.ndarray, reference: str) -> None:
    """An indicator of the gaps, or firms left out."""
    if not gaps.any():
        return
    if len(np.unique(scores.home[gaps])) >= LEAST_CLUSTERS:
        draft.add(f"{trait} missing", trait, reference, gaps)
        return
    draft.kept &= ~gaps
    draft.notes.append(
        f"{int(gaps.sum()):,} firms have no {trait} that can be judged, and are left out"
    )


def _number(draft: _Draft, scores: Scores, trait: str, column: pd.Series) -> None:
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    gaps = ~np.isfinite(values)
    draft.add(trait, trait, "", np.where(gaps, np.median(values[~gaps]), values))
    _gaps(draft, scores, trait, gaps, "known")


def _levels(draft: _Draft, scores: Scores, trait: str, column: pd.Series) -> None:
    """Indicators beside the level with most firms; of two numbers, beside the lower."""
    grouping = group_by(scores, trait, 2)
    sizes = np.bincount(grouping.codes[grouping.codes >= 0], minlength=len(grouping.labels))
    reference = 0 if grouping.ordered else int(np.argmax(sizes))
    named = grouping.labels[reference]
    for j, label in enumerate(grouping.labels):
        if j != reference:
            draft.add(f"{trait} = {label}", trait, named, grouping.codes == j)
    draft.notes += [n for n in grouping.notes if "have no" not in n]
    _gaps(draft, scores, trait, grouping.codes < 0, named)
