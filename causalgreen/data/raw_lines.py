"""Look at a text file before it is parsed: its encoding, its separator, lines of another width."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from causalgreen.data.file_faults import error

__all__ = ["check_lines", "decode_head", "open_bytes", "separator_of", "split_lines"]

_HEAD = 1 << 18
_CHUNK = 1 << 22
_SEPARATORS = ",\t;|"


def open_bytes(path: Path) -> BinaryIO:
    """Open a file, unpacking it when its name ends in .gz."""
    if path.name.lower().endswith(".gz"):
        return cast(BinaryIO, gzip.open(path, "rb"))
    return path.open("rb")


def decode_head(path: Path) -> tuple[str, str]:
    """Return the first lines of a text file and an encoding in which they can be read."""
    with open_bytes(path) as file:
        head = file.read(_HEAD)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decode(path, head, "utf-16"), "utf-16"
    if head.startswith(b"PK\x03\x04") or head.lstrip()[:1] == b"<" or b"\x00" in head:
        what = "an Excel workbook" if head.startswith(b"PK") else "a web page or binary data"
        raise error(
            "damaged_file",
            f"{path} is not text: it is {what} under another name",
            "give it the suffix that it has in truth (.xlsx), or export it again as csv",
        )
    try:
        return _decode(path, head, "utf-8-sig"), "utf-8-sig"
    except UnicodeDecodeError:
        return _decode(path, head, "gb18030"), "gb18030"


def _decode(path: Path, head: bytes, encoding: str) -> str:
    """Decode all but the last, perhaps cut line."""
    if len(head) == _HEAD and encoding != "utf-16":
        head = head[: head.rfind(b"\n") + 1] or head
    if len(head) == _HEAD:
        return head.decode(encoding, errors="ignore")
    return head.decode(encoding)


def split_lines(text: str, separator: str, most: int = 200) -> tuple[list[list[str]], list[int]]:
    """Split the first lines into cells; also say after how many lines of the file each one ends."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    rows, ends = [], []
    try:
        for row in reader:
            rows.append(row)
            ends.append(reader.line_num)
            if len(rows) == most:
                break
    except csv.Error:  # a field without an end: pandas will say where
        pass
    return rows, ends


def separator_of(text: str) -> str:
    r"""Find the separator that most of the first lines have most of.

    Examples
    --------
    >>> separator_of("表1\nfirm;year\n000001;2015\n")
    ';'
    """
    lines = [line for line in text.splitlines()[:60] if line.strip()][:40]

    def middle(mark: str) -> float:
        return float(np.median([line.count(mark) for line in lines])) if lines else 0.0

    return max(_SEPARATORS, key=lambda mark: (middle(mark), sum(mark in x for x in lines)))


def check_lines(path: Path, separator: str, width: int, skip: int, encoding: str) -> None:
    """Raise if a line has more or fewer fields than there are columns.

    Neither is an error to a csv parser everywhere: short lines would get missing values.
    The whole file is looked at, in bounded memory.
    """
    if width < 2 or encoding == "utf-16":
        return
    bad, quotes = _fast(path, separator, width)
    bad = [(line, n) for line, n in bad if line > skip]
    if bad and quotes:  # a quotation mark inside a field misleads the fast look
        bad = list(_slow(path, separator, width, skip, encoding))
    if not bad:
        return
    first = ", ".join(f"line {line} has {n}" for line, n in bad[:5])
    more = f" and {len(bad) - 5:,} more" if len(bad) > 5 else ""
    raise error(
        "irregular_lines",
        f"{path} is not a regular table: there are {width} columns, but {first}{more} fields",
        "look at those lines: a separator inside a value, a stray quotation mark, "
        "or a file that was cut off",
    )


def _fast(path: Path, separator: str, width: int) -> tuple[list[tuple[int, int]], bool]:
    """Count separators outside quotation marks in each line, by bytes.

    In UTF-8 and GB18030 the bytes of separators, quotes and line ends occur in no other sign.
    """
    bad: list[tuple[int, int]] = []
    line, pending, length, inside, quotes = 1, 0, 0, False, False
    with open_bytes(path) as file:
        while chunk := file.read(_CHUNK):
            data = np.frombuffer(chunk, dtype=np.uint8)
            quote = data == 34
            ends, marks = data == 10, data == ord(separator)
            if quote.any() or inside:
                quotes = True
                odd = (np.cumsum(quote) + inside) % 2 == 1
                inside = bool(odd[-1])
                ends, marks = ends & ~odd, marks & ~odd
            at = np.flatnonzero(ends)
            total = np.concatenate([[0], np.cumsum(marks)[at]]) if len(at) else np.zeros(1, int)
            counts = np.diff(total)
            sizes = np.diff(np.concatenate([[-1], at])) - 1
            if len(at):
                counts[0] += pending
                sizes[0] += length
                # a line of one byte may be a lone carriage return
                wrong = np.flatnonzero((counts != width - 1) & (sizes > 1))
                bad += [(line + int(i), int(counts[i]) + 1) for i in wrong[:1000]]
                pending, length = int(marks.sum() - total[-1]), len(data) - int(at[-1]) - 1
            else:
                pending, length = pending + int(marks.sum()), length + len(data)
            line += len(at)
    if length > 1 and pending != width - 1:
        bad.append((line, pending + 1))
    return bad, quotes


def _slow(
    path: Path, separator: str, width: int, skip: int, encoding: str
) -> Iterator[tuple[int, int]]:
    with (
        open_bytes(path) as file,
        io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="") as text,
    ):
        reader = csv.reader(text, delimiter=separator)
        try:
            for row in reader:
                if reader.line_num > skip and row and len(row) != width:
                    yield reader.line_num, len(row)
        except csv.Error:
            return
