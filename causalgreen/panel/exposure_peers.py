"""Sums over the other firms: of the same group, or along the edges of a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd

from causalgreen.errors import DataError, Fault
from causalgreen.panel.exposure_rows import Rows, missing_columns, numbers, refuse
from causalgreen.panel.values import level_codes, listing, many

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = ["Links", "Peers", "edge_peers", "group_peers"]

MOST_ENTRIES = 50_000_000


class Links(Protocol):
    """Who counts as whose peer, as a sparse matrix on demand."""

    def matrix(self) -> csr_matrix:
        """Weights, rows of the table by rows of the table."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Peers:
    """Weighted sums over peers, one number per row of the table.

    Attributes
    ----------
    label : str
        What peers share, for the name of the column.
    kind : str
        "group", "edges" or "distance".
    total, weight : numpy.ndarray
        Sum of weight times treatment, and of weights, over peers whose treatment is known.
    count : numpy.ndarray of int64
        Number of these peers.
    known : numpy.ndarray of bool
        Whether the row itself has a place: a group, a location.
    links : Links
        The weights as a matrix.
    notes : tuple of str
    by : str
        What was asked for, for groups.
    """

    label: str
    kind: str
    total: np.ndarray
    weight: np.ndarray
    count: np.ndarray
    known: np.ndarray
    links: Links
    notes: tuple[str, ...] = ()
    by: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class GroupLinks:
    """Peers by group and period."""

    cells: np.ndarray
    weights: np.ndarray

    def matrix(self) -> csr_matrix:
        """Weights of the other rows of each row's group and period."""
        from scipy.sparse import csr_matrix, diags

        known = self.cells >= 0
        sizes = np.bincount(self.cells[known]).astype(np.int64)
        if int((sizes * sizes).sum()) > MOST_ENTRIES:
            what = f"the matrix of peers would have {int((sizes * sizes).sum()):,} entries"
            raise refuse("too_large", what, "the exposures themselves need no matrix: use .values")
        shape = (len(self.cells), len(sizes))
        rows = np.flatnonzero(known)
        member = csr_matrix((np.ones(len(rows)), (rows, self.cells[known])), shape=shape)
        full = (member @ member.T @ diags(self.weights)).tocsr()
        full.setdiag(0.0)
        full.eliminate_zeros()
        return full


@dataclass(frozen=True, slots=True, eq=False)
class MatrixLinks:
    """Peers by a matrix that is kept."""

    weights: csr_matrix

    def matrix(self) -> csr_matrix:
        """Return a copy, so that ours stays as it is."""
        return self.weights.copy()


def peer_weights(rows: Rows, weights: str | None) -> np.ndarray:
    """Weight that each row has as a peer: zero where its treatment is missing."""
    if weights is None:
        return rows.seen.astype(np.float64)
    missing_columns(rows.table, [weights])
    w = numbers(rows.table, weights)
    bad = rows.seen & ~(w >= 0)
    if bad.any():
        seen = listing([f"row {r}: {w[r]:g}" for r in np.flatnonzero(bad)[:3]], 3, int(bad.sum()))
        what = f"weight '{weights}' is missing or negative in {many(int(bad.sum()), 'row')}: {seen}"
        raise refuse("bad_weights", what, "fill or drop these rows, or weight by another column")
    return np.where(rows.seen, w, 0.0)


def group_peers(rows: Rows, by: str, weights: str | None) -> Peers:
    """Sums over the other firms of the same group in the same period; O(rows) memory.

    ``"industry^city"`` makes a group of each industry in each city.
    """
    names = [name.strip() for name in by.split("^")]
    missing_columns(rows.table, names)
    cells, known = rows.period_codes(), np.ones(rows.n, dtype=bool)
    for name in names:
        codes, levels = level_codes(rows.table[name])
        known &= codes >= 0
        cells = pd.factorize(cells * (len(levels) + 1) + codes)[0]
    if not known.any():
        what = f"no row has a group: {listing(map(repr, names))} is missing in every row"
        raise refuse("empty_column", what, "check the join that brought it")
    cells = np.where(known, cells, -1)
    w = np.where(known, peer_weights(rows, weights), 0.0)
    place, n_cells = np.where(known, cells, 0), int(cells.max()) + 1 if known.any() else 1

    def others(values: np.ndarray) -> np.ndarray:
        sums = np.bincount(place, np.where(known, values, 0.0), minlength=n_cells)
        return np.where(known, sums[place] - values, 0.0)

    count = others((w > 0).astype(np.float64)).astype(np.int64)
    alone = count == 0  # not by the sum of weights, whose rounding may leave a dust of peers
    total = np.where(alone, 0.0, others(w * rows.x))
    weight = np.where(alone, 0.0, others(w))
    label = "_".join(names)
    return Peers(
        label, "group", total, weight, count, known, GroupLinks(cells, w), by="^".join(names)
    )


def edge_peers(
    rows: Rows, edges: pd.DataFrame, weights: str | None, side: str
) -> tuple[Peers, ...]:
    """Sums over suppliers, customers, or both, along the edges of each period."""
    from scipy.sparse import csr_matrix

    supplier, customer, row_share, notes = _read_edges(rows, edges, weights)
    sides = ("supplier", "customer") if side == "both" else (side,)
    out = []
    for one in sides:
        to, from_ = (customer, supplier) if one == "supplier" else (supplier, customer)
        W = csr_matrix((row_share, (to, from_)), shape=(rows.n, rows.n))
        live = W @ _diagonal(rows.seen.astype(np.float64))
        live.eliminate_zeros()
        out.append(
            Peers(
                f"{one}s", "edges", live @ rows.x, np.asarray(live.sum(axis=1)).ravel(),
                np.diff(live.indptr).astype(np.int64), np.ones(rows.n, dtype=bool),
                MatrixLinks(live), notes,
            )
        )  # fmt: skip
    return tuple(out)


