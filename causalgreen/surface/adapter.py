"""Estimators of EconML as surfaces, on the residuals and clusters of a study."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from causalgreen.errors import DesignError, EstimationError
from causalgreen.residuals.folds import make_folds
from causalgreen.surface.bags import Local
from causalgreen.surface.information import expected_moments
from causalgreen.surface.problem import Problem

__all__ = ["Adapter", "FittedAdapter", "econml"]

FOLDS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Adapter:
    """An EconML estimator to be fitted; see `econml`."""

    estimator: Any
    residual: bool

    @property
    def name(self) -> str:
        """For the reader."""
        how = "residual moments of firms" if self.residual else "rows, with its own nuisances"
        return f"econml {type(self.estimator).__name__} on {how}"

    @property
    def needs_rows(self) -> bool:
        """Whether it needs the rows of the panel, not only residual moments."""
        return not self.residual

    def fit(
        self, problem: Problem, *, inference: bool = True, seed: int = 0,
        n_jobs: int | None = None, progress: bool | None = None,
    ) -> FittedAdapter:  # fmt: skip
        """Fit a copy of the estimator on the firms of a problem."""
        if len(problem.layout.treatments) > 1:
            raise DesignError(
                f"{type(self.estimator).__name__} takes one treatment here, and the study has "
                f"{len(problem.layout.treatments)}; use cg.forest() or cg.linear_surface()"
            )
        if "own_total" not in problem.terms:
            raise DesignError(
                "an EconML estimator estimates the own total, which the graph does not identify "
                "here; allow_unidentified=True reports it all the same"
            )
        alone = problem.own_totals()
        everyone = np.arange(alone.n_firms)
        return FittedAdapter(self, alone, self._fit(alone, everyone, seed), seed, inference)

    def _fit(self, problem: Problem, train: np.ndarray, seed: int) -> Any:
        estimator = copy.deepcopy(self.estimator)
        if hasattr(estimator, "random_state") and estimator.random_state is None:
            estimator.random_state = seed
        part = problem.subset(train)
        fit = _fit_residual if self.residual else _fit_rows
        try:
            return fit(estimator, part, seed)
        except (DesignError, EstimationError):
            raise
        except Exception as error:
            raise EstimationError(
                f"econml's {type(estimator).__name__} cannot be fitted on {part.n_firms:,} firms "
                f"({type(error).__name__}: {error}); check its settings, or use cg.forest()"
            ) from error


def _fit_residual(estimator: Any, problem: Problem, seed: int) -> Any:
    """One row for each firm whose squares and products are the firm's residual moments."""
    from sklearn.dummy import DummyRegressor

    S = problem.by_firm()
    informative = S[:, 0, 0] > 1e-12 * S[:, 0, 0].mean()
    T = np.sqrt(S[informative, 0, 0])
    Y = S[informative, 0, 1] / T
    estimator.model_y = DummyRegressor(strategy="constant", constant=0.0)
    estimator.model_t = DummyRegressor(strategy="constant", constant=0.0)
    estimator.discrete_treatment = False
    if hasattr(estimator, "fit_intercept"):
        # Residuals have mean zero; a local intercept would take the effect for itself.
        estimator.fit_intercept = False
    half = len(T) // 2
    first, second = np.arange(half), np.arange(half, len(T))
    estimator.cv = [(first, second), (second, first)]
    return estimator.fit(Y, T, X=problem.X[informative], cache_values=False)


