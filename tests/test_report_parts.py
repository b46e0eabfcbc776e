"""For whom, what was tried, how to cite, the manifest; Chinese; parts that fail."""

from __future__ import annotations

import re
from string import Formatter

import matplotlib
import matplotlib.pyplot as plt
import pandas as pd
import pytest
from fakes import fake_study

from causalgreen.data.simulate import simulate_panel
from causalgreen.errors import DesignError, EstimationError
from causalgreen.explain.explanation import Explanation
from causalgreen.falsify.finding import Falsification, Finding
from causalgreen.graph import green_innovation_graph
from causalgreen.panel import Panel
from causalgreen.report import study_page, write_report
from causalgreen.report.cells import as_cells
from causalgreen.report.phrases import phrases
from causalgreen.residuals.learners import linear
from causalgreen.study import Study
from causalgreen.surface.linear import linear_surface

matplotlib.use("Agg")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def _figure():
    figure, axes = plt.subplots(figsize=(2, 1))
    axes.plot([0, 1])
    return figure


def _broken():
    raise ValueError("no ink")


FOUND = Falsification((
    Finding("placebo treatment", "Do the mediators carry the whole effect?", "pass", "p 0.41",
            pd.DataFrame({"path": ["direct"], "p_value": [0.41], "verdict": ["pass"]}), _figure),
    Finding("future treatment", "Do leads explain?", "warn", "p 0.08",
            pd.DataFrame({"estimate": range(60)})),
    Finding("omitted confounder", "How strong?", "fail", "RV 0.01", draw=_broken),
    Finding("placebo outcome", "Does it move?", "not applicable", "name a column"),
))  # fmt: skip


@pytest.fixture(scope="module")
def study():
    df, _ = simulate_panel(n_firms=160, n_years=5, seed=0)
    panel = Panel.from_frame(
        df, unit="firm", time="year", outcome="green_patents", treatment="ai",
        mediators={"human_capital": "skilled_share"}, traits=["size", "urban"],
        controls=["leverage", "roa_lag"],
    )  # fmt: skip
    return Study(panel, green_innovation_graph(panel), learner=linear(), n_jobs=1, progress=False)


@pytest.fixture(scope="module")
def hetero(study):
    return study.explain(study.surface(linear_surface()))


@pytest.fixture(scope="module")
def pages(study, hetero):
    manifest = {"data": {"sha256": "ab" * 32}, "seed": 0, "edges": [["ai", "green"]], "x": None}
    told = {"hetero": hetero, "falsification": FOUND, "manifest": manifest}
    return {lang: study_page(study, lang=lang, **told) for lang in ("en", "zh")}


def _by_title(page):
    return {section.title: section for section in page.sections}


def test_for_whom_has_every_part(pages):
    titles = [s.title for s in pages["en"].sections]
    wanted = (
        "For whom", "All firms, in order of their effect", "The claims of the field",
        "Are the predicted differences there?", "By size", "Along size", "By urban",
        "What moves the prediction", "What moves the prediction of single firms",
        "Whom to treat", "The rule",
    )  # fmt: skip
    assert [t for t in titles if t in wanted] == list(wanted)
    assert "Along urban" not in titles
    silent = [s.title for s in pages["en"].sections if "left out:" in s.text]
    assert silent == ["Omitted confounder"]


def test_groups_are_columns_with_errors_below(pages, hetero):
    table = _by_title(pages["en"])["By size"].table
    found = hetero.groups("size")
    tidy = found.tidy(simultaneous=False).set_index(["term", "group"])
    assert table.heads == ("", *found.labels, "p, equal")
    first = tidy.loc[("direct", found.labels[0])]
    assert table.rows[0][1] == f"{first['estimate']:.3f}".replace("-", "−")
    assert table.rows[1][1] == f"({first['std_error']:.3f})"
    assert table.rows[-2][1:-1] == tuple(map(str, found.n_firms))


def test_claims_carry_verdicts_for_every_path(pages, hetero):
    table = _by_title(pages["en"])["The claims of the field"].table
    claims = hetero.claims().tidy()
    assert len(table) == claims["estimate"].notna().sum()
    assert set(table["path"]) >= {"Direct", "Own total"}
    assert set(table["verdict"]) <= {"supported", "contradicted", "cannot tell"}
    assert "Claim not answerable here" in _by_title(pages["en"])["What the data cannot answer"].text


def test_whom_is_made_only_where_it_is_asked_for(study, monkeypatch):
    assert "For whom" not in _by_title(study_page(study))
    monkeypatch.setattr(
        type(study), "explain", lambda self, s=None: Explanation(self.surface(linear_surface()))
    )
    assert "By size" in _by_title(study_page(study, whom=True))
    assert "For whom" not in _by_title(study_page(study, whom=False, hetero=object()))


def test_a_part_that_fails_says_why(study, hetero, monkeypatch):
    def refuse(self, *args, **kwargs):
        raise EstimationError("too few clusters for a tree; name fewer traits")

    monkeypatch.setattr(Explanation, "policy", refuse)
    monkeypatch.setattr(Explanation, "calibration", refuse)
    by_title = _by_title(study_page(study, hetero=hetero))
    assert by_title["Whom to treat"].text == (
        "This part is left out: Too few clusters for a tree; name fewer traits."
    )
    assert "Too few clusters" in by_title["Are the predicted differences there?"].text
    assert by_title["By size"].figure is not None


