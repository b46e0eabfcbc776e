"""The handbook as a browser gets it: from a folder, without a network, with every link alive."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import docs_pages as pages
import pytest

ROOT = pages.ROOT


@pytest.fixture(scope="module")
def hooks():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "tools"))
        import docs_hooks
    return docs_hooks


def _write(folder, name, text):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, "utf-8")


def test_faults_of_a_site_are_named(hooks, tmp_path):
    _write(tmp_path, "a/style.css", "@import '//fonts.example.org/x.css'; b { c: url(http://d.e) }")
    _write(tmp_path, "good.html", "<h2 id='here'>x</h2><a href='#here'>y</a>")
    _write(
        tmp_path,
        "a/bad.html",
        """<script src="https://cdn.example.org/x.js"></script><link rel="stylesheet" href="no.css">
        <link rel="icon" href="data:image/png;base64,AA"><link rel="canonical" href="https://x.org/">
        <img src="style.css"><a href="../good.html#there">1</a> <a href="../lost.html">2</a>
        <a href="../good.html#here">3</a> <a href="http://example.org">4</a> <a href="..">5</a>
        <a href="https://doi.org/10.1093/ectj/utaf011">6</a>""",
    )
    assert hooks.faults_of(tmp_path) == [
        "a/bad.html loads https://cdn.example.org/x.js",
        "a/bad.html loads no.css, which is not there",
        "a/bad.html links to ../good.html#there, which has no such anchor",
        "a/bad.html links to ../lost.html, which is not there",
        "a/bad.html links to http://example.org, which is no address",
        "a/bad.html links to .., which is not there",
        "a/bad.html shows style.css without words for it",
        "a/style.css loads //fonts.example.org/x.css",
        "a/style.css loads http://d.e",
    ]


def test_the_way_home_is_a_file(hooks):
    page = '<head></head><a class="navbar-brand" href="{}">causalgreen</a>'
    for href in (".", "..", "../.."):
        assert f'href="{href}/index.html"' in hooks.on_post_page(page.format(href))


def test_a_fault_stops_the_build(hooks, tmp_path):
    mkdocs = pytest.importorskip("mkdocs.exceptions", reason="mkdocs comes with the extra docs")
    _write(tmp_path, "search/search_index.json", "{}")
    hooks.on_post_build({"site_dir": str(tmp_path)})
    assert (tmp_path / "search" / "search_index.js").is_file()
    _write(tmp_path, "index.html", "<img src='https://example.org/x.png' alt='x'>")
    with pytest.raises(mkdocs.Abort, match=r"index.html loads https://example.org/x.png"):
        hooks.on_post_build({"site_dir": str(tmp_path)})


def test_the_site_is_built_without_a_warning(hooks, tmp_path):
    pytest.importorskip("mkdocs", reason="to build the handbook needs the extra docs")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    made = {p.relative_to(tmp_path).as_posix() for p in Path(tmp_path).rglob("*.html")}
    wanted = [p for p in pages.PAGES if pages.DOCS in p.parents]
    assert {p.relative_to(pages.DOCS).with_suffix(".html").as_posix() for p in wanted} <= made
    for page in wanted:  # the anchors that the links of Markdown pages are checked against
        html = (tmp_path / page.relative_to(pages.DOCS).with_suffix(".html")).read_text("utf-8")
        assert pages.anchors(page) - hooks._Page(html).anchors == set(), page.name
