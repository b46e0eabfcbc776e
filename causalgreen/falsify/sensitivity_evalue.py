"""E-values: how strongly a confounder must act, as ratios, to explain an effect away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.errors import EstimationError

if TYPE_CHECKING:
    from causalgreen.effects.effects import Effects

__all__ = ["e_value", "e_values"]


def e_value(ratio: float, limit: float | None = None) -> float:
    """Smallest association with treatment and outcome, as ratios, that explains a ratio away.

    Parameters
    ----------
    ratio : float
        Ratio effect (1: none).
    limit : float, optional
        End of its confidence interval that is nearer to 1: the E-value of the interval is then
        returned, 1 where the interval covers 1.

    Returns
    -------
    float
        1: nothing needs explaining.

    References
    ----------
    VanderWeele and Ding (2017), Sensitivity analysis in observational research: Introducing the
    E-value, Annals of Internal Medicine 167(4), doi 10.7326/M16-2607.

    Examples
    --------
    >>> round(e_value(3.9), 2), round(e_value(3.9, limit=1.8), 2)
    (7.26, 3.0)
    >>> round(e_value(0.8), 2)
    1.81
    """
    if not ratio > 0 or not np.isfinite(ratio):
        return float("nan")
    value = ratio if limit is None else limit
    if limit is not None and ((limit - 1) * (ratio - 1) <= 0 or limit <= 0):
        return 1.0
    value = value if value >= 1 else 1 / value
    return float(value + np.sqrt(value * (value - 1)))


def e_values(effects: Effects, level: float = 0.95) -> pd.DataFrame:
    """E-values of effects in percent of the mean outcome.

    One more unit of treatment multiplies the mean outcome by 1 + percent / 100. With a treatment
    that is not 0/1 the ratio, and so the E-value, is per unit of it.

    Parameters
    ----------
    effects : Effects
        In units of the outcome.
    level : float
        Coverage of the intervals.

    Returns
    -------
    pandas.DataFrame
        Columns term, ratio, ratio_low, ratio_high, e_value, e_value_limit; all NaN where the mean
        outcome is not positive.
    """
    table = pd.DataFrame({"term": effects.terms})
    try:
        percent = effects.percent_of_mean().tidy(level)
    except EstimationError:
        for column in ("ratio", "ratio_low", "ratio_high", "e_value", "e_value_limit"):
            table[column] = np.nan
        return table
    for column, source in (("ratio", "estimate"), ("ratio_low", "conf_low"),
                           ("ratio_high", "conf_high")):  # fmt: skip
        table[column] = 1 + percent[source].to_numpy() / 100
    near = np.where(table["ratio"] > 1, table["ratio_low"], table["ratio_high"])
    table["e_value"] = [e_value(r) for r in table["ratio"]]
    table["e_value_limit"] = [e_value(r, n) for r, n in zip(table["ratio"], near, strict=True)]
    return table
