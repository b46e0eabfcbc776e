"""Pictures of findings: verdicts at a glance, placebos, dots, ranges, shares, influence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from causalgreen.explain.style import (
    GREY,
    INK,
    PALETTE,
    SKY,
    UP,
    clean,
    label,
    sample,
)
from causalgreen.falsify.glance import COLOURS, MARKS
from causalgreen.falsify.layout import fit, folded, head, height_of, key
from causalgreen.falsify.verdicts import records

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from matplotlib.figure import Figure

    from causalgreen.falsify.case import Case
    from causalgreen.falsify.engine import Batch

__all__ = [
    "plot_dots", "plot_influence", "plot_placebos", "plot_ranges",
    "plot_shares",
]  # fmt: skip

WIDTH = 8.5


def _page(height: float, columns: int = 1, rows: int = 1) -> tuple[Figure, np.ndarray]:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        rows, columns, figsize=(WIDTH, height), layout="constrained", squeeze=False
    )
    return figure, axes.ravel()


def plot_placebos(
    case: Case, terms: tuple[str, ...], observed: Batch, tables: list[tuple[str, Batch]], name: str
) -> Figure:
    """Histograms of placebo t-statistics, with the real one."""
    columns = min(len(terms), 3)
    rows = -(-len(terms) // columns)
    names = [folded(label(t), fit(WIDTH / columns - 0.6, 9), 3) for t in terms]
    figure, axes = _page(1.1 + rows * (2.0 + height_of(names, 9)), columns, rows)
    for ax, term, told in zip(axes, terms, names, strict=False):
        real = float(observed.t[observed.row(term), 0])
        for (way, batch), colour in zip(tables, (SKY, "#E69F00"), strict=False):
            t = batch.t[batch.row(term)]
            edges = np.linspace(min(t.min(), real, -4), max(t.max(), real, 4), 41)
            ax.hist(t, bins=edges, histtype="stepfilled", color=colour, alpha=0.6, label=way)
        ax.axvline(real, color=INK, lw=1.8, label="the study")
        ax.set_xlabel("t-statistic", fontsize=8)
        ax.set_title(told, fontsize=9, loc="left", color=INK)
        ax.set_yticks([])
        clean(ax)
    for ax in axes[len(terms) :]:
        ax.set_axis_off()
    for ax in axes[::columns]:
        ax.set_ylabel("placebos", fontsize=8)
    key(figure, axes[0])
    what = "the spillover of wrong peers" if name == "placebo network" else "a placebo treatment"
    who = f"{sample(case.effects.context)}; {tables[0][1].estimate.shape[1]:,} simulations"
    head(figure, f"Does {what} do as much as the real one?", who)
    return figure


def plot_dots(
    case: Case, table: pd.DataFrame, labels: list[str], question: str, unit: str,
    beside: pd.Series | None = None,
) -> Figure:  # fmt: skip
    """Estimates with intervals that should contain zero."""
    names = _names(labels)
    figure, (ax,) = _page(1.3 + len(table) * max(0.3, height_of(names)))
    place = np.arange(len(table))[::-1]
    for y, row in zip(place, records(table), strict=True):
        colour = COLOURS[row["verdict"]]
        ax.plot([row["conf_low"], row["conf_high"]], [y, y], color=colour, lw=2.5)
        ax.plot(row["estimate"], y, MARKS[row["verdict"]], color=colour, ms=7)
    if beside is not None:
        ax.plot(beside, place, "|", color=UP, ms=12, mew=2)
    ax.axvline(0, color=INK, lw=0.8)
    ax.set_yticks(place, names)
    ax.set_xlabel(unit, fontsize=8)
    clean(ax)
    head(figure, question, f"{sample(case.effects.context)}; 95 % intervals")
    return figure


def plot_ranges(case: Case, table: pd.DataFrame, question: str) -> Figure:
    """Middle 95 % of the draws (thick) beside the study's interval (thin)."""
    names = _names(table["path"])
    figure, (ax,) = _page(1.6 + len(table) * max(0.4, height_of(names)))
    place = np.arange(len(table))[::-1]
    half = case.effects.confint()["conf_high"].to_numpy() - case.effects.estimate
    ax.errorbar(
        table["estimate"], place + 0.13, xerr=half, fmt="o", color=INK, lw=1.2, ms=4,
        label="the study, 95 % interval",
    )  # fmt: skip
    ax.hlines(
        place - 0.13, table["draws_low"], table["draws_high"], color=SKY, lw=5,
        label="95 % of the draws",
    )  # fmt: skip
    ax.axvline(0, color=INK, lw=0.8)
    ax.set_yticks(place, names)
    ax.set_xlabel(case.effects.context.unit, fontsize=8)
    key(figure, ax)
    clean(ax)
    head(figure, question, f"{sample(case.effects.context)}; {case.simulations:,} draws")
    return figure


def plot_shares(case: Case, table: pd.DataFrame, question: str) -> Figure:
    """Share of residual variance beside the share of firms, by group."""
    variables = list(dict.fromkeys(table["variable"]))
    rows = table[table["group"] != "all"] if (table["group"] != "all").any() else table
    names = _names(rows.loc[rows["variable"] == variables[0], "group"])
    columns = len(variables)
    figure, axes = _page(1.7 + len(names) * max(0.25, height_of(names)), columns)
    for k, (ax, name) in enumerate(zip(axes, variables, strict=True)):
        part = rows[rows["variable"] == name]
        place = np.arange(len(part))[::-1]
        ax.barh(place + 0.2, 100 * part["share_of_firms"], 0.36, color=GREY, label="of firms")
        ax.barh(place - 0.2, 100 * part["share_of_variance"], 0.36, color=PALETTE[0],
                label="of the variance left")  # fmt: skip
        ax.set_yticks(place, names if k == 0 else [""] * len(part))
        told = folded(f"share, %, for {label(name)}", fit((WIDTH - 1.5) / columns - 0.3, 8))
        ax.set_xlabel(told, fontsize=8)
        clean(ax)
    key(figure, axes[-1])
    head(figure, question, sample(case.effects.context))
    return figure


def plot_influence(case: Case, sums: np.ndarray, question: str) -> Figure:
    """What is left of each effect as the clusters that favour it most go, one after the other."""
    figure, (ax,) = _page(4.0)
    n = len(sums)
    gone = np.arange(0, int(0.3 * n) + 1)
    for j, term in enumerate(case.effects.terms):
        estimate = case.effects.estimate[j]
        best = np.sort(np.sign(estimate) * sums[:, j])[::-1]
        helped = np.concatenate([[0.0], np.cumsum(best)])[: len(gone)]
        left = 100 * (1 - helped * n / (n - gone) / abs(estimate))
        ax.plot(100 * gone / n, left, color=PALETTE[j % len(PALETTE)], lw=1.8, label=label(term))
    ax.axhline(0, color=INK, lw=0.8)
    ax.set_ylim(-110, 105)
    ax.set_xlabel("clusters left out, those that favour the effect most first, %", fontsize=8)
    ax.set_ylabel("effect left, % of the estimate", fontsize=8)
    key(figure, ax)
    clean(ax)
    head(figure, question, f"{sample(case.effects.context)}; from influence functions")
    return figure


def _names(labels: Iterable[str]) -> list[str]:
    return [folded(label(str(name)), 36, 3) for name in labels]
