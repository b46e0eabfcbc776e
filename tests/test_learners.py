"""Learners of the nuisance functions: gaps, weights, stacks, refusals, reports."""

from __future__ import annotations

import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from conftest import estimates, make_study, quiet_paths
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.cluster import KMeans
from sklearn.cross_decomposition import PLSRegression
from sklearn.decomposition import PCA
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import HistGradientBoostingRegressor, IsolationForest
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, RidgeClassifier
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import causalgreen as cg
from causalgreen.errors import DesignError
from causalgreen.residuals.choose import _convex_weights
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


REFUSED = {
    "KMeans": KMeans(),
    "LogisticRegression": LogisticRegression(),
    "PCA": PCA(2),
    "IsolationForest": IsolationForest(),
    "GaussianMixture": GaussianMixture(),
    "RidgeClassifier": RidgeClassifier(),
    "LGBMClassifier": LGBMClassifier(),
    "Pipeline": make_pipeline(StandardScaler(), KMeans()),
    "GridSearchCV": GridSearchCV(KMeans(), {}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_estimators_that_are_no_regressors_are_refused_by_name(table, name):
    with pytest.raises(DesignError, match=rf"{name} is no regressor but a .*conditional means"):
        cg.stack(REFUSED[name])


class FitPredict:
    """Least squares with nothing but fit and predict."""

    def fit(self, X, y):
        self.beta = np.linalg.lstsq(np.column_stack([np.ones(len(X)), X]), y, rcond=None)[0]
        return self

    def predict(self, X):
        return self.beta[0] + X @ self.beta[1:]


class OfAnOlderPackage(FitPredict):
    """A wrapper whose tags break, as those of older packages do."""

    _estimator_type = "regressor"

    def __sklearn_tags__(self):
        return super().__sklearn_tags__()


@pytest.mark.parametrize(
    "model",
    [
        FitPredict(), OfAnOlderPackage(), make_pipeline(StandardScaler(), LinearRegression()),
        GridSearchCV(LinearRegression(), {}, cv=2), PLSRegression(1), LGBMRegressor(n_jobs=1),
    ],
    ids=lambda model: type(model).__name__,
)  # fmt: skip
def test_regressors_of_all_kinds_are_taken(table, model):
    kwargs = {"mediators": None, "exposure": None, "folds": 2, "n_jobs": 1}
    found = make_study(table, model, "none", **kwargs)
    assert np.isfinite(found.residuals.values).all()
    if type(model) in (FitPredict, OfAnOlderPackage):
        plain = make_study(table, LinearRegression(), "none", **kwargs)
        np.testing.assert_allclose(found.residuals.values, plain.residuals.values, atol=1e-8)
        (record,) = found.manifest().learners
        assert not record.rebuildable


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"eta": 0.05}, r"eta is another name of learning_rate; give learning_rate=0\.05"),
        ({"shrinkage_rate": 0.05}, "give learning_rate=0.05"),
        ({"max_leaves": 8}, "give num_leaves=8"),
        ({"min_data_in_leaf": 5}, "give min_child_samples=5"),
        ({"max_bins": 63}, "give max_bin=63"),
        ({"nthread": 4}, "nthread cannot be set here"),
        ({"num_trees": 50}, "num_trees cannot be set here"),
        ({"n_iter": 50}, "n_iter cannot be set here.*max_rounds"),
        ({"random_seed": 4, "bagging_seed": 1}, "bagging_seed, random_seed cannot be set here"),
        ({"early_stopping_rounds": 4}, "cannot be set here"),
        ({"nonsense": 3}, "LightGBM has no parameter 'nonsense'"),
        ({"lamda_l2": 3}, "no parameter 'lamda_l2'; did you mean lambda_l2"),
        ({"lambda_l2": 1, "reg_lambda": 2}, "lambda_l2 and reg_lambda are the same parameter"),
        ({"save_binary": True}, "save_binary changes nothing here"),
        ({"objective": "binary"}, "objective='binary'; nuisances are conditional means"),
        ({"loss": "poisson"}, "objective='poisson'"),
        ({"objective": lambda y, p: (p - y, 1)}, "give a number, a text"),
        ({"reg_sqrt": True}, "reg_sqrt belong.*squared error"),
        ({"num_class": 3}, "num_class belong"),
        ({"metric": "None"}, "metric='None'"),
        ({"metric": ["l2", "auc"]}, "metric=.*'l2' and 'rmse'"),
        ({"lambda_l1": {"a": 1}}, "lambda_l1=.*give a number"),
        ({"bagging_fraction": 7}, r"bagging_fraction=7\): LightGBM refuses: .*<= \(1\.0\)$"),
        ({"max_depth": "deep"}, "LightGBM refuses"),
        ({"linear_trees": False}, "linear_trees is another name of linear_tree"),
        ({"linear_lambda": -1}, "LightGBM refuses"),
        ({"linear_tree": False, "linear_lambda": 1}, "linear_lambda is the penalty of lines"),
        ({"monotone_constraints": [1]}, "monotone_constraints needs linear_tree=False"),
        ({"cat_feature": [0]}, "categorical_feature needs linear_tree=False: features are bounded"),
        ({"device": "gpu"}, "device_type needs linear_tree=False: .*by the processor alone"),
        ({"zero_as_missing": True}, "zero_as_missing needs linear_tree=False"),
        ({"use_quantized_grad": True}, "use_quantized_grad needs linear_tree=False"),
    ],
)
def test_parameters_that_lightgbm_would_pass_over_are_refused(params, message):
    with pytest.raises(DesignError, match=message):
        cg.lightgbm(**params)


