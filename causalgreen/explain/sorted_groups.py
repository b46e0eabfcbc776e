"""Groups of firms by predicted effect, learnt and judged on different clusters (generic ML)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.effects.context import Context
from causalgreen.errors import DesignError
from causalgreen.explain.multiple import holm
from causalgreen.explain.sorted_splits import CONTRAST, Pieces, medians, one_split

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from causalgreen.explain.explanation import Explanation
    from causalgreen.explain.sorting_text import Page

__all__ = ["SortedGroups", "sorted_groups"]

LEVEL = 0.95


@dataclass(frozen=True, slots=True, repr=False)
class SortedGroups:
    """What firms gain that a surface, learnt from other clusters, predicts to gain most or least.

    All numbers are medians over random halves of the clusters. An interval is made of the medians
    of 97.5 % bounds, which covers with 95 %; a p-value is twice the median (and at most one).

    Attributes
    ----------
    gates : pandas.DataFrame
        Average effect of each group by predicted effect, least first, and most less least.
        ``estimate_sorted`` puts the groups in order (monotone rearrangement); ``joint_low`` and
        ``joint_high`` cover all groups of a path at once; ``prediction`` is what was predicted.
    blp : pandas.DataFrame
        ``average`` effect, and ``loading``: by how much effects differ where predictions differ by
        one. Zero: the predicted heterogeneity does not exist; one: it is as large as predicted.
    clan : pandas.DataFrame
        Mean traits of the most and the least affected group, and their difference.
    shares : pandas.DataFrame
        Share of the firms whose group is significantly above or below zero (groups of a path
        together), whether all groups are equal, and whether any is negative or positive.
    splits : pandas.DataFrame
        Averages by group of every split.
    n, repeats : int
        Groups, and splits.
    context : Context
        Who is behind the numbers.
    notes : tuple of str
        What a reader should know.

    Examples
    --------
    >>> import causalgreen as cg
    >>> from causalgreen.surface.forest import forest
    >>> df, truth = cg.simulate_panel(n_firms=150, n_years=4, seed=0)
    >>> panel = cg.Panel.from_frame(
    ...     df, unit="firm", time="year", outcome="green_patents", treatment="ai",
    ...     traits=["size", "urban"], controls=["leverage", "roa_lag"], cluster="firm")
    >>> study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear())
    >>> hetero = study.explain(study.surface(forest(40)))
    >>> found = hetero.sorted_groups(n=3, repeats=3, terms="own_total")
    >>> list(found.tidy()["group"])
    ['1 (least)', '2', '3 (most)', 'most - least']
    """

    gates: pd.DataFrame
    blp: pd.DataFrame
    clan: pd.DataFrame
    shares: pd.DataFrame
    splits: pd.DataFrame
    n: int
    repeats: int
    context: Context
    notes: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """The averages by group; see ``gates``."""
        return self.gates.copy()

    def plot(self, terms: str | Sequence[str] | None = None) -> Figure:
        """Averages by group with joint intervals, and the average over all as a line, by path."""
        from causalgreen.explain.sorted_groups_plot import plot_sorted_groups

        chosen = (terms,) if isinstance(terms, str) else tuple(terms or self._terms)
        for term in chosen:
            if term not in self._terms:
                raise DesignError(
                    f"there is no path {term!r} in this result; choose from "
                    f"{', '.join(self._terms)}"
                )
        return plot_sorted_groups(self, chosen)

    @property
    def _terms(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.gates["term"]))

    def __str__(self) -> str:
        from causalgreen.explain.sorting_text import page_text

        return page_text(self._page())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from causalgreen.explain.sorting_text import page_html

        return page_html(self._page())

    def _page(self) -> Page:
        from causalgreen.explain.sorted_groups_text import sorted_page

        return sorted_page(self)


def sorted_groups(
    explanation: Explanation, n: int, repeats: int, terms: Sequence[str]
) -> SortedGroups:
    """Generic machine learning: BLP, GATES and CLAN over repeated random halves of the clusters.

    Parameters
    ----------
    explanation : Explanation
        The surface, asked. Its method is fitted again for every split.
    n : int
        Number of groups.
    repeats : int
        Number of splits.
    terms : sequence of str
        Paths.

    Returns
    -------
    SortedGroups

    Raises
    ------
    DesignError
        If ``n`` or ``repeats`` is not a number that makes sense.
    EstimationError
        If a group has fewer than 5 clusters.

    References
    ----------
    Chernozhukov, Demirer, Duflo and Fernandez-Val (2025), Fisher-Schultz lecture: Generic machine
    learning inference on heterogeneous treatment effects in randomized experiments, Econometrica
    93(4), doi 10.3982/ECTA19303; Semenova and Chernozhukov (2021), doi 10.1093/ectj/utaa027, on
    debiased scores in place of a known propensity; Chernozhukov, Fernandez-Val and Galichon (2009),
    doi 10.1093/biomet/asp030, on the rearrangement.
    """
    for name, value, least in (("n", n, 2), ("repeats", repeats, 1)):
        whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        if not whole or value < least:
            raise DesignError(f"{name}={value!r}: give a whole number, {least} or more")
    from causalgreen.residuals.jobs import in_parallel

    surface, terms = explanation.surface, tuple(terms)
    seeds = [
        int(child.generate_state(1)[0])
        for child in np.random.SeedSequence(explanation.seed).spawn(repeats)
    ]
    # One split after another: the method has jobs of its own.
    parts: list[Pieces] = in_parallel(
        one_split, [(surface, seed, n, terms, (1 + LEVEL) / 2) for seed in seeds], n_jobs=1,
        progress=surface.settings.progress, label="random halves", unit="split",
    )  # fmt: skip
    gates = _rearranged(medians([p.gates for p in parts], ["term", "group"]))
    traits = medians([p.clan for p in parts], ["term", "trait"])
    traits["p_holm"] = np.nan
    for rows in traits.groupby("term", sort=False).groups.values():
        traits.loc[rows, "p_holm"] = holm(traits.loc[rows, "p_value"].to_numpy())
    shares = _shares(gates, medians([p.tests for p in parts], ["term"]), n)
    splits = pd.concat([p.gates.assign(split=i) for i, p in enumerate(parts, 1)], ignore_index=True)
    context = replace(
        surface.context,
        estimand=f"average effect of each of {n} groups of firms by predicted effect, where the "
        "prediction was learnt from other clusters; over random halves of the clusters",
    )
    notes = [*context.notes, *dict.fromkeys(note for p in parts for note in p.notes)]
    if repeats < 20:
        notes.append(
            f"{repeats} splits: medians over 20 or more (the paper: 100) depend less on the seed"
        )
    return SortedGroups(
        gates, medians([p.blp for p in parts], ["term", "coefficient"]), traits, shares, splits,
        int(n), int(repeats), context, tuple(notes),
    )  # fmt: skip


def _rearranged(gates: pd.DataFrame) -> pd.DataFrame:
    """Estimates of the groups of each path in increasing order, as a further column."""
    out = gates.copy()
    out["estimate_sorted"] = out["estimate"]
    groups = out["group"] != CONTRAST
    for _, rows in out[groups].groupby("term", sort=False):
        out.loc[rows.index, "estimate_sorted"] = np.sort(rows["estimate"].to_numpy())
        last = out.index[(out["term"] == rows["term"].iloc[0]) & ~groups]
        out.loc[last, "estimate_sorted"] = np.ptp(rows["estimate"].to_numpy())
    return out


def _shares(gates: pd.DataFrame, tests: pd.DataFrame, n: int) -> pd.DataFrame:
    groups = gates[gates["group"] != CONTRAST]
    rows = []
    for term, part in groups.groupby("term", sort=False):
        above = int((part["joint_low"] > 0).sum()) / n
        below = int((part["joint_high"] < 0).sum()) / n
        rows.append(
            {"term": term, "share_positive": above, "share_negative": below,
             "share_unclear": round(1.0 - above - below, 12)}
        )  # fmt: skip
    return pd.DataFrame(rows).merge(tests, on="term")
