"""Second moments of the residuals, one small matrix per firm: all that later questions read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from causalgreen.panel.absorb import nested_in

if TYPE_CHECKING:
    from causalgreen.panel.panel import Panel
    from causalgreen.residuals.crossfit import Residuals

__all__ = ["Moments", "Sample", "moments_of"]

CHUNK = 20_000


@dataclass(frozen=True, slots=True)
class Sample:
    """Who is behind the moments.

    Attributes
    ----------
    units : numpy.ndarray of int, shape (g,)
        Firm of each cell, as a row of the panel's firms.
    clusters : tuple of numpy.ndarray of int, each of shape (g,)
        Cluster of each cell, one array for each clustering dimension.
    cluster_names : tuple of str
        Columns that define the clusters.
    rows, weight, outcome : numpy.ndarray, shape (g,)
        Rows of each cell, sum of their weights, weighted sum of the untransformed outcome.
    n_rows, n_firms : int
        Rows and firms used.
    nuisance_levels : int
        Degrees of freedom of the removed effects that are not nested in clusters.
    straddling : tuple of str
        Removed effects, other than the period's, whose groups lie in several clusters of the
        first dimension: leaving a cluster out does not estimate them again.
    """

    units: np.ndarray
    clusters: tuple[np.ndarray, ...]
    cluster_names: tuple[str, ...]
    rows: np.ndarray
    weight: np.ndarray
    outcome: np.ndarray
    n_rows: int
    n_firms: int
    nuisance_levels: int
    straddling: tuple[str, ...] = ()

    @property
    def n_clusters(self) -> tuple[int, ...]:
        """Clusters in each dimension."""
        return tuple(int(codes.max()) + 1 for codes in self.clusters)


@dataclass(frozen=True, slots=True)
class Moments:
    """Weighted second moments of residuals within cells of firm and cluster.

    A cell is a firm; where firms are not nested in clusters, a firm in a cluster.

    Attributes
    ----------
    names : tuple of str, length p
        Targets in the order D, E, M, Y.
    values : numpy.ndarray, shape (repeats, g, p + q, p + q)
        Cross products of the p targets and of the q period indicators, summed over the rows of
        each cell.
    sample : Sample
        Firms, clusters, sizes.
    """

    names: tuple[str, ...]
    values: np.ndarray
    sample: Sample

    @property
    def n_periods(self) -> int:
        """Number of period indicators q."""
        return int(self.values.shape[-1] - len(self.names))


def moments_of(panel: Panel, residuals: Residuals) -> Moments:
    """Collapse residuals to one matrix for every firm (and cluster).

    Parameters
    ----------
    panel : Panel
        The firm-year table.
    residuals : Residuals
        Cross-fitted residuals.

    Returns
    -------
    Moments
        A panel of 60,000 rows becomes some 4,000 small matrices.
    """
    design = residuals.design
    unit = panel.unit_codes[design.rows]
    clusters = [_recode(codes[design.rows]) for codes in panel.clusters]
    cell = unit.astype(np.int64)
    for codes in clusters:
        if not nested_in(_recode(cell), codes):
            cell = _recode(_recode(cell) * (int(codes.max()) + 1) + codes)
    cell = _recode(cell)
    order = np.argsort(cell, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(cell[order]) > 0])
    weights = np.ones(len(unit)) if panel.roles.weight is None else panel.weights[design.rows]
    values = np.stack(
        [
            _cross_products(np.column_stack([r, design.periods]), weights, order, starts)
            for r in residuals.values
        ]
    )
    outcome = panel.column(panel.roles.outcome)[design.rows]
    first = order[starts]
    sample = Sample(
        unit[first],
        tuple(codes[first] for codes in clusters),
        panel.roles.clusters,
        np.diff(np.append(starts, len(unit))),
        np.add.reduceat(weights[order], starts),
        np.add.reduceat((weights * outcome)[order], starts),
        len(unit),
        len(np.unique(unit)),
        _nuisance_levels(design.effects, clusters),
        tuple(
            name
            for name, codes in design.effects
            if name != panel.roles.time and not nested_in(codes, clusters[0])
        ),
    )
    for array in (values, sample.units, sample.weight, sample.outcome, *sample.clusters):
        array.setflags(write=False)
    return Moments(residuals.names, values, sample)


def _recode(codes: np.ndarray) -> np.ndarray:
    return np.unique(codes, return_inverse=True)[1]


def _cross_products(
    columns: np.ndarray, weights: np.ndarray, order: np.ndarray, starts: np.ndarray
) -> np.ndarray:
    """Sum of outer products over the rows of each cell, in chunks of whole cells."""
    p, n = columns.shape[1], len(order)
    out = np.empty((len(starts), p, p))
    ends = np.r_[starts[1:], n]
    low = 0
    while low < len(starts):
        high = max(low + 1, int(np.searchsorted(ends, starts[low] + CHUNK, side="right")))
        rows = order[starts[low] : ends[high - 1]]
        block = columns[rows]
        outer = np.einsum("na,nb->nab", block * weights[rows, None], block)
        out[low:high] = np.add.reduceat(outer, starts[low:high] - starts[low], axis=0)
        low = high
    return out


def _nuisance_levels(
    effects: tuple[tuple[str, np.ndarray], ...], clusters: list[np.ndarray]
) -> int:
    """Degrees of freedom of removed effects, as fixest counts them.

    Levels of all effects but one each after the first; of an effect that is nested in clusters
    only one.
    """
    if not effects:
        return 0
    total = 1
    for _, codes in effects:
        if not any(nested_in(codes, cluster) for cluster in clusters):
            total += int(codes.max())
    return total
