"""A model that people can take apart, taught to say what a surface says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Distilled", "distil"]

FOLDS, EXACT = 4, 1e-9
ROUNDS = np.array([5, 10, 20, 30, 40, 60, 100, 150])
SLACK, PATIENCE = 5e-4, 15


@dataclass(frozen=True, slots=True)
class Distilled:
    """A linear part and boosted trees on what it leaves.

    Attributes
    ----------
    centre : numpy.ndarray, shape (c,)
        Weighted mean of the columns.
    slope : numpy.ndarray, shape (c,)
        Linear part.
    level : float
        Its value at the centre.
    trees : lightgbm.Booster or None
        None: the linear part is exact.
    rounds : int
        Number of trees.
    fidelity : float
        R² on clusters that the model was not taught with; 1 where it is exact.
    """

    centre: np.ndarray
    slope: np.ndarray
    level: float
    trees: Any
    rounds: int
    fidelity: float

    @property
    def exact(self) -> bool:
        """Whether the surface is linear, so that nothing is lost."""
        return self.trees is None

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """Predictions, shape (n,)."""
        out = self.level + (X - self.centre) @ self.slope
        return out if self.trees is None else out + self.trees.predict(X)

    def contributions(self, X: np.ndarray) -> tuple[np.ndarray, float]:
        """SHAP values of every column, shape (n, c), and what they are added to.

        Those of the linear part are ``slope * (x - mean)``, those of the trees LightGBM's exact
        path-dependent tree SHAP; SHAP values of a sum are sums.
        """
        values, base = (X - self.centre) * self.slope, self.level
        if self.trees is not None:
            first, cell = _cells(self.trees, X)
            more = np.asarray(self.trees.predict(X[first], pred_contrib=True))[cell]
            values, base = values + more[:, :-1], base + float(more[0, -1])
        return values, base


def _cells(trees: Any, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows between the same thresholds of every column, which trees cannot tell apart.

    One row of each, and which of those every row is like: SHAP values are dear, and traits such as
    yes and no leave few cells. Of trees that know no missing zeros, such as those grown here.
    """
    text = trees.model_to_string()
    # A table of all nodes takes as long to make as the SHAP values of the cells.
    split, threshold = (
        np.array(" ".join(re.findall(rf"^{name}=(.*)$", text, re.MULTILINE)).split(), kind)
        for name, kind in (("split_feature", np.int64), ("threshold", np.float64))
    )
    place = np.empty(X.shape, dtype=np.int64)
    for j in range(X.shape[1]):
        at = np.unique(threshold[split == j])
        place[:, j] = np.where(np.isnan(X[:, j]), len(at) + 1, np.searchsorted(at, X[:, j]))
    _, first, cell = np.unique(place, axis=0, return_index=True, return_inverse=True)
    return first, cell.reshape(-1)


def distil(
    X: np.ndarray, y: np.ndarray, weight: np.ndarray, groups: np.ndarray, seed: int = 0,
    *, only_exact: bool = False,
) -> Distilled | None:  # fmt: skip
    """Teach a linear model, and trees on its residuals, to reproduce predictions.

    Parameters
    ----------
    X : numpy.ndarray, shape (n, c)
        What the predictions are made from.
    y : numpy.ndarray, shape (n,)
        Predictions.
    weight : numpy.ndarray, shape (n,)
        Weights.
    groups : numpy.ndarray of int, shape (n,)
        Clusters: fidelity and the number of trees are judged on clusters left out.
    seed : int
        Seed of the folds.
    only_exact : bool
        Give up where the predictions are not linear.

    Returns
    -------
    Distilled or None
        None where it was given up.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> distil(X, X @ [1.0, 2.0], np.ones(200), np.arange(200)).exact
    True
    """
    share = weight / weight.sum()
    level, centre, slope = _line(X, y, share)
    rest = y - level - (X - centre) @ slope
    spread = float(share @ (y - share @ y) ** 2)
    if float(share @ rest**2) <= EXACT * spread:
        return Distilled(centre, slope, level, None, 0, 1.0)
    if only_exact:
        return None
    rounds, fidelity = _judged(X, y, share, groups, seed, spread)
    trees, _ = _boost(X, rest, share, rounds)
    return Distilled(centre, slope, level, trees, rounds, fidelity)


def _line(X: np.ndarray, y: np.ndarray, share: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Weighted least squares; of collinear columns the shortest slopes."""
    share = share / share.sum()
    centre, level = share @ X, float(share @ y)
    scale = np.sqrt(share @ (X - centre) ** 2)
    scale = np.where(scale > 0, scale, 1.0)
    root = np.sqrt(share)
    Z = (X - centre) / scale * root[:, None]
    slope = np.linalg.lstsq(Z, (y - level) * root, rcond=1e-10)[0] / scale
    return level, centre, slope


def _boost(
    X: np.ndarray, y: np.ndarray, share: np.ndarray, rounds: int,
    check: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
) -> tuple[Any, np.ndarray]:  # fmt: skip
    """Trees, and the mean square that is left of other rows, if any, after each of them."""
    import lightgbm as lgb

    params = {
        "objective": "regression", "learning_rate": 0.3, "num_leaves": 16, "verbosity": -1,
        "min_child_samples": max(5, len(X) // 400), "num_threads": 1, "deterministic": True,
        "force_row_wise": True, "seed": 0,
    }  # fmt: skip
    data = lgb.Dataset(X, y, weight=share * len(X), params=params)
    if check is None:
        return lgb.train(params, data, rounds), np.empty(0)
    held_out = lgb.Dataset(check[0], check[1], weight=check[2] * len(X), reference=data)
    losses: dict[str, dict[str, list[float]]] = {}
    stop, record = lgb.early_stopping(PATIENCE, verbose=False), lgb.record_evaluation(losses)
    # Used once and thrown away: not written out and read in again.
    trees = lgb.train(
        params, data, rounds, valid_sets=[held_out], callbacks=[stop, record],
        keep_training_booster=True,
    )  # fmt: skip
    return trees, np.array(next(iter(losses.values()))["l2"])


def _judged(
    X: np.ndarray, y: np.ndarray, share: np.ndarray, groups: np.ndarray, seed: int, spread: float
) -> tuple[int, float]:
    """Least number of trees that is about as good as any on clusters left out, and its R²."""
    n_groups = int(groups.max()) + 1
    order = np.random.default_rng(np.random.SeedSequence([seed, n_groups])).permutation(n_groups)
    fold = (order % min(FOLDS, n_groups))[groups]
    loss = np.zeros(len(ROUNDS))
    for k in range(int(fold.max()) + 1):
        out = fold == k
        level, centre, slope = _line(X[~out], y[~out], share[~out])
        rest = y - level - (X - centre) @ slope
        left = _boost(
            X[~out], rest[~out], share[~out], int(ROUNDS[-1]), (X[out], rest[out], share[out])
        )[1]
        # Trees that were stopped early stay as they are.
        loss += left[np.minimum(ROUNDS, len(left)) - 1] * share[out].sum()
    quality = 1 - loss / spread
    pick = int(np.argmax(quality >= quality.max() - SLACK))
    return int(ROUNDS[pick]), float(quality[pick])
