"""Pictures of effects: a waterfall of paths that add up, or dots with intervals."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from causalgreen.fonts import families

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from causalgreen.effects.effects import Effects

__all__ = ["plot_effects"]

TOTALS = ("own_total", "overall")
INK = "#222222"
# Okabe-Ito, told apart by people with colour-blindness.
UP, DOWN, TOTAL = "#009E73", "#D55E00", "#56B4E9"


def plot_effects(effects: Effects, ax: Axes | None, level: float) -> Axes:
    """Draw the paths as a waterfall, or any other effects as dots with intervals."""
    import matplotlib.pyplot as plt

    adds_up = "own_total" in effects.terms and "direct" in effects.terms
    if ax is None:
        size = (8.0, 4.2) if adds_up else (8.0, 1.2 + 0.36 * len(effects.terms))
        _, ax = plt.subplots(figsize=size, layout="constrained")
    draw = _waterfall if adds_up else _dots
    draw(effects, ax, level)
    who = f"{effects.context.n_firms:,} firms, {effects.context.n_rows:,} rows"
    clusters = " x ".join(f"{n:,}" for n in effects.context.n_clusters)
    names = " and ".join(effects.context.cluster_names)
    ax.set_title(
        f"What one more unit of {effects.context.treatment} does to {effects.context.outcome}\n"
        f"{who}; {100 * level:g} % intervals, errors clustered by {names} ({clusters})",
        loc="left", fontsize=10, color=INK,
    )  # fmt: skip
    ax.spines[["top", "right"]].set_visible(False)
    _write_wide(ax)
    return ax


def _write_wide(ax: Axes) -> None:
    """Chinese names in a font that has them."""
    from matplotlib.text import Text

    usual = families([])
    for text in ax.findobj(Text):
        if (fonts := families([text.get_text()])) != usual:  # type: ignore[attr-defined]
            text.set_fontfamily(fonts)  # type: ignore[attr-defined]


def _order(terms: tuple[str, ...]) -> list[str]:
    """Own paths, their total, spillover, overall."""
    own = [t for t in terms if t not in TOTALS and t != "spillover"]
    return own + [t for t in ("own_total", "spillover", "overall") if t in terms]


def _waterfall(effects: Effects, ax: Axes, level: float) -> None:
    terms = _order(effects.terms)
    table = effects.tidy(level).set_index("term").loc[terms, ["estimate", "conf_high"]]
    values = table.to_numpy(dtype=np.float64)
    height, ends = 0.0, []
    for i, term in enumerate(terms):
        value, upper = values[i]
        start = 0.0 if term in TOTALS else height
        colour = TOTAL if term in TOTALS else (UP if value >= 0 else DOWN)
        ax.bar(i, value, bottom=start, width=0.62, color=colour, zorder=2)
        end = start + value
        half = upper - value
        ax.errorbar(i, end, yerr=half, color=INK, capsize=4, lw=1.2, zorder=3)
        reach = max(half, 0.0)
        ends.append((min(start, end - reach), max(start, end + reach)))
        height = end
        if i + 1 < len(terms):
            ax.plot([i + 0.31, i + 0.69], [end, end], color=INK, lw=0.7, ls=":", zorder=1)
    low = min(min(bottom for bottom, _ in ends), 0.0)
    high = max(max(top for _, top in ends), 0.0)
    pad, decimals = 0.03 * (high - low or 1.0), _decimals(values[:, 0])
    for i, ((bottom, top), value) in enumerate(zip(ends, values[:, 0], strict=True)):
        # Beyond the end of the interval that the bar points to.
        place, side = (top + pad, "bottom") if value >= 0 else (bottom - pad, "top")
        told = f"{value:+,.{decimals}f}"
        ax.text(i, place, told, ha="center", va=side, fontsize=9, color=INK)
    below = (values[:, 0] < 0).any()
    ax.axhline(0, color=INK, lw=0.8)
    ax.set_ylim(top=high + 4 * pad)
    if below:
        ax.set_ylim(bottom=low - 4 * pad)
    ax.set_xticks(range(len(terms)), [_label(t) for t in terms], fontsize=9)
    ax.set_ylabel(effects.context.unit, fontsize=9)


def _decimals(values: np.ndarray) -> int:
    """The same for all bars: three digits of the largest, and three decimals of common sizes."""
    largest = float(np.nanmax(np.abs(values), initial=0.0))
    if not 0 < largest < np.inf:
        return 3
    return int(np.clip(2 - np.floor(np.log10(largest)), 0 if largest >= 100 else 3, 6))


def _label(term: str) -> str:
    names = {"own_total": "own total", "human_capital": "human\ncapital"}
    told = names.get(term, term.replace("_", " ").replace(" -> ", "\n→ "))
    # Chinese has no spaces to break at.
    return re.sub(r"([\u2e80-\u9fff]{7})(?=[\u2e80-\u9fff])", r"\1\n", told)


def _dots(effects: Effects, ax: Axes, level: float) -> None:
    table = effects.tidy(level)
    place = np.arange(len(table))[::-1]
    half = table["conf_high"] - table["estimate"]
    ax.errorbar(
        table["estimate"], place, xerr=half, fmt="o", color=INK, ecolor=TOTAL, elinewidth=2.5,
        capsize=0, ms=5,
    )  # fmt: skip
    ax.axvline(0, color=INK, lw=0.8)
    ax.set_yticks(place, [t.replace("_", " ") for t in table["term"]], fontsize=9)
    ax.set_ylim(-0.7, len(table) - 0.3)
    ax.set_xlabel(effects.context.unit, fontsize=9)
