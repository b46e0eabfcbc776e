"""Raw replications on disk, the coverage table made from them, and what it was made with."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import causalgreen as cg
from benchmarks.economies import TERMS
from benchmarks.made_with import made_with, of_run, version_of
from benchmarks.methods import METHODS, NOT_RUN, Method
from benchmarks.monte_carlo import panel_error, rate_error

__all__ = [
    "Store", "carried_on", "cells_of", "current_rows", "fingerprint", "metadata", "read_metadata",
    "summarise", "tabulated",
]  # fmt: skip

# Replications that are written together.
CHUNK = 10
# Only what numbers depend on: a change of the report or the command line makes nothing stale.
OURS = ("panel", "residuals", "moments", "effects", "data", "study/study.py", "study/steps.py")


@dataclass(frozen=True, slots=True)
class Store:
    """Where a run keeps its files, all beside the table.

    Attributes
    ----------
    table : pathlib.Path
        The coverage table, ``coverage.csv``.
    """

    table: Path

    @property
    def raw(self) -> Path:
        """Folder of the raw replications."""
        return self.table.with_name(self.table.stem + "_raw")

    @property
    def notes(self) -> Path:
        """What the table was made with."""
        return self.table.with_name(self.table.stem + "_metadata.csv")

    def append(self, rows: pd.DataFrame) -> None:
        """Add a part; it is complete or not there, whenever the run is interrupted."""
        self.raw.mkdir(parents=True, exist_ok=True)
        numbers = [int(p.stem.split("-")[1]) for p in self.raw.glob("part-*.parquet")]
        path = self.raw / f"part-{max(numbers, default=0) + 1:05d}.parquet"
        rows.to_parquet(path.with_suffix(".tmp"), index=False)
        path.with_suffix(".tmp").replace(path)

    def collect(self, parts: Iterable[pd.DataFrame]) -> None:
        """Add replications as they come; those made before an interruption are kept."""
        waiting: list[pd.DataFrame] = []
        try:
            for part in parts:
                waiting.append(part)
                if len(waiting) == CHUNK:
                    self.append(pd.concat(waiting))
                    waiting = []
        finally:
            if waiting:
                self.append(pd.concat(waiting))

    def read(self) -> pd.DataFrame:
        """Every replication so far; empty where there is none."""
        parts = sorted(self.raw.glob("part-*.parquet"))
        return pd.concat([pd.read_parquet(p) for p in parts]) if parts else pd.DataFrame()

    def clear(self) -> None:
        """Forget the replications so far."""
        for part in self.raw.glob("part-*.parquet"):
            part.unlink()

    def write(self, table: pd.DataFrame, notes: pd.DataFrame) -> None:
        """Write the table and what it was made with."""
        self.table.parent.mkdir(parents=True, exist_ok=True)
        for frame, path in ((table, self.table), (notes, self.notes)):
            frame.to_csv(path.with_suffix(".tmp"), index=False, float_format="%.6g")
            path.with_suffix(".tmp").replace(path)


@cache
def _digest(ours: bool, packages: tuple[str, ...], names: tuple[str, ...]) -> str:
    here, package = Path(__file__).parent, Path(cg.__file__).parent
    files = [here / "economies.py", *(here / name for name in names)]
    for name in OURS if ours else ("data",):
        path = package / name
        files += [path] if path.is_file() else sorted(path.rglob("*.py"))
    out = hashlib.sha256()
    for file in files:
        out.update(file.read_bytes())
    for name in packages:
        out.update(f"{name}={version_of(name)};".encode())
    return out.hexdigest()[:12]


def fingerprint(method: Method) -> str:
    """Changes with the code and the package versions that the method's numbers depend on."""
    return _digest(method.ours, method.packages, method.files)


def current_rows(raw: pd.DataFrame) -> pd.DataFrame:
    """Rows made by the code as it is now."""
    if raw.empty:
        return raw
    now = raw["key"].map({key: fingerprint(method) for key, method in METHODS.items()})
    same = raw[raw["fingerprint"] == now]
    return same.drop_duplicates(["economy", "replication", "method", "term"], keep="last")


def carried_on(
    store: Store, method: Method, jobs: Sequence[tuple[Any, ...]], names: Sequence[str],
    replicate: Callable[..., pd.DataFrame], progress: bool = True,
) -> pd.DataFrame:  # fmt: skip
    """Replications that the code as it is now made, and those of the jobs that are missing.

    Parameters
    ----------
    store : Store
    method : Method
        Whose fingerprint tells which replications are current.
    jobs : sequence of tuple
        What to replicate; the last part is the number of the replication.
    names : sequence of str
        Columns of the replications that hold a job.
    replicate : callable
        Takes the parts of a job; returns its rows, with a column ``fingerprint``.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    pandas.DataFrame
    """
    from tqdm import tqdm

    def current() -> pd.DataFrame:
        raw = store.read()
        return raw if raw.empty else raw[raw["fingerprint"] == fingerprint(method)]

    done = current()
    have = set() if done.empty else set(done[list(names)].itertuples(index=False, name=None))
    missing = sorted((job for job in jobs if job not in have), key=lambda job: int(job[-1]))
    bar = tqdm(missing, unit="panel", disable=not progress)
    store.collect(replicate(*job) for job in bar)
    cells = [*names, *(n for n in ("method", "kind", "term") if n in current())]
    return current().drop_duplicates(cells, keep="last").reset_index(drop=True)


