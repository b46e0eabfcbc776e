"""The equations of the path system, solved from moments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalgreen.errors import EstimationError
from causalgreen.moments.basis import Basis
from causalgreen.moments.moments import Moments
from causalgreen.moments.normal import Totals, group_right, left_sides, scores

__all__ = [
    "Equation", "Fit", "Layout", "coefficient_names", "fit_equation", "leave_clusters_out",
    "named_cluster", "solve_equation",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Equation:
    """One linear equation: a target on some of the other targets.

    Attributes
    ----------
    target : int
        Column of the left-hand side.
    regressors : tuple of int, length k
        Columns of the right-hand side.
    """

    target: int
    regressors: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns of the moments play which part, and the equations that follow.

    Attributes
    ----------
    names : tuple of str, length p
        Targets in the order D, E, M, Y.
    treatments, exposures, mediators : tuple of int
        Their columns.
    outcome : int
        Its column.
    groups : tuple of (str, tuple of int)
        Mediator groups with their columns.
    layers : tuple of tuple of str
        Groups in causal order; groups of one layer do not act on each other.
    """

    names: tuple[str, ...]
    treatments: tuple[int, ...]
    exposures: tuple[int, ...]
    mediators: tuple[int, ...]
    outcome: int
    groups: tuple[tuple[str, tuple[int, ...]], ...]
    layers: tuple[tuple[str, ...], ...]

    def equations(self) -> tuple[Equation, ...]:
        """Mediator equations in the order of ``mediators``, then the outcome equation."""
        base = (*self.treatments, *self.exposures)
        layer_of = {group: i for i, layer in enumerate(self.layers) for group in layer}
        out = {}
        for group, members in self.groups:
            earlier = tuple(
                c for g, columns in self.groups if layer_of[g] < layer_of[group] for c in columns
            )
            for member in members:
                out[member] = Equation(member, (*base, *earlier))
        return (*(out[m] for m in self.mediators), Equation(self.outcome, (*base, *self.mediators)))


@dataclass(frozen=True, slots=True)
class Fit:
    """An equation solved: coefficients that vary with the traits, and their influence.

    Attributes
    ----------
    coefficients : numpy.ndarray, shape (k, q)
        Coefficient of each regressor on each basis function.
    influence : numpy.ndarray, shape (g, k, q)
        Influence of each cell: the sum over cells is zero, and approximates estimate minus truth.
    """

    coefficients: np.ndarray
    influence: np.ndarray


