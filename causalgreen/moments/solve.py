"""From moments to path effects: estimates, influence of every cell, leave-one-cluster-out."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from causalgreen.errors import EstimationError
from causalgreen.moments.basis import Basis
from causalgreen.moments.moments import Moments
from causalgreen.moments.normal import Totals
from causalgreen.moments.paths import PathTerms, evaluate, path_terms
from causalgreen.moments.system import (
    Fit,
    Layout,
    fit_equation,
    leave_clusters_out,
    solve_equation,
)

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

__all__ = ["PathSolution", "estimate_paths", "jackknife_paths", "solve_paths"]

MAX_JACKKNIFE = 400_000_000


@dataclass(frozen=True, slots=True)
class PathSolution:
    """Path effects averaged over firms.

    Attributes
    ----------
    terms : PathTerms
        Names of the effects.
    estimate : numpy.ndarray, shape (k,)
        Headline effects, then details.
    influence : numpy.ndarray, shape (g, k)
        Influence of every cell; sums to zero.
    spread : numpy.ndarray, shape (k,)
        Standard deviation over repetitions of the cross-fitting; NaN with one repetition.
    n_parameters : int
        Coefficients in the largest equation, for degrees of freedom.
    """

    terms: PathTerms
    estimate: np.ndarray
    influence: np.ndarray
    spread: np.ndarray
    n_parameters: int


def solve_paths(
    moments: Moments, layout: Layout, basis: Basis, *, population: bool = True
) -> PathSolution:
    """Estimate every path, averaged over firms.

    The influence function of an average of products of coefficients is the delta method over the
    equations, plus the sampling of the firms over which the effects are averaged.

    Parameters
    ----------
    moments : Moments
        Moments of the residuals.
    layout : Layout
        Columns and causal order.
    basis : Basis
        Functions of the traits along which coefficients vary.
    population : bool
        True: the firms are a sample, and which firms were drawn counts as uncertainty.
        False: the average over these very firms.

    Returns
    -------
    PathSolution
        Estimates and influences, averaged over repetitions.

    Raises
    ------
    EstimationError
        If a coefficient is not determined.
    """
    equations = layout.equations()
    share = firm_shares(moments, len(basis.values))
    estimates, influences = [], []
    for repeat in range(moments.n_repeats):
        with one_thread():
            totals = Totals.of(moments, repeat, basis.values[moments.sample.units])
            fits = [fit_equation(moments, repeat, eq, basis, totals) for eq in equations]
        estimate, gradient, each = average_effects(layout, fits, basis, share)
        influence = sum(
            np.einsum("gij,tij->gt", fit.influence, part)
            for fit, part in zip(fits, gradient, strict=True)
        )
        if population:
            influence = influence + _sampling(moments, each - estimate[:, None], share)
        estimates.append(estimate)
        influences.append(influence)
    stacked = np.stack(estimates)
    spread = stacked.std(axis=0, ddof=1) if len(stacked) > 1 else np.full(stacked.shape[1], np.nan)
    largest = max(len(eq.regressors) for eq in equations) * basis.values.shape[1]
    return PathSolution(
        path_terms(layout), stacked.mean(axis=0), np.mean(influences, axis=0), spread, largest
    )


def estimate_paths(moments: Moments, layout: Layout, basis: Basis) -> np.ndarray:
    """The estimates of `solve_paths` alone, without influences.

    Returns
    -------
    numpy.ndarray, shape (k,)
        Headline effects, then details.
    """
    share, out = firm_shares(moments, len(basis.values)), []
    constant = basis.values.shape[1] == 1
    h, w = (basis.values[:1], np.ones(1)) if constant else (basis.values, share)
    with one_thread():
        for repeat in range(moments.n_repeats):
            totals = Totals.of(moments, repeat, basis.values[moments.sample.units])
            coefficients = [
                solve_equation(moments, repeat, equation, basis, totals)[0]
                for equation in layout.equations()
            ]
            out.append(evaluate(layout, [c @ h.T for c in coefficients]) @ w)
    return np.asarray(np.mean(out, axis=0))


def jackknife_paths(
    moments: Moments, layout: Layout, basis: Basis, *, population: bool = True
) -> np.ndarray:
    """Path effects without each cluster in turn.

    Parameters
    ----------
    moments, layout, basis, population
        As in `solve_paths`; with ``population=False`` the average stays over all firms.

    Returns
    -------
    numpy.ndarray, shape (n_clusters, k)
        Headline effects and details, averaged over repetitions.

    Raises
    ------
    EstimationError
        If a coefficient rests on one cluster, or there are too many clusters times firms.
    """
    clusters = moments.sample.clusters[0]
    n_clusters, equations = int(clusters.max()) + 1, layout.equations()
    varying = basis.values.shape[1] > 1
    if varying and n_clusters * len(basis.values) > MAX_JACKKNIFE:
        raise EstimationError(
            f"the jackknife over {n_clusters:,} clusters and {len(basis.values):,} firms is too "
            "large with coefficients that vary by firm; with that many clusters covariance='CR1' "
            "is as good"
        )
    share = firm_shares(moments, len(basis.values))
    # A firm in several clusters leaves with the first one only in the average, not in the moments.
    home = np.zeros(len(basis.values), dtype=np.int64)
    home[moments.sample.units[::-1]] = clusters[::-1]
    out = []
    for repeat in range(moments.n_repeats):
        with one_thread():
            without = [leave_clusters_out(moments, repeat, eq, basis, clusters) for eq in equations]
        rows = []
        for c in range(n_clusters):
            h, w = (basis.values, np.where(population & (home == c), 0.0, share)) if varying else (
                basis.values[:1], np.ones(1))  # fmt: skip
            effects = evaluate(layout, [coefficient[c] @ h.T for coefficient in without])
            rows.append(effects @ (w / w.sum()))
        out.append(np.stack(rows))
    return np.mean(out, axis=0)


def one_thread() -> AbstractContextManager[object]:
    """Thousands of small matrices: BLAS threads cost several times what they bring."""
    return _libraries().limit(limits=1)


@cache
def _libraries() -> ThreadpoolController:
    """Looking for the loaded libraries takes longer than many of the solutions."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def firm_shares(moments: Moments, n_firms: int) -> np.ndarray:
    """Share of each firm in an average over firms, shape (n_firms,).

    Its mean weight; 0 for firms without moments.
    """
    sample = moments.sample
    rows = np.bincount(sample.units, sample.rows, minlength=n_firms)
    share = np.bincount(sample.units, sample.weight, minlength=n_firms) / np.maximum(rows, 1)
    return np.asarray(share / share.sum())


