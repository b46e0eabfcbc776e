"""Tables of journals and Word files: shape, and the same numbers everywhere."""

from __future__ import annotations

import builtins
import re
from html import unescape
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from fakes import FakeEffects, fake_study

from causalgreen.data.simulate import simulate_panel
from causalgreen.errors import DesignError
from causalgreen.graph import green_innovation_graph
from causalgreen.panel import Panel
from causalgreen.report import Page, Section, journal_table, study_page, write_report
from causalgreen.report.cells import as_cells
from causalgreen.residuals.learners import linear
from causalgreen.study import Study

docx = pytest.importorskip("docx")


@pytest.fixture(scope="module")
def models():
    df, _ = simulate_panel(n_firms=80, n_years=5, seed=1)
    panel = Panel.from_frame(
        df, unit="firm", time="year", outcome="green_patents", treatment="ai",
        mediators={"human_capital": "skilled_share"}, controls=["leverage"],
    )  # fmt: skip
    graph = green_innovation_graph(panel)
    within = Study(panel, graph, learner=linear(), n_jobs=1, progress=False)
    mundlak = Study(panel, graph, "none", learner=linear(), n_jobs=1, progress=False)
    return {
        "FE": within.paths(covariance="CR1"),
        "Pooled": mundlak.paths(covariance="CR1", allow_unidentified=True),
    }


def _numbers(text):
    return re.findall(r"[−-]?\d[\d,]*\.\d+", text)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_columns_are_specifications_and_rows_hold_errors_below(models):
    table = journal_table(models, title="Paths")
    assert table.heads == ("", "FE", "Pooled")
    rows = dict(zip(*np.array(table.rows)[:, :2].T, strict=True))
    effects = models["FE"]
    assert rows["Direct"] == f"{effects['direct']:.3f}"
    at = [row[0] for row in table.rows].index("Direct")
    assert table.rows[at + 1] == (
        "",
        *(f"({m.std_error[m.terms.index('direct')]:.3f})" for m in models.values()),
    )
    assert rows["Firms"] == "80"
    assert rows["Observations"] == "400"
    assert rows["Clusters (firm)"] == "80"
    fixed = {row[0]: row[1:] for row in table.rows}
    assert fixed["Firm fixed effects"] == ("Yes", "No")
    assert fixed["Year fixed effects"] == ("Yes", "Yes")
    assert table.note == "Standard errors clustered by firm in parentheses."


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_stars_only_when_asked(models):
    assert "*" not in "".join(map("".join, journal_table(models).rows))
    starred = journal_table(models, stars=True)
    assert any("***" in cell for row in starred.rows for cell in row)
    assert "*** p < 0.01" in starred.note
    assert "\\*\\*\\* p < 0.01" in starred.to_markdown()
    assert "<strong>" not in starred.to_html()


def test_below_may_hold_t_or_intervals(models):
    effects = models["FE"]
    row = effects.tidy().set_index("term").loc["direct"]
    by_t = journal_table(effects, below="t")
    assert by_t.heads == ("", "(1)")
    assert by_t.rows[1][1] == f"({row['statistic']:.2f})".replace("-", "−")
    spans = journal_table(effects, below="interval")
    assert spans.rows[1][1].startswith(f"[{row['conf_low']:.3f}".replace("-", "−"))
    assert "95 % intervals" in spans.note


def test_latex_has_three_rules_and_one_between(models):
    text = journal_table(models["FE"], title="R&D").to_latex()
    counts = [text.count(rule) for rule in (r"\toprule", r"\midrule", r"\bottomrule")]
    assert counts == [1, 2, 1]
    assert r"\begin{tabular}{lc}" in text
    assert r"R\&D" in text
    assert "|" not in text


def test_every_format_holds_the_same_numbers(tmp_path, models):
    table = journal_table(models, title="Paths", stars=True)
    wanted = [n for row in table.rows for cell in row for n in _numbers(cell)]
    assert len(wanted) > 10
    for suffix in (".html", ".md", ".tex"):
        text = table.write(tmp_path / f"t{suffix}").read_text("utf-8")
        body = text.split("Direct", 1)[1].replace(r"\ensuremath{-}", "−")
        assert _numbers(body)[: len(wanted)] == wanted
    found = docx.Document(str(table.write(tmp_path / "t.docx"))).tables[0]
    got = [tuple(cell.text for cell in row.cells) for row in found.rows]
    assert got == [table.heads, *table.rows]


