"""Groups in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from causalgreen.explain.result_text import head_lines, result_html, result_text

if TYPE_CHECKING:
    from causalgreen.explain.groups import Groups

__all__ = ["groups_html", "groups_text"]


def _parts(groups: Groups) -> tuple[Any, ...]:
    c = groups.effects.context
    joint = "intervals cover all groups of a path at once"
    says = [
        "May be concluded: which groups gain, and whether groups differ, where the adjusted "
        "p-value is small; the p-values adjust for all paths and tests of this table "
        f"({len(groups.tests)}). Tests of other traits join them in family(...).",
        f"May not be concluded: that {groups.trait} is why they differ; groups differ in much "
        f"else. See contrast({groups.trait!r}), which balances the other traits.",
    ]
    tables = [(f"Groups ({joint})", groups.tidy()), ("Tests", groups.tests)]
    return (
        f"Effect of {c.treatment} on {c.outcome} by {groups.trait}",
        head_lines(c, c.estimand), tables, says, (*groups.notes, *c.notes),
    )  # fmt: skip


def groups_text(groups: Groups) -> str:
    """For the terminal."""
    return result_text(*_parts(groups))


def groups_html(groups: Groups) -> str:
    """For notebooks."""
    return result_html(*_parts(groups))
