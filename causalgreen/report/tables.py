"""Tables in HTML and Markdown."""

from __future__ import annotations

import html
import re
from typing import Any

from causalgreen.report.cells import LONG, Cells, as_cells, badge_kind, cells_of, length
from causalgreen.report.latex_tables import latex_table
from causalgreen.report.phrases import phrases

__all__ = [
    "Cells",
    "badge_kind",
    "cells_of",
    "html_table",
    "latex_table",
    "markdown_table",
    "marked_english",
]

# four words and more without a Chinese character or mark between them
_CHINESE = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
_ENGLISH = re.compile(rf"[A-Za-z0-9][^{_CHINESE}]*")
_WORD = re.compile(r"(?<![\w.&])[A-Za-z]{2,}(?!\w|\.\w)")


def marked_english(safe: str, lang: str) -> str:
    """Mark what is left in English on a page in another language, for those who have it read.

    Examples
    --------
    >>> marked_english("通过：No lead is found.", "zh")
    '通过：<span lang="en">No lead is found.</span>'
    >>> marked_english("by city", "zh"), marked_english("No lead is found.", "en")
    ('by city', 'No lead is found.')
    """
    return safe if lang == "en" else _ENGLISH.sub(_in_english, safe)


def _in_english(found: re.Match[str]) -> str:
    text = found[0]
    # marks such as ** that open inside and close outside must not be parted
    whole = text.count("**") % 2 == 0 and text.count("`") % 2 == 0
    return f'<span lang="en">{text}</span>' if whole and len(_WORD.findall(text)) >= 4 else text


def html_table(table: Any, caption: str = "", lang: str = "en") -> str:
    """Render as an HTML table inside a box that scrolls sideways.

    Examples
    --------
    >>> import pandas as pd
    >>> "&lt;b&gt;" in html_table(pd.DataFrame({"term": ["<b>"]}))
    True
    """
    cells = as_cells(table, lang)
    heads = "".join(
        f'<th scope="col"{_attributes(_align(cells, place))}>{html.escape(head)}</th>'
        if head
        else "<td></td>"
        for place, head in enumerate(cells.heads)
    )
    body = "\n".join(
        f"<tr{_attributes('ruled' if number in cells.rules else '')}>"
        f"{_html_row(row, number, cells, lang)}</tr>"
        for number, row in enumerate(cells.rows)
    )
    label = html.escape(caption or phrases(lang)("table"), quote=True)
    told = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    # a table with sentences in it is stacked on a phone
    wordy = any(length(text) > LONG for row in cells.rows for text in row)
    kinds = _attributes("stack" if wordy else "", "journal" if cells.centred else "")
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{label}">'
        f"<table{kinds}>{told}<thead><tr>{heads}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def _align(cells: Cells, place: int) -> str:
    if cells.centred:
        return "mid" if place else ""
    return "num" if cells.numeric[place] else ""


def _attributes(*kinds: str, head: str = "") -> str:
    named = [kind for kind in kinds if kind]
    out = f' class="{" ".join(named)}"' if named else ""
    return out + (f' data-head="{html.escape(head, quote=True)}"' if head else "")


def _html_row(row: tuple[str, ...], number: int, cells: Cells, lang: str) -> str:
    out = []
    for place, text in enumerate(row):
        inner = marked_english(html.escape(text), lang)
        badge = cells.badges[place]
        if badge:
            inner = f'<span class="badge {cells.kinds[number][place]}">{inner}</span>'
        if place == 0:
            unnamed = f'<span class="unseen">{html.escape(cells.unnamed)}</span>'
            out.append(f'<th scope="row">{inner or unnamed}</th>')
            continue
        attributes = _attributes(
            _align(cells, place),
            "long" if length(text) > LONG else "",
            "badged" if badge else "",
            head=cells.heads[place] if len(row) > 2 else "",
        )
        out.append(f"<td{attributes}>{inner}</td>")
    return "".join(out)


def markdown_table(table: Any, lang: str = "en") -> str:
    r"""Render as a pipe table.

    Examples
    --------
    >>> import pandas as pd
    >>> print(markdown_table(pd.DataFrame({"term": ["a|b"], "n": [1200]})))
    | Term | N |
    | :--- | ---: |
    | a\|b | 1,200 |
    """
    cells = as_cells(table, lang)
    marks = {"mid": ":---:", "num": "---:", "": ":---"}
    rule = [marks[_align(cells, place)] for place in range(len(cells.heads))]
    heads = tuple(map(_markdown, cells.heads))
    lines = [heads, rule, *(tuple(map(_markdown, row)) for row in cells.rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _markdown(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*").replace("\n", " ")
