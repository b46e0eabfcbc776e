"""The benchmark of effects by firm on tiny panels: judged right, resumed, refused, reported."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pandas as pd
import pytest

import causalgreen as cg
from benchmarks import surface, surface_tables
from benchmarks.realdata import main as realdata
from benchmarks.results import Store
from benchmarks.surface_economies import CASES, ByFirm, Case, draw_case, judge, zigzag
from benchmarks.surface_groups import summarise_groups
from benchmarks.surface_methods import METHODS, Panels, run_way, separate_forests
from benchmarks.surface_results import fingerprints, summarise
from benchmarks.surface_tables import page
from causalgreen.surface.problem import pose

TINY = Case(firms=160, years=4)


@pytest.fixture(scope="module")
def panels() -> Panels:
    frame, _ = cg.simulate_panel(160, 4, seed=2, n_cities=80)
    return Panels(frame, 2)


def test_coverage_and_error_are_those_of_the_numbers_given():
    truth = pd.DataFrame({"direct": [0.0, 0.0, 0.0, 0.0]})
    found = ByFirm("k", "direct", np.array([0.1, 3.0, 0.0, np.nan]), np.array([1.0] * 4), 2.0)
    row = judge(found, truth, np.array([1.0, 2.0, 3.0, 4.0]))
    assert row["coverage"] == pytest.approx(2 / 3)
    assert row["coverage_inside"] == pytest.approx(0.5)  # of the second and third
    assert row["mse"] == pytest.approx((0.01 + 9.0) / 3)
    assert (row["missing"], row["seconds"]) == (1, 2.0)


def test_no_interval_is_no_coverage():
    truth = pd.DataFrame({"direct": np.zeros(3)})
    row = judge(ByFirm("k", "direct", np.ones(3), np.full(3, np.nan), 1.0), truth, np.arange(3.0))
    assert np.isnan(row["coverage"])
    assert row["mse"] == 1.0


def test_the_zigzag_scale_determines_size_and_turns_twice():
    size = np.random.default_rng(0).normal(size=3000)
    scale = zigzag(size, 0)
    order = np.argsort(scale)
    steps = np.diff(size[order])
    third = [np.searchsorted(scale[order], k) for k in range(4)]
    signs = [np.sign(steps[a : b - 1]).mean() for a, b in itertools.pairwise(third)]
    assert signs == [1.0, -1.0, 1.0]


@pytest.mark.parametrize("shape", ["straight", "cube", "zigzag"])
def test_the_truth_does_not_change_with_the_scale_of_the_trait(shape):
    frame, truth = draw_case(Case(60, 3, shape), 4)
    plain, same = draw_case(Case(60, 3), 4)
    pd.testing.assert_frame_equal(truth, same)
    assert frame["green_patents"].equals(plain["green_patents"])
    assert frame["size"].equals(plain["size"]) == (shape == "straight")


def test_separate_forests_give_all_paths_and_need_not_share_weights(panels):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study, _ = panels.study("linear")
    problem = pose(study.panel, study.moments, study._layout)
    effects = separate_forests(problem, cg.forest(80, smooth=False), 0)
    together = cg.forest(80, smooth=False).fit(problem, seed=0).held_out().effects
    assert effects.shape == together.shape == (160, 6)
    assert np.isfinite(effects).all()
    assert not np.allclose(effects, together)
    # they are about the same thing: one large gap would be columns in another order
    np.testing.assert_allclose(effects.mean(axis=0), together.mean(axis=0), atol=0.1)


def test_a_method_that_cannot_be_used_is_counted_with_its_reason(panels):
    few = Panels(panels.frame[panels.frame["city"].isin(panels.frame["city"].unique()[:30])], 2)
    found, error = run_way("linear-linear", few)
    assert found == []
    assert "EstimationError" in error
    assert "too many for 30 clusters" in error


def test_an_interrupted_run_continues_where_it_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(surface, "CASES", {"plain": Case(160, 4, nonlinearity=0.0)})
    monkeypatch.setattr(surface, "warm_up", lambda keys: None)
    monkeypatch.setattr(surface, "LEARNERS", {})  # no averages by size: two forests less
    wanted = {"methods": ("forest-linear",), "cases": ("plain",), "table": tmp_path / "surface.csv"}
    surface.run(surface.Plan(1, **wanted, progress=False))
    before = Store(wanted["table"]).read()
    table = surface.run(surface.Plan(2, **wanted, progress=False))
    after = Store(wanted["table"]).read()
    assert (table["replications"] == 2).all()
    assert (table["failed"] == 0).all()
    pd.testing.assert_frame_equal(after[after["replication"] == 0], before)
    text = page(tmp_path)
    assert "| direct | **cg.forest(), linear learner** | 2 |" in text
    assert "Pointwise coverage 90 to 97 %" in text
    assert "nan" not in text


def test_old_rows_of_changed_code_are_left_out():
    prints = fingerprints()
    raw = pd.DataFrame({"key": ["forest", "forest"], "fingerprint": [prints["forest"], "old"],
                        "case": "straight", "replication": [0, 1], "kind": "firm",
                        "term": "direct"})  # fmt: skip
    assert surface.current(raw, prints)["replication"].tolist() == [0]


def test_time_is_a_ratio_of_sums_and_failures_stay_in_the_count():
    row = {"case": "straight", "replication": 0, "key": "statspai", "term": "own_total",
           "mse": 0.04,
           "mean_error": 0.1, "coverage": 0.9, "coverage_inside": 0.8, "length": 0.5,
           "missing": 0, "error": ""}  # fmt: skip
    raw = pd.DataFrame([row | {"seconds": 6.0, "reference": 2.0},
                        row | {"seconds": 2.0, "reference": 2.0},
                        {"case": "straight", "replication": 2, "key": "statspai",
                         "term": "own_total", "error": "ValueError: no"}])  # fmt: skip
    cell = summarise(raw).iloc[0]
    assert (cell["replications"], cell["failed"], cell["reason"]) == (3, 1, "ValueError: no")
    assert (cell["times"], cell["rmse"]) == (2.0, pytest.approx(0.2))


def test_groups_of_a_panel_are_one_draw_in_the_error_of_their_coverage():
    raw = pd.DataFrame({
        "case": "straight", "key": "forest", "term": "direct", "replication": [0, 0, 1, 1],
        "mean_error": [0.1, -0.1, 0.3, 0.1], "coverage": [1.0, 1.0, 0.0, 1.0], "length": 0.4,
    })  # fmt: skip
    row = summarise_groups(raw).iloc[0]
    assert (row["replications"], row["intervals"], row["coverage"]) == (2, 4, 0.75)
    assert row["coverage_mcse"] == pytest.approx(0.25)  # of the two panels' 1 and 1/2
    assert row["bias"] == pytest.approx(0.1)


def test_every_case_and_method_has_a_plan():
    plan = surface.Plan(12)
    assert plan.wanted("straight", "forest") == 12
    assert plan.wanted("straight", "statspai") == plan.wanted("straight-4000", "forest") == 3
    assert plan.wanted("straight-4000", "statspai") == 0
    assert all(any(plan.wanted(c, m) for c in CASES) for m in METHODS)


def test_real_data_are_skipped_where_they_are_not(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("CAUSALGREEN_DATA", raising=False)
    assert realdata(["--out", str(tmp_path)]) == 0
    assert "CAUSALGREEN_DATA is not set" in capsys.readouterr().err
    monkeypatch.setenv("CAUSALGREEN_DATA", str(tmp_path))
    assert realdata(["--out", str(tmp_path)]) == 0
    told = capsys.readouterr().err
    assert "ihdp: no folder ihdp" in told
    assert "401k: no folder pension401k" in told
    assert list(tmp_path.glob("*.csv")) == []


def test_pages_do_not_depend_on_what_is_installed_and_the_command_says_what_changed(monkeypatch):
    notes = {f"fingerprint {key}": now for key, now in surface_tables.fingerprints().items()}
    assert surface_tables.outdated(notes) == []
    key = next(iter(notes))
    assert surface_tables.outdated(notes | {key: "another"}) == [key.removeprefix("fingerprint ")]
    before = surface_tables.page(surface_tables.RESULTS)
    monkeypatch.setattr(surface_tables, "fingerprints", lambda: {"forest": "another"})
    assert surface_tables.page(surface_tables.RESULTS) == before
