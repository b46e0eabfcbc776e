"""Pictures of surfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from causalgreen.fonts import families
from causalgreen.surface.table import critical

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from causalgreen.surface.surface import Surface

__all__ = ["plot_surface"]

INK, BAND, ABOVE, BELOW = "#222222", "#56B4E9", "#009E73", "#D55E00"
COLUMNS = 3


def plot_surface(surface: Surface, level: float) -> Figure:
    """Firms in order of their effect, one panel for each path."""
    import matplotlib.pyplot as plt

    c = surface.context
    with plt.rc_context({"font.family": families([c.treatment, c.outcome, *surface.terms])}):
        return _figure(surface, level)


def _figure(surface: Surface, level: float) -> Figure:
    import matplotlib.pyplot as plt

    terms = [t for t in surface.terms if "[" not in t] or list(surface.terms)
    rows = -(-len(terms) // COLUMNS)
    figure, axes = plt.subplots(
        rows, min(COLUMNS, len(terms)), figsize=(3.6 * min(COLUMNS, len(terms)), 2.9 * rows),
        squeeze=False, layout="constrained", sharex=True,
    )  # fmt: skip
    z = critical(surface, level)
    for ax, term in zip(axes.flat, terms, strict=False):
        _panel(ax, surface, term, z)
    for ax in list(axes.flat)[len(terms) :]:
        ax.set_visible(False)
    c = surface.context
    figure.suptitle(
        f"For whom: effect of one more unit of {c.treatment} on {c.outcome}, firm by firm\n"
        f"{len(surface.firms):,} firms in order of their effect; band: {100 * level:g} % interval "
        "of each firm",
        x=0.01, ha="left", fontsize=10, color=INK,
    )  # fmt: skip
    figure.supxlabel("firms, percent", fontsize=9)
    figure.supylabel(c.unit, fontsize=9)
    return figure


def _panel(ax: Axes, surface: Surface, term: str, z: float) -> None:
    j = surface.position(term)
    order = np.argsort(surface.estimate[:, j])
    value = surface.estimate[order, j]
    margin = z * surface.std_error[order, j]
    place = np.linspace(0, 100, len(value))
    # Thousands of corners: as points, it stays small in a page and in a PDF.
    ax.fill_between(
        place, value - margin, value + margin, color=BAND, alpha=0.35, lw=0, rasterized=True
    )
    ax.plot(place, value, color=INK, lw=1.4)
    ax.axhline(0, color=INK, lw=0.8, ls=":")
    ax.set_title(term.replace("_", " "), loc="left", fontsize=10, color=INK)
    above = 100 * float(np.mean(value - margin > 0))
    below = 100 * float(np.mean(value + margin < 0))
    for height, told, colour in (
        (0.97, f"{above:.0f} % above zero", ABOVE),
        (0.87, f"{below:.0f} % below", BELOW),
    ):
        ax.text(0.02, height, told, transform=ax.transAxes, va="top", fontsize=8, color=colour)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=8)
