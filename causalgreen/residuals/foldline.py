"""A line of the other folds, and what it says of rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

__all__ = ["REACH", "ROWS", "FoldLine", "chunks"]

REACH = 2.0
# Rows that are in memory at a time, beside the features themselves: few enough for the caches.
ROWS = 4_096


def chunks(X: np.ndarray, seen: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Columns that lines may use, some rows at a time."""
    for low in range(0, len(X), ROWS):
        part = slice(low, min(low + ROWS, len(X)))
        yield part, np.take(X[part], seen, axis=1)  # indexing would transpose in memory


@dataclass(frozen=True, slots=True)
class FoldLine:
    """Least squares of every target on the rows of all folds but one.

    Attributes
    ----------
    seen : numpy.ndarray of int, shape (c,)
        Features that a line may use.
    holes : numpy.ndarray of int, shape (h,)
        Which of these have gaps: an indicator for each follows the columns.
    fill : numpy.ndarray, shape (c,)
        What gaps are filled with.
    centre, slope : numpy.ndarray, shapes (c + h,) and (c + h, p)
        Means in training; coefficients.
    level : numpy.ndarray, shape (p,)
        Means of the targets in training.
    reach : numpy.ndarray, shape (c + h,)
        How far from its mean a column of held-out rows may lie.
    """

    seen: np.ndarray
    holes: np.ndarray
    fill: np.ndarray
    centre: np.ndarray
    slope: np.ndarray
    level: np.ndarray
    reach: np.ndarray

    def columns(self, x: np.ndarray) -> np.ndarray:
        """Filled columns and indicators of gaps, minus their means."""
        if not len(self.holes):
            return x - self.centre
        missing = np.isnan(x)
        filled = np.where(missing, self.fill, x)
        return np.column_stack([filled, missing[:, self.holes]]) - self.centre

    def fitted(self, X: np.ndarray) -> np.ndarray:
        """Fit for all rows, a chunk at a time, shape (n, p)."""
        out = np.empty((len(X), len(self.level)))
        for part, x in chunks(X, self.seen):
            out[part] = self.level + self.columns(x) @ self.slope
        return out

    def held_out(self, X: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Fit for held-out rows, shape (len(rows), p).

        A column that hardly varies in training may be huge in a held-out cluster (a level or a
        subsidy that only this cluster has): a line must not be drawn out to there.
        """
        out = np.empty((len(rows), len(self.level)))
        for low in range(0, len(rows), ROWS):
            part = slice(low, low + ROWS)
            x = self.columns(np.take(X[rows[part]], self.seen, axis=1))
            np.clip(x, -self.reach, self.reach, out=x)
            out[part] = self.level + x @ self.slope
        return out
