"""The report: what it says, how it is laid out, and that it is written whole or not at all."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import unquote

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from fakes import PATHS, ROLES, FakeEffects, fake_study

from causalgreen.errors import DesignError
from causalgreen.report import Page, Section, study_page, write_report
from causalgreen.report.cells import as_cells
from causalgreen.report.tables import cells_of, html_table, latex_table, markdown_table
from causalgreen.report.wording import sentence

matplotlib.use("Agg")


@pytest.fixture(scope="module")
def page():
    return study_page(fake_study())


@pytest.fixture
def figure():
    drawing, axes = plt.subplots(figsize=(2, 1))
    axes.plot([0, 1])
    yield axes
    plt.close(drawing)


class _Tags(HTMLParser):
    """Collects tags and checks that each that opens also closes."""

    VOID = ("meta", "img", "br", "hr", "!doctype")

    def __init__(self, text):
        super().__init__()
        self.open, self.seen = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_html_is_one_well_formed_page_without_network(tmp_path, page):
    text = write_report(tmp_path / "report.html", page).read_text("utf-8")
    parsed = _Tags(text)
    assert parsed.open == []
    assert os.listdir(tmp_path) == ["report.html"]
    sources = [attrs[key] for _, attrs in parsed.seen for key in ("src", "href") if key in attrs]
    pictures = "data:image/svg+xml;charset=utf-8,"
    assert all(source.startswith((pictures, "#part-")) for source in sources)
    # Within a picture, addresses name the format, and url() a part of the picture itself.
    beside = re.sub(rf"src='{re.escape(pictures)}[^']*'", "", text)
    assert not re.search(r"https?://|@import|<script|url\(", beside)
    drawn = "".join(unquote(source) for source in sources if source.startswith(pictures))
    assert set(re.findall(r"url\((.)", drawn)) == {"#"}
    images = [attrs for tag, attrs in parsed.seen if tag == "img"]
    assert len(images) == 4
    assert all(len(attrs["alt"]) > 10 for attrs in images)


def test_page_adapts_to_dark_phone_and_print(tmp_path, page):
    text = write_report(tmp_path / "report.html", page).read_text("utf-8")
    assert 'name="viewport"' in text
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text
    assert "@media (max-width" in text


def test_links_lead_to_sections(tmp_path, page):
    text = write_report(tmp_path / "report.html", page).read_text("utf-8")
    targets = set(re.findall(r'href="#([^"]+)"', text))
    assert targets == set(re.findall(r'<section id="([^"]+)">', text))
    assert len(targets) == sum(section.level == 2 for section in page.sections) == 9


def test_verdicts_are_badges_with_words(tmp_path, page):
    text = write_report(tmp_path / "report.html", page).read_text("utf-8")
    assert '<span class="badge care">needs an assumption</span>' in text
    assert '<span class="badge good">identified</span>' in text


def test_page_holds_every_path_and_what_it_assumes(page):
    by_title = {section.title: section for section in page.sections}
    table = by_title["The paths"].table
    assert len(table) == len(PATHS)
    assert table["estimate"].tolist() == [b for b, _ in PATHS.values()]
    assert table.loc[0, "95 % interval"] == "0.470 to 0.554"
    assert table.loc[0, "% of mean"] == pytest.approx(100 * 0.512 / 6.1)
    verdicts = by_title["The graph, and what it identifies"].table
    assert verdicts["verdict"].isin(["identified", "needs an assumption", "not identified"]).all()
    assumed = by_title["What has to be assumed"].text
    assert "column `Assumes`" in assumed
    assert "Assumes" in cells_of(verdicts).heads
    highest = max(int(n) for row in verdicts["assumes"] for n in re.findall(r"\d+", row))
    assert f"\n{highest}. " in assumed
    assert f"\n{highest + 1}. " not in assumed


def test_lead_says_what_was_found_and_that_the_split_needs_more(page):
    assert "One more unit of ai in every firm raises green patents by 0.900" in page.lead
    assert "0.163 through human capital" in page.lead
    assert "split by path needs more" in page.lead


def test_effect_that_may_be_zero_is_not_given_a_sign():
    row = {"estimate": 0.02, "std_error": 0.06, "conf_low": -0.1, "conf_high": 0.14}
    said = sentence(row, "One more pilot", "carbon", 0.95)
    assert "no effect on carbon that can be told from zero" in said
    assert "raises" not in said
    row |= {"estimate": -0.3, "conf_low": -0.42, "conf_high": -0.18}
    assert "lowers carbon by 0.300" in sentence(row, "One more pilot", "carbon", 0.95)


class _Verdicts:
    """A study's identification with one verdict changed."""

    def __init__(self, study, **verdicts):
        self._study, self._verdicts = study, verdicts

    def __getattr__(self, name):
        return getattr(self._study, name)

    def identify(self):
        found = self._study.identify()
        changed = tuple(
            replace(v, verdict=self._verdicts.get(v.term, v.verdict)) for v in found.verdicts
        )
        return replace(found, verdicts=changed)


