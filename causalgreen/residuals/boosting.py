"""Gradient boosting on a linear fit, with the number of rounds left open until all folds are in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from causalgreen.errors import DesignError
from causalgreen.residuals.bins import binned
from causalgreen.residuals.linear import linear_fit
from causalgreen.residuals.parameters import thawed
from causalgreen.residuals.tasks import FoldTask

__all__ = ["LightGBMLearner"]

# Rounds without a gain on held-out clusters that end the training, at a learning rate of one.
PATIENCE = 4.0
# Share of the variance that these rounds must explain together to count as a gain.
GAIN = 1e-3
# Rows from which LightGBM learns where bins end.
BINNED_FROM = 20_000
# Ridge penalty of the lines in leaves, on features in units of their spread.
RIDGE = 1.0


@dataclass(frozen=True, slots=True)
class LightGBMLearner:
    """LightGBM; predicts after several numbers of rounds, among which the study chooses."""

    learning_rate: float
    num_leaves: int
    min_child_samples: int
    max_rounds: int
    max_bin: int
    on_linear: bool
    extra_trees: bool
    linear_tree: bool
    params: tuple[tuple[str, Any], ...] = ()

    @property
    def name(self) -> str:
        """Short name for reports."""
        return "lightgbm"

    def _checkpoints(self) -> np.ndarray:
        grid = np.unique(np.round(np.geomspace(5, max(self.max_rounds, 5), 14)).astype(int))
        grid = np.minimum(grid, self.max_rounds)
        return np.unique(np.concatenate([[0], grid]))

    def _patience(self) -> int:
        return max(5, round(PATIENCE / self.learning_rate))

    def labels(self) -> tuple[str, ...]:
        """Numbers of rounds."""
        return tuple(f"{k} rounds" for k in self._checkpoints())

    def predict(self, task: FoldTask) -> np.ndarray:
        """Held-out predictions after each number of rounds, shape (n_test, n_checkpoints)."""
        base_train, base_test = self._base(task)
        scores = self._train(task, base_train, base_test)
        last = max(scores)
        out = [base_test + scores[min(int(rounds), last)] for rounds in self._checkpoints()[1:]]
        return np.column_stack([base_test, *out])

    def _base(self, task: FoldTask) -> tuple[np.ndarray, np.ndarray]:
        if self.on_linear:
            return linear_fit(task)
        level = np.average(task.y[task.train], weights=task.train_weights())
        return np.full(len(task.train), level), np.full(len(task.test), level)

    def _train(
        self, task: FoldTask, base_train: np.ndarray, base_test: np.ndarray
    ) -> dict[int, np.ndarray]:
        """Held-out sums of trees by number of rounds: at checkpoints, and after the last round."""
        import lightgbm as lgb

        params = self._settings(task.seed)
        data, held_out = task.shared(self, lambda: self._bin(task, params))
        data.set_label(task.y[task.train] - base_train)
        held_out.set_label(task.y[task.test] - base_test)
        scores, wanted, done = {0: np.zeros(len(task.test))}, set(self._checkpoints()), 0

        gain = self._gain(task, base_test)
        rule = lgb.early_stopping(self._patience(), verbose=False, min_delta=gain)

        def listen(score: np.ndarray, _: Any) -> list[Any]:
            # LightGBM keeps these sums for its stopping rule: nothing has to be predicted again.
            nonlocal done
            if done not in wanted:
                del scores[done]
            done += 1
            scores[done] = np.array(score, dtype=np.float64)
            return []

        # The held-out clusters only end the training; the number of rounds used is one for all
        # folds, chosen by the loss over all of them.
        try:
            lgb.train(
                params, data, self.max_rounds, valid_sets=[held_out], keep_training_booster=True,
                feval=listen, callbacks=[rule],
            )  # fmt: skip
        except lgb.basic.LightGBMError as error:
            said = str(error).split(" at /")[0].strip()
            raise DesignError(
                f"lightgbm(): LightGBM refuses this panel: {said}. It sees "
                f"{int(task.flexible.sum())} features (levels and firm means of the controls, "
                "traits, the period): lists with one value for each feature need as many"
            ) from error
        return scores

    def _gain(self, task: FoldTask, base_test: np.ndarray) -> float:
        """Fall in the loss on held-out rows that counts."""
        weights = None if task.weights is None else task.weights[task.test]
        return GAIN * float(np.average((task.y[task.test] - base_test) ** 2, weights=weights))

    def _settings(self, seed: int) -> dict[str, Any]:
        lines = {"linear_tree": True, "linear_lambda": RIDGE} if self.linear_tree else {}
        return {
            "objective": "regression", "learning_rate": self.learning_rate,
            "num_leaves": self.num_leaves, "min_child_samples": self.min_child_samples,
            "max_bin": self.max_bin, "bin_construct_sample_cnt": BINNED_FROM,
            "extra_trees": self.extra_trees,
            "boost_from_average": False, "verbosity": -1,
            "num_threads": 1, "deterministic": True, "force_row_wise": True,
            "seed": seed, **lines, **dict(thawed(self.params)),
            "metric": "l2",  # what a gain is measured in
        }  # fmt: skip

    def _bin(self, task: FoldTask, params: dict[str, Any]) -> tuple[Any, Any]:
        """Binned features of the training and the held-out rows, once for all targets of a fold."""
        # Bins depend on a seed where rows are sampled: one for all, whichever target is first.
        fixed = {**params, "seed": 0}

        def whole() -> Any:
            return binned(task.X, np.flatnonzero(task.flexible), task.weights, fixed)

        # Where bins end is learnt from features alone, of any row; no target is looked at.
        every = whole() if task.together is None else task.together.shared(self, whole)
        data, held_out = (
            every.subset(rows, fixed).construct() for rows in (task.train, task.test)
        )  # fmt: skip
        return data, held_out
