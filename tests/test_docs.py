"""The documentation is true: code runs and prints what the pages say, names and links exist."""

from __future__ import annotations

import ast
import importlib
import re
import tomllib
import warnings

import docs_pages as pages
import pytest

import causalgreen as cg

ROOT = pages.ROOT
TUTORIAL = pages.DOCS / "tutorial.md"
CHINESE = pages.DOCS / "zh" / "tutorial.md"
TESTED_ELSEWHERE = {ROOT / "README.md": "test_project.test_readme_python_runs", CHINESE: "below"}
SLOW = {pages.DOCS / name for name in ("migration.md", "falsification.md", "report.md")}


def _name(page):
    return page.relative_to(ROOT).as_posix()


def _run(page, names, folder, monkeypatch):
    """Run a page as it is and compare what it prints; reports leave out the part for whom."""
    import matplotlib.pyplot as plt

    monkeypatch.setenv("MPLBACKEND", "Agg")
    plt.switch_backend("Agg")
    monkeypatch.chdir(folder)
    report = cg.Study.report

    def brief(self, path, effects=None, surface=None, falsification=None, **options):
        return report(self, path, effects, None, falsification, **{**options, "whom": False})

    monkeypatch.setattr(cg.Study, "report", brief)
    wrong = []

    def compare(block, printed):
        plt.close("all")
        if block.expected is not None and (part := pages.difference(block.expected, printed)):
            wrong.append(f"{_name(page)}:{block.line} does not print\n{part}\nbut\n{printed}")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        names = pages.run(page, names, compare)
    assert not wrong, "\n\n".join(wrong)
    return names


@pytest.fixture(scope="module")
def tutorial(tmp_path_factory):
    """What the tutorial leaves behind, for the pages that go on from it."""
    folder = tmp_path_factory.mktemp("tutorial")
    with pytest.MonkeyPatch.context() as patch:
        return _run(TUTORIAL, {"__name__": "__main__"}, folder, patch)


def _cases():
    for page in pages.PAGES:
        if page in TESTED_ELSEWHERE or page == TUTORIAL:
            continue
        if any(not b.reason for b in pages.blocks(page)):
            marks = [pytest.mark.slow] if page in SLOW else []
            yield pytest.param(page, id=_name(page), marks=marks)


def test_tutorial_runs(tutorial):
    truth, paths = tutorial["truth"].average, tutorial["paths"].tidy().set_index("term")
    assert ((paths["conf_low"] < truth) & (truth < paths["conf_high"])).all()


@pytest.mark.parametrize("page", _cases())
def test_page_runs(page, request, tmp_path, monkeypatch):
    names, base = {"__name__": "__main__"}, pages.starts_from(page)
    if base:
        if base.resolve() == TUTORIAL:
            names = dict(request.getfixturevalue("tutorial"))
        else:
            names = _run(base, names, tmp_path, monkeypatch)
    _run(page, names, tmp_path, monkeypatch)


def test_chinese_tutorial_has_the_same_code(tutorial, tmp_path, monkeypatch):
    english = {_bare(b.code): b for b in pages.blocks(TUTORIAL)}
    other = 0
    for block in pages.blocks(CHINESE):
        twin = english.pop(_bare(block.code), None)
        if twin is None:
            other += 1
        elif block.expected is not None and 'lang="zh"' not in block.code:
            assert not pages.difference(block.expected, twin.expected), block.line
    assert not english, "the Chinese page lacks these blocks"
    assert other == 0
    chinese = [b for b in pages.blocks(CHINESE) if 'lang="zh"' in b.code]
    assert chinese
    monkeypatch.chdir(tmp_path)
    summary = str(tutorial["study"].summary(*(tutorial[n] for n in ("paths", "hetero", "found")),
                                            lang="zh"))  # fmt: skip
    assert not pages.difference(chinese[0].expected, summary)


def _bare(code):
    """Code without comments and without the language."""
    return ast.unparse(ast.parse(code)).replace(", lang='zh'", "")


def test_blocks_that_are_not_run_say_why():
    reasons = [b.reason for p in pages.PAGES for b in pages.blocks(p) if b.reason]
    assert all(len(r) > 15 for r in reasons)
    assert len(reasons) <= 12


def test_difference_finds_what_is_not_true():
    assert pages.difference("a 1.23\n...\nend", "a 1.24\nb\nend") == ""
    assert pages.difference("a 1.23", "a 1.25") == "a 1.23"
    assert pages.difference("12 firms", "13 firms") == "12 firms"
    assert pages.difference("x\n...\ny", "x\nz") == "y"
    assert pages.difference("x", "x\ny") == "x"
    assert pages.difference("p 0.0001 1e-05", "p 0.0001 3e-05") != ""


def _internal(page):
    return [t for t in pages.links(page) if not re.match(r"[a-z]+:", t)]


