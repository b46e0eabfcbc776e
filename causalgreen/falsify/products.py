"""Cross products of replaced columns with all others, summed within cells of clusters.

An equation's coefficients and the influence of every cluster follow from them, so that rows are
read once for each column, not once for each equation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from causalgreen.falsify.stacks import Stacks

__all__ = ["Fixed", "Products", "Table"]


@dataclass(frozen=True, slots=True)
class Fixed:
    """Columns that stay, in one or several versions.

    Attributes
    ----------
    columns : numpy.ndarray, shape (n, f + q)
        All that differ, in the order of stacks; a column that two versions share is here once.
        Then an orthonormal basis of what is to be taken out of the replacements.
    place : tuple of dict
        For each version, which of them each of its columns is.
    sums : numpy.ndarray, shape (f, g, f)
        Cross products within cells.
    held : numpy.ndarray, shape (f + q, g, q)
        Cross products of all columns with the basis, within cells.
    """

    columns: np.ndarray
    place: tuple[dict[int, int], ...]
    sums: np.ndarray
    held: np.ndarray

    @classmethod
    def of(
        cls, versions: Sequence[np.ndarray], replaced: tuple[int, ...], stacks: Stacks,
        basis: np.ndarray,
    ) -> Fixed:  # fmt: skip
        """From the versions' values, each of shape (n, p), and the columns that will be replaced.

        Sums are of each pair of columns that one version has.
        """
        columns: list[np.ndarray] = []
        place: list[dict[int, int]] = []
        for values in versions:
            mine = {}
            for c in (c for c in range(values.shape[1]) if c not in replaced):
                column = values[:, c]
                same = (k for k, known in enumerate(columns) if np.array_equal(known, column))
                mine[c] = next(same, len(columns))
                if mine[c] == len(columns):
                    columns.append(column)
            place.append(mine)
        whole = np.column_stack(columns)
        every = np.column_stack([whole, basis])
        held = stacks.products(every, basis)
        return cls(every, tuple(place), stacks.products(whole, whole), held)


@dataclass(frozen=True, slots=True)
class Table:
    """Cross products of one version with the replacements in it, each of shape (g, s or 1).

    Attributes
    ----------
    parts : mapping of (int, int) to numpy.ndarray
        By pair of columns, in one order.
    """

    parts: Mapping[tuple[int, int], np.ndarray]

    def __call__(self, a: int, b: int) -> np.ndarray:
        """The products of two columns."""
        return self.parts[(a, b) if (a, b) in self.parts else (b, a)]


@dataclass(frozen=True, slots=True)
class Products:
    """Sums within cells of what is replaced, times what is replaced and what stays.

    Attributes
    ----------
    fixed : Fixed
    cross : dict of int to numpy.ndarray, each of shape (f, g, s)
        By replaced column; first the place of the fixed one.
    own : dict of (int, int) to numpy.ndarray, each of shape (g, s)
        By two replaced columns.
    """

    fixed: Fixed
    cross: dict[int, np.ndarray]
    own: dict[tuple[int, int], np.ndarray]

    @classmethod
    def of(cls, fixed: Fixed, swap: Mapping[int, np.ndarray], stacks: Stacks) -> Products:
        """From the replacements, each of shape (n, s), in the order of stacks.

        The basis leaves the sums, not the replacements, which are far longer.
        """
        f = len(fixed.sums)
        raw = {c: stacks.products(fixed.columns, x) for c, x in swap.items()}
        size = {c: products[f:].sum(axis=1) for c, products in raw.items()}
        left = {c: products - fixed.held @ size[c] for c, products in raw.items()}
        own = {(c, d): stacks.paired(swap[c], swap[d]) for c in swap for d in swap if d <= c}
        for (c, d), sums in own.items():
            for k in range(f, len(fixed.held)):
                sums -= size[c][k - f] * left[d][k] + size[d][k - f] * raw[c][k]
        return cls(fixed, {c: products[:f] for c, products in left.items()}, own)

    def tables(self) -> Iterator[Table]:
        """The products of every version, by its own columns."""
        replaced = {c for c, _ in self.own}
        for place in self.fixed.place:
            parts = dict(self.own)
            parts |= {(c, d): self.cross[c][k] for c in replaced for d, k in place.items()}
            parts |= {
                (a, b): self.fixed.sums[i, :, j, None]
                for a, i in place.items() for b, j in place.items() if b <= a
            }  # fmt: skip
            yield Table(parts)
