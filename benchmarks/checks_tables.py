"""The tables of the page on falsification, made from the results on disk: no number is typed.

Run as ``python -m benchmarks.checks_tables`` after ``benchmarks.checks`` and
``benchmarks.refuters``. What stands between the page's markers is replaced, the rest is kept.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.checks_results import PACKAGES, fingerprint
from benchmarks.figures import LOUD, with_caught
from benchmarks.made_with import machine_in, versions_in
from benchmarks.monte_carlo import rate_error
from benchmarks.results import Store, read_metadata

__all__ = ["blocks", "main", "refuters_block", "replaced", "size_block"]

WEAK = 0.80
RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).parent.parent / "docs" / "falsification.md"
TITLES = {
    "nothing to find": "Nothing is wrong, and there is nothing to be found",
    "something to find": "Nothing is wrong, and there is something to be found",
    "planted": "Something is planted that the check should catch",
    "unseen": "Something is wrong that the check cannot see",
}
HEAD = ("check", "the panels", "p ≤ .05, % (s.e.)", "fail, % (s.e.)", "warn, %", "n/a, %",
        "p-value of")  # fmt: skip


def blocks(results: Path) -> dict[str, str]:
    """What goes between each pair of markers.

    Parameters
    ----------
    results : pathlib.Path
        Folder with ``checks.csv``, its metadata, and ``refuters.csv``.

    Returns
    -------
    dict of str to str
        By the name of the marker.
    """
    store = Store(results / "checks.csv")
    table, notes = pd.read_csv(store.table), read_metadata(store.notes)
    refuters = pd.read_csv(results / "refuters.csv")
    return {"size and power": size_block(table, notes), "refuters": refuters_block(refuters)}


def replaced(page: str, name: str, block: str) -> str:
    r"""The page with another block between its markers.

    Raises
    ------
    ValueError
        If the page has no such markers.

    Examples
    --------
    >>> replaced("a\n<!-- x: made -->\nold\n<!-- x: end -->\nb", "x", "new").split("\n")
    ['a', '<!-- x: made -->', '', 'new', '', '<!-- x: end -->', 'b']
    """
    begin, end = f"<!-- {name}: made -->", f"<!-- {name}: end -->"
    if page.count(begin) != 1 or page.count(end) != 1:
        raise ValueError(f"the page needs one line {begin} and, below it, one line {end}")
    head, rest = page.split(begin)
    return f"{head}{begin}\n\n{block}\n\n{end}{rest.split(end)[1]}"


def size_block(table: pd.DataFrame, notes: dict[str, str]) -> str:
    """Reading, tables and versions of the size and power of every check."""
    table = with_caught(table)
    parts = [_drawn(table), _reading(table)]
    for kind, title in TITLES.items():
        part = table[table["kind"] == kind]
        if len(part):
            parts += [f"**{title}**", _rows(part, planted=kind == "planted")]
    failed = table[table["failed"] > 0]
    parts += [
        f"Could not be studied: {r['check']}, {r['what']}: {r['failed']} of {r['replications']}. "
        f"{r['reason']}" for r in failed.to_dict("records")
    ]  # fmt: skip
    return "\n\n".join([*parts, _made_with(notes)])


def _drawn(table: pd.DataFrame) -> str:
    n = sorted(set(table["replications"]))
    panels = f"{n[0]:,}" if len(n) == 1 else f"{n[0]:,} to {n[-1]:,}"
    one = table.iloc[0]
    return (
        f"{panels} panels a row, {one['simulations']:.0f} simulations a check, linear learner. "
        f"Most panels have {one['firms']:.0f} firms × {one['periods']:.0f} years in "
        f"{one['clusters']:.0f} cities, with errors that persist within firms and share city-year "
        "shocks; those of the mediation and graph checks have as many firms or rows as "
        "`benchmarks/checks_worlds.py` says. In brackets: Monte-Carlo standard errors; *n/a*: not "
        "applicable; *caught*: *fail* or *warn*, but *fail* alone for a check that warns or "
        f"fails in more than {100 * LOUD:.0f} % of the panels with nothing wrong, rejected where "
        f"there is no verdict; *weak*: caught in fewer than {100 * WEAK:.0f} % of the panels."
    )


def _reading(table: pd.DataFrame) -> str:
    """What the tables say, in sentences."""
    null = table[(table["kind"] == "nothing to find") & table["rejected"].notna()]
    fine, planted = table[table["kind"].str.endswith("to find")], table[table["kind"] == "planted"]
    high = null[null["rejected"] - 2 * null["rejected_mcse"] > 0.05]
    loud = fine[fine["fail"] - 2 * fine["fail_mcse"] > 0.05]
    warns = fine[fine["warn"] > LOUD]
    judged = planted[planted["fail"].notna()]
    caught = judged["caught"]
    deaf = judged[caught < WEAK]
    lines = [
        f"Where the null hypothesis holds, p is 5 % or less in {_span(null['rejected'])} % of the "
        f"panels; above 5 % by more than two Monte-Carlo errors: {_named(high, 'rejected')}.",
        f"Where nothing is wrong, the verdict is *fail* in {_span(fine['fail'].dropna())} % of the "
        f"panels; above 5 % by more than two Monte-Carlo errors: {_named(loud, 'fail')}.",
        f"Where nothing is wrong, these warn in more than {100 * LOUD:.0f} % of the panels, so "
        f"that a warning of theirs tells little: {_named(warns, 'warn')}.",
        f"Of {len(judged)} planted violations {int((caught >= WEAK).sum())} are caught "
        f"in 80 % of the panels or more, {int((judged['fail'] >= WEAK).sum())} get *fail*; caught "
        f"in fewer than 80 %: {_named(deaf.assign(both=caught), 'both')}.",
    ]
    return "\n".join(f"- {line}" for line in lines)


def _span(share: pd.Series) -> str:
    return f"{100 * share.min():.1f} to {100 * share.max():.1f}"


def _named(rows: pd.DataFrame, column: str) -> str:
    told = [f"{r['check']}, {r['what']} ({100 * r[column]:.1f} %)" for r in rows.to_dict("records")]
    return "; ".join(told) or "none"


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]], aligned: str) -> str:
    rule = "|" + "".join("---|" if a == "l" else "---:|" for a in aligned)
    lines = ["| " + " | ".join(head) + " |", rule]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def _rows(part: pd.DataFrame, planted: bool = False) -> str:
    """A table; of what is planted with the share that is caught, and whether the check is weak."""
    rows = []
    for row in part.to_dict("records"):
        p_of = "" if pd.isna(row["p_of"]) else str(row["p_of"])
        rows.append([
            str(row["check"]), str(row["what"]), _share(row, "rejected"), _share(row, "fail"),
            *("" if pd.isna(row[c]) else f"{100 * row[c]:.1f}" for c in ("warn", "not_applicable")),
            *([_caught(row)] if planted else ()), p_of,
        ])  # fmt: skip
    if planted:
        return _markdown((*HEAD[:-1], "caught, % (s.e.)", HEAD[-1]), rows, "llrrrrrl")
    return _markdown(HEAD, rows, "llrrrrl")


def _caught(row: dict[Hashable, Any]) -> str:
    share = float(row["caught"])
    error = rate_error(share, row["replications"] - row["failed"])
    text = f"{100 * share:.1f} ({100 * error:.1f})"
    return f"**weak: {text}**" if share < WEAK else text


def _share(row: Any, column: str) -> str:
    if pd.isna(row[column]):
        return ""
    return f"{100 * row[column]:.1f} ({100 * row[f'{column}_mcse']:.1f})"


def _made_with(notes: dict[str, str]) -> str:
    versions = versions_in(notes, PACKAGES)
    return (
        f"{versions}. Seeds {notes['first_seed']} to {notes['last_seed']}. {notes['date']}, "
        f"{machine_in(notes)}. To make it again: `python -m benchmarks.checks --resume`, then "
        "`python -m benchmarks.checks_tables`."
    )


def refuters_block(table: pd.DataFrame) -> str:
    """Seconds of the refuters' questions by road, and what they say."""
    one = table.iloc[0]
    last, whole = table["ratio_last_step"], table["ratio_whole_estimator"]
    text = (
        f"{one['simulations']:.0f} simulations each on {one['rows']:,.0f} independent rows, ten "
        "controls, LightGBM, five folds, one thread. DoWhy given an estimator that is fitted but "
        f"for its last step takes {last.min():.0f} to {last.max():.0f} times as long as the study; "
        "DoWhy refitting the whole estimator in every simulation, as it does with any estimator "
        f"that it is given, {whole.min():,.0f} to {whole.max():,.0f} times as long (timed over "
        f"{one['simulations_timed_whole']:.0f} simulations, and scaled)."
    )
    head = ("refuter", "study, s", "DoWhy, last step, s", "ratio", "DoWhy, whole estimator, s",
            "ratio")  # fmt: skip
    rows = [
        [str(r["refuter"]), f"{r['study']:.2f}", f"{r['dowhy_last_step']:.2f}",
         f"{r['ratio_last_step']:.1f}", f"{r['dowhy_whole_estimator']:,.0f}",
         f"{r['ratio_whole_estimator']:,.0f}"]
        for r in table.to_dict("records")
    ]  # fmt: skip
    names = ("python", "dowhy", "lightgbm", "scikit-learn", "numpy", "pandas")
    versions = ", ".join(f"{name} {one[name]}" for name in names)
    made = f"{versions}. To make it again: `python -m benchmarks.refuters`."
    return f"{text}\n\n{_markdown(head, rows, 'lrrrrr')}\n\n{made}"


def main(argv: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.checks_tables", description=__doc__)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the tables")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page of the handbook")
    args = parser.parse_args(argv)
    lacking = [n for n in ("checks", "refuters") if not (args.results / f"{n}.csv").exists()]
    if lacking:
        print(f"no {lacking[0]}.csv; run `python -m benchmarks.{lacking[0]}` first",
              file=sys.stderr)  # fmt: skip
        return 2
    text = args.page.read_text(encoding="utf-8")
    for name, block in blocks(args.results).items():
        text = replaced(text, name, block)
    args.page.write_text(text, encoding="utf-8")
    if read_metadata(Store(args.results / "checks.csv").notes)["fingerprint"] != fingerprint():
        told = "the checks have changed since; `python -m benchmarks.checks --resume` runs them"
        print(told, file=sys.stderr)
    print(f"wrote {args.page.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
