"""Lasso on a spline sieve: curved confounding at the cost of a linear model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalgreen.residuals.learners import FoldTask
from causalgreen.residuals.linear import fill_missing

__all__ = ["LassoLearner"]

# Beyond so many terms the pairwise products are left out: they grow with the square of the controls.
MAX_TERMS = 500
CLIP = 4.0


@dataclass(frozen=True, slots=True)
class LassoLearner:
    """Lasso on cubic splines, squares and pairwise products of the features.

    Tibshirani (1996), doi 10.1111/j.2517-6161.1996.tb02080.x; sieve as in Chen (2007), doi
    10.1016/S1573-4412(07)06076-X; coordinate descent and splines of scikit-learn.
    """

    knots: int = 6
    interactions: bool = True
    n_penalties: int = 12

    @property
    def name(self) -> str:
        """Short name for reports."""
        return "lasso"

    def labels(self) -> tuple[str, ...]:
        """Penalties as shares of the smallest one that drops every term."""
        return tuple(f"penalty {r:.2g} of the largest" for r in self._ratios())

    def _ratios(self) -> np.ndarray:
        return np.geomspace(1.0, 3e-3, self.n_penalties)

    def predict(self, task: FoldTask) -> np.ndarray:
        """Held-out predictions along the penalty path, shape (n_test, n_penalties)."""
        from sklearn.linear_model import lasso_path

        train, test = self._terms(*fill_missing(*task.halves()), task.train_weights())
        y, w = task.y[task.train], task.train_weights()
        level = np.average(y, weights=w)
        root = np.ones(len(y)) if w is None else np.sqrt(w / w.mean())
        design, response = root[:, None] * train, root * (y - level)
        gram, moment = design.T @ design, design.T @ response
        top = np.abs(moment).max(initial=0.0) / len(y)
        if top == 0.0:
            return np.full((len(task.test), self.n_penalties), level)
        alphas, path, _ = lasso_path(
            design, response, alphas=top * self._ratios(), precompute=gram, Xy=moment,
            max_iter=1000, tol=1e-2,
        )  # fmt: skip
        return level + test @ path

    def _terms(
        self, train: np.ndarray, test: np.ndarray, weights: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Sieve terms, standardised on the training rows."""
        from sklearn.preprocessing import SplineTransformer

        centre, scale = train.mean(axis=0), train.std(axis=0)
        varies = scale > 1e-12 * np.maximum(np.abs(centre), 1.0)
        train, test = ((x[:, varies] - centre[varies]) / scale[varies] for x in (train, test))
        # An outlier of a ratio must not rule its square.
        train, test = np.clip(train, -CLIP, CLIP), np.clip(test, -CLIP, CLIP)
        smooth = np.array([len(np.unique(column[:2000])) > 2 * self.knots for column in train.T])
        splines = SplineTransformer(
            self.knots, knots="quantile", extrapolation="linear", include_bias=False
        )
        if smooth.any():
            splines.fit(train[:, smooth])
        k = train.shape[1]
        products = self.interactions and k * (k + 9) // 2 <= MAX_TERMS
        i, j = np.triu_indices(k, 1)

        def expand(z: np.ndarray) -> np.ndarray:
            blocks = [z, z**2]
            if smooth.any():
                blocks.append(splines.transform(z[:, smooth]))
            if products:
                blocks.append(z[:, i] * z[:, j])
            return np.column_stack(blocks)

        a, b = expand(train), expand(test)
        mean = np.average(a, axis=0, weights=weights)
        spread = np.sqrt(np.average((a - mean) ** 2, axis=0, weights=weights))
        keep = spread > 1e-8
        return (a[:, keep] - mean[keep]) / spread[keep], (b[:, keep] - mean[keep]) / spread[keep]
