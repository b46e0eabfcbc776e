"""What five, three and two folds say of a large panel, and what each takes.

Run as ``python -m benchmarks.folds``. All numbers of folds see the same panels, of the size from
which `causalgreen.Study` takes three.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import causalgreen as cg
from benchmarks.made_with import made_with, told
from benchmarks.results import Store

__all__ = ["FOLDS", "block", "main", "measure", "summarise"]

TABLE = Path(__file__).parent / "results" / "folds.csv"
FIRMS, YEARS, CONTROLS, BASE_SEED = 50_000, 10, 30, 62_000
FOLDS, FIRST = (5, 3, 2), 5
PACKAGES = ("causalgreen", "lightgbm", "scikit-learn", "numpy", "pandas")


def _panel(firms: int, seed: int) -> tuple[cg.Panel, Any]:
    frame, truth = cg.simulate_panel(firms, YEARS, seed, n_controls=CONTROLS)
    names = ["age", "leverage", "roa_lag", *(c for c in frame if c.startswith("control_"))]
    panel = cg.Panel.from_frame(
        frame, unit="firm", time="year", outcome="green_patents", treatment="ai",
        mediators={"restructuring": ["clean_share"], "human_capital": ["skilled_share"]},
        exposure="peer_ai", traits=["size", "urban", "clean_industry"], controls=names,
        cluster="city",
    )  # fmt: skip
    return panel, truth


def measure(firms: int, replication: int) -> pd.DataFrame:
    """One panel, cross-fitted in so many folds.

    Parameters
    ----------
    firms, replication : int
        Size of the panel, and its number.

    Returns
    -------
    pandas.DataFrame
        One row for each number of folds and path; ``r_squared`` is the mean over targets.
    """
    panel, truth = _panel(firms, BASE_SEED + replication)
    rows: list[dict[str, Any]] = []
    for folds in FOLDS:
        study = cg.Study(
            panel, cg.green_innovation_graph(panel), learner=cg.lightgbm(), folds=folds,
            seed=BASE_SEED + replication, n_jobs=1, progress=False,
        )  # fmt: skip
        study.identify()
        start = time.process_time()
        residuals = study.residuals
        seconds = time.process_time() - start
        fit = float(np.mean([choice.r_squared[0] for choice in residuals.choices[0]]))
        found = study.paths().tidy().set_index("term")
        for term, row in found.iterrows():
            rows.append({
                "replication": replication, "folds": folds, "term": term, "seconds": seconds,
                "r_squared": fit, "estimate": row["estimate"], "std_error": row["std_error"],
                "truth": truth.population[term],
            })  # fmt: skip
    return pd.DataFrame(rows)


def summarise(raw: pd.DataFrame) -> pd.DataFrame:
    """Time, fit, and how far estimates move and miss, in standard errors.

    Parameters
    ----------
    raw : pandas.DataFrame
        From `measure`.

    Returns
    -------
    pandas.DataFrame
        One row for each number of folds and path. ``time`` is over that of the first number of
        folds; ``moved`` the mean difference from its estimates and ``bias`` the mean error, both
        in its standard errors; ``length`` the standard error over its own.
    """
    keys = ["replication", "term"]
    first = raw[raw["folds"] == FIRST].set_index(keys)
    out = []
    for (folds, term), part in raw.groupby(["folds", "term"], sort=False):
        own, ours = part.set_index(keys), first.loc[pd.MultiIndex.from_frame(part[keys])]
        moved = (own["estimate"] - ours["estimate"]) / ours["std_error"]
        missed = (own["estimate"] - own["truth"]) / ours["std_error"]
        out.append({
            "folds": folds, "term": term, "replications": len(part),
            "time": own["seconds"].sum() / ours["seconds"].sum(),
            "r_squared": own["r_squared"].mean(), "moved": moved.mean(),
            "moved_mcse": moved.std() / np.sqrt(len(part)), "bias": missed.mean(),
            "bias_mcse": missed.std() / np.sqrt(len(part)),
            "length": (own["std_error"] / ours["std_error"]).mean(),
        })  # fmt: skip
    return pd.DataFrame(out)


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
    terms = list(dict.fromkeys(table["term"]))
    names = " | ".join(term.replace("_", " ") for term in terms)
    lines = [
        f"| folds | time | R² | move | mean move | {names} |",
        "|---:|" + "---:|" * (len(terms) + 4),
    ]  # fmt: skip
    for folds, part in table.groupby("folds", sort=False):
        rows, n = part.set_index("term"), part["replications"].iloc[0]
        apart = np.sqrt(rows["moved"] ** 2 + rows["moved_mcse"] ** 2 * (n - 1))
        far = rows.loc[rows["moved"].abs().idxmax()]
        cells = [
            f"{part['time'].iloc[0]:.2f}", f"{part['r_squared'].iloc[0]:.4f}", f"{apart.max():.2f}",
            f"{far['moved']:+.2f} ({far['moved_mcse']:.2f})",
            *(f"{rows['bias'][t]:+.2f}" for t in terms),
        ]  # fmt: skip
        lines.append(f"| {folds} | " + " | ".join(cells).replace("-", "−") + " |")
    text = (
        f"{table['replications'].iloc[0]} panels of {int(notes['firms']):,} firms × {YEARS} years, "
        f"{CONTROLS} controls, `cg.lightgbm()`. Time over that of {FIRST} folds; out-of-fold R², "
        "mean over the targets; how far the estimates of a panel move from those of "
        f"{FIRST} folds (root mean square, the largest over paths), and the largest mean move, "
        "with its Monte-Carlo error; mean error of each path. All in standard errors (Monte-Carlo "
        f"error of the mean errors {table['bias_mcse'].median():.2f})."
    )
    return "\n\n".join([text, "\n".join(lines), told(notes, "folds")])


def main(argv: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.folds", description=__doc__)
    parser.add_argument("--out", type=Path, default=TABLE, help="the table, a csv file")
    parser.add_argument("--firms", type=int, default=FIRMS)
    parser.add_argument("--few", type=int, default=6, help="panels")
    chosen = parser.parse_args(argv)
    parts = []
    for replication in range(chosen.few):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parts.append(measure(chosen.firms, replication))
        print(f"panel {replication + 1} of {chosen.few}", file=sys.stderr, flush=True)
        table = summarise(pd.concat(parts, ignore_index=True))
    notes = made_with([("first_seed", BASE_SEED), ("firms", chosen.firms)], PACKAGES)
    Store(chosen.out).write(table, notes)
    print(table.to_string(float_format="%.3f"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
