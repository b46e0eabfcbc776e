"""EconML on the rows of the speed benchmark, with the learners of the study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.economies import TRAITS

__all__ = [
    "Rounds", "forest_fit", "forest_through_dowhy", "nuisances", "nuisances_alike",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rounds:
    """Rounds of boosting that the study chose by its out-of-fold loss.

    EconML takes a fixed number; finding one costs it more, which is not counted.
    """

    outcome: int
    treatment: int

    @classmethod
    def of(cls, study: Any) -> Rounds:
        """From a study whose residuals are computed."""
        names, chosen = study.residuals.names, study.residuals.choices[0]

        def rounds(name: str) -> int:
            return max(1, int(chosen[names.index(name)].tuning[0].split()[0]))

        roles = study.panel.roles
        return cls(rounds(roles.outcome), rounds(roles.treatments[0]))


def _boosting(rounds: int, seed: int) -> Any:
    """The trees of `causalgreen.lightgbm`, whose settings are read off it."""
    from lightgbm import LGBMRegressor

    import causalgreen as cg
    from causalgreen.residuals.boosting import RIDGE

    ours: Any = cg.lightgbm()
    return LGBMRegressor(
        n_estimators=rounds, learning_rate=ours.learning_rate, num_leaves=ours.num_leaves,
        min_child_samples=ours.min_child_samples, max_bin=ours.max_bin, force_row_wise=True,
        extra_trees=ours.extra_trees, linear_tree=ours.linear_tree, linear_lambda=RIDGE,
        random_state=seed, n_jobs=1, verbose=-1,
    )  # fmt: skip


def _controls(frame: pd.DataFrame, controls: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Traits as effect modifiers; controls, peers' AI and the year beside them."""
    X = frame[list(TRAITS)].to_numpy(dtype=np.float64)
    return X, frame[[*controls, "peer_ai", "year"]].to_numpy(dtype=np.float64)


def nuisances(
    frame: pd.DataFrame, controls: list[str], rounds: Rounds, folds: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Out-of-fold predictions of outcome and treatment, as EconML makes them."""
    models = _boosting(rounds.outcome, seed), _boosting(rounds.treatment, seed)
    return _out_of_fold(np.column_stack(_controls(frame, controls)), frame, models, folds, seed)


def nuisances_alike(
    study: Any, frame: pd.DataFrame, rounds: Rounds, folds: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """The same on the features of the study: levels and firm means of the controls."""
    design = study.residuals.design
    models = _boosting(rounds.outcome, seed), _boosting(rounds.treatment, seed)
    features = np.ascontiguousarray(design.features[:, design.flexible])
    return _out_of_fold(features, frame, models, folds, seed)


def _out_of_fold(
    X: np.ndarray, frame: pd.DataFrame, models: tuple[Any, Any], folds: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.model_selection import KFold, cross_val_predict

    cv = KFold(folds, shuffle=True, random_state=seed)
    return tuple(
        cross_val_predict(model, X, frame[name].to_numpy(), cv=cv)
        for name, model in zip(("green_patents", "ai"), models, strict=True)
    )  # type: ignore[return-value]


def forest_fit(
    frame: pd.DataFrame, controls: list[str], rounds: Rounds, folds: int, trees: int, seed: int
) -> Any:
    """One ``CausalForestDML.fit``: nuisances of two variables, one forest, one effect."""
    from econml.dml import CausalForestDML

    X, W = _controls(frame, controls)
    model = CausalForestDML(
        model_y=_boosting(rounds.outcome, seed), model_t=_boosting(rounds.treatment, seed),
        cv=folds, n_estimators=trees, random_state=seed, n_jobs=1,
    )  # fmt: skip
    return model.fit(frame["green_patents"].to_numpy(), frame["ai"].to_numpy(), X=X, W=W)


def forest_through_dowhy(
    frame: pd.DataFrame, controls: list[str], rounds: Rounds, trees: int, seed: int
) -> Any:
    """The same forest as DoWhy's documentation shows it: model, identify, estimate, intervals."""
    from benchmarks.peers_dowhy import estimate_effect

    causes = [*TRAITS, *controls, "peer_ai", "year"]
    init = {
        "model_y": _boosting(rounds.outcome, seed), "model_t": _boosting(rounds.treatment, seed),
        "cv": 5, "n_estimators": trees, "random_state": seed, "n_jobs": 1,
    }  # fmt: skip
    table = frame[["green_patents", "ai", *causes]].astype(float)
    return estimate_effect(table, causes, "econml.dml.CausalForestDML", init, list(TRAITS))
