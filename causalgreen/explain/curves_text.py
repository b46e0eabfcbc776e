"""Curves in words."""

from __future__ import annotations

from html import escape
from textwrap import fill
from typing import TYPE_CHECKING

import pandas as pd

from causalgreen.explain.result_text import p_words, shown
from causalgreen.explain.style import label, sample

if TYPE_CHECKING:
    from causalgreen.explain.curves import Curve

__all__ = ["curve_html", "curve_text", "untested"]

SHOWN = 10
TAIL = (
    "the curve compares firms that differ in the trait and in all that goes with it: it is not "
    "what changing the trait of a firm would do",
    "the tests use a basis that the data did not choose; band: it covers the whole curve with 95 %",
)


def untested(curve: Curve) -> str:
    """Why there is no joint test."""
    c = curve.context
    fewest = min(range(len(c.n_clusters)), key=lambda d: c.n_clusters[d])
    return f"cannot be tested with {c.n_clusters[fewest]:,} clusters of {c.cluster_names[fewest]}"


def verdict(curve: Curve) -> str:
    """The finding in one sentence."""
    joint, slope = curve.tests["p_value"].to_numpy()
    if not joint >= 0:
        trend = f"; a linear trend alone: {p_words(slope)}" if slope >= 0 else ""
        return f"Whether the effect varies with {curve.trait} {untested(curve)}{trend}."
    if joint < 0.05:
        way = ""
        if slope < 0.05:
            way = ", upwards" if curve.tests["estimate"].iloc[1] > 0 else ", downwards"
        return f"The effect varies with {curve.trait}{way} ({p_words(joint)})."
    trend = f"; a linear trend alone: {p_words(slope)}" if slope < 0.05 else ""
    return f"No evidence that the effect varies with {curve.trait} ({p_words(joint)}{trend})."


def _head(curve: Curve) -> list[str]:
    c = curve.context
    return [
        f"{label(curve.term)} effect as a function of {curve.trait}",
        f"estimand: average effect of firms with each value of {curve.trait}, in {c.unit}",
        f"population: {c.population}, with {curve.trait} between its 1st and 99th percentile",
        sample(c),
        verdict(curve),
    ]


def _tables(curve: Curve) -> list[pd.DataFrame]:
    table = curve.tidy()
    some = table.iloc[:: max(1, (len(table) - 1) // SHOWN)]
    names = ["value", "estimate", "std_error", "conf_low", "conf_high", "band_low", "band_high"]
    tests = curve.tests[["test", "kind", "statistic", "df", "df_denominator", "p_value"]]
    return [shown(some[names]), shown(tests)]


def curve_text(curve: Curve) -> str:
    """Estimand, verdict, some points of the curve, tests, notes."""
    head = [fill(line, 98, subsequent_indent="  ") for line in _head(curve)]
    tables = [t.to_string(index=False) + "\n" for t in _tables(curve)]
    notes = [fill(f"note: {n}", 98, subsequent_indent="  ") for n in (*curve.notes, *TAIL)]
    return "\n".join([*head, "", *tables, *notes])


def curve_html(curve: Curve) -> str:
    """The same for notebooks."""
    first, *rest = _head(curve)
    lines = "".join(f"<div>{escape(line)}</div>" for line in rest)
    tables = "".join(t.to_html(index=False, border=0) for t in _tables(curve))
    notes = "".join(f"<div><i>note: {escape(n)}</i></div>" for n in (*curve.notes, *TAIL))
    return f"<div><b>{escape(first)}</b>{lines}{tables}{notes}</div>"
