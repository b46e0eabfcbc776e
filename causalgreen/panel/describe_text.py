"""A panel's description as text, as HTML and as a long table."""

from __future__ import annotations

import textwrap
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from causalgreen.panel.values import many

if TYPE_CHECKING:
    from causalgreen.panel.describe import PanelDescription

__all__ = ["html", "text", "tidy"]

_COUNTS = (
    ("n_rows", "rows"),
    ("n_units", "firms"),
    ("n_periods", "periods"),
    ("first_period", "first period"),
    ("last_period", "last period"),
    ("step", "step between periods"),
    ("balanced", "balanced"),
    ("firms_with_gaps", "firms with gaps"),
    ("missing_inside", "firm-periods missing in gaps"),
    ("entering", "firms entering after the first period"),
    ("leaving", "firms leaving before the last period"),
    ("one_period", "firms with one period only"),
    ("zero_share", "share of zeros in the outcome"),
    ("all_zero_firms", "firms whose outcome is always zero"),
)


def tidy(d: PanelDescription) -> pd.DataFrame:
    """Return a long table with columns section, item, statistic, value (float)."""
    rows = [("panel", "panel", field, float(getattr(d, field))) for field, _ in _COUNTS]
    rows += [("rows_per_firm", "rows", name, value) for name, value in d.rows_per_firm]
    for section, table, key, skip in (
        ("periods", d.periods, "period", ()),
        ("variation", d.variation, "column", ("part",)),
        ("clusters", d.clusters, "cluster", ()),
        ("missing", d.missing, "column", ("part",)),
    ):
        for record in table.to_dict("records"):
            rows += [
                (section, str(record[key]), str(name), float(value))
                for name, value in record.items()
                if name != key and name not in skip
            ]
    rows += [("dropped", gone.reason, "rows", float(gone.rows)) for gone in d.dropped]
    return pd.DataFrame(rows, columns=["section", "item", "statistic", "value"])


def _summary(d: PanelDescription) -> list[tuple[str, str]]:
    span = f"{d.first_period} to {d.last_period}" + (f", step {d.step}" if d.step != 1 else "")
    sizes = ", ".join(f"{name} {value:g}" for name, value in d.rows_per_firm)
    gaps = (
        f"{many(d.firms_with_gaps, 'firm')}, {many(d.missing_inside, 'firm-period')} missing inside"
    )
    zeros = f"{d.zero_share:.1%} of rows; {many(d.all_zero_firms, 'firm')} always"
    return [
        ("rows", f"{d.n_rows:,}"),
        ("firms", f"{d.n_units:,} ({d.one_period:,} with one period only)"),
        ("periods", f"{d.n_periods:,} ({span}), {'balanced' if d.balanced else 'not balanced'}"),
        ("rows per firm", sizes),
        ("gaps", gaps),
        ("entry and exit", f"{d.entering:,} enter later, {d.leaving:,} leave early"),
        ("outcome zero", zeros),
    ]


def _tables(d: PanelDescription) -> list[tuple[str, pd.DataFrame]]:
    """Tables as a person reads them: few digits, everything already text."""
    varied = d.variation
    numbers = ("mean", "sd", "sd_between", "sd_within")
    variation = varied[["part", "column"]].assign(
        **{name.replace("_", " "): varied[name].map("{:.4g}".format) for name in numbers},
        within=varied["within_share"].map("{:.1%}".format),
        **{"firms varying": varied["firms_varying"].map("{:,}".format)},
    )
    c = d.clusters
    clusters = pd.DataFrame({"cluster": c["cluster"], "n": c["n"].map("{:,}".format)})
    for what in ("rows", "firms"):
        triple = zip(c[f"{what}_min"], c[f"{what}_median"], c[f"{what}_max"], strict=True)
        clusters[f"{what} min / median / max"] = [f"{a:,} / {b:,g} / {z:,}" for a, b, z in triple]
    clusters["firms moving"] = c["firms_moving"].map("{:,}".format)
    missing = d.missing[d.missing["rows"] > 0]
    missing = missing.assign(
        rows=missing["rows"].map("{:,}".format), share=missing["share"].map("{:.1%}".format)
    )
    out = [
        ("Where the variation lies (within: share inside firms)", variation),
        ("Clusters", clusters),
        ("By period", d.periods.map("{:,}".format).assign(period=d.periods["period"].map(str))),
    ]
    return [*out, ("Missing controls and traits", missing)] if len(missing) else out


def _remarks(d: PanelDescription) -> list[tuple[str, list[str]]]:
    gone = [str(item) for item in d.dropped] or ["none"]
    return [("Rows dropped", gone), *([("Notes", list(d.notes))] if d.notes else [])]


def _aligned(table: pd.DataFrame) -> list[str]:
    """Columns of words to the left, columns of numbers to the right."""
    cells = [[str(name), *map(str, table[name])] for name in table.columns]
    words = {"part", "column", "cluster"}
    lines = []
    for i in range(len(table) + 1):
        line = []
        for name, column in zip(table.columns, cells, strict=True):
            width = max(map(len, column))
            line.append(column[i].ljust(width) if name in words else column[i].rjust(width))
        lines.append(("  " + "  ".join(line)).rstrip())
    return lines


def _shortened(table: pd.DataFrame, most: int = 16) -> pd.DataFrame:
    if len(table) <= most:
        return table
    dots = pd.DataFrame([["…"] * table.shape[1]], columns=table.columns)
    half = most // 2
    return pd.concat([table.head(half).astype(object), dots, table.tail(half).astype(object)])


def text(d: PanelDescription) -> str:
    """Compact aligned text."""
    lines = [f"Panel {d.title}"]
    summary = _summary(d)
    width = max(len(name) for name, _ in summary)
    lines += [f"  {name.ljust(width)}  {value}" for name, value in summary]
    for title, table in _tables(d):
        lines += [title, *_aligned(_shortened(table))]
    for title, items in _remarks(d):
        lines.append(title)
        for item in items:
            wrapped = textwrap.wrap(item, 96, initial_indent="  ", subsequent_indent="    ")
            lines += wrapped
    return "\n".join(lines)


def html(d: PanelDescription) -> str:
    """The same as HTML, for a notebook."""
    head = pd.DataFrame(_summary(d)).to_html(header=False, index=False, border=0)
    blocks = [f"<h4>Panel {escape(d.title)}</h4>", head]
    for title, table in _tables(d):
        body = _shortened(table).to_html(index=False, border=0)
        blocks.append(f"<h5>{escape(title)}</h5>{body}")
    for title, items in _remarks(d):
        points = "".join(f"<li>{escape(item)}</li>" for item in items)
        blocks.append(f"<h5>{escape(title)}</h5><ul>{points}</ul>")
    return f"<div>{''.join(blocks)}</div>"
