"""A report as a LaTeX document with three-line tables; figures lie in a folder beside it."""

from __future__ import annotations

import re
from typing import Any

from causalgreen.report.latex_tables import is_long, latex_long, latex_panels, latex_text
from causalgreen.report.page import Page, Section, blocks_of

__all__ = ["latex_page"]

_HOW = {
    "en": "Compile with pdflatex, xelatex or lualatex; twice, for the widths of long tables.",
    "zh": "Compile with xelatex (package xeCJK of TeX Live); twice, for the widths of long "
    "tables.\n% Another Chinese font: \\setCJKmainfont{SimSun} after \\usepackage{xeCJK}.",
}
_HEAD = r"""\documentclass[11pt,a4paper]{article}
\usepackage[margin=2.2cm]{geometry}
\usepackage{iftex}
"""
_FONTS = {
    "en": r"""\ifPDFTeX
  \usepackage[T1]{fontenc}
  \usepackage[utf8]{inputenc}
  \IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
\else
  \IfFileExists{xeCJK.sty}{\ifXeTeX\usepackage{xeCJK}\fi}{}
\fi
""",
    "zh": r"""\ifXeTeX\else
  \errmessage{This file is in Chinese: compile it with xelatex}
\fi
\usepackage{xeCJK}
\renewcommand{\figurename}{图}\renewcommand{\tablename}{表}
""",
}
_TABLES = r"""\usepackage{array,booktabs,longtable,float,graphicx,caption,adjustbox}
\captionsetup{font=small,labelfont=bf}
\setlength{\parindent}{0pt}\setlength{\parskip}{.6em}
\setlength{\tabcolsep}{3.2pt}\setlength{\LTcapwidth}{\linewidth}
\emergencystretch=3em
"""


def latex_page(page: Page, figures: tuple[str | None, ...]) -> str:
    r"""Render a page; ``figures`` holds each section's figure path, or None.

    Examples
    --------
    >>> from causalgreen.report.page import Page
    >>> r"R\&D" in latex_page(Page("R&D", "Lead."), ())
    True
    """
    parts = [rf"\section*{{{latex_text(page.title)}}}", _inline(page.lead)]
    for section, figure in zip(page.sections, figures, strict=True):
        parts += _section(section, figure, page.lang)
    if page.footer:
        parts.append(rf"\medskip{{\footnotesize {_inline(page.footer)}\par}}")
    spaced = "\\captionsetup{labelsep=quad}\n" if page.lang == "zh" else ""
    head = f"% Made by causalgreen. {_HOW[page.lang]}\n{_HEAD}{_FONTS[page.lang]}{_TABLES}{spaced}"
    return (
        head
        + "\\begin{document}\n"
        + "\n\n".join(part for part in parts if part)
        + "\n\\end{document}\n"
    )


def _section(section: Section, figure: str | None, lang: str) -> list[str]:
    name = "subsection" if section.level == 2 else "subsubsection"
    parts = [rf"\{name}*{{{latex_text(section.title)}}}"]
    for kind, lines in blocks_of(section.text):
        if kind == "paragraph":
            parts.append(_inline(lines[0]))
            continue
        items = "\n".join(rf"  \item {_inline(line)}" for line in lines)
        name = "itemize" if kind == "list" else "enumerate"
        parts.append(f"\\begin{{{name}}}\n{items}\n\\end{{{name}}}")
    caption = section.caption or section.title
    if figure is not None:
        picture = (
            r"\includegraphics[width=.95\linewidth,height=.8\textheight,keepaspectratio]"
            f"{{{figure}}}"
        )
        parts.append(_standing("figure", [picture, rf"\caption{{{latex_text(caption)}}}"]))
    note = rf"{{\footnotesize {_inline(section.note)}\par}}" if section.note else ""
    if section.table is not None:
        parts.append(_table(section.table, caption, note, lang))
    elif note:
        parts.append(note)
    return parts


def _table(table: Any, caption: str, note: str, lang: str) -> str:
    """A table where the text has it; one with sentences or many rows runs over pages."""
    if is_long(table, lang):
        return f"{{\\footnotesize\n{latex_long(table, caption, lang)}\n}}\n{note}".strip()
    lines = [rf"\caption{{{latex_text(caption)}}}", r"\footnotesize"]
    for panel in latex_panels(table, lang):
        lines += [r"\begin{adjustbox}{max width=\linewidth}", panel, r"\end{adjustbox}"]
        lines.append(r"\par\medskip")
    return _standing("table", [*lines, rf"\raggedright {note}"] if note else lines)


def _standing(kind: str, lines: list[str]) -> str:
    return "\n".join([rf"\begin{{{kind}}}[H]", r"\centering", *lines, rf"\end{{{kind}}}"])


def _inline(text: str) -> str:
    """Escape, then mark up ``**strong**`` and ```code```."""
    safe = re.sub(r"`([^`]+)`", r"\\texttt{\1}", latex_text(text))
    safe = re.sub(r"\*\*(?=\S)([^*]+)(?<=\S)\*\*", r"\\textbf{\1}", safe)
    return re.sub(r"(?<!\*)\*([^*\s][^*]*)\*(?!\*)", r"\\emph{\1}", safe)
