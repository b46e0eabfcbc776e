"""Stata files: labels of variables and values, and Chinese text that was saved as GBK."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pandas as pd
from pandas.io.stata import StataReader

from causalgreen.data.file_faults import damaged
from causalgreen.data.names import canonical_of, kind_of

__all__ = ["read_stata"]

_HIGH = re.compile(r"[\x80-\xff]")


def read_stata(
    path: Path,
) -> tuple[pd.DataFrame, Mapping[str, str], Mapping[str, str], tuple[str, ...]]:
    """Read a Stata file: the cells, variable labels, no units, notes.

    Codes stay codes, as a labelled 0/1 variable is a number to an economist; only where text is
    meant (a city, a province, an industry) do value labels take their place.
    """
    notes: list[str] = []
    try:
        with warnings.catch_warnings():
            # text that is not UTF-8 comes as latin-1, and is mended below
            warnings.simplefilter("ignore", UnicodeWarning)
            with StataReader(path, convert_categoricals=False) as reader:
                frame = cast(Any, reader).read()
                labels = {str(k): str(v) for k, v in reader.variable_labels().items() if v}
                coded = list(reader.value_labels())
            if coded:
                frame = _take_labels(path, frame, labels, notes)
    except Exception as cause:
        raise damaged(path, "a Stata", cause) from cause
    return *_mend(frame, labels, notes), {}, tuple(notes)


def _take_labels(
    path: Path, frame: pd.DataFrame, labels: dict[str, str], notes: list[str]
) -> pd.DataFrame:
    wanted = [
        str(name)
        for name in frame.columns
        if kind_of(canonical_of(str(name)) or canonical_of(labels.get(str(name), "")))
        in ("text", "status")
        and pd.api.types.is_numeric_dtype(frame[name])
    ]
    for name in wanted:
        try:
            column = pd.read_stata(path, columns=[name], convert_categoricals=True)[name]
        except ValueError:  # two values share a label
            notes.append(f"{name}: value labels are not unique; its numbers are kept")
            continue
        if isinstance(column.dtype, pd.CategoricalDtype):
            missing = column.isna()
            frame[name] = column.astype(object).where(~missing, None).map(str, na_action="ignore")
            notes.append(f"{name}: value labels in place of their numbers")
    return frame


def _mend(
    frame: pd.DataFrame, labels: dict[str, str], notes: list[str]
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Turn GBK text that was decoded as latin-1 back into Chinese."""
    mended = []
    for name in frame.columns:
        if pd.api.types.is_numeric_dtype(frame[name]) or frame[name].dtype.kind == "M":
            continue
        values = pd.Series(frame[name].unique()).dropna()
        strange = [v for v in values if isinstance(v, str) and _HIGH.search(v)]
        new = {v: _as_gbk(v) for v in strange}
        if strange and all(new.values()):
            frame[name] = frame[name].map(lambda v, new=new: new.get(v, v), na_action="ignore")
            mended.append(str(name))
    labels = {k: _as_gbk(v) or v for k, v in labels.items()}
    names = {str(n): _as_gbk(str(n)) or str(n) for n in frame.columns}
    frame = frame.rename(columns=names)
    labels = {names.get(k, k): v for k, v in labels.items()}
    if mended:
        notes.append(f"Chinese text saved as GBK was mended in: {', '.join(mended)}")
    return frame, labels


def _as_gbk(text: str) -> str:
    """Return the Chinese text whose GBK bytes were read as latin-1, or an empty text."""
    if not _HIGH.search(text):
        return ""
    try:
        out = text.encode("latin-1").decode("gb18030")
    except UnicodeError:
        return ""
    return out if re.search(r"[\u4e00-\u9fff]", out) else ""
