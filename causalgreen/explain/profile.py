"""Who the most and the least affected firms are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.effects.context import Context
from causalgreen.errors import DesignError
from causalgreen.explain.clan import clan
from causalgreen.explain.multiple import holm
from causalgreen.explain.scores import Scores

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from causalgreen.explain.explanation import Explanation
    from causalgreen.explain.sorting_text import Page

__all__ = ["Profile", "profile"]


@dataclass(frozen=True, slots=True, repr=False)
class Profile:
    """Traits of the firms with the largest and the smallest predicted effects.

    Attributes
    ----------
    term : str
        Path.
    share : float
        Share of the firms in either group.
    table : pandas.DataFrame
        Row by row a trait (a category: the share of each level): its mean among the least and the
        most affected firms and on average; the difference with its inference; Holm's p-value.
    firms : pandas.DataFrame
        The firms of the two groups with their predictions and traits, most affected first.
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
    >>> who = study.explain(study.surface(forest(40))).profile()
    >>> list(who.tidy()["trait"])
    ['size', 'urban']
    >>> len(who.firms)
    60
    """

    term: str
    share: float
    table: pd.DataFrame
    firms: pd.DataFrame
    context: Context
    notes: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """One row for each trait.

        Returns
        -------
        pandas.DataFrame
            Columns term, trait, n_firms, n_clusters, least, most, average, estimate (most less
            least), std_error, statistic, p_value, conf_low, conf_high, spread (standard deviation
            over all firms), p_holm, standardised (the difference in these standard deviations).
        """
        return self.table.copy()

    def plot(self, ax: Axes | None = None) -> Axes:
        """Standardised differences with intervals, largest on top."""
        from causalgreen.explain.profile_plot import plot_profile

        return plot_profile(self, ax)

    def __str__(self) -> str:
        from causalgreen.explain.sorting_text import page_text

        return page_text(self._page())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from causalgreen.explain.sorting_text import page_html

        return page_html(self._page())

    def _page(self) -> Page:
        from causalgreen.explain.profile_text import profile_page

        return profile_page(self)


def profile(explanation: Explanation, term: str, share: float = 0.2) -> Profile:
    """Compare the firms with the largest and the smallest predicted effects.

    Firms are sorted by predictions that were made without their own cluster. Inference takes this
    order as given: it does not count that another sample would sort firms differently.
    ``sorted_groups().clan`` does.

    Parameters
    ----------
    explanation : Explanation
        The surface, asked.
    term : str
        Path.
    share : float
        Share of the firms in either group, at most one half.

    Returns
    -------
    Profile

    Raises
    ------
    DesignError
        If the share is not in (0, 0.5].
    EstimationError
        If a group has fewer than 5 clusters, or all predictions are equal.

    References
    ----------
    Chernozhukov, Demirer, Duflo and Fernandez-Val (2025), Econometrica 93(4),
    doi 10.3982/ECTA19303, on classification analysis.
    """
    number = isinstance(share, (int, float, np.number)) and not isinstance(share, bool)
    if not number or not 0 < share <= 0.5:
        raise DesignError(f"share={share!r}: give a share of the firms in (0, 0.5], such as 0.2")
    scores, surface = explanation.scores, explanation.surface
    predicted = scores.prediction[:, scores.terms.index(term)]
    group, ties = _ends(predicted, float(share), explanation.seed)
    if ties is None:
        raise DesignError(
            f"the surface predicts the same {term} for all firms: none is more affected than "
            "another. See calibration() for whether there is anything to find"
        )
    table, notes = clan(scores, surface.problem.code, group)
    table["p_holm"] = holm(table["p_value"].to_numpy())
    table["standardised"] = table["estimate"] / table["spread"]
    for place, name in enumerate(("n_firms", "n_clusters")):
        table.insert(1 + place, name, table.pop(name))
    table.insert(0, "term", term)
    if ties > 1:
        notes.append(
            f"{ties:,} firms have the prediction at which a group is cut: which of them are in the "
            "group was drawn at random"
        )
    if missing := len(surface.firms) - scores.n:
        notes.append(f"{missing:,} firms without a prediction of their own are left out")
    context = replace(
        scores.context,
        estimand=f"mean traits of the {share:.0%} of firms with the largest predicted "
        f"{term.replace('_', ' ')}, less those of the {share:.0%} with the smallest",
    )
    firms = _rows(scores, surface.std_error, surface.firms, group, term)
    return Profile(term, float(share), table, firms, context, (*context.notes, *notes))


def _ends(predicted: np.ndarray, share: float, seed: int) -> tuple[np.ndarray, int | None]:
    """Group of each firm (0 least, 1, 2 most), and how many firms are tied at a cut."""
    n = len(predicted)
    if np.ptp(predicted) <= 1e-12 * float(np.abs(predicted).max()):
        return np.ones(n, dtype=np.int64), None
    noise = np.random.default_rng(np.random.SeedSequence([seed, n])).random(n)
    order = np.lexsort((noise, predicted))
    many = min(max(1, round(share * n)), n // 2)
    group = np.ones(n, dtype=np.int64)
    group[order[:many]], group[order[n - many :]] = 0, 2
    ties = 0
    for inside, outside in ((order[many - 1], order[many]), (order[n - many], order[n - many - 1])):
        if predicted[inside] == predicted[outside]:
            ties = max(ties, int((predicted == predicted[inside]).sum()))
    return group, ties


def _rows(
    scores: Scores, std_error: np.ndarray, firms: pd.Index, group: np.ndarray, term: str
) -> pd.DataFrame:
    j = scores.terms.index(term)
    at = firms.get_indexer(scores.traits.index)
    head = pd.DataFrame(
        {
            "group": np.array(["least", "", "most"], dtype=object)[group],
            "estimate": scores.prediction[:, j],
            "std_error": std_error[at, j],
        },
        index=scores.traits.index,
    )
    table = pd.concat([head, scores.traits], axis=1)[group != 1]
    table = table.sort_values("estimate", ascending=False, kind="stable")
    return table.rename_axis("firm").reset_index()
