"""Omitted confounders: bounds, robustness values, benchmarks, mediator curves, E-values."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from conftest import make_study
from falsify_cases import case_of
from scipy.stats import norm
from sklearn.linear_model import LinearRegression

import causalgreen as cg
from causalgreen.falsify import sensitivity as sens
from causalgreen.falsify.sensitivity_bench import benchmark_table
from causalgreen.falsify.sensitivity_paths import path_forms, strength

mpl.use("Agg")
DATA = Path(os.environ.get("CAUSALGREEN_DATA", "absent")) / "pension401k" / "401k.csv"
X401 = ["age", "inc", "educ", "fsize", "marr", "twoearn", "db", "pira", "hown"]


@pytest.fixture(scope="module")
def case(table):
    return case_of(make_study(table, traits=["size"]), coefficients="varying", covariance="CR1")


def linear_study(n=400, seed=0, rho=0.0, gamma=(0.0, 0.0), beta=0.5, t=1):
    """Independent rows: d, m, y with a confounder of d and y, or of m and y."""
    rng = np.random.default_rng(seed)
    x, u = rng.normal(size=n), rng.normal(size=n)
    d = 0.5 * x + gamma[0] * u + rng.normal(size=n)
    em, ey = rng.multivariate_normal([0, 0], [[1, rho], [rho, 1]], n).T
    m = 0.8 * d + 0.3 * x + em
    y = 0.4 * d + beta * m + 0.5 * x + gamma[1] * u + ey
    df = pd.DataFrame({"i": np.arange(n), "t": t, "y": y, "d": d, "m": m, "x": x, "u": u})
    roles = {"unit": "i", "time": "t", "outcome": "y", "treatment": "d", "controls": ["x"],
             "mediators": {"m": "m"}, "cluster": "i"}  # fmt: skip
    return make_study(df, cg.linear(), cg.FixedEffects("none", time=False), roles=roles)


# --- parity with DoubleML ------------------------------------------------------------------------


def doubleml_of(df, y, d, x, fold):
    doubleml = pytest.importorskip("doubleml")
    data = doubleml.DoubleMLData(df, y, d, x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = doubleml.DoubleMLPLR(
            data, LinearRegression(), LinearRegression(), n_folds=3, draw_sample_splitting=False
        )
        splits = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(3)]
        model.set_sample_splitting([splits])
        return model.fit()


def assert_same(form, theirs, scenario, scale):
    theirs.sensitivity_analysis(cf_y=scenario[0], cf_d=scenario[1], rho=scenario[2])
    found = theirs.sensitivity_params
    size = strength(*scenario)
    errors = {}
    for name, side in (("lower", -1), ("upper", 1)):
        value, psi = form.bound(size, side)
        assert abs(value - found["theta"][name][0]) < 1e-6 * scale
        errors[name] = np.sqrt(psi @ psi)
    # DoubleML 0.11.4 divides the score by its derivative without the minus sign, so that its
    # errors of the two bounds are exchanged; the bootstrap below sides with ours.
    assert abs(errors["lower"] - found["se"]["upper"][0]) < 1e-6 * scale
    assert abs(errors["upper"] - found["se"]["lower"][0]) < 1e-6 * scale
    # Its robustness value is minimised to 1e-5: at ours, its own bound is zero.
    rv = form.robustness(rho=scenario[2])
    assert abs(rv - found["rv"][0]) < 2e-5
    at = theirs.sensitivity_analysis(cf_y=rv, cf_d=rv, rho=scenario[2]).sensitivity_params
    side = "lower" if form.estimate > 0 else "upper"
    assert abs(at["theta"][side][0]) < 1e-6 * scale


@pytest.mark.parametrize("scenario", [(0.03, 0.03, 1.0), (0.2, 0.05, 0.5)])
@pytest.mark.parametrize("sign", [1, -1])
def test_bounds_equal_doubleml_on_simulated_rows(scenario, sign):
    rng = np.random.default_rng(4)
    x = rng.normal(size=(500, 2))
    d = x[:, 0] + rng.normal(size=500)
    y = sign * 0.7 * d + x @ [1, -1] + rng.exponential(size=500)
    df = pd.DataFrame({"i": np.arange(500), "t": 1, "y": y, "d": d, "a": x[:, 0], "b": x[:, 1]})
    roles = {"unit": "i", "time": "t", "outcome": "y", "treatment": "d", "controls": ["a", "b"],
             "cluster": "i"}  # fmt: skip
    study = make_study(df, cg.linear(), cg.FixedEffects("none", time=False), roles=roles, folds=3)
    forms = path_forms(case_of(study, covariance="CR1"))
    theirs = doubleml_of(df, "y", "d", ["a", "b"], study.residuals.folds[0])
    for form in forms:
        assert_same(form, theirs, scenario, 1.0)


@pytest.mark.skipif(not DATA.exists(), reason="CAUSALGREEN_DATA has no pension401k/401k.csv")
def test_bounds_equal_doubleml_on_401k():
    df = pd.read_csv(DATA).reset_index(names="id").assign(t=1)
    roles = {"unit": "id", "time": "t", "outcome": "net_tfa", "treatment": "e401",
             "controls": X401, "cluster": "id"}  # fmt: skip
    study = make_study(df, cg.linear(), cg.FixedEffects("none", time=False), roles=roles, folds=3)
    form = path_forms(case_of(study, covariance="CR1"), ("direct",))[0]
    theirs = doubleml_of(df, "net_tfa", "e401", X401, study.residuals.folds[0])
    assert_same(form, theirs, (0.03, 0.03, 1.0), abs(form.estimate))


def test_error_of_a_bound_is_that_of_the_bootstrap():
    study = linear_study(n=3000, seed=2)
    rng = np.random.default_rng(0)
    r = study.residuals.values[0]
    # Skewed squares: the two bounds have different errors.
    skew = r.copy()
    skew[:, 2] += 1.5 * (r[:, 0] > 1) * rng.exponential(size=len(r))
    from dataclasses import replace

    from causalgreen.moments.moments import moments_of

    case = case_of(study, covariance="CR1")
    residuals = replace(study.residuals, values=skew[None])
    moments = moments_of(study.panel, residuals)
    from causalgreen.falsify.equations import Asked, average_coefficients
    from causalgreen.moments.system import Equation

    effects = average_coefficients(case, [Asked("own_total", Equation(2, (0,)), (0,))], moments)
    case = replace(case, residuals=residuals, moments=moments, effects=effects)
    form, size = path_forms(case, ("own_total",))[0], strength(0.2, 0.2)
    draws = []
    for _ in range(1500):
        i = rng.integers(0, len(r), len(r))
        d, y = skew[i, 0], skew[i, 2]
        b = d @ y / (d @ d)
        s = size * np.sqrt(np.mean((y - b * d) ** 2) / np.mean(d * d))
        draws.append((b - s, b + s))
    low, high = np.std(draws, axis=0)
    mine = [form.std_error(form.bound(size, side)[1]) for side in (-1, 1)]
    assert abs(mine[0] / low - 1) < 0.08
    assert abs(mine[1] / high - 1) < 0.08
    assert abs(low / high - 1) > 0.15  # else the test could not tell the two apart


# --- what the bounds mean ------------------------------------------------------------------------


def test_bound_reaches_the_bias_of_a_planted_confounder():
    study = linear_study(n=60_000, seed=1, gamma=(0.6, 0.8))
    case = case_of(study, covariance="CR1")
    form = path_forms(case, ("own_total",))[0]
    truth = 0.4 + 0.5 * 0.8
    # Residual of d: 0.6 u + e; cf_d = .36 / 1.36. Given d, u has variance 1 / 1.36.
    cf_d = 0.36 / 1.36
    left = (0.5**2 + 1) + 0.8**2 / 1.36
    cf_y = (0.8**2 / 1.36) / left
    size = strength(cf_y, cf_d)
    assert form.estimate - truth > 0.2
    assert abs(form.bound(size, -1)[0] - truth) < 0.02  # the bound is sharp here
    assert form.bound(0.9 * size, -1)[0] > truth + 0.01


def test_direct_and_totals_have_one_leg_and_products_the_weakest(case):
    forms = {f.term: f for f in path_forms(case)}
    assert {t: len(f.legs) for t, f in forms.items()} == {
        "direct": 1, "restructuring": 2, "human_capital": 2, "spillover": 1, "own_total": 1,
        "overall": 1,
    }  # fmt: skip
    for f in forms.values():
        assert f.bound(0.0, -1)[0] == pytest.approx(f.estimate)
        assert f.std_error(f.bound(0.0, -1)[1]) == pytest.approx(
            case.effects.std_error[case.effects.terms.index(f.term)]
        )
        assert f.bound(0.02, -1)[0] < f.estimate < f.bound(0.02, 1)[0]
        assert f.robustness(quantile=1.6) <= f.robustness()


def test_product_reaches_zero_when_its_weakest_leg_does():
    case = case_of(linear_study(n=2000), coefficients="constant", covariance="CR1")
    (form,) = path_forms(case, ("m",))
    detail = dict(zip(case.effects.detail.terms, case.effects.detail.estimate, strict=True))

    def closed(estimate, scale):
        f = (estimate / scale) ** 2
        return (-f + np.sqrt(f * f + 4 * f)) / 2

    # Each leg's own scale is that of the path over the other coefficient.
    a, b = detail["d -> m"], detail["m -> y"]
    legs = [closed(a, form.scales[0] / abs(b)), closed(b, form.scales[1] / abs(a))]
    assert form.robustness() == pytest.approx(min(legs), abs=1e-8)
    corner = (a - 0.1 * form.scales[0] / b) * (b - 0.1 * form.scales[1] / a)
    assert form.bound(0.1, -1)[0] == pytest.approx(corner)


def test_error_of_a_product_bound_is_that_of_the_bootstrap():
    study = linear_study(n=1500, seed=5)
    case = case_of(study, coefficients="constant", covariance="CR1")
    (form,) = path_forms(case, ("m",))
    r, rng, size, out = study.residuals.values[0], np.random.default_rng(1), 0.15, []
    for _ in range(800):
        d, m, y = r[rng.integers(0, len(r), len(r))].T
        a = d @ m / (d @ d)
        u = m - a * d
        Z = np.column_stack([d, m])
        b = np.linalg.lstsq(Z, y, rcond=None)[0]
        e, n = y - Z @ b, len(d)
        sa = np.sqrt(u @ u / (d @ d))
        sb = np.sqrt(e @ e * np.linalg.inv(Z.T @ Z)[1, 1])
        out.append((a - size * sa) * (b[1] - size * sb))
        assert n == 1500
    assert form.std_error(form.bound(size, -1)[1]) == pytest.approx(np.std(out), rel=0.1)


def test_clusters_enter_the_limits(table):
    study = make_study(table)
    by_city = case_of(study, covariance="CR1", coefficients="constant")
    form = path_forms(by_city, ("own_total",))[0]
    _, psi = form.bound(0.05, -1)
    sums = np.bincount(study.moments.sample.clusters[0], psi)
    context = by_city.effects.context
    G, n, k = context.n_clusters[0], context.n_rows, context.n_parameters
    factor = G / (G - 1) * (n - 1) / (n - k)
    assert form.std_error(psi) == pytest.approx(np.sqrt(factor * sums @ sums))


# --- benchmarks ----------------------------------------------------------------------------------


def test_cheap_benchmarks_are_those_of_a_refit(table):
    case = case_of(make_study(table), coefficients="constant", covariance="CR1")
    forms = path_forms(case)
    cheap = benchmark_table(case, forms)
    again = benchmark_table(case, forms, refit=True)
    one = cheap["term"].isin(["direct", "own_total", "spillover", "overall"])
    assert np.abs(cheap["cf_y"] - again["cf_y"])[one].max() < 0.03
    assert np.abs(cheap["cf_d"] - again["cf_d"])[one].max() < 0.03
    # Cross-fitting on 96 firms is noisier than least squares on all 120; the ranking is the same.
    assert np.corrcoef(cheap["lower"], again["lower"])[0, 1] > 0.99
    # The largest gap is in the spillover, whose standard error is about .2.
    assert np.abs(cheap["moved"] - again["moved"]).max() < 0.05


def test_blocks_are_named_and_checked(case):
    found = sens.sensitivity(case, blocks={"finance": ["leverage", "roa_lag"]})
    assert set(found.benchmarks["block"]) == {"finance"}
    one = sens.sensitivity(case).benchmarks
    joint = found.benchmarks.set_index("term").loc["own_total", "cf_y"]
    assert joint >= one[one["term"] == "own_total"]["cf_y"].max()
    with pytest.raises(cg.DesignError, match=r"'money'.*sales.*the controls are age, leverage"):
        sens.sensitivity(case, blocks={"money": ["sales"]})
    with pytest.raises(cg.DesignError, match=r"cf_y=1\.2: a share lies between 0 and 1"):
        sens.sensitivity(case, cf_y=1.2)


def test_benchmark_of_an_omitted_control_covers_its_own_bias(table):
    # Leaving leverage out moves every path by no more than the bound that leverage implies.
    case = case_of(make_study(table), coefficients="constant", covariance="CR1")
    bench = benchmark_table(case, path_forms(case))
    estimate = dict(zip(case.effects.terms, case.effects.estimate, strict=True))
    half = np.maximum(
        bench["upper"] - bench["term"].map(estimate), bench["term"].map(estimate) - bench["lower"]
    )
    assert (bench["moved"].abs() <= 1.05 * half + 0.01).all()


# --- mediator and outcome ------------------------------------------------------------------------


@pytest.mark.parametrize("rho", [-0.5, 0.3])
def test_curve_recovers_the_truth_at_the_planted_correlation(rho):
    case = case_of(linear_study(n=40_000, rho=rho), coefficients="constant", covariance="CR1")
    curves = {c.term: c for c in sens.mediator_curves(case)}
    at = int(np.argmin(np.abs(curves["m"].rho - rho)))
    assert curves["m"].rho[at] == pytest.approx(rho)
    assert curves["m"].estimate[at] == pytest.approx(0.8 * 0.5, abs=0.02)
    assert curves["direct"].estimate[at] == pytest.approx(0.4, abs=0.02)
    naive = case.effects["m"]
    assert abs(naive - 0.4) > 0.1
    # Totals do not move.
    total = curves["m"].estimate + curves["direct"].estimate
    assert np.allclose(total, case.effects["own_total"])


def test_tipping_point_is_the_partial_correlation():
    study = linear_study(n=3000)
    case = case_of(study, coefficients="constant", covariance="CR1")
    curve = next(c for c in sens.mediator_curves(case) if c.term == "m")
    d, m, y = study.residuals.values[0].T
    left = [v - d * (d @ v) / (d @ d) for v in (m, y)]
    # The curve is read off a grid of 0.025.
    assert curve.tipping == pytest.approx(np.corrcoef(*left)[0, 1], abs=1e-3)
    assert 0 < curve.tipping_limit < curve.tipping


def test_no_mediated_effect_gives_no_tipping_claim():
    case = case_of(linear_study(n=800, beta=0.0), covariance="CR1")
    assert sens.check_mediators(case).verdict == "not applicable"


# --- E-values ------------------------------------------------------------------------------------


def test_published_e_values():
    # Annals paper: risk ratio 3.9 (1.8 to 8.7) has 7.26 and 3.0; 0.8 (0.71 to 0.91) 1.81 and 1.43.
    assert round(sens.e_value(3.9), 2) == 7.26
    assert round(sens.e_value(3.9, 1.8), 2) == 3.0
    assert round(sens.e_value(0.8), 2) == 1.81
    assert round(sens.e_value(0.8, 0.91), 2) == 1.43
    assert sens.e_value(1.2, 0.9) == 1.0
    assert np.isnan(sens.e_value(-0.1))


def test_e_values_need_a_positive_mean(table):
    study = make_study(table.assign(green_patents=table["green_patents"] - 100))
    found = sens.check_e_values(case_of(study))
    assert found.verdict == "not applicable"
    assert "not positive" in found.reason


@pytest.mark.parametrize("unit", [1e-6, 100.0])
def test_e_values_do_not_depend_on_the_unit_of_treatment(table, unit):
    plain = sens.check_e_values(case_of(make_study(table)))
    scaled = table.assign(ai=table["ai"] * unit, peer_ai=table["peer_ai"] * unit)
    found = sens.check_e_values(case_of(make_study(scaled)))
    assert "residual standard deviation of ai" in found.reason
    assert found.verdict == plain.verdict
    np.testing.assert_allclose(found.table["e_value"], plain.table["e_value"], rtol=1e-6)


def test_e_values_of_a_binary_treatment_are_those_of_0_to_1(table):
    df = table.assign(ai=(table["ai"] > table["ai"].median()).astype(float))
    case = case_of(make_study(df))
    found = sens.check_e_values(case)
    plain = sens.e_values(case.effects)
    np.testing.assert_allclose(found.table["ratio"], plain["ratio"])
    assert (found.table["step"] == 1).all()


def test_an_effect_beyond_the_mean_is_told_as_such(table):
    y = table["green_patents"]
    df = table.assign(green_patents=0.2 - (y - y.mean()))
    found = sens.check_e_values(case_of(make_study(df)))
    assert found.verdict == "not applicable"
    assert "more than all of it" in found.reason
    assert "nothing to explain" not in found.reason


def test_ratios_of_mean_logs_mean_nothing(table):
    counts = np.random.default_rng(0).poisson(np.exp(0.5 + 0.3 * table["ai"]))
    found = sens.check_e_values(case_of(make_study(table.assign(green_patents=np.log1p(counts)))))
    assert found.verdict == "not applicable"
    assert "ln(1 + count)" in found.reason


# --- findings ------------------------------------------------------------------------------------


def test_findings_and_figures(case):
    found = sens.check(case)
    assert found.verdict in ("pass", "warn")
    assert list(found.table["term"]) == list(case.effects.terms)
    assert "% of both residual variances" in found.reason
    other = sens.check_mediators(case)
    assert set(other.table["mediator"]) == {"clean_share", "skilled_share"}
    assert "correlation" in other.reason
    for one in (found, other):
        figure = one.plot()
        assert "?" in figure.axes[0].get_title(loc="left") + (
            figure._suptitle.get_text() if figure._suptitle else ""
        )
        plt.close(figure)
    assert sens.check_e_values(case).verdict in ("pass", "warn")


def test_without_controls_it_does_not_pass(table):
    case = case_of(make_study(table, controls=None))
    found = sens.check(case)
    assert found.verdict == "warn"
    assert "no controls to compare" in found.reason


def test_no_effect_is_not_a_pass():
    rng = np.random.default_rng(0)
    df = pd.DataFrame({"i": np.repeat(np.arange(60), 4), "t": np.tile(np.arange(4), 60),
                       "y": rng.normal(size=240), "d": rng.normal(size=240),
                       "x": rng.normal(size=240)})  # fmt: skip
    roles = {"unit": "i", "time": "t", "outcome": "y", "treatment": "d", "controls": "x"}
    case = case_of(make_study(df, roles=roles))
    found = sens.check(case)
    assert found.verdict == "not applicable"
    assert "nothing" in found.reason or "no effect" in found.reason


@pytest.mark.slow
def test_limit_covers_at_the_planted_strength():
    # One-sided 95 % limits with the true strength cover the truth in about 95 % of samples.
    cf_d, left = 0.36 / 1.36, 1.25 + 0.64 / 1.36
    size, hits = strength((0.64 / 1.36) / left, cf_d), []
    for seed in range(200):
        case = case_of(linear_study(n=500, seed=seed, gamma=(0.6, 0.8)), covariance="CR1")
        form = path_forms(case, ("own_total",))[0]
        hits.append(form.limit(size, -1, norm.ppf(0.95)) <= 0.8)
    assert 0.90 <= np.mean(hits) <= 0.99
