"""Curves and interactions: against statsmodels, and with known truth."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from explain_fakes import fake_explanation, fake_scores
from sklearn.preprocessing import SplineTransformer

import causalgreen as cg
from causalgreen.explain.curves import SIZES, Spline, choose_size, curve
from causalgreen.explain.curves_band import largest_t
from causalgreen.explain.interactions import interaction


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def _sample(seed, n=800, n_clusters=120, shape=lambda x: np.sin(2 * x), weighted=False):
    rng = np.random.default_rng(seed)
    home = rng.integers(0, n_clusters, n)
    x = rng.normal(size=n)
    weight = rng.uniform(0.5, 2, n) if weighted else None
    return fake_scores({"x": x}, shape(x), home, rng, weight=weight)


def _clustered(y, R, scores):
    fit = sm.WLS(y, R, weights=scores.share)
    return fit.fit(cov_type="cluster", cov_kwds={"groups": scores.home}, use_t=True)


def test_basis_is_scikit_learns():
    x = np.sort(np.random.default_rng(0).gamma(2, size=300))
    for size in SIZES[2:]:
        spline = Spline.of(x, size)
        # Their outer knots lie elsewhere: another basis of the same functions.
        theirs = SplineTransformer(knots=spline.knots[:, None], degree=3).fit_transform(x[:, None])
        assert theirs.shape == spline(x).shape
        np.testing.assert_allclose(
            theirs, spline(x) @ np.linalg.lstsq(spline(x), theirs, rcond=None)[0], atol=1e-8
        )
        np.testing.assert_allclose(spline(x).sum(axis=1), 1.0)
    for size in (2, 3):
        np.testing.assert_allclose(Spline.of(x, size)(x).sum(axis=1), 1.0)
        assert Spline.of(x, size)(x).shape == (300, size)


def test_curve_is_the_clustered_regression_on_the_basis():
    scores = _sample(1, weighted=True)
    found = curve(fake_explanation(scores), "x", "own_total")
    x = scores.traits["x"].to_numpy()
    inside = (x >= np.quantile(x, 0.01)) & (x <= np.quantile(x, 0.99))
    used = scores.keep(inside)
    fit = _clustered(used.value[:, 0], found.spline(x[inside]), used)
    at = found.spline(found.grid)
    np.testing.assert_allclose(found.effects.estimate, at @ fit.params, rtol=1e-8)
    # statsmodels counts the basis in its small-sample factor, as CR1 here does.
    V = at @ fit.cov_params() @ at.T
    mine = found.effects.with_covariance("CR1")
    np.testing.assert_allclose(mine.std_error, np.sqrt(np.diag(V)), rtol=1e-6)
    table = found.tidy()
    assert (table["band_low"] < table["conf_low"]).all()
    low, high = np.quantile(x, [0.02, 0.98])
    np.testing.assert_allclose(table["value"].iloc[[0, -1]], [low, high], atol=0.02)


def test_loss_leaves_whole_clusters_out():
    scores = _sample(2, n=300, n_clusters=40)
    found = curve(fake_explanation(scores), "x", "own_total")
    x = found.values
    used = scores.keep(np.isin(scores.traits["x"].to_numpy(), x))
    B, y, loss = Spline.of(x, 4)(x), used.value[:, 0], 0.0
    for g in range(used.n_clusters):
        out = used.home == g
        beta = np.linalg.lstsq(B[~out], y[~out], rcond=None)[0]
        loss += ((y[out] - B[out] @ beta) ** 2).sum() / len(y)
    mine = found.losses.set_index("size")["loss"]
    assert mine[4] == pytest.approx(loss, rel=1e-8)
    assert choose_size((2, 3, 4), np.array([1.0, 0.5, 0.7])) == 4
    assert choose_size((2, 3, 4), np.array([1.0, 0.7, 0.5])) == 4


def _jackknife(X, y, scores):
    """Coefficients, and their covariance from leaving clusters out."""
    home, n = scores.home, scores.n_clusters
    beta = np.linalg.lstsq(X, y, rcond=None)[0]
    out = np.array([np.linalg.lstsq(X[home != g], y[home != g], rcond=None)[0] for g in range(n)])
    return beta, (n - 1) / n * (out - beta).T @ (out - beta)


def test_tests_of_the_curve_are_clustered_f_and_t():
    scores = _sample(3)
    found = curve(fake_explanation(scores), "x", "own_total")
    x = found.values
    used = scores.keep(np.isin(scores.traits["x"].to_numpy(), x))
    y, n = used.value[:, 0], used.n_clusters
    beta, V = _jackknife(np.column_stack([x**k for k in range(4)]), y, used)
    wald = beta[1:] @ np.linalg.solve(V[1:, 1:], beta[1:])
    row = found.tests.iloc[0]
    assert row["statistic"] == pytest.approx(wald * (n - 3) / (3 * (n - 1)), rel=1e-6)
    assert (row["df"], row["df_denominator"]) == (3, n - 3)
    beta, V = _jackknife(np.column_stack([np.ones(len(x)), x]), y, used)
    assert found.tests["estimate"][1] == pytest.approx(beta[1])
    assert found.tests["std_error"][1] == pytest.approx(np.sqrt(V[1, 1]))


def test_curve_refuses_what_is_no_number():
    rng = np.random.default_rng(0)
    home = np.arange(100) // 2
    traits = {"kind": list("ab") * 50, "few": np.arange(100.0) % 3}
    explanation = fake_explanation(fake_scores(traits, np.zeros(100), home, rng))
    with pytest.raises(cg.DesignError, match=r"'kind' is a category.*Use groups\('kind'\)"):
        curve(explanation, "kind", "own_total")
    with pytest.raises(cg.DesignError, match=r"'few' has 3 values.*groups\('few'\)"):
        curve(explanation, "few", "own_total")
    with pytest.raises(cg.DesignError, match="there is no trait 'siz'"):
        curve(explanation, "siz", "own_total")


def test_curve_of_gaps_and_ties_and_few_clusters():
    rng = np.random.default_rng(4)
    x = np.round(rng.gamma(1, 6, 400))
    x[:200] = 0.0
    x[390:] = np.nan
    scores = fake_scores({"x": x}, np.zeros(400), np.arange(400) % 15, rng)
    found = curve(fake_explanation(scores), "x", "own_total")
    assert found.spline.size in (2, 3)
    assert np.isfinite(found.tidy().drop(columns=["term", "trait"]).to_numpy()).all()
    assert any("10 firms have no x" in note for note in found.notes)
    assert "15 clusters" in str(found)


def test_words_and_picture_of_a_curve():
    found = curve(fake_explanation(_sample(5)), "x", "own_total")
    assert "The effect varies with x" in str(found)
    flat = curve(fake_explanation(_sample(6, shape=np.zeros_like)), "x", "own_total")
    assert "No evidence that the effect varies with x" in str(flat)
    assert "<table" in found._repr_html_()
    title = found.plot().get_title(loc="left")
    assert "vary with x?" in title
    assert f"{len(found.values)} firms, 120 clusters" in title


@pytest.mark.slow
def test_band_covers_the_whole_curve():
    hits = []
    for seed in range(150):
        found = curve(fake_explanation(_sample(seed)), "x", "own_total")
        table, truth = found.tidy(), np.sin(2 * found.grid)
        hits.append(((table["band_low"] <= truth) & (truth <= table["band_high"])).all())
    assert 0.90 <= np.mean(hits) <= 0.99


@pytest.mark.slow
def test_no_variation_keeps_its_size(monkeypatch):
    """0.063 in 2,000 draws: the ends of a cubic rest on few firms."""
    monkeypatch.setattr("causalgreen.explain.curves_band.DRAWS", 2)  # the band is not needed
    p = np.array([
        curve(fake_explanation(_sample(seed, shape=np.zeros_like)), "x", "own_total")
        .tests["p_value"].to_numpy()
        for seed in range(600)
    ])  # fmt: skip
    size = (p < 0.05).mean(axis=0)
    assert 0.03 <= size[0] <= 0.09
    assert 0.03 <= size[1] <= 0.075


def _cells(seed, n=900, n_clusters=90, product=0.0):
    rng = np.random.default_rng(seed)
    home = rng.integers(0, n_clusters, n)
    a = rng.normal(size=n) + 0.7 * rng.normal(size=n_clusters)[home]
    b = np.array(list("pqr"), dtype=object)[rng.integers(0, 3, n)]
    level = np.searchsorted(np.quantile(a, [0.25, 0.5, 0.75]), a, side="left")
    truth = 0.3 * level + 0.2 * (b == "q") + product * level * (b == "r")
    return fake_scores({"a": a, "b": b}, truth, home, rng)


def test_cells_are_weighted_means_with_clustered_errors():
    scores = _cells(0, n_clusters=150)
    found = interaction(fake_explanation(scores), "a", "b", "own_total", 4)
    cell = found.a.codes * 3 + found.b.codes
    R = (cell[:, None] == np.arange(12)).astype(float)
    fit = _clustered(scores.value[:, 0], R, scores)
    table = found.tidy()
    np.testing.assert_allclose(table["estimate"], fit.params)
    np.testing.assert_allclose(found.cells.with_covariance("CR1").std_error, fit.bse, rtol=1e-8)
    np.testing.assert_allclose(table["std_error"], found.cells.std_error)
    counts = pd.Series(scores.home).groupby(cell).nunique()
    assert list(table["n_clusters"]) == list(counts)
    assert table["n_firms"].sum() == 900


def test_additivity_is_the_test_of_all_products():
    scores = _cells(1, n_clusters=150)
    found = interaction(fake_explanation(scores), "a", "b", "own_total", 4)
    a, b = found.a.codes, found.b.codes
    R = np.column_stack([(a[:, None] == np.arange(4)), (b[:, None] == np.arange(1, 3))])
    products = np.column_stack([(a == i) & (b == j) for i in (1, 2, 3) for j in (1, 2)])
    X = np.column_stack([R, products]).astype(float)
    y = scores.value[:, 0]
    beta, V = _jackknife(X, y, scores)
    wald = beta[6:] @ np.linalg.solve(V[6:, 6:], beta[6:])
    row = found.tests.iloc[0]
    assert (row["df"], row["df_denominator"]) == (6, 144)
    assert row["statistic"] == pytest.approx(wald * 144 / (6 * 149), rel=1e-6)


def test_additivity_has_its_size_and_finds_a_product():
    def p(seed, product):
        explanation = fake_explanation(_cells(seed, product=product))
        return interaction(explanation, "a", "b", "own_total", 4).tests["p_value"][0]

    null = np.array([p(seed, 0.0) for seed in range(100)])
    assert 0.0 <= (null < 0.05).mean() <= 0.11
    assert 0.3 < (null < 0.5).mean() < 0.7
    assert np.mean([p(seed, 0.4) < 0.05 for seed in range(10)]) == 1.0


def test_small_cells_are_said_and_hatched():
    rng = np.random.default_rng(2)
    n = 400
    home = np.arange(n) % 40
    a = rng.integers(0, 2, n).astype(float)
    b = np.array(["x"] * n, dtype=object)
    b[home < 8] = "y"
    a[(b == "y") & (home >= 3)] = 0.0  # y and 1: three clusters
    a[(b == "y") & (home < 3)] = 1.0
    scores = fake_scores({"a": a, "b": b}, np.zeros(n), home, rng)
    found = interaction(fake_explanation(scores), "a", "b", "own_total", 4)
    table = found.tidy()
    assert list(table["reliable"]) == [True, True, True, False]
    gone = table[["std_error", "p_value", "conf_low", "conf_high"]].isna()
    assert gone.all(axis=1).tolist() == gone.any(axis=1).tolist() == [False] * 3 + [True]
    assert np.isfinite(table["estimate"]).all()
    assert any("fewer than 5 clusters" in n and "1 / y (3)" in n for n in found.notes)
    assert np.isnan(found.tests["p_value"][0])
    assert "cannot be told" in str(found)
    ax = found.plot()
    hatched = [patch for patch in ax.patches if patch.get_hatch()]
    shown = np.ma.masked_invalid(ax.images[0].get_array())
    assert np.ma.getmaskarray(shown).sum() == 1
    assert len(hatched) == 1


def test_empty_cells_and_too_many_cells_are_said():
    rng = np.random.default_rng(3)
    n = 1200
    home = rng.integers(0, 60, n)
    a, b = rng.integers(0, 8, n), rng.integers(0, 8, n)
    b = np.where((a == 0) & (b == 0), 1, b)
    traits = {"a": [f"a{v}" for v in a], "b": [f"b{v}" for v in b]}
    found = interaction(
        fake_explanation(fake_scores(traits, np.zeros(n), home, rng)), "a", "b", "own_total", 4
    )
    assert any("1 cells have no firms" in note for note in found.notes)
    assert any("too many for 60 clusters" in note for note in found.notes)
    empty = found.tidy().iloc[0]
    assert empty["n_firms"] == 0
    assert np.isnan(empty["estimate"])
    assert "<table" in found._repr_html_()
    with pytest.raises(cg.DesignError, match="name two different traits"):
        interaction(fake_explanation(_cells(0)), "a", "a", "own_total", 4)


def test_curve_says_what_cannot_be_tested_and_what_was_found():
    found = curve(fake_explanation(_sample(1)), "x", "own_total")
    assert "(yes, p < 0.001)" in found.plot().get_title(loc="left")
    assert "p < 0.0001" in str(found)
    assert "<0.0001" in str(found)
    assert " 0.0000" not in str(found)
    tests = found.tests.assign(p_value=[np.nan, 0.2])
    context = replace(
        found.context, cluster_names=("city", "year"),
        clusters=(found.context.clusters[0], np.arange(len(found.context.clusters[0])) % 5),
    )  # fmt: skip
    silent = replace(found, tests=tests, context=context)
    assert "cannot be tested with 5 clusters of year" in " ".join(str(silent).split())
    assert "No evidence" not in str(silent)
    assert "cannot be tested with 5 clusters of year" in silent.plot().get_title(loc="left")


def test_an_end_that_one_cluster_carries_alone_has_no_say_in_the_band():
    rng = np.random.default_rng(0)
    home = np.repeat(np.arange(5), 10)
    last = (home == 4).astype(float)
    value = 1 + last / 2 + rng.normal(size=50)
    scores = SimpleNamespace(share=np.full(50, 1 / 50), home=home, n_clusters=5)
    basis = np.column_stack([1 - last, last])
    both = largest_t(basis, np.eye(2), value, scores, 0)
    first = largest_t(basis, np.eye(2)[:1], value, scores, 0)
    np.testing.assert_allclose(both, first, rtol=1e-9)
    assert np.quantile(both, 0.95) < 10
