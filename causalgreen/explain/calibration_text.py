"""Calibration in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from causalgreen.explain.result_text import head_lines, result_html, result_text
from causalgreen.explain.steps import EXISTS

if TYPE_CHECKING:
    from causalgreen.explain.calibration import Calibration

__all__ = ["calibration_html", "calibration_text", "finding"]


def finding(calibration: Calibration, term: str) -> str:
    """What the tests say about a path, in a few words."""
    tests = calibration.tests
    mine = tests[tests["term"] == term]
    exists = mine["test"] == EXISTS
    holm = float(mine.loc[exists, "p_holm"].iloc[0])
    off = float(mine.loc[~exists, "p_holm"].iloc[0])
    if pd.isna(holm):
        return "nothing predicted to differ"
    if holm >= 0.05:
        return "no evidence that effects differ as predicted"
    if off >= 0.05:
        return "effects differ, in line with the prediction"
    slope = calibration.slope(term)
    assert slope is not None
    return f"effects differ, {'more' if slope.solve(0.0) > 1 else 'less'} than predicted"


def _parts(calibration: Calibration) -> tuple[Any, ...]:
    c = calibration.context
    lines = [
        *head_lines(c, "mean of held-out effects, and their slope on the prediction"),
        f"{calibration.steps['step'].nunique()} steps; each learns from the clusters before it",
    ]
    says = [
        *(f"{term}: {finding(calibration, term)}" for term in calibration.terms),
        "May be concluded: where the slope is above zero, that firms predicted to gain more do.",
        "May not be concluded from a slope that is not: that all firms gain alike; the surface may "
        "have missed what there is, and parts of the firms learnt from were few.",
    ]
    tables = [("", calibration.tidy()), ("Tests", calibration.tests)]
    title = f"Is the predicted heterogeneity of the effect of {c.treatment} on {c.outcome} there?"
    scores = "statistic adds up the steps' normal scores, and is not estimate/std_error"
    return title, lines, tables, says, (scores, *calibration.notes, *c.notes)


def calibration_text(calibration: Calibration) -> str:
    """For the terminal."""
    return result_text(*_parts(calibration))


def calibration_html(calibration: Calibration) -> str:
    """For notebooks."""
    return result_html(*_parts(calibration))
