"""Years and dates, however they were written."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass

import pandas as pd

from causalgreen.errors import Fault

__all__ = ["Years", "read_years"]

_FORMS = (
    re.compile(r"^(?P<y>\d{4})年?(度)?$"),
    re.compile(r"^(?P<y>\d{4})[-/.年](?P<m>\d{1,2})月?$"),
    re.compile(r"^(?P<y>\d{4})[-/.年](?P<m>\d{1,2})[-/.月](?P<d>\d{1,2})日?([ T].*)?$"),
    re.compile(r"^(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})$"),
    re.compile(r"^(?P<y>\d{4})[ -]?Q(?P<q>[1-4])$", re.I),
)
_EPOCH = dt.date(1899, 12, 30)  # day 0 of Excel


@dataclass(frozen=True, slots=True, eq=False)
class Years:
    """Years of a column, and its dates when it holds dates.

    Attributes
    ----------
    years : pandas.Series
        Whole years (``Int64``), missing where the cell was empty.
    dates : pandas.Series or None
        Days, when a cell holds more than a year; the last day of a month where only that is given.
    faults : tuple of Fault
    notes : tuple of str
    """

    years: pd.Series
    dates: pd.Series | None
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]


def read_years(values: pd.Series, column: str = "year") -> Years:
    """Read a column of years or dates.

    Parameters
    ----------
    values : pandas.Series
        ``2015``, ``"2015-12-31"``, ``"2015年"``, ``20151231``, dates, Excel's day numbers.
    column : str
        Its name, for messages.

    Examples
    --------
    >>> read_years(pd.Series(["2015-12-31", "2016/1/1"])).years.tolist()
    [2015, 2016]
    >>> print(read_years(pd.Series([15, 2015])).faults[0].what)
    column 'year' holds '15' (row 1), which is no year between 1949 and 2100
    """
    if values.dtype.kind in "iu" and len(values) and values.between(1949, 2100).all():
        return Years(values.astype("Int64"), None, (), ())
    if values.dtype.kind in "iuf" and values.notna().any() and values.abs().max() < 1949:
        note = f"{column}: no calendar years ({values.min():g} to {values.max():g}); kept"
        whole = bool((values.dropna() % 1 == 0).all())
        return Years(values.astype("Int64") if whole else values, None, (), (note,))
    places, unique = pd.factorize(values)
    parsed = [_parse(cell) for cell in unique]
    bad = [i for i, (day, _) in enumerate(parsed) if day is None or not 1949 <= day.year <= 2100]
    days = [None if i in set(bad) else day for i, (day, _) in enumerate(parsed)]
    kinds = {kind for _, kind in parsed}
    table = pd.Series(pd.to_datetime(pd.Series(days, dtype=object)), dtype="datetime64[s]")
    dates = table.reindex(places).set_axis(values.index)
    notes = []
    if "serial" in kinds:
        notes.append(f"{column}: Excel's day numbers read as dates")
    years = dates.dt.year.astype("Int64")
    return Years(
        years,
        dates if kinds & {"day", "serial", "month"} else None,
        _faults(values, places, unique, bad, column),
        tuple(notes),
    )


def _parse(cell: object) -> tuple[dt.date | None, str]:
    """Return a day (the last one of the year or month when no more is said) and what it was."""
    if isinstance(cell, pd.Period):
        return cell.end_time.date(), "year" if cell.freqstr.startswith(("Y", "A")) else "month"
    if isinstance(cell, (dt.datetime, dt.date)):
        return (cell.date() if isinstance(cell, dt.datetime) else cell), "day"
    if isinstance(cell, (int, float)) or hasattr(cell, "__index__"):
        number = float(cell)  # type: ignore[arg-type]
        if not number.is_integer():
            return None, ""
        if 29000 < number < 60000:
            return _EPOCH + dt.timedelta(days=int(number)), "serial"
        cell = int(number)
    text = unicodedata.normalize("NFKC", str(cell)).strip().strip("'\"")
    text = re.sub(r"\.0+$", "", text) if re.match(r"^\d+\.0+$", text) else text
    for form in _FORMS:
        if found := form.match(text):
            return _day(found.groupdict())
    return None, ""


def _day(parts: dict[str, str]) -> tuple[dt.date | None, str]:
    year = int(parts["y"])
    month = int(parts["q"]) * 3 if parts.get("q") else int(parts.get("m") or 12)
    kind = "day" if parts.get("d") else "month" if month != 12 or parts.get("m") else "year"
    if parts.get("q"):
        kind = "month"
    try:
        if parts.get("d"):
            return dt.date(year, month, int(parts["d"])), kind
        after = dt.date(year + month // 12, month % 12 + 1, 1)
        return after - dt.timedelta(days=1), kind
    except (ValueError, OverflowError):
        return None, ""


def _faults(
    values: pd.Series, places: object, unique: pd.Index, bad: list[int], column: str
) -> tuple[Fault, ...]:
    if not bad:
        return ()
    rows = pd.Series(places, index=values.index).isin(bad)
    first = ", ".join(repr(str(unique[i])) for i in bad[:4])
    at = ", ".join(str(i + 1) for i in rows[rows].index[:4])
    word = "row" if rows.sum() == 1 else f"{int(rows.sum()):,} rows, first"
    return (
        Fault(
            "years",
            f"column {column!r} holds {first} ({word} {at}), which is no year between 1949 "
            "and 2100",
            f"write years with four digits, dates as 2015-12-31; if the column holds no years, "
            f"read(..., columns={{{column!r}: None}}) leaves it as it is",
        ),
    )
