"""Second moments of the residuals, one small matrix per firm: all that later questions read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from causalgreen.panel.absorb import nested_in

if TYPE_CHECKING:
    from causalgreen.panel.panel import Panel
    from causalgreen.panel.transforms import Design
    from causalgreen.residuals.crossfit import Residuals

__all__ = ["Grid", "Moments", "Sample", "moments_of"]

CHUNK = 20_000
PART = 16_384


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
    labels : numpy.ndarray, shape (n_clusters,)
        What the clusters of the first dimension are called in the table.
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
    labels: np.ndarray = field(default_factory=lambda: np.empty(0))

    @property
    def n_clusters(self) -> tuple[int, ...]:
        """Clusters in each dimension."""
        return tuple(int(codes.max()) + 1 for codes in self.clusters)


@dataclass(frozen=True, slots=True)
class Moments:
    """Weighted second moments of residuals within cells of firm and cluster.

    A cell is a firm; where firms are not nested in clusters, a firm in a cluster. Moments of the
    period indicators among themselves depend only on the periods in which a cell is seen, and on
    its weights: they are kept once for all cells that are alike in this.

    Attributes
    ----------
    names : tuple of str, length p
        Targets in the order D, E, M, Y.
    cells : numpy.ndarray, shape (repeats, g, p, p + q)
        Cross products of the p targets with themselves and with the q period indicators, summed
        over the rows of each cell.
    kinds : numpy.ndarray, shape (u, q, q)
        Cross products of the period indicators of each kind of cell.
    kind : numpy.ndarray of int, shape (g,)
        Kind of each cell.
    sample : Sample
        Firms, clusters, sizes.
    """

    names: tuple[str, ...]
    cells: np.ndarray
    kinds: np.ndarray
    kind: np.ndarray
    sample: Sample

    @classmethod
    def of_values(cls, names: tuple[str, ...], values: np.ndarray, sample: Sample) -> Moments:
        """From whole matrices, shape (repeats, g, p + q, p + q); every cell its own kind."""
        p = len(names)
        kind = np.arange(values.shape[1], dtype=np.int32)
        return cls(names, values[:, :, :p], values[0, :, p:, p:], kind, sample)

    @property
    def n_periods(self) -> int:
        """Number of period indicators q."""
        return int(self.kinds.shape[-1])

    @property
    def n_repeats(self) -> int:
        """Repetitions of the cross-fitting."""
        return len(self.cells)

    @property
    def values(self) -> np.ndarray:
        """Whole matrices, shape (repeats, g, p + q, p + q): made anew, large for many firms."""
        r, g, p, m = self.cells.shape
        out = np.empty((r, g, m, m))
        out[:, :, :p] = self.cells
        out[:, :, p:, :p] = self.cells[..., p:].transpose(0, 1, 3, 2)
        out[:, :, p:, p:] = self.kinds[self.kind]
        return out

    def averaged(self) -> Moments:
        """The same with the repetitions averaged into one."""
        if self.n_repeats == 1:
            return self
        return replace(self, cells=self.cells.mean(axis=0, keepdims=True))

    def parts(self) -> Iterator[slice]:
        """Runs of cells, short enough to make temporary arrays for."""
        for low in range(0, self.cells.shape[1], PART):
            yield slice(low, low + PART)


@dataclass(frozen=True, slots=True)
class Grid:
    """Which rows belong to which cell: what moments of any residuals on these rows share.

    Attributes
    ----------
    order : numpy.ndarray of int, shape (n,)
        Rows, cell by cell.
    starts : numpy.ndarray of int, shape (g,)
        Where each cell begins in that order.
    weights : numpy.ndarray, shape (n,)
    periods : numpy.ndarray, shape (n, q)
        Period indicators.
    """

    order: np.ndarray
    starts: np.ndarray
    weights: np.ndarray
    periods: np.ndarray

    @classmethod
    def of(cls, panel: Panel, design: Design, clusters: list[np.ndarray] | None = None) -> Grid:
        """Cells of the rows of a design; ``clusters`` where they are known already."""
        unit = panel.unit_codes[design.rows]
        if clusters is None:
            clusters = [_recode(codes[design.rows]) for codes in panel.clusters]
        cell = _cells_of(unit, clusters)
        order = np.argsort(cell, kind="stable")
        starts = np.flatnonzero(np.r_[True, np.diff(cell[order]) > 0])
        weights = np.ones(len(unit)) if panel.roles.weight is None else panel.weights[design.rows]
        return cls(order, starts, weights, design.periods)

    def cells(self, values: np.ndarray) -> np.ndarray:
        """Cross products within cells, of residuals of shape (repeats, n, p); see `Moments`."""
        p = values.shape[2]
        out = np.empty((len(values), len(self.starts), p, p + self.periods.shape[1]))
        for r, of_repeat in zip(values, out, strict=True):
            _cross_products(of_repeat, r, (r, self.periods), self.weights, self.order, self.starts)
        return out


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
    grid = Grid.of(panel, design, clusters)
    order, starts, weights = grid.order, grid.starts, grid.weights
    cells = grid.cells(residuals.values)
    kinds, kind = _period_kinds(design.periods, weights, order, starts)
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
        _labels(panel, design.rows, clusters[0]),
    )
    for array in (cells, kinds, kind, sample.units, sample.weight, sample.outcome,
                  *sample.clusters):  # fmt: skip
        array.setflags(write=False)
    return Moments(residuals.names, cells, kinds, kind, sample)


def _labels(panel: Panel, rows: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """What the table calls each cluster of the first dimension."""
    first = rows[np.unique(clusters, return_index=True)[1]]
    return np.asarray(panel.frame[panel.roles.clusters[0]].iloc[first], dtype=object)


def _cells_of(unit: np.ndarray, clusters: list[np.ndarray]) -> np.ndarray:
    """Code of each row's firm, or of the firm within clusters that it moves between."""
    cell = unit.astype(np.int64)
    for codes in clusters:
        if not nested_in(_recode(cell), codes):
            cell = _recode(_recode(cell) * (int(codes.max()) + 1) + codes)
    return _recode(cell)


