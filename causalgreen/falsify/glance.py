"""Verdicts at a glance."""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING

from causalgreen.explain.style import BELOW, GREY, INK, UP
from causalgreen.falsify.verdict import FAIL, NOT_APPLICABLE, PASS, WARN

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from causalgreen.falsify.finding import Falsification

__all__ = ["COLOURS", "MARKS", "plot_falsification"]

COLOURS = {PASS: UP, WARN: "#E69F00", FAIL: BELOW, NOT_APPLICABLE: GREY}
MARKS = {PASS: "o", WARN: "^", FAIL: "X", NOT_APPLICABLE: "_"}


def plot_falsification(falsification: Falsification) -> Figure:
    """One line for each finding: a mark for its verdict, and the reason.

    Parameters
    ----------
    falsification : Falsification

    Returns
    -------
    matplotlib.figure.Figure
    """
    import matplotlib.pyplot as plt

    n = len(falsification)
    figure, ax = plt.subplots(figsize=(8.5, 1.1 + 0.5 * n), layout="constrained")
    for i, finding in enumerate(falsification):
        y, colour = n - 1 - i, COLOURS[finding.verdict]
        ax.plot([0], [y], MARKS[finding.verdict], color=colour, ms=10, mew=2.5)
        ax.text(0.25, y, finding.name, va="center", fontsize=9, color=INK, weight="bold")
        ax.text(4.1, y, finding.verdict, va="center", fontsize=8.5, color=colour, weight="bold")
        ax.text(5.7, y, _wrapped(finding.reason), va="center", fontsize=7, color=INK)
    ax.set_xlim(-0.2, 13.4)
    ax.set_ylim(-0.7, n - 0.3)
    ax.axis("off")
    counts = [f"{sum(f.verdict == v for f in falsification)} {v}" for v in COLOURS]
    ax.set_title(
        "What was tried to break the numbers, and what survived?\n"
        f"{n} attempts: {', '.join(counts)}",
        loc="left", fontsize=10, color=INK,
    )  # fmt: skip
    return figure


def _wrapped(text: str) -> str:
    from textwrap import wrap

    lines = wrap(shorten(text, 240, placeholder=" …"), 84)
    return "\n".join(lines[:3])
