"""Cross products of replaced columns with all others, summed within cells of clusters.

An equation's coefficients and the influence of every cluster follow from them, so that rows are
read once for each column, not once for each equation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["Fixed", "Products", "Table", "cell_adder"]


def cell_adder(cell: np.ndarray, n_cells: int) -> csr_array:
    """Matrix that adds up the rows of each cell, shape (n_cells, n)."""
    from scipy.sparse import csr_array

    n = len(cell)
    return csr_array((np.ones(n), (cell, np.arange(n))), (n_cells, n))


@dataclass(frozen=True, slots=True)
class Fixed:
    """Columns that stay, in one or several versions.

    Attributes
    ----------
    columns : numpy.ndarray, shape (n, f)
        All that differ; a column that two versions share is here once.
    place : tuple of dict
        For each version, which of them each of its columns is.
    sums : numpy.ndarray, shape (g, f, f)
        Cross products within cells.
    weighted : tuple of csr_array, length f
        Adds up the rows of each cell, times the column.
    """

    columns: np.ndarray
    place: tuple[dict[int, int], ...]
    sums: np.ndarray
    weighted: tuple[csr_array, ...]

    @classmethod
    def of(
        cls, versions: Sequence[np.ndarray], replaced: tuple[int, ...], adder: csr_array
    ) -> Fixed:
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
                    columns.append(np.ascontiguousarray(column))
            place.append(mine)
        whole = np.column_stack(columns)
        f = len(columns)
        sums = np.empty((adder.shape[0], f, f))
        for k in range(f):
            sums[:, k] = adder @ (whole * whole[:, [k]])
        weighted = tuple(_times(adder, column) for column in columns)
        return cls(whole, tuple(place), sums, weighted)


def _times(adder: csr_array, column: np.ndarray) -> csr_array:
    """The adder with every row of the data counted as often as the column says."""
    from scipy.sparse import csr_array

    return csr_array((adder.data * column[adder.indices], adder.indices, adder.indptr), adder.shape)


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
    cross : dict of (int, int) to numpy.ndarray, each of shape (g, s)
        By replaced column and place of the fixed one.
    own : dict of (int, int) to numpy.ndarray, each of shape (g, s)
        By two replaced columns.
    """

    fixed: Fixed
    cross: dict[tuple[int, int], np.ndarray]
    own: dict[tuple[int, int], np.ndarray]

    @classmethod
    def of(cls, fixed: Fixed, swap: Mapping[int, np.ndarray], adder: csr_array) -> Products:
        """From the replacements, each of shape (n, s)."""
        cross = {
            (c, k): np.asarray(weighted @ x)
            for c, x in swap.items()
            for k, weighted in enumerate(fixed.weighted)
        }
        own = {
            (c, d): np.asarray(adder @ (swap[c] * swap[d])) for c in swap for d in swap if d <= c
        }
        return cls(fixed, cross, own)

    def tables(self) -> Iterator[Table]:
        """The products of every version, by its own columns."""
        replaced = {c for c, _ in self.own}
        for place in self.fixed.place:
            parts = dict(self.own)
            parts |= {(c, d): self.cross[c, k] for c in replaced for d, k in place.items()}
            parts |= {
                (a, b): self.fixed.sums[:, i, j, None]
                for a, i in place.items() for b, j in place.items() if b <= a
            }  # fmt: skip
            yield Table(parts)