@pytest.mark.parametrize("page", pages.PAGES, ids=_name)
def test_internal_links_resolve(page):
    missing = []
    for target in _internal(page):
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        there = file.exists()
        if there and anchor and file.suffix == ".md":
            there = anchor in pages.anchors(file)
        if not there:
            missing.append(target)
        elif page.is_relative_to(pages.DOCS) and not file.is_relative_to(pages.DOCS):
            missing.append(f"{target} lies outside the handbook")
    assert missing == []


def test_external_links_are_addresses():
    pattern = r"https://[\w.-]+\.[a-z]{2,}(/[^\s<>\"]*)?|mailto:[\w.+-]+@[\w.-]+"
    targets = [t for p in pages.PAGES for t in pages.links(p) if re.match(r"[a-z]+:", t)]
    assert targets
    assert [t for t in targets if not re.fullmatch(pattern, t)] == []


def test_the_nav_has_every_page_once():
    nav = (ROOT / "mkdocs.yml").read_text("utf-8").partition("\nnav:")[2]
    listed = re.findall(r"^ +- [^#\n]+: ([\w/.-]+\.md) *$", nav, re.M)
    there = [p.relative_to(pages.DOCS).as_posix() for p in pages.PAGES if pages.DOCS in p.parents]
    assert sorted(listed) == sorted(there)


def test_every_notebook_is_on_the_page_of_examples():
    text = (pages.DOCS / "examples.md").read_text("utf-8")
    files = [p for suffix in ("py", "ipynb") for p in (ROOT / "examples").glob(f"*.{suffix}")]
    assert files
    missing = [p.name for p in files if f"examples/{p.name}`" not in text]
    assert missing == []


def _directives():
    """Dotted names of the API page, each with the members that are picked out."""
    text = (pages.DOCS / "api.md").read_text("utf-8")
    for found in re.finditer(r"^::: (\S+)\n((?:    .*\n)*)", text, re.M):
        members = re.search(r"members: \[([^\]]*)\]", found[2])
        yield found[1], [m.strip() for m in members[1].split(",")] if members else None


def _resolve(name):
    module, _, last = name.rpartition(".")
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        return getattr(importlib.import_module(module), last)


def _documented():
    out = []
    for name, members in _directives():
        thing = _resolve(name)
        if hasattr(thing, "__path__") or type(thing).__name__ == "module":
            out += [getattr(thing, m) for m in members or thing.__all__]
        else:
            out.append(thing)
    return out


# Handed from one step to the next, or described where they are made.
PLUMBING = {
    "Adapter", "Cells", "Context", "FittedAdapter", "FittedProjection", "Forest", "GreenMatch",
    "HeldOut", "Learner", "PathForest", "Pieces", "Scores", "Stack",
}  # fmt: skip

DOORS = ("", ".data", ".graph", ".panel", ".report", ".study", ".errors")


@pytest.mark.parametrize("door", DOORS, ids=lambda d: f"causalgreen{d}")
def test_the_api_page_has_every_public_name(door):
    module = importlib.import_module(f"causalgreen{door}")
    documented = {id(thing) for thing in _documented()}
    names = [n for n in module.__all__ if n not in ("__version__", "data")]
    assert [n for n in names if id(getattr(module, n)) not in documented] == []


def test_no_other_package_has_a_public_door():
    homes = [p.parent for p in (ROOT / "causalgreen").glob("*/__init__.py")]
    doors = [p.name for p in homes if "__all__" in (p / "__init__.py").read_text("utf-8")]
    assert sorted([*doors, "errors"]) == sorted([d[1:] for d in DOORS if d] + ["cli"])


def test_the_api_page_has_what_public_methods_return():
    known = {thing.__name__ for thing in _documented() if isinstance(thing, type)}
    classes = {}
    for file in (ROOT / "causalgreen").rglob("*.py"):
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                classes[node.name] = file
    missing = set()
    for thing in _documented():
        parts = vars(thing).values() if isinstance(thing, type) else [thing]
        for part in parts:
            function = getattr(part, "__func__", part)
            if not hasattr(function, "__annotations__") or function.__name__.startswith("_"):
                continue
            told = str(function.__annotations__.get("return", ""))
            missing |= {n for n in re.findall(r"[A-Z]\w+", told) if n in classes} - known
    assert sorted(missing - PLUMBING) == []


def test_docstring_examples_are_collected():
    options = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]
    assert "--doctest-modules" in options["ini_options"]["addopts"]
    assert "causalgreen" in options["ini_options"]["testpaths"]
    functions = [t for t in _documented() if callable(t) and not isinstance(t, type)]
    without = {f.__name__ for f in functions if ">>>" not in (f.__doc__ or "")}
    # The first has its example with `SimulatedFiles`; the second is what `Study.report` writes.
    assert without <= {"simulate_files", "study_page"}


def test_pictures_have_words():
    bare = []
    for page in pages.PAGES:
        text = pages.without_code(page)
        bare += [f"{_name(page)}: {t}" for t in re.findall(r"!\[\s*\]\(([^)]+)\)", text)]
    assert bare == []
