"""The path system with some columns replaced, for many replacements at once.

Residuals stay as they are; each simulation replaces the columns of treatments or exposures. The
equations are those of `moments.solve` with one coefficient for all firms, solved for all
simulations together from cross products by cluster (see `products`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from causalgreen.effects.covariance import cluster_variances
from causalgreen.falsify.products import Fixed, Products, Table
from causalgreen.falsify.stacks import Stacks
from causalgreen.moments.paths import evaluate, path_terms
from causalgreen.moments.solve import one_thread
from causalgreen.moments.system import Equation, Layout

if TYPE_CHECKING:
    from causalgreen.falsify.case import Case

__all__ = ["Batch", "Rows", "case_rows", "solve_swapped", "solve_together"]

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

    def ordered(self, order: np.ndarray) -> Rows:
        """The same rows in another order."""
        return replace(
            self, values=self.values[:, order], basis=self.basis[order], root=self.root[order],
            cell=self.cell[order],
        )  # fmt: skip

    def halves(self) -> tuple[Rows, np.ndarray]:
        """What columns are freed of one by one, and what is left to take out of sums of cells.

        Sums are shorter than columns only where cells are few.
        """
        none = self.basis[:, :0]
        if len(self.clusters[0]) * self.basis.shape[1] > len(self.cell):
            return self, none
        return replace(self, basis=none), self.basis

    def net(self, columns: np.ndarray) -> np.ndarray:
        """Columns without period effects, times the roots of the weights."""
        return self.freed(columns.copy())

    def freed(self, columns: np.ndarray) -> np.ndarray:
        """The same in place: columns are long, and memory takes as long as arithmetic."""
        columns *= self.root
        if self.basis.shape[1]:
            columns -= self.basis @ (self.basis.T @ columns)
        return columns


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
    basis = orthonormal(design.periods * root)
    plain = Rows(
        case.residuals.values, basis, root, cell.ravel(), tuple(cells.T), case.layout,
        effects.context.n_parameters, effects.df,
    )  # fmt: skip
    values = np.stack([plain.net(v) for v in case.residuals.values])
    return Rows(
        values, basis, root, plain.cell, plain.clusters, plain.layout, plain.n_parameters, plain.df
    )


def orthonormal(columns: np.ndarray) -> np.ndarray:
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
    return solve_together((rows,), draw, simulations)[0]


def solve_together(several: Sequence[Rows], draw: Draw, simulations: int) -> tuple[Batch, ...]:
    """The same replacements in several sets of rows, drawn and multiplied once.

    Parameters
    ----------
    several : sequence of Rows
        Alike in all but their values.
    draw, simulations
        See `solve_swapped`.

    Returns
    -------
    tuple of Batch
        One for each set of rows.
    """
    stacks = Stacks.of(several[0].cell, len(several[0].clusters[0]))
    several = [rows.ordered(stacks.order) for rows in several]
    first, (bare, basis) = several[0], several[0].halves()
    step = max(1, CELLS // len(first.cell))
    names = path_terms(first.layout).headline
    pieces: list[list[tuple[np.ndarray, np.ndarray]]] = [[] for _ in several]
    fixed: dict[int, Fixed] = {}
    with one_thread():
        for low in range(0, simulations, step):
            high, each = min(simulations, low + step), []
            for repeat in range(len(first.values)):
                drawn = draw(repeat, low, high)
                swap = {c: bare.freed(x[stacks.order]) for c, x in drawn.items()}
                if repeat not in fixed:
                    values = [rows.values[repeat] for rows in several]
                    fixed[repeat] = Fixed.of(values, tuple(swap), stacks, basis)
                products = Products.of(fixed[repeat], swap, stacks)
                each.append([_effects(first.layout, table) for table in products.tables()])
            for out, found in zip(pieces, zip(*each, strict=True), strict=True):
                out.append(_averaged(first, found))
    done = [[np.concatenate(part, axis=1) for part in zip(*p, strict=True)] for p in pieces]
    return tuple(Batch(names, estimate, error) for estimate, error in done)


def _averaged(
    rows: Rows, found: Sequence[tuple[np.ndarray, np.ndarray]]
) -> tuple[np.ndarray, np.ndarray]:
    """Estimates and standard errors (h, s), averaged over repetitions."""
    estimate = np.mean([e for e, _ in found], axis=0)
    influence = np.mean([i for _, i in found], axis=0)  # (g, h, s)
    flat = influence.reshape(len(influence), -1)
    variance = cluster_variances(flat, rows.clusters, len(rows.cell), rows.n_parameters)
    return estimate, np.sqrt(variance).reshape(estimate.shape)


def _effects(layout: Layout, table: Table) -> tuple[np.ndarray, np.ndarray]:
    """Estimates (h, s) and influences (g, h, s) from the cells' products."""
    equations = layout.equations()
    fits = [_fit(table, equation) for equation in equations]
    coefficients = [c for c, _, _ in fits]
    n_terms = len(path_terms(layout).headline)
    estimate = evaluate(layout, coefficients)[:n_terms]
    slopes, low = _slopes(layout, coefficients)[:, :n_terms], 0
    influence: np.ndarray | float = 0.0
    for coefficient, inverse, scores in fits:
        # Weight of each score in each term: (h, s, k).
        mine = slopes[low : low + len(coefficient)]
        weight = np.einsum("jhs,sjk->khs", mine, inverse)
        for of_score, score in zip(weight, scores, strict=True):
            influence = influence + of_score[None] * score[:, None, :]
        low += len(coefficient)
    return estimate, np.asarray(influence)


def _slopes(layout: Layout, coefficients: Sequence[np.ndarray]) -> np.ndarray:
    """Derivatives of all effects in every coefficient, shape (coefficients, effects, s).

    By complex steps, all of them in one evaluation.
    """
    n, s = sum(map(len, coefficients)), max(c.shape[1] for c in coefficients)
    tiny, bent, low = 1e-30, [], 0
    for c in coefficients:
        values = np.broadcast_to(c[:, None], (len(c), n, s)).astype(complex)
        values[np.arange(len(c)), low + np.arange(len(c))] += 1j * tiny
        bent.append(values.reshape(len(c), -1))
        low += len(c)
    slopes: np.ndarray = evaluate(layout, bent).imag / tiny
    return slopes.reshape(-1, n, s).transpose(1, 0, 2)


def _fit(table: Table, equation: Equation) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Coefficients (k, s), inverses (s, k, k), and scores of the cells, k arrays (g, s)."""
    z, y, k = equation.regressors, equation.target, len(equation.regressors)
    n_sims = max(table(a, b).shape[1] for a in z for b in z)
    A, b = np.empty((n_sims, k, k)), np.empty((n_sims, k))
    for i in range(k):
        b[:, i] = table(z[i], y).sum(axis=0)
        for j in range(i + 1):
            A[:, i, j] = A[:, j, i] = table(z[i], z[j]).sum(axis=0)
    inverse = np.linalg.inv(A)
    theta = np.einsum("sij,sj->is", inverse, b)
    scores = []
    for i in range(k):
        score = table(z[i], y) - table(z[i], z[0]) * theta[0]
        for j in range(1, k):
            score -= table(z[i], z[j]) * theta[j]
        scores.append(score)
    return theta, inverse, scores
