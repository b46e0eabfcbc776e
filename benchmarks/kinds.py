"""Paths of several kinds of AI in one study, as in ``examples/for_whom.py``, beside their truth.

Run as ``python -m benchmarks.kinds --replications 100 --resume``. Robots, smart manufacturing and
digital finance act beside the AI words of annual reports, each with its own mix of paths. Two more
economies take away one thing each that may move the numbers: effects that differ between firms,
and missing controls.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

import causalgreen as cg
from benchmarks.methods import Method, Outcome, run_method
from benchmarks.peers import Estimate
from benchmarks.results import Store, cells_of, fingerprint, tabulated
from causalgreen.data.truth import Truth

__all__ = [
    "ECONOMIES", "KINDS", "PATHS", "Listed", "draw", "main", "panel_of", "replicate", "run",
    "study_of", "summarise",
]  # fmt: skip

TABLE = Path(__file__).parent / "results" / "kinds.csv"
BASE_SEED = 80_000
MAIN, NAN = "notebook", float("nan")
KINDS = ("ai", "robots", "smart_manufacturing", "digital_finance")
PATHS = ("direct", "restructuring", "human_capital", "own_total")
TRAITS = ("trait_size", "urban", "clean_industry")
CONTROLS = ("age", "leverage", "roa", "turnover", "cashflow", "growth")
DEFAULT, CONSTANT = "causalgreen default", "causalgreen default, one coefficient"


@dataclass(frozen=True, slots=True)
class Listed:
    """An economy of listed firms and the size of its panels.

    Attributes
    ----------
    words : str
        What it is called on the page.
    heterogeneity : float
        How strongly effects vary with the traits; 0: one effect for all firms.
    missing : float
        Share of missing values of each control.
    firms, years : int
        Size of each panel.
    """

    words: str
    heterogeneity: float = 1.0
    missing: float = 0.02
    firms: int = 2000
    years: int = 10


ECONOMIES: MappingProxyType[str, Listed] = MappingProxyType({
    MAIN: Listed("As in the notebook"),
    "complete": Listed("The same, no control missing", missing=0.0),
    "alike": Listed("The same, effects alike in all firms", heterogeneity=0.0),
})  # fmt: skip


def draw(listed: Listed, seed: int) -> cg.Simulation:
    """One panel and its truth.

    Parameters
    ----------
    listed : Listed
        Economy and size.
    seed : int

    Returns
    -------
    causalgreen.Simulation
    """
    return cg.simulate_panel(
        listed.firms, listed.years, seed, economy=cg.Economy(heterogeneity=listed.heterogeneity),
        realism=cg.Realism(counts=False, zones=None, links=False, missing=listed.missing),
    )  # fmt: skip


def panel_of(frame: pd.DataFrame) -> cg.Panel:
    """The table with its roles."""
    return cg.Panel.from_frame(
        frame, unit="firm", time="year", outcome="green_patents", treatment=list(KINDS),
        mediators={"restructuring": ["clean_share"], "human_capital": ["skilled_share"]},
        exposure="peer_ai", traits=list(TRAITS), controls=list(CONTROLS), cluster="city",
    )  # fmt: skip


def study_of(frame: pd.DataFrame, seed: int) -> cg.Study:
    """The study of the notebook: four treatments in one system, default learner."""
    panel = panel_of(frame)
    return cg.Study(panel, cg.green_innovation_graph(panel), seed=seed, n_jobs=1, progress=False)


def _estimates(frame: pd.DataFrame, seed: int) -> list[Estimate]:
    """Both systems of one fit."""
    study = study_of(frame, seed)
    columns = ["term", "estimate", "std_error", "conf_low", "conf_high"]
    asked = {DEFAULT: study.paths(), CONSTANT: study.paths(coefficients="constant")}
    return [
        Estimate(label, *row)
        for label, effects in asked.items()
        for row in effects.tidy(detail=True)[columns].itertuples(index=False)
    ]


CELLS = MappingProxyType({f"{path}[{kind}]": (kind, path) for kind in KINDS for path in PATHS})
METHOD = Method(
    tuple((label, tuple(CELLS)) for label in (DEFAULT, CONSTANT)), _estimates,
    ("causalgreen", "lightgbm", "scikit-learn", "numpy"), (Path(__file__).name,),
)  # fmt: skip


def _outcomes(listed: Listed, seed: int) -> tuple[list[Outcome], dict[str, Truth]]:
    """What the study says, and the truth by kind; a draw that cannot be is counted as failed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # missing controls, few clusters: what is measured here
        try:
            made = draw(listed, seed)
        except ValueError as fault:  # a share outside (0, 1)
            why = f"not drawn: {str(fault).partition(':')[0]}"
            none = (NAN, NAN, NAN, NAN, why)
            return [Outcome(label, cell, *none) for label, cs in METHOD.rows for cell in cs], {}
        return run_method(METHOD, made.df, seed), {"ai": made.truth, **dict(made.truth.types)}


