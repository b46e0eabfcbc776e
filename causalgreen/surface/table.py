"""Surfaces as tables and as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.errors import DesignError
from causalgreen.surface.bags import Local

if TYPE_CHECKING:
    from causalgreen.surface.surface import Surface

__all__ = ["critical", "long_table", "surface_html", "surface_text"]


def critical(surface: Surface, level: float) -> float:
    """Quantile of t, with the degrees of freedom of the clusters."""
    from scipy.stats import t

    if not isinstance(level, (int, float, np.number)) or not 0 < level < 1:
        raise DesignError(f"level={level!r}: a coverage lies between 0 and 1, such as 0.95")
    return float(t.ppf((1 + level) / 2, min(surface.context.n_clusters) - 1))


def long_table(
    surface: Surface, firms: pd.Index, local: Local, support: list[str], level: float
) -> pd.DataFrame:
    """One row for each firm and term."""
    k = len(surface.terms)
    margin = critical(surface, level) * local.std_error
    return pd.DataFrame(
        {
            "firm": np.repeat(np.asarray(firms), k),
            "term": np.tile(np.array(surface.terms, dtype=object), len(firms)),
            "estimate": local.effects.ravel(),
            "std_error": local.std_error.ravel(),
            "conf_low": (local.effects - margin).ravel(),
            "conf_high": (local.effects + margin).ravel(),
            "support": np.repeat(np.array(support, dtype=object), k),
        }
    )


def summary_table(surface: Surface, level: float = 0.95) -> pd.DataFrame:
    """For each term: mean and quantiles of the predictions, and how many differ from zero."""
    estimate, margin = surface.estimate, critical(surface, level) * surface.std_error
    low, middle, high = np.nanquantile(estimate, [0.1, 0.5, 0.9], axis=0)
    return pd.DataFrame(
        {
            "term": surface.terms,
            "mean": np.nanmean(estimate, axis=0),
            "p10": low,
            "median": middle,
            "p90": high,
            "share_above_zero": (estimate - margin > 0).mean(axis=0),
            "share_below_zero": (estimate + margin < 0).mean(axis=0),
        }
    )


def _head(surface: Surface) -> list[str]:
    c = surface.context
    clusters = " x ".join(f"{n:,}" for n in c.n_clusters)
    return [
        f"Effects by firm: {surface.method.name}",
        f"{c.unit}; {len(surface.firms):,} firms, {c.n_rows:,} rows, clusters "
        f"{' and '.join(c.cluster_names)} ({clusters})",
        f"traits: {', '.join(surface.problem.code.traits)}",
    ]


def surface_text(surface: Surface) -> str:
    """Summary of the predictions for the panel's firms."""
    table = summary_table(surface).to_string(index=False, float_format=lambda v: f"{v:.4g}")
    notes = [f"note: {note}" for note in surface.context.notes]
    tail = [
        "share_above_zero, share_below_zero: firms whose 95 % interval lies on that side of zero, "
        "one by one"
    ]
    return "\n".join([*_head(surface), "", table, "", *tail, *notes])


def surface_html(surface: Surface) -> str:
    """The same for notebooks."""
    from html import escape

    head = "<br>".join(escape(line) for line in _head(surface))
    notes = "".join(f"<p>note: {escape(note)}</p>" for note in surface.context.notes)
    table = summary_table(surface).to_html(index=False, float_format=lambda v: f"{v:.4g}")
    return f"<p>{head}</p>{table}{notes}"
