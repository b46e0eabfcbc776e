"""The page on effects by firm, made from the tables on disk: no number is typed by hand.

Run as ``python -m benchmarks.surface_tables`` after ``benchmarks.surface``, and where wanted
``benchmarks.surface_speed`` and ``benchmarks.realdata``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.economies import TERMS
from benchmarks.made_with import machine_in, versions_in
from benchmarks.results import Store, read_metadata
from benchmarks.surface_economies import CASES
from benchmarks.surface_readings import bars, reading_of_data, speed_bars
from benchmarks.surface_results import fingerprints

__all__ = ["main", "page"]

RESULTS = Path(__file__).parent / "results"
DOCS = Path(__file__).parent.parent / "docs"
TITLES = {
    "straight": "Effects linear in the trait, 1,000 firms",
    "straight-4000": "Effects linear in the trait, 4,000 firms",
    "plain": "The same with linear confounding, and a learner that fits it",
    "cube": "Effects steep in the middle of a trait, flat elsewhere",
    "zigzag": "Effects that rise, fall and rise again in a trait",
}
INTRODUCTION = """\
Each economy has firms over 7 years, ten firms a city, firm effects that move everything, curved
confounding, errors that persist within firms and share city-year shocks. Effects vary with size,
urban and clean industry, and are known for every firm. Every method sees the same panels;
nuisances are boosted trees (`cg.lightgbm()`, and trees of the same size in other packages) unless a
row says otherwise. causalgreen predicts each firm without its own city, and its intervals know
cities; other packages estimate the own total only, with peers' AI as a control, and predict the
firms that they have seen.

