"""Pictures of SHAP values: bars with intervals, a beeswarm, dependence on one trait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from causalgreen.explain.style import GREY, INK, PALETTE, SKY, finish, label, legible, sample

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from causalgreen.explain.shapley import Shapley

__all__ = ["plot_beeswarm", "plot_dependence", "plot_importance"]

MOST, MAP, BINS, MANY = 30, "cividis", 60, 8


def _under(shapley: Shapley) -> str:
    model = shapley.model
    how = "exact" if model.exact else f"distilled, R² {model.fidelity:.3f} on held-out clusters"
    return f"{label(shapley.term)}; {sample(shapley.context)}; {how}"


def _left_out(shapley: Shapley) -> str:
    more = shapley.values.shape[1] - MOST
    return f"; the {MOST} of {MOST + more} traits that move it most" if more > 0 else ""


@legible
def plot_importance(shapley: Shapley) -> Figure:
    """Mean absolute SHAP value of each trait."""
    import matplotlib.pyplot as plt

    table = shapley.tidy().head(MOST)
    figure, ax = plt.subplots(figsize=(8.0, 1.6 + 0.3 * len(table)), layout="constrained")
    place = np.arange(len(table))[::-1]
    ax.barh(place, table["estimate"], color=SKY, height=0.66)
    error = [table["estimate"] - table["conf_low"], table["conf_high"] - table["estimate"]]
    ax.errorbar(table["estimate"], place, xerr=error, fmt="none", ecolor=INK, elinewidth=1.2)
    ax.set_yticks(place, table["group"])
    ax.set_ylim(-0.6, len(table) - 0.4)
    ax.set_xlim(left=0)
    ax.set_xlabel(f"mean |SHAP|, {shapley.context.unit}; 95 % intervals", fontsize=9)
    finish(
        ax, f"Which traits move the predicted effect?{_left_out(shapley)}", _under(shapley)
    )  # fmt: skip
    return figure


def _swarm(x: np.ndarray) -> np.ndarray:
    """Offsets in [-1, 1] that spread dots where there are many."""
    low, high = float(x.min()), float(x.max())
    if high <= low:
        return np.zeros(len(x))
    where = np.minimum(((x - low) / (high - low) * BINS).astype(int), BINS - 1)
    count = np.bincount(where, minlength=BINS)
    order = np.argsort(where, kind="stable")
    start = np.concatenate([[0], np.cumsum(count)[:-1]])
    rank = np.empty(len(x))
    rank[order] = np.arange(len(x)) - start[where[order]]
    width = np.sqrt(count / count.max())[where]
    # Alternately above and below, from the middle out; van der Corput order would not be legible.
    spot = (rank + 1) // 2 * np.where(rank % 2 == 0, 1, -1)
    return np.asarray(width * spot / np.maximum(count[where] / 2, 1))


@legible
def plot_beeswarm(shapley: Shapley) -> Figure:
    """A dot for every firm and trait, coloured by the trait where it is a number."""
    import matplotlib.pyplot as plt

    names = list(shapley.values.columns)[:MOST]
    figure, ax = plt.subplots(figsize=(8.0, 1.8 + 0.36 * len(names)), layout="constrained")
    size = float(np.clip(6000 / len(shapley.values), 2, 14))
    drawn: Any = None
    for y, name in zip(range(len(names))[::-1], names, strict=True):
        x = shapley.values[name].to_numpy()
        offset = y + 0.36 * _swarm(x)
        rank = _ranks(shapley.traits[name])
        if rank is None:
            ax.scatter(x, offset, s=size, color=GREY, linewidths=0, rasterized=True)
            continue
        known = np.isfinite(rank)
        ax.scatter(x[~known], offset[~known], s=size, color=GREY, linewidths=0, rasterized=True)
        drawn = ax.scatter(
            x[known], offset[known], s=size, c=rank[known], cmap=MAP, vmin=0, vmax=1, linewidths=0,
            rasterized=True,
        )  # fmt: skip
    ax.axvline(0, color=INK, lw=0.8, zorder=0)
    ax.set_yticks(range(len(names))[::-1], names)
    ax.set_ylim(-0.6, len(names) - 0.4)
    ax.set_xlabel(f"SHAP value, {shapley.context.unit}", fontsize=9)
    if drawn is not None:
        bar = figure.colorbar(drawn, ax=ax, ticks=[0, 1], pad=0.01, aspect=30)
        bar.ax.set_yticklabels(["low", "high"], fontsize=8)
        bar.set_label("trait (grey: a category, or missing)", fontsize=8)
    finish(
        ax, f"What raises and what lowers the effect, firm by firm?{_left_out(shapley)}",
        _under(shapley),
    )  # fmt: skip
    return figure


def _ranks(trait: pd.Series) -> np.ndarray | None:
    """Ranks of a number between 0 and 1; None for a category."""
    if not pd.api.types.is_numeric_dtype(trait):
        return None
    ranks = trait.rank(method="average").to_numpy(dtype=np.float64)
    low, high = np.nanmin(ranks), np.nanmax(ranks)
    return np.asarray((ranks - low) / (high - low) if high > low else ranks * 0.0)


@legible
def plot_dependence(shapley: Shapley, trait: str, by: str | None) -> Figure:
    """SHAP values of a trait against it, coloured by another."""
    import matplotlib.pyplot as plt

    told = "as asked"
    if by is None:
        strength = shapley.interactions()[trait]
        by = str(strength.idxmax()) if strength.max() > 0 else None
        told = "interacts most"
    figure, ax = plt.subplots(figsize=(8.0, 4.4), layout="constrained")
    x, levels = _axis(shapley.traits[trait], shapley.seed)
    y = shapley.values[trait].to_numpy()
    _coloured(figure, ax, x, y, None if by is None else shapley.traits[by], told)
    ax.axhline(0, color=INK, lw=0.8, zorder=0)
    if levels is not None:
        turn = len(levels) > MANY
        ax.set_xticks(
            range(len(levels)), levels, rotation=60 if turn else 0, ha="right" if turn else "center"
        )
    missing = int(np.isnan(x).sum())
    ax.set_xlabel(trait + (f" ({missing:,} firms without it not shown)" if missing else ""))
    ax.set_ylabel(f"SHAP value of {trait},\n{shapley.context.unit}", fontsize=9)
    finish(ax, f"How does the predicted effect move with {trait}?", _under(shapley))
    return figure


def _axis(trait: pd.Series, seed: int) -> tuple[np.ndarray, list[str] | None]:
    """Numbers as they are; categories, and numbers with two values, side by side with jitter."""
    number = pd.api.types.is_numeric_dtype(trait)
    if number and trait.nunique() > 2:
        return trait.to_numpy(dtype=np.float64, na_value=np.nan), None
    levels = sorted(trait.dropna().unique().tolist(), key=None if number else str)
    where = {level: float(i) for i, level in enumerate(levels)}
    x = np.array([where.get(v, np.nan) for v in trait.to_numpy(dtype=object)])
    jitter = np.random.default_rng(seed).uniform(-0.25, 0.25, len(x))
    return x + jitter, [f"{v:g}" if number else str(v) for v in levels]


def _coloured(
    figure: Figure, ax: Axes, x: np.ndarray, y: np.ndarray, other: pd.Series | None, told: str
) -> None:
    style: dict[str, Any] = {
        "s": float(np.clip(8000 / len(x), 4, 18)),
        "linewidths": 0,
        "rasterized": True,
    }
    if other is None:
        ax.scatter(x, y, color=PALETTE[0], **style)
        return
    title = f"{other.name} ({told})"
    if pd.api.types.is_numeric_dtype(other) and other.nunique() > 2:
        value = other.to_numpy(dtype=np.float64, na_value=np.nan)
        low, high = np.nanquantile(value, [0.02, 0.98])
        known = np.isfinite(value)
        ax.scatter(x[~known], y[~known], color=GREY, **style)
        drawn = ax.scatter(
            x[known], y[known], c=value[known], cmap=MAP, vmin=low, vmax=high, **style
        )
        figure.colorbar(drawn, ax=ax, pad=0.01).set_label(title, fontsize=8)
        return
    counts = other.value_counts()
    shown = [v for v in counts.index[: MANY - 1] if counts[v] > 0]
    for colour, level in zip(PALETTE, sorted(shown, key=str), strict=False):
        mine = (other == level).to_numpy()
        name = f"{level:g}" if isinstance(level, (int, float)) else str(level)
        ax.scatter(x[mine], y[mine], color=colour, label=name, **style)
    rest = ~other.isin(shown).to_numpy()
    if rest.any():
        ax.scatter(x[rest], y[rest], color=GREY, label="others", **style)
    ax.legend(
        title=title, loc="upper left", bbox_to_anchor=(1.01, 1.0), fontsize=8, title_fontsize=8,
        frameon=False,
    )  # fmt: skip
