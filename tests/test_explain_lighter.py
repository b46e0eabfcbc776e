"""Forests that are judged: a quarter of the trees, and the same predictions but for their noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import causalgreen as cg
from causalgreen.explain.held_out import random_halves
from causalgreen.explain.shapley import _whole_at
from causalgreen.surface.forest import forest
from causalgreen.surface.grf import _members


@pytest.fixture(scope="module")
def study():
    df, _ = cg.simulate_panel(n_firms=200, n_years=4, n_cities=60, seed=1)
    panel = cg.Panel.from_frame(
        df, unit="firm", time="year", outcome="green_patents", treatment="ai",
        traits=["size", "urban"], controls=["leverage", "roa_lag"], cluster="city",
    )  # fmt: skip
    return cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear(), n_jobs=1)


@pytest.mark.parametrize(
    ("trees", "judged"),
    [(8, 8), (100, 100), (120, 100), (400, 100), (412, 100), (444, 108), (2000, 500)],
)
def test_a_quarter_of_the_trees_in_whole_bags_but_a_hundred(trees, judged):
    settings = forest(trees, sample=0.3, min_leaf=7)
    assert settings.lighter() == replace(settings, trees=judged)


def test_splits_are_judged_with_the_lighter_forest_and_predict_alike(study):
    surface = study.surface(cg.forest(432))
    light = random_halves(surface, 3)
    rows, seed = light.train, 3
    fits = {
        trees: cg.forest(trees)
        .fit(surface.problem.subset(rows), inference=False, seed=seed, n_jobs=1, progress=False)
        .at(surface.problem.X[light.test])
        .effects
        for trees in (108, 432)
    }
    np.testing.assert_array_equal(light.test_scores.prediction, fits[108])
    for a, b in zip(fits[108].T, fits[432].T, strict=True):
        assert np.corrcoef(a, b)[0, 1] > 0.95


def test_predictions_of_the_whole_surface_are_asked_for_once(study):
    surface = study.surface(cg.forest(40))
    hetero = study.explain(surface)
    rows = np.arange(0, hetero.scores.n, 3)
    first = _whole_at(hetero, rows)
    assert _whole_at(hetero, rows) is first
    np.testing.assert_array_equal(first, surface.fitted.at(hetero.scores.X[rows]).effects)
    other = rows + 1
    other = other[other < hetero.scores.n]
    assert not np.array_equal(_whole_at(hetero, other), first[: len(other)])


def test_members_of_groups_and_their_new_numbers():
    codes, groups = np.array([4, 0, 2, 4, 1, 2, 3]), np.array([4, 1, 2])
    rows, local = _members(codes, groups)
    np.testing.assert_array_equal(rows, np.flatnonzero(np.isin(codes, groups)))
    np.testing.assert_array_equal(local, np.unique(codes[rows], return_inverse=True)[1])
