"""Projections in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from causalgreen.explain.result_text import head_lines, result_html, result_text

if TYPE_CHECKING:
    from causalgreen.explain.projection import Projection

__all__ = ["projection_html", "projection_text"]


def _parts(projection: Projection) -> tuple[Any, ...]:
    c = projection.effects.context
    says = [
        "constant: effect of a firm with average numbers and the reference levels. Coefficients: "
        "by how much the effect is larger for one standard deviation more of a number, or at a "
        "level rather than the reference.",
        "May be concluded: which traits go with the effect, the others held fixed linearly; the "
        "line need not be true for its coefficients to be.",
        "May not be concluded: that a trait without a slope does not matter (it may bend), or that "
        "changing a trait would change the effect.",
    ]
    tables = [
        ("Coefficients (intervals cover all traits of a path at once)", projection.tidy()),
        ("Tests", projection.tests),
    ]
    title = f"Best linear projection of the effect of {c.treatment} on {c.outcome}"
    return title, head_lines(c, c.estimand), tables, says, (*projection.notes, *c.notes)


def projection_text(projection: Projection) -> str:
    """For the terminal."""
    return result_text(*_parts(projection))


def projection_html(projection: Projection) -> str:
    """For notebooks."""
    return result_html(*_parts(projection))
