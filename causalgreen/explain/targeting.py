"""What is gained by choosing firms in order of predicted effect, or of a trait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.effects.effects import Effects
from causalgreen.errors import DesignError
from causalgreen.explain.grouping import trait_column
from causalgreen.explain.scores import Scores
from causalgreen.explain.targeting_ranks import combine_steps, rank_effects

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from causalgreen.effects.context import Context
    from causalgreen.explain.explanation import Explanation
    from causalgreen.explain.sorting_text import Page

__all__ = ["Targeting", "targeting"]

SHARES = tuple(np.round(np.arange(0.1, 0.96, 0.05), 2).tolist())
BOTH = ["AUTOC", "Qini"]


@dataclass(frozen=True, slots=True, repr=False)
class Targeting:
    """Gain from choosing firms in an order, over choosing as many at random.

    The TOC at a share q is the average effect on the first q of the firms, less that on all firms.
    AUTOC is its average over all q, which stresses the first firms; Qini weights by q, and is the
    gain per firm of the whole, averaged over how many are chosen. Zero: the order is worth nothing.

    Attributes
    ----------
    term : str
        Path.
    by : str or None
        Trait that firms are ordered by (largest first); None: predictions of surfaces that were
        learnt from other clusters.
    effects : Effects
        AUTOC, Qini, and the TOC; means over the steps.
    steps : tuple of Effects
        The same, step by step.
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
    >>> list(hetero.targeting().tidy()["term"])
    ['AUTOC', 'Qini']
    >>> bool(hetero.targeting(by="size").tidy()["estimate"][0] > 0)
    True
    """

    term: str
    by: str | None
    effects: Effects
    steps: tuple[Effects, ...]
    notes: tuple[str, ...]

    @property
    def context(self) -> Context:
        """Who is behind the numbers."""
        return self.effects.context

    def tidy(self, level: float = 0.95) -> pd.DataFrame:
        """AUTOC and Qini.

        Estimates are means over the steps. Statistics combine the steps' own (each t-statistic as
        its normal quantile, added up), which is exact where there is nothing to find.

        Parameters
        ----------
        level : float
            Coverage of the intervals.

        Returns
        -------
        pandas.DataFrame, shape (2, 10)
            Columns term, n_firms, n_clusters, estimate, std_error, statistic, p_value,
            p_one_sided (of a gain), conf_low, conf_high.
        """
        table = self.effects.select(BOTH).tidy(level)
        if len(self.steps) > 1:
            from scipy.stats import norm

            z = np.sum([_normal(step) for step in self.steps], axis=0) / np.sqrt(len(self.steps))
            table["statistic"], table["p_value"] = z, 2 * norm.sf(np.abs(z))
        above = table["statistic"] > 0
        half = table["p_value"] / 2
        table.insert(5, "p_one_sided", half.where(above, 1 - half))
        table.insert(1, "n_firms", self.context.n_firms)
        table.insert(2, "n_clusters", min(self.context.n_clusters))
        return table

    def curve(self, level: float = 0.95) -> pd.DataFrame:
        """The TOC with a band that covers all shares at once.

        Returns
        -------
        pandas.DataFrame
            Columns share, estimate, std_error, conf_low, conf_high, band_low, band_high.
        """
        part = self.effects.select([t for t in self.effects.terms if t not in BOTH])
        table = part.tidy(level).drop(columns=["statistic", "p_value"])
        table["term"] = [float(t.split()[1]) for t in table["term"]]
        band = part.confint(level, simultaneous=True)
        table["band_low"], table["band_high"] = band["conf_low"].values, band["conf_high"].values
        return table.rename(columns={"term": "share"})

    def plot(self, ax: Axes | None = None, level: float = 0.95) -> Axes:
        """The TOC with its band."""
        from causalgreen.explain.targeting_plot import plot_targeting

        return plot_targeting(self, ax, level)

    def __str__(self) -> str:
        from causalgreen.explain.sorting_text import page_text

        return page_text(self._page())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from causalgreen.explain.sorting_text import page_html

        return page_html(self._page())

    def _page(self) -> Page:
        from causalgreen.explain.targeting_text import targeting_page

        return targeting_page(self)


def _normal(step: Effects) -> np.ndarray:
    """t-statistics of AUTOC and Qini as normal quantiles; no variation counts as no evidence."""
    from scipy.stats import norm, t

    value = step.select(BOTH).tidy()["statistic"].fillna(0.0).to_numpy()
    return np.asarray(-np.sign(value) * norm.ppf(t.sf(np.abs(value), step.df)))


def targeting(explanation: Explanation, term: str, by: str | None = None) -> Targeting:
    """Judge an order of the firms: by predicted effect, or by a trait.

    Parameters
    ----------
    explanation : Explanation
        The surface, asked.
    term : str
        Path.
    by : str, optional
        A trait that is a number: firms with the largest values come first. Default: predictions of
        surfaces learnt from earlier clusters, judged on later ones.

    Returns
    -------
    Targeting

    Raises
    ------
    DesignError
        If there is no such trait, it is a category, or has one value.
    EstimationError
        If there are too few clusters to learn from some and judge on others.

    References
    ----------
    Yadlowsky, Fleming, Shah, Brunskill and Wager (2025), Evaluating treatment prioritization rules
    via rank-weighted average treatment effects, JASA 120(549), doi 10.1080/01621459.2024.2393466;
    Wager (2024), Sequential validation of treatment heterogeneity, arXiv 2405.05534, on the steps.
    """
    if by is not None:
        return _by_trait(explanation, term, by)
    surface, held_out = explanation.surface, explanation.held_out
    words = {
        "estimand": f"{term.replace('_', ' ')} on the first firms in order of predicted effect, "
        "less that on all firms; predictions from surfaces learnt from other clusters"
    }
    steps = tuple(
        rank_effects(h.test_scores, term, _predicted(h.test_scores, term), SHARES, **words)
        for h in held_out
    )
    cells = [np.flatnonzero(np.isin(surface.problem.firm, h.test)) for h in held_out]
    whole = combine_steps(steps, surface.context, cells, sum(len(h.test) for h in held_out))
    first = len(held_out[0].train) / len(surface.firms)
    return Targeting(term, None, whole, steps, _notes(whole, first))


def _predicted(scores: Scores, term: str) -> np.ndarray:
    return scores.prediction[:, scores.terms.index(term)]


def _notes(whole: Effects, first: float) -> tuple[str, ...]:
    return (
        *whole.notes,
        f"the surfaces that are judged were learnt from {first:.0%} of the firms "
        "and upwards: one learnt from all firms may order them better",
    )


def _by_trait(explanation: Explanation, term: str, by: str) -> Targeting:
    scores = explanation.scores
    column = trait_column(scores, by)
    if not pd.api.types.is_numeric_dtype(column):
        raise DesignError(
            f"trait {by!r} is a category: its levels have no order to choose firms in. Name a "
            "trait that is a number, or use groups()"
        )
    value = column.to_numpy(dtype=np.float64, na_value=np.nan)
    known = np.isfinite(value)
    if len(np.unique(value[known])) < 2:
        raise DesignError(
            f"trait {by!r} has one value among these firms: it puts them in no order. Choose "
            "another trait"
        )
    kept = scores if known.all() else scores.keep(known)
    effects = rank_effects(
        kept, term, value[known], SHARES,
        estimand=f"{term.replace('_', ' ')} on the firms with the largest {by}, less that on all",
    )  # fmt: skip
    notes = list(effects.notes)
    if not known.all():
        notes.append(f"{int((~known).sum()):,} firms have no {by}, and are left out")
    if missing := len(explanation.surface.firms) - scores.n:
        notes.append(f"{missing:,} firms without a prediction of their own are left out")
    return Targeting(term, by, effects, (effects,), tuple(notes))
