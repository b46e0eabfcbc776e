"""Dot plot of coverage by path and method, with Monte-Carlo errors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from benchmarks.economies import ECONOMIES, TERMS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["BAND", "save_picture"]

BAND = (0.93, 0.97)
# Okabe-Ito, told apart by people with colour-blindness.
OURS, PEERS, GOOD = "#0072B2", "#D55E00", "#009E73"


def save_picture(table: pd.DataFrame, path: Path) -> None:
    """Draw the coverage table; one column for each economy, one row for each path.

    Parameters
    ----------
    table : pandas.DataFrame
        As `benchmarks.results.summarise` makes it.
    path : pathlib.Path
        Picture to write.
    """
    import matplotlib.pyplot as plt

    plt.switch_backend("Agg")

    known = table[table["coverage"].notna()]
    economies = [e for e in ECONOMIES if e in set(known["economy"])]
    terms = [t for t in TERMS if t in set(known["term"])]
    methods = {t: list(dict.fromkeys(known.loc[known["term"] == t, "method"])) for t in terms}
    heights = [len(methods[t]) + 0.8 for t in terms]
    figure, axes = plt.subplots(
        len(terms), len(economies), squeeze=False, sharex=True, layout="constrained",
        figsize=(3.2 + 3.4 * len(economies), 1.0 + 0.2 * sum(heights)),
        gridspec_kw={"height_ratios": heights},
    )  # fmt: skip
    for i, term in enumerate(terms):
        for j, economy in enumerate(economies):
            part = known[(known["term"] == term) & (known["economy"] == economy)]
            _panel(axes[i, j], part.set_index("method"), methods[term], first=j == 0)
            if i == 0:
                axes[i, j].set_title(f"{economy} confounding", fontsize=10, loc="left")
        axes[i, 0].set_ylabel(term.replace("_", " "), fontsize=9, fontweight="bold")
    figure.supxlabel("coverage of 95 % intervals", fontsize=9)
    figure.align_ylabels(axes[:, 0])
    figure.suptitle(
        f"How often the interval holds the truth; shaded: {100 * BAND[0]:.0f} to "
        f"{100 * BAND[1]:.0f} %, bars: 2 Monte-Carlo s.e.", fontsize=10,
    )  # fmt: skip
    figure.savefig(path, dpi=150)
    plt.close(figure)


def _panel(ax: Axes, part: pd.DataFrame, methods: list[str], *, first: bool) -> None:
    ax.axvspan(*BAND, color=GOOD, alpha=0.25, lw=0, zorder=0)
    for y, method in enumerate(methods):
        if method not in part.index:
            continue
        x, error = part["coverage"][method], 2 * part["coverage_mcse"][method]
        ours = method.startswith("causalgreen")
        ax.errorbar(
            x, y, xerr=[[min(error, x)], [min(error, 1 - x)]], fmt="o" if ours else "s",
            ms=4.5, lw=1.2, zorder=2,
            color=OURS if ours else PEERS, mfc=OURS if ours else "white", clip_on=False,
        )  # fmt: skip
    ax.set_ylim(len(methods) - 0.4, -0.6)
    ax.set_yticks(range(len(methods)), methods if first else [""] * len(methods), fontsize=7.5)
    ax.set_xlim(-0.04, 1.04)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 0.95], ["0", ".25", ".5", ".75", ".95"])
    ax.tick_params(labelsize=7.5, length=2)
    ax.grid(axis="x", color="#dddddd", lw=0.6, zorder=0)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
