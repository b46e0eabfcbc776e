"""Rejection rates from raw replications, and what they were made with."""

from __future__ import annotations

import hashlib
import os
import platform
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

import causalgreen as cg
from benchmarks.checks_scenarios import SCENARIOS

__all__ = ["PACKAGES", "current", "fingerprint", "notes", "summarise"]

PACKAGES = ("causalgreen", "dowhy", "scikit-learn", "scipy", "numpy", "pandas")
# Only what numbers depend on; a change of the report or the command line makes nothing stale.
OURS = ("panel", "graph", "residuals", "moments", "effects", "falsify", "explain/multiple.py")
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
        the check has none; panels that could not be studied are ``failed`` and left out of rates.
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
            "rejected_mcse": _mcse(tested.mean(), len(tested)) if len(tested) else np.nan,
        }  # fmt: skip
        judged = n and not one.ask
        for verdict in VERDICTS:
            rate = (good["verdict"] == verdict).mean() if judged else np.nan
            row[verdict.replace(" ", "_")] = rate
            row[f"{verdict.replace(' ', '_')}_mcse"] = _mcse(rate, n)
        row["seconds"] = good["seconds"].mean()
        row["reason"] = part.loc[part["error"] != "", "error"].iloc[0] if n < len(part) else ""
        rows.append(row)
    return pd.DataFrame(rows)


def _mcse(rate: float, n: int) -> float:
    """Monte-Carlo standard error; for no and for all, that of half a draw more."""
    if not n or np.isnan(rate):
        return float("nan")
    middle = min(max(rate, 0.5 / n), 1 - 0.5 / n)
    return float(np.sqrt(middle * (1 - middle) / n))


def notes(raw: pd.DataFrame, base_seed: int, wall_seconds: float) -> pd.DataFrame:
    """What the table was made with: versions, seeds, machine, time; two columns."""
    versions = [(p, cg.__version__ if p == "causalgreen" else version(p)) for p in PACKAGES]
    items: list[tuple[str, object]] = [
        ("python", platform.python_version()),
        *versions,
        ("base_seed", base_seed),
        ("first_seed", base_seed + int(raw["replication"].min())),
        ("last_seed", base_seed + int(raw["replication"].max())),
        ("date", datetime.now(UTC).date().isoformat()),
        ("system", f"{platform.system()} {platform.machine()}"),
        ("cores", os.cpu_count()),
        ("wall_seconds_of_last_run", round(wall_seconds)),
        ("seconds_of_all_panels", round(float(raw["seconds"].sum()))),
        ("fingerprint", fingerprint()),
    ]
    return pd.DataFrame(items, columns=["what", "value"])
