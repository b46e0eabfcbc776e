"""Legs: one equation of the path system, and how far an omitted confounder can move it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from causalgreen.errors import EstimationError
from causalgreen.moments.basis import Basis
from causalgreen.moments.moments import Moments
from causalgreen.moments.normal import Totals, scores
from causalgreen.moments.system import Equation

__all__ = ["BareLeg", "Leg", "Reach", "fit_bare", "fit_leg"]


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a confounder can move one linear function of a leg's coefficients.

    Attributes
    ----------
    scale : float
        S = sigma * nu: the bias is at most S * sqrt(cf_y * cf_d / (1 - cf_d)).
    nu2 : float
        Second moment of the Riesz representer.
    influence : numpy.ndarray, shape (g,)
        Influence of every cell on the scale.
    direction : numpy.ndarray, shape (k, q)
        How all coefficients of the equation move when the function moves by one: the least
        favourable direction.
    """

    scale: float
    nu2: float
    influence: np.ndarray
    direction: np.ndarray


@dataclass(frozen=True, slots=True)
class BareLeg:
    """One equation solved, for benchmarks: no influences.

    Attributes
    ----------
    sigma2 : float
        Residual variance of the target.
    inverse : numpy.ndarray, shape (m * q, m * q)
        As in `Leg`.
    size : float
        Sum of the weights.
    """

    sigma2: float
    inverse: np.ndarray
    size: float

    def nu2(self, gradient: np.ndarray) -> float:
        """Second moment of the Riesz representer of a linear function of the coefficients."""
        g = gradient.ravel()
        return float(self.size * (g @ self.inverse[: len(g), : len(g)] @ g))


@dataclass(frozen=True, slots=True)
class Leg:
    """One equation solved, with what bounds on its bias need.

    Attributes
    ----------
    equation : Equation
        Target and regressors.
    coefficients : numpy.ndarray, shape (k, q)
        Coefficient of each regressor on each basis function.
    influence : numpy.ndarray, shape (g, k, q)
        Influence of every cell on the coefficients.
    sigma2 : float
        Residual variance of the target.
    sigma2_influence : numpy.ndarray, shape (g,)
        Influence of every cell on it.
    inverse : numpy.ndarray, shape (m * q, m * q)
        Inverse of the cross products, period indicators included; main regressors first.
    moments : Moments
        Of one repetition: the cross products of the regressors in each cell.
    basis : numpy.ndarray, shape (g, q)
        Basis functions at each cell.
    weight : numpy.ndarray, shape (g,)
        Weight of each cell.
    """

    equation: Equation
    coefficients: np.ndarray
    influence: np.ndarray
    sigma2: float
    sigma2_influence: np.ndarray
    inverse: np.ndarray
    moments: Moments
    basis: np.ndarray
    weight: np.ndarray

    def reach(self, gradient: np.ndarray) -> Reach:
        """Bound on the bias of a linear function of the coefficients.

        Parameters
        ----------
        gradient : numpy.ndarray, shape (k, q)
            The linear function.

        Returns
        -------
        Reach

        References
        ----------
        Chernozhukov, Cinelli, Newey, Sharma and Syrgkanis (2022), Long story short: Omitted
        variable bias in causal machine learning, doi 10.48550/arXiv.2112.13398, theorem 2.
        """
        n, q = self.weight.sum(), self.basis.shape[1]
        size = gradient.size
        v = self.inverse[:, :size] @ gradient.ravel()
        nu2 = float(n * (gradient.ravel() @ v[:size]))
        at = self.basis @ v.reshape(-1, q).T
        right, left = scores(self.moments, 0, self.equation.target, self.equation.regressors, at)
        square = np.einsum("ga,ga->g", at, right - left)
        psi_nu2 = (self.weight * nu2 - n * n * square) / n
        scale = float(np.sqrt(self.sigma2 * nu2))
        psi = (self.sigma2 * psi_nu2 + nu2 * self.sigma2_influence) / (2 * scale)
        return Reach(scale, nu2, psi, (n / nu2) * v[:size].reshape(gradient.shape))


def fit_leg(moments: Moments, equation: Equation, basis: Basis) -> Leg:
    """Solve one equation from the moments, averaged over repetitions.

    Parameters
    ----------
    moments : Moments
        Moments of the residuals.
    equation : Equation
        Target and regressors.
    basis : Basis
        Functions of the traits along which coefficients vary.

    Returns
    -------
    Leg

    Raises
    ------
    EstimationError
        If nothing is left of a regressor or of the target.
    """
    moments = moments.averaged()
    target, regressors = equation.target, equation.regressors
    h = basis.values[moments.sample.units]
    q, k = h.shape[1], len(regressors)
    _, b, inverse = _solved(moments, equation, Totals.of(moments, 0, h))
    theta = (inverse @ b).reshape(-1, q)
    at = h @ theta.T
    zy, score = scores(moments, 0, target, regressors, at)
    influence = np.einsum("ga,gi->gai", score, h).reshape(len(h), -1) @ inverse[:, : k * q]
    yy = moments.cells[0, :, target, target]
    squares = yy - np.einsum("ga,ga->g", at, zy + score)
    weight = moments.sample.weight
    sigma2 = _variance(moments, equation, float(squares.sum()))
    return Leg(
        equation, theta[:k], influence.reshape(len(h), k, q), sigma2,
        (squares - weight * sigma2) / weight.sum(), inverse, moments, h, weight,
    )  # fmt: skip


def fit_bare(
    moments: Moments, equations: Sequence[Equation], basis: Basis
) -> dict[Equation, BareLeg]:
    """What `fit_leg` says of variances, for several equations at a fraction of its cost.

    Parameters
    ----------
    moments, equations, basis
        As in `fit_leg`.

    Returns
    -------
    dict of Equation to BareLeg

    Raises
    ------
    EstimationError
        As `fit_leg`.
    """
    moments, out = moments.averaged(), {}
    totals = Totals.of(moments, 0, basis.values[moments.sample.units])
    for equation in equations:
        A, b, inverse = _solved(moments, equation, totals)
        theta = inverse @ b
        yy = float(moments.cells[0, :, equation.target, equation.target].sum())
        sigma2 = _variance(moments, equation, yy - 2 * float(theta @ b) + float(theta @ A @ theta))
        out[equation] = BareLeg(sigma2, inverse, float(moments.sample.weight.sum()))
    return out


def _solved(
    moments: Moments, equation: Equation, totals: Totals
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Normal equations, and the inverse of their left side."""
    A, b = totals.equation(equation.target, equation.regressors)
    size = np.sqrt(np.maximum(np.diag(A), 0.0))
    if not (size[: len(equation.regressors) * len(totals.single)] > 0).all():
        raise EstimationError("nothing is left of a regressor once fixed effects are removed")
    size = np.where(size > 0, size, 1.0)
    inverse = np.linalg.pinv(A / size[:, None] / size, rcond=1e-10, hermitian=True)
    return A, b, inverse / size[:, None] / size


def _variance(moments: Moments, equation: Equation, squares: float) -> float:
    sigma2 = squares / float(moments.sample.weight.sum())
    if not sigma2 > 0:
        raise EstimationError(f"nothing is left of {moments.names[equation.target]} to explain")
    return sigma2
