"""Pictures of sensitivity: contours of a bound, and paths against a correlation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from causalgreen.explain.style import GREY, INK, PALETTE, clean, label, legible, sample
from causalgreen.falsify.layout import fit, folded, head, title
from causalgreen.falsify.sensitivity_paths import strength

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from causalgreen.falsify.sensitivity import Sensitivity
    from causalgreen.falsify.sensitivity_mediator import MediatorCurve
    from causalgreen.falsify.sensitivity_paths import PathForm

__all__ = ["plot_contour", "plot_contours", "plot_curve", "plot_curves"]


@legible
def plot_contour(
    result: Sensitivity, term: str, ax: Axes | None, limit: bool, size: int = 41
) -> Axes:
    """Bound of one path over the strength of a confounder, with benchmarks."""
    import matplotlib.pyplot as plt

    own = ax is None
    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, 4.8), layout="constrained")
    form = result.form(term)
    side = -1 if form.estimate > 0 else 1
    marks = result.benchmarks[result.benchmarks["term"] == term]
    rv = form.robustness()
    most = max([rv * 1.5, 0.02, *(1.25 * marks["cf_y"]), *(1.25 * marks["cf_d"])])
    grid = np.linspace(0, min(most, 0.95), size)
    quantile = result.quantile if limit else 0.0
    # The bound depends on the strength alone: one curve, read at every point of the square.
    sizes = np.linspace(0, float(strength(grid[-1], grid[-1])), 200)
    heights = np.array([form.limit(s, side, quantile) for s in sizes])
    x, y = np.meshgrid(grid, grid)
    z = np.interp(strength(y, x), sizes, heights)
    lines = ax.contour(x, y, z, levels=9, colors=GREY, linewidths=0.8)
    ax.clabel(lines, fontsize=7, fmt="%.3g")
    if z.min() < 0 < z.max():
        ax.contour(x, y, z, levels=[0.0], colors=PALETTE[5], linewidths=2.0)
    ax.plot(0, 0, "^", color=INK, ms=7, clip_on=False)
    ax.annotate(f"{form.estimate:.3g}", (0, 0), (6, 6), textcoords="offset points", fontsize=8)
    _benchmarks(ax, marks, 0.05 * grid[-1])
    ax.set_xlabel("share of the treatment side's residual variance explained (cf_d)", fontsize=8)
    ax.set_ylabel("share of the outcome side's explained (cf_y)", fontsize=8)
    kind = "interval" if limit else "estimate"
    end = "lower" if side < 0 else "upper"
    return _titled(
        ax, own, f"How strong an omitted confounder would end the path: {label(term)}?",
        f"{end} bound of the {kind}, {form.context.unit}; red: zero; diamonds: observed controls; "
        f"{sample(form.context)}",
    )  # fmt: skip


def _titled(ax: Axes, own: bool, question: str, under: str) -> Axes:
    """Over the whole figure where it is ours, else over the axes."""
    figure: Any = ax.figure
    if not own:
        return title(ax, question, under)
    head(figure, question, under)
    clean(ax)
    return ax


def _benchmarks(ax: Axes, marks: pd.DataFrame, smallest: float) -> None:
    """A diamond for each block of controls; names only where they would not lie on the corner."""
    ax.plot(marks["cf_d"], marks["cf_y"], "D", color=PALETTE[0], ms=5, clip_on=False)
    for i, (block, at_y, at_d) in enumerate(
        zip(marks["block"], marks["cf_y"], marks["cf_d"], strict=True)
    ):
        if max(at_d, at_y) < smallest:
            continue
        ax.annotate(
            label(str(block)), (at_d, at_y), (6, 4 + 9 * (i % 3)),
            textcoords="offset points", fontsize=7, color=PALETTE[0],
        )  # fmt: skip


@legible
def plot_contours(result: Sensitivity) -> Figure:
    """One panel for each path."""
    import matplotlib.pyplot as plt

    terms = [f.term for f in result.forms]
    columns = min(3, len(terms))
    rows = -(-len(terms) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(5.4 * columns, 4.6 * rows), layout="constrained", squeeze=False
    )
    for ax, term in zip(axes.flat, terms, strict=False):
        plot_contour(result, term, ax, limit=False, size=31)
        ax.set_title(folded(label(term), fit(4.6, 9), 2), loc="left", fontsize=9, color=INK)
    for ax in list(axes.flat)[len(terms) :]:
        ax.set_axis_off()
    form: PathForm = result.forms[0]
    head(
        figure, "How strong an omitted confounder would end each path?",
        f"bound of the estimate, {form.context.unit}; red: zero; diamonds: observed controls; "
        f"{sample(form.context)}",
    )  # fmt: skip
    return figure


@legible
def plot_curve(curve: MediatorCurve, ax: Axes | None) -> Axes:
    """A path against the correlation of mediator residual and outcome error."""
    import matplotlib.pyplot as plt

    own = ax is None
    if ax is None:
        _, ax = plt.subplots(figsize=(6.8, 4.0), layout="constrained")
    half = curve.quantile * curve.std_error
    ax.fill_between(
        curve.rho, curve.estimate - half, curve.estimate + half, color=PALETTE[4], alpha=0.35, lw=0
    )
    ax.plot(curve.rho, curve.estimate, color=PALETTE[0], lw=1.8)
    ax.axhline(0, color=INK, lw=0.8)
    ax.axvline(0, color=GREY, lw=0.8, ls=":")
    if np.isfinite(curve.tipping):
        ax.plot(curve.tipping, 0, "o", color=PALETTE[5], ms=6)
        ax.annotate(
            f"zero at {curve.tipping:.2f}", (curve.tipping, 0), (6, 8), textcoords="offset points",
            fontsize=8, color=PALETTE[5],
        )  # fmt: skip
    inner = np.abs(curve.rho) <= 0.8
    low, high = (curve.estimate - half)[inner].min(), (curve.estimate + half)[inner].max()
    ax.set_ylim(min(low, 0), max(high, 0))
    ax.set_xlim(-0.8, 0.8)
    told = f"correlation of {label(curve.mediator)}'s residual with the outcome's error"
    ax.set_xlabel(folded(told, fit(6.0, 8)), fontsize=8)
    ax.set_ylabel(folded(curve.unit, fit(2.4, 8)), fontsize=8)
    mediator, term = label(curve.mediator), label(curve.term)
    return _titled(
        ax, own, f"What if something moves {mediator} and the outcome? {term}",
        f"path with 95 % interval; {curve.who}",
    )  # fmt: skip


@legible
def plot_curves(curves: Sequence[MediatorCurve]) -> Figure:
    """One panel for each mediator and path."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        len(curves), 1, figsize=(7.2, 3.6 * len(curves)), layout="constrained", squeeze=False
    )
    for ax, curve in zip(axes.flat, curves, strict=True):
        plot_curve(curve, ax)
    return figure
