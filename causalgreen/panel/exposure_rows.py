"""The rows that an exposure is computed for: firm, period, and the treatment of peers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from causalgreen.errors import DataError, Fault
from causalgreen.panel.frames import as_pandas
from causalgreen.panel.panel import Panel
from causalgreen.panel.times import read_clock
from causalgreen.panel.values import as_float, frozen, level_codes, listing, many, numeric

__all__ = ["Rows", "missing_columns", "numbers", "read_rows", "refuse"]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """A table whose rows are known by firm and period.

    Attributes
    ----------
    table : pandas.DataFrame
        In the caller's order, with the caller's index.
    unit, time, of : str
        Columns of the firm, the period and the treatment.
    codes, units : numpy.ndarray of int64, pandas.Index
        Firm of each row; labels.
    times, step : numpy.ndarray of int64, int
        Period of each row; smallest distance between two.
    x, seen : numpy.ndarray
        Treatment with zeros where it is missing; whether it is there.
    notes : tuple of str
    """

    table: pd.DataFrame
    unit: str
    time: str
    of: str
    codes: np.ndarray
    units: pd.Index
    times: np.ndarray
    step: int
    x: np.ndarray
    seen: np.ndarray
    notes: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.times)

    @property
    def keys(self) -> np.ndarray:
        """One whole number for each firm and period."""
        return self.key_of(self.codes, self.times)

    def key_of(self, codes: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Keys of any firms and periods; -1 where the period lies outside the table's."""
        low = int(self.times.min())
        span = int(self.times.max()) - low + 1
        inside = (times >= low) & (times < low + span) & (codes >= 0)
        return np.where(inside, codes * span + (times - low), -1)

    def find(self, codes: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Row of each firm and period, -1 where there is none."""
        keys = self.keys
        order = np.argsort(keys, kind="stable")
        wanted = self.key_of(codes, times)
        at = np.minimum(np.searchsorted(keys, wanted, sorter=order), self.n - 1)
        row = order[at]
        return np.where(keys[row] == wanted, row, -1)

    def period_codes(self) -> np.ndarray:
        """Periods as 0 to T - 1."""
        return np.unique(self.times, return_inverse=True)[1].astype(np.int64)


def refuse(code: str, what: str, fix: str) -> DataError:
    """Make an error of one fault."""
    return DataError([Fault(code, what, fix)])


def missing_columns(table: pd.DataFrame, wanted: Sequence[str], where: str = "the table") -> None:
    """Raise if a column is not there, or there twice."""
    gone = [name for name in dict.fromkeys(wanted) if name not in table.columns]
    if gone:
        what = f"{where} has no column {listing(map(repr, gone), 5)}"
        have = listing(map(str, table.columns), 12)
        raise refuse("missing_columns", what, f"it has: {have}. Check the spelling")
    twice = [name for name in dict.fromkeys(wanted) if (table.columns == name).sum() > 1]
    if twice:
        what = f"several columns of {where} are called {listing(map(repr, twice))}"
        raise refuse("duplicate_columns", what, "rename or drop the others")


def numbers(table: pd.DataFrame, name: str, where: str = "column") -> np.ndarray:
    """Read a column as float64, NaN where missing; refuse text and infinite values."""
    values = numeric(table[name])
    if values is None:
        what = f"{where} '{name}' ({table[name].dtype}) does not hold numbers"
        raise refuse("non_numeric", what, f"convert it: pandas.to_numeric(frame[{name!r}])")
    out = as_float(values)
    infinite = np.isinf(out)
    if infinite.any():
        rows = listing(np.flatnonzero(infinite)[:3], 3, int(infinite.sum()))
        what = f"{where} '{name}' is infinite in {many(int(infinite.sum()), 'row')}: rows {rows}"
        raise refuse("infinite_values", what, "set them to missing, or repair the division")
    return out


def read_rows(panel: Any, of: str | None, unit: str | None, time: str | None) -> Rows:
    """Read a panel, or a table with the named firm and period columns."""
    if isinstance(panel, Panel):
        return _of_panel(panel, of, unit, time)
    unit, time, of = unit or "firm", time or "year", of or "ai"
    original = panel if isinstance(panel, pd.DataFrame) else None
    table = as_pandas(panel, wanted=(unit, time, of))
    missing_columns(table, [unit, time, of])
    if table.empty:
        raise refuse("empty_table", "the table has no rows", "check how it was read")
    codes, units = level_codes(table[unit])
    clock = read_clock(table[time], codes)
    faults = [*clock.faults]
    for name, bad in ((unit, codes < 0), (time, ~clock.known)):
        if bad.any():
            rows = listing(np.flatnonzero(bad)[:3], 3, int(bad.sum()))
            what = f"'{name}' is missing in {many(int(bad.sum()), 'row')}: rows {rows}"
            faults.append(
                Fault("missing_keys", what, f"drop them: frame.dropna(subset=[{name!r}])")
            )
    if faults:
        raise DataError(faults)
    faults = _doubles(codes, clock.periods, units, unit, time)
    if faults:
        raise DataError(faults)
    if original is not None and len(original.index) == len(table):
        table = table.set_axis(original.index, axis=0)
    return _made(table, unit, time, of, codes, units, clock.periods)


def _of_panel(panel: Panel, of: str | None, unit: str | None, time: str | None) -> Rows:
    roles = panel.roles
    for given, have, name in ((unit, roles.unit, "unit"), (time, roles.time, "time")):
        if given is not None and given != have:
            what = f"{name}={given!r}, but the panel's {name} is {have!r}"
            raise refuse("wrong_keys", what, f"leave {name} out, or pass panel.frame")
    of, table = of or roles.treatments[0], panel.frame
    missing_columns(table, [of], "the panel")
    made = _made(table, roles.unit, roles.time, of, panel.unit_codes, panel.units, panel.times)
    gone = sum(dropped.rows for dropped in panel.dropped)
    if not gone:
        return made
    note = (
        f"{many(gone, 'row')} that the panel dropped do not count as peers; "
        "take exposures of the whole table first, if their treatment is known"
    )
    return replace(made, notes=(note,))


def _made(
    table: pd.DataFrame,
    unit: str,
    time: str,
    of: str,
    codes: np.ndarray,
    units: pd.Index,
    times: np.ndarray,
) -> Rows:
    raw = numbers(table, of)
    seen = ~np.isnan(raw)
    if not seen.any():
        raise refuse("empty_column", f"'{of}' is missing in every row", "check the join")
    periods = np.unique(times)
    step = int(np.diff(periods).min()) if len(periods) > 1 else 1
    x = np.where(seen, raw, 0.0)
    return Rows(
        table, unit, time, of, codes.astype(np.int64), units,
        np.asarray(times, dtype=np.int64), step, frozen(x), frozen(seen),
    )  # fmt: skip


def _doubles(
    codes: np.ndarray, times: np.ndarray, units: pd.Index, unit: str, time: str
) -> list[Fault]:
    order = np.lexsort((times, codes))
    same = (np.diff(codes[order]) == 0) & (np.diff(times[order]) == 0)
    if not same.any():
        return []
    rows = order[1:][same]
    seen = listing([f"{units[codes[r]]} in {times[r]} (row {r})" for r in rows[:3]], 3, len(rows))
    what = f"{many(len(rows), 'row')} repeat a {unit} and {time}: {seen}"
    fix = "keep one row per firm and period: a firm would count as its own peer"
    return [Fault("duplicate_rows", what, fix)]
