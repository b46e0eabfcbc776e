"""How the figure of each target is read from a results file, with its Monte-Carlo error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from benchmarks.monte_carlo import TWO, mean_error, rate_error, simultaneous

__all__ = [
    "ALIKE", "STUDY", "Figure", "Reader", "against_peer", "caught", "cross_fitting", "groups",
    "import_seconds", "largest", "like_for_like", "lowest", "paths", "sizes", "slope", "smallest",
    "surface", "whole_study", "with_caught",
]  # fmt: skip

STUDY = "study"
ALIKE = "two nuisances alone, 5 folds, features of the study"
NAN = float("nan")


class Figure(NamedTuple):
    """A figure, and how sure it is.

    Attributes
    ----------
    value : float
        NaN where the file does not hold it.
    spread : float
        Two Monte-Carlo standard errors; for the worst of many cells, as many as hold all of them
        at once. NaN: the figure is one measurement.
    draws : int
        Panels behind it; 0: does not apply.
    which : str
        The cell that it is of.
    """

    value: float
    spread: float = NAN
    draws: int = 0
    which: str = ""


Reader = Callable[[pd.DataFrame], Figure]
NOTHING = Figure(NAN)


def _cells(table: pd.DataFrame, rate: str, draws: str, names: list[str]) -> pd.DataFrame:
    """Rates that are known, their standard errors, draws and names."""
    part = table[table[rate].notna() & (table[draws] > 0)]
    return pd.DataFrame({
        "rate": part[rate].astype(float), "draws": part[draws].astype(float),
        "error": [rate_error(r, n) for r, n in zip(part[rate], part[draws], strict=True)],
        "name": part[names].astype(str).agg(": ".join, axis=1) if len(part) else "",
    })  # fmt: skip


def _pooled(cells: pd.DataFrame, part: pd.DataFrame, error_of: str) -> Figure:
    """The rate over all cells, which share their panels.

    Files from before the error was kept get the largest that it can be.
    """
    if cells.empty:
        return NOTHING
    value = float(np.average(cells["rate"], weights=cells["draws"]))
    if error_of in part:
        # few panels that happen to agree do not make it certain
        at_least = rate_error(value, float(cells["draws"].sum()))
        error = max(float(part[error_of].iloc[0]), at_least)
    else:
        error = mean_error(cells["error"], cells["draws"])
    return Figure(value, TWO * error, int(cells["draws"].min()))


def _farthest(cells: pd.DataFrame, pick: Callable[[pd.Series], int]) -> Figure:
    """One cell of many, with the error within which all of them lie at once."""
    if cells.empty:
        return NOTHING
    one = cells.iloc[pick(cells["rate"])]
    spread = simultaneous(len(cells)) * one["error"]
    return Figure(float(one["rate"]), float(spread), int(one["draws"]), str(one["name"]))


def _from_centre(rates: pd.Series) -> int:
    return int((rates - 0.95).abs().to_numpy().argmax())


def _ran(table: pd.DataFrame, method: str) -> pd.DataFrame:
    """Cells of a method that ran, and how often."""
    part = table[(table["method"] == method) & (table["failed"] < table["replications"])]
    return part.assign(ran=part["replications"] - part["failed"])


def paths(
    method: str, worst: bool, names: tuple[str, ...] = ("economy", "term"), economy: str = ""
) -> Reader:
    """Coverage of the paths by a method over all cells, or over those of one economy."""

    def read(table: pd.DataFrame) -> Figure:
        part = _ran(table, method)
        part = part[part["economy"] == economy] if economy else part
        cells = _cells(part, "coverage", "ran", list(names))
        return _farthest(cells, _from_centre) if worst else _pooled(cells, part, "pooled_mcse")

    return read


def lowest(method: str, names: tuple[str, ...]) -> Reader:
    """The lowest coverage of the paths by a method."""

    def read(table: pd.DataFrame) -> Figure:
        cells = _cells(_ran(table, method), "coverage", "ran", list(names))
        return _farthest(cells, lambda rates: int(rates.to_numpy().argmin()))

    return read


def surface(key: str, column: str, case: str = "straight", term: str = "own_total") -> Reader:
    """A column of the table on effects by firm."""

    def read(table: pd.DataFrame) -> Figure:
        part = table[(table["key"] == key) & (table["case"] == case) & (table["term"] == term)]
        if part.empty:
            return NOTHING
        row = part.iloc[0]
        error = TWO * float(row.get(f"{column}_mcse", NAN))
        return Figure(float(row[column]), error, int(row["replications"] - row["failed"]))

    return read


def against_peer(column: str) -> Reader:
    """Our forest with boosted nuisances over StatsPAI's, own total, on the same panels."""

    def read(table: pd.DataFrame) -> Figure:
        theirs = surface("statspai", column)(table)
        return Figure(1 / theirs.value, theirs.spread / theirs.value**2, theirs.draws)

    return read


