"""Average effects by two traits at once, and whether the two add up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.effects.combine import linear_map
from causalgreen.effects.context import Context
from causalgreen.effects.effects import Effects
from causalgreen.errors import DesignError
from causalgreen.explain.grouping import LEAST_CLUSTERS, Grouping, group_by
from causalgreen.explain.joint import joint_test
from causalgreen.explain.regress import regress
from causalgreen.explain.scores import Scores

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from causalgreen.explain.explanation import Explanation

__all__ = ["Interaction", "additivity", "interaction"]


@dataclass(frozen=True, slots=True, repr=False)
class Interaction:
    """Average effects of firms in the cells of two traits.

    Attributes
    ----------
    term : str
        Path.
    a, b : Grouping
        Groups of each trait, of the firms used.
    cells : Effects or None
        Averages of the cells with two clusters or more, in the order of ``table``.
    average : Effects
        Average effect of the firms used.
    table : pandas.DataFrame
        Every cell; see `tidy`.
    tests : pandas.DataFrame
        Joint test that the effects of the two traits add up, among cells with 5 clusters.
    context : Context
        Who is behind the numbers.
    notes : tuple of str
        What a reader should know.

    Examples
    --------
    >>> import causalgreen as cg
    >>> df, _ = cg.simulate_panel(n_firms=200, n_years=5, seed=0)
    >>> panel = cg.Panel.from_frame(
    ...     df, unit="firm", time="year", outcome="green_patents", treatment="ai",
    ...     traits=["size", "urban"], controls=["leverage", "roa_lag"], cluster="firm")
    >>> study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear())
    >>> found = study.explain(study.surface(cg.linear_surface())).interaction("size", "urban", n=2)
    >>> len(found.tidy())
    4
    """

    term: str
    a: Grouping
    b: Grouping
    cells: Effects
    average: Effects
    table: pd.DataFrame
    tests: pd.DataFrame
    context: Context
    notes: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """One row for each cell.

        Returns
        -------
        pandas.DataFrame
            Columns term, a trait, the other trait, n_firms, n_clusters, estimate, std_error,
            statistic, p_value, conf_low, conf_high, reliable. Cells without firms have no estimate,
            cells with under 5 clusters no error, p-value or interval: ``reliable`` is False.
        """
        return self.table.copy()

    def plot(self, ax: Axes | None = None) -> Axes:
        """Heat map of the cells; hatched where there are fewer than 5 clusters."""
        from causalgreen.explain.interactions_plot import plot_interaction

        return plot_interaction(self, ax)

    def __str__(self) -> str:
        from causalgreen.explain.interactions_text import interaction_text

        return interaction_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from causalgreen.explain.interactions_text import interaction_html

        return interaction_html(self)


def interaction(explanation: Explanation, a: str, b: str, term: str, n: int) -> Interaction:
    """Average effects of firms grouped by two traits.

    Parameters
    ----------
    explanation : Explanation
        Surface and its debiased effects.
    a, b : str
        Traits.
    term : str
        Path.
    n : int
        Quantile groups of a number.

    Returns
    -------
    Interaction

    Raises
    ------
    DesignError
        If the traits are the same, unknown, or cannot be grouped.
    """
    if a == b:
        raise DesignError(f"interaction({a!r}, {b!r}): name two different traits, or use groups()")
    whole = explanation.scores
    first, second = group_by(whole, a, n), group_by(whole, b, n)
    both = (first.codes >= 0) & (second.codes >= 0)
    used = whole.keep(both)
    first, second = _only(first, both), _only(second, both)
    many = len(second.labels)
    cell = first.codes * many + second.codes
    size = len(first.labels) * many
    clusters = np.array([len(np.unique(used.home[cell == j])) for j in range(size)])
    told = np.flatnonzero(clusters >= 2)
    if len(told) < 2:
        raise DesignError(
            f"fewer than two cells of {a!r} and {b!r} have two clusters: nothing can be compared"
        )
    effects = _cell_effects(used, cell, told, term)
    table = _table(used, cell, clusters, told, effects, (first, second), term)
    average = regress(used, np.ones((used.n, 1)), ["average"], [term])
    safe = np.flatnonzero(clusters[told] >= LEAST_CLUSTERS)
    tests = additivity(effects, told[safe] // many, told[safe] % many, safe, term)
    notes = (
        *first.notes,
        *second.notes,
        *_few(table, a, b),
        *_untested(tests),
        *used.context.notes,
    )
    return Interaction(term, first, second, effects, average, table, tests, used.context, notes)


def _only(group: Grouping, kept: np.ndarray) -> Grouping:
    from dataclasses import replace

    return replace(group, codes=group.codes[kept])


def _cell_effects(scores: Scores, cell: np.ndarray, told: np.ndarray, term: str) -> Effects:
    """Averages of cells with two clusters or more: indicators do not disturb one another."""
    R = (cell[:, None] == told).astype(np.float64)
    return regress(scores, R, [f"cell {j}" for j in told], [term])


def additivity(
    effects: Effects, row: np.ndarray, column: np.ndarray, chosen: np.ndarray, term: str
) -> pd.DataFrame:
    """Joint test that cell averages are a row part plus a column part.

    Parameters
    ----------
    effects : Effects
        Averages of cells.
    row, column : numpy.ndarray of int, shape (m,)
        Group of the chosen cells by each trait.
    chosen : numpy.ndarray of int, shape (m,)
        Terms of ``effects`` that are tested.
    term : str
        Path.

    Returns
    -------
    pandas.DataFrame, shape (1, 6)
        NaN where the cells that are there cannot show an interaction, or are more than a third of
        the clusters; see `joint_test`.
    """
    design = np.column_stack(
        [(row[:, None] == np.unique(row)), (column[:, None] == np.unique(column))]
    ).astype(np.float64)
    u, s, _ = np.linalg.svd(design, full_matrices=True)
    rank = int((s > 1e-10).sum())
    out = {"term": term, "test": "no interaction: the effects of the two traits add up"}
    L = np.zeros((len(row) - rank, len(effects.terms)))
    L[:, chosen] = u[:, rank:].T
    found = {"statistic": np.nan, "df": 0, "df_denominator": effects.df, "p_value": np.nan}
    if len(L):
        names = tuple(f"departure {i}" for i in range(len(L)))
        found = joint_test(linear_map(effects, names, L))
    return pd.DataFrame([out | found])


def _table(
    scores: Scores, cell: np.ndarray, clusters: np.ndarray, told: np.ndarray, effects: Effects,
    groups: tuple[Grouping, Grouping], term: str,
) -> pd.DataFrame:  # fmt: skip
    first, second = groups
    value, w = scores.value[:, scores.terms.index(term)], scores.share
    weight = np.bincount(cell, w, len(clusters))
    total = np.bincount(cell, w * value, len(clusters))
    mean = np.divide(total, weight, out=np.full(len(weight), np.nan), where=weight > 0)
    table = pd.DataFrame(
        {
            "term": term,
            first.trait: np.repeat(np.array(first.labels, dtype=object), len(second.labels)),
            second.trait: np.tile(np.array(second.labels, dtype=object), len(first.labels)),
            "n_firms": np.bincount(cell, minlength=len(clusters)),
            "n_clusters": clusters,
            "estimate": mean,
        }
    )
    names = ["std_error", "statistic", "p_value", "conf_low", "conf_high"]
    for name in names:
        column = np.full(len(clusters), np.nan)
        column[told] = effects.tidy()[name].to_numpy()
        # With a handful of clusters an error can come out near zero: it would mislead.
        table[name] = np.where(clusters >= LEAST_CLUSTERS, column, np.nan)
    table["reliable"] = clusters >= LEAST_CLUSTERS
    return table


def _untested(tests: pd.DataFrame) -> list[str]:
    row = tests.iloc[0]
    if row["p_value"] >= 0:
        return []
    if row["df"] == 0:
        return ["no test of additivity: the cells with enough clusters cannot show an interaction"]
    return [
        f"no test of additivity: {row['df']} restrictions are too many for "
        f"{row['df_denominator'] + 1} clusters. Use fewer or broader groups"
    ]


def _few(table: pd.DataFrame, a: str, b: str) -> list[str]:
    notes = []
    few = table[~table["reliable"] & (table["n_firms"] > 0)]
    if len(few):
        some = [f"{r[a]} / {r[b]} ({r['n_clusters']})" for _, r in few.head(6).iterrows()]
        more = ", ..." if len(few) > len(some) else ""
        notes.append(
            f"fewer than {LEAST_CLUSTERS} clusters, hence not reliable, without interval, and not "
            f"in the test: {', '.join(some)}{more}"
        )
    if empty := int((table["n_firms"] == 0).sum()):
        notes.append(f"{empty} cells have no firms: nothing is said about them")
    return notes
