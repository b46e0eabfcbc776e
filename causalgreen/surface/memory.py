"""Memory that a forest needs, estimated from sizes alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from causalgreen.panel.memory import Need, check_memory
from causalgreen.residuals.workers import workers_of

if TYPE_CHECKING:
    from causalgreen.surface.problem import Problem

__all__ = ["check_forest", "forest_need"]

FLOAT = 8.0
# Nodes of a tree for every leaf of the least size that its firms could fill.
NODES = 1.3


def forest_need(
    problem: Problem, grown_on: int, trees: int, leaf: int, sample: float, n_jobs: int | None
) -> Need:
    """Memory that growing a forest, and predicting all firms, needs at its peak.

    Parameters
    ----------
    problem : Problem
        All firms.
    grown_on : int
        Firms that it is grown on.
    trees, leaf : int
        Trees, and least number of firms in a leaf.
    sample : float
        Share of the clusters that a tree sees.
    n_jobs : int or None
        Threads.

    Returns
    -------
    Need
    """
    d, terms, n = problem.n_coefficients, len(problem.terms), problem.n_firms
    workers = workers_of(n_jobs)
    equations = 3 * FLOAT * grown_on * (d * d + d)
    bags = FLOAT * grown_on * (workers + 1) * (2 * sample * (1 + d + d * d) + d)
    nodes = NODES * sample * grown_on / (2 * leaf)
    forest = FLOAT * trees * nodes * (d * d + 2 * d + 12)
    predictions = FLOAT * n * (2 * d * d + 2 * terms * d)
    # What trees are grown from is gone before firms are predicted.
    growing = (("moment equations", equations), ("samples of trees", bags))
    after = (("predictions of all firms", predictions),)
    return Need("the forest", (
        *(growing if equations + bags > predictions else after), ("trees", forest),
    ))  # fmt: skip


def check_forest(
    problem: Problem, grown_on: int, trees: int, leaf: int, sample: float, n_jobs: int | None
) -> None:
    """Refuse a forest that does not fit into memory, before it is grown; see `forest_need`.

    Raises
    ------
    DesignError
        With the estimate, what is free, and what to do.
    """
    advice = advice_on(grown_on)
    advice[1] += f" ({trees} now)"
    check_memory(forest_need(problem, grown_on, trees, leaf, sample, n_jobs), advice)


def advice_on(grown_on: int) -> list[str]:
    """What takes less memory in a surface grown on so many firms, the best first."""
    firms = max(1000, min(20_000, grown_on // 5))
    return [
        f"cg.forest(firms={firms:_}) grows it on fewer firms, and predicts all",
        "fewer trees", "n_jobs=1", "cg.linear_surface()",
    ]  # fmt: skip
