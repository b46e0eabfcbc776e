"""How often each check of `study.falsify` cries wolf, and how often it catches what is planted.

Run as ``python -m benchmarks.checks --replications 200 --resume``. Replication ``r`` is drawn with
seed ``base + r``; the learner is `cg.linear`, panels are small, one process, one thread.
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

import pandas as pd

from benchmarks.checks_results import current, fingerprint, notes, summarise
from benchmarks.checks_scenario import Scenario
from benchmarks.checks_scenarios import SCENARIOS
from benchmarks.results import Store

__all__ = ["Plan", "main", "replicate", "run"]

BASE_SEED = 30_000
SIMULATIONS = 199
"""A p-value of 5 % or less has probability .05 exactly where the null holds, as with 99; but with
fewer than 120 the placebo treatment warns in every panel that they are too few to see much."""
TABLE = Path(__file__).parent / "results" / "checks.csv"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run.

    Attributes
    ----------
    replications : int
        Panels drawn for each scenario.
    scenarios : tuple of str
        Keys of `SCENARIOS`.
    table : pathlib.Path
        Where the table goes; raw replications and metadata go beside it.
    simulations : int
        Permutations or draws of every check that simulates.
    progress : bool
        Whether to show a progress bar.
    """

    replications: int = 200
    scenarios: tuple[str, ...] = tuple(SCENARIOS)
    table: Path = TABLE
    simulations: int = SIMULATIONS
    progress: bool = True


def replicate(
    keys: Sequence[str], replication: int, simulations: int = SIMULATIONS,
    base_seed: int = BASE_SEED,
) -> pd.DataFrame:  # fmt: skip
    """One draw of each economy, and what the checks say of it.

    Parameters
    ----------
    keys : sequence of str
        Scenarios; those of the same economy share its panel and study.
    replication : int
        Its number r; the seed is ``base_seed + r``.
    simulations : int
        Of every check that simulates.
    base_seed : int
        Seed of replication 0.

    Returns
    -------
    pandas.DataFrame
        One row for each scenario, also where it failed.
    """
    economies: dict[str, list[Scenario]] = {}
    for key in keys:
        economies.setdefault(SCENARIOS[key].economy or key, []).append(SCENARIOS[key])
    rows: list[dict[str, Any]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for members in economies.values():
            start = time.perf_counter()
            try:
                found = _asked(members, base_seed + replication, simulations)
            except Exception as error:  # a panel that cannot be studied is counted, with its reason
                empty = {"p": float("nan"), "rejected": float("nan"), "verdict": ""}
                text = f"{type(error).__name__}: {str(error).splitlines()[0]}"
                found = [empty | {"error": text} for _ in members]
            seconds = (time.perf_counter() - start) / len(members)
            rows += [
                {"scenario": one.key, "replication": replication, "seconds": seconds,
                 "simulations": simulations} | answer
                for one, answer in zip(members, found, strict=True)
            ]  # fmt: skip
    return pd.DataFrame(rows)


def _asked(members: list[Scenario], seed: int, simulations: int) -> list[dict[str, Any]]:
    """One panel, one study, the findings of all checks asked of it."""
    frame = members[0].draw(seed=seed)
    study = members[0].study(frame)
    panel = study.panel
    size = {"firms": panel.n_units, "periods": panel.n_periods, "clusters": panel.n_clusters[0],
            "error": ""}  # fmt: skip
    names = list(dict.fromkeys(one.entry for one in members if one.ask is None))
    options = dict(members[0].options) | {"seed": seed, "progress": False}
    if covariance := options.pop("covariance", None):
        options["effects"] = study.paths(covariance=covariance)
    findings = study.falsify(names, simulations, **options) if names else ()
    by_name = {finding.name: finding for finding in findings}
    return [
        size | (one.ask(study, frame) if one.ask else one.answer(by_name[one.entry]))
        for one in members
    ]


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
    from tqdm import tqdm

    store, start = Store(plan.table), time.perf_counter()
    done = current(store.read())
    have = set() if done.empty else set(zip(done["scenario"], done["replication"], strict=True))
    jobs = [
        (keys, r)
        for r in range(plan.replications)
        if (keys := [k for k in plan.scenarios if (k, r) not in have])
    ]
    store.collect(
        replicate(keys, r, plan.simulations).assign(fingerprint=fingerprint())
        for keys, r in tqdm(jobs, unit="replication", disable=not plan.progress)
    )
    raw = current(store.read())
    table = summarise(raw)
    store.write(table, notes(raw, BASE_SEED, time.perf_counter() - start))
    return table


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    plan = Plan()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.checks", description=__doc__)
    parser.add_argument("--replications", type=int, default=plan.replications)
    parser.add_argument("--simulations", type=int, default=plan.simulations)
    names = tuple(dict.fromkeys(s.check for s in SCENARIOS.values()))
    parser.add_argument("--checks", nargs="+", choices=names, default=names)
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
    keys = tuple(k for k, s in SCENARIOS.items() if s.check in args.checks)
    table = run(Plan(args.replications, keys, args.out, args.simulations))
    columns = ["check", "what", "kind", "replications", "failed", "rejected", "fail", "warn"]
    print(table[columns].to_string(index=False, float_format="%.3f"))
    print(f"wrote {store.table} and {store.notes}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
