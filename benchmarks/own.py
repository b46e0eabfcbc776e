"""causalgreen itself, in the coverage table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

import causalgreen as cg
from benchmarks.economies import panel_of
from benchmarks.peers import Estimate

__all__ = ["paths"]


def paths(learner: str, labels: tuple[str, ...], frame: pd.DataFrame, seed: int) -> list[Estimate]:
    """Default options; a second label asks for the constant-coefficient system of the same fit."""
    learners: dict[str, Callable[[], Any]] = {
        "linear": cg.linear,
        "lightgbm": cg.lightgbm,
        "default": lambda: None,
    }
    panel = panel_of(frame)
    study = cg.Study(
        panel, cg.green_innovation_graph(panel), learner=learners[learner](),
        seed=seed, n_jobs=1, progress=False,
    )  # fmt: skip
    effects = study.paths()
    columns = ["term", "estimate", "std_error", "conf_low", "conf_high"]
    return [
        Estimate(label, *row)
        for label, part in zip(labels, (effects, effects.constant), strict=False)
        if part is not None
        for row in part.tidy()[columns].itertuples(index=False)
    ]
