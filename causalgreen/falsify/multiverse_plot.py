"""Picture of a specification curve with the grid of choices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from causalgreen.errors import DesignError
from causalgreen.explain.style import GREY, INK, PALETTE, clean, label, legible
from causalgreen.falsify.layout import fit, folded, head

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from causalgreen.falsify.multiverse import Multiverse

__all__ = ["plot_multiverse"]

AXES = ("learner", "fixed_effects", "controls", "sample", "folds", "seed")


@legible
def plot_multiverse(result: Multiverse, term: str) -> Figure:
    """Estimates sorted, with intervals; below, which choices each specification makes."""
    import matplotlib.pyplot as plt

    part = result.table[result.table["term"] == term].sort_values("estimate", ignore_index=True)
    if part.empty:
        known = list(dict.fromkeys(result.table["term"]))
        raise DesignError(f"no specification has the term {term!r}; there are {known}")
    lines = [
        (axis, str(value)) for axis in AXES if len(set(part[axis])) > 1
        for value in dict.fromkeys(part[axis])
    ]  # fmt: skip
    height = 3.4 + 0.24 * len(lines)
    figure, (top, grid) = plt.subplots(
        2, 1, figsize=(8.4, height), layout="constrained", sharex=True,
        height_ratios=[3.0, max(0.24 * len(lines), 0.3)],
    )  # fmt: skip
    clear = (part["p_value"] < 0.05).to_numpy()
    _curve(top, part, clear, result)
    same = (np.sign(part["estimate"]) == np.sign(part["estimate"].median())).mean()
    head(
        figure, f"Does another reasonable choice change the answer? {label(term)}",
        f"{len(part)} specifications, {100 * same:.0f} % with the same sign, "
        f"{100 * clear.mean():.0f} % significant; 95 % intervals; {part['firms'].max():,} firms",
    )  # fmt: skip
    _grid(grid, part, lines)
    return figure


def _curve(top: Axes, part: pd.DataFrame, clear: np.ndarray, result: Multiverse) -> None:
    x = np.arange(len(part))
    for flag, colour, name in ((True, PALETTE[0], "p < 0.05"), (False, GREY, "p >= 0.05")):
        if (clear == flag).any():
            some = part[clear == flag]
            top.errorbar(
                x[clear == flag], some["estimate"], yerr=some["conf_high"] - some["estimate"],
                fmt="o", color=colour, ms=4, elinewidth=1.2, label=name,
            )  # fmt: skip
    own = np.flatnonzero(part["specification"] == result.table["specification"].iloc[0])
    top.plot(x[own], part["estimate"].iloc[own], "D", color=PALETTE[5], ms=7, mfc="none",
             label="the study")  # fmt: skip
    top.axhline(0, color=INK, lw=0.8)
    top.set_ylabel(folded(result.unit, fit(2.4, 8)), fontsize=8)
    top.margins(y=0.18)
    top.legend(fontsize=8, frameon=False, ncols=3, loc="upper left")
    clean(top)


def _grid(ax: Axes, part: pd.DataFrame, lines: list[tuple[str, str]]) -> None:
    for row, (axis, value) in enumerate(lines):
        on = np.flatnonzero(part[axis].astype(str) == value)
        ax.plot(np.arange(len(part)), np.full(len(part), row), ".", color="#DDDDDD", ms=4)
        ax.plot(on, np.full(len(on), row), "s", color=INK, ms=4)
    names = [folded(f"{label(axis)}: {value}", 48, 1) for axis, value in lines]
    ax.set_yticks(range(len(lines)), names, fontsize=7)
    ax.set_ylim(len(lines) - 0.4, -0.6)
    ax.set_xticks([])
    ax.set_xlabel("specifications, sorted by estimate", fontsize=8)
    clean(ax)
    ax.tick_params(axis="y", labelsize=7)
