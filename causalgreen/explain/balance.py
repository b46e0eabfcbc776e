"""Cross-fitted residuals of an indicator and of debiased effects, given other traits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from causalgreen.residuals.choose import combine
from causalgreen.residuals.folds import make_folds
from causalgreen.residuals.jobs import run_jobs
from causalgreen.residuals.learners import default_learner
from causalgreen.residuals.tasks import FoldTask, Stack, Together

if TYPE_CHECKING:
    from causalgreen.explain.scores import Scores

__all__ = ["Balanced", "balance_out"]

FOLDS = 5


@dataclass(frozen=True, slots=True)
class Balanced:
    """What is left of an indicator given the other traits.

    Attributes
    ----------
    residual : numpy.ndarray, shape (n,)
        Indicator minus its cross-fitted expectation.
    fitted : numpy.ndarray, shape (n, k)
        Cross-fitted expectation of the debiased effects.
    share : numpy.ndarray, shape (n,)
        Weights of the firms.
    left : float
        Share of the indicator's variance that is left.
    """

    residual: np.ndarray
    fitted: np.ndarray
    share: np.ndarray
    left: float

    def effective(self, side: np.ndarray) -> float:
        """Firms on one side that would be as informative if all had equal weight."""
        weight = np.abs(self.share * self.residual)[side]
        return float(weight.sum() ** 2 / (weight**2).sum())


def balance_out(
    h: np.ndarray, scores: Scores, columns: Sequence[int], terms: Sequence[int], seed: int,
    n_jobs: int | None = None, progress: bool | None = None, stack: Stack | None = None,
) -> Balanced:  # fmt: skip
    """Residualise an indicator and debiased effects on other traits, folds by cluster.

    Parameters
    ----------
    h : numpy.ndarray, shape (n,)
        Indicator, 0 or 1.
    scores : Scores
        Debiased effects of the firms.
    columns : sequence of int
        Columns of the encoded traits to balance.
    terms : sequence of int, length k
        Columns of the effects.
    seed : int
        Of folds and learners.
    n_jobs, progress
        As in `run_jobs`.
    stack : Stack, optional
        Learners; default: those of the nuisances.

    Returns
    -------
    Balanced
    """
    stack = default_learner() if stack is None else stack
    X, w = np.ascontiguousarray(scores.X[:, columns]), scores.share
    targets = np.column_stack([h, scores.value[:, terms]])
    n_folds = min(FOLDS, scores.n_clusters)
    (fold,) = make_folds(np.arange(scores.n), scores.home, n_folds, 1, seed)
    fitted = cross_predict(targets, X, w, fold, stack, seed, n_jobs, progress)
    residual = h - np.clip(fitted[:, 0], 0.0, 1.0)
    total = w @ (h - w @ h) ** 2
    left = min(1.0, float(w @ (residual - w @ residual) ** 2 / total))
    return Balanced(residual, fitted[:, 1:], w, left)


def cross_predict(
    targets: np.ndarray, X: np.ndarray, w: np.ndarray, fold: np.ndarray, stack: Stack, seed: int,
    n_jobs: int | None, progress: bool | None,
) -> np.ndarray:  # fmt: skip
    """Predictions of each target from other folds, shape of the targets (n, p)."""
    weights = None if np.ptp(w) < 1e-12 * w.max() else w / w.mean()
    every = np.ones(X.shape[1])
    tasks, together = [], Together(targets, (fold,))
    for k in range(int(fold.max()) + 1):
        train, test = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        seeds = np.random.SeedSequence([seed, k]).generate_state(targets.shape[1]) >> 1
        tasks.append([
            FoldTask(X, targets[:, j], weights, train, test, every, every > 0, every < 0,
                     int(seeds[j]), together=together, place=(0, k, j))
            for j in range(targets.shape[1])
        ])  # fmt: skip
    predictions = run_jobs(stack.members, tasks, n_jobs, progress)
    out = np.empty_like(targets)
    for j in range(targets.shape[1]):
        candidates = []
        for m in range(len(stack.members)):
            whole = np.empty((len(X), predictions[0][j][m].shape[1]))
            for k, of_fold in enumerate(predictions):
                whole[fold == k] = of_fold[j][m]
            candidates.append(whole)
        out[:, j] = combine(targets[:, j], weights, candidates, stack)[0]
    return out
