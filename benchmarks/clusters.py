"""One coefficient for all firms, or coefficients that vary with the traits, where clusters are few.

Run as ``python -m benchmarks.clusters --replications 200 --resume``. The numbers of cities go from
six up; cities are alike, few are large, share large shocks, have traits of their own, or get the
treatment as a whole; and firms stand alone, each its own cluster.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

import causalgreen as cg
from benchmarks.economies import ROLES, TRAITS
from benchmarks.methods import Method, run_method
from benchmarks.peers import Estimate
from benchmarks.results import Store, cells_of, fingerprint, tabulated

__all__ = [
    "CASES", "CONSTANT", "DEFAULT", "VARYING", "Drawn", "main", "replicate", "run", "summarise",
]  # fmt: skip

TABLE = Path(__file__).parent / "results" / "clusters.csv"
BASE_SEED, FIRMS, YEARS = 90_000, 600, 8
PATHS = ("direct", "restructuring", "human_capital", "spillover", "own_total", "overall")
DEFAULT, CONSTANT, VARYING = "causalgreen default", "one coefficient", "varying"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A table, its roles, and the truth of its paths.

    Attributes
    ----------
    frame : pandas.DataFrame
    roles : dict
        Arguments of ``Panel.from_frame``.
    truth : dict of str to float
        Population averages.
    """

    frame: pd.DataFrame
    roles: dict[str, Any]
    truth: dict[str, float]


def _economy(
    clusters: int, seed: int, firms: int = FIRMS, city_shock: float = 0.4, **roles: Any
) -> Drawn:
    economy = cg.Economy(nonlinearity=0, city_shock=city_shock)
    frame, truth = cg.simulate_panel(firms, YEARS, seed, n_cities=clusters, economy=economy)
    return Drawn(frame, {**ROLES, **roles}, {term: truth.population[term] for term in PATHS})


def alike(clusters: int, seed: int) -> Drawn:
    """Cities of about as many firms each."""
    return _economy(clusters, seed)


def shocks(clusters: int, seed: int) -> Drawn:
    """Cities with large shocks to every variable: most of what AI does is shared by a city."""
    return _economy(clusters, seed, city_shock=2.0)


def few_large(clusters: int, seed: int) -> Drawn:
    """The k-th city has one k-th of the firms of the largest."""
    drawn = _economy(clusters, seed, 4 * FIRMS)
    rng = np.random.default_rng(seed)
    city = drawn.frame.groupby("firm")["city"].first()
    rank = pd.Series(1 + rng.permutation(city.nunique()), city.unique())
    chance = 1 / city.map(rank)
    kept = city.index[rng.random(len(city)) < np.minimum(1, chance * FIRMS / chance.sum())]
    return Drawn(drawn.frame[drawn.frame["firm"].isin(kept)], drawn.roles, drawn.truth)


def of_places(clusters: int, seed: int) -> Drawn:
    """Three more traits, which all firms of a city share and on which nothing depends."""
    names = ["coast", "income", "university"]
    drawn = _economy(clusters, seed, traits=[*TRAITS, *names])
    rng, city = np.random.default_rng(seed), drawn.frame["city"]
    for name in names:
        drawn.frame[name] = city.map(dict.fromkeys(city.unique(), 0.0) | {
            place: rng.standard_normal() for place in city.unique()
        })  # fmt: skip
    return drawn


def alone(clusters: int, seed: int) -> Drawn:
    """Firms without cities: each is a cluster."""
    return _economy(clusters, seed, clusters, 0.0, cluster="firm")


