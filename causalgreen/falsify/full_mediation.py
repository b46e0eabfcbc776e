"""The sharp null of full mediation: a treatment acts through its mediators only."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.effects.bootstrap import multiplier_draws
from causalgreen.errors import DesignError

if TYPE_CHECKING:
    from causalgreen.falsify.case import Case

__all__ = ["SharpNull", "sharp_null_of", "sharp_null_test"]

MOST_CELLS = 6


@dataclass(frozen=True, slots=True)
class SharpNull:
    """Kwon and Roth's test.

    Attributes
    ----------
    p_value : float
        Of the sharp null: no unit whose mediators do not respond has an outcome that does.
    statistic : float
        Smallest possible largest violation, in standard errors.
    affected : float
        Lower bound on the share of always-takers (pooled over mediator values) that is affected.
    n_moments : int
        Inequalities.
    table : pandas.DataFrame
        For every value of the mediators: share without treatment, change, largest excess.
    """

    p_value: float
    statistic: float
    affected: float
    n_moments: int
    table: pd.DataFrame


def sharp_null_test(case: Case, bins: int = 5, draws: int = 999) -> SharpNull | None:
    """The test on a study; None where treatment or mediators are not discrete.

    Effects on the indicators are regressions on the study's treatment residual, so that controls,
    fixed effects and peers are adjusted for: averages over firms and periods with the treatment's
    residual variance as weight.

    Parameters
    ----------
    case : Case
        The study.
    bins : int
        The outcome is cut into so many bins at its quantiles.
    draws : int
        Draws of the multiplier bootstrap over clusters.

    Returns
    -------
    SharpNull or None
    """
    roles, rows = case.panel.roles, case.residuals.design.rows
    if len(roles.treatments) != 1 or not roles.mediators:
        return None
    d = case.panel.column(roles.treatments[0])[rows]
    M = np.column_stack([case.panel.column(m)[rows] for m in roles.mediators])
    values, cell = np.unique(M, axis=0, return_inverse=True)
    if not np.isin(d, (0.0, 1.0)).all() or not 2 <= len(values) <= MOST_CELLS:
        return None
    if any(note.startswith("first differences") for note in case.residuals.design.notes):
        return None
    r = case.residuals.values.mean(axis=0)
    left = np.column_stack([r[:, list(case.layout.exposures)], case.residuals.design.periods])
    residual = r[:, case.layout.treatments[0]]
    if left.shape[1]:
        residual = residual - left @ np.linalg.lstsq(left, residual, rcond=None)[0]
    weights = np.ones(len(rows)) if roles.weight is None else case.panel.weights[rows]
    y = case.panel.column(roles.outcome)[rows]
    codes = case.panel.clusters[0][rows]
    return sharp_null_of(
        y, d, values, cell.ravel(), np.unique(codes, return_inverse=True)[1],
        residual=residual, weights=weights, bins=bins, draws=draws, seed=case.seed,
    )  # fmt: skip


def sharp_null_of(
    y: np.ndarray,
    d: np.ndarray,
    values: np.ndarray,
    cell: np.ndarray,
    clusters: np.ndarray,
    *,
    residual: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    bins: int = 5,
    draws: int = 999,
    seed: int = 0,
) -> SharpNull:
    """Kwon and Roth's test for arrays.

    If the treatment acts through the mediators only, and moves no mediator down, a change in the
    probability of {Y in A, M = m} can only come from units that enter m from lower values: for
    every m and A it is at most the mass of types that enter m. The unknown masses of types are
    chosen so that the largest violation, in standard errors, is smallest (a linear programme). Its
    critical value is the discard resampling of Bugni, Canay and Shi: the largest noise of the
    inequalities that are near to binding, which is conservative.

    Parameters
    ----------
    y, d : numpy.ndarray, shape (n,)
        Outcome, and 0/1 treatment.
    values : numpy.ndarray, shape (K, p)
        Values of the mediators; a unit may move to values that are no lower in any of them. The
        direction of every mediator is that of the treatment's effect on it.
    cell : numpy.ndarray of int, shape (n,)
        Row of ``values`` for each row.
    clusters : numpy.ndarray of int, shape (n,)
        Clusters.
    residual : numpy.ndarray, optional
        Treatment without controls; default: without its mean.
    weights : numpy.ndarray, optional
        Row weights.
    bins : int
        Bins of the outcome; a discrete outcome keeps its values if there are no more.
    draws, seed : int
        Multiplier draws.

    Returns
    -------
    SharpNull

    References
    ----------
    Kwon and Roth (2026), Testing mechanisms, Review of Economic Studies, doi
    10.1093/restud/rdag028; Bugni, Canay and Shi (2017), Inference for subvectors and other
    functions of partially identified parameters, Quantitative Economics 8, doi 10.3982/QE490.
    """
    w = np.ones(len(y)) if weights is None else weights
    residual = d - np.average(d, weights=w) if residual is None else residual
    scale = float((w * residual * d).sum())
    if not scale > 0:
        raise DesignError("full mediation: nothing is left of the treatment to test with")
    outcome, K = _bins(y, bins), len(values)
    B = int(outcome.max()) + 1
    joint = np.zeros((len(y), K * B))
    joint[np.arange(len(y)), cell * B + outcome] = 1.0
    lever = w * residual / scale
    change = lever @ joint
    # Influence of each row on the changes: the score at the linear fit of each indicator.
    centred = joint - np.average(joint, axis=0, weights=w)
    psi = lever[:, None] * (centred - np.outer(d - np.average(d, weights=w), change))
    base = np.average(joint, axis=0, weights=w) - np.average(d, weights=w) * change
    psi_base = w[:, None] * (joint - np.outer(d, change) - base) / w.sum()
    psi_base = psi_base - np.average(d, weights=w) * psi
    down = np.sign(lever @ values[cell])
    allowed = _allowed(values * np.where(down == 0, 1.0, down))
    return _solve(change.reshape(K, B), base.reshape(K, B).sum(axis=1), psi, psi_base, values,
                  allowed, clusters, draws, seed)  # fmt: skip


def _bins(y: np.ndarray, bins: int) -> np.ndarray:
    levels, codes = np.unique(y, return_inverse=True)
    if len(levels) <= bins:
        return np.asarray(codes)
    cuts = np.unique(np.quantile(y, np.linspace(0, 1, bins + 1)[1:-1]))
    return np.unique(np.searchsorted(cuts, y, side="left"), return_inverse=True)[1]


def _allowed(values: np.ndarray) -> list[tuple[int, int]]:
    """Moves from value l to value k that lower no mediator."""
    K = len(values)
    return [(i, k) for i in range(K) for k in range(K) if i != k and (values[k] >= values[i]).all()]


def _solve(
    change: np.ndarray,
    base: np.ndarray,
    psi: np.ndarray,
    psi_base: np.ndarray,
    values: np.ndarray,
    allowed: list[tuple[int, int]],
    clusters: np.ndarray,
    draws: int,
    seed: int,
) -> SharpNull:
    """Smallest violation of the inequalities over all type masses, and its critical value."""
    K = len(change)
    flow_in = np.array([[float(k == m) for _, k in allowed] for m in range(K)]).reshape(K, -1)
    flow_out = np.array([[float(i == m) for i, _ in allowed] for m in range(K)]).reshape(K, -1)
    level, slopes, noise = _inequalities(change, base, psi, psi_base, flow_in, flow_out)
    draw = multiplier_draws(noise, clusters, draws, seed)
    error = draw.std(axis=0)
    keep = error > 1e-12
    level, slopes, error, draw = level[keep], slopes[keep], error[keep], draw[:, keep]
    statistic, types = _least(level, slopes, error)
    p = 1.0
    if statistic > 0:
        # Only inequalities that are near to binding at the types found matter.
        near = (level + slopes @ types) / error > -np.sqrt(np.log(max(int(clusters.max()) + 1, 3)))
        largest = (draw[:, near] / error[near]).max(axis=1)
        p = float((1 + np.sum(largest >= statistic)) / (1 + draws))
    table = pd.DataFrame({
        "mediators": [", ".join(f"{v:g}" for v in row) for row in values],
        "share_untreated": base, "change": change.sum(axis=1),
        "largest_rise": np.maximum(change, 0).sum(axis=1),
    })  # fmt: skip
    affected = _affected(change, base, flow_in, flow_out)
    return SharpNull(p, statistic, affected, int(keep.sum()), table)


def _inequalities(
    change: np.ndarray,
    base: np.ndarray,
    psi: np.ndarray,
    psi_base: np.ndarray,
    flow_in: np.ndarray,
    flow_out: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Level, slope in the type masses and influence of each inequality that the null implies."""
    K, B = change.shape
    subsets = list(chain.from_iterable(combinations(range(B), n) for n in range(1, B + 1)))
    cells = psi.reshape(len(psi), K, B)
    base_cells = psi_base.reshape(len(psi), K, B).sum(axis=2)
    found: list[tuple[float, np.ndarray, np.ndarray]] = []
    for k in range(K):
        for subset in map(list, subsets):  # change of {Y in A, M = k} is at most what enters k
            moved = cells[:, k, subset].sum(axis=1)
            found.append((change[k, subset].sum(), -flow_in[k], moved))
        net = cells[:, k].sum(axis=1)
        for sign in (1.0, -1.0):  # what enters less what leaves is the change of {M = k}
            slope = -sign * (flow_in[k] - flow_out[k])
            found.append((sign * change[k].sum(), slope, sign * net))
        # no more can leave than was there
        found.append((-base[k], flow_out[k], -base_cells[:, k]))
    level, slopes, noise = zip(*found, strict=True)
    return np.array(level), np.array(slopes), np.column_stack(noise)