def _invert(
    A: np.ndarray, n_main: int, reference: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Inverses of symmetric matrices, and the part of each null space among the main unknowns.

    The main unknowns come first; period effects may be redundant, and get a minimum-norm solution.

    Returns
    -------
    inverse : numpy.ndarray, shape (c, s, s)
    doubtful : numpy.ndarray of bool, shape (c, n_main)
        Main unknowns that the matrix does not determine.
    """
    diagonal = np.maximum(np.einsum("css->cs", A), 0.0)
    # Against the whole sample, where parts of it are left out: subtraction leaves dust.
    flat = diagonal <= (0.0 if reference is None else 1e-13 * reference)
    scale = np.sqrt(diagonal)
    scale = np.where(flat, 1.0, scale)
    R = A / scale[:, :, None] / scale[:, None, :]
    values, vectors = np.linalg.eigh(R)
    good = values > 1e-10 * R.shape[1]
    null = np.where(good[:, None, :], 0.0, np.abs(vectors))[:, :n_main].max(axis=2, initial=0.0)
    weights = np.where(good, 1 / np.where(good, values, 1.0), 0.0)
    inverse = np.einsum("cse,ce,cte->cst", vectors, weights, vectors)
    inverse /= scale[:, :, None] * scale[:, None, :]
    return inverse, (null > 1e-5) | flat[:, :n_main]


def _refuse_undetermined(A: np.ndarray, doubtful: np.ndarray, names: list[str]) -> None:
    diagonal = np.diag(A)
    flat = [names[i] for i in np.flatnonzero(doubtful) if diagonal[i] <= 0.0]
    if flat:
        raise EstimationError(
            f"nothing is left of {', '.join(flat)} once fixed effects and controls are removed; "
            "absorb less, use fewer controls, or drop it"
        )
    which = ", ".join(names[i] for i in np.flatnonzero(doubtful))
    raise EstimationError(
        f"{which} are collinear once fixed effects and controls are removed: their coefficients "
        "cannot be told apart. Drop one, or absorb less (a leave-one-out peer mean within a group "
        "is collinear with own treatment under that group's effects)"
    )


def coefficient_names(moments: Moments, equation: Equation, basis: Basis) -> list[str]:
    """What the coefficients of an equation are called."""
    return [
        moments.names[z] if name == "1" else f"{moments.names[z]} x {name}"
        for z in equation.regressors
        for name in basis.names
    ]


def fit_equation(
    moments: Moments, repeat: int, equation: Equation, basis: Basis, totals: Totals | None = None
) -> Fit:
    """Least squares of one equation, with the influence of every cell.

    Parameters
    ----------
    moments : Moments
        Moments of the residuals.
    repeat : int
        Which repetition of the cross-fitting.
    equation : Equation
        Target and regressors.
    basis : Basis
        Functions of the traits that multiply the coefficients.
    totals : Totals, optional
        Of this repetition, where several equations are solved.

    Returns
    -------
    Fit
        Coefficients and influence.

    Raises
    ------
    EstimationError
        If a regressor has no variation left, or regressors are collinear.
    """
    h = basis.values[moments.sample.units]
    k, q = len(equation.regressors), h.shape[1]
    _, theta, inverse = solve_equation(moments, repeat, equation, basis, totals)
    _, residual = scores(moments, repeat, equation.target, equation.regressors, h @ theta.T)
    influence, main = np.empty((len(h), k * q)), inverse[:, : k * q]
    for part in moments.parts():
        score = np.einsum("ga,gj->gaj", residual[part], h[part])
        influence[part] = score.reshape(len(score), -1) @ main
    return Fit(theta[:k], influence.reshape(len(h), k, q))


def solve_equation(
    moments: Moments, repeat: int, equation: Equation, basis: Basis, totals: Totals | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Least squares of one equation, without influences.

    Parameters
    ----------
    moments, repeat, equation, basis, totals
        As in `fit_equation`.

    Returns
    -------
    coefficients : numpy.ndarray, shape (k, q)
    theta : numpy.ndarray, shape (m, q)
        With those of the period indicators, which come last.
    inverse : numpy.ndarray, shape (m * q, m * q)

    Raises
    ------
    EstimationError
        As `fit_equation`.
    """
    k, q = len(equation.regressors), basis.values.shape[1]
    if totals is None:
        totals = Totals.of(moments, repeat, basis.values[moments.sample.units])
    A, b = totals.equation(equation.target, equation.regressors)
    inverse, doubtful = _invert(A[None], k * q)
    if doubtful.any():
        _refuse_undetermined(A, doubtful[0], coefficient_names(moments, equation, basis))
    theta = (inverse[0] @ b).reshape(-1, q)
    return theta[:k], theta, inverse[0]


def leave_clusters_out(
    moments: Moments, repeat: int, equation: Equation, basis: Basis, clusters: np.ndarray
) -> np.ndarray:
    """Coefficients without each cluster in turn: a subtraction of moments, exact.

    Parameters
    ----------
    moments, repeat, equation, basis
        As in `fit_equation`.
    clusters : numpy.ndarray of int, shape (g,)
        Cluster of each cell.

    Returns
    -------
    numpy.ndarray, shape (n_clusters, k, q)
        Coefficients estimated from all other clusters.

    Raises
    ------
    EstimationError
        If the other clusters do not determine a coefficient.

    References
    ----------
    MacKinnon, Nielsen and Webb (2023), Cluster-robust inference: A guide to empirical practice,
    Journal of Econometrics 232(2), doi 10.1016/j.jeconom.2022.04.001.
    """
    h = basis.values[moments.sample.units]
    k, q = len(equation.regressors), h.shape[1]
    b = group_right(moments, repeat, equation.target, equation.regressors, h, clusters)
    b, A = b.reshape(len(b), -1), left_sides(moments, repeat, equation.regressors, h, clusters)
    whole = A.sum(axis=0)
    A, b = whole - A, b.sum(axis=0) - b
    out = np.empty((len(A), k, q))
    step = max(1, 20_000_000 // max(1, A.shape[1] ** 2))
    for low in range(0, len(A), step):
        part = slice(low, low + step)
        inverse, doubtful = _invert(A[part], k * q, np.diag(whole))
        if doubtful.any():
            first = int(np.flatnonzero(doubtful.any(axis=1))[0])
            names = coefficient_names(moments, equation, basis)
            which = ", ".join(names[i] for i in np.flatnonzero(doubtful[first]))
            raise EstimationError(
                f"the jackknife fails: without {named_cluster(moments, clusters, low + first)} "
                f"nothing determines {which}. The estimate rests on that cluster alone; use "
                "covariance='CR1' and say so, or pool clusters"
            )
        out[part] = np.einsum("cst,ct->cs", inverse, b[part])[:, : k * q].reshape(-1, k, q)
    return out


def named_cluster(moments: Moments, clusters: np.ndarray, number: int) -> str:
    """A cluster in words."""
    sample = moments.sample
    if clusters is sample.clusters[0] and number < len(sample.labels):
        return f"{sample.cluster_names[0]} {sample.labels[number]!r}"
    return f"cluster number {number}"
