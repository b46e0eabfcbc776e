"""Overlap and influence: what is left of the treatment, and who carries the estimate."""

import warnings

import numpy as np
import pytest
from conftest import make_study
from falsify_worlds import finding, world
from test_falsify_base import quiet_case, quiet_falsify

import causalgreen as cg
from causalgreen.falsify.influence import leave_one_out, most_influential
from causalgreen.falsify.registry import falsify
from causalgreen.moments.alone import effective_number


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

    found = finding(one_firm(0), "influence", cluster="firm", covariance="CR1")
    assert found.verdict == "warn"
    assert "hangs on one cluster: without 17 it is 0.0488 instead of 0.827" in found.reason


def test_the_jackknife_is_not_deceived_by_that_firm():
    from benchmarks.checks_worlds import one_firm

    with pytest.warns(cg.CausalGreenWarning, match=r"ai varies as if there were 1\.\d clusters"):
        found = finding_warned(one_firm(0))
    assert found.verdict == "not applicable"


def finding_warned(df):
    panel = cg.Panel.from_frame(
        df, unit="firm", time="year", outcome="green", treatment="ai", cluster="firm"
    )
    study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear(), progress=False)
    assert study.paths().covariance == "CV3"
    return falsify(study, ["influence"], progress=False)[0]


def one_treated_firm(seed=0):
    rng, df = np.random.default_rng(seed), world(seed)
    treated = (df["firm"] == 17) & (df["year"] > df["year"].min() + 2)
    return df.assign(ai=treated.astype(float), green=rng.normal(size=len(df)))


def test_an_effect_without_which_nothing_is_left_fails_by_name():
    found = finding(one_treated_firm(), "influence", cluster="firm", covariance="CR1")
    assert found.verdict == "fail"
    assert "without 17 nothing determines ai" in found.reason
    assert list(found.table["cluster"]) == ["17"]


def test_an_estimate_that_rests_on_one_firm_is_refused_or_told():
    panel = cg.Panel.from_frame(
        one_treated_firm(), unit="firm", time="year", outcome="green", treatment="ai",
        cluster="firm",
    )  # fmt: skip
    study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear(), progress=False)
    with pytest.raises(cg.EstimationError, match=r"without firm '?17'? nothing determines ai"):
        study.paths()
    with pytest.warns(cg.CausalGreenWarning, match="its standard error says little"):
        effects = study.paths(covariance="CR1")
    from causalgreen.report.phrases import phrases

    told = [phrases("zh").tell(note) for note in effects.notes]
    assert any("无从确定" in note for note in told)
    assert any("区间不可信" in note for note in told)


@pytest.mark.parametrize(("heavy", "weight"), [(3, 100.0), (3, 1000.0), (1, 1e6)])
def test_few_heavy_firms_are_told_and_no_longer_found_significant(heavy, weight):
    rejected = told = 0
    for seed in range(24):
        rng, df = np.random.default_rng(seed), world(seed)
        df = df.assign(ai=rng.normal(size=len(df)), green=rng.normal(size=len(df)))
        df["w"] = np.where(df["firm"] < heavy, weight, 1.0)
        panel = cg.Panel.from_frame(
            df, unit="firm", time="year", outcome="green", treatment="ai", cluster="firm",
            weight="w",
        )  # fmt: skip
        graph = cg.green_innovation_graph(panel)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            effects = cg.Study(panel, graph, learner=cg.linear(), progress=False).paths()
        rejected += effects.tidy()["p_value"].iloc[0] < 0.05
        told += any("as if there were" in str(w.message) for w in said)
    assert told == 24
    assert rejected <= 5  # of 24, at 20 %: 3 clusters are few for any interval


def test_without_a_significant_path_influence_says_nothing():
    rng = np.random.default_rng(0)
    df = world(0).assign(green=rng.normal(size=900))
    found = finding(df, "influence")
    assert (found.table["p_value"] >= 0.05).all()
    assert found.verdict == "not applicable"
    assert "no path is significant" in found.reason


def test_checks_that_estimate_again_keep_the_covariance_and_coefficients_that_were_asked_for():
    panel = cg.Panel.from_frame(
        one_treated_firm(), unit="firm", time="year", outcome="green", treatment="ai",
        cluster="firm",
    )  # fmt: skip
    study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear(), progress=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = study.falsify(
            ["multiverse", "placebo treatment"], 99, effects=study.paths(covariance="CR1")
        )
    assert found["multiverse"].table["specifications"].iloc[0] > 2  # by itself none can be
    assert found["placebo treatment"].verdict == "fail"