def groups(key: str) -> Reader:
    """Coverage of all intervals for groups, each cell weighing with its intervals."""

    def read(table: pd.DataFrame) -> Figure:
        part = table[table["key"] == key]
        if part.empty:
            return NOTHING
        value = float(np.average(part["coverage"], weights=part["intervals"]))
        error = mean_error(part["coverage_mcse"], part["intervals"])
        return Figure(value, TWO * error, int(part["replications"].min()))

    return read


def sizes(worst: bool) -> Reader:
    """Rejection rate at 5 % where there is nothing to find."""

    def read(table: pd.DataFrame) -> Figure:
        part = table[table["kind"] == "nothing to find"]
        part = part.assign(ran=part["replications"] - part["failed"])
        cells = _cells(part, "rejected", "ran", ["check", "what"])
        if worst:
            return _farthest(cells, lambda r: int(r.to_numpy().argmax()))
        return _pooled(cells, part, "pooled_rejected_mcse")

    return read


LOUD = 0.20
"""A check that warns in more of the sound panels than this tells nothing by a warning."""


def with_caught(table: pd.DataFrame) -> pd.DataFrame:
    """The table of the checks with the share ``caught`` of each row.

    *Fail* or *warn*; only *fail* where the check also warns in many panels with nothing wrong
    (``loud``); rejections where the check is not what is asked.
    """
    alarms = table["fail"] + table["warn"]
    sound = table["kind"].str.endswith("to find")
    loud = table["check"].map(alarms[sound].groupby(table["check"]).mean()) > LOUD
    found = alarms.where(~loud, table["fail"]).fillna(table["rejected"])
    return table.assign(caught=found, loud=loud)


def caught(worst: bool) -> Reader:
    """How often a planted violation is caught, as `with_caught` counts.

    Not the p-value alone: that of the placebo network, say, is of another thing than what its
    verdict is about when the number of peers matters.
    """

    def read(table: pd.DataFrame) -> Figure:
        known = with_caught(table)
        part = known[known["kind"] == "planted"]
        part = part.assign(ran=part["replications"] - part["failed"])
        cells = _cells(part, "caught", "ran", ["check", "what"])
        if worst:
            return _farthest(cells, lambda r: int(r.to_numpy().argmin()))
        return _pooled(cells, part, "")

    return read


def whole_study(folds: int) -> Reader:
    """Process time of every stage of a study over that of one fit, in one process."""

    def read(table: pd.DataFrame) -> Figure:
        whole = table.loc[table["part"] == STUDY, "process"].sum()
        return Figure(float(whole / _seconds(table, f"CausalForestDML.fit, {folds} folds")))

    return read


def cross_fitting(folds: int) -> Reader:
    """Residuals of all targets over EconML's two nuisances."""

    def read(table: pd.DataFrame) -> Figure:
        ours = _seconds(table, "residuals of all targets")
        return Figure(ours / _seconds(table, f"two nuisances alone, {folds} folds"))

    return read


def like_for_like(table: pd.DataFrame) -> Figure:
    """The same over EconML's two on the features of the study."""
    return Figure(_seconds(table, "residuals of all targets") / _seconds(table, ALIKE))


def import_seconds(table: pd.DataFrame) -> Figure:
    """Seconds of ``import causalgreen``; with what it loads of what it should not."""
    row = table[table["what"] == "causalgreen"].iloc[0]
    loads = "" if pd.isna(row["loads"]) else f"loads {row['loads']}"
    return Figure(float(row["seconds"]), which=loads)


def _seconds(table: pd.DataFrame, what: str) -> float:
    found = table.loc[table["what"] == what, "process"]
    return float(found.iloc[0]) if len(found) else NAN


def slope(step: str) -> Reader:
    """Slope of log process time on log rows, over all sizes measured."""

    def read(table: pd.DataFrame) -> Figure:
        part = table[table["step"] == step]
        if part["firms"].nunique() < 2:
            return NOTHING
        return Figure(float(np.polyfit(np.log(part["rows"]), np.log(part["seconds"]), 1)[0]))

    return read


def largest(column: str) -> Reader:
    """The largest value of a column."""
    return lambda t: Figure(float(t[column].max()))


def smallest(column: str, name: str) -> Reader:
    """The smallest value of a column, and the row that it is in."""

    def read(table: pd.DataFrame) -> Figure:
        if column not in table:
            return NOTHING
        row: dict[str, Any] = table.loc[table[column].idxmin()].to_dict()
        return Figure(float(row[column]), which=str(row[name]))

    return read
