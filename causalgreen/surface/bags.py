"""Local solutions of a moment forest, and their variance from bags of little bags.

The same numbers as EconML's ``predict_projection_and_var``, for several projections at once, with
memory that does not grow with the number of bags, and out of bag where wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from causalgreen.surface.algebra import inverse
from causalgreen.surface.problem import Problem

if TYPE_CHECKING:
    from causalgreen.surface.grf import MomentForest

__all__ = ["Local", "Start", "solve_at"]

CHUNK = 5_000
# Firms of one cell at a time, so that memory does not grow with their number.
MANY = 250


@dataclass(frozen=True, slots=True)
class Local:
    """Coefficients and path effects at some firms.

    Attributes
    ----------
    theta : numpy.ndarray, shape (m, d)
        Coefficients.
    jacobian : numpy.ndarray, shape (m, d, d)
        Expected Jacobian of one firm with such traits.
    effects, std_error : numpy.ndarray, shape (m, n_terms)
        Path effects, and their standard errors (NaN where there are none).
    """

    theta: np.ndarray
    jacobian: np.ndarray
    effects: np.ndarray
    std_error: np.ndarray


@dataclass(frozen=True, slots=True)
class Start:
    """Coefficients from which the trees of each bag start.

    Attributes
    ----------
    basis : callable
        Takes encoded traits of shape (m, c); returns functions of them, shape (m, q).
    slopes : numpy.ndarray, shape (n_bags, d, q)
        Coefficients on these functions, in the coordinates of the forest.
    """

    basis: Callable[[np.ndarray], np.ndarray]
    slopes: np.ndarray


def solve_at(
    forest: MomentForest,
    X: np.ndarray,
    problem: Problem,
    L: np.ndarray,
    *,
    start: Start | None = None,
    groups: np.ndarray | None = None,
    variance: bool = True,
) -> Local:
    """Coefficients, path effects and standard errors at given traits.

    Parameters
    ----------
    forest : MomentForest
        Grown on equations in the coordinates ``L @ theta``.
    X : numpy.ndarray, shape (m, c)
        Encoded traits.
    problem : Problem
        Knows the path effects of coefficients.
    L : numpy.ndarray, shape (d, d)
        Coordinates.
    start : Start, optional
        Where the trees of each bag started. The error of averaging finitely many trees then counts
        as uncertainty, too.
    groups : numpy.ndarray of int, shape (m,), optional
        Out of bag: leave out the bags whose half-sample has seen the firm's group.
    variance : bool
        Whether standard errors are wanted.

    Returns
    -------
    Local
        NaN for firms that all bags have seen.
    """
    bags = _allowed(forest, groups)
    leaves = _Leaves.of(forest)
    pieces = []
    for low in range(0, len(X), CHUNK):
        part = slice(low, low + CHUNK)
        allowed = np.ones((len(forest.slices_), len(X[part])))
        if bags is not None:
            allowed[:] = bags[:, part]
        H = None if start is None else start.basis(X[part])
        view = _View(leaves, forest.seen_as(X[part]), allowed, start, H)
        pieces.append(_solve(view, problem, L, variance))
    names = ("theta", "jacobian", "effects", "std_error")
    return Local(*(np.concatenate([getattr(piece, name) for piece in pieces]) for name in names))


def _allowed(forest: MomentForest, groups: np.ndarray | None) -> np.ndarray | None:
    """Bags that have not seen the group of a firm, shape (n_bags, m); None: all of them."""
    if groups is None:
        return None
    seen = np.zeros((len(forest.slices_), forest.n_groups_), dtype=bool)
    for row, (half, _) in zip(seen, forest.samples(), strict=True):
        row[half] = True
    known = groups >= 0  # firms whose cluster is not in the forest's sample have no group
    bags = np.ones((len(seen), len(groups)), dtype=bool)
    bags[:, known] = ~seen[:, groups[known]]
    return bags


@dataclass(frozen=True, slots=True)
class _Leaves:
    """Right sides and Jacobians of all nodes of all trees, those of a bag one after the other."""

    trees: list[Any]
    size: int
    first: np.ndarray
    A: np.ndarray
    J: np.ndarray

    @classmethod
    def of(cls, forest: MomentForest) -> _Leaves:
        trees = [forest.estimators_[t].tree_ for bag in forest.slices_ for t in bag]
        d, nodes = trees[0].n_outputs, [tree.node_count for tree in trees]
        return cls(
            trees, len(forest.slices_[0]), np.cumsum([0, *nodes[:-1]]),
            np.concatenate([tree.precond.reshape(-1, d) for tree in trees]),
            np.concatenate([tree.jac.reshape(-1, d, d) for tree in trees]),
        )  # fmt: skip

    def at(self, X: np.ndarray) -> np.ndarray:
        """Node of each row in each tree, shape (n_trees, n)."""
        X = np.ascontiguousarray(X)
        return np.stack([tree.apply(X) for tree in self.trees]) + self.first[:, None]


@dataclass(frozen=True, slots=True)
class _Cell:
    """Firms that fall into the same leaf of every tree.

    Attributes
    ----------
    rows : numpy.ndarray of int, shape (n,)
        Which firms.
    allowed : numpy.ndarray, shape (n_bags, n)
        One for the bags that count for a firm, else zero.
    A : numpy.ndarray, shape (n_bags, size, d)
        Right sides of the leaves.
    J : numpy.ndarray, shape (n_bags, size, d, d)
        Their Jacobians.
    H : numpy.ndarray or None, shape (n, q)
        What the bags' starts are linear in.
    """

    rows: np.ndarray
    allowed: np.ndarray
    A: np.ndarray
    J: np.ndarray
    H: np.ndarray | None


@dataclass(frozen=True, slots=True)
class _View:
    """Leaves that some firms fall into."""

    leaves: _Leaves
    X: np.ndarray  # as the trees see it
    allowed: np.ndarray
    start: Start | None
    H: np.ndarray | None

    @property
    def d(self) -> int:
        return self.leaves.A.shape[1]

    def cells(self) -> Iterator[_Cell]:
        """Every firm once, with those that no tree tells apart."""
        _, first, cell = np.unique(self.X, axis=0, return_index=True, return_inverse=True)
        cell = cell.reshape(-1)
        ends = np.cumsum(np.bincount(cell))
        firms = np.split(np.argsort(cell, kind="stable"), ends[:-1])
        shape = (len(self.allowed), self.leaves.size, self.d)
        for node, rows in zip(self.leaves.at(self.X[first]).T, firms, strict=True):
            A, J = self.leaves.A[node].reshape(shape), self.leaves.J[node].reshape(*shape, self.d)
            for low in range(0, len(rows), MANY):
                some = rows[low : low + MANY]
                H = None if self.H is None else self.H[some]
                yield _Cell(some, self.allowed[:, some], A, J, H)


def _solve(view: _View, problem: Problem, L: np.ndarray, variance: bool) -> Local:
    m, d = len(view.X), view.d
    alpha, jacobian = np.empty((m, d)), np.empty((m, d, d))
    for cell in view.cells():
        A, J = cell.A.sum(axis=1), cell.J.sum(axis=1)
        inside = cell.allowed.T
        alpha[cell.rows] = inside @ A
        jacobian[cell.rows] = (inside @ J.reshape(len(J), -1)).reshape(-1, d, d)
        if view.start is not None and cell.H is not None:
            lines = (J @ view.start.slopes).reshape(len(J), -1)
            lines = (inside @ lines).reshape(len(inside), d, -1)
            alpha[cell.rows] += np.einsum("iaq,iq->ia", lines, cell.H)
    count = view.allowed.sum(axis=0)
    used = np.maximum(count * view.leaves.size, 1)
    alpha, jacobian = alpha / used[:, None], jacobian / used[:, None, None]
    inverted, back = inverse(jacobian), np.linalg.inv(L)
    rotated = np.einsum("iab,ib->ia", inverted, alpha)
    theta = rotated @ back.T
    effects, error = problem.effects(theta), np.full((m, len(problem.terms)), np.nan)
    if variance:
        projector = problem.gradient(theta) @ back @ inverted
        error = np.sqrt(_variance(view, rotated, projector))
    for array in (theta, effects, error):
        array[count == 0] = np.nan
    return Local(theta, L.T @ jacobian @ L, effects, error)


def _variance(view: _View, theta: np.ndarray, projector: np.ndarray) -> np.ndarray:
    """Between-bag variance of the projected moments, less what the trees within bags explain."""
    m, n_terms, _ = projector.shape
    total, square, within = (np.empty((m, n_terms)) for _ in range(3))
    for cell in view.cells():
        value = _projected(cell, view.start, theta[cell.rows], projector[cell.rows])
        inside, mean = cell.allowed.T[:, None], value.mean(axis=3)
        total[cell.rows] = (inside * mean).sum(axis=2)
        square[cell.rows] = (inside * mean**2).sum(axis=2)
        within[cell.rows] = (inside * np.mean(value**2, axis=3)).sum(axis=2)
    bags = view.allowed.sum(axis=0)[:, None]
    size = view.leaves.size
    with np.errstate(invalid="ignore", divide="ignore"):
        between = square / bags
        excess = (within / bags - between) / (size - 1)
        out = _positive(between - (total / bags) ** 2, excess, bags)
        if view.start is not None:
            out += np.maximum(excess, 0.0) / bags
    out[bags[:, 0] < 2] = np.nan
    return out


def _projected(
    cell: _Cell, start: Start | None, theta: np.ndarray, projector: np.ndarray
) -> np.ndarray:
    """Moments of each tree at the solution of each firm, shape (n, n_terms, n_bags, size)."""
    (n_bags, size, d), n = cell.A.shape, len(theta)
    away = np.broadcast_to(-theta.T, (n_bags, d, n))
    if start is not None and cell.H is not None:
        away = start.slopes @ cell.H.T - theta.T
    moment = cell.J.reshape(n_bags, size * d, d) @ away
    moment = moment.reshape(n_bags, size, d, n) + cell.A[..., None]
    value = projector @ moment.transpose(3, 2, 0, 1).reshape(n, d, -1)
    return value.reshape(n, -1, n_bags, size)


def _positive(variance: np.ndarray, excess: np.ndarray, bags: np.ndarray) -> np.ndarray:
    """Posterior mean of a variance that is known to be positive, as in EconML and grf."""
    from scipy.stats import norm

    naive = variance - excess
    error = np.maximum(variance, excess) * np.sqrt(2.0 / bags)
    # Relative, where they add 1e-10: a variance of 1e-10 is that of an effect in other units.
    z = np.divide(naive, error, out=np.zeros_like(naive), where=error > 0)
    return np.asarray(naive + error * norm.pdf(z) / norm.cdf(z))
