"""Least squares, and the filling of gaps for learners that cannot take them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalgreen.residuals.tasks import FoldTask

REACH = 2.0

__all__ = ["LinearLearner", "fill_missing", "linear_fit"]


def fill_missing(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fill gaps by the training mean and add an indicator for each column that has any."""
    if not (np.isnan(train).any() or np.isnan(test).any()):
        return train, test
    observed = ~np.isnan(train)
    means = np.where(observed, train, 0.0).sum(axis=0) / np.maximum(observed.sum(axis=0), 1)
    holes = ~observed.all(axis=0) | np.isnan(test).any(axis=0)

    def fill(x: np.ndarray) -> np.ndarray:
        missing = np.isnan(x)
        return np.column_stack([np.where(missing, means, x), missing[:, holes].astype(float)])

    return fill(train), fill(test)


def linear_fit(task: FoldTask) -> tuple[np.ndarray, np.ndarray]:
    """Least-squares predictions for the training and for the held-out rows."""
    seen = task.linear > 0
    X, free = task.X[:, seen], task.linear[seen]
    train, test = fill_missing(X[task.train], X[task.test])
    y, w = task.y[task.train], task.train_weights()
    if not train.shape[1]:
        level = np.average(y, weights=w)
        return np.full(len(train), level), np.full(len(test), level)
    centre, level = np.average(train, axis=0, weights=w), np.average(y, weights=w)
    root = np.ones(1) if w is None else np.sqrt(w)[:, None]
    # Unit scale, so that the rank cut-off of lstsq does not depend on the units of a control.
    scale = np.sqrt(np.average((train - centre) ** 2, axis=0, weights=w))
    scale[scale <= 1e-12 * np.maximum(np.abs(centre), 1)] = np.inf
    train, test = (train - centre) / scale, (test - centre) / scale
    # A column that hardly varies in training may be huge in a held-out cluster (a level or a
    # subsidy that only this cluster has): a line must not be drawn out to there.
    reach = REACH * np.abs(train).max(axis=0, initial=0.0)
    test = np.clip(test, -reach, reach)
    # Where columns are collinear the solution of least norm uses free columns first.
    free = np.append(free, np.ones(train.shape[1] - len(free)))
    train, test = train * free, test * free
    beta = np.linalg.lstsq(root * train, root.ravel() * (y - level), rcond=1e-10)[0]
    return level + train @ beta, level + test @ beta


@dataclass(frozen=True, slots=True)
class LinearLearner:
    """Least squares with an intercept."""

    @property
    def name(self) -> str:
        """Short name for reports."""
        return "linear"

    def labels(self) -> tuple[str, ...]:
        """One candidate."""
        return ("least squares",)

    def predict(self, task: FoldTask) -> np.ndarray:
        """Held-out predictions, shape (n_test, 1)."""
        return linear_fit(task)[1][:, None]
