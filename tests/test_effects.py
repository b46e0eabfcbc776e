"""Inference on effects: contrasts, percentages, delta method, bootstrap, tables."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import estimates, make_study, quiet_paths
from scipy.stats import t

import causalgreen as cg
from causalgreen.effects.bootstrap import multiplier_draws, simultaneous_quantile
from causalgreen.effects.covariance import (
    cluster_covariance,
    jackknife_covariance,
    small_sample_factor,
)
from causalgreen.effects.plot import _decimals
from causalgreen.errors import DesignError, EstimationError, EstimationWarning


@pytest.fixture(scope="module")
def study(table):
    return make_study(table, traits=["size", "clean_industry"])


@pytest.fixture(scope="module")
def effects(study):
    return quiet_paths(study)


def test_tidy_is_the_contract_s(effects):
    table = effects.tidy()
    assert list(table.columns) == [
        "term", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high",
    ]  # fmt: skip
    assert list(table["term"]) == [
        "direct", "restructuring", "human_capital", "spillover", "own_total", "overall",
    ]  # fmt: skip
    df = effects.context.n_clusters[0] - 1
    statistic = table["estimate"] / table["std_error"]
    np.testing.assert_allclose(table["statistic"], statistic)
    np.testing.assert_allclose(table["p_value"], 2 * t.sf(np.abs(statistic), df))
    margin = t.ppf(0.975, df) * table["std_error"]
    np.testing.assert_allclose(table["conf_high"] - table["estimate"], margin)
    np.testing.assert_allclose(table["estimate"] - table["conf_low"], margin)


def test_detail_adds_rows(effects):
    table = effects.tidy(detail=True)
    assert list(table["term"]) == [*effects.terms, *effects.detail.terms]
    found = dict(zip(table["term"], table["estimate"], strict=True))
    through = found["ai -> clean_share"] * found["clean_share -> green_patents"]
    assert found["restructuring"] == pytest.approx(through, abs=1e-14)


def test_contrast_by_hand(effects):
    weights = {
        "indirect": {"restructuring": 1, "human_capital": 1},
        "difference": {"direct": 1, "restructuring": -2},
    }
    found = effects.contrast(weights)
    L = np.array([[0, 1, 1, 0, 0, 0], [1, -2, 0, 0, 0, 0]], dtype=float)
    assert found.terms == ("indirect", "difference")
    np.testing.assert_allclose(found.estimate, L @ effects.estimate, atol=1e-14)
    np.testing.assert_allclose(found.vcov, L @ effects.vcov @ L.T, atol=1e-14)


@pytest.mark.parametrize("covariance", ["CR1", "CV3"])
def test_a_contrast_that_is_a_term_is_that_term(study, covariance):
    effects = quiet_paths(study, covariance=covariance)
    both = effects.contrast({"x": {"own_total": 1, "direct": -1}, "y": {"ai -> clean_share": 1}})
    hand = effects.contrast({"x": {"restructuring": 1, "human_capital": 1}})
    assert both.estimate[0] == pytest.approx(hand.estimate[0], abs=1e-12)
    assert both.std_error[0] == pytest.approx(hand.std_error[0], rel=1e-9)
    place = effects.detail.terms.index("ai -> clean_share")
    assert both.std_error[1] == pytest.approx(effects.detail.std_error[place], rel=1e-9)


def test_an_unknown_term_is_named(effects):
    with pytest.raises(KeyError, match=r"no effect is called 'direkt'.*direct"):
        effects.contrast({"x": {"direkt": 1}})
    with pytest.raises(KeyError, match="direkt"):
        effects["direkt"]


@pytest.mark.parametrize("level", [0, 1, 95, -0.1])
def test_a_bad_level_is_refused(effects, level):
    with pytest.raises(DesignError, match=rf"level={level}.*between 0 and 1"):
        effects.confint(level)


def test_unknown_covariance_is_refused(study, effects):
    with pytest.raises(DesignError, match=r"'HC3' is not known; choose 'auto', 'CR1' or 'CV3'"):
        study.paths(covariance="HC3")
    with pytest.raises(DesignError, match="'HC3' is not known"):
        effects.with_covariance("HC3")


def test_jackknife_with_two_clusterings_is_refused(table):
    study = make_study(table, cluster=["city", "year"])
    with pytest.raises(DesignError, match=r"CV3.*one clustering dimension.*CR1"):
        quiet_paths(study, covariance="CV3")


def test_few_clusters_warn_and_take_the_jackknife(table):
    study = make_study(table, cluster="industry")
    with pytest.warns(EstimationWarning, match=r"only 6 clusters \(industry\)"):
        effects = study.paths(coefficients="constant")
    assert effects.covariance == "CV3"
    assert effects.df == 5
    assert any("only 6 clusters" in note for note in effects.notes)


def test_from_forty_clusters_on_nothing_warns_and_from_a_hundred_on_the_sandwich(table, recwarn):
    found = {}
    for cluster in ("city", "firm"):
        effects = make_study(table, cluster=cluster).paths(coefficients="constant")
        found[effects.context.n_clusters[0]] = effects.covariance
    assert found == {45: "CV3", 120: "CR1"}
    assert not [w for w in recwarn if "clusters" in str(w.message)]


@pytest.mark.parametrize("coefficients", ["constant", "varying"])
def test_delta_method_gradient_is_the_finite_difference(study, coefficients):
    # The influence of the paths is the gradient of the paths times that of the coefficients.
    from causalgreen.moments.basis import constant_basis, trait_basis
    from causalgreen.moments.paths import evaluate
    from causalgreen.moments.solve import solve_paths
    from causalgreen.moments.system import fit_equation
    from causalgreen.panel.features import encode_traits

    panel, layout, moments = study.panel, study._layout, study.moments
    basis = trait_basis(*encode_traits(panel)) if coefficients == "varying" else constant_basis(
        panel.n_units)  # fmt: skip
    fits = [fit_equation(moments, 0, eq, basis) for eq in layout.equations()]
    share = np.full(panel.n_units, 1 / panel.n_units)

    def average(thetas):
        return evaluate(layout, [theta @ basis.values.T for theta in thetas]) @ share

    influence, step = 0.0, 1e-5
    for e, fit in enumerate(fits):
        for i, j in np.ndindex(fit.coefficients.shape):
            ends = []
            for sign in (1, -1):
                thetas = [f.coefficients.copy() for f in fits]
                thetas[e][i, j] += sign * step
                ends.append(average(thetas))
            slope = (ends[0] - ends[1]) / (2 * step)
            influence = influence + fit.influence[:, i, j][:, None] * slope
    solution = solve_paths(moments, layout, basis, population=False)
    scale = np.abs(influence).max(axis=0)
    np.testing.assert_allclose(solution.influence / scale, influence / scale, atol=1e-7)


def test_influence_is_the_derivative_in_the_weight_of_a_firm(study):
    # Weight one firm a little more: the estimates move along its influence.
    from dataclasses import replace

    from causalgreen.moments.basis import trait_basis
    from causalgreen.moments.moments import Moments
    from causalgreen.moments.solve import solve_paths
    from causalgreen.panel.features import encode_traits

    panel, layout, moments = study.panel, study._layout, study.moments
    basis = trait_basis(*encode_traits(panel))
    solution = solve_paths(moments, layout, basis)
    eps = 1e-5
    for cell in (0, 17, 63):
        ends = []
        for sign in (1, -1):
            values, weight = moments.values.copy(), moments.sample.weight.copy()
            values[:, cell] *= 1 + sign * eps
            weight[cell] *= 1 + sign * eps
            part = replace(moments.sample, weight=weight)
            other = Moments.of_values(moments.names, values, part)
            ends.append(solve_paths(other, layout, basis).estimate)
        slope = (ends[0] - ends[1]) / (2 * eps)
        np.testing.assert_allclose(slope, solution.influence[cell], rtol=1e-4, atol=1e-9)


def test_population_counts_which_firms_were_drawn(study):
    fixed = quiet_paths(study, coefficients="varying", population=False)
    drawn = quiet_paths(study, coefficients="varying", population=True)
    np.testing.assert_array_equal(fixed.estimate, drawn.estimate)
    assert not np.allclose(fixed.std_error, drawn.std_error)
    assert "drawn from" in drawn.context.population
    same = [quiet_paths(study, population=p).std_error for p in (True, False)]
    np.testing.assert_array_equal(*same)


def test_varying_coefficients_keep_the_constant_ones_beside(study, effects):
    varying = quiet_paths(study, coefficients="varying")
    np.testing.assert_allclose(varying.constant.estimate, effects.estimate, atol=1e-14)
    np.testing.assert_allclose(varying.constant.vcov, effects.vcov, atol=1e-14)
    assert effects.constant is None


def test_percent_of_mean_by_hand(study, effects):
    share = effects.percent_of_mean()
    y = study.panel.column("green_patents")
    np.testing.assert_allclose(share.estimate, 100 * effects.estimate / y.mean(), rtol=1e-12)
    assert "% of the mean" in share.context.unit
    # Numerical delta method: (effect, mean) jointly over clusters.
    cells = effects.context
    psi_mean = (cells.cell_outcome - y.mean() * cells.cell_weight) / cells.cell_weight.sum()
    joint = cluster_covariance(
        np.column_stack([effects.influence[:, 0], psi_mean]), cells.clusters, cells.n_rows,
        cells.n_parameters,
    )  # fmt: skip
    point, step = np.array([effects.estimate[0], y.mean()]), 1e-6

    def ratio(p):
        return 100 * p[0] / p[1]

    slope = np.array([
        (ratio(point + step * e) - ratio(point - step * e)) / (2 * step) for e in np.eye(2)
    ])  # fmt: skip
    assert share.std_error[0] == pytest.approx(np.sqrt(slope @ joint @ slope), rel=1e-6)


def test_percent_of_mean_keeps_the_jackknife(study):
    cv3 = quiet_paths(study, covariance="CV3").percent_of_mean()
    cr1 = quiet_paths(study, covariance="CR1").percent_of_mean()
    assert cv3.covariance == "CV3"
    # The jackknife refits the mean, too.
    np.testing.assert_allclose(cv3.std_error, cr1.std_error, rtol=0.25)
    assert (cv3.std_error != cr1.std_error).all()


def test_percent_of_a_mean_that_is_not_positive_is_refused(table):
    df = table.assign(green_patents=table["green_patents"] - 100)
    effects = quiet_paths(make_study(df))
    with pytest.raises(EstimationError, match=r"mean of green_patents is -\d.*no meaning"):
        effects.percent_of_mean()


def test_simultaneous_quantile_of_independent_estimates():
    rng = np.random.default_rng(0)
    psi = rng.normal(size=(2000, 6))
    psi -= psi.mean(axis=0)
    codes = np.arange(2000)
    found = simultaneous_quantile(psi, [codes], psi.T @ psi, 0.95, draws=20_000)
    from scipy.stats import norm

    expected = norm.ppf((1 + 0.95 ** (1 / 6)) / 2)
    assert found == pytest.approx(expected, abs=0.05)


def test_signs_are_those_of_the_seed():
    psi, codes = np.random.default_rng(2).normal(size=(60, 2)), np.arange(60) % 20
    sums = np.array([psi[codes == c].sum(axis=0) for c in range(20)])
    for seed in (3, 4, 3):
        rng = np.random.default_rng(np.random.SeedSequence([seed, 20]))
        signs = rng.integers(0, 2, (50, 20)) * 2.0 - 1.0
        assert multiplier_draws(psi, codes, 50, seed) == pytest.approx(signs @ sums, abs=1e-12)


def test_multiplier_draws_have_the_cluster_covariance():
    rng = np.random.default_rng(1)
    psi, codes = rng.normal(size=(300, 2)), rng.integers(0, 50, 300)
    codes = np.unique(codes, return_inverse=True)[1]
    draws = multiplier_draws(psi, codes, 40_000, seed=0)
    sums = np.array([psi[codes == c].sum(axis=0) for c in range(codes.max() + 1)])
    np.testing.assert_allclose(draws.T @ draws / len(draws), sums.T @ sums, rtol=0.05, atol=5)
    again = multiplier_draws(psi, codes, 40_000, seed=0)
    np.testing.assert_array_equal(draws, again)


def test_small_sample_factor_and_jackknife_by_hand():
    assert small_sample_factor(10, 100, 4) == pytest.approx(10 / 9 * 99 / 96)
    assert np.isnan(small_sample_factor(1, 100, 4))
    assert np.isnan(small_sample_factor(10, 4, 4))
    leave = np.array([[1.0, 0.0], [2.0, 1.0], [6.0, 2.0]])
    V = jackknife_covariance(leave, np.array([3.0, 1.0]))
    np.testing.assert_allclose(V, 2 / 3 * np.array([[14.0, 5.0], [5.0, 2.0]]))


def test_results_are_read_only_and_select_keeps_numbers(effects):
    with pytest.raises(ValueError, match="read-only"):
        effects.estimate[0] = 1.0
    some = effects.select(["overall", "direct"])
    assert some.terms == ("overall", "direct")
    np.testing.assert_allclose(some.std_error, effects.std_error[[5, 0]], rtol=1e-12)


def test_repeats_average_and_report_their_spread(table):
    study = make_study(table, repeats=4, folds=3)
    effects = quiet_paths(study)
    assert np.isfinite(effects.spread).all()
    assert (effects.spread > 0).all()
    from dataclasses import replace

    from causalgreen.moments.basis import constant_basis
    from causalgreen.moments.solve import solve_paths

    single = [
        solve_paths(
            replace(study.moments, cells=study.moments.cells[r : r + 1]), study._layout,
            constant_basis(study.panel.n_units),
        ).estimate[: len(effects.terms)]
        for r in range(4)
    ]  # fmt: skip
    np.testing.assert_allclose(effects.estimate, np.mean(single, axis=0), rtol=1e-12)
    np.testing.assert_allclose(effects.spread, np.std(single, axis=0, ddof=1), rtol=1e-9)
    assert np.isnan(quiet_paths(make_study(table)).spread).all()


def test_plot_adds_up_and_says_whose(effects):
    import matplotlib as mpl

    mpl.use("Agg")
    ax = effects.plot()
    heights = {text.get_text() for text in ax.texts}
    assert f"{effects['overall']:+.3f}" in heights
    assert all(len(told.split(".")[1]) == 3 for told in heights)
    assert "45" in ax.get_title(loc="left")
    mpl.pyplot.close(ax.figure)


@pytest.mark.parametrize(
    ("values", "decimals"),
    [([0.14, -1.29], 3), ([0.0, 0.002], 5), ([12.0, 1.0], 3), ([120_000.0], 0), ([0.0], 3)],
)
def test_bars_are_labelled_with_the_same_decimals(values, decimals):
    assert _decimals(np.array(values)) == decimals


def test_text_names_estimand_population_and_sizes(effects):
    text = str(effects)
    for part in ("estimand:", "population:", "rows 600", "firms 120", "city (45)", "overall"):
        assert part in text
    assert "<table" in effects._repr_html_()
    assert estimates(effects)["overall"] == effects["overall"]


def test_unknown_coefficients_and_varying_without_traits(table, study):
    with pytest.raises(DesignError, match=r"coefficients='some' is not known.*varying"):
        study.paths(coefficients="some")
    with pytest.raises(DesignError, match=r"needs traits, and the panel has none.*constant"):
        make_study(table).paths(coefficients="varying")
    assert isinstance(study, cg.Study)


def test_effects_survive_pickling(effects):
    import pickle

    mixed = effects.contrast({"sum": {"direct": 1, "ai -> clean_share": 1}}).percent_of_mean()
    again = pickle.loads(pickle.dumps(mixed))
    assert again.terms == ("sum",)
    np.testing.assert_array_equal(again.estimate, mixed.estimate)
    for kind in ("CR1", "CV3"):
        np.testing.assert_array_equal(
            again.with_covariance(kind).vcov, mixed.with_covariance(kind).vcov
        )
