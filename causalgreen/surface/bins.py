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
    """Bins with about as many rows each; every value its own where there are few.

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
        rows = len(x) * np.arange(1, most) / most
        last = np.unique(np.searchsorted(np.cumsum(count), rows))
        last = last[last < len(values) - 1]
    return np.asarray(values[last] / 2 + values[last + 1] / 2)
