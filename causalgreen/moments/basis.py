"""Basis of the traits along which the coefficients of the path system vary."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from causalgreen.errors import DesignError, EstimationWarning
from causalgreen.panel.features import encode_traits

if TYPE_CHECKING:
    from causalgreen.panel.panel import Panel

__all__ = ["Basis", "Coefficients", "choose_basis", "constant_basis", "trait_basis"]

Coefficients = Literal["auto", "varying", "constant"]


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
        Baseline values; a missing value counts as the mean, with an indicator of its own.

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
            if spread <= 1e-12:
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


def choose_basis(panel: Panel, coefficients: Coefficients) -> tuple[Basis, tuple[str, ...]]:
    """Traits along which coefficients vary, where the clusters can carry them.

    Parameters
    ----------
    panel : Panel
        The firm-year table.
    coefficients : {"auto", "varying", "constant"}
        ``auto``: varying with at least three clusters for each coefficient of the outcome equation.

    Returns
    -------
    basis : Basis
    notes : tuple of str
        What a reader should know of the choice.

    Raises
    ------
    DesignError
        If the choice is not known, or there is no trait to vary with.

    Warns
    -----
    EstimationWarning
        If ``auto`` cannot let coefficients vary.
    """
    constant = constant_basis(panel.n_units)
    if coefficients not in get_args(Coefficients):
        known = ", ".join(map(repr, get_args(Coefficients)))
        raise DesignError(f"coefficients={coefficients!r} is not known; choose one of {known}")
    if coefficients == "varying" and not panel.roles.traits:
        raise DesignError(
            "coefficients='varying' needs traits, and the panel has none; name them in "
            "Panel.from_frame(traits=...), or ask for coefficients='constant'"
        )
    if coefficients == "constant" or not panel.roles.traits:
        return constant, ()
    basis = trait_basis(*encode_traits(panel))
    wanted = (len(panel.roles.targets) - 1) * len(basis.names)
    clusters = min(panel.n_clusters)
    if coefficients == "auto" and wanted > clusters / 3:
        note = (
            f"coefficients do not vary with the traits: that takes {wanted} of them in the outcome "
            f"equation, too many for {clusters} clusters. One coefficient for all firms moves "
            "effects between the direct and the mediated paths where both vary with a trait; name "
            "fewer traits, or ask for coefficients='varying'"
        )
        warnings.warn(note, EstimationWarning, stacklevel=3)
        return constant, (note,)
    return basis, ()
