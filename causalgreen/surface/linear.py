"""Projection of the coefficients on functions of the traits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from causalgreen.effects.bootstrap import multiplier_draws
from causalgreen.effects.covariance import cluster_covariance
from causalgreen.errors import DesignError, EstimationError
from causalgreen.residuals.folds import make_folds
from causalgreen.surface.adjust import Smooth, slopes, smooth_basis
from causalgreen.surface.bags import Local
from causalgreen.surface.information import expected_moments
from causalgreen.surface.problem import Problem

__all__ = ["FittedProjection", "Projection", "linear_surface"]

FOLDS = 5
Form = Literal["linear", "smooth"]


@dataclass(frozen=True, slots=True)
class Projection:
    """Settings of a linear surface; see `linear_surface`."""

    form: Form = "linear"

    @property
    def name(self) -> str:
        """For the reader."""
        what = "traits" if self.form == "linear" else "smooth functions of the traits"
        return f"linear surface on {what}"

    def fit(
        self, problem: Problem, *, inference: bool = True, seed: int = 0,
        n_jobs: int | None = None, progress: bool | None = None,
    ) -> FittedProjection:  # fmt: skip
        """Solve the projection on the firms of a problem."""
        n_clusters = len(np.unique(problem.home))
        basis = smooth_basis(problem.X, n_clusters, every=True)
        if self.form == "linear":
            basis = basis.linear_part()
        wanted = max(problem.sizes) * (1 + len(basis.kind))
        if wanted > n_clusters / 2:
            raise EstimationError(
                f"a linear surface has {wanted} coefficients in its largest equation, too many for "
                f"{n_clusters} clusters; name fewer traits, or use cg.forest()"
            )
        return FittedProjection(problem, basis, _solve(problem, basis), seed, inference)


@dataclass(frozen=True, slots=True)
class _Solution:
    """Coefficients on the basis, shape (d, q), and influence of cells on them, (g, d * q)."""

    B: np.ndarray
    influence: np.ndarray


def _solve(problem: Problem, basis: Smooth) -> _Solution:
    H = basis(problem.X)
    B = slopes(problem, problem.by_firm(), H, 0.0)
    h, q = H[problem.firm], H.shape[1]
    A, J = problem.equations_of(problem.moments)
    score = A - np.einsum("gab,gb->ga", J, h @ B.T)
    influence = np.zeros((len(h), *B.shape))
    low = 0
    for size in problem.sizes:
        part = slice(low, low + size)
        block = np.einsum("gj,gk,gab->ajbk", h, h, J[:, part, part], optimize=True)
        whole = block.reshape(size * q, size * q)
        scale = np.sqrt(np.maximum(np.diag(whole), 0.0))
        if (scale <= 0).any() or np.linalg.eigvalsh(whole / scale[:, None] / scale)[0] < 1e-10:
            raise EstimationError(
                "the linear surface is not determined: a trait hardly varies among firms whose "
                "treatment does, or traits are collinear. Name fewer traits"
            )
        own = np.einsum("ga,gj->gaj", score[:, part], h).reshape(len(h), -1)
        influence[:, part] = (own @ np.linalg.inv(whole)).reshape(len(h), size, q)
        low += size
    return _Solution(B, influence.reshape(len(h), -1))


@dataclass(frozen=True, slots=True)
class FittedProjection:
    """A linear surface learnt from the firms of a problem.

    Attributes
    ----------
    problem : Problem
    basis : Smooth
        Functions of the traits.
    solution : _Solution
        Coefficients and influences.
    seed : int
        Seed of folds, and of the forest that predicts how informative a firm is.
    inference : bool
        Whether standard errors are computed.
    """

    problem: Problem
    basis: Smooth
    solution: _Solution
    seed: int
    inference: bool

    def at(self, X: np.ndarray) -> Local:
        """Path effects at encoded traits."""
        H = self.basis(X)
        theta = H @ self.solution.B.T
        everyone = np.arange(self.problem.n_firms)
        moments = expected_moments(self.problem, everyone, X, self.seed)
        _, J = self.problem.equations_of(moments)
        error = self._std_error(H, theta)
        return Local(theta, J, self.problem.effects(theta), error)

    def held_out(self) -> Local:
        """Path effects of the firms of the problem, from folds without their cluster.

        Standard errors are those of the whole projection, for as many clusters as a fold learns
        from.
        """
        p = self.problem
        codes = np.unique(p.home, return_inverse=True)[1]
        count = min(FOLDS, int(codes.max()) + 1)
        fold = make_folds(np.arange(p.n_firms), codes, count, 1, self.seed)[0]
        theta = np.empty((p.n_firms, p.n_coefficients))
        jacobian = np.empty((p.n_firms, p.n_coefficients, p.n_coefficients))
        for k in range(count):
            train, test = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
            part = p.subset(train)
            theta[test] = self.basis(p.X[test]) @ _solve(part, self.basis).B.T
            moments = expected_moments(p, train, p.X[test], self.seed + k)
            jacobian[test] = p.equations_of(moments)[1]
        H = self.basis(p.X)
        error = self._std_error(H, H @ self.solution.B.T) * np.sqrt(count / (count - 1))
        return Local(theta, jacobian, p.effects(theta), error)

    def _std_error(self, H: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """Delta method, from the clustered covariance of all coefficients."""
        out = np.full((len(H), len(self.problem.terms)), np.nan)
        if not self.inference:
            return out
        V = self._covariance()
        for j in range(out.shape[1]):
            slope = self._slope(H, theta, j)
            out[:, j] = np.sqrt(np.maximum(np.einsum("na,na->n", slope @ V, slope), 0.0))
        return out

    def _slope(self, H: np.ndarray, theta: np.ndarray, term: int) -> np.ndarray:
        """Derivative of a path effect in all coefficients, shape (m, d * q)."""
        gradient = self.problem.gradient(theta)[:, term]
        return np.einsum("nd,nj->ndj", gradient, H).reshape(len(H), -1)

    def _covariance(self) -> np.ndarray:
        clusters = [np.unique(c, return_inverse=True)[1] for c in self.problem.clusters]
        rows = int(self.problem.rows.sum())
        k = max(self.problem.sizes) * self.solution.B.shape[1]
        return cluster_covariance(self.solution.influence, clusters, rows, k)

    def simultaneous(self, X: np.ndarray, term: str, level: float = 0.95) -> float:
        """Critical value of a band that covers the effects at all these traits at once.

        Parameters
        ----------
        X : numpy.ndarray, shape (m, c)
            Encoded traits.
        term : str
            Path.
        level : float
            Joint coverage.

        Returns
        -------
        float
            To multiply standard errors by; from the multiplier bootstrap over clusters.
        """
        j = self.problem.terms.index(term)
        H = self.basis(X)
        slope = self._slope(H, H @ self.solution.B.T, j)
        codes = np.unique(self.problem.clusters[0], return_inverse=True)[1]
        draws = multiplier_draws(self.solution.influence, codes, 4999, self.seed) @ slope.T
        spread = draws.std(axis=0)
        return float(np.quantile(np.abs(draws[:, spread > 0] / spread[spread > 0]).max(1), level))


def linear_surface(form: Form = "linear") -> Projection:
    """Effects that are linear in the traits, or in smooth functions of them.

    Every coefficient of the path system is projected on the functions; path effects are products
    of these, with standard errors by the delta method from the clustered covariance.

    Parameters
    ----------
    form : {"linear", "smooth"}
        The traits themselves; or with normal scores of their ranks and squares of these, as far as
        the number of clusters carries them.

    Returns
    -------
    Projection
        For ``study.surface(cg.linear_surface())``.

    Raises
    ------
    DesignError
        If the form is not known.

    References
    ----------
    Semenova and Chernozhukov (2021), doi 10.1093/ectj/utaa027.

    Examples
    --------
    >>> linear_surface().name
    'linear surface on traits'
    """
    if form not in ("linear", "smooth"):
        raise DesignError(f"form={form!r}: choose 'linear' or 'smooth'")
    return Projection(form)
