"""Least squares, and the filling of gaps for learners that cannot take them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from causalgreen.residuals.foldline import REACH, ROWS
from causalgreen.residuals.lines import CLEAR, RANK, cross_lines
from causalgreen.residuals.tasks import FoldTask

__all__ = ["LinearLearner", "fill_missing", "linear_fit"]

# The number of values up to which all rows are kept for the next target.
KEEP = 16_000_000
# Below it the cross products lose too much: the response is carried through the decomposition.
SAFE = 1e-6


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
class _Terms:
    """Columns of the linear fit: filled, standardised on the training rows, a chunk at a time.

    Attributes
    ----------
    X : numpy.ndarray, shape (n, f)
        Features of all rows.
    seen : numpy.ndarray of int, shape (c,)
        Which of them a line may use.
    means : numpy.ndarray, shape (c,)
        What gaps are filled with.
    holes : numpy.ndarray of int
        Which of the columns have gaps, and get an indicator.
    centre, scale, free : numpy.ndarray, shape (c + holes,)
        Standardisation, and how freely a column is used.
    """

    X: np.ndarray
    seen: np.ndarray
    means: np.ndarray
    holes: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    free: np.ndarray

    def raw(self, rows: np.ndarray) -> np.ndarray:
        """Filled columns and indicators of gaps of some rows."""
        x = self.X[rows] if self.X.shape[1] == len(self.seen) else self.X[rows][:, self.seen]
        if not len(self.holes):
            return x
        missing = np.isnan(x)
        return np.column_stack(
            [np.where(missing, self.means, x), missing[:, self.holes].astype(np.float64)]
        )

    def __call__(self, rows: np.ndarray, reach: np.ndarray | None = None) -> np.ndarray:
        """Standardised columns, held within a reach."""
        out = self.raw(rows)
        out -= self.centre
        out /= self.scale
        if reach is not None:
            np.clip(out, -reach, reach, out=out)
        out *= self.free
        return out


@dataclass(frozen=True, slots=True)
class _Solver:
    """What the targets of a fold share.

    Attributes
    ----------
    terms : _Terms
    reach : numpy.ndarray
        How far the columns of held-out rows may lie.
    right : numpy.ndarray, shape (c, r)
        Directions that the training rows determine.
    size : numpy.ndarray, shape (r,)
        Their singular values.
    kept : tuple of numpy.ndarray, or None
        Standardised columns of the training and of the held-out rows, where they are few.
    """

    terms: _Terms
    reach: np.ndarray
    right: np.ndarray
    size: np.ndarray
    kept: tuple[np.ndarray, np.ndarray] | None

    def pieces(self, task: FoldTask, held_out: bool) -> Iterator[tuple[slice, np.ndarray]]:
        """Standardised columns of all training or held-out rows, in order."""
        rows, reach = (task.test, self.reach) if held_out else (task.train, None)
        if self.kept is not None:
            yield slice(0, len(rows)), self.kept[held_out]
            return
        for low in range(0, len(rows), ROWS):
            part = slice(low, low + ROWS)
            yield part, self.terms(rows[part], reach)

    def solve(self, task: FoldTask, level: float) -> np.ndarray:
        """Coefficients of least norm.

        From cross products, and once more from those of what is left over: as accurate as an
        orthogonal decomposition where columns are not nearly collinear (Björck 1987, Stability
        analysis of the method of seminormal equations, doi 10.1016/0024-3795(87)90101-7).
        """
        if self.size[-1] < SAFE * self.size[0]:
            return self._carried(task, level)
        beta, y, w = np.zeros(len(self.right)), task.y[task.train] - level, task.train_weights()
        for _ in range(2):
            moment = np.zeros(len(beta))
            for part, Z in self.pieces(task, held_out=False):
                left = y[part] - Z @ beta
                moment += Z.T @ (left if w is None else left * w[part])
            beta = beta + self.right @ ((self.right.T @ moment) / self.size**2)
        return beta

    def _carried(self, task: FoldTask, level: float) -> np.ndarray:
        """Coefficients with the response as a further column of the decomposition."""
        R = _triangle(self.terms, task, task.y - level)
        return np.asarray(np.linalg.lstsq(R[:, :-1], R[:, -1], rcond=RANK)[0])


def _chunks(
    rows: np.ndarray, weights: np.ndarray | None
) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    for low in range(0, len(rows), ROWS):
        part = rows[low : low + ROWS]
        yield part, None if weights is None else weights[part]


def _triangle(terms: _Terms, task: FoldTask, y: np.ndarray | None = None) -> np.ndarray:
    """Triangular factor of the weighted training columns, from factors of chunks of rows."""
    R = np.empty((0, len(terms.free) + (y is not None)))
    for rows, w in _chunks(task.train, task.weights):
        Z = terms(rows)
        if y is not None:
            Z = np.column_stack([Z, y[rows]])
        if w is not None:
            Z *= np.sqrt(w)[:, None]
        R = np.asarray(np.linalg.qr(np.concatenate([R, Z]), mode="r"))
    return R


def _directions(terms: _Terms, task: FoldTask) -> tuple[np.ndarray, np.ndarray]:
    """Singular values and right singular vectors of the weighted training columns."""
    products = np.zeros((len(terms.free), len(terms.free)))
    for rows, w in _chunks(task.train, task.weights):
        Z = terms(rows)
        products += Z.T @ (Z if w is None else Z * w[:, None])
    # Columns of which fixed effects have left nothing are zero; they have no direction.
    varies = np.flatnonzero(np.diag(products))
    if len(varies):
        square, vectors = np.linalg.eigh(products[np.ix_(varies, varies)])
        if square[0] > CLEAR**2 * square[-1]:
            right = np.zeros((len(varies), len(products)))
            right[:, varies] = vectors.T
            return np.sqrt(square[::-1]), right[::-1]
    _, size, right = np.linalg.svd(_triangle(terms, task), full_matrices=False)
    return size, right


def _terms(task: FoldTask) -> _Terms:
    """Means, gaps and scale of the columns, from two passes over the rows."""
    seen, X = np.flatnonzero(task.linear > 0), task.X
    free = task.linear[seen]
    if len(X) * len(seen) <= KEEP:
        X, seen = X[:, seen], np.arange(len(seen))
    total, count = np.zeros(len(seen)), np.zeros(len(seen))
    holes = np.zeros(len(seen), dtype=bool)
    for rows, _ in _chunks(task.train, None):
        x = X[rows] if X.shape[1] == len(seen) else X[rows][:, seen]
        missing = np.isnan(x)
        total += np.where(missing, 0.0, x).sum(axis=0)
        count += (~missing).sum(axis=0)
    holes |= count < len(task.train)
    for rows, _ in _chunks(task.test, None):
        holes |= np.isnan(X[rows] if X.shape[1] == len(seen) else X[rows][:, seen]).any(axis=0)
    found = np.flatnonzero(holes)
    # Where columns are collinear the solution of least norm uses free columns first.
    free = np.append(free, np.ones(len(found)))
    zero, one = np.zeros(len(free)), np.ones(len(free))
    out = _Terms(X, seen, total / np.maximum(count, 1), found, zero, one, free)
    weight = float(len(task.train)) if task.weights is None else task.weights[task.train].sum()
    centre, square = zero.copy(), zero.copy()
    for rows, w in _chunks(task.train, task.weights):
        x = out.raw(rows)
        centre += x.sum(axis=0) if w is None else w @ x
    centre /= weight
    for rows, w in _chunks(task.train, task.weights):
        x = (out.raw(rows) - centre) ** 2
        square += x.sum(axis=0) if w is None else w @ x
    # Unit scale, so that the rank cut-off does not depend on the units of a control.
    scale = np.sqrt(square / weight)
    scale[scale <= 1e-12 * np.maximum(np.abs(centre), 1)] = np.inf
    return _Terms(X, seen, out.means, found, centre, scale, free)


def _prepare(task: FoldTask) -> _Solver | None:
    """Decompose the training columns of a fold; None: a line sees nothing."""
    if not (task.linear > 0).any():
        return None
    terms = _terms(task)
    # A column that hardly varies in training may be huge in a held-out cluster (a level or a
    # subsidy that only this cluster has): a line must not be drawn out to there.
    largest = np.zeros(len(terms.free))
    for rows, _ in _chunks(task.train, None):
        np.maximum(largest, np.abs(terms(rows)).max(axis=0, initial=0.0), out=largest)
    size, right = _directions(terms, task)
    kept = size > RANK * size.max(initial=0.0)
    reach = REACH * largest / terms.free
    whole = None
    if len(task.X) * len(terms.free) <= KEEP:
        whole = terms(task.train), terms(task.test, reach)
    return _Solver(terms, reach, right[kept].T, size[kept], whole)


def linear_fit(task: FoldTask, *, fitted: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Least-squares predictions for the training (if wanted) and for the held-out rows."""
    together, (repeat, fold, target) = task.standing()
    lines = together.shared(
        ("lines", repeat),
        lambda: cross_lines(
            task.X, together.Y, task.weights, together.folds[repeat], task.linear
        ),
    )  # fmt: skip
    if (line := lines[fold]) is None:
        return _alone(task, fitted)
    # The same for all targets, whichever share a job: numbers do not depend on the schedule.
    key = id(together)
    held_out = task.shared((key, "held out"), lambda: line.held_out(task.X, task.test))
    if not fitted:
        return np.empty(0), held_out[:, target]
    whole = task.shared((key, "fitted"), lambda: line.fitted(task.X))
    return whole[task.train, target], held_out[:, target]


def _alone(task: FoldTask, fitted: bool) -> tuple[np.ndarray, np.ndarray]:
    """Least squares of one fold by itself, however its columns lie."""
    level = np.average(task.y[task.train], weights=task.train_weights())
    out = np.full(len(task.train), level), np.full(len(task.test), level)
    solver = task.shared("least squares", lambda: _prepare(task))
    if solver is None or not len(solver.size):
        return out
    beta = solver.solve(task, level)
    for held_out in (False, True) if fitted else (True,):
        for part, Z in solver.pieces(task, held_out):
            out[held_out][part] += Z @ beta
    return out


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
        return linear_fit(task, fitted=False)[1][:, None]
