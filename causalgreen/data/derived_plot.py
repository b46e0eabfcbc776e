"""How derived columns are distributed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from causalgreen.fonts import families

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from causalgreen.data.derived import Derived

__all__ = ["plot_derived"]

_BLUE = "#0072B2"  # Okabe and Ito
_MOST = 20


def plot_derived(made: Derived) -> Figure:
    """Draw one panel a column: a histogram of numbers, bars of words and flags."""
    import matplotlib.pyplot as plt

    names = made.columns
    words = [str(v) for n in names for v in made.frame[n].dropna().unique()[:50]]
    with plt.rc_context({"font.family": families([*names, *words])}):
        figure, grid = plt.subplots(
            1, len(names), figsize=(4.2 * len(names), 3.4), layout="constrained", squeeze=False
        )
        for axes, name in zip(grid[0], names, strict=True):
            values = made.frame[name].dropna()
            if pd.api.types.is_numeric_dtype(values) and values.nunique() > 6:
                axes.hist(values.astype(float), bins=30, color=_BLUE)
                axes.set_ylabel("rows")
            else:
                every = values.astype("str").value_counts()
                counts = every.head(_MOST)[::-1]
                axes.barh(list(counts.index), counts.to_numpy(), color=_BLUE)
                cut = f" (first {_MOST} of {len(every)})" if len(every) > _MOST else ""
                axes.set_xlabel(f"rows{cut}")
                axes.tick_params(axis="y", labelsize=8)
            empty = len(made) - len(values)
            axes.set_title(f"{name}: n = {len(values):,}, {empty:,} missing", fontsize=9)
            axes.spines[["top", "right"]].set_visible(False)
    return figure
