"""One forest for all the paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from causalgreen.errors import DesignError, EstimationError
from causalgreen.surface.adjust import Smooth, choose_penalty, slopes, smooth_basis
from causalgreen.surface.algebra import powers_of_two
from causalgreen.surface.bags import Local, Start, solve_at
from causalgreen.surface.coordinates import (
    average_solution,
    residual_variances,
    rotate,
    split_coordinates,
)
from causalgreen.surface.memory import check_forest
from causalgreen.surface.problem import Problem
from causalgreen.surface.sampled import SampledForest, draw_firms

if TYPE_CHECKING:
    from causalgreen.surface.grf import MomentForest

__all__ = ["Forest", "PathForest", "forest"]

BAG, FEWEST = 4, 100
# Of a trait, as trees that start from a smooth surface see it; such a surface needs no finer steps.
BINS = 128
LEAST_LEAF, MOST_LEAF = 5, 20
NEAR = 20
TOTALS = ("own_total", "overall")


@dataclass(frozen=True, slots=True)
class Forest:
    """Settings of a path forest; see `forest`."""

    trees: int = 400
    splits: Literal["fit", "paths", "total"] | tuple[str, ...] = "fit"
    min_leaf: int | None = None
    max_depth: int | None = None
    sample: float = 0.45
    smooth: bool = True
    firms: int | None = None

    @property
    def name(self) -> str:
        """For the reader."""
        looks = self.splits if isinstance(self.splits, str) else ", ".join(self.splits)
        start = "from a smooth start, " if self.smooth else ""
        some = "" if self.firms is None else f" grown on {self.firms:,} firms"
        return f"path forest ({self.trees} trees{some}, {start}splits: {looks})"

    def among(self, n_firms: int) -> Forest:
        """The same forest, which says no more firms than there are."""
        return self if self.firms is None else replace(self, firms=min(self.firms, n_firms))

    def lighter(self) -> Forest:
        """The forest that splits are judged with: a quarter of the trees, no fewer than 100.

        Judged are its predictions, not their intervals, and so few trees predict as well.
        """
        fewer = max(FEWEST, self.trees // 4 // BAG * BAG)
        return replace(self, trees=min(self.trees, fewer))

    def leaf(self, n_firms: int) -> int:
        """Least number of firms in a leaf."""
        if self.min_leaf is not None:
            return self.min_leaf
        return min(MOST_LEAF, max(LEAST_LEAF, n_firms // 100)) if self.smooth else LEAST_LEAF

    def targets(self, problem: Problem) -> tuple[str, ...]:
        """Terms that splits look for."""
        terms = [t for t in problem.terms if "[" not in t]
        if self.splits == "total":
            return ("overall",) if "overall" in terms else ("own_total",)
        if self.splits == "paths":
            parts = tuple(t for t in terms if t not in TOTALS)
            return parts or tuple(terms)
        if unknown := [t for t in self.splits if t not in problem.terms]:
            raise DesignError(
                f"splits={self.splits!r}: there is no path {unknown[0]!r}; choose 'paths', "
                f"'total', or some of {', '.join(problem.terms)}"
            )
        return tuple(self.splits)

    def fit(
        self, problem: Problem, *, inference: bool = True, seed: int = 0,
        n_jobs: int | None = None, progress: bool | None = None,
    ) -> PathForest | SampledForest:  # fmt: skip
        """Grow the forest on the firms of a problem, or on some of them."""
        settings, size = (inference, seed, n_jobs, progress), problem.n_firms
        size = size if self.firms is None else min(size, self.firms)
        check_forest(problem, size, self.trees, self.leaf(size), self.sample, n_jobs)
        if self.firms is None or self.firms >= problem.n_firms:
            return self._grow(problem, *settings)
        some = problem.subset(draw_firms(problem, self.firms, seed))
        return SampledForest(problem, self._grow(some, *settings))

    def _grow(
        self, problem: Problem, inference: bool, seed: int, n_jobs: int | None,
        progress: bool | None,
    ) -> PathForest:  # fmt: skip
        from causalgreen.surface.grf import MomentForest

        leaf = self.leaf(problem.n_firms)
        groups = np.unique(problem.home, return_inverse=True)[1]
        n_groups = int(groups.max()) + 1
        if problem.n_firms < 8 * leaf or n_groups < 8:
            raise EstimationError(
                f"{problem.n_firms:,} firms in {n_groups:,} clusters are too few for a forest with "
                f"{leaf} firms a leaf; use cg.linear_surface(), or study.paths() by group"
            )
        average_solution(problem)
        if self.splits == "fit":
            L, relevant = _unit_coordinates(problem), problem.n_coefficients
        else:
            L, relevant = split_coordinates(problem, self.targets(problem))
        weight = _weights(problem)
        A, J = problem.equations_of(problem.by_firm())
        A, J = rotate(A * weight, J * weight[:, None], L)
        grown = MomentForest(
            n_estimators=self.trees, criterion="mse" if self.splits == "fit" else "het",
            min_samples_leaf=leaf, min_samples_split=2 * leaf, max_depth=self.max_depth,
            max_samples=self.sample, subforest_size=BAG, random_state=seed,
        )  # fmt: skip
        grown.n_relevant, grown.most_bins = relevant, BINS if self.smooth else None
        begin = _Begin.learn(problem, L, seed) if self.smooth else None
        grown.fit(
            problem.X, J.reshape(len(J), -1), A,
            groups=None if n_groups == problem.n_firms else groups, start=begin,
            n_jobs=n_jobs, progress=progress,
        )  # fmt: skip
        start = None if begin is None else begin.start()
        return PathForest(problem, grown, L, weight, start, groups, inference)


def _weights(problem: Problem) -> np.ndarray:
    """One over the residual variance of the equation of each coefficient, shape (d,)."""
    return np.repeat(1 / _variances(problem), problem.sizes)


def _variances(problem: Problem) -> np.ndarray:
    variance = residual_variances(problem)
    # A single equation needs no weighing against others, only a scale: one that rounds nothing.
    return variance if len(variance) > 1 else powers_of_two(np.sqrt(variance)) ** 2


def _unit_coordinates(problem: Problem) -> np.ndarray:
    """Coefficients without units: EconML adds up over them, and its thresholds are absolute."""
    J = problem.equations_of(problem.moments.sum(axis=0, keepdims=True))[1][0]
    regressor = np.sqrt(np.diag(J) / problem.n_firms)
    regressor = regressor if len(problem.sizes) > 1 else powers_of_two(regressor)
    return np.diag(regressor / np.repeat(np.sqrt(_variances(problem)), problem.sizes))


@dataclass(frozen=True, slots=True)
class _Begin:
    """Learns the smooth surface of a half-sample, and keeps what it learnt for each bag."""

    problem: Problem
    moments: np.ndarray
    basis: Smooth
    H: np.ndarray
    L: np.ndarray
    penalty: float
    kept: list[np.ndarray]

    @classmethod
    def learn(cls, problem: Problem, L: np.ndarray, seed: int) -> _Begin:
        basis = smooth_basis(problem.X, len(np.unique(problem.home)))
        H = basis(problem.X)
        penalty = choose_penalty(problem, H, seed)
        return cls(problem, problem.by_firm(), basis, H, L, penalty, [])

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        B = self.L @ slopes(self.problem, self.moments[rows], self.H[rows], self.penalty)
        self.kept.append(B)
        return self.H @ B.T

    def start(self) -> Start:
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


def _whole(value: object, least: int) -> bool:
    good = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    return good and int(value) >= least  # type: ignore[call-overload]


def forest(
    trees: int = 400,
    *,
    splits: Literal["fit", "paths", "total"] | Sequence[str] = "fit",
    smooth: bool = True,
    min_leaf: int | None = None,
    max_depth: int | None = None,
    sample: float = 0.45,
    firms: int | None = None,
) -> Forest:
    """One generalized random forest for all the paths, grown on one row for each firm.

    The moments of a firm are the linear moment equations of all coefficients of the path system, so
    that every equation is solved with the same local weights and the paths add up to their totals
    for every firm. Sampling, honesty and the little bags keep whole clusters together.

    Parameters
    ----------
    trees : int
        Number of trees, a multiple of 4 (the size of a bag).
    splits : {"fit", "paths", "total"} or sequence of str
        What splits look for: the fit of all equations (each in units of its residual variance);
        differences in any of the paths (each in units of its noise); in the total; or in the terms
        that are named.
    smooth : bool
        Trees start from a smooth surface in the traits, shrunken as held-out clusters want it and
        learnt again in the half-sample of every bag, and solve for what is left, with every trait
        in 128 bins. This removes most of the bias that averaging over a leaf brings. False:
        EconML's forest.
    min_leaf : int, optional
        Least number of firms in a leaf, in either honest half; default: a hundredth of the firms,
        between 5 and 20 (5 without a smooth start).
    max_depth : int, optional
        Depth of the trees; default: no limit.
    sample : float
        Share of the clusters that a tree sees, at most one half.
    firms : int, optional
        Grow on so many firms, drawn at random, where the panel has more. All firms are predicted,
        each without its own cluster, and debiased with their own moments. Default: all.

    Returns
    -------
    Forest
        For ``study.surface(cg.forest(...))``.

    Raises
    ------
    DesignError
        If a setting is out of range.

    References
    ----------
    Athey, Tibshirani and Wager (2019), Generalized random forests, Annals of Statistics 47(2),
    doi 10.1214/18-AOS1709. Friedberg, Tibshirani, Athey and Wager (2020), Local linear forests,
    Journal of Computational and Graphical Statistics 30(2), doi 10.1080/10618600.2020.1831930, on
    the bias that smoothing brings.

    Examples
    --------
    >>> forest(200).name
    'path forest (200 trees, from a smooth start, splits: fit)'
    """
    if not _whole(trees, 2 * BAG) or trees % BAG:
        raise DesignError(f"trees={trees!r}: give a multiple of {BAG}, {2 * BAG} or more")
    if isinstance(splits, str) and splits not in ("fit", "paths", "total"):
        raise DesignError(f"splits={splits!r}: choose 'fit', 'paths', 'total', or a list of terms")
    for name, value in (("min_leaf", min_leaf), ("max_depth", max_depth), ("firms", firms)):
        if value is not None and not _whole(value, 1):
            raise DesignError(f"{name}={value!r}: give a whole number, 1 or more, or None")
    if not isinstance(sample, (int, float)) or not 0 < sample <= 0.5:
        raise DesignError(f"sample={sample!r}: give a share of the clusters in (0, 0.5]")
    chosen = splits if isinstance(splits, str) else tuple(splits)
    settings = (min_leaf, max_depth, float(sample), bool(smooth), firms)
    return Forest(int(trees), chosen, *settings)  # type: ignore[arg-type]
