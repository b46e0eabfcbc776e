"""One forest for all the paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from causalgreen.errors import DesignError, EstimationError, yes_or_no
from causalgreen.surface.coordinates import (
    average_solution,
    equation_weights,
    rotate,
    split_coordinates,
    unit_coordinates,
)
from causalgreen.surface.memory import check_forest
from causalgreen.surface.path_forest import Begin, PathForest
from causalgreen.surface.problem import Problem
from causalgreen.surface.sampled import SampledForest, draw_firms

__all__ = ["Forest", "forest"]

BAG, FEWEST = 4, 100
# Of a trait, as trees that start from a smooth surface see it; such a surface needs no finer steps.
BINS = 128
LEAST_LEAF, MOST_LEAF = 5, 20
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
            L, relevant = unit_coordinates(problem), problem.n_coefficients
        else:
            L, relevant = split_coordinates(problem, self.targets(problem))
        weight = equation_weights(problem)
        A, J = problem.equations_of(problem.by_firm())
        A, J = rotate(A * weight, J * weight[:, None], L)
        grown = MomentForest(
            n_estimators=self.trees, criterion="mse" if self.splits == "fit" else "het",
            min_samples_leaf=leaf, min_samples_split=2 * leaf, max_depth=self.max_depth,
            max_samples=self.sample, subforest_size=BAG, random_state=seed,
        )  # fmt: skip
        grown.n_relevant, grown.most_bins = relevant, BINS if self.smooth else None
        begin = Begin.learn(problem, L, seed) if self.smooth else None
        grown.fit(
            problem.X, J.reshape(len(J), -1), A,
            groups=None if n_groups == problem.n_firms else groups, start=begin,
            n_jobs=n_jobs, progress=progress,
        )  # fmt: skip
        start = None if begin is None else begin.start()
        return PathForest(problem, grown, L, weight, start, groups, inference)


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
    yes_or_no(smooth=smooth)
    if not _whole(trees, 2 * BAG) or trees % BAG:
        raise DesignError(f"trees={trees!r}: give a multiple of {BAG}, {2 * BAG} or more")
    if isinstance(splits, str) and splits not in ("fit", "paths", "total"):
        raise DesignError(f"splits={splits!r}: choose 'fit', 'paths', 'total', or a list of terms")
    if not len(splits):
        raise DesignError("splits=[]: name at least one path, or choose 'fit'")
    for name, value in (("min_leaf", min_leaf), ("max_depth", max_depth), ("firms", firms)):
        if value is not None and not _whole(value, 1):
            raise DesignError(f"{name}={value!r}: give a whole number, 1 or more, or None")
    if not isinstance(sample, (int, float)) or not 0 < sample <= 0.5:
        raise DesignError(f"sample={sample!r}: give a share of the clusters in (0, 0.5]")
    chosen = splits if isinstance(splits, str) else tuple(splits)
    settings = (min_leaf, max_depth, float(sample), bool(smooth), firms)
    return Forest(int(trees), chosen, *settings)  # type: ignore[arg-type]
