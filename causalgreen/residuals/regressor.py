"""Any scikit-learn regressor as a learner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from causalgreen.errors import DesignError
from causalgreen.residuals.linear import fill_missing
from causalgreen.residuals.tasks import FoldTask

__all__ = ["SklearnLearner", "tags_of"]


def tags_of(model: Any) -> Any:
    """What scikit-learn knows of an estimator; None where that is nothing.

    An object with ``fit`` and ``predict`` alone has no tags, nor has a wrapper of another package
    that is older than they are.
    """
    from sklearn.utils import get_tags

    if not hasattr(type(model), "__sklearn_tags__"):
        return None
    try:
        return get_tags(model)
    except (AttributeError, TypeError, ValueError):
        return None


@dataclass(frozen=True, slots=True)
class SklearnLearner:
    """A scikit-learn regressor, cloned for each fold."""

    model: Any

    @property
    def name(self) -> str:
        """Class of the regressor."""
        return type(self.model).__name__

    def labels(self) -> tuple[str, ...]:
        """One candidate."""
        return ("as given",)

    def predict(self, task: FoldTask) -> np.ndarray:
        """Held-out predictions, shape (n_test, 1)."""
        from sklearn.base import clone

        # Without get_params it is copied as it stands.
        model = clone(self.model, safe=False)
        if hasattr(model, "get_params") and "random_state" in model.get_params():
            model.set_params(random_state=task.seed)
        train, test = task.halves()
        tags = tags_of(model)
        if tags is None or not tags.input_tags.allow_nan:
            train, test = fill_missing(train, test)
        model.fit(train, task.y[task.train], **self._weights(model, task))
        return np.asarray(model.predict(test), dtype=np.float64).reshape(-1, 1)

    def _weights(self, model: Any, task: FoldTask) -> dict[str, np.ndarray | None]:
        if task.weights is None:
            return {}
        from sklearn.utils.validation import has_fit_parameter

        if not has_fit_parameter(model, "sample_weight"):
            raise DesignError(
                f"the panel has weights and {self.name} takes none (no sample_weight in fit); "
                "choose cg.lightgbm(), cg.linear(), cg.lasso() or another regressor"
            )
        return {"sample_weight": task.train_weights()}
