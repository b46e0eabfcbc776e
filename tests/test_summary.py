"""The answer in ten lines: what it says, and what it must never say."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import causalgreen as cg
from causalgreen.data.simulate import simulate_panel
from causalgreen.errors import DesignError
from causalgreen.falsify.finding import Falsification, Finding
from causalgreen.report.reasons import first
from causalgreen.report.summary import Summary, _wide, _wrapped, summarise

ROLES = {
    "unit": "firm", "time": "year", "outcome": "green_patents", "treatment": "ai",
    "exposure": "peer_ai", "traits": ["size", "urban"], "cluster": "city",
    "mediators": {"restructuring": "clean_share", "human_capital": "skilled_share"},
    "controls": ["age", "leverage", "roa_lag"],
}  # fmt: skip
SHOCKS = ("city^year", "industry^year")
pytestmark = [
    pytest.mark.filterwarnings("ignore::causalgreen.errors.EstimationWarning"),
    pytest.mark.filterwarnings("ignore::causalgreen.errors.IdentificationWarning"),
]
FORBIDDEN = re.compile(
    r"\bprov|\bno effect\b|insignificant|significant|\bconfirm|\bclearly\b|\bdemonstrat|证明|显著|"
    r"没有影响|没有效应|证实"
)
CAUSAL = re.compile(
    r"\braises?\b|\blowers?\b|\bcauses?d?\b|\bleads? to\b|\bdrives?\b|增加 [\d−]|减少 [\d−]"
)


def study_of(absorb=(), latent=None, **roles):
    table = simulate_panel(n_firms=300, n_years=6, n_cities=60, seed=1)[0]
    panel = cg.Panel.from_frame(table, **{**ROLES, **roles})
    graph = cg.green_innovation_graph(panel)
    if latent:
        graph = graph.add_node("talent", latent=True, causes=latent)
    fixed = cg.FixedEffects("within", absorb=absorb)
    return cg.Study(panel, graph, fixed_effects=fixed, learner=cg.linear(), progress=False)


@pytest.fixture(scope="module")
def shocked():
    """City and industry shocks may move everything: nothing is identified without assumption."""
    return study_of()


@pytest.fixture(scope="module")
def clean():
    return study_of(SHOCKS, exposure=None)


def strength(rv=0.3, rv_a=0.2, limit=0.4, term="own_total"):
    table = pd.DataFrame({
        "term": [term], "estimate": [0.9], "rv": [rv], "rv_a": [rv_a],
        "benchmark": ["roa_lag"], "benchmark_limit": [limit],
    })  # fmt: skip
    return Finding("omitted confounder", "How strong?", "pass", "strong", table)


def line(summary, topic):
    return dict(summary.lines)[topic]


# --- what it says ----------------------------------------------------------------------------


def test_about_ten_lines(shocked):
    summary = shocked.summary()
    assert [topic for topic, _ in summary.lines] == [
        "Question", "Found", "By path", "How sure", "Read as causal", "Tried",
        "Would overturn it", "Does not say",
    ]  # fmt: skip
    assert len(summary.lines) <= 10
    assert len(str(summary).splitlines()) <= 26
    assert max(map(len, str(summary).splitlines())) <= 100


def test_numbers_are_those_of_the_effects(clean):
    effects = clean.paths()
    row = effects.tidy().set_index("term").loc["own_total"]
    percent = effects.percent_of_mean().tidy().set_index("term").loc["own_total"]
    text = line(clean.summary(effects), "Found")
    for value in (row["estimate"], row["conf_low"], row["conf_high"]):
        assert f"{value:.2f}" in text or f"{value:.3f}" in text
    assert f"{percent['estimate']:.1f} % of the mean" in text
    for term in ("direct", "restructuring", "human_capital"):
        value = effects.tidy().set_index("term").loc[term, "estimate"]
        assert f"{value:.3f}"[:5] in line(clean.summary(effects), "By path")


def test_identified_effects_are_said_under_their_conditions(clean):
    text = line(clean.summary(), "Found")
    assert text.startswith("If the graph and its assumptions hold, one more unit of ai in a firm")
    assert "is estimated to raise green patents by" in text
    told = line(clean.summary(), "Read as causal")
    assert "Identified by the graph: own total." in told
    assert "Rests on sequential ignorability, which the data cannot check: direct" in told


def test_no_causal_verb_without_identification(shocked):
    for lang in ("en", "zh"):
        text = str(shocked.summary(lang=lang))
        found = dict(shocked.summary(lang=lang).lines)
        assert not CAUSAL.search(found["Found" if lang == "en" else "结果"])
        assert not FORBIDDEN.search(text)
    text = line(shocked.summary(), "Found")
    assert "goes with" in text
    assert "takes an assumption that the data cannot check" in text
    assert "Rests on there being no common shock, which the data cannot check" in line(
        shocked.summary(), "Read as causal"
    )


def test_what_is_not_identified_is_an_association(clean):
    study = study_of(SHOCKS, ["ai", "green_patents"], exposure=None)
    effects = study.paths(allow_unidentified=True)
    text = line(summarise(study, effects), "Found")
    assert "the graph does not identify it as an effect" in text
    assert not CAUSAL.search(text)
    assert "Not identified, associations only:" in line(summarise(study, effects), "Read as causal")


def test_withheld_paths_are_named():
    study = study_of(SHOCKS, ["skilled_share", "green_patents"], exposure=None)
    text = line(study.summary(), "By path")
    assert "Not reported, as the graph does not identify them:" in text
    assert "human capital" in text.partition("Not reported")[2]


def zero(study, factor=0.02):
    effects = study.paths()
    return replace(effects, estimate=effects.estimate * factor)


def test_an_interval_with_zero_is_not_an_absence(clean, shocked):
    for study, word in ((clean, "effect"), (shocked, "association")):
        text = line(study.summary(zero(study)), "Found")
        assert f"The data do not tell the {word} of one more unit of ai" in text
        assert "compatible with all from −" in text
        assert not FORBIDDEN.search(text)
    assert "zero included" in line(clean.summary(zero(clean)), "By path")
    text = line(clean.summary(zero(clean)), "Would overturn it")
    assert "no finding to overturn; but a confounder can hide an effect, too" in text
    assert "掩盖效应" in line(clean.summary(zero(clean), lang="zh"), "什么会推翻它")
    chinese = str(clean.summary(zero(clean), lang="zh"))
    assert "含零" in chinese
    assert not FORBIDDEN.search(chinese)


def test_negative_effects(clean):
    effects = clean.paths()
    down = replace(effects, estimate=-effects.estimate)
    assert "is estimated to lower green patents by" in line(clean.summary(down), "Found")
    assert "估计减少" in line(clean.summary(down, lang="zh"), "结果")


def test_few_clusters_and_what_could_have_been_found():
    table = simulate_panel(n_firms=120, n_years=5, n_cities=20, seed=1)[0]
    panel = cg.Panel.from_frame(table, **ROLES)
    study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear())
    text = line(study.summary(), "How sure")
    assert "city (20)" in text
    assert "With so few clusters" in text
    effects = study.paths()
    error = effects.tidy().set_index("term").loc["overall", "std_error"]
    smallest = float(re.search(r"effect of ([\d.]+) \(overall\)", text).group(1))
    assert 2.8 < smallest / error < 3.1


# --- what was tried --------------------------------------------------------------------------


def test_without_checks_the_assumptions_stand_in(clean):
    assert "study.falsify()" in line(clean.summary(), "Tried")
    text = line(clean.summary(), "Would overturn it")
    assert "conditional exogeneity" in text
    assert "moves ai and green patents together" in text


def test_checks_are_counted_and_failures_lead(clean):
    findings = (
        Finding("future treatment", "Leads?", "fail", "lead of ai in own_total: p 0.001."),
        Finding("overlap", "Enough?", "warn", "thin"),
        Finding("placebo outcome", "Elsewhere?", "not applicable", "name one"),
        strength(),
    )
    summary = clean.summary(falsification=Falsification(findings))
    tried = line(summary, "Tried")
    assert "4 checks: 1 passed, 1 unclear, 1 failed and 1 could not be run." in tried
    assert "Failed: future treatment. Unclear: overlap." in tried
    text = line(summary, "Would overturn it")
    assert text.startswith(
        "What failed has to be answered first: future treatment (lead of ai in own_total: p 0.001)."
    )
    chinese = clean.summary(falsification=Falsification(findings), lang="zh")
    assert line(chinese, "什么会推翻它").startswith("须先回应未通过的检验：未来处理（提前项）。")
    assert "A confounder that explains 30.0 % of what is left" in text
    assert "roa lag, the strongest observed control, would not." in text


def test_a_weak_estimate_says_that_a_control_would_do(clean):
    findings = Falsification((strength(limit=-0.1),))
    text = line(clean.summary(falsification=findings), "Would overturn it")
    assert "the strongest observed control, would." in text
    chinese = line(clean.summary(falsification=findings, lang="zh"), "什么会推翻它")
    assert "30.0%" in chinese
    assert "足以如此" in chinese


def test_long_reasons_are_cut(clean):
    findings = Falsification((Finding("overlap", "Enough?", "fail", "word " * 200),))
    text = line(clean.summary(falsification=findings), "Would overturn it")
    assert "..." in text
    assert len(text) < 700


def test_real_checks_are_read(clean):
    checks = ["overlap", "omitted confounder"]
    summary = clean.summary(falsification=clean.falsify(checks, simulations=20))
    assert "2 checks" in line(summary, "Tried")
    assert "A confounder that explains" in line(summary, "Would overturn it")


# --- for whom --------------------------------------------------------------------------------


def test_for_whom_needs_to_be_handed_in(clean):
    assert "For whom" not in dict(clean.summary().lines)
    surface = clean.surface(cg.linear_surface())
    told = [
        line(clean.summary(surface=given), "For whom")
        for given in (surface, clean.explain(surface), clean.explain(surface).claims())
    ]
    assert told[0] == told[1] == told[2]
    table = clean.explain(surface).claims().tidy()
    table = table[table["compared"] != "average against zero"]
    assert told[0].startswith(f"{len(table)} comparisons")
    assert f"{(table['verdict'] == 'supported').sum()} supported" in told[0]
    assert "adjusted for asking all" in told[0]
    assert "greener" not in told[0]


# --- languages and forms ---------------------------------------------------------------------


def test_chinese_says_the_same_numbers(clean):
    findings = Falsification((strength(),))
    english, chinese = (
        " ".join(text for _, text in clean.summary(falsification=findings, lang=lang).lines)
        for lang in ("en", "zh")
    )
    pattern = r"\d+\.\d+"
    assert sorted(re.findall(pattern, english)) == sorted(re.findall(pattern, chinese))
    for word in ("序贯可忽略性为前提", "因果图", "什么会推翻它", "置信区间"):
        assert word in str(clean.summary(lang="zh"))
    assert not re.search(r"[a-z]{3,} [a-z]{3,} [a-z]{3,}", chinese)


def test_another_language_is_refused(clean):
    with pytest.raises(DesignError, match="lang='fr'"):
        clean.summary(lang="fr")


def test_forms(clean):
    summary = clean.summary()
    assert list(summary.tidy().columns) == ["topic", "text"]
    page = Summary((("Found", "a < b"),), "zh")._repr_html_()
    assert "a &lt; b" in page
    assert 'lang="zh"' in page


def test_chinese_lines_are_broken_by_width():
    text = "结果：" + "人工智能，" * 40 + "（" + "增" * 20 + "）"
    lines = _wrapped(text).splitlines()
    assert max(map(_wide, lines)) <= 102
    assert not any(row.strip().startswith(("，", "）", "。")) for row in lines)
    assert not any(row.endswith("（") for row in lines)
    assert "".join(row.strip() for row in lines) == text


def test_effects_that_are_no_total_and_percentages(clean):
    effects = clean.paths()
    share = effects.percent_of_mean()
    text = line(clean.summary(share), "Found")
    assert "% of the mean" not in text
    assert " %" in text
    parts = effects.contrast({"indirect": {"restructuring": 1, "human_capital": 1}})
    told = clean.summary(parts)
    assert line(told, "Found") == "1 estimates, none of them a total."
    assert "indirect" in line(told, "By path")


def test_an_outcome_without_a_positive_mean():
    table = simulate_panel(n_firms=120, n_years=5, seed=1)[0]
    table["green_patents"] -= 100.0
    panel = cg.Panel.from_frame(table, **ROLES)
    study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear())
    assert "of the mean" not in line(study.summary(), "Found")


def test_a_reason_is_cut_between_sentences_and_brackets_close():
    reason = (
        "exposures could not be rebuilt (network=... was not given): wrong peers, as many for each "
        "firm, do what the right ones do (randomization p 0.40). "
        + "Not which firms they are, it seems. "
        * 9
    )
    told = first(reason)
    assert told.startswith("exposures could not be rebuilt (network=... was not given): wrong")
    assert told.endswith("(randomization p 0.40)")
    long = first("exposures were exchanged " + "again " * 20 + "(network=... was not " * 3)
    assert long.count("(") == long.count(")")
    assert long.endswith("again ...")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"falsification": strength()}, "one finding 'omitted confounder': give all"),
        ({"falsification": "x"}, "falsification='x': give what study.falsify"),
        ({"effects": Falsification(())}, "effects= was given findings: name the argument"),
        ({"effects": 5}, "effects=5: give effects, such as study.paths"),
        ({"surface": "x"}, "surface='x': give study.surface"),
    ],
)
def test_what_stands_in_anothers_place_is_refused(clean, tmp_path, arguments, told):
    with pytest.raises(DesignError, match=told):
        clean.summary(**arguments)
    with pytest.raises(DesignError, match=told):
        clean.report(tmp_path / "r.html", **arguments)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (None, "path=None is no path"), ("missing/r.html", "no folder .*missing"),
        ("folder.html", "that is a folder"), ("r.pdf", "cannot be written as"),
        ("/proc/r.html", "no file can be made in /proc"),
        ("taken.html", "manifest cannot go to .*taken.manifest.json: that is a folder"),
    ],
)  # fmt: skip
def test_a_place_for_the_report_is_looked_atfirst(tmp_path, path, told):
    if path == "/proc/r.html" and not Path("/proc").is_dir():
        pytest.skip("no /proc here")
    for folder in ("folder.html", "taken.manifest.json"):
        (tmp_path / folder).mkdir()
    study = study_of(SHOCKS, exposure=None)
    with pytest.raises(DesignError, match=told):
        study.report(path if path is None else tmp_path / path)
    assert "residuals" not in vars(study)


@pytest.fixture(scope="module")
def strangers():
    """A study with all that it finds, and what other studies have found."""
    df, _ = cg.simulate_panel(n_firms=80, n_years=5, n_cities=30, seed=4)

    def made(frame=df, **changes):
        roles = {
            "unit": "firm", "time": "year", "outcome": "green_patents", "treatment": "ai",
            "mediators": {"restructuring": "clean_share"}, "controls": ["leverage"],
            "traits": ["size"], "cluster": "city",
        }  # fmt: skip
        panel = cg.Panel.from_frame(frame, **roles | changes)
        return cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear(), n_jobs=1)

    rng = np.random.default_rng(0)
    others = {
        "the outcome is 'roa_lag' there and 'green_patents' here": made(outcome="roa_lag"),
        "treatments, exposures and mediators are ai there and ai, clean_share here": made(
            mediators=None
        ),
        "there are 240 rows of 80 firms there and 400 rows of 80 firms here": made(
            df[df["year"] < df["year"].min() + 3]
        ),
        "values of green_patents differ": made(
            df.assign(green_patents=rng.permutation(df["green_patents"]))
        ),
    }
    return made(), others


@pytest.mark.parametrize("number", range(4))
def test_what_another_study_found_is_refused(strangers, number, tmp_path):
    study, others = strangers
    why, other = list(others.items())[number]
    path = tmp_path / "r.md"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        own, effects = study.paths(), other.paths()
        surface, found = other.surface(cg.linear_surface()), other.falsify(["influence"])
        for given, name in ((effects, "effects"), (surface, "surface"), (found, "falsification")):
            told = f"{name}= was given what another study found: {why}.*study.{name[:3]}"
            told = told.replace("study.eff", "study.paths").replace("study.fal", "study.falsify")
            for ask in (study.summary, partial(study.report, path)):
                with pytest.raises(DesignError, match=told):
                    ask(**{name: given})
        with pytest.raises(DesignError, match=why):
            study.explain(surface)
        assert not path.exists()
        study.summary(own, study.surface(cg.linear_surface()), study.falsify(["influence"]))
        study.summary(own.percent_of_mean().select(["direct", "own_total"]))
