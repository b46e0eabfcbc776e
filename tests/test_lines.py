"""Least squares of all folds at once, beside numpy's on each fold; what folds share."""

from __future__ import annotations

import pickle
import threading
from dataclasses import replace

import numpy as np
import pytest
from conftest import make_study

import causalgreen as cg
from causalgreen.residuals import bins, foldline
from causalgreen.residuals import linear as linear_module
from causalgreen.residuals.linear import linear_fit
from causalgreen.residuals.lines import cross_lines
from causalgreen.residuals.tasks import FoldTask, Together


def world(seed=0, n=900, folds=3):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 6)) * [1, 1e4, 1, 1e-4, 1, 1] + [0, 2e5, 3, 0, -7, 0]
    X[:, 4] = X[:, 4] > -7  # an indicator
    Y = np.column_stack([X[:, 0] + X[:, 1] / 1e4, X[:, 2] - 1e4 * X[:, 3], X[:, 4]])
    Y += rng.normal([0, 1e3, 0], size=Y.shape)
    return X, Y, rng.permutation(n) % folds, rng


def by_hand(X, y, weights, train, test):
    """Gaps filled with training means, indicators, weighted least squares."""
    mean, gaps = np.nanmean(X[train], axis=0), np.isnan(X)
    Z = np.column_stack([np.ones(len(X)), np.where(gaps, mean, X), gaps[:, gaps.any(axis=0)]])
    Z[:, 1:] = (Z[:, 1:] - Z[:, 1:].mean(axis=0)) / np.maximum(Z[:, 1:].std(axis=0), 1e-300)
    root = np.ones(len(X)) if weights is None else np.sqrt(weights)
    beta = np.linalg.lstsq(Z[train] * root[train, None], y[train] * root[train], rcond=1e-12)[0]
    return Z[train] @ beta, Z[test] @ beta


