"""Winsorise controls, and show each before and after."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from causalgreen.data.names import kind_of
from causalgreen.errors import DataError, Fault

__all__ = ["winsorise"]

_TREATMENTS = frozenset(
    ("ai_words", "ln_ai_words", "ai_patents", "robots", "digital_finance", "smart_manufacturing",
     "ai", "peer_ai")
)  # fmt: skip


def winsorise(
    frame: pd.DataFrame, columns: Sequence[str], limits: tuple[float, float], by: str | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cut each column at its quantiles, over all rows or within the levels of ``by``.

    Returns
    -------
    frame : pandas.DataFrame
    detail : pandas.DataFrame
        column, low, high, cut_low, cut_high, and min, mean, sd, max before and after.

    Raises
    ------
    DataError
        If a column is an outcome count or a treatment, whose large values are the matter itself.
    """
    _check(frame, columns, limits, by)
    out, rows = frame.copy(), []
    for column in columns:
        values = frame[column].astype(float)
        groups = values.groupby(frame[by]) if by else None
        low, high = (
            (groups.transform("quantile", q) if groups is not None else values.quantile(q))
            for q in limits
        )
        cut = np.minimum(np.maximum(values, low), high)
        out[column] = cut
        rows.append(
            {
                "column": column,
                "low": float(np.min(low)),
                "high": float(np.max(high)),
                "cut_low": int((values < low).sum()),
                "cut_high": int((values > high).sum()),
            }
            | {f"{stat}_before": getattr(values, name)() for stat, name in _STATS}
            | {f"{stat}_after": getattr(cut, name)() for stat, name in _STATS}
        )
    return out, pd.DataFrame(rows)


_STATS = (("min", "min"), ("mean", "mean"), ("sd", "std"), ("max", "max"))


def _check(
    frame: pd.DataFrame, columns: Sequence[str], limits: tuple[float, float], by: str | None
) -> None:
    faults = []
    if not (len(limits) == 2 and 0 <= limits[0] < limits[1] <= 1):
        faults.append(Fault("limits", f"limits {limits} are no quantiles", "such as (0.01, 0.99)"))
    if by is not None and by not in frame:
        faults.append(Fault("missing_columns", f"the panel has no column {by!r}", "check by="))
    for column in columns:
        if column not in frame:
            what = f"the panel has no column {column!r}"
            faults.append(Fault("missing_columns", what, "check the spelling"))
        elif (kind_of(column) == "count" and column != "employees") or column in _TREATMENTS:
            faults.append(
                Fault(
                    "not_a_control",
                    f"{column!r} is an outcome or a treatment: cutting its large values changes "
                    "the question",
                    "winsorise controls only; for counts with long tails use a Poisson outcome",
                )
            )
        elif not pd.api.types.is_numeric_dtype(frame[column]):
            faults.append(Fault("not_numeric", f"{column!r} is not a number", "leave it out"))
    if faults:
        raise DataError(faults)
