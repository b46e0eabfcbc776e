"""Versions, date and machine of a run: what every results file says it was made with."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pandas as pd

import causalgreen as cg

__all__ = [
    "GRF",
    "PACKAGES",
    "grf_version",
    "machine",
    "machine_in",
    "made_with",
    "of_run",
    "told",
    "version_of",
    "versions_in",
]

GRF = "R grf"
PACKAGES = (
    "causalgreen", "econml", "dowhy", "doubleml", "StatsPAI", "diff-diff", "pyfixest", GRF,
    "lightgbm", "scikit-learn", "numpy", "pandas",
)  # fmt: skip
NONE = "not installed"
GIB = 2.0**30


@cache
def grf_version() -> str:
    """Version of the R package grf; "not installed" where R or grf is not."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        return NONE
    ask = "cat(tryCatch(as.character(packageVersion('grf')), error = function(e) ''))"
    done = subprocess.run([rscript, "-e", ask], capture_output=True, text=True, check=False)
    return done.stdout.strip() or NONE


def version_of(package: str) -> str:
    """Version of a package of Python, of grf, or "not installed"."""
    if package == "causalgreen":
        return str(cg.__version__)
    if package == GRF:
        return grf_version()
    try:
        return version(package)
    except PackageNotFoundError:
        return NONE


def versions_in(notes: dict[str, str], packages: Sequence[str] = PACKAGES) -> str:
    """Versions that a file of notes holds, as one line of text."""
    return ", ".join(f"{name} {notes[name]}" for name in ("python", *packages) if name in notes)


def machine_in(notes: dict[str, str]) -> str:
    """The machine that a file of notes holds, as one line of text."""
    words = {"system": "{}", "processor": "{}", "cores": "{} cores", "memory_gib": "{} GiB"}
    return ", ".join(words[k].format(notes[k]) for k in words if k in notes)


def told(notes: dict[str, str], module: str, packages: Sequence[str] = PACKAGES) -> str:
    """What a file of notes says, and how to make the numbers again, as a last paragraph."""
    seeds = f"from {notes['first_seed']}"
    if "last_seed" in notes:
        seeds = f"{notes['first_seed']} to {notes['last_seed']}"
    return (
        f"{versions_in(notes, packages)}. Seeds {seeds}. {notes['date']}, {machine_in(notes)}. To "
        f"make it again: `python -m benchmarks.{module}`."
    )


def machine() -> list[tuple[str, object]]:
    """What the machine is: system, processor model, cores, memory. Never its name."""
    return [
        ("system", f"{platform.system()} {platform.machine()}"),
        ("processor", _processor()),
        ("cores", os.cpu_count()),
        ("memory_gib", _memory()),
    ]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(x.partition(":")[2].strip() for x in lines if x.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / GIB:.0f}"
    except (AttributeError, ValueError, OSError):
        return "unknown"


def of_run(raw: pd.DataFrame, base_seed: int, wall_seconds: float) -> list[tuple[str, object]]:
    """Seeds of the replications that a table rests on, and how long the last run took.

    Parameters
    ----------
    raw : pandas.DataFrame
        Replications; column ``replication`` counts from the base seed.
    base_seed : int
    wall_seconds : float
    """
    return [
        ("base_seed", base_seed),
        ("first_seed", base_seed + int(raw["replication"].min())),
        ("last_seed", base_seed + int(raw["replication"].max())),
        ("wall_seconds_of_last_run", round(wall_seconds)),
    ]


def made_with(
    more: Sequence[tuple[str, object]] = (), packages: Sequence[str] = PACKAGES
) -> pd.DataFrame:
    """Versions, date and machine, and what else there is to say; two columns.

    Parameters
    ----------
    more : sequence of (str, object)
        Seeds, sizes, times.
    packages : sequence of str
        Whose versions are written down.

    Returns
    -------
    pandas.DataFrame
        Columns what, value.
    """
    items: list[tuple[str, object]] = [
        ("python", platform.python_version()),
        *((name, version_of(name)) for name in packages),
        ("date", datetime.now(UTC).date().isoformat()),
        *machine(),
        *more,
    ]
    return pd.DataFrame(items, columns=["what", "value"])
