"""P-values and intervals for a family of questions asked at once."""

from __future__ import annotations

import numpy as np

from causalgreen.effects.bootstrap import multiplier_draws
from causalgreen.effects.effects import Effects

__all__ = ["holm", "romano_wolf"]

DRAWS = 9999


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's adjusted p-values; missing ones stay missing and do not count.

    Parameters
    ----------
    p : numpy.ndarray, shape (m,)
        P-values.

    Returns
    -------
    numpy.ndarray, shape (m,)

    References
    ----------
    Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of
    Statistics 6(2).

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03]))
    array([0.03, 0.06, 0.06])
    """
    out = np.full(len(p), np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    steps = p[order] * np.arange(len(order), 0, -1)
    out[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return out


def romano_wolf(effects: Effects, seed: int = 0, draws: int = DRAWS) -> np.ndarray:
    """Romano and Wolf's step-down p-values of the terms being zero, from multiplier draws.

    They use the dependence between terms, and are smaller than Holm's where that is strong.
    Clusters of the first dimension are drawn.

    Parameters
    ----------
    effects : Effects
        The family.
    seed, draws : int
        Seed and number of draws.

    Returns
    -------
    numpy.ndarray, shape (k,)

    References
    ----------
    Romano and Wolf (2005), Exact and approximate stepdown methods for multiple hypothesis testing,
    JASA 100(469), doi 10.1198/016214504000000539; Clarke, Romano and Wolf (2020), doi
    10.1177/1536867X20976314.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(effects.estimate / effects.std_error)
    errors = multiplier_draws(effects.influence, effects.context.clusters[0], draws, seed)
    spread = errors.std(axis=0)
    known = np.flatnonzero(np.isfinite(t) & (spread > 0))
    null = np.abs(errors[:, known] / spread[known])
    out = np.full(len(t), np.nan)
    order = np.argsort(-t[known], kind="stable")
    largest = np.maximum.accumulate(null[:, order][:, ::-1], axis=1)[:, ::-1]
    beyond = (largest >= t[known][order]).sum(axis=0)
    p = (1 + beyond) / (1 + draws)
    out[known[order]] = np.maximum.accumulate(p)
    # Draws are Gaussian in the limit: never below the single test against t.
    single = effects.tidy()["p_value"].to_numpy()
    return np.fmax(out, single)
