"""Results about sorted firms in words: one page for the terminal, one for notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from textwrap import fill

import numpy as np
import pandas as pd

from causalgreen.effects.context import Context

__all__ = ["Page", "page_html", "page_text", "who"]

WIDTH = 98

Page = tuple[str, Sequence[str], Sequence[tuple[str, pd.DataFrame]], Sequence[str]]


def who(context: Context) -> str:
    """Firms, rows and clusters of a result."""
    clusters = " x ".join(f"{n:,}" for n in context.n_clusters)
    return (
        f"sample: {context.n_firms:,} firms, {context.n_rows:,} rows, {clusters} clusters "
        f"({' and '.join(context.cluster_names)})"
    )


def _cell(name: str, value: object) -> str:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.number)):
        return str(value)
    if isinstance(value, (int, np.integer)):
        return f"{value:,}"
    if name.startswith("p_"):
        return "<0.0001" if value < 1e-4 else f"{value:.4f}"
    if not np.isfinite(value):
        return "-" if np.isnan(value) else f"{value:g}"
    return f"{value:.0f}" if float(value).is_integer() and name.startswith("n_") else f"{value:.4g}"


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({
        name: [_cell(str(name), v) for v in table[name].tolist()] for name in table.columns
    })  # fmt: skip


def page_text(page: Page) -> str:
    """Title, lines, tables under their headings, notes."""
    title, lines, tables, notes = page
    out = [title, *(fill(line, WIDTH, subsequent_indent="  ") for line in lines)]
    for heading, table in tables:
        out += ["", *([heading] if heading else []), _shown(table).to_string(index=False)]
    out += [""] * bool(notes)
    return "\n".join([*out, *(fill(f"note: {n}", WIDTH, subsequent_indent="  ") for n in notes)])


def page_html(page: Page) -> str:
    """The same for notebooks."""
    title, lines, tables, notes = page
    out = [f"<b>{escape(title)}</b>"]
    out += [f"<div style='opacity:.75'>{escape(line)}</div>" for line in lines]
    for heading, table in tables:
        out.append(f"<div>{escape(heading)}</div>{_shown(table).to_html(index=False, border=0)}")
    out += [f"<div><i>note: {escape(note)}</i></div>" for note in notes]
    return f"<div>{''.join(out)}</div>"
