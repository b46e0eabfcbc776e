"""Numbers that were measured stand in the documentation as the results files have them."""

from __future__ import annotations

import re

import docs_pages as handbook
import pandas as pd
import pytest

from benchmarks import pages
from causalgreen.falsify.registry import CHECKS

ROOT = handbook.ROOT
GENERATED = ("coverage.md", "surfaces.md")
MARKS = re.compile(r"<!-- ([\w ]+): (?:made|begin) -->.*?<!-- \1: end -->", re.DOTALL)
# A share, a time, a ratio, a size in memory, or a decimal.
MEASURED = re.compile(
    r"\d+(?:\.\d+)?\s*(?:%|s\b|seconds|minutes|hours|times\b|GiB|GB|MB|秒|分钟|倍)|(?<![\d.\w])0?\.\d+"
)
# What looks measured and is not, or is held against its source by the test that is named.
ACCOUNTED = {
    "falsification.md": "rules of the checks, which their code and tests hold; bounds of tests",
    "simulated-economy.md": "published moments; the table is held by test_simulate_real",
    "green-patents.md": "agreement with a public list, held by test_data_patents",
    "tutorial.md": "held below",
    "zh/tutorial.md": "held below",
    "howto/policy.md": "an example's price of AI",
    "howto/learners.md": "code that runs",
}


def _prose(page):
    """Text outside code, generated parts, inline code and addresses."""
    text = MARKS.sub("", page.read_text("utf-8"))
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    text = re.sub(r"95 ?%", "", text)  # the level of an interval
    return re.sub(r"`[^`]*`|\]\([^)]*\)|https?://\S+|\[?doi [^\s\]]+", "", text)


def test_committed_pages_equal_what_the_results_make():
    assert pages.differ(pages.RESULTS, pages.DOCS) == [], "run python -m benchmarks.pages"


def test_generated_pages_hold_no_gaps():
    for name, text in pages.pages(pages.RESULTS, pages.DOCS).items():
        assert not re.search(r"\bnan\b", text), name


def test_pictures_are_made_and_shown(tmp_path):
    for folder in ("figures", "decisions"):
        (tmp_path / folder).mkdir()
    around = ("benchmarks.md", "falsification.md", "scale.md", "from-files.md", *pages.DECISIONS)
    for name in around:
        (tmp_path / name).write_text((pages.DOCS / name).read_text("utf-8"), "utf-8")
    written = pages.write(pages.RESULTS, tmp_path)
    assert set(pages.PICTURES) < set(written)
    assert pages.differ(pages.RESULTS, tmp_path) == []
    text = "".join(p.read_text("utf-8") for p in pages.DOCS.glob("*.md"))
    for name in pages.PICTURES:
        assert (tmp_path / "figures" / name).stat().st_size > 10_000
        assert f"(figures/{name})" in text
        assert (pages.DOCS / "figures" / name).exists()


def test_a_page_that_was_changed_by_hand_is_found(tmp_path):
    (tmp_path / "decisions").mkdir()
    for name in pages.pages(pages.RESULTS, pages.DOCS):
        (tmp_path / name).write_text((pages.DOCS / name).read_text("utf-8"), "utf-8")
    page = tmp_path / "benchmarks.md"
    text = page.read_text("utf-8")
    figure = re.search(r"\| (\d+\.\d+)% \|", text)[1]
    page.write_text(text.replace(f"| {figure}% |", "| 95.0% |", 1), "utf-8")
    assert pages.differ(pages.RESULTS, tmp_path) == ["benchmarks.md"]
    assert pages.main(["--check", "--docs", str(tmp_path)]) == 1


@pytest.mark.parametrize("page", handbook.PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_a_measured_number_in_prose_is_accounted_for(page):
    name = page.relative_to(handbook.DOCS).as_posix() if handbook.DOCS in page.parents else ""
    if name in (*GENERATED, *ACCOUNTED) or name.startswith("decisions/"):
        pytest.skip("generated, accounted for, or a record of its day")
    lines = [line for line in _prose(page).splitlines() if MEASURED.search(line)]
    assert lines == [], "make it with benchmarks.pages, or say in ACCOUNTED what holds it"


def test_what_is_accounted_for_is_there():
    for name in ACCOUNTED:
        assert (handbook.DOCS / name).is_file(), name


def _told_and_printed(page, told):
    text = (handbook.DOCS / page).read_text("utf-8")
    found = {}
    for term in ("own_total", "spillover"):
        row = re.search(rf"^{term} +(\d\.\d{{4}}) ", text, re.M)
        found[term] = f"{float(row[1]):.2f}"
    return [number.zfill(4) if number[0] == "0" else f"0{number}" for number in told(text)], found


def test_the_tutorials_tell_what_they_print():
    told, printed = _told_and_printed(
        "zh/tutorial.md", lambda text: re.findall(r"(\d\.\d+) 件（`(?:own_total|spillover)`", text)
    )
    assert told == [printed["own_total"], printed["spillover"]]
    told, printed = _told_and_printed(
        "tutorial.md",
        lambda text: [
            re.search(r"about (\.\d+) more green patents \(`own_total`\)", text)[1],
            re.search(r"adds another (\.\d+)\.", text)[1],
        ],
    )
    assert told == [printed["own_total"], printed["spillover"]]


def test_the_readme_counts_right():
    text = (ROOT / "README.md").read_text("utf-8")
    assert re.search(r"falsify\(\)  # (\d+) checks", text)[1] == str(len(CHECKS))
    words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    notebooks = list((ROOT / "examples").glob("*.ipynb"))
    assert re.search(r"`examples/` \| (\w+) notebooks", text)[1] == words[len(notebooks)]


def test_the_panel_sizes_of_the_pages_are_those_of_the_files():
    speed = pd.read_csv(pages.RESULTS / "speed.csv").iloc[0]
    assert f"{speed['firms']:,} firms" in (pages.DOCS / "benchmarks.md").read_text("utf-8")
    files = pd.read_csv(pages.RESULTS / "files.csv")
    told = re.findall(r"files of ([\d,]+) rows", (pages.DOCS / "benchmarks.md").read_text("utf-8"))
    assert told == [f"{files['rows'].max():,}"]
