"""From the caller's table to the sorted one: every check first, then the rows that are kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalgreen.errors import DataError, Fault
from causalgreen.panel.checks import column_faults, usable_columns
from causalgreen.panel.checks_rows import (
    duplicate_faults,
    empty_faults,
    key_faults,
    spelling_faults,
)
from causalgreen.panel.checks_values import complete_rows, read_numbers, value_faults
from causalgreen.panel.codes import code_notes, stock_code_faults
from causalgreen.panel.notes import cluster_notes, control_notes, outcome_notes, trait_notes
from causalgreen.panel.roles import Roles
from causalgreen.panel.times import Clock, read_clock
from causalgreen.panel.values import level_codes, listing, many, parts, row_label, run_starts

__all__ = ["Built", "Dropped", "build"]


@dataclass(frozen=True, slots=True)
class Dropped:
    """Rows left out for one reason.

    Attributes
    ----------
    reason : str
        Such as ``"treatment 'ai' is missing"``.
    rows : int
        Rows left out for this reason. A row with several reasons counts under the first one, in
        the order outcome, treatment, exposure, mediators, so that the reasons add up.
    examples : tuple of str
        Firm and period of the first three.
    """

    reason: str
    rows: int
    examples: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"{self.reason} in {many(self.rows, 'row')} ({listing(self.examples, total=self.rows)})"
        )


@dataclass(frozen=True, slots=True, eq=False)
class Built:
    """All that a Panel holds, and what to warn about."""

    frame: pd.DataFrame
    unit_codes: np.ndarray
    units: pd.Index
    times: np.ndarray
    clusters: tuple[np.ndarray, ...]
    dropped: tuple[Dropped, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Checked:
    unit_codes: np.ndarray
    levels: pd.Index
    clock: Clock
    numbers: dict[str, np.ndarray]
    complete: np.ndarray


def build(table: pd.DataFrame, roles: Roles) -> Built:
    """Check the table, drop incomplete rows, sort by firm and period.

    Raises
    ------
    DataError
        With every fault of the table.
    """
    usable = usable_columns(table)
    checked, faults = _check(table, roles, usable)
    if faults:
        raise DataError(faults)
    order = _order(checked.unit_codes, checked.clock.periods)
    dropped = _dropped(table, roles, checked, order)
    kept = order[checked.complete[order]]
    frame = _kept_frame(table, checked.numbers, kept)
    old_codes = checked.unit_codes[kept]
    starts = run_starts(old_codes)
    units = checked.levels[old_codes[starts]]
    unit_codes = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(kept))))
    times = checked.clock.periods[kept]
    clusters = tuple(_cluster(frame, name, roles, unit_codes, times) for name in roles.clusters)
    lost = len(np.unique(checked.unit_codes)) - len(units)
    lost_note = (f"{many(lost, 'firm')} left without a row by missing values",) if lost else ()
    notes = (
        *checked.clock.notes,
        *outcome_notes(roles.outcome, checked.numbers[roles.outcome][kept]),
        *trait_notes(frame, roles, unit_codes),
        *control_notes(frame, roles),
        *cluster_notes(roles, unit_codes, units, clusters),
        *code_notes(table, roles, usable),
    )
    warned = (*_dropped_warning(dropped, len(table), lost_note), *notes)
    arrays = (unit_codes, times, *clusters)
    for array in arrays:
        array.setflags(write=False)
    return Built(frame, unit_codes, units, times, clusters, dropped, (*lost_note, *notes), warned)


def _check(
    table: pd.DataFrame, roles: Roles, usable: frozenset[str]
) -> tuple[_Checked, list[Fault]]:
    n = len(table)
    faults = column_faults(table, roles)
    numbers, wrong = read_numbers(table, roles, usable)
    complete = complete_rows(numbers, roles.targets, n)
    if n:
        faults += [*wrong, *value_faults(table, roles, numbers, complete)]
    faults += empty_faults(table, roles, complete, numbers)
    faults += key_faults(table, roles, usable, complete)
    faults += spelling_faults(table, roles, usable)
    faults += stock_code_faults(table, roles, usable)
    unit_codes, levels = np.zeros(n, dtype=np.int64), pd.Index([])
    clock = Clock(np.zeros(n, dtype=np.int64), np.zeros(n, dtype=bool))
    if roles.unit in usable:
        unit_codes, levels = level_codes(table[roles.unit])
    if roles.time in usable:
        clock = read_clock(table[roles.time], unit_codes)
        faults += clock.faults
    if roles.unit in usable and roles.time in usable and not clock.faults:
        ok = clock.known & (unit_codes >= 0)
        faults += duplicate_faults(table, roles, unit_codes, clock.periods, ok)
    return _Checked(unit_codes, levels, clock, numbers, complete), faults


def _order(unit_codes: np.ndarray, periods: np.ndarray) -> np.ndarray:
    """Stable order by firm and period; no sorting where the table is sorted."""
    same = unit_codes[1:] == unit_codes[:-1]
    rising = (unit_codes[1:] > unit_codes[:-1]) | (same & (periods[1:] > periods[:-1]))
    if rising.all():
        return np.arange(len(unit_codes))
    return np.lexsort((periods, unit_codes))


def _dropped(
    table: pd.DataFrame, roles: Roles, checked: _Checked, order: np.ndarray
) -> tuple[Dropped, ...]:
    if checked.complete.all():
        return ()
    part_of = {name: part for part, name in parts(roles)}
    seen = np.zeros(len(table), dtype=bool)
    out = []
    for name in (roles.outcome, *roles.targets[:-1]):
        values = checked.numbers[name]
        missing = np.isnan(values) & ~seen if values.dtype.kind == "f" else np.zeros_like(seen)
        if missing.any():
            first = order[missing[order]][:3]
            examples = tuple(row_label(table, roles, int(row)) for row in first)
            reason = f"{part_of[name]} '{name}' is missing"
            out.append(Dropped(reason, int(missing.sum()), examples))
            seen |= missing
    return tuple(out)


def _dropped_warning(
    dropped: tuple[Dropped, ...], n: int, also: tuple[str, ...]
) -> tuple[str, ...]:
    if not dropped:
        return ()
    total = sum(d.rows for d in dropped)
    reasons = "; ".join((*map(str, dropped), *also))
    return (f"dropped {total:,} of {many(n, 'row')}: {reasons}",)


def _kept_frame(
    table: pd.DataFrame, numbers: dict[str, np.ndarray], kept: np.ndarray
) -> pd.DataFrame:
    """Rows in their order; columns with a numeric role as plain numbers."""
    whole = len(kept) == len(table) and bool((np.diff(kept) == 1).all())
    frame = table if whole else table.take(kept).reset_index(drop=True)
    plain = {
        name: values if whole else values[kept]
        for name, values in numbers.items()
        if not isinstance(table[name].dtype, np.dtype) or table[name].dtype.kind not in "iuf"
    }
    return frame.assign(**plain)


def _cluster(
    frame: pd.DataFrame, name: str, roles: Roles, unit_codes: np.ndarray, times: np.ndarray
) -> np.ndarray:
    if name == roles.unit:
        return unit_codes
    if name == roles.time:
        return np.unique(times, return_inverse=True)[1].astype(np.int64)
    return level_codes(frame[name])[0]
