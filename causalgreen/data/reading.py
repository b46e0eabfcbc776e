"""Read a table, or a folder of its parts, and say which column is which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from causalgreen.data.convert import convert
from causalgreen.data.file_faults import error, must_exist
from causalgreen.data.folders import dictionary_beside, tables_in
from causalgreen.data.mapping import Decision, decide
from causalgreen.data.raw import Raw, raw_file, raw_frame
from causalgreen.errors import DataError, Fault

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Table", "read", "table_of"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Table:
    """A table under the package's names, with an account of how it came to them.

    Attributes
    ----------
    name : str
        Name of the file or folder.
    frame : pandas.DataFrame
        The rows; ``firm`` is a six-character code, ``year`` a whole number.
    mapping : tuple of Decision
        One for each column of the file: original, column, how it was decided, label.
    units : mapping of str to str
        Unit of a column, as the file says or its values suggest: fraction, percent, yuan, log,
        count, ln(1 + count), unclear.
    notes : tuple of str
        What was done or noticed: encoding, header rows, zeros restored, files passed over.
    files : tuple of str
        Files that were read.
    """

    name: str
    frame: pd.DataFrame
    mapping: tuple[Decision, ...]
    units: Mapping[str, str]
    notes: tuple[str, ...]
    files: tuple[str, ...] = ()

    def tidy(self) -> pd.DataFrame:
        """Return the mapping: original, column, how, label, unit, missing (share of rows)."""
        frame = self.frame
        rows = [
            {
                "original": d.original,
                "column": d.column,
                "how": d.how,
                "label": d.label,
                "unit": self.units.get(d.column, ""),
                "missing": float(frame[d.column].isna().mean()) if d.column in frame else 0.0,
            }
            for d in self.mapping
        ]
        return pd.DataFrame(rows)

    def plot(self) -> Axes:
        """Draw how much of each column is filled."""
        from causalgreen.data.drawing import plot_table

        return plot_table(self)

    def __repr__(self) -> str:
        n, k = self.frame.shape
        return f"Table({self.name}; {n:,} rows, {k} columns)"

    def __str__(self) -> str:
        known = [d for d in self.mapping if not d.how.startswith("not known")]
        others = [d.original for d in self.mapping if d.how.startswith("not known")]
        lines = [repr(self)]
        for d in known:
            unit = f" [{self.units[d.column]}]" if d.column in self.units else ""
            lines.append(f"  {d.original} -> {d.column}{unit}: {d.how}")
        if others:
            more = ", ..." if len(others) > 12 else ""
            lines.append(f"  kept under their own names: {', '.join(others[:12])}{more}")
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        table = self.tidy().to_html(index=False, float_format="{:.3f}".format)
        return f"<p>{escape(repr(self))}</p>{table}<ul>{notes}</ul>"


def read(
    path: str | Path,
    columns: Mapping[str, str | None] | None = None,
    sheet: str | int | None = None,
) -> Table:
    r"""Read a table as a data house delivered it, under the package's names.

    Formats: csv and tab text (UTF-8, UTF-16, GBK, GB18030), xlsx, Stata, parquet. Header rows
    with Chinese labels and units are understood; firm codes get their zeros back; columns are
    known by Chinese and English names, by their labels, or by a CSMAR dictionary file beside
    the table. Nothing is converted to another unit, and no row of data is left out.

    Parameters
    ----------
    path : str or Path
        A file, or a folder that holds the parts of one table.
    columns : mapping of str to (str or None), optional
        Overrides: ``{"GI": "green_inventions"}`` names a column; ``{"Lev": None}`` leaves one as
        it is, name and cells.
    sheet : str or int, optional
        Sheet of a workbook; the first when left out.

    Returns
    -------
    Table

    Raises
    ------
    DataError
        If there is no such file, it is damaged, empty or irregular, a name occurs twice, or
        cells are not what their column's name says (a firm code, a year, a number).

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder) / "finance.csv"
    ...     _ = file.write_bytes("股票代码,年份,资产负债率(%)\n1,2015,41.7\n".encode("gbk"))
    ...     table = read(file)
    >>> table.frame.to_dict("records")
    [{'firm': '000001', 'year': 2015, 'leverage': 41.7}]
    >>> table.units["leverage"]
    'percent'
    """
    path = Path(path)
    if not path.is_dir():
        must_exist(path)
        return _read_one(path, columns, sheet)
    files, skipped = tables_in(path)
    parts = [_read_one(file, columns, sheet) for file in files]
    table = parts[0] if len(parts) == 1 else _stack(path, parts)
    notes = table.notes
    if skipped:
        notes = (*notes, f"files passed over: {', '.join(skipped[:8])}")
    return replace(table, name=path.name, notes=notes)


def table_of(frame: Any, columns: Mapping[str, str | None] | None = None, name: str = "") -> Table:
    """Bring a data frame under the package's names, as `read` does with a file.

    Examples
    --------
    >>> table_of(pd.DataFrame({"Stkcd": [1], "year": [2015]})).frame["firm"].tolist()
    ['000001']
    """
    if isinstance(frame, Table):
        return frame
    if isinstance(frame, (str, Path)):
        return read(frame, columns)
    if not isinstance(frame, pd.DataFrame) and hasattr(frame, "to_pandas"):
        frame = frame.to_pandas()
    if not isinstance(frame, pd.DataFrame):
        what = f"{name or 'the table'} is a {type(frame).__name__}, not a table"
        raise error("no_table", what, "give a path, a Table from cg.data.read, or a data frame")
    if frame.empty:
        raise error("empty_table", f"{name or 'the table'} has no rows", "check where it is made")
    return _table(raw_frame(frame), columns, name or "table", ())


def _read_one(
    path: Path, columns: Mapping[str, str | None] | None, sheet: str | int | None
) -> Table:
    raw = raw_file(path, dictionary_beside(path), sheet)
    return _table(raw, columns, path.name, (path.name,))


def _table(
    raw: Raw, columns: Mapping[str, str | None] | None, name: str, files: tuple[str, ...]
) -> Table:
    try:
        decisions = decide(raw.frame, raw.labels, columns)
        frame, units, notes = convert(raw, decisions)
    except DataError as cause:
        raise DataError([Fault(f.code, f"{name}: {f.what}", f.fix) for f in cause.faults]) from None
    if frame.empty:
        raise error("empty_table", f"{name} has no rows", "check that the export finished")
    return Table(name, frame, decisions, units, notes, files)


def _stack(folder: Path, parts: list[Table]) -> Table:
    """Put the parts of a table below each other; they must have the same columns and units."""
    first, faults = parts[0], []
    for part in parts[1:]:
        here, there = set(part.frame.columns), set(first.frame.columns)
        if here != there:
            faults.append(
                Fault(
                    "parts_differ",
                    f"{folder}: {part.name} and {first.name} have different columns: only in "
                    f"the first {sorted(here - there)}, only in the second {sorted(there - here)}",
                    "put tables of different columns in folders of their own and join them",
                )
            )
        faults += _units_agree(folder, first, part)
    if faults:
        raise DataError(faults)
    order = list(first.frame.columns)
    frame = pd.concat([part.frame[order] for part in parts], ignore_index=True)
    notes = [note for part in parts for note in part.notes]
    notes.append(f"{len(parts)} parts: " + ", ".join(f"{p.name} {len(p.frame):,}" for p in parts))
    repeated = int(frame.duplicated().sum())
    if repeated:
        notes.append(f"{repeated:,} rows are exact repetitions of others")
    units = {k: v for part in reversed(parts) for k, v in part.units.items()}
    unique = tuple(dict.fromkeys(notes))
    return Table(folder.name, frame, first.mapping, units, unique, tuple(p.name for p in parts))


def _units_agree(folder: Path, first: Table, part: Table) -> list[Fault]:
    pairs = ((c, first.units.get(c), part.units.get(c)) for c in part.frame.columns)
    return [
        Fault(
            "units_differ",
            f"{folder}: {column} looks like {a} in {first.name} and like {b} in {part.name}",
            "bring both files to one unit first",
        )
        for column, a, b in pairs
        if a and b and a != b and "unclear" not in (a, b)
    ]
