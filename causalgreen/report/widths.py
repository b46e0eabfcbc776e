"""How wide the columns of a table are on paper; a table too wide for it is cut into panels."""

from __future__ import annotations

import math
import textwrap
from dataclasses import replace
from itertools import takewhile

from causalgreen.report.cells import LONG, Cells, length

__all__ = ["ROOM", "head_lines", "panels", "widths", "wordy"]

ROOM = 112  # characters of small print that fit on a page of A4 with usual margins
GAP = 2  # between columns
_NARROW = 10  # a head is not broken below this
_NAME = 14  # characters from which a name is broken into lines, where room is short
_SENTENCE = 28  # characters that a column of sentences should have


def wordy(cells: Cells) -> bool:
    """Whether some cell is a sentence."""
    return any(length(text) > LONG for row in cells.rows for text in row)


def head_lines(cells: Cells, place: int) -> tuple[str, ...]:
    """A head in lines that are no wider than the cells below it, where words allow.

    Examples
    --------
    >>> cells = Cells(("Share of variance",), (("0.5",),), (True,), (False,))
    >>> head_lines(cells, 0)
    ('Share of', 'variance')
    """
    head = cells.heads[place]
    room = max(_cell_width(cells, place), _NARROW, *map(len, head.split() or [""]))
    return tuple(textwrap.wrap(head, room, break_long_words=False, break_on_hyphens=False)) or ("",)


def _size(text: str) -> int:
    """Width of a text in characters of small print, where a Chinese one is wider than two."""
    size = length(text)
    return size if size == len(text) else math.ceil(1.1 * size)


def _cell_width(cells: Cells, place: int) -> int:
    return min(max((_size(row[place]) for row in cells.rows), default=0), LONG)


def _natural(cells: Cells, place: int) -> int:
    return max(_cell_width(cells, place), *map(_size, head_lines(cells, place))) + GAP


def widths(cells: Cells, room: int = ROOM) -> tuple[float, ...]:
    """Width of each column in characters; columns with sentences share what the others leave.

    Parameters
    ----------
    cells : Cells
    room : int
        Characters that fit on one line.

    Returns
    -------
    tuple of float
        Adds up to ``room`` at most, where the short columns leave room.

    Examples
    --------
    >>> cells = Cells(("a", "b"), (("x" * 400, "1"),), (False, True), (False, False))
    >>> widths(cells, 50)
    (47.0, 3.0)
    """
    natural = [float(_natural(cells, place)) for place in range(len(cells.heads))]
    longest = [max((length(row[p]) for row in cells.rows), default=0) for p in range(len(natural))]
    loose = [place for place, size in enumerate(longest) if size > LONG]
    if loose and _left(natural, loose, room) < _SENTENCE * len(loose):
        # names are broken into lines, too, before a sentence becomes a column of single words
        loose = [p for p, size in enumerate(longest) if size > _NAME and _names_rows(cells, p)]
    left = _left(natural, loose, room)
    wanted = {place: float(longest[place] + GAP) for place in loose}
    if loose and sum(wanted.values()) > left:
        # by roots: a sentence four times as long gets twice the width
        whole = sum(math.sqrt(longest[place]) for place in loose)
        wanted = {p: max(left * math.sqrt(longest[p]) / whole, _NARROW) for p in loose}
    return tuple(wanted.get(place, size) for place, size in enumerate(natural))


def _left(natural: list[float], loose: list[int], room: int) -> float:
    return room - sum(size for place, size in enumerate(natural) if place not in loose)


def panels(cells: Cells, room: int = ROOM) -> tuple[Cells, ...]:
    """Cut a table that is too wide into several, each with the columns that name its rows.

    Parameters
    ----------
    cells : Cells
    room : int
        Characters that fit on one line.

    Returns
    -------
    tuple of Cells
        One where the table fits, or where its sentences can be broken into lines.

    Examples
    --------
    >>> heads = ("path", *(f"column {i}" for i in range(6)))
    >>> cells = Cells(heads, (("direct", *"123456"),), (False,) + (True,) * 6, (False,) * 7)
    >>> [panel.heads for panel in panels(cells, 40)]  # doctest: +NORMALIZE_WHITESPACE
    [('path', 'column 0', 'column 1', 'column 2'), ('path', 'column 3', 'column 4', 'column 5')]
    """
    sizes = widths(cells, room)
    if sum(sizes) <= room or not cells.rows:
        return (cells,)
    names = list(takewhile(lambda p: _names_rows(cells, p), range(len(sizes))))[:2] or [0]
    rest = [place for place in range(len(sizes)) if place not in names]
    if not rest:
        return (cells,)
    left = room - sum(sizes[place] for place in names)
    fewest = len(_greedy(rest, sizes, left))
    even = sum(sizes[place] for place in rest) / fewest
    steps = (even + step for step in range(math.ceil(max(left - even, 0)) + 1))
    parts = next((p for s in steps if len(p := _greedy(rest, sizes, s)) == fewest),
                 _greedy(rest, sizes, left))  # fmt: skip
    return tuple(_columns(cells, (*names, *part)) for part in parts)


def _names_rows(cells: Cells, place: int) -> bool:
    return not cells.numeric[place] and not cells.badges[place] and (not cells.centred or not place)


def _greedy(places: list[int], sizes: tuple[float, ...], room: float) -> list[list[int]]:
    parts: list[list[int]] = []
    used = math.inf
    for place in places:
        if used + sizes[place] > room:
            parts.append([])
            used = 0.0
        parts[-1].append(place)
        used += sizes[place]
    return parts


def _columns(cells: Cells, places: tuple[int, ...]) -> Cells:
    def pick(row: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(row[place] for place in places)

    return replace(
        cells,
        heads=pick(cells.heads),
        rows=tuple(map(pick, cells.rows)),
        kinds=tuple(map(pick, cells.kinds)),
        numeric=tuple(cells.numeric[place] for place in places),
        badges=tuple(cells.badges[place] for place in places),
    )
