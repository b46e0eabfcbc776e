"""Picture of a projection: coefficients with joint intervals, one panel for each path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from causalgreen.explain.groups_plot import shorten
from causalgreen.explain.style import INK, SKY, clean, label, sample

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from causalgreen.explain.projection import Projection

__all__ = ["plot_projection"]

COLUMNS = 3


def plot_projection(projection: Projection, level: float) -> Figure:
    """Traits from top to bottom, paths side by side."""
    import matplotlib.pyplot as plt

    names, k = projection.regressors.names, len(projection.terms)
    across = min(COLUMNS, k)
    rows, q = -(-k // across), len(names)
    high = max(1.6, 0.7 + (0.36 if q <= 8 else 0.22) * q)
    figure, axes = plt.subplots(
        rows, across, figsize=(max(6.8, 2.6 + 2.8 * across), 0.9 + (high + 0.3) * rows),
        squeeze=False, layout="constrained", sharey=True,
    )  # fmt: skip
    table = projection.tidy(level)
    table = table[table["regressor"] != "constant"]
    size = 9 if q <= 8 else 7.5
    for ax, term in zip(axes.flat, projection.terms, strict=False):
        part = table[table["term"] == term]
        x = part["estimate"].to_numpy()
        half = part["conf_high"].to_numpy() - x
        ax.axvline(0, color=INK, lw=0.8)
        ax.errorbar(x, range(q), xerr=half, fmt="o", color=INK, ecolor=SKY,
                    elinewidth=2.5 if q <= 8 else 1.8, ms=5 if q <= 8 else 3.5)  # fmt: skip
        ax.set_title(label(term), loc="left", fontsize=9, color=INK)
        clean(ax)
        ax.locator_params(axis="x", nbins=5)
    units = projection.regressors.units(standardised=True)
    told = [shorten(f"{label(n)}, {u}", 40) for n, u in zip(names, units, strict=True)]
    axes[0, 0].set_yticks(range(q), told)
    axes[0, 0].set_ylim(q - 0.4, -0.6)
    for ax in axes[:, 0]:
        ax.tick_params(axis="y", labelsize=size)
    for ax in list(axes.flat)[k:]:
        ax.set_visible(False)
    c = projection.effects.context
    figure.suptitle(
        f"Which traits go with a larger effect of {c.treatment} on {c.outcome}?\n"
        f"{sample(c)}; {100 * level:g} % intervals for all traits of a path at once",
        x=0.01, ha="left", fontsize=10, color=INK,
    )  # fmt: skip
    figure.supxlabel(f"change of the effect, {c.unit}", fontsize=9)
    return figure
