"""One figure of a simulated panel: green patents, AI words, firms by year, AI and zones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from causalgreen.data.realism import Simulation

__all__ = ["plot"]

_GREEN, _BLUE, _ORANGE = "#2f7d4f", "#0f4c81", "#c8743c"


def plot(simulation: Simulation) -> Figure:
    """Four panels."""
    import matplotlib.pyplot as plt

    df = simulation.df
    figure, axes = plt.subplots(2, 2, figsize=(11, 7), layout="constrained")
    _tail(axes[0, 0], df["green_patents"].to_numpy(), "Green patents", _GREEN)
    _tail(axes[0, 1], df["ai_words"].to_numpy(), "AI words", _BLUE)
    count = df.groupby("year").size()
    axes[1, 0].bar(count.index, count, 0.8, color="#9db8a5")
    axes[1, 0].set(title="Firms by year", ylabel="firms")
    _zones(axes[1, 1], simulation)
    for axis in axes.flat:
        axis.spines[["top", "right"]].set_visible(False)
    size = f"{len(df):,} rows, {df['firm'].nunique():,} firms, seed {simulation.seed}"
    figure.suptitle(f"Simulated panel: {size}")
    return figure


def _tail(axis: Axes, values: np.ndarray, name: str, colour: str) -> None:
    if values.min() < 0 or np.any(values != np.floor(values)):
        axis.hist(values, bins=40, color=colour)
        axis.set(title=f"{name} (log mean with noise)", ylabel="rows")
        return
    ordered = np.sort(values)
    above = 1 - np.searchsorted(ordered, np.unique(ordered)) / len(ordered)
    axis.loglog(np.unique(ordered)[1:], above[1:], color=colour, marker=".", markersize=4)
    axis.set_title(f"{name}: {np.mean(values == 0):.1%} zeros, mean {values.mean():.1f}")
    axis.set(xlabel="at least so many", ylabel="share of rows")


def _zones(axis: Axes, simulation: Simulation) -> None:
    df = simulation.df
    ever = df["ai_zone_cohort"] > 0
    for mask, label, colour, style in (
        (ever, "zone cities", _ORANGE, "-"),
        (~ever, "other cities", _BLUE, "--"),
    ):
        if mask.any():
            line = df[mask].groupby("year")["ai"].mean()
            axis.plot(line.index, line, color=colour, linestyle=style, marker="o", label=label)
    axis.set(title="Mean AI, ln(1 + words)", ylabel="ai")
    axis.legend(frameon=False, loc="upper left")
    from matplotlib.ticker import MaxNLocator

    axis.xaxis.set_major_locator(MaxNLocator(8, integer=True))
