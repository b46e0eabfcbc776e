"""Normal equations of the path system, summed over cells a part at a time.

Beside the moments themselves nothing here grows with the number of cells times the square of the
unknowns, so that memory does not grow with the number of questions.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from causalgreen.moments.moments import Moments

__all__ = ["group_products", "group_right", "normal_equations", "scores"]


def normal_equations(
    moments: Moments, repeat: int, target: int, regressors: tuple[int, ...], h: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Left and right side of the normal equations of one equation, over all cells.

    Every column is multiplied by every basis function. Period effects are, too: where effects
    vary with a trait, a common trend of the treatment is a different trend of the outcome for
    each value of the trait.

    Parameters
    ----------
    moments : Moments
        Moments of the residuals.
    repeat : int
        Which repetition of the cross-fitting.
    target : int
        Column of the left-hand side.
    regressors : tuple of int, length k
        Columns of the right-hand side; the q period indicators follow them.
    h : numpy.ndarray, shape (g, b)
        Basis functions at each cell.

    Returns
    -------
    A : numpy.ndarray, shape (m * b, m * b)
        With m = k + q; unknowns in the order column, basis function.
    y : numpy.ndarray, shape (m * b,)
    """
    z, b = list(regressors), h.shape[1]
    k, q = len(z), moments.n_periods
    m = k + q
    i, j = np.tril_indices(b)
    width = moments.cells.shape[2:]
    sums = np.zeros((len(i) + b, *width))
    of_kind = np.zeros((len(i), len(moments.kinds)))
    for part in moments.parts():
        pairs = h[part][:, i] * h[part][:, j]
        # All columns, without a copy, are faster than those that are needed, copied.
        cells = moments.cells[repeat, part]
        both = np.column_stack([pairs, h[part]])
        sums += (both.T @ cells.reshape(len(cells), -1)).reshape(sums.shape)
        for row, values in zip(of_kind, pairs.T, strict=True):
            row += np.bincount(moments.kind[part], values, minlength=len(row))
    periods = (of_kind @ moments.kinds.reshape(len(moments.kinds), q * q)).reshape(
        len(of_kind), q, q
    )
    A, columns = np.empty((m * b, m * b)), [*z, *range(width[0], width[1])]
    for pair, block in enumerate(_squared(sums[: len(i), z][:, :, columns], periods)):
        A[i[pair] :: b, j[pair] :: b] = A[j[pair] :: b, i[pair] :: b] = block
    return A, sums[len(i) :, target, columns].T.ravel()


def group_products(
    moments: Moments, repeat: int, regressors: tuple[int, ...], h: np.ndarray, groups: np.ndarray
) -> Iterator[tuple[int, int, np.ndarray]]:
    """Left sides by group of cells, for one pair of basis functions after the other.

    Parameters
    ----------
    moments, repeat, regressors, h
        As in `normal_equations`.
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
    k, n_groups, n_kinds = len(z), int(groups.max()) + 1, len(moments.kinds)
    flat = moments.kinds.reshape(n_kinds, q * q)
    for i, j in zip(*np.tril_indices(h.shape[1]), strict=True):
        pair = h[:, i] * h[:, j]
        main = np.zeros((n_groups, k * (k + q)))
        for part in moments.parts():
            both, _ = _main(moments, repeat, z, z[0], part)
            main += _adder(groups[part], n_groups, pair[part]) @ both.reshape(len(both), -1)
        of_kind = csr_array((pair, (groups, moments.kind)), (n_groups, n_kinds))
        periods = (of_kind @ flat).reshape(n_groups, q, q)
        yield int(i), int(j), _squared(main.reshape(n_groups, k, k + q), periods)


def group_right(
    moments: Moments, repeat: int, target: int, regressors: tuple[int, ...], h: np.ndarray,
    groups: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Right sides by group of cells, shape (n_groups, m, b); see `group_products`."""
    z, n_groups = list(regressors), int(groups.max()) + 1
    out = np.zeros((n_groups, len(z) + moments.n_periods, h.shape[1]))
    for part in moments.parts():
        _, y = _main(moments, repeat, z, target, part)
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
        As in `normal_equations`.
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
