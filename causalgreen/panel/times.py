"""Periods as whole numbers with a step, out of years, dates or pandas Periods."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api.types import infer_dtype, is_bool_dtype, is_object_dtype

from causalgreen.errors import Fault
from causalgreen.panel.values import listing, many, numeric

__all__ = ["Clock", "read_clock"]

_EACH = {"Y": "years", "Q": "quarters", "M": "months", "D": "days"}
_FIX = (
    "give a year (2015), a date (pandas.to_datetime) or a pandas Period "
    "(pandas.PeriodIndex(..., freq='Q'))"
)


@dataclass(frozen=True, slots=True)
class Clock:
    """Periods of the rows.

    Attributes
    ----------
    periods : numpy.ndarray of int64, shape (n,)
        Zero where the time is missing.
    known : numpy.ndarray of bool, shape (n,)
    faults : tuple of Fault
    notes : tuple of str
    """

    periods: np.ndarray
    known: np.ndarray
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()


def read_clock(series: pd.Series, unit_codes: np.ndarray) -> Clock:
    """Read the time column.

    Integers, whole floats and digits stored as text stay what they are. Dates become years where
    a firm has one date a year, else the ordinal of the coarsest of quarter, month and day that
    tells a firm's dates apart; annual Periods become years, others their ordinals.

    Parameters
    ----------
    series : pandas.Series
        The time column, in the caller's order.
    unit_codes : numpy.ndarray of int, shape (n,)
        Firm of each row; only used for dates.

    Returns
    -------
    Clock
        With faults instead of an exception, so that they are told together with all others.

    Examples
    --------
    >>> dates = pd.Series(pd.to_datetime(["2014-12-31", "2015-12-31"]))
    >>> read_clock(dates, np.array([0, 0])).periods
    array([2014, 2015])
    """
    name, known = str(series.name), series.notna().to_numpy()
    values = series[known]
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    if is_object_dtype(values.dtype) or isinstance(values.dtype, pd.StringDtype):
        values = _from_objects(values)
    notes: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    found = np.zeros(len(values), dtype=np.int64)
    if not len(values):
        pass
    elif isinstance(values.dtype, pd.PeriodDtype):
        found = _from_periods(values)
    elif values.dtype.kind == "M":
        found, notes = _from_dates(values, unit_codes[known], name)
    else:
        found, faults = _from_numbers(values, name)
    periods = np.zeros(len(series), dtype=np.int64)
    periods[known] = found
    return Clock(periods, known, faults, notes)


def _from_objects(values: pd.Series) -> pd.Series:
    """Turn text that is all digits or all ISO dates, and Python dates, into what they mean."""
    kind = infer_dtype(values, skipna=True)
    if kind in {"date", "datetime", "datetime64"}:
        return pd.to_datetime(values)
    if kind == "period":
        return pd.Series(pd.PeriodIndex(values), index=values.index)
    if kind == "string":
        text = values.astype(str).str.strip()
        if text.str.fullmatch(r"[0-9]{1,8}(\.0+)?").all():
            return text.astype(np.float64)
        if text.str.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").all():
            dates = pd.to_datetime(text, format="%Y-%m-%d", errors="coerce")
            return values if dates.isna().any() else dates
    return values


def _from_periods(values: pd.Series) -> np.ndarray:
    index = pd.PeriodIndex(values)
    annual = index.freqstr.split("-")[0] in {"Y", "A"}
    return np.asarray(index.year if annual else index.asi8, dtype=np.int64)


def _from_dates(
    values: pd.Series, units: np.ndarray, name: str
) -> tuple[np.ndarray, tuple[str, ...]]:
    dates = values.dt.tz_localize(None) if values.dt.tz is not None else values
    year = dates.dt.year.to_numpy(dtype=np.int64)
    month = dates.dt.month.to_numpy(dtype=np.int64)
    stamps = dates.to_numpy().astype("datetime64[s]").astype(np.int64)
    candidates = {
        "Y": year,
        "Q": (year - 1970) * 4 + (month - 1) // 3,
        "M": (year - 1970) * 12 + month - 1,
        "D": np.floor_divide(stamps, 86_400),
    }
    pairs = _distinct(units, stamps)
    for each, ordinals in candidates.items():  # noqa: B007  (used after the loop)
        if _distinct(units, ordinals) == pairs:
            break
    if each == "Y":
        return year, ()
    note = (
        f"time '{name}' has several dates for a firm within a year; "
        f"periods are counted in {_EACH[each]}"
    )
    return ordinals, (note,)


def _distinct(units: np.ndarray, values: np.ndarray) -> int:
    pair = pd.DataFrame({"u": units, "v": values}, copy=False)
    return int((~pair.duplicated()).sum())


def _from_numbers(values: pd.Series, name: str) -> tuple[np.ndarray, tuple[Fault, ...]]:
    none = np.zeros(len(values), dtype=np.int64)
    raw = None if is_bool_dtype(values.dtype) else numeric(values)
    if raw is None:
        seen = listing((repr(v) for v in values.unique()[:4]), 3)
        what = f"time '{name}' is neither a number nor a date: first values {seen}"
        return none, (Fault("time_not_numeric", what, _FIX),)
    infinite = ~np.isfinite(raw)
    if infinite.any():
        what = f"time '{name}' is infinite in {many(int(infinite.sum()), 'row')}"
        return none, (Fault("infinite_values", what, _FIX),)
    fractional = raw != np.floor(raw)
    if fractional.any():
        rows = values.index[fractional]
        seen = listing(
            [f"{v:g} (row {r})" for v, r in zip(raw[fractional][:3], rows, strict=False)]
        )
        what = (
            f"time '{name}' is not a whole number in {many(int(fractional.sum()), 'row')}: {seen}"
        )
        fix = "for quarters or months use a pandas Period, or count periods: year * 4 + quarter"
        return none, (Fault("fractional_time", what, fix),)
    whole = raw.astype(np.int64)
    return whole, _written_dates(whole, name)


def _written_dates(whole: np.ndarray, name: str) -> tuple[Fault, ...]:
    """Refuse 201203 and 20120331: their differences are not numbers of months or days."""
    for low, high, digits, form in (
        (190_001, 210_012, 100, "%Y%m"),
        (19_000_101, 21_001_231, 10_000, "%Y%m%d"),
    ):
        if whole.min() < low or whole.max() > high:
            continue
        month = whole % digits if digits == 100 else whole % digits // 100
        if ((month >= 1) & (month <= 12)).all():
            what = f"time '{name}' holds dates written as numbers, such as {whole[0]}"
            fix = (
                f"frame['{name}'] = pandas.to_datetime(frame['{name}'].astype(str), "
                f"format='{form}'), so that the distance between periods is known"
            )
            return (Fault("coded_dates", what, fix),)
    return ()
