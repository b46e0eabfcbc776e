"""Several kinds of AI in one study: panels, truths, and what is made of the draws."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pandas as pd
import pytest

import causalgreen as cg
from benchmarks import figures, kinds, kinds_tables
from benchmarks.peers import Estimate
from benchmarks.results import Store, read_metadata

SMALL = kinds.Listed("Small", firms=250, years=6)


@pytest.fixture
def quick(monkeypatch):
    """The same study with least squares: what is tested here is not the learner."""

    def study_of(frame, seed):
        panel = kinds.panel_of(frame)
        return cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear(), seed=seed,
                        n_jobs=1, progress=False)  # fmt: skip

    monkeypatch.setattr(kinds, "study_of", study_of)


def test_economies_differ_in_one_thing_and_share_firms_and_chance():
    made = {name: kinds.draw(one, 3) for name, one in _small().items()}
    truth = {name: one.truth.of_type("robots") for name, one in made.items()}
    assert truth["alike"].per_firm["restructuring"].std() == pytest.approx(0.0, abs=1e-12)
    assert truth["notebook"].per_firm["restructuring"].std() > 0
    gaps = {
        name: int(one.df[list(kinds.CONTROLS)].isna().sum().sum()) for name, one in made.items()
    }
    assert (gaps["complete"], gaps["notebook"] > 0) == (0, True)
    for name in ("complete", "alike"):
        pd.testing.assert_frame_equal(
            made[name].df[["firm", "year", "ai", "robots"]],
            made["notebook"].df[["firm", "year", "ai", "robots"]],
        )


def _small():
    return {
        name: kinds.Listed(one.words, one.heterogeneity, one.missing, SMALL.firms, SMALL.years)
        for name, one in kinds.ECONOMIES.items()
    }


def test_every_kind_and_path_gets_its_own_truth(quick):
    rows = kinds.replicate("notebook", 0, SMALL)
    assert len(rows) == 2 * len(kinds.KINDS) * len(kinds.PATHS)
    assert (rows["error"] == "").all()
    assert (rows["conf_low"] < rows["conf_high"]).all()
    truth = kinds.draw(SMALL, kinds.BASE_SEED).truth
    of = rows[rows["method"] == kinds.CONSTANT].set_index(["kind", "term"])["truth"]
    assert of["ai", "direct"] == truth.population["direct"]
    assert of["robots", "restructuring"] == truth.of_type("robots").population["restructuring"]
    # robots restructure, digital finance moves skills
    assert of["robots", "restructuring"] > of["digital_finance", "restructuring"]


def test_by_itself_the_study_lets_coefficients_vary_and_the_benchmark_asks_for_both(quick):
    study = kinds.study_of(kinds.draw(SMALL, kinds.BASE_SEED).df, 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert study.paths().constant is not None
    rows = kinds.replicate("notebook", 0, SMALL)
    one, other = (rows[rows["method"] == m] for m in (kinds.DEFAULT, kinds.CONSTANT))
    assert (one["estimate"].to_numpy() != other["estimate"].to_numpy()).all()


def _raw(bias, draws=30):
    rng = np.random.default_rng(0)
    rows = []
    for r in range(draws):
        for method in (kinds.DEFAULT, kinds.CONSTANT):
            for kind in kinds.KINDS:
                for term in kinds.PATHS:
                    off = bias if (kind, term) == ("robots", "direct") else 0.0
                    b = 0.1 + off + 0.01 * rng.standard_normal()
                    rows.append({
                        "economy": "notebook", "replication": r, "method": method, "kind": kind,
                        "term": term, "estimate": b, "std_error": 0.01, "conf_low": b - 0.02,
                        "conf_high": b + 0.02, "truth": 0.1, "truth_average": 0.1, "error": "",
                        "seconds": 1.0,
                    })  # fmt: skip
    return pd.DataFrame(rows)


def test_the_target_reads_the_worst_kind_and_path_of_one_economy():
    raw = _raw(bias=0.05)
    worse = raw.assign(economy="alike", conf_low=1.0, conf_high=2.0)
    table = kinds.summarise(pd.concat([raw, worse]))
    worst = figures.paths(kinds.DEFAULT, True, ("kind", "term"), "notebook")(table)
    assert (worst.which, worst.value < 0.2) == ("robots: direct", True)
    row = table[(table["kind"] == "robots") & (table["term"] == "direct")].iloc[0]
    assert row["bias"] == pytest.approx(0.05, abs=0.01)
    together = figures.paths(kinds.DEFAULT, False, ("kind", "term"), "notebook")(table)
    assert 0.8 < together.value < 0.95
    assert (together.draws, together.spread >= 2 * row["pooled_mcse"]) == (30, True)


def test_a_study_that_fails_is_counted(monkeypatch):
    def broken(frame, seed) -> list[Estimate]:
        raise ValueError("too few\ncities")

    monkeypatch.setattr(kinds, "study_of", broken)
    rows = kinds.replicate("notebook", 0, SMALL)
    assert set(rows["error"]) == {"ValueError: too few"}
    table = kinds.summarise(rows)
    assert (table["failed"] == 1).all()


def test_a_draw_that_cannot_be_is_left_out_and_counted(monkeypatch, quick):
    def refuse(listed, seed):
        raise ValueError("this draw puts clean_share between 0.2 and 1.1, outside (0, 1): take")

    good = kinds.replicate("notebook", 0, SMALL)
    monkeypatch.setattr(kinds, "draw", refuse)
    bad = kinds.replicate("notebook", 1, SMALL)
    table = kinds.summarise(pd.concat([good, bad]))
    assert list(bad.columns) == list(good.columns)
    assert ((table["failed"] == 1) & (table["replications"] == 2)).all()
    assert table["truth"].notna().all()
    assert table["reason"].str.startswith("not drawn: this draw puts clean_share").all()


def test_a_run_goes_on_where_it_stopped_and_is_told(tmp_path, quick):
    path = tmp_path / "kinds.csv"
    kinds.run({"notebook": 1}, path, SMALL, progress=False)
    before = Store(path).read()
    table = kinds.run({"notebook": 2}, path, SMALL, progress=False)
    after = Store(path).read()
    assert set(table["replications"]) == {2}
    pd.testing.assert_frame_equal(after[after["replication"] == 0], before)
    text = kinds_tables.section(table.fillna({"reason": ""}), read_metadata(Store(path).notes))
    assert "250 of them over 6 years, drawn 2 times" in text
    assert "| smart manufacturing | restructuring | one coefficient |" in text
    assert "| smart manufacturing | restructuring | varying |" in text
    assert not re.search(r"\bnan\b", text)
