"""Picture of the profile: standardised differences as dots with intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from causalgreen.explain.style import BELOW, GREY, INK, UP, finish, label, legible, sample

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from causalgreen.explain.profile import Profile

__all__ = ["plot_profile"]


@legible
def plot_profile(result: Profile, ax: Axes | None = None) -> Axes:
    """Traits in order of their standardised difference, with 95 % intervals and means."""
    import matplotlib.pyplot as plt
    from matplotlib.transforms import blended_transform_factory

    table = result.table.sort_values("standardised", kind="stable").reset_index(drop=True)
    many = len(table)
    if ax is None:
        height = 1.9 + 0.3 * max(many, 3)
        _, ax = plt.subplots(figsize=(8.2, height), layout="constrained")
    for i in range(many):
        row, scale = table.iloc[i], float(table["spread"].iloc[i])
        sure = row["p_holm"] < 0.05
        colour = GREY if not sure else UP if row["estimate"] > 0 else BELOW
        ax.plot([row["conf_low"] / scale, row["conf_high"] / scale], [i, i], color=colour, lw=2)
        ax.plot(row["standardised"], i, "o", color=colour, ms=6,
                mfc=colour if sure else "white", zorder=3)  # fmt: skip
        text = f"{row['least']:.3g} → {row['most']:.3g}"
        ax.text(1.01, i, text, va="center", fontsize=8, color=INK,
                transform=blended_transform_factory(ax.transAxes, ax.transData))  # fmt: skip
    ax.text(1.01, many - 0.35, "mean: least → most", fontsize=8, color=GREY, va="bottom",
            transform=blended_transform_factory(ax.transAxes, ax.transData))  # fmt: skip
    ax.axvline(0, color=INK, lw=0.8)
    ax.set_yticks(range(many), table["trait"].astype(str).tolist(), fontsize=9)
    ax.set_ylim(-0.6, many - 0.1)
    ax.set_xlabel(
        "most less least affected, in standard deviations of the trait (95 % intervals)\n"
        "filled: differs, all traits asked at once (Holm, 5 %); intervals take the sorting as "
        "given",
        fontsize=8.5,
    )
    ends = f"{result.share:.0%} most against {result.share:.0%} least affected"
    under = f"{ends} of {sample(result.context)}"
    return finish(ax, f"Who has the largest and smallest {label(result.term)} effect?", under)
