"""Picture of green patents: by year and class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from causalgreen.data.patents import GreenPatents

__all__ = ["plot_patents"]

# Okabe-Ito, told apart by people with colour-blindness; marks differ, too.
_COLOURS = ("#009E73", "#D55E00", "#0072B2", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_MARKS = "os^DvPX"


def plot_patents(green: GreenPatents) -> Figure:
    """Draw one line a class; years that may still grow lie in grey."""
    import matplotlib.pyplot as plt
    from matplotlib.ticker import MaxNLocator

    table = green.frame.groupby("year")[list(green.classes)].sum()
    table = table.reindex(np.arange(table.index.min(), table.index.max() + 1), fill_value=0)
    figure, axis = plt.subplots(figsize=(9, 4.6), layout="constrained")
    for i, name in enumerate(table.columns):
        inside = name.startswith("green_")
        label = name.removeprefix("green_").replace("_", " ") + ("" if inside else " (not counted)")
        axis.plot(
            table.index, table[name], color=_COLOURS[i % len(_COLOURS)], label=label,
            marker=_MARKS[i % len(_MARKS)], markersize=5, linestyle="-" if inside else ":",
        )  # fmt: skip
    late = green.frame.loc[green.frame["truncated"], "year"]
    if len(late):
        axis.axvspan(
            late.min() - 0.5, table.index.max() + 0.5, color="#d9d9d9", alpha=0.6, lw=0,
            label="too small: still to be published",
        )  # fmt: skip
    f = green.frame
    title = f"Green patents by class: {f['green_patents'].sum():,.6g} of {f['patents'].sum():,.6g}"
    axis.set_title(f"{title} patents, {f['firm'].nunique():,} firms", loc="left", fontsize=11)
    axis.set_ylabel("patents")
    axis.set_ylim(bottom=0)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside right center", frameon=False, fontsize=9)
    return figure
