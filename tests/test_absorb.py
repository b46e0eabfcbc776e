"""Removal of fixed effects, and features with gaps."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import make_study
from hypothesis import given, settings
from hypothesis import strategies as st

import causalgreen as cg
from causalgreen.errors import EstimationError
from causalgreen.panel.absorb import absorb, group_means, nested_in
from causalgreen.panel.transforms import transform


def dense(values, effects, weights=None):
    """Residuals from dummies by least squares."""
    dummies = np.column_stack([np.eye(e.max() + 1)[e] for e in effects])
    root = np.ones(len(values)) if weights is None else np.sqrt(weights)
    beta = np.linalg.lstsq(dummies * root[:, None], values * root[:, None], rcond=None)[0]
    return values - dummies @ beta


def ragged_codes(rng, n, levels):
    return [np.unique(rng.integers(0, k, n), return_inverse=True)[1] for k in levels]


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 9999), levels=st.lists(st.integers(2, 25), min_size=1, max_size=3),
    weighted=st.booleans(),
)  # fmt: skip
def test_equals_a_regression_on_dummies(seed, levels, weighted):
    rng = np.random.default_rng(seed)
    n = 90
    values = rng.normal(size=(n, 3)) * [1.0, 1e-4, 1e5]
    effects = ragged_codes(rng, n, levels)
    weights = rng.uniform(0.1, 5, n) if weighted else None
    mine, theirs = absorb(values, effects, weights), dense(values, effects, weights)
    np.testing.assert_allclose(mine / [1.0, 1e-4, 1e5], theirs / [1.0, 1e-4, 1e5], atol=1e-8)


@pytest.mark.parametrize("weighted", [False, True])
def test_equals_pyfixest_demean(weighted):
    demean = pytest.importorskip("pyfixest.estimation").demean
    rng = np.random.default_rng(1)
    n = 400
    effects = ragged_codes(rng, n, [60, 12, 30])
    values = rng.normal(size=(n, 2)) + effects[0][:, None]
    weights = rng.uniform(0.2, 3, n) if weighted else np.ones(n)
    theirs, converged = demean(
        values, np.column_stack(effects).astype(np.uintp), weights, tol=1e-12, maxiter=100_000
    )
    assert converged
    np.testing.assert_allclose(absorb(values, effects, weights), theirs, atol=1e-8)


def test_a_nearly_disconnected_panel_still_converges():
    # A chain of firms that share one city each with the next: the worst case of alternation.
    n = 120
    firm = np.repeat(np.arange(n), 2)
    city = np.column_stack([np.arange(n), np.arange(n) + 1]).ravel()
    values = np.random.default_rng(0).normal(size=(2 * n, 1))
    np.testing.assert_allclose(absorb(values, [firm, city]), dense(values, [firm, city]), atol=1e-7)


def test_projection_is_idempotent_orthogonal_and_leaves_its_input():
    rng = np.random.default_rng(2)
    effects, weights = ragged_codes(rng, 80, [15, 6]), rng.uniform(0.5, 2, 80)
    values = rng.normal(size=(80, 2))
    before = values.copy()
    out = absorb(values, effects, weights)
    np.testing.assert_array_equal(values, before)
    np.testing.assert_allclose(absorb(out, effects, weights), out, atol=1e-9)
    for codes in effects:
        np.testing.assert_allclose(group_means(out, codes, weights), 0, atol=1e-9)


def test_what_the_effects_span_leaves_nothing():
    rng = np.random.default_rng(3)
    effects = ragged_codes(rng, 80, [15, 6])
    inside = (effects[0] * 2.0 + effects[1])[:, None]
    assert np.abs(absorb(inside, effects)).max() < 1e-8


def test_nothing_to_absorb_and_no_columns():
    values = np.arange(6.0).reshape(3, 2)
    out = absorb(values, [])
    np.testing.assert_array_equal(out, values)
    assert out is not values
    assert absorb(np.empty((3, 0)), [np.array([0, 1, 1])]).shape == (3, 0)


def test_too_few_rounds_are_told():
    rng = np.random.default_rng(0)
    effects = ragged_codes(rng, 90, [20, 15])
    with pytest.raises(EstimationError, match=r"not absorbed after 1 rounds.*Absorb fewer"):
        absorb(rng.normal(size=(90, 1)), effects, max_iterations=1)


def test_group_means_leave_missing_values_out():
    values = np.array([[1.0, np.nan], [np.nan, np.nan], [5.0, 2.0], [7.0, 4.0]])
    codes, weights = np.array([0, 0, 1, 1]), np.array([1.0, 1.0, 1.0, 3.0])
    expected = np.array([[1.0, np.nan], [6.5, 3.5]])
    np.testing.assert_allclose(group_means(values, codes, weights), expected)


def test_nested_in():
    firm, city = np.array([0, 0, 1, 2]), np.array([3, 3, 3, 1])
    assert nested_in(firm, city)
    assert not nested_in(city, firm)
    assert not nested_in(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 2]))
    assert nested_in(firm, firm)


def panel_with_gaps(table, **kwargs):
    df = table.copy()
    rng = np.random.default_rng(0)
    df.loc[rng.random(len(df)) < 0.2, "leverage"] = np.nan
    df.loc[df["firm"] == df["firm"].iloc[0], "leverage"] = np.nan
    roles = {"unit": "firm", "time": "year", "outcome": "green_patents", "treatment": "ai",
             "controls": ["leverage", "roa_lag"], "cluster": "city"}  # fmt: skip
    return cg.Panel.from_frame(df, **(roles | kwargs))


@pytest.mark.parametrize("kind", ["within", "first_difference", "mundlak", "none"])
def test_gaps_stay_gaps_in_the_features(table, kind):
    panel = panel_with_gaps(table, traits=["size"])
    design = transform(panel, cg.FixedEffects(kind))
    gaps = np.isnan(panel.column("leverage"))[design.rows]
    names = design.feature_names
    own = [n for n in names if n in ("leverage", "leverage (deviation)")]
    assert own
    for name in own:
        np.testing.assert_array_equal(np.isnan(design.features[:, names.index(name)]), gaps)
    for name in names:
        if name.startswith(("roa_lag", "size", "year")):
            assert np.isfinite(design.features[:, names.index(name)]).all()
    assert np.isfinite(design.targets).all()
    assert design.linear.any()
    assert design.flexible.any()


def test_deviations_of_observed_values_have_firm_means_near_zero(table):
    panel = panel_with_gaps(table)
    design = transform(panel, cg.FixedEffects("within", time=False))
    column = design.features[:, [design.feature_names.index("leverage (deviation)")]]
    means = group_means(column, panel.unit_codes[design.rows])
    # The gap is bridged by the firm's mean, so that what was observed keeps mean zero.
    assert np.nanmax(np.abs(means)) < 1e-12


def test_first_differences_skip_gaps_and_have_both_periods(table):
    df = table[table["year"] != 2012]
    panel = panel_with_gaps(df)
    design = transform(panel, cg.FixedEffects("first_difference"))
    year = panel.times[design.rows]
    assert set(year) == {2011, 2014}
    before = panel.column("ai")[design.rows - 1]
    expected = panel.column("ai")[design.rows] - before
    expected = expected - group_means(expected[:, None], (year > 2012).astype(int))[
        (year > 2012).astype(int), 0]  # fmt: skip
    np.testing.assert_allclose(design.targets[:, 0], expected, atol=1e-12)
    assert {"roa_lag", "roa_lag (lag)"} <= set(design.feature_names)


def test_design_is_read_only(table):
    design = transform(panel_with_gaps(table), cg.FixedEffects("within"))
    for array in (design.rows, design.targets, design.features, design.periods):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


@pytest.mark.parametrize("share", [1.0, 0.8])
@pytest.mark.parametrize("unit", [1.0, 365.0, 1e6, 1e-9])
def test_controls_that_the_effects_absorb_are_not_noise_in_other_units(table, share, unit):
    """Firm age is firm effect plus year effect: what rounding leaves of it is no control."""
    rng = np.random.default_rng(0)
    df = table[rng.random(len(table)) < share].copy()
    df["trend"] = df.groupby("firm")["age"].transform("first") + df["year"] - df["year"].min()
    df["trend"] *= unit
    plain = make_study(df, controls=["leverage"])
    more = make_study(df, controls=["leverage", "trend"])
    assert more.residuals.design.exhausted == ("trend",)
    assert plain.residuals.design.exhausted == ()
    column = more.residuals.design.feature_names.index("trend (deviation)")
    assert not more.residuals.design.features[:, column].any()
    moved = np.abs(more.paths().estimate - plain.paths().estimate) / plain.paths().std_error
    assert moved.max() < 1e-8
    (note,) = more.nuisance_report().quiet
    assert note.startswith("the removed effects leave nothing of trend")
    assert "nothing of trend" in str(more.nuisance_report())


@pytest.mark.parametrize("kind", ["linear", "lasso"])
@pytest.mark.parametrize("share", [1.0, 0.8])
def test_units_of_a_control_that_the_effects_absorb_do_not_matter(table, share, kind):
    rng = np.random.default_rng(1)
    df = table[rng.random(len(table)) < share].copy()
    df["trend"] = df.groupby("firm")["age"].transform("first") + df["year"] - df["year"].min()
    found = []
    for unit in (1.0, 365.0, 1e6):
        study = make_study(
            df.assign(trend=unit * df["trend"]), controls=["leverage", "trend"], traits=None,
            learner=getattr(cg, kind)(),
        )  # fmt: skip
        found.append(study.paths().estimate)
    error = study.paths().std_error
    assert np.abs((np.array(found) - found[0]) / error).max() < 1e-6