def _fit_rows(estimator: Any, problem: Problem, seed: int) -> Any:
    rows = problem.raw
    if rows is None:
        raise DesignError(
            f"{type(estimator).__name__} needs the rows of the panel: give it to study.surface()"
        )
    X = problem.X[rows.firm]
    if hasattr(estimator, "cv"):
        codes = np.unique(problem.home, return_inverse=True)[1][rows.firm]
        count = estimator.cv if isinstance(estimator.cv, int) else FOLDS
        fold = make_folds(rows.firm, codes, count, 1, seed)[0]
        estimator.cv = [
            (np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(count)
        ]
    W = rows.W if rows.W.shape[1] else None
    try:
        return estimator.fit(rows.Y, rows.T, X=X, W=W)
    except TypeError:
        # Metalearners know no W: controls join the traits, and are set to their means later.
        raise DesignError(
            f"{type(estimator).__name__} takes no controls beside the traits; use DRLearner or an "
            "estimator of econml.dml, which do"
        ) from None


@dataclass(frozen=True, slots=True, eq=False)
class FittedAdapter:
    """An EconML estimator fitted to the own total effect.

    Attributes
    ----------
    adapter : Adapter
    problem : Problem
        With the outcome on the treatment as its only equation.
    estimator : object
        Fitted on all firms of the problem.
    seed : int
    inference : bool
        Whether standard errors are wanted; EconML's, which know firms but not clusters of firms.
    """

    adapter: Adapter
    problem: Problem
    estimator: Any
    seed: int
    inference: bool

    def at(self, X: np.ndarray) -> Local:
        """Own total effect at encoded traits."""
        everyone = np.arange(self.problem.n_firms)
        J = self._jacobian(everyone, X, self.seed)
        theta = _effect(self.estimator, X)
        return Local(theta, J, self.problem.effects(theta), self._std_error(X))

    def held_out(self) -> Local:
        """Own total effect of every firm, from fits without its cluster."""
        p = self.problem
        codes = np.unique(p.home, return_inverse=True)[1]
        count = min(FOLDS, int(codes.max()) + 1)
        fold = make_folds(np.arange(p.n_firms), codes, count, 1, self.seed)[0]
        theta, jacobian = np.empty((p.n_firms, 1)), np.empty((p.n_firms, 1, 1))
        for k in range(count):
            train, test = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
            theta[test] = _effect(self.adapter._fit(p, train, self.seed), p.X[test])
            jacobian[test] = self._jacobian(train, p.X[test], self.seed + k)
        error = self._std_error(p.X) * np.sqrt(count / (count - 1))
        return Local(theta, jacobian, p.effects(theta), error)

    def _jacobian(self, train: np.ndarray, X: np.ndarray, seed: int) -> np.ndarray:
        return self.problem.equations_of(expected_moments(self.problem, train, X, seed))[1]

    def _std_error(self, X: np.ndarray) -> np.ndarray:
        nan = np.full((len(X), len(self.problem.terms)), np.nan)
        if not self.inference:
            return nan
        try:
            if self.adapter.residual:
                error = self.estimator.const_marginal_effect_inference(X).stderr
            else:
                error = self.estimator.effect_inference(X).stderr
        except (AttributeError, NotImplementedError, ValueError):
            return nan
        if error is None:
            return nan
        return np.repeat(np.asarray(error).reshape(len(X), 1), nan.shape[1], axis=1)


def _effect(estimator: Any, X: np.ndarray) -> np.ndarray:
    """Effect of one unit, shape (m, 1), whatever rank the estimator answers with."""
    answer = estimator.const_marginal_effect if hasattr(estimator, "model_final_") or hasattr(
        estimator, "const_marginal_effect") else estimator.effect  # fmt: skip
    return np.asarray(answer(X), dtype=np.float64).reshape(len(X), -1)[:, :1]


def econml(estimator: Any) -> Adapter:
    """Any CATE estimator of EconML as a surface of the own total effect.

    Residual-on-residual learners (``LinearDML``, ``SparseLinearDML``, ``NonParamDML``,
    ``KernelDML``, ``CausalForestDML``) get the study's cross-fitted residuals as one row for each
    firm, in place of their own nuisance models; exposures are projected out with one coefficient.
    Others (``DRLearner``, ``ForestDRLearner`` ...) get the rows of the panel with folds of whole
    clusters; they need ``fixed_effects="none"`` and a treatment that suits them.

    Parameters
    ----------
    estimator : econml estimator
        Not fitted; it is copied, never changed.

    Returns
    -------
    Adapter
        For ``study.surface(cg.econml(LinearDML()))``. Predictions for firms of the panel come from
        fits without their cluster; standard errors are EconML's.

    Raises
    ------
    DesignError
        If it is no EconML estimator.

    References
    ----------
    Battocchi et al. (2019), EconML: a Python package for ML-based heterogeneous treatment effects
    estimation.

    Examples
    --------
    >>> from econml.dml import LinearDML
    >>> econml(LinearDML()).name
    'econml LinearDML on residual moments of firms'
    """
    from econml._cate_estimator import BaseCateEstimator
    from econml.dml._rlearner import _RLearner

    if not isinstance(estimator, BaseCateEstimator):
        what = getattr(estimator, "__name__", type(estimator).__name__)
        raise DesignError(
            f"{what} is no estimator of EconML; give an object such as econml.dml.LinearDML()"
        )
    return Adapter(estimator, isinstance(estimator, _RLearner))
