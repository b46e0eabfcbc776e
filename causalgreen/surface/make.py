"""From the steps of a study to a surface."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from causalgreen.effects.context import Context
from causalgreen.errors import DesignError, EstimationWarning, IdentificationWarning
from causalgreen.surface.forest import Forest
from causalgreen.surface.methods import Method
from causalgreen.surface.problem import Problem, headline_terms, pose
from causalgreen.surface.rows import raw_rows
from causalgreen.surface.surface import Settings, Surface, make_surface

if TYPE_CHECKING:
    from causalgreen.graph.identification import PathVerdict
    from causalgreen.moments.moments import Moments
    from causalgreen.moments.system import Layout
    from causalgreen.panel.panel import Panel
    from causalgreen.panel.transforms import FixedEffects
    from causalgreen.residuals.crossfit import Residuals

__all__ = ["surface_of"]

FEW_CLUSTERS = 40


class Steps(Protocol):
    """The steps of a study that a surface is made from."""

    panel: Panel
    fixed_effects: FixedEffects

    @property
    def residuals(self) -> Residuals: ...
    @property
    def moments(self) -> Moments: ...
    @property
    def _layout(self) -> Layout: ...
    @property
    def _method(self) -> str: ...
    @property
    def _absorbed_names(self) -> str: ...
    @property
    def _told(self) -> tuple[str, ...]: ...


def surface_of(
    study: Steps, method: Method, withheld: Sequence[PathVerdict], allow: bool, settings: Settings
) -> Surface:
    """Learn a surface for the paths that are identified.

    Parameters
    ----------
    study : Study
        Panel, moments, layout.
    method : Method
        How to learn.
    withheld : sequence of PathVerdict
        Paths that the graph does not identify.
    allow : bool
        Keep them, with a note.
    settings : Settings
        Seed, threads, progress.

    Returns
    -------
    Surface

    Warns
    -----
    IdentificationWarning, EstimationWarning
        If a path is withheld or not identified; below 40 clusters.
    """
    if not hasattr(method, "fit") or not hasattr(method, "name"):
        raise DesignError(
            f"a {type(method).__name__} is not a way to make a surface; give cg.forest(), "
            "cg.linear_surface() or cg.econml(estimator)"
        )
    layout = study._layout
    gone = {v.term for v in withheld}
    notes = _withholding(withheld, allow)
    terms = [t for t in headline_terms(layout) if allow or t.split("[")[0] not in gone]
    problem = pose(study.panel, study.moments, layout, terms)
    if isinstance(method, Forest):
        method = method.among(problem.n_firms)
    if getattr(method, "needs_rows", False):
        problem = _with_rows(study, method, problem)
    sample = study.moments.sample
    context = Context.of(
        sample, layout,
        estimand=f"path effects given {', '.join(problem.code.traits)}",
        population=f"the firms that these {sample.n_firms:,} firms were drawn from",
        method=f"{method.name}; {study._method}", absorbed=study._absorbed_names,
        n_parameters=1,
    )  # fmt: skip
    notes += _few_clusters(context)
    return make_surface(method, problem, context.noting(*notes, *study._told), settings)


def _withholding(withheld: Sequence[PathVerdict], allow: bool) -> tuple[str, ...]:
    """Say which paths the graph does not identify."""
    if not withheld:
        return ()
    names = ", ".join(v.term for v in withheld)
    why = "; ".join(dict.fromkeys(v.open_path or v.reason for v in withheld))
    note = f"withheld, because the graph does not identify them: {names} ({why})"
    if allow:
        note = f"not identified, reported because allow_unidentified=True: {names} ({why})"
    warnings.warn(note, IdentificationWarning, stacklevel=4)
    return (note,)


def _with_rows(study: Steps, method: Method, problem: Problem) -> Problem:
    if study.fixed_effects.kind != "none":
        raise DesignError(
            f"{method.name}: it cannot remove firm effects; use fixed_effects='none' where "
            "firms are observed once, or a residual-on-residual learner such as LinearDML"
        )
    rows = raw_rows(study.panel, problem.traits.index, study.residuals.design.rows)
    return replace(problem, raw=rows)


def _few_clusters(context: Context) -> tuple[str, ...]:
    fewest = min(context.n_clusters)
    if fewest >= FEW_CLUSTERS:
        return ()
    note = (
        f"only {fewest} clusters ({' and '.join(context.cluster_names)}): intervals rest on few "
        "independent pieces"
    )
    warnings.warn(note, EstimationWarning, stacklevel=4)
    return (note,)
