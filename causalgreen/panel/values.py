"""Columns as numbers and as codes; the vocabulary in which rows and labels are named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import infer_dtype, is_bool_dtype, is_numeric_dtype, is_object_dtype

from causalgreen.panel.roles import Roles

__all__ = [
    "as_category",
    "as_float",
    "frozen",
    "level_codes",
    "listing",
    "many",
    "numeric",
    "parts",
    "row_label",
    "row_names",
    "run_starts",
]

_NUMBERS = {"integer", "floating", "mixed-integer-float", "boolean", "decimal", "empty"}


def parts(roles: Roles) -> tuple[tuple[str, str], ...]:
    """Pairs of (part, column) in the order in which a person reads them.

    Examples
    --------
    >>> parts(Roles.of(unit="f", time="t", outcome="y", treatment="d"))
    (('unit', 'f'), ('time', 't'), ('outcome', 'y'), ('treatment', 'd'), ('cluster', 'f'))
    """
    many = (
        ("treatment", roles.treatments),
        ("exposure", roles.exposures),
        ("mediator", roles.mediators),
        ("trait", roles.traits),
        ("control", roles.controls),
        ("cluster", roles.clusters),
        ("weight", () if roles.weight is None else (roles.weight,)),
    )
    one = (("unit", roles.unit), ("time", roles.time), ("outcome", roles.outcome))
    return (*one, *((part, name) for part, columns in many for name in columns))


def listing(items: Iterable[Any], most: int = 3, total: int | None = None) -> str:
    """Join the first few items and say how many more there are.

    Examples
    --------
    >>> listing("abcde")
    'a, b, c and 2 more'
    """
    texts = [str(item) for item in items]
    more = (len(texts) if total is None else total) - len(texts[:most])
    return ", ".join(texts[:most]) + (f" and {more:,} more" if more > 0 else "")


def many(n: int, noun: str) -> str:
    """Count a noun: ``1 row``, ``2,000 rows``.

    Examples
    --------
    >>> many(1, "row"), many(2000, "row")
    ('1 row', '2,000 rows')
    """
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def row_names(table: pd.DataFrame, roles: Roles, rows: Sequence[int] | np.ndarray) -> list[str]:
    """Name rows by firm, period and position, as far as the table has these columns."""
    labels = [row_label(table, roles, int(row)) for row in rows]
    return [
        f"row {row} ({label})" if label else f"row {row}"
        for row, label in zip(rows, labels, strict=True)
    ]


def row_label(table: pd.DataFrame, roles: Roles, row: int) -> str:
    """Firm and period of a row, as a person writes them."""
    keys = [c for c in (roles.unit, roles.time) if (table.columns == c).sum() == 1]
    return " ".join(_short(table[key].iloc[row]) for key in keys)


def _short(value: Any) -> str:
    if isinstance(value, pd.Timestamp):
        return str(value.date())
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def numeric(series: pd.Series) -> np.ndarray | None:
    """Return the column as numbers, or None when it does not hold numbers.

    Plain numpy integers and floats come back without a copy; booleans, nullable and arrow-backed
    numbers and objects that are all numbers come back as float64, missing as NaN.

    Examples
    --------
    >>> numeric(pd.Series([True, None], dtype="boolean"))
    array([ 1., nan])
    >>> numeric(pd.Series(["C39"])) is None
    True
    """
    dtype = series.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "iuf":
        return series.to_numpy()
    if isinstance(dtype, np.dtype) and dtype.kind == "b":
        return series.to_numpy().astype(np.float64)
    if isinstance(dtype, pd.CategoricalDtype):  # a category of numbers is still a category
        return None
    if is_object_dtype(dtype):
        kind = infer_dtype(series, skipna=True)
        loose = kind.startswith("mixed") and all(isinstance(v, Real) for v in series.dropna())
        if kind not in _NUMBERS and not loose:
            return None
    elif not (is_numeric_dtype(dtype) or is_bool_dtype(dtype)) or dtype.kind == "c":
        return None
    out = np.full(len(series), np.nan)
    known = series.notna().to_numpy()
    out[known] = series[known].to_numpy().astype(np.float64)
    return out


def as_float(values: np.ndarray) -> np.ndarray:
    """Return the values as float64, without a copy where they are already."""
    return values.astype(np.float64, copy=False)


def level_codes(series: pd.Series) -> tuple[np.ndarray, pd.Index]:
    """Code each value by its place among the sorted levels; missing is -1.

    The order of rows, or of a category's levels, plays no part.

    Returns
    -------
    codes : numpy.ndarray of int64, shape (n,)
    levels : pandas.Index
        Sorted; labels that cannot be compared are sorted by type and text.

    Examples
    --------
    >>> level_codes(pd.Series(["b", None, "a"]))
    (array([ 1, -1,  0]), Index(['a', 'b'], dtype='str'))
    """
    if isinstance(series.dtype, pd.CategoricalDtype):
        slim = series.cat.remove_unused_categories()
        rank, levels = level_codes(pd.Series(slim.cat.categories))
        codes = slim.cat.codes.to_numpy().astype(np.int64)
        return np.where(codes >= 0, np.append(rank, -1)[codes], -1), levels
    first_seen, found = pd.factorize(series)
    levels = pd.Index(found)
    order = _sorted_order(levels)
    rank = np.empty(len(levels) + 1, dtype=np.int64)
    rank[order] = np.arange(len(levels))
    rank[-1] = -1  # what factorize's own -1 looks up
    return rank[first_seen], levels.take(order)


def _sorted_order(levels: pd.Index) -> np.ndarray:
    try:
        return np.asarray(levels.argsort())
    except TypeError:
        keys = [(type(x).__name__, x if isinstance(x, str) else repr(x)) for x in levels]
        numbers = [isinstance(x, int | float) for x in levels]
        ranked = sorted(
            range(len(levels)),
            key=lambda i: (0, levels[i], "", "") if numbers[i] else (1, 0, *keys[i]),
        )
        return np.asarray(ranked, dtype=np.int64)


def run_starts(codes: np.ndarray) -> np.ndarray:
    """Positions at which sorted codes change: the first row of each firm."""
    if not len(codes):
        return np.zeros(0, dtype=np.int64)
    return np.concatenate([[0], np.flatnonzero(codes[1:] != codes[:-1]) + 1])


def frozen(values: np.ndarray) -> np.ndarray:
    """Return a read-only view."""
    values = values.view()
    values.setflags(write=False)
    return values


def as_category(series: pd.Series) -> pd.Categorical:
    """Categories in sorted order, whatever order the rows came in; ordered ones keep theirs."""
    if isinstance(series.dtype, pd.CategoricalDtype) and series.cat.ordered:
        return pd.Categorical(series)
    codes, levels = level_codes(series)
    return pd.Categorical.from_codes(codes, categories=levels)
