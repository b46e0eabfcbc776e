"""Specification curves, their joint test, and the unit of ln(1 + count)."""

from __future__ import annotations

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from conftest import make_study
from falsify_cases import case_of

import causalgreen as cg
from causalgreen.falsify import log_outcome as lo
from causalgreen.falsify import multiverse as mv
from causalgreen.falsify import multiverse_check as mc
from causalgreen.falsify.multiverse_exchange import exchanged, partners
from causalgreen.falsify.multiverse_test import (
    _hashes,
    _label_keys,
    _permuted,
    _salts,
    joint_test,
)

mpl.use("Agg")


@pytest.fixture(scope="module")
def study(table):
    return make_study(table, traits=["size", "urban"])


def quiet_curve(study, **kwargs):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cg.CausalGreenWarning)
        return mv.multiverse(study, **kwargs)


# --- the curve ------------------------------------------------------------------------------------


def test_every_choice_is_a_row_and_equals_its_own_study(study, table):
    found = quiet_curve(
        study, seeds=[0, 5], fixed_effects=["first_difference"],
        controls={"no leverage": ["age", "roa_lag"]}, permutations=0,
    )  # fmt: skip
    assert found.table["specification"].nunique() == 8
    assert not found.failed
    other = case_of(
        make_study(table, fixed_effects="first_difference", traits=["size", "urban"],
                   controls=["age", "roa_lag"], seed=5)
    ).effects  # fmt: skip
    row = found.table[
        (found.table["seed"] == "5") & (found.table["controls"] == "no leverage")
        & found.table["fixed_effects"].str.startswith("first") & (found.table["term"] == "direct")
    ]  # fmt: skip
    assert row["estimate"].item() == pytest.approx(other["direct"])
    assert row["std_error"].item() == pytest.approx(other.std_error[0])


def test_one_at_a_time_and_samples_without_a_group(study):
    samples = mv.leave_out_samples(study.panel)
    assert {"without urban = 0", "without low size", "without high size"} <= set(samples)
    found = quiet_curve(study, samples=samples, full=False, permutations=0)
    assert found.table["specification"].nunique() == 1 + len(samples)
    firms = found.table.groupby("sample", sort=False)["firms"].first()
    assert (firms.drop("all") < firms["all"]).all()


def test_failed_specifications_are_told(study):
    nobody = np.zeros(study.panel.n_rows, dtype=bool)
    nobody[:10] = True
    found = quiet_curve(study, samples={"two firms": nobody}, permutations=0)
    assert len(found.failed) == 1
    assert "two firms" in found.failed[0]
    with pytest.raises(cg.DesignError, match="a sample marks"):
        mv._panel(study.panel, [True, False], None)


def test_summary_counts_signs():
    table = pd.DataFrame({
        "specification": list("abcd"), "term": "own_total", "estimate": [1.0, 2.0, 3.0, -1.0],
        "p_value": [0.01, 0.2, 0.01, 0.01],
    })  # fmt: skip
    row = mv.Multiverse(table, pd.DataFrame(), (), "").summary().iloc[0]
    assert (row["same_sign"], row["significant"], row["against"]) == (0.75, 0.5, 0.25)


def test_plot_has_the_grid(study):
    found = quiet_curve(study, seeds=[0, 1], permutations=0)
    figure = found.plot("own_total")
    assert "?" in figure._suptitle.get_text()
    assert [t.get_text() for t in figure.axes[1].get_yticklabels()] == ["seed: 0", "seed: 1"]
    plt.close(figure)
    with pytest.raises(cg.DesignError, match="no specification has the term 'nothing'"):
        found.plot("nothing")


# --- the joint test -------------------------------------------------------------------------------


def test_whole_histories_move_between_firms_of_the_same_periods():
    unit = np.array([0, 0, 1, 1, 2, 2, 2, 3, 3])
    time = np.array([0, 1, 0, 1, 0, 1, 2, 1, 2])
    groups, movable = partners(unit, time)
    assert movable == 0.5
    ((firms, rows),) = groups
    assert list(firms) == [0, 1]
    assert rows.tolist() == [[0, 1], [2, 3]]
    source = exchanged(np.arange(9), [rows], [np.array([[1, 0], [0, 1]])], 2)
    assert source[:, 0].tolist() == [2, 3, 0, 1, 4, 5, 6, 7, 8]
    assert source[:, 1].tolist() == list(range(9))


