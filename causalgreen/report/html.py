"""A report as one self-contained HTML page: no network, no scripts."""

from __future__ import annotations

import html
import re
from importlib.resources import files

from causalgreen.report.page import Page, Section, blocks_of, captions
from causalgreen.report.phrases import phrases
from causalgreen.report.picture import address_of
from causalgreen.report.tables import html_table, marked_english

__all__ = ["html_page"]

_LANGUAGES = {"zh": "zh-Hans"}


def html_page(page: Page) -> str:
    """Render a page.

    Examples
    --------
    >>> from causalgreen.report.page import Page
    >>> "<h1>A &amp; B</h1>" in html_page(Page("A & B", "Lead."))
    True
    """
    style = files("causalgreen.report").joinpath("style.css").read_text("utf-8")
    title = html.escape(page.title)
    links = "\n".join(
        f'<li><a href="#part-{number}">{html.escape(section.title)}</a></li>'
        for number, section in enumerate(page.sections, 1)
        if section.level == 2
    )
    sections = "\n".join(
        _section(number, section, told, page.lang)
        for number, (section, told) in enumerate(zip(page.sections, captions(page), strict=True), 1)
    )
    label = phrases(page.lang)("contents")
    navigation = f'<nav aria-label="{label}"><ol>\n{links}\n</ol></nav>' if links else ""
    return f"""<!doctype html>
<html lang="{_LANGUAGES.get(page.lang, page.lang)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="causalgreen">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<p class="lead">{_inline(page.lead, page.lang)}</p>
{navigation}
</header>
<main>
{sections}
</main>
<footer>{_inline(page.footer, page.lang)}</footer>
</body>
</html>
"""


def _section(number: int, section: Section, told: tuple[str, str], lang: str) -> str:
    level = section.level
    kind = "" if level == 2 else ' class="sub"'
    parts = [
        f'<section id="part-{number}"{kind}>',
        f"<h{level}>{html.escape(section.title)}</h{level}>",
    ]
    parts += [_block(kind, lines, lang) for kind, lines in blocks_of(section.text)]
    if section.figure is not None:
        alt = html.escape(section.alt or section.title, quote=True)
        parts.append(
            '<figure><div class="scroll picture" role="region" tabindex="0" '
            f'aria-label="{html.escape(told[0], quote=True)}">'
            f"""<img alt="{alt}" src='{address_of(section.figure)}'></div>"""
            f"<figcaption>{html.escape(told[0])}</figcaption></figure>"
        )
    if section.table is not None:
        parts.append(html_table(section.table, told[1], lang))
    if section.note:
        parts.append(f'<p class="note">{_inline(section.note, lang)}</p>')
    parts.append("</section>")
    return "\n".join(parts)


def _block(kind: str, lines: tuple[str, ...], lang: str) -> str:
    if kind == "paragraph":
        return f"<p>{_inline(lines[0], lang)}</p>"
    items = "\n".join(f"<li>{_inline(line, lang)}</li>" for line in lines)
    tag = "ul" if kind == "list" else "ol"
    return f"<{tag}>\n{items}\n</{tag}>"


def _inline(text: str, lang: str = "en") -> str:
    """Escape, then mark up ``**strong**``, ``*emphasis*`` and ```code```."""
    safe = marked_english(html.escape(text, quote=False), lang)
    safe = re.sub(r"`([^`]+)`", r"<code>\1</code>", safe)
    safe = re.sub(r"\*\*(?=\S)([^*]+)(?<=\S)\*\*", r"<strong>\1</strong>", safe)
    return re.sub(r"(?<!\*)\*([^*\s][^*]*)\*(?!\*)", r"<em>\1</em>", safe)
