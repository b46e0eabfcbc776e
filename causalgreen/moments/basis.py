"""Basis of the traits along which the coefficients of the path system vary."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from causalgreen.errors import DesignError, EstimationWarning, outside
from causalgreen.panel.features import encode_traits

if TYPE_CHECKING:
    from causalgreen.panel.panel import Panel

__all__ = [
    "Basis", "Coefficients", "choose_basis", "constant_basis", "kept_constant", "trait_basis",
]  # fmt: skip

Coefficients = Literal["auto", "varying", "constant"]
# For each coefficient; clusters, for each that differs between clusters only.
ENOUGH_FIRMS, ENOUGH_CLUSTERS = 3, 4


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
    """Traits along which coefficients vary, where the panel can carry them.

    Parameters
    ----------
    panel : Panel
        The firm-year table.
    coefficients : {"auto", "varying", "constant"}
        ``auto``: varying with at least three firms for each coefficient of the outcome equation,
        and four clusters for each that differs between clusters only: of a regressor that all
        firms of a cluster share in a period, with a trait that they share.

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
    if coefficients not in get_args(Coefficients):
        known = ", ".join(map(repr, get_args(Coefficients)))
        raise DesignError(f"coefficients={coefficients!r} is not known; choose one of {known}")
    if coefficients == "varying" and not panel.roles.traits:
        raise DesignError(
            "coefficients='varying' needs traits, and the panel has none; name them in "
            "Panel.from_frame(traits=...), or ask for coefficients='constant'"
        )
    if coefficients == "constant" or not panel.roles.traits:
        return constant_basis(panel.n_units), ()
    basis = trait_basis(*encode_traits(panel))
    if coefficients == "auto" and (why := _too_few(panel, basis)):
        return kept_constant(panel, f"{why}; name fewer traits, or ask for coefficients='varying'")
    return basis, ()


def kept_constant(panel: Panel, why: str) -> tuple[Basis, tuple[str, ...]]:
    """One coefficient for all firms, for a reason that is told.

    Parameters
    ----------
    panel : Panel
    why : str
        Why coefficients cannot vary, and what to do.

    Returns
    -------
    basis : Basis
    notes : tuple of str

    Warns
    -----
    EstimationWarning
    """
    note = (
        "coefficients do not vary with the traits, and one coefficient for all firms moves effects "
        f"between the direct and the mediated paths where both vary with a trait: {why}"
    )
    warnings.warn(note, EstimationWarning, stacklevel=outside())
    return constant_basis(panel.n_units), (note,)


def _too_few(panel: Panel, basis: Basis) -> str:
    """What there is too little of for all the coefficients; empty where there is enough."""
    regressors, functions = panel.roles.targets[:-1], len(basis.names)
    wanted = len(regressors) * functions
    if panel.n_units < ENOUGH_FIRMS * wanted:
        return f"{wanted} coefficients in the outcome equation are many for {panel.n_units} firms"
    for name, codes, n in zip(panel.roles.clusters, panel.clusters, panel.n_clusters, strict=True):
        if n >= ENOUGH_CLUSTERS * wanted or n == panel.n_units:
            continue
        cells = codes * panel.n_periods + panel.codes(panel.roles.time)
        coarse = sum(_same_within(panel.frame[r].to_numpy(float), cells) for r in regressors)
        alike = sum(_same_within(column[panel.unit_codes], codes) for column in basis.values.T)
        # The constant alone is in the other system, too.
        if alike > 1 and n < ENOUGH_CLUSTERS * coarse * alike:
            return (
                f"{coarse * alike} coefficients are of regressors and traits that all firms of "
                f"one {name} share, many for {n} clusters"
            )
    return ""


def _same_within(values: np.ndarray, cells: np.ndarray) -> bool:
    """Whether all rows of a cell have the same value; missing ones count as any."""
    known = ~np.isnan(values)
    values, cells = values[known], cells[known]
    one = np.zeros(int(cells.max(initial=-1)) + 1)
    one[cells] = values
    return bool((one[cells] == values).all())
