"""Encoded traits in bins: what trees split, and the firms that they cannot tell apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Bins", "bins_of"]


@dataclass(frozen=True, slots=True)
class Bins:
    """Where the values of each feature are cut.

    Attributes
    ----------
    edges : tuple of numpy.ndarray
        For each feature: between which values, ascending.
    """

    edges: tuple[np.ndarray, ...]

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """Number of the bin of each value, shape (n, c)."""
        out = np.empty(X.shape)
        for j, edges in enumerate(self.edges):
            out[:, j] = np.searchsorted(edges, X[:, j])
        return out


def bins_of(X: np.ndarray, most: int) -> Bins:
    """Bins with about as many rows each; a value that many share has its own.

    Parameters
    ----------
    X : numpy.ndarray, shape (n, c)
        Features.
    most : int
        Bins of a feature.

    Examples
    --------
    >>> X = np.array([[0.0, 1.0], [1.0, 2.0], [0.0, 3.0], [1.0, 4.0]])
    >>> bins_of(X, 2)(X).tolist()
    [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    """
    return Bins(tuple(_edges(x, most) for x in X.T))


def _edges(x: np.ndarray, most: int) -> np.ndarray:
    values, count = np.unique(x, return_counts=True)
    last = np.arange(len(values) - 1)
    if len(values) > most:
        bin_of = _shared_out(count, most)
        last = np.flatnonzero(np.diff(bin_of))
    return np.asarray(values[last] / 2 + values[last + 1] / 2)


def _shared_out(count: np.ndarray, most: int) -> np.ndarray:
    """Bin of each value: its own where it has a bin's share of rows, the rest in equal parts."""
    heavy = np.zeros(len(count), dtype=bool)
    while True:
        left = most - 2 * heavy.sum()
        more = ~heavy & (count * max(left, 1) > count[~heavy].sum())
        if left < 2 or not more.any():
            break
        heavy |= more
    light = np.where(heavy, 0, count)
    before = np.cumsum(light) - light
    part = before * max(most - 2 * heavy.sum(), 1) // max(light.sum(), 1)
    new = np.diff(part, prepend=part[0]) > 0
    new |= heavy | np.r_[False, heavy[:-1]]
    return np.cumsum(new)
