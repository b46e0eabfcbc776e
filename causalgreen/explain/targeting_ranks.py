"""What a ranking of firms is worth: TOC, AUTOC and Qini, with their influence functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from causalgreen.effects.context import Context
from causalgreen.effects.effects import Effects
from causalgreen.errors import EstimationError
from causalgreen.explain.regress import JACKKNIFE_BELOW
from causalgreen.explain.scores import Scores, recode

__all__ = ["combine_steps", "rank_effects", "rank_statistics"]

# Half the width over which the average effect of firms at the margin is taken.
MARGIN = 0.1


@dataclass(frozen=True, slots=True)
class _Sorted:
    """Firms from first to last, with ties averaged.

    Attributes
    ----------
    p, v : numpy.ndarray, shape (n,)
        Share of each firm, and value averaged over those tied with it.
    block : numpy.ndarray of int, shape (n,)
        Firms with equal priority.
    P, C : numpy.ndarray, shape (n,)
        Sums so far of shares, and of shares times values.
    """

    p: np.ndarray
    v: np.ndarray
    block: np.ndarray
    P: np.ndarray
    C: np.ndarray

    @classmethod
    def of(cls, value: np.ndarray, share: np.ndarray, block: np.ndarray) -> _Sorted:
        p, block = share / share.sum(), recode(block)
        v = _by_block(value, p, block)
        return cls(p, v, block, np.cumsum(p), np.cumsum(p * v))

    def so_far(self, q: np.ndarray) -> np.ndarray:
        """Sum of shares times values of the first q."""
        return np.interp(q, np.append(0.0, self.P), np.append(0.0, self.C))

    def statistics(self, shares: np.ndarray) -> np.ndarray:
        """AUTOC, Qini, and TOC at some shares."""
        average = self.C[-1]
        autoc = self.p @ (self.C / self.P) - average
        qini = self.p @ (self.C - self.P * average)
        return np.concatenate([[autoc, qini], self.so_far(shares) / shares - average])

    def derivatives(self, shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What one more unit of share of a firm adds: ``lever * value + rest``, each (n, m)."""
        p, P, T = self.p, self.P, self.C / self.P
        average, after = self.C[-1], np.cumsum(p[::-1])[::-1]
        lever, rest = np.empty((2, len(p), 2 + len(shares)))
        lever[:, 0] = np.cumsum((p / P)[::-1])[::-1] - 1
        rest[:, 0] = T - np.cumsum((p / P * T)[::-1])[::-1]
        lever[:, 1] = after - p @ P
        rest[:, 1] = self.C - average * (P + after)
        for j, q in enumerate(shares, start=2):
            inside = np.clip((q - (P - p)) / p, 0.0, 1.0)
            low, high = max(q - MARGIN, 0.0), min(q + MARGIN, 1.0)
            margin = np.diff(self.so_far(np.array([low, high])))[0] / (high - low)
            lever[:, j], rest[:, j] = inside / q - 1, -inside * margin / q
        return _by_block(lever, p, self.block), _by_block(rest, p, self.block)


def _by_block(x: np.ndarray, p: np.ndarray, block: np.ndarray) -> np.ndarray:
    """Averages over ties."""
    weight = np.bincount(block, p)
    if len(weight) == len(block):
        return x
    if x.ndim == 1:
        return (np.bincount(block, p * x) / weight)[block]
    return np.column_stack([_by_block(column, p, block) for column in x.T])


