r"""Tables in LaTeX: three lines, as journals print them."""

from __future__ import annotations

import re
from typing import Any

from causalgreen.report.cells import Cells, as_cells
from causalgreen.report.widths import ROOM, head_lines, panels, widths, wordy

__all__ = ["is_long", "latex_long", "latex_panels", "latex_table", "latex_text"]

_LONG_TABLE = 30  # rows from which a table may run over several pages
_NEW_LINE = r"\\"
_TOKEN = re.compile(r"\S{24,}")


def latex_table(table: Any, lang: str = "en") -> str:
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
    cells = as_cells(table, lang)
    top = rf"\begin{{tabular}}{{{_columns(cells)}}}"
    body = [top, r"\toprule", _heads(cells), r"\midrule", *_rows(cells), r"\bottomrule"]
    return "\n".join([*body, r"\end{tabular}"])


def latex_panels(table: Any, lang: str = "en") -> tuple[str, ...]:
    """Render a table that may be too wide for a page: as several, to stand below one another."""
    return tuple(latex_table(panel, lang) for panel in panels(as_cells(table, lang)))


def is_long(table: Any, lang: str = "en") -> bool:
    """Whether a table has sentences in it or many rows, so that it should break over pages."""
    cells = as_cells(table, lang)
    return wordy(cells) or len(cells.rows) > _LONG_TABLE


def latex_long(table: Any, caption: str, lang: str = "en") -> str:
    r"""Render as a ``longtable``: it breaks over pages and repeats its heads.

    Examples
    --------
    >>> import pandas as pd
    >>> r"\endhead" in latex_long(pd.DataFrame({"why": ["word " * 40]}), "Why")
    True
    """
    cells = as_cells(table, lang)
    heads = " & ".join(map(latex_text, cells.heads)) + r" \\"
    return "\n".join([
        rf"\begin{{longtable}}{{{_measured(cells)}}}",
        rf"\caption{{{latex_text(caption)}}}\\",
        r"\toprule", heads, r"\midrule", r"\endfirsthead",
        r"\toprule", heads, r"\midrule", r"\endhead",
        r"\bottomrule", r"\endfoot",
        *_rows(cells),
        r"\end{longtable}",
    ])  # fmt: skip


def _heads(cells: Cells) -> str:
    heads = []
    for place in range(len(cells.heads)):
        lines = list(map(latex_text, head_lines(cells, place)))
        side = _side(cells, place)
        stacked = rf"\shortstack[{side}]{{{_NEW_LINE.join(lines)}}}"
        heads.append(lines[0] if len(lines) == 1 else stacked)
    return " & ".join(heads) + r" \\"


def _rows(cells: Cells) -> list[str]:
    lines = []
    for number, row in enumerate(cells.rows):
        if number in cells.rules:
            lines.append(r"\midrule")
        lines.append(" & ".join(map(latex_text, row)) + r" \\")
    return lines


def _columns(cells: Cells) -> str:
    return "".join(_side(cells, place) for place in range(len(cells.heads)))


def _measured(cells: Cells) -> str:
    """Columns of given widths, in which every text can be broken into lines."""
    sides = {"l": "raggedright", "r": "raggedleft", "c": "centering"}
    return "".join(
        rf">{{\{sides[_side(cells, place)]}\arraybackslash}}"
        # what stands between columns is part of their room
        rf"p{{\dimexpr {size / ROOM:.3f}\linewidth-2\tabcolsep}}"
        for place, size in enumerate(widths(cells))
    )


def _side(cells: Cells, place: int) -> str:
    if cells.centred and place:
        return "c"
    return "r" if cells.numeric[place] else "l"


_BREAK = "\u200b"
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
    safe = "".join(_TEX.get(character, character) for character in _TOKEN.sub(_loose, text))
    return safe.replace(_BREAK, r"\allowbreak{}")


def _loose(token: re.Match[str]) -> str:
    """Let a hash or an address be broken into lines."""
    parts = re.sub(r"([/._-])(?=\w)", rf"\1{_BREAK}", token[0])
    return re.sub(r"([0-9a-f]{8})(?=[0-9a-f])", rf"\1{_BREAK}", parts)
