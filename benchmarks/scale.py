"""Time and memory of every step of a study as firms are added, and the slopes.

Run as ``python -m benchmarks.scale``; ``--quick`` takes smaller panels. Every size is measured in a
process of its own, with one thread. Time is process time (a busy machine does not add to it);
memory is the peak of the resident set during a step.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.made_with import made_with

__all__ = ["SIZES", "STEPS", "main", "measure", "slopes"]

TABLE = Path(__file__).parent / "results" / "scale.csv"
SIZES, QUICK = (5_000, 20_000, 80_000, 300_000), (2_000, 4_500, 10_000)
YEARS, CONTROLS, SEED = 10, 30, 61_000
FOREST = 20_000
# In the order of a study.
STEPS = (
    "panel", "residuals", "moments", "paths", "surface", "predict", "groups", "falsify",
    "five_folds",
)  # fmt: skip
# Firms up to which these are asked, too; "whole" is all the other steps together.
UP_TO = {"falsify": 20_000, "five_folds": 80_000}
FIVE = 5
GIB = 2.0**30


@dataclass(slots=True)
class Meter:
    """Process seconds and peak memory of steps, one after the other."""

    rows: list[dict[str, Any]] = field(default_factory=list)

    def run(self, step: str, work: Callable[[], Any]) -> Any:
        """Do a step."""
        gc.collect()
        _forget_peak()
        wall, process = time.perf_counter(), time.process_time()
        out = work()
        wall, process = time.perf_counter() - wall, time.process_time() - process
        print(f"  {process:8.1f} s of process time: {step}", file=sys.stderr, flush=True)
        self.rows.append({"step": step, "seconds": process, "wall": wall, "peak_gib": _peak()})
        return out


def _forget_peak() -> None:
    """Linux can start the peak anew; elsewhere a step's peak is that of all steps so far."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def _peak() -> float:
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return next(float(x.split()[1]) for x in lines if x.startswith("VmHWM")) * 1024 / GIB
    except (OSError, StopIteration):
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / GIB


def measure(
    firms: int, learner: str, trees: int, forest_firms: int, steps: Sequence[str]
) -> list[dict[str, Any]]:
    """Measure a study of one size, in this process.

    Parameters
    ----------
    firms : int
        Firms, over ten years with 30 controls.
    learner : str
        Name of a maker of learners in causalgreen, such as ``"lightgbm"``; or ``"default"``.
    trees, forest_firms : int
        Trees of the forest, and the most firms that it is grown on.
    steps : sequence of str
        Which of `STEPS`; later ones need earlier ones.

    Returns
    -------
    list of dict
        For each step: step, seconds, wall, peak_gib.
    """
    import causalgreen as cg

    frame, _ = cg.simulate_panel(firms, YEARS, SEED, n_controls=CONTROLS)
    names = ["age", "leverage", "roa_lag", *(c for c in frame if c.startswith("control_"))]
    meter = Meter()
    _import_all()
    panel = meter.run("panel", lambda: cg.Panel.from_frame(
        frame, unit="firm", time="year", outcome="green_patents", treatment="ai",
        mediators={"restructuring": ["clean_share"], "human_capital": ["skilled_share"]},
        exposure="peer_ai", traits=["size", "urban", "clean_industry"], controls=names,
        cluster="city",
    ))  # fmt: skip

    def posed(folds: int | None = None) -> cg.Study:
        study = cg.Study(
            panel, cg.green_innovation_graph(panel), seed=SEED, n_jobs=1, progress=False,
            learner=None if learner == "default" else getattr(cg, learner)(), folds=folds,
        )  # fmt: skip
        study.identify()
        return study

    study = posed()
    work: dict[str, Callable[[], Any]] = {
        "residuals": lambda: study.residuals,
        "moments": lambda: study.moments,
        "paths": study.paths,
    }
    for step, todo in work.items():
        if step in steps:
            meter.run(step, todo)
    if "surface" in steps:
        surface = meter.run("surface", lambda: study.surface(cg.forest(trees, firms=forest_firms)))
        meter.run("predict", surface.predict)
        meter.run("groups", lambda: study.explain(surface).groups("size", n=5))
    if "falsify" in steps:
        meter.run("falsify", study.falsify)
    if "five_folds" in steps:
        again = posed(FIVE)
        meter.run("five_folds", lambda: again.residuals)
    return meter.rows


