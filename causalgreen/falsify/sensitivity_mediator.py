"""Confounding of mediator and outcome: the paths as a function of one correlation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.effects.covariance import cluster_variances
from causalgreen.falsify.finding import NOT_APPLICABLE, PASS, WARN, Finding, Verdict
from causalgreen.falsify.sensitivity_bench import Blocks, benchmarks, gains
from causalgreen.falsify.sensitivity_legs import fit_leg
from causalgreen.falsify.sensitivity_paths import strength
from causalgreen.moments.paths import path_terms
from causalgreen.moments.solve import average_effects, firm_shares
from causalgreen.moments.system import Fit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from causalgreen.falsify.case import Case

__all__ = ["MediatorCurve", "check_mediators", "mediator_curves"]

GRID = np.round(np.linspace(-0.95, 0.95, 77), 10)


@dataclass(frozen=True, slots=True, repr=False)
class MediatorCurve:
    """A path under a confounder of one mediator and the outcome.

    Attributes
    ----------
    mediator, term : str
        The mediator that is confounded, and the path that is followed.
    rho : numpy.ndarray, shape (r,)
        Correlation of the mediator's residual (what treatments, exposures and the other mediators
        leave of it) with the error of the outcome.
    estimate, std_error : numpy.ndarray, shape (r,)
        The path at each correlation.
    tipping, tipping_limit : float
        Correlation at which the path, and the nearer end of its interval, reach zero; NaN: none.
    quantile : float
        Half width of the intervals in standard errors.
    who, unit : str
        For pictures.
    """

    mediator: str
    term: str
    rho: np.ndarray
    estimate: np.ndarray
    std_error: np.ndarray
    tipping: float
    tipping_limit: float
    quantile: float
    who: str
    unit: str

    def tidy(self) -> pd.DataFrame:
        """One row for each correlation."""
        half = self.quantile * self.std_error
        return pd.DataFrame({
            "mediator": self.mediator, "term": self.term, "rho": self.rho,
            "estimate": self.estimate, "conf_low": self.estimate - half,
            "conf_high": self.estimate + half,
        })  # fmt: skip

    def plot(self, ax: Axes | None = None) -> Axes:
        """The path against the correlation."""
        from causalgreen.falsify.sensitivity_plot import plot_curve

        return plot_curve(self, ax)

    def __str__(self) -> str:
        return (
            f"{self.term}: zero at a correlation of {self.tipping:.3f} between {self.mediator} and "
            f"the outcome's error (interval reaches zero at {self.tipping_limit:.3f})"
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<p>{self}</p>"


def mediator_curves(
    case: Case, level: float = 0.95, terms: tuple[str, ...] | None = None
) -> tuple[MediatorCurve, ...]:
    """How mediated and direct paths move when each mediator is confounded with the outcome.

    Least squares makes the residual of the outcome equation orthogonal to the mediator. If the
    mediator's residual u has correlation rho with the true error e, its coefficient is off by
    rho / sqrt(1 - rho^2) times sd(residual) / sd(u), and the coefficients of the other regressors
    move with it so that they stay orthogonal to e. Totals do not move. With one mediator and one
    coefficient for all firms the tipping point is the partial correlation of mediator and outcome,
    and rho^2 is the product of the two shares of variance that a confounder explains.

    Parameters
    ----------
    case : Case
        The study.
    level : float
        Coverage of the intervals.
    terms : tuple of str, optional
        Default: the direct path and the mediated ones that the mediator lies on.

    Returns
    -------
    tuple of MediatorCurve

    References
    ----------
    Imai, Keele and Yamamoto (2010), Identification, inference and sensitivity analysis for causal
    mediation effects, Statistical Science 25(1), doi 10.1214/10-STS321.
    """
    from scipy.stats import t

    quantile = float(t.ppf((1 + level) / 2, case.effects.df))
    out = []
    for mediator in case.layout.mediators:
        wanted = _terms_of(case, mediator) if terms is None else terms
        out += _curves(case, mediator, wanted, quantile)
    return tuple(out)


def _terms_of(case: Case, mediator: int) -> tuple[str, ...]:
    """The direct path, and mediated paths through this mediator's group."""
    group = next(g for g, columns in case.layout.groups if mediator in columns)
    return tuple(
        term for term in case.effects.terms if term == "direct" or group in term.split(" -> ")
    )


