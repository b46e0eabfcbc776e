"""The whole study beside one fit of EconML's causal forest: same rows, learners, trees, thread.

    python -m benchmarks.speed            # 4,000 firms, 12 years, 30 controls, 400 trees
    python -m benchmarks.speed --quick    # 1,000 firms, 100 trees

Seconds depend on the machine and on what else it does; the figures are ratios within one run,
each side as fast as in the fastest of its passes.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import causalgreen as cg
from benchmarks.economies import CONTROLS, ROLES, TRAITS
from benchmarks.figures import ALIKE
from benchmarks.made_with import made_with
from benchmarks.speed_peers import (
    Rounds,
    forest_fit,
    forest_through_dowhy,
    nuisances,
    nuisances_alike,
)
from benchmarks.surface_methods import warm_up
from benchmarks.surface_speed import Clock

__all__ = ["FULL", "QUICK", "Size", "fastest", "figures", "main", "measure", "rows_of"]

TABLE = Path(__file__).parent / "results" / "speed.csv"
SEED = 61_000
STUDY, INSIDE, ECONML, DOWHY = "study", "inside the page", "EconML", "DoWhy"


@dataclass(frozen=True, slots=True)
class Size:
    """Size of a run.

    Attributes
    ----------
    firms, years, controls, trees, simulations : int
        Of the panel, the forests, and the checks that simulate.
    """

    firms: int = 4000
    years: int = 12
    controls: int = 30
    trees: int = 400
    simulations: int = 400


FULL, QUICK = Size(), Size(firms=1000, trees=100)


def rows_of(size: Size, seed: int) -> tuple[pd.DataFrame, list[str]]:
    """A simulated panel, and the names of its controls: its own, and noise."""
    frame, _ = cg.simulate_panel(size.firms, size.years, seed)
    noise = [f"noise_{k:02d}" for k in range(size.controls - len(CONTROLS))]
    values = np.random.default_rng(seed).normal(size=(len(frame), len(noise)))
    table = pd.concat([frame, pd.DataFrame(values, columns=noise, index=frame.index)], axis=1)
    return table, [*CONTROLS, *noise]


def measure(size: Size, seed: int, folder: Path) -> pd.DataFrame:
    """Time every stage of the study, then EconML on the same rows.

    Parameters
    ----------
    size : Size
        Size of the run.
    seed : int
        Seed of data, folds and trees.
    folder : pathlib.Path
        Where the page is written.

    Returns
    -------
    pandas.DataFrame
        Columns part, what, wall, process (seconds), note.
    """
    clock, frame, controls = Clock(), *rows_of(size, seed)
    warm_up(("econml",))
    _warm(folder)
    parts: list[str] = []

    def time(part: str, what: str, work: Any, note: str = "") -> Any:
        parts.append(part)
        return clock.time(what, work, note=note)

    study = time(STUDY, "panel and graph", partial(_study, frame, controls, seed))
    time(STUDY, "residuals of all targets", lambda: study.residuals)
    time(STUDY, "moments and paths", study.paths)
    surface = time(STUDY, "forest with intervals", lambda: study.surface(cg.forest(size.trees)))
    tried = time(STUDY, "falsify", lambda: study.falsify(simulations=size.simulations))
    hetero = study.explain(surface)
    for name in ("projection", "profile", "targeting"):
        time(STUDY, name, getattr(hetero, name))
    page = partial(study.report, folder / "page.html", surface=hetero, falsification=tried)
    time(STUDY, "page, with all that it asks", page)
    for name, ask in _questions(study.explain(surface)).items():
        time(INSIDE, name, ask, "asked once more of a new explanation; part of the page")
    _beside(time, study, frame, controls, size.trees, seed)
    table = clock.table()
    table.insert(0, "part", parts)
    return table


def _beside(
    time: Any, study: Any, frame: pd.DataFrame, controls: list[str], trees: int, seed: int
) -> None:
    """EconML's nuisances and forest, with as many folds as the study and with its default."""
    rounds = Rounds.of(study)
    note = (
        f"rounds that the study chose: {rounds.outcome} (outcome), {rounds.treatment} (treatment)"
    )
    for folds in (5, 2):
        two = partial(nuisances, frame, controls, rounds, folds, seed)
        fit = partial(forest_fit, frame, controls, rounds, folds, trees, seed)
        time(ECONML, f"two nuisances alone, {folds} folds", two, note)
        time(ECONML, f"CausalForestDML.fit, {folds} folds", fit, note)
    alike = partial(nuisances_alike, study, frame, rounds, 5, seed)
    time(ECONML, ALIKE, alike, f"{note}; levels and firm means of the controls")
    through = partial(forest_through_dowhy, frame, controls, rounds, trees, seed)
    time(DOWHY, "identify, estimate, intervals of all rows, 5 folds", through, note)