def test_exchange_depends_on_labels_and_not_on_the_sample():
    whole = _label_keys(_hashes(pd.Index(["a", "b", "c"])), _salts(1, 4))
    part = _label_keys(_hashes(pd.Index(["a", "c"])), _salts(1, 4))
    assert np.array_equal(whole[:, [0, 2]], part)
    # Keys are close to uniform, and firms are exchanged in every order.
    orders = np.argsort(_label_keys(_hashes(pd.Index(list("abc"))), _salts(0, 3000)), axis=1)
    counts = np.unique(orders, axis=0, return_counts=True)[1]
    assert len(counts) == 6
    assert np.abs(counts - 500).max() < 100


def test_statistic_is_the_clustered_t_of_the_constant_system(table):
    study = make_study(table)
    case = case_of(study, coefficients="constant", covariance="CR1")
    for term in ("own_total", "direct"):
        ((t,),), ((draws,),), movable = _permuted([study], [term], 50, 0)
        row = case.effects.tidy().set_index("term").loc[term]
        context = case.effects.context
        n, k = context.n_rows, context.n_parameters
        assert t == pytest.approx(row["statistic"] * np.sqrt((n - 1) / (n - k)), rel=1e-6)
        assert movable == 1.0
        assert len(np.unique(draws)) == 50


def null_study(seed, effect=0.0):
    rng = np.random.default_rng(seed)
    n, t = 60, 5
    city = np.repeat(rng.integers(0, 30, n), t)
    shock = rng.normal(size=(30, t))[city.reshape(n, t)[:, 0]].ravel()
    d = np.cumsum(rng.normal(size=(n, t)), axis=1).ravel()
    y = effect * d + np.cumsum(rng.normal(size=(n, t)), axis=1).ravel() + shock
    df = pd.DataFrame({"i": np.repeat(np.arange(n), t), "t": np.tile(np.arange(t), n), "y": y,
                       "d": d, "x": rng.normal(size=n * t), "c": city})  # fmt: skip
    roles = {"unit": "i", "time": "t", "outcome": "y", "treatment": "d", "controls": "x",
             "cluster": "c"}  # fmt: skip
    return make_study(df, roles=roles)


def joint_p(seed, effect):
    first = null_study(seed, effect)
    second = cg.Study(first.panel, first.graph, "first_difference", cg.linear())
    return joint_test([first, second], 199, seed).iloc[0]["p_joint"]


def test_joint_test_sees_an_effect_and_not_its_absence():
    assert joint_p(0, 0.6) == pytest.approx(1 / 200)
    assert np.median([joint_p(seed, 0.0) for seed in range(5)]) > 0.1


@pytest.mark.slow
def test_size_and_power_of_the_joint_test():
    size = np.mean([joint_p(seed, 0.0) < 0.05 for seed in range(300)])
    power = np.mean([joint_p(seed, 0.3) < 0.05 for seed in range(60)])
    assert size <= 0.085
    assert power >= 0.55


# --- the default check ----------------------------------------------------------------------------


def test_check_passes_where_nothing_changes_the_answer(table):
    found = mc.check(case_of(make_study(table), simulations=99))
    assert found.verdict in ("pass", "warn")
    assert "joint permutation p" in found.reason
    assert found.table.set_index("term").loc["own_total", "same_sign"] == 1.0
    plt.close(found.plot())


def test_check_without_a_claim_is_not_applicable():
    found = mc.check(case_of(null_study(1), simulations=50))
    assert found.verdict == "not applicable"


def test_reversed_sign_fails():
    table = pd.DataFrame({
        "specification": list("ab"), "term": "direct", "estimate": [1.0, -1.0],
        "p_value": [0.001, 0.001],
    })  # fmt: skip
    verdict, reason = mc._judge(mv.Multiverse(table, pd.DataFrame(), (), ""), ["direct"])
    assert verdict == "fail"
    assert "reversed" in reason


# --- ln(1 + count) --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def log_case(table):
    rng = np.random.default_rng(0)
    counts = rng.poisson(np.exp(-0.5 + 0.25 * table["ai"]))
    df = table.assign(green_patents=np.log1p(counts))
    return case_of(make_study(df, mediators=None), coefficients="constant", covariance="CR1")


