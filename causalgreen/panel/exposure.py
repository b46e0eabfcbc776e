"""Exposure of each firm to the treatment of its peers: same industry or city, linked, nearby."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from causalgreen.errors import DataWarning, yes_or_no
from causalgreen.panel.exposure_channel import Channel, channel
from causalgreen.panel.exposure_distance import haversine, ring_peers
from causalgreen.panel.exposure_peers import Peers, edge_peers, group_peers
from causalgreen.panel.exposure_result import Exposure
from causalgreen.panel.exposure_rows import Rows, read_rows, refuse
from causalgreen.panel.frames import as_pandas
from causalgreen.panel.values import listing

__all__ = ["Exposure", "exposure", "haversine"]


def exposure(
    panel: Any,
    by: str | Sequence[str] | pd.DataFrame,
    *,
    of: str | None = None,
    unit: str | None = None,
    time: str | None = None,
    weights: str | None = None,
    normalise: bool = True,
    lag: int = 0,
    side: str = "both",
    coordinates: Sequence[str] = ("longitude", "latitude"),
    rings: Sequence[float] = (50.0, 200.0),
    alone: str = "missing",
    names: Sequence[str] | None = None,
) -> Exposure:
    """Average (or add up) the treatment of each firm's peers, the firm itself left out.

    Parameters
    ----------
    panel : Panel, or pandas, polars or pyarrow table
        One row per firm and period; never changed.
    by : str, sequence of str, or table
        Who is whose peer, in the same period:

        - a column: the other firms of the same industry, city, ...; ``"industry^city"`` are
          the firms of the same industry in the same city;
        - several columns: one exposure each;
        - ``"distance"``: firms in rings of distance, one exposure each ring;
        - a table of edges with columns ``supplier``, ``customer``, and where there are
          ``year`` (or the panel's time) and ``share``.
    of : str, optional
        The treatment; the panel's (first) treatment, or ``"ai"``.
    unit, time : str, optional
        Firm and period of a table: ``"firm"`` and ``"year"`` when left out.
    weights : str, optional
        Weight of each firm as a peer: a column of the table; for edges, a column of theirs,
        ``share`` when left out. Not negative.
    normalise : bool
        True: weighted means (weights are divided by their sum over the peers whose treatment is
        known). False: weighted sums.
    lag : int
        Take the firm's exposure this many periods ago; missing where the firm has no row then.
    side : {"both", "supplier", "customer"}
        For edges: exposure to one's suppliers, to one's customers, or both.
    coordinates : pair of str
        For distance: columns with longitude and latitude in degrees. Firms of one city that
        share its coordinates are at distance 0.
    rings : sequence of float
        For distance: rising outer radii in kilometres; ``(50, 200)`` makes [0, 50] and (50, 200].
    alone : {"missing", "zero"}
        What a row without peers gets; sums over no peers are 0 either way.
    names : sequence of str, optional
        Names of the columns, in place of ``peer_<of>_<by>``.

    Returns
    -------
    Exposure
        ``values`` follow the rows of ``panel``; ``attach()`` returns the table with the columns.

    Raises
    ------
    DataError
        Missing columns, doubled rows or edges, negative weights, coordinates out of range, codes
        that do not match.

    Warns
    -----
    DataWarning
        Firms without peers; an exposure that firm and period effects leave almost collinear with
        the firm's own treatment.

    Notes
    -----
    Group means need memory in proportion to the rows; there is never a matrix of firm by firm.
    A leave-one-out mean is the group's total less the firm's own share: its rounding error is
    that of the largest term.

    References
    ----------
    Aronow and Samii (2017), Estimating average causal effects under general interference, Annals of
    Applied Statistics 11(4), doi 10.1214/16-AOAS1005, on exposure mappings.

    Examples
    --------
    >>> table = pd.DataFrame({"firm": ["a", "b", "c"], "year": 2020, "city": ["x", "x", "x"],
    ...                       "ai": [1.0, 2.0, 6.0]})
    >>> exposure(table, by="city").values
    array([4. , 3.5, 1.5])
    >>> chain = pd.DataFrame({"supplier": ["a", "b"], "customer": ["c", "c"], "share": [0.3, 0.1]})
    >>> exposure(table, by=chain, side="supplier", alone="zero").values
    array([0.  , 0.  , 1.25])
    """
    yes_or_no(normalise=normalise)
    _check(lag, side, alone)
    rows = read_rows(panel, of, unit, time)
    found = _peers(rows, by, weights, side, coordinates, rings)
    labels = _names(rows.of, found, normalise, lag, names)
    channels = tuple(
        channel(rows, peers, label, normalise, lag, alone)
        for peers, label in zip(found, labels, strict=True)
    )
    _warn(rows, channels)
    return Exposure(rows.of, rows.unit, rows.time, normalise, lag, channels, rows)


def _check(lag: int, side: str, alone: str) -> None:
    number = isinstance(lag, (int, float, np.number)) and not isinstance(lag, bool)
    if not number or lag != int(lag) or lag < 0:
        fix = "lag counts periods back: 0, 1, 2, ..."
        raise refuse("bad_lag", f"lag={lag!r} is not a whole number from 0 upwards", fix)
    for name, value, allowed in (
        ("side", side, ("both", "supplier", "customer")),
        ("alone", alone, ("missing", "zero")),
    ):
        if value not in allowed:
            raise refuse(f"bad_{name}", f"{name}={value!r} is unknown", f"one of {allowed}")


def _peers(
    rows: Rows,
    by: str | Sequence[str] | pd.DataFrame,
    weights: str | None,
    side: str,
    coordinates: Sequence[str],
    rings: Sequence[float],
) -> tuple[Peers, ...]:
    if not isinstance(by, str) and hasattr(by, "columns"):
        return edge_peers(rows, as_pandas(by), weights, side)
    if by == "distance" and "distance" not in rows.table.columns:
        return ring_peers(rows, coordinates, rings, weights)
    columns = (by,) if isinstance(by, str) else tuple(by) if isinstance(by, Sequence) else ()
    if not columns or not all(isinstance(name, str) for name in columns):
        fix = 'give a column, a list of columns, "distance", or a table of edges'
        raise refuse("bad_by", f"by={by!r} does not say who is whose peer", fix)
    return tuple(group_peers(rows, name, weights) for name in columns)


def _names(
    of: str, found: tuple[Peers, ...], normalise: bool, lag: int, names: Sequence[str] | None
) -> tuple[str, ...]:
    tail = ("" if normalise else "_sum") + (f"_lag{lag}" if lag else "")
    labels = tuple(f"peer_{of}_{peers.label}{tail}" for peers in found)
    if names is not None:
        given = (names,) if isinstance(names, str) else tuple(names)
        if len(given) != len(labels):
            what = f"{len(given)} names for {len(labels)} exposures ({', '.join(labels)})"
            raise refuse("bad_names", what, "give one name each")
        labels = given
    if len(set(labels)) < len(labels):
        what = f"exposures of the same name: {', '.join(labels)}"
        raise refuse("bad_names", what, "name each column once")
    return labels


def _warn(rows: Rows, channels: tuple[Channel, ...]) -> None:
    for one in channels:
        if one.alone_rows:
            firms = listing(one.alone_firms, 5)
            warnings.warn(
                f"{one.name}: {one.alone_rows:,} of {rows.n:,} rows have no peers whose "
                f"{rows.of} is known; firms: {firms}. See exposure.alone()",
                DataWarning,
                stacklevel=3,
            )
        if np.abs(one.corr_within) > 0.9:
            warnings.warn(
                f"{one.name} is almost collinear with own {rows.of} after {rows.unit} and "
                f"{rows.time} effects (correlation {one.corr_within:.2f}): own and peers' effects "
                "cannot be told apart. Use smaller or more groups, or edges",
                DataWarning,
                stacklevel=3,
            )
