"""Permutations of whole histories: across firms, and across clusters."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from causalgreen.panel.absorb import group_sums

__all__ = [
    "Exchange", "Places", "across_clusters", "across_firms", "exchange_of", "fresh", "streams",
]  # fmt: skip

SMALL = 5


@dataclass(frozen=True, slots=True)
class Exchange:
    """Firms whose histories may change places.

    Attributes
    ----------
    blocks : tuple of numpy.ndarray of int, each of shape (firms, periods)
        Rows of each firm in order of time; firms of a block have as many periods.
    n : int
        Rows altogether.
    moved : float
        Share of rows in blocks of two firms or more.
    aligned : float
        Share of rows whose firms are matched by the number of periods only, not by the periods.
    """

    blocks: tuple[np.ndarray, ...]
    n: int
    moved: float
    aligned: float


def streams(seed: int, simulations: int) -> list[np.random.Generator]:
    """One random stream for each simulation, so that chunks and schedules change nothing."""
    return [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(simulations)]


def fresh(rngs: list[np.random.Generator]) -> list[np.random.Generator]:
    """Copies that start where these are."""
    out = []
    for rng in rngs:
        bits = np.random.PCG64(0)  # ten times faster than a deep copy
        bits.state = rng.bit_generator.state  # type: ignore[assignment]
        out.append(np.random.Generator(bits))
    return out


def exchange_of(unit: np.ndarray, times: np.ndarray, strata: np.ndarray | None = None) -> Exchange:
    """Find firms that were observed in the same periods, within strata.

    Parameters
    ----------
    unit, times : numpy.ndarray, shape (n,)
        Firm and period; rows are sorted by firm and period.
    strata : numpy.ndarray of int, shape (n,), optional
        Histories move within strata only (a firm's first value counts).

    Returns
    -------
    Exchange
        Firms whose periods fewer than 5 share are matched by the number of periods instead.

    Examples
    --------
    >>> unit, times = np.repeat([0, 1, 2], 2), np.tile([2014, 2015], 3)
    >>> exchange_of(unit, times).blocks[0].shape
    (3, 2)
    """
    starts = np.flatnonzero(np.r_[True, np.diff(unit) != 0])
    ends = np.r_[starts[1:], len(unit)]
    level = np.zeros(len(unit), dtype=np.int64) if strata is None else strata
    exact: dict[tuple[int, bytes], list[np.ndarray]] = defaultdict(list)
    for low, high in zip(starts, ends, strict=True):
        exact[int(level[low]), times[low:high].tobytes()].append(np.arange(low, high))
    loose: dict[tuple[int, int], list[np.ndarray]] = defaultdict(list)
    blocks, aligned = [], 0
    for (stratum, _), firms in exact.items():
        if len(firms) >= SMALL or len(exact) == 1:
            blocks.append(np.stack(firms))
        else:
            loose[stratum, len(firms[0])] += firms
    for firms in loose.values():
        block = np.stack(firms)
        blocks.append(block)
        aligned += block.size if len(block) > 1 else 0
    moved = sum(b.size for b in blocks if len(b) > 1)
    return Exchange(tuple(blocks), len(unit), moved / len(unit), aligned / len(unit))


def across_firms(
    exchange: Exchange, rngs: list[np.random.Generator], values: np.ndarray | None = None
) -> np.ndarray:
    """Row from which each row takes its value, or the value itself.

    Parameters
    ----------
    exchange : Exchange
    rngs : list of numpy.random.Generator, length s
        One stream for each simulation.
    values : numpy.ndarray, shape (n,), optional
        What is permuted; default: the numbers of the rows.

    Returns
    -------
    numpy.ndarray, shape (n, s)
        A permutation in every column, that keeps histories whole.
    """
    values = np.arange(exchange.n) if values is None else values
    out = np.empty((exchange.n, len(rngs)), dtype=values.dtype)
    for block in exchange.blocks:
        order = np.stack([rng.permutation(len(block)) for rng in rngs])
        out[block.ravel()] = values[block][order].reshape(len(rngs), -1).T
    return out


@dataclass(frozen=True, slots=True)
class Places:
    """Clusters whose common histories may change places.

    Attributes
    ----------
    cell : numpy.ndarray of int, shape (n,)
        Cluster and period of each row: cluster times number of periods plus period.
    count : numpy.ndarray of int, shape (clusters, periods)
        Rows of each cell.
    blocks : tuple of numpy.ndarray of int
        Clusters that may change places with each other.
    """

    cell: np.ndarray
    count: np.ndarray
    blocks: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, level: np.ndarray, times: np.ndarray) -> Places:
        """From the cluster and the period of each row."""
        cluster = np.unique(level, return_inverse=True)[1]
        period = np.unique(times, return_inverse=True)[1]
        shape = int(cluster.max()) + 1, int(period.max()) + 1
        cell = cluster * shape[1] + period
        count = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)
        return cls(cell, count, tuple(_alike(count)))

    def means(self, values: np.ndarray) -> np.ndarray:
        """Means of the cells, shape (clusters * periods, s); zero where a cell has no rows."""
        sums = group_sums(values, self.cell, None, self.count.size)
        size = np.maximum(self.count.ravel(), 1).reshape(-1, *[1] * (values.ndim - 1))
        means: np.ndarray = sums / size
        return means


def across_clusters(
    values: np.ndarray, exchange: Exchange, places: Places, rngs: list[np.random.Generator]
) -> np.ndarray:
    """Histories of cluster means change clusters, and deviations from them change firms.

    What firms of a cluster have in common stays together, so that a treatment that was given to
    whole clusters stays one.

    Parameters
    ----------
    values : numpy.ndarray, shape (n,)
        Residuals.
    exchange : Exchange
        Firms whose deviations may change places.
    places : Places
        Clusters whose means change places.
    rngs : list of numpy.random.Generator, length s

    Returns
    -------
    numpy.ndarray, shape (n, s)
    """
    means = places.means(values)
    out = across_firms(exchange, rngs, values - means[places.cell])
    # Deviations of other firms have a mean here: what comes in its stead is added in one go.
    change = -places.means(out)
    means = means.reshape(places.count.shape)
    for s, rng in enumerate(rngs):
        source = np.arange(len(means))
        for block in places.blocks:
            source[block] = block[rng.permutation(len(block))]
        change[:, s] += means[source].ravel()
    out += change[places.cell]
    return out


def _alike(count: np.ndarray) -> list[np.ndarray]:
    """Clusters that may change places: observed in the same periods, of similar size.

    Means of few firms vary more than means of many, so clusters of very different size stay apart;
    not others, since what keeps its place by chance in a small block keeps its true effect.
    """
    seen, size = count > 0, count.sum(axis=1)
    blocks: list[np.ndarray] = []
    pattern = np.unique(seen, axis=0, return_inverse=True)[1].ravel()
    rest = []
    for level in range(int(pattern.max()) + 1):
        members = np.flatnonzero(pattern == level)
        if len(members) < SMALL:
            rest.append(members)
            continue
        members = members[np.argsort(size[members], kind="stable")]
        uneven = size[members].std() > size[members].mean()
        pieces = 3 if uneven and len(members) >= 12 * SMALL else 1
        blocks += np.array_split(members, pieces)
    return blocks + ([np.concatenate(rest)] if rest else [])
