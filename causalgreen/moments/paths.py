"""Path effects as functions of the coefficients: products along the arrows, added up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import combinations, pairwise
from operator import add

import numpy as np

from causalgreen.moments.system import Equation, Layout

__all__ = ["PathTerms", "path_terms"]

ARROW = " -> "


@dataclass(frozen=True, slots=True)
class PathTerms:
    """Names of the effects, in the order in which they are computed.

    Attributes
    ----------
    headline : tuple of str
        The paths and their totals, summed over treatments and over exposures.
    detail : tuple of str
        By treatment, by exposure and by mediator, and the coefficients behind them.
    """

    headline: tuple[str, ...]
    detail: tuple[str, ...]


def _sequences(layout: Layout) -> Iterator[tuple[str, ...]]:
    """Groups that a chain of arrows can visit, in causal order; single groups first."""
    layer = {g: i for i, groups in enumerate(layout.layers) for g in groups}
    order = sorted((g for g, _ in layout.groups), key=lambda g: layer[g])
    for g, _ in layout.groups:
        yield (g,)
    for size in range(2, len(layout.layers) + 1):
        for chain in combinations(order, size):
            if all(layer[a] < layer[b] for a, b in pairwise(chain)):
                yield chain


class _Coefficients:
    """Coefficients by arrow, each an array over firms (or draws)."""

    def __init__(self, equations: tuple[Equation, ...], values: list[np.ndarray]) -> None:
        self.table = {
            (z, equation.target): value[i]
            for equation, value in zip(equations, values, strict=True)
            for i, z in enumerate(equation.regressors)
        }

    def __call__(self, source: int, target: int) -> np.ndarray:
        return self.table[source, target]


def _add(parts: Iterable[np.ndarray]) -> np.ndarray:
    return np.asarray(reduce(add, parts))


def _along(c: _Coefficients, layout: Layout, source: int, chain: tuple[str, ...]) -> np.ndarray:
    """Effect of a source on the outcome through the groups of a chain, in this order."""
    members = dict(layout.groups)
    reach = {m: c(source, m) for m in members[chain[0]]}
    for group in chain[1:]:
        reach = {m: _add(reach[k] * c(k, m) for k in reach) for m in members[group]}
    return _add(value * c(m, layout.outcome) for m, value in reach.items())


def path_terms(layout: Layout) -> PathTerms:
    """Names of all effects of a layout.

    Parameters
    ----------
    layout : Layout
        Columns and causal order.

    Returns
    -------
    PathTerms
        Names, in the order of `evaluate`.
    """
    chains = [ARROW.join(chain) for chain in _sequences(layout)]
    names = layout.names
    headline = ["direct", *chains]
    headline += ["spillover"] if layout.exposures else []
    headline += ["own_total"] + (["overall"] if layout.exposures else [])
    detail: list[str] = []
    if len(layout.treatments) > 1:
        detail += [
            f"{term}[{names[t]}]" for t in layout.treatments
            for term in ("direct", *chains, "own_total")
        ]  # fmt: skip
    if layout.exposures:
        detail += ["spillover_direct", "spillover_mediated"]
        if len(layout.exposures) > 1:
            detail += [
                f"{term}[{names[e]}]" for e in layout.exposures
                for term in ("spillover", "spillover_direct", "spillover_mediated")
            ]  # fmt: skip
    detail += [
        f"{names[z]}{ARROW}{names[eq.target]}" for eq in layout.equations() for z in eq.regressors
    ]
    return PathTerms(tuple(headline), tuple(detail))


def evaluate(layout: Layout, values: list[np.ndarray]) -> np.ndarray:
    """All effects from the coefficients at each firm.

    Parameters
    ----------
    layout : Layout
        Columns and causal order.
    values : list of numpy.ndarray, each of shape (k, n)
        Coefficients of each equation at n firms (real or complex).

    Returns
    -------
    numpy.ndarray, shape (n_headline + n_detail, n)
        Effects in the order of `path_terms`.
    """
    equations = layout.equations()
    c = _Coefficients(equations, values)
    sequences = list(_sequences(layout))
    y = layout.outcome
    own = [
        [c(t, y), *(_along(c, layout, t, chain) for chain in sequences)] for t in layout.treatments
    ]
    totals = [_add(parts) for parts in own]
    headline = [_add(parts) for parts in zip(*own, strict=True)]
    detail: list[np.ndarray] = []
    if len(own) > 1:
        for parts, total in zip(own, totals, strict=True):
            detail += [*parts, total]
    if layout.exposures:
        direct = [c(e, y) for e in layout.exposures]
        mediated = [
            _add([0 * c(e, y), *(_along(c, layout, e, chain) for chain in sequences)])
            for e in layout.exposures
        ]
        spillover = _add(direct) + _add(mediated)
        headline += [spillover, _add(totals), _add(totals) + spillover]
        detail += [_add(direct), _add(mediated)]
        if len(direct) > 1:
            for d, m in zip(direct, mediated, strict=True):
                detail += [d + m, d, m]
    else:
        headline += [_add(totals)]
    detail += [c(z, eq.target) for eq in equations for z in eq.regressors]
    return np.stack([*headline, *detail])
