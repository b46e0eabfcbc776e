"""Picture of an effect on ln(1 + c * count)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from causalgreen.explain.style import INK, PALETTE, clean, sample
from causalgreen.falsify.layout import fit, folded, head

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from causalgreen.effects.context import Context

__all__ = ["plot_scaling"]


def plot_scaling(table: pd.DataFrame, context: Context) -> Figure:
    """Effect against the unit of the count, beside the percentage of the mean."""
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(7.2, 4.0), layout="constrained")
    logs, percent = table.iloc[:-1], table.iloc[-1]
    half = 100 * (logs["conf_high"] - logs["estimate"])
    ax.errorbar(
        logs["factor"], 100 * logs["estimate"], yerr=half, fmt="o-", color=PALETTE[0], capsize=3,
        label="ln(1 + c x count), in log points x 100",
    )  # fmt: skip
    ax.axhspan(percent["conf_low"], percent["conf_high"], color=PALETTE[1], alpha=0.25, lw=0)
    ax.axhline(
        percent["estimate"], color=PALETTE[1], lw=1.8, label="count, in % of its mean (any unit)"
    )
    ax.axhline(0, color=INK, lw=0.8)
    ax.set_xscale("log")
    ax.set_xlabel("c: the count is multiplied by")
    ax.set_ylabel(folded(f"own total effect of {context.treatment}", fit(3.0, 9)), fontsize=9)
    ax.legend(fontsize=8, frameon=False)
    clean(ax)
    head(
        figure, "Does the effect depend on the unit in which the outcome is counted?",
        f"95 % intervals; {sample(context)}",
    )  # fmt: skip
    return figure
