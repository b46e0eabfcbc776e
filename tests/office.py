"""Reports in every format, read back; Chromium, LaTeX and LibreOffice where they are installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO

import docx
import matplotlib.pyplot as plt
import pandas as pd
import pytest
from fakes import fake_study
from matplotlib.figure import Figure

from causalgreen.falsify.finding import Falsification, Finding
from causalgreen.report import study_page
from causalgreen.report.picture import png_of

HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
MANIFEST = {"data": {"sha256": HASH, "rows": 240}, "seed": 0}
LONG = "No lead is found in 4 equations (600 firms; smallest Holm p 1.00), 20% & more_or_less."

# shows a page in frames as wide as a desk's and a phone's screen, and says what it sees
FRAMES = """<!doctype html><meta charset="utf-8"><pre id="out"></pre><script>
const page = PAGE, sizes = [1280, 390], out = [];
function look(place) {
  if (place === sizes.length) {
    document.getElementById("out").textContent = out.join("\\n");
    return;
  }
  const frame = document.createElement("iframe");
  frame.style.width = sizes[place] + "px"; frame.style.height = "900px"; frame.style.border = 0;
  frame.onload = () => {
    const d = frame.contentDocument, root = d.documentElement, inside = e => e.closest(".scroll");
    const wide = [...d.querySelectorAll("body *")].filter(
      e => !inside(e) && e.getBoundingClientRect().right > root.clientWidth + 1).length;
    const loads = frame.contentWindow.performance.getEntriesByType("resource")
      .filter(e => !e.name.startsWith("data:")).length;
    out.push(["SEEN", sizes[place], root.clientWidth, root.scrollWidth, wide, loads,
      getComputedStyle(d.body).backgroundColor].join("|"));
    frame.remove(); look(place + 1);
  };
  frame.srcdoc = page; document.body.append(frame);
}
look(0);
</script>"""


def program(*names):
    """The path of the first of these programs that is installed; the test is skipped if none is."""
    for name in names:
        if found := shutil.which(name):
            return found
    return pytest.skip(f"{names[0]} is not installed")


def run(command, folder, seconds=120):
    """Run a program; what it printed, as one text."""
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, capture_output=True, check=False,
        timeout=seconds, text=True, errors="replace",
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def _figure():
    figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
    axes.plot([0, 1, 4], label="a")
    axes.legend()
    return figure


def _wide():
    named = {"path": ["direct", "own_total"], "exchange": ["across firms", "across city"]}
    numbers = {f"share of placebo {i}": [0.125 * i - 0.7, 1234.5 + i] for i in range(1, 14)}
    return pd.DataFrame({**named, **numbers, "verdict": ["pass", "warn"]})


def office_page(lang):
    """A page with all that is hard to print: wide, tall, wordy tables, hashes, two languages."""
    tall = pd.DataFrame({"group": [f"g_{i}" for i in range(24)], "estimate": range(24)})
    tried = Falsification((
        Finding("placebo treatment", "Do the mediators carry the whole effect?", "pass", LONG,
                _wide(), _figure),
        Finding("overlap", "Do leads explain?", "warn", f"{LONG} {LONG} {LONG}", tall),
        Finding("placebo outcome", "Does it move?", "not applicable", "Name a column of counts"),
    ))  # fmt: skip
    page = study_page(fake_study(), falsification=tried, manifest=MANIFEST, lang=lang)
    drawn = (
        s if s.figure is None else replace(s, figure=small_figure(s.figure)) for s in page.sections
    )
    return replace(page, sections=tuple(drawn))


def small_figure(figure):
    """A figure of one small picture, which is quick to draw however many files show it."""
    picture = plt.imread(BytesIO(png_of(figure, dpi=60)))
    high, wide = picture.shape[:2]
    small = Figure(figsize=(wide / 60, high / 60))
    small.figimage(picture)
    return small


def _merged(panels):
    """One table of several panels that repeat the columns which name the rows."""
    rows = [{} for _ in panels[0][1]]
    for heads, body in panels:
        assert len(body) == len(rows)
        for row, texts in zip(rows, body, strict=True):
            for head, text in zip(heads, texts, strict=True):
                assert row.setdefault(head, text) == text
    return [tuple(row.items()) for row in rows]


class Html(HTMLParser):
    """Tables, texts and tags of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.tables, self.text, self._cell, self._row = [], [], "", None, None
        self._unseen = 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self._row = []
        elif tag in ("td", "th"):
            self._cell = ""
        elif tag == "span" and attrs.get("class") == "unseen":
            self._unseen = 1

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self._row.append(self._cell)
            self._cell = None
        elif tag == "tr":
            self.tables[-1].append(tuple(self._row))
        elif tag == "span":
            self._unseen = 0

    def handle_data(self, data):
        self.text += data
        if self._cell is not None and not self._unseen:
            self._cell += data

    def grids(self):
        """Tables as rows of (head, text)."""
        return [_merged([(table[0], table[1:])]) for table in self.tables]


def word_grids(path, caption):
    """Tables of a Word file: what stands between two captions of tables is one table."""
    document, found = docx.Document(str(path)), []
    for block in document.iter_inner_content():
        if not hasattr(block, "rows"):
            if block.style.name == "Caption" and block.text.startswith(caption):
                found.append([])
            continue
        heads, *body = [tuple(cell.text for cell in row.cells) for row in block.rows]
        found[-1].append((heads, body))
    return [_merged(panels) for panels in found]


def markdown_grids(text):
    """Tables of a Markdown file."""
    found = []
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        lines = [
            [part.strip() for part in re.split(r"(?<!\\)\|", line)[1:-1]]
            for line in block.splitlines()
        ]
        plain = [[re.sub(r"\\([|*])", r"\1", part) for part in line] for line in lines]
        found.append(_merged([(plain[0], plain[2:])]))
    return found


_PLAIN = (
    (r"\\allowbreak\{\}", ""),
    (r"\\shortstack\[.\]\{(.*?)\}(?= [&\\])", r"\1"),
    (r"\\ensuremath\{-\}", "−"),
    (r"\\ensuremath\{\\rightarrow\}", "→"),
    (r"\\ensuremath\{\\leftarrow\}", "←"),
    (r"\\ensuremath\{\^2\}", "²"),
    (r"\\ensuremath\{\\infty\}", "∞"),
    (r"\\textless\{\}", "<"),
    (r"\\textgreater\{\}", ">"),
    (r"\\textasciicircum\{\}", "^"),
    (r"\\([&%$#_{}])", r"\1"),
)


def _latex_row(line):
    cells = [cell.strip() for cell in re.split(r"(?<!\\)&", line.rsplit(r"\\", 1)[0] + " ")]
    out = []
    for cell in cells:
        text = cell + " &"
        for pattern, plain in _PLAIN:
            text = re.sub(pattern, plain, text)
        out.append(text[:-2].replace(r"\\", " ").strip())
    return tuple(out)


def latex_grids(text):
    """Tables of a LaTeX file: the tabulars of one caption are one table."""
    kinds = r"\\begin\{table\}.*?\\end\{table\}|\\begin\{longtable\}.*?\\end\{longtable\}"
    found = []
    for block in re.findall(kinds, text, re.DOTALL):
        block = re.sub(r"\\endfirsthead.*?\\endfoot", "", block, flags=re.DOTALL)
        parts = re.split(r"\\toprule", block)[1:]
        panels = []
        for part in parts:
            lines = [line for line in part.splitlines() if line.endswith(r"\\")]
            panels.append((_latex_row(lines[0]), [_latex_row(line) for line in lines[1:]]))
        found.append(_merged(panels))
    return found
