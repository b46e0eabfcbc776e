"""Normal equations of the path system, summed over cells a part at a time.

Beside the moments themselves nothing here grows with the number of cells times the square of the
unknowns, so that memory does not grow with the number of questions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from causalgreen.moments.moments import Moments

__all__ = ["Totals", "group_products", "group_right", "left_sides", "scores"]


@dataclass(frozen=True, slots=True)
class Totals:
    """Moments times basis functions, summed over cells: of these all normal equations are made.

    Attributes
    ----------
    pairs : numpy.ndarray, shape (b * (b + 1) / 2, p, p + q)
        Times the product of two basis functions, in the order of ``numpy.tril_indices``.
    single : numpy.ndarray, shape (b, p, p + q)
        Times one.
    periods : numpy.ndarray, shape (b * (b + 1) / 2, q, q)
        Moments of the period indicators, times the product of two.
    """

    pairs: np.ndarray
    single: np.ndarray
    periods: np.ndarray

    @classmethod
    def of(cls, moments: Moments, repeat: int, h: np.ndarray) -> Totals:
        """Of one repetition, with basis functions at each cell, shape (g, b)."""
        b, q, shape = h.shape[1], moments.n_periods, moments.cells.shape[2:]
        i, j = np.tril_indices(b)
        sums = np.zeros((len(i) + b, *shape))
        of_kind = np.zeros((len(i), len(moments.kinds)))
        for part in moments.parts():
            pairs, cells = h[part][:, i] * h[part][:, j], moments.cells[repeat, part]
            both = np.column_stack([pairs, h[part]])
            sums += (both.T @ cells.reshape(len(cells), -1)).reshape(sums.shape)
            for row, values in zip(of_kind, pairs.T, strict=True):
                row += np.bincount(moments.kind[part], values, minlength=len(row))
        periods = of_kind @ moments.kinds.reshape(len(moments.kinds), q * q)
        return cls(sums[: len(i)], sums[len(i) :], periods.reshape(len(i), q, q))

    def equation(self, target: int, regressors: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Left and right side of the normal equations of one equation.

        Every column is multiplied by every basis function. Period effects are, too: where effects
        vary with a trait, a common trend of the treatment is a different trend of the outcome for
        each value of the trait.

        Parameters
        ----------
        target : int
            Column of the left-hand side.
        regressors : tuple of int, length k
            Columns of the right-hand side; the q period indicators follow them.

        Returns
        -------
        A : numpy.ndarray, shape (m * b, m * b)
            With m = k + q; unknowns in the order column, basis function.
        y : numpy.ndarray, shape (m * b,)
        """
        b, p, width = self.single.shape
        z, columns = list(regressors), [*regressors, *range(p, width)]
        m = len(columns)
        A = np.empty((m * b, m * b))
        blocks = _squared(self.pairs[:, z][:, :, columns], self.periods)
        for i, j, block in zip(*np.tril_indices(b), blocks, strict=True):
            A[i::b, j::b] = A[j::b, i::b] = block
        return A, self.single[:, target, columns].T.ravel()


def group_products(
    moments: Moments, repeat: int, regressors: tuple[int, ...], h: np.ndarray, groups: np.ndarray
) -> Iterator[tuple[int, int, np.ndarray]]:
    """Left sides by group of cells, for one pair of basis functions after the other.

    Parameters
    ----------
    moments : Moments
        Moments of the residuals.
    repeat : int
        Which repetition of the cross-fitting.
    regressors : tuple of int, length k
        As in `Totals.equation`.
    h : numpy.ndarray, shape (g, b)
        Basis functions at each cell.
    groups : numpy.ndarray of int, shape (g,)
        Group of each cell.

    Yields
    ------
    i, j : int
        Basis functions, ``j <= i``.
    block : numpy.ndarray, shape (n_groups, m, m)
        Sums over the cells of each group.
    """
    from scipy.sparse import csr_array

    z, q = list(regressors), moments.n_periods
    p, width = moments.cells.shape[2:]
    columns = [*z, *range(p, width)]
    n_groups, n_kinds = int(groups.max()) + 1, len(moments.kinds)
    flat = moments.kinds.reshape(n_kinds, q * q)
    for i, j in zip(*np.tril_indices(h.shape[1]), strict=True):
        pair = h[:, i] * h[:, j]
        main = np.zeros((n_groups, p * width))
        for part in moments.parts():
            # All columns are added faster than those that are needed are copied.
            cells = moments.cells[repeat, part].reshape(-1, p * width)
            main += _adder(groups[part], n_groups, pair[part]) @ cells
        of_kind = csr_array((pair, (groups, moments.kind)), (n_groups, n_kinds))
        periods = (of_kind @ flat).reshape(n_groups, q, q)
        chosen = main.reshape(n_groups, p, width)[:, z][:, :, columns]
        yield int(i), int(j), _squared(chosen, periods)


