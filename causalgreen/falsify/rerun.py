"""The same study with a control less, fewer firms, or another outcome."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from causalgreen.errors import CausalGreenWarning
from causalgreen.moments.moments import Grid, Moments
from causalgreen.panel.panel import Panel

if TYPE_CHECKING:
    from causalgreen.effects.effects import Effects
    from causalgreen.falsify.case import Case
    from causalgreen.panel.transforms import Design

__all__ = [
    "Lines",
    "again_of",
    "blocks_of",
    "linear_fit",
    "moments_without",
    "panel_like",
    "quiet",
    "quiet_paths",
    "with_panel",
]

BLOCKS = 8
"""Blocks of controls that are left out in one pass over the rows."""


@contextmanager
def quiet() -> Iterator[None]:
    """The study has warned once; its variations need not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CausalGreenWarning)
        yield


def quiet_paths(study: Any, **settings: Any) -> Effects:
    """Paths of a variation, those that its graph does not identify included."""
    with quiet():
        return study.paths(**{"allow_unidentified": True} | settings)


def again_of(study: Any) -> Callable[..., Any]:
    """A function that makes a study like this one but for what is given."""
    settings = study._settings
    base = {
        "panel": study.panel, "graph": study.graph, "fixed_effects": study.fixed_effects,
        "learner": settings.stack, "folds": study.folds, "repeats": study.repeats,
        "seed": study.seed, "n_jobs": settings.n_jobs, "progress": settings.progress,
    }  # fmt: skip

    def again(**changes: Any) -> Any:
        with quiet():
            return type(study)(**base | changes)

    return again


def panel_like(panel: Panel, frame: pd.DataFrame | None = None, **changes: Any) -> Panel:
    """The panel with another table, or other roles (``controls=``, ``outcome=``)."""
    roles = panel.roles
    base: dict[str, Any] = {
        "unit": roles.unit, "time": roles.time, "outcome": roles.outcome,
        "treatment": list(roles.treatments), "exposure": list(roles.exposures) or None,
        "mediators": {g: list(c) for g, c in roles.groups} or None,
        "traits": list(roles.traits) or None, "controls": list(roles.controls) or None,
        "cluster": list(roles.clusters), "weight": roles.weight,
    }  # fmt: skip
    with quiet():
        return Panel.from_frame(panel.frame if frame is None else frame, **base | changes)


def with_panel(again: Callable[..., Any], panel: Panel, graph: Any) -> Any:
    """The study on another panel with the same columns in its graph."""
    return again(panel=panel, graph=replace(graph, roles=panel.roles))


def blocks_of(design: Design, names: tuple[str, ...]) -> np.ndarray:
    """Features of a linear learner that belong to these controls, shape (f,) of bool."""
    pattern = "|".join(re.escape(n) for n in names)
    match = re.compile(rf"(?:{pattern})(?: \((?:lag|deviation|firm mean)\)| x .+)*$")
    return np.array([bool(match.fullmatch(f)) for f in design.feature_names], dtype=bool)


@dataclass(frozen=True, slots=True)
class Lines:
    """Least squares of the targets on what linear learners see, without any block of controls.

    Attributes
    ----------
    design : Design
    seen : numpy.ndarray of int, shape (c,)
        Feature of each of the first columns.
    columns : numpy.ndarray, shape (m, c + q)
        Features, period indicators, and what else is needed, of unit size.
    gaps : numpy.ndarray of int
        Feature whose gaps each indicator of gaps marks; they stand at ``first_gap`` and after.
    first_gap : int
    products, moments : numpy.ndarray, shapes (c + q, c + q) and (c + q, p)
        Weighted cross products of the columns with themselves and with the targets.
    grid : Grid
        Cells of the rows, for moments.
    """

    design: Design
    seen: np.ndarray
    columns: np.ndarray
    gaps: np.ndarray
    first_gap: int
    products: np.ndarray
    moments: np.ndarray
    grid: Grid

    @classmethod
    def of(cls, case: Case) -> Lines:
        """Cross products of a case, made once for all blocks."""
        design = case.residuals.design
        seen = np.flatnonzero(design.linear > 0)
        F = np.column_stack([np.take(design.features, seen, axis=1), design.periods])
        missing = np.isnan(F)
        gaps, first = np.flatnonzero(missing.any(axis=0)), F.shape[1]
        if len(gaps):
            F = np.column_stack([np.where(missing, 0.0, F), missing[:, gaps].astype(np.float64)])
        if not design.removed:
            F = np.column_stack([F, np.ones(len(F))])
        spread = np.sqrt(np.einsum("nc,nc->c", F, F) / len(F))
        F /= np.where(spread > 0, spread, 1.0)
        weights = None if case.panel.roles.weight is None else case.panel.weights[design.rows]
        W = F if weights is None else F * weights[:, None]
        grid = Grid.of(case.panel, design)
        return cls(design, seen, F, gaps, first, W.T @ F, W.T @ design.targets, grid)

    def coefficients(self, without: np.ndarray | None = None) -> np.ndarray:
        """Coefficients of all columns, shape (c + q, p); zero for features left out."""
        out = np.zeros_like(self.moments)
        use = np.ones(len(out), dtype=bool)
        if without is not None:
            use[: len(self.seen)] = ~without[self.seen]
            use[self.first_gap : self.first_gap + len(self.gaps)] = use[self.gaps]
        kept = np.flatnonzero(use)
        if len(kept):
            inverse = np.linalg.pinv(self.products[np.ix_(kept, kept)], rcond=1e-10, hermitian=True)
            out[kept] = inverse @ self.moments[kept]
        return out


def linear_fit(case: Case) -> np.ndarray:
    """Least-squares fit of the transformed targets on what linear learners see, shape (m, p)."""
    lines = Lines.of(case)
    return np.asarray(lines.columns @ lines.coefficients())


def moments_without(case: Case, blocks: Sequence[tuple[str, ...]]) -> Iterator[Moments]:
    """Moments as they would be without each block of controls, from least squares on the same rows.

    What the controls add to a linear fit of each target goes back into its residuals; what learners
    found beyond lines stays out.

    Parameters
    ----------
    case : Case
        The study.
    blocks : sequence of tuple of str
        Controls to leave out, one block after the other.
    """
    lines = Lines.of(case)
    whole = lines.coefficients()
    for low in range(0, len(blocks), BLOCKS):
        gone = [blocks_of(lines.design, names) for names in blocks[low : low + BLOCKS]]
        change = np.column_stack([whole - lines.coefficients(one) for one in gone])
        # One pass over the columns serves several blocks.
        for back in np.split(lines.columns @ change, len(gone), axis=1):
            cells = lines.grid.cells(case.residuals.values + back[None])
            yield replace(case.moments, cells=cells)
