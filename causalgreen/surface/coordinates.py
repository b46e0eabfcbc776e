"""Coordinates of the coefficients in which the first ones are what splits should look for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from causalgreen.errors import EstimationError
from causalgreen.surface.algebra import powers_of_two

if TYPE_CHECKING:
    from causalgreen.surface.problem import Problem

__all__ = [
    "average_solution", "equation_weights", "residual_variances", "rotate", "split_coordinates",
    "unit_coordinates",
]  # fmt: skip


def average_solution(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients common to all firms, and their covariance by clusters.

    Parameters
    ----------
    problem : Problem
        Firms and moments.

    Returns
    -------
    theta : numpy.ndarray, shape (d,)
    vcov : numpy.ndarray, shape (d, d)

    Raises
    ------
    EstimationError
        If the moments do not determine the coefficients.
    """
    A, J = problem.equations_of(problem.moments)
    whole = J.sum(axis=0)
    diagonal = np.diag(whole)
    scale = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    values = np.linalg.eigvalsh(whole / scale[:, None] / scale)
    if (diagonal <= 0).any() or values[0] < 1e-10:
        raise EstimationError(
            "the coefficients of the path system cannot be told apart in these firms: a treatment, "
            "exposure or mediator has no variation left, or several are collinear. Drop one, or "
            "absorb less"
        )
    theta = np.linalg.solve(whole, A.sum(axis=0))
    score = A - J @ theta
    codes = problem.home[problem.firm]
    sums = np.zeros((int(codes.max()) + 1, len(theta)))
    np.add.at(sums, codes, score)
    inverse = np.linalg.inv(whole)
    return theta, inverse @ (sums.T @ sums) @ inverse


def residual_variances(problem: Problem) -> np.ndarray:
    """Residual sum of squares of each equation at the average coefficients, per firm."""
    theta, _ = average_solution(problem)
    S = problem.moments.sum(axis=0)
    out, low = [], 0
    for eq in problem.layout.equations():
        z, b = list(eq.regressors), theta[low : low + len(eq.regressors)]
        out.append(S[eq.target, eq.target] - b @ S[z, eq.target])
        low += len(z)
    return np.maximum(np.array(out), 1e-300) / problem.n_firms


def split_coordinates(problem: Problem, terms: Sequence[str]) -> tuple[np.ndarray, int]:
    """Linear map of the coefficients whose first rows are the terms, in units of their noise.

    A tree looks for splits that make the first coordinates differ. Path effects are linearised at
    the average coefficients and divided by their standard errors, so that no path is looked for
    more than another because of its scale or its noise.

    Parameters
    ----------
    problem : Problem
        Firms and moments.
    terms : sequence of str
        What splits look for; redundant terms are left out.

    Returns
    -------
    L : numpy.ndarray, shape (d, d)
        New coordinates are ``L @ theta``.
    n_relevant : int
        How many of them are looked for.
    """
    d = problem.n_coefficients
    if d == 1:
        return np.eye(1), 1
    theta, vcov = average_solution(problem)
    gradient = problem.gradient(theta[None])[0][[problem.terms.index(t) for t in terms]]
    root = np.linalg.cholesky(vcov + 1e-12 * np.diag(np.diag(vcov)))
    # In whitened coordinates rows are directions, and orthogonal ones have independent noise.
    white = gradient @ root
    white = white / np.linalg.norm(white, axis=1, keepdims=True)
    rows: list[np.ndarray] = []
    for row in white:
        if np.linalg.matrix_rank(np.stack([*rows, row]), tol=1e-6) > len(rows):
            rows.append(row)
    chosen = np.stack(rows)
    _, _, basis = np.linalg.svd(chosen)
    whole = np.concatenate([chosen, basis[len(rows) :]])
    return whole @ np.linalg.inv(root), len(rows)


def rotate(A: np.ndarray, J: np.ndarray, L: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Moment equations of ``L @ theta``: congruent, so that they stay symmetric.

    Parameters
    ----------
    A, J : numpy.ndarray, shapes (n, d) and (n, d, d)
        Equations ``J theta = A``.
    L : numpy.ndarray, shape (d, d)
        New coordinates.

    Returns
    -------
    A, J : numpy.ndarray, shapes (n, d) and (n, d, d)
    """
    inverse = np.linalg.inv(L)
    return A @ inverse, inverse.T @ J @ inverse


def equation_weights(problem: Problem) -> np.ndarray:
    """One over the residual variance of the equation of each coefficient, shape (d,)."""
    return np.repeat(1 / _variances(problem), problem.sizes)


def _variances(problem: Problem) -> np.ndarray:
    variance = residual_variances(problem)
    # A single equation needs no weighing against others, only a scale: one that rounds nothing.
    return variance if len(variance) > 1 else powers_of_two(np.sqrt(variance)) ** 2


def unit_coordinates(problem: Problem) -> np.ndarray:
    """Coefficients without units: EconML adds up over them, and its thresholds are absolute."""
    J = problem.equations_of(problem.moments.sum(axis=0, keepdims=True))[1][0]
    regressor = np.sqrt(np.diag(J) / problem.n_firms)
    regressor = regressor if len(problem.sizes) > 1 else powers_of_two(regressor)
    return np.diag(regressor / np.repeat(np.sqrt(_variances(problem)), problem.sizes))
