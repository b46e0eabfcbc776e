"""Learners of the nuisance functions: gaps, weights, stacks, refusals, reports."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import estimates, make_study, quiet_paths
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.neighbors import KNeighborsRegressor

import causalgreen as cg
from causalgreen.errors import DesignError
from causalgreen.residuals.learners import as_stack

LEARNERS = {
    "linear": cg.linear,
    "lasso": lambda: cg.lasso(knots=4, n_penalties=6),
    "lightgbm": lambda: cg.lightgbm(max_rounds=20),
    "forest": lambda: cg.random_forest(8),
    "stack": lambda: cg.stack(cg.linear(), cg.lightgbm(max_rounds=10), Ridge()),
    "ridge": Ridge,
    "boosting": lambda: HistGradientBoostingRegressor(max_iter=10),
}


@pytest.mark.parametrize("learner", LEARNERS)
@pytest.mark.parametrize("fixed", ["within", "none"])
def test_missing_controls_and_weights(ragged, learner, fixed):
    df = ragged.copy()
    gaps = np.random.default_rng(0).random(len(df)) < 0.25
    df.loc[gaps, "leverage"] = np.nan
    study = make_study(
        df, LEARNERS[learner](), fixed, mediators=None, weight="w", folds=3,
        traits=["size", "clean_industry"],
    )  # fmt: skip
    found = estimates(quiet_paths(study, allow_unidentified=True))
    assert np.isfinite(list(found.values())).all()
    # Rows with a gap are used, not dropped (one-period firms say nothing within).
    lonely = df.groupby("firm")["year"].transform("size") == 1
    assert len(study.residuals.design.rows) == len(df) - (lonely.sum() if fixed == "within" else 0)


@pytest.mark.parametrize("learner", LEARNERS)
def test_a_control_that_is_missing_everywhere_for_a_fold_still_works(table, learner):
    df = table.copy()
    df.loc[df["city"] > "city_009", "leverage"] = np.nan
    study = make_study(df, LEARNERS[learner](), "within", mediators=None, exposure=None, folds=3)
    assert np.isfinite(quiet_paths(study)["direct"])


@pytest.mark.parametrize("learner", [None, *LEARNERS])
@pytest.mark.parametrize("fixed", ["within", "first_difference", "mundlak", "none"])
def test_traits_without_controls(table, learner, fixed):
    model = None if learner is None else LEARNERS[learner]()
    study = make_study(
        table, model, fixed, controls=None, mediators=None, exposure=None, traits=["size"],
        folds=2, n_jobs=1,
    )  # fmt: skip
    assert np.isfinite(quiet_paths(study, allow_unidentified=True)["direct"])


@pytest.mark.parametrize("learner", ["linear", "lasso", "lightgbm", "stack"])
def test_constant_and_duplicate_controls_do_no_harm(table, learner):
    base = make_study(table, LEARNERS[learner](), mediators=None, exposure=None, folds=2)
    df = table.assign(one=1.0, again=table["leverage"] * 3 + 2)
    controls = ["age", "leverage", "roa_lag", "one", "again"]
    other = make_study(
        df, LEARNERS[learner](), mediators=None, exposure=None, folds=2, controls=controls
    )
    a, b = quiet_paths(base), quiet_paths(other)
    assert np.isfinite(b.estimate).all()
    if learner == "linear":
        assert a["direct"] == pytest.approx(b["direct"], abs=1e-9)


def test_linear_is_least_squares_with_weights(ragged):
    fixed = cg.FixedEffects("none", time=False)
    kwargs = {"mediators": None, "exposure": None, "weight": "w", "fixed_effects": fixed}
    a = make_study(ragged, cg.linear(), **kwargs).residuals.values
    b = make_study(ragged, LinearRegression(), **kwargs).residuals.values
    np.testing.assert_allclose(a, b, atol=1e-9)


def test_linear_under_within_takes_out_the_deviations(table):
    # With the transform done, cross-fitted least squares on deviations, fold by fold.
    study = make_study(table, mediators=None, exposure=None)
    residuals = study.residuals
    design, fold = residuals.design, residuals.folds[0]
    X = design.features[:, design.linear > 0]
    expected = design.targets.copy()
    for k in range(5):
        train, test = fold != k, fold == k
        A = np.column_stack([np.ones(train.sum()), X[train]])
        beta = np.linalg.lstsq(A, design.targets[train], rcond=None)[0]
        expected[test] -= np.column_stack([np.ones(test.sum()), X[test]]) @ beta
    from causalgreen.panel.absorb import absorb

    expected = absorb(expected, design.removed)
    np.testing.assert_allclose(residuals.values[0], expected, atol=1e-9)


def test_stack_is_convex_and_no_worse_than_its_members(table):
    study = make_study(
        table, cg.stack(cg.linear(), DummyRegressor(), KNeighborsRegressor(20)), "none",
        mediators=None, exposure=None,
    )  # fmt: skip
    for choice in study.residuals.choices[0]:
        assert sum(choice.weights) == pytest.approx(1)
        assert min(choice.weights) >= 0
        assert choice.stacked >= max(choice.r_squared) - 1e-6


def test_stack_of_a_useless_learner_gives_it_no_weight(table):
    rng = np.random.default_rng(0)

    class Noise:
        name = "noise"

        def labels(self):
            return ("one",)

        def predict(self, task):
            return 50 * rng.standard_normal((len(task.test), 1))

    study = make_study(table, cg.stack(cg.linear(), Noise()), mediators=None, exposure=None,
                       n_jobs=1)  # fmt: skip
    for choice in study.residuals.choices[0]:
        assert choice.weights[1] < 0.01


def test_a_path_of_tunings_is_chosen_by_the_held_out_loss(table):
    class Path:
        name = "path"

        def labels(self):
            return ("good", "bad")

        def predict(self, task):
            mean = np.full(len(task.test), task.y[task.train].mean())
            return np.column_stack([mean, mean + 30])

    study = make_study(table, Path(), "none", mediators=None, exposure=None, n_jobs=1)
    assert {c.tuning for c in study.residuals.choices[0]} == {("good",)}


def test_nuisance_report_is_the_out_of_fold_r_squared(table):
    fixed = cg.FixedEffects("none", time=False)
    study = make_study(table, cg.linear(), fixed, mediators=None)
    report = study.nuisance_report().tidy().set_index("target")
    for j, name in enumerate(study.residuals.names):
        y, e = table[name].to_numpy(), study.residuals.values[0][:, j]
        expected = 1 - np.mean(e**2) / np.var(y)
        assert report.loc[name, "r_squared"] == pytest.approx(expected, abs=1e-12)
    assert (report["learner"] == "linear").all()


def test_nuisance_report_without_features(table):
    study = make_study(table, controls=None)
    report = study.nuisance_report()
    assert report.tidy().empty
    assert "nothing to predict" in str(report)


def test_a_learner_that_loses_to_the_linear_one_is_pointed_out(table):
    study = make_study(table, cg.stack(cg.linear(), DummyRegressor()), "none", mediators=None,
                       exposure=None)  # fmt: skip
    notes = " ".join(study.nuisance_report().notes)
    assert "DummyRegressor predict(s) worse than the linear learner" in notes


def test_a_control_that_is_the_treatment_is_pointed_out(table):
    df = table.assign(copy=table["ai"] + 1e-3 * np.random.default_rng(0).normal(size=len(table)))
    study = make_study(df, mediators=None, exposure=None, controls=["copy", "leverage"])
    assert any(note.startswith("ai: controls predict") for note in study.nuisance_report().notes)


@pytest.mark.parametrize("model", ["lightgbm", 3, LinearRegression, object()])
def test_what_is_no_learner_is_refused(table, model):
    with pytest.raises(DesignError, match=r"is no learner.*cg\.lightgbm\(\).*instance"):
        make_study(table, model)


def test_empty_stack_and_owned_parameters_are_refused():
    with pytest.raises(DesignError, match="at least one learner"):
        cg.stack()
    with pytest.raises(DesignError, match=r"n_jobs, seed cannot be set here"):
        cg.lightgbm(seed=1, n_jobs=2)


def test_weights_need_a_learner_that_takes_them(ragged):
    study = make_study(ragged, KNeighborsRegressor(), weight="w", mediators=None, n_jobs=1)
    with pytest.raises(DesignError, match=r"KNeighborsRegressor takes none.*sample_weight"):
        quiet_paths(study)


def test_infinite_predictions_are_refused_by_name(table):
    class Broken:
        name = "broken"

        def labels(self):
            return ("one",)

        def predict(self, task):
            return np.full((len(task.test), 1), np.inf)

    study = make_study(table, Broken(), mediators=None, exposure=None, n_jobs=1)
    with pytest.raises(DesignError, match=r"learner broken predicts infinite or missing"):
        quiet_paths(study)


def test_default_is_a_stack_of_linear_and_curved_learners():
    names = [member.name for member in as_stack(None).members]
    assert names[0] == "linear"
    assert "lightgbm" in names


def test_firm_ids_and_dummies_are_refused(table):
    number = table["firm"].astype(int)
    df = table.assign(code=number, shifted=3 * number + 7)
    for name in ("code", "shifted"):
        study = make_study(df, controls=["leverage", name], mediators=None)
        with pytest.raises(DesignError, match=rf"{name} number.*firms one by one.*within"):
            quiet_paths(study)
    firms = df["firm"].unique()[:5]
    dummies = {f"is_{f}": (df["firm"] == f).astype(float) for f in firms}
    study = make_study(df.assign(**dummies), controls=["leverage", *dummies], mediators=None)
    with pytest.raises(DesignError, match=r"5 columns are indicators of a single firm"):
        quiet_paths(study)
    study = make_study(df.assign(code=number), traits=["code"], controls=["leverage"])
    with pytest.raises(DesignError, match="code"):
        quiet_paths(study)


def test_an_honest_constant_control_is_no_firm_id(table):
    first = table.groupby("firm")["size"].transform("first")
    study = make_study(
        table.assign(level=first), cg.linear(), "none", mediators=None, exposure=None,
        controls=["level", "urban"],
    )  # fmt: skip
    assert np.isfinite(quiet_paths(study, allow_unidentified=True)["direct"])
