"""New effects from effects: linear combinations, joins, percentages of the mean outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from causalgreen.effects.context import Context
from causalgreen.errors import DesignError, EstimationError

if TYPE_CHECKING:
    from causalgreen.effects.effects import Effects

Jackknife = Callable[[], np.ndarray]

__all__ = ["check_weights", "join", "linear_map", "percent_of_mean", "wald"]


@dataclass(frozen=True, slots=True)
class Joined:
    """Leave-one-cluster-out estimates of two sets of terms, side by side."""

    first: Jackknife
    second: Jackknife

    def __call__(self) -> np.ndarray:
        return np.concatenate([self.first(), self.second()], axis=1)


@dataclass(frozen=True, slots=True)
class Mapped:
    """Leave-one-cluster-out estimates of linear combinations."""

    source: Jackknife
    L: np.ndarray

    def __call__(self) -> np.ndarray:
        return self.source() @ self.L.T


@dataclass(frozen=True, slots=True)
class PercentOfMean:
    """Leave-one-cluster-out estimates in percent of the mean outcome of the same clusters."""

    source: Jackknife
    context: Context

    def __call__(self) -> np.ndarray:
        mean = self.context.mean_without(self.context.clusters[0])
        return 100 * self.source() / mean[:, None]


def check_weights(weights: Any) -> None:
    """Refuse weights of a contrast that are not names of combinations to weights by term."""
    good = isinstance(weights, Mapping) and len(weights) > 0 and all(
        isinstance(parts, Mapping) and len(parts) > 0
        and all(isinstance(w, (int, float, np.number)) and np.isfinite(w) for w in parts.values())
        for parts in weights.values()
    )  # fmt: skip
    if not good:
        raise DesignError(
            f"contrast({weights!r}): give each combination a name and finite weights by term, such "
            'as {"indirect": {"restructuring": 1, "human_capital": 1}}'
        )


def join(first: Effects, second: Effects) -> Effects:
    """Terms of both, jointly; they come from the same cells."""
    mine, theirs = first.jackknife, second.jackknife
    both = None if mine is None or theirs is None else Joined(mine, theirs)
    return type(first).build(
        (*first.terms, *second.terms),
        np.concatenate([first.estimate, second.estimate]),
        np.concatenate([first.influence, second.influence], axis=1),
        first.context,
        covariance=first.covariance,
        jackknife=both,
        spread=np.concatenate([first.spread, second.spread]),
    )


def linear_map(effects: Effects, terms: tuple[str, ...], L: np.ndarray) -> Effects:
    """Combinations ``L @ estimate``, shape of L (n_new, n_terms)."""
    source = effects.jackknife
    # The spread over splits of a combination is not known from those of its parts.
    alone = ((L != 0).sum(axis=1) == 1) & np.isfinite(effects.spread).all()
    spread = np.where(alone, np.abs(L) @ np.nan_to_num(effects.spread), np.nan)
    return type(effects).build(
        terms,
        L @ effects.estimate,
        effects.influence @ L.T,
        effects.context,
        covariance=effects.covariance,
        jackknife=None if source is None else Mapped(source, L),
        spread=spread,
    )


def percent_of_mean(effects: Effects) -> Effects:
    """Effects in percent of the mean outcome; see `Effects.percent_of_mean`."""
    context = effects.context
    mean, psi = context.mean_outcome, context.mean_influence
    if not mean > 0:
        raise EstimationError(
            f"the mean of {context.outcome} is {mean:.4g}: a percentage of it has no meaning. "
            "Report effects in units of the outcome"
        )
    ratio = effects.estimate / mean
    source = effects.jackknife
    jackknife = None if source is None else PercentOfMean(source, context)

    def beside(other: Effects | None) -> Effects | None:
        return None if other is None else percent_of_mean(other)

    main = type(effects).build(
        effects.terms,
        100 * ratio,
        100 * (effects.influence - psi[:, None] * ratio) / mean,
        context.in_percent(),
        covariance=effects.covariance,
        jackknife=jackknife,
    )
    detail, constant = beside(effects.detail), beside(effects.constant)
    return replace(main, detail=detail, basis=effects.basis, constant=constant)


def wald(effects: Effects, chosen: list[int]) -> dict[str, float]:
    """Joint test that the chosen terms are zero; see `Effects.wald`."""
    from scipy.stats import f

    if not chosen:
        raise DesignError("wald([]) tests nothing; name at least one term, or None for all")
    b, V = effects.estimate[chosen], effects.vcov[np.ix_(chosen, chosen)]
    # Terms that add up to one another leave a singular covariance: test what is independent.
    scale = np.sqrt(np.diag(V))
    usable = scale > 0
    b, V, scale = b[usable], V[np.ix_(usable, usable)], scale[usable]
    values, vectors = np.linalg.eigh(V / scale[:, None] / scale)
    good = values > 1e-9
    rank = int(good.sum())
    z = vectors[:, good].T @ (b / scale)
    value = float(z @ (z / values[good])) / max(rank, 1)
    p = float(f.sf(value, rank, effects.df)) if rank else float("nan")
    return {"statistic": value, "df": rank, "df_denominator": effects.df, "p_value": p}