def average_effects(
    layout: Layout, fits: list[Fit], basis: Basis, share: np.ndarray
) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
    """Average effects, their gradient in every coefficient, and the effects at each firm.

    Effects are polynomials in the coefficients, so that a complex step gives exact derivatives
    (Squire and Trapp 1998, doi 10.1137/S003614459631241X).
    """
    constant = basis.values.shape[1] == 1
    h, w = (basis.values[:1], np.ones(1)) if constant else (basis.values, share)
    at_firms = [fit.coefficients @ h.T for fit in fits]
    each = evaluate(layout, at_firms)
    step, gradient = 1e-30, []
    for e, fit in enumerate(fits):
        part = np.empty((len(each), *fit.coefficients.shape))
        for i in range(fit.coefficients.shape[0]):
            bent = [values.astype(complex) for values in at_firms]
            bent[e][i] += 1j * step
            slope = evaluate(layout, bent).imag / step
            part[:, i, :] = (slope * w) @ h
        gradient.append(part)
    estimate = each @ w
    if constant:
        each = np.repeat(each, len(basis.values), axis=1)
    return estimate, gradient, each


def _sampling(moments: Moments, deviation: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Influence of which firms were drawn, spread evenly over the cells of a firm."""
    units = moments.sample.units
    cells = np.bincount(units, minlength=len(share))
    return (deviation * share)[:, units].T / cells[units][:, None]
