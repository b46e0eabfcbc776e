"""Average coefficients of any equation among the residuals, with their inference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from causalgreen.effects.effects import Effects
from causalgreen.moments.basis import Basis
from causalgreen.moments.moments import Moments
from causalgreen.moments.solve import firm_shares
from causalgreen.moments.system import Equation, fit_equation, leave_clusters_out

if TYPE_CHECKING:
    from causalgreen.falsify.case import Case

__all__ = ["Asked", "average_coefficients"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A coefficient that is asked for.

    Attributes
    ----------
    name : str
        Name of the term.
    equation : Equation
        Which target on which regressors.
    regressors : tuple of int
        Columns whose coefficients are added up.
    """

    name: str
    equation: Equation
    regressors: tuple[int, ...]

    @property
    def places(self) -> list[int]:
        """Places of the regressors in the equation."""
        return [self.equation.regressors.index(z) for z in self.regressors]


@dataclass(frozen=True, slots=True)
class _LeaveOut:
    """Estimates without each cluster."""

    moments: Moments
    asked: tuple[Asked, ...]
    basis: Basis
    centre: np.ndarray

    def __call__(self) -> np.ndarray:
        clusters, columns = self.moments.sample.clusters[0], []
        for one in self.asked:
            parts = [
                leave_clusters_out(self.moments, r, one.equation, self.basis, clusters)
                for r in range(self.moments.n_repeats)
            ]
            columns.append(np.mean(parts, axis=0)[:, one.places].sum(axis=1) @ self.centre)
        return np.column_stack(columns)


def average_coefficients(
    case: Case, asked: Sequence[Asked], moments: Moments | None = None, basis: Basis | None = None
) -> Effects:
    """Coefficients averaged over firms, from the study's moments.

    Parameters
    ----------
    case : Case
        The study.
    asked : sequence of Asked
        The coefficients, of one equation or of several.
    moments : Moments, optional
        Default: the study's.
    basis : Basis, optional
        Default: that of the study's effects.

    Returns
    -------
    Effects
        One term for each, with the study's kind of covariance.

    Raises
    ------
    EstimationError
        If the residuals do not determine a coefficient.
    """
    moments = case.moments if moments is None else moments
    basis = case.basis if basis is None else basis
    share = firm_shares(moments, len(basis.values))
    centre, units = basis.values.T @ share, moments.sample.units
    cells = np.bincount(units, minlength=len(share))
    away = (basis.values - centre) * share[:, None] / np.maximum(cells, 1)[:, None]
    estimate, influence = np.zeros(len(asked)), np.zeros((len(units), len(asked)))
    for r in range(moments.n_repeats):
        for j, one in enumerate(asked):
            fit = fit_equation(moments, r, one.equation, basis)
            theta = fit.coefficients[one.places].sum(axis=0)
            estimate[j] += theta @ centre
            influence[:, j] += fit.influence[:, one.places].sum(axis=1) @ centre
            influence[:, j] += away[units] @ theta
    repeats = moments.n_repeats
    context = replace(case.effects.context, notes=())
    jackknife = len(context.clusters) == 1
    effects = Effects.build(
        [one.name for one in asked], estimate / repeats, influence / repeats, context,
        covariance=case.effects.covariance,
        jackknife=_LeaveOut(moments, tuple(asked), basis, centre) if jackknife else None,
    )  # fmt: skip
    return replace(effects, basis=basis)
