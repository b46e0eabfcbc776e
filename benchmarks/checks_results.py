"""Rejection rates from raw replications, and what they were made with."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

import causalgreen as cg
from benchmarks.checks_scenarios import SCENARIOS
from benchmarks.made_with import made_with, of_run
from benchmarks.monte_carlo import panel_error, rate_error

__all__ = ["PACKAGES", "current", "fingerprint", "notes", "summarise"]

PACKAGES = ("causalgreen", "dowhy", "scikit-learn", "scipy", "numpy", "pandas")
# Only what numbers depend on; a change of the report or the command line makes nothing stale.
OURS = (
    "panel",
    "graph",
    "residuals",
    "moments",
    "effects",
    "falsify",
    "explain/multiple.py",
    "study/study.py",
)
HERE = ("checks_worlds.py", "checks_scenario.py", "checks_scenarios.py", "economies.py")
# Words, because a reader of csv files takes "null" for a gap.
KINDS = {"null": "nothing to find", "right": "something to find", "planted": "planted",
         "unseen": "unseen"}  # fmt: skip
VERDICTS = ("fail", "warn", "pass", "not applicable")


@cache
def fingerprint() -> str:
    """Changes with the code and the package versions that the numbers depend on."""
    files = [Path(__file__).with_name(name) for name in HERE]
    for name in OURS:
        path = Path(cg.__file__).parent / name
        files += [path] if path.is_file() else sorted(path.rglob("*.py"))
    files = [f for f in files if not f.stem.endswith(("plot", "drawing", "glance"))]
    out = hashlib.sha256()
    for file in files:
        out.update(file.read_bytes())
    for name in PACKAGES[1:]:
        out.update(f"{name}={version(name)};".encode())
    return out.hexdigest()[:12]


def current(raw: pd.DataFrame) -> pd.DataFrame:
    """Rows made by the code as it is now."""
    if raw.empty:
        return raw
    same = raw[raw["fingerprint"] == fingerprint()]
    return same.drop_duplicates(["scenario", "replication"], keep="last")


def summarise(raw: pd.DataFrame) -> pd.DataFrame:
    """Rates of rejection and of each verdict, with Monte-Carlo standard errors.

    Parameters
    ----------
    raw : pandas.DataFrame
        One row for each scenario and replication.

    Returns
    -------
    pandas.DataFrame
        One row for each scenario. ``rejected`` is the share of p-values of 5 % or less, empty where
        the check has none; ``pooled_*`` are errors of the rate over all scenarios of a kind; panels
        that could not be studied are ``failed`` and left out of rates.
    """
    rows = []
    for key, one in SCENARIOS.items():
        part = raw[raw["scenario"] == key]
        good = part[part["error"] == ""]
        if part.empty:
            continue
        n, tested = len(good), good["rejected"].dropna()
        size = {c: good[c].median() for c in ("firms", "periods", "clusters")}
        row = {
            "check": one.check, "what": one.what, "kind": KINDS[one.kind], "p_of": one.p_of,
            "replications": len(part), "failed": len(part) - n, **size,
            "simulations": good["simulations"].median(), "learner": "linear",
            "rejected": tested.mean() if len(tested) else np.nan,
            "rejected_mcse": rate_error(tested.mean(), len(tested)) if len(tested) else np.nan,
        }  # fmt: skip
        judged = n and not one.ask
        for verdict in VERDICTS:
            rate = (good["verdict"] == verdict).mean() if judged else np.nan
            row[verdict.replace(" ", "_")] = rate
            row[f"{verdict.replace(' ', '_')}_mcse"] = rate_error(rate, n)
        row["seconds"] = good["seconds"].mean()
        row["reason"] = part.loc[part["error"] != "", "error"].iloc[0] if n < len(part) else ""
        rows.append(row)
    table = pd.DataFrame(rows)
    for column, errors in _pooled_errors(raw).items():
        table[column] = table["kind"].map(errors).astype(float)
    return table


def _pooled_errors(raw: pd.DataFrame) -> dict[str, dict[str, float]]:
    """By kind: errors of the rates over all its scenarios, which share their seeds."""
    good = raw[raw["error"] == ""].reset_index(drop=True)
    kinds = good["scenario"].map({key: KINDS[one.kind] for key, one in SCENARIOS.items()})
    found = good["verdict"].isin(["fail", "warn"]).astype(float)
    found = found.where(good["verdict"] != "", good["rejected"])
    hits = {"pooled_rejected_mcse": good["rejected"], "pooled_caught_mcse": found}
    return {
        name: {k: panel_error(hit[kinds == k], good["replication"][kinds == k])
               for k in kinds.unique()}
        for name, hit in hits.items()
    }  # fmt: skip


def notes(raw: pd.DataFrame, base_seed: int, wall_seconds: float) -> pd.DataFrame:
    """What the table was made with: versions, seeds, machine, time; two columns."""
    return made_with([
        *of_run(raw, base_seed, wall_seconds),
        ("seconds_of_all_panels", round(float(raw["seconds"].sum()))),
        ("fingerprint", fingerprint()),
    ], PACKAGES)  # fmt: skip
