"""Folds never split a cluster or a firm."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import make_study
from hypothesis import given, settings
from hypothesis import strategies as st

import causalgreen as cg
from causalgreen.errors import DesignError
from causalgreen.residuals import folds as folds_module
from causalgreen.residuals.folds import blocks, default_folds, make_folds


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 9999), firms=st.integers(12, 60), cities=st.integers(8, 30),
    movers=st.sampled_from([0.0, 0.05]), n_folds=st.integers(2, 5), repeats=st.integers(1, 3),
)  # fmt: skip
def test_no_cluster_and_no_firm_is_split(seed, firms, cities, movers, n_folds, repeats):
    rng = np.random.default_rng(seed)
    home = rng.integers(0, cities, firms)
    firm = np.repeat(np.arange(firms), rng.integers(1, 6, firms))
    city = np.where(rng.random(len(firm)) < movers, rng.integers(0, cities, len(firm)), home[firm])
    city = np.unique(city, return_inverse=True)[1]
    if blocks(firm, city).max() + 1 < n_folds:
        return
    folds = make_folds(firm, city, n_folds, repeats, seed)
    assert len(folds) == repeats
    for fold in folds:
        assert set(fold) == set(range(n_folds))
        for group in (firm, city):
            seen = {}
            for g, f in zip(group, fold, strict=True):
                assert seen.setdefault(g, f) == f


def test_folds_have_nearly_the_same_size_and_repeats_differ():
    firm = np.repeat(np.arange(200), 5)
    one, two = make_folds(firm, firm, 5, 2, seed=0)
    assert np.ptp(np.bincount(one)) <= 5
    assert not np.array_equal(one, two)
    again, _ = make_folds(firm, firm, 5, 2, seed=0)
    np.testing.assert_array_equal(one, again)
    other, _ = make_folds(firm, firm, 5, 2, seed=1)
    assert not np.array_equal(one, other)


def test_more_repeats_keep_the_first():
    firm = np.repeat(np.arange(50), 3)
    (one,) = make_folds(firm, firm, 5, 1, seed=3)
    np.testing.assert_array_equal(one, make_folds(firm, firm, 5, 4, seed=3)[0])


def test_one_city_with_half_of_the_rows_fills_a_fold():
    city = np.r_[np.zeros(100, int), np.repeat(np.arange(1, 11), 10)]
    (fold,) = make_folds(np.arange(200), city, 5, 1, seed=0)
    assert len(set(fold[:100])) == 1
    assert set(fold) == set(range(5))


def test_movers_tie_clusters_together_and_the_error_says_so():
    firm, city = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 2])
    with pytest.raises(DesignError, match=r"2 folds.*1 independent.*move between clusters.*base"):
        make_folds(firm, city, 2, 1, seed=0)


def test_too_many_folds_and_no_repeats_are_refused():
    firm = np.arange(3)
    with pytest.raises(DesignError, match=r"5 folds cannot be made of 3 .*Use fewer folds"):
        make_folds(firm, firm, 5, 1, seed=0)
    with pytest.raises(DesignError, match="folds=1"):
        make_folds(firm, firm, 1, 1, seed=0)
    with pytest.raises(DesignError, match="repeats=0"):
        make_folds(firm, firm, 2, 0, seed=0)


def test_folds_of_a_study_follow_the_first_cluster(table):
    study = make_study(table, cluster=["city", "year"], repeats=2)
    rows = study.residuals.design.rows
    for fold in study.residuals.folds:
        for codes in (study.panel.clusters[0][rows], study.panel.unit_codes[rows]):
            split = [len(set(fold[codes == c])) for c in np.unique(codes)]
            assert set(split) == {1}


def test_held_out_rows_are_predicted_from_the_others_only(table):
    seen = []

    class Spy:
        name = "spy"

        def labels(self):
            return ("one",)

        def predict(self, task):
            seen.append((task.train.copy(), task.test.copy()))
            return np.zeros((len(task.test), 1))

    study = make_study(table, Spy(), mediators=None, exposure=None, n_jobs=1, folds=4)
    residuals = study.residuals
    city = study.panel.clusters[0][residuals.design.rows]
    assert len(seen) == 2 * 4
    for train, test in seen:
        assert not set(train) & set(test)
        assert len(train) + len(test) == len(city)
        assert not set(city[train]) & set(city[test])
    np.testing.assert_allclose(residuals.values[0], residuals.design.targets, atol=1e-12)


def test_residuals_of_a_study_do_not_see_the_held_out_outcome(table):
    # Changing the outcome of one fold leaves the predictions for that fold as they were.
    fixed = cg.FixedEffects("none", time=False)
    base = make_study(table, fixed_effects=fixed, mediators=None, exposure=None)
    fold = base.residuals.folds[0]
    df = base.panel.frame.copy()
    df.loc[fold == 0, "green_patents"] += 100.0
    other = make_study(df, fixed_effects=fixed, mediators=None, exposure=None)
    np.testing.assert_array_equal(other.residuals.folds[0], fold)
    change = other.residuals.values[0] - base.residuals.values[0]
    np.testing.assert_allclose(change[fold == 0, -1], 100.0, atol=1e-9)
    assert np.abs(change[fold != 0, -1]).max() > 1


@pytest.mark.parametrize(
    ("firms", "clusters", "folds"),
    [(49_999, 49_999, 5), (50_000, 100, 3), (50_000, 99, 5), (300_000, 300, 3)],
)
def test_three_folds_where_the_panel_is_very_large(firms, clusters, folds):
    assert default_folds(firms, clusters) == folds


def test_a_study_takes_the_folds_of_its_size_unless_told(table, monkeypatch):
    five = make_study(table)
    assert five.folds == 5
    assert "5 folds" in repr(five)
    monkeypatch.setattr(folds_module, "MANY_FIRMS", five.panel.n_units)
    monkeypatch.setattr(folds_module, "MANY_CLUSTERS", five.panel.n_clusters[0])
    three = make_study(table)
    assert three.folds == 3
    assert len(np.unique(three.residuals.folds[0])) == 3
    assert make_study(table, folds=5).folds == 5


def _moving(df, share):
    """The table with a share of the firms in another city for their last years."""
    rng, df = np.random.default_rng(0), df.copy()
    firms = df["firm"].unique()
    movers = rng.choice(firms, int(share * len(firms)), replace=False)
    gone = df["firm"].isin(movers) & (df["year"] > df["year"].median())
    city = dict(zip(movers, rng.choice(df["city"].unique(), len(movers)), strict=True))
    df.loc[gone, "city"] = df.loc[gone, "firm"].map(city)
    return df


def test_folds_that_movers_make_uneven_are_told_in_both_languages(table):
    from causalgreen.report.phrases import phrases

    moved = make_study(_moving(table, 0.3))
    with pytest.warns(cg.CausalGreenWarning, match="folds are uneven"):
        fold = moved.residuals.folds[0]
    largest = np.bincount(fold).max() / len(fold)
    assert largest > 0.6
    (note,) = [n for n in moved.nuisance_report().notes if n.startswith("folds are uneven")]
    assert f"{largest:.0%} of the rows are in one of 5" in note
    assert f"{1 - largest:.0%}" in note
    told = phrases("zh").tell(note)
    assert told.startswith("各折大小悬殊")
    assert f"{largest:.0%}" in told


@pytest.mark.parametrize("share", [0.0, 0.02])
def test_folds_that_are_even_enough_are_not_spoken_of(table, share):
    study = make_study(_moving(table, share))
    assert not any("uneven" in note for note in study.nuisance_report().notes)


def test_one_city_with_nearly_all_rows_is_told_as_well(table):
    city = table["firm"].map({f: k for k, f in enumerate(table["firm"].unique())})
    df = table.assign(city=np.maximum(city - 95, 0))
    notes = make_study(df).nuisance_report().notes
    assert any(note.startswith("folds are uneven") for note in notes)
