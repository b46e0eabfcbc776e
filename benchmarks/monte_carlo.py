"""How far a figure of few draws may lie from what it stands for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import norm

__all__ = ["TWO", "mean_error", "panel_error", "rate_error", "simultaneous"]

TWO = 2.0
"""Errors are shown as two standard errors."""


def rate_error(rate: float, draws: float) -> float:
    """Standard error of a rate; for never and for always, that of half a draw more.

    Examples
    --------
    >>> rate_error(0.5, 100)
    0.05
    >>> rate_error(0.0, 100) > 0
    True
    """
    if not draws or np.isnan(rate):
        return float("nan")
    middle = min(max(rate, 0.5 / draws), 1 - 0.5 / draws)
    return float(np.sqrt(middle * (1 - middle) / draws))


def mean_error(errors: Sequence[float], weights: Sequence[float] | None = None) -> float:
    """Standard error of the mean of figures of the same draws, as if they moved together.

    Cells of one table come from the same panels, and how closely they move together is not kept;
    this is the largest that the error can be.
    """
    return float(np.average(np.asarray(errors, dtype=float), weights=weights))


def panel_error(hits: pd.Series, panels: pd.Series) -> float:
    """Standard error of a rate over all cells, which share their panels: between the panels.

    Parameters
    ----------
    hits : pandas.Series
        0, 1, or NaN where there is no answer.
    panels : pandas.Series
        The panel, or its seed, of each.

    Returns
    -------
    float
        NaN with fewer than two panels.
    """
    by_panel = hits.astype(float).groupby(panels).mean().dropna()
    n = len(by_panel)
    return float(by_panel.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan")


def simultaneous(cells: int) -> float:
    """Standard errors within which all of so many cells lie in 95 % of the runs (Bonferroni).

    Examples
    --------
    >>> simultaneous(1)
    1.96
    """
    return float(norm.ppf(1 - 0.025 / max(cells, 1)))
