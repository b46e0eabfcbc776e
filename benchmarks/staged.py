"""Staged adoption beside diff-diff: a pilot that firms join and never leave, and its effect.

Run as ``python -m benchmarks.staged --replications 200 --resume``. The economy is the realistic one
of `cg.simulate_panel`, balanced and complete, whose ``smart_manufacturing`` is 0 until a firm's
pilot and 1 from then on. Firms with a larger effect of their own, and those that earn more, join
earlier. Difference-in-differences estimates the effect on the treated; causalgreen and two-way
fixed effects are held against the average over firms, as they are read.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

import causalgreen as cg
from benchmarks import peers_did
from benchmarks.made_with import made_with, of_run, version_of
from benchmarks.monte_carlo import rate_error
from benchmarks.peers import Estimate, NotRun
from benchmarks.results import Store

__all__ = ["METHODS", "Size", "draw", "main", "replicate", "run", "summarise"]

TABLE = Path(__file__).parent / "results" / "staged.csv"
BASE_SEED = 70_000
COVARIATES = ("leverage", "roa", "ai", "peer_ai")
PILOT = "smart_manufacturing"


@dataclass(frozen=True, slots=True)
class Size:
    """Firms and years of each panel."""

    firms: int = 600
    years: int = 10


def draw(size: Size, seed: int) -> tuple[pd.DataFrame, dict[str, float]]:
    """One panel with the year in which each firm joins (0: never), and the true effects.

    Parameters
    ----------
    size : Size
    seed : int

    Returns
    -------
    frame : pandas.DataFrame
        Column ``first`` is the year in which the firm joins.
    truth : dict
        ``treated``: the average over the firm-years in the pilot; other paths, and ``own_total``:
        the average over the firms of the panel.
    """
    real = cg.Realism(counts=False, entry_exit=False, missing=0.0, links=False, zones=None)
    made = cg.simulate_panel(size.firms, size.years, seed, realism=real)
    frame = made.df
    joined = frame[frame[PILOT] > 0]
    first = joined.groupby("firm")["year"].min()
    frame = frame.assign(first=frame["firm"].map(first).fillna(0).astype(int))
    effects = made.truth.of_type(PILOT).per_firm
    truth = {str(k): float(v) for k, v in effects.mean().items()}
    truth["treated"] = float(joined["firm"].map(effects["own_total"]).mean())
    return frame, truth


def _ours(label: str, frame: pd.DataFrame, seed: int) -> list[Estimate]:
    panel = cg.Panel.from_frame(
        frame, unit="firm", time="year", outcome="green_patents", treatment=PILOT,
        mediators={"restructuring": ["clean_share"], "human_capital": ["skilled_share"]},
        traits=["trait_size", "urban", "clean_industry"], controls=list(COVARIATES),
        cluster="city",
    )  # fmt: skip
    study = cg.Study(panel, cg.green_innovation_graph(panel), seed=seed, n_jobs=1, progress=False)
    columns = ["term", "estimate", "std_error", "conf_low", "conf_high"]
    rows = study.paths().tidy()[columns].itertuples(index=False)
    return [Estimate(label, *row) for row in rows if row.term in TERMS]


def _two_way(label: str, frame: pd.DataFrame, seed: int) -> list[Estimate]:
    import pyfixest as pf

    formula = f"green_patents ~ {PILOT} + {' + '.join(COVARIATES)} | firm + year"
    row = pf.feols(formula, data=frame, vcov={"CRV1": "city"}).tidy().loc[PILOT]
    numbers = (float(row[c]) for c in ("Estimate", "Std. Error", "2.5%", "97.5%"))
    return [Estimate(label, "own_total", *numbers)]


TERMS = ("own_total", "direct", "restructuring", "human_capital")
_Run = Callable[[str, pd.DataFrame, int], list[Estimate]]
_WITH = {"covariates": COVARIATES}
METHODS: MappingProxyType[str, tuple[_Run, tuple[str, ...], tuple[str, ...]]] = MappingProxyType(
    {
        "causalgreen default": (_ours, TERMS, ("causalgreen", "lightgbm", "scikit-learn")),
        "two-way FE": (_two_way, ("own_total",), ("pyfixest",)),
        "diff-diff CallawaySantAnna": (
            peers_did.callaway_santanna, ("treated",), ("diff-diff",)
        ),
        "diff-diff CallawaySantAnna, covariates": (
            partial(peers_did.callaway_santanna, **_WITH), ("treated",), ("diff-diff",)
        ),
        "diff-diff ImputationDiD": (peers_did.imputation, ("treated",), ("diff-diff",)),
        "diff-diff ImputationDiD, covariates": (
            partial(peers_did.imputation, **_WITH), ("treated",), ("diff-diff",)
        ),
        "diff-diff WooldridgeDiD": (peers_did.wooldridge, ("treated",), ("diff-diff",)),
        "diff-diff WooldridgeDiD, covariates": (
            partial(peers_did.wooldridge, **_WITH), ("treated",), ("diff-diff",)
        ),
    }
)  # fmt: skip


def replicate(size: Size, replication: int, methods: Sequence[str]) -> pd.DataFrame:
    """One panel, estimated by every method asked for; one row per method and term."""
    frame, truth = draw(size, BASE_SEED + replication)
    rows: list[dict[str, Any]] = []
    for method in methods:
        run_it, terms, _ = METHODS[method]
        start, error = time.process_time(), "gives no such estimate"
        found: dict[str, Estimate] = {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                found = {e.term: e for e in run_it(method, frame, BASE_SEED + replication)}
            except NotRun as reason:
                error = f"not run: {reason}"
            except Exception as fault:  # a peer may raise anything; the table has to count it
                error = f"{type(fault).__name__}: {str(fault).strip().splitlines()[0][:120]}"
        seconds = time.process_time() - start
        for term in terms:
            one = found.get(term)
            rows.append({
                "replication": replication, "method": method, "term": term, "truth": truth[term],
                "seconds": seconds, "fingerprint": fingerprint(method),
                "error": "" if one else error,
                **({k: getattr(one, k) for k in NUMBERS} if one else dict.fromkeys(NUMBERS, NAN)),
            })  # fmt: skip
    return pd.DataFrame(rows)


NUMBERS, NAN = ("estimate", "std_error", "conf_low", "conf_high"), float("nan")
OURS = ("panel", "residuals", "moments", "effects", "study/study.py", "study/steps.py")


@cache
def fingerprint(method: str) -> str:
    """Changes with the code and the versions that the method's numbers depend on."""
    here, package = Path(__file__), Path(cg.__file__).parent
    packages = METHODS[method][2]
    names = ("data", *(OURS if "causalgreen" in packages else ()))
    files = [here, here.with_name("peers_did.py")]
    for path in (package / name for name in names):
        files += [path] if path.is_file() else sorted(path.rglob("*.py"))
    out = hashlib.sha256()
    for file in files:
        out.update(file.read_bytes())
    out.update(";".join(f"{p}={version_of(p)}" for p in packages).encode())
    return out.hexdigest()[:12]


