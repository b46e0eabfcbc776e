"""What a report holds, apart from how it is written down."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from causalgreen.report.journal import JournalTable

__all__ = ["Page", "Section"]

_LISTS = {"list": re.compile(r"- +"), "steps": re.compile(r"\d+\. +")}


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a report: some text, then at most one figure and one table.

    Attributes
    ----------
    title : str
        Heading.
    text : str
        Paragraphs parted by blank lines; a paragraph whose lines start with ``"- "`` is a list,
        one whose lines start with ``"1. "``, ``"2. "`` a numbered one.
        Within a line, ``**strong**`` and ```code``` are marked up.
    table : DataFrame, JournalTable or None
        Shown with rounded numbers; a column named ``verdict`` is shown as badges.
    figure : matplotlib Figure or Axes, or None
        Embedded.
    note : str
        Small print below the table.
    alt : str
        What the figure shows, for those who cannot see it; the title where empty.
    caption : str
        Of figure and table; the title where empty.
    level : {2, 3}
        Of the heading; those of level 2 are in the list of contents.
    """

    title: str
    text: str = ""
    table: pd.DataFrame | JournalTable | None = None
    figure: Figure | Axes | None = None
    note: str = ""
    alt: str = ""
    caption: str = ""
    level: int = 2


@dataclass(frozen=True, slots=True)
class Page:
    """A report: title, lead paragraph, sections, footer, language.

    Attributes
    ----------
    title, lead : str
        Heading, and the paragraph below it.
    sections : tuple of Section
        In the order of the page.
    footer : str
        Last line.
    lang : {"en", "zh"}
        Language.

    Examples
    --------
    >>> Page("AI and green innovation", "One more unit of AI ...", (Section("The question"),)).title
    'AI and green innovation'
    """

    title: str
    lead: str
    sections: tuple[Section, ...] = ()
    footer: str = ""
    lang: str = "en"


def captions(page: Page) -> tuple[tuple[str, str], ...]:
    """Numbered captions of the figure and the table of each section; empty where there is none.

    Examples
    --------
    >>> import pandas as pd
    >>> captions(Page("T", "L", (Section("Paths", table=pd.DataFrame({"n": [1]})),)))
    (('', 'Table 1. Paths'),)
    """
    from causalgreen.report.phrases import phrases

    say, counts, out = phrases(page.lang), {"Figure n": 0, "Table n": 0}, []
    for section in page.sections:
        pair = []
        for key, part in (("Figure n", section.figure), ("Table n", section.table)):
            counts[key] += part is not None
            what = section.caption or section.title
            pair.append("" if part is None else say(key, n=counts[key], what=what))
        out.append((pair[0], pair[1]))
    return tuple(out)


def figure_of(drawing: Any) -> Figure:
    """Get the figure of an axes; a figure is its own."""
    return drawing.get_figure() if hasattr(drawing, "get_figure") else drawing


def blocks_of(text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    r"""Split text into ``("paragraph", (line,))``, ``("list", items)``, ``("steps", items)``.

    Examples
    --------
    >>> blocks_of("Two\nlines.\n\n- a\n- b\n\n1. c\n2. d")
    (('paragraph', ('Two lines.',)), ('list', ('a', 'b')), ('steps', ('c', 'd')))
    """
    blocks: list[tuple[str, tuple[str, ...]]] = []
    for block in text.strip().split("\n\n"):
        lines = [line.strip() for line in block.strip().splitlines() if line.strip()]
        if not lines:
            continue
        for kind, mark in _LISTS.items():
            if all(mark.match(line) for line in lines):
                blocks.append((kind, tuple(mark.sub("", line, count=1) for line in lines)))
                break
        else:
            blocks.append(("paragraph", (" ".join(lines),)))
    return tuple(blocks)
