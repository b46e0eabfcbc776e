"""The R package grf, where R is installed: a causal forest with clusters, called by Rscript."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.economies import CONTROLS, TRAITS, twice_demeaned
from benchmarks.made_with import NONE, grf_version
from benchmarks.peers import Estimate, NotRun, _normal

__all__ = ["SCRIPT", "TREES", "grf", "parsed"]

SCRIPT = Path(__file__).with_name("grf_paths.R")
TREES = 2000  # its default
MARK = "grf,"


def grf(label: str, frame: pd.DataFrame, seed: int, trees: int = TREES) -> list[Estimate]:
    """causal_forest and average_treatment_effect on demeaned rows; cities are its clusters.

    Raises
    ------
    NotRun
        Where there is no R, or no grf in it.
    """
    rscript = shutil.which("Rscript")
    if rscript is None or grf_version() == NONE:
        raise NotRun("R with grf is not installed")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        _rows(frame).to_csv(path, index=False)
        done = subprocess.run(
            [rscript, str(SCRIPT), str(path), str(trees), str(seed)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"Rscript ended with {done.returncode}: {_last(done.stderr)}")
    return [_normal(label, "own_total", *parsed(done.stdout))]


def parsed(printed: str) -> tuple[float, float]:
    r"""Estimate and standard error from what the script prints, warnings around it or not.

    Raises
    ------
    RuntimeError
        If there is not exactly one such line.

    Examples
    --------
    >>> parsed("Loading\ngrf,0.5,0.25\n")
    (0.5, 0.25)
    """
    found = [line for line in printed.splitlines() if line.startswith(MARK)]
    if len(found) != 1:
        raise RuntimeError(f"grf printed {len(found)} estimates, not one: {_last(printed)}")
    estimate, std_error = (float(text) for text in found[0].removeprefix(MARK).split(","))
    return estimate, std_error


def _last(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "nothing was printed"


def _rows(frame: pd.DataFrame) -> pd.DataFrame:
    """What the direct use of EconML gets, too: deviations, and levels of controls and traits."""
    flat = twice_demeaned(frame, ["green_patents", "ai", "peer_ai", *CONTROLS])
    levels = frame[[*CONTROLS, *TRAITS, "year"]].add_suffix("_level")
    named = flat.rename(columns={"green_patents": "outcome", "ai": "treatment"})
    cluster = np.unique(frame["city"], return_inverse=True)[1] + 1
    return pd.concat([named, levels.astype(float)], axis=1).assign(cluster=cluster)
