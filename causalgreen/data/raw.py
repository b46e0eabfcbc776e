"""A file as it is, with the header understood: names, labels, units, cells; nothing renamed yet."""

from __future__ import annotations

import warnings
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from causalgreen.data.file_faults import SUFFIXES, damaged, error, missing_reader, suffix_of
from causalgreen.data.names import canonical_of, kind_of
from causalgreen.data.raw_layout import Layout, cell_kind, find_layout
from causalgreen.data.raw_lines import check_lines, decode_head, separator_of, split_lines
from causalgreen.data.tables import exact_numbers

__all__ = ["READABLE", "Raw", "raw_file", "raw_frame"]

READABLE = (*SUFFIXES, ".txt", ".txt.gz")
_EXCEL_ROWS = 1_048_576


@dataclass(frozen=True, slots=True, eq=False)
class Raw:
    """Cells of one file under their own names.

    Attributes
    ----------
    frame : pandas.DataFrame
        Codes are text, as written.
    labels, units : dict of str to str
        What the file says about a column.
    notes : tuple of str
    decimals : bool
        Whether a comma may stand for a decimal point.
    """

    frame: pd.DataFrame
    labels: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    decimals: bool = False


def raw_file(
    path: Path, labels: Mapping[str, str], sheet: str | int | None, as_text: bool = False
) -> Raw:
    """Read one file; ``labels`` come from a dictionary file beside it.

    With ``as_text`` the cells of text files stay as they are written, all of them.
    """
    suffix = suffix_of(path, READABLE)
    if suffix == ".xlsx":
        raw = _excel(path, dict(labels), sheet)
    elif suffix == ".parquet":
        raw = _parquet(path)
    elif suffix == ".dta":
        from causalgreen.data.raw_stata import read_stata

        raw = Raw(*read_stata(path))
    else:
        raw = _text(path, dict(labels), as_text)
    if raw.frame.empty:
        raise error("empty_table", f"{path} has no rows", "check that the export finished")
    return raw


def raw_frame(frame: pd.DataFrame) -> Raw:
    """Take a data frame; a named index becomes columns."""
    notes: tuple[str, ...] = ()
    if any(name is not None for name in frame.index.names):
        levels = [str(n) for n in frame.index.names if n is not None and n not in frame.columns]
        notes = (f"the index ({', '.join(levels)}) became columns",) if levels else ()
        unnamed = [i for i, n in enumerate(frame.index.names) if n is None or n in frame.columns]
        frame = frame.reset_index(level=unnamed, drop=True) if unnamed else frame
        frame = frame.reset_index() if levels else frame
    frame = frame.reset_index(drop=True)
    names = _names(tuple(str(name) for name in frame.columns), "the table")
    frame = frame.set_axis(names, axis=1)
    for name in frame.columns:
        if isinstance(frame[name].dtype, pd.CategoricalDtype):
            frame[name] = frame[name].astype(frame[name].cat.categories.dtype)
    return Raw(frame, notes=notes)


def _names(names: tuple[str, ...], where: object) -> list[str]:
    """Give nameless columns a name; refuse names that occur twice."""
    filled = [name or f"column_{i}" for i, name in enumerate(names, 1)]
    twice = sorted(name for name, count in Counter(filled).items() if count > 1)
    if twice:
        raise error(
            "duplicate_columns",
            f"{where}: these column names occur more than once: {', '.join(twice)}",
            "rename or delete one of each in the file, so that a name means one column",
        )
    return filled


def _text(path: Path, labels: dict[str, str], as_text: bool) -> Raw:
    try:
        head, encoding = decode_head(path)
        try:
            return _delimited(path, head, encoding, labels, as_text)
        except UnicodeDecodeError:
            if encoding != "utf-8-sig":
                raise
            return _delimited(path, head, "gb18030", labels, as_text)
    except UnicodeError as cause:
        raise error(
            "encoding",
            f"{path} is neither UTF-8 nor GB18030 (GBK) text: {cause}",
            "save it again as 'CSV UTF-8'",
        ) from cause
    except (OSError, EOFError, zlib.error) as cause:
        raise error("damaged_file", f"{path} cannot be read: {cause}", "copy it again") from cause


def _delimited(path: Path, head: str, encoding: str, labels: dict[str, str], as_text: bool) -> Raw:
    separator = separator_of(head)
    rows, ends = split_lines(head, separator)
    layout = find_layout(rows, labels)
    if not rows or not any(layout.names):
        raise error("empty_table", f"{path} is empty", "check that the export finished")
    names = _names(layout.names, path)
    skip = ends[layout.first - 1]
    check_lines(path, separator, len(names), skip, encoding)
    said = labels | _pairs(names, layout.labels)
    texts = names if as_text else _text_columns(names, said, rows[layout.first :])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                path, sep=separator, encoding=encoding, header=None, names=names, skiprows=skip,
                index_col=False, dtype=dict.fromkeys(texts, "str"), low_memory=False,
                **exact_numbers(),
            )  # fmt: skip
    except (pd.errors.ParserError, pd.errors.ParserWarning) as cause:
        reason = str(cause).removeprefix("Error tokenizing data. C error: ").strip()
        raise error(
            "damaged_file",
            f"{path} is not a regular table: {reason}",
            "look at that line: a stray quotation mark, or a separator inside a value",
        ) from cause
    notes = [f"{path.name}: read as {'GB18030' if encoding == 'gb18030' else encoding}"]
    return _finish(frame, names, layout, said, notes, decimals=separator == ";")


