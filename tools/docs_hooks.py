"""Hooks of the handbook's build (`mkdocs.yml`), and what a built site must not have.

A strict build checks the links of Markdown pages. What is checked here is what came out: the pages
as a browser gets them, from a folder and without a network.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

# The theme's switch between light and dark looks for style sheets of a highlighter that is not
# used; without them its script stops before the switch does anything.
PLACES = '<style id="hljs-light"></style><style id="hljs-dark"></style>'
# The name in the corner leads to a folder, which is a page on a server only.
CORNER = re.compile(r'(<a class="navbar-brand" href=")(\.\.?(?:/\.\.)*)/?(")')
LOADS = {"src", "srcset", "poster", "data"}
REMOTE = re.compile(r"\s*(?:[a-z]+:)?//", re.IGNORECASE)
IN_STYLE = re.compile(r"url\(\s*['\"]?((?:[a-z]+:)?//[^)'\"]+)|@import\s+['\"]([^'\"]+)", re.I)
ADDRESS = re.compile(r"https://[\w.-]+\.[a-z]{2,}(?:[/?#][^\s<>\"]*)?")


def slug(heading: str, separator: str) -> str:
    """Anchor of a heading; one that began with a digit would break the theme's table of contents.

    Examples
    --------
    >>> slug("2. Who are they?", "-"), slug("For whom", "-")
    ('s2-who-are-they', 'for-whom')
    """
    from markdown.extensions.toc import slugify_unicode

    plain = slugify_unicode(heading, separator)
    return f"s{plain}" if plain[:1].isdigit() else plain


def on_config(config: Any, **_: Any) -> None:
    """Give headings our anchors."""
    config["mdx_configs"].setdefault("toc", {})["slugify"] = slug


def on_post_page(output: str, **_: Any) -> str:
    """Make the page's switch between light and dark, and its way home, work from a folder."""
    output = output.replace("</head>", f"{PLACES}</head>", 1)
    return CORNER.sub(r"\1\2/index.html\3", output)


def on_post_build(config: Any, **_: Any) -> None:
    """Lay the search index down as a script, too, and check the site.

    Pages opened from a folder may load no other kind of file.
    """
    site = Path(config["site_dir"])
    folder = site / "search"
    index = (folder / "search_index.json").read_text("utf-8")
    (folder / "search_index.js").write_text(f"window.searchIndex = {index};\n", "utf-8")
    faults = faults_of(site)
    if faults:
        from mkdocs.exceptions import Abort

        raise Abort("the site has faults:\n  " + "\n  ".join(faults))


class _Page(HTMLParser):
    """What a page loads, where its links lead, and which anchors it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.bare: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        self.loads += [found[name] for name in LOADS if name in found]
        if tag == "link" and found.get("rel") not in ("canonical", "next", "prev"):
            self.loads.append(found.get("href", ""))
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag == "img" and not found.get("alt"):
            self.bare.append(found.get("src", ""))


def faults_of(site: Path) -> list[str]:
    """What is wrong with a built site.

    Parameters
    ----------
    site : pathlib.Path
        Its folder.

    Returns
    -------
    list of str
        What is loaded from elsewhere, links and anchors that lead nowhere, addresses that are none,
        pictures without words.
    """
    pages = {path: _Page(path.read_text("utf-8")) for path in sorted(site.rglob("*.html"))}
    faults = []
    for path, page in pages.items():
        if path.name == "404.html":  # a server's page: its links are absolute
            continue
        for fault in _faults_of_page(path, page, pages):
            faults.append(f"{path.relative_to(site).as_posix()} {fault}")
    for path in sorted(site.rglob("*.css")):
        for address in IN_STYLE.findall(path.read_text("utf-8")):
            if any(map(REMOTE.match, address)):
                faults.append(f"{path.relative_to(site).as_posix()} loads {''.join(address)}")
    return faults


def _faults_of_page(path: Path, page: _Page, pages: dict[Path, _Page]) -> Iterator[str]:
    for target in page.loads:
        if REMOTE.match(target):
            yield f"loads {target}"
        elif not target.startswith("data:") and _end(path, target)[0] is None:
            yield f"loads {target}, which is not there"
    for target in page.links:
        if re.match(r"[a-z]+:", target):
            if not (ADDRESS.fullmatch(target) or target.startswith("mailto:")):
                yield f"links to {target}, which is no address"
            continue
        file, anchor = _end(path, target)
        if file is None:
            yield f"links to {target}, which is not there"
        elif anchor and file in pages and anchor not in pages[file].anchors:
            yield f"links to {target}, which has no such anchor"
    yield from (f"shows {source} without words for it" for source in page.bare)


def _end(path: Path, target: str) -> tuple[Path | None, str]:
    """File and anchor that a link leads to; None where there is no file."""
    parts = urlsplit(target)
    file = (path.parent / unquote(parts.path)).resolve() if parts.path else path.resolve()
    return (file if file.is_file() else None), unquote(parts.fragment)
