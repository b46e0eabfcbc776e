"""Read a table from a file: csv, parquet, Stata or Excel."""

from __future__ import annotations

import csv
import difflib
import gzip
import io
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from causalgreen.errors import DataError, DataWarning, Fault

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SUFFIXES", "read_table"]

SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet", ".dta", ".xlsx")
_EXTRA = 'install the readers: pip install "causalgreen[files]"'


def read_table(path: str | Path, text_columns: Sequence[str] = ()) -> pd.DataFrame:
    r"""Read one table, whatever of the usual formats it is in.

    Text files may be UTF-8, UTF-16 (with its mark) or GB18030, which covers GBK and GB2312;
    the separator (comma, semicolon or tab) is found from the header line.

    Parameters
    ----------
    path : str or Path
        A file whose name ends in one of ``SUFFIXES``. Of a workbook, the first sheet is read.
    text_columns : sequence of str
        Columns kept as text where the format leaves a choice (csv, xlsx), so that the stock
        code ``000001`` does not become the number 1. Names that are not in the file are ignored.

    Returns
    -------
    DataFrame
        The table as the file has it: rows and columns in their order.

    Raises
    ------
    DataError
        If there is no such file, it is of another format, damaged or empty, two columns have the
        same name, or the package that reads the format is not installed.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder) / "panel.csv"
    ...     _ = file.write_text("firm,year,ai\n000001,2015,0.2\n", encoding="utf-8")
    ...     read_table(file, text_columns=["firm"]).loc[0, "firm"]
    '000001'
    """
    path = Path(path)
    suffix = _suffix(path)
    _must_exist(path)
    readers: dict[str, Callable[[Path, Sequence[str]], pd.DataFrame]] = {
        ".parquet": _parquet,
        ".dta": _stata,
        ".xlsx": _excel,
    }
    frame = readers.get(suffix, _text)(path, text_columns)
    if frame.empty:
        raise _error("empty_table", f"{path} has no rows", "check that the export finished")
    return frame


def _error(code: str, what: str, fix: str) -> DataError:
    return DataError([Fault(code, what, fix)])


def _suffix(path: Path) -> str:
    name = path.name.lower()
    found = [suffix for suffix in SUFFIXES if name.endswith(suffix)]
    if found:
        return max(found, key=len)
    raise _error(
        "unknown_format",
        f"{path}: files that end in {path.suffix or 'nothing'!r} cannot be read",
        f"save the table as one of {', '.join(SUFFIXES)}",
    )


def _must_exist(path: Path) -> None:
    if path.is_file():
        return
    if path.is_dir():
        raise _error("no_file", f"{path} is a folder", "name the file in it")
    raise _error("no_file", f"there is no file {path}", _nearby(path))


def _nearby(path: Path, most: int = 6) -> str:
    """Name files that may be meant: those of a similar name, then the other tables there."""
    if not path.parent.is_dir():
        return f"check the path: there is no folder {path.parent}, either"
    try:
        names = sorted(entry.name for entry in path.parent.iterdir() if entry.is_file())
    except OSError:  # a folder that may not be listed
        return "check the path"
    near = difflib.get_close_matches(path.name, names, n=3)
    tables = [name for name in names if name.lower().endswith(SUFFIXES)]
    found = list(dict.fromkeys((*near, *tables)))
    if not found:
        return "check the path: that folder holds no table"
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return f"in that folder there is: {', '.join(found[:most])}{more}"


def _head(path: Path) -> bytes:
    """Read the first 64 KiB, unpacked."""
    if path.name.lower().endswith(".gz"):
        with gzip.open(path, "rb") as packed:
            return packed.read(65536)
    with path.open("rb") as plain:
        return plain.read(65536)


def _header(head: bytes, encoding: str) -> tuple[str, list[str]]:
    """Find the separator and the column names from the first line."""
    text = head.decode(encoding, errors="replace")
    line = next((row for row in text.splitlines() if row.strip()), "")
    separator = max(",;\t", key=line.count)
    rows = csv.reader(io.StringIO(line), delimiter=separator)
    return separator, next(rows, [])


def _text(path: Path, text_columns: Sequence[str]) -> pd.DataFrame:
    try:
        head = _head(path)
        if head.startswith((b"\xff\xfe", b"\xfe\xff")):
            return _csv(path, head, "utf-16", text_columns)
        try:
            return _csv(path, head, "utf-8-sig", text_columns)
        except UnicodeDecodeError:
            return _csv(path, head, "gb18030", text_columns)
    except UnicodeError as error:
        raise _error(
            "encoding",
            f"{path} is neither UTF-8 nor GB18030 (GBK) text: {error}",
            "save it again as 'CSV UTF-8'",
        ) from error
    except (OSError, EOFError, zlib.error) as error:
        raise _error("damaged_file", f"{path} cannot be read: {error}", "copy it again") from error


def _csv(path: Path, head: bytes, encoding: str, text_columns: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    separator, names = _header(head, encoding)
    twice = sorted(name for name, count in Counter(names).items() if count > 1 and name)
    if twice:
        raise _error(
            "duplicate_columns",
            f"{path}: these column names occur more than once: {', '.join(twice)}",
            "rename them in the file, so that a role can name only one",
        )
    try:
        return pd.read_csv(
            path,
            sep=separator,
            encoding=encoding,
            dtype=dict.fromkeys(text_columns, "str"),
            low_memory=False,
        )
    except pd.errors.EmptyDataError as error:
        raise _error("empty_table", f"{path} is empty", "check that the export finished") from error
    except pd.errors.ParserError as error:
        reason = str(error).removeprefix("Error tokenizing data. C error: ").strip()
        raise _error(
            "damaged_file",
            f"{path} is not a regular table: {reason}",
            "look at that line: a stray quotation mark, or a separator inside a value",
        ) from error


def _missing(path: Path, package: str, cause: Exception) -> DataError:
    what = f"{path}: reading {path.suffix} files needs {package}, which is not installed"
    return _error("missing_reader", what, f"{_EXTRA}, or save the table as csv ({cause})")


def _damaged(path: Path, kind: str, cause: Exception) -> DataError:
    first = str(cause).splitlines()[0] if str(cause) else type(cause).__name__
    return _error("damaged_file", f"{path} is not {kind} file: {first}", "export it again")


def _parquet(path: Path, text_columns: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_parquet(path, engine="pyarrow")
    except ImportError as error:
        raise _missing(path, "pyarrow", error) from error
    except Exception as error:  # pyarrow has its own family of errors
        raise _damaged(path, "a parquet", error) from error


def _stata(path: Path, text_columns: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    try:  # codes rather than labels: a labelled 0/1 variable is a number to an economist
        return pd.read_stata(path, convert_categoricals=False)
    except Exception as error:
        raise _damaged(path, "a Stata", error) from error


def _excel(path: Path, text_columns: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    try:
        with pd.ExcelFile(path, engine="openpyxl") as book:
            sheets = [str(sheet) for sheet in book.sheet_names]
            frame = pd.read_excel(book, dtype=dict.fromkeys(text_columns, "str"))
    except ImportError as error:
        raise _missing(path, "openpyxl", error) from error
    except Exception as error:  # zip, xml and openpyxl errors
        raise _damaged(path, "an Excel", error) from error
    if len(sheets) > 1:
        warnings.warn(
            f"{path} has {len(sheets)} sheets; the first one, {sheets[0]!r}, was read",
            DataWarning,
            stacklevel=4,
        )
    return frame
