"""Debiased effects of every firm: the surface, corrected by the firm's own moments."""

from __future__ import annotations

import numpy as np

from causalgreen.surface.bags import Local
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
    inverse = np.full_like(local.jacobian, np.nan)
    inverse[known] = np.linalg.pinv(local.jacobian[known])
    slope = np.einsum("ita,iab->itb", problem.gradient(local.theta), inverse)
    return np.einsum("gta,ga->gt", slope[problem.firm], rest)
