"""Surfaces learnt from some clusters, and judged on others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalgreen.errors import DesignError, EstimationError
from causalgreen.explain.scores import Scores, recode, scores_at
from causalgreen.surface.forest import Forest
from causalgreen.surface.surface import Surface

__all__ = ["HeldOut", "random_halves", "sequence"]

FIRST, BLOCKS = 0.4, 4


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Firms whose clusters a surface has not seen.

    Attributes
    ----------
    train, test : numpy.ndarray of int
        Positions of the firms learnt from and judged on, ascending.
    train_scores : Scores
        Debiased effects of the firms learnt from, as the whole surface has them for those firms
        when it is refitted on them alone: each without its own cluster.
    test_scores : Scores
        Predictions and debiased effects of the firms judged on; both use the surface learnt from
        the others.
    """

    train: np.ndarray
    test: np.ndarray
    train_scores: Scores
    test_scores: Scores


def _judge(surface: Surface, train: np.ndarray, test: np.ndarray, seed: int, part: str) -> HeldOut:
    work, method = surface.settings, surface.method
    method = method.lighter() if isinstance(method, Forest) else method
    try:
        fitted = method.fit(
            surface.problem.subset(train), inference=False, seed=seed, n_jobs=work.n_jobs,
            progress=False,
        )  # fmt: skip
    except (EstimationError, DesignError) as error:
        home = surface.problem.home
        raise EstimationError(
            f"this learns from {part} of the clusters, here {len(np.unique(home[train]))} of "
            f"{len(np.unique(home))}, and judges on others; the surface cannot be learnt from so "
            f"few: {error}. Or use groups() and projection(), which split nothing and still work"
        ) from error
    inside = scores_at(surface.problem, fitted.held_out(), surface.context, train)
    known = np.isfinite(inside.prediction).all(axis=1)
    outside = scores_at(surface.problem, fitted.at(surface.problem.X[test]), surface.context, test)
    return HeldOut(train, test, inside if known.all() else inside.keep(known), outside)


def _dealt(surface: Surface, seed: int, shares: np.ndarray) -> np.ndarray:
    """Part of each firm: clusters in random order, cut where the shares of firms are reached."""
    home = recode(surface.problem.home)
    n_clusters = int(home.max()) + 1
    if n_clusters < 4 * len(shares):
        raise EstimationError(
            f"{n_clusters} clusters are too few to learn from some and judge on others: this needs "
            f"{4 * len(shares)} or more. Use groups() or projection(), which split nothing"
        )
    order = np.random.default_rng(np.random.SeedSequence([seed, n_clusters])).permutation(
        n_clusters
    )
    firms = np.bincount(home)[order]
    middle = (np.cumsum(firms) - firms / 2) / len(home)
    part = np.searchsorted(np.cumsum(shares)[:-1], middle)
    place = np.empty(n_clusters, dtype=np.int64)
    place[order] = part
    return place[home]


def sequence(surface: Surface, seed: int = 0) -> tuple[HeldOut, ...]:
    """Learn from the first clusters and judge on the next, then learn from both, and so on.

    Every firm is judged at most once, by a surface that has seen only clusters dealt before it.
    Statistics of the steps are then uncorrelated when there is nothing to find, and their sum is
    a valid test: those of ordinary cross-validation are not, because each fold's surface has seen
    the firms that judge the others.

    Parameters
    ----------
    surface : Surface
        Its method is fitted again at every step; a forest with fewer trees (see
        `Forest.lighter`).
    seed : int
        Seed of the order of clusters.

    Returns
    -------
    tuple of HeldOut
        The first learns from 40 % of the firms; four steps judge 15 % each.

    References
    ----------
    Wager (2024), Sequential validation of treatment heterogeneity, arXiv 2405.05534.
    """
    shares = np.array([FIRST, *np.full(BLOCKS, (1 - FIRST) / BLOCKS)])
    part = _dealt(surface, seed, shares)
    parts = ["the first 40 %", *(f"{100 * shares[:k].sum():.0f} %" for k in range(2, BLOCKS + 1))]
    return tuple(
        _judge(surface, np.flatnonzero(part < k), np.flatnonzero(part == k), seed + k, parts[k - 1])
        for k in range(1, BLOCKS + 1)
    )


def random_halves(surface: Surface, seed: int) -> HeldOut:
    """Learn from a random half of the clusters, judge on the other."""
    part = _dealt(surface, seed, np.array([0.5, 0.5]))
    return _judge(surface, np.flatnonzero(part == 0), np.flatnonzero(part == 1), seed, "half")