@pytest.mark.parametrize("verdict", ["needs an assumption", "not identified"])
def test_lead_raises_nothing_that_is_not_identified(verdict):
    lead = study_page(_Verdicts(fake_study(), overall=verdict)).lead
    assert "One more unit of ai in every firm is estimated to go with 0.900 more green" in lead
    assert "raises" not in lead
    said = {"needs an assumption": "needs an assumption that", "not identified": "association"}
    assert said[verdict] in lead


def test_unidentified_effects_are_not_worded_as_effects():
    row = {"estimate": -0.3, "std_error": 0.06, "conf_low": -0.42, "conf_high": -0.18}
    said = sentence(row, "One more pilot", "carbon", 0.95, causal=False)
    assert "is estimated to go with 0.300 less carbon" in said
    row |= {"conf_high": 0.1}
    said = sentence(row, "One more pilot", "carbon", 0.95, causal=False)
    assert "no change in carbon that can be told from zero" in said


def test_parts_add_up_only_where_all_are_there(page):
    assert "add up" in next(s.text for s in page.sections if s.title == "The paths")
    fewer = FakeEffects([term for term in PATHS if term != "human_capital"])
    cut = study_page(fake_study(), effects=fewer)
    section = next(s for s in cut.sections if s.title == "The paths")
    assert "add up" not in section.text
    assert len(section.table) == len(PATHS) - 1


def test_effects_of_the_caller_are_reported(monkeypatch):
    study = fake_study()
    monkeypatch.setattr(type(study), "paths", None)
    effects = FakeEffects(list(PATHS))
    effects.covariance = "CV3"
    by_title = {s.title: s for s in study_page(study, effects=effects).sections}
    method = by_title["How it was computed"]
    assert "without each cluster in turn" in method.text
    assert "influence functions" not in method.text
    assert "cluster jackknife (CV3), by city" in method.table["value"].tolist()


def test_method_names_the_sandwich(page):
    text = next(s.text for s in page.sections if s.title == "How it was computed")
    assert "influence functions, summed within clusters" in text


def test_percentages_have_an_interval(page):
    table = next(s.table for s in page.sections if s.title == "The paths")
    assert table.loc[0, "% of mean, 95 % interval"] == "7.71 to 9.08"


def test_missing_controls_are_listed():
    study = fake_study()
    frame = study.panel.frame.copy()
    frame.loc[frame.index[:12], "leverage"] = np.nan
    study.panel = type(study.panel).from_frame(frame, **ROLES)
    text = next(s.text for s in study_page(study).sections if s.title == "The panel")
    assert "- The control leverage is missing in 12 rows (5.0%)." in text
    assert "control age" not in text


def _open_questions(page):
    return next(s.text for s in page.sections if s.title == "What the data cannot answer")


def test_limits_name_mediators_and_carry_over(page):
    text = _open_questions(page)
    moved = "ai, peer ai, clean share or skilled share"
    assert f"past green patents does not move later {moved}" in text
    assert "Carry-over" in text


def test_steps_behind_the_paths_are_shown(page):
    table = next(s.table for s in page.sections if s.title == "Step by step")
    assert table["step"].tolist() == ["ai → clean_share", "clean_share → ai"]


def test_intervals_of_a_column_have_the_decimals_of_its_estimates(page):
    """The smallest error of a table decides, as it does for estimates and errors."""
    for section in page.sections:
        table = section.table
        if not isinstance(table, pd.DataFrame) or "std_error" not in table:
            continue
        cells = as_cells(table)
        where = {head: k for k, head in enumerate(table.columns)}
        spans = [row[where["95 % interval"]] for row in cells.rows]
        shown = {len(n) for span in spans for n in re.findall(r"\.(\d+)", span)}
        beside = {len(n) for row in cells.rows
                  for n in re.findall(r"\.(\d+)", row[where["estimate"]])}  # fmt: skip
        assert shown == beside
        break
    else:
        pytest.fail("no table of estimates")


def test_nuisances_are_one_row_a_target(page):
    table = next(s.table for s in page.sections if s.title.startswith("How well"))
    assert list(table.columns) == ["target", "linear", "stack"]
    assert table.loc[1].tolist() == ["peer_ai", 0.12, pytest.approx(0.22)]


