"""Counts of patents: zeros where there were none, sums of parts, years that are cut off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from causalgreen.data.joins import mark
from causalgreen.data.names import kind_of
from causalgreen.data.units import counts_in_logs
from causalgreen.errors import DataError, Fault

__all__ = ["add_green", "cut_off", "fill_zeros", "spread", "undo_log"]

_PATENTS = ("green_", "patents", "inventions", "utility_models", "designs", "ai_patents")


def fill_zeros(
    frame: pd.DataFrame,
    columns: Sequence[str],
    origin: Mapping[str, str],
    coverage: Mapping[str, tuple[int, int]],
    also_blank: bool,
) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Put zeros where a firm-year is not in the extract, within the years that it covers.

    Returns
    -------
    frame : pandas.DataFrame
    detail : pandas.DataFrame
        column, first, last, filled, outside (missing and left), blank (in the extract, left).
    faults : list of str
        Notes on what was left missing.
    """
    faults, rows, notes = [], [], []
    out = frame.copy()
    for column in columns:
        fault = _may_fill(frame, column, origin, coverage)
        if fault:
            faults.append(fault)
            continue
        first, last = coverage[column]
        empty, inside = frame[column].isna(), frame["year"].between(first, last)
        there = frame.get(mark(origin.get(column, "")), pd.Series(data=True, index=frame.index))
        fill = empty & inside & (~there | also_blank)
        out[column] = frame[column].mask(fill, 0)
        outside, blank = int((empty & ~inside).sum()), int((empty & inside & ~fill).sum())
        rows.append((column, first, last, int(fill.sum()), outside, blank))
        if outside:
            notes.append(f"{column}: {outside:,} cells outside {first} to {last} stay missing")
        if blank:
            notes.append(
                f"{column}: {blank:,} cells are blank in rows that the extract has; they stay "
                "missing (blank may mean 'not itemised'): also_blank=True makes them 0"
            )
    if faults:
        raise DataError(faults)
    names = ["column", "first", "last", "filled", "outside", "blank"]
    return out, pd.DataFrame(rows, columns=names), notes


def _may_fill(
    frame: pd.DataFrame,
    column: str,
    origin: Mapping[str, str],
    coverage: Mapping[str, tuple[int, int]],
) -> Fault | None:
    if column not in frame:
        return Fault("missing_columns", f"the panel has no column {column!r}", "check the spelling")
    known = kind_of(column)
    values = frame[column].dropna()
    numeric = pd.api.types.is_numeric_dtype(values)
    whole = numeric and bool(((values >= 0) & (values % 1 == 0)).all())
    if (known and not column.startswith(_PATENTS)) or not whole:
        return Fault(
            "not_a_count",
            f"{column!r} is not a count of patents"
            + ("" if whole else ": it holds values that are no whole numbers"),
            "missing values of such a column are not zero; leave them missing",
        )
    if column not in coverage:
        return Fault(
            "no_coverage",
            f"it is not known which years the extract behind {column!r} covers",
            "pass coverage=(first, last)",
        )
    return None


def cut_off(years: pd.Series, extract: str, months: int) -> pd.Series:
    """Rows of years whose applications were not all published when the data were drawn.

    Examples
    --------
    >>> cut_off(pd.Series([2019, 2020, 2021]), "2022-06-30", 18).tolist()
    [False, False, True]
    """
    day = pd.to_datetime(extract, errors="coerce")
    if pd.isna(day):
        what = f"the extract date {extract!r} is no date"
        raise DataError([Fault("extract_date", what, "write it as 2023-06-30")])
    ends = {y: pd.Timestamp(int(y), 12, 31) + pd.DateOffset(months=months) for y in years.unique()}
    return years.map(lambda y: ends[y] > day).astype(bool)


def add_green(frame: pd.DataFrame, joint: bool) -> tuple[dict[str, pd.Series], list[str]]:
    """Make totals of green patents from the parts that CNRDS gives: own, and joint if wished."""
    kinds = ("own", "joint") if joint else ("own",)
    out: dict[str, pd.Series] = {}
    for total in ("green_inventions", "green_utility"):
        parts = [f"{total}_{kind}" for kind in kinds]
        if all(part in frame for part in parts) and total not in frame:
            out[total] = _sum([frame[part] for part in parts])
    both = [out.get(n, frame.get(n)) for n in ("green_inventions", "green_utility")]
    if "green_patents" not in frame and all(b is not None for b in both):
        out["green_patents"] = _sum([b for b in both if b is not None])
    if not out:
        names = ", ".join(f"green_inventions_{kind}, green_utility_{kind}" for kind in kinds)
        what = f"there is nothing to add: the panel lacks {names}, or has the totals"
        raise DataError([Fault("missing_columns", what, "join the table of green patents first")])
    return out, [f"{name} = {' + '.join(kinds)}" for name in out]


def _sum(parts: list[pd.Series]) -> pd.Series:
    """Add; a missing part makes the sum missing, as half a total is none."""
    total = parts[0].astype(float)
    for part in parts[1:]:
        total = total + part
    return total


def undo_log(values: pd.Series, column: str) -> pd.Series:
    """Turn ln(1 + count) back into counts.

    Examples
    --------
    >>> undo_log(pd.Series(np.log1p([0, 2, 31])), "ln_ai_words").tolist()
    [0.0, 2.0, 31.0]
    """
    if not pd.api.types.is_numeric_dtype(values) or not counts_in_logs(values):
        what = f"{column!r} is not ln(1 + count): exp(y) - 1 is not whole"
        raise DataError([Fault("not_a_log_count", what, "use the column as it is")])
    counts = pd.Series(np.expm1(values.to_numpy(float)), index=values.index)
    near = (counts - counts.round()).abs() <= 0.01 + 2e-6 * counts
    return counts.where(~near, counts.round())


def spread(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Say how counts are spread: zeros, firms without any, the largest firms, within firms.

    Examples
    --------
    >>> frame = pd.DataFrame({"firm": list("aabb"), "green_patents": [0, 8, 0, 0]})
    >>> spread(frame, ["green_patents"]).loc[0, ["zero_share", "all_zero_firms"]].tolist()
    [0.75, 1.0]
    """
    rows = []
    for column in columns:
        x = frame[["firm", column]].dropna()
        values, groups = x[column].astype(float), x.groupby("firm")[column]
        sums = groups.sum()
        idle = groups.transform("min").eq(0) & groups.transform("max").eq(0)
        within = float(((values - groups.transform("mean")) ** 2).sum())
        total = float(((values - values.mean()) ** 2).sum())
        rows.append(
            {
                "column": column, "rows": len(x), "firms": len(sums),
                "zero_share": float((values == 0).mean()),
                "all_zero_firms": int(x.loc[idle, "firm"].nunique()),
                "all_zero_rows": int(idle.sum()),
                "median": float(values.median()), "mean": float(values.mean()),
                "max": float(values.max()),
                "top_10_share": float(sums.nlargest(10).sum() / sums.sum()) if sums.sum() else 0.0,
                "within_share": within / total if total else 0.0,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)
