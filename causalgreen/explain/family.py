"""Families of hypotheses: joint tests for few clusters, and p-values adjusted for all at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd

from causalgreen.effects.bootstrap import multiplier_draws
from causalgreen.errors import DesignError
from causalgreen.explain.multiple import holm
from causalgreen.explain.result_text import shown

if TYPE_CHECKING:
    from causalgreen.effects.effects import Effects
    from causalgreen.explain.scores import Scores

__all__ = ["DRAWS", "Family", "Hypothesis", "cluster_places", "family", "joint_test", "null_p"]

DRAWS = 9999


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """All of these effects are zero.

    Attributes
    ----------
    source, term, test : str
        Of which result and path, and what is asked.
    effects : Effects
        What is zero under the hypothesis.
    places : numpy.ndarray of int
        Position of each of its clusters (first dimension) among those of the panel.
    n_places : int
        Clusters of the panel.
    p_value : float
        Of this test alone.
    """

    source: str
    term: str
    test: str
    effects: Effects
    places: np.ndarray
    n_places: int
    p_value: float

    def sums(self) -> np.ndarray:
        """Influence of each cluster of the panel, shape (n_places, k)."""
        own = self.places[self.effects.context.clusters[0]]
        out = np.zeros((self.n_places, len(self.effects.terms)))
        np.add.at(out, own, self.effects.influence)
        return out


class Asks(Protocol):
    """A result that tests something."""

    @property
    def hypotheses(self) -> tuple[Hypothesis, ...]:
        """What it tests."""
        ...


def cluster_places(whole: Scores, kept: np.ndarray) -> np.ndarray:
    """Position, among all clusters, of the clusters of the firms kept (a mask)."""
    return np.unique(whole.context.clusters[0][kept[whole.firm]])


def joint_test(effects: Effects, terms: Sequence[str] | None = None) -> dict[str, float]:
    """Test that all terms are zero, with Hotelling's correction for the number of clusters.

    An F test with as many degrees of freedom as clusters rejects too often when many terms are
    tested with few clusters: their covariance is itself estimated from the clusters.

    Parameters
    ----------
    effects : Effects
        Estimates.
    terms : sequence of str, optional
        Default: all.

    Returns
    -------
    dict
        ``statistic`` (F), ``df``, ``df_denominator``, ``p_value``; NaN where there are as many
        terms as clusters.

    References
    ----------
    Hotelling (1931), doi 10.1214/aoms/1177732979; Pustejovsky and Tipton (2018), Small-sample
    methods for cluster-robust variance estimation and hypothesis testing in fixed effects models,
    JBES 36(4), doi 10.1080/07350015.2016.1247004.
    """
    from scipy.stats import f

    plain = effects.wald(terms)
    q, clusters = plain["df"], effects.df
    free = clusters - q + 1
    if free < 1 or q < 1:
        return {**plain, "statistic": np.nan, "df_denominator": np.nan, "p_value": np.nan}
    value = plain["statistic"] * free / clusters
    p = float(f.sf(value, q, free))
    return {"statistic": value, "df": q, "df_denominator": free, "p_value": p}


def null_p(blocks: Sequence[np.ndarray], draws: int = DRAWS, seed: int = 0) -> np.ndarray:
    """P-values of several tests in draws from the hypothesis that nothing differs from zero.

    Parameters
    ----------
    blocks : sequence of numpy.ndarray, each of shape (n_clusters, q_h)
        Influence of every cluster on what each test is about.
    draws, seed : int
        Multiplier draws, and their seed.

    Returns
    -------
    numpy.ndarray, shape (draws, n_tests)
        Each column is uniform; the dependence is that between the tests.
    """
    sums = np.concatenate(blocks, axis=1)
    errors = multiplier_draws(sums, np.arange(len(sums)), draws, seed)
    out, low = np.empty((draws, len(blocks))), 0
    for h, block in enumerate(blocks):
        mine = errors[:, low : low + block.shape[1]]
        low += block.shape[1]
        if mine.shape[1] > 1:
            spread = np.linalg.pinv(mine.T @ mine / draws, rcond=1e-9, hermitian=True)
            value = np.einsum("bi,ij,bj->b", mine, spread, mine, optimize=True)
        else:
            value = np.abs(mine[:, 0])
        # Share of draws at least as large; equal ones share the larger.
        out[:, h] = 1 - np.searchsorted(np.sort(value), value, side="left") / draws
    return out


@dataclass(frozen=True, slots=True, repr=False)
class Family:
    """Hypotheses asked together, with p-values that hold for all of them at once.

    Attributes
    ----------
    table : pandas.DataFrame
        Columns source, term, test, p_value, p_holm, p_romano_wolf.
    """

    table: pd.DataFrame

    def tidy(self) -> pd.DataFrame:
        """One row for each hypothesis."""
        return self.table.copy()

    def __str__(self) -> str:
        n = len(self.table)
        head = (
            f"Family of {n} hypotheses. Adjusted p-values hold for all at once: the chance that\n"
            "any true hypothesis of the family is rejected at p or less is at most p."
        )
        return head + "\n\n" + shown(self.table).to_string(index=False)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return shown(self.table).to_html(index=False, border=0)


def family(*results: Asks, draws: int = DRAWS, seed: int = 0) -> Family:
    """Adjust the tests of several results for having been asked together.

    Parameters
    ----------
    *results : Groups, Projection or PartialContrast
        Results of one explanation; all their tests form the family.
    draws, seed : int
        Multiplier draws over clusters, and their seed.

    Returns
    -------
    Family

    Raises
    ------
    DesignError
        If nothing is tested, or the results come from different panels.

    References
    ----------
    Romano and Wolf (2005), Exact and approximate stepdown methods for multiple hypothesis testing,
    JASA 100(469), doi 10.1198/016214504000000539: here on the scale of p-values, so that F tests
    and t tests can stand in one family.

    Examples
    --------
    >>> import causalgreen as cg
    >>> from causalgreen.surface.forest import forest
    >>> df, truth = cg.simulate_panel(n_firms=200, n_years=5, seed=0)
    >>> panel = cg.Panel.from_frame(
    ...     df, unit="firm", time="year", outcome="green_patents", treatment="ai",
    ...     traits=["size", "urban"], controls=["leverage", "roa_lag"], cluster="firm")
    >>> study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear())
    >>> hetero = study.explain(study.surface(forest(40)))
    >>> total = {"terms": "own_total"}
    >>> both = family(hetero.groups("size", n=3, **total), hetero.groups("urban", **total))
    >>> list(both.tidy()["test"])
    ['equality', 'trend', 'extremes', 'extremes']
    """
    asked: dict[tuple[str, str, str, bytes], Hypothesis] = {}
    for result in results:
        if not hasattr(result, "hypotheses"):
            raise DesignError(
                f"family({type(result).__name__}): give results of groups(), projection() or "
                "contrast(), which test something"
            )
        # The same question asked twice counts once.
        asked |= {
            (h.source, h.term, h.test, h.effects.estimate.tobytes()): h for h in result.hypotheses
        }
    if not asked:
        raise DesignError("family() has nothing to adjust: give at least one result with tests")
    return adjust(tuple(asked.values()), draws, seed)


def adjust(asked: Sequence[Hypothesis], draws: int = DRAWS, seed: int = 0) -> Family:
    """Adjusted p-values of hypotheses about the same clusters."""
    if len({h.n_places for h in asked}) > 1:
        counts = ", ".join(str(n) for n in sorted({h.n_places for h in asked}))
        raise DesignError(
            f"the results have different clusters ({counts} of them): a family is about one panel. "
            "Make all results from one study.explain(...)"
        )
    p = np.array([h.p_value for h in asked])
    table = pd.DataFrame({
        "source": [h.source for h in asked], "term": [h.term for h in asked],
        "test": [h.test for h in asked], "p_value": p, "p_holm": holm(p),
        "p_romano_wolf": _step_down(asked, p, draws, seed),
    })  # fmt: skip
    return Family(table)


def _step_down(asked: Sequence[Hypothesis], p: np.ndarray, draws: int, seed: int) -> np.ndarray:
    out = np.full(len(p), np.nan)
    known = np.flatnonzero(np.isfinite(p))
    if not len(known):
        return out
    order = known[np.argsort(p[known], kind="stable")]
    null = null_p([asked[h].sums() for h in order], draws, seed)
    least = np.minimum.accumulate(null[:, ::-1], axis=1)[:, ::-1]
    beyond = (least <= p[order]).sum(axis=0)
    stepped = np.maximum.accumulate((1 + beyond) / (1 + draws))
    out[order] = np.maximum(stepped, p[order])
    return out
