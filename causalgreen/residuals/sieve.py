"""Lasso on a spline sieve: curved confounding at the cost of a linear model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from causalgreen.residuals.linear import fill_missing
from causalgreen.residuals.tasks import FoldTask

__all__ = ["LassoLearner"]

# Beyond so many terms the products are thinned out: they grow with the square of the controls.
MAX_TERMS = 600
CLIP = 4.0


@dataclass(frozen=True, slots=True)
class LassoLearner:
    """Lasso on cubic splines, squares and products of the features, and their unshrunken refits.

    Traits multiply every term of the controls: where effects vary with a trait, so does the way
    controls move the outcome through the treatment.

    Tibshirani (1996), doi 10.1111/j.2517-6161.1996.tb02080.x; Belloni and Chernozhukov (2013), doi
    10.3150/11-BEJ410 (refit); coordinate descent and splines of scikit-learn.
    """

    knots: int = 6
    interactions: bool = True
    n_penalties: int = 12

    @property
    def name(self) -> str:
        """Short name for reports."""
        return "lasso"

    def labels(self) -> tuple[str, ...]:
        """Penalties as shares of the smallest one that drops every term; shrunken and refitted."""
        shares = [f"penalty {r:.2g} of the largest" for r in self._ratios()]
        return (*shares, *(f"{share}, refitted" for share in shares))

    def _ratios(self) -> np.ndarray:
        return np.geomspace(1.0, 3e-3, self.n_penalties)

    def most_terms(self, features: int, traits: int) -> int:
        """Terms made of so many features and traits among them, were all of them continuous."""
        smooth = features - traits
        splines, products = smooth * (self.knots + 1), features * (features - 1) // 2
        terms = 2 * features + splines
        room = MAX_TERMS - terms - products
        if not self.interactions:
            return terms
        if room < 0:
            return terms + traits * smooth
        return terms + products + (traits * splines if room >= traits * splines else 0)

    def predict(self, task: FoldTask) -> np.ndarray:
        """Held-out predictions along the penalty path, shape (n_test, 2 * n_penalties)."""
        from sklearn.linear_model import lasso_path

        y, w = task.y[task.train], task.train_weights()
        design, test, gram = task.shared(self, lambda: self._prepare(task))
        level = np.average(y, weights=w)
        root = np.ones(len(y)) if w is None else np.sqrt(w / w.mean())
        response = root * (y - level)
        moment = design.T @ response
        top = np.abs(moment).max(initial=0.0) / len(y)
        if top == 0.0:
            return np.full((len(task.test), 2 * self.n_penalties), level)
        _, path, _ = lasso_path(
            design, response, alphas=top * self._ratios(), precompute=gram, Xy=moment,
            max_iter=1000, tol=1e-2,
        )  # fmt: skip
        return level + test @ np.column_stack([path, _refit(gram, moment, path, len(y))])

    def _prepare(self, task: FoldTask) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Weighted training terms, held-out terms, and the cross products of the former."""
        train, test = self._terms(task)
        w = task.train_weights()
        design = train if w is None else np.sqrt(w / w.mean())[:, None] * train
        return design, test, design.T @ design

    def _terms(self, task: FoldTask) -> tuple[np.ndarray, np.ndarray]:
        """Sieve terms, standardised on the training rows."""
        train, test = task.halves()
        kinds = task.traits[task.flexible]
        flagged = train.shape[1]
        train, test = fill_missing(train, test)
        kinds = np.append(kinds, np.zeros(train.shape[1] - flagged, dtype=bool))
        centre, scale = train.mean(axis=0), train.std(axis=0)
        varies = scale > 1e-12 * np.maximum(np.abs(centre), 1.0)
        # Clipped: an outlier of a ratio must not rule its square.
        train, test = (
            np.clip((x[:, varies] - centre[varies]) / scale[varies], -CLIP, CLIP)
            for x in (train, test)
        )
        expand = self._expansion(train, kinds[varies])
        a, b, w = expand(train), expand(test), task.train_weights()
        mean = np.average(a, axis=0, weights=w)
        spread = np.sqrt(np.average((a - mean) ** 2, axis=0, weights=w))
        keep = spread > 1e-8
        return (a[:, keep] - mean[keep]) / spread[keep], (b[:, keep] - mean[keep]) / spread[keep]

    def _expansion(
        self, train: np.ndarray, traits: np.ndarray
    ) -> Callable[[np.ndarray], np.ndarray]:
        """Map standardised features to terms; as many products as there is room for."""
        from sklearn.preprocessing import SplineTransformer

        many = np.array([len(np.unique(x[:2000])) > 2 * self.knots for x in train.T], dtype=bool)
        smooth = many & ~traits
        splines = SplineTransformer(
            self.knots, knots="quantile", extrapolation="linear", include_bias=False
        )
        if smooth.any():
            splines.fit(train[:, smooth])
        k, q = train.shape[1], int(traits.sum())
        i, j = np.triu_indices(k, 1)
        n_splines = int(smooth.sum()) * (self.knots + 1)
        room = MAX_TERMS - 2 * k - n_splines - len(i)
        pairs = self.interactions and room >= 0
        curves = pairs and room >= q * n_splines

        def expand(z: np.ndarray) -> np.ndarray:
            blocks = [z, z**2]
            if smooth.any():
                blocks.append(splines.transform(z[:, smooth]))
            if pairs:
                blocks.append(z[:, i] * z[:, j])
            elif self.interactions:
                blocks += [z[:, ~traits] * t[:, None] for t in z[:, traits].T]
            if curves and smooth.any():
                blocks += [blocks[2] * t[:, None] for t in z[:, traits].T]
            return np.column_stack(blocks)

        return expand


def _refit(gram: np.ndarray, moment: np.ndarray, path: np.ndarray, n: int) -> np.ndarray:
    """Least squares on the terms that each penalty keeps; shrunken where these are too many."""
    out = path.copy()
    for column in range(path.shape[1]):
        active = np.flatnonzero(path[:, column])
        if 0 < len(active) <= n // 20:
            block = gram[np.ix_(active, active)]
            # The ridge only keeps splines that repeat each other from breaking the solution.
            ridge = 1e-6 * np.trace(block) / len(active)
            solved = np.linalg.solve(block + ridge * np.eye(len(active)), moment[active])
            out[active, column] = solved
    return out
