"""Best linear projection of the effects on traits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.effects.combine import linear_map
from causalgreen.effects.effects import Effects
from causalgreen.errors import DesignError
from causalgreen.explain.family import Hypothesis, adjust, cluster_places, joint_test
from causalgreen.explain.regress import regress
from causalgreen.explain.regressors import Regressors, regressors_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from causalgreen.explain.explanation import Explanation

__all__ = ["Projection", "projection"]

CONSTANT = "constant"


@dataclass(frozen=True, slots=True, repr=False)
class Projection:
    """Linear function of the traits that is closest to the effects, path by path.

    Attributes
    ----------
    terms : tuple of str, length k
        Paths.
    regressors : Regressors
        Names, traits, scales and reference levels of the q columns.
    effects : Effects
        Terms ``"path: constant"`` and ``"path: regressor"``; numbers in standard deviations from
        their mean, categories and 0/1 traits as indicators.
    raw : Effects
        The same with numbers in their own units, from zero.
    tests : pandas.DataFrame
        For each path: F test (with Hotelling's correction) that no trait matters.
    hypotheses : tuple of Hypothesis
        What `family` adjusts together with other results.
    notes : tuple of str
        Levels that were merged, firms left out.

    References
    ----------
    Semenova and Chernozhukov (2021), doi 10.1093/ectj/utaa027; ``best_linear_projection`` of grf.

    Examples
    --------
    >>> import causalgreen as cg
    >>> from causalgreen.surface.forest import forest
    >>> df, truth = cg.simulate_panel(n_firms=200, n_years=5, seed=0)
    >>> panel = cg.Panel.from_frame(
    ...     df, unit="firm", time="year", outcome="green_patents", treatment="ai",
    ...     traits=["size", "urban"], controls=["leverage", "roa_lag"], cluster="firm")
    >>> study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear())
    >>> blp = study.explain(study.surface(forest(40))).projection(terms="own_total")
    >>> list(blp.tidy()["regressor"])
    ['constant', 'size', 'urban = 1']
    """

    terms: tuple[str, ...]
    regressors: Regressors
    effects: Effects
    raw: Effects
    tests: pd.DataFrame
    hypotheses: tuple[Hypothesis, ...]
    notes: tuple[str, ...]

    def tidy(
        self, level: float = 0.95, *, simultaneous: bool = True, standardised: bool = True
    ) -> pd.DataFrame:
        """Table of the coefficients.

        Parameters
        ----------
        level : float
            Coverage.
        simultaneous : bool
            Intervals that cover all traits of a path (without the constant) at once.
        standardised : bool
            Numbers in standard deviations; False: in their own units.

        Returns
        -------
        pandas.DataFrame, shape (k * (q + 1), 11)
            Columns term, regressor, unit, n_firms, n_clusters, estimate, std_error, statistic,
            p_value, conf_low, conf_high.
        """
        effects, c = self.effects if standardised else self.raw, self.effects.context
        parts = []
        for term in self.terms:
            slopes = effects.select([f"{term}: {name}" for name in self.regressors.names])
            part = pd.concat([
                effects.select(f"{term}: {CONSTANT}").tidy(level),
                slopes.tidy(level, simultaneous=simultaneous),
            ], ignore_index=True).drop(columns="term")  # fmt: skip
            part.insert(0, "n_clusters", min(c.n_clusters))
            part.insert(0, "n_firms", c.n_firms)
            part.insert(0, "unit", ["", *self.regressors.units(standardised)])
            part.insert(0, "regressor", [CONSTANT, *self.regressors.names])
            part.insert(0, "term", term)
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    def plot(self, level: float = 0.95) -> Figure:
        """Coefficients with simultaneous intervals, one panel for each path."""
        from causalgreen.explain.projection_plot import plot_projection

        return plot_projection(self, level)

    def __str__(self) -> str:
        from causalgreen.explain.projection_text import projection_text

        return projection_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from causalgreen.explain.projection_text import projection_html

        return projection_html(self)


def projection(
    explanation: Explanation, traits: Sequence[str] | None, terms: Sequence[str]
) -> Projection:
    """Best linear projection of the effects on traits; see `Projection`.

    Parameters
    ----------
    explanation : Explanation
        Scores of the firms.
    traits : sequence of str, optional
        Default: all that vary.
    terms : sequence of str
        Paths.

    Returns
    -------
    Projection

    Raises
    ------
    DesignError
        If there is no such trait, a named one does not vary, or there are as many columns as
        clusters.
    EstimationError
        If traits are collinear.
    """
    whole = explanation.scores
    made, kept = regressors_of(whole, traits)
    scores = whole if kept.all() else whole.keep(kept)
    fewest = min(scores.context.n_clusters)
    if len(made.names) + 2 > fewest:
        raise DesignError(
            f"{len(made.names)} columns of traits for {fewest} clusters: too many to project on. "
            "Name fewer in projection(traits=[...])"
        )
    Z = (made.columns - made.centres) / made.scales
    R = np.column_stack([np.ones(len(Z)), Z])
    effects = regress(
        scores, R, [CONSTANT, *made.names], terms,
        estimand="linear function of the traits that is closest to the effects, path by path",
    )  # fmt: skip
    places, n_places = cluster_places(whole, kept), int(whole.context.clusters[0].max()) + 1
    rows, hypotheses = [], []
    for term in terms:
        slopes = effects.select([f"{term}: {name}" for name in made.names])
        test = joint_test(slopes)
        rows.append({"term": term, "test": "no trait matters", **test})
        hypotheses.append(
            Hypothesis(
                ", ".join(made.traits), term, "no trait matters", slopes, places, n_places,
                test["p_value"],
            )
        )  # fmt: skip
    adjusted = adjust(hypotheses).table[["p_holm", "p_romano_wolf"]]
    return Projection(
        tuple(terms), made, effects, _in_own_units(effects, made, len(terms)),
        pd.concat([pd.DataFrame(rows), adjusted], axis=1), tuple(hypotheses), made.notes,
    )  # fmt: skip


def _in_own_units(effects: Effects, made: Regressors, n_terms: int) -> Effects:
    one = np.diag([1.0, *(1 / made.scales)])
    one[0, 1:] = -made.centres / made.scales
    return linear_map(effects, effects.terms, np.kron(np.eye(n_terms), one))
