"""What must hold on every panel: identities, invariances, exact jackknife."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import errors, estimates, make_study, quiet_paths
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import causalgreen as cg

CHAIN = "human_capital -> restructuring"
KINDS = ("within", "first_difference", "mundlak", "none")
few = settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.generate],
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@st.composite
def panels(draw):
    """A small ragged panel with its seed."""
    seed = draw(st.integers(0, 10_000))
    firms, years = draw(st.integers(50, 70)), draw(st.integers(4, 5))
    df, _ = cg.simulate_panel(firms, years, seed=seed, n_cities=25, n_industries=5)
    rng = np.random.default_rng(seed)
    df = df[rng.random(len(df)) < draw(st.sampled_from([1.0, 0.85]))]
    # LightGBM-free and quick: the properties are of the algebra, not of the learner.
    return df.assign(w=rng.uniform(0.5, 2.0, len(df)))


def traits_study(df, **kwargs):
    kwargs = {"traits": ["size", "clean_industry"]} | kwargs
    return make_study(df, **kwargs)


@few
@given(
    df=panels(), kind=st.sampled_from(KINDS), weight=st.sampled_from([None, "w"]),
    ordered=st.booleans(), coefficients=st.sampled_from(["constant", "varying"]),
)  # fmt: skip
def test_paths_add_up(df, kind, weight, ordered, coefficients):
    edges = [("skilled_share", "clean_share")] if ordered else []
    study = traits_study(df, fixed_effects=kind, weight=weight, edges=edges)
    effects = quiet_paths(study, coefficients=coefficients, allow_unidentified=True)
    found = estimates(effects)
    parts = ["direct", "restructuring", "human_capital", *([CHAIN] if ordered else [])]
    assert (CHAIN in effects.terms) == ordered
    assert abs(sum(found[p] for p in parts) - found["own_total"]) < 1e-10
    assert abs(found["own_total"] + found["spillover"] - found["overall"]) < 1e-10
    both = found["spillover_direct"] + found["spillover_mediated"]
    assert abs(both - found["spillover"]) < 1e-10
    # So do the influences, and with them every covariance.
    place = {term: i for i, term in enumerate(effects.terms)}
    total = effects.influence[:, [place[p] for p in parts]].sum(axis=1)
    np.testing.assert_allclose(total, effects.influence[:, place["own_total"]], atol=1e-10)
    np.testing.assert_allclose(effects.influence.sum(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(effects.detail.influence.sum(axis=0), 0, atol=1e-9)


@few
@given(df=panels(), kind=st.sampled_from(KINDS), ordered=st.booleans())
def test_totals_are_the_regression_without_mediators(df, kind, ordered):
    edges = [("skilled_share", "clean_share")] if ordered else []
    study = make_study(df, fixed_effects=kind, edges=edges)
    effects = quiet_paths(study, allow_unidentified=True)
    S = study.moments.values[0].sum(axis=0)
    p = len(study.moments.names)
    z = [0, 1, *range(p, len(S))]
    beta = np.linalg.lstsq(S[np.ix_(z, z)], S[z, p - 1], rcond=1e-11)[0]
    assert abs(effects["own_total"] - beta[0]) < 1e-9
    assert abs(effects["spillover"] - beta[1]) < 1e-9


@few
@given(df=panels(), seed=st.integers(0, 99))
def test_row_order_does_not_matter(df, seed):
    a = quiet_paths(traits_study(df), coefficients="varying")
    b = quiet_paths(traits_study(df.sample(frac=1, random_state=seed)), coefficients="varying")
    np.testing.assert_array_equal(a.estimate, b.estimate)
    np.testing.assert_array_equal(a.vcov, b.vcov)


@few
@given(df=panels(), seed=st.integers(0, 99))
def test_labels_do_not_matter(df, seed):
    # Without learning, no fold depends on the order of labels: the numbers must not, either.
    rng = np.random.default_rng(seed)
    new = df.copy()
    for column in ("firm", "city"):
        levels = df[column].unique()
        names = dict(zip(levels, rng.permutation(10_000)[: len(levels)], strict=True))
        new[column] = df[column].map(names).map("x{:05d}".format)
    fixed = cg.FixedEffects("within", absorb=["industry^year"])
    a, b = (
        quiet_paths(traits_study(t, fixed_effects=fixed, controls=None), coefficients="varying")
        for t in (df, new)
    )
    np.testing.assert_allclose(a.estimate, b.estimate, rtol=0, atol=1e-9)
    np.testing.assert_allclose(a.std_error, b.std_error, rtol=0, atol=1e-9)


def test_relabelled_clusters_keep_every_digit(table):
    # A monotone relabelling keeps the order of the levels, and so the folds.
    a = quiet_paths(make_study(table))
    codes = table["city"].str[-3:].astype(int)
    for renamed in (codes, codes + 100, codes.map("Stadt {:04d}".format), codes.astype(float)):
        b = quiet_paths(make_study(table.assign(city=renamed)))
        np.testing.assert_array_equal(a.estimate, b.estimate)
        np.testing.assert_array_equal(a.vcov, b.vcov)


def test_a_cluster_named_twice_counts_once(table):
    # The same grouping under two names: V + V - V.
    copy = table.assign(town=table["city"].str.upper())
    a = quiet_paths(make_study(table, controls=None))
    b = quiet_paths(make_study(copy, controls=None, cluster=["city", "town"]))
    np.testing.assert_allclose(a.vcov, b.vcov, rtol=1e-9, atol=1e-12)


def test_firms_in_cells_of_two_clusters_give_the_same_estimates(table):
    a = quiet_paths(make_study(table, controls=None))
    b = quiet_paths(make_study(table, controls=None, cluster=["city", "year"]))
    np.testing.assert_allclose(a.estimate, b.estimate, rtol=0, atol=1e-11)


@few
@given(df=panels(), scale=st.sampled_from([1e-4, 0.3, 50.0, 1e5]), kind=st.sampled_from(KINDS))
def test_scale_equivariance(df, scale, kind):
    base = quiet_paths(traits_study(df, fixed_effects=kind), coefficients="varying")
    bigger = df.assign(green_patents=df["green_patents"] * scale)
    smaller = df.assign(ai=df["ai"] / scale, peer_ai=df["peer_ai"] / scale)
    for changed in (bigger, smaller):
        other = quiet_paths(traits_study(changed, fixed_effects=kind), coefficients="varying")
        np.testing.assert_allclose(other.estimate, base.estimate * scale, rtol=1e-6)
        np.testing.assert_allclose(other.std_error, base.std_error * scale, rtol=1e-6)
    steps = {"leverage": 1e6, "roa_lag": 1e-6}
    other = df.assign(**{k: df[k] * v for k, v in steps.items()})
    other = quiet_paths(traits_study(other, fixed_effects=kind), coefficients="varying")
    np.testing.assert_allclose(other.estimate, base.estimate, rtol=1e-6, atol=1e-8)
    shifted = df.assign(green_patents=df["green_patents"] + 1e3, ai=df["ai"] - 50)
    other = quiet_paths(traits_study(shifted, fixed_effects=kind), coefficients="varying")
    np.testing.assert_allclose(other.estimate, base.estimate, rtol=1e-6, atol=1e-8)


def test_mediator_units_do_not_matter(table):
    a = quiet_paths(traits_study(table), coefficients="varying")
    other = table.assign(clean_share=table["clean_share"] * 1e3)
    b = quiet_paths(traits_study(other), coefficients="varying")
    np.testing.assert_allclose(a.estimate, b.estimate, rtol=1e-7)
    np.testing.assert_allclose(a.std_error, b.std_error, rtol=1e-7)


@pytest.mark.parametrize("coefficients", ["constant", "varying"])
@pytest.mark.parametrize("weight", [None, "w"])
@pytest.mark.parametrize("cluster", ["firm", "city"])
def test_jackknife_is_the_refit_of_the_final_step(ragged, coefficients, weight, cluster):
    from dataclasses import replace

    from causalgreen.moments.basis import constant_basis, trait_basis
    from causalgreen.moments.moments import Moments
    from causalgreen.moments.solve import solve_paths
    from causalgreen.panel.features import encode_traits

    study = traits_study(ragged, weight=weight, cluster=cluster)
    effects = quiet_paths(study, coefficients=coefficients, covariance="CV3")
    panel = study.panel
    basis = trait_basis(*encode_traits(panel)) if coefficients == "varying" else constant_basis(
        panel.n_units)  # fmt: skip
    sample, rows = study.moments.sample, []
    for c in range(effects.context.n_clusters[0]):
        keep = sample.clusters[0] != c
        part = replace(
            sample, units=sample.units[keep], clusters=(sample.clusters[0][keep],),
            rows=sample.rows[keep], weight=sample.weight[keep], outcome=sample.outcome[keep],
        )  # fmt: skip
        moments = Moments.of_values(study.moments.names, study.moments.values[:, keep], part)
        solution = solve_paths(moments, study._layout, basis)
        rows.append(solution.estimate[: len(effects.terms)])
    deviations, n = np.array(rows) - effects.estimate, len(rows)
    expected = (n - 1) / n * deviations.T @ deviations
    np.testing.assert_allclose(effects.vcov, expected, rtol=1e-8, atol=1e-14)


def test_jackknife_of_residual_regression_by_rows(table):
    # From rows, without the library's moments: drop a city, refit, year effects included.
    study = make_study(table, mediators=None)
    effects = quiet_paths(study, covariance="CV3")
    r, design = study.residuals.values[0], study.residuals.design
    Z = np.column_stack([r[:, :2], design.periods])
    city = study.panel.clusters[0][design.rows]
    left = np.array([
        np.linalg.lstsq(Z[city != c], r[city != c, -1], rcond=None)[0][:2]
        for c in range(city.max() + 1)
    ])  # fmt: skip
    full = np.linalg.lstsq(Z, r[:, -1], rcond=None)[0][:2]
    n = len(left)
    se = np.sqrt((n - 1) / n * ((left - full) ** 2).sum(axis=0))
    found = errors(effects)
    np.testing.assert_allclose([found["direct"], found["spillover"]], se, rtol=1e-9)


@pytest.mark.parametrize("cluster", [["firm"], ["city"], ["city", "year"], ["firm", "year"]])
def test_sandwich_from_row_residuals(ragged, cluster):
    study = make_study(ragged, mediators=None, cluster=cluster, weight="w")
    effects = quiet_paths(study)
    r, design = study.residuals.values[0], study.residuals.design
    w = study.panel.weights[design.rows]
    Z = np.column_stack([r[:, :2], design.periods])
    bread = np.linalg.inv((Z * w[:, None]).T @ Z)
    beta = bread @ (Z * w[:, None]).T @ r[:, -1]
    score = Z * (w * (r[:, -1] - Z @ beta))[:, None]

    def meat(codes):
        sums = np.zeros((codes.max() + 1, Z.shape[1]))
        np.add.at(sums, codes, score)
        return sums.T @ sums

    codes = [c[design.rows] for c in study.panel.clusters]
    middle = sum(meat(c) for c in codes)
    if len(codes) == 2:
        middle -= meat(np.unique(codes[0] * 1000 + codes[1], return_inverse=True)[1])
    n, k = len(r), effects.context.n_parameters
    g = min(len(np.unique(c)) for c in codes)
    V = (bread @ middle @ bread)[:2, :2] * g / (g - 1) * (n - 1) / (n - k)
    found = errors(effects)
    expected = np.sqrt(np.diag(V))
    np.testing.assert_allclose([found["direct"], found["spillover"]], expected, rtol=1e-9)


@pytest.mark.parametrize("learner", ["linear", "lightgbm", "lasso", "forest"])
def test_same_numbers_whatever_the_jobs(table, learner):
    model = {
        "linear": cg.linear(), "lightgbm": cg.lightgbm(max_rounds=15),
        "lasso": cg.lasso(knots=3, n_penalties=4), "forest": cg.random_forest(5),
    }[learner]  # fmt: skip
    study = [make_study(table, model, n_jobs=j, repeats=2, folds=2) for j in (1, 2)]
    np.testing.assert_array_equal(study[0].residuals.values, study[1].residuals.values)
    again = make_study(table, model, n_jobs=1, repeats=2, folds=2, seed=1)
    assert not np.array_equal(study[0].residuals.values, again.residuals.values)


def test_two_way_errors_do_not_depend_on_what_is_asked_beside(table):
    # The same coefficient under its headline, its detail and its contrast: one standard error.
    study = make_study(table, cluster=["city", "industry"])
    effects = quiet_paths(study)
    mine = errors(effects)
    alone = effects.contrast({"x": {"direct": 1}}).std_error[0]
    assert mine["direct"] == pytest.approx(alone, rel=1e-9)
    assert mine["direct"] == pytest.approx(mine["ai -> green_patents"], rel=1e-9)
    assert effects.select(["own_total"]).std_error[0] == pytest.approx(mine["own_total"], rel=1e-9)


def test_two_way_errors_have_the_outcome_s_scale(table):
    roles = {"cluster": ["city", "industry"]}
    a = quiet_paths(make_study(table, **roles))
    other = table.assign(clean_share=table["clean_share"] * 100)
    b = quiet_paths(make_study(other, **roles))
    np.testing.assert_allclose(a.std_error, b.std_error, rtol=1e-7)


@few
@given(df=panels(), cluster=st.sampled_from([["city", "year"], ["city", "industry"]]))
def test_multiway_covariance_is_a_covariance(df, cluster):
    V = quiet_paths(make_study(df, cluster=cluster)).vcov
    # With two dimensions the matrix need not be definite (as in pyfixest): mending it whole would
    # make each standard error depend on what else is asked. Its variances are positive.
    np.testing.assert_allclose(V, V.T, atol=1e-12)
    assert (np.diag(V) > 0).all()
    if isinstance(cluster, str) or len(cluster) == 1:
        assert np.linalg.eigvalsh(V).min() > -1e-10 * np.abs(V).max()


@few
@given(df=panels(), seed=st.integers(0, 5))
def test_simultaneous_bands_contain_the_pointwise(df, seed):
    effects = quiet_paths(make_study(df))
    point = effects.confint(0.9)
    joint = effects.confint(0.9, simultaneous=True, draws=499, seed=seed)
    assert (joint["conf_low"] <= point["conf_low"]).all()
    assert (joint["conf_high"] >= point["conf_high"]).all()
    # No wider than Bonferroni, up to the bootstrap's noise.
    from scipy.stats import t

    width = (joint["conf_high"] - joint["conf_low"]) / 2 / effects.std_error
    assert (width < 1.15 * t.ppf(1 - 0.05 / len(effects.terms), effects.df)).all()
