"""Picture of a contrast: raw and balanced, path by path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from causalgreen.explain.style import GREY, INK, PALETTE, finish, label, legible, sample

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from causalgreen.explain.contrast import PartialContrast

__all__ = ["plot_contrast"]

LOOKS = (
    ("raw", "raw: as they are", GREY, "o", -0.2),
    ("balanced", "balanced: alike in the other traits", PALETTE[0], "s", 0.0),
    ("difference", "difference: what the other traits explain", PALETTE[1], "D", 0.2),
)


@legible
def plot_contrast(contrast: PartialContrast, ax: Axes | None, level: float) -> Axes:
    """Three dots with intervals for each path."""
    import matplotlib.pyplot as plt

    if ax is None:
        height = 2.1 + 0.62 * len(contrast.terms)
        _, ax = plt.subplots(figsize=(8.0, height), layout="constrained")
    table = contrast.tidy(level)
    place = np.arange(len(contrast.terms))
    for kind, name, colour, marker, shift in LOOKS:
        part = table[table["contrast"] == kind]
        x = part["estimate"].to_numpy()
        half = part["conf_high"].to_numpy() - x
        ax.errorbar(x, place + shift, xerr=half, fmt=marker, color=colour, ms=5, elinewidth=1.8,
                    label=name)  # fmt: skip
    ax.axvline(0, color=INK, lw=0.8)
    ax.set_yticks(place, [label(t) for t in contrast.terms], fontsize=9)
    ax.set_ylim(len(place) - 0.5, -0.5)
    c = contrast.effects.context
    ax.set_xlabel(f"{contrast.high} minus {contrast.low}, {c.unit}", fontsize=9)
    finish(
        ax, f"Is it {label(contrast.trait)}, or the traits that go with it?",
        f"{sample(c)}; {100 * level:g} % intervals",
    )  # fmt: skip
    ax.tick_params(axis="y", labelsize=9)
    below = -0.24 if len(place) < 4 else -0.14
    ax.legend(
        fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(0.0, below), ncols=3,
        handletextpad=0.3, columnspacing=1.2,
    )  # fmt: skip
    return ax
