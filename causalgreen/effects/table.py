"""Covariances chosen by name, critical values, and the tidy table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.effects.bootstrap import simultaneous_quantile
from causalgreen.effects.context import Context
from causalgreen.effects.covariance import cluster_covariance, jackknife_covariance
from causalgreen.errors import DesignError

if TYPE_CHECKING:
    from causalgreen.effects.effects import Effects

__all__ = ["covariance_of", "critical_value", "tidy_table"]


def covariance_of(
    estimate: np.ndarray,
    influence: np.ndarray,
    context: Context,
    covariance: str,
    jackknife: Callable[[], np.ndarray] | None,
) -> np.ndarray:
    """Covariance of estimates by cluster sandwich or cluster jackknife."""
    if covariance == "CR1":
        return cluster_covariance(influence, context.clusters, context.n_rows, context.n_parameters)
    if covariance != "CV3":
        raise DesignError(f"covariance={covariance!r} is not known; choose 'CR1' or 'CV3'")
    if jackknife is None or len(context.clusters) > 1:
        raise DesignError(
            "covariance='CV3' (cluster jackknife) is defined for one clustering dimension; use "
            "covariance='CR1' for several"
        )
    return jackknife_covariance(jackknife(), estimate)


def critical_value(
    effects: Effects, level: float, simultaneous: bool, draws: int, seed: int
) -> float:
    """Quantile of t, or the sup-t quantile that covers all terms at once."""
    from scipy.stats import t

    if not isinstance(level, (int, float, np.number)) or not 0 < level < 1:
        raise DesignError(f"level={level!r}: a coverage lies between 0 and 1, such as 0.95")
    pointwise = float(t.ppf((1 + level) / 2, effects.df))
    if not simultaneous:
        return pointwise
    joint = simultaneous_quantile(
        effects.influence, effects.context.clusters, effects.vcov, level, draws, seed
    )
    # Draws are Gaussian in the limit: never narrower than the pointwise t interval.
    return max(joint, pointwise)


def tidy_table(effects: Effects, bounds: pd.DataFrame) -> pd.DataFrame:
    """One row for each term, with t-statistics and p-values."""
    from scipy.stats import t

    se = effects.std_error
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(se > 0, effects.estimate / se, np.nan)
    table = pd.DataFrame(
        {
            "term": effects.terms,
            "estimate": effects.estimate,
            "std_error": se,
            "statistic": statistic,
            "p_value": 2 * t.sf(np.abs(statistic), effects.df),
        }
    )
    return pd.concat([table, bounds.reset_index(drop=True)], axis=1)