def _import_all() -> None:
    """Imports are not what is measured."""
    import dowhy  # noqa: F401
    import econml.grf  # noqa: F401
    import lightgbm  # noqa: F401
    import sklearn.neighbors  # noqa: F401


def slopes(table: pd.DataFrame, columns: Sequence[str] = ("seconds",)) -> pd.DataFrame:
    """Slope of log cost on log rows by least squares, for every step.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns step, rows, and those named.
    columns : sequence of str
        Costs.

    Returns
    -------
    pandas.DataFrame
        One row for each step: ``slope_<column>``; NaN with fewer than two sizes.

    Examples
    --------
    >>> table = pd.DataFrame({"step": "paths", "rows": [10, 100], "seconds": [1.0, 10.0]})
    >>> slopes(table).round(6).to_dict("records")
    [{'step': 'paths', 'slope_seconds': 1.0}]
    """
    out = []
    for step, part in table.groupby("step", sort=False):
        row: dict[str, Any] = {"step": step}
        for column in columns:
            good = part[part[column] > 0]
            x, y = np.log(good["rows"].to_numpy(float)), np.log(good[column].to_numpy(float))
            row[f"slope_{column}"] = np.polyfit(x, y, 1)[0] if len(x) > 1 else float("nan")
        out.append(row)
    return pd.DataFrame(out)


def _apart(firms: int, args: argparse.Namespace) -> pd.DataFrame:
    """One size in a process of its own."""
    steps = [step for step in args.steps if firms <= UP_TO.get(step, firms)]
    command = [sys.executable, "-m", "benchmarks.scale", "--one", str(firms), "--learner",
               args.learner, "--trees", str(args.trees), "--forest-firms", str(args.forest_firms),
               "--steps", *steps]  # fmt: skip
    env = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{firms:,} firms ended with code {done.returncode}")
    rows = json.loads(done.stdout.splitlines()[-1])
    table = pd.DataFrame(rows).assign(firms=firms, rows=firms * YEARS)
    main = table[~table["step"].isin(UP_TO)]
    whole = {
        "step": "whole", "seconds": main["seconds"].sum(), "wall": main["wall"].sum(),
        "peak_gib": main["peak_gib"].max(), "firms": firms, "rows": firms * YEARS,
    }  # fmt: skip
    return pd.concat([table, pd.DataFrame([whole])], ignore_index=True)


def _write(parts: list[pd.DataFrame], args: argparse.Namespace) -> pd.DataFrame:
    """The table so far, whole or not at all: a large size that fails takes no other with it."""
    table = pd.concat(parts, ignore_index=True)
    table = table.merge(slopes(table), on="step").assign(
        learner=args.learner, trees=args.trees,
        forest_firms=np.minimum(table["firms"], args.forest_firms),
    )  # fmt: skip
    notes = made_with([
        ("seed", SEED), ("years", YEARS), ("controls", CONTROLS), ("threads", 1),
    ])  # fmt: skip
    args.out.parent.mkdir(parents=True, exist_ok=True)
    for frame, path in (
        (table, args.out), (notes, args.out.with_name(args.out.stem + "_metadata.csv")),
    ):  # fmt: skip
        frame.to_csv(path.with_suffix(".tmp"), index=False, float_format="%.4g")
        path.with_suffix(".tmp").replace(path)
    return table


def main(argv: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller panels, in some minutes")
    parser.add_argument("--firms", type=int, nargs="+", help="sizes to measure")
    parser.add_argument("--learner", default="lightgbm")
    parser.add_argument("--trees", type=int, default=400)
    parser.add_argument("--forest-firms", type=int, default=FOREST)
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=list(STEPS))
    parser.add_argument("--out", type=Path, default=TABLE)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.one:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            print(json.dumps(measure(args.one, args.learner, args.trees, args.forest_firms,
                                     args.steps)))  # fmt: skip
        return 0
    parts: list[pd.DataFrame] = []
    for firms in args.firms or (QUICK if args.quick else SIZES):
        parts.append(_apart(firms, args))
        table = _write(parts, args)
        print(table[table["firms"] == firms].to_string(index=False, float_format="%.3g"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
