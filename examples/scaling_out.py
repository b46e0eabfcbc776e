"""The same study on one machine's threads, and on the workers of Ray or Dask.

    python examples/scaling_out.py                      # Ray if it is installed, else Dask
    python examples/scaling_out.py dask                 # two workers, started here
    python examples/scaling_out.py ray 10.0.0.5:6379    # a cluster that runs already

Prints the paths and how far the numbers of the two runs are apart: not at all. Without Ray and
Dask, processes of this machine stand in for the workers.
"""

from __future__ import annotations

import sys
import time
from contextlib import AbstractContextManager
from importlib.util import find_spec

import numpy as np

import causalgreen as cg

FIRMS, YEARS, TREES = 200, 6, 40


def new_study() -> cg.Study:
    df, _ = cg.simulate_panel(n_firms=FIRMS, n_years=YEARS, seed=0)
    panel = cg.Panel.from_frame(
        df, unit="firm", time="year", outcome="green_patents", treatment="ai",
        mediators={"human_capital": "skilled_share"}, traits=["size", "urban"],
        controls=["age", "leverage", "roa_lag"], cluster="city",
    )  # fmt: skip
    return cg.Study(panel, cg.green_innovation_graph(panel), progress=False)


def answers(study: cg.Study) -> tuple[cg.Effects, cg.Surface, float]:
    start = time.perf_counter()
    paths, surface = study.paths(), study.surface(cg.forest(TREES))
    return paths, surface, time.perf_counter() - start


def workers(kind: str | None, address: str | None) -> tuple[str, AbstractContextManager]:
    """Where to work: as asked for, else on what is installed, else on processes."""
    packages = {"ray": "ray", "dask": "distributed"}
    kind = kind or next((name for name, module in packages.items() if find_spec(module)), None)
    if kind is not None and find_spec(packages.get(kind, kind)):
        where = f"{kind} at {address}" if address else f"{kind}, two workers on this machine"
        return where, cg.cluster(kind, address, workers=None if address else 2)
    from joblib import parallel_config

    asked = f"{kind} is" if kind else "neither ray nor dask is"
    print(f"{asked} not installed (pip install 'causalgreen[ray]'): two processes instead")
    return "two processes of this machine", parallel_config(backend="loky", n_jobs=2)


def main(kind: str | None = None, address: str | None = None) -> None:
    here = answers(new_study())
    where, context = workers(kind, address)
    with context:
        there = answers(new_study())
    print(there[0].tidy()[["term", "estimate", "std_error"]].round(3).to_string(index=False))
    print(f"\nthreads here {here[2]:.1f} s; {where} {there[2]:.1f} s")
    print(
        f"largest difference: paths {np.abs(there[0].estimate - here[0].estimate).max():g}, "
        f"effects by firm {np.abs(there[1].estimate - here[1].estimate).max():g}"
    )


# New processes read this file again: without the guard, each would start a cluster of its own.
if __name__ == "__main__":
    try:
        main(*sys.argv[1:3])
    except cg.CausalGreenError as error:
        sys.exit(f"scaling_out: {error}")
