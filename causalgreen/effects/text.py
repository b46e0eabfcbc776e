"""Effects in words: for the terminal and for notebooks."""

from __future__ import annotations

from html import escape
from textwrap import fill
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from causalgreen.effects.effects import Effects

__all__ = ["effects_html", "effects_text"]


def _lines(effects: Effects) -> list[str]:
    context = effects.context
    clusters = ", ".join(
        f"{name} ({n:,})" for name, n in zip(context.cluster_names, context.n_clusters, strict=True)
    )
    return [
        f"Effects of {context.treatment} on {context.outcome}, in {context.unit}",
        f"estimand: {context.estimand}",
        f"population: {context.population}",
        f"rows {context.n_rows:,}; firms {context.n_firms:,}; clusters {clusters}; "
        f"covariance {effects.covariance}; t with {effects.df} degrees of freedom",
        f"method: {context.method}",
    ]


def effects_text(effects: Effects) -> str:
    """Estimand, population, sizes, table, notes."""
    table = effects.tidy()
    columns = ["estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]
    numbers = table[columns].map(lambda x: f"{x:.4f}")
    numbers["p_value"] = table["p_value"].map(lambda p: "<0.0001" if p < 1e-4 else f"{p:.4f}")
    numbers.index = table["term"]
    numbers.index.name = None
    head = [fill(line, 98, subsequent_indent="  ") for line in _lines(effects)]
    notes = [fill(f"note: {note}", 98, subsequent_indent="  ") for note in effects.context.notes]
    return "\n".join([*head, "", numbers.to_string(), *([""] if notes else []), *notes])


def effects_html(effects: Effects) -> str:
    """The same for notebooks."""
    table = effects.tidy().to_html(index=False, float_format=lambda x: f"{x:.4f}", border=0)
    first, *rest = _lines(effects)
    lines = "".join(f"<div style='opacity:.75'>{escape(line)}</div>" for line in rest)
    notes = "".join(f"<div><i>note: {escape(note)}</i></div>" for note in effects.context.notes)
    return f"<div><b>{escape(first)}</b>{lines}{table}{notes}</div>"
