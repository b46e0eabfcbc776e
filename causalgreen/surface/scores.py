"""Debiased effects of every firm: the surface, corrected by the firm's own moments."""

from __future__ import annotations

import numpy as np

from causalgreen.surface.algebra import inverse
from causalgreen.surface.bags import Local
from causalgreen.surface.information import LEAF, TREES
from causalgreen.surface.problem import Problem

__all__ = ["corrections"]


def corrections(problem: Problem, local: Local) -> np.ndarray:
    """What the moments of every cell add to the path effects predicted for its firm.

    Averages of surface plus correction are insensitive, to first order, to errors of the surface,
    as long as it was learnt without the firm's cluster.

    Parameters
    ----------
    problem : Problem
        Firms and moments.
    local : Local
        Predictions for its firms, learnt from other clusters.

    Returns
    -------
    numpy.ndarray, shape (g, n_terms)
        NaN for firms without a prediction.

    References
    ----------
    Chernozhukov, Escanciano, Ichimura, Newey and Robins (2022), Locally robust semiparametric
    estimation, Econometrica 90(4), doi 10.3982/ECTA16294; Athey and Wager (2021), Policy learning
    with observational data, Econometrica 89(1), doi 10.3982/ECTA15732.
    """
    theta = local.theta[problem.firm]
    A, J = problem.equations_of(problem.moments)
    rest = A - np.einsum("gab,gb->ga", J, theta)
    known = np.isfinite(local.theta).all(axis=1)
    inverted = np.full_like(local.jacobian, np.nan)
    inverted[known] = inverse(local.jacobian[known])
    slope = np.einsum("ita,iab->itb", problem.gradient(local.theta), inverted)
    slope = slope * _weight_ratio(problem)[:, None, None]
    return np.einsum("gta,ga->gt", slope[problem.firm], rest)


def _weight_ratio(problem: Problem) -> np.ndarray:
    """Expected weight of firms with such traits over the firm's own, shape (n,).

    Moments carry the sampling weights, and so do averages of scores: once is enough.
    """
    own = problem.share
    if np.ptp(own) <= 1e-9 * own.max():
        return np.ones(len(own))
    from sklearn.ensemble import RandomForestRegressor

    leaf = min(LEAF, max(1, len(own) // 4))
    forest = RandomForestRegressor(TREES, min_samples_leaf=leaf, random_state=0, n_jobs=1)
    expected = forest.fit(problem.X, own / own.mean()).predict(problem.X) * own.mean()
    return np.asarray(expected / own)
