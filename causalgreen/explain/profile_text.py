"""The profile in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from causalgreen.explain.sorting_text import Page, who
from causalgreen.explain.style import label

if TYPE_CHECKING:
    from causalgreen.explain.profile import Profile

__all__ = ["profile_page"]


def profile_page(result: Profile) -> Page:
    """Title, lines, tables, notes."""
    c = result.context
    names = ["trait", "least", "most", "average", "estimate", "std_error", "conf_low", "conf_high",
             "p_value", "p_holm"]  # fmt: skip
    shown = result.table[names].rename(columns={"estimate": "most - least"})
    lines = [
        f"estimand: {c.estimand}",
        f"population: {c.population}",
        who(c),
        "sorted by: predictions of the surface for each firm without its own cluster (out of bag)",
    ]
    notes = [
        "intervals take the sorting as given: another sample would sort the firms somewhat "
        "differently; sorted_groups().clan counts that",
        "p_holm: all traits of this table asked at once",
        "a difference says who the more affected firms are, not why: traits go together; "
        "contrast(trait) balances the others",
    ]
    title = f"Who are the firms with the largest and the smallest {label(result.term)} effect?"
    return title, lines, [("", shown)], [*notes, *result.notes]
