"""Estimates of independent steps, combined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

__all__ = ["EXISTS", "RIGHT", "Pieces", "p_of"]

EXISTS, RIGHT = "slope > 0", "slope = 1"


@dataclass(frozen=True, slots=True)
class Pieces:
    """Estimates whose errors are uncorrelated from step to step.

    Attributes
    ----------
    estimate, std_error, df : numpy.ndarray, shape (K,)
        Of each step; degrees of freedom of its t-statistic.

    Examples
    --------
    >>> two = Pieces(np.array([1.0, 2.0]), np.array([1.0, 1.0]), np.array([1e9, 1e9]))
    >>> round(two.solve(0.0), 6), round(two.at(0.0), 6)
    (1.5, 2.12132)
    """

    estimate: np.ndarray
    std_error: np.ndarray
    df: np.ndarray

    @classmethod
    def of(cls, estimate: np.ndarray, std_error: np.ndarray, df: np.ndarray) -> Pieces | None:
        """Steps that have an estimate; None where there is none."""
        good = np.isfinite(estimate) & np.isfinite(std_error) & (std_error > 0)
        return cls(estimate[good], std_error[good], df[good]) if good.any() else None

    def at(self, value: float) -> float:
        """Normal statistic of the estimates being ``value``.

        With few clusters a step's t-statistic has heavier tails than a normal one: it is replaced
        by the normal quantile of its p-value, so that the sum is normal at any number of clusters.
        """
        # What scipy.stats.norm and t call, without their checks: a search asks some hundred times.
        from scipy.special import ndtri, stdtr

        ratio = (self.estimate - value) / self.std_error
        normal = -np.sign(ratio) * ndtri(np.maximum(stdtr(self.df, -np.abs(ratio)), 1e-300))
        return float(normal.sum() / np.sqrt(len(normal)))

    def solve(self, target: float) -> float:
        """Value at which the statistic is ``target``."""
        from scipy.optimize import brentq

        width = 10 * float(self.std_error.max())
        low, high = float(self.estimate.min()) - width, float(self.estimate.max()) + width
        while self.at(low) <= target:
            low, width = low - width, 4 * width
        while self.at(high) >= target:
            high, width = high + width, 4 * width
        # Effects may be tiny in their units: the tolerance is in units of their errors.
        fine = 1e-9 * float(self.std_error.min())
        return float(brentq(lambda v: self.at(v) - target, low, high, xtol=fine, rtol=1e-10))

    def summary(self, level: float = 0.95) -> tuple[float, float, float, float, float, float]:
        """Estimate, standard error, statistic, p-value (two-sided, of zero), interval."""
        from scipy.stats import norm

        from causalgreen.errors import DesignError

        if not isinstance(level, (int, float, np.number)) or not 0 < level < 1:
            raise DesignError(f"level={level!r}: a coverage lies between 0 and 1, such as 0.95")
        z = float(norm.ppf((1 + level) / 2))
        error = np.sqrt(len(self.estimate)) / float((1 / self.std_error).sum())
        zero = self.at(0.0)
        return self.solve(0.0), error, zero, p_of(zero, "two-sided"), self.solve(z), self.solve(-z)


def p_of(statistic: float, alternative: Literal["greater", "two-sided"]) -> float:
    """P-value of a normal statistic."""
    from scipy.stats import norm

    if alternative == "greater":
        return float(norm.sf(statistic))
    return float(2 * norm.sf(abs(statistic)))
