"""The façade: remembers the steps of a study, owns no arithmetic."""

from __future__ import annotations

import warnings
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from causalgreen.effects.effects import Effects
from causalgreen.effects.paths import PathRequest, path_effects
from causalgreen.effects.withhold import withhold
from causalgreen.errors import (
    DataError,
    DesignError,
    EstimationWarning,
    IdentificationError,
)
from causalgreen.moments.basis import Coefficients, choose_basis
from causalgreen.moments.moments import Moments, moments_of
from causalgreen.moments.system import Layout
from causalgreen.panel.panel import Panel
from causalgreen.panel.transforms import FixedEffects
from causalgreen.residuals.crossfit import CrossFit, Residuals, cross_fit
from causalgreen.residuals.learners import as_stack
from causalgreen.residuals.report import NuisanceReport, nuisance_report

if TYPE_CHECKING:
    from causalgreen.graph.causal_graph import CausalGraph
    from causalgreen.graph.identification import Identification

__all__ = ["Study"]


class Study:
    """A firm panel and a causal graph, and the questions asked of them.

    Steps are computed when they are first needed and kept: identification, residuals (the only
    expensive one), moments.

    Parameters
    ----------
    panel : Panel
        The firm-year table.
    graph : CausalGraph
        The causal graph; its nodes must contain every column that plays a role.
    fixed_effects : FixedEffects or {"within", "first_difference", "mundlak", "none"}
        How firm effects are removed; a name also removes period effects.
    learner : learner, optional
        `lightgbm`, `lasso`, `linear`, `random_forest`, `stack`, or any scikit-learn regressor.
        Default: a stack of a linear, a sparse curved and a boosted learner.
    folds, repeats : int
        Folds of the cross-fitting, which never split a cluster, and its repetitions.
    seed : int
        Same seed, same numbers, whatever ``n_jobs``.
    n_jobs : int, optional
        Parallel jobs; default: as ``joblib.parallel_config`` says, else all cores.
    progress : bool, optional
        Progress bar; default: in a terminal or notebook only.

    Raises
    ------
    DataError
        If the table cannot carry this study: no variation within firms, too few clusters.
    GraphError, DesignError
        If the graph lacks a role, or a setting is unknown.

    Examples
    --------
    >>> import causalgreen as cg
    >>> df, truth = cg.simulate_panel(n_firms=120, n_years=5, seed=0)
    >>> panel = cg.Panel.from_frame(
    ...     df, unit="firm", time="year", outcome="green_patents", treatment="ai",
    ...     mediators={"human_capital": "skilled_share"}, controls=["leverage", "roa_lag"])
    >>> graph = cg.green_innovation_graph(panel)
    >>> study = cg.Study(panel, graph, learner=cg.linear())
    >>> list(study.paths().tidy()["term"])
    ['direct', 'human_capital', 'own_total']
    """

    def __init__(
        self,
        panel: Panel,
        graph: CausalGraph,
        fixed_effects: FixedEffects | str = "within",
        learner: Any = None,
        folds: int = 5,
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
        if not hasattr(graph, "roles"):
            raise DesignError(
                f"the second argument is a {type(graph).__name__}, not a causal graph; make one "
                "with cg.green_innovation_graph(panel)"
            )
        self.panel, self.graph = panel, graph
        if not isinstance(fixed_effects, FixedEffects):
            fixed_effects = FixedEffects(fixed_effects)  # type: ignore[arg-type]
        self.fixed_effects = fixed_effects
        stack = as_stack(learner)
        self.learner = stack.members[0].name if len(stack.members) == 1 else stack.name
        self.folds, self.repeats, self.seed = folds, repeats, seed
        self._settings = CrossFit(stack, folds, repeats, seed, n_jobs, progress)
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
        residuals = cross_fit(self.panel, self.fixed_effects, self._settings)
        for note in nuisance_report(residuals).notes:
            warnings.warn(note, EstimationWarning, stacklevel=2)
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

    def paths(
        self,
        *,
        coefficients: Coefficients = "auto",
        covariance: Literal["auto", "CR1", "CV3"] = "auto",
        population: bool = True,
        allow_unidentified: bool = False,
    ) -> Effects:
        """Effects of the direct, mediated and spillover paths, and their totals.

        Parameters
        ----------
        coefficients : {"auto", "varying", "constant"}
            ``varying``: coefficients vary with the traits, and effects are averaged over firms;
            the constant system is kept beside it (``.constant``). ``auto``: varying where there
            are traits, and at least three clusters for each coefficient.
        covariance : {"auto", "CR1", "CV3"}
            Cluster sandwich or cluster jackknife; ``auto``: the jackknife below 100 clusters, where
            it is exact (no absorbed effect other than the period's has groups in several clusters).
        population : bool
            Whether the firms stand for a population that they were drawn from; False: the average
            over these very firms.
        allow_unidentified : bool
            Report paths that the graph does not identify, too; the result says so.

        Returns
        -------
        Effects
            Terms direct, one for each mediator group, chains, spillover, own_total, overall.

        Raises
        ------
        IdentificationError
            If the graph identifies no path.
        EstimationError
            If the residuals do not determine a coefficient.
        """
        from causalgreen.graph.verdicts import NOT_IDENTIFIED

        verdicts = self._identification.verdicts
        if covariance not in ("auto", "CR1", "CV3"):
            raise DesignError(
                f"covariance={covariance!r} is not known; choose 'auto', 'CR1' or 'CV3'"
            )
        withheld = tuple(v for v in verdicts if v.verdict == NOT_IDENTIFIED)
        if len(withheld) == len(verdicts) and not allow_unidentified:
            self._identification.raise_if_none()
            raise IdentificationError("the graph identifies no path")
        basis, notes = choose_basis(self.panel, coefficients)
        effects = path_effects(
            PathRequest(
                self.moments, self._layout, basis, covariance, population,
                self.panel.roles.weight is not None,
                f"{self.learner}; {self.fixed_effects.describe(self.panel.roles.time)}; "
                f"{self.folds} folds by {self.panel.roles.clusters[0]}, "
                f"{self.repeats} repetition(s), seed {self.seed}",
                " + ".join(self._absorbed_names()),
            )
        )  # fmt: skip
        told = tuple(n for n in self.panel.notes if n.startswith("missing controls"))
        told += self.residuals.design.notes
        return withhold(effects, withheld, allow_unidentified).noting(*notes, *told)

    def _absorbed_names(self) -> list[str]:
        roles, fe = self.panel.roles, self.fixed_effects
        firm = [roles.unit] if fe.kind != "none" else []
        return firm + ([roles.time] if fe.time else []) + list(fe.absorb)

    def report(self, path: str | Path, effects: Effects | None = None) -> Path:
        """Write a report; the suffix decides: ``.html``, ``.md`` or ``.tex``.

        Parameters
        ----------
        path : str or pathlib.Path
            File to write; replaced only when the new one is complete.
        effects : Effects, optional
            What to report, such as ``study.paths(covariance="CR1")``; default ``study.paths()``.

        Returns
        -------
        pathlib.Path
            The file written.

        Raises
        ------
        DesignError
            If the suffix is not known.
        """
        from causalgreen.report import study_page, write_report

        return write_report(path, study_page(self, effects=effects))
