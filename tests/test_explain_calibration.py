"""Calibration on held-out clusters."""

from __future__ import annotations

import warnings
from dataclasses import replace
from types import SimpleNamespace

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

import causalgreen as cg
from causalgreen.data.simulate import Economy
from causalgreen.explain.calibration import calibration
from causalgreen.explain.steps import Pieces, p_of
from causalgreen.surface.forest import forest
from tests.conftest import make_study
from tests.explain_stubs import overlapping


def explained(seed=1, heterogeneity=1.0, n=300, n_cities=100):
    df, _ = cg.simulate_panel(
        n, 5, seed=seed, n_cities=n_cities, economy=Economy(heterogeneity=heterogeneity)
    )
    traits = ["size", "urban", "clean_industry"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study = make_study(df, traits=traits, n_jobs=1, progress=False)
        return study.explain(study.surface(forest(40)))


@pytest.fixture(scope="module")
def made():
    return explained()


@pytest.fixture(scope="module")
def result(made):
    return made.calibration()


def many(estimate, error=1.0, df=1e9):
    size = len(estimate)
    return Pieces(np.asarray(estimate, float), np.full(size, error) * np.ones(size),
                  np.full(size, df))  # fmt: skip


def test_with_many_clusters_the_statistic_is_the_sum_of_t_over_the_root_of_steps():
    b, se = np.array([1.0, 0.4, 2.0, -0.3]), np.array([0.5, 0.8, 1.0, 0.4])
    piece = Pieces(b, se, np.full(4, 1e9))
    for value in (0.0, 1.0):
        assert piece.at(value) == pytest.approx(((b - value) / se).sum() / 2, rel=1e-6)
    estimate, error, statistic, p, low, high = piece.summary(0.9)
    assert estimate == pytest.approx((b / se).sum() / (1 / se).sum(), rel=1e-6)
    assert error == pytest.approx(2 / (1 / se).sum())
    assert statistic == pytest.approx(estimate / error, rel=1e-6)
    assert p == pytest.approx(2 * stats.norm.sf(abs(statistic)), rel=1e-5)
    z = stats.norm.ppf(0.95)
    assert (low, high) == pytest.approx((estimate - z * error, estimate + z * error), rel=1e-6)


def test_intervals_hold_what_the_tests_do_not_reject():
    piece = Pieces(np.array([1.3, 0.7, 1.8]), np.array([0.5, 0.6, 0.9]), np.array([4.0, 5, 4]))
    low, high = piece.summary()[4:]
    for bound in (low, high):
        assert p_of(piece.at(bound), "two-sided") == pytest.approx(0.05, rel=1e-6)


def test_few_clusters_do_not_make_the_test_reject_too_often():
    rng = np.random.default_rng(0)
    t = rng.standard_t(3, size=(20000, 4))
    z = np.array([many(row, df=3.0).at(0.0) for row in t[:4000]])
    assert np.mean(z > 1.645) == pytest.approx(0.05, abs=0.012)
    assert stats.kstest(z, "norm").pvalue > 0.001
    plain = t.sum(axis=1) / 2
    assert np.mean(plain > 1.645) > 0.08


def test_extreme_steps_stay_finite():
    piece = many([1e6, 2e6], df=50.0)
    assert np.isfinite(piece.summary()).all()
    with pytest.raises(cg.DesignError, match="coverage lies between 0 and 1"):
        piece.summary(95)


def test_steps_are_regressions_on_the_centred_prediction(made, result):
    for number, step in enumerate(made.held_out, 1):
        scores = step.test_scores
        j = scores.terms.index("own_total")
        x = scores.prediction[:, j] - scores.prediction[:, j].mean()
        y, X = scores.value[:, j], sm.add_constant(x)
        fit = sm.OLS(y, X).fit()
        row = result.steps.query(f"step == {number} and term == 'own_total'").iloc[0]
        assert (row["mean"], row["slope"]) == pytest.approx(tuple(fit.params), rel=1e-8)
        left = np.array([
            sm.OLS(y[scores.home != c], X[scores.home != c]).fit().params
            for c in range(scores.n_clusters)
        ])  # fmt: skip
        G = scores.n_clusters
        error = np.sqrt((G - 1) / G * ((left - fit.params) ** 2).sum(axis=0))
        assert (row["mean_std_error"], row["slope_std_error"]) == pytest.approx(
            tuple(error), rel=1e-6
        )
        assert (row["n_firms"], row["n_clusters"]) == (scores.n, G)


def test_heterogeneity_that_is_there_is_found(result):
    tests = result.tests.set_index(["term", "test"])
    assert tests.loc[("own_total", "slope > 0"), "p_value"] < 1e-3
    slope = result.tidy().query("term == 'own_total' and parameter == 'slope'").iloc[0]
    assert slope["conf_low"] > 0.3
    assert slope["conf_high"] < 2.5
    assert (result.tests["p_holm"] >= result.tests["p_value"]).all()
    assert "own_total: effects differ" in str(result)


def test_bins_hold_every_judged_firm_once(made, result):
    judged = sum(len(step.test) for step in made.held_out)
    for term in result.terms:
        bins = result.bins.query("term == @term")
        assert bins["n_firms"].sum() == judged == result.context.n_firms
        assert bins["predicted"].is_monotonic_increasing
        mean = np.average(bins["realised"], weights=bins["n_firms"])
        scores = [
            (s.test_scores.value[:, s.test_scores.terms.index(term)].sum()) for s in made.held_out
        ]
        assert mean == pytest.approx(sum(scores) / judged)


def test_the_same_prediction_for_all_is_no_evidence_and_is_said(made):
    flat = []
    for step in made.held_out:
        scores = step.test_scores
        same = np.broadcast_to(scores.prediction.mean(axis=0), scores.prediction.shape).copy()
        flat.append(replace(step, test_scores=replace(scores, prediction=same)))
    fake = SimpleNamespace(held_out=tuple(flat), surface=made.surface)
    result = calibration(fake, ["own_total"])
    assert result.tests["p_value"].isna().all()
    assert result.tidy()["estimate"].notna().tolist() == [True, False]
    assert len(result.notes) == 4
    assert "same effect is predicted for all firms" in result.notes[0]
    assert "nothing predicted to differ" in str(result)
    plt.close(result.plot())


def test_a_step_with_too_few_clusters_is_left_out_and_named(made):
    first = made.held_out[0]
    small = replace(first, test_scores=first.test_scores.keep(first.test_scores.home < 2))
    fake = SimpleNamespace(held_out=(small, *made.held_out[1:]), surface=made.surface)
    fake.held_out = (
        replace(small, test=first.test[first.test_scores.home < 2]),
        *made.held_out[1:],
    )
    result = calibration(fake, ["own_total"])
    assert "step 1, own_total: left out: only 2 clusters" in result.notes
    assert len(result.slope("own_total").estimate) == 3


@pytest.mark.parametrize("terms", [["own_total"], None])
def test_picture_and_words(made, terms):
    result = made.calibration(terms)
    figure = result.plot()
    figure.canvas.draw()
    assert figure.get_suptitle().startswith("Do firms predicted to gain more from ai gain more?")
    assert not overlapping([ax._left_title for ax in figure.axes if ax.get_visible()])
    for ax in figure.axes:
        assert not overlapping(ax.get_xticklabels())
    plt.close(figure)
    text = str(result)
    for words in ("estimand:", "4 steps", "May not be concluded", "slope = 1"):
        assert words in text
    assert "<table" in result._repr_html_()


@pytest.mark.slow
@pytest.mark.parametrize("n_cities", [30, 100])
def test_tests_hold_their_level_without_heterogeneity(n_cities):
    """200 economies of 300 firms and 5 years in which all firms have the same effects."""
    rows = []
    for seed in range(200):
        made = explained(seed, heterogeneity=0.0, n_cities=n_cities)
        groups, check = made.groups("size").tests, made.calibration().tests
        rows.append(groups[["term", "test", "p_value"]])
        rows.append(check[["term", "test", "p_value"]])
    table = pd.concat(rows)
    table["rejected"] = table["p_value"] < 0.05
    share = table.pivot_table(index="test", columns="term", values="rejected")
    print(share.round(3).to_string())
    # Three Monte-Carlo errors above 5 %; below, the cluster jackknife may be conservative.
    bound = 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)
    assert share.loc["equality"].max() < bound
    assert share.loc["slope > 0"].max() < bound
    assert share.loc["equality"].mean() > 0.01
    assert share.loc["slope > 0"].mean() > 0.02
