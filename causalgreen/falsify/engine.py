"""The path system with some columns replaced, for many replacements at once.

Residuals stay as they are; each simulation replaces the columns of treatments or exposures. The
equations are those of `moments.solve` with one coefficient for all firms, solved for all
simulations together by matrix products.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from causalgreen.effects.covariance import cluster_covariance
from causalgreen.moments.paths import evaluate, path_terms
from causalgreen.moments.system import Equation, Layout

if TYPE_CHECKING:
    from causalgreen.falsify.case import Case

__all__ = ["Batch", "Rows", "case_rows", "solve_swapped"]

CELLS = 1_500_000
Draw = Callable[[int, int, int], Mapping[int, np.ndarray]]


@dataclass(frozen=True, slots=True)
class Rows:
    """Residual rows, ready for the equations.

    Attributes
    ----------
    values : numpy.ndarray, shape (repeats, n, p)
        Residuals without period effects.
    basis : numpy.ndarray, shape (n, q)
        Orthonormal basis of the period indicators, times the roots of the weights.
    root : numpy.ndarray, shape (n, 1)
        Square roots of the weights.
    cell : numpy.ndarray of int, shape (n,)
        Cluster, or combination of clusters, of each row.
    clusters : tuple of numpy.ndarray of int, each of shape (g,)
        Clusters of each cell.
    layout : Layout
    n_parameters : int
        For degrees of freedom.
    df : int
    """

    values: np.ndarray
    basis: np.ndarray
    root: np.ndarray
    cell: np.ndarray
    clusters: tuple[np.ndarray, ...]
    layout: Layout
    n_parameters: int
    df: int

    def net(self, columns: np.ndarray) -> np.ndarray:
        """Columns without period effects, times the roots of the weights."""
        columns = columns * self.root
        if not self.basis.shape[1]:
            return columns
        out: np.ndarray = columns - self.basis @ (self.basis.T @ columns)
        return out


@dataclass(frozen=True, slots=True)
class Batch:
    """Path effects of many simulations.

    Attributes
    ----------
    terms : tuple of str, length h
    estimate, std_error : numpy.ndarray, shape (h, s)
    """

    terms: tuple[str, ...]
    estimate: np.ndarray
    std_error: np.ndarray

    @property
    def t(self) -> np.ndarray:
        """t-statistics, shape (h, s)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.std_error > 0, self.estimate / self.std_error, np.nan)

    def row(self, term: str) -> int:
        """Place of a term."""
        return self.terms.index(term)


def case_rows(case: Case) -> Rows:
    """Rows of a case, with the degrees of freedom of its constant system."""
    design, panel = case.residuals.design, case.panel
    effects = case.effects.constant or case.effects
    codes = [np.unique(c[design.rows], return_inverse=True)[1] for c in panel.clusters]
    cells, cell = np.unique(np.column_stack(codes), axis=0, return_inverse=True)
    weighted = panel.roles.weight is not None
    root = np.sqrt(panel.weights[design.rows] if weighted else np.ones(len(cell)))[:, None]
    basis = _orthonormal(design.periods * root)
    plain = Rows(
        case.residuals.values, basis, root, cell.ravel(), tuple(cells.T), case.layout,
        effects.context.n_parameters, effects.df,
    )  # fmt: skip
    values = np.stack([plain.net(v) for v in case.residuals.values])
    return Rows(
        values, basis, root, plain.cell, plain.clusters, plain.layout, plain.n_parameters, plain.df
    )


def _orthonormal(columns: np.ndarray) -> np.ndarray:
    """Orthonormal basis of what the columns span; redundant ones are left out."""
    if not columns.shape[1]:
        return columns
    left, size, _ = np.linalg.svd(columns, full_matrices=False)
    basis: np.ndarray = left[:, size > 1e-9 * max(size[0], 1e-300)]
    return basis


