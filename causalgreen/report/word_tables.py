"""Tables of a Word file: three lines, widths that follow the text, heads on every page."""

from __future__ import annotations

from typing import Any

from causalgreen.report.cells import Cells
from causalgreen.report.widths import ROOM, panels, widths

__all__ = ["add_tables"]

PAGE_CM = 16.6
KEPT = 24  # a table of up to so many rows stays on one page


def add_tables(document: Any, cells: Cells) -> None:
    """Add a table, as several below one another where it is too wide for the page."""
    for panel in panels(cells):
        _table(document, panel)
        document.add_paragraph().paragraph_format.space_after = 0


def _table(document: Any, cells: Cells) -> None:
    from docx.shared import Cm

    table = document.add_table(rows=0, cols=len(cells.heads))
    table.autofit = False
    table.alignment = 1
    _margins(table)
    sizes = widths(cells)
    # few short columns are printed larger
    size, scale = (9.0, 1.12) if sum(sizes) * 1.12 <= ROOM else (8.0, 1.0)
    room = [Cm(PAGE_CM * scale * width / ROOM) for width in sizes]
    for column, width in zip(table.columns, room, strict=True):
        column.width = width
    rows = [table.add_row() for _ in range(1 + len(cells.rows))]
    for number, (row, texts) in enumerate(zip(rows, (cells.heads, *cells.rows), strict=True)):
        together = number == 0 or (len(rows) <= KEPT and number < len(rows) - 1)
        _fill(row, texts, cells, size, bold=number == 0, together=together)
        _mark(row, "w:cantSplit")
        for cell, width in zip(row.cells, room, strict=True):
            cell.width = width
    _mark(rows[0], "w:tblHeader")
    lines = {0: {"top": 12, "bottom": 6}, **{n + 1: {"top": 6} for n in cells.rules}}
    lines.setdefault(len(cells.rows), {})
    lines[len(cells.rows)]["bottom"] = 12
    for number, sides in lines.items():
        for cell in rows[number].cells:
            _border(cell, sides)


def _fill(
    row: Any, texts: tuple[str, ...], cells: Cells, size: float, bold: bool, together: bool
) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
    from docx.shared import Pt

    for place, (cell, text) in enumerate(zip(row.cells, texts, strict=True)):
        paragraph = cell.paragraphs[0]
        run = paragraph.add_run(text)
        run.font.size, run.bold = Pt(size), bold
        form = paragraph.paragraph_format
        form.space_after = form.space_before = 0
        form.keep_with_next = together
        if cells.centred and place:
            paragraph.alignment = ALIGN.CENTER
        elif cells.numeric[place]:
            paragraph.alignment = ALIGN.RIGHT


def _margins(table: Any) -> None:
    """Narrow margins beside the text of cells, in twentieths of a point, as the widths expect."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    margins = OxmlElement("w:tblCellMar")
    for side, twentieths in (("top", 25), ("left", 70), ("bottom", 15), ("right", 70)):
        edge = OxmlElement(f"w:{side}")
        edge.set(qn("w:w"), str(twentieths))
        edge.set(qn("w:type"), "dxa")
        margins.append(edge)
    look = table._tbl.tblPr.find(qn("w:tblLook"))
    if look is None:
        table._tbl.tblPr.append(margins)
    else:  # the order of these elements is fixed
        look.addprevious(margins)


def _mark(row: Any, name: str) -> None:
    """Say of a row that it is a head, to be shown again on the next page, or cannot be split."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    mark = OxmlElement(name)
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
