"""Pictures of groups: dots with joint intervals, one panel for each path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from causalgreen.explain.style import GREY, INK, SKY, clean, label, legible, sample

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from causalgreen.explain.groups import Groups

__all__ = ["plot_groups", "shorten"]

COLUMNS = 3


def shorten(text: str, most: int = 34) -> str:
    """A label that leaves room for the picture."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


@legible
def plot_groups(groups: Groups, level: float) -> Figure:
    """Groups from top to bottom, paths side by side."""
    import matplotlib.pyplot as plt

    m, k = len(groups.labels), len(groups.terms)
    across = min(COLUMNS, k)
    rows = -(-k // across)
    high = max(1.6, 0.7 + (0.36 if m <= 8 else 0.22) * m)
    figure, axes = plt.subplots(
        rows, across, figsize=(max(6.4, 2.2 + 2.9 * across), 0.9 + (high + 0.35) * rows),
        squeeze=False, layout="constrained", sharey=True,
    )  # fmt: skip
    table = groups.tidy(level)
    for ax, term in zip(axes.flat, groups.terms, strict=False):
        _panel(ax, groups, term, table[table["term"] == term])
    names = [
        f"{shorten(name)}  ({n:,})" for name, n in zip(groups.labels, groups.n_firms, strict=True)
    ]
    size = 9 if m <= 8 else 7.5
    axes[0, 0].set_yticks(range(m), names, fontsize=size)
    for ax in axes[:, 0]:
        ax.tick_params(axis="y", labelsize=size)
    for ax in list(axes.flat)[k:]:
        ax.set_visible(False)
    # Sorted from top to bottom.
    axes[0, 0].set_ylim(m - 0.4, -0.6)
    c = groups.effects.context
    figure.suptitle(
        f"Does the effect of {c.treatment} on {c.outcome} differ by {label(groups.trait)}?\n"
        f"{sample(c)}; {100 * level:g} % intervals for all groups of a path at once",
        x=0.01, ha="left", fontsize=10, color=INK,
    )  # fmt: skip
    figure.supxlabel(f"{c.unit}; dashed: all groups", fontsize=9)
    figure.supylabel(f"{label(groups.trait)} (firms)", fontsize=9)
    return figure


def _panel(ax: Axes, groups: Groups, term: str, table: object) -> None:
    estimate, low, high = (np.asarray(table[c]) for c in ("estimate", "conf_low", "conf_high"))  # type: ignore[index]
    place = np.arange(len(estimate))
    ax.axvline(0, color=GREY, lw=0.8)
    ax.axvline(float(groups.share @ estimate), color=INK, lw=0.9, ls="--", zorder=1)
    ax.errorbar(
        estimate, place, xerr=[estimate - low, high - estimate], fmt="o", color=INK, ecolor=SKY,
        elinewidth=2.5 if len(place) <= 8 else 1.8, ms=5 if len(place) <= 8 else 3.5, capsize=0,
    )  # fmt: skip
    tests = groups.tests[groups.tests["term"] == term].iloc[0]
    ax.set_title(
        f"{label(term)}\n{told(tests['p_romano_wolf'])}", loc="left", fontsize=9, color=INK
    )
    clean(ax)


def told(p: float) -> str:
    """An adjusted p-value of equality in words."""
    if not np.isfinite(p):
        return "too few clusters to test equality"
    return f"groups equal: adjusted p {'< 0.001' if p < 1e-3 else f'= {p:.3f}'}"
