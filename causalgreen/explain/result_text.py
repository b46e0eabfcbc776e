"""Results in words: a head, tables, what may be concluded, notes."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from causalgreen.effects.context import Context

__all__ = ["head_lines", "p_words", "result_html", "result_text", "shown"]

Tables = Sequence[tuple[str, pd.DataFrame]]


def head_lines(context: Context, estimand: str) -> list[str]:
    """Estimand, population, sizes, method."""
    clusters = ", ".join(
        f"{name} ({n:,})" for name, n in zip(context.cluster_names, context.n_clusters, strict=True)
    )
    return [
        f"estimand: {estimand}, in {context.unit}",
        f"population: {context.population}",
        f"firms {context.n_firms:,}; rows {context.n_rows:,}; clusters {clusters}",
        f"method: {context.method}",
    ]


def p_words(p: float) -> str:
    """A p-value for a sentence."""
    return "p < 0.0001" if p < 1e-4 else f"p = {p:.4f}"


def shown(table: pd.DataFrame) -> pd.DataFrame:
    """Numbers as text: p-values below 0.0001 as such, gaps empty."""
    out = table.copy()
    for name in out.columns:
        column = out[name]
        if name.startswith("p_"):
            out[name] = [
                "" if pd.isna(p) else "<0.0001" if p < 1e-4 else f"{p:.4f}" for p in column
            ]
        elif pd.api.types.is_float_dtype(column):
            out[name] = ["" if pd.isna(v) else f"{v:.4g}" for v in column]
    return out


def result_text(
    title: str, lines: Sequence[str], tables: Tables, says: Sequence[str], notes: Sequence[str]
) -> str:
    """For the terminal."""
    parts = [title, *(fill(line, 98, subsequent_indent="  ") for line in lines)]
    for name, table in tables:
        parts += ["", *([name] if name else []), shown(table).to_string(index=False)]
    parts += ["", *(fill(line, 98) for line in says)]
    parts += [fill(f"note: {note}", 98, subsequent_indent="  ") for note in notes]
    return "\n".join(parts)


def result_html(
    title: str, lines: Sequence[str], tables: Tables, says: Sequence[str], notes: Sequence[str]
) -> str:
    """The same for notebooks."""
    from html import escape

    def block(texts: Sequence[str], style: str = "") -> str:
        return "".join(f"<div{style}>{escape(text)}</div>" for text in texts)

    inner = "".join(
        (f"<div><b>{escape(name)}</b></div>" if name else "")
        + shown(table).to_html(index=False, border=0)
        for name, table in tables
    )
    faint = " style='opacity:.75'"
    told = block([f"note: {note}" for note in notes], faint)
    return f"<div><b>{escape(title)}</b>{block(lines, faint)}{inner}{block(says)}{told}</div>"