*RMSE* is over firms and panels, *ratio* its ratio to that of `cg.forest()` on the same panels;
*mean error* is the part of it that all firms of a panel share,
averaged over panels. *Coverage* is how often the 95 % interval of a firm holds its effect, over all
firms, and inside, between the 5th and 95th percentile of size. In brackets: the Monte-Carlo
standard error over panels, which is large because the firms of a panel share its luck. *Time* is
process time, nuisances included and imports and compilation excluded, in units of `cg.forest()` on
the same panel in the same process."""


def page(results: Path) -> str:
    """The page as Markdown.

    Parameters
    ----------
    results : pathlib.Path
        Folder of the tables; what is not there is left out.

    Returns
    -------
    str
    """
    store = Store(results / "surface.csv")
    table = pd.read_csv(store.table)
    groups, speed = (_read(results / f"surface_{n}.csv") for n in ("groups", "speed"))
    parts = ["# Effects by firm, beside other packages", INTRODUCTION]
    parts += ["## What it reaches, and where it loses", bars(table, groups)]
    if speed is not None:
        parts.append(speed_bars(speed))
    parts.append("![Error and coverage of effects by firm, by method](figures/surfaces.png)")
    for case in [c for c in CASES if c in set(table["case"])]:
        part = table[table["case"] == case]
        parts += [f"## {TITLES[case]}", _count(part), _rows(part)]
    parts += _failures(table)
    if groups is not None and len(groups):
        parts += ["## Averages by size (GATE)", _groups(groups)]
    if speed is not None:
        parts += ["## Speed", _speed(speed)]
    parts += _real(results)
    parts += ["## Made with", _made_with(read_metadata(store.notes))]
    return "\n\n".join(parts) + "\n"


def _read(path: Path) -> pd.DataFrame | None:
    return pd.read_csv(path) if path.exists() and path.stat().st_size > 2 else None


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]], left: int = 2) -> str:
    rule = "|" + "---|" * left + "---:|" * (len(head) - left)
    lines = ["| " + " | ".join(head) + " |", rule]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def _number(value: Any, form: str = ".3f") -> str:
    return "" if pd.isna(value) else format(value, form)


def _share(row: Any, column: str) -> str:
    if pd.isna(row[column]):
        return ""
    error = row[f"{column}_mcse"]
    spread = "" if pd.isna(error) else f" ({100 * error:.1f})"
    return f"{100 * row[column]:.1f}{spread}"


def _count(part: pd.DataFrame) -> str:
    case = CASES[str(part["case"].iloc[0])]
    return f"{case.firms:,} firms × {case.years} years; the number of panels is in the table."


def _rows(part: pd.DataFrame) -> str:
    head = ("path", "method", "panels", "RMSE", "ratio", "mean error (s.e.)",
            "coverage, % (s.e.)", "inside, % (s.e.)", "length", "time")  # fmt: skip
    rows = []
    for term in TERMS:
        for row in part[(part["term"] == term) & part["rmse"].notna()].to_dict("records"):
            ours = str(row["method"]).startswith("cg.")
            error = _number(row["mean_error_mcse"])
            rows.append([
                term.replace("_", " "), f"**{row['method']}**" if ours else str(row["method"]),
                f"{row['replications'] - row['failed']:.0f}", _number(row["rmse"]),
                _number(row["rmse_ratio"], ".2f"),
                _number(row["mean_error"], "+.3f") + (f" ({error})" if error else ""),
                _share(row, "coverage"), _share(row, "coverage_inside"), _number(row["length"]),
                _number(row["times"], ".2f"),
            ])  # fmt: skip
    return _markdown(head, rows)


def _failures(table: pd.DataFrame) -> list[str]:
    failed = table[table["failed"] > 0]
    if failed.empty:
        return []
    lines = [f"- {r['method']}, {r['case']}: {r['failed']:.0f} of {r['replications']:.0f} panels. "
             f"{r['reason']}" for r in failed.to_dict("records")]  # fmt: skip
    return ["## Failed", "\n".join(lines)]


def _groups(groups: pd.DataFrame) -> str:
    text = (
        "Averages over fifths of the firms by size, from debiased effects; the truth is the "
        "average over the firms of the group, while intervals allow for these firms being a sample."
    )
    head = ("economy", "path", "surface", "panels", "intervals", "bias", "RMSE",
            "coverage, % (s.e.)", "length")  # fmt: skip
    rows = [
        [str(r["case"]), str(r["term"]).replace("_", " "), str(r["method"]),
         f"{r['replications']}", f"{r['intervals']}", _number(r["bias"], "+.3f"),
         _number(r["rmse"]), _share(r, "coverage"), _number(r["length"])]
        for r in groups.to_dict("records")
    ]  # fmt: skip
    return f"{text}\n\n{_markdown(head, rows, 3)}"


def _speed(speed: pd.DataFrame) -> str:
    firms, years, trees = (int(speed[c].iloc[0]) for c in ("firms", "years", "trees"))
    text = (
        f"{firms:,} firms × {years} years, {trees} trees, one thread, one process; small warm-up "
        "fits come before. Where wall and process time differ much, the machine was busy: trust "
        "process time. causalgreen's SHAP values are those of a boosted model distilled from the "
        "surface, EconML's those of its forest: not the same work."
    )
    rows = [
        [str(r["what"]), "" if pd.isna(r["note"]) else str(r["note"]),
         _number(r["wall"], ".1f"), _number(r["process"], ".1f")]
        for r in speed.to_dict("records")
    ]  # fmt: skip
    return f"{text}\n\n{_markdown(('what', '', 'wall, s', 'process, s'), rows)}"


def _real(results: Path) -> list[str]:
    out: list[str] = []
    ihdp, acic, plan = (_read(results / f"surface_{n}.csv") for n in ("ihdp", "acic2016", "401k"))
    if ihdp is not None:
        out += ["## IHDP", _ihdp(ihdp)]
    if acic is not None:
        out += ["## ACIC 2016", _acic(acic)]
    if plan is not None:
        out += ["## 401(k)", _plan(plan)]
    return out


def _paired(table: pd.DataFrame, by: str) -> pd.DataFrame:
    """Successful rows, with the error of ``cg.forest()`` on the same data beside."""
    good = table[table["error"].isna()]
    ours = good[good["method"] == "cg.forest()"].set_index(by)["pehe"]
    return good.assign(forest=good[by].map(ours))


def _ihdp(table: pd.DataFrame) -> str:
    head = ("method", "data sets", "√PEHE", "cg.forest() on the same", "median √PEHE",
            "s.d. of the true effects", "error of the average", "average covered")  # fmt: skip
    rows = []
    for method, part in _paired(table, "replication").groupby("method", sort=False):
        means = part[["pehe", "forest", "constant", "average_off", "covered"]].astype(float).mean()
        means = means.map(_number)
        rows.append([
            str(method), str(len(part)), means["pehe"], means["forest"],
            _number(part["pehe"].median()), means["constant"], means["average_off"],
            means["covered"],
        ])  # fmt: skip
    return f"{reading_of_data('ihdp', table)}\n\n{_markdown(head, rows, 1)}"


def _acic(table: pd.DataFrame) -> str:
    head = ("method", "settings", "√PEHE", "cg.forest() on the same", "s.d. of the true effects",
            "average: root mean squared error", "average covered",
            "on the treated: root mean squared error")  # fmt: skip
    rows = []
    for method, part in _paired(table, "setting").groupby("method", sort=False):
        rows.append([
            str(method), str(len(part)), _number(part["pehe"].mean()),
            _number(part["forest"].mean()), _number(part["constant"].mean()),
            _number((part["average_off"] ** 2).mean() ** 0.5),
            _number(part["covered"].astype(float).mean()),
            _number((part["treated_off"] ** 2).mean() ** 0.5, ".4f"),
        ])  # fmt: skip
    return f"{reading_of_data('acic2016', table)}\n\n{_markdown(head, rows, 1)}"


def _plan(table: pd.DataFrame) -> str:
    head = ("income, dollars", "estimate", "standard error", "95 % interval", "published")
    rows = [
        [str(r["income"]), f"{r['estimate']:,.0f}", f"{r['std_error']:,.0f}",
         f"{r['conf_low']:,.0f} to {r['conf_high']:,.0f}", f"{r['published']:,.0f}"]
        for r in table.to_dict("records")
    ]  # fmt: skip
    return f"{reading_of_data('401k', table)}\n\n{_markdown(head, rows, 1)}"


def _made_with(notes: dict[str, str]) -> str:
    return (
        f"{versions_in(notes)}. Seeds {notes['first_seed']} to {notes['last_seed']}. "
        f"{notes['date']}, {machine_in(notes)}, one thread. To make it again: "
        "`python -m benchmarks.surface --resume`, `python -m benchmarks.surface_speed`, "
        "`python -m benchmarks.realdata` (needs CAUSALGREEN_DATA), then "
        "`python -m benchmarks.surface_tables`, which says of which methods the code or the "
        "versions have changed since."
    )


def outdated(notes: dict[str, str]) -> list[str]:
    """Methods whose code or versions here are not those that the table was made with."""
    return [k for k, now in fingerprints().items() if notes.get(f"fingerprint {k}", now) != now]


def main(argv: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.surface_tables", description=__doc__
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the tables")
    parser.add_argument("--docs", type=Path, default=DOCS, help="folder of the handbook")
    args = parser.parse_args(argv)
    if not (args.results / "surface.csv").exists():
        print("no surface.csv; run `python -m benchmarks.surface` first", file=sys.stderr)
        return 2
    args.docs.mkdir(parents=True, exist_ok=True)
    target = args.docs / "surfaces.md"
    target.write_text(page(args.results), encoding="utf-8")
    print(f"wrote {target.name}")
    if old := outdated(read_metadata(args.results / "surface_metadata.csv")):
        print(f"code or versions have changed since: {', '.join(old)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
