"""Estimates with their influence functions: covariances, tables, contrasts, plots."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from causalgreen.effects.bootstrap import simultaneous_quantile
from causalgreen.effects.context import Context
from causalgreen.effects.covariance import Covariance, cluster_covariance, jackknife_covariance
from causalgreen.errors import DesignError, EstimationError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Effects"]


@dataclass(frozen=True, slots=True, repr=False)
class Effects:
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
        Cluster sandwich, or exact cluster jackknife.
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
    constant : Effects or None
        The same paths with one coefficient for all firms, where these vary with the traits.
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
        if covariance == "CR1":
            vcov = cluster_covariance(
                influence, context.clusters, context.n_rows, context.n_parameters
            )
        elif covariance == "CV3":
            if jackknife is None or len(context.clusters) > 1:
                raise DesignError(
                    "covariance='CV3' (cluster jackknife) is defined for one clustering dimension; "
                    "use covariance='CR1' for several"
                )
            vcov = jackknife_covariance(jackknife(), estimate)
        else:
            raise DesignError(f"covariance={covariance!r} is not known; choose 'CR1' or 'CV3'")
        nan = np.full(len(estimate), np.nan)
        arrays = [np.asarray(a, dtype=np.float64) for a in (estimate, influence, vcov)]
        arrays.append(nan if spread is None else np.asarray(spread, dtype=np.float64))
        for array in arrays:
            array.setflags(write=False)
        estimate, influence, vcov, spread = arrays
        return cls(
            tuple(terms), estimate, influence, covariance, vcov, context, jackknife, spread
        )

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
        from scipy.stats import t

        se = self.std_error
        with np.errstate(divide="ignore", invalid="ignore"):
            statistic = np.where(se > 0, self.estimate / se, np.nan)
        table = pd.DataFrame(
            {
                "term": self.terms,
                "estimate": self.estimate,
                "std_error": se,
                "statistic": statistic,
                "p_value": 2 * t.sf(np.abs(statistic), self.df),
            }
        )
        bounds = self.confint(level, simultaneous=simultaneous)
        table = pd.concat([table, bounds.reset_index(drop=True)], axis=1)
        if detail and self.detail is not None:
            more = self.detail.tidy(level, simultaneous=simultaneous)
            table = pd.concat([table, more], ignore_index=True)
        return table

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
        from scipy.stats import t

        if not 0 < level < 1:
            raise DesignError(f"level={level}: a coverage lies between 0 and 1, such as 0.95")
        critical = float(t.ppf((1 + level) / 2, self.df))
        if simultaneous:
            joint = simultaneous_quantile(
                self.influence, self.context.clusters, self.vcov, level, draws, seed
            )
            # Draws are Gaussian in the limit; never narrower than the pointwise t interval.
            critical = max(joint, critical)
        margin = critical * self.std_error
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
        pool = self if self.detail is None else self._with(self.detail)
        L = np.zeros((len(weights), len(pool.terms)))
        for row, parts in enumerate(weights.values()):
            for term, weight in parts.items():
                L[row, pool._position(term)] = weight
        return pool._map(tuple(weights), L)

    def select(self, terms: Sequence[str]) -> Effects:
        """Only these terms, in this order."""
        L = np.zeros((len(terms), len(self.terms)))
        for row, term in enumerate(terms):
            L[row, self._position(term)] = 1.0
        constant = None if self.constant is None else self.constant.select(terms)
        return replace(self._map(tuple(terms), L), detail=self.detail, constant=constant)

    def _with(self, other: Effects) -> Effects:
        """Terms of both, jointly."""
        mine, theirs = self.jackknife, other.jackknife
        both = None
        if mine is not None and theirs is not None:
            def both() -> np.ndarray:
                return np.concatenate([mine(), theirs()], axis=1)
        return Effects.build(
            (*self.terms, *other.terms),
            np.concatenate([self.estimate, other.estimate]),
            np.concatenate([self.influence, other.influence], axis=1),
            self.context,
            covariance=self.covariance,
            jackknife=both,
            spread=np.concatenate([self.spread, other.spread]),
        )

    def _map(self, terms: tuple[str, ...], L: np.ndarray) -> Effects:
        source = self.jackknife
        out = Effects.build(
            terms, L @ self.estimate, self.influence @ L.T, self.context,
            covariance=self.covariance,
            jackknife=None if source is None else (lambda: source() @ L.T),
            spread=np.where((L != 0).sum(axis=1) == 1, np.abs(L) @ np.nan_to_num(self.spread),
                            np.nan) if np.isfinite(self.spread).all() else None,
        )  # fmt: skip
        return out

    def with_covariance(self, covariance: Covariance) -> Effects:
        """The same estimates with another covariance, ``"CR1"`` or ``"CV3"``."""
        def redo(effects: Effects | None) -> Effects | None:
            return None if effects is None else effects.with_covariance(covariance)

        rebuilt = Effects.build(
            self.terms, self.estimate, self.influence, self.context,
            covariance=covariance, jackknife=self.jackknife, spread=self.spread,
        )  # fmt: skip
        return replace(rebuilt, detail=redo(self.detail), constant=redo(self.constant))

    def percent_of_mean(self) -> Effects:
        """Effects as percentages of the mean outcome, with the mean's own sampling error.

        Returns
        -------
        Effects
            In percent of the mean outcome of the rows used.

        Raises
        ------
        EstimationError
            If the mean outcome is not clearly positive.
        """
        mean, psi = self.context.mean_outcome, self.context.mean_influence
        if not mean > 0:
            raise EstimationError(
                f"the mean of {self.context.outcome} is {mean:.4g}: a percentage of it has no "
                "meaning. Report effects in units of the outcome"
            )
        ratio = self.estimate / mean
        influence = (self.influence - psi[:, None] * ratio) / mean
        source, codes = self.jackknife, self.context.clusters[0]
        jackknife = None
        if source is not None:
            context = self.context
            def jackknife() -> np.ndarray:
                return 100 * source() / context.mean_without(codes)[:, None]
        context = self.context.in_percent()
        return Effects.build(
            self.terms, 100 * ratio, 100 * influence, context,
            covariance=self.covariance, jackknife=jackknife,
        )  # fmt: skip

    def wald(self, terms: Sequence[str] | None = None) -> dict[str, float]:
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
        from scipy.stats import f

        chosen = [self._position(term) for term in (terms or self.terms)]
        b, V = self.estimate[chosen], self.vcov[np.ix_(chosen, chosen)]
        rank = int(np.linalg.matrix_rank(V, tol=1e-10 * max(np.diag(V).max(), 1e-300)))
        value = float(b @ np.linalg.pinv(V, hermitian=True, rcond=1e-10) @ b) / max(rank, 1)
        p = float(f.sf(value, rank, self.df)) if rank else float("nan")
        return {"statistic": value, "df": rank, "df_denominator": self.df, "p_value": p}

    def plot(self, ax: Axes | None = None, level: float = 0.95) -> Axes:
        """Waterfall in which the paths add up to the total; dots where there is nothing to add."""
        from causalgreen.effects.plot import plot_effects

        return plot_effects(self, ax, level)

    def __str__(self) -> str:
        from causalgreen.effects.text import effects_text

        return effects_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from causalgreen.effects.text import effects_html

        return effects_html(self)

    @property
    def __maketables_coef_table__(self) -> pd.DataFrame:
        """Coefficients for maketables."""
        table = self.tidy().rename(
            columns={
                "term": "Coefficient", "estimate": "b", "std_error": "se", "statistic": "t",
                "p_value": "p", "conf_low": "ci95l", "conf_high": "ci95u",
            }
        )  # fmt: skip
        return table.set_index("Coefficient")

    @property
    def __maketables_depvar__(self) -> str:
        """Name of the outcome for maketables."""
        return self.context.outcome

    @property
    def __maketables_fixef_string__(self) -> str:
        """Absorbed effects for maketables."""
        return self.context.absorbed

    @property
    def __maketables_vcov_info__(self) -> dict[str, Any]:
        """Covariance for maketables."""
        names = "+".join(self.context.cluster_names)
        return {"se_type": f"{self.covariance} by {names}", "vcov_type": self.covariance}

    def __maketables_stat__(self, key: str) -> Any:
        """Statistics for maketables."""
        known = {
            "N": self.context.n_rows,
            "firms": self.context.n_firms,
            "clusters": min(self.context.n_clusters),
            "se_type": self.__maketables_vcov_info__["se_type"],
        }
        return known.get(key)