def left_sides(
    moments: Moments, repeat: int, regressors: tuple[int, ...], h: np.ndarray, groups: np.ndarray
) -> np.ndarray:
    """Left sides by group of cells, shape (n_groups, m * b, m * b); see `group_products`.

    Regressors first, then period indicators; each times every basis function.
    """
    b, size = h.shape[1], len(regressors) + moments.n_periods
    out = np.empty((int(groups.max()) + 1, size * b, size * b))
    for i, j, block in group_products(moments, repeat, regressors, h, groups):
        out[:, i::b, j::b] = out[:, j::b, i::b] = block
    return out


def group_right(
    moments: Moments, repeat: int, target: int, regressors: tuple[int, ...], h: np.ndarray,
    groups: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Right sides by group of cells, shape (n_groups, m, b); see `group_products`."""
    p, width = moments.cells.shape[2:]
    columns, n_groups = [*regressors, *range(p, width)], int(groups.max()) + 1
    out = np.zeros((n_groups, len(columns), h.shape[1]))
    for part in moments.parts():
        y = np.ascontiguousarray(moments.cells[repeat, part, target][:, columns])
        for i in range(h.shape[1]):
            out[:, :, i] += _adder(groups[part], n_groups, h[part, i]) @ y
    return out


def scores(
    moments: Moments, repeat: int, target: int, regressors: tuple[int, ...], at: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Products of the columns with the target, and with what coefficients leave of it, by cell.

    Parameters
    ----------
    moments, repeat, target, regressors
        As in `group_products` and `Totals.equation`.
    at : numpy.ndarray, shape (g, m)
        Coefficients of every cell.

    Returns
    -------
    right, score : numpy.ndarray, each of shape (g, m)
    """
    z = list(regressors)
    k = len(z)
    right, score = np.empty_like(at), np.empty_like(at)
    for part in moments.parts():
        both, y = _main(moments, repeat, z, target, part)
        of_main, of_periods = at[part, :k], at[part, k:]
        kinds = moments.kinds[moments.kind[part]]
        right[part] = y
        score[part, :k] = y[:, :k] - np.einsum("gab,gb->ga", both, at[part])
        score[part, k:] = y[:, k:] - np.einsum("gat,ga->gt", both[:, :, k:], of_main)
        score[part, k:] -= np.einsum("gst,gt->gs", kinds, of_periods)
    return right, score


def _main(
    moments: Moments, repeat: int, z: list[int], target: int, part: slice
) -> tuple[np.ndarray, np.ndarray]:
    """Regressors with regressors and periods, shape (c, k, m); and target with both, (c, m)."""
    S = moments.cells[repeat, part]
    p = S.shape[1]
    columns = [*z, *range(p, S.shape[2])]
    return S[:, z][:, :, columns], S[:, target, columns]


def _adder(groups: np.ndarray, n_groups: int, values: np.ndarray) -> object:
    """Sparse matrix that adds weighted cells up by group."""
    from scipy.sparse import csr_array

    return csr_array((values, (groups, np.arange(len(groups)))), (n_groups, len(groups)))


def _squared(main: np.ndarray, periods: np.ndarray) -> np.ndarray:
    """Symmetric matrices of shape (c, m, m) from their first rows and their last block."""
    c, k, m = main.shape
    out = np.empty((c, m, m))
    out[:, :k] = main
    out[:, k:, :k] = main[:, :, k:].transpose(0, 2, 1)
    out[:, k:, k:] = periods
    return out
