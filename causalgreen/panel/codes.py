"""Stock codes that lost their leading zeros on the way through a spreadsheet."""

from __future__ import annotations

import numpy as np
import pandas as pd

from causalgreen.errors import Fault
from causalgreen.panel.roles import Roles
from causalgreen.panel.values import listing, numeric

__all__ = ["code_notes", "lost_zeros", "stock_code_faults"]

# First three digits of six: Shenzhen A and ChiNext, Shanghai A and STAR, Beijing, B shares.
_LOW = (0, 1, 2, 3)
_MAIN = (300, 301, 302, 600, 601, 603, 605, 688, 689)
_HIGH = (*_MAIN, 200, 201, 430, 900, 920)
_BEIJING = tuple(range(830, 840)) + tuple(range(870, 890))
_NAMES = {"stkcd", "symbol", "scode", "stockcode", "stock_code", "股票代码", "证券代码", "ts_code"}


def lost_zeros(series: pd.Series) -> list[int]:
    """Return codes that look like A-share codes without their zeros; empty where there are none.

    Numbers look like this when nearly all of them (19 in 20) are possible A-share codes once they
    are filled to six digits, and both kinds are there: short ones (1, 725, 2415, which are 000001,
    000725, 002415) and six-digit ones (300059, 600519). Running numbers 1..n are not: without
    six-digit ones they never count, and with them most fall between the ranges in use; nor are
    blocks of running numbers, since real codes have holes. Short ones alone count only if they
    have holes and the column is named as stock codes are.

    Examples
    --------
    >>> lost_zeros(pd.Series([1, 2, 63, 725, 2415, 300059, 600519]))
    [1, 2, 63]
    >>> lost_zeros(pd.Series(range(1, 3001)))
    []
    """
    labels = _as_numbers(series)
    if labels is None or not len(labels):
        return []
    prefix = labels // 1000
    low = np.isin(prefix, _LOW) & (labels > 0)
    high = np.isin(prefix, _HIGH + _BEIJING)
    if not low.any() or np.mean(low | high) < 0.95:
        return []
    runs = labels.max() - labels.min() + 1 == len(labels)
    named = str(series.name).strip().casefold() in _NAMES
    numbered = low.sum() >= 20 and labels[low][-1] - labels[low][0] + 1 == low.sum()
    if (np.isin(prefix, _MAIN).any() and not numbered) or (named and not runs):
        return [int(code) for code in labels[low][:3]]
    return []


def _as_numbers(series: pd.Series) -> np.ndarray | None:
    """Distinct codes as integers, sorted; None when the column holds something else."""
    distinct = pd.Series(series.dropna().unique())
    if isinstance(distinct.dtype, pd.CategoricalDtype):
        distinct = distinct.astype(distinct.cat.categories.dtype)
    values = numeric(distinct)
    if values is None:
        text = distinct.map(str)
        if not text.str.fullmatch(r"[0-9]{1,6}").all():
            return None
        # Six characters that begin with a zero: this column kept its zeros.
        if text.str.fullmatch(r"0[0-9]*").any():
            return None
        values = text.astype(np.int64).to_numpy()
    if values.dtype.kind == "f":
        if not (np.isfinite(values).all() and (values == np.floor(values)).all()):
            return None
        if len(values) and np.abs(values).max() > 1e9:
            return None
    return np.unique(values.astype(np.int64))


def stock_code_faults(table: pd.DataFrame, roles: Roles, usable: frozenset[str]) -> list[Fault]:
    """Faults of the firm and cluster columns."""
    faults = []
    for name in dict.fromkeys((roles.unit, *roles.clusters)):
        if name not in usable or name == roles.time:
            continue
        short = lost_zeros(table[name])
        if short:
            filled = listing(f"{code} for {code:06d}" for code in short)
            what = f"'{name}' looks like stock codes that lost their zeros: {filled}"
            fix = (
                f"frame['{name}'] = frame['{name}'].astype(int).astype(str).str.zfill(6), and read "
                "the file with that column as text; if these are no stock codes, make them text "
                f"that says so: 'id ' + frame['{name}'].astype(str)"
            )
            faults.append(Fault("lost_zeros", what, fix))
    return faults


def code_notes(table: pd.DataFrame, roles: Roles, usable: frozenset[str]) -> tuple[str, ...]:
    """Note stock codes without zeros in columns that play no part: a later merge would fail."""
    parts = {roles.unit, roles.time, roles.outcome, *roles.clusters, *roles.targets}
    parts |= {*roles.traits, *roles.controls}
    notes = []
    for name in table.columns:
        if name in parts or name not in usable or str(name).strip().casefold() not in _NAMES:
            continue
        short = lost_zeros(table[name])
        if short:
            filled = listing(f"{code} for {code:06d}" for code in short)
            notes.append(
                f"column '{name}' (no role) looks like stock codes that lost their zeros "
                f"({filled}); fill them with .str.zfill(6) before merging on it"
            )
    return tuple(notes)