def _diagonal(values: np.ndarray) -> csr_matrix:
    from scipy.sparse import diags

    return diags(values).tocsr()


def _read_edges(
    rows: Rows, edges: pd.DataFrame, weights: str | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[str, ...]]:
    """Rows of supplier and customer of each edge and period, its share, and notes."""
    missing_columns(edges, ["supplier", "customer"], "the table of edges")
    share_name = weights or ("share" if "share" in edges.columns else None)
    edges = edges.reset_index(drop=True)
    if share_name is not None:
        missing_columns(edges, [share_name], "the table of edges")
        share = numbers(edges, share_name, "the edges' column")
    else:
        share = np.ones(len(edges))
    time_name = next((name for name in (rows.time, "year") if name in edges.columns), None)
    _check_edges(edges, share, share_name, time_name)
    ends = [rows.units.get_indexer(pd.Index(edges[c])) for c in ("supplier", "customer")]
    _check_ids(rows, edges, ends)
    notes = _edge_notes(edges, ends)
    keep = (ends[0] >= 0) & (ends[1] >= 0) & (ends[0] != ends[1]) & (share > 0)
    a, b, share = ends[0][keep], ends[1][keep], share[keep]
    if time_name is None:
        periods = np.unique(rows.times)
        a, b, share = (np.tile(v, len(periods)) for v in (a, b, share))
        times = np.repeat(periods, int(keep.sum()))
    else:
        times = _edge_times(edges, time_name)[keep]
    at, bt = rows.find(a, times), rows.find(b, times)
    there = (at >= 0) & (bt >= 0)
    if (~there).any() and time_name is not None:
        gone = many(int((~there).sum()), "edge")
        notes = (*notes, f"{gone} of periods in which one of the two firms has no row: left out")
    return at[there], bt[there], share[there], notes


def _edge_times(edges: pd.DataFrame, name: str) -> np.ndarray:
    """Periods of the edges as whole numbers; text is read if it is all digits."""
    column = edges[name]
    if column.dtype.kind not in "iuf" and column.astype(str).str.fullmatch(r"\d+").all():
        column = column.astype(str).astype(np.int64)
    times = numbers(edges.assign(**{name: column}), name, "the edges' column")
    bad = times != np.floor(times)
    if bad.any():
        rows = listing([f"row {r}: {times[r]:g}" for r in np.flatnonzero(bad)[:3]])
        what = f"the edges' '{name}' is not a whole number: {rows}"
        raise refuse("fractional_time", what, "write periods as the panel does, such as 2015")
    return times.astype(np.int64)


def _check_edges(
    edges: pd.DataFrame, share: np.ndarray, share_name: str | None, time_name: str | None
) -> None:
    faults = []
    bad = ~(share >= 0)
    if bad.any():
        seen = listing([f"row {r}" for r in np.flatnonzero(bad)[:3]], 3, int(bad.sum()))
        what = f"the edges' '{share_name}' is missing or negative: {seen}"
        faults.append(Fault("bad_weights", what, "fill or drop these edges"))
    keys = ["supplier", "customer", *([time_name] if time_name else [])]
    empty = edges[keys].isna().any(axis=1).to_numpy()
    if empty.any():
        seen = listing([f"row {r}" for r in np.flatnonzero(empty)[:3]], 3, int(empty.sum()))
        faults.append(Fault("missing_keys", f"edges without {keys}: {seen}", "drop these edges"))
    twice = edges.duplicated(keys).to_numpy() & ~empty
    if twice.any():
        first = [" ".join(map(str, edges.loc[r, keys])) for r in np.flatnonzero(twice)[:3]]
        what = f"{many(int(twice.sum()), 'edge')} occur more than once: {listing(first)}"
        fix = f"add them up: edges.groupby({keys}, as_index=False).sum(), or give their period"
        faults.append(Fault("duplicate_edges", what, fix))
    if faults:
        raise DataError(faults)


def _check_ids(rows: Rows, edges: pd.DataFrame, ends: list[np.ndarray]) -> None:
    if len(edges) and not any((found >= 0).any() for found in ends):
        theirs = listing([repr(v) for v in edges["supplier"].head(3)])
        ours = listing([repr(v) for v in rows.units[:3]])
        what = f"no firm of the edges is in the table: edges have {theirs}, the table has {ours}"
        fix = "write both the same way: six-character text, frame['firm'].astype(str).str.zfill(6)"
        raise refuse("unmatched_firms", what, fix)


def _edge_notes(edges: pd.DataFrame, ends: list[np.ndarray]) -> tuple[str, ...]:
    notes = []
    unknown = (ends[0] < 0) | (ends[1] < 0)
    if unknown.any():
        names = pd.unique(
            pd.concat(
                [edges[c][e < 0] for c, e in zip(("supplier", "customer"), ends, strict=True)]
            )
        )
        text = f"{many(int(unknown.sum()), 'edge')} with firms that are not in the table: left out"
        notes.append(f"{text} ({listing(names, 3)})")
    own = (ends[0] == ends[1]) & (ends[0] >= 0)
    if own.any():
        notes.append(f"{many(int(own.sum()), 'edge')} from a firm to itself: left out")
    return tuple(notes)
