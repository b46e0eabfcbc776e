"""DoubleML's partially linear panel model on its own simulated panel."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from conftest import errors, estimates, make_study, quiet_paths
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LinearRegression
from test_parity_econml import boosted

import causalgreen as cg

doubleml = pytest.importorskip("doubleml")

FEATURES = [f"x{i}" for i in range(1, 6)]


class Centred(RegressorMixin, BaseEstimator):
    """LightGBM on centred data, with a seed of its own.

    DoubleML adds grand means back to deviations; LightGBM gives zero a bin of its own and stores
    targets in single precision, so that its trees change with the origin.
    """

    def fit(self, X, y, sample_weight=None):
        self.x_, self.y_ = X.mean(axis=0), y.mean()
        self.model_ = boosted().fit(X - self.x_, y - self.y_, sample_weight=sample_weight)
        return self

    def predict(self, X):
        return self.y_ + self.model_.predict(X - self.x_)


@pytest.fixture(scope="module")
def simulated():
    from doubleml.plm.datasets import make_plpr_CP2025

    np.random.seed(5)  # noqa: NPY002
    df = make_plpr_CP2025(num_id=80, num_t=5, dim_x=5, theta=0.5, dgp_type="dgp2")
    return df.rename(columns={"id": "firm", "time": "year"})


def study_of(df, learner, fixed):
    roles = {
        "unit": "firm", "time": "year", "outcome": "y", "treatment": "d", "controls": FEATURES,
        "cluster": "firm",
    }  # fmt: skip
    return make_study(df, learner, fixed, roles=roles)


def doubleml_fit(df, study, learner, approach):
    data = doubleml.DoubleMLPanelData(df, "y", "d", "year", "firm", static_panel=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = doubleml.DoubleMLPLPR(
            data, learner, learner, n_folds=study.folds, approach=approach,
            draw_sample_splitting=False,
        )  # fmt: skip
        fold = study.residuals.folds[0]
        # Rows of both sides are sorted by firm and period, without each firm's first under fd.
        rows = model.data_transform.data
        assert len(rows) == len(fold)
        firm = study.panel.unit_codes[study.residuals.design.rows]
        assert np.array_equal(np.unique(rows["firm"], return_inverse=True)[1], firm)
        splits = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(5)]
        label = rows["firm"].to_numpy()
        clusters = [([np.unique(label[a])], [np.unique(label[b])]) for a, b in splits]
        model.set_sample_splitting([splits], [clusters])
        return model.fit()


TRANSFORMS = {
    "fd_exact": cg.FixedEffects("first_difference", time=False),
    "wg_approx": cg.FixedEffects("within", time=False, approximate=True),
}


@pytest.mark.parametrize("approach", TRANSFORMS)
@pytest.mark.parametrize("learner", ["linear", "boosted"])
def test_coefficient_and_error(simulated, approach, learner):
    theirs_learner = LinearRegression() if learner == "linear" else Centred()
    mine_learner = cg.linear() if learner == "linear" else theirs_learner
    study = study_of(simulated, mine_learner, TRANSFORMS[approach])
    effects = quiet_paths(study)
    theirs = doubleml_fit(simulated, study, theirs_learner, approach)
    assert abs(effects["direct"] - theirs.coef[0]) < 1e-8
    # DoubleML clusters by firm without a small-sample factor.
    psi = effects.influence[:, 0]
    assert abs(np.sqrt(psi @ psi) - theirs.se[0]) < 1e-8
    assert effects.std_error[0] > theirs.se[0]


def test_default_within_beats_the_approximation_under_curved_confounding():
    # wg_approx learns a curve in deviations; ours removes the curve's own firm mean (truth 0.5).
    rng = np.random.default_rng(0)
    n, t = 250, 6
    import pandas as pd

    a = np.repeat(rng.normal(size=n), t)
    x = 1.5 * a + rng.normal(size=n * t)
    d = x**2 + a + rng.normal(size=n * t)
    y = 0.5 * d + 2 * x**2 + a + rng.normal(size=n * t)
    df = pd.DataFrame({"firm": np.repeat(np.arange(n), t), "year": np.tile(np.arange(t), n),
                       "y": y, "d": d, "x1": x})  # fmt: skip
    roles = {"unit": "firm", "time": "year", "outcome": "y", "treatment": "d", "controls": "x1",
             "cluster": "firm"}  # fmt: skip

    def error(**kwargs):
        fixed = cg.FixedEffects("within", time=False, **kwargs)
        study = make_study(df, cg.lasso(), fixed, roles=roles)
        return abs(estimates(quiet_paths(study))["direct"] - 0.5), quiet_paths(study)

    exact, effects = error()
    approximate, _ = error(approximate=True)
    assert exact < 3 * errors(effects)["direct"]
    assert approximate > 0.5