def test_limits_speak_of_this_study(page):
    study = fake_study(exposure=None, mediators={})
    open_questions = _open_questions(study_page(study))
    assert "no exposure to peers was given" in open_questions
    assert "mediat" not in open_questions
    assert "only 6 clusters" in open_questions
    assert "past green patents does not move later ai" in open_questions


def test_versions_and_settings_are_recorded(page):
    table = next(s.table for s in page.sections if s.title == "How it was computed")
    facts = dict(zip(table["setting"], table["value"], strict=True))
    assert facts["Also absorbed"] == "city^year"
    assert facts["Seed"] == "0"
    assert facts["Standard errors"] == "cluster sandwich (CR1), by city"
    assert facts["causalgreen"].startswith("0.")
    assert re.match(r"\d+\.\d+", facts["numpy"])


def test_figures_do_not_stay_with_pyplot():
    plt.close("all")
    study_page(fake_study())
    assert plt.get_fignums() == []


@pytest.mark.parametrize("suffix", [".doc", ".pdf", "", ".HTM"])
def test_other_suffixes_are_refused_by_name(tmp_path, page, suffix):
    with pytest.raises(DesignError, match=r"\.html, \.md, \.tex, \.docx"):
        write_report(tmp_path / f"report{suffix}", page)
    assert os.listdir(tmp_path) == []


def test_missing_folder_is_named(tmp_path, page):
    with pytest.raises(DesignError, match=r"there is no folder .*nowhere"):
        write_report(tmp_path / "nowhere" / "report.html", page)


@pytest.mark.parametrize("suffix", [".html", ".md", ".tex", ".docx"])
def test_failure_leaves_the_old_report_and_nothing_else(tmp_path, suffix, figure):
    path = tmp_path / f"report{suffix}"
    write_report(path, Page("Old", "Lead.", (Section("A", figure=figure),)))
    before = sorted((p, p.stat().st_size) for p in tmp_path.rglob("*"))
    broken = Page("New", "Lead.", (Section("A", figure=figure), Section("B", figure=object())))
    with pytest.raises(AttributeError):
        write_report(path, broken)
    assert sorted((p, p.stat().st_size) for p in tmp_path.rglob("*")) == before


@pytest.mark.parametrize("suffix", [".md", ".tex"])
def test_figures_lie_beside_the_text(tmp_path, page, suffix):
    text = write_report(tmp_path / f"report{suffix}", page).read_text("utf-8")
    named = set(re.findall(r"report_figures/figure-\d+\.png", text))
    assert named == {f"report_figures/{p.name}" for p in (tmp_path / "report_figures").iterdir()}
    assert len(named) == 4


def test_written_file_is_readable_by_others(tmp_path):
    mask = os.umask(0o022)
    try:
        path = write_report(tmp_path / "report.html", Page("T", "L"))
    finally:
        os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o644


def test_html_escapes_what_the_table_says(tmp_path):
    frame = pd.DataFrame({"<i>": ["<script>alert(1)</script>"], "verdict": ["not identified"]})
    path = write_report(tmp_path / "r.html", Page("<T>", "a & b", (Section("S", "<b>", frame),)))
    text = path.read_text("utf-8")
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "a &amp; b" in text
    assert '<span class="badge bad">not identified</span>' in text


def test_latex_has_three_lines_and_escapes():
    text = latex_table(pd.DataFrame({"path": ["R&D_share"], "% of mean": [12.5]}))
    assert [text.count(rule) for rule in (r"\toprule", r"\midrule", r"\bottomrule")] == [1, 1, 1]
    assert r"R\&D\_share" in text
    assert r"\% of mean" in text
    assert "|" not in text


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX here")
def test_latex_compiles(tmp_path, page):
    write_report(tmp_path / "report.tex", page)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "report.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]


def test_numbers_are_rounded_by_their_standard_error():
    frame = pd.DataFrame(
        {"estimate": [0.123456, -1e-9], "std_error": [0.0123, 0.00045], "truth": [0.1, np.nan]}
    )
    assert cells_of(frame).rows == (("0.12346", "0.01230", "0.10000"), ("0.00000", "0.00045", "–"))


def test_counts_years_and_probabilities():
    frame = pd.DataFrame({"year": [2015], "rows": [1234567], "p_value": [1e-9], "x": [-0.25]})
    assert cells_of(frame).rows == (("2015", "1,234,567", "<0.001", "−0.250"),)


@pytest.mark.parametrize("render", [html_table, markdown_table, latex_table])
def test_empty_table_renders(render):
    assert "Term" in render(pd.DataFrame({"term": [], "estimate": []}))


def test_a_data_frame_is_not_changed():
    frame = pd.DataFrame({"estimate": [0.5], "verdict": ["not_identified"]})
    copy = frame.copy(deep=True)
    html_table(frame)
    pd.testing.assert_frame_equal(frame, copy)
