"""Boosting: bounded features, lines in leaves beside LightGBM's own predictions, where it ends."""

from __future__ import annotations

from dataclasses import replace

import lightgbm as lgb
import numpy as np
import pytest

import causalgreen as cg
from causalgreen.residuals import bins, boosting
from causalgreen.residuals.bins import bounded
from causalgreen.residuals.tasks import FoldTask


def curved(n=3000, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    return X, np.sin(1.5 * X[:, 0]) + X[:, 1] ** 2 + 0.3 * rng.normal(size=n)


def task_of(X, y, weights=None):
    every = np.ones(X.shape[1], bool)
    rows = np.arange(len(X))
    return FoldTask(
        X, y, weights, rows[: 2 * len(X) // 3], rows[2 * len(X) // 3 :], np.ones(X.shape[1]),
        every, ~every, 5,
    )  # fmt: skip


def last(learner, task):
    """Predictions after the last number of rounds."""
    return learner.predict(task)[:, -1]


def r_squared(learner, task):
    y = task.y[task.test]
    loss = ((learner.predict(task) - y[:, None]) ** 2).mean(axis=0)
    return 1 - loss.min() / y.var()


def test_bounded_features_keep_their_order_and_level_off():
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.normal(3, 2, 4000), [1e12, -1e12]])
    found = bounded(x[:, None], np.array([0])).ravel()
    order = np.argsort(x)
    assert (np.diff(found[order].astype(float)) >= 0).all()
    assert found.max() == pytest.approx(4, abs=1e-5)
    assert found.min() == pytest.approx(-4, abs=1e-5)
    near = np.abs(x - 3) < 1
    np.testing.assert_allclose(found[near], (x[near] - 3) / 2, atol=0.06)


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ([0, 0, 0, 0, 0, 0, 0, 1], "two"),  # quartiles alike: the standard deviation
        ([2, 2, 2, 2, 2, 2, 2, 2], "zero"),
        ([np.nan] * 8, "missing"),
        ([np.nan, 1, 2, 3, 4, 5, 6, 7], "one missing"),
    ],
)
def test_columns_without_spread_and_gaps(column, expected):
    with np.errstate(all="raise"):
        found = bounded(np.array(column, dtype=float)[:, None], np.array([0])).ravel()
    assert {
        "two": len(set(found)) == 2 and 2 < found[-1] < 4,
        "zero": not found.any(),
        "missing": np.isnan(found).all(),
        "one missing": np.isnan(found[0]) and np.isfinite(found[1:]).all(),
    }[expected]


@pytest.mark.parametrize("zeros", [0.6, 0.74, 0.745, 0.8])
def test_a_count_that_is_mostly_zero_keeps_its_positive_part(zeros):
    rng = np.random.default_rng(4)
    x = np.where(rng.random(6000) < zeros, 0.0, np.exp(3 * rng.normal(size=6000)))
    found = bounded(x[:, None], np.array([0])).ravel()
    assert len(np.unique(found)) > 0.97 * len(np.unique(x))
    assert (np.diff(found[np.argsort(x)].astype(float)) >= 0).all()


@pytest.mark.parametrize("x", [[0, 1e-310, 2e-310, 3e-310], [0] * 9 + [1e200], [-1e300, 0, 1e300]])
def test_numbers_at_the_edge_of_what_there_is_stay_numbers(x):
    with np.errstate(invalid="raise", divide="raise"):
        found = bounded(np.array(x, dtype=float)[:, None], np.array([0])).ravel()
    assert np.isfinite(found).all()
    assert found[0] < found[-1]
    assert np.abs(found).max() <= 4


def test_the_scale_of_a_long_column_is_that_of_a_sample(monkeypatch):
    x = np.random.default_rng(2).normal(5, 3, (20_000, 2))
    whole = bounded(x, np.array([1]))
    monkeypatch.setattr(bins, "SAMPLE", 5000)
    some = bounded(x, np.array([1]))
    assert not np.array_equal(some, whole)
    np.testing.assert_allclose(some, whole, atol=0.15)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("gaps", [False, True])
def test_predictions_are_those_of_lightgbm_on_bounded_features(weighted, gaps):
    X, y = curved()
    rng = np.random.default_rng(3)
    if gaps:
        X[rng.random(len(X)) < 0.2, 0] = np.nan
    weights = rng.uniform(0.5, 2, len(X)) if weighted else None
    task = task_of(X, y, weights)
    learner = cg.lightgbm(max_rounds=9, on_linear=False)
    level = np.average(y[task.train], weights=task.train_weights())
    params = {
        "objective": "regression", "learning_rate": 0.5, "num_leaves": 8, "min_child_samples": 20,
        "max_bin": 63, "extra_trees": True, "linear_tree": True, "linear_lambda": 1.0,
        "boost_from_average": False, "verbosity": -1, "num_threads": 1, "deterministic": True,
        "force_row_wise": True, "seed": 5,
    }  # fmt: skip
    features = bounded(X, np.arange(4))
    every = lgb.Dataset(features, np.zeros(len(X)), weight=weights, params=params).construct()
    data = every.subset(task.train).construct()
    data.set_label(y[task.train] - level)
    model = lgb.train(params, data, 9)
    expected = level + model.predict(features[task.test])
    np.testing.assert_allclose(last(learner, task), expected, rtol=1e-5, atol=1e-5)


def test_lines_follow_a_curve_more_closely_than_numbers():
    task = task_of(*curved())
    lines, numbers = cg.lightgbm(), cg.lightgbm(linear_tree=False)
    assert r_squared(lines, task) > r_squared(numbers, task) + 0.01


def test_a_firm_far_from_all_others_is_given_no_wild_prediction():
    X, y = curved()
    task = task_of(X, y)
    X[task.test[:50], 0] = 1e6
    X[task.test[50:100], 1] = -1e9
    found = last(cg.lightgbm(on_linear=False, max_rounds=30), task)
    assert np.isfinite(found).all()
    # Four spreads from the middle, where few firms were: no closer than to the order of y.
    assert np.abs(found).max() < 4 * np.abs(y).max()


def test_rounds_end_where_they_gain_less_than_a_thousandth(monkeypatch):
    X, y = curved()
    task = task_of(X, y)
    learner = replace(cg.lightgbm(), max_rounds=200)
    base = learner._base(task)
    rounds = {}
    for gain in (0.0, 1e-3, 1.0):
        monkeypatch.setattr(boosting, "GAIN", gain)
        rounds[gain] = max(learner._train(task, *base))
    # Nothing gains the whole variance: the first round is the best, and patience ends it.
    assert rounds[1.0] == 1 + learner._patience()
    assert rounds[1.0] < rounds[1e-3] < rounds[0.0]


def test_the_rule_does_not_depend_on_units():
    X, y = curved()
    learner, scale = cg.lightgbm(), 2.0**40
    small, large = (learner._train(t, *learner._base(t)) for t in (
        task_of(X, y), task_of(X, y * scale),
    ))  # fmt: skip
    assert max(small) == max(large)


def test_rmse_ends_the_training_where_the_squared_error_does():
    task = task_of(*curved())
    plain = cg.lightgbm().predict(task)
    np.testing.assert_array_equal(cg.lightgbm(metric="rmse").predict(task), plain)
