"""Error, coverage, length and speed of effects by firm, beside other packages' forests.

Run as ``python -m benchmarks.surface --replications 20 --resume``. Replication ``r`` is drawn with
seed ``base + r``, so that all methods see the same panels and any of them can be made again. Each
method's process time is divided by that of ``cg.forest()`` on the same panel in the same process.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.results import Store
from benchmarks.surface_economies import CASES, Case, draw_case, judge
from benchmarks.surface_groups import LEARNERS, group_rows, summarise_groups
from benchmarks.surface_methods import METHODS, REFERENCE, Panels, run_way, warm_up
from benchmarks.surface_results import current, fingerprints, notes, summarise

__all__ = ["Plan", "main", "replicate", "run"]

BASE_SEED = 30_000
TABLE = Path(__file__).parent / "results" / "surface.csv"
SLOW = ("econml", "econml-groups", "econml-demeaned", "statspai")
EXACT = ("forest-linear", "linear-linear")
HARD = (
    REFERENCE, "forest-paths", "forest-total", "forest-grf", "separate", "linear", "smooth",
    "forest-default", "smooth-default",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run.

    Attributes
    ----------
    replications, peers, large : int
        Panels of 1,000 firms for causalgreen's methods (half as many where effects are curved in
        the trait); for other packages, which are slow; and panels of 4,000 firms.
    methods, cases : tuple of str
        Keys of `METHODS` and `CASES`.
    table : pathlib.Path
        Where the table goes; the rest goes beside it.
    progress : bool
        Whether to show a progress bar.
    """

    replications: int = 20
    peers: int = 3
    large: int = 3
    methods: tuple[str, ...] = tuple(METHODS)
    cases: tuple[str, ...] = tuple(CASES)
    table: Path = TABLE
    progress: bool = True

    def wanted(self, case: str, method: str) -> int:
        """Replications of a method in a case."""
        if CASES[case].firms > 1000:
            return 0 if method in (*SLOW, *EXACT) else self.large
        if case == "plain" or method in EXACT:
            return self.replications if case == "plain" and method in EXACT else 0
        if case != "straight":
            return (self.replications + 1) // 2 if method in HARD else 0
        return min(self.replications, self.peers) if method in SLOW else self.replications


def replicate(
    case: Case, replication: int, keys: Sequence[str], groups: Sequence[str] = (),
    base_seed: int = BASE_SEED,
) -> pd.DataFrame:  # fmt: skip
    """One panel, learnt by every method asked for.

    Parameters
    ----------
    case : Case
        Economy and size.
    replication : int
        Its number r; the seed is ``base_seed + r``.
    keys : sequence of str
        Keys of `METHODS`.
    groups : sequence of str
        Forests whose debiased effects are averaged by size.
    base_seed : int
        Seed of replication 0.

    Returns
    -------
    pandas.DataFrame
        One row per method and term, also where it failed; ``reference`` is the process time of
        ``cg.forest()`` in this process. Rows of kind ``group`` hold averages by size.
    """
    frame, truth = draw_case(case, base_seed + replication)
    size = frame.drop_duplicates("firm").sort_values("firm")["size"].to_numpy()
    panels = Panels(frame, base_seed + replication)
    rows: list[dict[str, Any]] = []
    reference = float("nan")
    # First, so that every ratio is to a time of this very process.
    first = () if set(keys) <= set(EXACT) else (REFERENCE,)
    for key in (*first, *(k for k in keys if k != REFERENCE)):
        found, error = run_way(key, panels)
        if key == REFERENCE and found:
            reference = found[0].seconds
        if key not in keys:
            continue
        if error:
            rows.append({"key": key, "term": "own_total", "error": error})
        rows += [judge(one, truth, size) | {"error": "", "reference": reference} for one in found]
    parts = [pd.DataFrame(rows).assign(kind="firm")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parts += [group_rows(panels, truth, key) for key in groups]
    return pd.concat([part for part in parts if len(part)]).assign(replication=replication)


Job = tuple[str, int, tuple[str, ...], tuple[str, ...]]


def _pending(plan: Plan, done: pd.DataFrame) -> list[Job]:
    """Panels that still lack a method, or averages by size, in the order of their seeds."""
    columns = ["case", "replication", "kind", "key"]
    have = set() if done.empty else set(done[columns].itertuples(index=False, name=None))
    jobs = []
    for r in range(max(plan.replications, plan.large)):
        for case in plan.cases:
            wanted = tuple(k for k in plan.methods if r < plan.wanted(case, k))
            keys = tuple(k for k in wanted if (case, r, "firm", k) not in have)
            groups = tuple(k for k in wanted if k in LEARNERS and (case, r, "group", k) not in have)
            if keys or groups:
                jobs.append((case, r, keys, groups))
    return jobs


def run(plan: Plan) -> pd.DataFrame:
    """Run what is missing, and write the tables.

    Parameters
    ----------
    plan : Plan
        What to run. Replications that the same code made before are kept.

    Returns
    -------
    pandas.DataFrame
        The table, of all current replications in the store.
    """
    from tqdm import tqdm

    store, prints, start = Store(plan.table), fingerprints(), time.perf_counter()
    jobs = _pending(plan, current(store.read(), prints))
    if jobs:
        warm_up(plan.methods)
    for case, replication, keys, groups in tqdm(jobs, unit="panel", disable=not plan.progress):
        part = replicate(CASES[case], replication, keys, groups).assign(case=case)
        store.append(part.assign(fingerprint=part["key"].map(prints)))
    raw = current(store.read(), prints)
    table = summarise(raw[raw["kind"] == "firm"])
    store.write(table, notes(raw, BASE_SEED, time.perf_counter() - start, prints))
    averages = summarise_groups(raw[raw["kind"] == "group"])
    target = plan.table.with_name(plan.table.stem + "_groups.csv")
    averages.to_csv(target, index=False, float_format="%.6g")
    return table


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    plan = Plan()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.surface", description=__doc__)
    parser.add_argument("--replications", type=int, default=plan.replications)
    parser.add_argument("--peers", type=int, default=plan.peers, help="panels for other packages")
    parser.add_argument("--large", type=int, default=plan.large, help="panels of 4,000 firms")
    parser.add_argument("--methods", nargs="+", choices=tuple(METHODS), default=plan.methods)
    parser.add_argument("--cases", nargs="+", choices=tuple(CASES), default=plan.cases)
    parser.add_argument("--out", type=Path, default=TABLE, help="the table, a csv file")
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
    table = run(
        Plan(args.replications, args.peers, args.large, tuple(args.methods), tuple(args.cases),
             args.out)
    )  # fmt: skip
    columns = ["case", "method", "term", "replications", "rmse", "mean_error", "coverage",
               "coverage_inside", "length", "times"]  # fmt: skip
    with np.printoptions(precision=3):
        print(table[columns].to_string(index=False, float_format="%.3f"))
    print(f"wrote {store.table} and {store.notes}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
