"""Picture of a projection: coefficients with joint intervals, one panel for each path."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

from causalgreen.explain.groups_plot import shorten
from causalgreen.explain.style import INK, SKY, clean, label, legible, sample

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from causalgreen.explain.projection import Projection
    from causalgreen.explain.regressors import Regressors

__all__ = ["plot_projection"]

COLUMNS = 3


def _names(made: Regressors) -> list[str]:
    """Numbers with their unit; of several levels of a trait, the trait beside the first."""
    out, before = [], ""
    units = made.units(standardised=True)
    for name, trait, ref, unit in zip(made.names, made.source, made.reference, units, strict=True):
        short = name.removeprefix(trait).strip() if trait == before else label(name)
        out.append(shorten(short if ref else f"{short}, {unit}", 40))
        before = trait
    return out


def _references(made: Regressors) -> str:
    """What the levels are compared with, once for each trait."""
    known = {t: r for t, r in zip(made.source, made.reference, strict=True) if r}
    told = "; ".join(f"{label(t)}: {shorten(r, 24)}" for t, r in known.items())
    return "\n" + fill(f"levels are compared with {told}", 92) if told else ""


@legible
def plot_projection(projection: Projection, level: float) -> Figure:
    """Traits from top to bottom, paths side by side."""
    import matplotlib.pyplot as plt

    names, k = projection.regressors.names, len(projection.terms)
    across = min(COLUMNS, k)
    rows, q = -(-k // across), len(names)
    high = max(1.6, 0.7 + (0.36 if q <= 8 else 0.22) * q)
    figure, axes = plt.subplots(
        rows, across, figsize=(max(6.8, 2.6 + 2.8 * across), 0.9 + (high + 0.3) * rows),
        squeeze=False, layout="constrained", sharey=True,
    )  # fmt: skip
    table = projection.tidy(level)
    table = table[table["regressor"] != "constant"]
    size = 9 if q <= 8 else 7.5
    for ax, term in zip(axes.flat, projection.terms, strict=False):
        part = table[table["term"] == term]
        x = part["estimate"].to_numpy()
        half = part["conf_high"].to_numpy() - x
        ax.axvline(0, color=INK, lw=0.8)
        ax.errorbar(x, range(q), xerr=half, fmt="o", color=INK, ecolor=SKY,
                    elinewidth=2.5 if q <= 8 else 1.8, ms=5 if q <= 8 else 3.5)  # fmt: skip
        ax.set_title(label(term), loc="left", fontsize=9, color=INK)
        clean(ax)
    axes[0, 0].set_yticks(range(q), _names(projection.regressors))
    axes[0, 0].set_ylim(q - 0.4, -0.6)
    for ax in axes[:, 0]:
        ax.tick_params(axis="y", labelsize=size)
    for ax in list(axes.flat)[k:]:
        ax.set_visible(False)
    c = projection.effects.context
    figure.suptitle(
        f"Which traits go with a larger effect of {c.treatment} on {c.outcome}?\n"
        f"{sample(c)}; {100 * level:g} % intervals for all traits of a path at once"
        + _references(projection.regressors),
        x=0.01, ha="left", fontsize=10, color=INK,
    )  # fmt: skip
    figure.supxlabel(f"change of the effect, {c.unit}", fontsize=9)
    return figure
