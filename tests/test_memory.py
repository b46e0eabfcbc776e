"""Memory that is estimated before work starts, and work that is cut into parts."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import causalgreen as cg
from causalgreen.errors import DesignError, EstimationError, EstimationWarning
from causalgreen.moments import moments as moments_module
from causalgreen.moments.basis import trait_basis
from causalgreen.moments.solve import jackknife_paths, solve_paths
from causalgreen.panel import memory
from causalgreen.panel.features import encode_traits
from causalgreen.panel.memory import GIB, Need, available_memory, check_memory
from causalgreen.panel.transforms import FixedEffects, feature_counts, transform
from causalgreen.residuals import linear as linear_module
from causalgreen.residuals.memory import check_cross_fit, cross_fit_need
from causalgreen.residuals.tasks import FoldTask
from causalgreen.surface.memory import check_forest, forest_need
from causalgreen.surface.problem import pose
from causalgreen.surface.sampled import draw_firms

CONTROLS = ("age", "leverage", "roa_lag", *(f"control_{k}" for k in range(4, 13)))


def panel_of(frame, **roles):
    given = {
        "unit": "firm", "time": "year", "outcome": "green_patents", "treatment": "ai",
        "mediators": {"human_capital": "skilled_share"}, "exposure": "peer_ai",
        "traits": ["size", "urban"], "controls": list(CONTROLS), "cluster": "city",
    }  # fmt: skip
    return cg.Panel.from_frame(frame, **(given | roles))


def study_of(frame, learner=None, **settings):
    panel = panel_of(frame)
    return cg.Study(
        panel, cg.green_innovation_graph(panel), learner=learner or cg.linear(), n_jobs=1,
        **settings,
    )  # fmt: skip


@pytest.fixture(scope="module")
def frame():
    return cg.simulate_panel(1500, 8, seed=5, n_controls=12)[0]


@pytest.fixture(scope="module")
def ragged(frame):
    rng = np.random.default_rng(3)
    part = frame[rng.random(len(frame)) < 0.8].copy()
    part.loc[rng.random(len(part)) < 0.1, "leverage"] = np.nan
    return part


@pytest.mark.parametrize("kind", ["within", "first_difference", "mundlak", "none"])
@pytest.mark.parametrize("approximate", [False, True])
def test_features_are_counted_without_making_them(ragged, kind, approximate):
    panel = panel_of(ragged)
    effects = FixedEffects(kind, approximate=approximate)
    design, counts = transform(panel, effects), feature_counts(panel, effects)
    assert counts.total == design.features.shape[1]
    assert counts.linear == (design.linear > 0).sum()
    assert counts.flexible == design.flexible.sum()
    assert counts.traits == design.traits.sum()


@pytest.mark.parametrize("maker", [cg.linear, cg.lightgbm, cg.lasso])
def test_the_estimate_is_within_a_factor_of_two_of_the_peak(frame, maker):
    # LightGBM's own memory is not seen by tracemalloc; that of numpy is.
    study = study_of(frame, maker())
    need = cross_fit_need(study.panel, study.fixed_effects, study._settings).bytes
    _ = study_of(frame.head(800), maker()).residuals  # imports do not count
    tracemalloc.start()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _ = study.residuals
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 0.5 < need / peak < 2.0


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="peaks are read on Linux")
def test_the_estimate_of_a_forest_is_within_a_factor_of_two_of_its_process():
    code = """
import gc, warnings
warnings.simplefilter("ignore")
import numpy as np, causalgreen as cg
from causalgreen.surface.forest import Forest
from causalgreen.surface.memory import forest_need
from causalgreen.surface.problem import pose
df, _ = cg.simulate_panel(12_000, 3, seed=1)
panel = cg.Panel.from_frame(df, unit="firm", time="year", outcome="green_patents", treatment="ai",
    mediators={"h": ["skilled_share"], "r": ["clean_share"]}, exposure="peer_ai",
    traits=["size", "urban"], controls=["age"], cluster="city")
study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear(), n_jobs=1)
problem = pose(panel, study.moments, study._layout)
small = problem.subset(np.arange(2_000))
Forest(trees=8).fit(small, n_jobs=1).held_out()
gc.collect()
def status(name):
    lines = open("/proc/self/status").read().splitlines()
    return next(int(x.split()[1]) for x in lines if x.startswith(name)) * 1024
