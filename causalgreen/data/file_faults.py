"""What is said when a file cannot be read: missing, of another format, damaged."""

from __future__ import annotations

import difflib
from pathlib import Path

from causalgreen.errors import DataError, Fault

__all__ = ["SUFFIXES", "damaged", "error", "missing_reader", "must_exist", "suffix_of"]

SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet", ".dta", ".xlsx")
_EXTRA = 'install the readers: pip install "causalgreen[files]"'


def error(code: str, what: str, fix: str) -> DataError:
    """Make an error of one fault."""
    return DataError([Fault(code, what, fix)])


def suffix_of(path: Path, known: tuple[str, ...] = SUFFIXES) -> str:
    """Return the longest known suffix of a file name, or raise."""
    name = path.name.lower()
    found = [suffix for suffix in known if name.endswith(suffix)]
    if found:
        return max(found, key=len)
    raise error(
        "unknown_format",
        f"{path}: files that end in {path.suffix or 'nothing'!r} cannot be read",
        f"save the table as one of {', '.join(known)}",
    )


def must_exist(path: Path) -> None:
    """Raise, and name the files that may be meant, if there is no such file."""
    if path.is_file():
        return
    if path.is_dir():
        raise error("no_file", f"{path} is a folder", "name the file in it")
    raise error("no_file", f"there is no file {path}", _nearby(path))


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


def missing_reader(path: Path, package: str, cause: Exception) -> DataError:
    """Make the error of a format whose package is not installed."""
    what = f"{path}: reading {path.suffix} files needs {package}, which is not installed"
    return error("missing_reader", what, f"{_EXTRA}, or save the table as csv ({cause})")


def damaged(path: Path, kind: str, cause: Exception) -> DataError:
    """Make the error of a file that is not what its name says."""
    first = str(cause).splitlines()[0] if str(cause) else type(cause).__name__
    return error("damaged_file", f"{path} is not {kind} file: {first}", "export it again")
