"""The coverage page of the handbook, made from the table on disk: no number is typed by hand.

Run as ``python -m benchmarks.tables`` after ``python -m benchmarks.coverage``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks import clusters_tables, kinds_tables, staged_tables
from benchmarks.coverage import TABLE
from benchmarks.economies import ECONOMIES, TERMS, Setting
from benchmarks.made_with import machine_in, versions_in
from benchmarks.picture import save_picture
from benchmarks.results import Store, read_metadata

__all__ = ["main", "page", "whole_page"]

DOCS = Path(__file__).parent.parent / "docs"
WORDS = {
    "linear": "Linear confounding",
    "curved": "Curved confounding, with interactions",
}
SECTIONS = {
    "staged": staged_tables.section,
    "kinds": kinds_tables.section,
    "clusters": clusters_tables.section,
}
HEAD = (
    "path", "method", "truth", "bias (s.e.)", "RMSE", "sd", "mean s.e.", "coverage, % (s.e.)",
    "length", "failed",
)  # fmt: skip


def whole_page(results: Path) -> str:
    """The page as Markdown: ``coverage.csv``, and the tables of `SECTIONS` that are there."""
    store, more = Store(results / "coverage.csv"), []
    table = _read(store.table)
    for name, section in SECTIONS.items():
        beside = Store(results / f"{name}.csv")
        if beside.table.exists():
            more.append(section(_read(beside.table), read_metadata(beside.notes)))
    return page(table, read_metadata(store.notes), more)


def _read(table: Path) -> pd.DataFrame:
    """A table, where no reason is an empty text."""
    return pd.read_csv(table, dtype={"reason": "str"}).fillna({"reason": ""})


def page(table: pd.DataFrame, notes: dict[str, str], more: Sequence[str] = ()) -> str:
    """The page as Markdown.

    Parameters
    ----------
    table : pandas.DataFrame
        As `benchmarks.results.summarise` makes it.
    notes : dict
        As `benchmarks.results.read_metadata` reads it.
    more : sequence of str
        Further sections.

    Returns
    -------
    str
        Introduction, picture, a table for each economy, what it was made with.
    """
    parts = ["# Coverage, beside other packages", _introduction(table)]
    parts.append("![Coverage by path and method](figures/coverage.png)")
    for name in [e for e in ECONOMIES if e in set(table["economy"])]:
        part = table[table["economy"] == name]
        parts += [f"## {WORDS[name]}", _rows(part)]
    parts += [*more, _refusals(table), "## Made with", _made_with(notes)]
    return "\n\n".join(p for p in parts if p) + "\n"


def _introduction(table: pd.DataFrame) -> str:
    setting: Setting = next(iter(ECONOMIES.values()))
    low, high = int(table["replications"].min()), int(table["replications"].max())
    drawn = f"{high:,}" if low == high else f"{low:,} to {high:,}"
    return f"""\
Each economy is drawn {drawn} times: {setting.firms:,} firms over {setting.years:,} years in
{setting.cities:,} cities, firm effects that move everything, errors that persist within firms and
share city-year shocks, effects that vary with size, urban and clean industry. Every method sees the
same tables, with its documented defaults and its own standard errors. The truth is each path's
average over the population of firms. *Bias* is the mean error and *sd* its spread over draws;
*mean s.e.* should equal *sd*; *coverage* is how often the 95 % interval holds the truth. In
brackets: the Monte-Carlo standard error. *Failed* draws are counted, and left out of the rest.

