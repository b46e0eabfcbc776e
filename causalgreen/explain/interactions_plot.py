"""Heat map of the effects by two traits."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

from causalgreen.explain.style import GREY, INK, finish, label, legible, sample

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from causalgreen.explain.interactions import Interaction

__all__ = ["plot_interaction"]

MAP, DARK = "PuOr_r", 0.62


@legible
def plot_interaction(found: Interaction, ax: Axes | None) -> Axes:
    """Colours around the average effect; value, half-width and number of firms in every cell."""
    import matplotlib.pyplot as plt

    rows, columns = len(found.a.labels), len(found.b.labels)
    if ax is None:
        size = (2.8 + 0.95 * columns + 1.0, 1.9 + 0.62 * rows)
        _, ax = plt.subplots(figsize=(max(size[0], 8.4), max(size[1], 3.6)), layout="constrained")
    table = found.table
    value = table["estimate"].to_numpy().reshape(rows, columns)
    middle = float(found.average.estimate[0])
    sure = table["reliable"].to_numpy().reshape(rows, columns)
    reach = _reach(value, sure, middle)
    # The first group of the first trait is at the bottom, as on an axis.
    image = ax.imshow(
        np.where(sure, value, np.nan),
        cmap=MAP,
        vmin=middle - reach,
        vmax=middle + reach,
        origin="lower",
        aspect="auto",
    )
    _words(found, ax, value, sure, (value - middle) / reach)
    ax.set_xticks(range(columns), [fill(v, 16) for v in found.b.labels])
    if columns > 8:
        ax.tick_params(axis="x", rotation=60)
    ax.set_yticks(range(rows), [fill(v, 22) for v in found.a.labels])
    ax.set_xlabel(found.b.trait, fontsize=9)
    ax.set_ylabel(found.a.trait, fontsize=9)
    bar = ax.figure.colorbar(image, ax=ax, pad=0.01, aspect=25)
    bar.set_label(f"{found.context.unit};\nwhite: average, {middle:.3g}", fontsize=8)
    bar.ax.tick_params(labelsize=8)
    told = _told(float(found.tests["p_value"].iloc[0]))
    finish(
        ax,
        f"Does {found.b.trait} change how the {label(found.term)} effect varies with "
        f"{found.a.trait}? ({told})",
        f"{sample(found.context)}; ±: 95 % interval; hatched: under 5 clusters, not reliable",
    )
    ax.spines[:].set_visible(False)
    return ax


def _told(p: float) -> str:
    if not p >= 0:
        return "cannot be told"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def _reach(value: np.ndarray, sure: np.ndarray, middle: float) -> float:
    """Largest distance from the middle, of cells that can be relied on."""
    away = np.abs(value - middle)
    known = away[sure & np.isfinite(away)]
    return float(max(known.max(initial=0.0), 1e-12))


def _words(
    found: Interaction, ax: Axes, value: np.ndarray, sure: np.ndarray, place: np.ndarray
) -> None:
    from matplotlib.patches import Rectangle

    shape = value.shape
    half = (found.table["conf_high"] - found.table["estimate"]).to_numpy().reshape(shape)
    firms = found.table["n_firms"].to_numpy().reshape(shape)
    for i, j in np.ndindex(*shape):
        if not sure[i, j]:
            ax.add_patch(
                Rectangle(
                    (j - 0.5, i - 0.5), 1, 1, fill=False, hatch="////", ec=GREY, lw=0, zorder=2
                )
            )
        if firms[i, j] == 0:
            continue
        margin = "" if np.isnan(half[i, j]) else f" ±{half[i, j]:.2g}"
        dark = abs(place[i, j]) > DARK
        box = None if sure[i, j] else {"fc": "white", "ec": "none", "alpha": 0.85, "pad": 1}
        words = f"{value[i, j]:.3g}{margin}\nn {firms[i, j]:,}"
        ax.text(
            j, i, words, ha="center", va="center", fontsize=7.5, zorder=3, bbox=box,
            color=GREY if not sure[i, j] else "white" if dark else INK,
        )  # fmt: skip
