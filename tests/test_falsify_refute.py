"""Random common cause, subsets, bootstrap: on moments, refitted, and through DoWhy."""

import numpy as np
import pandas as pd
import pytest
from conftest import make_study
from test_falsify_base import quiet_case, quiet_falsify

import causalgreen as cg
from benchmarks.checks_worlds import chain_table
from causalgreen.falsify.again import paths_again, redraw, remake
from causalgreen.falsify.legs import leg_ratio, legs_of
from causalgreen.falsify.permute import streams
from causalgreen.falsify.refute import bootstrap_weights, subset_weights
from causalgreen.falsify.resample import solve_weighted, solve_with_noise
from causalgreen.moments.paths import path_terms

CHECKS = ("random common cause", "data subset", "bootstrap")


def cross_section(n=700, seed=0):
    rng = np.random.default_rng(seed)
    x, e = rng.normal(size=(2, n))
    ai = 0.5 * x + 0.3 * e + rng.normal(size=n)
    green = 0.3 * ai + 0.2 * e + x + rng.normal(size=n)
    return pd.DataFrame(
        {"firm": np.arange(n), "year": 2020, "x": x, "peer": e, "ai": ai, "green": green}
    )


ROLES = {"unit": "firm", "time": "year", "outcome": "green", "treatment": "ai", "controls": ["x"],
         "exposure": "peer"}  # fmt: skip


@pytest.fixture(scope="module")
def plain():
    return make_study(
        cross_section(), fixed_effects=cg.FixedEffects("none", time=False), roles=ROLES
    )


def test_noise_as_a_control_moves_next_to_nothing(table):
    finding = quiet_falsify(make_study(table, traits=["size"]), CHECKS[:1], 60)[0]
    assert finding.verdict == "pass"
    assert finding.table["move_in_se"].between(1e-4, 0.25).all()
    assert "omitted confounders" in finding.reason


def test_noise_in_the_algebra_is_noise_in_the_regression(ragged):
    case = quiet_case(make_study(ragged, fixed_effects="within", controls=None, weight="w"))
    rngs = streams(5, 3)
    draws = solve_with_noise(case, case.basis, rngs)
    panel = case.panel
    design, values = case.residuals.design, case.residuals.values[0]
    period = panel.codes("year")[design.rows]
    cluster = panel.clusters[0][design.rows]
    cell = np.unique(cluster * 5 + period, return_inverse=True)[1]
    root = np.sqrt(panel.weights[design.rows])
    for row, rng in zip(draws, streams(5, 3), strict=True):
        w = np.sqrt(0.5) * (
            rng.standard_normal(len(cell)) + rng.standard_normal(cell.max() + 1)[cell]
        )
        firm = pd.get_dummies(panel.unit_codes[design.rows]).to_numpy(float)
        X = np.column_stack([values[:, :4], design.periods, w, firm]) * root[:, None]
        theta = np.linalg.lstsq(X, values[:, 4] * root, rcond=None)[0]
        assert row[0] == pytest.approx(theta[0], rel=1e-8)


def test_an_effect_of_one_cluster_does_not_spread_as_it_says(table):
    df = table.copy()
    rng = np.random.default_rng(0)
    df["green_patents"] = rng.normal(size=len(df))
    df["ai"] = 0.05 * rng.normal(size=len(df))
    one = df["city"] == df["city"].iloc[0]
    df.loc[one, "ai"] = 3 * rng.normal(size=one.sum())
    df.loc[one, "green_patents"] += 2 * df.loc[one, "ai"]
    roles = {"unit": "firm", "time": "year", "outcome": "green_patents", "treatment": "ai",
             "cluster": "city"}  # fmt: skip
    found = quiet_falsify(make_study(df, roles=roles), ("data subset", "bootstrap"), 100)
    assert found["bootstrap"].verdict != "pass"
    assert not 0.8 <= found["bootstrap"].tidy()["spread_ratio"].iloc[0] <= 1.25
    wide = found["data subset"].tidy().iloc[0]
    assert wide["draws_low"] < 0.5 * wide["estimate"]


CHAIN = {"unit": "i", "time": "t", "outcome": "y", "treatment": "d", "controls": "x",
         "mediators": {"a": "a", "b": "b"}, "cluster": "i"}  # fmt: skip
NOTHING = {"alpha": (0.0, 0.0), "mediated": 0.0, "direct": 0.0}


@pytest.mark.parametrize("planted", [NOTHING, {"alpha": (0.5, 0.0)}], ids=["nothing", "unmoved"])
def test_a_path_that_is_zero_is_no_failure(planted):
    widest = 0.0
    for seed in range(6):
        study = make_study(chain_table(seed=seed, **planted), roles=CHAIN)
        found = quiet_falsify(study, CHECKS, 99)
        assert {f.verdict for f in found} == {"pass"}
        rows = found["bootstrap"].tidy().set_index("path")
        widest = max(widest, rows["spread_ratio"].max())
        assert rows.loc[["direct", "own_total"], "spread_ratio"].between(0.8, 1.25).all()
        if rows["spread_ratio"].max() > 1.25:
            assert "no yardstick" in found["bootstrap"].reason
            assert rows.loc[rows["spread_ratio"] > 1.25, "leg_ratio"].between(0.7, 1.25).all()
    # Where both legs are zero the delta method does break down, or nothing would be tested here.
    assert widest > 1.5 if planted is NOTHING else widest < 1.5


