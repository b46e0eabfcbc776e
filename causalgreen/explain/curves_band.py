"""Critical values for a whole curve, from a multiplier bootstrap of t-statistics."""

from __future__ import annotations

import numpy as np

from causalgreen.effects.bootstrap import multipliers
from causalgreen.explain.scores import Scores

__all__ = ["largest_t"]

DRAWS = 999
BLOCK = 400_000
"""Numbers at once: few enough to stay near the processor."""
ROUNDING = 1e-9
"""Share of a clustered error below which there is none."""


def largest_t(
    B: np.ndarray, at: np.ndarray, value: np.ndarray, scores: Scores, seed: int
) -> np.ndarray:
    """Draws of the largest absolute t-statistic along a curve.

    Residuals of whole clusters are multiplied by random signs, the coefficients and their clustered
    errors are computed again, and so is every t-statistic. Draws of the estimate alone, with errors
    held fixed, cover too little where a few clusters carry an end of the curve.

    Parameters
    ----------
    B : numpy.ndarray, shape (n, q)
        Basis at the firms.
    at : numpy.ndarray, shape (m, q)
        Basis along the curve.
    value : numpy.ndarray, shape (n,)
        Debiased effects.
    scores : Scores
        Weights and clusters; those of the first dimension are drawn.
    seed : int
        Seed of the draws.

    Returns
    -------
    numpy.ndarray, shape (999,)

    References
    ----------
    Semenova and Chernozhukov (2021), doi 10.1093/ectj/utaa027; Cameron, Gelbach and Miller (2008),
    Bootstrap-based improvements for inference with clustered errors, Review of Economics and
    Statistics 90(3), doi 10.1162/rest.90.3.414; Webb (2023), doi 10.1111/caje.12661.
    """
    w, home, n_clusters = scores.share, scores.home, scores.n_clusters
    gram = np.zeros((n_clusters, B.shape[1], B.shape[1]))
    np.add.at(gram, home, np.einsum("ni,nj->nij", B * w[:, None], B))
    inverse = np.linalg.inv(gram.sum(axis=0))
    rest = value - B @ (inverse @ (B.T @ (w * value)))
    score = np.zeros((n_clusters, B.shape[1]))
    np.add.at(score, home, B * (w * rest)[:, None])
    rng = np.random.default_rng(np.random.SeedSequence([seed, n_clusters]))
    slope, out = at @ inverse, np.empty(DRAWS)
    least = ROUNDING * np.linalg.norm(score @ slope.T, axis=0)
    step = max(1, BLOCK // (n_clusters * len(at)))
    for low in range(0, DRAWS, step):
        sign = multipliers(rng, min(step, DRAWS - low), n_clusters)
        moved = sign @ score @ inverse.T
        again = sign[:, :, None] * score - np.moveaxis(gram @ moved.T, 2, 0)
        each = again @ slope.T
        error = np.sqrt(np.einsum("dcm,dcm->dm", each, each))
        # An end of the curve that one cluster carries alone has no error in any draw, but rounding.
        t = np.divide(moved @ at.T, error, out=np.zeros_like(error), where=error > least)
        out[low : low + len(t)] = np.abs(t).max(axis=1)
    return out
