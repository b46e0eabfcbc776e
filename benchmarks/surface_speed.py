"""Time of effects by firm with intervals for all paths, beside one fit of other packages' forests.

Run as ``python -m benchmarks.surface_speed``. Everything runs in this one process with one thread,
on the same rows, with as many trees; imports and compilation are made before, and reported.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import causalgreen as cg
from benchmarks import surface_peers
from benchmarks.economies import CONTROLS, TRAITS
from benchmarks.made_with import made_with
from benchmarks.peers import _boosting
from benchmarks.surface_methods import Panels, warm_up

__all__ = ["Clock", "main", "measure"]

TABLE = Path(__file__).parent / "results" / "surface_speed.csv"
SEED = 31_000


@dataclass(slots=True)
class Clock:
    """Wall and process seconds of named pieces of work."""

    rows: list[dict[str, Any]] = field(default_factory=list)

    def time(self, what: str, work: Callable[[], Any], scale: float = 1.0, note: str = "") -> Any:
        """Do a piece of work; ``scale`` multiplies its time where only a part was done."""
        wall, process = time.perf_counter(), time.process_time()
        out = work()
        wall, process = time.perf_counter() - wall, time.process_time() - process
        print(f"  {process:8.1f} s of process time: {what}", file=sys.stderr, flush=True)
        self.rows.append({"what": what, "wall": wall * scale, "process": process * scale,
                          "note": note})  # fmt: skip
        return out

    def table(self) -> pd.DataFrame:
        """One row for each piece of work."""
        return pd.DataFrame(self.rows)


def measure(firms: int, years: int, trees: int, shap_rows: int) -> pd.DataFrame:
    """Time everything on one panel.

    Parameters
    ----------
    firms, years : int
        Size of the panel.
    trees : int
        Trees of every forest.
    shap_rows : int
        Rows that EconML explains; its time is scaled to the number of firms.

    Returns
    -------
    pandas.DataFrame
        Columns what, wall, process (seconds), note.
    """
    clock = Clock()
    frame, _ = cg.simulate_panel(firms, years, SEED)
    warm_up(("econml",))
    small, _ = cg.simulate_panel(160, 5, seed=1, n_cities=40)
    clock.time("StatsPAI, first fit on a machine", lambda: surface_peers.statspai_forest(
        small, 1, trees=8), note="160 firms, 8 trees: import, and compilation, which later "
        "processes read from disk")  # fmt: skip
    panels = Panels(frame, SEED)
    study, _ = clock.time("cg: nuisances of all targets", lambda: panels.study("lightgbm"))
    surface = clock.time("cg: forest and intervals, all paths",
                         lambda: study.surface(cg.forest(trees)))  # fmt: skip
    clock.time("cg: linear surface and intervals, all paths",
               lambda: study.surface(cg.linear_surface()))  # fmt: skip
    forest = clock.time("EconML: one CausalForestDML.fit", lambda: _fit(frame, trees))
    clock.time("StatsPAI: one CausalForest(fe='unit').fit",
               lambda: surface_peers.statspai_forest(frame, SEED, trees=trees))  # fmt: skip
    at = frame.drop_duplicates("firm")[list(TRAITS)].to_numpy(dtype=np.float64)
    rows = min(shap_rows, len(at))
    try:
        hetero = study.explain(surface)
        clock.time("cg: SHAP values of one path, all firms", lambda: hetero.shapley("own_total"))
        clock.time("EconML: CausalForestDML.shap_values, all firms",
                   lambda: forest.shap_values(at[:rows]), scale=len(at) / rows,
                   note=f"{rows} rows, scaled to {len(at)}")  # fmt: skip
    except ImportError as error:
        clock.rows.append({"what": "SHAP", "note": f"not measured: {error}"})
    return clock.table()


def _fit(frame: pd.DataFrame, trees: int) -> Any:
    from econml.dml import CausalForestDML

    model = CausalForestDML(
        model_y=_boosting(SEED), model_t=_boosting(SEED), n_estimators=trees, random_state=SEED,
        n_jobs=1,
    )  # fmt: skip
    return model.fit(
        frame["green_patents"].to_numpy(), frame["ai"].to_numpy(),
        X=frame[list(TRAITS)].to_numpy(dtype=np.float64),
        W=frame[[*CONTROLS, "peer_ai", "year"]].to_numpy(dtype=np.float64),
    )  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.surface_speed", description=__doc__)
    parser.add_argument("--firms", type=int, default=4000)
    parser.add_argument("--years", type=int, default=12)
    parser.add_argument("--trees", type=int, default=400)
    parser.add_argument("--shap-rows", type=int, default=100)
    parser.add_argument("--out", type=Path, default=TABLE)
    args = parser.parse_args(argv)
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        # numba, which StatsPAI compiles with, keeps what it compiled: start without it
        os.environ["NUMBA_CACHE_DIR"] = folder
        table = measure(args.firms, args.years, args.trees, args.shap_rows)
    table = table.assign(firms=args.firms, years=args.years, trees=args.trees)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(args.out, index=False, float_format="%.4g")
    made_with([("seed", SEED)]).to_csv(
        args.out.with_name(args.out.stem + "_metadata.csv"), index=False
    )
    print(table.to_string(index=False, float_format="%.1f"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