open("/proc/self/clear_refs", "w").write("5")  # the peak starts again from here
before = status("VmRSS")
method = Forest(trees=48)
need = forest_need(problem, problem.n_firms, 48, method.leaf(problem.n_firms), 0.45, 1).bytes
fitted = method.fit(problem, n_jobs=1)
fitted.held_out()
print(need / (status("VmHWM") - before))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert 0.5 < float(done.stdout) < 2.0


def test_jobs_multiply_what_learners_hold(frame):
    panel, effects = panel_of(frame), FixedEffects()
    settings = study_of(frame, cg.lightgbm())._settings
    one = cross_fit_need(panel, effects, replace(settings, n_jobs=1)).bytes
    four = cross_fit_need(panel, effects, replace(settings, n_jobs=4)).bytes
    assert four > 1.3 * one
    assert (
        "4 jobs"
        in dict(cross_fit_need(panel, effects, replace(settings, n_jobs=4)).parts).__str__()
    )


def test_a_small_machine_is_told_before_work_starts(frame, monkeypatch):
    study = study_of(frame, cg.stack(cg.linear(), cg.lasso()), repeats=2)
    study._settings = replace(study._settings, n_jobs=3)
    monkeypatch.setattr(memory, "SMALL", 0.0)
    monkeypatch.setattr(memory, "available_memory", lambda: 0.01 * GIB)
    monkeypatch.setattr("causalgreen.residuals.crossfit.transform", None)  # nothing is started
    with pytest.raises(DesignError) as caught:
        _ = study.residuals
    text = str(caught.value)
    for told in ("memory is too short", "nothing was started", "cross-fitting needs about",
                 "features", "0.0 GiB are free", "n_jobs=1", "repeats=1", "cg.lightgbm()",
                 "12 controls and 2 traits", "a random sample of whole firms"):  # fmt: skip
        assert told in text


def test_a_tight_machine_is_warned_and_works(frame, monkeypatch):
    study = study_of(frame.head(2400))
    need = cross_fit_need(study.panel, study.fixed_effects, study._settings).bytes
    monkeypatch.setattr(memory, "SMALL", 0.0)
    monkeypatch.setattr(memory, "available_memory", lambda: need / 0.9)
    with pytest.warns(EstimationWarning, match="memory may run short: cross-fitting needs"):
        _ = study.residuals


class Hungry(linear_module.LinearLearner):
    """Least squares that finds no memory for its fits from the one named on."""

    fits, last = 0, 10**9

    def predict(self, task):
        Hungry.fits += 1
        if Hungry.fits > Hungry.last:
            raise MemoryError
        return super().predict(task)


def test_memory_that_runs_out_in_the_middle_says_what_to_do_and_keeps_the_fits(frame, monkeypatch):
    study = study_of(frame, Hungry())
    monkeypatch.setattr(Hungry, "fits", 0)
    monkeypatch.setattr(Hungry, "last", 7)
    with pytest.raises(EstimationError, match="ran out in the middle of cross-fitting") as caught:
        study.paths()
    for told in ("What is fitted is kept", "a random sample of whole firms", "GiB are free now"):
        assert told in str(caught.value)
    done, Hungry.last = len(study._kept), 10**9
    assert done > 0
    whole = study_of(frame).paths()
    Hungry.fits = 0
    np.testing.assert_array_equal(study.paths().estimate, whole.estimate)
    assert 0 < Hungry.fits < 4 * 5  # four targets, five folds


def test_other_allocators_are_understood_and_other_errors_left_alone():
    for error in (MemoryError(), RuntimeError("std::bad_alloc"), ValueError("bad allocation")):
        with (
            pytest.raises(EstimationError, match=r"middle of x.*\. All is lost\. What to do: y; z"),
            memory.told_if_short("x", "All is lost", ("y", "z")),
        ):
            raise error
    with pytest.raises(ValueError, match=r"^no$"), memory.told_if_short("x", "", ()):
        raise ValueError("no")


