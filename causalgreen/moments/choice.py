"""Whether coefficients vary with the traits: where that does not cost too much precision."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from causalgreen.errors import DesignError, EstimationWarning, outside
from causalgreen.moments.alone import ALONE, FELT, known_directions
from causalgreen.moments.basis import Basis, constant_basis, trait_basis
from causalgreen.moments.moments import Moments
from causalgreen.moments.normal import left_sides
from causalgreen.moments.system import Equation, Layout
from causalgreen.panel.features import encode_traits

if TYPE_CHECKING:
    from causalgreen.panel.panel import Panel

__all__ = ["Coefficients", "choose_basis", "widening"]

Coefficients = Literal["auto", "varying", "constant"]
# How much longer intervals may be than with one coefficient, and from where on that is told.
LONGEST, LONG = 4.0, 2.0
# Clusters beyond which they are taken together: none of so many tells much alone.
MOST = 100


def choose_basis(
    panel: Panel, moments: Moments, layout: Layout, coefficients: Coefficients
) -> tuple[Basis, tuple[str, ...]]:
    """Traits along which coefficients vary, where the clusters can carry them.

    Parameters
    ----------
    panel : Panel
        The firm-year table.
    moments : Moments
        Moments of its residuals.
    layout : Layout
        The equations.
    coefficients : {"auto", "varying", "constant"}
        ``auto``: varying where `widening` is at most four for every regressor of the outcome
        equation.

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
        If ``auto`` does not let coefficients vary.
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
    if coefficients == "varying":
        return basis, ()
    why, told = _cost(moments, layout, basis)
    if why:
        note = (
            f"coefficients do not vary with the traits: {why}. One coefficient for all firms is "
            "not their average where effects differ, and moves effects between the direct and the "
            "mediated paths; name fewer traits, or ask for coefficients='varying'"
        )
        warnings.warn(note, EstimationWarning, stacklevel=outside())
        return constant_basis(panel.n_units), (note,)
    return basis, told


def _cost(moments: Moments, layout: Layout, basis: Basis) -> tuple[str, tuple[str, ...]]:
    """Why coefficients cannot vary, if so; and what a reader should know where they do."""
    equation, sample, told = layout.equations()[-1], moments.sample, []
    names = [moments.names[z] for z in equation.regressors]
    for where, codes, n in zip(
        sample.cluster_names, sample.clusters, sample.n_clusters, strict=True
    ):
        longer, lone = _widening(moments, equation, basis, codes)
        most = int(np.argmax(longer))
        if lone is not None:
            name, trait = names[lone // len(basis.names)], basis.names[lone % len(basis.names)]
            return (
                f"of {n:,} clusters ({where}) one alone tells how that of {name} does with {trait}"
            ), ()
        if np.isinf(longer[most]):
            return "traits and regressors are collinear, and do not determine how they do", ()
        if longer[most] > LONGEST:
            return (
                f"with {n:,} clusters ({where}) the interval of {names[most]} would be some "
                f"{longer[most]:.1f} times as long"
            ), ()
        if longer[most] > LONG:
            told.append(
                f"coefficients vary with the traits, and with {n:,} clusters ({where}) that makes "
                f"the interval of {names[most]} some {longer[most]:.1f} times as long; where "
                "effects do not differ between firms, coefficients='constant' is enough"
            )
    return "", tuple(told)


def widening(
    moments: Moments, equation: Equation, basis: Basis, clusters: np.ndarray
) -> np.ndarray:
    """How much longer intervals of mean coefficients are where coefficients vary.

    The expected standard error by the cluster jackknife, with errors alike and independent, over
    that with one coefficient for all firms. It depends on regressors and traits, and on no outcome.

    Parameters
    ----------
    moments : Moments
        Moments of the residuals.
    equation : Equation
        Whose regressors.
    basis : Basis
        Constant, and traits with mean zero.
    clusters : numpy.ndarray of int, shape (g,)
        Cluster of each cell.

    Returns
    -------
    numpy.ndarray, shape (k,)
        For each regressor; infinite where the other clusters do not determine what one tells.

    References
    ----------
    MacKinnon, Nielsen and Webb (2023), Leverage, influence, and the jackknife in clustered
    regression models, The Stata Journal 23(4), doi 10.1177/1536867X231212433.
    """
    return _widening(moments, equation, basis, clusters)[0]


def _widening(
    moments: Moments, equation: Equation, basis: Basis, clusters: np.ndarray
) -> tuple[np.ndarray, int | None]:
    """See `widening`; and a coefficient that one cluster alone tells, if any."""
    codes = np.unique(clusters % MOST, return_inverse=True)[1]
    variance, lone = _jackknife_variance(moments, equation, basis, codes)
    one = constant_basis(len(basis.values))
    least, _ = _jackknife_variance(moments, equation, one, codes)
    # Where one coefficient is not determined either, its equation says so.
    known, out = np.isfinite(least), np.ones_like(variance)
    return np.sqrt(np.divide(variance, least, out=out, where=known)), lone if known.all() else None


def _jackknife_variance(
    moments: Moments, equation: Equation, basis: Basis, codes: np.ndarray
) -> tuple[np.ndarray, int | None]:
    """Expected jackknife variance of mean coefficients, errors with variance one, shape (k,).

    Infinite where not all is determined; and a coefficient that one cluster alone tells, if any.
    """
    parts = left_sides(moments, 0, equation.regressors, basis.values[moments.sample.units], codes)
    k, q = len(equation.regressors), basis.values.shape[1]
    whole, main, unknown = parts.sum(axis=0), k * q, np.full(k, np.inf)
    root, scale, lost = known_directions(whole)
    if (np.diag(whole)[:main] <= 0).any() or np.abs(lost[:main]).max(initial=0.0) > FELT:
        return unknown, None
    # Of what is known in each direction, the share that a cluster tells.
    share, along = np.linalg.eigh(root.T @ parts @ root)
    alone = share > ALONE
    mine = np.abs((root[:main] * scale[:main, None]) @ along) * alone[:, None]
    if mine.max() > FELT:
        return unknown, int(np.argmax(mine.max(axis=(0, 2))))
    aim = (root[q * np.arange(k)] @ along) ** 2
    rest = np.where(alone, 1.0, 1 - share)
    return (aim * np.where(alone, 0.0, share / rest)[:, None]).sum(axis=(0, 2)), None
