"""Multiplier bootstrap of influence functions, and simultaneous bands from it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from causalgreen.panel.absorb import group_sums

__all__ = ["multiplier_draws", "multipliers", "simultaneous_quantile"]

FEW = 12
# Weights that are drawn and kept at a time: 160 MB, and 20 MB.
DRAWN, KEPT = 20_000_000, 2_500_000


def multipliers(rng: np.random.Generator, draws: int, n: int) -> np.ndarray:
    """Rademacher weights; Webb's six points where so few clusters give too few sign patterns.

    Shape (draws, n), for n clusters.
    """
    if n >= FEW:
        return rng.integers(0, 2, (draws, n)) * 2.0 - 1.0
    points = np.sqrt([0.5, 1.0, 1.5])
    return rng.choice(np.concatenate([-points, points]), (draws, n))


def multiplier_draws(influence: np.ndarray, codes: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """Draws of the estimation error: cluster sums of influences times random signs.

    Parameters
    ----------
    influence : numpy.ndarray, shape (g, k)
        Influence of every cell.
    codes : numpy.ndarray of int, shape (g,)
        Cluster of every cell.
    draws, seed : int
        Number of draws, and their seed.

    Returns
    -------
    numpy.ndarray, shape (draws, k)
        Draws with mean zero and the CR0 covariance.

    References
    ----------
    Chernozhukov, Chetverikov and Kato (2013), doi 10.1214/13-AOS1161; Webb (2023), Reworking
    wild bootstrap-based inference for clustered errors, doi 10.1111/caje.12661.
    """
    sums = group_sums(influence, codes, None, int(codes.max()) + 1)
    if draws * len(sums) <= KEPT:
        return np.asarray(_all_multipliers(seed, draws, len(sums)) @ sums)
    rng = _stream(seed, len(sums))
    out = np.empty((draws, influence.shape[1]))
    step = max(1, DRAWN // max(1, len(sums)))
    for low in range(0, draws, step):
        high = min(draws, low + step)
        out[low:high] = multipliers(rng, high - low, len(sums)) @ sums
    return out


def _stream(seed: int, n: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence([seed, n]))


@lru_cache(maxsize=2)
def _all_multipliers(seed: int, draws: int, n: int) -> np.ndarray:
    """Weights of all draws: a report asks for the same ones a hundred times."""
    out = multipliers(_stream(seed, n), draws, n)
    out.setflags(write=False)
    return out


def simultaneous_quantile(
    influence: np.ndarray,
    clusters: Sequence[np.ndarray],
    vcov: np.ndarray,
    level: float,
    draws: int = 4999,
    seed: int = 0,
) -> float:
    """Critical value that covers all estimates at once (sup-t).

    Parameters
    ----------
    influence : numpy.ndarray, shape (g, k)
        Influence of every cell.
    clusters : sequence of numpy.ndarray of int, each of shape (g,)
        Clusters; with several dimensions the draws are Gaussian with the correlation of ``vcov``.
    vcov : numpy.ndarray, shape (k, k)
        Covariance that the bands use.
    level : float
        Joint coverage.
    draws, seed : int
        Number of draws, and their seed.

    Returns
    -------
    float
        Quantile of the largest absolute t-statistic.

    References
    ----------
    Montiel Olea and Plagborg-Møller (2019), Simultaneous confidence bands, Journal of Applied
    Econometrics 34(1), doi 10.1002/jae.2656.
    """
    if len(clusters) == 1:
        errors = multiplier_draws(influence, clusters[0], draws, seed)
        scale = np.sqrt(_cr0_diagonal(influence, clusters[0]))
    else:
        values, vectors = np.linalg.eigh(vcov)
        rng = np.random.default_rng(np.random.SeedSequence([seed, len(vcov)]))
        noise = rng.standard_normal((draws, len(vcov)))
        errors = noise * np.sqrt(np.maximum(values, 0.0)) @ vectors.T
        scale = np.sqrt(np.diag(vcov))
        # Inclusion and exclusion may leave a matrix that is not quite a covariance.
        spread = errors.std(axis=0)
        errors = errors * np.where(spread > 0, scale / np.where(spread > 0, spread, 1.0), 0.0)
    usable = scale > 0
    if not usable.any():
        return float("nan")
    largest = np.abs(errors[:, usable] / scale[usable]).max(axis=1)
    return float(np.quantile(largest, level))


def _cr0_diagonal(influence: np.ndarray, codes: np.ndarray) -> np.ndarray:
    sums = group_sums(influence, codes, None, int(codes.max()) + 1)
    return np.einsum("ck,ck->k", sums, sums)
