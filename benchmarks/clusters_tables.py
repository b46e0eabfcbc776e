"""The part of the coverage page on few clusters."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.clusters import CASES, CONSTANT, DEFAULT, VARYING
from benchmarks.made_with import told

__all__ = ["section"]

WORDS = {
    "alike": "cities of a size", "large shocks": "large shocks of cities",
    "few large": "few large cities", "traits of places": "three more traits, of cities",
    "firms alone": "each firm its own cluster", "policy": "a policy of cities",
    "mediated policy": "the same, with a mediator",
}  # fmt: skip
SHOWN = {DEFAULT: "by itself", VARYING: "varying", CONSTANT: "one coefficient"}


def section(table: pd.DataFrame, notes: dict[str, str]) -> str:
    """Introduction, table and versions.

    Parameters
    ----------
    table : pandas.DataFrame
        As `benchmarks.clusters` makes it.
    notes : dict
        What it was made with.

    Returns
    -------
    str
    """
    one = table.iloc[0]
    text = (
        f"{one['replications']:,} panels each of {one['firms']:,} firms over {one['years']} years "
        "in so many cities, linear confounding and learner; six paths. In turn: cities have about "
        "as many firms each; share large shocks to every variable; one city in k has one k-th of "
        "the firms of the largest; have three traits of their own on which nothing depends; firms "
        "stand alone, so that there are as few firms as clusters; and, in an economy of its own, "
        "half of 30-firm cities get a policy whose effect varies with a trait of firms and one of "
        "cities, alone and with a mediator. *By itself* is `study.paths()`. Coverage of the 95 % "
        "interval over all paths, in brackets of the worst path; *length* is the median over "
        "paths, over that of one coefficient."
    )
    head = ["clusters are", "number", *(f"{name}, %" for name in SHOWN.values()),
            "length by itself", "length varying", "failed"]  # fmt: skip
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    for case in [c for c in CASES if c in set(table["case"])]:
        part = table[table["case"] == case]
        for clusters, rows in part.groupby("clusters"):
            lines.append(f"| {WORDS[case]} | {clusters} | {_cells(rows)} |")
    return "\n\n".join(
        ["## Few clusters", text, "\n".join(lines), READING, told(notes, "clusters --resume")]
    )


def _cells(rows: pd.DataFrame) -> str:
    """Coverage of each system, lengths, and how often there was no answer."""
    of = {name: part.set_index("term") for name, part in rows.groupby("method")}
    cells = [
        f"{100 * of[name]['coverage'].mean():.1f} ({100 * of[name]['coverage'].min():.1f})"
        for name in SHOWN
    ]
    for name in (DEFAULT, VARYING):
        ratio = of[name]["mean_length"] / of[CONSTANT]["mean_length"]
        cells.append(f"{float(np.median(ratio)):.2f}")
    failed = {name: int(of[name]["failed"].max()) for name in SHOWN}
    lost = ", ".join(f"{SHOWN[name]} {count}" for name, count in failed.items() if count)
    return " | ".join([*cells, lost or "0"])


READING = """\
Coefficients that vary with the traits cover as often as they should with any number of clusters
here. One coefficient does not where firms of a city differ in their effects and in their treatment.
What tells coefficients apart is firms, more than clusters, as long as firms of one city differ.
Where nothing inside a city does, a policy of cities with a trait of cities, varying ones cost
length. A study takes one coefficient where intervals would be more than four times as long, and
says so ([decision 5](decisions/0005-coefficients-vary-with-the-traits.md))."""
