"""Clusters on which a coefficient rests, and how many clusters a treatment varies in."""

from __future__ import annotations

import numpy as np

from causalgreen.moments.basis import Basis
from causalgreen.moments.moments import Moments
from causalgreen.moments.normal import left_sides
from causalgreen.moments.system import Equation, coefficient_names

__all__ = [
    "ALONE", "FELT", "effective_number", "known_directions", "resting_on_one", "varies_in",
]  # fmt: skip

# Directions in which less is left, relative to the rest, are not determined; a cluster that tells
# more of one than this tells it alone; and what a coefficient has in it at least to be concerned.
DUST, ALONE, FELT = 1e-10, 1 - 1e-8, 1e-5
# Of the squares of a regressor, the share below which a cluster is not looked at any closer.
LARGE = 0.25


def effective_number(weight: np.ndarray) -> float:
    """Number of equal parts with the same concentration.

    Examples
    --------
    >>> effective_number(np.array([1.0, 1.0, 0.0]))
    2.0
    """
    total = float((weight**2).sum())
    return float(weight.sum() ** 2 / total) if total > 0 else 0.0


def known_directions(whole: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Directions that a left side determines, of unit size in it.

    Parameters
    ----------
    whole : numpy.ndarray, shape (m, m)
        Left side of a system.

    Returns
    -------
    root : numpy.ndarray, shape (m, r)
        The directions: ``root.T @ whole @ root`` is one.
    scale : numpy.ndarray, shape (m,)
        Size of each column; 1 for those that are zero.
    unknown : numpy.ndarray, shape (m, m - r)
        Directions of the columns, of unit size, that are not determined.
    """
    scale = np.sqrt(np.maximum(np.diag(whole), 0.0))
    scale = np.where(scale > 0, scale, 1.0)
    values, vectors = np.linalg.eigh(whole / scale / scale[:, None])
    good = values > DUST * len(values)
    return vectors[:, good] / np.sqrt(values[good]) / scale[:, None], scale, vectors[:, ~good]


def varies_in(moments: Moments, column: int, clusters: np.ndarray) -> float:
    """How many clusters of equal weight a variable would vary as much in.

    Parameters
    ----------
    moments : Moments
        Moments of the residuals.
    column : int
        Which variable.
    clusters : numpy.ndarray of int, shape (g,)
        Cluster of each cell.

    Returns
    -------
    float
        The effective number of clusters by the squares of its residuals; least over repetitions.
    """
    squares = moments.cells[:, :, column, column]
    return min(effective_number(np.bincount(clusters, of_repeat)) for of_repeat in squares)


def resting_on_one(
    moments: Moments, equation: Equation, basis: Basis, clusters: np.ndarray
) -> dict[int, tuple[str, ...]]:
    """Clusters without which nothing determines a coefficient.

    Parameters
    ----------
    moments : Moments
        Moments of the residuals; of the first repetition.
    equation : Equation
    basis : Basis
        Functions of the traits along which coefficients vary.
    clusters : numpy.ndarray of int, shape (g,)
        Cluster of each cell.

    Returns
    -------
    dict of int to tuple of str
        The coefficients, by cluster; looked for among clusters that hold a quarter of the squares
        of a regressor, times a function of the traits.
    """
    h = basis.values[moments.sample.units]
    few = _large(moments, equation, h, clusters)
    if not len(few):
        return {}
    place = np.full(int(clusters.max()) + 1, len(few))
    place[few] = np.arange(len(few))
    parts = left_sides(moments, 0, equation.regressors, h, place[clusters])
    main = len(equation.regressors) * h.shape[1]
    root, scale, _ = known_directions(parts.sum(axis=0))
    names, out = coefficient_names(moments, equation, basis), {}
    for number, part in zip(few, parts, strict=False):
        share, along = np.linalg.eigh(root.T @ part @ root)
        felt = np.abs((root[:main] * scale[:main, None]) @ along[:, share > ALONE])
        if len(rest := np.flatnonzero(felt.max(axis=1, initial=0.0) > FELT)):
            out[int(number)] = tuple(names[i] for i in rest)
    return out


def _large(moments: Moments, equation: Equation, h: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """Clusters with a large share of the squares of some column of the system."""
    found: set[int] = set()
    for z in equation.regressors:
        squares = moments.cells[0, :, z, z]
        for function in h.T:
            share = np.bincount(clusters, squares * function**2)
            if (total := share.sum()) > 0:
                found |= set(np.flatnonzero(share > LARGE * total).tolist())
    return np.array(sorted(found), dtype=np.int64)