@pytest.mark.parametrize(
    ("make", "settings", "message"),
    [
        (cg.lightgbm, {"learning_rate": 0}, "learning_rate=0; give a number above 0"),
        (cg.lightgbm, {"learning_rate": float("nan")}, "learning_rate=nan"),
        (cg.lightgbm, {"num_leaves": 1}, "num_leaves=1; give a whole number, from 2 to 131,072"),
        (cg.lightgbm, {"num_leaves": "a"}, "num_leaves='a'; give a whole number"),
        (cg.lightgbm, {"max_bin": 1}, "max_bin=1; give a whole number, 2 or more"),
        (cg.lightgbm, {"max_rounds": 0}, "max_rounds=0; give a whole number, 1 or more"),
        (cg.lightgbm, {"min_child_samples": -1}, "min_child_samples=-1"),
        (cg.lightgbm, {"on_linear": "yes"}, "on_linear='yes'; give True or False"),
        (cg.lasso, {"knots": 1}, "knots=1; give a whole number, 2 or more"),
        (cg.lasso, {"n_penalties": 0}, "n_penalties=0; give a whole number, 2 or more"),
        (cg.lasso, {"n_penalties": -1}, "n_penalties=-1"),
        (cg.lasso, {"interactions": 2}, "interactions=2; give True or False"),
        (cg.random_forest, {"n_trees": 0}, "n_trees=0; give a whole number, 1 or more"),
        (cg.random_forest, {"min_samples_leaf": 0}, "'min_samples_leaf' parameter.*Got 0"),
        (cg.random_forest, {"max_depth": "a"}, "'max_depth' parameter.*Got 'a'"),
        (cg.random_forest, {"n_jobs": 2}, "n_jobs cannot be set here"),
        (cg.random_forest, {"random_state": 2}, "random_state cannot be set here"),
        (cg.random_forest, {"n_estimators": 2}, "n_estimators cannot be set here; give n_trees"),
        (cg.random_forest, {"nonsense": 2}, "no argument 'nonsense'; it has bootstrap"),
        (cg.random_forest, {"criterion": "absolute_error"}, "criterion='absolute_error'"),
    ],
)
def test_settings_of_learners_are_checked_where_they_are_given(make, settings, message):
    with pytest.raises(DesignError, match=message):
        make(**settings)


def test_what_lines_in_leaves_rule_out_can_be_said_not_to_be_wanted():
    same = cg.lightgbm(device="CPU", zero_as_missing=False, use_quantized_grad=False)
    assert same.linear_tree
    assert cg.lightgbm(monotone_constraints=[], categorical_feature="").linear_tree
    cg.lightgbm(linear_tree=False, zero_as_missing=True, use_quantized_grad=True)


