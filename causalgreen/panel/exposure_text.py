"""An exposure as a table, as text and as HTML."""

from __future__ import annotations

import textwrap
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.panel.values import listing, many

if TYPE_CHECKING:
    from causalgreen.panel.exposure_channel import Channel
    from causalgreen.panel.exposure_result import Exposure

__all__ = ["html", "text", "tidy"]


def tidy(e: Exposure) -> pd.DataFrame:
    """One row for each column of exposure."""
    return pd.DataFrame([_row(e, one) for one in e.channels])


def _row(e: Exposure, one: Channel) -> dict[str, object]:
    there = ~np.isnan(one.values)
    values = one.values[there]
    some = len(values) > 0
    return {
        "column": one.name,
        "kind": one.kind,
        "rows": len(one.values),
        "rows_with_value": int(there.sum()),
        "rows_without_peers": one.alone_rows,
        "rows_without_place": one.unplaced_rows,
        "rows_without_past": one.unlagged_rows,
        "firms_without_peers": len(one.alone_firms),
        "peers_min": int(one.count.min()),
        "peers_median": float(np.median(one.count)),
        "peers_max": int(one.count.max()),
        "mean": float(values.mean()) if some else np.nan,
        "sd": float(values.std()) if some else np.nan,
        "within_share": one.within_share,
        "corr_own": one.corr,
        "corr_own_within": one.corr_within,
    }


def _number(value: object, digits: int = 2) -> str:
    number = float(value)  # type: ignore[arg-type]
    return "unknown" if np.isnan(number) else f"{number:.{digits}f}"


def _lines(e: Exposure) -> list[str]:
    out = []
    for row in tidy(e).to_dict("records"):
        out.append(
            f"{row['column']}: mean {_number(row['mean'], 3)}, sd {_number(row['sd'], 3)}; "
            f"peers {row['peers_min']:,} to {row['peers_max']:,}, median {row['peers_median']:,.0f}"
        )
        out.append(
            f"  overlap with own {e.of}: correlation {_number(row['corr_own'])}, after "
            f"{e.unit} and {e.time} effects {_number(row['corr_own_within'])}; "
            f"{_number(100 * row['within_share'], 1)} % of its variance is left by these effects"
        )
    for one in e.channels:
        if one.alone_rows:
            firms = listing(one.alone_firms, 5)
            out.append(f"  {one.name}: {many(one.alone_rows, 'row')} without peers ({firms})")
        if one.unplaced_rows:
            rows = many(one.unplaced_rows, "row")
            out.append(f"  {one.name}: {rows} without a group or location: missing")
        if one.unlagged_rows:
            rows = many(one.unlagged_rows, "row")
            out.append(f"  {one.name}: {rows} without a row {many(e.lag, 'period')} ago: missing")
    return out


def _title(e: Exposure) -> str:
    how = "mean" if e.normalise else "sum"
    lag = f", {many(e.lag, 'period')} ago" if e.lag else ""
    firms = e.channels[0].alone["firm"].size  # names are told line by line
    tail = f"; {many(firms, 'firm')} without peers" if firms and len(e.channels) == 1 else ""
    return f"Exposure to peers' {e.of} ({how}{lag}), {many(len(e), 'row')}{tail}"


def text(e: Exposure) -> str:
    """What ``print`` shows."""
    notes = [textwrap.fill(f"note: {n}", 96, subsequent_indent="      ") for n in e.notes]
    return "\n".join([_title(e), *_lines(e), *notes])


def html(e: Exposure) -> str:
    """What a notebook shows."""
    table = tidy(e).to_html(index=False, float_format=lambda v: f"{v:.3f}", border=0)
    notes = "".join(f"<li>{escape(note)}</li>" for note in e.notes)
    return f"<div><b>{escape(_title(e))}</b>{table}<ul>{notes}</ul></div>"
