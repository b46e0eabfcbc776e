"""The path system solved again with clusters weighted anew, or with one more column."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from causalgreen.falsify.stacks import Stacks
from causalgreen.moments.basis import Basis
from causalgreen.moments.normal import group_products, group_right
from causalgreen.moments.paths import evaluate, path_terms
from causalgreen.moments.solve import firm_shares, one_thread
from causalgreen.moments.system import Equation, solve_equation
from causalgreen.panel.absorb import absorb

if TYPE_CHECKING:
    from causalgreen.falsify.case import Case

__all__ = ["home_clusters", "solve_weighted", "solve_with_noise"]

RIDGE = 1e-11
CELLS = 1_500_000
FIRMS = 16_384


def home_clusters(case: Case, n_firms: int) -> np.ndarray:
    """First cluster of each firm, shape (n_firms,)."""
    sample = case.moments.sample
    home = np.zeros(n_firms, dtype=np.int64)
    home[sample.units[::-1]] = sample.clusters[0][::-1]
    return home


def solve_weighted(
    case: Case, basis: Basis, weights: np.ndarray, *, detail: bool = False
) -> np.ndarray:
    """Headline effects with clusters weighted, for many sets of weights.

    Parameters
    ----------
    case : Case
    basis : Basis
        The study's.
    weights : numpy.ndarray, shape (s, n_clusters)
        Times that each cluster counts; 0 leaves it out.
    detail : bool
        The details of `path_terms`, too, behind the headline.

    Returns
    -------
    numpy.ndarray, shape (s, h)
        Averaged over repetitions; the firms of a cluster count as often as the cluster.
    """
    n_firms = len(basis.values)
    share = firm_shares(case.moments, n_firms) * weights[:, home_clusters(case, n_firms)]
    share /= share.sum(axis=1, keepdims=True)
    out = []
    with one_thread():
        for repeat in range(case.moments.n_repeats):
            coefficients = [
                _weighted(case, repeat, equation, basis, weights)
                for equation in case.layout.equations()
            ]
            out.append(_averages(case, basis, coefficients, share, detail))
    averaged: np.ndarray = np.mean(out, axis=0)
    return averaged


def _weighted(
    case: Case, repeat: int, equation: Equation, basis: Basis, weights: np.ndarray
) -> np.ndarray:
    """Coefficients of one equation, shape (s, k, q)."""
    moments, regressors = case.moments, equation.regressors
    h, codes = basis.values[moments.sample.units], moments.sample.clusters[0]
    q, m = h.shape[1], len(regressors) + moments.n_periods
    A = np.empty((len(weights), m * q, m * q))
    for i, j, block in group_products(moments, repeat, regressors, h, codes):
        summed = (weights @ block.reshape(len(block), -1)).reshape(-1, m, m)
        A[:, i::q, j::q] = A[:, j::q, i::q] = summed
    right = group_right(moments, repeat, equation.target, regressors, h, codes)
    b = weights @ right.reshape(len(right), -1)
    scale = np.sqrt(np.maximum(np.einsum("sii->si", A), 1e-300))
    A /= scale[:, :, None] * scale[:, None, :]
    # Period effects may be redundant where a period is not drawn; the ridge is far below noise.
    A[:, np.arange(m * q), np.arange(m * q)] += RIDGE
    theta = np.linalg.solve(A, (b / scale)[:, :, None])[:, :, 0] / scale
    return theta.reshape(len(weights), m, q)[:, : len(regressors)]


def _averages(
    case: Case, basis: Basis, coefficients: list[np.ndarray], share: np.ndarray,
    detail: bool = False,
) -> np.ndarray:  # fmt: skip
    """Average effects of every simulation, shape (s, h)."""
    terms = path_terms(case.layout)
    n_terms = len(terms.headline) + (len(terms.detail) if detail else 0)
    if basis.values.shape[1] == 1:
        return evaluate(case.layout, [c[:, :, 0].T for c in coefficients])[:n_terms].T
    out = np.empty((len(share), n_terms))
    step = max(1, FIRMS // len(basis.values))
    for low in range(0, len(share), step):
        w = share[low : low + step]
        # Several simulations at a time: equation by regressor, simulation, firm.
        at_firms = [
            (c[low : low + step].transpose(1, 0, 2) @ basis.values.T).reshape(c.shape[1], -1)
            for c in coefficients
        ]
        each = evaluate(case.layout, at_firms)[:n_terms].reshape(n_terms, *w.shape)
        out[low : low + step] = np.einsum("tsf,sf->st", each, w)
    return out


def solve_with_noise(case: Case, basis: Basis, rngs: list[np.random.Generator]) -> np.ndarray:
    """Headline effects with one more control that is pure noise.

    Half of the variance of the noise is shared by a cluster in a period. It enters every equation
    as a linear control, by the algebra of adding one column to a regression.

    Parameters
    ----------
    case : Case
    basis : Basis
    rngs : list of numpy.random.Generator, length s

    Returns
    -------
    numpy.ndarray, shape (s, h)
    """
    design = case.residuals.design
    panel = case.panel
    n = len(design.rows)
    weights = np.ones(n) if panel.roles.weight is None else panel.weights[design.rows]
    share = firm_shares(case.moments, len(basis.values))
    share = np.broadcast_to(share, (len(rngs), len(share)))
    columns = [_Columns.of(case, r, basis, weights) for r in range(len(case.residuals.values))]
    square: list[np.ndarray] = []
    crossed: list[list[np.ndarray]] = [[] for _ in columns]
    with one_thread():
        for noise in _noise(case, rngs, weights):
            square.append(weights @ (noise * noise))
            for found, mine in zip(crossed, columns, strict=True):
                found.append(mine.times(noise))
        repeats = []
        for r, mine in enumerate(columns):
            products = mine.products, np.concatenate(crossed[r], axis=1), np.concatenate(square)
            coefficients = [
                _with_column(case, r, equation, basis, *products)
                for equation in case.layout.equations()
            ]
            repeats.append(_averages(case, basis, coefficients, share))
    averaged: np.ndarray = np.mean(repeats, axis=0)
    return averaged


@dataclass(frozen=True, slots=True)
class _Columns:
    """All residuals and period indicators times all basis functions, as columns.

    Attributes
    ----------
    weighted : numpy.ndarray, shape (n, p + periods)
        Residuals and period indicators times weights, in the order of stacks.
    basis : numpy.ndarray, shape (q, firms)
    stacks : Stacks
        Rows by firm: basis functions are the same for all rows of a firm.
    products : numpy.ndarray, shape ((p + periods) * q, (p + periods) * q)
        Cross products of the columns.
    """

    weighted: np.ndarray
    basis: np.ndarray
    stacks: Stacks
    products: np.ndarray

    @classmethod
    def of(cls, case: Case, repeat: int, basis: Basis, weights: np.ndarray) -> _Columns:
        design = case.residuals.design
        Z = np.column_stack([case.residuals.values[repeat], design.periods])
        unit = case.panel.unit_codes[design.rows]
        ZH = (Z[:, :, None] * basis.values[unit][:, None, :]).reshape(len(Z), -1)
        products = (ZH * weights[:, None]).T @ ZH
        stacks = Stacks.of(unit, len(basis.values))
        weighted = (Z * weights[:, None])[stacks.order]
        return cls(weighted, basis.values.T, stacks, products)

    def times(self, other: np.ndarray) -> np.ndarray:
        """Cross products with other columns (n, s), shape ((p + periods) * q, s)."""
        by_firm = self.stacks.products(self.weighted, other[self.stacks.order])
        return np.asarray((self.basis @ by_firm).reshape(-1, other.shape[1]))


def _noise(
    case: Case, rngs: list[np.random.Generator], weights: np.ndarray
) -> Iterator[np.ndarray]:
    """Noise without the removed effects, some columns at a time, each of shape (n, s).

    Period effects go in the equations.
    """
    design, panel = case.residuals.design, case.panel
    rows = design.rows
    cluster, period = panel.clusters[0][rows], panel.codes(panel.roles.time)[rows]
    cell = np.unique(cluster * (int(period.max()) + 1) + period, return_inverse=True)[1]
    effects = [codes for name, codes in design.effects if name != panel.roles.time]
    n, n_cells = len(rows), int(cell.max()) + 1
    step = max(1, CELLS // n)
    for low in range(0, len(rngs), step):
        part = rngs[low : low + step]
        draws = np.empty((len(part), n))
        for draw, rng in zip(draws, part, strict=True):
            rng.standard_normal(out=draw)
            draw += rng.standard_normal(n_cells)[cell]
            draw *= np.sqrt(0.5)
        yield absorb(np.ascontiguousarray(draws.T), effects, weights)


def _with_column(
    case: Case, repeat: int, equation: Equation, basis: Basis, products: np.ndarray,
    crossed: np.ndarray, square: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Coefficients of one equation with the noise as a further regressor, shape (s, k, q)."""
    k, q = len(equation.regressors), basis.values.shape[1]
    p = len(case.layout.names)
    columns = [*equation.regressors, *range(p, len(products) // q)]
    mine = (np.array(columns)[:, None] * q + np.arange(q)).ravel()
    y = equation.target * q  # the first function of the basis is the constant
    theta = solve_equation(case.moments, repeat, equation, basis)[0]
    inverse = np.linalg.pinv(products[np.ix_(mine, mine)], rcond=1e-12, hermitian=True)
    cross = crossed[mine]
    slope = inverse @ cross
    left = square - (cross * slope).sum(axis=0)
    gain = (crossed[y] - products[y, mine] @ slope) / left
    moved = theta.reshape(-1, 1) - slope[: k * q] * gain
    return moved.T.reshape(-1, k, q)
