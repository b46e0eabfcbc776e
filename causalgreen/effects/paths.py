"""Path effects with their inference: from moments to an `Effects`."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from causalgreen.effects.context import Context
from causalgreen.effects.covariance import Covariance, cluster_covariance
from causalgreen.effects.effects import Effects
from causalgreen.errors import EstimationError, EstimationWarning
from causalgreen.moments.alone import effective_number, resting_on_one, varies_in
from causalgreen.moments.basis import Basis, constant_basis
from causalgreen.moments.moments import Moments
from causalgreen.moments.solve import MAX_JACKKNIFE, jackknife_paths, solve_paths
from causalgreen.moments.system import Layout, named_cluster
from causalgreen.panel.absorb import DUST

__all__ = ["FEW_CLUSTERS", "JACKKNIFE_BELOW", "PathRequest", "path_effects"]

FEW_CLUSTERS = 40
HANDFUL = 10
# With 60 clusters the sandwich was still some percent too narrow in simulations; the jackknife
# costs next to nothing there.
JACKKNIFE_BELOW = 100


@dataclass(frozen=True, slots=True)
class PathRequest:
    """What is asked of the moments.

    Attributes
    ----------
    moments : Moments
    layout : Layout
    basis : Basis
        Traits along which coefficients vary; a constant for one coefficient for all.
    covariance : {"CR1", "CV3", "auto"}
        ``auto``: the jackknife below 100 clusters, or where a treatment varies as if in fewer than
        40, else the sandwich.
    population : bool
        Whether the firms stand for a population they were drawn from.
    weighted : bool
        Whether rows have sampling weights.
    method, absorbed : str
        For the reader.
    """

    moments: Moments
    layout: Layout
    basis: Basis
    covariance: Covariance | Literal["auto"] = "auto"
    population: bool = True
    weighted: bool = False
    method: str = ""
    absorbed: str = ""


@dataclass(slots=True)
class _Jackknife:
    """Estimates without each cluster, computed once and only when asked for."""

    request: PathRequest
    cache: list[np.ndarray] = field(default_factory=list)

    def all(self) -> np.ndarray:
        if not self.cache:
            r = self.request
            self.cache.append(
                jackknife_paths(r.moments, r.layout, r.basis, population=r.population)
            )
        return self.cache[0]


@dataclass(frozen=True, slots=True)
class _Columns:
    """Some columns of the jackknife; a class, so that effects can be pickled."""

    source: _Jackknife
    start: int
    stop: int | None

    def __call__(self) -> np.ndarray:
        return self.source.all()[:, self.start : self.stop]


def path_effects(request: PathRequest) -> Effects:
    """Every path, averaged over firms, with covariances, details, and the constant system beside.

    Parameters
    ----------
    request : PathRequest
        Moments, layout, basis, covariance.

    Returns
    -------
    Effects
        Headline terms; ``detail`` and, where coefficients vary, ``constant`` hold the rest.

    Raises
    ------
    EstimationError
        If a coefficient is not determined.

    Warns
    -----
    EstimationWarning
        Below 40 clusters.
    """
    _refuse_exact(request)
    rests = _resting_on_one(request)
    main = _solve(request)
    if rests:
        warnings.warn(rests, EstimationWarning, stacklevel=4)
        main = main.noting(rests)
    if request.basis.values.shape[1] == 1:
        return main
    single = _solve(replace(request, basis=constant_basis(len(request.basis.values))), quiet=True)
    notes = _disagreement(main, single)
    return replace(main, constant=single, context=main.context.noting(*notes))


def _refuse_exact(request: PathRequest) -> None:
    """Refuse an outcome, or a mediator, that its equation gives without error."""
    moments = request.moments
    for equation in request.layout.equations():
        whole = moments.cells[0].sum(axis=0)
        z, y = list(equation.regressors), equation.target
        slope = np.linalg.lstsq(whole[np.ix_(z, z)], whole[z, y], rcond=None)[0]
        if whole[y, y] - slope @ whole[z, y] <= DUST * whole[y, y]:
            raise EstimationError(
                f"{moments.names[y]} is a linear function of "
                f"{', '.join(moments.names[i] for i in z)} once controls and effects are removed: "
                "no error is left to judge anything by. Look for a variable under another name, or "
                "for a column that was computed from the others"
            )


def _resting_on_one(request: PathRequest) -> str:
    """That an estimate rests on one cluster, as far as the sandwich was asked for; else refuses."""
    moments, clusters = request.moments, request.moments.sample.clusters[0]
    if request.covariance == "CV3":
        return ""  # the jackknife refuses by itself
    for equation in request.layout.equations():
        for number, names in resting_on_one(moments, equation, request.basis, clusters).items():
            told = (
                f"without {named_cluster(moments, clusters, number)} nothing determines "
                f"{', '.join(names)}: the estimate rests on that cluster alone"
            )
            if request.covariance == "CR1":
                return f"{told}, and its standard error says little"
            raise EstimationError(
                f"{told}, and has no standard error. Pool clusters; or take covariance='CR1', say "
                "so, and judge it by exchange: study.falsify(['placebo treatment'], "
                "effects=study.paths(covariance='CR1'))"
            )
    return ""


def _solve(request: PathRequest, quiet: bool = False) -> Effects:
    solution = solve_paths(
        request.moments, request.layout, request.basis, population=request.population
    )
    # Period effects vary with the traits as coefficients do.
    extra = (request.basis.values.shape[1] - 1) * request.moments.n_periods
    context = _context(request, solution.n_parameters + extra)
    covariance, notes = _choose_covariance(request, context, quiet)
    context = context.noting(*notes)
    split = len(solution.terms.headline)
    one_way = len(context.clusters) == 1
    source = _Jackknife(request)

    def part(terms: tuple[str, ...], columns: slice) -> Effects:
        return Effects.build(
            terms, solution.estimate[columns], solution.influence[:, columns], context,
            covariance=covariance, spread=solution.spread[columns],
            jackknife=_Columns(source, columns.start, columns.stop) if one_way else None,
        )  # fmt: skip

    detail = part(solution.terms.detail, slice(split, None))
    headline = part(solution.terms.headline, slice(0, split))
    return replace(headline, detail=detail, basis=request.basis)


def _choose_covariance(
    request: PathRequest, context: Context, quiet: bool
) -> tuple[Covariance, tuple[str, ...]]:
    fewest = min(context.n_clusters)
    varies, what = _varies_in(request)
    said = [*_few_clusters(context, fewest), *_uneven_clusters(varies, what, fewest)]
    for note in () if quiet else said:
        warnings.warn(note, EstimationWarning, stacklevel=5)
    straddling = request.moments.sample.straddling
    if request.covariance == "CV3" and straddling:
        said.append(
            f"the jackknife keeps the effects of {', '.join(straddling)} as estimated from all "
            "clusters, since their groups lie in several; it is then some percent too small"
        )
    if request.covariance != "auto":
        return request.covariance, tuple(said)
    few = fewest < JACKKNIFE_BELOW or (
        varies < FEW_CLUSTERS and fewest * len(request.basis.values) <= MAX_JACKKNIFE
    )
    jackknife = few and len(context.clusters) == 1 and not straddling
    return ("CV3" if jackknife else "CR1"), tuple(said)


def _few_clusters(context: Context, fewest: int) -> list[str]:
    if fewest >= FEW_CLUSTERS:
        return []
    trust = (
        "intervals cannot be trusted with so few"
        if fewest < HANDFUL
        else "intervals rest on few independent pieces"
    )
    # The jackknife is defined for one dimension.
    compare = "compare covariance='CV3' with 'CR1', and " if len(context.clusters) == 1 else ""
    return [
        f"only {fewest} clusters ({' and '.join(context.cluster_names)}): {trust}; {compare}prefer "
        "randomization inference where the treatment was assigned to clusters"
    ]


def _uneven_clusters(varies: float, what: str, fewest: int) -> list[str]:
    if varies >= HANDFUL or varies >= fewest / 2:
        return []
    return [
        f"{what} as if there were {varies:.1f} clusters of one size, not {fewest:,}: intervals "
        "cannot be trusted with so few; study.falsify(['overlap', 'influence']) says who carries "
        "the estimate"
    ]


def _varies_in(request: PathRequest) -> tuple[float, str]:
    """Effective number of clusters: of the treatment that varies in the fewest, or of weights."""
    moments, sample, found = request.moments, request.moments.sample, []
    for codes in sample.clusters:
        for d in request.layout.treatments:
            found.append((varies_in(moments, d, codes), f"{moments.names[d]} varies"))
        if request.weighted:
            weight = np.bincount(codes, sample.weight)
            found.append((effective_number(weight), "sampling weights count"))
    return min(found)


def _context(request: PathRequest, n_parameters: int) -> Context:
    sample, layout = request.moments.sample, request.layout
    treatment = " + ".join(layout.names[t] for t in layout.treatments)
    varying = request.basis.values.shape[1] > 1
    if varying:
        traits = ", ".join(request.basis.names[1:])
        estimand = f"paths with coefficients that vary with {traits}, averaged over firms"
    else:
        estimand = "paths with one coefficient for all firms"
    firms = f"{sample.n_firms:,} firms"
    if not varying:
        times = ", times its sampling weight" if request.weighted else ""
        population = f"{firms}, each weighted by its residual variance of {treatment}{times}"
    else:
        share = "its sampling weight" if request.weighted else "the same weight"
        these = f"the firms that these {firms} were drawn from" if request.population else (
            f"these {firms}"
        )  # fmt: skip
        population = f"{these}, each with {share}"
    return Context.of(
        sample, layout, estimand=estimand, population=population, method=request.method,
        absorbed=request.absorbed, n_parameters=n_parameters + sample.nuisance_levels,
    )  # fmt: skip


def _disagreement(varying: Effects, constant: Effects) -> tuple[str, ...]:
    """Terms whose plain average differs from the variance-weighted one by more than noise."""
    difference = varying.estimate - constant.estimate
    context = varying.context
    vcov = cluster_covariance(
        varying.influence - constant.influence, context.clusters, context.n_rows,
        context.n_parameters,
    )  # fmt: skip
    error = np.sqrt(np.diag(vcov))
    apart = np.flatnonzero(np.abs(difference) > 1.96 * error)
    if not len(apart):
        return ()
    told = ", ".join(
        f"{varying.terms[i]} {varying.estimate[i]:.4g} against {constant.estimate[i]:.4g}"
        for i in apart
    )
    return (
        "the plain average over firms differs from the constant-coefficient estimate, which weighs "
        f"firms by their residual treatment variance, by more than the joint error: {told}",
    )
