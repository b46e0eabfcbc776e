"""Read a table from a file: csv, parquet, Stata or Excel."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causalgreen.data.file_faults import (
    SUFFIXES,
    damaged,
    error,
    missing_reader,
    must_exist,
    suffix_of,
)
from causalgreen.errors import DataWarning

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SUFFIXES", "exact_numbers", "read_table"]


def exact_numbers() -> dict[str, Any]:
    r"""Options with which ``pandas.read_csv`` reads numbers to the last digit.

    From pandas 3.1 on it does so by itself, and warns of the option.

    Examples
    --------
    >>> import io
    >>> import pandas as pd
    >>> number = 0.43954005190106693
    >>> float(pd.read_csv(io.StringIO(f"x\n{number!r}"), **exact_numbers())["x"][0]) == number
    True
    """
    import pandas as pd

    version = tuple(int(part) for part in pd.__version__.split(".")[:2])
    return {} if version >= (3, 1) else {"float_precision": "round_trip"}


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
    suffix = suffix_of(path)
    must_exist(path)
    readers: dict[str, Callable[[Path, Sequence[str]], pd.DataFrame]] = {
        ".parquet": _parquet,
        ".dta": _stata,
        ".xlsx": _excel,
    }
    frame = readers.get(suffix, _text)(path, text_columns)
    if frame.empty:
        raise error("empty_table", f"{path} has no rows", "check that the export finished")
    return frame


def _head(path: Path) -> bytes:
    """Read the first 64 KiB, unpacked."""
    if path.name.lower().endswith(".gz"):
        with gzip.open(path, "rb") as packed:
            return packed.read(65536)
    with path.open("rb") as plain:
        return plain.read(65536)


def _header(head: bytes, encoding: str) -> tuple[str, list[str]]:
    """Find the separator and the column names from the first line."""
    # strict, for names of another encoding look alike once replaced; the end may be cut
    text = codecs.getincrementaldecoder(encoding)().decode(head)
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
    except UnicodeError as cause:
        raise error(
            "encoding",
            f"{path} is neither UTF-8 nor GB18030 (GBK) text: {cause}",
            "save it again as 'CSV UTF-8'",
        ) from cause
    except (OSError, EOFError, zlib.error) as cause:
        raise error("damaged_file", f"{path} cannot be read: {cause}", "copy it again") from cause


def _csv(path: Path, head: bytes, encoding: str, text_columns: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    separator, names = _header(head, encoding)
    twice = sorted(name for name, count in Counter(names).items() if count > 1 and name)
    if twice:
        raise error(
            "duplicate_columns",
            f"{path}: these column names occur more than once: {', '.join(twice)}",
            "rename them in the file, so that a role can name only one",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(
                path,
                sep=separator,
                encoding=encoding,
                dtype=dict.fromkeys(text_columns, "str"),
                low_memory=False,
                index_col=False,  # else a field too many makes the first column an index
                **exact_numbers(),
            )
    except pd.errors.EmptyDataError as cause:
        raise error("empty_table", f"{path} is empty", "check that the export finished") from cause
    except (pd.errors.ParserError, pd.errors.ParserWarning) as cause:
        reason = str(cause).removeprefix("Error tokenizing data. C error: ").strip()
        raise error(
            "damaged_file",
            f"{path} is not a regular table: {reason}",
            "look at that line: a stray quotation mark, or a separator inside a value",
        ) from cause


def _parquet(path: Path, text_columns: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_parquet(path, engine="pyarrow")
    except ImportError as cause:
        raise missing_reader(path, "pyarrow", cause) from cause
    except Exception as cause:  # pyarrow has its own family of errors
        raise damaged(path, "a parquet", cause) from cause


def _stata(path: Path, text_columns: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    try:  # codes rather than labels: a labelled 0/1 variable is a number to an economist
        return pd.read_stata(path, convert_categoricals=False)
    except Exception as cause:
        raise damaged(path, "a Stata", cause) from cause


def _excel(path: Path, text_columns: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    try:
        with pd.ExcelFile(path, engine="openpyxl") as book:
            sheets = [str(sheet) for sheet in book.sheet_names]
            frame = pd.read_excel(book, dtype=dict.fromkeys(text_columns, "str"))
    except ImportError as cause:
        raise missing_reader(path, "openpyxl", cause) from cause
    except Exception as cause:  # zip, xml and openpyxl errors
        raise damaged(path, "an Excel", cause) from cause
    if len(sheets) > 1:
        warnings.warn(
            f"{path} has {len(sheets)} sheets; the first one, {sheets[0]!r}, was read",
            DataWarning,
            stacklevel=4,
        )
    return frame
