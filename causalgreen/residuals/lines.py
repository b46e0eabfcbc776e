"""Least squares of all targets without each fold, from cross products that are made once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalgreen.residuals.foldline import REACH, FoldLine, chunks
from causalgreen.residuals.foldsums import FoldSums, fold_sums

__all__ = ["CLEAR", "RANK", "cross_lines"]

# Of the variance of a column about the common shift, what must be left about the fold's own mean:
# below, cross products lose digits.
CENTRED = 1e-2
# Size of a direction beside the largest: above it cross products determine it; up to the second, by
# the eye of cross products, it may be none; up to the third, measured on the rows, it is none.
CLEAR = 1e-5
ABSENT = 3e-7
RANK = 1e-10
# A column that varies less than this beside its level is a constant.
CONSTANT = 1e-12


@dataclass(frozen=True, slots=True)
class _Sums:
    """Sums by fold of columns ``1, x - shift (gaps 0), indicators of gaps``.

    Attributes
    ----------
    seen, holes : numpy.ndarray of int
    shift : numpy.ndarray, shape (c,)
    folds : FoldSums
    """

    seen: np.ndarray
    holes: np.ndarray
    shift: np.ndarray
    folds: FoldSums


@dataclass(frozen=True, slots=True)
class _Fit:
    """Standardised columns of one training sample as combinations of those of `_Sums`.

    Attributes
    ----------
    turn : numpy.ndarray, shape (1 + c + h, c + h)
        Standardised columns are ``z @ turn``.
    vectors, square : numpy.ndarray, shapes (c + h, r) and (r,)
        Directions that the training rows determine, and their squared singular values.
    none : numpy.ndarray, shape (1 + c + h, a)
        Directions that seem to be none, in the columns of `_Sums`.
    moments : numpy.ndarray, shape (1 + c + h, p)
        Cross products of the columns of `_Sums` with the targets.
    level : numpy.ndarray, shape (p,)
        Means of the targets.
    fill, centre, scale, reach : numpy.ndarray
    """

    turn: np.ndarray
    vectors: np.ndarray
    square: np.ndarray
    none: np.ndarray
    moments: np.ndarray
    level: np.ndarray
    fill: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    reach: np.ndarray

    def solve(self, moments: np.ndarray) -> np.ndarray:
        """Coefficients of the standardised columns from cross products in those of `_Sums`."""
        inner = self.vectors.T @ (self.turn.T @ moments)
        return np.asarray(self.vectors @ (inner / self.square[:, None]))


def cross_lines(
    X: np.ndarray, Y: np.ndarray, weights: np.ndarray | None, fold: np.ndarray, free: np.ndarray
) -> list[FoldLine | None]:
    """Least squares without each fold.

    Two passes over the rows serve all folds and targets: cross products by fold, of which each
    training sample is a sum, and once more those of what is left over, after which the solution is
    as accurate as that of an orthogonal decomposition where columns are not nearly collinear
    (Björck 1987, doi 10.1016/0024-3795(87)90101-7).

    Parameters
    ----------
    X : numpy.ndarray, shape (n, f)
        Features; NaN where one is missing.
    Y : numpy.ndarray, shape (n, p)
        Targets.
    weights : numpy.ndarray or None, shape (n,)
        Row weights.
    fold : numpy.ndarray of int, shape (n,)
        Fold of each row, from 0; rows below 0 are left out.
    free : numpy.ndarray, shape (f,)
        How freely a line may use each feature; 0: not at all.

    Returns
    -------
    list of FoldLine or None
        One for each fold; None where columns are too nearly collinear, or too nearly constant, for
        cross products.
    """
    count = int(fold.max()) + 1
    seen = np.flatnonzero(free > 0)
    if not len(seen):
        return [None] * count
    # A level far above the spread would cost digits.
    mean = Y.mean(axis=0)
    Y = Y - mean
    sums = _sums(X, Y, weights, fold, seen, count)
    freedom = np.append(free[seen], np.ones(len(sums.holes)))
    tried = {k: _fit(sums, k, freedom) for k in range(count)}
    fits = {k: fit for k, fit in tried.items() if fit is not None}
    if not fits:
        return [None] * count
    beta = {k: fit.solve(fit.moments) for k, fit in fits.items()}
    left, size = _left_over(X, Y, weights, fold, sums, fits, beta)
    out: list[FoldLine | None] = [None] * count
    for k, fit in fits.items():
        if size[k] > RANK**2 * fit.square[-1]:
            continue
        slope = (beta[k] + fit.solve(left[k])) * (freedom / fit.scale)[:, None]
        out[k] = FoldLine(
            seen, sums.holes, fit.fill, fit.centre, slope, fit.level + mean, fit.reach
        )
    return out


def _columns(x: np.ndarray, shift: np.ndarray, holes: np.ndarray) -> np.ndarray:
    """Columns of `_Sums`."""
    z = np.empty((len(x), 1 + x.shape[1] + len(holes)))
    z[:, 0], body = 1.0, z[:, 1 : 1 + x.shape[1]]
    np.subtract(x, shift, out=body)
    if len(holes):
        missing = np.isnan(body)
        z[:, 1 + x.shape[1] :] = missing[:, holes]
        body[missing] = 0.0
    return z


def _sums(
    X: np.ndarray, Y: np.ndarray, weights: np.ndarray | None, fold: np.ndarray, seen: np.ndarray,
    count: int,
) -> _Sums:  # fmt: skip
    """First pass: where gaps are, then sums by fold."""
    total, known = np.zeros(len(seen)), np.zeros(len(seen))
    for _, x in chunks(X, seen):
        sums, known_here = x.sum(axis=0), np.full(len(seen), float(len(x)))
        if len(some := np.flatnonzero(np.isnan(sums))):
            gaps = np.isnan(x[:, some])
            sums[some] = np.where(gaps, 0.0, x[:, some]).sum(axis=0)
            known_here[some] -= gaps.sum(axis=0)
        total += sums
        known += known_here
    holes, shift = np.flatnonzero(known < len(X)), total / np.maximum(known, 1)
    pieces = ((part, _columns(x, shift, holes)) for part, x in chunks(X, seen))
    width = 1 + len(seen) + len(holes)
    return _Sums(seen, holes, shift, fold_sums(pieces, width, Y, weights, fold, count))


def _fit(sums: _Sums, k: int, free: np.ndarray) -> _Fit | None:
    """What is needed to solve without fold k; None where cross products lose too much."""
    c = len(sums.seen)
    folds = sums.folds.without(k)
    T, plain = folds.products[0], folds.plain[0]
    known = plain[0] - plain[1 + c :]
    if not plain[0] or T[0, 0] <= 0 or (known == 0).any():
        return None
    fill = np.zeros(c)
    fill[sums.holes] = plain[1:][sums.holes] / known
    turn = _filling(fill, sums.holes)
    T = turn.T @ T @ turn
    centre, about = T[0, 1:] / T[0, 0], np.diag(T)[1:] / T[0, 0]
    variance = about - centre**2
    low, high = folds.low[0, 1:], folds.high[0, 1:]
    constant = np.append(low[:c] == high[:c], plain[1 + c :] == 0)
    if (variance[~constant] <= CENTRED * about[~constant]).any():
        return None
    levels = np.append(centre[:c] + sums.shift, centre[c:])
    scale = np.sqrt(np.where(constant, 0.0, variance))
    scale[scale <= CONSTANT * np.maximum(np.abs(levels), 1)] = np.inf
    # Where columns are collinear the solution of least norm uses free columns first.
    turn = turn[:, 1:].copy()
    turn[0] -= centre
    turn *= free / scale
    S = (T[1:, 1:] - T[0, 0] * np.outer(centre, centre)) * np.outer(free / scale, free / scale)
    if (found := _directions(S)) is None:
        return None
    vectors, square, none = found
    reach = np.where(np.isinf(scale), 0.0, REACH * np.maximum(high - centre, centre - low))
    moments = folds.moments[0]
    level = moments[0] / T[0, 0]
    return _Fit(
        turn, vectors, square, turn @ none, moments, level, fill + sums.shift, levels, scale, reach,
    )  # fmt: skip


def _filling(fill: np.ndarray, holes: np.ndarray) -> np.ndarray:
    """What takes the columns of `_Sums` to those with gaps filled."""
    turn = np.eye(1 + len(fill) + len(holes))
    turn[1 + len(fill) + np.arange(len(holes)), 1 + holes] = fill[holes]
    return turn


def _directions(S: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Directions that are there, their squared sizes, and those that seem to be none."""
    varies = np.flatnonzero(np.diag(S) > 0)
    if not len(varies):
        return None
    square, found = np.linalg.eigh(S[np.ix_(varies, varies)])
    there, none = square > CLEAR**2 * square[-1], square <= ABSENT**2 * square[-1]
    if not (there | none).all():
        return None
    vectors = np.zeros((len(S), len(varies)))
    vectors[varies] = found
    return vectors[:, there], square[there], vectors[:, none]


