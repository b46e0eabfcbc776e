"""Basis of the traits along which the coefficients of the path system vary."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Basis", "constant_basis", "trait_basis"]

# Firms without a value of a trait from which they have a coefficient of their own.
MISSING = 10


@dataclass(frozen=True, slots=True)
class Basis:
    """Functions of the traits, evaluated for every firm of the panel.

    Attributes
    ----------
    names : tuple of str, length q
        The first is the constant.
    values : numpy.ndarray, shape (n_firms, q)
        One row for each firm.
    """

    names: tuple[str, ...]
    values: np.ndarray


def constant_basis(n_firms: int) -> Basis:
    """One coefficient for all firms."""
    return Basis(("1",), np.ones((n_firms, 1)))


def trait_basis(names: tuple[str, ...], values: np.ndarray) -> Basis:
    """Constant and standardised traits, linearly.

    Parameters
    ----------
    names : tuple of str, length k
        Traits; categories as indicators.
    values : numpy.ndarray, shape (n_firms, k)
        Baseline values; a missing value counts as the mean, with an indicator of its own
        where at least ten firms have none.

    Returns
    -------
    Basis
        Constant traits and redundant ones are left out.

    Examples
    --------
    >>> trait_basis(("size",), np.array([[1.0], [3.0]])).values
    array([[ 1., -1.],
           [ 1.,  1.]])
    """
    columns, labels = [np.ones(len(values))], ["1"]
    for name, column in zip(names, values.T, strict=True):
        missing = np.isnan(column)
        filled = np.where(missing, column[~missing].mean() if (~missing).any() else 0.0, column)
        candidates = [(name, filled)]
        if missing.any():
            candidates.append((f"{name} missing", missing.astype(np.float64)))
        for label, candidate in candidates:
            spread = candidate.std()
            if spread <= 1e-12 or (candidate is not filled and candidate.sum() < MISSING):
                continue
            candidate = (candidate - candidate.mean()) / spread
            # A trait that the others span (the last of a set of indicators) adds nothing.
            others = np.column_stack(columns)
            rest = candidate - others @ np.linalg.lstsq(others, candidate, rcond=None)[0]
            if rest.std() > 1e-8:
                columns.append(candidate)
                labels.append(label)
    out = np.column_stack(columns)
    out.setflags(write=False)
    return Basis(tuple(labels), out)
