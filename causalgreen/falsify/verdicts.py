"""From p-values to verdicts, and what a check could have seen."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from causalgreen.falsify.finding import FAIL, NOT_APPLICABLE, PASS, WARN, Verdict

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "BLIND", "BORDER", "LEVEL", "POWER", "TOLERATED", "detectable", "extreme", "listed", "records",
    "size_test", "worst",
]  # fmt: skip

LEVEL, BORDER, POWER = 0.05, 0.10, 0.80
BLIND = 0.25
"""A check that could only have seen a partial correlation this large has seen nothing."""
# With some dozens of clusters sandwich tests of 5 % reject 6 to 8 %; that is no finding.
TOLERATED = 0.075


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The gravest verdict; what was not run counts only where nothing was.

    Examples
    --------
    >>> worst(["pass", "warn", "not applicable"])
    'warn'
    """
    given = set(verdicts)
    for verdict in (FAIL, WARN, PASS):
        if verdict in given:
            return verdict
    return NOT_APPLICABLE


def detectable(std_error: np.ndarray, df: int) -> np.ndarray:
    """Smallest effect that a test at 5 % finds with probability 80 %.

    Parameters
    ----------
    std_error : numpy.ndarray
    df : int
        Degrees of freedom of t.

    Examples
    --------
    >>> round(float(detectable(np.array(1.0), 10**6)), 2)
    2.8
    """
    from scipy.stats import t

    return (t.ppf(1 - LEVEL / 2, df) + t.ppf(POWER, df)) * std_error


def size_test(
    rejections: np.ndarray, simulations: int, common: float = 0.0
) -> tuple[np.ndarray, float]:
    """Whether a test of 5 % rejects more than 7.5 %, and what would have been noticed.

    Simulations that have a part in common (placebos that keep a part of the real history) reject
    together: their t-statistics are taken as normal with this correlation.

    Parameters
    ----------
    rejections : numpy.ndarray of int, shape (k,)
        Rejections in so many simulations.
    simulations : int
    common : float
        Correlation between the t-statistics of two simulations, 0 or more, below 1.

    Returns
    -------
    p : numpy.ndarray, shape (k,)
        One-sided p-values, binomial given what simulations have in common.
    power : float
        Chance of noticing a test that rejects three times as often as it should.

    Examples
    --------
    >>> p, power = size_test(np.array([20, 60]), 400)
    >>> bool(p[0] > 0.4 and p[1] < 1e-6), round(power, 2)
    (True, 1.0)
    >>> p, power = size_test(np.array([20, 60]), 400, common=0.2)
    >>> bool(p[1] > 0.05), round(power, 1)
    (True, 0.3)
    """
    from scipy.stats import binom

    allowed, thrice = _shares(TOLERATED, common), _shares(3 * LEVEL, common)

    def at_least(count: int, shares: np.ndarray) -> float:
        return float(binom.sf(count - 1, simulations, shares).mean())

    p = np.array([at_least(count, allowed) for count in np.asarray(rejections)])
    critical = bisect_left(
        range(simulations + 1), True, key=lambda count: at_least(count, allowed) <= LEVEL
    )
    return p, at_least(critical, thrice)


def _shares(level: float, common: float) -> np.ndarray:
    """Share that rejects, for equally likely values of what simulations have in common."""
    from scipy.stats import norm

    if common <= 0:
        return np.array([level])
    shared = np.sqrt(common) * norm.ppf((np.arange(2000) + 0.5) / 2000)
    critical, own = norm.isf(level / 2), np.sqrt(1 - common)
    share: np.ndarray = norm.sf((critical - shared) / own) + norm.cdf((-critical - shared) / own)
    return share


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table as dictionaries."""
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]


def extreme(table: pd.DataFrame, column: str, *, largest: bool = False) -> dict[str, Any]:
    """The row with the smallest (or largest) value in a column."""
    values = table[column].to_numpy(dtype=np.float64)
    place = int(np.nanargmax(values) if largest else np.nanargmin(values))
    return records(table.iloc[[place]])[0]


def listed(names: Iterable[str]) -> str:
    """Names as people read them."""
    return ", ".join(name.replace("_", " ") for name in names)