def tabulated(
    table: Path, method: Method, jobs: Sequence[tuple[Any, ...]], names: Sequence[str],
    replicate: Callable[..., pd.DataFrame], summary: Callable[[pd.DataFrame], pd.DataFrame],
    base_seed: int, progress: bool = True,
) -> pd.DataFrame:  # fmt: skip
    """The table of all replications, those that were missing made first, and written.

    Parameters
    ----------
    table : pathlib.Path
        Where it goes; raw replications and metadata go beside it.
    method, jobs, names, replicate, progress
        As in `carried_on`.
    summary : callable
        Replications to the table.
    base_seed : int
        Seed of replication 0.

    Returns
    -------
    pandas.DataFrame
    """
    store, start = Store(table), time.perf_counter()
    raw = carried_on(store, method, jobs, names, replicate, progress)
    out = summary(raw)
    notes = of_run(raw, base_seed, time.perf_counter() - start)
    store.write(out, made_with(notes, method.packages))
    return out


def summarise(raw: pd.DataFrame) -> pd.DataFrame:
    """Bias, errors and coverage of every method and term, with Monte-Carlo standard errors.

    Parameters
    ----------
    raw : pandas.DataFrame
        One row per replication, method and term.

    Returns
    -------
    pandas.DataFrame
        One row per economy, method and term. ``coverage`` is of the population's effect,
        ``coverage_average`` of the average over the firms in the panel. ``pooled_mcse`` is the
        error of the method's coverage over all its rows, which share their panels.
    """
    raw = raw.reset_index(drop=True)
    groups = raw.groupby(["economy", "method", "term"], sort=False)
    rows = [dict(zip(("economy", "method", "term"), key, strict=True)) | _cell(part)
            for key, part in groups]  # fmt: skip
    labels = [label for method in METHODS.values() for label, _ in method.rows]
    good = raw[raw["error"] == ""]
    hits = good["truth"].between(good["conf_low"], good["conf_high"])
    errors = {m: panel_error(hits[part.index], part["replication"])
              for m, part in good.groupby("method")}  # fmt: skip
    table = pd.DataFrame(rows)
    table["pooled_mcse"] = table["method"].map(errors).astype(float)
    ranks = {"method": labels, "term": list(TERMS)}
    return table.sort_values(
        ["economy", "term", "method"],
        key=lambda c: c.map(ranks[c.name].index) if c.name in ranks else c,
    ).reset_index(drop=True)


def cells_of(raw: pd.DataFrame, names: Sequence[str], pooled: Sequence[str]) -> pd.DataFrame:
    """Bias, errors and coverage by cell, in the order of the replications.

    Parameters
    ----------
    raw : pandas.DataFrame
        Replications; see `_cell`.
    names, pooled : sequence of str
        Columns that tell cells apart; and those among them that tell apart what is pooled:
        ``pooled_mcse`` is the error of the coverage over its cells, which share their panels.

    Returns
    -------
    pandas.DataFrame
        One row per cell.
    """
    rows = []
    for _, part in raw.groupby(list(pooled), sort=False):
        good = part[part["error"] == ""]
        hits = good["truth"].between(good["conf_low"], good["conf_high"])
        error = panel_error(hits, good["replication"])
        for key, one in part.groupby(list(names), sort=False):
            named = dict(zip(names, key, strict=True))
            rows.append({**named, **_cell(one), "pooled_mcse": error})
    return pd.DataFrame(rows)


def _cell(part: pd.DataFrame) -> dict[str, object]:
    """Bias, errors and coverage of one cell of a table.

    Parameters
    ----------
    part : pandas.DataFrame
        One row per replication: estimate, std_error, conf_low, conf_high, truth, truth_average,
        seconds, and error, which is empty where it ran.

    Returns
    -------
    dict of str to object
    """
    skipped = int(part["error"].str.startswith(NOT_RUN).sum())
    good, n = part[part["error"] == ""], len(part)
    ran, failed = len(good), n - len(good) - skipped
    error = (good["estimate"] - good["truth"]).to_numpy()
    nan = float("nan")
    sd = float(error.std(ddof=1)) if ran > 1 else nan
    covered, average = (
        float(good[t].between(good["conf_low"], good["conf_high"]).mean()) if ran else nan
        for t in ("truth", "truth_average")
    )
    reasons = part.loc[part["error"] != "", "error"]
    return {
        "truth": part["truth"].mean(),
        "replications": n,
        "failed": failed,
        "not_run": skipped,
        "bias": error.mean() if ran else nan,
        "bias_mcse": sd / np.sqrt(ran) if ran else nan,
        "rmse": np.sqrt((error**2).mean()) if ran else nan,
        "sd": sd,
        "mean_se": good["std_error"].mean(),
        "coverage": covered,
        "coverage_mcse": rate_error(covered, ran),
        "coverage_average": average,
        "mean_length": (good["conf_high"] - good["conf_low"]).mean(),
        "seconds": part["seconds"].mean(),
        "reason": reasons.mode().iloc[0] if failed or skipped else "",
    }


def metadata(raw: pd.DataFrame, base_seed: int, wall_seconds: float) -> pd.DataFrame:
    """What the table was made with: versions, seeds, machine, time; two columns."""
    once = raw.drop_duplicates(["economy", "replication", "key"])
    return made_with([
        *of_run(raw, base_seed, wall_seconds),
        ("estimation_seconds", round(float(once["seconds"].sum()))),
        *((f"fingerprint {key}", fingerprint(METHODS[key])) for key in once["key"].unique()),
    ])  # fmt: skip


def read_metadata(path: Path) -> dict[str, str]:
    """The metadata as a mapping of text."""
    table = pd.read_csv(path, dtype=str)
    return dict(zip(table["what"], table["value"], strict=True))
