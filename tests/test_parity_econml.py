"""The same folds and learners in EconML's LinearDML give the same numbers."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from conftest import errors, estimates, make_study, quiet_paths
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression

import causalgreen as cg

dml = pytest.importorskip("econml.dml")

CONTROLS = ["age", "leverage", "roa_lag"]


class Fixed(RegressorMixin, BaseEstimator):
    """A regressor that hides its seed: both sides grow the same trees, target by target."""

    def __init__(self, model=None):
        self.model = model

    def fit(self, X, y, sample_weight=None):
        columns = y.T if y.ndim > 1 else [y]
        self.fitted_ = [clone(self.model).fit(X, c, sample_weight=sample_weight) for c in columns]
        return self

    def predict(self, X):
        out = [model.predict(X) for model in self.fitted_]
        return np.column_stack(out) if len(out) > 1 else out[0]


def boosted():
    from lightgbm import LGBMRegressor

    return LGBMRegressor(
        n_estimators=20, num_leaves=6, random_state=0, n_jobs=1, verbosity=-1, deterministic=True,
        force_row_wise=True,
    )  # fmt: skip


LEARNERS = {
    "linear": LinearRegression,
    "forest": lambda: RandomForestRegressor(10, min_samples_leaf=5, random_state=0),
    "lightgbm": boosted,
}


def econml_fit(study, model, treatments, weights=None):
    """LinearDML on the panel's rows with the study's folds."""
    panel, fold = study.panel, study.residuals.folds[0]
    splits = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(study.folds)]
    T = np.column_stack([panel.column(t) for t in treatments])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        est = dml.LinearDML(
            model_y=model, model_t=model, cv=splits, random_state=0, fit_cate_intercept=True
        )
        est.fit(
            panel.column(panel.roles.outcome), T if T.shape[1] > 1 else T[:, 0],
            W=panel.matrix(panel.roles.controls), sample_weight=weights, cache_values=True,
            inference="statsmodels",
        )  # fmt: skip
    return est


@pytest.mark.parametrize("learner", LEARNERS)
def test_one_treatment(table, learner):
    model = Fixed(LEARNERS[learner]())
    fixed = cg.FixedEffects("none", time=False)
    study = make_study(table, model, fixed, mediators=None, exposure=None, controls=CONTROLS)
    mine = quiet_paths(study)["direct"]
    theirs = econml_fit(study, model, ["ai"])
    assert abs(mine - float(np.ravel(theirs.intercept_)[0])) < 1e-10


@pytest.mark.parametrize("learner", LEARNERS)
def test_peers_as_a_second_treatment(table, learner):
    model = Fixed(LEARNERS[learner]())
    fixed = cg.FixedEffects("none", time=False)
    study = make_study(table, model, fixed, mediators=None, controls=CONTROLS)
    mine = quiet_paths(study)
    theirs = np.ravel(econml_fit(study, model, ["ai", "peer_ai"]).intercept_)
    np.testing.assert_allclose([mine["direct"], mine["spillover"]], theirs, rtol=0, atol=1e-10)


def test_own_linear_learner_is_scikit_learn_s(table):
    fixed = cg.FixedEffects("none", time=False)
    study = make_study(table, cg.linear(), fixed, mediators=None, controls=CONTROLS)
    mine = quiet_paths(study)
    theirs = np.ravel(econml_fit(study, LinearRegression(), ["ai", "peer_ai"]).intercept_)
    np.testing.assert_allclose([mine["direct"], mine["spillover"]], theirs, rtol=0, atol=1e-10)


def test_weights(ragged):
    fixed = cg.FixedEffects("none", time=False)
    study = make_study(
        ragged, cg.linear(), fixed, mediators=None, exposure=None, weight="w", controls=CONTROLS
    )
    mine = quiet_paths(study)["direct"]
    theirs = econml_fit(study, LinearRegression(), ["ai"], study.panel.weights)
    assert abs(mine - float(np.ravel(theirs.intercept_)[0])) < 1e-10


def test_residuals_are_those_of_econml(table):
    fixed = cg.FixedEffects("none", time=False)
    study = make_study(table, cg.linear(), fixed, mediators=None, exposure=None, controls=CONTROLS)
    y, t, *_ = econml_fit(study, LinearRegression(), ["ai"]).residuals_
    mine = study.residuals.values[0]
    np.testing.assert_allclose(mine, np.column_stack([np.ravel(t), np.ravel(y)]), atol=1e-10)


def test_outcome_equation_is_least_squares_on_the_residuals(table):
    study = make_study(table, cg.linear(), "none", controls=CONTROLS)
    effects = quiet_paths(study)
    residuals = study.residuals.values[0]
    beta = np.linalg.lstsq(residuals[:, :-1], residuals[:, -1], rcond=None)[0]
    names = study.residuals.names
    found = [estimates(effects)[f"{z} -> {names[-1]}"] for z in names[:-1]]
    np.testing.assert_allclose(found, beta, rtol=0, atol=1e-10)
    assert all(np.isfinite(list(errors(effects).values())))


def test_raw_variables_keep_their_constant(table):
    # Nothing to remove and nothing to learn from: the regression of Y on D still has an intercept.
    fixed = cg.FixedEffects("none", time=False)
    study = make_study(table, cg.linear(), fixed, mediators=None, exposure=None, controls=None)
    x, y = table["ai"], table["green_patents"]
    assert abs(quiet_paths(study)["direct"] - np.polyfit(x, y, 1)[0]) < 1e-10
