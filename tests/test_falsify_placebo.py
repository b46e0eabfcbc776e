"""Placebo treatment, outcome, network, leads: what holds passes, what is planted fails."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import make_study
from falsify_worlds import SCENARIOS, fails, finding, world
from test_falsify_base import quiet_case, quiet_falsify

import causalgreen as cg
from benchmarks.checks_worlds import strata_world, thin_world
from causalgreen.falsify.engine import case_rows, solve_swapped

BROKEN = {
    "placebo outcome, AI is in it", "future treatment, anticipation",
    "placebo network, only the number of peers matters",
    "placebo treatment, given to cities, clustered by firm",
}  # fmt: skip


@pytest.mark.parametrize("name", list(SCENARIOS))
def test_nulls_rarely_fail_and_planted_violations_mostly_do(name):
    check, options, planted = SCENARIOS[name]
    rate, _ = fails(check, range(12), options, **planted)
    assert rate >= 0.75 if name in BROKEN else rate <= 0.25


@pytest.mark.slow
@pytest.mark.parametrize("name", list(SCENARIOS))
def test_size_and_power_of_every_check(name):
    check, options, planted = SCENARIOS[name]
    rate, error = fails(check, range(1000, 1200), options, **planted)
    print(f"{name}: fails in {100 * rate:.1f} % (Monte-Carlo error {100 * error:.1f} %)")
    assert rate > 0.85 if name in BROKEN else rate < 0.05 + 3 * error


@pytest.mark.slow
def test_randomization_p_is_uniform_where_there_is_no_effect():
    tables = [finding(world(s), "placebo treatment").table for s in range(400)]
    for way in ("across firms", "across city"):
        p = np.array([t[t["exchange"] == way]["randomization_p"].iloc[0] for t in tables])
        assert np.mean(p <= 0.05) == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 400))
        assert np.mean(p <= 0.5) == pytest.approx(0.5, abs=3 * np.sqrt(0.25 / 400))


def test_a_real_effect_stands_out_and_the_placebos_are_around_zero():
    found = finding(world(1, effect=0.4), "placebo treatment", 199)
    assert found.verdict == "pass"
    assert (found.table["randomization_p"] == 1 / 200).all()
    assert (found.table["placebo_low"] < 0).all()
    assert (found.table["placebo_high"] > 0).all()
    assert "199" in found.reason


def test_strata_and_assignment_are_used():
    df = world(2, effect=0.3).assign(half=lambda d: d["firm"] % 2)
    within = finding(df, "placebo treatment", strata="half").table
    anywhere = finding(df, "placebo treatment").table
    assert not within["placebo_low"].equals(anywhere["placebo_low"])
    by_group = finding(df, "placebo treatment", assignment="group").table
    assert set(by_group["exchange"]) == {"across firms", "across group"}
    assert set(finding(df, "placebo treatment", cluster="firm").table["exchange"]) == {
        "across firms"
    }


def test_too_few_firms_that_can_change_places():
    df = world(0)
    rng = np.random.default_rng(0)
    df = df[rng.random(len(df)) < 0.6]
    few = df[df["firm"].isin(df["firm"].unique()[:12])]
    found = finding(few, "placebo treatment", cluster="firm")
    assert found.verdict == "not applicable"
    assert "change places" in found.reason


def test_a_placebo_outcome_refits_that_column_only(monkeypatch):
    from causalgreen.falsify import added

    calls = []
    real = added.run_jobs

    def counted(members, tasks, *rest):
        calls.append(sum(len(fold) for fold in tasks))
        return real(members, tasks, *rest)

    monkeypatch.setattr(added, "run_jobs", counted)
    df = cg.simulate_panel(120, 5, seed=3, n_cities=45)[0]
    df["noise"] = np.random.default_rng(0).normal(size=len(df))
    study = make_study(df)
    found = quiet_falsify(study, ["placebo outcome"], placebo_outcome="noise")[0]
    assert calls == [5]
    assert found.verdict in ("pass", "warn")
    # The fast way is the slow way: a study of that outcome.
    again = make_study(df, outcome="noise")
    own = found.table.set_index("path")["estimate"]
    for term, value in zip(again.paths().terms, again.paths().estimate, strict=True):
        assert own[term] == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("kind", ["within", "first_difference", "mundlak"])
def test_the_studys_own_outcome_under_another_name_gives_the_studys_numbers(table, kind):
    df = table.assign(copy=table["green_patents"])
    study = make_study(df, fixed_effects=kind)
    found = quiet_falsify(study, ["placebo outcome"], placebo_outcome="copy")[0]
    effects = study.paths()
    np.testing.assert_allclose(found.table["estimate"], effects.estimate, rtol=1e-8)
    np.testing.assert_allclose(found.table["std_error"], effects.std_error, rtol=1e-8)
    assert found.verdict == "fail"
    assert "copy" in found.reason


def test_placebo_outcomes_with_gaps_or_among_the_controls_are_fitted_again(table):
    rng = np.random.default_rng(0)
    df = table.assign(gappy=np.where(rng.random(len(table)) < 0.2, np.nan, rng.normal(size=600)))
    study = make_study(df)
    names = ["gappy", "leverage"]
    found = quiet_falsify(study, ["placebo outcome"], placebo_outcome=names)[0]
    assert set(found.table["outcome"]) == set(names)
    without = make_study(df, outcome="leverage", controls=["age", "roa_lag"]).paths()
    mine = found.table[found.table["outcome"] == "leverage"].set_index("path")["estimate"]
    assert mine["own_total"] == pytest.approx(without["own_total"], rel=1e-8)
    used = quiet_falsify(study, ["placebo outcome"], placebo_outcome="ai")[0]
    assert used.verdict == "not applicable"
    assert "already plays a part" in used.reason


def test_leads_need_periods_and_know_their_equations(table):
    two = table[table["year"] <= 2011]
    found = quiet_falsify(make_study(two), ["future treatment"])[0]
    assert found.verdict == "not applicable"
    assert "three" in found.reason
    full = quiet_falsify(make_study(table), ["future treatment"])[0]
    assert set(full.table["equation"]) == {"own_total", "direct", "clean_share", "skilled_share"}
    assert set(full.table["lead"]) == {"ai next", "peer_ai next"}


def test_leads_are_those_of_a_regression_with_dummies():
    import pyfixest as pf

    df = world(5, effect=0.3, anticipation=0.2)
    df = df[np.random.default_rng(0).random(len(df)) < 0.85].sort_values(["firm", "year"])
    mine = finding(df, "future treatment").table
    following = df[["firm", "year", "ai"]].assign(year=df["year"] - 1)
    both = df.merge(following, on=["firm", "year"], suffixes=("", "_next"))
    fit = pf.feols("green ~ ai + ai_next | firm + year", both, vcov={"CRV1": "city"})
    assert mine["estimate"].iloc[0] == pytest.approx(fit.coef()["ai_next"], rel=1e-6)
    assert mine["std_error"].iloc[0] == pytest.approx(fit.se()["ai_next"], rel=1e-2)


def test_no_spillover_no_placebo_network():
    found = finding(world(0), "placebo network", network="group")
    assert found.verdict == "not applicable"
    assert "exposure" in found.reason


def test_without_a_network_exposure_histories_change_firms():
    found = finding(world(0, spillover=0.4), "placebo network", exposure="peers")
    assert "could not be rebuilt" in found.reason
    assert found.table["randomization_p"].iloc[0] <= 0.05
    wrong = finding(world(0), "placebo network", exposure="peers", network="city")
    assert wrong.verdict == "not applicable"
    assert "cannot be rebuilt" in wrong.reason


def test_future_partners_must_not_matter():
    df = world(3, effect=0.3, spillover=0.3)
    rng = np.random.default_rng(0)
    df["later"] = rng.normal(size=len(df))
    options = {"exposure": "peers", "network": "group"}
    fine = finding(df, "placebo network", future_partners="later", **options)
    row = fine.table[fine.table["exchange"] == "future partners (later)"].iloc[0]
    assert row["verdict"] in ("pass", "warn")
    df["later"] += df["green"]
    bad = finding(df, "placebo network", future_partners="later", **options)
    assert bad.verdict == "fail"
    assert "Future partners" in bad.reason


@pytest.mark.parametrize("seed", [0, 1])
def test_an_effect_in_an_unbalanced_panel_is_not_too_many_rejections(seed):
    # Small blocks keep a tenth of the histories, and so a tenth of the effect, in their places.
    found = finding(thin_world(seed), "placebo treatment", 199)
    assert (found.table["randomization_p"] == 1 / 200).all()
    assert found.table["kept"].max() > 0.03
    assert found.table["rejected"].max() < 0.12
    assert found.verdict == "pass"


def test_strata_that_explain_a_part_of_the_treatment_are_no_failure():
    found = finding(strata_world(1), "placebo treatment", 199, strata="kind")
    assert found.table["kept"].min() > 0.2
    assert found.verdict == "pass"


def test_placebos_with_a_part_in_common_are_rejected_together():
    from causalgreen.falsify.verdicts import size_test

    rng = np.random.default_rng(0)
    n, common = 199, 0.3
    t = np.sqrt(common) * rng.normal(size=(4000, 1)) + np.sqrt(1 - common) * rng.normal(
        size=(4000, n)
    )
    rejected = (np.abs(t) > 1.7805).sum(axis=1)  # 7.5 % of a normal
    p, power = size_test(rejected, n, common)
    assert np.mean(p < 0.05) == pytest.approx(0.05, abs=0.012)
    assert np.mean(p < 0.01) == pytest.approx(0.01, abs=0.006)
    alone, sure = size_test(rejected, n)
    assert np.mean(alone < 0.05) > 0.15
    assert power < 0.3 < 0.9 < sure
    # As good as independent where next to nothing is shared.
    np.testing.assert_allclose(size_test(rejected, n, 1e-8)[0], alone, rtol=1e-3)


@pytest.mark.parametrize("seed", [30_018, 30_034, 30_054])
def test_an_effect_within_kinds_of_firms_does_not_fail_by_rejections_in_common(seed):
    found = finding(strata_world(seed), "placebo treatment", 199, strata="kind", seed=seed)
    assert found.table["rejected"].max() > 0.125
    assert found.table["size_p"].min() > 0.05
    assert found.verdict == "pass"
    assert "in common" in found.reason


def test_strata_that_explain_all_of_the_treatment_leave_nothing_to_exchange():
    df = strata_world(1, share=100.0)
    found = finding(df, "placebo treatment", strata="kind")
    assert found.verdict == "warn"
    assert "across firms" not in set(found.table["exchange"])
    assert "have 100 % of the real one in them" in found.reason


def test_the_null_that_is_imposed_has_no_effect_left():
    from causalgreen.falsify.imposed import without_effect

    df = cg.simulate_panel(120, 5, seed=3, n_cities=45)[0]
    case = quiet_case(make_study(df))
    rows, layout = case_rows(case), case.layout
    null = without_effect(rows, layout.treatments)

    def swap(r, low, high):
        return {c: case.residuals.values[r][:, [c]] for c in layout.treatments}

    before, after = (solve_swapped(x, swap, 1) for x in (rows, null))
    assert abs(after.estimate[after.row("own_total"), 0]) < 1e-8
    assert abs(before.estimate[before.row("own_total"), 0]) > 0.1
    place = after.row("spillover")
    assert after.estimate[place, 0] == pytest.approx(before.estimate[place, 0])


def test_clusters_too_few_to_exchange_are_named_and_do_not_pass():
    df = world(1, effect=0.4).assign(region=lambda d: d["firm"] % 6)
    found = finding(df, "placebo treatment", 199, cluster="region")
    assert found.verdict == "warn"
    assert "exchange across region could not be run" in found.reason
    assert "6 levels" in found.reason
    named = finding(df, "placebo treatment", 199, assignment="region")
    assert named.verdict == "warn"
    assert "named as assignment" in named.reason


@pytest.mark.parametrize("option", ["strata", "assignment"])
def test_periods_are_no_strata_and_no_assignment(option):
    found = finding(world(1, effect=0.4), "placebo treatment", **{option: "year"})
    assert found.verdict == "not applicable"
    assert f"{option}='year' is the period" in found.reason


def test_strata_that_firms_leave_are_told():
    df = world(1, effect=0.4)
    df["half"] = df["firm"] % 2
    df.loc[(df["firm"] == 3) & (df["year"] > 2016), "half"] = 0
    assert "half changes within 1 firms" in finding(df, "placebo treatment", strata="half").reason


def test_a_treatment_given_to_cities_is_noticed_without_being_told():
    df = world(1, by_city=True)
    found = finding(df, "placebo treatment", 199, cluster="firm")
    assert set(found.table["exchange"]) == {"across firms", "across city"}
    assert found.verdict == "fail"
    few = finding(df.assign(city=df["city"] % 6, ai=world(1)["city"].map(lambda c: c % 6)
                            * np.random.default_rng(0).normal(size=6)[df["year"] - 2014]),
                  "placebo treatment", cluster=["firm", "city"])  # fmt: skip
    assert few.verdict != "pass"
    assert "across city could not be run" in few.reason


def test_too_few_simulations_are_not_a_pass():
    df = world(1, effect=0.4)
    few, many = (finding(df, "placebo treatment", n) for n in (40, 199))
    assert (few.verdict, many.verdict) == ("warn", "pass")
    assert "200 simulations" in few.reason


def test_blocks_of_five_are_told_as_such():
    df = world(1, effect=0.4).assign(five=lambda d: d["firm"] // 5)
    found = finding(df, "placebo treatment", strata="five")
    assert found.verdict == "not applicable"
    assert "at most 5 firms are alike" in found.reason


def test_without_a_network_a_spillover_does_not_fail_for_lack_of_power():
    from causalgreen.falsify import network

    df = world(0, spillover=0.4)
    found = finding(df, "placebo network", 199, exposure="peers")
    assert "spillover stands out" in found.reason
    weak = [finding(world(s, spillover=0.12), "placebo network", 199, exposure="peers")
            for s in range(6)]  # fmt: skip
    assert "fail" not in {f.verdict for f in weak}
    none = finding(world(0), "placebo network", 199, exposure="peers")
    assert "spillover is not significant" in none.reason
    table = found.table.assign(verdict="fail", randomization_p=0.4, size_p=1.0)
    lost = network._softened(replace(found, verdict="fail", table=table))
    assert lost[1] == "warn"
    assert "name the network" in lost[2]
    often = table.assign(size_p=0.0, rejected=0.3)
    assert network._softened(replace(found, verdict="fail", table=often))[1] == "fail"


LALONDE = Path(os.environ.get("CAUSALGREEN_DATA", "absent")) / "lalonde"


def lalonde_study(frame):
    frame = frame.reset_index(drop=True).assign(person=np.arange(len(frame)), year=1978)
    frame["u74"] = (frame["re74"] == 0).astype(float)
    roles = {
        "unit": "person", "time": "year", "outcome": "re78", "treatment": "treat",
        "controls": ["age", "education", "black", "hispanic", "married", "nodegree", "re74", "u74",
                     "re75"],
    }  # fmt: skip
    fe = cg.FixedEffects("none", time=False)
    return make_study(frame, fixed_effects=fe, roles=roles)


@pytest.mark.shared_data
@pytest.mark.skipif(not LALONDE.is_dir(), reason="needs CAUSALGREEN_DATA/lalonde")
@pytest.mark.parametrize("controls", ["cps_controls", "psid_controls"])
def test_lalonde_earnings_before_treatment(controls):
    """The placebo fails for the observational samples and does not for the experiment."""
    experiment = pd.read_csv(LALONDE / "nsw_dw.csv.gz")
    treated = experiment[experiment["treat"] == 1]
    outside = pd.read_csv(LALONDE / f"{controls}.csv.gz")
    observed = pd.concat([treated, outside[treated.columns]], ignore_index=True)

    def asked(frame):
        return quiet_falsify(lalonde_study(frame), ["placebo outcome"], placebo_outcome="re75")[0]

    bad, good = asked(observed), asked(experiment)
    assert bad.verdict == "fail"
    assert bad.table["estimate"].iloc[0] < 0
    assert good.verdict == "pass"
    assert good.table["holm_p"].min() > 0.1
