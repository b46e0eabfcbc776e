"""Cross products of all rows by fold: every training sample is a sum of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

__all__ = ["FoldSums", "fold_sums"]


@dataclass(frozen=True, slots=True)
class FoldSums:
    """Sums over the rows of each of K folds.

    Attributes
    ----------
    products : numpy.ndarray, shape (K, c, c)
        Weighted cross products of the columns.
    moments : numpy.ndarray, shape (K, c, p)
        Weighted cross products of columns and targets.
    squares : numpy.ndarray, shape (K, p)
        Weighted squares of the targets.
    plain : numpy.ndarray, shape (K, c)
        Unweighted sums of the columns.
    low, high : numpy.ndarray, shape (K, c)
        Smallest and largest values of the columns.
    """

    products: np.ndarray
    moments: np.ndarray
    squares: np.ndarray
    plain: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def without(self, k: int) -> FoldSums:
        """Of all rows but those of fold k, with a first axis of one.

        They are added up: a difference to the whole would lose digits.
        """
        one = {
            name: np.delete(getattr(self, name), k, axis=0).sum(axis=0, keepdims=True)
            for name in ("products", "moments", "squares", "plain")
        }
        low = np.delete(self.low, k, axis=0).min(axis=0, keepdims=True)
        high = np.delete(self.high, k, axis=0).max(axis=0, keepdims=True)
        return FoldSums(**one, low=low, high=high)


def fold_sums(
    pieces: Iterable[tuple[slice, np.ndarray]], width: int, Y: np.ndarray,
    weights: np.ndarray | None, fold: np.ndarray, count: int,
) -> FoldSums:  # fmt: skip
    """Add up rows by fold, some at a time.

    Parameters
    ----------
    pieces : iterable of (slice, numpy.ndarray of shape (rows, c))
        Rows, and their columns.
    width : int
        The number c of columns.
    Y : numpy.ndarray, shape (n, p)
        Targets.
    weights : numpy.ndarray or None, shape (n,)
        Row weights.
    fold : numpy.ndarray of int, shape (n,)
        Fold of each row, from 0; rows below 0 are left out.
    count : int
        The number K of folds.

    Returns
    -------
    FoldSums

    Examples
    --------
    >>> x, fold = np.array([[1.0], [2.0], [5.0]]), np.array([0, 1, 1])
    >>> sums = fold_sums([(slice(0, 3), x)], 1, x, None, fold, 2)
    >>> sums.products[:, 0, 0], sums.without(0).high
    (array([ 1., 29.]), array([[5.]]))
    """
    p = Y.shape[1]
    out = FoldSums(
        np.zeros((count, width, width)), np.zeros((count, width, p)), np.zeros((count, p)),
        np.zeros((count, width)), np.full((count, width), np.inf), np.full((count, width), -np.inf),
    )  # fmt: skip
    for part, z in pieces:
        here = fold[part]
        for k in np.unique(here[here >= 0]):
            mine = here == k
            zk, yk = z[mine], Y[part][mine]
            w = None if weights is None else weights[part][mine][:, None]
            wk = zk if w is None else zk * w
            out.products[k] += wk.T @ zk
            out.moments[k] += wk.T @ yk
            out.squares[k] += (yk**2 if w is None else w * yk**2).sum(axis=0)
            out.plain[k] += zk.sum(axis=0)
            np.minimum(out.low[k], zk.min(axis=0), out=out.low[k])
            np.maximum(out.high[k], zk.max(axis=0), out=out.high[k])
    return out
