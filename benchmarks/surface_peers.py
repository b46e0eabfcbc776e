"""Other packages' forests on the rows of the panel, used as their documentation shows.

They estimate the own total effect; peers' AI is one of their controls. Imports are inside the
functions because each takes seconds.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from benchmarks.economies import CONTROLS, TRAITS, twice_demeaned
from benchmarks.peers import _boosting

__all__ = ["TREES", "causal_forest_dml", "statspai_forest"]

TREES = 400
Z = 1.959963984540054


def _firm_rows(frame: pd.DataFrame) -> np.ndarray:
    """Traits of each firm, one row each, firms in sorted order."""
    rows = frame.drop_duplicates("firm").sort_values("firm")
    return rows[list(TRAITS)].to_numpy(dtype=np.float64)


def _from_interval(estimate: Any, low: Any, high: Any) -> tuple[np.ndarray, np.ndarray]:
    width = np.ravel(np.asarray(high, dtype=np.float64)) - np.ravel(np.asarray(low))
    return np.ravel(np.asarray(estimate, dtype=np.float64)), width / (2 * Z)


def causal_forest_dml(
    frame: pd.DataFrame, seed: int, *, groups: bool = False, demeaned: bool = False,
    trees: int = TREES,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """EconML's CausalForestDML on rows.

    Parameters
    ----------
    frame : pandas.DataFrame
        Balanced panel.
    seed : int
        Seed of nuisances, folds and trees.
    groups : bool
        Keep the rows of a firm in one fold.
    demeaned : bool
        Take firm and year means out of outcome, treatment and controls first.
    trees : int
        Number of trees.

    Returns
    -------
    estimate, std_error : numpy.ndarray, shape (n_firms,)
    """
    from econml.dml import CausalForestDML

    W = frame[[*CONTROLS, "peer_ai", "year"]].to_numpy(dtype=np.float64)
    data = frame[["green_patents", "ai"]]
    if demeaned:
        columns = ["green_patents", "ai", "peer_ai", *CONTROLS]
        data = twice_demeaned(frame, columns)
        # Levels, too: a curved function of a control is no function of its deviations alone.
        W = np.column_stack([data[["peer_ai", *CONTROLS]], W])
    model = CausalForestDML(
        model_y=_boosting(seed), model_t=_boosting(seed), n_estimators=trees, random_state=seed,
        n_jobs=1,
    )  # fmt: skip
    X = frame[list(TRAITS)].to_numpy(dtype=np.float64)
    firms = {"groups": frame["firm"].to_numpy()} if groups else {}
    model.fit(data["green_patents"].to_numpy(), data["ai"].to_numpy(), X=X, W=W, **firms)
    at = _firm_rows(frame)
    return _from_interval(model.effect(at), *model.effect_interval(at, alpha=0.05))


def statspai_forest(
    frame: pd.DataFrame, seed: int, *, trees: int = TREES
) -> tuple[np.ndarray, np.ndarray]:
    """StatsPAI's causal forest with firm effects and cities as clusters.

    Parameters
    ----------
    frame : pandas.DataFrame
        Panel.
    seed : int
        Seed.
    trees : int
        Number of trees.

    Returns
    -------
    estimate, std_error : numpy.ndarray, shape (n_firms,)
    """
    import statspai as sp

    model = sp.CausalForest(
        n_estimators=trees, discrete_treatment=False, fe="unit", random_state=seed, n_jobs=1,
        model_y=_boosting(seed), model_t=_boosting(seed),
    )  # fmt: skip
    model.fit(
        Y=frame["green_patents"].to_numpy(),
        T=frame["ai"].to_numpy(),
        X=frame[list(TRAITS)].to_numpy(dtype=np.float64),
        W=frame[[*CONTROLS, "peer_ai", "year"]].to_numpy(dtype=np.float64),
        clusters=pd.factorize(frame["city"])[0],
        id=pd.factorize(frame["firm"])[0],
    )
    at = _firm_rows(frame)
    return _from_interval(model.effect(at), *model.effect_interval(at, alpha=0.05))
