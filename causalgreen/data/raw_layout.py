"""Where the header of a raw table is: title lines, names, Chinese labels, units, first data row."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from causalgreen.data.names import canonical_of, plain
from causalgreen.data.units import MISSING

__all__ = ["Layout", "cell_kind", "find_layout"]

_NUMBER = re.compile(r"^[-+]?(\d+|\d{1,3}(,\d{3})+)?(\.\d*)?(e[-+]?\d+)?%?$", re.I)
_DATE = re.compile(
    r"^\d{4}[-/.年]\d{1,2}([-/.月]\d{1,2}日?)?([ T]\d{1,2}:\d{2}(:\d{2})?)?$|^\d{4}年$"
)
_CODE = re.compile(r"^'?([A-Za-z]{2}[.:]?)?\d{6}([.:][A-Za-z]{2,4})?$")
_UNIT_WORDS = (
    "没有单位 无单位 无 元 人民币元 万元 百万元 亿元 千元 % 百分比 股 万股 个 项 件 人 名 "
    "年 月 天 日 次 倍 篇 吨 平方米 公里 元/股"
)
_UNITS = frozenset(_UNIT_WORDS.split())
_LOOK = 12  # the names stand in one of the first rows


@dataclass(frozen=True, slots=True)
class Layout:
    """Rows of a sheet or text file, counted from 0.

    Attributes
    ----------
    names : tuple of str
        Column names; an empty one means that the column has none.
    header : int
        Row of the names.
    first : int
        First row of data.
    labels, units : tuple of str
        The rows below the names that say what a column is and its unit; empty when there are none.
    title : str
        What stands above the names.
    """

    names: tuple[str, ...]
    header: int
    first: int
    labels: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    title: str = ""


def cell_kind(cell: Any) -> str:
    """Say whether a cell is ``empty``, ``number``, ``date``, ``code`` or ``text``.

    Examples
    --------
    >>> [cell_kind(x) for x in ("", "1,234.5", "2015-12-31", "000001.SZ", "没有单位")]
    ['empty', 'number', 'date', 'code', 'text']
    """
    if cell is None or cell != cell:
        return "empty"
    if isinstance(cell, (dt.date, dt.datetime)):
        return "date"
    if not isinstance(cell, str):
        return "number"
    text = unicodedata.normalize("NFKC", cell).strip()
    if text.lower() in MISSING:  # a row of data may hold nothing else beside a name
        return "empty"
    if _CODE.match(text):
        return "code"
    if _NUMBER.match(text) and any(c.isdigit() for c in text):
        return "number"
    return "date" if _DATE.match(text) else "text"


def find_layout(rows: Sequence[Sequence[Any]], labels: dict[str, str] | None = None) -> Layout:
    """Find the header in the first rows of a table.

    Parameters
    ----------
    rows : sequence of sequence
        The first rows, cells as they are.
    labels : dict of str to str, optional
        Labels of the codes from a dictionary file, which help to know a label row.

    Examples
    --------
    >>> find_layout([["Stkcd", "Lev"], ["证券代码", "资产负债率"], ["没有单位", "没有单位"],
    ...              ["000001", "0.9"]]).first
    3
    """
    kinds = [[cell_kind(cell) for cell in row] for row in rows]
    filled = [sum(kind != "empty" for kind in row) for row in kinds]
    header = _header_row(filled, kinds)
    names = tuple(_text(cell) for cell in rows[header]) if rows else ()
    title = " ".join(_text(c) for row in rows[:header] for c in row if _text(c))
    found = Layout(names, header, header + 1, title=title)
    for _ in range(2):
        found = _take_row(found, rows, kinds, labels or {})
    return found


def _header_row(filled: list[int], kinds: list[list[str]]) -> int:
    """Find the first row as wide as the table that is not narrower than half its columns."""
    widths = Counter(n for n in filled[:200] if n)
    if not widths:
        return 0
    width = max(widths, key=lambda n: (widths[n], n))
    enough = width if width < 3 else max(2, (width + 1) // 2)
    for row, n in enumerate(filled[:_LOOK]):
        if n >= enough and (row == 0 or "number" not in kinds[row]):
            return row
    return next((row for row, n in enumerate(filled) if n), 0)


def _take_row(
    found: Layout, rows: Sequence[Sequence[Any]], kinds: list[list[str]], labels: dict[str, str]
) -> Layout:
    """Move the first row of data down if the row there is one of labels or of units."""
    at = found.first
    if at >= len(rows) or set(kinds[at]) - {"text", "empty"} or "text" not in kinds[at]:
        return found
    cells = tuple(_text(cell) for cell in rows[at])
    words = [cell for cell in cells if cell]
    units = _is_units(rows[at])
    known = sum(
        bool(canonical_of(cell)) or plain(labels.get(name, "")) == plain(cell)
        for name, cell in zip(found.names, cells, strict=False)
        if cell
    )
    foreign = all(name.isascii() for name in found.names)
    foreign = foreign and sum(not word.isascii() for word in words) >= 0.8 * len(words)
    above_units = at + 1 < len(rows) and _is_units(rows[at + 1])
    named = foreign and (above_units or known >= 0.5 * len(words))
    below = [
        k for k, row in zip(kinds[at + 1 :], rows[at + 1 :], strict=True) if not _is_units(row)
    ]
    if not (units or named or _unlike_the_rest(kinds[at], below, 1 if foreign else 2)):
        return found
    part: dict[str, Any] = {"units": cells} if units else {"labels": cells}
    kept = {"labels": found.labels, "units": found.units} | part
    return Layout(found.names, found.header, at + 1, title=found.title, **kept)


def _is_units(row: Sequence[Any]) -> bool:
    words = [text for cell in row if (text := _text(cell))]
    return bool(words) and sum(word in _UNITS for word in words) >= 0.8 * len(words)


def _unlike_the_rest(kinds: list[str], below: list[list[str]], least: int) -> bool:
    """Say whether a row of text stands above columns of which most hold numbers, dates or codes."""
    solid = []
    for column, kind in enumerate(kinds):
        rest = [row[column] for row in below if column < len(row) and row[column] != "empty"]
        if kind == "text" and rest:
            solid.append(sum(k != "text" for k in rest) >= 0.9 * len(rest))
    return len(below) >= least and len(solid) >= 1 and sum(solid) >= max(1, 0.6 * len(solid))


def _text(cell: Any) -> str:
    if cell is None or cell != cell:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return unicodedata.normalize("NFKC", str(cell)).replace("\ufeff", "").strip()
