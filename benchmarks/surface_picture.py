"""Dot plot of error and coverage of effects by firm, by method."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from benchmarks.monte_carlo import TWO

__all__ = ["save_picture"]

CASE, TERM = "straight", "own_total"
BAND = (0.90, 0.97)
# Okabe-Ito, told apart by people with colour-blindness.
OURS, PEERS, GOOD = "#0072B2", "#D55E00", "#009E73"


def save_picture(table: pd.DataFrame, path: Path) -> None:
    """Own total effect of every firm, effects linear in the trait: RMSE, and coverage inside.

    Parameters
    ----------
    table : pandas.DataFrame
        As `benchmarks.surface` writes it.
    path : pathlib.Path
        Picture to write.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    part = table[(table["case"] == CASE) & (table["term"] == TERM) & table["rmse"].notna()]
    part = part.sort_values("rmse", ascending=False).reset_index(drop=True)
    ours = part["method"].str.startswith(("cg.", "a forest for each"))
    colours = [OURS if own else PEERS for own in ours]
    figure, (left, right) = plt.subplots(
        1, 2, sharey=True, figsize=(9.6, 1.1 + 0.26 * len(part)), layout="constrained"
    )
    left.hlines(part.index, 0, part["rmse"], color=colours, lw=1.2)
    left.scatter(part["rmse"], part.index, color=colours, s=26, zorder=3)
    for y, (value, panels) in enumerate(zip(part["rmse"], part["replications"], strict=True)):
        left.annotate(f"{value:.3f}  ({panels})", (value, y), (5, 0), fontsize=7, va="center",
                      textcoords="offset points")  # fmt: skip
    right.axvspan(*BAND, color=GOOD, alpha=0.25, lw=0, zorder=0)
    known = part[part["coverage_inside"].notna()]
    for y, row in zip(known.index, known.to_dict("records"), strict=True):
        x, error = row["coverage_inside"], row["coverage_inside_mcse"]
        spread = 0.0 if pd.isna(error) else TWO * error
        right.errorbar(x, y, xerr=[[min(spread, x)], [min(spread, 1 - x)]], fmt="o", ms=5, lw=1.2,
                       color=colours[y])  # fmt: skip
    left.set_yticks(part.index, part["method"], fontsize=7.5)
    left.set_xlim(0, 1.22 * part["rmse"].max())
    left.set_xlabel("root mean squared error (panels)", fontsize=9)
    right.set_xlim(-0.02, 1.02)
    right.set_xlabel("coverage of 95 % intervals", fontsize=9)
    for ax in (left, right):
        ax.tick_params(labelsize=7.5, length=2)
        ax.grid(axis="x", color="#dddddd", lw=0.6, zorder=0)
        ax.set_axisbelow(True)
        ax.spines[["top", "right"]].set_visible(False)
    figure.suptitle("Own total effect of every firm, by causalgreen (blue) and others (orange); "
        "shaded: the bar, bars: 2 Monte-Carlo s.e.",
                    fontsize=10)  # fmt: skip
    figure.savefig(path, dpi=150)
    plt.close(figure)
