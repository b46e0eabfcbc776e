"""Choice among learners and their tuning by the loss on held-out clusters."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from causalgreen.residuals.tasks import Stack

__all__ = ["Choice", "combine"]

MANY, HEAVY = 8, 1e4


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen for one target.

    Attributes
    ----------
    learners : tuple of str, length m
        Members of the stack.
    tuning : tuple of str, length m
        Tuning of each member with the lowest out-of-fold loss.
    r_squared : tuple of float, length m
        Out-of-fold R² of each member at that tuning.
    weights : tuple of float, length m
        Convex weights in the stack.
    stacked : float
        Out-of-fold R² of the stack.
    at_edge : bool
        Whether the member with most weight is tuned at the end of its path.
    """

    learners: tuple[str, ...]
    tuning: tuple[str, ...]
    r_squared: tuple[float, ...]
    weights: tuple[float, ...]
    stacked: float
    at_edge: bool = False


def combine(
    y: np.ndarray, weights: np.ndarray | None, candidates: list[np.ndarray], stack: Stack
) -> tuple[np.ndarray, Choice]:
    """Best tuning of each member, then convex weights over members.

    Parameters
    ----------
    y : numpy.ndarray, shape (n,)
        Target.
    weights : numpy.ndarray or None, shape (n,)
        Row weights.
    candidates : list of numpy.ndarray, each of shape (n, c_m)
        Out-of-fold predictions of each member along its tuning path.
    stack : Stack
        The members.

    Returns
    -------
    fitted : numpy.ndarray, shape (n,)
        Out-of-fold predictions of the stack.
    choice : Choice
        Losses and weights.
    """
    best, tuning, edges = [], [], []
    for member, predictions in zip(stack.members, candidates, strict=True):
        losses = np.average((y[:, None] - predictions) ** 2, axis=0, weights=weights)
        k = int(np.argmin(losses))
        best.append(predictions[:, k])
        tuning.append(member.labels()[k])
        edges.append(len(losses) > 1 and k == len(losses) - 1)
    P = np.column_stack(best)
    share = _convex_weights(y, P, weights)
    fitted = P @ share
    centre = np.average(y, weights=weights)
    total = np.average((y - centre) ** 2, weights=weights)

    def r_squared(prediction: np.ndarray) -> float:
        if total == 0.0:
            return float("nan")
        return float(1 - np.average((y - prediction) ** 2, weights=weights) / total)

    choice = Choice(
        tuple(m.name for m in stack.members),
        tuple(tuning),
        tuple(r_squared(column) for column in P.T),
        tuple(float(s) for s in share),
        r_squared(fitted),
        bool(edges[int(np.argmax(share))]),
    )
    return fitted, choice


def _convex_weights(y: np.ndarray, P: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Nonnegative weights that sum to one and minimise the squared loss."""
    m = P.shape[1]
    if m == 1:
        return np.ones(1)
    errors = y[:, None] - P
    w = np.ones(len(y)) if weights is None else weights
    # The small ridge keeps equal members from tying.
    G = (errors * w[:, None]).T @ errors / w.sum()
    scale = np.trace(G) / m
    if scale == 0.0:
        return np.full(m, 1 / m)
    return _least_on_simplex(G / scale + 1e-9 * np.eye(m))


def _least_on_simplex(G: np.ndarray) -> np.ndarray:
    """Nonnegative s that sum to one, of least s'Gs: the best over all sets of members with weight.

    Every set has a solution in closed form. `scipy.optimize.nnls` gives up in some releases where
    members are nearly alike; it is asked where sets are too many.
    """
    m = len(G)
    if m > MANY:
        from scipy.optimize import nnls

        A = np.vstack([np.linalg.cholesky(G).T, np.full(m, HEAVY)])
        share = nnls(A, np.append(np.zeros(m), HEAVY), maxiter=1000 * m)[0]
        return np.asarray(share / share.sum())
    least, best = np.inf, np.full(m, 1 / m)
    for size in range(1, m + 1):
        for among in combinations(range(m), size):
            own = np.ix_(among, among)
            share = np.linalg.solve(G[own], np.ones(size))
            share /= share.sum()
            loss = float(share @ G[own] @ share)
            if (share >= 0).all() and loss < least:
                least, best = loss, np.zeros(m)
                best[list(among)] = share
    return best
