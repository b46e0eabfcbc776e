"""A report as a LaTeX document with three-line tables; figures lie in a folder beside it."""

from __future__ import annotations

import re

from causalgreen.report.latex_tables import latex_table, latex_text
from causalgreen.report.page import Page, Section, blocks_of

__all__ = ["latex_page"]

_HEAD = r"""% Made by causalgreen. Compiles with pdflatex; Chinese text with xelatex and xeCJK.
\documentclass[11pt]{article}
\usepackage[margin=2.5cm]{geometry}
\usepackage{iftex}
\ifPDFTeX
  \usepackage[T1]{fontenc}
  \usepackage[utf8]{inputenc}
\else
  \IfFileExists{xeCJK.sty}{\usepackage{xeCJK}}{}
\fi
\usepackage{booktabs,graphicx,caption,adjustbox}
\captionsetup{font=small,labelfont=bf}
\setlength{\parindent}{0pt}\setlength{\parskip}{.6em}
"""
_CHINESE = r"""\renewcommand{\figurename}{图}\renewcommand{\tablename}{表}
\captionsetup{labelsep=quad}
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
    head = _HEAD + (_CHINESE if page.lang == "zh" else "") + "\\begin{document}\n"
    return head + "\n\n".join(part for part in parts if part) + "\n\\end{document}\n"


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
    caption = rf"\caption{{{latex_text(section.caption or section.title)}}}"
    if figure is not None:
        picture = rf"\includegraphics[width=.95\linewidth]{{{figure}}}"
        parts.append(_floating("figure", [picture, caption]))
    if section.table is not None:
        fitted = [r"\begin{adjustbox}{max width=\linewidth}", latex_table(section.table, lang)]
        fitted.append(r"\end{adjustbox}")
        note = [rf"\par\smallskip{{\footnotesize {_inline(section.note)}\par}}"]
        parts.append(_floating("table", [caption, *fitted, *(note if section.note else [])]))
    elif section.note:
        parts.append(rf"{{\footnotesize {_inline(section.note)}\par}}")
    return parts


def _floating(kind: str, lines: list[str]) -> str:
    return "\n".join([rf"\begin{{{kind}}}[!htbp]", r"\centering", *lines, rf"\end{{{kind}}}"])


def _inline(text: str) -> str:
    """Escape, then mark up ``**strong**`` and ```code```."""
    safe = re.sub(r"`([^`]+)`", r"\\texttt{\1}", latex_text(text))
    safe = re.sub(r"\*\*(?=\S)([^*]+)(?<=\S)\*\*", r"\\textbf{\1}", safe)
    return re.sub(r"(?<!\*)\*([^*\s][^*]*)\*(?!\*)", r"\\emph{\1}", safe)
