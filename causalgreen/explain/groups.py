"""Average effects of groups of firms (GATE), path by path, and tests between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.effects.effects import Effects
from causalgreen.explain.family import Hypothesis, cluster_places
from causalgreen.explain.group_tests import own_freedom, table_of_tests, versus_mean
from causalgreen.explain.grouping import Grouping, group_by
from causalgreen.explain.regress import regress

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from causalgreen.explain.explanation import Explanation

__all__ = ["Groups", "groups"]


@dataclass(frozen=True, slots=True, repr=False)
class Groups:
    """Average effects of groups of firms.

    Attributes
    ----------
    trait : str
        What the firms are grouped by.
    terms : tuple of str, length k
        Paths.
    labels : tuple of str, length m
        Groups, in order.
    ordered : bool
        Whether the order means more and less.
    n_firms, n_clusters : tuple of int, length m
        Sizes of the groups.
    share : numpy.ndarray, shape (m,)
        Share of each group in the overall mean.
    effects : Effects
        Terms ``"path: group"``.
    tests : pandas.DataFrame
        For each path: equality of all groups (F, with Hotelling's correction), trend (change from
        one group to the next), extremes (last minus first; of a category the largest minus the
        smallest, with an interval and a p-value that allow for the choice); Holm's and
        Romano and Wolf's p-values adjust for all paths and tests of the table.
    versus : pandas.DataFrame
        Difference of each group from the overall mean.
    hypotheses : tuple of Hypothesis
        What `family` adjusts together with other results.
    cell_group : numpy.ndarray of int
        Group of each cell of ``effects``.
    places, n_places : numpy.ndarray of int, int
        Position of the clusters among those of the panel, and their number.
    notes : tuple of str
        Groups that were merged, firms left out.

    References
    ----------
    Semenova and Chernozhukov (2021), Debiased machine learning of conditional average treatment
    effects and other causal functions, Econometrics Journal 24(2), doi 10.1093/ectj/utaa027.

    Examples
    --------
    >>> import causalgreen as cg
    >>> from causalgreen.surface.forest import forest
    >>> df, truth = cg.simulate_panel(n_firms=200, n_years=5, seed=0)
    >>> panel = cg.Panel.from_frame(
    ...     df, unit="firm", time="year", outcome="green_patents", treatment="ai",
    ...     traits=["size", "urban"], controls=["leverage", "roa_lag"], cluster="firm")
    >>> study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear())
    >>> by_size = study.explain(study.surface(forest(40))).groups(
    ...     "size", n=3, terms="own_total")
    >>> by_size.tidy()[["term", "n_firms"]].values.tolist()
    [['own_total', 67], ['own_total', 66], ['own_total', 67]]
    >>> list(by_size.tests["test"])
    ['equality', 'trend', 'extremes']
    """

    trait: str
    terms: tuple[str, ...]
    labels: tuple[str, ...]
    ordered: bool
    n_firms: tuple[int, ...]
    n_clusters: tuple[int, ...]
    share: np.ndarray
    effects: Effects
    tests: pd.DataFrame
    versus: pd.DataFrame
    hypotheses: tuple[Hypothesis, ...]
    cell_group: np.ndarray
    places: np.ndarray
    n_places: int
    notes: tuple[str, ...]

    def of(self, term: str) -> Effects:
        """Effects of the groups along one path."""
        return self.effects.select([f"{term}: {label}" for label in self.labels])

    def tidy(self, level: float = 0.95, *, simultaneous: bool = True) -> pd.DataFrame:
        """Table of the groups.

        Parameters
        ----------
        level : float
            Coverage.
        simultaneous : bool
            Intervals that cover all groups of a path at once; False: one by one.

        Returns
        -------
        pandas.DataFrame, shape (k * m, 13)
            Columns term, group, n_firms, n_clusters, estimate, std_error, statistic, p_value,
            conf_low, conf_high, versus_mean, p_versus_mean, p_versus_mean_adjusted. P-values are
            of zero and of the overall mean; the last is adjusted for all groups and paths. A group
            has the degrees of freedom of its own clusters.
        """
        parts = []
        for term in self.terms:
            effects = self.of(term)
            part = effects.tidy(level, simultaneous=simultaneous).drop(columns="term")
            part = own_freedom(part, effects.df, np.asarray(self.n_clusters))
            part.insert(0, "n_clusters", self.n_clusters)
            part.insert(0, "n_firms", self.n_firms)
            part.insert(0, "group", self.labels)
            part.insert(0, "term", term)
            parts.append(part)
        table = pd.concat(parts, ignore_index=True)
        beside = self.versus[["versus_mean", "p_versus_mean", "p_versus_mean_adjusted"]]
        return pd.concat([table, beside], axis=1)

    def percent_of_mean(self, own: bool = True) -> Groups:
        """The groups, and the tests between them, in percent of the mean outcome.

        A group with a larger effect and an equal percentage does not gain more for its size.

        Parameters
        ----------
        own : bool
            Percent of the group's own mean outcome; False: of the mean over all groups.

        Returns
        -------
        Groups
        """
        from causalgreen.explain.group_percent import percent_of_own_mean

        effects = (
            percent_of_own_mean(self.effects, self.cell_group, self.labels, len(self.terms)) if own
            else self.effects.percent_of_mean()
        )  # fmt: skip
        return _tested(self, effects)

    def plot(self, level: float = 0.95) -> Figure:
        """Dots with joint intervals, one panel for each path."""
        from causalgreen.explain.groups_plot import plot_groups

        return plot_groups(self, level)

    def __str__(self) -> str:
        from causalgreen.explain.groups_text import groups_text

        return groups_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from causalgreen.explain.groups_text import groups_html

        return groups_html(self)


def groups(explanation: Explanation, trait: str, n: int, terms: Sequence[str]) -> Groups:
    """Average effects of groups of firms by a trait; see `Groups`.

    Parameters
    ----------
    explanation : Explanation
        Scores of the firms.
    trait : str
        Trait.
    n : int
        Number of quantile groups of a number.
    terms : sequence of str
        Paths.

    Returns
    -------
    Groups

    Raises
    ------
    DesignError
        If there is no such trait, or fewer than two groups can be judged.
    """
    whole = explanation.scores
    grouping = group_by(whole, trait, n)
    kept = grouping.codes >= 0
    scores = whole if kept.all() else whole.keep(kept)
    inner = replace(grouping, codes=grouping.codes[kept])
    effects = regress(
        scores, inner.indicators(), inner.labels, terms,
        estimand=f"average effect of the firms in each group of {trait}, path by path",
    )  # fmt: skip
    m = len(inner.labels)
    share = np.bincount(inner.codes, scores.share, m)
    empty = pd.DataFrame()
    bare = Groups(
        trait, tuple(terms), inner.labels, inner.ordered,
        tuple(np.bincount(inner.codes, minlength=m).tolist()), _clusters(inner, scores.home),
        share / share.sum(), effects, empty, empty, (), inner.codes[scores.firm],
        cluster_places(whole, kept), int(whole.context.clusters[0].max()) + 1, inner.notes,
    )  # fmt: skip
    return _tested(bare, effects)


def _clusters(grouping: Grouping, home: np.ndarray) -> tuple[int, ...]:
    return tuple(len(np.unique(home[grouping.codes == j])) for j in range(len(grouping.labels)))


def _tested(bare: Groups, effects: Effects) -> Groups:
    """The groups with these effects, and all that is computed from them."""
    result = replace(bare, effects=effects)
    hypotheses, tests = table_of_tests(result)
    versus = versus_mean(result)
    return replace(result, hypotheses=hypotheses, tests=tests, versus=versus)
