"""The lasso's terms and cross products, beside scikit-learn's lasso on the rows themselves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import lasso_path
from sklearn.preprocessing import SplineTransformer

import causalgreen as cg
from causalgreen.residuals import sieve, terms
from causalgreen.residuals.sieve import LassoLearner, _roots
from causalgreen.residuals.tasks import FoldTask, Together
from causalgreen.residuals.terms import make_terms, most_terms


def world(n=700, seed=0):
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.normal(size=(n, 3)), rng.random(n) < 0.3, rng.normal(50, 9, n)])
    X[rng.random(n) < 0.1, 1] = np.nan
    Y = np.column_stack([np.sin(2 * X[:, 0]) + X[:, 2] * X[:, 3], X[:, 4] + X[:, 0] ** 2])
    return X, Y + rng.normal(size=Y.shape), rng.uniform(0.5, 2, n), rng.permutation(n) % 3


def tasks_of(X, Y, weights, fold):
    together, every = Together(Y, (fold,)), np.ones(X.shape[1], bool)
    traits = np.array([False, False, False, True, False])
    for k in range(3):
        train, test, memo = np.flatnonzero(fold != k), np.flatnonzero(fold == k), {}
        for j in range(Y.shape[1]):
            yield FoldTask(X, Y[:, j], weights, train, test, every.astype(float), every, traits, 0,
                           memo, together, (0, k, j))  # fmt: skip


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("keep", [0, 10**8])
def test_the_path_is_that_of_scikit_learn_on_the_rows(monkeypatch, weighted, keep):
    monkeypatch.setattr(sieve, "ROWS", 100)
    monkeypatch.setattr(sieve, "KEEP", keep)
    X, Y, weights, fold = world()
    weights = weights if weighted else None
    learner = LassoLearner(knots=4, n_penalties=5)
    made = make_terms(X, np.arange(5), np.array([False, False, False, True, False]), 4, True)
    Z = made(X)
    assert Z.shape == (len(X), made.width)
    assert made.width <= most_terms(6, 1, 4, True)
    for task in tasks_of(X, Y, weights, fold):
        w = np.ones(len(X)) if weights is None else weights
        w = w[task.train] / w[task.train].mean()
        mean = np.average(Z[task.train], axis=0, weights=w)
        spread = np.sqrt(np.average((Z[task.train] - mean) ** 2, axis=0, weights=w))
        keepers = spread > 1e-8
        train = ((Z[task.train] - mean) / np.where(keepers, spread, 1))[:, keepers]
        test = ((Z[task.test] - mean) / np.where(keepers, spread, 1))[:, keepers]
        level = np.average(task.y[task.train], weights=w)
        root, y = np.sqrt(w)[:, None] * train, np.sqrt(w) * (task.y[task.train] - level)
        top = np.abs(root.T @ y).max() / len(y)
        path = lasso_path(
            root, y, alphas=top * learner._ratios(), precompute=root.T @ root, max_iter=1000,
            tol=1e-2,
        )[1]  # fmt: skip
        got = learner.predict(task)
        np.testing.assert_allclose(got[:, :5], level + test @ path, rtol=1e-6, atol=1e-6)
        most = np.flatnonzero(path[:, 2])
        beta = np.linalg.lstsq(root[:, most], y)[0]
        if 0 < len(most) <= len(y) // 20 and np.linalg.cond(root[:, most]) < 30:
            np.testing.assert_allclose(got[:, 7], level + test[:, most] @ beta, atol=1e-3)


def test_a_task_by_itself_is_one_of_two_folds():
    X, Y, weights, fold = world(seed=1)
    learner = LassoLearner(knots=4, n_penalties=5)
    for task in tasks_of(X, Y, weights, fold):
        alone = learner.predict(replace(task, together=None, memo={}))
        np.testing.assert_allclose(alone, learner.predict(task), rtol=1e-6, atol=1e-6)


def test_roots_have_the_cross_products_also_where_terms_repeat_each_other():
    Z = np.random.default_rng(0).normal(size=(50, 4))
    Z = np.column_stack([Z, Z[:, 0] - Z[:, 1]])
    root, half = _roots(Z.T @ Z)
    np.testing.assert_allclose(root.T @ root, Z.T @ Z, atol=1e-10)
    moment = Z.T @ np.arange(50.0)
    np.testing.assert_allclose(root.T @ (half @ moment), moment, rtol=1e-9)
    assert _roots(np.empty((0, 0)))[0].shape == (1, 0)


@pytest.mark.parametrize("features", [4, 30, 45])
def test_terms_are_counted_before_they_are_made(features):
    rng = np.random.default_rng(2)
    X, traits = rng.normal(size=(300, features)), np.arange(features) < 2
    made = make_terms(X, np.arange(features), traits, 4, True)
    assert made.width == made(X).shape[1] == most_terms(features, 2, 4, True)
    plain = make_terms(X, np.arange(features), traits, 4, False)
    assert plain.width == plain(X).shape[1] == most_terms(features, 2, 4, False)


def test_knots_of_large_panels_come_from_a_sample_of_rows(monkeypatch):
    monkeypatch.setattr(terms, "SAMPLE", 100)
    X = np.random.default_rng(3).normal(size=(1000, 2))
    made = make_terms(X, np.arange(2), np.zeros(2, bool), 4, False)
    np.testing.assert_allclose(made.centre, X.mean(axis=0))
    some = ((X - X.mean(axis=0)) / X.std(axis=0))[::10]
    knots = SplineTransformer(4, knots="quantile", include_bias=False).fit(some).bsplines_
    for got, expected in zip(made.splines.bsplines_, knots, strict=True):
        np.testing.assert_allclose(got.t, expected.t, rtol=1e-9)


def test_terms_that_training_folds_do_not_know_say_nothing():
    X, Y, _, fold = world(seed=4)
    X[:, 1] = np.where(fold == 0, np.random.default_rng(5).normal(size=len(X)), 0.0)
    for task in tasks_of(X, Y, None, fold):
        if task.place[1] == 0:
            assert np.isfinite(cg.lasso(knots=4, n_penalties=5).predict(task)).all()
