"""A data frame as a table for readers: rounded, aligned, escaped."""

from __future__ import annotations

import html
import math
import numbers
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Cells", "badge_kind", "cells_of", "html_table", "latex_table", "markdown_table"]

_HEADS = {
    "std_error": "Std. error",
    "p": "p",
    "p_value": "p",
    "conf_low": "Conf. low",
    "conf_high": "Conf. high",
    "n_rows": "Rows",
    "r2": "R²",
}
# columns on the scale of the estimate, rounded together by the standard error
_SCALE = ("estimate", "std_error", "conf_low", "conf_high", "truth", "constant")
_PROBABILITY = ("p", "p_value")
_TALLY = ("year", "period", "seed", "code", "id")
_LONG = 40  # characters from which a cell is a sentence
_BADGES = {"identified": "good", "needs an assumption": "care", "not identified": "bad"}


@dataclass(frozen=True, slots=True)
class Cells:
    """A table as text: heads, rows, and which columns hold numbers."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    badges: tuple[bool, ...]


def cells_of(frame: pd.DataFrame) -> Cells:
    """Round a data frame for reading.

    Estimates, their standard errors and bounds get the same decimals, two significant digits of
    the smallest standard error; other columns three significant digits of their typical value;
    counts get thousands separators, years do not.

    Examples
    --------
    >>> import pandas as pd
    >>> cells_of(pd.DataFrame({"estimate": [0.123456], "std_error": [0.01234]})).rows
    (('0.123', '0.012'),)
    """
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    decimals = _shared_decimals(frame)
    columns, numeric = [], []
    for position, name in enumerate(map(str, frame.columns)):
        column = frame.iloc[:, position]
        number = is_numeric_dtype(column.dtype) and not is_bool_dtype(column.dtype)
        values = column.tolist()
        numeric.append(number or _all_numberlike(values))
        columns.append(_column(name, values, decimals if name in _SCALE else None))
    rows = tuple(zip(*columns, strict=True)) if columns else ()
    heads = tuple(_head(str(name)) for name in frame.columns)
    badges = tuple(str(name).lower() == "verdict" for name in frame.columns)
    return Cells(heads, rows, tuple(numeric), badges)


def _head(name: str) -> str:
    if name in _HEADS:
        return _HEADS[name]
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


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
    return [_cell(value, decimals, tally, name in _PROBABILITY) for value in values]


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


def html_table(frame: pd.DataFrame, caption: str = "") -> str:
    """Render as an HTML table inside a box that scrolls sideways.

    Examples
    --------
    >>> import pandas as pd
    >>> "&lt;b&gt;" in html_table(pd.DataFrame({"term": ["<b>"]}))
    True
    """
    cells = cells_of(frame)
    heads = "".join(
        f'<th scope="col"{_attributes(number, False, "")}>{html.escape(head)}</th>'
        for head, number in zip(cells.heads, cells.numeric, strict=True)
    )
    body = "\n".join(f"<tr>{_html_row(row, cells)}</tr>" for row in cells.rows)
    label = html.escape(caption or "Table", quote=True)
    # a table with sentences in it is stacked on a phone
    wordy = any(len(text) > _LONG for row in cells.rows for text in row)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{label}">'
        f"<table{_attributes(False, wordy, '', long='stack')}><thead><tr>{heads}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def _attributes(number: bool, wordy: bool, head: str, long: str = "long", badge: str = "") -> str:
    kinds = [kind for kind in ("num" if number else "", long if wordy else "", badge) if kind]
    out = f' class="{" ".join(kinds)}"' if kinds else ""
    return out + (f' data-head="{html.escape(head, quote=True)}"' if head else "")


def _html_row(row: tuple[str, ...], cells: Cells) -> str:
    out = []
    for position, text in enumerate(row):
        badge = cells.badges[position]
        inner = html.escape(text.replace("_", " ") if badge else text)
        if badge:
            inner = f'<span class="badge {badge_kind(text)}">{inner}</span>'
        if position == 0:
            out.append(f'<th scope="row">{inner}</th>')
            continue
        attributes = _attributes(
            cells.numeric[position],
            len(text) > _LONG,
            cells.heads[position] if len(row) > 2 else "",
            badge="badged" if badge else "",
        )
        out.append(f"<td{attributes}>{inner}</td>")
    return "".join(out)


def markdown_table(frame: pd.DataFrame) -> str:
    r"""Render as a pipe table.

    Examples
    --------
    >>> import pandas as pd
    >>> print(markdown_table(pd.DataFrame({"term": ["a|b"], "n": [1200]})))
    | Term | N |
    | :--- | ---: |
    | a\|b | 1,200 |
    """
    cells = cells_of(frame)
    rule = ["---:" if number else ":---" for number in cells.numeric]
    lines = [cells.heads, rule, *(tuple(map(_markdown, row)) for row in cells.rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _markdown(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def latex_table(frame: pd.DataFrame) -> str:
    r"""Render as a booktabs table (three lines), to be used inside a ``table``.

    Examples
    --------
    >>> import pandas as pd
    >>> print(latex_table(pd.DataFrame({"share_%": ["R&D"]})))
    \begin{tabular}{l}
    \toprule
    Share \% \\
    \midrule
    R\&D \\
    \bottomrule
    \end{tabular}
    """
    cells = cells_of(frame)
    columns = []
    for position, number in enumerate(cells.numeric):
        widest = max((len(row[position]) for row in cells.rows), default=0)
        columns.append("r" if number else f"p{{{_width(widest)}}}" if widest > _LONG else "l")
    lines = [" & ".join(map(latex_text, row)) + r" \\" for row in cells.rows]
    head = " & ".join(map(latex_text, cells.heads)) + r" \\"
    top = rf"\begin{{tabular}}{{{''.join(columns)}}}"
    body = [top, r"\toprule", head, r"\midrule", *lines, r"\bottomrule", r"\end{tabular}"]
    return "\n".join(body)


def _width(characters: int) -> str:
    return r"0.5\linewidth" if characters > 80 else r"0.35\linewidth"


_TEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "−": r"\ensuremath{-}",
    "→": r"\ensuremath{\rightarrow}",
    "←": r"\ensuremath{\leftarrow}",
    "×": r"\ensuremath{\times}",
    "∞": r"\ensuremath{\infty}",
    "²": r"\ensuremath{^2}",
    "≥": r"\ensuremath{\geq}",
    "≤": r"\ensuremath{\leq}",
    "≈": r"\ensuremath{\approx}",
}


def latex_text(text: str) -> str:
    r"""Escape what LaTeX would read as a command.

    Examples
    --------
    >>> print(latex_text("50% of R&D_total"))
    50\% of R\&D\_total
    """
    return "".join(_TEX.get(character, character) for character in text)
