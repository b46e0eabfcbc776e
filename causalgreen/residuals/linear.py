"""Least squares, and the filling of gaps for learners that cannot take them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalgreen.residuals.tasks import FoldTask

REACH, RANK = 2.0, 1e-10

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


@dataclass(frozen=True, slots=True)
class _Lines:
    """Least squares of one fold, factorised once for all of its targets.

    Attributes
    ----------
    left : numpy.ndarray, shape (n_train, k)
        Left singular vectors of the training columns, times the roots of the weights.
    test : numpy.ndarray, shape (n_test, k)
        Held-out columns in coordinates in which coefficients are products with ``left``.
    """

    left: np.ndarray
    test: np.ndarray


def linear_fit(task: FoldTask) -> tuple[np.ndarray, np.ndarray]:
    """Least-squares predictions for the training and for the held-out rows."""
    lines = task.shared("least squares", lambda: _lines(task))
    y, w = task.y[task.train], task.train_weights()
    level = np.average(y, weights=w)
    if w is None:
        along = lines.left.T @ (y - level)
        return level + lines.left @ along, level + lines.test @ along
    root = np.sqrt(w)
    along = lines.left.T @ (root * (y - level))
    return level + lines.left @ along / root, level + lines.test @ along


def _lines(task: FoldTask) -> _Lines:
    """Columns that a line may use, standardised and factorised."""
    seen = task.linear > 0
    X, free = task.X[:, seen], task.linear[seen]
    train, test = fill_missing(X[task.train], X[task.test])
    if not train.shape[1]:
        return _Lines(np.zeros((len(train), 0)), np.zeros((len(test), 0)))
    w = task.train_weights()
    centre = np.average(train, axis=0, weights=w)
    train = train - centre
    # Unit scale, so that the rank cut-off does not depend on the units of a control.
    scale = np.sqrt(np.average(train**2, axis=0, weights=w))
    scale[scale <= 1e-12 * np.maximum(np.abs(centre), 1)] = np.inf
    train /= scale
    test = (test - centre) / scale
    # A column that hardly varies in training may be huge in a held-out cluster (a level or a
    # subsidy that only this cluster has): a line must not be drawn out to there.
    reach = REACH * np.abs(train).max(axis=0, initial=0.0)
    test = np.clip(test, -reach, reach)
    # Where columns are collinear the solution of least norm uses free columns first.
    free = np.append(free, np.ones(train.shape[1] - len(free)))
    train *= free
    test *= free
    if w is not None:
        train *= np.sqrt(w)[:, None]
    q, r = np.linalg.qr(train)
    u, size, v = np.linalg.svd(r, full_matrices=False)
    kept = size > RANK * size[0]
    return _Lines(q @ u[:, kept], test @ (v[kept].T / size[kept]))


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
