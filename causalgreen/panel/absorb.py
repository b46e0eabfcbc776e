"""Weighted removal of one or several fixed effects from many columns at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from causalgreen.errors import EstimationError

if TYPE_CHECKING:
    from scipy.sparse import csc_array

__all__ = ["DUST", "absorb", "exhausted", "group_means", "group_sums", "nested_in"]

# Of the variance of a column, what is left by rounding alone.
DUST = 1e-13


def group_means(
    values: np.ndarray, codes: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Weighted mean of each column within groups, one row per group.

    Parameters
    ----------
    values : numpy.ndarray, shape (n, k)
        Columns to average; missing values are left out, and a group without any gives NaN.
    codes : numpy.ndarray of int, shape (n,)
        Group of each row, 0 to G - 1.
    weights : numpy.ndarray, shape (n,), optional
        Row weights.

    Returns
    -------
    numpy.ndarray, shape (G, k)
        Group means.

    Examples
    --------
    >>> group_means(np.array([[1.0], [3.0], [10.0]]), np.array([0, 0, 1])).ravel()
    array([ 2., 10.])
    """
    n_groups = int(codes.max()) + 1 if len(codes) else 0
    gaps = np.isnan(values)
    if not gaps.any():
        size = np.bincount(codes, weights, minlength=n_groups)[:, None]
    else:
        size = group_sums((~gaps).astype(np.float64), codes, weights, n_groups)
        values = np.where(gaps, 0.0, values)
    with np.errstate(invalid="ignore"):
        means: np.ndarray = group_sums(values, codes, weights, n_groups) / size
    return means


def group_sums(
    values: np.ndarray, codes: np.ndarray, weights: np.ndarray | None, n_groups: int
) -> np.ndarray:
    """Weighted sums of all columns within groups, shape (n_groups, k), in one pass over the rows.

    Parameters
    ----------
    values, codes, weights
        As in `group_means`; nothing is missing.
    n_groups : int
        Number of groups; those without a row have sums of zero.
    """
    return np.asarray(_adder(codes, weights, n_groups) @ values)


def _adder(codes: np.ndarray, weights: np.ndarray | None, n_groups: int) -> csc_array:
    """Matrix of shape (n_groups, n) that takes rows to sums within groups."""
    from scipy.sparse import csc_array

    n = len(codes)
    return csc_array(
        (np.ones(n) if weights is None else weights, codes, np.arange(n + 1)), (n_groups, n)
    )


def nested_in(inner: np.ndarray, outer: np.ndarray) -> bool:
    """Whether every group of ``inner`` lies in one group of ``outer``.

    Examples
    --------
    >>> nested_in(np.array([0, 0, 1]), np.array([5, 5, 5]))
    True
    """
    first = np.empty(int(inner.max()) + 1, dtype=outer.dtype)
    first[inner] = outer
    return bool(np.array_equal(first[inner], outer))


def absorb(
    values: np.ndarray,
    effects: Sequence[np.ndarray],
    weights: np.ndarray | None = None,
    *,
    tolerance: float = 1e-11,
    max_iterations: int = 5000,
) -> np.ndarray:
    """Residuals of each column from all fixed effects jointly.

    Symmetric alternating projections, accelerated by conjugate gradients (Correia 2017, as in
    reghdfe; Hestenes and Stiefel 1952, doi 10.6028/jres.049.044); exact for one effect.

    Parameters
    ----------
    values : numpy.ndarray, shape (n, k)
        Columns without missing values.
    effects : sequence of numpy.ndarray of int, each of shape (n,)
        Group codes of each fixed effect.
    weights : numpy.ndarray, shape (n,), optional
        Positive row weights.

    Returns
    -------
    numpy.ndarray, shape (n, k)
        Columns with all effects removed; a new array.

    Raises
    ------
    EstimationError
        If the projections do not converge.

    Examples
    --------
    >>> firm, year = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    >>> absorb(np.array([[1.0], [2.0], [3.0], [5.0]]), [firm, year]).ravel()
    array([ 0.25, -0.25, -0.25,  0.25])
    """
    values = np.asarray(values, dtype=np.float64)
    if not effects or values.shape[1] == 0:
        return values.copy()
    if len(effects) == 1:
        return values - group_means(values, effects[0], weights)[effects[0]]

    groups = [_Groups.of(codes, weights) for codes in effects]
    order, means = [*groups, *reversed(groups[:-1])], np.empty(values.shape)

    def sweep(x: np.ndarray) -> np.ndarray:
        x = x.copy()
        for group in order:
            group.remove(x, means)
        return x

    return _conjugate_gradients(values, sweep, weights, tolerance, max_iterations)