def _recode(codes: np.ndarray) -> np.ndarray:
    return np.unique(codes, return_inverse=True)[1]


def _cross_products(
    out: np.ndarray, left: np.ndarray, right: tuple[np.ndarray, ...], weights: np.ndarray,
    order: np.ndarray, starts: np.ndarray,
) -> None:  # fmt: skip
    """Sum of outer products over the rows of each cell: cells of one size are one product."""
    sizes = np.diff(np.append(starts, len(order)))
    for size in np.unique(sizes):
        alike = np.flatnonzero(sizes == size)
        step = max(1, CHUNK // int(size))
        for low in range(0, len(alike), step):
            cells = alike[low : low + step]
            rows = order[starts[cells][:, None] + np.arange(size)]
            both = np.concatenate([columns[rows] for columns in right], axis=2)
            weighted = left[rows] * weights[rows][:, :, None]
            out[cells] = weighted.transpose(0, 2, 1) @ both


def _period_kinds(
    periods: np.ndarray, weights: np.ndarray, order: np.ndarray, starts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Cross products of the period indicators, once for all cells that have the same.

    Cells are told apart by quadratic forms of their cross products in fixed arbitrary directions:
    equal rows give equal forms to the last bit, others differ.
    """
    q = periods.shape[1]
    if not q:
        return np.empty((1, 0, 0)), np.zeros(len(starts), dtype=np.int32)
    directions = np.random.default_rng(20260101).standard_normal((4, q))
    forms = []
    for a, b in (directions[:2], directions[2:]):
        # Column by column: a matrix product may round equal rows differently.
        one, two = (sum(periods[:, j] * d[j] for j in range(q)) for d in (a, b))
        forms.append(np.add.reduceat((weights * one * two)[order], starts))
    _, first, kind = np.unique(forms[0] + 1j * forms[1], return_index=True, return_inverse=True)
    ends = np.r_[starts[1:], len(order)]
    rows = [order[starts[cell] : ends[cell]] for cell in first]
    sizes = np.array([len(part) for part in rows])
    kinds = np.empty((len(first), q, q))
    begin = np.cumsum(sizes) - sizes
    _cross_products(kinds, periods, (periods,), weights, np.concatenate(rows), begin)
    return kinds, kind.astype(np.int32)


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
