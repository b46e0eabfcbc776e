"""Make one table fit to be joined: which statements, which day, which of the stacked rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from causalgreen.data.audit import Step, listed, step_of
from causalgreen.data.reading import Table
from causalgreen.errors import DataError, Fault

__all__ = ["CHOICES", "Prepared", "prepare", "rows_that_repeat"]

CHOICES: Mapping[str, object] = {
    "statement": "A", "date": "12-31", "state_type": "1", "area": "1", "apply_type": "S5201",
}  # fmt: skip
_MEANS = {
    "statement": {"A": "consolidated statements", "B": "statements of the parent"},
    "state_type": {"1": "consolidated", "2": "parent company"},
    "area": {"1": "domestic", "2": "foreign"},
    "apply_type": {
        "S5201": "applied", "S5202": "obtained", "S5203": "granted",
        "S5204": "applied, cumulative", "S5205": "obtained, cumulative",
        "S5206": "granted, cumulative",
    },
}  # fmt: skip
_WORDS = {
    "合并报表": "A", "合并": "1", "母公司报表": "B", "母公司": "2", "国内": "1", "境内": "1",
    "国外": "2", "境外": "2", "已申请": "S5201", "已获得": "S5202", "已授权": "S5203",
}  # fmt: skip


@dataclass(slots=True)
class Prepared:
    """A table whose keys are unique, and the steps that made it so."""

    name: str
    frame: pd.DataFrame
    on: tuple[str, ...]
    steps: list[Step] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def move(
        self, what: str, why: str, after: pd.DataFrame, examples: tuple[str, ...] = ()
    ) -> None:
        """Go on with fewer rows, and write it down."""
        self.steps.append(step_of(f"{self.name}: {what}", why, self.frame, after, examples))
        self.frame = after


def prepare(
    table: Table,
    name: str,
    *,
    on: tuple[str, ...] | None = None,
    choose: Mapping[str, object] | None = None,
    drop_missing_keys: bool = False,
) -> Prepared:
    """Choose among stacked rows, so that each key occurs once.

    Raises
    ------
    DataError
        If a key is missing or occurs in rows that differ, or a choice is not in the table.
    """
    frame = table.frame
    if on is None:
        on = tuple(key for key in ("firm", "year") if key in frame.columns)
    absent = [key for key in on if key not in frame.columns]
    if not on or absent:
        raise _no_keys(table, name, absent)
    work = Prepared(name, frame, on)
    chosen = dict(CHOICES) | dict(choose or {})
    _keys(work, drop_missing_keys)
    for column in ("statement", "state_type", "area", "apply_type"):
        if column in work.frame.columns:
            _choose(work, column, chosen[column])
    if "date" in work.frame.columns and {"firm", "year"} <= set(on):
        _year_end(work, str(chosen["date"]))
    _unique(work)
    return work


def _no_keys(table: Table, name: str, absent: list[str]) -> DataError:
    columns = ", ".join(map(repr, list(table.frame.columns)[:12]))
    what = f"{name} has no column {', '.join(map(repr, absent)) or 'firm or year'}"
    return DataError(
        [Fault("missing_columns", f"{what}; it has {columns}",
               "say which column it is by read(..., columns={...}), or name the keys by on=")]
    )  # fmt: skip


def _keys(work: Prepared, drop: bool) -> None:
    bare = work.frame[list(work.on)].isna().any(axis=1)
    if not bare.any():
        return
    at = ", ".join(str(i + 1) for i in work.frame.index[bare][:5])
    if not drop:
        raise DataError(
            [
                Fault(
                    "missing_keys",
                    f"{work.name}: {int(bare.sum()):,} rows lack {' or '.join(work.on)} "
                    f"(first rows {at})",
                    "fill them in (merged cells leave the cells below empty), or pass "
                    "drop_missing_keys=True, which counts them in the audit",
                )
            ]
        )
    after = work.frame[~bare]
    work.move("rows without a key", f"no {' or '.join(work.on)}", after, (f"rows {at}",))


def _code(value: object) -> str:
    text = str(value).strip().removesuffix(".0")
    return _WORDS.get(text, text)


def _choose(work: Prepared, column: str, want: object) -> None:
    codes = work.frame[column].map(_code, na_action="ignore")
    levels = sorted(codes.dropna().unique())
    wanted = _code(want)
    means = _MEANS[column]
    if len(levels) == 1 and codes.notna().all() and levels[0] != wanted:
        only = means.get(levels[0], levels[0])
        work.notes.append(f"{work.name}: {column} is {levels[0]!r} ({only}) in every row")
        work.move(
            f"{column}", f"only {levels[0]!r} ({only}) is there", work.frame.drop(columns=column)
        )
        return
    if wanted not in levels:
        raise DataError(
            [
                Fault(
                    "stacked_rows",
                    f"{work.name} stacks rows by {column}, and none is {wanted!r}: there are "
                    f"{', '.join(f'{v} ({means[v]})' if v in means else v for v in levels)}",
                    f"choose one by choose={{{column!r}: ...}}; rows of several are never summed",
                )
            ]
        )
    label = means.get(wanted, wanted)
    if "cumulative" in label:
        work.notes.append(f"{work.name}: {wanted} is a cumulative stock, not what came in the year")
    gone = codes[codes != wanted].value_counts(dropna=False)
    parts = tuple(f"{level}: {n:,} rows" for level, n in gone.items())
    why = f"{column} = {wanted} ({label}); the others are stacked, not added"
    work.move(f"{label} only", why, work.frame[codes == wanted].drop(columns=column), parts)


def _year_end(work: Prepared, want: str) -> None:
    """Keep the rows of the last day of the year, as interim and opening rows share the year."""
    dates = work.frame["date"]
    ends = dates.dt.strftime("%m-%d") == want
    repeated = work.frame.duplicated(list(work.on)).any()
    if not ends.any():
        if repeated:
            days = listed(dates.dt.strftime("%m-%d").dropna())
            raise DataError(
                [
                    Fault(
                        "no_year_end",
                        f"{work.name} has several rows a year, none of {want}: {days}",
                        'name the day by choose={"date": "06-30"}',
                    )
                ]
            )
        return
    after = work.frame[ends]
    lost = work.frame.loc[~ends, list(work.on)].merge(
        after[list(work.on)].drop_duplicates(), how="left", indicator="side"
    )
    alone = lost.loc[lost["side"] == "left_only", list(work.on)].drop_duplicates()
    examples = _pairs(alone, f"{len(alone):,} firm-years have no such row") if len(alone) else ()
    work.move(f"rows of {want}", "interim and opening rows share the year", after, examples)
    work.frame = work.frame.drop(columns="date")


def _pairs(keys: pd.DataFrame, what: str, most: int = 4) -> tuple[str, ...]:
    first = [" ".join(str(v) for v in row) for row in keys.head(most).itertuples(index=False)]
    return (f"{what}: {', '.join(first)}" + (", ..." if len(keys) > most else ""),)


def _unique(work: Prepared) -> None:
    keys = list(work.on)
    if not work.frame.duplicated(keys).any():
        return
    same = work.frame.duplicated()
    if same.any():
        examples = _pairs(work.frame.loc[same, keys].drop_duplicates(), "such as")
        work.move("exact repetitions", "the same row twice", work.frame[~same], examples)
    if work.frame.duplicated(keys).any():
        raise DataError([rows_that_repeat(work.frame, keys, work.name)])


def rows_that_repeat(frame: pd.DataFrame, keys: list[str], name: str) -> Fault:
    """Say which keys occur in several rows, and in which columns these differ."""
    twice = frame[frame.duplicated(keys, keep=False)].sort_values(keys, kind="stable")
    groups = twice.groupby(keys, sort=False)
    others = [c for c in frame.columns if c not in keys and not str(c).startswith("\0")]
    varies = groups[others].nunique(dropna=False).gt(1).any() if others else pd.Series(dtype=bool)
    differing = list(varies.index[varies])
    shown = []
    for key, rows in list(groups)[:3] if len(twice) < 200_000 else []:
        label = " ".join(str(k) for k in key)
        values = [f"{c} {' / '.join(str(v) for v in rows[c].head(3))}" for c in differing[:2]]
        shown.append(f"{label} ({'; '.join(values)})" if values else label)
    columns = ", ".join(map(repr, differing[:8])) or "no column"
    return Fault(
        "duplicate_rows",
        f"{name}: {groups.ngroups:,} combinations of {' and '.join(keys)} occur in several rows, "
        f"which differ in {columns}" + (f"; first {', '.join(shown)}" if shown else ""),
        "choose the rows that are meant before joining; dropping or averaging them would decide "
        "by chance",
    )
