"""What bins of traits cost a forest that starts smooth: error, coverage and time, panel by panel.

Run as ``python -m benchmarks.bins``. One study of each panel, and a forest for each number of
bins, in economies whose effects are a straight line, steep in the middle, or a zigzag in a trait.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd

import causalgreen as cg
from benchmarks.economies import TERMS, panel_of
from benchmarks.made_with import made_with, told
from benchmarks.results import Store
from benchmarks.surface_economies import CASES, ByFirm, draw_case, judge

__all__ = ["BINS", "SHAPES", "block", "main", "measure", "summarise"]

TABLE = Path(__file__).parent / "results" / "bins.csv"
ALL = "all values"
BINS = {ALL: None, "128": 128, "64": 64}
SHAPES = {"straight": "a straight line", "cube": "steep in the middle", "zigzag": "a zigzag"}
BASE_SEED, PANELS = 55_000, 24
PACKAGES = ("causalgreen", "econml", "scikit-learn", "numpy", "pandas")


def measure(shape: str, replication: int) -> pd.DataFrame:
    """One panel, and a forest for each number of bins.

    Parameters
    ----------
    shape : str
        Key of `SHAPES`.
    replication : int
        Number of the panel.

    Returns
    -------
    pandas.DataFrame
        One row for each number of bins and path, as `benchmarks.surface_economies.judge` has it.
    """
    # No confounding is curved: what differs is owed to the forest.
    case, seed = replace(CASES[shape], nonlinearity=0.0), BASE_SEED + replication
    frame, truth = draw_case(case, seed)
    size = frame.groupby("firm", sort=True)["size"].first().to_numpy()
    panel = panel_of(frame)
    study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear(), seed=seed,
                     n_jobs=1, progress=False)  # fmt: skip
    _, rows = study.moments, []
    for name, most in BINS.items():
        with mock.patch("causalgreen.surface.forest.BINS", most):
            start = time.process_time()
            surface = study.surface(cg.forest())
            seconds = time.process_time() - start
        each = zip(surface.terms, surface.estimate.T, surface.std_error.T, strict=True)
        found = [ByFirm(name, *path, seconds) for path in each if path[0] in TERMS]
        rows += [judge(one, truth, size) for one in found]
    table = pd.DataFrame(rows).rename(columns={"key": "bins"})
    return table.assign(shape=shape, replication=replication)


def summarise(raw: pd.DataFrame) -> pd.DataFrame:
    """Each number of bins over all values, on the same panels.

    Parameters
    ----------
    raw : pandas.DataFrame
        From `measure`.

    Returns
    -------
    pandas.DataFrame
        Of root mean square error and length, the ratio less one; of coverage away from the edges,
        the difference; all averaged over paths, with Monte-Carlo errors over panels. ``coverage``
        itself, and ``time``, the ratio of process time.
    """
    keys = ["shape", "replication", "term"]
    raw = raw.assign(rmse=np.sqrt(raw["mse"]))
    measures = ["rmse", "length", "coverage_inside", "seconds"]
    whole = raw[raw["bins"] == ALL].set_index(keys)[measures]
    rows = []
    for shape in dict.fromkeys(raw["shape"]):
        for bins in BINS:
            mine = raw[(raw["bins"] == bins) & (raw["shape"] == shape)].set_index(keys)[measures]
            base = whole.loc[mine.index]
            change = mine / base - 1
            change["coverage_inside"] = mine["coverage_inside"] - base["coverage_inside"]
            by_panel = change.groupby("replication")[measures[:3]].mean()
            error = by_panel.std() / np.sqrt(len(by_panel))
            rows.append({
                "shape": shape, "bins": bins, "panels": len(by_panel), **by_panel.mean(),
                **error.add_suffix("_mcse"), "coverage": mine["coverage_inside"].mean(),
                "time": mine["seconds"].sum() / base["seconds"].sum(),
            })  # fmt: skip
    return pd.DataFrame(rows)


def block(table: pd.DataFrame, notes: dict[str, str]) -> str:
    """The table of the decision record.

    Parameters
    ----------
    table : pandas.DataFrame
        From `summarise`.
    notes : dict
        What it was made with.

    Returns
    -------
    str
    """
    one, case = table.iloc[0], CASES["straight"]
    text = (
        f"{one['panels']} panels of {case.firms:,} firms × {case.years} years, linear confounding "
        "and learner, six paths. Against a forest that sees all values, on the same panels "
        "(Monte-Carlo error): root mean square error by firm and length of intervals in percent, "
        "coverage away from the edges in points; and the ratio of process time."
    )
    lines = ["| effects are | bins | error, % | length, % | coverage, points | covered, % | time |",
             "|---|---:|---:|---:|---:|---:|---:|"]  # fmt: skip
    for row in table.to_dict("records"):
        changes = [
            f"{100 * row[name]:+.1f} ({100 * row[name + '_mcse']:.1f})"
            for name in ("rmse", "length", "coverage_inside")
        ]
        told_by = ["–"] * 3 if row["bins"] == ALL else changes
        cells = [SHAPES[row["shape"]], row["bins"], *told_by,
                 f"{100 * row['coverage']:.1f}", f"{row['time']:.2f}"]  # fmt: skip
        lines.append("| " + " | ".join(cells).replace("-", "−") + " |")
    return "\n\n".join([text, "\n".join(lines), told(notes, "bins", PACKAGES)])


def main(argv: Sequence[str] | None = None) -> int:
    """Command line."""
    from tqdm import tqdm

    parser = argparse.ArgumentParser(prog="python -m benchmarks.bins", description=__doc__)
    parser.add_argument("--out", type=Path, default=TABLE, help="the table, a csv file")
    parser.add_argument("--few", type=int, default=PANELS, help="panels of each shape")
    chosen = parser.parse_args(argv)
    work = [(shape, r) for shape in SHAPES for r in range(chosen.few)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        measure(next(iter(SHAPES)), chosen.few)  # what is loaded once is not timed
        raw = pd.concat([measure(*one) for one in tqdm(work, unit="panel")], ignore_index=True)
    table = summarise(raw)
    Store(chosen.out).write(table, made_with([("first_seed", BASE_SEED)], PACKAGES))
    print(table.to_string(index=False, float_format="%.4f"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
