"""Claims as picture and text."""

from __future__ import annotations

import textwrap
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.explain.style import BELOW, GREY, INK, UP, clean, label, legible, sample

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from causalgreen.explain.claims import Claims

__all__ = ["claims_html", "claims_text", "plot_claims"]

COLOURS = {"supported": UP, "contradicted": BELOW, "cannot tell": GREY}
SHAPES = {"supported": "o", "contradicted": "s", "cannot tell": "D"}
SHOWN = ("question", "term", "compared", "estimate", "std_error", "p_adjusted", "verdict")


@legible
def plot_claims(claims: Claims) -> Figure:
    """One panel for each question that has an answer: differences by path; below, what has none."""
    import matplotlib.pyplot as plt

    table = claims.table
    silent = table[table["estimate"].isna()].drop_duplicates("question")
    told = table[table["estimate"].notna()]
    questions = list(dict.fromkeys(told["question"]))
    rows = -(-len(questions) // 2)
    tall = max([told[told["question"] == q].shape[0] for q in questions], default=0)
    heights = [0.75 + 0.25 * tall] * rows + [0.3 + 0.5 * len(silent)] * bool(len(silent))
    figure = plt.figure(figsize=(10.5, 0.9 + sum(heights)), layout="constrained")
    grid = figure.add_gridspec(len(heights), 2, height_ratios=heights)
    for i, question in enumerate(questions):
        part = told[told["question"] == question]
        ax = figure.add_subplot(grid[i // 2, i % 2])
        ax.set_title(_title(part), loc="left", fontsize=9, color=INK)
        _answers(ax, part)
    if len(silent):
        _refused(figure.add_subplot(grid[len(heights) - 1, :]), silent)
    context = claims.scores.context
    figure.suptitle(
        "Which claims does this sample support?\n"
        f"{sample(context)}; difference in {context.unit};\n95 % intervals, one by one; verdicts "
        "at 5 % over all questions together",
        x=0.01, ha="left", fontsize=10.5, color=INK,
    )  # fmt: skip
    _legend(figure)
    return figure


def _legend(figure: Figure) -> None:
    from matplotlib.lines import Line2D

    marks = [Line2D([], [], marker=SHAPES[v], color=c, ls="", label=v) for v, c in COLOURS.items()]
    figure.legend(handles=marks, loc="outside upper right", ncols=3, fontsize=8, frameon=False)


def _title(part: pd.DataFrame) -> str:
    first = part.iloc[0]
    words = textwrap.fill(f"{first['question']}: “{first['claim']}”", 62)
    if not first["compared"]:
        return words
    what = first["compared"] if len(set(part["compared"])) == 1 else "see the labels"
    sides = f"{first['n_high']:,} firms"
    if first["n_low"]:
        sides += f" against {first['n_low']:,}"
    return f"{words}\n{textwrap.fill(f'{what}; {sides}', 64)}"


def _answers(ax: Axes, part: pd.DataFrame) -> None:
    place = np.arange(len(part))[::-1]
    for y, (_, row) in zip(place, part.iterrows(), strict=True):
        colour, shape = COLOURS[row["verdict"]], SHAPES[row["verdict"]]
        ax.plot([row["conf_low"], row["conf_high"]], [y, y], color=colour, lw=2.2)
        ax.plot(row["estimate"], y, shape, color=colour, ms=6)
    many = len(set(part["compared"])) > 1
    names = part["compared"] if many else part["term"].map(label)
    ax.set_yticks(place, list(names), fontsize=8)
    ax.set_ylim(-0.7, len(part) - 0.3)
    ax.axvline(0, color=INK, lw=0.8)
    clean(ax)


def _refused(ax: Axes, silent: pd.DataFrame) -> None:
    lines = [
        textwrap.fill(f"{row['question']}: {row['remark']}", 135, subsequent_indent="    ")
        for _, row in silent.iterrows()
    ]
    ax.text(0.0, 0.98, "\n".join(lines), transform=ax.transAxes, va="top", fontsize=8.5, color=INK)
    ax.set_title("Not answerable with this sample", loc="left", fontsize=9, color=BELOW)
    ax.set_axis_off()


def _head(claims: Claims) -> list[str]:
    context = claims.scores.context
    return [
        "Claims of the field, tested",
        f"average debiased effects, {context.unit}; {sample(context)}",
        "p_adjusted: Romano and Wolf, over all questions and paths of this table; verdicts at 5 %",
    ]


def _remarks(claims: Claims) -> list[str]:
    told = claims.table.drop_duplicates("question")
    return [f"{r['question']}: {r['remark']}" for _, r in told.iterrows() if r["remark"]]


def claims_text(claims: Claims) -> str:
    """Answers, then what they do not say."""
    table = claims.table[list(SHOWN)].copy()
    text = table.to_string(
        index=False, na_rep="", float_format=lambda v: f"{v:.3g}", justify="left"
    )
    tail = [
        "supported, contradicted: at 5 % after adjustment, in this sample, under the assumptions "
        "of the graph; cannot tell is not evidence of no difference",
        *_remarks(claims),
    ]
    return "\n".join([*_head(claims), "", text, "", *tail])


def claims_html(claims: Claims) -> str:
    """The same for notebooks."""
    head = "<br>".join(escape(line) for line in _head(claims))
    table = claims.table[list(SHOWN)].to_html(
        index=False, na_rep="", float_format=lambda v: f"{v:.3g}"
    )
    remarks = "".join(f"<li>{escape(r)}</li>" for r in _remarks(claims))
    return f"<p>{head}</p>{table}<ul>{remarks}</ul>"
