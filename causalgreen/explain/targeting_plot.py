"""Picture of the gain from choosing firms in an order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from causalgreen.explain.style import INK, SKY, finish, label, legible, sample

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from causalgreen.explain.targeting import Targeting

__all__ = ["plot_targeting"]

LINE = "#0072B2"


@legible
def plot_targeting(result: Targeting, ax: Axes | None = None, level: float = 0.95) -> Axes:
    """TOC with its simultaneous band; AUTOC and Qini in words."""
    import matplotlib.pyplot as plt

    if ax is None:
        _, ax = plt.subplots(figsize=(7.6, 4.6), layout="constrained")
    curve = result.curve(level)
    x = np.append(100 * curve["share"].to_numpy(), 100.0)
    y, low, high = (np.append(curve[c].to_numpy(), 0.0) for c in
                    ("estimate", "band_low", "band_high"))  # fmt: skip
    ax.fill_between(x, low, high, color=SKY, alpha=0.35, lw=0)
    ax.plot(x, y, color=LINE, lw=2)
    ax.axhline(0, color=INK, lw=0.8)
    ax.annotate("at random", (x[0], 0), xytext=(4, -3), textcoords="offset points", ha="left",
                va="top", fontsize=8, color=INK)  # fmt: skip
    table = result.tidy(level)
    words = [
        f"{row['term']} {row['estimate']:+.3g} ({row['conf_low']:.3g} to {row['conf_high']:.3g}), "
        + ("p < 0.001" if row["p_value"] < 0.001 else f"p = {row['p_value']:.3f}")
        for row in table.to_dict("records")
    ]
    ax.text(0.99, 0.98, "\n".join(words), transform=ax.transAxes, ha="right", va="top",
            fontsize=8.5, color=INK)  # fmt: skip
    top, bottom = max(high.max(), 0.0), min(low.min(), 0.0)
    ax.set_ylim(bottom - 0.08 * (top - bottom), top + 0.18 * (top - bottom))
    ax.set_xlim(100 * curve["share"].iloc[0], 100)
    first = f"largest {result.by} first" if result.by else "largest predicted effect first"
    ax.set_xlabel(f"share of firms treated, percent ({first})", fontsize=9)
    ax.set_ylabel(f"gain over treating at random\n{result.context.unit}", fontsize=9)
    steps = len(result.steps)
    under = sample(result.context) + (f"; {steps} held-out steps" if steps > 1 else "")
    under += f"; band: {100 * level:g} % for all shares at once"
    asked = f"What is gained by choosing firms? ({label(result.term)} effect)"
    return finish(ax, asked, under.replace("; band", "\nband"))
