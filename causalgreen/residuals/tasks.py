"""The work of one fold, and what a learner must be able to do with it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, runtime_checkable
from uuid import uuid4

import numpy as np

__all__ = ["FoldTask", "Learner", "Stack", "Together"]

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, eq=False)
class Together:
    """What all folds and targets of a cross-fitting have in common, and what is made of it.

    Attributes
    ----------
    Y : numpy.ndarray, shape (n, p)
        All targets.
    folds : tuple of numpy.ndarray of int, each of shape (n,)
        Fold of each row, for each repetition.
    memo : dict
        Filled by learners; shared by the threads of a process, and made anew in another one.
    lock : threading.RLock
    token : str
        By which another process knows it again: what it has made for one job serves the next.
    """

    Y: np.ndarray
    folds: tuple[np.ndarray, ...]
    memo: dict[Hashable, Any] = field(default_factory=dict, repr=False)
    lock: Any = field(default_factory=threading.RLock, repr=False)
    token: str = field(default_factory=lambda: uuid4().hex, repr=False)

    def __reduce__(self) -> tuple[Callable[..., Together], tuple[Any, ...]]:
        return _known, (self.token, self.Y, self.folds)

    @property
    def level(self) -> np.ndarray:
        """Mean of each target over all rows, shape (p,)."""
        return self.shared("level", lambda: self.Y.mean(axis=0))

    def shared(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """What ``make`` returns, made once in this process."""
        with self.lock:
            if key not in self.memo:
                self.memo[key] = make()
            return self.memo[key]  # type: ignore[no-any-return]


_LAST: dict[str, Together] = {}
_GATE = threading.Lock()


def _known(token: str, Y: np.ndarray, folds: tuple[np.ndarray, ...]) -> Together:
    """In a worker: the one that the last job had, if this is it; no more than one is kept."""
    with _GATE:
        if token not in _LAST:
            _LAST.clear()
            _LAST[token] = Together(Y, folds, token=token)
        return _LAST[token]


@dataclass(frozen=True, slots=True)
class FoldTask:
    """One fold of one target: what a learner is trained on, and where it predicts.

    Attributes
    ----------
    X : numpy.ndarray, shape (n, f)
        Features of all rows; NaN where a control is missing.
    y : numpy.ndarray, shape (n,)
        Target of all rows.
    weights : numpy.ndarray or None, shape (n,)
        Row weights.
    train, test : numpy.ndarray of int
        Rows to learn from, and held-out rows; no cluster is in both.
    linear : numpy.ndarray, shape (f,)
        How freely a linear learner may use each feature; 0: it does not see it.
    flexible : numpy.ndarray of bool, shape (f,)
        Features that all other learners see.
    traits : numpy.ndarray of bool, shape (f,)
        Which of the flexible features are traits: effects, hence nuisances, vary with them.
    seed : int
        Seed of this fold and target.
    memo : dict
        What the targets of one fold share, such as sieve terms. Filled by learners, within one job
        only.
    together : Together or None
        What all folds share; None: this fold stands alone.
    place : (int, int, int)
        Repetition, fold and target among all of these.
    """

    X: np.ndarray
    y: np.ndarray
    weights: np.ndarray | None
    train: np.ndarray
    test: np.ndarray
    linear: np.ndarray
    flexible: np.ndarray
    traits: np.ndarray
    seed: int
    memo: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    together: Together | None = field(default=None, compare=False, repr=False)
    place: tuple[int, int, int] = (0, 0, 0)

    def shared(self, key: Any, make: Callable[[], _T]) -> _T:
        """What ``make`` returns, made once for all targets of a fold."""
        if key not in self.memo:
            self.memo[key] = make()
        return self.memo[key]  # type: ignore[no-any-return]

    def standing(self) -> tuple[Together, tuple[int, int, int]]:
        """What all folds share, and where this one stands; a task by itself has two folds."""
        if self.together is not None:
            return self.together, self.place

        def make() -> Together:
            fold = np.full(len(self.X), -1)
            fold[self.train], fold[self.test] = 0, 1
            return Together(self.y[:, None], (fold,))

        return self.shared(("standing", id(self.y)), make), (0, 1, 0)

    def halves(self) -> tuple[np.ndarray, np.ndarray]:
        """Flexible features of the training and of the held-out rows."""
        return self._flexible(self.train), self._flexible(self.test)

    def _flexible(self, rows: np.ndarray) -> np.ndarray:
        if self.flexible.all():
            return self.X[rows]
        return self.X[np.ix_(rows, np.flatnonzero(self.flexible))]

    def train_weights(self) -> np.ndarray | None:
        """Weights of the training rows."""
        return None if self.weights is None else self.weights[self.train]


@runtime_checkable
class Learner(Protocol):
    """What a learner must be able to do.

    A learner may answer with a whole path of tuning parameters (rounds, penalties); the one with
    the lowest out-of-fold loss is taken, one choice per target for all folds.
    """

    @property
    def name(self) -> str:
        """Short name for reports."""
        ...

    def predict(self, task: FoldTask) -> np.ndarray:
        """Predictions for the held-out rows, shape (n_test, n_candidates)."""
        ...

    def labels(self) -> tuple[str, ...]:
        """What distinguishes the candidates, one label each."""
        ...


@dataclass(frozen=True, slots=True)
class Stack:
    """Several learners, combined by convex weights that minimise the out-of-fold loss."""

    members: tuple[Learner, ...]

    @property
    def name(self) -> str:
        """Short name for reports."""
        return "stack(" + ", ".join(m.name for m in self.members) + ")"