def _curves(
    case: Case, mediator: int, terms: tuple[str, ...], quantile: float
) -> list[MediatorCurve]:
    from causalgreen.explain.style import sample

    path, error = _along(case, mediator, terms)
    context = case.effects.context
    return [
        MediatorCurve(
            case.layout.names[mediator], term, GRID, path[1:, j], error[1:, j],
            _crossing(path[1:, j], path[0, j]),
            _limit(path[1:, j], error[1:, j], path[0, j], error[0, j], quantile),
            quantile, sample(context), context.unit,
        )
        for j, term in enumerate(terms)
    ]  # fmt: skip


def _along(case: Case, mediator: int, terms: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Paths and their errors, without confounding and then at each correlation of the grid."""
    layout, basis = case.layout, case.basis
    share = firm_shares(case.moments, len(basis.values))
    legs = [fit_leg(case.moments, equation, basis) for equation in layout.equations()]
    last = legs[-1]
    pick = np.zeros(last.coefficients.shape)
    pick[last.equation.regressors.index(mediator), 0] = 1.0
    reach = last.reach(pick)
    names = path_terms(layout).headline
    rows = [names.index(term) for term in terms]
    context = case.effects.context
    place = [case.effects.terms.index(term) for term in terms]
    # Paths are linear in the coefficients of the outcome: two shifts tell of all others.
    ends = []
    for c in (0.0, 1.0):
        shifted = last.coefficients - c * reach.scale * reach.direction
        fits = [Fit(leg.coefficients, leg.influence) for leg in legs[:-1]]
        fits.append(Fit(shifted, last.influence))
        estimate, slopes, _ = average_effects(layout, fits, basis, share)
        psi = sum(
            np.einsum("gij,tij->gt", leg.influence, s[rows])
            for leg, s in zip(legs, slopes, strict=True)
        )
        psi = psi - np.outer(reach.influence * c, slopes[-1][rows].reshape(len(rows), -1)
                             @ reach.direction.ravel())  # fmt: skip
        ends.append((estimate[rows], psi))
    value, moved = case.effects.estimate[place], case.effects.influence[:, place]
    away, tilt = ends[1][0] - ends[0][0], ends[1][1] - ends[0][1]
    values, errors = [], []
    for rho in np.concatenate([[0.0], GRID]):
        c = rho / np.sqrt(1 - rho**2)
        V = cluster_variances(moved + c * tilt, context.clusters, context.n_rows,
                              context.n_parameters)  # fmt: skip
        values.append(value + c * away)
        errors.append(np.sqrt(V))
    error = np.array(errors)
    # The jackknife of the study is somewhat wider than the sandwich.
    return np.array(values), error * (case.effects.std_error[place] / error[0])


def _crossing(path: np.ndarray, centre: float) -> float:
    """Correlation nearest to zero at which a curve changes sign."""
    signed = path * np.sign(centre)
    places = np.flatnonzero(signed[:-1] * signed[1:] <= 0)
    if not len(places) or centre == 0:
        return float("nan")
    at = [
        GRID[i] + (GRID[i + 1] - GRID[i]) * signed[i] / (signed[i] - signed[i + 1])
        if signed[i] != signed[i + 1] else GRID[i]
        for i in places
    ]  # fmt: skip
    return float(min(at, key=abs))


def _limit(
    path: np.ndarray, error: np.ndarray, centre: float, at_zero: float, quantile: float
) -> float:
    sign = np.sign(centre)
    if abs(centre) <= quantile * at_zero:
        return 0.0
    return _crossing(sign * path - quantile * error, 1.0)


def check_mediators(case: Case, blocks: Blocks | None = None, refit: bool | None = None) -> Finding:
    """Ask how strong a confounder of mediator and outcome must be to end a mediated path.

    Parameters
    ----------
    case : Case
        The study.
    blocks : mapping, optional
        Blocks of controls to compare with; default: each.
    refit : bool, optional
        Cross-fit again without each block; default: as the case says.

    Returns
    -------
    Finding
        Passes where every mediated path that differs from zero would outlast a confounder as strong
        as the strongest block of controls; warns otherwise. It cannot fail: data do not tell
        whether such a confounder exists.
    """
    from causalgreen.explain.multiple import holm

    name = "mediator-outcome confounding"
    question = "How strong a confounder of mediator and outcome would bring a path to zero?"
    groups = [g for g, _ in case.layout.groups if g in case.effects.terms]
    if not groups:
        return Finding(name, question, NOT_APPLICABLE, "no mediated path is reported: it needs "
                       "mediators, and a graph that identifies their paths")  # fmt: skip
    curves = [c for c in mediator_curves(case) if c.term != "direct"]
    strongest = _benchmarks(case, blocks, case.refit if refit is None else refit)
    table = pd.DataFrame({
        "term": [c.term for c in curves], "mediator": [c.mediator for c in curves],
        "tipping_rho": [c.tipping for c in curves],
        "tipping_rho_limit": [c.tipping_limit for c in curves],
        "benchmark_rho": [strongest.get(c.mediator, ("", np.nan))[1] for c in curves],
        "benchmark": [strongest.get(c.mediator, ("", np.nan))[0] for c in curves],
    })  # fmt: skip
    tidy = case.effects.tidy().set_index("term")
    p = dict(zip(groups, holm(tidy.loc[groups, "p_value"].to_numpy()), strict=True))
    stands = table[[p.get(term, 1.0) < 0.05 for term in table["term"]]]
    verdict, reason = _judge(stands, strongest)
    return Finding(name, question, verdict, reason, table, partial(_draw, curves))


def _draw(curves: Sequence[MediatorCurve]) -> Figure:
    from causalgreen.falsify.sensitivity_plot import plot_curves

    return plot_curves(curves)


def _judge(stands: pd.DataFrame, strongest: dict[str, tuple[str, float]]) -> tuple[Verdict, str]:
    if stands.empty:
        return NOT_APPLICABLE, (
            "no mediated path differs from zero (Holm, 5 %): there is nothing to explain away"
        )
    told = "; ".join(
        f"{r['term']} reaches zero at a correlation of {abs(r['tipping_rho']):.2f} of "
        f"{r['mediator']}'s residual with the outcome's error (its interval at "
        f"{abs(r['tipping_rho_limit']):.2f})"
        for r in stands.to_dict("records")
    )
    if not strongest:
        return WARN, f"{told}. There are no controls to compare such a confounder with"
    weak = stands[stands["tipping_rho_limit"].abs() <= stands["benchmark_rho"]]
    top = max(strongest.values(), key=lambda pair: pair[1])
    if len(weak):
        names = ", ".join(dict.fromkeys(weak["term"]))
        return WARN, (
            f"{told}. A confounder as strong as the strongest observed control ({top[0]}, "
            f"correlation {top[1]:.2f}) could explain {names} away"
        )
    return PASS, f"{told}. The strongest observed control, {top[0]}, has {top[1]:.2f}"


def _benchmarks(case: Case, blocks: Blocks | None, refit: bool) -> dict[str, tuple[str, float]]:
    """For each mediator the block that confounds it most with the outcome, as a correlation."""
    equation = case.layout.equations()[-1]
    named = benchmarks(case, blocks, refit, (equation,))
    long, width = named[0][1][equation], case.basis.values.shape[1]
    out: dict[str, tuple[str, float]] = {}
    for name, legs, _ in named[1:]:
        for m in case.layout.mediators:
            pick = np.zeros((len(equation.regressors), width))
            pick[equation.regressors.index(m), 0] = 1.0
            cf_y, cf_d = gains(long, legs[equation], pick)
            c, key = float(strength(cf_y, min(cf_d, 0.9999))), case.layout.names[m]
            rho = c / float(np.sqrt(1 + c * c))
            if key not in out or rho > out[key][1]:
                out[key] = (name, rho)
    return out
