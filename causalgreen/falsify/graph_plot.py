"""Picture of implied independences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from causalgreen.explain.style import GREY, INK, PALETTE, clean, label, sample
from causalgreen.falsify.layout import folded, head, height_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from causalgreen.effects.context import Context

__all__ = ["plot_independences"]


def plot_independences(table: pd.DataFrame, context: Context) -> Figure:
    """Partial correlation of each pair, with what could have been seen."""
    import matplotlib.pyplot as plt

    names = [
        folded(f"{label(pair)}\ngiven {label(given)}" if given else label(pair), 44, 4)
        for pair, given in zip(table["pair"], table["given"], strict=True)
    ]
    height = 1.8 + len(table) * max(0.5, height_of(names))
    figure, ax = plt.subplots(figsize=(8.5, height), layout="constrained")
    place = np.arange(len(table))
    ax.barh(
        place, 2 * table["detectable"], left=-table["detectable"], height=0.5, color=GREY,
        alpha=0.3, label="too small to be seen (80 % power)",
    )  # fmt: skip
    bad = (table["p_holm"] < 0.05).to_numpy()
    for flag, colour, name in ((False, PALETTE[0], "not rejected"), (True, PALETTE[5], "rejected")):
        if (bad == flag).any():
            ax.plot(
                table["correlation"][bad == flag], place[bad == flag], "D" if flag else "o",
                color=colour, ms=6, label=f"{name} (Holm, 5 %)",
            )  # fmt: skip
    ax.axvline(0, color=INK, lw=0.8)
    ax.set_yticks(place, names, fontsize=8)
    ax.set_ylim(len(table) - 0.4, -0.6)
    ax.set_xlabel("partial correlation of residuals")
    figure.legend(fontsize=8, frameon=False, loc="outside lower left", ncols=3)
    clean(ax)
    head(figure, "Are nodes that the graph holds unrelated unrelated in the data?", sample(context))
    return figure
