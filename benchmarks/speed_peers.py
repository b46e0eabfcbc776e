"""EconML on the rows of the speed benchmark, with the learners of the study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.economies import TRAITS

__all__ = ["Rounds", "forest_fit", "forest_through_dowhy", "nuisances"]


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
    """The trees of `causalgreen.lightgbm`."""
    from lightgbm import LGBMRegressor

    return LGBMRegressor(
        n_estimators=rounds, learning_rate=0.1, num_leaves=8, min_child_samples=20, max_bin=63,
        force_row_wise=True, random_state=seed, n_jobs=1, verbose=-1,
    )  # fmt: skip


def _controls(frame: pd.DataFrame, controls: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Traits as effect modifiers; controls, peers' AI and the year beside them."""
    X = frame[list(TRAITS)].to_numpy(dtype=np.float64)
    return X, frame[[*controls, "peer_ai", "year"]].to_numpy(dtype=np.float64)


def nuisances(
    frame: pd.DataFrame, controls: list[str], rounds: Rounds, folds: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Out-of-fold predictions of outcome and treatment, as EconML makes them."""
    from sklearn.model_selection import KFold, cross_val_predict

    XW = np.column_stack(_controls(frame, controls))
    cv = KFold(folds, shuffle=True, random_state=seed)
    return tuple(
        cross_val_predict(_boosting(n, seed), XW, frame[name].to_numpy(), cv=cv)
        for name, n in (("green_patents", rounds.outcome), ("ai", rounds.treatment))
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