def policy(clusters: int, seed: int, mediated: bool = False) -> Drawn:
    """A policy that half of the cities get, some years apart; effects vary with a city's trait.

    What it does to the mediator, and that to the outcome, grow with the same trait of firms.
    """
    rng, each = np.random.default_rng(seed), 30
    city = np.repeat(np.arange(clusters), each)
    size = rng.standard_normal(len(city)) + 0.5 * rng.standard_normal(clusters)[city]
    income = rng.standard_normal(clusters)[city]
    start = np.where(rng.permutation(clusters) < clusters // 2, rng.integers(2, 7, clusters), YEARS)
    treated = (np.arange(YEARS) >= start[city][:, None]).astype(float)
    control = rng.standard_normal(treated.shape)
    error = rng.standard_normal(treated.shape)
    for t in range(1, YEARS):
        error[:, t] = 0.5 * error[:, t - 1] + np.sqrt(0.75) * error[:, t]
    error += 0.3 * rng.standard_normal((clusters, YEARS))[city]
    effect = (0.5 + 0.3 * size + 0.2 * income)[:, None]
    clean = (0.4 + 0.2 * size + 0.1 * income)[:, None] * treated + 0.2 * control
    clean += 0.5 * rng.standard_normal(clean.shape)
    through = (0.5 + 0.2 * size)[:, None] * clean if mediated else 0.0
    columns = {
        "firm": np.repeat(np.arange(len(city)), YEARS),
        "year": np.tile(np.arange(YEARS), len(city)),
        "city": np.repeat(city, YEARS), "size": np.repeat(size, YEARS),
        "income": np.repeat(income, YEARS), "policy": treated.ravel(), "control": control.ravel(),
        "clean": clean.ravel(),
        "green": (effect * treated + through + 0.3 * control + error).ravel(),
    }  # fmt: skip
    roles = {
        "unit": "firm", "time": "year", "outcome": "green", "treatment": "policy",
        "traits": ["size", "income"], "controls": ["control"], "cluster": "city",
    }  # fmt: skip
    if not mediated:
        return Drawn(pd.DataFrame(columns), roles, {"direct": 0.5})
    # The variance of size is 1.25.
    truth = {"direct": 0.5, "restructuring": 0.2 + 0.04 * 1.25}
    truth["own_total"] = sum(truth.values())
    return Drawn(pd.DataFrame(columns), roles | {"mediators": {"restructuring": "clean"}}, truth)


CASES: MappingProxyType[str, tuple[Callable[[int, int], Drawn], tuple[int, ...]]]
CASES = MappingProxyType(
    {
        "alike": (alike, (6, 12, 24, 48)),
        "large shocks": (shocks, (6, 12, 24, 48)),
        "few large": (few_large, (6, 12, 24, 48)),
        "traits of places": (of_places, (6, 8, 12, 24, 48)),
        "firms alone": (alone, (16, 24, 32, 48, 96)),
        "policy": (policy, (6, 8, 12, 24, 48)),
        "mediated policy": (partial(policy, mediated=True), (6, 8, 12, 24, 48)),
    }
)


SYSTEMS = {DEFAULT: "auto", CONSTANT: "constant", VARYING: "varying"}


def _study(drawn: Drawn, seed: int) -> cg.Study:
    panel = cg.Panel.from_frame(drawn.frame, **drawn.roles)
    graph = cg.green_innovation_graph(panel)
    return cg.Study(panel, graph, learner=cg.linear(), seed=seed, n_jobs=1, progress=False)


def _estimates(
    study: Callable[[], cg.Study], label: str, terms: Sequence[str], *_: Any
) -> list[Estimate]:
    table = study().paths(coefficients=SYSTEMS[label]).tidy()  # type: ignore[arg-type]
    columns = ["term", "estimate", "std_error", "conf_low", "conf_high"]
    rows = table.loc[table["term"].isin(terms), columns]
    return [Estimate(label, *row) for row in rows.itertuples(index=False)]


METHOD = Method(
    tuple((label, PATHS) for label in SYSTEMS), lambda *_: [],
    ("causalgreen", "scikit-learn", "numpy"), (Path(__file__).name,),
)  # fmt: skip


def replicate(case: str, clusters: int, replication: int) -> pd.DataFrame:
    """One panel, both systems and what the study takes by itself.

    Parameters
    ----------
    case : str
        Key of `CASES`.
    clusters, replication : int
        How many clusters, and the number r of the panel; the seed is ``BASE_SEED + r``.

    Returns
    -------
    pandas.DataFrame
        One row per system and path, also where it failed.
    """
    seed, start = BASE_SEED + replication, time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # few clusters: what is measured here
        drawn = CASES[case][0](clusters, seed)
        study, terms, found = cache(partial(_study, drawn, seed)), tuple(drawn.truth), []
        for label in SYSTEMS:  # one may fail, and the others not
            run = partial(_estimates, study, label, terms)
            method = replace(METHOD, rows=((label, terms),), run=run)
            found += run_method(method, drawn.frame, seed)
    rows = pd.DataFrame(found).rename(columns={"label": "method"})
    truth = rows["term"].map(drawn.truth)
    return rows.assign(
        case=case,
        clusters=clusters,
        replication=replication,
        truth=truth,
        truth_average=truth,
        seconds=time.process_time() - start,
        fingerprint=fingerprint(METHOD),
    )


def summarise(raw: pd.DataFrame) -> pd.DataFrame:
    """Bias, errors and coverage by case, number of clusters, system and path.

    Parameters
    ----------
    raw : pandas.DataFrame
        From `replicate`.

    Returns
    -------
    pandas.DataFrame
        One row for each; ``pooled_mcse`` is the error of a system's coverage over all its rows.
    """
    keys = ["case", "clusters", "method", "term"]
    table = cells_of(raw, keys, ["method"])
    rank = {name: k for k, name in enumerate((*CASES, DEFAULT, CONSTANT, VARYING, *PATHS))}
    return table.sort_values(
        keys, key=lambda c: c if c.name == "clusters" else c.map(rank)
    ).reset_index(drop=True)


def run(replications: int, table: Path, progress: bool = True) -> pd.DataFrame:
    """Run what is missing, and write the table.

    Parameters
    ----------
    replications : int
        Panels of each case and number of clusters.
    table : pathlib.Path
        Where the table goes; raw replications and metadata go beside it.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    pandas.DataFrame
    """
    jobs = [
        (case, n, r) for case, (_, sizes) in CASES.items() for n in sizes
        for r in range(replications)
    ]  # fmt: skip
    return tabulated(
        table, METHOD, jobs, ("case", "clusters", "replication"), replicate,
        lambda raw: summarise(raw).assign(firms=FIRMS, years=YEARS), BASE_SEED, progress,
    )  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clusters", description=__doc__)
    parser.add_argument("--replications", type=int, default=200, help="of each size of each case")
    parser.add_argument("--out", type=Path, default=TABLE, help="the table, a csv file")
    parser.add_argument("--resume", action="store_true", help="keep replications made before")
    args = parser.parse_args(argv)
    if not args.resume:
        Store(args.out).clear()
    table = run(args.replications, args.out)
    columns = ["case", "clusters", "method", "term", "replications", "failed", "bias", "sd",
               "mean_se", "coverage"]  # fmt: skip
    print(table[columns].to_string(index=False, float_format="%.3f"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
