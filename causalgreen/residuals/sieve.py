"""Lasso on a spline sieve: curved confounding at the cost of a linear model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from causalgreen.residuals.foldsums import FoldSums, fold_sums
from causalgreen.residuals.tasks import FoldTask, Together
from causalgreen.residuals.terms import Terms, make_terms

__all__ = ["LassoLearner"]

# Rows whose terms are in memory at a time; and the number of values up to which the terms of the
# held-out rows are kept for the next target.
ROWS, KEEP = 8_192, 16_000_000
# Of its mean square, what the variance of a term must be to be no constant.
VARIES = 1e-10


@dataclass(frozen=True, slots=True)
class LassoLearner:
    """Lasso on cubic splines, squares and products of the features, and their unshrunken refits.

    Traits multiply every term of the controls: where effects vary with a trait, so does the way
    controls move the outcome through the treatment. Terms are the same in all folds: where knots
    lie is learnt from the features of all rows, and no target is looked at. So one pass over the
    rows, a part at a time, serves all folds and targets.

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

    def predict(self, task: FoldTask) -> np.ndarray:
        """Held-out predictions along the penalty path, shape (n_test, 2 * n_penalties)."""
        together, (repeat, fold, target) = task.standing()
        terms = together.shared((self, "terms"), lambda: self._terms(task))
        sums = together.shared(
            (self, repeat), lambda: _sums(task, together, together.folds[repeat], terms)
        )
        sample = task.shared((self, id(together)), lambda: _Sample.of(sums, fold))
        level, slopes = self._path(sample, target)
        level = level + together.level[target]
        out = np.empty((len(task.test), slopes.shape[1]))
        for part, z in self._held_out(task, terms):
            out[part] = level + z @ slopes
        return out

    def _terms(self, task: FoldTask) -> Terms:
        return make_terms(
            task.X, np.flatnonzero(task.flexible), task.traits[task.flexible], self.knots,
            self.interactions,
        )  # fmt: skip

    def _held_out(self, task: FoldTask, terms: Terms) -> Iterator[tuple[slice, np.ndarray]]:
        """Terms of the held-out rows; kept for the next target where they are few."""
        if len(task.test) * terms.width <= KEEP:
            yield slice(None), task.shared((terms, "held out"), lambda: terms(task.X[task.test]))
            return
        for low in range(0, len(task.test), ROWS):
            part = slice(low, low + ROWS)
            yield part, terms(task.X[task.test[part]])

    def _path(self, sample: _Sample, target: int) -> tuple[np.ndarray, np.ndarray]:
        """Constants and slopes on the terms along the path."""
        from sklearn.linear_model import lasso_path

        moment = sample.moments[:, target]
        top = np.abs(moment).max(initial=0.0)
        slopes = np.zeros((len(sample.kept), 2 * self.n_penalties))
        if top > 0.0:
            response = sample.response(target)
            # Penalties of scikit-learn are shares of the number of rows, here that of the root.
            alphas = top * self._ratios() / len(response)
            _, path, _ = lasso_path(
                sample.root, response, alphas=alphas, precompute=sample.gram, Xy=moment,
                max_iter=1000, tol=1e-2,
            )  # fmt: skip
            refitted = _refit(sample.gram, moment, path, sample.rows)
            slopes[sample.kept] = np.column_stack([path, refitted]) / sample.spread[:, None]
        return sample.level[target] - sample.mean @ slopes, slopes


@dataclass(frozen=True, slots=True)
class _Sample:
    """The training rows of a fold, as far as a lasso sees them.

    Attributes
    ----------
    rows : int
    mean : numpy.ndarray, shape (t,)
        Weighted means of all terms.
    kept : numpy.ndarray of bool, shape (t,)
        Terms that vary.
    spread : numpy.ndarray, shape (k,)
        Their standard deviations.
    gram, moments : numpy.ndarray, shapes (k, k) and (k, p)
        Cross products of the standardised terms with themselves and with the centred targets.
    level, square : numpy.ndarray, shape (p,)
        Weighted means and centred sums of squares of the targets.
    root, half : numpy.ndarray, shape (k + 1, k)
        Rows with these very cross products, the last of zeros; and what makes their response.
    """

    rows: int
    mean: np.ndarray
    kept: np.ndarray
    spread: np.ndarray
    gram: np.ndarray
    moments: np.ndarray
    level: np.ndarray
    square: np.ndarray
    root: np.ndarray
    half: np.ndarray

    @classmethod
    def of(cls, sums: FoldSums, fold: int) -> _Sample:
        """All rows but those of a fold."""
        one = sums.without(fold)
        T, M, plain = one.products[0], one.moments[0], one.plain[0]
        mean, about = T[0, 1:] / T[0, 0], np.diag(T)[1:] / T[0, 0]
        variance = about - mean**2
        kept = (variance > VARIES * about) & (variance > 1e-16)
        spread = np.sqrt(variance[kept])
        # Weights count as many rows as there are.
        per_row, level, m = plain[0] / T[0, 0], M[0] / T[0, 0], mean[kept]
        gram = T[1:, 1:][np.ix_(kept, kept)] - T[0, 0] * np.outer(m, m)
        gram *= per_row / np.outer(spread, spread)
        moments = per_row * (M[1:][kept] - np.outer(m, M[0])) / spread[:, None]
        square = per_row * (one.squares[0] - T[0, 0] * level**2)
        root, half = _roots(gram)
        return cls(
            int(plain[0]), mean, kept, spread, gram, np.ascontiguousarray(moments), level, square,
            root, half,
        )  # fmt: skip

    def response(self, target: int) -> np.ndarray:
        """What, beside the root, has the cross products and the square of a target."""
        out = self.half @ self.moments[:, target]
        out[-1] = np.sqrt(max(float(self.square[target] - out @ out), 0.0))
        return np.asarray(out)


def _roots(gram: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A root of cross products and its inverse, each with a row of zeros below."""
    zero = np.zeros((1, len(gram)))
    if not len(gram):
        return zero, zero
    values, vectors = np.linalg.eigh(gram)
    firm = values > 1e-12 * values.max(initial=0.0)
    size = np.sqrt(np.where(firm, values, 0.0))
    inverse = np.divide(1.0, size, out=np.zeros_like(size), where=firm)
    root = np.vstack([size[:, None] * vectors.T, zero])
    return np.asfortranarray(root), np.vstack([inverse[:, None] * vectors.T, zero])


def _sums(task: FoldTask, together: Together, fold: np.ndarray, terms: Terms) -> FoldSums:
    """Cross products of a constant and all terms by fold."""

    def pieces() -> Iterator[tuple[slice, np.ndarray]]:
        for low in range(0, len(task.X), ROWS):
            part = slice(low, min(low + ROWS, len(task.X)))
            z = terms(task.X[part])
            yield part, np.column_stack([np.ones(len(z)), z])

    centred = together.Y - together.level
    return fold_sums(pieces(), 1 + terms.width, centred, task.weights, fold, int(fold.max()) + 1)


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
