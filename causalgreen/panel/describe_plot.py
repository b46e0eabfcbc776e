"""One figure of a panel: who is there when, for how long, and where the variation lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from causalgreen.panel.values import many

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from causalgreen.panel.describe import PanelDescription

__all__ = ["plot"]

_STAYING, _IN, _OUT, _GREY = "#9db8a5", "#2f7d4f", "#c8743c", "#d9d9d9"


def plot(d: PanelDescription) -> Figure:
    """Draw four panels: firms by period, rows per firm, variation, outcome."""
    import matplotlib.pyplot as plt
    from matplotlib.ticker import MaxNLocator

    height = 6.4 + 0.28 * max(len(d.variation) - 6, 0)
    figure, axes = plt.subplots(2, 2, figsize=(11, height), layout="constrained")
    _draw_periods(axes[0, 0], d)
    _draw_sizes(axes[0, 1], d)
    _draw_variation(axes[1, 0], d)
    _draw_outcome(axes[1, 1], d)
    for axis in axes.flat:
        axis.spines[["top", "right"]].set_visible(False)
    for axis in (axes[0, 0], axes[0, 1], axes[1, 1]):
        axis.yaxis.set_major_locator(MaxNLocator(7, integer=True))
        axis.yaxis.set_major_formatter(lambda v, _: f"{abs(v):,.0f}")
    sizes = f"{d.n_rows:,} rows, {d.n_units:,} firms, {d.n_periods:,} periods"
    outcome = d.variation["column"].iloc[0]
    figure.suptitle(f"Panel of {_short(outcome, 40)}: {sizes}")
    return figure


def _short(name: str, most: int = 22) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def _draw_periods(axis: Axes, d: PanelDescription) -> None:
    from matplotlib.ticker import MaxNLocator

    table = d.periods
    width = 0.8 * d.step
    axis.bar(table["period"], table["firms"], width, color=_STAYING, label="there")
    axis.bar(table["period"], table["entering"], width, color=_IN, label="of them entering")
    axis.bar(table["period"], -table["leaving"], width, color=_OUT, label="last seen")
    axis.axhline(0, color="black", linewidth=0.8)
    axis.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axis.set(title="Firms by period", ylabel="firms")
    axis.set_ylim(top=table["firms"].max() * 1.22)  # room for the legend
    axis.legend(loc="upper center", ncols=3, frameon=False, fontsize="small")


def _draw_sizes(axis: Axes, d: PanelDescription) -> None:
    from matplotlib.ticker import MaxNLocator

    sizes, counts = np.unique(d._sizes, return_counts=True)
    axis.bar(sizes, counts, 0.8, color=_STAYING)
    axis.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axis.set_xlim(0.4, max(sizes.max(), d.n_periods) + 0.6)
    gaps = f"{many(d.firms_with_gaps, 'firm')} with gaps" if d.firms_with_gaps else "no gaps"
    axis.set(title=f"Periods per firm ({gaps})", xlabel="periods", ylabel="firms")


def _draw_variation(axis: Axes, d: PanelDescription) -> None:
    table = d.variation.iloc[::-1]
    names = [_short(f"{name}") for name in table["column"]]
    share = table["within_share"].to_numpy()
    at = np.arange(len(table))
    axis.barh(at, share, 0.7, color=_IN, label="within firms")
    axis.barh(at, 1 - share, 0.7, left=share, color=_GREY, label="between firms")
    for y, value in zip(at, share, strict=True):
        axis.text(1.02, float(y), f"{value:.1%}", va="center", ha="left", fontsize="small")
    axis.set_yticks(at, names)
    axis.set_xlim(0, 1.14)
    axis.set_ylim(-0.6, len(table) + 0.1)  # room for the legend
    axis.set_xticks([0, 0.25, 0.5, 0.75, 1.0], ["0", "25 %", "50 %", "75 %", "100 %"])
    axis.set(title="Where the variance lies")
    axis.legend(loc="upper center", ncols=2, frameon=False, fontsize="small")


def _draw_outcome(axis: Axes, d: PanelDescription) -> None:
    name = d.variation["column"].iloc[0]
    low, high = np.quantile(d._outcome, [0.005, 0.995])
    shown = d._outcome[(d._outcome >= low) & (d._outcome <= high)]
    whole = bool((shown == np.floor(shown)).all()) and high - low <= 60
    edges = np.arange(low - 0.5, high + 1.5).tolist() if whole and high > low else None
    axis.hist(shown, bins=edges or 40, color=_STAYING)
    zeros = f"{d.zero_share:.1%} zeros"
    axis.set(title=f"Outcome, middle 99 % ({zeros})", xlabel=_short(name, 40), ylabel="rows")