def test_the_smallest_settings_work(table):
    smallest = cg.stack(
        cg.lightgbm(num_leaves=2, max_bin=2, max_rounds=1, min_child_samples=0),
        cg.lasso(knots=2, n_penalties=2), cg.random_forest(1, 1),
    )  # fmt: skip
    study = make_study(table, smallest, "none", mediators=None, exposure=None, folds=2, n_jobs=1)
    assert np.isfinite(study.residuals.values).all()


def test_lists_among_the_parameters_reach_lightgbm(table):
    def residuals(learner):
        study = make_study(
            table, learner, "none", mediators=None, exposure=None, folds=2, n_jobs=1,
            controls=["age", "leverage", "roa_lag"], traits=[],
        )  # fmt: skip
        assert study.residuals.design.features.shape[1] >= 3
        width = int((study.residuals.design.flexible > 0).sum())
        return study.residuals.values, width

    numbers = partial(cg.lightgbm, max_rounds=20, on_linear=False, linear_tree=False)
    expected, width = residuals(numbers())
    harmless = numbers(
        monotone_constraints=[0] * width, metric=["l2"],
        interaction_constraints=[list(range(width))],
    )  # fmt: skip
    np.testing.assert_array_equal(residuals(harmless)[0], expected)
    held = numbers(monotone_constraints=np.ones(width, int))
    assert not np.array_equal(residuals(held)[0], expected)
    apart = [[k] for k in range(width)]
    alone = numbers(interaction_constraints=apart)
    assert not np.array_equal(residuals(alone)[0], expected)
    assert hash(held) == hash(numbers(monotone_constraints=[1] * width))


def test_another_name_of_a_further_parameter_is_that_parameter():
    assert cg.lightgbm(reg_lambda=2.5) == cg.lightgbm(lambda_l2=2.5)
    assert cg.lightgbm(loss="mse").params == (("objective", "mse"),)


def test_another_version_of_lightgbm_without_its_table_still_takes_parameters(monkeypatch):
    from lightgbm import basic

    monkeypatch.setattr(basic, "_ConfigAliases", object())
    with monkeypatch.context() as patch:
        # The trial asks for aliases, too.
        patch.setattr("causalgreen.residuals.parameters._try", lambda params: None)
        assert cg.lightgbm(lambda_l2=2.5).params == (("lambda_l2", 2.5),)
        with pytest.raises(DesignError, match="num_threads cannot be set here"):
            cg.lightgbm(num_threads=2)


def test_lightgbm_is_not_imported_before_it_is_needed():
    code = "import sys, causalgreen as cg; cg.lightgbm(); assert 'lightgbm' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


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


def test_a_list_that_does_not_fit_the_features_is_told_how_many_there_are(table):
    learner = cg.lightgbm(linear_tree=False, monotone_constraints=[1, 0])
    study = make_study(table, learner, mediators=None, n_jobs=1)
    with pytest.raises(DesignError, match=r"LightGBM refuses.*It sees \d+ features"):
        quiet_paths(study)


@pytest.mark.parametrize("m", [2, 3, 6, 10])
def test_weights_of_a_stack_are_the_best_on_the_simplex(m):
    """No other point of the simplex has less loss, also where members are nearly alike."""
    rng = np.random.default_rng(m)
    for alike in (1.0, 1e-3, 1e-7, 0.0):
        errors = rng.normal(size=(200, 1)) + alike * rng.normal(size=(200, m))
        share = _convex_weights(np.zeros(200), -errors, None)
        assert share.sum() == pytest.approx(1)
        assert (share >= 0).all()
        # Karush, Kuhn and Tucker: no member promises less than those with weight give.
        slope = errors.T @ (errors @ share)
        tiny = 1e-6 * np.abs(slope).max()
        assert (slope >= share @ slope - tiny).all()
        assert np.abs(slope[share > 1e-9] - share @ slope).max() <= tiny