causalgreen clusters by city. "constant" is its system with one coefficient for all firms. Peers
that take a learner get the same boosted trees as one another, with settings that users give them
(a rate of .1, 100 rounds, 8 leaves), not tuned. Those of `cg.lightgbm()` were chosen by the bias
that they leave in such economies, on other panels than these
([decision 12](decisions/0012-learner-settings-by-loss-and-time.md)); staged adoption had no part in
it. EconML gets own and
peers' AI as two treatments, firm and year means removed; through DoWhy (model, identify with
maximal adjustment, estimate) it gets own AI only, with peers' AI as a common cause, because DoWhy
reads two treatments as two values of one, and its forest's interval is EconML's for an average of
effects. DoubleML and StatsPAI's `dml_panel` remove
firm effects and cluster by firm themselves, with peers' AI as a control; StatsPAI's `mediate` takes
one mediator at a time. diff-diff's estimator for a dose is asked, and says why it does not apply;
where it does, see staged adoption below. R grf gets the rows of EconML, with cities as clusters,
where R and grf are installed. Methods are listed only under the paths that they can estimate."""


def _rows(part: pd.DataFrame) -> str:
    lines = ["| " + " | ".join(HEAD) + " |", "|---|---|" + "---:|" * (len(HEAD) - 2)]
    for term in TERMS:
        for row in part[part["term"] == term].to_dict("records"):
            if not pd.isna(row["coverage"]):
                lines.append("| " + " | ".join(_cells(row)) + " |")
    return "\n".join(lines)


def _cells(row: dict[Hashable, Any]) -> list[str]:
    term, method = str(row["term"]), str(row["method"])
    return [
        term.replace("_", " "),
        f"**{method}**" if method.startswith("causalgreen") else method,
        f"{row['truth']:.3f}",
        f"{row['bias']:+.3f} ({row['bias_mcse']:.3f})",
        f"{row['rmse']:.3f}",
        f"{row['sd']:.3f}",
        f"{row['mean_se']:.3f}",
        f"{100 * row['coverage']:.1f} ({100 * row['coverage_mcse']:.1f})",
        f"{row['mean_length']:.3f}",
        f"{row['failed']:.0f}",
    ]


def _refusals(table: pd.DataFrame) -> str:
    """Methods that failed, with what they said, and those that this machine did not have."""
    table = table.drop_duplicates(["method", "economy", "reason"])
    lines = [
        f"- {r['method']}, {WORDS[r['economy']].lower()}: {r['failed']:,} of "
        f"{r['replications']:,} draws. {r['reason']}"
        for r in table[table["failed"] > 0].to_dict("records")
    ]
    parts = ["\n".join(["## Failed, or does not apply\n", *lines])] if lines else []
    # a table from before there was such a peer has no such column
    absent = table[table["not_run"] > 0] if "not_run" in table else table.iloc[:0]
    told = [f"- {r['method']}: {r['reason']}."
            for r in absent.drop_duplicates("method").to_dict("records")]  # fmt: skip
    if told:
        parts.append("\n".join(["## Not run\n", *told]))
    return "\n\n".join(parts)


def _made_with(notes: dict[str, str]) -> str:
    versions = versions_in(notes)
    hours = float(notes["estimation_seconds"]) / 3600
    return (
        f"{versions}. Seeds {notes['first_seed']} to {notes['last_seed']}. {notes['date']}, "
        f"{machine_in(notes)}, {hours:.1f} hours of estimation. "
        "To make it again: `make bench-full`."
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tables", description=__doc__)
    parser.add_argument("--table", type=Path, default=TABLE, help="made by benchmarks.coverage")
    parser.add_argument("--docs", type=Path, default=DOCS, help="folder of the handbook")
    args = parser.parse_args(argv)
    store = Store(args.table)
    if not (store.table.exists() and store.notes.exists()):
        print(f"no {store.table} with its metadata; run `python -m benchmarks.coverage` first",
              file=sys.stderr)  # fmt: skip
        return 2
    table = pd.read_csv(store.table)
    (args.docs / "figures").mkdir(parents=True, exist_ok=True)
    save_picture(table, args.docs / "figures" / "coverage.png")
    target = args.docs / "coverage.md"
    target.write_text(whole_page(args.table.parent), encoding="utf-8")
    print(f"wrote {target} and its picture")
    return 0


if __name__ == "__main__":
    sys.exit(main())