def test_no_surface_at_all_is_a_sentence(study, monkeypatch):
    def refuse(self, surface=None):
        raise EstimationError("16 coefficients for 5 clusters")

    monkeypatch.setattr(type(study), "explain", refuse)
    section = _by_title(study_page(study, whom=True))["For whom"]
    assert section.text == (
        "Nothing can be said about kinds of firms here: 16 coefficients for 5 clusters."
    )


def test_findings_are_listed_then_shown(pages):
    by_title = _by_title(pages["en"])
    top = by_title["What was tried to break it"]
    assert "4 attempts: 1 pass, 1 warn, 1 fail, 1 not applicable." in top.text
    assert "What failed: omitted confounder." in top.text
    assert top.table["verdict"].tolist() == ["pass", "warn", "fail", "not applicable"]
    assert by_title["Placebo treatment"].figure is not None
    assert by_title["Placebo treatment"].table["path"].tolist() == ["Direct"]
    assert by_title["Future treatment"].note == "The first 24 of 60 rows."
    assert len(by_title["Future treatment"].table) == 24
    assert "Placebo outcome" not in by_title
    assert "Not checked, placebo outcome: Name a column." in (
        by_title["What the data cannot answer"].text
    )


@pytest.mark.filterwarnings("ignore:a part of the report failed")
def test_a_figure_that_fails_is_a_sentence(study):
    section = _by_title(study_page(study, falsification=FOUND))["Omitted confounder"]
    assert "An unexpected error, ValueError (no ink)" in section.text
    assert "RV 0.01" in section.text


def test_unexpected_failures_are_warned_of(study):
    with pytest.warns(UserWarning, match="failed with ValueError: no ink"):
        study_page(study, falsification=FOUND)


def test_citation_names_what_was_used(study, pages):
    plain = _by_title(study_page(study))["How to cite"].text
    assert "causalgreen 0." in plain
    assert "seed 0" in plain
    assert "10.1111/ectj.12097" in plain
    assert "policy" not in plain
    full = _by_title(pages["en"])["How to cite"].text
    assert "10.3982/ECTA15732" in full
    assert "sensitivity to omitted confounders" in full


def test_manifest_is_written_out(study, pages):
    table = _by_title(pages["en"])["The manifest"].table
    assert dict(zip(table["setting"], table["value"], strict=True)) == {
        "data.sha256": "ab" * 32, "seed": "0", "edges.1": "ai, green", "x": "–",
    }  # fmt: skip
    assert "The manifest" not in _by_title(study_page(study))


def test_numbers_do_not_depend_on_the_language(pages):
    digits = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
    english, chinese = pages["en"].sections, pages["zh"].sections
    assert len(english) == len(chinese)
    for one, other in zip(english, chinese, strict=True):
        assert (one.table is None) == (other.table is None)
        if one.table is not None:
            rows, same = as_cells(one.table, "en").rows, as_cells(other.table, "zh").rows
            for row, again in zip(rows, same, strict=True):
                assert [digits.findall(c) for c in row[1:3]] == [
                    digits.findall(c) for c in again[1:3]
                ]


def test_chinese_page_is_chinese(tmp_path, pages):
    page = pages["zh"]
    assert page.title == "人工智能对绿色专利的影响"
    text = write_report(tmp_path / "r.html", page).read_text("utf-8")
    assert '<html lang="zh-Hans">' in text
    for section in page.sections:
        assert CHINESE.search(section.title) or section.title == "E-value"
        assert section.figure is None or CHINESE.search(section.alt)
        if section.table is not None:
            heads = [h for h in as_cells(section.table, "zh").heads if h]
            assert any(CHINESE.search(h) for h in heads), heads
    by_title = _by_title(page)
    assert {"直接效应", "经由人力资本", "自身总效应"} <= set(by_title["各路径效应"].table["path"])
    assumed = by_title["需要的假设"].text.splitlines()
    assert all(CHINESE.search(line) for line in assumed if line.strip())
    assert "表 1　" in text
    assert "图 1　" in text
    captions = re.findall(r"<(?:fig)?caption>(.*?)</", text)
    assert all(CHINESE.search(c) for c in captions)


def test_languages_have_the_same_phrases():
    english, chinese = phrases("en").text, phrases("zh").text
    assert english.keys() == chinese.keys()

    def fields(text):
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    for key, text in chinese.items():
        assert fields(text) <= fields(english[key]), key
    with pytest.raises(DesignError, match="en, zh"):
        phrases("fr")


def test_names_of_columns_can_be_given():
    names = {"green_patents": "green inventions", "human_capital": "skills"}
    page = study_page(fake_study(), names=names)
    assert page.title == "The effect of ai on green inventions"
    assert "Through skills" in _by_title(page)["The paths"].table["path"].tolist()


def test_tables_and_images_can_be_heard(tmp_path, pages):
    text = write_report(tmp_path / "r.html", pages["en"]).read_text("utf-8")
    assert text.count("<table") == text.count("<caption>")
    assert not re.search(r"<th(?! scope)(?!ead)", text)
    assert not re.search(r'alt=""', text)
    assert "https://" not in text
    assert "<script" not in text
