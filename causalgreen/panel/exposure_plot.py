"""One figure of an exposure: how many peers there are, and how it moves with own treatment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from causalgreen.panel.exposure_channel import Channel
    from causalgreen.panel.exposure_result import Exposure

__all__ = ["plot"]

_BAR, _MOST = "#2f7d4f", 6


def plot(e: Exposure) -> Figure:
    """Two panels for each column (of the first six)."""
    import matplotlib.pyplot as plt

    shown = e.channels[:_MOST]
    figure, axes = plt.subplots(
        len(shown), 2, figsize=(10, 0.9 + 2.9 * len(shown)), squeeze=False, layout="constrained"
    )
    for (left, right), one in zip(axes, shown, strict=True):
        _draw_peers(left, one)
        _draw_overlap(right, e, one)
        for axis in (left, right):
            axis.spines[["top", "right"]].set_visible(False)
    more = f", first {_MOST} of {len(e.channels)} columns" if len(e.channels) > _MOST else ""
    how = ("mean" if e.normalise else "sum") + (f", lag {e.lag}" if e.lag else "")
    figure.suptitle(f"Exposure to peers' {e.of} ({how}): {len(e):,} rows{more}")
    return figure


def _draw_peers(axis: Axes, one: Channel) -> None:
    counts = one.count
    top = int(counts.max())
    bins = np.arange(-0.5, top + 1.5) if top <= 40 else np.linspace(-0.5, top + 0.5, 41)
    axis.hist(counts, bins=bins.tolist(), color=_BAR)
    from matplotlib.ticker import MaxNLocator

    axis.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axis.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    axis.yaxis.set_major_formatter(lambda v, _: f"{v:,.0f}")
    axis.set_title(f"{_short(one.name)}: {one.alone_rows:,} rows without peers", fontsize="medium")
    axis.set(xlabel="number of peers", ylabel="rows")


def _draw_overlap(axis: Axes, e: Exposure, one: Channel) -> None:
    rows = e._rows
    keep = np.flatnonzero(rows.seen & ~np.isnan(one.values))
    x, y = rows.x[keep], one.values[keep]
    if len(keep) > 2000:
        spot = axis.hexbin(x, y, gridsize=40, bins="log", cmap="cividis", mincnt=1, linewidths=0)
        axis.figure.colorbar(spot, ax=axis, label="rows")
    else:
        axis.scatter(x, y, s=9, color="#0f4c81", alpha=0.6, linewidths=0)
    words = [
        f"{what} {value:.2f}"
        for what, value in (("raw", one.corr), ("within", one.corr_within))
        if not np.isnan(value)
    ]
    tail = f": correlation {', '.join(words)}" if words else ""
    axis.set_title(f"Overlap with own {_short(e.of)}{tail}", fontsize="medium")
    axis.set(xlabel=f"own {_short(e.of)}", ylabel=_short(one.name))


def _short(name: str, most: int = 28) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"
