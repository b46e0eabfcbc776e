"""What a specification is to the joint test: its treatment, and what that is tested beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from causalgreen.falsify.engine import orthonormal
from causalgreen.falsify.stacks import Stacks

__all__ = ["Side", "Specification", "exchanged", "partners"]


@dataclass(frozen=True, slots=True)
class Side:
    """What the treatment is regressed beside, for one term.

    Attributes
    ----------
    columns : numpy.ndarray, shape (n, q + 1)
        Orthonormal basis of what is held fixed, and the outcome without it.
    held, outcome : numpy.ndarray, shapes (q, g, q) and (g, q)
        Cross products of the basis with itself and with that outcome, within clusters.
    """

    columns: np.ndarray
    held: np.ndarray
    outcome: np.ndarray

    @classmethod
    def of(cls, held: np.ndarray, y: np.ndarray, stacks: Stacks) -> Side:
        """From columns in the order of stacks."""
        basis = orthonormal(held)
        columns = np.column_stack([basis, y - basis @ (basis.T @ y)])
        products = stacks.products(columns, basis)
        return cls(columns, products[:-1], products[-1])

    def t(self, d: np.ndarray, squares: np.ndarray, stacks: Stacks) -> np.ndarray:
        """Clustered t of the outcome on each column of d, both without what is held fixed.

        What is held fixed leaves the clusters' sums, not the columns, which are far longer.
        """
        *held, cross = stacks.products(self.columns, d)
        size = np.array([q.sum(axis=0) for q in held])
        own = squares.copy()
        for one, mine, both in zip(size, held, self.held @ size, strict=True):
            own += one * (both - 2 * mine)
        cross -= self.outcome @ size
        square = own.sum(axis=0)
        slope = cross.sum(axis=0) / square
        sums = cross - slope * own
        G = len(sums)
        error = np.sqrt(np.einsum("gb,gb->b", sums, sums) * G / (G - 1)) / square
        return np.asarray(slope / error)


@dataclass(frozen=True, slots=True)
class Specification:
    """One specification, its rows in the order of stacks of clusters.

    Attributes
    ----------
    treatment : numpy.ndarray, shape (n,)
        Without the roots of weights.
    root : numpy.ndarray, shape (n, 1)
        Roots of weights.
    sides : tuple of Side
        One for each term.
    stacks : Stacks
    firms, rows : tuple of numpy.ndarray of int, of shapes (k,) and (k, periods)
        Firms observed in the same periods, and their rows.
    movable : float
        Share of firms that have such a partner.
    """

    treatment: np.ndarray
    root: np.ndarray
    sides: tuple[Side, ...]
    stacks: Stacks
    firms: tuple[np.ndarray, ...]
    rows: tuple[np.ndarray, ...]
    movable: float

    @classmethod
    def of(cls, study: Any, terms: Sequence[str]) -> Specification:
        """From the residuals of a study, averaged over repetitions."""
        residuals, panel = study.residuals, study.panel
        design, roles = residuals.design, panel.roles
        cluster = np.unique(panel.clusters[0][design.rows], return_inverse=True)[1]
        stacks = Stacks.of(cluster, int(cluster.max()) + 1)
        r, p = residuals.values.mean(axis=0)[stacks.order], len(residuals.names)
        n_d, n_e = len(roles.treatments), len(roles.exposures)
        weights = np.ones(len(r)) if roles.weight is None else panel.weights[design.rows]
        root = np.sqrt(weights[stacks.order])[:, None]
        periods, sides = design.periods[stacks.order], []
        for term in terms:
            last = p - 1 if term == "direct" else n_d + n_e
            held = np.column_stack([r[:, n_d:last], periods]) * root
            sides.append(Side.of(held, root[:, 0] * r[:, p - 1], stacks))
        groups, movable = partners(
            panel.unit_codes[design.rows], panel.codes(roles.time)[design.rows]
        )
        place = np.argsort(stacks.order)
        rows = tuple(place[rows] for _, rows in groups)
        return cls(
            r[:, :n_d].sum(axis=1), root, tuple(sides), stacks,
            tuple(firms for firms, _ in groups), rows, movable,
        )  # fmt: skip

    def moved(self, orders: Sequence[np.ndarray], count: int) -> np.ndarray:
        """The treatment with histories exchanged, shape (n, count); see `exchanged`."""
        return exchanged(self.treatment, self.rows, orders, count)

    def t(self, d: np.ndarray) -> np.ndarray:
        """t-statistics of each term and column, shape (terms, b)."""
        d = d * self.root
        squares = self.stacks.paired(d, d)
        return np.array([side.t(d, squares, self.stacks) for side in self.sides])


def partners(
    unit: np.ndarray, time: np.ndarray
) -> tuple[list[tuple[np.ndarray, np.ndarray]], float]:
    """Firms observed in the same periods: their codes (k,), and their rows (k, periods)."""
    order = np.lexsort((time, unit))
    starts = np.flatnonzero(np.r_[True, np.diff(unit[order]) > 0])
    ends = np.r_[starts[1:], len(unit)]
    patterns: dict[bytes, list[int]] = {}
    for i, (a, b) in enumerate(zip(starts, ends, strict=True)):
        patterns.setdefault(np.ascontiguousarray(time[order[a:b]]).tobytes(), []).append(i)
    out, moving = [], 0
    for members in patterns.values():
        if len(members) < 2:
            continue
        rows = order[starts[members][:, None] + np.arange(ends[members[0]] - starts[members[0]])]
        out.append((unit[rows[:, 0]], rows))
        moving += len(members)
    return out, moving / len(starts)


def exchanged(
    values: np.ndarray, rows: Sequence[np.ndarray], orders: Sequence[np.ndarray], count: int
) -> np.ndarray:
    """Values whose firms have changed places within groups, shape (n, count).

    Parameters
    ----------
    values : numpy.ndarray, shape (n,)
    rows : sequence of numpy.ndarray of int, each of shape (k, periods)
        Rows of the firms of each group; others stay as they are.
    orders : sequence of numpy.ndarray of int, each of shape (count, k)
        Firm of the group whose history each takes.
    count : int
        Number of exchanges.
    """
    out = np.repeat(values[:, None], count, axis=1)
    for mine, order in zip(rows, orders, strict=True):
        out[mine.ravel()] = values[mine][order].reshape(count, -1).T
    return out
