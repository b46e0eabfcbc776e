"""The steps of a study, computed when they are first needed and kept."""

from __future__ import annotations

import warnings
from functools import cached_property
from typing import TYPE_CHECKING, Any

from causalgreen.errors import (
    DataError,
    DesignError,
    EstimationWarning,
    IdentificationError,
    outside,
)
from causalgreen.moments.moments import Moments, moments_of
from causalgreen.moments.system import Layout
from causalgreen.panel.memory import told_if_short
from causalgreen.panel.panel import Panel
from causalgreen.panel.transforms import FixedEffects, refuse_unknown_effects
from causalgreen.residuals.crossfit import CrossFit, Residuals, cross_fit
from causalgreen.residuals.folds import default_folds
from causalgreen.residuals.learners import as_stack
from causalgreen.residuals.memory import advice_on
from causalgreen.residuals.report import NuisanceReport, nuisance_report

if TYPE_CHECKING:
    from causalgreen.graph.causal_graph import CausalGraph
    from causalgreen.graph.identification import Identification, PathVerdict

__all__ = ["Steps"]


class Steps:
    """Identification, residuals (the only expensive step), moments; see `Study`."""

    def __init__(
        self,
        panel: Panel,
        graph: CausalGraph,
        fixed_effects: FixedEffects | str = "within",
        learner: Any = None,
        folds: int | None = None,
        repeats: int = 1,
        seed: int = 0,
        n_jobs: int | None = None,
        progress: bool | None = None,
    ) -> None:
        if not isinstance(panel, Panel):
            raise DesignError(
                f"the first argument is a {type(panel).__name__}, not a panel; make one with "
                "cg.Panel.from_frame(frame, unit=..., time=..., outcome=..., treatment=...)"
            )
        if not hasattr(graph, "mediator_order"):
            raise DesignError(
                f"the second argument is a {type(graph).__name__}, not a causal graph; make one "
                "with cg.green_innovation_graph(panel)"
            )
        self.panel, self.graph = panel, graph
        if not isinstance(fixed_effects, FixedEffects):
            fixed_effects = FixedEffects(fixed_effects)  # type: ignore[arg-type]
        refuse_unknown_effects(panel, fixed_effects)
        self.fixed_effects, stack = fixed_effects, as_stack(learner)
        self.learner = stack.members[0].name if len(stack.members) == 1 else stack.name
        if folds is None:
            folds = default_folds(panel.n_units, panel.n_clusters[0])
        self.folds, self.repeats, self.seed = folds, repeats, seed
        self._settings = CrossFit(stack, folds, repeats, seed, n_jobs, progress)
        self._kept: dict[tuple[int, int], Any] = {}
        if faults := panel.faults_under(fixed_effects.kind, folds):
            raise DataError(faults)
        if graph.roles != panel.roles:
            raise DesignError(
                "the graph was drawn for other roles than the panel's; make it from this panel, "
                "such as cg.green_innovation_graph(panel)"
            )

    def __repr__(self) -> str:
        removed = self.fixed_effects.describe(self.panel.roles.time)
        return f"Study({self.panel!r}; {removed}; {self.learner}; {self.folds} folds)"

    @cached_property
    def _absorbed(self) -> frozenset[str]:
        """Latent nodes of the graph that the transform removes."""
        out = set() if self.fixed_effects.kind == "none" else {"firm_effect"}
        time = self.panel.roles.time
        if self.fixed_effects.time:
            out.add(time)
        for term in self.fixed_effects.absorb:
            parts = {part.strip() for part in term.split("^")}
            if parts == {self.panel.roles.unit}:
                out.add("firm_effect")
            if time in parts:
                out |= {time, *(f"{part}_shock" for part in parts - {time})}
        return frozenset(out)

    @cached_property
    def _identification(self) -> Identification:
        from causalgreen.graph.identify import identify

        return identify(self.graph, absorbed=self._absorbed, fixed_effects=self.fixed_effects.kind)

    def identify(self) -> Identification:
        """Verdict for each path: identified, needs an assumption, not identified.

        Returns
        -------
        Identification
            Adjustment sets, assumptions in sentences, open paths.

        Raises
        ------
        IdentificationError
            If a control descends from a treatment.
        """
        return self._identification

    @cached_property
    def residuals(self) -> Residuals:
        """Cross-fitted residuals of every target: the expensive step, done once."""
        # Fits are kept until all are there: after a lost cluster, work goes on where it ended.
        asked = (self.panel, self.fixed_effects, self._settings)
        kept = "What is fitted is kept: ask again, and only the rest is computed"
        with told_if_short("cross-fitting", kept, advice_on(*asked)):
            residuals = cross_fit(*asked, self._kept)
        self._kept.clear()
        for note in nuisance_report(residuals).notes:
            warnings.warn(note, EstimationWarning, stacklevel=outside())
        return residuals

    @cached_property
    def moments(self) -> Moments:
        """Second moments of the residuals, one small matrix for each firm."""
        return moments_of(self.panel, self.residuals)

    def nuisance_report(self) -> NuisanceReport:
        """Out-of-fold R² of every learner for every target."""
        return nuisance_report(self.residuals)

    @cached_property
    def _layout(self) -> Layout:
        roles = self.panel.roles
        place = {name: i for i, name in enumerate(roles.targets)}

        def at(names: tuple[str, ...]) -> tuple[int, ...]:
            return tuple(place[name] for name in names)

        return Layout(
            roles.targets, at(roles.treatments), at(roles.exposures), at(roles.mediators),
            place[roles.outcome], tuple((g, at(columns)) for g, columns in roles.groups),
            self.graph.mediator_order(),
        )  # fmt: skip

    def _withheld(self, allow_unidentified: bool) -> tuple[PathVerdict, ...]:
        """Verdicts of the paths that are not identified; refuses where none is."""
        from causalgreen.graph.verdicts import NOT_IDENTIFIED

        verdicts = self._identification.verdicts
        withheld = tuple(v for v in verdicts if v.verdict == NOT_IDENTIFIED)
        if len(withheld) == len(verdicts) and not allow_unidentified:
            self._identification.raise_if_none()
            raise IdentificationError("the graph identifies no path")
        return withheld

    @property
    def _method(self) -> str:
        return (
            f"{self.learner}; {self.fixed_effects.describe(self.panel.roles.time)}; "
            f"{self.folds} folds by {self.panel.roles.clusters[0]}, "
            f"{self.repeats} repetition(s), seed {self.seed}"
        )

    @property
    def _told(self) -> tuple[str, ...]:
        missing = tuple(n for n in self.panel.notes if n.startswith("missing controls"))
        return missing + self.residuals.design.notes

    @property
    def _absorbed_names(self) -> str:
        roles, fe = self.panel.roles, self.fixed_effects
        firm = [roles.unit] if fe.kind != "none" else []
        return " + ".join(firm + ([roles.time] if fe.time else []) + list(fe.absorb))
