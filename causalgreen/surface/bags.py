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
    trees = [tree.tree_ for tree in forest.estimators_]
    bags = np.ones((len(forest.slices_), 1), dtype=bool)
    if groups is not None:
        seen = np.zeros((len(bags), forest.n_groups_), dtype=bool)
        for row, (half, _) in zip(seen, forest.samples(), strict=True):
            row[half] = True
        known = groups >= 0  # firms whose cluster is not in the forest's sample have no group
        bags = np.ones((len(bags), len(groups)), dtype=bool)
        bags[:, known] = ~seen[:, groups[known]]
    pieces = []
    for low in range(0, len(X), CHUNK):
        part = slice(low, low + CHUNK)
        x = np.ascontiguousarray(X[part])
        allowed = bags[:, part] if groups is not None else np.repeat(bags, len(x), axis=1)
        leaves = [tree.apply(x).astype(np.int32) for tree in trees]
        H = None if start is None else start.basis(x)
        view = _View(forest.slices_, trees, leaves, allowed, start, H)
        pieces.append(_solve(view, problem, L, variance))
    names = ("theta", "jacobian", "effects", "std_error")
    return Local(*(np.concatenate([getattr(piece, name) for piece in pieces]) for name in names))


@dataclass(frozen=True, slots=True)
class _View:
    """Leaves that some firms fall into."""

    members: list[np.ndarray]
    trees: list[Any]
    leaves: list[np.ndarray]
    allowed: np.ndarray
    start: Start | None
    H: np.ndarray | None

    def bags(self) -> Iterator[tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray]]]]:
        """For each bag its firms, and right sides and Jacobians of their leaves in each tree."""
        d = self.trees[0].n_outputs
        for b, members in enumerate(self.members):
            rows = np.flatnonzero(self.allowed[b])
            base = None
            if self.start is not None and self.H is not None:
                base = self.H[rows] @ self.start.slopes[b].T
            out = []
            for t in members:
                leaf = self.leaves[t][rows]
                J = self.trees[t].jac[leaf].reshape(-1, d, d)
                A = self.trees[t].precond[leaf].reshape(-1, d)
                out.append((A if base is None else A + np.einsum("iab,ib->ia", J, base), J))
            yield rows, out


def _solve(view: _View, problem: Problem, L: np.ndarray, variance: bool) -> Local:
    m, d = view.allowed.shape[1], view.trees[0].n_outputs
    alpha, jacobian = np.zeros((m, d)), np.zeros((m, d, d))
    for rows, leaves in view.bags():
        for A, J in leaves:
            alpha[rows] += A
            jacobian[rows] += J
    count = view.allowed.sum(axis=0)
    used = np.maximum(count * len(view.members[0]), 1)
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
    size = len(view.members[0])
    total, square, within = (np.zeros((m, n_terms)) for _ in range(3))
    for rows, leaves in view.bags():
        mean = np.zeros((len(rows), n_terms))
        for A, J in leaves:
            moment = A - np.einsum("iab,ib->ia", J, theta[rows])
            value = np.einsum("ita,ia->it", projector[rows], moment)
            mean += value / size
            within[rows] += value**2 / size
        total[rows] += mean
        square[rows] += mean**2
    bags = view.allowed.sum(axis=0)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        between = square / bags
        excess = (within / bags - between) / (size - 1)
        out = _positive(between - (total / bags) ** 2, excess, bags)
        if view.start is not None:
            out += np.maximum(excess, 0.0) / bags
    out[bags[:, 0] < 2] = np.nan
    return out


def _positive(variance: np.ndarray, excess: np.ndarray, bags: np.ndarray) -> np.ndarray:
    """Posterior mean of a variance that is known to be positive, as in EconML and grf."""
    from scipy.stats import norm

    naive = variance - excess
    error = np.maximum(variance, excess) * np.sqrt(2.0 / bags)
    # Relative, where they add 1e-10: a variance of 1e-10 is that of an effect in other units.
    z = np.divide(naive, error, out=np.zeros_like(naive), where=error > 0)
    return np.asarray(naive + error * norm.pdf(z) / norm.cdf(z))
