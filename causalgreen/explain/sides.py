"""Firms on either side of a contrast."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from causalgreen.errors import DesignError
from causalgreen.explain.grouping import LEAST_CLUSTERS, group_by, trait_column

if TYPE_CHECKING:
    from causalgreen.explain.scores import Scores

__all__ = ["Sides", "sides_of"]


@dataclass(frozen=True, slots=True)
class Sides:
    """High and low firms.

    Attributes
    ----------
    codes : numpy.ndarray of int, shape (n,)
        1: high; 0: low; -1: neither.
    high, low : str
        What they are called.
    notes : tuple of str
        Who was left out.
    """

    codes: np.ndarray
    high: str
    low: str
    notes: tuple[str, ...]


def sides_of(scores: Scores, trait: str, high: Any = None, low: Any = None) -> Sides:
    """Sides of a contrast; see `contrast` for what ``high`` and ``low`` may be.

    Raises
    ------
    DesignError
        If they are no sides of this trait, or one has fewer than 5 clusters.
    """
    column = trait_column(scores, trait)
    number = pd.api.types.is_numeric_dtype(column)
    if high is None:
        if low is not None:
            raise DesignError(
                f"contrast({trait!r}, low={low!r}): say what it is compared with, such as "
                f"contrast({trait!r}, high=..., low={low!r})"
            )
        sides = _thirds(scores, trait, number)
    elif number:
        sides = _cuts(column.to_numpy(dtype=np.float64, na_value=np.nan), trait, high, low)
    else:
        sides = _levels(column, trait, high, low)
    _check(scores, trait, sides)
    return sides


def _some(levels: Sequence[Any], most: int) -> str:
    """The first levels, and that there are more."""
    return ", ".join(map(str, levels[:most])) + (", ..." if len(levels) > most else "")


def _thirds(scores: Scores, trait: str, number: bool) -> Sides:
    grouping = group_by(scores, trait, 3)
    last = len(grouping.labels) - 1
    if not number and last > 1:
        raise DesignError(
            f"{trait!r} is a category with levels {_some(grouping.labels, 8)}: say which to "
            f"compare, such as contrast({trait!r}, high={grouping.labels[-1]!r}, "
            f"low={grouping.labels[0]!r})"
        )
    codes = np.full(len(grouping.codes), -1)
    codes[grouping.codes == last] = 1
    codes[grouping.codes == 0] = 0
    names = [f"{trait} {grouping.labels[j]}" for j in (last, 0)]
    return Sides(codes, names[0], names[1], grouping.notes)


def _cuts(values: np.ndarray, trait: str, high: Any, low: Any) -> Sides:
    try:
        top = float(high)
        bottom = top if low is None else float(low)
    except (TypeError, ValueError):
        raise DesignError(
            f"high={high!r}, low={low!r}: {trait!r} is a number; give numbers, such as "
            f"contrast({trait!r}, high={np.nanmedian(values):.4g})"
        ) from None
    if low is not None and not bottom < top:
        raise DesignError(f"low={low!r} is not below high={high!r}: {trait!r} has no such sides")
    codes = np.full(len(values), -1)
    known = np.isfinite(values)
    codes[known & (values >= top)] = 1
    codes[known & ((values < top) if low is None else (values <= bottom))] = 0
    below = f"{trait} below {top:.4g}" if low is None else f"{trait} {bottom:.4g} or less"
    gaps = int((~known).sum())
    notes = (f"{gaps:,} firms have no {trait}, and are on no side",) if gaps else ()
    return Sides(codes, f"{trait} {top:.4g} or more", below, notes)


def _levels(column: pd.Series, trait: str, high: Any, low: Any) -> Sides:
    values = column.to_numpy(dtype=object)
    known = column.notna().to_numpy()
    levels = sorted(column.dropna().unique().tolist(), key=str)

    def asked(wanted: Any) -> list[Any]:
        several = isinstance(wanted, Iterable) and not isinstance(wanted, str)
        chosen = list(wanted) if several else [wanted]
        for level in chosen:
            if level not in levels:
                near = difflib.get_close_matches(str(level), list(map(str, levels)), n=1)
                hint = f"; did you mean {near[0]!r}?" if near else "."
                raise DesignError(
                    f"{trait!r} has no level {level!r}{hint} Its levels are {_some(levels, 12)}"
                )
        return chosen

    top = asked(high)
    bottom = [v for v in levels if v not in top] if low is None else asked(low)
    if both := [v for v in top if v in bottom]:
        raise DesignError(f"level {both[0]!r} of {trait!r} is on both sides; name it once")
    codes = np.full(len(values), -1)
    codes[known & np.isin(values.astype(str), [str(v) for v in top])] = 1
    codes[known & np.isin(values.astype(str), [str(v) for v in bottom])] = 0
    gaps = int((~known).sum())
    notes = (f"{gaps:,} firms have no {trait}, and are on no side",) if gaps else ()
    named = f"{trait} " + ", ".join(map(str, top))
    rest = "all others" if low is None else f"{trait} " + ", ".join(map(str, bottom))
    return Sides(codes, named, rest, notes)


def _check(scores: Scores, trait: str, sides: Sides) -> None:
    for side, name in ((1, sides.high), (0, sides.low)):
        n = len(np.unique(scores.home[sides.codes == side]))
        if n < LEAST_CLUSTERS:
            raise DesignError(
                f"{name}: {int((sides.codes == side).sum()):,} firms in {n} clusters. A side needs "
                f"{LEAST_CLUSTERS} clusters; choose other values of {trait!r}"
            )