def test_effect_on_logs_depends_on_the_unit_and_the_percentage_does_not(log_case):
    found = lo.check(log_case)
    assert found.verdict == "fail"
    by = found.table.set_index("factor")["estimate"]
    assert by[100.0] > 2 * by[1.0] > 0
    assert "in any unit" in found.reason
    plt.close(found.plot())
    # At c = 1 it is the study's own number.
    assert by[1.0] == pytest.approx(log_case.effects["own_total"], abs=0.15 * by[1.0])
    scaled = lo.log_scaling(log_case, 7 * lo.counts_of(log_case))
    last = found.table.iloc[-1]
    assert scaled.iloc[-1]["estimate"] == pytest.approx(last["estimate"])
    assert scaled.iloc[-1]["std_error"] == pytest.approx(last["std_error"])


def test_small_factors_are_proportional_to_the_percentage(log_case):
    # ln(1 + c y) / c tends to y: the effect per c is that on the count.
    counts = lo.counts_of(log_case)
    table = lo.log_scaling(log_case, counts, factors=(1e-7,))
    percent = table.iloc[1]["estimate"]
    assert 100 * table.iloc[0]["estimate"] / 1e-7 / counts.mean() == pytest.approx(
        percent, rel=1e-5
    )


def test_large_factors_add_the_extensive_margin(log_case):
    # From c to 100 c the effect grows by ln(100) times the effect on having any count.
    counts = lo.counts_of(log_case)
    big = lo.log_scaling(log_case, counts, factors=(1e6, 1e8))["estimate"]
    any_count = lo.log_scaling(log_case, (counts > 0).astype(float), factors=(1.0,))
    assert big[1] - big[0] == pytest.approx(
        np.log(100) * any_count["estimate"][0] / np.log(2), rel=1e-3
    )


@pytest.mark.parametrize("kind", ["within", "first_difference"])
def test_quick_road_is_near_the_refit(table, kind):
    rng = np.random.default_rng(1)
    df = table.assign(green_patents=np.log1p(rng.poisson(np.exp(0.3 * table["ai"]))))
    case = case_of(make_study(df, fixed_effects=kind), coefficients="constant", covariance="CR1")
    quick, slow = lo.log_scaling(case), lo.log_scaling(case, refit=True)
    assert np.abs(quick["estimate"] - slow["estimate"]).max() < 0.6 * slow["std_error"].max()
    assert np.allclose(quick["std_error"], slow["std_error"], rtol=0.2)


def test_other_outcomes_are_not_applicable_unless_asked(table):
    case = case_of(make_study(table))
    assert lo.check(case).verdict == "not applicable"
    with pytest.raises(cg.DesignError, match="neither a count nor ln"):
        lo.log_scaling(case)
    counts = np.rint(np.exp(0.2 * case.panel.column("green_patents")))
    assert lo.check(case, counts).verdict == "warn"


def counted(table, rate):
    counts = np.random.default_rng(2).poisson(rate)
    df = table.assign(green_patents=np.log1p(counts))
    return case_of(make_study(df, mediators=None), coefficients="constant", covariance="CR1")


def test_large_counts_have_no_unit_to_depend_on(table):
    found = lo.check(counted(table, np.exp(6 + 0.25 * table["ai"])))
    assert found.verdict == "pass"
    by = found.table.set_index("factor")["estimate"]
    assert abs(by[10.0] / by[1.0] - 1) < 0.05


def test_an_effect_that_no_unit_finds_is_no_failure(table):
    found = lo.check(counted(table, np.ones(len(table))))
    rows = found.table[found.table["factor"].isin([0.1, 1.0, 10.0])]
    assert ((rows["conf_low"] < 0) & (rows["conf_high"] > 0)).all()
    assert rows["estimate"].max() / rows["estimate"].min() > 1.25
    assert found.verdict == "pass"
    assert "not significant" in found.reason


def test_moves_are_shares_of_the_effect_or_of_its_margin():
    base = pd.DataFrame({"factor": [0.1, 1.0, 10.0], "estimate": [0.5, 1.0, 1.2]})
    sure = base.assign(conf_low=base["estimate"] - 0.2, conf_high=base["estimate"] + 0.2)
    assert lo._moved(sure) == (0.5, True)
    vague = base.assign(conf_low=base["estimate"] - 2, conf_high=base["estimate"] + 2)
    assert lo._moved(vague) == (0.25, False)