def _order(priority: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    block = recode(-priority)
    order = np.argsort(block, kind="stable")
    return order, block[order]


def rank_statistics(
    value: np.ndarray, priority: np.ndarray, share: np.ndarray, shares: Sequence[float] = ()
) -> np.ndarray:
    """AUTOC, Qini, and TOC at some shares of the firms, highest priority first.

    Parameters
    ----------
    value : numpy.ndarray, shape (n,)
        Debiased effect of each firm.
    priority : numpy.ndarray, shape (n,)
        What firms are chosen by; the values of ties are averaged.
    share : numpy.ndarray, shape (n,)
        Weight of each firm.
    shares : sequence of float
        Shares of the firms that are chosen.

    Returns
    -------
    numpy.ndarray, shape (2 + len(shares),)

    References
    ----------
    Yadlowsky, Fleming, Shah, Brunskill and Wager (2025), Evaluating treatment prioritization rules
    via rank-weighted average treatment effects, JASA 120(549), doi 10.1080/01621459.2024.2393466.

    Examples
    --------
    >>> rank_statistics(np.array([3.0, 1.0]), np.array([9.0, 5.0]), np.ones(2), [0.5])
    array([0.5 , 0.25, 1. ])
    """
    order, block = _order(priority)
    return _Sorted.of(value[order], share[order], block).statistics(np.asarray(shares, float))


@dataclass(frozen=True, slots=True)
class _LeaveOut:
    """The statistics without each cluster."""

    value: np.ndarray
    share: np.ndarray
    block: np.ndarray
    home: np.ndarray
    shares: np.ndarray

    def __call__(self) -> np.ndarray:
        out = []
        for c in range(int(self.home.max()) + 1):
            rest = self.home != c
            ranked = _Sorted.of(self.value[rest], self.share[rest], self.block[rest])
            out.append(ranked.statistics(self.shares))
        return np.stack(out)


def rank_effects(
    scores: Scores, term: str, priority: np.ndarray, shares: Sequence[float] = (), **words: str
) -> Effects:
    """What choosing firms in order of a priority gains, with clustered inference.

    The influence functions count that the ranks of firms, too, come from a sample.

    Parameters
    ----------
    scores : Scores
        Debiased effects of n firms.
    term : str
        Path.
    priority : numpy.ndarray, shape (n,)
        What firms are chosen by; it must not depend on their own outcomes.
    shares : sequence of float
        Shares of the firms for the TOC.
    **words : str
        Replace ``estimand``, ``population`` or ``unit`` of the context.

    Returns
    -------
    Effects
        Terms ``AUTOC``, ``Qini``, and ``TOC 0.1`` and so on. Below 100 clusters of one dimension
        the covariance is the cluster jackknife, else the cluster sandwich.
    """
    if scores.n_clusters < 3:
        raise EstimationError(
            f"{scores.n_clusters} clusters are too few to judge a ranking of their firms by; "
            "cluster on something finer, or use groups()"
        )
    j, q = scores.terms.index(term), np.asarray(shares, dtype=np.float64)
    order, block = _order(priority)
    value, share = scores.value[order, j], scores.share[order]
    ranked = _Sorted.of(value, share, block)
    lever, rest = np.empty((2, scores.n, 2 + len(q)))
    lever[order], rest[order] = ranked.derivatives(q)
    p = scores.share / scores.share.sum()
    predicted = scores.prediction[:, j, None]
    centre = p @ (lever * scores.value[:, j, None] + rest)
    cells = np.bincount(scores.firm, minlength=scores.n)
    own = (lever * predicted + rest - centre) * (p / cells)[:, None]
    influence = own[scores.firm] + (lever * p[:, None])[scores.firm] * scores.correction[:, j, None]
    context = replace(scores.context, n_parameters=2, **words)  # type: ignore[arg-type]
    names = ["AUTOC", "Qini", *(f"TOC {u:.4g}" for u in q)]
    one_way = len(context.clusters) == 1
    small = one_way and scores.n_clusters < JACKKNIFE_BELOW
    return Effects.build(
        names, ranked.statistics(q), influence, context, covariance="CV3" if small else "CR1",
        jackknife=_LeaveOut(value, share, block, scores.home[order], q) if one_way else None,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Steps:
    """Means over steps without each cluster, which belongs to one step."""

    steps: tuple[Effects, ...]

    def __call__(self) -> np.ndarray:
        mean = np.mean([step.estimate for step in self.steps], axis=0)
        moved = [(step.jackknife() - step.estimate) for step in self.steps if step.jackknife]
        return mean + np.concatenate(moved) / len(self.steps)


def combine_steps(
    steps: Sequence[Effects], context: Context, cells: Sequence[np.ndarray], n_firms: int
) -> Effects:
    """Mean of estimates from steps that judge different clusters.

    Parameters
    ----------
    steps : sequence of Effects
        The same terms at every step.
    context : Context
        Of all firms; its clusters tell which cells of different steps belong together.
    cells : sequence of numpy.ndarray of int
        For each step its cells, as positions in the context.
    n_firms : int
        Firms in all steps.

    Returns
    -------
    Effects
        Standard errors are those of a mean of independent estimates, if no cluster of any
        dimension is in two steps.
    """
    if len(steps) == 1:
        return steps[0]
    influence = np.concatenate([step.influence for step in steps]) / len(steps)
    at, first = np.concatenate(cells), steps[0].context
    whole = replace(
        first, n_firms=n_firms, n_rows=sum(step.context.n_rows for step in steps),
        clusters=tuple(recode(codes[at]) for codes in context.clusters),
        cell_weight=context.cell_weight[at], cell_outcome=context.cell_outcome[at],
    )  # fmt: skip
    small = all(step.covariance == "CV3" for step in steps)
    return Effects.build(
        steps[0].terms, np.mean([step.estimate for step in steps], axis=0), influence, whole,
        covariance="CV3" if small else "CR1",
        jackknife=_Steps(tuple(steps)) if len(whole.clusters) == 1 else None,
    )  # fmt: skip