def replicate(economy: str, replication: int, listed: Listed | None = None) -> pd.DataFrame:
    """One panel, its paths by kind and their truth.

    Parameters
    ----------
    economy : str
        Key of `ECONOMIES`.
    replication : int
        Its number r; the seed is ``BASE_SEED + r``, the same in all economies.
    listed : Listed, optional
        Another economy under this name.

    Returns
    -------
    pandas.DataFrame
        One row per method, kind and path, also where it failed or could not be drawn.
    """
    seed, start = BASE_SEED + replication, time.process_time()
    rows: list[dict[str, Any]] = []
    outcomes, truths = _outcomes(listed or ECONOMIES[economy], seed)
    for found in outcomes:
        kind, path = CELLS[found.term]
        truth = truths.get(kind)
        rows.append({
            "economy": economy, "replication": replication, "method": found.label, "kind": kind,
            "term": path, "estimate": found.estimate, "std_error": found.std_error,
            "conf_low": found.conf_low, "conf_high": found.conf_high,
            "truth": truth.population[path] if truth else NAN,
            "truth_average": truth.average[path] if truth else NAN, "error": found.error,
        })  # fmt: skip
    seconds = time.process_time() - start
    return pd.DataFrame(rows).assign(seconds=seconds, fingerprint=fingerprint(METHOD))


def summarise(raw: pd.DataFrame) -> pd.DataFrame:
    """Bias, errors and coverage of every kind and path, with Monte-Carlo standard errors.

    Parameters
    ----------
    raw : pandas.DataFrame
        From `replicate`.

    Returns
    -------
    pandas.DataFrame
        One row per economy, method, kind and path. ``pooled_mcse`` is the error of the coverage
        over all kinds and paths of an economy and method, which share their panels.
    """
    keys = ["economy", "method", "kind", "term"]
    table = cells_of(raw, keys, keys[:2])
    rank = {name: k for k, name in enumerate((*ECONOMIES, DEFAULT, CONSTANT, *KINDS, *PATHS))}
    return table.sort_values(keys, key=lambda c: c.map(rank)).reset_index(drop=True)


def run(
    replications: Mapping[str, int], table: Path, listed: Listed | None = None,
    progress: bool = True,
) -> pd.DataFrame:  # fmt: skip
    """Run what is missing, and write the table.

    Parameters
    ----------
    replications : mapping of str to int
        Panels of each economy, by key of `ECONOMIES`.
    table : pathlib.Path
        Where the table goes; raw replications and metadata go beside it.
    listed : Listed, optional
        Draw from this one instead, whatever the name.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    pandas.DataFrame
    """
    jobs = [(economy, r) for economy, n in replications.items() for r in range(n)]
    one = listed or next(iter(ECONOMIES.values()))
    return tabulated(
        table, METHOD, jobs, ("economy", "replication"), lambda *job: replicate(*job, listed),
        lambda raw: summarise(raw).assign(firms=one.firms, years=one.years), BASE_SEED, progress,
    )  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kinds", description=__doc__)
    parser.add_argument("--replications", type=int, default=100, help="of the notebook's economy")
    parser.add_argument("--beside", type=int, default=40, help="replications of the others")
    parser.add_argument("--economies", nargs="+", choices=tuple(ECONOMIES),
                        default=tuple(ECONOMIES))  # fmt: skip
    parser.add_argument("--out", type=Path, default=TABLE, help="the table, a csv file")
    parser.add_argument("--resume", action="store_true", help="keep replications made before")
    args = parser.parse_args(argv)
    if not args.resume:
        Store(args.out).clear()
    counts = {e: args.replications if e == MAIN else args.beside for e in args.economies}
    table = run(counts, args.out)
    columns = ["economy", "method", "kind", "term", "replications", "failed", "truth", "bias",
               "sd", "mean_se", "coverage"]  # fmt: skip
    print(table[columns].to_string(index=False, float_format="%.3f"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