def test_a_surface_that_finds_no_memory_says_what_to_do(frame):
    class Never:
        name = "never"

        def fit(self, *_, **__):
            raise MemoryError

    study = study_of(frame.head(2400))
    with pytest.raises(
        EstimationError, match=r"the surface.*residuals are kept.*cg\.forest\(firms="
    ):
        study.surface(Never())


def test_a_forest_on_a_small_machine_names_the_sample_of_firms(frame, monkeypatch):
    study = study_of(frame)
    problem = pose(study.panel, study.moments, study._layout)
    monkeypatch.setattr(memory, "SMALL", 0.0)
    monkeypatch.setattr(memory, "available_memory", lambda: 1e6)
    with pytest.raises(DesignError, match=r"the forest needs about .*cg\.forest\(firms=1_000\)"):
        check_forest(problem, problem.n_firms, 400, 15, 0.45, None)
    whole = forest_need(problem, problem.n_firms, 400, 15, 0.45, 1).bytes
    assert forest_need(problem, 300, 400, 15, 0.45, 1).bytes < whole / 2


def test_no_word_on_small_panels_or_where_nothing_is_known(frame, monkeypatch):
    panel, settings = (
        panel_of(frame),
        study_of(frame, cg.stack(cg.linear(), cg.lasso(), cg.lightgbm()))._settings,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        monkeypatch.setattr(memory, "available_memory", lambda: 0.3 * GIB)
        check_cross_fit(panel, FixedEffects(), settings)
        monkeypatch.setattr(memory, "available_memory", lambda: None)
        check_memory(Need("anything", (("all", 1e15),)), ("buy memory",))


def test_free_memory_is_that_of_the_container(tmp_path, monkeypatch):
    found = available_memory()
    assert found is None or 0 < found < 2**50
    (tmp_path / "memory.max").write_text("3000000\n")
    (tmp_path / "memory.current").write_text("1000000\n")
    assert memory._group(tmp_path) == 2e6
    (tmp_path / "memory.max").write_text("max\n")
    assert memory._group(tmp_path) is None
    monkeypatch.setattr(memory, "_group", lambda: 5.0)
    assert available_memory() == 5.0
    monkeypatch.setattr(memory, "_group", lambda: None)
    monkeypatch.setattr(memory, "_machine", lambda: None)
    assert available_memory() is None


def test_least_squares_in_chunks_is_least_squares(monkeypatch):
    rng = np.random.default_rng(0)
    n, weights = 900, rng.uniform(0.5, 2, 900)
    X = rng.normal(size=(n, 7)) * [1, 1e3, 1, 1, 1e-3, 1, 1] + 4
    X[:, 3] = 2 * X[:, 2]  # collinear
    X[rng.random(n) < 0.1, 5] = np.nan
    y = X[:, 0] + X[:, 1] / 500 - X[:, 2] + rng.normal(size=n)
    train, test = np.arange(600), np.arange(600, n)
    task = FoldTask(X, y, weights, train, test, np.ones(7), np.ones(7, bool), np.zeros(7, bool), 0)
    filled, gap = np.where(np.isnan(X), np.nanmean(X[train], axis=0), X), np.isnan(X[:, [5]])
    Z = np.column_stack([np.ones(n), filled, gap])[:, [0, 1, 2, 3, 5, 6, 7, 8]]
    root = np.sqrt(weights[train])
    beta = np.linalg.lstsq(Z[train] * root[:, None], y[train] * root)[0]
    for rows, keep in ((64, 0), (10_000, 0), (64, 10**9)):
        monkeypatch.setattr(linear_module, "ROWS", rows)
        monkeypatch.setattr(linear_module, "KEEP", keep)
        fitted, held_out = linear_module.linear_fit(replace(task, memo={}))
        np.testing.assert_allclose(fitted, Z[train] @ beta, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(held_out, Z[test] @ beta, rtol=1e-9, atol=1e-9)


def test_nearly_collinear_columns_are_carried_through_the_decomposition():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(400, 3))
    X[:, 2] = X[:, 1] + 1e-8 * X[:, 2]
    beta = np.array([1.0, 2.0, -1.0])
    task = FoldTask(
        X, X @ beta, None, np.arange(300), np.arange(300, 400), np.ones(3), np.ones(3, bool),
        np.zeros(3, bool), 0,
    )  # fmt: skip
    fitted, held_out = linear_module.linear_fit(task)
    np.testing.assert_allclose(fitted, (X @ beta)[:300], atol=1e-10)
    np.testing.assert_allclose(held_out, (X @ beta)[300:], atol=1e-10)


def test_period_moments_are_kept_once_for_firms_alike(frame, ragged):
    even, uneven = study_of(frame).moments, study_of(ragged).moments
    assert len(even.kinds) == 1
    assert 1 < len(uneven.kinds) <= 2**8
    study = study_of(ragged, repeats=2)
    moments, design = study.moments, study.residuals.design
    unit = study.panel.unit_codes[design.rows]
    for cell in (0, 7, len(moments.kind) - 1):
        mine = unit == moments.sample.units[cell]
        for repeat in range(2):
            rows = np.column_stack([study.residuals.values[repeat][mine], design.periods[mine]])
            np.testing.assert_allclose(moments.values[repeat, cell], rows.T @ rows, atol=1e-12)


def test_solutions_do_not_depend_on_the_size_of_the_parts(ragged, monkeypatch):
    study = study_of(ragged)
    basis = trait_basis(*encode_traits(study.panel))
    whole = solve_paths(study.moments, study._layout, basis)
    left = jackknife_paths(study.moments, study._layout, basis)
    monkeypatch.setattr(moments_module, "PART", 37)
    small = solve_paths(study.moments, study._layout, basis)
    np.testing.assert_allclose(small.estimate, whole.estimate, rtol=1e-10)
    np.testing.assert_allclose(small.influence, whole.influence, rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(
        jackknife_paths(study.moments, study._layout, basis), left, rtol=1e-9
    )


def test_memory_does_not_grow_with_the_number_of_questions(frame):
    study = study_of(frame)
    _ = study.moments, study.paths()

    def peak(questions):
        tracemalloc.start()
        for _ in range(questions):
            study.paths()
        out = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return out

    one, many = peak(1), peak(6)
    assert many < 1.3 * one


def test_a_forest_on_some_firms_predicts_all_of_them(frame):
    study = study_of(frame)
    surface = study.surface(cg.forest(80, firms=600))
    assert len(surface.firms) == study.panel.n_units
    assert np.isfinite(surface.estimate).all()
    assert np.isfinite(surface.std_error).all()
    assert np.isfinite(surface.correction).all()
    assert "grown on 600 firms" in str(surface.context.method)
    np.testing.assert_allclose(
        surface.estimate[:, :-2].sum(axis=1), surface.estimate[:, -1], atol=1e-9
    )
    again = study.surface(cg.forest(80, firms=600))
    np.testing.assert_array_equal(surface.estimate, again.estimate)
    whole = study.surface(cg.forest(80))
    same = study.surface(cg.forest(80, firms=10**6))
    np.testing.assert_array_equal(whole.estimate, same.estimate)
    close = np.corrcoef(surface.estimate[:, 0], whole.estimate[:, 0])[0, 1]
    assert close > 0.8
    with pytest.raises(DesignError, match="firms=0: give a whole number"):
        cg.forest(firms=0)


def test_a_sampled_forest_does_not_see_the_own_cluster(frame):
    study = study_of(frame)
    problem = pose(study.panel, study.moments, study._layout)
    fitted = cg.forest(40, firms=700, smooth=False, splits="total").fit(problem, n_jobs=1)
    grown = fitted.grown
    drawn = draw_firms(problem, 700, 0)
    np.testing.assert_array_equal(grown.problem.traits.index, problem.traits.index[drawn])
    local, home = fitted.held_out(), problem.home[0]
    rows = np.flatnonzero(problem.home == home)
    assert 0 < np.isin(rows, drawn).sum() < len(rows)
    own = np.unique(grown.problem.home, return_inverse=True)[1][grown.problem.home == home][0]
    seen = [own in half for half, _ in grown.trees.samples()]
    assert 0 < sum(seen) < len(seen)
    without = grown._solve(problem.X[rows], np.full(len(rows), own), False)
    np.testing.assert_allclose(local.effects[rows], without.effects, rtol=1e-12)
    assert not np.allclose(local.effects[rows], fitted.at(problem.X[rows]).effects)
