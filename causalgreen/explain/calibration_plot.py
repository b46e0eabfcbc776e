"""Picture of calibration: predicted against realised effects, and the line where they agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.explain.calibration_text import finding
from causalgreen.explain.style import GREY, INK, PALETTE, SKY, clean, label, legible, sample

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from causalgreen.explain.calibration import Calibration

__all__ = ["plot_calibration"]

COLUMNS = 3


@legible
def plot_calibration(calibration: Calibration, level: float) -> Figure:
    """One panel for each path."""
    import matplotlib.pyplot as plt

    k = len(calibration.terms)
    across = min(COLUMNS, k)
    rows = -(-k // across)
    figure, axes = plt.subplots(
        rows, across, figsize=(max(5.6, 3.3 * across), 0.9 + 3.2 * rows), squeeze=False,
        layout="constrained",
    )  # fmt: skip
    table = calibration.tidy(level).query("parameter == 'slope'").set_index("term")
    for ax, term in zip(axes.flat, calibration.terms, strict=False):
        bins = calibration.bins[calibration.bins["term"] == term]
        _panel(ax, bins, pd.Series(table.loc[term]))
        ax.set_title(
            f"{label(term)}\n{finding(calibration, term)}", loc="left", fontsize=8.5, color=INK
        )
    for ax in list(axes.flat)[k:]:
        ax.set_visible(False)
    c = calibration.context
    figure.suptitle(
        f"Do firms predicted to gain more from {c.treatment} gain more?\n"
        f"{sample(c)}, all held out; points: 95 % intervals; slope: {100 * level:g} %",
        x=0.01, ha="left", fontsize=10, color=INK,
    )  # fmt: skip
    figure.supxlabel(f"predicted effect, {c.unit}", fontsize=9)
    figure.supylabel("realised (debiased) effect", fontsize=9)
    return figure


def _panel(ax: Axes, bins: pd.DataFrame, row: pd.Series) -> None:
    x, y = bins["predicted"].to_numpy(), bins["realised"].to_numpy()
    low, high = bins["conf_low"].to_numpy(), bins["conf_high"].to_numpy()
    pad = 0.06 * (np.ptp(x) or 0.1)
    ends = np.array([x.min() - pad, x.max() + pad])
    ax.plot(ends, ends, color=GREY, ls="--", lw=1.0, label="as predicted")
    if np.isfinite(row["estimate"]):
        # Through the mean of the points, which steps weigh a little differently.
        weight = bins["n_firms"].to_numpy()
        middle = np.average(x, weights=weight), np.average(y, weights=weight)
        line = middle[1] + row["estimate"] * (ends - middle[0])
        told = f"slope {row['estimate']:.2f} ({row['conf_low']:.2f} to {row['conf_high']:.2f})"
        ax.plot(ends, line, color=PALETTE[0], lw=1.4, label=told)
    ax.errorbar(x, y, yerr=[y - low, high - y], fmt="o", color=INK, ecolor=SKY, elinewidth=2, ms=4)
    span = max(float(high.max()), ends[1]) - min(float(low.min()), ends[0])
    ax.set_ylim(min(float(low.min()), ends[0]) - 0.05 * span,
                max(float(high.max()), ends[1]) + 0.3 * span)  # fmt: skip
    ax.legend(fontsize=8, frameon=False, loc="upper left")
    clean(ax)
