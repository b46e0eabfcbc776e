"""Overlap and influence: what is left of the treatment, and who carries the estimate."""

import numpy as np
import pytest
from conftest import make_study
from falsify_worlds import finding, world
from test_falsify_base import quiet_case, quiet_falsify

from causalgreen.falsify.influence import leave_one_out, most_influential
from causalgreen.falsify.overlap import effective_number


def test_effective_number_counts_equal_parts():
    assert effective_number(np.ones(7)) == pytest.approx(7)
    assert effective_number(np.array([5.0, 0, 0])) == 1.0
    assert effective_number(np.zeros(3)) == 0.0


def test_shares_add_up_and_groups_cover_all_firms(table):
    found = quiet_falsify(make_study(table, traits=["size", "urban"]), ["overlap"])[0]
    for _, part in found.table.groupby("variable"):
        whole, groups = part[part["group"] == "all"], part[part["group"] != "all"]
        assert whole["share_of_variance"].iloc[0] == pytest.approx(1)
        sizes = groups[groups["group"].str.startswith("size")]
        assert sizes["share_of_firms"].sum() == pytest.approx(1)
        assert sizes["share_of_variance"].sum() == pytest.approx(1)
        assert 0 < whole["variance_left"].iloc[0] < 1
        assert whole["effective_clusters"].iloc[0] <= 45


def test_variance_left_is_that_of_the_residual(table):
    roles = {"unit": "firm", "time": "year", "outcome": "green_patents", "treatment": "ai",
             "cluster": "city"}  # fmt: skip
    study = make_study(table, roles=roles)
    left = quiet_falsify(study, ["overlap"])[0].table["variance_left"].iloc[0]
    residual, raw = study.residuals.values[0][:, 0], study.panel.column("ai")
    assert left == pytest.approx((residual**2).sum() / ((raw - raw.mean()) ** 2).sum())


def test_a_group_without_treatment_variation_is_named(table):
    df = table.copy()
    still = df["urban"] == 0
    df.loc[still, "ai"] = 0.02 * df.loc[still, "ai"]
    study = make_study(df, traits=["urban"], exposure=None, controls=None)
    found = quiet_falsify(study, ["overlap"])[0]
    assert found.verdict == "warn"
    assert "urban = 0" in found.reason


def test_treatment_of_few_clusters_fails():
    df = world(0)
    df["ai"] = np.where(df["city"] < 4, df["ai"], 0.0)
    found = finding(df, "overlap")
    assert found.verdict == "fail"
    assert found.table["effective_clusters"].iloc[0] < 5


def test_leaving_a_cluster_out_is_a_study_without_it(table):
    roles = {"unit": "firm", "time": "year", "outcome": "green_patents", "treatment": "ai",
             "mediators": {"human_capital": "skilled_share"}, "cluster": "city"}  # fmt: skip
    case = quiet_case(make_study(table, roles=roles))
    out, exact = leave_one_out(case)
    assert exact
    city = sorted(table["city"].unique())
    for place in (0, 7):
        kept = table[table["city"] != city[place]]
        again = quiet_case(make_study(kept, roles=roles)).effects
        np.testing.assert_allclose(out[place], again.estimate, rtol=1e-7)


def test_many_clusters_use_influence_functions(table, monkeypatch):
    from causalgreen.falsify import influence

    case = quiet_case(make_study(table))
    exact, _ = leave_one_out(case)
    monkeypatch.setattr(influence, "EXACT", 10)
    near, is_exact = leave_one_out(case)
    assert not is_exact
    gap = np.abs(near - exact).max(axis=0) / np.abs(exact - case.effects.estimate).max(axis=0)
    assert gap[0] < 0.35


def test_the_set_that_overturns_an_effect_is_small_where_it_hangs_on_few():
    df = world(11, effect=0.1)
    weak = finding(df, "influence").table.iloc[-1]
    strong = finding(world(11, effect=0.5), "influence").table.iloc[-1]
    if weak["p_value"] < 0.05:
        assert weak["until_insignificant"] < 10
    assert not strong["until_insignificant"] < 10
    assert strong["least_without_one"] <= strong["estimate"] <= strong["largest_without_one"]


def test_leaving_the_set_out_does_what_it_says(table):
    """The exact effect without the set is near the approximation, and nearer to zero."""
    study = make_study(table, exposure="peer_ai_city")
    case = quiet_case(study)
    codes = case.effects.context.clusters[0]
    found = quiet_falsify(study, ["influence"])[0].table.set_index("path")
    for j, term in enumerate(case.effects.terms):
        sums = np.bincount(codes, case.effects.influence[:, j])
        lose, flip = most_influential(case, sums, j)
        row = found.loc[term]
        assert np.isnan(lose) == np.isnan(row["until_insignificant"])
        if np.isfinite(lose):
            assert abs(row["without_these"]) < abs(row["estimate"])
            assert np.isnan(flip) or flip >= lose


def test_one_firm_that_makes_the_effect_is_named():
    df = world(4)
    one = df["firm"] == 17
    df.loc[one, "ai"] = np.array([0, 9, -9, 9, -9, 0])
    df.loc[one, "green"] = df.loc[one, "ai"]
    found = finding(df, "influence")
    row = found.table.iloc[-1]
    assert row["firm"] == "17"
    assert row["least_without_one"] < 0.1 < 0.2 < row["estimate"]


def test_a_firm_that_hides_behind_its_own_leverage_is_found():
    # With an extreme treatment its residual, and so its influence function, is near zero.
    from benchmarks.checks_worlds import one_firm

    found = finding(one_firm(0), "influence", cluster="firm")
    assert found.verdict == "warn"
    assert "hangs on one cluster: without 17 it is 0.0488 instead of 0.827" in found.reason


def test_without_a_significant_path_influence_says_nothing():
    rng = np.random.default_rng(0)
    df = world(0).assign(green=rng.normal(size=900))
    found = finding(df, "influence")
    assert (found.table["p_value"] >= 0.05).all()
    assert found.verdict == "not applicable"
    assert "no path is significant" in found.reason