def tasks_of(X, Y, weights, fold):
    together = Together(Y, (fold,))
    width, every = np.ones(X.shape[1]), np.ones(X.shape[1], bool)
    for k in range(int(fold.max()) + 1):
        train, test = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        for j in range(Y.shape[1]):
            yield FoldTask(X, Y[:, j], weights, train, test, width, every, ~every, 0, {},
                           together, (0, k, j))  # fmt: skip


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("rows", [64, 10_000])
def test_lines_are_least_squares(monkeypatch, weighted, gaps, rows):
    monkeypatch.setattr(foldline, "ROWS", rows)
    X, Y, fold, rng = world()
    weights = rng.uniform(0.5, 2, len(X)) if weighted else None
    if gaps:
        X[rng.random(len(X)) < 0.1, 2] = np.nan
        X[:, 5] = X[:, 2] * X[:, 0]  # a product has the gaps of its control
    found = cross_lines(X, Y, weights, fold, np.ones(X.shape[1]))
    assert all(line is not None for line in found)
    for task in tasks_of(X, Y, weights, fold):
        train, test = by_hand(X, task.y, weights, task.train, task.test)
        fitted, held_out = linear_fit(task)
        np.testing.assert_allclose(fitted, train, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(held_out, test, rtol=1e-9, atol=1e-9)
        only = linear_fit(replace(task, memo={}), fitted=False)[1]
        np.testing.assert_array_equal(only, held_out)


def test_columns_that_are_free_in_part_give_the_solution_of_a_fold_alone():
    X, Y, fold, _ = world(1)
    for task in tasks_of(X, Y, None, fold):
        task = replace(task, linear=np.array([1, 1, 0, 1e-3, 1, 1]))
        alone = linear_fit(replace(task, together=None, memo={}))
        for a, b in zip(linear_fit(task), alone, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


def test_what_cross_products_cannot_tell_goes_the_longer_way():
    X, Y, fold, rng = world(2)
    X[:, 5] = X[:, 0] + 1e-7 * rng.normal(size=len(X))  # nearly collinear
    assert cross_lines(X, Y, None, fold, np.ones(6)) == [None] * 3
    for task in tasks_of(X, Y, None, fold):
        alone = linear_fit(replace(task, together=None, memo={}))
        np.testing.assert_array_equal(linear_fit(task)[1], alone[1])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("freely", [1.0, 1e-3])
def test_of_columns_that_repeat_each_other_the_shortest_solution(weighted, freely):
    X, Y, fold, rng = world(6)
    weights = rng.uniform(0.5, 2, len(X)) if weighted else None
    X = np.column_stack([X, X[:, 0] - 3 * X[:, 2], X[:, 1], np.full(len(X), 7.0)])
    free = np.ones(9)
    free[[6, 7]] = freely
    found = cross_lines(X, Y, weights, fold, free)
    assert all(line is not None for line in found)
    for task in tasks_of(X, Y, weights, fold):
        task = replace(task, linear=free)
        alone = linear_module._alone(task, True)
        for a, b in zip(linear_fit(task), alone, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-8)


def test_directions_that_are_small_but_there_are_kept():
    """Cross products cannot tell 1e-8 from nothing; the rows can."""
    X, Y, fold, rng = world(7)
    X[:, 5] = X[:, 0] + 1e-8 * rng.normal(size=len(X))
    assert cross_lines(X, Y, None, fold, np.ones(6)) == [None] * 3


def test_a_level_that_only_held_out_rows_have_is_not_drawn_out_to():
    X, Y, fold, _ = world(3)
    X[:, 5] = np.where(fold == 0, 1e6, 0.0)  # constant wherever fold 0 is held out
    found = cross_lines(X, Y, None, fold, np.ones(6))
    assert found[0] is not None
    assert (found[0].slope[5] == 0).all()
    for task in tasks_of(X, Y, None, fold):
        if task.place[1] == 0:
            alone = linear_fit(replace(task, together=None, memo={}))
            np.testing.assert_allclose(linear_fit(task)[1], alone[1], rtol=1e-9, atol=1e-9)
    X, Y, fold, _ = world(3)
    X[:, 0] = np.where(fold == 0, 1e3 * X[:, 0], X[:, 0])
    held_out = cross_lines(X, Y, None, fold, np.ones(6))[0].held_out(X, np.flatnonzero(fold == 0))
    assert np.abs(held_out[:, 0]).max() < 50


def test_a_control_that_training_folds_never_know_goes_the_longer_way():
    X, Y, fold, _ = world(4)
    X[fold != 0, 5] = np.nan
    found = cross_lines(X, Y, None, fold, np.ones(6))
    assert found[0] is None
    for task in tasks_of(X, Y, None, fold):
        alone = linear_fit(replace(task, together=None, memo={}))
        np.testing.assert_allclose(linear_fit(task)[1], alone[1], rtol=1e-8, atol=1e-8)


def test_no_column_at_all():
    X, Y, fold, _ = world(5)
    assert cross_lines(X, Y, None, fold, np.zeros(6)) == [None] * 3


def test_what_is_shared_is_made_once_and_stays_behind():
    together, made = Together(np.ones((3, 1)), (np.zeros(3, int),)), []
    threads = [
        threading.Thread(target=lambda: together.shared("one", lambda: made.append(1)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]
    copy = pickle.loads(pickle.dumps(together))
    assert copy.memo == {}
    np.testing.assert_array_equal(copy.Y, together.Y)


@pytest.mark.parametrize("learner", [cg.linear, cg.lightgbm, None])
def test_numbers_do_not_depend_on_how_targets_share_jobs(ragged, learner):
    make = (lambda: None) if learner is None else learner
    runs = [
        make_study(ragged, make(), folds=2, n_jobs=jobs, weight="w").residuals.values
        for jobs in (1, 2, 7)
    ]
    np.testing.assert_array_equal(runs[0], runs[1])
    np.testing.assert_array_equal(runs[0], runs[2])


def test_bins_of_large_panels_are_those_of_small_ones(ragged, monkeypatch):
    learner = cg.lightgbm(linear_tree=False)
    whole = make_study(ragged, learner).residuals.values
    monkeypatch.setattr(bins, "CHUNK", 160)
    parts = make_study(ragged, learner).residuals.values
    np.testing.assert_array_equal(whole, parts)


def test_gaps_that_differ_in_the_held_out_fold_only_share_the_shortest_solution():
    X, Y, fold, rng = world(8)
    X = np.column_stack([X, rng.normal(size=len(X))])
    X[rng.random(len(X)) < 0.2, 5] = np.nan
    X[:, 6] = np.where(np.isnan(X[:, 5]) & (fold != 0), np.nan, X[:, 6])
    for task in tasks_of(X, Y, None, fold):
        alone = linear_module._alone(task, True)
        np.testing.assert_allclose(linear_fit(task)[1], alone[1], rtol=1e-8, atol=1e-8)


def test_targets_at_a_high_level_lose_no_digits():
    X, Y, fold, _ = world(9)
    for near, far in zip(tasks_of(X, Y, None, fold), tasks_of(X, Y + 1e9, None, fold), strict=True):
        a, b = linear_fit(near)[1], linear_fit(far)[1] - 1e9
        np.testing.assert_allclose(a, b, atol=2e-6)  # 1e9 has digits down to 1e-7


def test_another_process_knows_what_it_has_made_again():
    together = Together(np.ones((3, 1)), (np.zeros(3, int),))
    sent = pickle.dumps(together)
    first, second = pickle.loads(sent), pickle.loads(sent)
    assert first is second
    assert first is not together
    assert first.shared("made", lambda: 7) == second.shared("made", lambda: 8) == 7
    pickle.loads(pickle.dumps(Together(np.ones((3, 1)), (np.zeros(3, int),))))
    assert pickle.loads(sent).memo == {}  # one is kept, the last


@pytest.mark.parametrize("learner", [cg.linear, cg.lasso, cg.lightgbm])
def test_units_of_weights_and_controls_do_not_matter(ragged, learner):
    base = make_study(ragged, learner(), weight="w", folds=3).residuals.values
    for scale in (2.0**-40, 2.0**40):
        df = ragged.assign(w=ragged["w"] * scale)
        other = make_study(df, learner(), weight="w", folds=3).residuals.values
        np.testing.assert_allclose(other, base, rtol=1e-9, atol=1e-9)
    for power in (-60, 60):
        df = ragged.assign(leverage=ragged["leverage"] * 2.0**power)
        other = make_study(df, learner(), weight="w", folds=3).residuals.values
        np.testing.assert_allclose(other, base, rtol=1e-7, atol=1e-7)
