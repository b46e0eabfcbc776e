"""Contrasts in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from causalgreen.explain.result_text import head_lines, result_html, result_text

if TYPE_CHECKING:
    from causalgreen.explain.contrast import PartialContrast

__all__ = ["contrast_html", "contrast_text"]


def _parts(contrast: PartialContrast) -> tuple[Any, ...]:
    c, t = contrast.effects.context, contrast.trait
    says = [
        "raw: the sides as they are; balanced: firms alike in the other traits, those that could "
        "be on either side having the most weight; difference: raw minus balanced.",
        f"May be concluded: where the balanced contrast is far from zero, that {t} goes with the "
        "effect among firms alike in the other traits named; where raw differs and balanced does "
        "not, that the other traits are behind it.",
        f"May not be concluded: that changing {t} would change the effect; traits that were not "
        "named are not balanced, and firms without counterparts count for little.",
    ]
    tables = [
        ("", contrast.tidy()), ("Overlap", contrast.overlap),
        ("Other traits: difference between the sides, in standard deviations", contrast.balance),
    ]  # fmt: skip
    title = f"Effect of {c.treatment} on {c.outcome}: {contrast.high} minus {contrast.low}"
    return title, head_lines(c, c.estimand), tables, says, (*contrast.notes, *c.notes)


def contrast_text(contrast: PartialContrast) -> str:
    """For the terminal."""
    return result_text(*_parts(contrast))


def contrast_html(contrast: PartialContrast) -> str:
    """For notebooks."""
    return result_html(*_parts(contrast))