def exhausted(
    before: np.ndarray, after: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Columns of which only rounding dust is left, shape (k,) of bool.

    Parameters
    ----------
    before, after : numpy.ndarray, shape (n, k)
        Raw, and with something removed.
    weights : numpy.ndarray, shape (n,), optional
        Positive row weights.

    Examples
    --------
    >>> firm, year = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    >>> age = 1e6 * (np.array([[3.0], [0.1], [7.0], [2.0]]) + year[:, None])
    >>> trend = 1e6 * (0.3 * firm + 0.1 * year)[:, None]
    >>> both = np.hstack([age, trend])
    >>> exhausted(both, absorb(both, [firm, year]))
    array([False,  True])
    """
    centred = before - np.average(before, axis=0, weights=weights)
    total = np.average(centred**2, axis=0, weights=weights)
    # Dust grows with the level, not only with the spread: both count.
    total += np.average(before**2, axis=0, weights=weights) * 1e-6
    left = np.average(after**2, axis=0, weights=weights)
    return np.asarray(left <= DUST * total)


@dataclass(frozen=True, slots=True)
class _Groups:
    """Groups of rows whose means are taken out again and again."""

    codes: np.ndarray
    adder: csc_array
    size: np.ndarray

    @classmethod
    def of(cls, codes: np.ndarray, weights: np.ndarray | None) -> _Groups:
        n_groups = int(codes.max()) + 1 if len(codes) else 0
        size = np.bincount(codes, weights, minlength=n_groups)[:, None]
        return cls(codes, _adder(codes, weights, n_groups), size)

    def remove(self, x: np.ndarray, means: np.ndarray) -> None:
        """Take the means within groups out of ``x``, in its place; ``means`` is room to work in."""
        np.take(self.adder @ x / self.size, self.codes, axis=0, out=means, mode="clip")
        np.subtract(x, means, out=x)


def _conjugate_gradients(
    values: np.ndarray,
    sweep: Callable[[np.ndarray], np.ndarray],
    weights: np.ndarray | None,
    tolerance: float,
    max_iterations: int,
) -> np.ndarray:
    """Solve (I - sweep) u = (I - sweep) values for every column; return values - u."""

    def dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.einsum("ij,ij->j", a, b if weights is None else b * weights[:, None])

    removed = np.zeros_like(values)
    residual = values - sweep(values)
    direction, rho = residual.copy(), dot(residual, residual)
    target = tolerance**2 * np.maximum(dot(values, values), np.finfo(float).tiny)
    for _ in range(max_iterations):
        active = rho > target
        if not active.any():
            return values - removed
        image = direction - sweep(direction)
        curvature = dot(direction, image)
        step = np.where(active & (curvature > 0), rho / np.where(curvature > 0, curvature, 1), 0.0)
        removed += step * direction
        residual -= step * image
        new = dot(residual, residual)
        direction = residual + np.where(active, new / np.where(rho > 0, rho, 1), 0.0) * direction
        rho = np.where(step > 0, new, np.minimum(new, target))
    raise EstimationError(
        f"the fixed effects were not absorbed after {max_iterations} rounds; the groups are almost "
        "disconnected or collinear. Absorb fewer effects, or coarser ones."
    )
