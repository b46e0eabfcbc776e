"""The part of the coverage page on several kinds of AI in one study."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd

from benchmarks.kinds import CONSTANT, DEFAULT, ECONOMIES
from benchmarks.made_with import told

__all__ = ["section"]

WORDS = {DEFAULT: "varying", CONSTANT: "one coefficient"}
HEAD = ("kind", "path", "coefficients", "truth", "bias (s.e.)", "RMSE", "sd", "mean s.e.",
        "coverage, % (s.e.)", "failed")  # fmt: skip


def section(table: pd.DataFrame, notes: dict[str, str]) -> str:
    """Introduction, a table for each economy, and versions.

    Parameters
    ----------
    table : pandas.DataFrame
        As `benchmarks.kinds` makes it.
    notes : dict
        What it was made with.

    Returns
    -------
    str
    """
    parts = ["## Several kinds of AI", _introduction(table), _summary(table), CAUSES]
    for name in [e for e in ECONOMIES if e in set(table["economy"])]:
        parts += [f"### {ECONOMIES[name].words}", _rows(table[table["economy"] == name])]
    parts += [
        f"{r['method']}, {ECONOMIES[r['economy']].words.lower()}: {r['failed']} of "
        f"{r['replications']} draws left out. {r['reason']}."
        for r in table[table["failed"] > 0]
        .drop_duplicates(["economy", "method"])
        .to_dict("records")
    ]
    return "\n\n".join([*parts, told(notes, "kinds --resume")])


def _introduction(table: pd.DataFrame) -> str:
    one = table.iloc[0]
    low, high = int(table["replications"].min()), int(table["replications"].max())
    drawn = f"{high:,}" if low == high else f"{low:,} to {high:,}"
    return (
        "AI words, robots (by industry and year), smart manufacturing (a pilot that firms never "
        "leave) and digital finance (by city and year) enter one study, as in the notebook "
        f"`examples/for_whom.py`: listed firms, {one['firms']:,} of them over {one['years']} "
        f'years, drawn {drawn} times. They come and go, and controls have gaps. "Varying" is '
        '`study.paths()`, whose coefficients vary with the traits; "one coefficient" is '
        '`study.paths(coefficients="constant")` on the same fit. Two more economies take away one '
        "thing each: the gaps, and effects that differ between firms; panels of one seed have the "
        "same firms and the same chance in all three, and where there are fewer they are the "
        "first. *Truth* is the average over the population of firms."
    )


def _summary(table: pd.DataFrame) -> str:
    """Coverage of all cells together, by economy and system."""
    head = ("economy", "coefficients", "coverage of all cells, % (s.e.)", "lowest cell, %",
            "smart manufacturing, restructuring: bias (s.e.)")  # fmt: skip
    lines = ["| " + " | ".join(head) + " |", "|---|---|---:|---:|---:|"]
    for (economy, method), part in table.groupby(["economy", "method"], sort=False):
        one = part[(part["kind"] == "smart_manufacturing") & (part["term"] == "restructuring")]
        bias, error = (float(one[c].iloc[0]) for c in ("bias", "bias_mcse"))
        lines.append(
            f"| {ECONOMIES[str(economy)].words} | {WORDS[str(method)]} "
            f"| {100 * part['coverage'].mean():.1f} ({100 * part['pooled_mcse'].iloc[0]:.1f}) "
            f"| {100 * part['coverage'].min():.1f} | {bias:+.4f} ({error:.4f}) |"
        )
    return "\n".join(lines)


CAUSES = """\
Where effects differ between firms, one coefficient for all firms is not their average over firms:
mediated paths come out too large, and intervals that are narrow miss the truth, first of all those
of smart manufacturing. Larger firms join the pilot sooner and respond more to it, and count for
more; and where the response of a mediator and the direct effect grow with the same trait, a part of
the direct effect goes through the mediator. More firms do not help, coefficients that vary with
the traits do. A small part of what is left beside them comes from rows whose controls have gaps,
which are not adjusted for what is missing; where the rest comes from is open. How the causes were
told apart is in
[decision 5](decisions/0005-coefficients-vary-with-the-traits.md)."""


def _rows(part: pd.DataFrame) -> str:
    lines = ["| " + " | ".join(HEAD) + " |", "|---|---|---|" + "---:|" * (len(HEAD) - 3)]
    order = part.sort_values(["kind", "term"], key=lambda c: c.map(_order(part[str(c.name)])))
    for row in order.to_dict("records"):
        if not pd.isna(row["coverage"]):
            lines.append("| " + " | ".join(_cells(row)) + " |")
    return "\n".join(lines)


def _order(names: pd.Series) -> dict[str, int]:
    return {name: k for k, name in enumerate(dict.fromkeys(names))}


def _cells(row: dict[Hashable, Any]) -> list[str]:
    return [
        str(row["kind"]).replace("_", " "),
        str(row["term"]).replace("_", " "),
        WORDS[row["method"]],
        f"{row['truth']:.3f}",
        f"{row['bias']:+.4f} ({row['bias_mcse']:.4f})",
        f"{row['rmse']:.4f}",
        f"{row['sd']:.4f}",
        f"{row['mean_se']:.4f}",
        f"{100 * row['coverage']:.1f} ({100 * row['coverage_mcse']:.1f})",
        f"{row['failed']:.0f}",
    ]
