"""Studies like a given one, but for what is changed: for checks that refit."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from causalgreen.errors import CausalGreenWarning

if TYPE_CHECKING:
    from causalgreen.effects.effects import Effects
    from causalgreen.falsify.case import Case
    from causalgreen.graph.causal_graph import CausalGraph
    from causalgreen.panel.panel import Panel
    from causalgreen.panel.roles import Roles
    from causalgreen.residuals.crossfit import CrossFit

__all__ = ["Again", "paths_again", "quiet", "redraw", "remake"]


@dataclass(frozen=True, slots=True)
class Again:
    """Makes a study like ``study`` but for what is given.

    Attributes
    ----------
    study : Study
    """

    study: Any

    def __call__(self, **changes: Any) -> Any:
        """A study with these settings changed; what is not given stays."""
        study, settings = self.study, self.study._settings
        kept = {
            "panel": study.panel, "graph": study.graph, "fixed_effects": study.fixed_effects,
            "learner": settings.stack, "folds": settings.folds, "repeats": settings.repeats,
            "seed": settings.seed, "n_jobs": settings.n_jobs, "progress": False,
        }  # fmt: skip
        return type(study)(**(kept | changes))

    @property
    def settings(self) -> CrossFit:
        """Learners, folds, seeds."""
        settings: CrossFit = self.study._settings
        return settings


class quiet(warnings.catch_warnings):  # noqa: N801
    """No warnings of ours: the study has given them once."""

    def __enter__(self) -> None:  # type: ignore[override]
        super().__enter__()
        warnings.simplefilter("ignore", CausalGreenWarning)


def remake(panel: Panel, frame: Any, **changes: Any) -> Panel:
    """A panel from another table, or with other roles.

    Parameters
    ----------
    panel : Panel
        Gives the roles that are not changed.
    frame : pandas.DataFrame
        The table.
    **changes
        Arguments of ``Panel.from_frame``.
    """
    roles = panel.roles
    kept: dict[str, Any] = {
        "unit": roles.unit, "time": roles.time, "outcome": roles.outcome,
        "treatment": roles.treatments, "exposure": roles.exposures or None,
        "mediators": {k: list(v) for k, v in roles.groups} or None, "traits": roles.traits or None,
        "controls": roles.controls or None, "cluster": roles.clusters, "weight": roles.weight,
    }  # fmt: skip
    with quiet():
        return type(panel).from_frame(frame, **(kept | changes))


def redraw(graph: CausalGraph, roles: Roles, names: Mapping[str, str]) -> CausalGraph:
    """The graph for changed roles: nodes renamed, new controls that move everything, old ones out.

    Parameters
    ----------
    graph : CausalGraph
        The study's graph.
    roles : Roles
        Roles of the changed panel.
    names : mapping
        New name of each renamed node.
    """
    old = graph.roles
    gone = set(names.values()) | ({*old.controls, *old.traits} - {*roles.controls, *roles.traits})
    nodes = [n for n in graph.nodes if n not in gone or n in names]
    edges = [(a, b) for a, b in graph.edges if a in nodes and b in nodes]
    renamed = [(names.get(a, a), names.get(b, b)) for a, b in edges]
    kept = [names.get(n, n) for n in nodes]
    fresh = [c for c in roles.controls if c not in kept]
    renamed += [(c, target) for c in fresh for target in roles.targets]
    return replace(
        graph, roles=roles, nodes=(*kept, *fresh), edges=tuple(dict.fromkeys(renamed)),
        latent=frozenset(names.get(n, n) for n in graph.latent),
        shocks=frozenset(names.get(n, n) for n in graph.shocks),
    )  # fmt: skip


def paths_again(case: Case, terms: tuple[str, ...], **changes: Any) -> Effects:
    """Paths of a changed study, the given terms only, identified or not: it is an experiment.

    With the case's system of coefficients: one that chose anew would answer another question.
    """
    with quiet():
        effects: Effects = case.again(**changes).paths(allow_unidentified=True, **case.asked)
    return effects.select([t for t in terms if t in effects.terms], detail=False)
