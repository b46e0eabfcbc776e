"""One channel of exposure: its values, who has no peers, how it overlaps with own treatment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalgreen.panel.absorb import absorb
from causalgreen.panel.exposure_peers import Links, Peers
from causalgreen.panel.exposure_rows import Rows, refuse
from causalgreen.panel.values import frozen

__all__ = ["Channel", "channel"]


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """One column of exposure.

    Attributes
    ----------
    name, label, kind : str
        Name of the column; what peers share; "group", "edges" or "distance".
    values, count : numpy.ndarray, shape (n,)
        Exposure, and the number of peers behind it.
    alone_rows, unplaced_rows, unlagged_rows : int
        Rows without peers; without a group or location; without a row that many periods ago.
    alone_firms : tuple of str
        Firms with a row without peers.
    alone : pandas.DataFrame
        firm, rows, alone_rows.
    corr, corr_within : float
        Correlation with own treatment: raw, and after firm and period effects.
    within_share : float
        Share of the exposure's variance left after firm and period effects.
    links : Links
    notes : tuple of str
    """

    name: str
    label: str
    kind: str
    values: np.ndarray
    count: np.ndarray
    alone_rows: int
    unplaced_rows: int
    unlagged_rows: int
    alone_firms: tuple[str, ...]
    alone: pd.DataFrame
    corr: float
    corr_within: float
    within_share: float
    links: Links
    notes: tuple[str, ...]


def channel(rows: Rows, peers: Peers, name: str, normalise: bool, lag: int, alone: str) -> Channel:
    """Turn sums over peers into one column, and say what there is to say about it."""
    if not (np.isfinite(peers.total).all() and np.isfinite(peers.weight).all()):
        what = f"sums of {rows.of} over peers are too large for a computer's numbers"
        raise refuse("overflow", what, "rescale it, or repair the values: see frame.describe()")
    empty = peers.count == 0
    by_itself = peers.known & (empty | (normalise & (peers.weight <= 0)))
    if normalise:
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.where(by_itself, 0.0, peers.total / peers.weight)
        if alone == "missing":
            values = np.where(by_itself, np.nan, values)
    else:
        values = peers.total
    values = np.where(peers.known, values, np.nan)
    count, no_past, known = peers.count, np.zeros(rows.n, dtype=bool), peers.known
    if lag:  # what is said of rows is said of their past, too
        past = rows.find(rows.codes, rows.times - lag * rows.step)
        no_past = past < 0
        values, count = np.where(no_past, np.nan, values[past]), np.where(no_past, 0, count[past])
        by_itself, known = by_itself[past] & ~no_past, known[past] | no_past
    table = _alone(rows, by_itself)
    corr, corr_within, share = _overlap(rows, values)
    notes = (*rows.notes, *peers.notes, *_mechanical(rows, peers, normalise))
    return Channel(
        name, peers.label, peers.kind, frozen(values), frozen(count), int(by_itself.sum()),
        int((~known).sum()), int(no_past.sum()), tuple(map(str, table["firm"])), table,
        corr, corr_within, share, peers.links, notes,
    )  # fmt: skip


def _alone(rows: Rows, by_itself: np.ndarray) -> pd.DataFrame:
    size = np.bincount(rows.codes, minlength=len(rows.units))
    without = np.bincount(rows.codes[by_itself], minlength=len(rows.units))
    hit = np.flatnonzero(without)
    return pd.DataFrame(
        {"firm": rows.units[hit], "rows": size[hit], "alone_rows": without[hit]},
    )


def _overlap(rows: Rows, values: np.ndarray) -> tuple[float, float, float]:
    """Correlation with own treatment, raw and within, and the share of variance within."""
    keep = rows.seen & ~np.isnan(values)
    both = np.column_stack([values[keep], rows.x[keep]])
    if len(both) < 3:
        return (np.nan,) * 3
    units = pd.factorize(rows.codes[keep])[0]
    periods = pd.factorize(rows.times[keep])[0]
    # six digits are enough to describe, and much faster on millions of rows
    inside = absorb(both, [units, periods], tolerance=1e-6)
    centred = both - both.mean(axis=0)
    scale = np.einsum("ij,ij->j", centred, centred)
    left = np.einsum("ij,ij->j", inside, inside)
    share = float(left[0] / scale[0]) if scale[0] > 0 else np.nan
    return _correlation(centred, scale), _correlation(inside, left, 1e-12 * scale), share


def _correlation(x: np.ndarray, scale: np.ndarray, floor: np.ndarray | float = 0.0) -> float:
    if not (scale > floor).all():
        return np.nan
    return float(np.clip(x[:, 0] @ x[:, 1] / np.sqrt(scale[0] * scale[1]), -1.0, 1.0))


def _mechanical(rows: Rows, peers: Peers, normalise: bool) -> tuple[str, ...]:
    if peers.kind != "group":
        return ()
    how = "-1/(group size - 1)" if normalise else "-1"
    return (
        f"with {peers.by}^{rows.time} effects, exposure is own {rows.of} times {how}: "
        "collinear by construction, so that no spillover can be estimated while they are absorbed",
    )
