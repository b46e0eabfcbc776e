"""Traits in bins: where they are cut, and forests that see nothing finer."""

from __future__ import annotations

import numpy as np
import pytest

import causalgreen as cg
from causalgreen.surface.bins import bins_of


def test_few_values_keep_a_bin_each_and_unseen_ones_go_to_the_nearest():
    X = np.array([[3.0, 0.0], [1.0, 0.0], [10.0, 1.0], [1.0, 0.0]])
    bins = bins_of(X, 3)
    assert bins(X).tolist() == [[1, 0], [0, 0], [2, 1], [0, 0]]
    assert bins(np.array([[-5.0, 0.4], [1.9, 0.6], [2.1, 7.0], [99.0, 0.0]])).tolist() == [
        [0, 0], [0, 1], [1, 1], [2, 0],
    ]  # fmt: skip


@pytest.mark.parametrize("most", [2, 7, 128])
def test_many_values_share_bins_of_about_as_many_rows(most):
    x = np.random.default_rng(0).lognormal(size=(5000, 1))
    codes = bins_of(x, most)(x)[:, 0]
    _, count = np.unique(codes, return_counts=True)
    assert len(count) == most
    assert count.max() - count.min() <= 1
    order = np.argsort(x[:, 0])
    assert (np.diff(codes[order]) >= 0).all()


@pytest.mark.parametrize("side", [1.0, -1.0])
@pytest.mark.parametrize(
    "rest", [np.linspace(1, 2, 3000), np.linspace(-1, 1, 3001)[::2], np.linspace(-9, -8, 300)]
)
def test_a_value_that_most_rows_share_has_its_own_bin_and_the_rest_have_the_others(rest, side):
    x = side * np.concatenate([np.zeros(9000), rest])[:, None]
    codes, count = np.unique(bins_of(x, 128)(x)[:, 0], return_counts=True)
    assert 126 <= len(codes) <= 128
    assert count.max() == (x == 0).sum()
    assert np.sort(count)[-2] <= np.ceil(len(rest) / 126)
    mirrored = bins_of(-x, 128)(-x)[:, 0]
    assert len(np.unique(mirrored)) == len(codes)


def test_neighbouring_numbers_that_a_midpoint_cannot_part_stay_in_order():
    x = np.array([1.0, np.nextafter(1.0, 2.0), 5e-324, 0.0, -1e308, 1e308])[:, None]
    codes = bins_of(x, 10)(x)[:, 0]
    assert (np.diff(codes[np.argsort(x[:, 0], kind="stable")]) >= 0).all()
    assert codes[4] < codes[2] < codes[5]


@pytest.fixture(scope="module")
def study():
    df, _ = cg.simulate_panel(n_firms=400, n_years=4, n_cities=60, seed=2)
    panel = cg.Panel.from_frame(
        df, unit="firm", time="year", outcome="green_patents", treatment="ai",
        traits=["size", "urban"], controls=["leverage", "roa_lag"], cluster="city",
    )  # fmt: skip
    return cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear(), n_jobs=1)


def test_trees_see_bins_and_the_smooth_start_sees_values(study):
    fitted = study.surface(cg.forest(40)).fitted
    X = fitted.problem.X
    assert len(np.unique(X[:, 0])) > 128
    seen = fitted.trees.seen_as(X)
    assert len(np.unique(seen[:, 0])) == 128
    moved = X.copy()  # within its bin, every firm a little nearer to the next
    order = np.sort(np.unique(X[:, 0]))
    step = np.diff(order).min() / 4
    moved[:, 0] += np.where(
        fitted.trees.seen_as(X + np.array([step, 0.0]))[:, 0] == seen[:, 0], step, 0
    )
    here, there = fitted.at(X), fitted.at(moved)
    np.testing.assert_array_equal(fitted.trees.seen_as(moved), seen)
    np.testing.assert_allclose(here.jacobian, there.jacobian)
    changed = moved[:, 0] != X[:, 0]
    assert changed.mean() > 0.9
    assert (here.theta[changed] != there.theta[changed]).any(axis=1).mean() > 0.9


def test_a_forest_without_a_smooth_start_sees_every_value(study):
    fitted = study.surface(cg.forest(40, smooth=False)).fitted
    assert fitted.trees.seen_as(fitted.problem.X) is fitted.problem.X


def test_bins_do_not_depend_on_the_scale_of_a_trait():
    x = np.random.default_rng(1).normal(size=(700, 1))
    np.testing.assert_array_equal(bins_of(x, 128)(x), bins_of(np.exp(x), 128)(np.exp(x)))
