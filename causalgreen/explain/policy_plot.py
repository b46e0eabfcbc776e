"""The policy tree as a picture, beside the value of following it."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

from causalgreen.explain.policy_text import decision, uniform
from causalgreen.explain.policy_value import BEST, RANDOM
from causalgreen.explain.style import GREY, INK, SKY, UP, clean, label, legible, sample

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from causalgreen.explain.policy import Policy

__all__ = ["plot_policy"]


@legible
def plot_policy(policy: Policy) -> Figure:
    """Tree on the left, values on the right."""
    import matplotlib.pyplot as plt

    n_leaves = len(policy.rules)
    wide = max(5.0, 1.35 * n_leaves)
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(wide + 4.6, 4.4), layout="constrained", width_ratios=(wide, 4.6)
    )
    _tree(policy, left)
    _values(policy, right)
    c = policy.context
    best = policy.tests.set_index("comparison").loc[BEST]
    gain = (
        f"tree minus best uniform policy {best['estimate']:+.3g} "
        f"[{best['conf_low']:.3g}, {best['conf_high']:.3g}]"
    )
    answer = "Yes" if policy.context_matters else "No evidence that context matters"
    figure.suptitle(
        f"Is it worth choosing whom to treat with {c.treatment}? {answer}\n"
        f"{label(policy.term)}; {sample(c)}; {uniform(policy) or gain}",
        x=0.01, ha="left", fontsize=10, color=INK,
    )  # fmt: skip
    return figure


def _places(policy: Policy) -> dict[int, tuple[float, float]]:
    """Leaves side by side, parents above the middle of their children."""
    rule = policy.rule
    out: dict[int, tuple[float, float]] = {}
    count = iter(range(len(rule.column)))

    def place(node: int, level: int) -> float:
        if rule.column[node] < 0:
            x = float(next(count))
        else:
            sides = (int(rule.left[node]), int(rule.right[node]))
            x = float(np.mean([place(side, level + 1) for side in sides]))
        out[node] = (x, -float(level))
        return x

    place(0, 0)
    return out


def _tree(policy: Policy, ax: Axes) -> None:
    rule, places = policy.rule, _places(policy)
    rows = {
        node: row
        for (node, _), (_, row) in zip(rule.leaves(), policy.rules.iterrows(), strict=True)
    }
    for node, (x, y) in places.items():
        if rule.column[node] < 0:
            _leaf(ax, x, y, rows[node])
            continue
        for side, word in ((int(rule.left[node]), "yes"), (int(rule.right[node]), "no")):
            to_x, to_y = places[side]
            ax.plot([x, to_x], [y, to_y], color=GREY, lw=1.2, zorder=1)
            ax.text(
                (x + to_x) / 2, (y + to_y) / 2, word, fontsize=8, color=INK, ha="center",
                va="center", zorder=2, bbox={"fc": "white", "ec": "none", "pad": 1},
            )  # fmt: skip
        step = ((int(rule.column[node]), float(rule.cut[node]), True),)
        words = policy.wording.conditions(step)
        ax.text(
            x, y, fill(words, 22) + "?", fontsize=8.5, color=INK, ha="center", va="center",
            zorder=3, bbox={"fc": "white", "ec": INK, "boxstyle": "round,pad=0.4", "lw": 0.8},
        )  # fmt: skip
    lowest = min(y for _, y in places.values())
    ax.set_xlim(-0.6, len(rows) - 0.4)
    ax.set_ylim(lowest - 0.5, 0.4)
    ax.set_title("Rule learnt from all firms", loc="left", fontsize=9, color=INK)
    ax.axis("off")


def _leaf(ax: Axes, x: float, y: float, row: pd.Series) -> None:
    treat = row["treat"] > 0
    words = f"{decision(row['treat'])}\n{row['n_firms']:,} firms\neffect {row['estimate']:.3g}"
    ax.text(
        x, y, words, fontsize=8, color=INK, ha="center", va="center", zorder=3,
        bbox={
            "fc": "#BFE3D8" if treat else "#E6E6E6", "ec": UP if treat else GREY,
            "boxstyle": "round,pad=0.4", "lw": 1.2,
        },
    )  # fmt: skip


def _values(policy: Policy, ax: Axes) -> None:
    table = policy.table
    place = np.arange(len(table))[::-1]
    half = (table["conf_high"] - table["estimate"]).to_numpy()
    ax.errorbar(
        table["estimate"], place, xerr=half, fmt="o", color=INK, ecolor=SKY, elinewidth=2.5,
        capsize=0, ms=5,
    )  # fmt: skip
    for y, value in zip(place, table["estimate"], strict=True):
        ax.text(value, y + 0.16, f"{value:.3g}", fontsize=8, ha="center", color=INK)
    ax.axvline(0, color=INK, lw=0.8)
    over = policy.budget is not None and policy.budget < 1
    words = {
        "tree": "follow the tree", "all": "all (over budget)" if over else "all", "none": "none",
        RANDOM: "random, as many",
    }  # fmt: skip
    names = [
        f"{words[g]}\n{100 * s:.3g} % of firms"
        for g, s in zip(table["group"], table["share"], strict=True)
    ]
    ax.set_yticks(place, names)
    ax.set_ylim(-0.5, len(table) - 0.4)
    ax.set_xlabel(f"units of {policy.context.outcome} per firm, net of cost", fontsize=9)
    ax.set_title(
        f"Value on {table['n_firms'].iloc[0]:,} held-out firms, 95 % intervals",
        loc="left", fontsize=9, color=INK,
    )  # fmt: skip
    clean(ax)
