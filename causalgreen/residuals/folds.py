"""Folds that never split a cluster or a firm."""

from __future__ import annotations

import numpy as np

from causalgreen.errors import DesignError

__all__ = ["blocks", "default_folds", "make_folds"]

FOLDS, FEWER = 5, 3
# Sizes from which two thirds of the panel teach a learner enough.
MANY_FIRMS, MANY_CLUSTERS = 50_000, 100


def default_folds(n_firms: int, n_clusters: int) -> int:
    """Folds where nobody says how many: five, or three of a very large panel.

    Parameters
    ----------
    n_firms, n_clusters : int
        Size of the panel. Three from 50,000 firms in 100 clusters on: estimates differ little
        from those of five folds, in two thirds of the time (decision 14).

    Returns
    -------
    int

    Examples
    --------
    >>> default_folds(1000, 60), default_folds(300_000, 300), default_folds(300_000, 31)
    (5, 3, 5)
    """
    large = n_firms >= MANY_FIRMS and n_clusters >= MANY_CLUSTERS
    return FEWER if large else FOLDS


def blocks(unit: np.ndarray, cluster: np.ndarray) -> np.ndarray:
    """Smallest sets of rows that split neither a firm nor a cluster.

    Where every firm stays in one cluster these are the clusters; a firm that moves joins its
    clusters into one block.

    Parameters
    ----------
    unit, cluster : numpy.ndarray of int, shape (n,)
        Codes of firm and cluster.

    Returns
    -------
    numpy.ndarray of int, shape (n,)
        Block of each row.

    Examples
    --------
    >>> blocks(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 2]))
    array([0, 0, 0, 1])
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n_units, n_clusters = int(unit.max()) + 1, int(cluster.max()) + 1
    size = n_units + n_clusters
    links = coo_array((np.ones(len(unit), dtype=np.int8), (unit, n_units + cluster)), (size, size))
    label = connected_components(links, directed=False)[1][n_units + cluster]
    return np.unique(label, return_inverse=True)[1]


def make_folds(
    unit: np.ndarray, cluster: np.ndarray, n_folds: int, repeats: int, seed: int
) -> tuple[np.ndarray, ...]:
    """Fold number of each row, for each repetition.

    Parameters
    ----------
    unit, cluster : numpy.ndarray of int, shape (n,)
        Codes of firm and cluster.
    n_folds, repeats, seed : int
        Folds, repetitions, seed.

    Returns
    -------
    tuple of numpy.ndarray of int, each of shape (n,)
        One array for each repetition.

    Raises
    ------
    DesignError
        If there are fewer blocks than folds.

    Examples
    --------
    >>> (fold,) = make_folds(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), 2, 1, seed=0)
    >>> fold[0] == fold[1], fold[1] == fold[2]
    (np.True_, np.False_)
    """
    if n_folds < 2:
        raise DesignError(f"folds={n_folds}: cross-fitting needs at least 2 folds")
    if repeats < 1:
        raise DesignError(f"repeats={repeats}: at least 1 repetition is needed")
    block = blocks(unit, cluster)
    sizes = np.bincount(block)
    if len(sizes) < n_folds:
        moved = (
            ""
            if len(sizes) == len(np.unique(cluster))
            else (
                "; firms that move between clusters tie them together: cluster by each firm's "
                "baseline location instead"
            )
        )
        raise DesignError(
            f"{n_folds} folds cannot be made of {len(sizes)} independent blocks of clusters"
            f"{moved}. Use fewer folds, or a finer cluster"
        )
    out = []
    for child in np.random.SeedSequence(seed).spawn(repeats):
        fold = _deal(sizes, n_folds, np.random.default_rng(child))[block]
        fold.setflags(write=False)
        out.append(fold)
    return tuple(out)


def _deal(sizes: np.ndarray, n_folds: int, rng: np.random.Generator) -> np.ndarray:
    """Deal blocks to folds, large ones first and each to the smallest fold; ties at random."""
    shuffled = rng.permutation(len(sizes))
    order = shuffled[np.argsort(-sizes[shuffled], kind="stable")]
    filled, fold = np.zeros(n_folds), np.empty(len(sizes), dtype=np.int64)
    names = rng.permutation(n_folds)
    for block in order:
        smallest = int(np.argmin(filled))
        fold[block] = names[smallest]
        filled[smallest] += sizes[block]
    return fold
