"""Effects by unit on data with known or published answers: IHDP, ACIC 2016, 401(k).

Run as ``python -m benchmarks.realdata``; it reads the folder that the environment variable
CAUSALGREEN_DATA names, and skips what is not there. All are cross-sections with a 0/1 treatment:
panels of one period, without fixed effects.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

import causalgreen as cg
from benchmarks.made_with import made_with

__all__ = ["ACIC", "acic", "ihdp", "main", "pension", "study_of"]

RESULTS = Path(__file__).parent / "results"
SEEDS = {"ihdp": "number of the data set", "acic2016": "number of the setting", "401k": "0"}
VARIABLE = "CAUSALGREEN_DATA"
# Every thirteenth of the 77 settings of the competition.
ACIC = tuple(range(1, 78, 13))
PUBLISHED = ("bart_on_pscore", "bart", "calcause", "superlearner", "linear_model")
PENSION_TRAITS = ("age", "inc", "educ", "fsize", "marr", "twoearn", "db", "pira", "hown")
# StataCorp 19 `cate`, categories of income in its data set assets3, as the data's README quotes it.
PENSION_PUBLISHED = (4087.0, 1399.0, 5154.0, 8532.0, 20511.0)


def study_of(frame: pd.DataFrame, traits: Sequence[str], seed: int, learner: Any = None) -> Any:
    """A study of a cross-section: unit, period, treatment ``t``, outcome ``y``, and traits.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row for each unit.
    traits : sequence of str
        Columns that effects may vary with, and that confound.
    seed : int
        Seed.
    learner : learner, optional
        Default: the package's.

    Returns
    -------
    causalgreen.Study
    """
    frame = frame.assign(unit=np.arange(len(frame)), period=1)
    panel = cg.Panel.from_frame(
        frame, unit="unit", time="period", outcome="y", treatment="t", mediators={},
        exposure=None, traits=list(traits),
    )  # fmt: skip
    return cg.Study(
        panel, cg.green_innovation_graph(panel), seed=seed, n_jobs=1, progress=False,
        learner=learner, fixed_effects=cg.FixedEffects("none", time=False),
    )  # fmt: skip


def _forest_dml() -> Any:
    from econml.dml import CausalForestDML

    return cg.econml(CausalForestDML(n_estimators=400, n_jobs=1))


def _forest_dr() -> Any:
    from econml.dr import ForestDRLearner
    from lightgbm import LGBMClassifier, LGBMRegressor

    trees: dict[str, Any] = {"n_estimators": 100, "num_leaves": 8, "n_jobs": 1, "verbose": -1}
    outcome, treatment = LGBMRegressor(**trees), LGBMClassifier(**trees)
    learner = ForestDRLearner(
        model_regression=outcome, model_propensity=treatment, n_estimators=400, n_jobs=1
    )
    return cg.econml(learner)


WAYS: MappingProxyType[str, Callable[[], Any]] = MappingProxyType(
    {
        "cg.forest()": cg.forest,
        "cg.forest(smooth=False)": lambda: cg.forest(smooth=False),
        "cg.linear_surface('smooth')": lambda: cg.linear_surface("smooth"),
        "cg.econml(CausalForestDML)": _forest_dml,
        "cg.econml(ForestDRLearner)": _forest_dr,
    }
)


def _learn(study: Any, way: str) -> tuple[dict[str, Any], np.ndarray]:
    """Average effect, its interval, and effects by unit in the order of the rows."""
    start = time.process_time()
    surface = study.surface(WAYS[way]())
    seconds = time.process_time() - start
    place = surface.position("own_total")
    effects = np.empty(len(surface.firms))
    effects[np.asarray(surface.firms, dtype=int)] = surface.estimate[:, place]
    scores = surface.scores[:, place]
    found = {
        "method": way, "seconds": seconds, "average": scores.mean(),
        "average_error": scores.std() / np.sqrt(len(scores)),
    }  # fmt: skip
    return found, effects


def _tried(study: Any, way: str, row: dict[str, Any]) -> tuple[dict[str, Any], np.ndarray | None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found, effects = _learn(study, way)
        except Exception as fault:  # the table says what cannot be done
            reason = f"{type(fault).__name__}: {str(fault).splitlines()[0][:160]}"
            return row | {"method": way, "error": reason}, None
    return row | found | {"error": ""}, effects


def ihdp(folder: Path, counts: dict[str, int]) -> pd.DataFrame:
    """Error of effects by child and on average, in units of the outcome.

    Parameters
    ----------
    folder : pathlib.Path
        Holds ``ihdp/ihdp_npci_first100.npz``.
    counts : dict
        Number of replications of each method.

    Returns
    -------
    pandas.DataFrame
        One row per replication and method: ``pehe`` is the root mean squared error of the effects,
        ``average_off`` the error of the average effect, both of children left out of the fit.
    """
    data = np.load(folder / "ihdp" / "ihdp_npci_first100.npz")
    names = [f"x{k}" for k in range(data["x"].shape[1])]
    X = pd.DataFrame(data["x"].astype(float), columns=names)
    rows = []
    for r in tqdm(range(max(counts.values())), unit="data set"):
        frame = X.assign(t=data["t"].astype(float), y=data["y"][r].astype(float))
        tau = (data["mu1"] - data["mu0"])[r].astype(float)
        study = study_of(frame, names, seed=r)
        for way in [w for w, count in counts.items() if r < count]:
            row, effects = _tried(study, way, {"replication": r})
            if effects is not None:
                row["pehe"] = float(np.sqrt(((effects - tau) ** 2).mean()))
                row["constant"] = float(tau.std())
                row["average_off"] = abs(row["average"] - tau.mean())
                row["covered"] = abs(row["average"] - tau.mean()) <= 1.96 * row["average_error"]
            rows.append(row)
    return pd.DataFrame(rows)


def acic(folder: Path, counts: dict[str, int]) -> pd.DataFrame:
    """Error of effects by unit, on average and on the treated, in units of sd(y).

    Parameters
    ----------
    folder : pathlib.Path
        Holds ``acic2016``.
    counts : dict
        How many of the settings `ACIC` each method gets.

    Returns
    -------
    pandas.DataFrame
        One row per setting and method; published methods have only the effect on the treated.
    """
    root = folder / "acic2016"
    X = pd.read_csv(root / "x.csv.gz")
    outcomes = pd.read_parquet(root / "dev_sim1" / "sim1.parquet")
    published = pd.read_csv(root / "dev_sim1" / "published_fits.csv")
    rows: list[dict[str, Any]] = []
    for place, number in enumerate(tqdm(ACIC[: max(counts.values())], unit="setting")):
        part = outcomes[outcomes["param"] == number].sort_values("row")
        treated, scale = part["z"].to_numpy() == 1, float(part["y"].std())
        tau = (part["mu1"] - part["mu0"]).to_numpy(dtype=float)
        satt = float((part["y1"] - part["y0"]).to_numpy(dtype=float)[treated].mean())
        frame = X.assign(t=part["z"].to_numpy(float), y=part["y"].to_numpy(float))
        start = time.process_time()
        study = study_of(frame, list(X.columns), seed=number)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _ = study.moments
        nuisances = time.process_time() - start
        base = {"setting": number, "constant": tau.std() / scale, "nuisances": nuisances}
        for way in [w for w, count in counts.items() if place < count]:
            row, effects = _tried(study, way, dict(base))
            if effects is not None:
                row["pehe"] = float(np.sqrt(((effects - tau) ** 2).mean())) / scale
                row["treated_off"] = (effects[treated].mean() - satt) / scale
                row["average_off"] = (row["average"] - tau.mean()) / scale
                row["covered"] = abs(row["average"] - tau.mean()) <= 1.96 * row["average_error"]
            rows.append(row)
        for fit in published[published["param"] == number].to_dict("records"):
            if fit["method"] in PUBLISHED:
                off = (fit["satt"] - satt) / scale
                rows.append({"setting": number, "method": f"{fit['method']} (published)",
                             "treated_off": off, "error": ""})  # fmt: skip
    return pd.DataFrame(rows)


def pension(folder: Path, seed: int = 0) -> pd.DataFrame:
    """Effect of eligibility for a 401(k) plan on net assets by fifth of income, in dollars.

    Parameters
    ----------
    folder : pathlib.Path
        Holds ``pension401k/401k.csv``.
    seed : int
        Seed.

    Returns
    -------
    pandas.DataFrame
        One row per fifth, the plain average, and the average weighted by residual treatment.
    """
    from causalgreen.explain.grouping import group_by
    from causalgreen.explain.regress import regress

    frame = pd.read_csv(folder / "pension401k" / "401k.csv")
    frame = frame.assign(y=frame["net_tfa"].astype(float), t=frame["e401"].astype(float))
    study = study_of(frame[["y", "t", *PENSION_TRAITS]], PENSION_TRAITS, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scores = study.explain(study.surface()).scores
        groups = group_by(scores, "inc", len(PENSION_PUBLISHED))
        by = regress(scores, groups.indicators(), groups.labels, ["own_total"]).tidy()
        plain = regress(scores, np.ones((scores.n, 1)), ["all"], ["own_total"]).tidy()
        linear = study.paths(coefficients="constant").tidy().query("term == 'own_total'")
    columns = ["estimate", "std_error", "conf_low", "conf_high"]
    table = pd.concat([by, plain, linear])[columns].reset_index(drop=True)
    table.insert(0, "income", [*groups.labels, "all", "all, residual on residual"])
    # 9,127 and 8,202: DoubleML's partially linear and interactive models with forests.
    table["published"] = [*PENSION_PUBLISHED, 8202.0, 9127.0]
    return table


def _parts(folder: Path, quick: bool) -> Iterator[tuple[str, Path, Callable[[], pd.DataFrame]]]:
    draws = dict(zip(WAYS, (2, 1, 1, 1, 1) if quick else (50, 10, 10, 3, 3), strict=True))
    settings = dict(zip(WAYS, (1, 0, 0, 0, 0) if quick else (4, 1, 4, 1, 0), strict=True))
    yield "ihdp", folder / "ihdp", lambda: ihdp(folder, draws)
    yield "acic2016", folder / "acic2016", lambda: acic(folder, settings)
    yield "401k", folder / "pension401k", lambda: pension(folder)


def main(argv: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.realdata", description=__doc__)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the tables")
    parser.add_argument("--only", nargs="+", default=("ihdp", "acic2016", "401k"))
    parser.add_argument("--quick", action="store_true", help="a replication or two of each")
    args = parser.parse_args(argv)
    named = os.environ.get(VARIABLE, "")
    if not named:
        print(f"{VARIABLE} is not set: nothing to read, nothing done", file=sys.stderr)
        return 0
    args.out.mkdir(parents=True, exist_ok=True)
    for name, needed, make in _parts(Path(named), args.quick):
        if name not in args.only:
            continue
        if not needed.is_dir():
            print(f"{name}: no folder {needed.name} in {VARIABLE}; skipped", file=sys.stderr)
            continue
        start = time.process_time()
        table = make()
        table.to_csv(args.out / f"surface_{name}.csv", index=False, float_format="%.6g")
        made_with(
            [("seeds", SEEDS[name]), ("process_seconds", round(time.process_time() - start))]
        ).to_csv(args.out / f"surface_{name}_metadata.csv", index=False)
        print(f"{name}: {len(table)} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
