"""Groups by predicted effect in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from causalgreen.explain.sorting_text import Page, who

if TYPE_CHECKING:
    from causalgreen.explain.sorted_groups import SortedGroups

__all__ = ["sorted_page"]


def sorted_page(result: SortedGroups) -> Page:
    """Title, lines, tables, notes."""
    c = result.context
    lines = [
        f"estimand: {c.estimand}",
        f"population: {c.population}",
        f"unit: {c.unit}",
        f"{who(c)}; {result.repeats} random halves of the clusters",
    ]
    bounds = ["estimate", "conf_low", "conf_high", "p_value"]
    gates = result.gates[
        ["term", "group", "n_firms", "n_clusters", "prediction", "estimate", "joint_low",
         "joint_high", "p_value"]
    ]  # fmt: skip
    traits = result.clan[["term", "trait", "least", "most", *bounds, "p_holm"]]
    tables = [
        ("Do effects differ as predicted? average, and loading (0: not at all; 1: as predicted)",
         result.blp[["term", "coefficient", *bounds]]),
        ("Effects by group, intervals for all groups of a path at once", gates),
        ("How many firms are in groups above or below zero?", result.shares),
        ("Who is most and least affected?",
         traits.rename(columns={"estimate": "most - least"})),
    ]  # fmt: skip
    notes = [
        "medians over splits; intervals from bounds at 97.5 % and doubled p-values, so that they "
        "count the splitting (they are conservative)",
        "a loading that is not distinguishable from zero means: there is no evidence that the "
        "predicted differences between firms exist, whatever the picture of the surface shows",
        "surfaces were learnt from half of the clusters: with all of them differences may be "
        "found that these miss",
        "p_any_negative: whether any group's effect is below zero (p_any_positive: above); "
        "p_equal: whether all groups have the same effect",
        *result.notes,
    ]
    return "Which firms gain most and least, and is that real?", lines, tables, notes
