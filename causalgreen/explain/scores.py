"""Debiased effects of firms, with what inference about their averages needs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from causalgreen.effects.context import Context
from causalgreen.surface.bags import Local
from causalgreen.surface.problem import Problem
from causalgreen.surface.scores import corrections
from causalgreen.surface.surface import Surface

__all__ = ["Scores", "recode", "scores_at", "scores_of"]


@dataclass(frozen=True, slots=True)
class Scores:
    """Predictions for firms, and what the firms' own moments add to them.

    Attributes
    ----------
    terms : tuple of str, length k
        Path effects.
    traits : pandas.DataFrame, shape (n, ...)
        Traits; the index is the firm.
    X : numpy.ndarray, shape (n, c)
        Encoded traits.
    prediction : numpy.ndarray, shape (n, k)
        Effects predicted without the firm's own cluster.
    correction : numpy.ndarray, shape (g, k)
        Correction of each cell of a firm.
    firm : numpy.ndarray of int, shape (g,)
        Row of ``prediction`` of each cell.
    home : numpy.ndarray of int, shape (n,)
        First cluster of each firm, numbered from 0.
    share : numpy.ndarray, shape (n,)
        Weight of each firm; sums to one.
    context : Context
        Clusters of the cells, sizes, names.
    """

    terms: tuple[str, ...]
    traits: pd.DataFrame
    X: np.ndarray
    prediction: np.ndarray
    correction: np.ndarray
    firm: np.ndarray
    home: np.ndarray
    share: np.ndarray
    context: Context

    @property
    def n(self) -> int:
        """Number of firms."""
        return len(self.prediction)

    @property
    def n_clusters(self) -> int:
        """Clusters in the first dimension."""
        return int(self.home.max()) + 1

    @property
    def value(self) -> np.ndarray:
        """Debiased effects, shape (n, k)."""
        out = self.prediction.copy()
        np.add.at(out, self.firm, self.correction)
        return out

    def keep(self, firms: np.ndarray) -> Scores:
        """Only some firms, as a mask of shape (n,) or as positions."""
        rows = np.flatnonzero(firms) if firms.dtype == bool else np.sort(firms)
        place = np.full(self.n, -1)
        place[rows] = np.arange(len(rows))
        cells = place[self.firm] >= 0
        c = self.context
        context = replace(
            c,
            clusters=tuple(recode(codes[cells]) for codes in c.clusters),
            cell_weight=c.cell_weight[cells],
            cell_outcome=c.cell_outcome[cells],
            n_firms=len(rows),
            n_rows=round(c.n_rows * cells.sum() / len(cells)),
        )
        share = self.share[rows]
        return replace(
            self,
            traits=self.traits.iloc[rows],
            X=self.X[rows],
            prediction=self.prediction[rows],
            correction=self.correction[cells],
            firm=place[self.firm[cells]],
            home=recode(self.home[rows]),
            share=share / share.sum(),
            context=context,
        )


def recode(codes: np.ndarray) -> np.ndarray:
    """Codes numbered from 0 without gaps."""
    return np.unique(codes, return_inverse=True)[1]


def scores_of(surface: Surface) -> Scores:
    """Scores of the firms that a surface was learnt from, each without its own cluster.

    Firms that no bag could predict without their cluster are left out.
    """
    p = surface.problem
    whole = Scores(
        surface.terms, p.traits, p.X, surface.estimate, surface.correction, p.firm,
        recode(p.home), p.share, surface.context,
    )  # fmt: skip
    known = np.isfinite(surface.estimate).all(axis=1)
    if known.all():
        return whole
    note = (
        f"{int((~known).sum()):,} of {len(known):,} firms are left out: every bag of the forest "
        "has seen their cluster; grow more trees"
    )
    return replace(whole, context=whole.context.noting(note)).keep(known)


def scores_at(problem: Problem, local: Local, context: Context, rows: np.ndarray) -> Scores:
    """Scores of some firms of a problem from predictions that were learnt from others.

    Parameters
    ----------
    problem : Problem
        All firms.
    local : Local
        Predictions for the firms ``rows``.
    context : Context
        Of all firms.
    rows : numpy.ndarray of int
        Positions of the firms, ascending.
    """
    part = problem.subset(rows)
    place = np.full(problem.n_firms, -1)
    place[rows] = np.arange(len(rows))
    cells = place[problem.firm] >= 0
    sub = replace(
        context,
        clusters=tuple(recode(codes[cells]) for codes in context.clusters),
        cell_weight=context.cell_weight[cells],
        cell_outcome=context.cell_outcome[cells],
        n_firms=len(rows),
        n_rows=int(part.rows.sum()),
    )
    return Scores(
        problem.terms, part.traits, part.X, local.effects, corrections(part, local), part.firm,
        recode(part.home), part.share, sub,
    )  # fmt: skip
