"""Bias, errors and coverage of causalgreen and its peers in simulated economies.

Run as ``python -m benchmarks.coverage --replications 500 --resume``. Replication ``r`` is drawn
with seed ``base + r``, so that all methods see the same tables and any of them can be made again.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.economies import ECONOMIES, Setting, draw
from benchmarks.methods import METHODS, run_method
from benchmarks.results import Store, current_rows, fingerprint, metadata, summarise

__all__ = ["Plan", "main", "replicate", "run"]

BASE_SEED = 10_000
TABLE = Path(__file__).parent / "results" / "coverage.csv"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run.

    Attributes
    ----------
    replications : int
        Panels drawn from each economy.
    methods, economies : tuple of str
        Keys of `METHODS` and `ECONOMIES`.
    table : pathlib.Path
        Where the table goes; raw replications and metadata go beside it.
    processes : int
        Parallel processes, one thread each.
    progress : bool
        Whether to show a progress bar.
    """

    replications: int = 500
    methods: tuple[str, ...] = tuple(METHODS)
    economies: tuple[str, ...] = tuple(ECONOMIES)
    table: Path = TABLE
    processes: int = 2
    progress: bool = True


def replicate(
    setting: Setting, replication: int, keys: Sequence[str], base_seed: int = BASE_SEED
) -> pd.DataFrame:
    """One panel, estimated by every method asked for.

    Parameters
    ----------
    setting : Setting
        Economy and size.
    replication : int
        Its number r; the seed is ``base_seed + r``.
    keys : sequence of str
        Keys of `METHODS`.
    base_seed : int
        Seed of replication 0.

    Returns
    -------
    pandas.DataFrame
        One row per method and term, also where it failed.
    """
    rows: list[dict[str, Any]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame, truth = draw(setting, base_seed + replication)
        for key in keys:
            start = time.perf_counter()
            outcomes = run_method(METHODS[key], frame, base_seed + replication)
            seconds = time.perf_counter() - start
            rows += [
                {"replication": replication, "key": key, "method": o.label, "term": o.term,
                 "estimate": o.estimate, "std_error": o.std_error, "conf_low": o.conf_low,
                 "conf_high": o.conf_high, "truth": truth.population[o.term],
                 "truth_average": truth.average[o.term], "error": o.error, "seconds": seconds}
                for o in outcomes
            ]  # fmt: skip
    return pd.DataFrame(rows)


def _job(name: str, replication: int, keys: tuple[str, ...]) -> pd.DataFrame:
    return replicate(ECONOMIES[name], replication, keys).assign(economy=name)


def _pending(plan: Plan, done: pd.DataFrame) -> list[tuple[str, int, tuple[str, ...]]]:
    """Replications that still lack a method, in the order of their seeds."""
    columns = ["economy", "replication", "key"]
    have = set() if done.empty else set(done[columns].itertuples(index=False, name=None))
    jobs = []
    for r in range(plan.replications):
        for name in plan.economies:
            keys = tuple(k for k in plan.methods if (name, r, k) not in have)
            if keys:
                jobs.append((name, r, keys))
    return jobs


def _results(plan: Plan, jobs: list[tuple[str, int, tuple[str, ...]]]) -> Iterator[pd.DataFrame]:
    from joblib import Parallel, delayed
    from tqdm import tqdm

    # read by the worker processes when they start; DoWhy's order of columns follows the last one
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = "1"
    os.environ["PYTHONHASHSEED"] = "0"
    parallel = Parallel(
        n_jobs=plan.processes, backend="loky", batch_size=1, return_as="generator_unordered"
    )
    results = parallel(delayed(_job)(*job) for job in jobs)
    yield from tqdm(results, total=len(jobs), unit="panel", disable=not plan.progress)


def run(plan: Plan) -> pd.DataFrame:
    """Run what is missing, and write the table.

    Parameters
    ----------
    plan : Plan
        What to run. Replications that the same code made before are kept.

    Returns
    -------
    pandas.DataFrame
        The table, of all current replications in the store.
    """
    store, start = Store(plan.table), time.perf_counter()
    prints = {key: fingerprint(method) for key, method in METHODS.items()}
    jobs = _pending(plan, current_rows(store.read()))
    parts = _results(plan, jobs)
    store.collect(part.assign(fingerprint=part["key"].map(prints)) for part in parts)
    raw = current_rows(store.read())
    table = summarise(raw)
    store.write(table, metadata(raw, BASE_SEED, time.perf_counter() - start))
    return table


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=__doc__)
    parser.add_argument("--replications", type=int, default=500)
    parser.add_argument("--methods", nargs="+", choices=tuple(METHODS), default=tuple(METHODS))
    parser.add_argument("--economies", nargs="+", choices=tuple(ECONOMIES),
                        default=tuple(ECONOMIES))  # fmt: skip
    parser.add_argument("--out", type=Path, default=TABLE, help="the table, a csv file")
    parser.add_argument("--processes", type=int, default=2)
    kept = parser.add_mutually_exclusive_group()
    kept.add_argument("--resume", action="store_true", help="keep replications made before")
    kept.add_argument("--fresh", action="store_true", help="delete replications made before")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Command line."""
    args = _arguments(argv)
    store = Store(args.out)
    if args.fresh:
        store.clear()
    elif not args.resume and not store.read().empty:
        print(f"{store.raw} holds replications; pass --resume to keep those that the code as it "
              "is now made, or --fresh to delete them", file=sys.stderr)  # fmt: skip
        return 2
    plan = Plan(
        args.replications, tuple(args.methods), tuple(args.economies), args.out, args.processes
    )
    table = run(plan)
    columns = ["economy", "method", "term", "replications", "failed", "bias", "coverage"]
    print(table[columns].to_string(index=False, float_format="%.3f"))
    print(f"wrote {store.table} and {store.notes}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
