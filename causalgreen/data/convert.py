"""Turn the cells of a raw table into codes, years and numbers, and say what was done."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from causalgreen.data.codes import firm_codes, looks_like_codes
from causalgreen.data.mapping import Decision
from causalgreen.data.names import hint_of, is_generic, kind_of, unit_hint
from causalgreen.data.raw import Raw
from causalgreen.data.units import read_numbers, unit_of
from causalgreen.data.years import read_years
from causalgreen.errors import DataError, Fault

__all__ = ["convert"]

_NUMERIC = frozenset({"count", "log", "level", "money", "size", "share", "ratio"})
_FOOTER = ("数据来源", "资料来源", "来源", "注:", "注：", "source", "note:", "data source")
_FOOTER_ROWS = 10


@dataclass(slots=True)
class _Work:
    """What is collected while the columns are converted."""

    columns: dict[str, pd.Series] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def convert(
    raw: Raw, decisions: tuple[Decision, ...]
) -> tuple[pd.DataFrame, dict[str, str], tuple[str, ...]]:
    """Return the converted table, the units of its columns, and notes.

    Raises
    ------
    DataError
        With every column whose cells are not what its name says.
    """
    work = _Work(notes=list(raw.notes))
    frame = _without_footer(raw.frame, work)
    for d in decisions:
        values, kind = frame[d.original], "" if d.left else kind_of(d.column)
        if kind == "firm":
            _firm(values, d, work)
        elif kind in ("time", "date"):
            _time(values, d, work)
        elif kind in _NUMERIC:
            _number(values, d, raw, work)
        elif kind in ("code", "text", "status", "flag"):
            work.columns[d.column] = _text_or_number(_labelled(values), d, raw, work, keep=kind)
        else:
            work.columns[d.column] = (
                values if d.left else _text_or_number(values, d, raw, work, keep="")
            )
    if work.faults:
        raise DataError(work.faults)
    return pd.DataFrame(work.columns, index=frame.index), work.units, tuple(work.notes)


def _without_footer(frame: pd.DataFrame, work: _Work) -> pd.DataFrame:
    """Leave out last lines such as "数据来源：Wind": one text, nothing else in the row."""
    cut = len(frame)
    for i in range(len(frame) - 1, max(-1, len(frame) - 1 - _FOOTER_ROWS), -1):
        cells = frame.iloc[i].dropna()
        text = str(cells.iloc[0]).strip().lower() if len(cells) == 1 else ""
        if frame.shape[1] < 2 or not text.startswith(_FOOTER):
            break
        cut = i
    if cut == len(frame):
        return frame
    gone = [str(frame.iloc[i].dropna().iloc[0])[:60] for i in range(cut, len(frame))]
    work.notes.append(f"{len(gone)} lines below the table left out: {'; '.join(gone)}")
    return frame.iloc[:cut]


def _firm(values: pd.Series, d: Decision, work: _Work) -> None:
    if not d.given and is_generic(d.original) and not looks_like_codes(values):
        work.columns[d.column] = values
        work.notes.append(f"{d.original}: no stock codes; firms are kept as they are")
        return
    codes = firm_codes(values, d.original)
    work.faults += codes.faults
    work.notes += codes.notes
    work.columns[d.column] = codes.values


def _time(values: pd.Series, d: Decision, work: _Work) -> None:
    found = read_years(values, d.original)
    work.faults += found.faults
    work.notes += found.notes
    if found.dates is not None:
        work.columns["date"] = found.dates
        if d.column != "date":
            work.notes.append(f"{d.original} holds dates: 'date' has them, 'year' their years")
    if d.column == "year" or "year" not in work.columns:
        years = found.years
        work.columns["year"] = years if years.isna().any() else years.astype("int64")
    if d.column == "date":
        work.notes.append(f"year taken from {d.original}")
        if found.dates is None:
            work.columns.pop("date", None)


def _number(values: pd.Series, d: Decision, raw: Raw, work: _Work) -> None:
    column, percent = values, False
    if pd.api.types.is_bool_dtype(values):
        column = values.astype("int64")
    elif not pd.api.types.is_numeric_dtype(values):
        found = read_numbers(values, raw.decimals)
        column, percent = found.values, found.percent
        if len(found.wrong):
            work.faults.append(_wrong(d, found.wrong))
        if found.blanks:
            work.notes.append(f"{d.original}: {found.blanks:,} cells of signs such as '--' missing")
    work.columns[d.column] = column
    written = [unit_hint(raw.units.get(d.original, "")), unit_hint(hint_of(d.original)),
               unit_hint(hint_of(d.label))]  # fmt: skip
    said = "percent" if percent else next((unit for unit in written if unit), "")
    judged = unit_of(column, d.column)
    if said or judged:
        work.units[d.column] = said or judged
    if {said, judged} == {"percent", "fraction"}:
        work.units[d.column] = "unclear"
        work.notes.append(f"{d.original}: called {said}, but its values look like a {judged}")
    if judged == "ln(1 + count)":
        work.notes.append(
            f"{d.original} looks like ln(1 + count), not a count: firm_panel(...)"
            f".undo_log({d.column!r}) gives the counts back"
        )
    if judged == "log" and kind_of(d.column) == "level":
        work.notes.append(f"{d.original}: the values look like logarithms")


def _wrong(d: Decision, wrong: pd.Series) -> Fault:
    first = ", ".join(repr(str(v)) for v in wrong.drop_duplicates().head(4))
    rows = ", ".join(str(i + 1) for i in wrong.index[:4])
    word = "row" if len(wrong) == 1 else f"{len(wrong):,} rows, first"
    return Fault(
        "text_in_numbers",
        f"column {d.original!r} ({d.column}) holds {first} ({word} {rows}), which are no numbers",
        f"correct these cells, or read(..., columns={{{d.original!r}: None}}) leaves the "
        "column as it is",
    )


def _labelled(values: pd.Series) -> pd.Series:
    """Take the spaces off text."""
    if pd.api.types.is_string_dtype(values):
        return values.str.strip()
    return values


def _text_or_number(values: pd.Series, d: Decision, raw: Raw, work: _Work, keep: str) -> pd.Series:
    """Make numbers of text when every cell is one, and none would lose its leading zeros."""
    if keep in ("code", "text", "status"):
        return _as_text(values) if keep == "code" else values
    if not pd.api.types.is_string_dtype(values) or values.isna().all():
        return values
    if values.str.match(r"^\s*0\d").any():
        return values
    found = read_numbers(values, raw.decimals)
    if not len(found.wrong) and found.values.notna().any():
        if found.percent:
            work.units[d.column] = "percent"
        return found.values
    if found.values.notna().sum() >= 0.5 * values.notna().sum():
        first = ", ".join(repr(str(v)) for v in found.wrong.drop_duplicates().head(3))
        work.notes.append(
            f"{d.original}: {len(found.wrong):,} cells are no numbers ({first}); kept as text"
        )
    return values


def _as_text(values: pd.Series) -> pd.Series:
    """Write codes that came as numbers without a decimal point."""
    if pd.api.types.is_float_dtype(values) and (values.dropna() % 1 == 0).all():
        return values.astype("Int64").astype("str").where(values.notna(), None).astype("str")
    if pd.api.types.is_integer_dtype(values):
        return values.astype("str")
    return values
