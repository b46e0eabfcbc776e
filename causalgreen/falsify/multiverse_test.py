"""Joint test of a specification curve by permuting treatment histories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["joint_test"]

BATCH = 25
TERMS = ("own_total", "direct")


def joint_test(studies: Sequence[Any], permutations: int, seed: int) -> pd.DataFrame:
    """Test that the treatment does nothing in any specification.

    Residuals are kept; whole histories of the treatment's residual are permuted between firms that
    are observed in the same periods, alike in all specifications, and every specification's
    clustered t-statistic is computed again (one coefficient for all firms).

    Parameters
    ----------
    studies : sequence of Study
        One for each specification.
    permutations, seed : int
        Number of permutations, and their seed.

    Returns
    -------
    pandas.DataFrame
        For ``own_total`` and ``direct``: ``mean_t``, ``median_t``, ``share`` (of specifications
        that are significant with the sign of the median), p-values ``p_mean`` (Stouffer),
        ``p_median``, ``p_share`` (coarse with few specifications), and ``p_joint``, that of the
        mean t; ``movable``: smallest share of firms that have a partner to exchange with.

    References
    ----------
    Simonsohn, Simmons and Nelson (2020), doi 10.1038/s41562-020-0912-z: inferential statistics of
    the specification curve under permutation.
    """
    terms = [t for t in TERMS if t != "direct" or studies[0].panel.roles.mediators]
    found = [_permuted(study, terms, permutations, seed) for study in studies]
    movable = min(share for _, _, share in found)
    observed, null = (np.array([one[k] for one in found]) for k in (0, 1))
    return pd.DataFrame([
        {"term": term} | _statistics(observed[:, i], null[:, i]) | {"movable": movable}
        for i, term in enumerate(terms)
    ])  # fmt: skip


def _statistics(t: np.ndarray, null: np.ndarray) -> dict[str, float]:
    """Three statistics of a curve and their permutation p-values; null has shape (s, b)."""

    def share(x: np.ndarray) -> np.ndarray:
        sign = np.sign(np.median(x, axis=0))
        return np.asarray(((np.abs(x) > 1.96) & (np.sign(x) == sign)).mean(axis=0))

    def p(one: float, many: np.ndarray) -> float:
        return float((1 + (many >= one - 1e-12).sum()) / (1 + len(many)))

    stats = {
        "mean": (abs(t.mean()), np.abs(null.mean(axis=0))),
        "median": (abs(np.median(t)), np.abs(np.median(null, axis=0))),
        "share": (float(share(t[:, None])[0]), share(null)),
    }
    values = {f"p_{k}": p(float(a), b) for k, (a, b) in stats.items()}
    return {
        "mean_t": float(t.mean()), "median_t": float(np.median(t)),
        "share": float(stats["share"][0]),
        **values, "p_joint": values["p_mean"],
    }  # fmt: skip


def _permuted(
    study: Any, terms: Sequence[str], permutations: int, seed: int
) -> tuple[np.ndarray, np.ndarray, float]:
    """t-statistics of one specification (k,), of its permutations (k, b); share that can move."""
    residuals, panel = study.residuals, study.panel
    design, roles = residuals.design, panel.roles
    r, p = residuals.values.mean(axis=0), len(residuals.names)
    n_d, n_e = len(roles.treatments), len(roles.exposures)
    weights = np.ones(len(r)) if roles.weight is None else panel.weights[design.rows]
    root = np.sqrt(weights)
    sides = []
    for term in terms:
        held = list(range(n_d, p - 1)) if term == "direct" else list(range(n_d, n_d + n_e))
        basis = _orthonormal(np.column_stack([r[:, held], design.periods]) * root[:, None])
        y = root * r[:, p - 1]
        sides.append((basis, y - basis @ (basis.T @ y)))
    d = r[:, :n_d].sum(axis=1)
    cluster = np.unique(panel.clusters[0][design.rows], return_inverse=True)[1]
    unit = panel.unit_codes[design.rows]
    groups, movable = _partners(unit, panel.codes(roles.time)[design.rows])
    own = d[:, None] * root[:, None]
    t = np.array([_t_statistics(own, basis, y, cluster)[0] for basis, y in sides])
    labels = _label_keys(panel.units, seed, permutations)
    draws = np.empty((len(terms), permutations))
    for low in range(0, permutations, BATCH):
        high = min(permutations, low + BATCH)
        moved = np.empty((len(d), high - low))
        for b in range(low, high):
            moved[:, b - low] = d[_exchange(groups, labels[b], len(d))]
        moved *= root[:, None]
        for row, (basis, y) in zip(draws, sides, strict=True):
            row[low:high] = _t_statistics(moved, basis, y, cluster)
    return t, draws, movable


def _orthonormal(X: np.ndarray) -> np.ndarray:
    if not X.shape[1]:
        return np.empty((len(X), 0))
    u, s, _ = np.linalg.svd(X, full_matrices=False)
    return np.asarray(u[:, s > 1e-9 * max(s[0], 1e-300)])


def _t_statistics(
    d: np.ndarray, basis: np.ndarray, y: np.ndarray, cluster: np.ndarray
) -> np.ndarray:
    """Clustered t of y on each column of d, both without what is held fixed."""
    from scipy.sparse import csr_array

    d = d - basis @ (basis.T @ d)
    place, shape = (cluster, np.arange(len(cluster))), (int(cluster.max()) + 1, len(cluster))
    own = csr_array((np.ones(len(cluster)), place), shape) @ (d * d)
    cross = csr_array((y, place), shape) @ d
    square = own.sum(axis=0)
    slope = cross.sum(axis=0) / square
    sums = cross - slope * own
    G = len(sums)
    error = np.sqrt(np.einsum("gb,gb->b", sums, sums) * G / (G - 1)) / square
    return np.asarray(slope / error)


def _partners(
    unit: np.ndarray, time: np.ndarray
) -> tuple[list[tuple[np.ndarray, np.ndarray]], float]:
    """Firms observed in the same periods: their codes (k,), and their rows (k, periods)."""
    order = np.lexsort((time, unit))
    starts = np.flatnonzero(np.r_[True, np.diff(unit[order]) > 0])
    ends = np.r_[starts[1:], len(unit)]
    patterns: dict[bytes, list[int]] = {}
    for i, (a, b) in enumerate(zip(starts, ends, strict=True)):
        patterns.setdefault(np.ascontiguousarray(time[order[a:b]]).tobytes(), []).append(i)
    out, moving = [], 0
    for members in patterns.values():
        if len(members) < 2:
            continue
        rows = np.stack([order[starts[i] : ends[i]] for i in members])
        out.append((unit[rows[:, 0]], rows))
        moving += len(members)
    return out, moving / len(starts)


def _label_keys(units: pd.Index, seed: int, permutations: int) -> np.ndarray:
    """A random key for every firm and permutation that depends on the firm's label only.

    So that specifications on other samples exchange the same firms in the same order.
    """
    own = pd.util.hash_array(np.asarray(units.astype(str), dtype=object)).astype(np.uint64)
    salt = np.random.default_rng(np.random.SeedSequence(seed)).integers(
        1, 2**63, permutations, dtype=np.uint64
    )
    mixed = own[None] ^ salt[:, None]
    # One round of splitmix64: neighbouring keys become unrelated.
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def _exchange(groups: list[tuple[np.ndarray, np.ndarray]], keys: np.ndarray, n: int) -> np.ndarray:
    """Row from which each row takes its treatment."""
    source = np.arange(n)
    for firms, rows in groups:
        source[rows.ravel()] = rows[np.argsort(keys[firms], kind="stable")].ravel()
    return source
