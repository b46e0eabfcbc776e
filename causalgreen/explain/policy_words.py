"""Conditions of a policy tree in words: categories by name, numbers in their own units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from causalgreen.panel.traits import TraitCode

__all__ = ["Wording"]

Path = Sequence[tuple[int, float, bool]]


@dataclass(frozen=True, slots=True)
class Wording:
    """What is needed to name the columns of a tree.

    Attributes
    ----------
    code : TraitCode
        How traits became numbers.
    columns : tuple of int, length c
        Encoded column of each column of the tree.
    pairs : tuple of (tuple or None), length c
        The two values of a column that has two.
    whole : tuple of bool, length c
        Whether all values are whole numbers.
    """

    code: TraitCode
    columns: tuple[int, ...]
    pairs: tuple[tuple[float, float] | None, ...]
    whole: tuple[bool, ...]

    @classmethod
    def of(cls, code: TraitCode, columns: Sequence[int], X: np.ndarray) -> Wording:
        """Wording for encoded traits X of shape (n, all columns)."""
        pairs: list[tuple[float, float] | None] = []
        for column in columns:
            values = np.unique(X[:, column])
            pairs.append((float(values[0]), float(values[1])) if len(values) == 2 else None)
        whole = tuple(bool((X[:, c] == np.round(X[:, c])).all()) for c in columns)
        return cls(code, tuple(columns), tuple(pairs), whole)

    def conditions(self, path: Path) -> str:
        """All conditions on the way to a leaf."""
        words: list[str] = []
        spans: dict[int, tuple[float, float]] = {}
        for column, cut, below in path:
            named = self._named(column, below)
            if named:
                words.append(named)
                continue
            low, high = spans.get(column, (-np.inf, np.inf))
            spans[column] = (low, min(high, cut)) if below else (max(low, cut), high)
        words += [self._span(column, *span) for column, span in spans.items()]
        return " and ".join(words) or "every firm"

    def _named(self, column: int, below: bool) -> str:
        """Words for a category, a gap, or a number with two values; else nothing."""
        place = self.columns[column]
        k = self.code.source[place]
        name, levels, first = self.code.traits[k], self.code.levels[k], self.code.source.index(k)
        if levels is not None:
            return f"{name} is {'not ' if below else ''}{levels[place - first]}"
        if place > first:
            return f"{name} is {'known' if below else 'missing'}"
        pair = self.pairs[column]
        return "" if pair is None else f"{name} = {pair[0] if below else pair[1]:g}"

    def _span(self, column: int, low: float, high: float) -> str:
        name = self.code.columns[self.columns[column]]
        a, b = self._number(column, low), self._number(column, high)
        if a and b:
            return f"{a} < {name} ≤ {b}"
        return f"{name} > {a}" if a else f"{name} ≤ {b}"

    def _number(self, column: int, cut: float) -> str:
        if not np.isfinite(cut):
            return ""
        if self.whole[column]:
            cut = float(np.floor(cut))
            return f"{cut:.0f}" if abs(cut) < 1e4 else f"{cut:,.0f}"
        return f"{cut:.4g}" if abs(cut) < 1e3 else f"{cut:,.0f}"
