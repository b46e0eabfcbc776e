"""Estimates with their influence functions: covariances, tables, contrasts, plots."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from causalgreen.effects.context import Context
from causalgreen.effects.covariance import Covariance
from causalgreen.effects.hooks import TableHooks
from causalgreen.effects.table import covariance_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from causalgreen.moments.basis import Basis

__all__ = ["Effects"]


@dataclass(frozen=True, slots=True, repr=False)
class Effects(TableHooks):
    """Average effects along the paths, with all that inference needs.

    Attributes
    ----------
    terms : tuple of str, length k
        Names of the effects.
    estimate : numpy.ndarray, shape (k,)
        Effects in units of the outcome for one unit of treatment.
    influence : numpy.ndarray, shape (g, k)
        Influence of every cell (firm, or firm in a cluster); the columns sum to zero.
    covariance : {"CR1", "CV3"}
        Cluster sandwich, or cluster jackknife.
    vcov : numpy.ndarray, shape (k, k)
        Covariance of the estimates.
    context : Context
        Who is behind the numbers: outcome, firms, clusters, fixed effects, notes.
    jackknife : callable or None
        Returns the estimates without each cluster, shape (n_clusters, k).
    spread : numpy.ndarray, shape (k,)
        Standard deviation over repetitions of the cross-fitting; NaN with one.
    detail : Effects or None
        Effects by treatment, exposure and mediator, and the coefficients behind the paths.
    basis : Basis or None
        Functions of the traits along which the coefficients behind the effects vary; None where no
        path system is behind them.
    constant : Effects or None
        The same paths with one coefficient for all firms, where these vary with the traits.

    References
    ----------
    Cameron, Gelbach and Miller (2011), doi 10.1198/jbes.2010.07136, on several clusters; MacKinnon,
    Nielsen and Webb (2023), doi 10.1002/jae.2969, on the jackknife.

    Examples
    --------
    >>> import causalgreen as cg
    >>> df, truth = cg.simulate_panel(n_firms=120, n_years=5, seed=0)
    >>> panel = cg.Panel.from_frame(
    ...     df, unit="firm", time="year", outcome="green_patents", treatment="ai",
    ...     mediators={"human_capital": "skilled_share"}, controls=["leverage"])
    >>> study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear())
    >>> paths = study.paths()
    >>> parts = paths["direct"] + paths["human_capital"]
    >>> abs(parts - paths["own_total"]) < 1e-12
    True
    >>> share = paths.contrast({"difference": {"direct": 1, "human_capital": -1}})
    >>> share.terms
    ('difference',)
    """

    terms: tuple[str, ...]
    estimate: np.ndarray
    influence: np.ndarray
    covariance: Covariance
    vcov: np.ndarray
    context: Context
    jackknife: Callable[[], np.ndarray] | None
    spread: np.ndarray
    detail: Effects | None = None
    basis: Basis | None = None
    constant: Effects | None = None

    @classmethod
    def build(
        cls,
        terms: Sequence[str],
        estimate: np.ndarray,
        influence: np.ndarray,
        context: Context,
        *,
        covariance: Covariance = "CR1",
        jackknife: Callable[[], np.ndarray] | None = None,
        spread: np.ndarray | None = None,
    ) -> Effects:
        """Effects with their covariance computed.

        Parameters
        ----------
        terms, estimate, influence, context, covariance, jackknife, spread
            As the attributes.

        Returns
        -------
        Effects
            Arrays are read-only.

        Raises
        ------
        DesignError
            If the jackknife is asked for and cannot be had.
        """
        vcov = covariance_of(estimate, influence, context, covariance, jackknife)
        nan = np.full(len(estimate), np.nan)
        arrays = [np.asarray(a, dtype=np.float64) for a in (estimate, influence, vcov)]
        arrays.append(nan if spread is None else np.asarray(spread, dtype=np.float64))
        for array in arrays:
            array.setflags(write=False)
        estimate, influence, vcov, spread = arrays
        return cls(tuple(terms), estimate, influence, covariance, vcov, context, jackknife, spread)

    @property
    def coefficients(self) -> Literal["varying", "constant"]:
        """Whether coefficients vary with the traits."""
        return "constant" if self.constant is None else "varying"

    @property
    def std_error(self) -> np.ndarray:
        """Standard errors, shape (k,)."""
        return np.sqrt(np.diag(self.vcov))

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know about these numbers."""
        return self.context.notes

    @property
    def df(self) -> int:
        """Degrees of freedom of the t distribution: the smallest number of clusters, less one."""
        return min(self.context.n_clusters) - 1

    def __getitem__(self, term: str) -> float:
        """Estimate of one term."""
        return float(self.estimate[self._position(term)])

    def _position(self, term: str) -> int:
        try:
            return self.terms.index(term)
        except ValueError:
            raise KeyError(f"no effect is called {term!r}; there are {list(self.terms)}") from None

    def tidy(
        self, level: float = 0.95, *, simultaneous: bool = False, detail: bool = False
    ) -> pd.DataFrame:
        """Table of the effects.

        Parameters
        ----------
        level : float
            Coverage of the intervals.
        simultaneous : bool
            Intervals that cover all terms at once.
        detail : bool
            Add effects by treatment, exposure and mediator, and the coefficients.

        Returns
        -------
        pandas.DataFrame, shape (k, 7)
            Columns term, estimate, std_error, statistic, p_value, conf_low, conf_high.
        """
        from causalgreen.effects.table import tidy_table

        own = tidy_table(self, self.confint(level, simultaneous=simultaneous))
        if not detail or self.detail is None:
            return own
        more = self.detail.tidy(level, simultaneous=simultaneous)
        return pd.concat([own, more], ignore_index=True)

    def confint(
        self, level: float = 0.95, *, simultaneous: bool = False, draws: int = 4999, seed: int = 0
    ) -> pd.DataFrame:
        """Confidence intervals.

        Parameters
        ----------
        level : float
            Coverage, of each interval or of all at once.
        simultaneous : bool
            Cover all terms at once, by the multiplier bootstrap over clusters.
        draws, seed : int
            Draws of the bootstrap, and their seed.

        Returns
        -------
        pandas.DataFrame, shape (k, 2)
            Columns conf_low, conf_high; the index is the term.

        Raises
        ------
        DesignError
            If ``level`` is not between 0 and 1.
        """
        from causalgreen.effects.table import critical_value

        margin = critical_value(self, level, simultaneous, draws, seed) * self.std_error
        return pd.DataFrame(
            {"conf_low": self.estimate - margin, "conf_high": self.estimate + margin},
            index=pd.Index(self.terms, name="term"),
        )

    def contrast(self, weights: Mapping[str, Mapping[str, float]]) -> Effects:
        """Linear combinations of effects.

        Parameters
        ----------
        weights : mapping
            Name of each combination to its weights by term, such as
            ``{"indirect": {"restructuring": 1, "human_capital": 1}}``. Terms of ``detail`` may be
            used as well.

        Returns
        -------
        Effects
            One term for each combination.

        Raises
        ------
        KeyError
            If a term does not exist.
        """
        from causalgreen.effects.combine import check_weights, join, linear_map

        check_weights(weights)
        pool = self if self.detail is None else join(self, self.detail)
        L = np.zeros((len(weights), len(pool.terms)))
        for row, parts in enumerate(weights.values()):
            for term, weight in parts.items():
                L[row, pool._position(term)] = weight
        return linear_map(pool, tuple(weights), L)

    def noting(self, *notes: str) -> Effects:
        """The same effects with further notes for the reader.

        Parameters
        ----------
        *notes : str
            Sentences.

        Returns
        -------
        Effects
        """
        if not notes:
            return self

        def told(effects: Effects | None) -> Effects | None:
            return None if effects is None else effects.noting(*notes)

        context = self.context.noting(*notes)
        return replace(
            self, context=context, detail=told(self.detail), constant=told(self.constant)
        )

    def select(self, terms: str | Sequence[str], *, detail: bool = True) -> Effects:
        """Only these terms, in this order; ``detail=False`` drops the details.

        Parameters
        ----------
        terms : str or sequence of str
            Terms to keep.
        detail : bool
            Keep the details, too.

        Returns
        -------
        Effects

        Raises
        ------
        KeyError
            If there is no such term.
        """
        from causalgreen.effects.combine import linear_map

        terms = (terms,) if isinstance(terms, str) else tuple(terms)
        L = np.zeros((len(terms), len(self.terms)))
        for row, term in enumerate(terms):
            L[row, self._position(term)] = 1.0
        constant = None if self.constant is None else self.constant.select(terms, detail=detail)
        kept = self.detail if detail else None
        chosen = linear_map(self, terms, L)
        return replace(chosen, detail=kept, basis=self.basis, constant=constant)

    def with_covariance(self, covariance: Covariance) -> Effects:
        """The same estimates with another covariance, ``"CR1"`` or ``"CV3"``.

        Parameters
        ----------
        covariance : {"CR1", "CV3"}
            Cluster sandwich, or cluster jackknife.

        Returns
        -------
        Effects
        """

        def redo(effects: Effects | None) -> Effects | None:
            return None if effects is None else effects.with_covariance(covariance)

        rebuilt = Effects.build(
            self.terms, self.estimate, self.influence, self.context,
            covariance=covariance, jackknife=self.jackknife, spread=self.spread,
        )  # fmt: skip
        detail, constant = redo(self.detail), redo(self.constant)
        return replace(rebuilt, detail=detail, basis=self.basis, constant=constant)

    def percent_of_mean(self) -> Effects:
        """Effects as percentages of the mean outcome, with the mean's own sampling error.

        Returns
        -------
        Effects
            In percent of the mean outcome of the rows used.

        Raises
        ------
        EstimationError
            If the mean outcome is not positive.
        """
        from causalgreen.effects.combine import percent_of_mean

        return percent_of_mean(self)

    def wald(self, terms: str | Sequence[str] | None = None) -> dict[str, float]:
        """Joint test that all the terms are zero.

        Parameters
        ----------
        terms : sequence of str, optional
            Default: all.

        Returns
        -------
        dict
            ``statistic`` (F), ``df``, ``df_denominator``, ``p_value``.
        """
        from causalgreen.effects.combine import wald

        chosen = self.terms if terms is None else (terms,) if isinstance(terms, str) else terms
        return wald(self, [self._position(term) for term in chosen])

    def plot(self, ax: Axes | None = None, level: float = 0.95) -> Axes:
        """Waterfall in which the paths add up to the total; dots where there is nothing to add.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; default: a new figure.
        level : float
            Coverage of the intervals.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from causalgreen.effects.plot import plot_effects

        return plot_effects(self, ax, level)

    def __str__(self) -> str:
        from causalgreen.effects.text import effects_text

        return effects_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from causalgreen.effects.text import effects_html

        return effects_html(self)
