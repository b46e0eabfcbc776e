"""Stock codes of Chinese listed firms: six characters, exchange, board, class of share."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalgreen.errors import Fault

__all__ = ["Codes", "firm_codes", "listing_of", "looks_like_codes"]

_BOARDS: tuple[tuple[str, str, str], ...] = (
    ("000 001 002 003", "Shenzhen", "main board"),
    ("300 301 302", "Shenzhen", "ChiNext"),
    ("200 201", "Shenzhen", "B share"),
    ("600 601 603 605", "Shanghai", "main board"),
    ("688 689", "Shanghai", "STAR"),
    ("900", "Shanghai", "B share"),
)
_BY_PREFIX = {p: (where, board) for ps, where, board in _BOARDS for p in ps.split()}
_BEIJING = re.compile(r"^(43|8[2378]|92)")
_MARKS = {
    "SZ": "Shenzhen", "XSHE": "Shenzhen", "SZSE": "Shenzhen", "SH": "Shanghai", "SS": "Shanghai",
    "XSHG": "Shanghai", "SSE": "Shanghai", "BJ": "Beijing", "XBSE": "Beijing", "BSE": "Beijing",
}  # fmt: skip
_FORM = re.compile(r"^(?:([A-Z]{2,4})[.: ]?)?(\d{1,6})(?:\.0+)?(?:[.: ]?([A-Z]{2,4}))?$")


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """Firm codes of a column.

    Attributes
    ----------
    values : pandas.Series
        Six-character codes; missing where the cell was empty.
    faults : tuple of Fault
        Cells that are no codes, and those whose exchange contradicts the number.
    notes : tuple of str
        Zeros restored, exchange marks taken off, B shares, Beijing firms.
    """

    values: pd.Series
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]


def listing_of(code: str) -> tuple[str, str]:
    """Return exchange and board of a six-character code, empty when no exchange uses it.

    Examples
    --------
    >>> listing_of("000001"), listing_of("688981"), listing_of("900901"), listing_of("920002")
    (('Shenzhen', 'main board'), ('Shanghai', 'STAR'), ('Shanghai', 'B share'), ('Beijing', 'BSE'))
    """
    if len(code) != 6 or not code.isdecimal():
        return "", ""
    if _BEIJING.match(code):
        return "Beijing", "BSE"
    return _BY_PREFIX.get(code[:3], ("", ""))


def _written(cell: object) -> str:
    """Write a cell as text: no spaces, no apostrophe of Excel, no full-width digits."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = unicodedata.normalize("NFKC", str(cell)).strip().strip("'\"‘’`").strip()
    return text.upper()


def _parse(cell: object) -> tuple[str, str]:
    """Return the six-character code, and what is wrong with the cell (empty if nothing)."""
    found = _FORM.match(_written(cell))
    if not found:
        return "", "no stock code"
    before, digits, after = found.groups()
    code = digits.zfill(6)
    exchange, _ = listing_of(code)
    marks = [mark for mark in (before, after) if mark]
    if any(mark not in _MARKS for mark in marks):
        return code, "not of a mainland exchange"
    if not exchange:
        return code, "a number that no exchange uses"
    if any(_MARKS[mark] != exchange for mark in marks):
        return code, f"the mark says {_MARKS[marks[0]]}, the number {exchange}"
    return code, ""


def looks_like_codes(values: pd.Series) -> bool:
    """Say whether a column named only ``id`` or ``code`` holds stock codes, not row numbers.

    Examples
    --------
    >>> looks_like_codes(pd.Series([1, 2, 3])), looks_like_codes(pd.Series(["000001", "600000"]))
    (False, True)
    >>> looks_like_codes(pd.Series([1, 600000]))
    True
    """
    unique = pd.Series(values.dropna().unique())
    if unique.empty:
        return False
    parsed = [_parse(cell) for cell in unique]
    if any(fault for _, fault in parsed):
        return False
    long = [cell for cell in unique if len(re.sub(r"\D", "", _written(cell))) >= 6]
    # numbers 1 to n are all below 004000: only an exchange of larger numbers tells codes apart
    return bool(long) and (len(long) == len(unique) or min(len(unique), len(long)) >= 1)


def firm_codes(values: pd.Series, column: str = "firm") -> Codes:
    """Bring a column of stock codes to six characters.

    Parameters
    ----------
    values : pandas.Series
        Numbers or text: ``1``, ``"000001"``, ``"000001.SZ"``, ``"sz000001"``, ``"'000001"``.
    column : str
        Its name, for messages.

    Examples
    --------
    >>> firm_codes(pd.Series([1, "600000.SH", "bj920002"])).values.tolist()
    ['000001', '600000', '920002']
    >>> print(firm_codes(pd.Series(["600000.SZ"])).faults[0].what)
    column 'firm' holds '600000.SZ' (row 1): the mark says Shenzhen, the number Shanghai
    """
    places, unique = pd.factorize(values)  # missing cells get place -1
    parsed = [_parse(cell) for cell in unique]
    codes = pd.Series([code for code, _ in parsed], dtype="str")
    taken = codes.reindex(places).set_axis(values.index)
    return Codes(taken, _faults(places, unique, parsed, column), _notes(unique, codes, column))


def _faults(
    places: np.ndarray, unique: pd.Index, parsed: list[tuple[str, str]], column: str
) -> tuple[Fault, ...]:
    by_reason: dict[str, list[int]] = {}
    for i, (_, reason) in enumerate(parsed):
        if reason:
            by_reason.setdefault(reason, []).append(i)
    faults = []
    for reason, which in by_reason.items():
        rows = pd.Series(places).isin(which)
        first = ", ".join(repr(str(unique[i])) for i in which[:4])
        at = ", ".join(str(i + 1) for i in rows[rows].index[:4])
        word = "row" if rows.sum() == 1 else f"{int(rows.sum()):,} rows, first"
        faults.append(
            Fault(
                "firm_codes",
                f"column {column!r} holds {first} ({word} {at}): {reason}",
                "correct or drop these rows; if the column holds no stock codes, "
                f"read(..., columns={{{column!r}: None}}) leaves it as it is",
            )
        )
    return tuple(faults)


def _notes(unique: pd.Index, codes: pd.Series, column: str) -> tuple[str, ...]:
    written = [_written(cell) for cell in unique]
    notes = []
    short = sum(text.split(".")[0].isdecimal() and len(text.split(".")[0]) < 6 for text in written)
    if short:
        notes.append(f"{column}: leading zeros restored in {short:,} codes")
    marked = sum(any(c.isalpha() for c in text) for text in written)
    if marked:
        notes.append(f"{column}: marks of the exchange taken off {marked:,} codes")
    boards = codes.map(lambda code: listing_of(code)[1])
    for board, word in (("B share", "B shares"), ("BSE", "firms of the Beijing exchange")):
        these = sorted(codes[boards == board].unique())
        if these:
            more = ", ..." if len(these) > 5 else ""
            notes.append(f"{column}: {len(these):,} {word}: {', '.join(these[:5])}{more}")
    olds = codes[boards == "BSE"].str.startswith("92")
    if olds.any() and not olds.all():
        notes.append(
            f"{column}: Beijing firms under old (43, 8x) and new (92) codes; a firm that changed "
            "its code appears twice"
        )
    return tuple(notes)