def summarise(raw: pd.DataFrame) -> pd.DataFrame:
    """Bias, errors and coverage of every method and term, with Monte-Carlo standard errors."""
    rows = []
    for (method, term), part in raw.groupby(["method", "term"], sort=False):
        good = part[part["error"] == ""]
        n, off = len(good), good["estimate"] - good["truth"]
        covered = good["truth"].between(good["conf_low"], good["conf_high"]).mean() if n else NAN
        bad = part.loc[part["error"] != "", "error"]
        rows.append({
            "method": method, "term": term, "truth": part["truth"].mean(),
            "replications": len(part), "failed": len(part) - n, "bias": off.mean(),
            "bias_mcse": off.std(ddof=1) / np.sqrt(n) if n > 1 else NAN,
            "rmse": np.sqrt((off**2).mean()), "sd": off.std(ddof=1),
            "mean_se": good["std_error"].mean(), "coverage": covered,
            "coverage_mcse": rate_error(covered, n),
            "mean_length": (good["conf_high"] - good["conf_low"]).mean(),
            "seconds": part["seconds"].mean(), "reason": bad.iloc[0] if len(bad) else "",
        })  # fmt: skip
    table = pd.DataFrame(rows)
    rank = {m: k for k, m in enumerate(METHODS)}
    return table.sort_values("method", key=lambda c: c.map(rank), kind="stable").reset_index(
        drop=True
    )


def _current(raw: pd.DataFrame) -> pd.DataFrame:
    if raw.empty:
        return raw
    known = raw[raw["method"].isin(list(METHODS))]
    same = known[known["fingerprint"] == known["method"].map(fingerprint)]
    return same.drop_duplicates(["replication", "method", "term"], keep="last")


def run(
    replications: int, table: Path, methods: Sequence[str] = tuple(METHODS),
    size: Size = Size(), progress: bool = True,
) -> pd.DataFrame:  # fmt: skip
    """Run what is missing, and write the table.

    Parameters
    ----------
    replications : int
        Panels.
    table : pathlib.Path
        Where the table goes; raw replications and metadata go beside it.
    methods : sequence of str
        Keys of `METHODS`.
    size : Size
        Of each panel.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    pandas.DataFrame
    """
    from tqdm import tqdm

    store, start = Store(table), time.perf_counter()
    done = _current(store.read())
    have = set() if done.empty else set(zip(done["replication"], done["method"], strict=True))
    jobs = [
        (r, ms) for r in range(replications) if (ms := [m for m in methods if (r, m) not in have])
    ]
    store.collect(
        replicate(size, replication, names)
        for replication, names in tqdm(jobs, unit="panel", disable=not progress)
    )
    raw = _current(store.read())
    out = summarise(raw).assign(firms=size.firms, years=size.years)
    store.write(out, made_with(of_run(raw, BASE_SEED, time.perf_counter() - start)))
    return out


def main(argv: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.staged", description=__doc__)
    parser.add_argument("--replications", type=int, default=200)
    parser.add_argument("--methods", nargs="+", choices=tuple(METHODS), default=tuple(METHODS))
    parser.add_argument("--out", type=Path, default=TABLE, help="the table, a csv file")
    parser.add_argument("--resume", action="store_true", help="keep replications made before")
    args = parser.parse_args(argv)
    if not args.resume:
        Store(args.out).clear()
    table = run(args.replications, args.out, args.methods)
    columns = ["method", "term", "replications", "failed", "truth", "bias", "sd", "mean_se",
               "coverage"]  # fmt: skip
    print(table[columns].to_string(index=False, float_format="%.3f"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
