"""Effects of groups in percent of each group's own mean outcome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from causalgreen.effects.effects import Effects
from causalgreen.errors import EstimationError

__all__ = ["percent_of_own_mean"]


@dataclass(frozen=True, slots=True)
class _LeaveOut:
    """Leave-one-cluster-out estimates in percent of the groups' means without that cluster."""

    source: Callable[[], np.ndarray]
    weight: np.ndarray
    total: np.ndarray
    n_terms: int

    def __call__(self) -> np.ndarray:
        mean = (self.total.sum(axis=0) - self.total) / (self.weight.sum(axis=0) - self.weight)
        return 100 * self.source() / np.tile(mean, (1, self.n_terms))


def percent_of_own_mean(
    effects: Effects, cell_group: np.ndarray, labels: tuple[str, ...], n_terms: int
) -> Effects:
    """Effects of groups in percent of the mean outcome of the group, with its sampling error.

    Parameters
    ----------
    effects : Effects
        Path by path, group by group.
    cell_group : numpy.ndarray of int, shape (g,)
        Group of each cell.
    labels : tuple of str, length m
        Groups.
    n_terms : int
        Number of paths.

    Returns
    -------
    Effects

    Raises
    ------
    EstimationError
        If the mean outcome of a group is not positive.
    """
    from dataclasses import replace

    context, m = effects.context, len(labels)
    member = (cell_group[:, None] == np.arange(m)).astype(np.float64)
    weight, total = member * context.cell_weight[:, None], member * context.cell_outcome[:, None]
    mean = total.sum(axis=0) / weight.sum(axis=0)
    if not (mean > 0).all():
        bad = ", ".join(f"{labels[j]} ({mean[j]:.4g})" for j in np.flatnonzero(~(mean > 0))[:3])
        raise EstimationError(
            f"the mean of {context.outcome} is not positive in group {bad}: a percentage of it has "
            "no meaning. Use percent_of_mean(own=False), or units of the outcome"
        )
    psi = (total - weight * mean) / weight.sum(axis=0)
    ratio = effects.estimate / np.tile(mean, n_terms)
    influence = 100 * (effects.influence - np.tile(psi, (1, n_terms)) * ratio)
    codes = context.clusters[0]
    sums = np.zeros((2, int(codes.max()) + 1, m))
    np.add.at(sums[0], codes, weight)
    np.add.at(sums[1], codes, total)
    source = effects.jackknife
    return Effects.build(
        effects.terms, 100 * ratio, influence / np.tile(mean, n_terms),
        replace(context, unit=f"% of the mean of {context.outcome} in the group"),
        covariance=effects.covariance,
        jackknife=None if source is None else _LeaveOut(source, sums[0], sums[1], n_terms),
    )  # fmt: skip
