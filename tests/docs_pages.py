"""Pages of the documentation as tests see them: code blocks, what they print, headings, links.

    python tests/docs_pages.py docs/tutorial.md

runs a page and writes what its blocks print into the ``text`` blocks below them.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import sys
import tempfile
import traceback
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]

FENCE = re.compile(r"^(`{3,})([\w+-]*)[^\n]*\n(.*?)^\1[ ]*$", re.S | re.M)
NO_RUN = re.compile(r"<!-- no-run: (.+?) -->\s*$")
SETUP = re.compile(r"<!-- setup\n(.*?)-->", re.S)
STARTS_FROM = re.compile(r"<!-- starts-from: (\S+) -->")
NUMBER = re.compile(r"(?<![\w.])[-+−]?(?:\d[\d,]*\.?\d*|\.\d+)(?:e[-+]?\d+)?(?![\w])")
DOCTEST = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


@dataclass(frozen=True, slots=True)
class Block:
    """A Python block: its code, line, what it should print (or None), why it is not run (or "")."""

    code: str
    line: int
    expected: str | None
    span: tuple[int, int] | None
    reason: str


def blocks(page):
    """Python blocks of a page, each with the ``text`` block that follows it."""
    text = page.read_text("utf-8")
    found = list(FENCE.finditer(text))
    out = []
    for i, fence in enumerate(found):
        if fence[2] != "python":
            continue
        told = NO_RUN.search(text[: fence.start()])
        after = found[i + 1] if i + 1 < len(found) else None
        printed = after if after and after[2] == "text" else None
        if printed and text[fence.end() : printed.start()].strip():
            printed = None
        out.append(
            Block(
                fence[3],
                text[: fence.start(3)].count("\n"),
                printed[3] if printed else None,
                printed.span(3) if printed else None,
                told[1] if told else "",
            )
        )
    return out


def starts_from(page):
    """The page whose names this one goes on with, or None."""
    told = STARTS_FROM.search(page.read_text("utf-8"))
    return page.parent / told[1] if told else None


def run(page, names, on_block=None):
    """Run the blocks of a page in one namespace, and say what each printed.

    A comment ``<!-- setup`` holds code that comes first and is not shown.
    """
    for code in SETUP.findall(page.read_text("utf-8")):
        exec(compile(code, f"{page} setup", "exec"), names)
    for block in blocks(page):
        if block.reason:
            continue
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            if ">>>" in block.code:
                _doctest(block, page, names)
            else:
                exec(compile("\n" * block.line + block.code, str(page), "exec"), names)
        if on_block:
            on_block(block, printed.getvalue())
    return names


def _doctest(block, page, names):
    parsed = doctest.DocTestParser().get_doctest(block.code, names, page.name, str(page), 0)
    runner = doctest.DocTestRunner(optionflags=DOCTEST, verbose=False)
    wrong = io.StringIO()
    runner.run(parsed, out=wrong.write, clear_globs=False)
    assert not runner.failures, wrong.getvalue()


def difference(expected, printed):
    """The first part of ``expected`` that is not in ``printed``; "" where all of it is.

    Numbers may differ by one in the last digit shown; a line ``...`` stands for any lines.
    """
    want, have = _lines(expected), _lines(printed)
    parts, open_end = [[]], False
    for line in want:
        if line == "...":
            parts.append([])
        else:
            parts[-1].append(line)
    at = 0
    for k, part in enumerate(parts):
        last = k == len(parts) - 1
        starts = [at] if k == 0 else range(at, len(have) - len(part) + 1)
        if last and part:
            starts = [s for s in starts if s + len(part) == len(have)]
        place = next((s for s in starts if _same(part, have[s : s + len(part)])), None)
        if place is None:
            return "\n".join(part)
        at = place + len(part)
        open_end = last and k > 0 and not part
    return "" if at == len(have) or open_end else "(nothing more)"


def _lines(text):
    lines = (re.sub(r"\s+", " ", line).strip() for line in text.strip().splitlines())
    return [line for line in lines if line]


def _same(want, have):
    return len(want) == len(have) and all(map(same_line, want, have))


def same_line(want, have):
    """Whether two lines are equal but for one in the last digit of a number."""
    if want == have:
        return True
    if NUMBER.sub("#", want) != NUMBER.sub("#", have):
        return False
    pairs = zip(NUMBER.findall(want), NUMBER.findall(have), strict=True)
    return all(_near(a, b) for a, b in pairs)


def _near(a, b):
    x, y = (float(s.replace(",", "").replace("−", "-")) for s in (a, b))
    mantissa, _, power = a.partition("e")
    digits = len(mantissa.partition(".")[2])
    unit = 10.0 ** (int(power or 0) - digits) if "." in a else 0.0
    return abs(x - y) <= 1.001 * unit


def slug(heading):
    """The anchor that the site gives a heading (see `tools/docs_hooks.py`)."""
    plain = re.sub(r"`|\*|\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    kept = re.sub(r"[^\w\s-]", "", plain).strip().lower()
    name = re.sub(r"[-\s]+", "-", kept)
    return f"s{name}" if name[:1].isdigit() else name


def anchors(page):
    """Anchors of a page's headings, and those set by hand."""
    text = without_code(page)
    out = set()
    for heading in re.findall(r"^#{1,6} +(.+?) *$", text, re.M):
        name, n = slug(heading), 0
        while (name if not n else f"{name}_{n}") in out:
            n += 1
        out.add(name if not n else f"{name}_{n}")
    return out | set(re.findall(r"<a id=\"([^\"]+)\"", text))


def without_code(page):
    """The text of a page without code and comments."""
    text = FENCE.sub("", page.read_text("utf-8"))
    text = re.sub(r"<!--.*?-->", "", text, flags=re.S)
    return re.sub(r"`[^`\n]+`", "`code`", text)


def links(page):
    """Targets of the links and images of a page."""
    return re.findall(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)", without_code(page))


def rewrite(page, before):
    """Write what blocks print below them, to the last digit; blocks with gaps are left to hands."""
    text, changes = page.read_text("utf-8"), []

    def keep(block, printed):
        if not block.span:
            return
        if "\n...\n" in f"\n{block.expected}":
            if difference(block.expected, printed):
                print(f"{page.name}:{block.line}: by hand, it now prints\n{printed}")
        elif block.expected.rstrip() != printed.rstrip():
            changes.append((block.span, printed.rstrip() + "\n"))

    names = run(page, dict(before), keep)
    for (a, b), printed in reversed(changes):
        text = text[:a] + printed + text[b:]
    page.write_text(text, "utf-8")
    return names


def _main(asked):
    made = {}
    for page in asked:
        base = starts_from(page)
        base = base.resolve() if base else None
        if base and base not in made:
            made[base] = rewrite(base, {"__name__": "__main__"})
        before = made[base] if base else {"__name__": "__main__"}
        try:
            made[page] = rewrite(page, before)
        except Exception:
            print(f"{page.name} stopped\n{traceback.format_exc(limit=-3)}")
        print(f"{page.name} done", flush=True)


if __name__ == "__main__":
    pages = [Path(name).resolve() for name in sys.argv[1:]]
    os.chdir(tempfile.mkdtemp())
    _main(pages)
