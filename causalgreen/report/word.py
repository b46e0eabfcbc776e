"""A report as a Word file: real tables with three lines, embedded figures."""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING, Any

from causalgreen.errors import DesignError
from causalgreen.report.cells import as_cells
from causalgreen.report.page import Page, Section, blocks_of, captions
from causalgreen.report.picture import png_of
from causalgreen.report.word_tables import add_tables

if TYPE_CHECKING:
    from causalgreen.report.journal import JournalTable

__all__ = ["need_word", "word_page", "word_table"]

_MARKS = re.compile(
    r"\*\*(?=\S)(?P<strong>[^*]+)(?<=\S)\*\*|`(?P<code>[^`]+)`|\*(?P<em>[^*\s][^*]*)\*"
)
_FONTS = {"en": ("Times New Roman", "SimSun"), "zh": ("Times New Roman", "宋体")}
_STYLES = {"list": "List Bullet", "steps": "List Number"}


def need_word() -> Any:
    """Get python-docx, or say how to.

    Raises
    ------
    DesignError
        If it is not installed.
    """
    try:
        import docx
    except ImportError as error:
        raise DesignError(
            "a Word file needs python-docx, which is not installed: pip install 'causalgreen[word]'"
        ) from error
    return docx


def word_page(page: Page) -> bytes:
    """Render a page."""
    document = _document(page.title, page.lang)
    document.add_heading(page.title, 0)
    _paragraph(document, page.lead)
    for section, told in zip(page.sections, captions(page), strict=True):
        _section(document, section, told, page.lang)
    if page.footer:
        _paragraph(document, page.footer, size=8)
    return _bytes(document)


def word_table(table: JournalTable) -> bytes:
    """Render one table with its caption and note."""
    document = _document(table.title, table.lang)
    if table.title:
        _caption(document, table.title)
    add_tables(document, as_cells(table, table.lang))
    if table.note:
        _paragraph(document, table.note, size=9)
    return _bytes(document)


def _document(title: str, lang: str) -> Any:
    docx = need_word()
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt, RGBColor

    document = docx.Document()
    latin, eastern = _FONTS[lang]
    for name in ("Normal", "Title", "Heading 1", "Heading 2", "Caption"):
        style = document.styles[name]
        style.font.name = latin
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for kind in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{kind}"), None)
        fonts.set(qn("w:eastAsia"), eastern)
        style.font.color.rgb = RGBColor(0, 0, 0)
    rule = document.styles["Title"].element.pPr.find(qn("w:pBdr"))
    if rule is not None:  # the blue line below the title
        rule.getparent().remove(rule)
    document.styles["Normal"].font.size = Pt(10.5)
    document.styles["Caption"].font.size = Pt(10)
    _tongue(document.styles["Normal"], lang)
    for part in document.sections:
        part.page_width, part.page_height = Cm(21), Cm(29.7)
        part.left_margin = part.right_margin = Cm(2.2)
        part.top_margin = part.bottom_margin = Cm(2.2)
    properties = document.core_properties
    properties.title, properties.author = title, "causalgreen"
    properties.language = {"zh": "zh-CN", "en": "en-GB"}[lang]
    return document


def _tongue(style: Any, lang: str) -> None:
    """The language of the text: spelling, and the shapes of Chinese characters and marks."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    mark = OxmlElement("w:lang")
    mark.set(qn("w:val"), "en-GB")
    mark.set(qn("w:eastAsia"), "zh-CN" if lang == "zh" else "en-GB")
    style.element.get_or_add_rPr().append(mark)


def _bytes(document: Any) -> bytes:
    buffer = BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _section(document: Any, section: Section, told: tuple[str, str], lang: str) -> None:
    from docx.shared import Cm

    document.add_heading(section.title, section.level - 1)
    for kind, lines in blocks_of(section.text):
        for number, line in enumerate(lines, 1):
            # numbers are written out: a numbered style would count on from the list before
            _paragraph(document, f"{number}. {line}" if kind == "steps" else line,
                       style=_STYLES[kind] if kind == "list" else None)  # fmt: skip
    if section.figure is not None:
        shape = document.add_picture(BytesIO(png_of(section.figure)), width=Cm(16))
        if shape.height > Cm(21):
            shape.width, shape.height = int(shape.width * Cm(21) / shape.height), Cm(21)
        document.paragraphs[-1].paragraph_format.keep_with_next = True
        about = shape._inline.docPr
        about.set("descr", section.alt or section.title)
        about.set("title", told[0])
        _caption(document, told[0])
    if section.table is not None:
        _caption(document, told[1], above=True)
        add_tables(document, as_cells(section.table, lang))
    if section.note:
        _paragraph(document, section.note, size=9)


def _caption(document: Any, text: str, above: bool = False) -> None:
    paragraph = document.add_paragraph(text, style="Caption")
    paragraph.paragraph_format.keep_with_next = above


def _paragraph(document: Any, text: str, style: str | None = None, size: float = 0) -> None:
    from docx.shared import Pt

    paragraph = document.add_paragraph(style=style)
    place = 0
    for found in _MARKS.finditer(text):
        paragraph.add_run(text[place : found.start()])
        run = paragraph.add_run(found["strong"] or found["code"] or found["em"])
        run.bold, run.italic = bool(found["strong"]), bool(found["em"])
        if found["code"]:
            run.font.name = "Consolas"
        place = found.end()
    paragraph.add_run(text[place:])
    if size:
        for run in paragraph.runs:
            run.font.size = Pt(size)
