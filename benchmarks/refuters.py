"""How fast the refuters' questions are answered: by moments, and by DoWhy's own refuters.

    python -m benchmarks.refuters --rows 2000 --simulations 100

One cross-section, one estimator (partialling out with LightGBM, five folds). Three roads:

* ``study``: from the study's residuals and moments;
* ``DoWhy, last step``: DoWhy's refuters, given the estimator fitted but for its last step;
* ``DoWhy, whole estimator``: DoWhy's refuters, which learn the nuisances in every simulation, as
  they do with any estimator; timed over a few simulations and scaled.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

import causalgreen as cg
from benchmarks.made_with import made_with
from causalgreen.falsify.dowhy_door import REFUTERS, dowhy_door
from causalgreen.falsify.registry import case_of, falsify

TABLE = Path(__file__).parent / "results" / "refuters.csv"
PACKAGES = ("causalgreen", "dowhy", "lightgbm", "numpy", "pandas", "scikit-learn")
SEED = 0


def cross_section(rows: int, seed: int = SEED) -> pd.DataFrame:
    """Independent rows with ten controls and curved confounding."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 10))
    ai = np.sin(X[:, 0]) + 0.5 * X[:, 1] + rng.normal(size=rows)
    green = 0.5 * ai + X[:, 0] ** 2 + X[:, 1] + rng.normal(size=rows)
    frame = pd.DataFrame(X, columns=[f"x{k}" for k in range(10)])
    return frame.assign(firm=np.arange(rows), year=2020, ai=ai, green=green)


def make_study(frame: pd.DataFrame) -> cg.Study:
    panel = cg.Panel.from_frame(
        frame, unit="firm", time="year", outcome="green", treatment="ai",
        controls=[f"x{k}" for k in range(10)],
    )  # fmt: skip
    fixed = cg.FixedEffects("none", time=False)
    return cg.Study(panel, cg.green_innovation_graph(panel), fixed, cg.lightgbm(), n_jobs=1)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def run(rows: int, simulations: int, few: int) -> pd.DataFrame:
    """Seconds for so many simulations, by refuter and road."""
    study = make_study(cross_section(rows, SEED))
    case = case_of(study, simulations)
    quick, whole = dowhy_door(case), dowhy_door(case, refit=True)
    falsify(study, list(REFUTERS), 20, progress=False)  # imports are not what is timed
    quick.refute("bootstrap", 5)
    lines = []
    for name in tqdm(REFUTERS, unit="refuter"):
        ours = min(
            seconds(lambda n=name: falsify(study, [n], simulations, progress=False))
            for _ in range(3)
        )
        last = seconds(lambda n=name: quick.refute(n, simulations))
        each = seconds(lambda n=name: whole.refute(n, few)) / few
        lines.append({
            "refuter": name, "rows": rows, "simulations": simulations, "study": ours,
            "dowhy_last_step": last, "dowhy_whole_estimator": each * simulations,
            "ratio_last_step": last / ours, "ratio_whole_estimator": each * simulations / ours,
            "simulations_timed_whole": few,
        })  # fmt: skip
    return pd.DataFrame(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--simulations", type=int, default=100)
    parser.add_argument("--few", type=int, default=5)
    parser.add_argument("--table", type=Path, default=TABLE)
    asked = parser.parse_args()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = run(asked.rows, asked.simulations, asked.few)
    notes = [("seed", SEED)]
    for row in made_with(notes, PACKAGES).itertuples():
        table[row.what] = row.value
    asked.table.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(asked.table, index=False, float_format="%.4g")
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