def _study(frame: pd.DataFrame, controls: list[str], seed: int) -> Any:
    panel = cg.Panel.from_frame(frame, **{**ROLES, "controls": controls})
    study = cg.Study(
        panel, cg.green_innovation_graph(panel), learner=cg.lightgbm(), seed=seed, n_jobs=1,
        progress=False,
    )  # fmt: skip
    study.identify()
    return study


def _warm(folder: Path) -> None:
    """Import what a first study imports: it is not what is measured."""
    frame, controls = rows_of(Size(firms=240, years=5, controls=4), 1)
    study = _study(frame, controls, 1)
    hetero = study.explain(study.surface(cg.forest(8)))
    for name in ("projection", "profile", "targeting"):
        getattr(hetero, name)()
    study.report(folder / "small.html", surface=hetero, falsification=study.falsify(simulations=20))
    del study, hetero
    gc.collect()  # what this leaves is not for the first step to clear away


def _questions(hetero: Any) -> dict[str, Any]:
    """The questions that the page asks, each once."""
    terms = hetero.terms(None)
    asked = {"claims": hetero.claims, "calibration": hetero.calibration}
    asked |= {f"groups by {trait}": partial(hetero.groups, trait) for trait in TRAITS}
    asked["curves along size"] = lambda: [hetero.curve("size", term) for term in terms]
    asked["SHAP values of all paths"] = lambda: [hetero.shapley(term) for term in terms]
    asked["policy"] = partial(hetero.policy, term="own_total")
    return asked


def _alone(size: Size, seed: int) -> pd.DataFrame:
    """One pass in a process of its own, which remembers nothing of the one before."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_pass, size, seed).result()


def _pass(size: Size, seed: int) -> pd.DataFrame:
    from threadpoolctl import threadpool_limits

    with (
        warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder, threadpool_limits(1)
    ):  # fmt: skip
        warnings.simplefilter("ignore")
        return measure(size, seed, Path(folder))


def fastest(passes: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Each piece of work in the pass where it took least: what else a machine does only adds.

    Parameters
    ----------
    passes : sequence of pandas.DataFrame
        From `measure`, of the same rows, one after the other.

    Returns
    -------
    pandas.DataFrame
        As one of them.
    """
    out = passes[0].copy()
    for column in ("wall", "process"):
        out[column] = np.minimum.reduce([table[column].to_numpy() for table in passes])
    return out


def figures(table: pd.DataFrame) -> pd.DataFrame:
    """Ratios of process time, with the bar of each.

    Parameters
    ----------
    table : pandas.DataFrame
        From `measure`.

    Returns
    -------
    pandas.DataFrame
        Columns target, figure, bar, met, missed_by.
    """
    seconds = table.set_index("what")["process"]
    whole = float(table.loc[table["part"] == STUDY, "process"].sum())
    ours, out = float(seconds["residuals of all targets"]), []
    for folds in (5, 2):
        fit = float(seconds[f"CausalForestDML.fit, {folds} folds"])
        two = float(seconds[f"two nuisances alone, {folds} folds"])
        out.append((f"whole study / one CausalForestDML.fit with {folds} folds", whole / fit, 1.0))
        out.append((f"cross-fitting of all targets / EconML's two, {folds} folds", ours / two, 1.5))
    like = "cross-fitting of all targets / EconML's two on the same features, 5 folds"
    out.append((like, ours / float(seconds[ALIKE]), 1.5))
    found = pd.DataFrame(out, columns=["target", "figure", "bar"])
    found["met"] = found["figure"] <= found["bar"]
    return found.assign(missed_by=(found["figure"] / found["bar"] - 1).clip(lower=0))


def _write(
    table: pd.DataFrame, found: pd.DataFrame, size: Size, seed: int, passes: int, path: Path
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fit = table.loc[table["what"] == "CausalForestDML.fit, 5 folds", "process"].iloc[0]
    sized = {name: getattr(size, name) for name in Size.__slots__}
    table = table.assign(fits=table["process"] / fit, **sized)
    table.to_csv(path, index=False, float_format="%.4g")
    found.to_csv(path.with_name(path.stem + "_targets.csv"), index=False, float_format="%.4g")
    notes = made_with([("seed", seed), ("threads", 1), ("passes", passes), *sized.items()])
    notes.to_csv(path.with_name(path.stem + "_metadata.csv"), index=False)


def main(argv: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1,000 firms, 100 trees")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--passes", type=int, default=3, help="of which the fastest counts")
    parser.add_argument("--out", type=Path, default=None)
    args = parser.parse_args(argv)
    size = QUICK if args.quick else FULL
    out = args.out or (TABLE.with_name("speed_quick.csv") if args.quick else TABLE)
    table = fastest([_alone(size, args.seed) for _ in range(args.passes)])
    found = figures(table)
    _write(table, found, size, args.seed, args.passes, out)
    print(table.drop(columns="note").to_string(index=False, float_format="%.2f"))
    print(found.to_string(index=False, float_format="%.2f"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
