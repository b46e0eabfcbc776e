"""Covariance of estimates from influence functions: the only variance in the house."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Literal

import numpy as np

__all__ = [
    "Covariance",
    "cluster_covariance",
    "cluster_variances",
    "jackknife_covariance",
    "small_sample_factor",
]

Covariance = Literal["CR1", "CV3"]


def small_sample_factor(n_clusters: int, n_rows: int, n_parameters: int) -> float:
    """Factor G / (G - 1) * (n - 1) / (n - k) of CR1, as Stata and fixest use it.

    Parameters
    ----------
    n_clusters, n_rows, n_parameters : int
        Clusters G, rows n, and parameters k: regressors, and levels of absorbed effects that are
        not nested in clusters.

    Returns
    -------
    float
        NaN where it is not defined.

    Examples
    --------
    >>> round(small_sample_factor(54, 162, 5), 6)
    1.044826
    """
    if n_clusters < 2 or n_rows <= n_parameters:
        return float("nan")
    return n_clusters / (n_clusters - 1) * (n_rows - 1) / (n_rows - n_parameters)


def _sums(influence: np.ndarray, codes: np.ndarray) -> np.ndarray:
    n = int(codes.max()) + 1
    if n == len(codes) and (codes == np.arange(n)).all():
        return influence
    out = np.zeros((n, influence.shape[1]))
    np.add.at(out, codes, influence)
    return out


def cluster_covariance(
    influence: np.ndarray, clusters: Sequence[np.ndarray], n_rows: int, n_parameters: int
) -> np.ndarray:
    """One- or multi-way cluster sandwich (CR1).

    Parameters
    ----------
    influence : numpy.ndarray, shape (g, k)
        Influence of every cell on every estimate.
    clusters : sequence of numpy.ndarray of int, each of shape (g,)
        Cluster of every cell, one array for each dimension.
    n_rows, n_parameters : int
        For the small-sample factor, which uses the smallest number of clusters.

    Returns
    -------
    numpy.ndarray, shape (k, k)
        Covariance; with several dimensions by inclusion and exclusion. A variance that comes out
        negative that way is replaced by the sum of the one-way variances, which is conservative.

    References
    ----------
    Liang and Zeger (1986), doi 10.1093/biomet/73.1.13; Cameron, Gelbach and Miller (2011),
    Robust inference with multiway clustering, JBES 29(2), doi 10.1198/jbes.2010.07136.

    Examples
    --------
    >>> psi = np.array([[1.0], [-1.0]])
    >>> cluster_covariance(psi, [np.array([0, 1])], n_rows=2, n_parameters=1)
    array([[4.]])
    """
    k = influence.shape[1]
    total = np.zeros((k, k))
    smallest = min(int(codes.max()) + 1 for codes in clusters)
    for sign, codes in _crossed(clusters):
        sums = _sums(influence, codes)
        total += sign * sums.T @ sums
    if len(clusters) > 1:
        _mend_diagonal(total, influence, clusters)
    return total * small_sample_factor(smallest, n_rows, n_parameters)


def cluster_variances(
    influence: np.ndarray, clusters: Sequence[np.ndarray], n_rows: int, n_parameters: int
) -> np.ndarray:
    """The diagonal of `cluster_covariance`, for many estimates at once.

    Parameters
    ----------
    influence, clusters, n_rows, n_parameters
        As in `cluster_covariance`.

    Returns
    -------
    numpy.ndarray, shape (k,)
    """
    total = np.zeros(influence.shape[1])
    smallest = min(int(codes.max()) + 1 for codes in clusters)
    for sign, codes in _crossed(clusters):
        total += sign * np.einsum("gk,gk->k", *[_sums(influence, codes)] * 2)
    if len(clusters) > 1 and len(bad := np.flatnonzero(total <= 0.0)):
        total[bad] = _one_way(influence[:, bad], clusters)
    return total * small_sample_factor(smallest, n_rows, n_parameters)


def _crossed(clusters: Sequence[np.ndarray]) -> Iterator[tuple[int, np.ndarray]]:
    """Every dimension and crossing of dimensions, with its sign in the inclusion and exclusion."""
    for size in range(1, len(clusters) + 1):
        for chosen in combinations(clusters, size):
            codes = chosen[0]
            for other in chosen[1:]:
                codes = np.unique(
                    codes.astype(np.int64) * (int(other.max()) + 1) + other, return_inverse=True
                )[1]
            yield (-1) ** (size - 1), codes


def _one_way(influence: np.ndarray, clusters: Sequence[np.ndarray]) -> np.ndarray:
    """Sum of the one-way variances."""
    return np.sum([(_sums(influence, codes) ** 2).sum(axis=0) for codes in clusters], axis=0)


def _mend_diagonal(
    total: np.ndarray, influence: np.ndarray, clusters: Sequence[np.ndarray]
) -> None:
    """Replace variances that are not positive, term by term, so that no term rules another's."""
    bad = np.flatnonzero(np.diag(total) <= 0.0)
    if len(bad):
        total[bad, :] = total[:, bad] = 0.0
        total[bad, bad] = _one_way(influence[:, bad], clusters)


def jackknife_covariance(leave_out: np.ndarray, estimate: np.ndarray) -> np.ndarray:
    """Cluster jackknife (CV3), centred at the estimate.

    The textbook factor (G - 1) / G; pyfixest multiplies the same sum of squares by its CRV1 factor
    instead.

    Parameters
    ----------
    leave_out : numpy.ndarray, shape (n_clusters, k)
        Estimates without each cluster.
    estimate : numpy.ndarray, shape (k,)
        Estimates from all clusters.

    Returns
    -------
    numpy.ndarray, shape (k, k)
        Covariance.

    References
    ----------
    MacKinnon, Nielsen and Webb (2023), Fast and reliable jackknife and bootstrap methods for
    cluster-robust inference, Journal of Applied Econometrics 38(5), doi 10.1002/jae.2969.

    Examples
    --------
    >>> jackknife_covariance(np.array([[1.0], [3.0]]), np.array([2.0]))
    array([[1.]])
    """
    deviations, n = leave_out - estimate, len(leave_out)
    return (n - 1) / n * deviations.T @ deviations
