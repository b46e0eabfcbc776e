"""The façade: remembers the steps of a study, owns no arithmetic."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from causalgreen.effects.effects import Effects
from causalgreen.effects.paths import PathRequest, path_effects
from causalgreen.effects.withhold import withhold
from causalgreen.errors import DesignError
from causalgreen.moments.basis import Coefficients, choose_basis
from causalgreen.study.steps import Steps

if TYPE_CHECKING:
    from causalgreen.explain.explanation import Explanation
    from causalgreen.surface.methods import Method
    from causalgreen.surface.surface import Surface

__all__ = ["Study"]


class Study(Steps):
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
        if covariance not in ("auto", "CR1", "CV3"):
            raise DesignError(
                f"covariance={covariance!r} is not known; choose 'auto', 'CR1' or 'CV3'"
            )
        withheld = self._withheld(allow_unidentified)
        basis, notes = choose_basis(self.panel, coefficients)
        effects = path_effects(
            PathRequest(
                self.moments, self._layout, basis, covariance, population,
                self.panel.roles.weight is not None, self._method, self._absorbed_names,
            )
        )  # fmt: skip
        return withhold(effects, withheld, allow_unidentified).noting(*notes, *self._told)

    def surface(self, method: Method | None = None, *, allow_unidentified: bool = False) -> Surface:
        """Effects of every path for every firm.

        Parameters
        ----------
        method : method, optional
            `forest` (default), `linear_surface`, or `econml`.
        allow_unidentified : bool
            Include paths that the graph does not identify, too; the result says so.

        Returns
        -------
        Surface
            Predictions with intervals, for firms of the panel without their own cluster.

        Raises
        ------
        IdentificationError
            If the graph identifies no path.
        DesignError
            If the panel has no traits that vary.
        EstimationError
            If there are too few firms or clusters, or coefficients cannot be told apart.
        """
        from causalgreen.surface.forest import Forest
        from causalgreen.surface.make import surface_of
        from causalgreen.surface.surface import Settings

        settings = self._settings
        return surface_of(
            self,
            Forest() if method is None else method,
            self._withheld(allow_unidentified),
            allow_unidentified,
            Settings(settings.seed, settings.n_jobs, settings.progress),
        )

    def explain(self, surface: Surface | None = None) -> Explanation:
        """Which firms gain, through which path: groups, profiles, targeting, claims.

        Parameters
        ----------
        surface : Surface, optional
            Default: ``study.surface()``.

        Returns
        -------
        Explanation
        """
        from causalgreen.explain.explanation import Explanation

        return Explanation(self.surface() if surface is None else surface)

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
