"""The path system as moment equations of one row per firm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from causalgreen.errors import DesignError, EstimationError
from causalgreen.moments.basis import trait_basis
from causalgreen.moments.normal import Totals
from causalgreen.moments.paths import evaluate, path_terms
from causalgreen.moments.system import Layout
from causalgreen.panel.traits import TraitCode
from causalgreen.surface.rows import RawRows

if TYPE_CHECKING:
    import pandas as pd

    from causalgreen.moments.moments import Moments
    from causalgreen.panel.panel import Panel

__all__ = ["Problem", "headline_terms", "pose"]

STEP = 1e-30


@dataclass(frozen=True, slots=True)
class Problem:
    """Firms with their traits, and what their moments say about the coefficients.

    Attributes
    ----------
    layout : Layout
        Columns of the moments, and the equations among them.
    code : TraitCode
        How traits become numbers.
    traits : pandas.DataFrame, shape (n, k)
        Baseline traits; the index is the firm.
    X : numpy.ndarray, shape (n, c)
        Encoded traits.
    moments : numpy.ndarray, shape (g, p, p)
        Second moments of the residuals within each cell (a firm, or a firm in a cluster), without
        the period effects of firms with such traits.
    firm : numpy.ndarray of int, shape (g,)
        Row of ``X`` of each cell.
    clusters : tuple of numpy.ndarray of int, each of shape (g,)
        Cluster of each cell.
    home : numpy.ndarray of int, shape (n,)
        First cluster of each firm: what sampling, folds and splits keep together.
    rows : numpy.ndarray of int, shape (g,)
        Rows of the panel behind each cell.
    share : numpy.ndarray, shape (n,)
        Weight of each firm in averages; sums to one.
    terms : tuple of str
        Path effects of interest, in the order of `effects`.
    raw : RawRows or None
        Only where a method asks for them.
    """

    layout: Layout
    code: TraitCode
    traits: pd.DataFrame
    X: np.ndarray
    moments: np.ndarray
    firm: np.ndarray
    clusters: tuple[np.ndarray, ...]
    home: np.ndarray
    rows: np.ndarray
    share: np.ndarray
    terms: tuple[str, ...]
    raw: RawRows | None = None

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of coefficients of each equation."""
        return tuple(len(eq.regressors) for eq in self.layout.equations())

    @property
    def n_coefficients(self) -> int:
        """Number of coefficients d."""
        return sum(self.sizes)

    @property
    def n_firms(self) -> int:
        """Number of firms n."""
        return len(self.X)

    def equations_of(self, moments: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Moment equations ``J theta = A``, block-diagonal in the equations of the system.

        Parameters
        ----------
        moments : numpy.ndarray, shape (m, p, p)
            Second moments.

        Returns
        -------
        A : numpy.ndarray, shape (m, d)
        J : numpy.ndarray, shape (m, d, d)
        """
        d = self.n_coefficients
        A, J = np.zeros((len(moments), d)), np.zeros((len(moments), d, d))
        low = 0
        for eq in self.layout.equations():
            z, high = list(eq.regressors), low + len(eq.regressors)
            A[:, low:high] = moments[:, z, eq.target]
            J[:, low:high, low:high] = moments[:, z][:, :, z]
            low = high
        return A, J

    def by_firm(self) -> np.ndarray:
        """Moments summed over the cells of each firm, shape (n, p, p)."""
        if len(self.firm) == self.n_firms and (self.firm == np.arange(self.n_firms)).all():
            return self.moments
        out = np.zeros((self.n_firms, *self.moments.shape[1:]))
        np.add.at(out, self.firm, self.moments)
        return out

    def effects(self, theta: np.ndarray) -> np.ndarray:
        """Path effects at coefficients of shape (m, d); shape (m, n_terms)."""
        names = path_terms(self.layout)
        place = {term: i for i, term in enumerate((*names.headline, *names.detail))}
        values = np.split(theta.T, np.cumsum(self.sizes)[:-1])
        return evaluate(self.layout, list(values))[[place[term] for term in self.terms]].T

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        """Derivatives of the path effects, shape (m, n_terms, d); exact, by a complex step."""
        out = np.empty((len(theta), len(self.terms), theta.shape[1]))
        for j in range(theta.shape[1]):
            bent = theta.astype(complex)
            bent[:, j] += 1j * STEP
            out[:, :, j] = self.effects(bent).imag / STEP
        return out

    def subset(self, rows: np.ndarray) -> Problem:
        """The same problem for some of the firms, given as sorted positions."""
        place = np.full(self.n_firms, -1)
        place[rows] = np.arange(len(rows))
        cells = np.flatnonzero(place[self.firm] >= 0)
        share, raw = self.share[rows], self.raw
        if raw is not None:
            mine = place[raw.firm] >= 0
            raw = replace(
                raw, firm=place[raw.firm[mine]], Y=raw.Y[mine], T=raw.T[mine], W=raw.W[mine]
            )
        return replace(
            self,
            raw=raw,
            traits=self.traits.iloc[rows],
            X=self.X[rows],
            moments=self.moments[cells],
            firm=place[self.firm[cells]],
            clusters=tuple(codes[cells] for codes in self.clusters),
            home=self.home[rows],
            rows=self.rows[cells],
            share=share / share.sum(),
        )

    def own_totals(self) -> Problem:
        """The problem whose only equation is the outcome on the treatments.

        Exposures are projected out, with one coefficient for all firms.
        """
        old, S = self.layout, self.moments
        kept, e = [*old.treatments, old.outcome], list(old.exposures)
        local = S[:, kept][:, :, kept]
        if e:
            whole = S.sum(axis=0)
            slope = np.linalg.solve(whole[np.ix_(e, e)], whole[np.ix_(e, kept)])
            cross = slope.T @ S[:, e][:, :, kept]
            square = slope.T @ S[:, e][:, :, e] @ slope
            local = local - cross - cross.transpose(0, 2, 1) + square
        many = len(old.treatments)
        names = tuple(old.names[c] for c in kept)
        layout = Layout(names, tuple(range(many)), (), (), many, (), ())
        terms = ("own_total", *(f"own_total[{t}]" for t in names[:-1] if many > 1))
        return replace(self, layout=layout, moments=local, terms=terms)


def headline_terms(layout: Layout) -> tuple[str, ...]:
    """Paths and totals; with several treatments or exposures, also the totals of each."""
    names = path_terms(layout)
    each = tuple(term for term in names.detail if term.startswith(("own_total[", "spillover[")))
    return names.headline + each


def pose(
    panel: Panel, moments: Moments, layout: Layout, terms: Sequence[str] | None = None
) -> Problem:
    """Set up the problem of a study.

    Repetitions of the cross-fitting are averaged in the moments. Period effects that differ with
    the traits are removed: where effects vary with a trait, a common trend of the treatment is a
    different trend of the outcome for each value of the trait.

    Parameters
    ----------
    panel : Panel
        The firm-year table.
    moments : Moments
        Moments of the residuals.
    layout : Layout
        Columns and causal order.
    terms : sequence of str, optional
        Path effects of interest; default: `headline_terms`.

    Returns
    -------
    Problem

    Raises
    ------
    DesignError
        If the panel has no traits, or none that varies.
    """
    if not panel.roles.traits:
        raise DesignError(
            "effects by firm need traits to vary with, and the panel has none; name them in "
            "Panel.from_frame(traits=[...])"
        )
    traits = panel.baseline_traits()
    code = TraitCode.learn(traits)
    units, firm = np.unique(moments.sample.units, return_inverse=True)
    traits = traits.iloc[units]
    X = code.encode(traits)
    if not (X.max(axis=0) > X.min(axis=0)).any():
        raise DesignError(
            f"no trait varies between firms: {', '.join(code.traits)} have one value each; name "
            "others in Panel.from_frame(traits=[...])"
        )
    sample = moments.sample
    rows = np.bincount(firm, sample.rows)
    share = np.bincount(firm, sample.weight) / rows
    home = np.zeros(len(units), dtype=np.int64)
    home[firm[::-1]] = sample.clusters[0][::-1]
    local = _without_local_periods(moments, X[firm])
    for array in (X, local, firm, home, share):
        array.setflags(write=False)
    chosen = headline_terms(layout) if terms is None else tuple(terms)
    return Problem(
        layout, code, traits, X, local, firm, sample.clusters, home, sample.rows,
        share / share.sum(), chosen,
    )  # fmt: skip


def _without_local_periods(moments: Moments, X: np.ndarray) -> np.ndarray:
    """Average moments with period effects, and their products with the traits, projected out."""
    moments, p = moments.averaged(), len(moments.names)
    out = moments.cells[0, :, :, :p].copy()
    if moments.n_periods == 0:
        return out
    names = tuple(f"x{i}" for i in range(X.shape[1]))
    h = trait_basis(names, X).values
    # Every target on the period effects alone: the right sides of an equation without regressors.
    totals = Totals.of(moments, 0, h)
    sides = [totals.equation(target, ()) for target in range(p)]
    right = np.column_stack([side for _, side in sides])
    try:
        solved = np.linalg.pinv(sides[0][0], hermitian=True) @ right
    except np.linalg.LinAlgError as error:  # pragma: no cover
        raise EstimationError("period effects by trait cannot be removed from moments") from error
    solved = solved.reshape(moments.n_periods, h.shape[1], p)
    for part in moments.parts():
        # Coefficients of every firm's own period effects, shape (c, periods, p).
        own = np.einsum("gj,sja->gsa", h[part], solved, optimize=True)
        with_periods = moments.cells[0, part, :, p:]
        cross = np.einsum("gsa,gbs->gab", own, with_periods, optimize=True)
        fitted = np.matmul(moments.kinds[moments.kind[part]], own)
        square = np.matmul(own.transpose(0, 2, 1), fitted)
        out[part] += square - cross - cross.transpose(0, 2, 1)
    return out
