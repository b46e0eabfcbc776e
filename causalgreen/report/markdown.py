"""A report as Markdown; figures lie in a folder beside it."""

from __future__ import annotations

from causalgreen.report.page import Page, Section, blocks_of, captions
from causalgreen.report.tables import markdown_table

__all__ = ["markdown_page"]


def markdown_page(page: Page, figures: tuple[str | None, ...]) -> str:
    """Render a page; ``figures`` holds each section's figure path, or None.

    Examples
    --------
    >>> from causalgreen.report.page import Page
    >>> print(markdown_page(Page("Title", "Lead."), ()))
    # Title
    <BLANKLINE>
    Lead.
    <BLANKLINE>
    """
    parts = [f"# {page.title}", page.lead]
    for section, figure, told in zip(page.sections, figures, captions(page), strict=True):
        parts += _section(section, figure, told, page.lang)
    if page.footer:
        parts += ["---", page.footer]
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(section: Section, figure: str | None, told: tuple[str, str], lang: str) -> list[str]:
    parts = [f"{'#' * section.level} {section.title}"]
    for kind, lines in blocks_of(section.text):
        marks = {"list": "- {}", "steps": "{i}. {}"}
        mark = marks.get(kind, "{}")
        parts.append("\n".join(mark.format(line, i=i) for i, line in enumerate(lines, 1)))
    if figure is not None:
        parts += [f"![{section.alt or section.title}](<{figure}>)", f"*{told[0]}*"]
    if section.table is not None:
        parts += [f"*{told[1]}*", markdown_table(section.table, lang)]
    if section.note:
        parts.append(section.note)
    return parts
