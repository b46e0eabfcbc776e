"""EconML's generalized random forest, grown on moment equations and on clusters of firms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from econml.grf import CausalForest
from sklearn.utils import check_random_state

from causalgreen.residuals.jobs import in_parallel
from causalgreen.surface.bins import Bins, bins_of

__all__ = ["MomentForest"]

MAX_INT = np.iinfo(np.int32).max


class _ShuffleByCluster(np.random.RandomState):
    """Random numbers whose shuffles keep the rows of a cluster together.

    A tree shuffles its rows, and cuts them into the half that finds splits and the half that fills
    leaves: with whole clusters on either side, errors that firms of a city share do not enter both.
    """

    def __init__(self, seed: int, codes: np.ndarray) -> None:
        super().__init__(seed)
        self._codes = codes

    def shuffle(self, x: Any) -> None:
        place = self.random_sample(int(self._codes.max()) + 1)
        x[:] = np.argsort(place[self._codes], kind="stable")


class MomentForest(CausalForest):  # type: ignore[misc]
    """A `econml.grf.CausalForest` whose rows are firms, with moments in place of outcomes.

    ``fit(X, J, A)`` takes the moment equations ``J theta = A`` of every firm. With ``groups``, the
    half-samples of the bags, the samples of the trees, and their honest halves are made of whole
    groups (Athey and Wager 2019, Estimating treatment effects with causal forests: an application,
    doi 10.1353/obs.2019.0001); the between-bag variance then allows for errors that groups share.

    With ``most_bins``, trees split features in so many bins of about as many firms each: fewer
    splits to try, and firms of the same bins are in the same leaf of every tree.
    """

    n_relevant = 0
    most_bins: int | None = None
    bins_: Bins | None = None

    def _get_alpha_and_pointJ(self, X: Any, T: Any, y: Any) -> Any:  # noqa: N802
        return y, T

    def _get_n_outputs_decomposition(self, X: Any, T: Any, y: Any) -> tuple[int, int]:
        return y.shape[1], self.n_relevant or y.shape[1]

    def samples(self) -> Iterator[tuple[np.ndarray, list[np.ndarray]]]:
        """Groups of the half-sample of every bag, and of each of its trees, made again by seed."""
        rng = check_random_state(self.subsample_random_seed_)
        half, size = self.n_groups_ // 2, int(np.floor(self.n_groups_ * self.max_samples))
        for _ in range(self.n_estimators // self.subforest_size):
            bag = rng.choice(self.n_groups_, half, replace=False)
            yield (
                bag,
                [bag[rng.choice(half, size, replace=False)] for _ in range(self.subforest_size)],
            )

    def seen_as(self, X: np.ndarray) -> np.ndarray:
        """Features as the trees see them, shape (n, k)."""
        return X if self.bins_ is None else self.bins_(X)

    def fit(
        self, X: Any, T: Any, y: Any, *, groups: Any = None,
        start: Callable[[np.ndarray], np.ndarray] | None = None, n_jobs: int | None = None,
        progress: bool | None = None,
    ) -> MomentForest:  # fmt: skip
        """Grow the trees.

        Parameters
        ----------
        X : numpy.ndarray, shape (n, k)
            Features of the firms.
        T : numpy.ndarray, shape (n, d * d)
            Jacobians ``J``, flattened.
        y : numpy.ndarray, shape (n, d)
            Right sides ``A``.
        groups : numpy.ndarray of int, shape (n,), optional
            Codes of the groups that sampling keeps together; default: every firm its own.
        start : callable, optional
            Takes the rows of a bag's half-sample; returns coefficients of all firms, shape (n, d),
            from which the trees of the bag start: they solve for what is left.
        n_jobs, progress
            Threads, and whether to show a progress bar.
        """
        n, self.n_features_ = X.shape
        alone = groups is None
        codes = np.arange(n) if groups is None else np.asarray(groups)
        self.n_groups_ = int(codes.max()) + 1
        self.bins_ = None if self.most_bins is None else bins_of(X, self.most_bins)
        alpha, T = self._get_alpha_and_pointJ(X, T, y)
        self.n_y_ = 1
        self.n_outputs_, self.n_relevant_outputs_ = self._get_n_outputs_decomposition(X, T, y)
        d = self.n_outputs_
        X = np.ascontiguousarray(self.seen_as(X), dtype=np.float64)
        J = np.ascontiguousarray(np.reshape(T, (n, d, d)))
        self.min_var_leaf = None
        self._validate_estimator()
        random_state = check_random_state(self.random_state)
        self.subsample_random_seed_ = random_state.randint(MAX_INT)
        self.inference_, self.warm_start_ = True, False
        trees = self._planted(random_state)
        sizes = self.n_y_, self.n_outputs_, self.n_relevant_outputs_
        count, of_bag = self.n_estimators, self.subforest_size
        grown = in_parallel(
            _grow, self._work(trees, codes, alone, start), n_jobs, progress,
            "growing trees", "tree",
            shared=(X, np.asarray(alpha), J, None if alone else codes, sizes),
            total=count // of_bag, weight=of_bag,
        )  # fmt: skip
        self.estimators_ = [tree for bag, _ in grown for tree in bag]
        self.slices_ = list(np.arange(count).reshape(-1, of_bag))
        self.n_samples_ = [n] * count
        self.n_samples_subsample_ = [size for _, seen in grown for size in seen]
        return self

    def _planted(self, random_state: np.random.RandomState) -> list[Any]:
        """Trees to grow, drawn as by `_make_estimator` but without cloning what is alike in all."""
        first = self._make_estimator(append=False, random_state=random_state)
        settings, trees = first.get_params(deep=False), [first.init()]
        for _ in range(self.n_estimators - 1):
            settings["random_state"] = random_state.randint(np.iinfo(np.int32).max)
            trees.append(type(first)(**settings).init())
        return trees

    def _work(
        self, trees: list[Any], codes: np.ndarray, alone: bool,
        start: Callable[[np.ndarray], np.ndarray] | None,
    ) -> Iterator[tuple[list[Any], list[np.ndarray], np.ndarray | None]]:  # fmt: skip
        """What the trees of each bag are grown from: their groups, and where they start."""
        for i, (half, samples) in enumerate(self.samples()):
            base = None
            if start is not None:
                base = start(half if alone else _members(codes, half)[0])
            size = self.subforest_size
            yield trees[i * size : (i + 1) * size], samples, base


def _grow(
    X: np.ndarray, alpha: np.ndarray, J: np.ndarray, codes: np.ndarray | None,
    sizes: tuple[int, int, int], trees: list[Any], samples: list[np.ndarray],
    base: np.ndarray | None,
) -> tuple[list[Any], list[int]]:  # fmt: skip
    """The trees of one bag, and how many firms each has seen; on any machine."""
    seen, n = [], len(X)
    A = alpha if base is None else alpha - np.einsum("nab,nb->na", J, base)
    rows = np.hstack([np.zeros((n, 1)), A, J.reshape(n, -1)])
    for tree, mine in zip(trees, samples, strict=True):
        if codes is not None:
            mine, local = _members(codes, mine)
            # Made here, as a subclass of RandomState does not survive being sent.
            tree.random_state_ = _ShuffleByCluster(tree.random_seed_, local)
        tree.fit(X[mine], rows[mine], *sizes, sample_weight=None, check_input=False)
        tree.random_state_ = None
        seen.append(len(mine))
    return trees, seen


def _members(codes: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of some groups, and the group of each of these, numbered anew from 0."""
    inside = np.zeros(int(codes.max()) + 1, dtype=bool)
    inside[groups] = True
    rows = np.flatnonzero(inside[codes])
    return rows, (np.cumsum(inside) - 1)[codes[rows]]
