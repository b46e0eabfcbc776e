"""The façade: remembers the steps of a study, owns no arithmetic."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from causalgreen.effects.effects import Effects
from causalgreen.effects.paths import PathRequest, path_effects
from causalgreen.effects.whose import refuse_other_study
from causalgreen.effects.withhold import withhold
from causalgreen.errors import DesignError, yes_or_no
from causalgreen.moments.choice import Coefficients, choose_basis
from causalgreen.study.steps import Steps

if TYPE_CHECKING:
    from causalgreen.explain.explanation import Explanation
    from causalgreen.falsify.finding import Falsification
    from causalgreen.report.summary import Summary
    from causalgreen.study.manifest import Manifest
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
    folds : int, optional
        Folds of the cross-fitting, which never split a cluster. Default: 5, and 3 from 50,000
        firms in 100 clusters on.
    repeats : int
        Repetitions of the cross-fitting, with other folds.
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

    References
    ----------
    Chernozhukov et al. (2018), Double/debiased machine learning, doi 10.1111/ectj.12097; Clarke and
    Polselli (2026), doi 10.1093/ectj/utaf011, on panels with fixed effects.

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
            are traits, and intervals of mean coefficients grow to no more than four times
            their length, as far as regressors and traits tell (decision 5).
        covariance : {"auto", "CR1", "CV3"}
            Cluster sandwich or cluster jackknife; ``auto``: the jackknife below 100 clusters, or
            where a treatment varies, or weights count, as if in fewer than 40 (decision 6), where
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
            If the residuals do not determine a coefficient; if a variable is a linear function of
            others; if one cluster alone determines a coefficient, unless CR1 is asked for.
        """
        if covariance not in ("auto", "CR1", "CV3"):
            raise DesignError(
                f"covariance={covariance!r} is not known; choose 'auto', 'CR1' or 'CV3'"
            )
        yes_or_no(population=population, allow_unidentified=allow_unidentified)
        withheld = self._withheld(allow_unidentified)
        basis, notes = choose_basis(self.panel, self.moments, self._layout, coefficients)
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
        IdentificationError, DesignError, EstimationError
            If the graph identifies no path; if the panel has no traits that vary; if there are too
            few firms or clusters, or coefficients cannot be told apart.
        """
        from causalgreen.panel.memory import told_if_short
        from causalgreen.surface.forest import Forest
        from causalgreen.surface.make import surface_of
        from causalgreen.surface.memory import advice_on
        from causalgreen.surface.surface import Settings

        yes_or_no(allow_unidentified=allow_unidentified)
        settings = self._settings
        _ = self.moments  # has its own word where memory runs out
        with told_if_short("the surface", "The residuals are kept", advice_on(self.panel.n_units)):
            return surface_of(
                self,
                Forest() if method is None else method,
                self._withheld(allow_unidentified),
                allow_unidentified,
                Settings(settings.seed, settings.n_jobs, settings.progress),
            )

    def explain(self, surface: Surface | None = None) -> Explanation:
        """Which firms gain, through which path; default of the surface: ``study.surface()``.

        Parameters
        ----------
        surface : Surface, optional
            Default: ``study.surface()``, which is learnt then.

        Returns
        -------
        Explanation
            Its verbs ask about kinds of firms.

        Raises
        ------
        DesignError
            If the surface is that of another study.
        """
        from causalgreen.explain.explanation import Explanation

        if surface is None:
            return Explanation(self.surface())
        refuse_other_study(self, surface, "surface")
        return Explanation(surface)

    def falsify(
        self, checks: Any = None, simulations: int = 400, refit: bool = False,
        seed: int | None = None, **named: Any,
    ) -> Falsification:  # fmt: skip
        """Try to break the numbers: placebos, refuters, overlap, influence, sensitivity.

        Parameters
        ----------
        checks, simulations, refit, seed, **named
            As in `causalgreen.falsify.registry.falsify`, such as
            ``placebo_outcome="brown_patents"``; default: all checks, the study's seed.

        Returns
        -------
        Falsification
            One finding for each check; one that cannot be run says why.
        """
        from causalgreen.falsify.registry import falsify

        return falsify(self, checks, simulations, refit, seed, **named)

    def summary(
        self, effects: Effects | None = None, surface: Any = None,
        falsification: Falsification | None = None, lang: Literal["en", "zh"] = "en",
    ) -> Summary:  # fmt: skip
        """What was found, by which paths, for whom, how sure, what would overturn it.

        Parameters
        ----------
        effects : Effects, optional
            Default: ``study.paths()``.
        surface : Surface, Explanation or Claims, optional
            For whom; left out, nothing is said of it.
        falsification : Falsification, optional
            What ``study.falsify()`` returned; left out, the assumptions stand in its place.
        lang : {"en", "zh"}
            English or Chinese.

        Returns
        -------
        Summary
            About ten lines.
        """
        from causalgreen.report.summary import summarise

        return summarise(self, effects, surface, falsification, lang)

    def manifest(self, effects: Effects | None = None) -> Manifest:
        """All that the numbers depend on, and the numbers, frozen.

        Parameters
        ----------
        effects : Effects, optional
            Whose estimates are kept; default: ``study.paths()``.

        Returns
        -------
        Manifest
            ``write(path)`` keeps it; ``causalgreen run`` takes it; ``diff(other)`` compares.
        """
        from causalgreen.study.rebuild import manifest_of

        return manifest_of(self, effects)

    @classmethod
    def from_manifest(
        cls, manifest: Manifest | str | Path, frame: Any, learner: Any = None, *,
        other_data: bool = False, n_jobs: int | None = None, progress: bool | None = None,
    ) -> Study:  # fmt: skip
        """Make a study again from its manifest and its table.

        Parameters
        ----------
        manifest : Manifest, str or pathlib.Path
            A manifest, or the file that it was written to.
        frame : pandas, polars or pyarrow table
            The table that the manifest was made from, its rows in any order.
        learner : learner, optional
            Only for learners that a manifest cannot hold (objects of your own).
        other_data : bool
            Take another table, too, with a warning that says what differs.
        n_jobs, progress
            As in `Study`.

        Returns
        -------
        Study

        Raises
        ------
        DesignError
            If the table is another one, or a learner cannot be made again.

        Warns
        -----
        EstimationWarning
            If versions differ in a way that can change numbers.
        """
        from causalgreen.study.manifest import Manifest
        from causalgreen.study.rebuild import rebuild

        known = manifest if isinstance(manifest, Manifest) else Manifest.from_json(manifest)
        return rebuild(
            cls, known, frame, learner, other_data=other_data, n_jobs=n_jobs, progress=progress
        )

    def report(
        self, path: str | Path, effects: Effects | None = None, surface: Any = None,
        falsification: Falsification | None = None, lang: Literal["en", "zh"] = "en",
        whom: bool = True,
    ) -> Path:  # fmt: skip
        """Write a report, and its manifest beside it (``report.manifest.json``).

        Parameters
        ----------
        path : str or pathlib.Path
            File to write; the suffix decides: ``.html``, ``.docx``, ``.md`` or ``.tex``.
        effects : Effects, optional
            What to report, such as ``study.paths(covariance="CR1")``; default ``study.paths()``.
        surface : Surface or Explanation, optional
            For whom; default: ``study.surface()`` where the panel has traits.
        falsification : Falsification, optional
            What was tried to break the numbers.
        lang : {"en", "zh"}
            English or Chinese.
        whom : bool
            Whether the report says for whom.

        Returns
        -------
        pathlib.Path
            The file written; it is replaced only when the new one is complete.

        Raises
        ------
        DesignError
            If the suffix is not known.
        """
        from causalgreen.study.reporting import report

        return report(self, path, effects, surface, falsification, lang, whom)