def _whole(fit: _Fit, beta: np.ndarray) -> np.ndarray:
    """Coefficients of the columns of `_Sums`, the constant first."""
    out = fit.turn @ beta
    out[0] += fit.level
    return np.asarray(out)


def _left_over(
    X: np.ndarray, Y: np.ndarray, weights: np.ndarray | None, fold: np.ndarray, sums: _Sums,
    fits: dict[int, _Fit], beta: dict[int, np.ndarray],
) -> tuple[dict[int, np.ndarray], dict[int, float]]:  # fmt: skip
    """Second pass: cross products of the training residuals of every fold's fit.

    And the squared size, on the training rows, of the directions that seem to be none.
    """
    p, keys = Y.shape[1], list(fits)
    stacked = np.column_stack([_whole(fit, beta[k]) for k, fit in fits.items()])
    none = np.column_stack([fit.none for fit in fits.values()])
    owner = np.repeat(keys, [fit.none.shape[1] for fit in fits.values()])
    out, size = np.zeros_like(stacked), np.zeros(len(owner))
    for part, x in chunks(X, sums.seen):
        z, here = _columns(x, sums.shift, sums.holes), fold[part]
        w = np.ones(len(z)) if weights is None else weights[part]
        left = np.tile(Y[part], len(keys)) - z @ stacked
        for i, k in enumerate(keys):
            train = np.where((here == k) | (here < 0), 0.0, w)
            left[:, i * p : (i + 1) * p] *= train[:, None]
            size[owner == k] += train @ (z @ none[:, owner == k]) ** 2
        out += z.T @ left
    largest = {k: float(size[owner == k].max(initial=0.0)) for k in keys}
    return {k: out[:, i * p : (i + 1) * p] for i, k in enumerate(keys)}, largest
