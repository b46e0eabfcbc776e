"""Joint test of a specification curve by permuting treatment histories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from causalgreen.falsify.multiverse_exchange import Specification

__all__ = ["joint_test"]

BATCH = 25
# Specifications for which exchanges are sorted once: each holds columns of all rows meanwhile.
SORTED = 4
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
    observed, null, movable = _permuted(studies, terms, permutations, seed)
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
    studies: Sequence[Any], terms: Sequence[str], permutations: int, seed: int
) -> tuple[np.ndarray, np.ndarray, float]:
    """t-statistics (s, k), those of permutations (s, k, b), and the share that can move."""
    salts, movable = _salts(seed, permutations), 1.0
    observed = np.empty((len(studies), len(terms)))
    null = np.empty((len(studies), len(terms), permutations))
    for alike in _same_rows(studies):
        labels = _hashes(studies[alike[0]].panel.units)
        for low in range(0, len(alike), SORTED):
            some = alike[low : low + SORTED]
            tried = [Specification.of(studies[i], terms) for i in some]
            for i, one in zip(some, tried, strict=True):
                observed[i] = one.t(one.treatment[:, None])[:, 0]
            null[some] = _exchanged_t(tried, labels, salts)
            movable = min(movable, *(one.movable for one in tried))
    return observed, null, movable


def _exchanged_t(
    tried: Sequence[Specification], labels: np.ndarray, salts: np.ndarray
) -> np.ndarray:
    """t-statistics (s, k, b) of specifications on the same rows, histories exchanged alike."""
    out = np.empty((len(tried), len(tried[0].sides), len(salts)))
    for low in range(0, len(salts), BATCH):
        part = slice(low, low + BATCH)
        keys = _label_keys(labels, salts[part])
        # The same for all of them: sorted once.
        orders = [np.argsort(keys[:, firms], axis=1, kind="stable") for firms in tried[0].firms]
        for i, one in enumerate(tried):
            out[i, :, part] = one.t(one.moved(orders, len(keys)))
    return out


def _same_rows(studies: Sequence[Any]) -> list[list[int]]:
    """Specifications on the same rows of one panel: they exchange the same histories."""
    out: list[list[int]] = []
    for i, study in enumerate(studies):
        rows = study.residuals.design.rows
        for members in out:
            first = studies[members[0]]
            if first.panel is study.panel and np.array_equal(first.residuals.design.rows, rows):
                members.append(i)
                break
        else:
            out.append([i])
    return out


def _hashes(units: pd.Index) -> np.ndarray:
    """A number for every firm that depends on its label only."""
    return pd.util.hash_array(np.asarray(units.astype(str), dtype=object)).astype(np.uint64)


def _salts(seed: int, permutations: int) -> np.ndarray:
    """A number for every permutation."""
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    return rng.integers(1, 2**63, permutations, dtype=np.uint64)


def _label_keys(hashes: np.ndarray, salts: np.ndarray) -> np.ndarray:
    """A random key for every permutation and firm that depends on the firm's label only.

    So that specifications on other samples exchange the same firms in the same order.
    """
    mixed = hashes[None] ^ salts[:, None]
    # One round of splitmix64: neighbouring keys become unrelated.
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))
