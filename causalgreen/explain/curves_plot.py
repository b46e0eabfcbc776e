"""A curve with its band, and where the firms are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from causalgreen.explain.curves_text import untested
from causalgreen.explain.style import GREY, INK, SKY, finish, label, legible, sample

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from causalgreen.explain.curves import Curve

__all__ = ["plot_curve"]

RUG = 500


@legible
def plot_curve(curve: Curve, ax: Axes | None, level: float) -> Axes:
    """Curve, pointwise and simultaneous band, average, rug of firms."""
    import matplotlib.pyplot as plt

    if ax is None:
        _, ax = plt.subplots(figsize=(8.0, 4.4), layout="constrained")
    table = curve.tidy(level)
    x = table["value"].to_numpy()
    percent = f"{100 * level:g} %"
    ax.fill_between(
        x, table["band_low"], table["band_high"], color=SKY, alpha=0.3, lw=0,
        label=f"{percent} band, whole curve",
    )  # fmt: skip
    ax.fill_between(
        x, table["conf_low"], table["conf_high"], color=SKY, alpha=0.55, lw=0,
        label=f"{percent} intervals, point by point",
    )  # fmt: skip
    ax.plot(x, table["estimate"], color=INK, lw=1.8, label="effect")
    ax.axhline(
        float(curve.average.estimate[0]), color=GREY, lw=1.2, ls="--", label="average effect"
    )
    ax.axhline(0, color=INK, lw=0.8, ls=":")
    _rug(ax, curve.values[(curve.values >= x[0]) & (curve.values <= x[-1])])
    ax.set_xlim(x[0], x[-1])
    ax.set_xlabel(f"{curve.trait} (2nd to 98th percentile; ticks: firms)", fontsize=9)
    ax.set_ylabel(curve.context.unit, fontsize=9)
    ax.legend(fontsize=8, frameon=False, loc="best")
    p = float(curve.tests["p_value"].iloc[0])
    told = "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
    told = f"yes, {told}" if p < 0.05 else f"no evidence, {told}" if p >= 0 else untested(curve)
    return finish(
        ax, f"Does the {label(curve.term)} effect vary with {curve.trait}? ({told})",
        sample(curve.context),
    )  # fmt: skip


def _rug(ax: Axes, values: np.ndarray) -> None:
    """Firms as ticks; of very many, evenly spaced ranks."""
    shown = np.sort(values)
    if len(shown) > RUG:
        shown = shown[np.linspace(0, len(shown) - 1, RUG).astype(int)]
    ax.plot(
        shown, np.full(len(shown), 0.015), "|", color=INK, alpha=0.45, ms=7, mew=0.5,
        transform=ax.get_xaxis_transform(), zorder=3, rasterized=True,
    )  # fmt: skip
