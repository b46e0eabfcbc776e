"""Choice among learners and their tuning by the loss on held-out clusters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalgreen.residuals.tasks import Stack

__all__ = ["Choice", "combine"]


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
    from scipy.optimize import nnls

    errors = y[:, None] - P
    w = np.ones(len(y)) if weights is None else weights
    # min s'Gs on the simplex, through nonnegative least squares on the Cholesky factor with a
    # heavy row for the sum; the small ridge keeps equal members from tying.
    G = (errors * w[:, None]).T @ errors / w.sum()
    scale = np.trace(G) / m
    if scale == 0.0:
        return np.full(m, 1 / m)
    L = np.linalg.cholesky(G / scale + 1e-9 * np.eye(m)).T
    heavy = 1e4
    share = nnls(np.vstack([L, np.full(m, heavy)]), np.append(np.zeros(m), heavy))[0]
    return share / share.sum()
