"""Targeting in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from causalgreen.explain.sorting_text import Page, who

if TYPE_CHECKING:
    from causalgreen.explain.targeting import Targeting

__all__ = ["targeting_page", "verdict"]

SHOWN = (0.1, 0.2, 0.3, 0.5, 0.7, 0.9)


def verdict(result: Targeting) -> str:
    """What the test of AUTOC says, in one sentence."""
    row = result.tidy().iloc[0]
    order = f"choosing firms with the largest {result.by}" if result.by else (
        "choosing firms in order of predicted effect")  # fmt: skip
    if not row["p_value"] < 0.05:
        return f"no evidence that {order} gains anything over choosing at random"
    more = "more" if row["estimate"] > 0 else "less"
    return f"{order} gains {more} than choosing as many at random"


def targeting_page(result: Targeting) -> Page:
    """Title, lines, tables, notes."""
    c, curve = result.context, result.curve()
    steps = len(result.steps)
    lines = [
        f"finding: {verdict(result)}",
        f"estimand: {c.estimand}",
        f"population: {c.population}",
        f"unit: {c.unit}",
        who(c) + (f"; {steps} steps, each judged by clusters that later steps learn from"
                  if steps > 1 else ""),
    ]  # fmt: skip
    some = curve[curve["share"].round(2).isin(SHOWN)]
    tables = [
        ("Value of the order", result.tidy()),
        ("Gain over treating firms at random, by share treated; band for all shares at once",
         some[["share", "estimate", "std_error", "band_low", "band_high"]]),
    ]  # fmt: skip
    notes = [
        "AUTOC: the gain averaged over all shares, first firms weigh most; Qini: the same, each "
        "share weighted by its size. Zero: the order is worth nothing",
        "the gain is in effect per treated firm; costs are not counted, see policy(cost=...)",
        *result.notes,
    ]
    if steps > 1:
        notes.insert(0, "statistic adds up the steps' normal scores, and is not estimate/std_error")
    return "Is it worth choosing which firms come first?", lines, tables, notes
