"""Interactions in words."""

from __future__ import annotations

from html import escape
from textwrap import fill
from typing import TYPE_CHECKING

import pandas as pd

from causalgreen.explain.result_text import p_words, shown
from causalgreen.explain.style import label, sample

if TYPE_CHECKING:
    from causalgreen.explain.interactions import Interaction

__all__ = ["interaction_html", "interaction_text", "verdict"]

TAIL = (
    "intervals are for each cell alone; the test is joint. An interaction says that firms differ, "
    "not that changing a trait of a firm would change its effect",
)


def verdict(found: Interaction) -> str:
    """The finding in one sentence."""
    p = float(found.tests["p_value"].iloc[0])
    a, b = found.a.trait, found.b.trait
    if not p >= 0:
        return f"Whether {a} and {b} interact cannot be told: too few cells have enough clusters."
    told = p_words(p)
    if p < 0.05:
        return f"How the effect varies with {a} depends on {b} ({told})."
    return f"No evidence of an interaction: the effects of {a} and {b} may simply add up ({told})."


def _head(found: Interaction) -> list[str]:
    c = found.context
    return [
        f"{label(found.term)} effect by {found.a.trait} and {found.b.trait}",
        f"estimand: average effect of the firms in each cell, in {c.unit}",
        f"population: {c.population}",
        f"{sample(c)}; average {found.average.estimate[0]:.4g}",
        verdict(found),
    ]


def _shown(found: Interaction) -> pd.DataFrame:
    table = found.tidy().drop(columns=["term", "statistic"])
    table["reliable"] = ["yes" if sure else "no" for sure in table["reliable"]]
    return shown(table)


def _test(found: Interaction) -> str:
    row = found.tests.iloc[0]
    if not row["p_value"] >= 0:
        return "joint test of additivity: cannot be had from these cells"
    return (
        f"joint test of additivity: F({row['df']:.0f}, {row['df_denominator']:.0f}) = "
        f"{row['statistic']:.3f}, {p_words(row['p_value'])}"
    )


def interaction_text(found: Interaction) -> str:
    """Estimand, verdict, cells, test, notes."""
    head = [fill(line, 98, subsequent_indent="  ") for line in _head(found)]
    notes = [fill(f"note: {n}", 98, subsequent_indent="  ") for n in (*found.notes, *TAIL)]
    return "\n".join([*head, "", _shown(found).to_string(index=False), "", _test(found), *notes])


def interaction_html(found: Interaction) -> str:
    """The same for notebooks."""
    first, *rest = _head(found)
    lines = "".join(f"<div>{escape(line)}</div>" for line in (*rest, _test(found)))
    notes = "".join(f"<div><i>note: {escape(n)}</i></div>" for n in (*found.notes, *TAIL))
    table = _shown(found).to_html(index=False, border=0)
    return f"<div><b>{escape(first)}</b>{lines}{table}{notes}</div>"
