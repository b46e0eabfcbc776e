"""Features as LightGBM sees them: in bins, and for leaves that are linear, on one bounded scale."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["CHUNK", "binned", "bounded"]

# Rows beyond which features are binned a part at a time.
CHUNK = 200_000
# Rows from which the scale of a feature is learnt.
SAMPLE = 100_000
# Scales from the middle at which a bounded feature levels off.
BOUND = 4.0
# Of a normal variable: its quartiles, and its 5 % and 95 % points, are so many sd apart.
QUARTILES, TAILS = 1.349, 3.29
# How much more the tails may say than the quartiles before they are believed.
TELLING = 10.0
# In spreads from the middle; farther values are taken for this one.
FARTHEST = 1e9


def binned(
    X: np.ndarray, columns: np.ndarray, weights: np.ndarray | None, params: dict[str, Any]
) -> Any:
    """Binned features of all rows; of a large panel without a copy of them where bins are enough.

    Parameters
    ----------
    X : numpy.ndarray, shape (n, f)
        Features; NaN where one is missing.
    columns : numpy.ndarray of int
        Which of them.
    weights : numpy.ndarray or None, shape (n,)
        Row weights.
    params : dict
        LightGBM's; with ``linear_tree`` the features are bounded.

    Returns
    -------
    lightgbm.Dataset
    """
    import lightgbm as lgb

    features: Any
    if params.get("linear_tree"):
        features = bounded(X, columns)
    elif len(X) > CHUNK:
        features = _in_parts(X, columns)
    else:
        features = X[:, columns]
    return lgb.Dataset(features, np.zeros(len(X)), weight=weights, params=params).construct()


def bounded(X: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Features over their spread, levelling off at four spreads from the middle.

    Order is kept, but for values beyond some ten thousand spreads, which become one. A line through
    the rows of a leaf says nothing about a held-out row that lies a thousand spreads away; on this
    scale no row does.

    Parameters
    ----------
    X : numpy.ndarray, shape (n, f)
        Features; NaN where one is missing.
    columns : numpy.ndarray of int, shape (k,)
        Which of them.

    Returns
    -------
    numpy.ndarray of float32, shape (n, k)

    Examples
    --------
    >>> x = np.array([*range(-20, 21), 1e9])
    >>> bounded(x[:, None], np.array([0])).ravel()[[0, 10, 20, 30, 40, 41]].round(1)
    array([-1.3, -0.7, -0. ,  0.6,  1.2,  4. ], dtype=float32)
    """
    n = len(X)
    rows = np.arange(n)
    if n > SAMPLE:  # not every k-th row: a panel is sorted by firm and year
        rows = np.sort(np.random.default_rng(0).choice(n, SAMPLE, replace=False))
    out = np.empty((n, len(columns)), dtype=np.float32)
    for place, column in enumerate(columns):
        middle, spread = _scale(X[rows, column])
        with np.errstate(over="ignore"):
            z = np.clip((X[:, column] - middle) / spread, -FARTHEST, FARTHEST)
        out[:, place] = z / np.hypot(1.0, z / BOUND)
    return out


def _scale(values: np.ndarray) -> tuple[float, float]:
    """Median, and spread: as the quartiles have it, unless the tails say much more; else the sd.

    Where three rows in four are zero, the quartiles are those of zeros and a sliver of the rest.
    """
    known = values[~np.isnan(values)]
    if not known.size:
        return 0.0, 1.0
    bottom, low, middle, high, top = np.quantile(known, (0.05, 0.25, 0.5, 0.75, 0.95))
    spread, tails = (high - low) / QUARTILES, (top - bottom) / TAILS
    if 0 < spread < tails / TELLING:
        spread = tails
    with np.errstate(over="ignore"):
        spread = spread or known.std()
    return float(middle), float(spread) if 0 < spread < np.inf else 1.0


def _in_parts(X: np.ndarray, columns: np.ndarray) -> Any:
    """Rows that LightGBM asks for a batch at a time."""
    import lightgbm as lgb

    n, whole = len(X), len(columns) == X.shape[1]

    class Rows(lgb.Sequence):  # type: ignore[misc]
        batch_size = CHUNK // 8

        def __len__(self) -> int:
            return n

        def __getitem__(self, index: Any) -> np.ndarray:
            part = X[index]
            return part if whole else part[..., columns]

    return Rows()