def _least(level: np.ndarray, slopes: np.ndarray, error: np.ndarray) -> tuple[float, np.ndarray]:
    """Smallest t with level + slopes theta <= t * error for some theta >= 0, and that theta."""
    from scipy.optimize import linprog

    free = slopes.shape[1]
    found = linprog(
        np.r_[np.zeros(free), 1.0], A_ub=np.column_stack([slopes, -error]), b_ub=-level,
        bounds=[(0, None)] * free + [(None, None)],
    )  # fmt: skip
    return float(found.fun), found.x[:free]


def _affected(
    change: np.ndarray, base: np.ndarray, flow_in: np.ndarray, flow_out: np.ndarray
) -> float:
    """Lower bound on the share of always-takers that is affected, pooled over mediator values."""
    from scipy.optimize import linprog

    K, free = flow_in.shape
    rise = np.maximum(change, 0).sum(axis=1)
    # Minimise the mass of affected always-takers v over type masses theta and v >= 0.
    A = np.block([[-flow_in, -np.eye(K)], [flow_out, np.zeros((K, K))]])
    found = linprog(
        np.r_[np.zeros(free), np.ones(K)], A_ub=A, b_ub=np.r_[-rise, np.maximum(base, 0)],
        A_eq=np.column_stack([flow_in - flow_out, np.zeros((K, K))]), b_eq=change.sum(axis=1),
        bounds=[(0, None)] * (free + K),
    )  # fmt: skip
    if not found.success:
        return float("nan")
    stay = base.sum() - float(flow_out.sum(axis=0) @ found.x[:free])
    return float(found.fun) / max(stay, 1e-12)