def test_refusals_say_what_to_do(models):
    with pytest.raises(DesignError, match="at least one model"):
        journal_table({})
    with pytest.raises(DesignError, match=r"'nothing'.*direct"):
        journal_table(models, terms=["nothing"])
    with pytest.raises(DesignError, match="'std_error', 't' or 'interval'"):
        journal_table(models, below="p")


def test_chinese_table(models):
    table = journal_table(models["FE"], lang="zh")
    names = [row[0] for row in table.rows]
    assert {"直接效应", "经由人力资本", "企业固定效应", "观测值", "聚类数（企业）"} <= set(names)
    assert table.note == "括号内为聚类于企业的聚类稳健标准误。"
    english = journal_table(models["FE"])
    assert [r[1:] for r in table.rows if _numbers("".join(r[1:]))] == [
        r[1:] for r in english.rows if _numbers("".join(r[1:]))
    ]


def test_unnamed_rows_are_told_to_those_who_cannot_see(models):
    text = journal_table(models["FE"]).to_html()
    assert '<th scope="row"><span class="unseen">standard error</span></th>' in text
    assert '<th scope="col"' in text


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_word_holds_the_tables_of_the_html(tmp_path, lang):
    page = study_page(fake_study(), lang=lang)
    document = docx.Document(str(write_report(tmp_path / "r.docx", page)))
    shown = [as_cells(s.table, lang) for s in page.sections if s.table is not None]
    assert len(document.tables) == len(shown) > 5
    html = write_report(tmp_path / "r.html", page).read_text("utf-8")
    bodies = re.findall(r"<table.*?</table>", html, re.DOTALL)
    for table, cells, body in zip(document.tables, shown, bodies, strict=True):
        got = [tuple(cell.text for cell in row.cells) for row in table.rows]
        assert got == [cells.heads, *cells.rows]
        inside = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", body.split("<tbody>")[1], re.DOTALL)
        plain = [
            unescape(re.sub(r"<span class=\"unseen\">.*?</span>|<[^>]+>", "", c)) for c in inside
        ]
        assert plain == [cell for row in cells.rows for cell in row]
    assert len(document.inline_shapes) == sum(s.figure is not None for s in page.sections)
    alts = [shape._inline.docPr.get("descr") for shape in document.inline_shapes]
    assert alts == [s.alt for s in page.sections if s.figure is not None]


def test_word_without_the_package_says_how(tmp_path, monkeypatch):
    real = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name == "docx":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(DesignError, match=r"pip install 'causalgreen\[word\]'"):
        write_report(tmp_path / "r.docx", Page("T", "L"))
    assert list(tmp_path.iterdir()) == []


def test_word_heads_repeat_and_there_are_three_lines(tmp_path):
    frame = pd.DataFrame({"path": ["a", "b"], "estimate": [1.0, 2.0]})
    path = write_report(tmp_path / "r.docx", Page("T", "L", (Section("S", table=frame),)))
    xml = docx.Document(str(path)).tables[0]._tbl.xml
    assert xml.count("<w:tblHeader") == 1
    assert xml.count("<w:top w:val") == xml.count("<w:bottom w:val") - 2 == 2


def test_models_without_sizes_leave_these_rows_out():
    table = journal_table(FakeEffects(["direct", "own_total"]))
    assert [row[0] for row in table.rows] == ["Direct", "", "Own total", ""]
    assert SimpleNamespace(rows=table.rows).rows[0][1] == "0.512"


@pytest.mark.parametrize(
    ("given", "options", "told"),
    [
        ({"a": 5}, {}, "the model 'a' is 5: give effects"),
        (5, {}, "models=5: give effects"),
        ("x", {}, "models='x'"),
        (None, {"terms": []}, r"terms=\[\] asks for no row: .* there are direct"),
        (None, {"labels": {"drect": "Direct"}}, "no row drect; there are direct"),
        (None, {"labels": ["Direct"]}, "give a mapping from term to its name"),
    ],
)
def test_a_journal_table_of_something_else_is_refused(models, given, options, told):
    with pytest.raises(DesignError, match=told):
        journal_table(models if given is None else given, **options)
