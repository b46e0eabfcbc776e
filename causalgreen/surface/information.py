"""Expected Jacobian of a firm given its traits, where the surface has none of its own."""

from __future__ import annotations

import numpy as np

from causalgreen.surface.problem import Problem

__all__ = ["expected_moments"]

TREES = 100
LEAF = 20


def expected_moments(problem: Problem, train: np.ndarray, X: np.ndarray, seed: int) -> np.ndarray:
    """Second moments that firms with given traits have on average.

    A regression forest: its averages of positive semi-definite matrices are that, too.

    Parameters
    ----------
    problem : Problem
        Firms and moments.
    train : numpy.ndarray of int
        Firms to learn from.
    X : numpy.ndarray, shape (m, c)
        Encoded traits to predict at.
    seed : int
        Seed of the forest.

    Returns
    -------
    numpy.ndarray, shape (m, p, p)
    """
    from sklearn.ensemble import RandomForestRegressor

    moments = problem.by_firm()[train]
    p = moments.shape[1]
    rows, columns = np.triu_indices(p)
    leaf = min(LEAF, max(1, len(train) // 4))
    forest = RandomForestRegressor(TREES, min_samples_leaf=leaf, random_state=seed, n_jobs=1)
    # Rows in units of the average, so that no variable rules the splits by its scale.
    scale = np.sqrt(np.maximum(np.einsum("ipp->p", moments) / len(moments), 1e-300))
    flat = (moments / scale[:, None] / scale)[:, rows, columns]
    forest.fit(problem.X[train], flat if flat.shape[1] > 1 else flat[:, 0])
    out = np.empty((len(X), p, p))
    out[:, rows, columns] = forest.predict(X).reshape(len(X), -1)
    out[:, columns, rows] = out[:, rows, columns]
    return out * scale[:, None] * scale
