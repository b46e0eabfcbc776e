"""Picture of the groups by predicted effect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from causalgreen.explain.sorted_splits import CONTRAST
from causalgreen.explain.style import BELOW, GREY, INK, SKY, UP, clean, label, legible, sample

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from causalgreen.explain.sorted_groups import SortedGroups

__all__ = ["plot_sorted_groups"]

COLUMNS = 3


@legible
def plot_sorted_groups(result: SortedGroups, terms: Sequence[str]) -> Figure:
    """One panel for each path: groups with joint intervals, and the average over all firms."""
    import matplotlib.pyplot as plt

    across = min(COLUMNS, len(terms))
    down = -(-len(terms) // across)
    wide = max(7.6, 3.6 * across)
    figure, axes = plt.subplots(
        down, across, figsize=(wide, 1.7 + 2.9 * down), squeeze=False, layout="constrained",
        sharex=True,
    )  # fmt: skip
    for ax, term in zip(axes.flat, terms, strict=False):
        _panel(ax, result, term)
    for ax in list(axes.flat)[len(terms) :]:
        ax.set_visible(False)
    c = result.context
    figure.suptitle(
        "Do the firms with larger predicted effects gain more?\n"
        f"{sample(c)}; predicted from one half, judged on the other, {result.repeats} times",
        x=0.01, ha="left", fontsize=10, color=INK,
    )  # fmt: skip
    figure.supxlabel(
        f"groups of firms by predicted effect: 1 least, {result.n} most. Bars: 95 % intervals for "
        "all groups\nat once; dashes: predicted; line and band: average of all firms", fontsize=8.5,
    )  # fmt: skip
    figure.supylabel(c.unit, fontsize=9)
    return figure


def _panel(ax: Axes, result: SortedGroups, term: str) -> None:
    table = result.gates[result.gates["term"] == term]
    groups, apart = table[table["group"] != CONTRAST], table[table["group"] == CONTRAST].iloc[0]
    average = result.blp[(result.blp["term"] == term) & (result.blp["coefficient"] == "average")]
    mean = average.iloc[0]
    place = np.arange(1, len(groups) + 1)
    ax.axhspan(mean["conf_low"], mean["conf_high"], color=SKY, alpha=0.25, lw=0)
    ax.axhline(mean["estimate"], color="#0072B2", lw=1.2)
    ax.axhline(0, color=INK, lw=0.8, ls=":")
    low, high = groups["joint_low"].to_numpy(), groups["joint_high"].to_numpy()
    for x, y, a, b in zip(place, groups["estimate"], low, high, strict=True):
        colour = UP if a > 0 else BELOW if b < 0 else GREY
        ax.plot([x, x], [a, b], color=colour, lw=2)
        ax.plot(x, y, "o", color=colour, ms=5, zorder=3)
    ax.plot(place, groups["prediction"], ls="", marker="_", color=INK, ms=9, zorder=4)
    step = max(1, -(-len(place) // 10))
    ax.set_xticks(place[::step], [str(x) for x in place[::step]])
    p = apart["p_value"]
    told = "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 1 else "p = 1"
    ax.set_title(
        f"{label(term)}\nmost less least {apart['estimate']:+.2g} ({told})", loc="left",
        fontsize=9, color=INK,
    )  # fmt: skip
    clean(ax)
