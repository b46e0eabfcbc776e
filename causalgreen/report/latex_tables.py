r"""Tables in LaTeX: three lines, as journals print them."""

from __future__ import annotations

from typing import Any

from causalgreen.report.cells import LONG, Cells, as_cells, length

__all__ = ["latex_table", "latex_text"]


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
    columns = [_column(cells, place) for place in range(len(cells.heads))]
    lines = []
    for number, row in enumerate(cells.rows):
        if number in cells.rules:
            lines.append(r"\midrule")
        lines.append(" & ".join(map(latex_text, row)) + r" \\")
    head = " & ".join(map(latex_text, cells.heads)) + r" \\"
    top = rf"\begin{{tabular}}{{{''.join(columns)}}}"
    body = [top, r"\toprule", head, r"\midrule", *lines, r"\bottomrule", r"\end{tabular}"]
    return "\n".join(body)


def _column(cells: Cells, place: int) -> str:
    if cells.centred and place:
        return "c"
    widest = max((length(row[place]) for row in cells.rows), default=0)
    if cells.numeric[place]:
        return "r"
    return f"p{{{_width(widest)}}}" if widest > LONG else "l"


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
