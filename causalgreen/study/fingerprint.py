"""What the data were: a digest of each column that plays a part, in whatever order the rows."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from causalgreen.panel.values import level_codes, numeric, parts

if TYPE_CHECKING:
    from causalgreen.panel.panel import Panel

__all__ = ["ColumnRecord", "DataRecord", "as_recorded", "fingerprint"]

NUMBER, TEXT, ORDERED, DATE, PERIOD = "number", "text", "ordered", "date", "period "
_MISSING = "\x00"


@dataclass(frozen=True, slots=True)
class ColumnRecord:
    """One column.

    Attributes
    ----------
    name : str
    kind : str
        ``"number"``, ``"text"``, ``"ordered"``, ``"date"``, or ``"period "`` and its frequency.
    digest : str
        SHA-256 of its values, rows in the order of firm and period.
    missing : int
        Values that are missing.
    mean : float or None
        Of numbers, to tell a reader by how much a column differs.
    levels : tuple of str
        Levels of an ordered category, in their order.
    """

    name: str
    kind: str
    digest: str
    missing: int
    mean: float | None = None
    levels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DataRecord:
    """The table of a study: its rows that were used, and its columns that play a part.

    Attributes
    ----------
    digest : str
        SHA-256 over names and digests of the columns.
    rows, firms, periods : int
    first, last : int
        First and last period.
    clusters : tuple of int
        Clusters in each dimension.
    columns : tuple of ColumnRecord
        In the order in which a person reads the roles.
    """

    digest: str
    rows: int
    firms: int
    periods: int
    first: int
    last: int
    clusters: tuple[int, ...]
    columns: tuple[ColumnRecord, ...]


def fingerprint(panel: Panel, absorb: Iterable[str] = ()) -> DataRecord:
    """Digest of the data of a study.

    The same for the same firms, periods and values, in whatever order the rows came, from whatever
    kind of file, on whatever machine; columns without a part do not count.

    Parameters
    ----------
    panel : Panel
    absorb : iterable of str
        Further absorbed effects, such as ``"city^year"``: their columns count, too.

    Returns
    -------
    DataRecord

    Examples
    --------
    >>> import causalgreen as cg
    >>> df, _ = cg.simulate_panel(n_firms=60, n_years=3, seed=0)
    >>> roles = dict(unit="firm", time="year", outcome="green_patents", treatment="ai")
    >>> a = fingerprint(cg.Panel.from_frame(df, **roles))
    >>> b = fingerprint(cg.Panel.from_frame(df.sample(frac=1, random_state=1), **roles))
    >>> a == b, a.rows
    (True, 180)
    """
    extra = (part.strip() for term in absorb for part in term.split("^"))
    names = dict.fromkeys((*(name for _, name in parts(panel.roles)), *extra))
    frame, order = panel.frame, _order(panel)
    columns = tuple(
        _clock(panel, order) if name == panel.roles.time else _column(frame[name], order)
        for name in names
    )
    told = "\n".join(f"{c.name}\t{c.digest}" for c in sorted(columns, key=lambda c: c.name))
    periods = panel.periods
    return DataRecord(
        _sha(told.encode()), panel.n_rows, panel.n_units, panel.n_periods, int(periods[0]),
        int(periods[-1]), panel.n_clusters, columns,
    )  # fmt: skip


def _order(panel: Panel) -> np.ndarray:
    """Rows by firm, as text, and period: numbers and texts sort differently, their texts do not."""
    rank = np.argsort(np.argsort(np.array(_texts(panel.units), dtype=object)))
    return np.lexsort((panel.times, rank[panel.unit_codes]))


def _clock(panel: Panel, order: np.ndarray) -> ColumnRecord:
    series = panel.frame[panel.roles.time]
    values = panel.times[order].astype("<i8")
    return ColumnRecord(panel.roles.time, _kind(series), _sha(values.tobytes()), 0)


def _column(series: pd.Series, order: np.ndarray) -> ColumnRecord:
    name, kind, values = str(series.name), _kind(series), numeric(series)
    if values is not None and kind == NUMBER:
        # Codes are numbers to some readers and texts to others: whole numbers count as their text.
        found = values.astype(np.float64)[order]
        holes = int(np.isnan(found).sum())
        known = found[~np.isnan(found)]
        mean = math.fsum(known) / len(known) if len(known) and np.isfinite(known).all() else None
        return ColumnRecord(name, kind, _sha(_number_bytes(found)), holes, mean)
    codes, levels = level_codes(series)
    labels = np.array([*_texts(levels), _MISSING], dtype=object)[codes][order]
    digest = _sha("\x1f".join(labels).encode())
    ordered = tuple(_texts(series.cat.categories)) if kind == ORDERED else ()
    return ColumnRecord(name, kind, digest, int((codes < 0).sum()), None, ordered)


def _number_bytes(values: np.ndarray) -> bytes:
    """Whole numbers as their text, so that a code has one digest; others bit by bit."""
    with np.errstate(invalid="ignore"):
        whole = np.isfinite(values) & (values == np.floor(values)) & (np.abs(values) < 2**53)
    if (whole | np.isnan(values)).all():
        texts = [_MISSING if v != v else str(int(v)) for v in values.tolist()]
        return "\x1f".join(texts).encode()
    canonical = np.where(np.isnan(values), np.nan, values + 0.0).astype("<f8")
    return canonical.tobytes()


def _kind(series: pd.Series) -> str:
    dtype = series.dtype
    if isinstance(dtype, pd.PeriodDtype):
        return f"{PERIOD}{series.array.freqstr}"  # type: ignore[attr-defined]
    if isinstance(dtype, pd.CategoricalDtype):
        return ORDERED if dtype.ordered else TEXT
    if dtype.kind == "M":
        return DATE
    return TEXT if numeric(series) is None else NUMBER


def _texts(labels: Iterable[Any]) -> list[str]:
    return [
        str(int(x)) if isinstance(x, (float, np.floating)) and float(x).is_integer() else str(x)
        for x in labels
    ]


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def as_recorded(frame: pd.DataFrame, columns: Sequence[ColumnRecord]) -> pd.DataFrame:
    """The table with columns of the kinds that they had: codes as text, categories in their order.

    A file says less than a table did. Codes that were numbers sort otherwise as text, and folds
    follow the order of the clusters.

    Parameters
    ----------
    frame : pandas.DataFrame
    columns : sequence of ColumnRecord

    Returns
    -------
    pandas.DataFrame
        A new one; columns that do not fit stay as they are.
    """
    out = {}
    for record in columns:
        if record.name not in frame.columns or _kind(frame[record.name]) == record.kind:
            continue
        series = frame[record.name]
        if record.kind == NUMBER:
            out[record.name] = _numbers(series)
        elif record.kind == TEXT:
            # A file kept the labels of a category; as numbers they would sort otherwise.
            labels = pd.Series(_texts(series), index=series.index, dtype=object)
            out[record.name] = labels.where(series.notna(), None)
        elif record.kind == ORDERED:
            texts = pd.Series(_texts(series), index=series.index).where(series.notna())
            out[record.name] = pd.Series(
                pd.Categorical(texts, categories=list(record.levels), ordered=True),
                index=series.index,
            )
        elif record.kind == DATE:
            out[record.name] = pd.to_datetime(series, errors="coerce")
        elif record.kind.startswith(PERIOD):
            index = pd.PeriodIndex(series.astype(str), freq=record.kind.removeprefix(PERIOD))
            out[record.name] = pd.Series(index, index=series.index)
    return frame.assign(**out)


def _numbers(series: pd.Series) -> pd.Series:
    found = pd.to_numeric(series, errors="coerce")
    return found if (found.isna() == series.isna()).all() else series