def solve_swapped(rows: Rows, draw: Draw, simulations: int) -> Batch:
    """Path effects with columns replaced, for every simulation.

    Parameters
    ----------
    rows : Rows
    draw : callable
        ``draw(repeat, low, high)`` returns, by column, values of simulations low to high, each of
        shape (n, high - low), without the roots of weights. Only treatments and exposures may be
        replaced.
    simulations : int

    Returns
    -------
    Batch
        Headline terms, averaged over repetitions.
    """
    step = max(1, CELLS // len(rows.cell))
    names, pieces = path_terms(rows.layout).headline, []
    for low in range(0, simulations, step):
        high = min(simulations, low + step)
        each = [_one_repeat(rows, r, draw(r, low, high)) for r in range(len(rows.values))]
        estimate = np.mean([e for e, _ in each], axis=0)
        influence = np.mean([i for _, i in each], axis=0)
        errors = [
            np.sqrt(
                np.diag(cluster_covariance(i, rows.clusters, len(rows.cell), rows.n_parameters))
            )
            for i in influence
        ]
        pieces.append((estimate, np.stack(errors)))
    estimate, error = (np.concatenate(part, axis=1) for part in zip(*pieces, strict=True))
    return Batch(names, estimate, error)


def _one_repeat(
    rows: Rows, repeat: int, swap: Mapping[int, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Estimates (h, s) and influences (h, g, s) of one repetition."""
    from threadpoolctl import threadpool_limits

    layout, values = rows.layout, rows.values[repeat]
    new = {column: rows.net(x) for column, x in swap.items()}
    with threadpool_limits(1):
        fits = [_fit(rows, values, new, equation) for equation in layout.equations()]
        coefficients = [c for c, _ in fits]
        n_terms = len(path_terms(layout).headline)
        estimate = evaluate(layout, coefficients)[:n_terms]
        shape = (n_terms, len(rows.clusters[0]), estimate.shape[1])
        influence, tiny = np.zeros(shape), 1e-30
        for e, (coefficient, scores) in enumerate(fits):
            for j in range(len(coefficient)):
                bent = [c.astype(complex) for c in coefficients]
                bent[e][j] += 1j * tiny
                slope = evaluate(layout, bent).imag[:n_terms] / tiny
                influence += slope[:, None, :] * scores[j]
    return estimate, influence


def _fit(
    rows: Rows, values: np.ndarray, new: Mapping[int, np.ndarray], equation: Equation
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Coefficients (k, s) and influence of each cell on each, k arrays of shape (g, s)."""
    from scipy.sparse import csr_array

    n_sims = next(iter(new.values())).shape[1]
    y, k, n = values[:, equation.target], len(equation.regressors), len(values)
    X = [new.get(z, values[:, [z]]) for z in equation.regressors]
    A, b = np.empty((n_sims, k, k)), np.empty((n_sims, k))
    for i in range(k):
        b[:, i] = y @ X[i]
        for j in range(i + 1):
            A[:, i, j] = A[:, j, i] = _dot(X[i], X[j])
    inverse = np.linalg.inv(A)
    theta = np.einsum("sij,sj->si", inverse, b)
    error = y[:, None] - sum(x * theta[:, i] for i, x in enumerate(X))
    shape = (len(rows.clusters[0]), n)
    place = (rows.cell, np.arange(n))
    score = []
    for x in X:
        if x.shape[1] == 1:
            score.append(csr_array((x[:, 0], place), shape) @ error)
        else:
            score.append(csr_array((np.ones(n), place), shape) @ (x * error))
    return theta.T, [sum(inverse[:, j, i] * score[i] for i in range(k)) for j in range(k)]


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Inner products of columns, shape (s,) or (1,)."""
    if a.shape[1] == 1:
        a, b = b, a
    if b.shape[1] == 1:
        out: np.ndarray = b[:, 0] @ a
        return out
    return np.einsum("ns,ns->s", a, b)
