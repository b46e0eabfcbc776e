"""What pictures of the explainer have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from causalgreen.effects.context import Context

__all__ = ["BELOW", "GREY", "INK", "PALETTE", "SKY", "UP", "clean", "finish", "label", "sample"]

# Okabe-Ito, told apart by people with colour-blindness.
INK, GREY, UP, BELOW, SKY = "#222222", "#8A8A8A", "#009E73", "#D55E00", "#56B4E9"
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#222222")


def label(term: str) -> str:
    """A term as people read it."""
    return term.replace("_", " ").replace(" -> ", " → ")


def sample(context: Context) -> str:
    """Firms and clusters, for a title."""
    clusters = " x ".join(f"{n:,}" for n in context.n_clusters)
    return f"{context.n_firms:,} firms, {clusters} clusters ({' and '.join(context.cluster_names)})"


def clean(ax: Axes) -> None:
    """No frame on top and right, small ticks."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=8)


def finish(ax: Axes, question: str, under: str) -> Axes:
    """Title: the question in the first line, who was asked in the second."""
    ax.set_title(f"{question}\n{under}", loc="left", fontsize=10, color=INK)
    clean(ax)
    return ax
