"""Settings of `causalgreen.lightgbm` by the bias that they leave, and by time.

Run as ``python -m benchmarks.settings``. Every setting sees the same panels; their seeds are not
those of the coverage table, which judges what was chosen here.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

import causalgreen as cg
from benchmarks.economies import TERMS, Setting, draw, panel_of
from benchmarks.made_with import made_with, told
from benchmarks.monte_carlo import rate_error
from benchmarks.results import Store

__all__ = ["PANELS", "SETTINGS", "block", "main", "measure", "summarise"]

TABLE = Path(__file__).parent / "results" / "settings.csv"
BASE_SEED = 20_000
PACKAGES = ("causalgreen", "lightgbm", "scikit-learn", "numpy", "pandas")

SETTINGS: MappingProxyType[str, dict[str, Any]] = MappingProxyType({
    "numbers in 16 leaves, 255 bins": {"linear_tree": False, "num_leaves": 16, "max_bin": 255},
    "numbers in leaves": {"linear_tree": False},
    "**as they are**": {},
    "best thresholds": {"extra_trees": False},
    "rate .3": {"learning_rate": 0.3},
    "rate .7": {"learning_rate": 0.7},
    "4 leaves": {"num_leaves": 4},
    "16 leaves": {"num_leaves": 16},
    "255 bins": {"max_bin": 255},
    "lines without a penalty": {"linear_lambda": 0.0},
    "penalty of lines 10": {"linear_lambda": 10.0},
    "half of the rows for each tree": {"bagging_fraction": 0.5, "bagging_freq": 1},
    "half of the features for each tree": {"feature_fraction": 0.5},
})  # fmt: skip
PANELS: MappingProxyType[str, tuple[Setting, int]] = MappingProxyType({
    "600 firms, 8 years, no curves": (Setting(cg.Economy(nonlinearity=0)), 40),
    "600 firms, 8 years": (Setting(), 100),
    "600 firms, 8 years, twice as curved": (Setting(cg.Economy(nonlinearity=2)), 60),
    "4,000 firms, 12 years": (Setting(firms=4000, years=12, cities=200), 10),
})  # fmt: skip
SHOWN = ("own_total", "direct", "restructuring", "human_capital", "spillover")


def _one(which: str, replication: int) -> list[dict[str, Any]]:
    """One panel, studied with every setting."""
    setting, rows = PANELS[which][0], []
    frame, truth = draw(setting, BASE_SEED + replication)
    for name, given in SETTINGS.items():
        panel = panel_of(frame)
        study = cg.Study(
            panel, cg.green_innovation_graph(panel), learner=cg.lightgbm(**given),
            seed=BASE_SEED + replication, n_jobs=1, progress=False,
        )  # fmt: skip
        study.identify()
        start = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            residuals = study.residuals
            seconds = time.process_time() - start
            found = study.paths().tidy().set_index("term")
        fit = residuals.choices[0][residuals.names.index(panel.roles.outcome)].r_squared[0]
        for term in TERMS:
            low, high, true = *found.loc[term, ["conf_low", "conf_high"]], truth.population[term]
            rows.append({
                "panels": which, "replication": replication, "settings": name, "term": term,
                "error": found.loc[term, "estimate"] - true, "covered": low <= true <= high,
                "seconds": seconds, "r_squared": float(fit),
            })  # fmt: skip
    return rows


def measure(which: Sequence[str], few: int | None = None, processes: int = 2) -> pd.DataFrame:
    """Errors of every path with every setting.

    Parameters
    ----------
    which : sequence of str
        Keys of `PANELS`.
    few : int, optional
        Panels of each kind; default: as many as are of record.
    processes : int
        Parallel processes.

    Returns
    -------
    pandas.DataFrame
        One row for each panel, setting and path.
    """
    from joblib import Parallel, delayed
    from tqdm import tqdm

    work = [(w, r) for w in which for r in range(few or PANELS[w][1])]
    done = Parallel(processes, return_as="generator")(delayed(_one)(*item) for item in work)
    shown = tqdm(done, total=len(work), unit="panel")
    return pd.DataFrame([row for rows in shown for row in rows])


def summarise(raw: pd.DataFrame) -> pd.DataFrame:
    """Time, fit, and bias, RMSE and coverage of every path, by kind of panel and setting.

    Parameters
    ----------
    raw : pandas.DataFrame
        From `measure`.

    Returns
    -------
    pandas.DataFrame
        One row for each kind of panel, setting and path.
    """
    groups = raw.groupby(["panels", "settings", "term"], sort=False)
    table = groups.agg(
        replications=("error", "size"), bias=("error", "mean"), sd=("error", "std"),
        rmse=("error", lambda e: float(np.sqrt((e**2).mean()))), coverage=("covered", "mean"),
        seconds=("seconds", "mean"), r_squared=("r_squared", "mean"),
    ).reset_index()  # fmt: skip
    table["bias_mcse"] = table["sd"] / np.sqrt(table["replications"])
    table["coverage_mcse"] = [
        rate_error(rate, n)
        for rate, n in zip(table["coverage"], table["replications"], strict=True)
    ]
    return table


def block(table: pd.DataFrame, notes: dict[str, str]) -> str:
    """The tables of the decision record.

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
    parts = []
    for which, part in table.groupby("panels", sort=False):
        names = [term.replace("_", " ") for term in SHOWN]
        own = part[part["term"] == "own_total"]
        n, error = int(own["replications"].iloc[0]), float(own["bias_mcse"].median())
        lines = [
            f"**{which}** ({n} panels; Monte-Carlo error of the total's bias {error:.3f}, less of "
            "differences between rows, which share their panels)\n",
            "| settings | time | R² of the outcome | " + " | ".join(names) + " | covered, % |",
            "|---|" + "---:|" * (len(names) + 3),
        ]
        first = float(own["seconds"].iloc[0])
        for name, rows in part.groupby("settings", sort=False):
            bias = rows.set_index("term")["bias"]
            lines.append(
                f"| {name} | {rows['seconds'].iloc[0] / first:.2f} "
                f"| {rows['r_squared'].iloc[0]:.3f} | "
                + " | ".join(f"{bias[term]:+.4f}".replace("-", "−") for term in SHOWN)
                + f" | {100 * rows['coverage'].mean():.1f} |"
            )
        parts.append("\n".join(lines))
    lead = "Bias of each path; time over that of the first row; coverage of 95 % intervals. "
    return "\n\n".join([*parts, lead + told(notes, "settings")])


def main(argv: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.settings", description=__doc__)
    parser.add_argument("--out", type=Path, default=TABLE, help="the table, a csv file")
    parser.add_argument("--few", type=int, help="panels of each kind; default: 10 to 100")
    parser.add_argument("--panels", nargs="+", choices=tuple(PANELS), default=tuple(PANELS))
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args(argv)
    table = summarise(measure(chosen.panels, chosen.few, chosen.processes))
    notes = made_with([("first_seed", BASE_SEED)], PACKAGES)
    Store(chosen.out).write(table, notes)
    print(table.to_string())
    return 0


if __name__ == "__main__":
    sys.exit(main())
