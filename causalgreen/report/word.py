"""A report as a Word file: real tables with three lines, embedded figures."""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING, Any

from causalgreen.errors import DesignError
from causalgreen.report.cells import LONG, Cells, as_cells, length
from causalgreen.report.page import Page, Section, blocks_of, captions, png_of

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
    _table(document, as_cells(table, table.lang))
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
    document.styles["Normal"].font.size = Pt(10.5)
    document.styles["Caption"].font.size = Pt(10)
    for part in document.sections:
        part.page_width, part.page_height = Cm(21), Cm(29.7)
        part.left_margin = part.right_margin = Cm(2.2)
        part.top_margin = part.bottom_margin = Cm(2.2)
    properties = document.core_properties
    properties.title, properties.author = title, "causalgreen"
    properties.language = {"zh": "zh-CN", "en": "en-GB"}[lang]
    return document


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
        about = shape._inline.docPr
        about.set("descr", section.alt or section.title)
        about.set("title", told[0])
        _caption(document, told[0])
    if section.table is not None:
        _caption(document, told[1], above=True)
        _table(document, as_cells(section.table, lang))
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


def _table(document: Any, cells: Cells) -> None:
    table = document.add_table(rows=0, cols=len(cells.heads))
    table.autofit = True
    table.alignment = 1
    size = 9 if len(cells.heads) <= 7 else 7.5
    heads = table.add_row()
    _fill(heads, cells.heads, cells, size, bold=True)
    _repeat(heads)
    for row in cells.rows:
        _fill(table.add_row(), row, cells, size)
    lines = {0: {"top": 12, "bottom": 6}, **{n + 1: {"top": 6} for n in cells.rules}}
    lines.setdefault(len(cells.rows), {})
    lines[len(cells.rows)]["bottom"] = 12
    for number, sides in lines.items():
        for cell in table.rows[number].cells:
            _border(cell, sides)
    document.add_paragraph().paragraph_format.space_after = 0


def _fill(row: Any, texts: tuple[str, ...], cells: Cells, size: float, bold: bool = False) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
    from docx.shared import Cm, Pt

    for place, (cell, text) in enumerate(zip(row.cells, texts, strict=True)):
        paragraph = cell.paragraphs[0]
        run = paragraph.add_run(text)
        run.font.size, run.bold = Pt(size), bold
        paragraph.paragraph_format.space_after = paragraph.paragraph_format.space_before = 0
        if cells.centred and place:
            paragraph.alignment = ALIGN.CENTER
        elif cells.numeric[place]:
            paragraph.alignment = ALIGN.RIGHT
        if any(length(r[place]) > LONG for r in cells.rows):
            cell.width = Cm(6.5)


def _repeat(row: Any) -> None:
    """Show the heads again on the next page."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(mark)


def _border(cell: Any, sides: dict[str, int]) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    properties = cell._tc.get_or_add_tcPr()
    borders = OxmlElement("w:tcBorders")
    for side in ("top", "bottom"):
        if side in sides:
            line = OxmlElement(f"w:{side}")
            for key, value in (("val", "single"), ("sz", sides[side]), ("color", "000000")):
                line.set(qn(f"w:{key}"), str(value))
            borders.append(line)
    # tcBorders comes after the width, and before shading and alignment
    width = properties.find(qn("w:tcW"))
    properties.insert(0 if width is None else properties.index(width) + 1, borders)