def test_legs_with_errors_that_are_too_small_fail_though_no_path_is_claimed():
    df = chain_table(seed=2, **NOTHING)
    rng = np.random.default_rng(2)
    one = df["i"] == 7
    df.loc[one, "a"] = 40 * rng.normal(size=one.sum())
    found = quiet_falsify(make_study(df, roles=CHAIN), ["bootstrap"], 199)["bootstrap"]
    row = found.tidy().set_index("path").loc["a"]
    assert row["zero_product"]
    assert row["leg_ratio"] > 1.5
    assert row["verdict"] == "fail"
    assert "errors of the legs are too small" in found.reason


def test_legs_are_the_arrows_of_a_path_and_spread_as_their_regressions(table):
    study = make_study(chain_table(link=0.5), roles=CHAIN, edges=[("a", "b")])
    case = quiet_case(study, simulations=50)
    assert legs_of(case.layout, "a") == ["d -> a", "a -> y"]
    assert legs_of(case.layout, "a -> b") == ["d -> a", "a -> b", "b -> y"]
    weights = bootstrap_weights(case.moments.sample.n_clusters[0], streams(12, 50))
    every = solve_weighted(case, case.basis, weights, detail=True)
    brief = solve_weighted(case, case.basis, weights)
    np.testing.assert_array_equal(every[:, : brief.shape[1]], brief)
    names = path_terms(case.layout)
    place = {n: len(names.headline) + i for i, n in enumerate(names.detail)}
    chain = every[:, [place[leg] for leg in legs_of(case.layout, "a -> b")]]
    np.testing.assert_allclose(
        every[:, names.headline.index("a -> b")], chain.prod(axis=1), rtol=1e-10
    )
    errors = dict(zip(case.effects.detail.terms, case.effects.detail.std_error, strict=True))
    told = {leg: every[:, place[leg]].std(ddof=1) / errors[leg] for leg in ("d -> a", "a -> y")}
    assert leg_ratio(case, "a", every) == pytest.approx(max(told.values()))
    # The chain is called as the arrow between its mediators; the leg is the arrow.
    own = {leg: every[:, place[leg]].std(ddof=1) / errors[leg]
           for leg in legs_of(case.layout, "a -> b")}  # fmt: skip
    assert leg_ratio(case, "a -> b", every) == pytest.approx(max(own.values()))
    assert own["a -> b"] == pytest.approx(1, abs=0.35)


def test_a_subset_asks_nothing_of_a_product_that_may_be_zero():
    study = make_study(chain_table(seed=1, **NOTHING), roles=CHAIN)
    rows = quiet_falsify(study, ["data subset"], 99)[0].tidy().set_index("path")
    assert rows["zero_product"].to_dict() == {
        "direct": False, "a": True, "b": True, "own_total": False,
    }  # fmt: skip


def test_weights_of_clusters_are_what_they_say():
    rngs = streams(0, 50)
    subset = subset_weights(40, rngs)
    assert (subset.sum(axis=1) == 32).all()
    assert set(np.unique(subset)) == {0.0, 1.0}
    drawn = bootstrap_weights(40, rngs)
    assert (drawn.sum(axis=1) == 40).all()
    assert len(np.unique(drawn, axis=0)) == 50


def test_without_controls_refitting_says_the_same(table):
    """With nothing to learn, moments and a refit are one thing, for every draw."""
    roles = {"unit": "firm", "time": "year", "outcome": "green_patents", "treatment": "ai",
             "mediators": {"human_capital": "skilled_share"}, "exposure": "peer_ai",
             "cluster": "city"}  # fmt: skip
    case = quiet_case(make_study(table, roles=roles), simulations=3, refit=True)
    from causalgreen.falsify.refit import refit_clusters, refit_noise

    weights = bootstrap_weights(case.moments.sample.n_clusters[0], streams(12, 3))
    again = refit_clusters(case, weights)
    np.testing.assert_allclose(again, solve_weighted(case, case.basis, weights), rtol=1e-7)
    noisy = refit_noise(case, streams(11, 3))
    assert np.abs(noisy / case.effects.estimate - 1).max() < 0.05


def test_refits_with_controls_agree_up_to_the_nuisances(table):
    from causalgreen.falsify.refit import refit_clusters

    case = quiet_case(make_study(table), simulations=5)
    weights = subset_weights(case.moments.sample.n_clusters[0], streams(0, 5))
    slow = refit_clusters(case, weights)
    fast = solve_weighted(case, case.basis, weights)
    assert (np.abs(slow - fast) < 0.6 * case.effects.std_error).all()
    assert np.abs(slow - fast).max() > 1e-6


