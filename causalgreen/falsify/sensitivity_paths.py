"""A path as a polynomial in the shifts of its legs: bounds, their errors, robustness values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from causalgreen.effects.covariance import cluster_covariance
from causalgreen.falsify.sensitivity_legs import Leg, Reach, fit_leg
from causalgreen.moments.paths import path_terms
from causalgreen.moments.solve import average_effects, firm_shares
from causalgreen.moments.system import Equation, Fit

if TYPE_CHECKING:
    from causalgreen.effects.context import Context
    from causalgreen.falsify.case import Case
    from causalgreen.moments.moments import Moments

__all__ = ["PathForm", "path_forms", "strength"]

LARGEST = 0.9999


def strength(
    cf_y: float | np.ndarray, cf_d: float | np.ndarray, rho: float = 1.0
) -> float | np.ndarray:
    """Strength of a confounder, |rho| sqrt(cf_y cf_d / (1 - cf_d)).

    Parameters
    ----------
    cf_y : float
        Share of the residual variance of the leg's outcome that the confounder explains.
    cf_d : float
        Share of the residual variance of the leg's treatment that it explains.
    rho : float
        Correlation of the two parts; 1 is the worst case.

    Examples
    --------
    >>> round(float(strength(0.03, 0.03)), 4)
    0.0305
    """
    return abs(rho) * np.sqrt(cf_y * cf_d / (1 - np.asarray(cf_d)))[()]


@dataclass(frozen=True, slots=True, eq=False)
class PathForm:
    """One path, and the legs that it is made of.

    With shifts c of the legs, in units of their scales, the path is a polynomial that is linear in
    every c. `values` holds it at all corners of {0, 1}^L.

    Attributes
    ----------
    term : str
        The path.
    legs : tuple of str, length L
        Names of its legs.
    estimate : float
        The study's estimate.
    values : numpy.ndarray, shape (2, ..., 2)
        The path at the corners, less the path without shifts.
    tilts : numpy.ndarray, shape (2, ..., 2, g)
        Influence of cells through the coefficients at the corners, less that without shifts.
    scales : numpy.ndarray, shape (L,)
    scale_influence : numpy.ndarray, shape (L, g)
    influence : numpy.ndarray, shape (g,)
        Influence of cells on the estimate.
    context : Context
        Clusters, sizes.
    inflation : float
        Standard error of the study over that of the sandwich (the jackknife's excess).
    gradients : tuple of (Equation, numpy.ndarray), length L
        What each leg contributes, for benchmarks.
    """

    term: str
    legs: tuple[str, ...]
    estimate: float
    values: np.ndarray
    tilts: np.ndarray
    scales: np.ndarray
    scale_influence: np.ndarray
    influence: np.ndarray
    context: Context
    inflation: float
    gradients: tuple[tuple[Equation, np.ndarray], ...]

    def at(self, shifts: np.ndarray) -> tuple[float, np.ndarray]:
        """The path and its influence with legs shifted by ``shifts`` times their scales."""
        one = [np.array([1 - c, c]) for c in shifts]
        slope = np.array([-1.0, 1.0])
        value = _contract(self.values, one)
        psi = self.influence + _contract(self.tilts, one)
        for e, c in enumerate(shifts):
            bent = [slope if i == e else w for i, w in enumerate(one)]
            psi = psi + _contract(self.values, bent) * c / self.scales[e] * self.scale_influence[e]
        return self.estimate + float(value), psi

    def bound(self, size: float | np.ndarray, side: int) -> tuple[float, np.ndarray]:
        """Lower (side=-1) or upper (side=1) bound with confounders of strength ``size`` a leg."""
        return self.at(self._corner(size, side)[0])

    def _corner(self, size: float | np.ndarray, side: int) -> tuple[np.ndarray, float]:
        """Signs times strengths that move the path furthest, and how far."""
        sizes = np.broadcast_to(np.asarray(size, dtype=np.float64), self.scales.shape)
        corners = [np.array(s) * sizes for s in product((-1.0, 1.0), repeat=len(sizes))]
        heights = [
            float(_contract(self.values, [np.array([1 - x, x]) for x in c])) for c in corners
        ]
        far = int(np.argmax(side * np.array(heights)))
        return corners[far], heights[far]

    def std_error(self, influence: np.ndarray) -> float:
        """Clustered standard error, inflated as the study's own."""
        c = self.context
        V = cluster_covariance(influence[:, None], c.clusters, c.n_rows, c.n_parameters)
        return self.inflation * float(np.sqrt(V[0, 0]))

    def limit(self, size: float | np.ndarray, side: int, quantile: float) -> float:
        """Bound moved outwards by ``quantile`` standard errors."""
        if not quantile:
            return self.estimate + self._corner(size, side)[1]
        value, psi = self.bound(size, side)
        return value + side * quantile * self.std_error(psi)

    def robustness(self, null: float = 0.0, rho: float = 1.0, quantile: float = 0.0) -> float:
        """Smallest equal cf_y = cf_d at which the bound reaches the null."""
        from scipy.optimize import brentq

        side = -1 if self.estimate > null else 1

        def gap(r: float) -> float:
            return -side * (self.limit(float(strength(r, r, rho)), side, quantile) - null)

        if gap(0.0) <= 0:
            return 0.0
        return float(brentq(gap, 0.0, LARGEST, xtol=1e-10)) if gap(LARGEST) < 0 else 1.0


def _contract(tensor: np.ndarray, weights: list[np.ndarray]) -> np.ndarray:
    for w in weights:  # tensordot takes several times as long on small tensors
        tensor = (w @ tensor.reshape(len(w), -1)).reshape(tensor.shape[1:])
    return tensor


def path_forms(
    case: Case, terms: tuple[str, ...] | None = None, moments: Moments | None = None
) -> tuple[PathForm, ...]:
    """Every path of the study with its legs.

    The direct path has one leg, the outcome equation. A mediated path has a leg for every mediator
    equation on its way and one for the outcome equation; each leg is moved in the direction that
    harms the path most (to first order), all legs at once. Totals and the spillover have one leg:
    the outcome on treatments and exposures, so that they do not depend on how mediators are chosen.

    Parameters
    ----------
    case : Case
        The study.
    terms : tuple of str, optional
        Default: all that the study reports.
    moments : Moments, optional
        Default: the study's.

    Returns
    -------
    tuple of PathForm
    """
    moments, layout = case.moments if moments is None else moments, case.layout
    basis = case.basis
    share = firm_shares(moments, len(basis.values))
    equations = layout.equations()
    legs = [fit_leg(moments, equation, basis) for equation in equations]
    centre = basis.values.T @ share
    total = fit_leg(moments, _reduced(case), basis)
    named = path_terms(layout).headline
    fits = [Fit(leg.coefficients, leg.influence) for leg in legs]
    gradients = average_effects(layout, fits, basis, share)[1]
    out = []
    for term in case.effects.terms if terms is None else terms:
        if term in ("own_total", "spillover", "overall"):
            gradient = _total_gradient(case, term, total, centre)
            out.append(_form(case, term, [total], [gradient], None))
            continue
        row = named.index(term)
        used = [e for e in range(len(legs)) if np.abs(gradients[e][row]).max() > 1e-14]

        def move(shifted: list[np.ndarray], row: int = row) -> tuple[float, list[np.ndarray]]:
            bent = [replace(f, coefficients=c) for f, c in zip(fits, shifted, strict=True)]
            value, slopes, _ = average_effects(layout, bent, basis, share)
            return float(value[row]), [slope[row] for slope in slopes]

        out.append(_form(case, term, legs, [g[row] for g in gradients], move, used))
    return tuple(out)


def _reduced(case: Case) -> Equation:
    """The outcome on treatments and exposures."""
    return Equation(case.layout.outcome, (*case.layout.treatments, *case.layout.exposures))


def _total_gradient(case: Case, term: str, leg: Leg, centre: np.ndarray) -> np.ndarray:
    chosen = {
        "own_total": case.layout.treatments,
        "spillover": case.layout.exposures,
        "overall": leg.equation.regressors,
    }[term]
    flags = np.isin(leg.equation.regressors, chosen).astype(np.float64)
    return np.outer(flags, centre)


def _name(case: Case, equation: Equation) -> str:
    names = case.layout.names
    causes = " + ".join(names[z] for z in equation.regressors)
    return f"{names[equation.target]} on {causes}"


def _form(case, term, legs, gradients, move, used=(0,)):  # type: ignore[no-untyped-def]
    """Corners of the polynomial of one path."""
    used = list(used)
    reaches: list[Reach] = [legs[e].reach(gradients[e]) for e in used]
    n_cells = len(reaches[0].influence)
    shape = (2,) * len(used)
    values, tilts = np.zeros(shape), np.zeros((*shape, n_cells))
    start = None
    for corner in np.ndindex(shape):
        shifted = [leg.coefficients for leg in legs]
        for c, e, reach in zip(corner, used, reaches, strict=True):
            shifted[e] = shifted[e] + c * reach.scale * reach.direction
        if move is None:
            value, slopes = float((gradients[0] * shifted[0]).sum()), gradients
        else:
            value, slopes = move(shifted)
        psi = sum(np.einsum("gij,ij->g", legs[e].influence, slopes[e]) for e in range(len(legs)))
        start = (value, psi) if start is None else start
        values[corner], tilts[corner] = value - start[0], psi - start[1]
    place = case.effects.terms.index(term)
    context, influence = case.effects.context, case.effects.influence[:, place]
    V = cluster_covariance(
        influence[:, None], context.clusters, context.n_rows, context.n_parameters
    )
    error = float(np.sqrt(V[0, 0]))
    inflation = float(case.effects.std_error[place]) / error if error > 0 else 1.0
    return PathForm(
        term, tuple(_name(case, legs[e].equation) for e in used),
        float(case.effects.estimate[place]),
        values, tilts, np.array([r.scale for r in reaches]),
        np.stack([r.influence for r in reaches]), influence, context, inflation,
        tuple((legs[e].equation, gradients[e]) for e in used),
    )  # fmt: skip
