"""The same study with a control less, fewer firms, or another outcome."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from causalgreen.errors import CausalGreenWarning
from causalgreen.moments.moments import Moments, moments_of
from causalgreen.panel.panel import Panel

if TYPE_CHECKING:
    from causalgreen.effects.effects import Effects
    from causalgreen.falsify.case import Case
    from causalgreen.panel.transforms import Design

__all__ = [
    "again_of",
    "blocks_of",
    "linear_fit",
    "moments_without",
    "panel_like",
    "quiet",
    "quiet_paths",
    "with_panel",
]


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


def linear_fit(case: Case, without: np.ndarray | None = None) -> np.ndarray:
    """Least-squares fit of the transformed targets on what linear learners see, shape (m, p)."""
    design = case.residuals.design
    use = design.linear > 0 if without is None else (design.linear > 0) & ~without
    F = np.column_stack([design.features[:, use], design.periods])
    gaps = np.isnan(F)
    F = np.where(gaps, 0.0, F)
    if gaps.any():
        F = np.column_stack([F, gaps[:, gaps.any(axis=0)].astype(np.float64)])
    weights = None if case.panel.roles.weight is None else case.panel.weights[design.rows]
    if not design.removed:
        F = np.column_stack([F, np.ones(len(F))])
    if not F.shape[1]:
        return np.zeros_like(design.targets)
    spread = np.sqrt(np.mean(F**2, axis=0))
    F = F / np.where(spread > 0, spread, 1.0)
    w = np.ones(len(F)) if weights is None else weights
    G = (F * w[:, None]).T @ F
    return np.asarray(
        F @ (np.linalg.pinv(G, rcond=1e-10, hermitian=True) @ ((F * w[:, None]).T @ design.targets))
    )


def moments_without(case: Case, names: tuple[str, ...]) -> Moments:
    """Moments as they would be without some controls, from least squares on the same rows.

    What the controls add to a linear fit of each target goes back into its residuals; what learners
    found beyond lines stays out.
    """
    gone = blocks_of(case.residuals.design, names)
    back = linear_fit(case) - linear_fit(case, gone)
    values = case.residuals.values + back[None]
    return moments_of(case.panel, replace(case.residuals, values=values))
