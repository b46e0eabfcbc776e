"""Mediation claims: first legs, full mediation, order of mediators."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import make_study
from falsify_cases import case_of

import causalgreen as cg
from benchmarks.checks_worlds import chain_table, threshold
from causalgreen.falsify import mediation as md
from causalgreen.falsify.full_mediation import sharp_null_of
from causalgreen.falsify.mediator_order import check_order, mediator_orders


@pytest.fixture(scope="module")
def case(table):
    return case_of(make_study(table), coefficients="constant", covariance="CR1")


ROLES = {"unit": "i", "time": "t", "outcome": "y", "treatment": "d", "controls": "x",
         "mediators": {"a": "a", "b": "b"}, "cluster": "i"}  # fmt: skip


def chain_case(edges=(), **kwargs):
    return case_of(make_study(chain_table(**kwargs), roles=ROLES, edges=edges), covariance="CR1")


def test_three_steps_are_refused_with_a_reason():
    with pytest.raises(cg.DesignError, match=r"not offered.*confounded.*check_first_leg"):
        md.three_step()


# --- first leg ------------------------------------------------------------------------------------


def test_first_leg_is_the_total_effect_on_the_mediator():
    case = chain_case(link=0.4)
    table = md.first_legs(case).set_index("mediator")
    assert table.loc["a", "estimate"] == pytest.approx(0.5, abs=0.12)
    # Through the other mediator, too, which the ordered equation would hold fixed.
    assert table.loc["b", "estimate"] == pytest.approx(0.5 + 0.4 * 0.5, abs=0.12)
    assert md.check_first_leg(case).verdict == "pass"


def test_unmoved_mediator_that_nobody_claims_passes_and_says_what_would_have_been_seen():
    found = md.check_first_leg(chain_case(alpha=(0.5, 0.0)))
    assert found.verdict == "pass"
    assert "no effect found on b" in found.reason
    assert "power of 80 %" in found.reason
    assert "no mediation through it can be claimed" in found.reason
    assert "claims none" in found.reason


def test_unmoved_mediators_of_a_sample_that_is_too_small_warn():
    nothing = {"alpha": (0.0, 0.0), "mediated": 0.0, "direct": 0.0}
    few = md.check_first_leg(chain_case(n=15, t=3, **nothing))
    assert few.verdict == "warn"
    assert few.table["detectable_r"].max() > 0.25
    assert "too small to tell" in few.reason
    assert md.check_first_leg(chain_case(**nothing)).verdict == "pass"


def test_what_would_be_seen_is_a_partial_correlation(case):
    alone = chain_case(alpha=(0.5, 0.0))
    table = md.first_legs(alone).set_index("mediator")
    d, m = (alone.residuals.values[0][:, alone.layout.names.index(n)] for n in ("d", "b"))
    d, m = d - d.mean(), m - m.mean()
    left = m - d * (d @ m) / (d @ d)
    unit = np.sqrt(d @ d / (left @ left))
    ratio = table.loc["b", "detectable_r"] / table.loc["b", "detectable"]
    assert ratio == pytest.approx(unit, rel=0.02)  # period effects make the difference


def test_a_path_that_is_significant_by_itself_only_is_no_pass():
    legs = pd.DataFrame({"detectable": [0.1, 0.2], "detectable_r": [0.1, 0.2]})
    verdict, told = md._unmoved(legs, ["a", "b"], ["b"])
    assert verdict == "warn"
    assert "path through b is significant by itself" in told
    assert "correlation of 0.20" in told
    assert md._unmoved(legs, ["a", "b"], [])[0] == "pass"


def test_path_without_first_leg_fails():
    # In the order a -> b the path through b holds a fixed; here d moves a up and, given a, b down.
    case = chain_case(edges=[("a", "b")], alpha=(0.5, -0.25), link=0.5, seed=2, n=300)
    found = md.check_first_leg(case)
    assert found.table.set_index("mediator").loc["b", "p_holm"] > 0.05
    assert found.verdict == "fail"
    assert "no first leg for b" in found.reason


def test_no_mediators_is_not_applicable(table):
    case = case_of(make_study(table, mediators=None))
    for check in (md.check_first_leg, md.check_full_mediation, check_order):
        assert check(case).verdict == "not applicable"


# --- full mediation -------------------------------------------------------------------------------


def test_continuous_treatment_tests_the_direct_effect_and_says_so(case):
    found = md.check_full_mediation(case)
    assert found.verdict == "warn"
    assert "test that the average direct effect is zero (not the sharp null" in found.reason


def test_direct_effect_of_zero_passes_with_what_it_could_see():
    found = md.check_full_mediation(chain_case(direct=0.0, seed=2))
    assert found.verdict == "pass"
    assert "power of 80 %" in found.reason


def test_where_there_is_no_effect_there_is_no_whole_to_carry():
    nothing = {"alpha": (0.0, 0.0), "mediated": 0.0, "direct": 0.0}
    found = md.check_full_mediation(chain_case(seed=3, **nothing))
    assert found.verdict == "not applicable"
    assert "no whole that mediators could carry" in found.reason
    # Opposite paths that cancel are other mechanisms all the same.
    cancelled = chain_case(alpha=(0.5, 0.0), mediated=0.6, direct=-0.3, seed=3)
    assert cancelled.effects.tidy().set_index("term").loc["own_total", "p_value"] > 0.05
    assert md.check_full_mediation(cancelled).verdict == "warn"


def test_graph_that_claims_full_mediation_fails():
    study = make_study(chain_table(), roles=ROLES)
    graph = study.graph.drop_edge("d", "y")
    study = cg.Study(study.panel, graph, learner=cg.linear())
    assert md.check_full_mediation(case_of(study, covariance="CR1")).verdict == "fail"


@pytest.mark.parametrize("values", [2, 3])
def test_sharp_null_holds_though_the_mediator_is_confounded(values):
    found = sharp_null_of(*threshold(np.random.default_rng(1), values=values), draws=299)
    assert found.p_value > 0.05
    assert found.affected < 0.03


def test_sharp_null_is_rejected_under_a_large_direct_effect():
    found = sharp_null_of(*threshold(np.random.default_rng(1), direct=2.0), draws=299)
    assert found.p_value < 0.05
    assert found.affected > 0.1


def test_binary_case_is_kitagawas_inequality():
    # Without noise in the shares: P(Y in A, M = 0) rises by .1 for one bin, which no type explains.
    y = np.repeat([0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0], [30, 30, 20, 20, 40, 15, 20, 25])
    m = np.repeat([0, 0, 1, 1, 0, 0, 1, 1], [30, 30, 20, 20, 40, 15, 20, 25])
    d = np.repeat([0.0, 1.0], 100)
    values = np.array([[0.0], [1.0]])
    found = sharp_null_of(y, d, values, m, np.arange(200), draws=99)
    # Excess: (.40 - .30) in the cell (0, M = 0); always-takers: .55 never and .40 always.
    assert found.affected == pytest.approx(0.10 / 0.95, abs=1e-6)
    change = found.table["change"].to_numpy()
    assert np.allclose(change, [-0.05, 0.05])


def test_discrete_study_uses_the_sharp_null():
    rng = np.random.default_rng(0)
    y, d, _, m, cl = threshold(rng, n=900, direct=0.0)
    df = pd.DataFrame({"i": np.arange(900), "t": 1, "y": y, "d": d, "m": m, "c": cl,
                       "x": rng.normal(size=900)})  # fmt: skip
    roles = {"unit": "i", "time": "t", "outcome": "y", "treatment": "d", "controls": "x",
             "mediators": {"m": "m"}, "cluster": "c"}  # fmt: skip
    study = make_study(df, cg.linear(), cg.FixedEffects("none", time=False), roles=roles)
    found = md.check_full_mediation(case_of(study), draws=199)
    assert "Kwon and Roth" in found.reason
    assert found.verdict == "pass"
    assert len(found.table) == 2


@pytest.mark.slow
def test_size_and_power_of_the_sharp_null():
    rng = np.random.default_rng(0)
    size = np.mean([sharp_null_of(*threshold(rng), draws=299).p_value < 0.05 for _ in range(200)])
    strong = [
        sharp_null_of(*threshold(rng, direct=2.0), draws=299).p_value < 0.05 for _ in range(50)
    ]
    assert size <= 0.08
    assert np.mean(strong) >= 0.8


# --- order ----------------------------------------------------------------------------------------


def test_orders_agree_where_mediators_do_not_act_on_each_other():
    case = chain_case()
    found = check_order(case)
    assert found.verdict == "pass"
    assert set(found.table["order"]) == {"no arrow between mediators", "a -> b", "b -> a"}


def test_order_matters_where_one_mediator_moves_the_other():
    case = chain_case(link=1.2)
    table = mediator_orders(case).set_index(["order", "term"])["estimate"]
    # a -> b is right: b's own path is .5 * .6, the chain .5 * 1.2 * .6.
    assert table["a -> b", "b"] == pytest.approx(0.30, abs=0.1)
    assert table["a -> b", "a -> b"] == pytest.approx(0.36, abs=0.1)
    assert check_order(case).verdict in ("warn", "fail")


def test_all_orders_add_up_to_the_same_total():
    table = mediator_orders(chain_case(link=0.8))
    parts = table[~table["term"].isin(["own_total", "overall", "spillover"])]
    totals = parts.groupby("order")["estimate"].sum()
    assert np.allclose(totals, totals.iloc[0])


def test_one_group_has_no_order():
    roles = ROLES | {"mediators": {"a": "a"}}
    found = check_order(case_of(make_study(chain_table(), roles=roles)))
    assert found.verdict == "not applicable"
