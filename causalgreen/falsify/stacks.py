"""Rows of many cells, cells of one size side by side: their sums are a few calls of BLAS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

__all__ = ["Stacks"]


@dataclass(frozen=True, slots=True)
class Stacks:
    """An order of the rows in which cells of one size make an array of three dimensions.

    Attributes
    ----------
    order : numpy.ndarray of int, shape (n,)
        Rows, cell by cell, the smallest cells first.
    parts : tuple of (slice, numpy.ndarray of int)
        For each size, its rows in that order, and its cells.
    n_cells : int

    Examples
    --------
    >>> stacks = Stacks.of(np.array([0, 1, 0, 2]), 3)
    >>> x = np.array([[1.0], [2.0], [3.0], [4.0]])[stacks.order]
    >>> stacks.products(x, x).ravel(), stacks.paired(x, x).ravel()
    (array([10.,  4., 16.]), array([10.,  4., 16.]))
    """

    order: np.ndarray
    parts: tuple[tuple[slice, np.ndarray], ...]
    n_cells: int

    @classmethod
    def of(cls, cell: np.ndarray, n_cells: int) -> Stacks:
        """From the cell of each row, 0 to ``n_cells - 1``."""
        sizes = np.bincount(cell, minlength=n_cells)
        parts, low = [], 0
        for size in np.unique(sizes[sizes > 0]):
            cells = np.flatnonzero(sizes == size)
            parts.append((slice(low, low + size * len(cells)), cells))
            low += size * len(cells)
        return cls(np.lexsort((cell, sizes[cell])), tuple(parts), n_cells)

    def products(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Cross products within cells, shape (a, n_cells, b), of columns in this order."""
        out = np.zeros((left.shape[1], self.n_cells, right.shape[1]))
        for cells, one, two in self._stacked(left, right):
            out[:, cells] = (one.transpose(0, 2, 1) @ two).transpose(1, 0, 2)
        return out

    def paired(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Products of each column with its like within cells, shape (n_cells, b)."""
        out = np.zeros((self.n_cells, left.shape[1]))
        for cells, one, two in self._stacked(left, right):
            out[cells] = np.einsum("gnb,gnb->gb", one, two)
        return out

    def _stacked(
        self, left: np.ndarray, right: np.ndarray
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Cells of one size, and their rows of both as arrays of three dimensions."""
        for rows, cells in self.parts:
            shape = len(cells), (rows.stop - rows.start) // len(cells)
            one, two = (x[rows].reshape(*shape, x.shape[1]) for x in (left, right))
            yield cells, one, two