def _text_columns(names: list[str], said: dict[str, str], sample: list[list[str]]) -> list[str]:
    """Columns that must stay text: codes, and whatever has leading zeros."""
    texts = []
    for i, name in enumerate(names):
        canonical = canonical_of(name) or canonical_of(said.get(name, ""))
        cells = [row[i].strip() for row in sample if i < len(row)]
        zeros = any(len(c) > 1 and c[0] == "0" and c.isdecimal() for c in cells)
        if zeros or kind_of(canonical) in ("firm", "code", "text", "status"):
            texts.append(name)
    return texts


def _pairs(names: list[str], cells: tuple[str, ...]) -> dict[str, str]:
    return {name: cell for name, cell in zip(names, cells, strict=False) if cell}


def _finish(
    frame: pd.DataFrame,
    names: list[str],
    layout: Layout,
    said: dict[str, str],
    notes: list[str],
    decimals: bool = False,
) -> Raw:
    """Leave out blank rows and nameless empty columns, and say what the header held."""
    if layout.title:
        notes.append(f"above the column names stands: {layout.title[:80]!r}")
    if layout.labels or layout.units:
        notes.append(f"{layout.first - layout.header - 1} header rows below the names taken off")
    blank = frame.isna().all(axis=1)
    if blank.any():
        notes.append(f"{int(blank.sum()):,} blank rows left out")
        frame = frame[~blank].reset_index(drop=True)
    nameless = [n for n, own in zip(names, layout.names, strict=True) if not own]
    empty = [n for n in nameless if frame[n].isna().all()]
    frame = frame.drop(columns=empty)
    if kept := [n for n in nameless if n not in empty]:
        notes.append(f"columns without a name are called {', '.join(kept)}")
    if len(frame) + layout.first == _EXCEL_ROWS:
        notes.append("exactly as many rows as an Excel sheet holds: the table may be cut off")
    frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    return Raw(frame, said, _pairs(names, layout.units), tuple(notes), decimals)


def _parquet(path: Path) -> Raw:
    try:
        frame = pd.read_parquet(path, engine="pyarrow")
    except ImportError as cause:
        raise missing_reader(path, "pyarrow", cause) from cause
    except Exception as cause:  # pyarrow has its own family of errors
        raise damaged(path, "a parquet", cause) from cause
    return raw_frame(frame)


def _excel(path: Path, labels: dict[str, str], sheet: str | int | None) -> Raw:
    try:
        with pd.ExcelFile(path, engine="openpyxl") as book:
            sheets = [str(name) for name in book.sheet_names]
            chosen = _sheet(path, sheets, sheet)
            cells = pd.read_excel(book, sheet_name=chosen, header=None, dtype=object)
    except ImportError as cause:
        raise missing_reader(path, "openpyxl", cause) from cause
    except Exception as cause:  # zip, xml and openpyxl errors
        if type(cause).__module__.startswith("causalgreen"):
            raise
        raise damaged(path, "an Excel", cause) from cause
    notes = [f"{path.name}: sheet {chosen!r}"]
    if sheet is None and len(sheets) > 1:
        others = ", ".join(repr(name) for name in sheets[1:])
        notes.append(f"{path.name}: other sheets, not read: {others}; name one by sheet=")
    rows = cells.head(200).to_numpy(dtype=object).tolist()
    layout = find_layout(rows, labels)
    if not any(layout.names):
        raise error("empty_table", f"{path} is empty", "check that the export finished")
    names = _names(layout.names, path)
    frame = cells.iloc[layout.first :].set_axis(names, axis=1).reset_index(drop=True)
    for name in names:
        frame[name] = _cells(frame[name])
    said = labels | _pairs(names, layout.labels)
    return _finish(frame, names, layout, said, notes)


def _sheet(path: Path, sheets: list[str], sheet: str | int | None) -> str:
    if sheet is None:
        return sheets[0]
    if isinstance(sheet, int) and 0 <= sheet < len(sheets):
        return sheets[sheet]
    if sheet in sheets:
        return str(sheet)
    names = ", ".join(repr(name) for name in sheets)
    raise error("no_sheet", f"{path} has no sheet {sheet!r}", f"its sheets are {names}")


def _cells(values: pd.Series) -> pd.Series:
    """Give a column of cells one type: numbers, dates, else text."""
    kinds = {type(v) for v in values.dropna()}
    if kinds <= {int, float, bool} and kinds != {bool}:
        return pd.to_numeric(values)
    if len(kinds) <= 1:
        return values.infer_objects()
    if any(cell_kind(v) == "date" and not isinstance(v, str) for v in values.dropna()):
        return values.map(_as_text, na_action="ignore").astype("str")
    return values.map(_as_text, na_action="ignore").astype("str")


def _as_text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell)
