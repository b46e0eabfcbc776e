"""Titles and labels of pictures, broken into lines so that nothing is cut or overlaps."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from causalgreen.explain.style import INK, clean

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["fit", "folded", "head", "height_of", "key", "title", "width_of"]

# Chinese is written without spaces: a line may end after any of its characters.
_WIDE = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uff60"
_PIECE = re.compile(rf"[{_WIDE}]\s*|[^\s{_WIDE}]+\s*")
# Width of a character of the usual font, in sizes of the font: the mean of a text, rounded up.
_CHARACTER = 0.58


def width_of(text: str) -> int:
    """Columns that a text takes, two for a Chinese character.

    Examples
    --------
    >>> width_of("ai 专利")
    7
    """
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def folded(text: str, width: int, lines: int | None = None) -> str:
    r"""A text in lines of at most so many columns.

    Parameters
    ----------
    text : str
        Line breaks in it stay.
    width : int
        Columns of a line.
    lines : int, optional
        At most so many; what is left out is marked.

    Examples
    --------
    >>> folded("number of green patents", 14)
    'number of\ngreen patents'
    >>> folded("绿色专利申请数量", 8)
    '绿色专利\n申请数量'
    >>> folded("one two three", 5, lines=2)
    'one\ntwo …'
    """
    out = [line for part in text.split("\n") for line in _lines(part, width)]
    if lines is not None and len(out) > lines:
        last = out[lines - 1]
        while width_of(last) + 2 > width and last:
            last = last[:-1]
        out = [*out[: lines - 1], f"{last.rstrip()} …"]
    return "\n".join(out)


def _lines(text: str, width: int) -> list[str]:
    out, line = [], ""
    for piece in _PIECE.findall(text):
        if line and width_of(line + piece.rstrip()) > width:
            out.append(line.rstrip())
            line = ""
        line += piece
        while width_of(line.rstrip()) > width:  # one word longer than a line
            cut = len(line)
            while width_of(line[:cut]) > width and cut > 1:
                cut -= 1
            out.append(line[:cut])
            line = line[cut:]
    return [*out, line.rstrip()]


def fit(inches: float, size: float, bold: bool = False) -> int:
    """Columns of text of a size, in points, that fit into a width."""
    return max(int(72 * inches / ((1.15 if bold else 1.0) * _CHARACTER * size)), 8)


def height_of(labels: list[str], size: float = 8.0) -> float:
    """Inches that the tallest of some labels takes, with room around it."""
    return max((1 + label.count("\n") for label in labels), default=1) * 1.3 * size / 72 + 0.1


def head(figure: Figure, question: str, under: str) -> None:
    """Title of a figure over its whole width: the question, below it who was asked."""
    width = fit(figure.get_figwidth() - 0.3, 10)
    text = f"{folded(question, width)}\n{folded(under, width)}"
    figure.suptitle(text, x=0.01, ha="left", fontsize=10, color=INK)


def title(ax: Axes, question: str, under: str) -> Axes:
    """Title of axes in a figure of another's: as wide as the axes."""
    figure = ax.figure
    width = fit(ax.get_position().width * figure.get_figwidth(), 10)  # type: ignore[union-attr]
    ax.set_title(
        f"{folded(question, width)}\n{folded(under, width)}", loc="left", fontsize=10, color=INK
    )
    clean(ax)
    return ax


def key(figure: Figure, ax: Axes, columns: int = 3) -> None:
    """Legend of some axes below the figure, where it lies on nothing."""
    handles, names = ax.get_legend_handles_labels()
    width = fit(figure.get_figwidth() / columns - 0.6, 7)
    figure.legend(
        handles, [folded(name, width) for name in names], fontsize=7, frameon=False,
        loc="outside lower left", ncols=columns,
    )  # fmt: skip
