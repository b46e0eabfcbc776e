"""A smooth surface for the forest to start from, learnt again in every bag."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalgreen.residuals.folds import make_folds
from causalgreen.surface.problem import Problem

__all__ = ["Smooth", "choose_penalty", "slopes", "smooth_basis"]

DISTINCT = 10
MOST = 24
PENALTIES = (0.01, 0.1, 1.0, 10.0, np.inf)
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Smooth:
    """Functions of the encoded traits: linear, normal scores of the ranks, and their squares.

    Attributes
    ----------
    kind : tuple of (int, str)
        Encoded trait and form of each function but the first, which is constant.
    grid : tuple of numpy.ndarray
        For each function: quantiles of its trait, for the ranks.
    centre, scale : numpy.ndarray, shape (q,)
        Standardisation in the firms learnt from.
    """

    kind: tuple[tuple[int, str], ...]
    grid: tuple[np.ndarray, ...]
    centre: np.ndarray
    scale: np.ndarray

    def raw(self, X: np.ndarray) -> np.ndarray:
        """Functions before they are standardised, shape (n, q)."""
        from scipy.special import ndtri

        out = [np.ones(len(X))]
        for (column, form), grid in zip(self.kind, self.grid, strict=True):
            x = np.clip(X[:, column], grid[0], grid[-1])
            if form != "linear":
                rank = np.interp(x, grid, np.linspace(0.0, 1.0, len(grid)))
                x = ndtri(np.clip(rank, 0.005, 0.995))
            out.append(x**2 if form == "square" else x)
        return np.column_stack(out)

    def linear_part(self) -> Smooth:
        """Only the constant and the linear functions."""
        kept = [i for i, (_, form) in enumerate(self.kind) if form == "linear"]
        columns = [0, *(i + 1 for i in kept)]
        return Smooth(
            tuple(self.kind[i] for i in kept), tuple(self.grid[i] for i in kept),
            self.centre[columns], self.scale[columns],
        )  # fmt: skip

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """Functions of encoded traits, shape (n, q); constant outside the range learnt from."""
        return (self.raw(X) - self.centre) / self.scale


def smooth_basis(X: np.ndarray, n_clusters: int, *, every: bool = False) -> Smooth:
    """Choose functions of the traits, no more than clusters can carry.

    Parameters
    ----------
    X : numpy.ndarray, shape (n, c)
        Encoded traits.
    n_clusters : int
        Clusters of the firms.
    every : bool
        Keep every trait linearly, however many there are.

    Returns
    -------
    Smooth
        Constant and redundant functions are left out; continuous traits come before indicators.
    """
    distinct = [len(np.unique(column)) for column in X.T]
    continuous = [j for j, d in enumerate(distinct) if d > DISTINCT]
    # Indicators with the most even split first: they carry most.
    flags = sorted(
        (j for j, d in enumerate(distinct) if 1 < d <= DISTINCT), key=lambda j: -X[:, j].std()
    )
    wanted = [(j, "linear") for j in continuous] + [(j, "linear") for j in flags]
    wanted += [(j, form) for form in ("score", "square") for j in continuous]
    most = min(MOST, n_clusters // 4)
    grids = [np.quantile(column, np.linspace(0, 1, 101)) for column in X.T]
    kept: list[tuple[int, str]] = []
    columns = [np.ones(len(X))]
    for j, form in wanted:
        if len(kept) >= most and not (every and form == "linear"):
            continue
        one = Smooth(((j, form),), (grids[j],), np.zeros(2), np.ones(2)).raw(X)[:, 1]
        spread = one.std()
        if spread <= 1e-12:
            continue
        one = (one - one.mean()) / spread
        others = np.column_stack(columns)
        if (one - others @ np.linalg.lstsq(others, one, rcond=None)[0]).std() > 0.05:
            kept.append((j, form))
            columns.append(one)
    free = Smooth(tuple(kept), tuple(grids[j] for j, _ in kept), np.zeros(1), np.ones(1))
    values = free.raw(X)
    centre, scale = values.mean(axis=0), values.std(axis=0)
    centre[0], scale[0] = 0.0, 1.0
    return Smooth(free.kind, free.grid, centre, scale)


def slopes(problem: Problem, moments: np.ndarray, H: np.ndarray, penalty: float) -> np.ndarray:
    """Coefficients as linear functions of the basis, with shrunken slopes.

    Parameters
    ----------
    problem : Problem
        Knows the equations.
    moments : numpy.ndarray, shape (n, p, p)
        Moments of the firms.
    H : numpy.ndarray, shape (n, q)
        Basis at these firms.
    penalty : float
        Ridge, relative to the variance of the regressors; infinite: constants only.

    Returns
    -------
    numpy.ndarray, shape (d, q)
    """
    q = H.shape[1]
    if np.isinf(penalty):
        H = H[:, :1]
    out = np.zeros((problem.n_coefficients, q))
    low = 0
    pairs = [H * H[:, j, None] for j in range(H.shape[1])]
    for eq in problem.layout.equations():
        z, k = list(eq.regressors), len(eq.regressors)
        S = moments[:, z][:, :, z].reshape(len(moments), -1)
        left = np.stack([pair.T @ S for pair in pairs])  # (q, q, k * k)
        left = left.reshape(H.shape[1], H.shape[1], k, k).transpose(2, 0, 3, 1)
        right = (H.T @ moments[:, z, eq.target]).T
        # Regressors are brought to one scale first: their units must not matter.
        diagonal = np.einsum("aa->a", S.sum(axis=0).reshape(k, k))
        scale = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
        ridge = np.full((k, H.shape[1]), 1e-12)
        ridge[:, 1:] += penalty if np.isfinite(penalty) else 0.0
        size, unit = k * H.shape[1], np.repeat(scale, H.shape[1])
        whole = left.reshape(size, size) / unit[:, None] / unit + np.diag(ridge.ravel())
        solved = np.linalg.solve(whole, right.ravel() / unit) / unit
        out[low : low + k, : H.shape[1]] = solved.reshape(k, -1)
        low += k
    return out


def choose_penalty(problem: Problem, H: np.ndarray, seed: int) -> float:
    """Penalty whose surface predicts the moments of held-out clusters best.

    The loss is the sum of squared residuals of every equation, in units of its residual variance.

    Parameters
    ----------
    problem : Problem
        Firms and moments.
    H : numpy.ndarray, shape (n, q)
        Basis at these firms.
    seed : int
        Seed of the folds.

    Returns
    -------
    float
        One of `PENALTIES`.
    """
    moments = problem.by_firm()
    codes = np.unique(problem.home, return_inverse=True)[1]
    count = min(FOLDS, int(codes.max()) + 1)
    fold = make_folds(np.arange(len(codes)), codes, count, 1, seed)[0]
    loss = np.zeros(len(PENALTIES))
    variances = None
    for k in range(count):
        train, test = fold != k, fold == k
        fits = [slopes(problem, moments[train], H[train], penalty) for penalty in PENALTIES]
        each = np.stack([_squares(problem, moments[test], H[test] @ fit.T) for fit in fits])
        variances = each[-1] if variances is None else variances
        loss += (each / np.maximum(variances, 1e-300)).sum(axis=1)
    return float(PENALTIES[int(np.argmin(loss))])


def _squares(problem: Problem, moments: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """Sum of squared residuals of each equation at coefficients by firm."""
    out, low = [], 0
    for eq in problem.layout.equations():
        z, high = list(eq.regressors), low + len(eq.regressors)
        b = theta[:, low:high]
        yy = moments[:, eq.target, eq.target]
        zy, zz = moments[:, z, eq.target], moments[:, z][:, :, z]
        fit = np.einsum("na,nab,nb->n", b, zz, b)
        out.append((yy - 2 * np.einsum("na,na->n", b, zy) + fit).sum())
        low = high
    return np.array(out)
