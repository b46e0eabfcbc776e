"""EconML through DoWhy, as DoWhy's documentation shows it: model, identify, estimate.

DoWhy takes its adjustment set and its effect modifiers from Python sets, so that the order of the
columns, and with it the numbers, changes with PYTHONHASHSEED. The benchmarks fix it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from benchmarks.economies import CONTROLS, TRAITS, twice_demeaned
from benchmarks.peers import Estimate, Z, _boosting

__all__ = ["estimate_effect", "forest", "linear"]


def _table(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Rows without firm and year means, levels of the controls beside them; names of causes."""
    flat = twice_demeaned(frame, ["green_patents", "ai", "peer_ai", *CONTROLS])
    # Levels, too: a curved function of a control is no function of its deviations alone.
    levels = frame[[*CONTROLS, "year"]].add_suffix("_level").astype(float)
    table = pd.concat([flat, levels, frame[list(TRAITS)].astype(float)], axis=1)
    return table, [c for c in table if c not in ("green_patents", "ai")]


def estimate_effect(
    table: pd.DataFrame, causes: list[str], method: str, init: dict[str, Any],
    modifiers: list[str],
) -> Any:  # fmt: skip
    """The four steps but refutation; all causes are common causes of treatment and outcome.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows with ``green_patents`` and ``ai``.
    causes, modifiers : list of str
        Common causes, and those of them that the effect may vary with.
    method : str
        Such as ``"econml.dml.LinearDML"``.
    init : dict
        Arguments of the estimator.

    Returns
    -------
    dowhy.causal_estimator.CausalEstimate
    """
    import logging

    from dowhy import CausalModel

    logging.getLogger("dowhy").setLevel(logging.ERROR)  # it tells every step of every panel
    model = CausalModel(
        data=table, treatment="ai", outcome="green_patents", common_causes=causes,
        effect_modifiers=modifiers,
    )  # fmt: skip
    # its default search takes seconds from 20 causes on, and returns the same set
    estimand = model.identify_effect(
        proceed_when_unidentifiable=True, method_name="maximal-adjustment"
    )
    return model.estimate_effect(
        estimand, method_name=f"backdoor.{method}", control_value=0, treatment_value=1,
        confidence_intervals=True, effect_modifiers=modifiers,
        method_params={"init_params": init, "fit_params": {}},
    )  # fmt: skip


def _init(seed: int, **more: Any) -> dict[str, Any]:
    return {"model_y": _boosting(seed), "model_t": _boosting(seed), "cv": 5, "random_state": seed,
            **more}  # fmt: skip


def linear(label: str, frame: pd.DataFrame, seed: int) -> list[Estimate]:
    """LinearDML with one effect; DoWhy's own interval."""
    found = estimate_effect(*_table(frame), "econml.dml.LinearDML", _init(seed), [])
    low, high = (float(v) for v in np.ravel(found.get_confidence_intervals()))
    error = (high - low) / (2 * Z)
    return [Estimate(label, "own_total", float(found.value), error, low, high)]


def forest(label: str, frame: pd.DataFrame, seed: int, trees: int = 400) -> list[Estimate]:
    """CausalForestDML whose effects vary with the traits; DoWhy's average of them.

    DoWhy's interval is by row: the interval of the average is that of the estimator inside, asked
    in DoWhy's order of the modifiers.
    """
    table, causes = _table(frame)
    init = _init(seed, n_estimators=trees, n_jobs=1)
    found = estimate_effect(table, causes, "econml.dml.CausalForestDML", init, list(TRAITS))
    order = found.estimator._effect_modifier_names
    average = found.estimator.estimator.ate_inference(table[order], T0=0, T1=1)
    low, high = (float(np.ravel(v)[0]) for v in average.conf_int_mean(alpha=0.05))
    error = float(np.ravel(average.stderr_mean)[0])
    return [Estimate(label, "own_total", float(found.value), error, low, high)]
