"""A forest that has been grown: what it says of firms, with their standard errors."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from causalgreen.surface.adjust import Smooth, choose_penalty, slopes, smooth_basis
from causalgreen.surface.bags import Local, Start, solve_at
from causalgreen.surface.problem import Problem

if TYPE_CHECKING:
    from causalgreen.surface.grf import MomentForest

__all__ = ["Begin", "PathForest"]

# Firms over whose variances a standard error is averaged.
NEAR = 20


@dataclass(frozen=True, slots=True)
class Begin:
    """Learns the smooth surface of a half-sample, and keeps what it learnt for each bag.

    Attributes
    ----------
    problem : Problem
    moments : numpy.ndarray
        Of its firms.
    basis : Smooth
    H : numpy.ndarray, shape (n, m)
        The basis at the firms of the problem.
    L : numpy.ndarray, shape (d, d)
        Coordinates in which trees are grown.
    penalty : float
    kept : list of numpy.ndarray
        Slopes of each bag so far.
    """

    problem: Problem
    moments: np.ndarray
    basis: Smooth
    H: np.ndarray
    L: np.ndarray
    penalty: float
    kept: list[np.ndarray]

    @classmethod
    def learn(cls, problem: Problem, L: np.ndarray, seed: int) -> Begin:
        """Choose basis and penalty once, on all firms."""
        basis = smooth_basis(problem.X, len(np.unique(problem.home)))
        H = basis(problem.X)
        penalty = choose_penalty(problem, H, seed)
        return cls(problem, problem.by_firm(), basis, H, L, penalty, [])

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Coefficients at every firm, shape (n, d), learnt from some of them."""
        B = self.L @ slopes(self.problem, self.moments[rows], self.H[rows], self.penalty)
        self.kept.append(B)
        return self.H @ B.T

    def start(self) -> Start:
        """What all bags have learnt."""
        return Start(self.basis, np.stack(self.kept))


@dataclass(frozen=True, slots=True)
class PathForest:
    """A forest learnt from the firms of a problem.

    Attributes
    ----------
    problem : Problem
    trees : MomentForest
    L : numpy.ndarray, shape (d, d)
        Coordinates in which it was grown.
    weight : numpy.ndarray, shape (d,)
        What the equations were multiplied by.
    start : Start or None
        Smooth surfaces from which the bags started.
    groups : numpy.ndarray of int, shape (n,)
        Cluster of each firm.
    inference : bool
        Whether standard errors are computed.
    kept : list of numpy.ndarray
        Variances of the firms of the problem, once they have been computed.
    """

    problem: Problem
    trees: MomentForest
    L: np.ndarray
    weight: np.ndarray
    start: Start | None
    groups: np.ndarray
    inference: bool
    kept: list[np.ndarray] = field(default_factory=list)

    def at(self, X: np.ndarray) -> Local:
        """Path effects at encoded traits, from all bags."""
        if self.start is None or not self.inference:
            return self._solve(X, None, self.inference)
        return replace(self._solve(X, None, False), std_error=self._smoothed(X))

    def held_out(self) -> Local:
        """Path effects of the firms of the problem, from bags that have not seen their cluster."""
        local = self._solve(self.problem.X, self._own_groups, self.inference)
        if self.start is None or not self.inference:
            return local
        self._keep(local)
        return replace(local, std_error=self._smoothed(self.problem.X))

    @property
    def _own_groups(self) -> np.ndarray:
        alone = len(self.groups) == int(self.groups.max()) + 1
        return np.arange(len(self.groups)) if alone else self.groups

    def _solve(self, X: np.ndarray, groups: np.ndarray | None, variance: bool) -> Local:
        local = solve_at(
            self.trees, X, self.problem, self.L, start=self.start, groups=groups, variance=variance
        )
        return replace(local, jacobian=local.jacobian / self.weight[:, None])

    def _smoothed(self, X: np.ndarray) -> np.ndarray:
        """Standard errors from the average variance of the firms with the most similar traits.

        Between few bags a variance is noisy from firm to firm: intervals that use it one by one
        cover too little.
        """
        from sklearn.neighbors import NearestNeighbors

        if not self.kept:
            self._keep(self._solve(self.problem.X, self._own_groups, True))
        assert self.start is not None
        place = self.start.basis(self.problem.X)[:, 1:]
        near = NearestNeighbors(n_neighbors=min(NEAR, len(place))).fit(place)
        found = near.kneighbors(self.start.basis(X)[:, 1:], return_distance=False)
        return np.sqrt(self.kept[0][found].mean(axis=1))

    def _keep(self, local: Local) -> None:
        own = local.std_error**2
        self.kept[:] = [np.where(np.isfinite(own), own, np.nanmean(own, axis=0))]

    def importance(self) -> np.ndarray:
        """How much of the splits' gain each encoded trait brings, shape (c,); sums to one."""
        return np.asarray(self.trees.feature_importances())