def test_refit_is_what_the_user_asks_for(table, monkeypatch):
    from causalgreen.falsify import refit

    asked = []

    def record(case, streams_or_weights):
        asked.append(len(streams_or_weights))
        return np.tile(case.effects.estimate, (20, 1)) + 1e-6 * np.arange(20)[:, None]

    monkeypatch.setattr(refit, "refit_noise", record)
    monkeypatch.setattr(refit, "refit_clusters", record)
    quiet_falsify(make_study(table), CHECKS, 20, refit=True)
    assert asked == [20, 20, 20]


def test_a_study_made_again_with_nothing_changed_is_the_same(table):
    case = quiet_case(make_study(table))
    panel = remake(case.panel, case.panel.frame)
    graph = redraw(case.graph, panel.roles, {})
    assert graph == case.graph
    effects = paths_again(case, case.effects.terms, panel=panel, graph=graph)
    np.testing.assert_allclose(effects.estimate, case.effects.estimate, rtol=1e-10)


@pytest.mark.parametrize("path", ["own_total", "direct"])
def test_dowhys_refuters_and_ours_agree_where_rows_are_independent(plain, path):
    from causalgreen.falsify.dowhy_door import REFUTERS, dowhy_door
    from causalgreen.falsify.placebo import placebo_treatment

    n = 300
    case = quiet_case(plain, simulations=n)
    door = dowhy_door(case, path)
    assert door.estimate.value == pytest.approx(case.effects[path], rel=1e-10)
    for name in REFUTERS:
        refutation = door.refute(name, n, seed=1)
        theirs = door.draws
        assert len(theirs) == n
        assert len(np.unique(theirs)) == n  # the traps give equal simulations
        ours = quiet_falsify(plain, [name], n)[0]
        row = ours.tidy().set_index("path").loc[path]
        if name == "placebo treatment":
            assert placebo_treatment(case).verdict == "pass"
            middle, spread = 0.0, (row["placebo_high"] - row["placebo_low"]) / 3.92
            slack = 0.25
        else:
            middle, spread, slack = row["mean_of_draws"], row["spread"], 4 * np.sqrt(1 / n)
            assert refutation.refutation_result["p_value"] == pytest.approx(
                row["position_p"], abs=0.25
            )
        error = np.hypot(theirs.std(), spread) / np.sqrt(n)
        assert abs(theirs.mean() - middle) < 4 * error, name
        assert theirs.std(ddof=1) / spread == pytest.approx(1, abs=slack), name
        assert refutation.new_effect == pytest.approx(theirs.mean())


def test_the_door_says_what_it_cannot_carry(plain, table):
    from causalgreen.falsify.dowhy_door import dowhy_door

    case = quiet_case(plain)
    with pytest.raises(cg.DesignError, match="own_total"):
        dowhy_door(case, "spillover")
    with pytest.raises(cg.DesignError, match="placebo treatment"):
        dowhy_door(case).refute("dummy outcome")
    weighted = quiet_case(make_study(table.assign(w=1.5), weight="w"))
    with pytest.raises(cg.DesignError, match="weights"):
        dowhy_door(weighted)


def test_dowhy_may_refit_the_whole_study(plain):
    from causalgreen.falsify.dowhy_door import REFUTERS, dowhy_door

    case = quiet_case(plain)
    door = dowhy_door(case, refit=True)
    assert door.estimate.value == pytest.approx(case.effects["own_total"], rel=1e-10)
    for name in REFUTERS:
        door.refute(name, 3)
        assert len(np.unique(door.draws)) == 3
        middle = 0.0 if name == "placebo treatment" else door.estimate.value
        assert np.abs(door.draws - middle).max() < 5 * case.effects.std_error[-1]
    panel = quiet_case(make_study(cg.simulate_panel(60, 4, seed=0, n_cities=20)[0]))
    with pytest.raises(cg.DesignError, match="cross-section"):
        dowhy_door(panel, refit=True)


def test_rows_of_a_panel_are_not_firms(table):
    """DoWhy's bootstrap of rows is narrower than the study's clustered one where rows depend."""
    from causalgreen.falsify.dowhy_door import dowhy_door

    rng = np.random.default_rng(1)
    df = pd.DataFrame({"firm": np.repeat(np.arange(60), 10), "year": np.tile(np.arange(10), 60)})
    firm_d, firm_y = rng.normal(size=(2, 60))
    df["ai"] = firm_d[df["firm"]] + 0.5 * rng.normal(size=600)
    df["green"] = firm_y[df["firm"]] + 0.5 * rng.normal(size=600)
    roles = {"unit": "firm", "time": "year", "outcome": "green", "treatment": "ai"}
    case = quiet_case(make_study(df, fixed_effects="none", roles=roles), simulations=200)
    door = dowhy_door(case)
    door.refute("bootstrap", 200)
    ours = quiet_falsify(make_study(df, fixed_effects="none", roles=roles), ["bootstrap"], 200)[0]
    assert door.draws.std() < 0.6 * ours.tidy()["spread"].iloc[0]
    assert ours.tidy()["spread_ratio"].iloc[0] == pytest.approx(1, abs=0.25)
