"""A forest grown on some of the firms, which predicts all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from causalgreen.surface.bags import Local
from causalgreen.surface.problem import Problem

if TYPE_CHECKING:
    from causalgreen.surface.path_forest import PathForest

__all__ = ["SampledForest", "draw_firms"]


def draw_firms(problem: Problem, count: int, seed: int) -> np.ndarray:
    """Positions of a simple random sample of firms, sorted.

    Firms rather than whole clusters: intervals rest on the number of clusters, which stays.

    Parameters
    ----------
    problem : Problem
        All firms.
    count : int
        How many.
    seed : int
        Same seed, same firms.

    Returns
    -------
    numpy.ndarray of int, shape (count,)
    """
    rng = np.random.default_rng(np.random.SeedSequence([seed, problem.n_firms, count]))
    return np.sort(rng.choice(problem.n_firms, count, replace=False))


@dataclass(frozen=True, slots=True)
class SampledForest:
    """A forest grown on a sample; its problem has all firms, so that all are debiased.

    Attributes
    ----------
    problem : Problem
        All firms.
    grown : PathForest
        Grown on the sample.
    """

    problem: Problem
    grown: PathForest

    @property
    def start(self) -> object:
        """Smooth surfaces from which the bags started."""
        return self.grown.start

    def at(self, X: np.ndarray) -> Local:
        """Path effects at encoded traits, from all bags."""
        return self.grown.at(X)

    def held_out(self) -> Local:
        """Path effects of all firms, from bags that have not seen their cluster."""
        grown = self.grown
        home, code = grown.problem.home, grown._own_groups
        of_home = np.full(int(self.problem.home.max()) + 1, -1)
        of_home[home] = code
        smoothed = grown.start is not None and grown.inference
        variance = grown.inference and not smoothed
        local = grown._solve(self.problem.X, of_home[self.problem.home], variance)
        if not smoothed:
            return local
        return replace(local, std_error=grown._smoothed(self.problem.X))

    def importance(self) -> np.ndarray:
        """How much of the splits' gain each encoded trait brings, shape (c,); sums to one."""
        return self.grown.importance()
