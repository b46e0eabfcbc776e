"""Verdicts at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from causalgreen.explain.style import BELOW, GREY, INK, UP, legible
from causalgreen.falsify.layout import fit, folded
from causalgreen.falsify.verdict import FAIL, NOT_APPLICABLE, PASS, WARN

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from causalgreen.falsify.finding import Falsification

__all__ = ["COLOURS", "MARKS", "plot_falsification"]

COLOURS = {PASS: UP, WARN: "#E69F00", FAIL: BELOW, NOT_APPLICABLE: GREY}
MARKS = {PASS: "o", WARN: "^", FAIL: "X", NOT_APPLICABLE: "_"}

# In inches from the left: where names, verdicts and reasons begin, and where the page ends.
NAME, VERDICT, REASON, WIDTH = 0.35, 3.0, 4.3, 10.0


@legible
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
    figure, ax = plt.subplots(figsize=(WIDTH, 1.1 + 0.5 * n), layout="constrained")
    named, argued = fit(VERDICT - NAME - 0.1, 9, bold=True), fit(WIDTH - REASON - 0.2, 7)
    for i, finding in enumerate(falsification):
        y, colour = n - 1 - i, COLOURS[finding.verdict]
        name, reason = folded(finding.name, named, 2), folded(finding.reason, argued, 3)
        ax.plot([0.1], [y], MARKS[finding.verdict], color=colour, ms=10, mew=2.5)
        ax.text(NAME, y, name, va="center", fontsize=9, color=INK, weight="bold")
        ax.text(VERDICT, y, finding.verdict, va="center", fontsize=8.5, color=colour, weight="bold")
        ax.text(REASON, y, reason, va="center", fontsize=7, color=INK)
    ax.set_xlim(-0.1, WIDTH)
    ax.set_ylim(-0.7, n - 0.3)
    ax.axis("off")
    counts = [f"{sum(f.verdict == v for f in falsification)} {v}" for v in COLOURS]
    ax.set_title(
        "What was tried to break the numbers, and what survived?\n"
        f"{n} attempts: {', '.join(counts)}",
        loc="left", fontsize=10, color=INK,
    )  # fmt: skip
    return figure
