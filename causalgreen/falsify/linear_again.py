"""Least squares cross-fitted again: other folds of the same design need no other design.

The same numbers as a study with ``cg.linear()``, from cross products by fold. Where these do not
determine the fit as well as rows do (gaps, near collinearity), the study fits it itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from causalgreen.panel.absorb import absorb, group_means
from causalgreen.panel.transforms import FixedEffects, transform
from causalgreen.residuals.choose import Choice, combine
from causalgreen.residuals.crossfit import Residuals
from causalgreen.residuals.folds import make_folds
from causalgreen.residuals.linear import LinearLearner

if TYPE_CHECKING:
    from causalgreen.panel.panel import Panel
    from causalgreen.panel.transforms import Design

__all__ = ["LinearAgain"]

REACH = 2.0
# Directions whose share of the largest variance lies between these are neither there nor absent.
ABSENT, CLEAR = 1e-13, 1e-7


@dataclass(frozen=True, slots=True)
class LinearAgain:
    """Residuals of the linear learner on one panel, whatever the folds and fixed effects.

    Attributes
    ----------
    panel : Panel
    designs : dict of FixedEffects to Design
        Transformed tables, made once.
    lines : dict of FixedEffects to _Lines
        What a line sees of each; None where that has gaps.
    made : dict
        Residuals by fixed effects, folds, repetitions and seed.
    """

    panel: Panel
    designs: dict[FixedEffects, Design] = field(default_factory=dict)
    lines: dict[FixedEffects, _Lines | None] = field(default_factory=dict)
    made: dict[tuple[Any, ...], Residuals | None] = field(default_factory=dict)

    def give(self, study: Any) -> None:
        """Put residuals into a study of this panel whose learner is linear, where there are any."""
        settings = study._settings
        members = settings.stack.members
        if study.panel is not self.panel or "residuals" in study.__dict__:
            return
        if len(members) != 1 or not isinstance(members[0], LinearLearner):
            return
        key = study.fixed_effects, settings.folds, settings.repeats, settings.seed
        if key not in self.made:
            self.made[key] = self._fit(study)
        if (residuals := self.made[key]) is not None:
            study.__dict__["residuals"] = residuals

    def _fit(self, study: Any) -> Residuals | None:
        settings, panel, effects = study._settings, self.panel, study.fixed_effects
        if effects not in self.designs:
            self.designs[effects] = transform(panel, effects)
        design = self.designs[effects]
        weights = None if panel.roles.weight is None else panel.weights[design.rows]
        if effects not in self.lines:
            self.lines[effects] = _Lines.of(design, weights)
        lines = self.lines[effects]
        if lines is None:
            return None
        unit, cluster = panel.unit_codes[design.rows], panel.clusters[0][design.rows]
        folds = make_folds(unit, cluster, settings.folds, settings.repeats, settings.seed)
        values, choices = [], []
        for fold in folds:
            fitted = lines.held_out(fold, settings.folds)
            if fitted is None:
                return None
            one, chosen = _residuals(design, weights, fitted, settings.stack)
            values.append(one)
            choices.append(chosen)
        whole = np.stack(values)
        whole.setflags(write=False)
        return Residuals(panel.roles.targets, whole, design, folds, tuple(choices))


def _residuals(
    design: Design, weights: np.ndarray | None, fitted: np.ndarray, stack: Any
) -> tuple[np.ndarray, tuple[Choice, ...]]:
    """What predictions leave of the targets, removed effects taken out of both."""
    if design.removed:
        first = design.removed[0]
        fitted = fitted - group_means(fitted, first, weights)[first]
    chosen = tuple(
        combine(y, weights, [column[:, None]], stack)[1]
        for y, column in zip(design.targets.T, fitted.T, strict=True)
    )
    return absorb(design.targets - fitted, design.removed, weights), chosen


@dataclass(frozen=True, slots=True)
class _Lines:
    """Columns of unit size around zero, and how freely a line uses them.

    Attributes
    ----------
    F : numpy.ndarray, shape (n, c)
    free : numpy.ndarray, shape (c,)
    y : numpy.ndarray, shape (n, p)
    w : numpy.ndarray, shape (n,)
    """

    F: np.ndarray
    free: np.ndarray
    y: np.ndarray
    w: np.ndarray

    @classmethod
    def of(cls, design: Design, weights: np.ndarray | None) -> _Lines | None:
        """Columns of a design; None where there are none, or they have gaps."""
        seen = design.linear > 0
        X = design.features[:, seen]
        if not seen.any() or np.isnan(X).any():
            return None
        centre, spread = X.mean(axis=0), X.std(axis=0)
        spread[spread <= 1e-12 * np.maximum(np.abs(centre), 1)] = np.inf
        X -= centre
        X /= spread
        return cls(
            X, design.linear[seen], design.targets, np.ones(len(X)) if weights is None else weights
        )

    def held_out(self, fold: np.ndarray, count: int) -> np.ndarray | None:
        """Predictions of every fold from the others, shape (n, p); None where rows are needed."""
        order = np.argsort(fold, kind="stable")
        ends = np.cumsum(np.bincount(fold, minlength=count))
        parts = [order[low:high] for low, high in zip(np.r_[0, ends[:-1]], ends, strict=True)]
        pieces = [_Piece.of(self.F[rows], self.y[rows], self.w[rows]) for rows in parts]
        out = np.empty_like(self.y)
        for k, rows in enumerate(parts):
            fitted = self._predict(pieces, k)
            if fitted is None:
                return None
            out[rows] = fitted
        return out

    def _predict(self, pieces: list[_Piece], k: int) -> np.ndarray | None:
        train = [piece for j, piece in enumerate(pieces) if j != k]
        mass = sum(piece.mass for piece in train)
        centre = np.sum([piece.total for piece in train], axis=0) / mass
        level = np.sum([piece.level for piece in train], axis=0) / mass
        products = np.sum([piece.products for piece in train], axis=0)
        products -= mass * np.outer(centre, centre)
        spread = np.sqrt(np.maximum(np.diag(products), 0.0) / mass)
        # Columns have unit size in all rows: what is far below it has no variation in these.
        use = np.flatnonzero(spread > 1e-6)
        if len(use) < len(spread) and (spread > 1e-12).sum() > len(use):
            return None
        found = self._directions(products[np.ix_(use, use)], spread[use], self.free[use])
        if found is None:
            return None
        scale, half, vectors = found
        moment = np.sum([p.moments for p in train], axis=0) - mass * np.outer(centre, level)
        beta = np.zeros((len(spread), self.y.shape[1]))
        beta[use] = scale[:, None] * (half @ (vectors.T @ (scale[:, None] * moment[use])))
        # Once more from what is left over, row by row: as accurate as a decomposition.
        left = np.zeros_like(beta)
        for p in train:
            F = p.F - centre
            left += F.T @ (p.w[:, None] * (p.y - level - F @ beta))
        beta[use] += scale[:, None] * (half @ (vectors.T @ (scale[:, None] * left[use])))
        return level + self._within_reach(train, pieces[k], centre) @ beta

    @staticmethod
    def _directions(
        products: np.ndarray, spread: np.ndarray, free: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """Scale of the columns, inverse and directions of their products in it."""
        # Where all directions are there the solution is one; else that of least norm is wanted,
        # and the norm counts how freely a column may be used.
        for scale, whole in ((1 / spread, True), (free / spread, False)):
            square, vectors = np.linalg.eigh(products * scale[:, None] * scale)
            share = square / max(square.max(initial=0.0), 1e-300)
            there = share > CLEAR
            if there.all() or (not whole and (share[~there] <= ABSENT).all()):
                return scale, vectors[:, there] / square[there], vectors[:, there]
        return None

    @staticmethod
    def _within_reach(train: list[_Piece], test: _Piece, centre: np.ndarray) -> np.ndarray:
        """Columns of the held-out rows, held within twice the reach of the training rows."""
        low = np.min([piece.low for piece in train], axis=0)
        high = np.max([piece.high for piece in train], axis=0)
        reach = REACH * np.maximum(high - centre, centre - low)
        out = test.F - centre
        if (test.high - centre > reach).any() or (centre - test.low > reach).any():
            np.clip(out, -reach, reach, out=out)
        return out


@dataclass(frozen=True, slots=True)
class _Piece:
    """Rows of one fold, and their sums."""

    F: np.ndarray
    y: np.ndarray
    w: np.ndarray
    mass: float
    total: np.ndarray
    level: np.ndarray
    products: np.ndarray
    moments: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, F: np.ndarray, y: np.ndarray, w: np.ndarray) -> _Piece:
        W = F * w[:, None]
        return cls(
            F, y, w, float(w.sum()), W.sum(axis=0), w @ y, W.T @ F, W.T @ y,
            F.min(axis=0), F.max(axis=0),
        )  # fmt: skip
