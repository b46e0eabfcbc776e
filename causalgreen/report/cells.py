"""A data frame as text for readers: rounded, with heads in the reader's language."""

from __future__ import annotations

import math
import numbers
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from causalgreen.report.phrases import phrases

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LONG", "Cells", "as_cells", "badge_kind", "cells_of"]

# columns on the scale of the estimate, rounded together by the standard error
_SCALE = ("estimate", "std_error", "conf_low", "conf_high", "truth", "constant", "slope")
_TALLY = ("year", "period", "seed", "code", "id")
LONG = 30  # characters from which a cell is a sentence; a Chinese one counts for two
_BADGES = {
    "identified": "good",
    "needs an assumption": "care",
    "not identified": "bad",
    "pass": "good",
    "warn": "care",
    "fail": "bad",
    "supported": "good",
    "contradicted": "bad",
}


@dataclass(frozen=True, slots=True)
class Cells:
    """A table as text.

    Attributes
    ----------
    heads : tuple of str, length k
        One for each column.
    rows : tuple of tuple of str
        Cells.
    numeric : tuple of bool, length k
        Columns that are aligned to the right.
    badges : tuple of bool, length k
        Columns that hold verdicts.
    kinds : tuple of tuple of str
        Colour class of every verdict, row by row; empty where there is none.
    rules : tuple of int
        Rows before which there is a line.
    centred : bool
        Centre all columns but the first, as journals do with coefficients.
    unnamed : str
        What a row without a name holds, for those who cannot see the table.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    badges: tuple[bool, ...]
    kinds: tuple[tuple[str, ...], ...] = ()
    rules: tuple[int, ...] = ()
    centred: bool = False
    unnamed: str = ""


def as_cells(table: Any, lang: str = "en") -> Cells:
    """Cells of a data frame, or of anything that makes its own, such as a `JournalTable`."""
    if isinstance(table, Cells):
        return table
    return table.cells(lang) if hasattr(table, "cells") else cells_of(table, lang)


def cells_of(frame: pd.DataFrame, lang: str = "en") -> Cells:
    """Round a data frame for reading.

    Estimates, their standard errors and bounds get the same decimals, two significant digits of
    the smallest standard error; other columns three significant digits of their typical value;
    counts get thousands separators, years do not.

    Examples
    --------
    >>> import pandas as pd
    >>> cells_of(pd.DataFrame({"estimate": [0.123456], "std_error": [0.01234]})).rows
    (('0.123', '0.012'),)
    >>> cells_of(pd.DataFrame({"estimate": [0.5]}), "zh").heads
    ('估计值',)
    """
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    say = phrases(lang)
    decimals = _shared_decimals(frame)
    badges = tuple(str(name).lower() == "verdict" for name in frame.columns)
    columns, numeric, kinds = [], [], []
    for position, name in enumerate(map(str, frame.columns)):
        column = frame.iloc[:, position]
        number = is_numeric_dtype(column.dtype) and not is_bool_dtype(column.dtype)
        values = column.tolist()
        numeric.append(number or _all_numberlike(values))
        texts = _column(name, values, decimals if name in _SCALE else None)
        kinds.append([badge_kind(text) if badges[position] else "" for text in texts])
        columns.append([_worded(text, badges[position], say) for text in texts])
    rows = tuple(zip(*columns, strict=True)) if columns else ()
    heads = tuple(say.head(str(name)) for name in frame.columns)
    return Cells(heads, rows, tuple(numeric), badges, tuple(zip(*kinds, strict=True)))


def _worded(text: str, badge: bool, say: Any) -> str:
    return say.value(text.replace("_", " ")) if badge else say.tell(text)


def _is_probability(name: str) -> bool:
    return name == "p" or name.startswith("p_") or name.endswith("_p")


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _all_numberlike(values: list[Any]) -> bool:
    """Whether every filled cell reads as a number: such columns are aligned to the right."""
    filled = [value for value in values if value is not None and value != ""]
    return bool(filled) and all(
        _is_number(value) or re.fullmatch(r"[<≈−+\-]?[\d,.]+( ?%)?", str(value)) for value in filled
    )


def _digits(smallest: float, significant: int, least: int, most: int) -> int:
    if not math.isfinite(smallest) or smallest <= 0:
        return least
    return min(max(significant - 1 - math.floor(math.log10(smallest)), least), most)


def _shared_decimals(frame: pd.DataFrame) -> int:
    if "std_error" not in frame.columns:
        return 3
    errors = [float(v) for v in frame["std_error"] if _is_number(v) and math.isfinite(v) and v > 0]
    return _digits(min(errors, default=math.nan), significant=2, least=3, most=6)


def _column(name: str, values: list[Any], decimals: int | None) -> list[str]:
    tally = any(word in name.lower().split("_") for word in _TALLY)
    sizes = sorted(abs(float(v)) for v in values if _is_number(v) and math.isfinite(v) and v != 0)
    whole = all(float(v).is_integer() for v in values if _is_number(v) and math.isfinite(v))
    if decimals is None:
        typical = sizes[len(sizes) // 2] if sizes else math.nan
        decimals = 0 if whole else _digits(typical, significant=3, least=0, most=6)
    return [_cell(value, decimals, tally, _is_probability(name)) for value in values]


def _cell(value: Any, decimals: int, tally: bool, probability: bool) -> str:
    if value is None or value != value:  # missing: NaN and NaT differ from themselves
        return "–"
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(map(str, sorted(value) if isinstance(value, set | frozenset) else value))
    if not _is_number(value):
        return {"True": "yes", "False": "no"}.get(str(value), str(value))
    number = float(value)
    if not math.isfinite(number):
        return "∞" if number > 0 else "−∞"
    if probability:
        return "<0.001" if number < 0.001 else f"{number:.3f}"
    text = f"{number:.0f}" if tally and number.is_integer() else f"{number:,.{decimals}f}"
    if text.startswith("-"):
        text = text[1:] if float(text.replace(",", "")) == 0 else "−" + text[1:]
    return text


def badge_kind(text: str) -> str:
    """Colour class of a verdict; the words are always shown too.

    Examples
    --------
    >>> badge_kind("needs an assumption"), badge_kind("Not identified"), badge_kind("else")
    ('care', 'bad', 'plain')
    """
    return _BADGES.get(text.strip().lower().replace("_", " "), "plain")


def length(text: str) -> int:
    """Width of a text in Latin letters; a Chinese character takes two.

    Examples
    --------
    >>> length("abc"), length("直接效应")
    (3, 8)
    """
    return sum(2 if ord(c) > 0x2E7F else 1 for c in text)
