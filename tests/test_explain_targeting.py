"""Targeting: TOC, AUTOC and Qini against grf's formula, EconML, the bootstrap, and the truth."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import causalgreen as cg
from causalgreen.effects.context import Context
from causalgreen.explain.explanation import Explanation
from causalgreen.explain.scores import Scores
from causalgreen.explain.targeting_ranks import rank_effects, rank_statistics
from causalgreen.surface.forest import forest
from tests.conftest import make_study

TRAITS = ["size", "urban", "industry"]
QS = [0.1, 0.25, 0.5, 0.9]


def explain(df, traits=TRAITS, trees=40, **settings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cg.CausalGreenWarning)
        study = make_study(df, traits=traits, n_jobs=1, progress=False, **settings)
        return Explanation(study.surface(forest(trees)))


@pytest.fixture(scope="module")
def economy300():
    return cg.simulate_panel(300, 5, seed=4, n_cities=90, economy=cg.Economy(nonlinearity=0))


@pytest.fixture(scope="module")
def hetero(economy300):
    df = economy300[0].assign(industry=lambda d: "i" + d["industry"].astype(str))
    return explain(df)


def made(prediction, correction, home, share=None):
    """Scores by hand: one path, one cell for each firm."""
    n = len(prediction)
    home = np.unique(home, return_inverse=True)[1]
    context = Context(
        "y", "d", "units of y per unit of d", "e", "p", "m", "none", n, n, 1, (home,), ("home",),
        np.ones(n), np.ones(n),
    )  # fmt: skip
    share = np.ones(n) / n if share is None else share / share.sum()
    return Scores(
        ("own_total",), pd.DataFrame({"x": prediction}), prediction[:, None], prediction[:, None],
        correction[:, None], np.arange(n), home, share, context,
    )  # fmt: skip


def grf(value, priority, weight, shares):
    """R package grf, estimate_rate, by loops."""
    order = np.argsort(-priority, kind="stable")
    y, w, s = value[order].copy(), weight[order], priority[order]
    for level in np.unique(s):
        tied = s == level
        y[tied] = (y[tied] * w[tied]).sum() / w[tied].sum()
    average = (y * w).sum() / w.sum()
    toc = np.cumsum(y * w) / np.cumsum(w) - average
    out = [(toc * w).sum() / w.sum(), (np.cumsum(w) / w.sum() * w * toc).sum() / w.sum()]
    for q in shares:
        left, total = q * w.sum(), 0.0
        for value_i, w_i in zip(y, w, strict=True):
            used = min(w_i, left)
            total, left = total + used * value_i, left - used
        out.append(total / (q * w.sum()) - average)
    return np.array(out)


@pytest.mark.parametrize("ties", [False, True])
def test_the_statistics_are_those_of_grf(ties):
    rng = np.random.default_rng(0)
    value, weight = rng.normal(size=83), rng.uniform(0.4, 2.0, 83)
    priority = rng.integers(0, 6, 83) * 1.0 if ties else rng.normal(size=83)
    ours = rank_statistics(value, priority, weight, QS)
    np.testing.assert_allclose(ours, grf(value, priority, weight, QS), atol=1e-13)


def test_the_influence_is_the_derivative_in_the_weights():
    rng = np.random.default_rng(1)
    n = 60
    prediction, correction, share = rng.normal(size=n), rng.normal(size=n), rng.uniform(1, 2, n)
    scores = made(prediction, correction, np.arange(n), share)
    effects = rank_effects(scores, "own_total", prediction)
    p, numeric, step = scores.share, np.empty((n, 2)), 1e-6
    for i in range(n):
        ends = []
        for sign in (1, -1):
            moved = p.copy()
            moved[i] += sign * step
            ends.append(rank_statistics(scores.value[:, 0], prediction, moved))
        numeric[i] = p[i] * (ends[0] - ends[1]) / (2 * step)
    np.testing.assert_allclose(effects.influence, numeric, atol=1e-8)
    np.testing.assert_allclose(effects.influence.sum(axis=0), 0, atol=1e-12)


def test_the_jackknife_leaves_out_each_cluster():
    rng = np.random.default_rng(2)
    home = rng.integers(0, 12, 90)
    prediction, correction = rng.normal(size=90), rng.normal(size=90)
    scores = made(prediction, correction, home)
    effects = rank_effects(scores, "own_total", prediction, QS)
    brute = np.stack([
        grf(scores.value[k, 0], prediction[k], np.ones(k.sum()), QS)
        for k in (home != c for c in range(12))
    ])  # fmt: skip
    np.testing.assert_allclose(effects.jackknife(), brute, atol=1e-12)
    deviations = brute - effects.estimate
    np.testing.assert_allclose(effects.vcov, 11 / 12 * deviations.T @ deviations, atol=1e-12)
    assert effects.covariance == "CV3"


def test_standard_errors_agree_with_the_half_sample_cluster_bootstrap_of_grf(sandwich):
    rng = np.random.default_rng(3)
    n_clusters, size = 200, 5
    home = np.repeat(np.arange(n_clusters), size)
    common = rng.normal(size=n_clusters)[home]
    prediction = 0.6 * common + rng.normal(size=len(home))
    scores = made(0.5 * prediction, 0.7 * common + rng.normal(size=len(home)), home)
    effects = rank_effects(scores, "own_total", prediction, [0.2, 0.5])
    assert effects.covariance == "CR1"
    draws = []
    for _ in range(800):
        kept = np.isin(home, rng.choice(n_clusters, n_clusters // 2, replace=False))
        draws.append(rank_statistics(
            scores.value[kept, 0], prediction[kept], scores.share[kept], [0.2, 0.5]))  # fmt: skip
    bootstrap = np.std(draws, axis=0)
    np.testing.assert_allclose(effects.std_error, bootstrap, rtol=0.12)


def test_toc_and_qini_agree_with_econml():
    from econml.validate.utils import calc_uplift

    rng = np.random.default_rng(4)
    n = 2000
    prediction = rng.normal(size=n)
    value = prediction + rng.normal(size=n)
    percentiles = np.arange(5.0, 96.0, 1.0)
    ours = rank_statistics(value, prediction, np.ones(n), 1 - percentiles / 100)
    for metric in ("toc", "qini"):
        _, _, curve = calc_uplift(prediction, prediction, value, percentiles, metric, 20)
        weight = 1 - percentiles / 100 if metric == "qini" else 1.0
        np.testing.assert_allclose(curve["value"], weight * ours[2:], atol=0.01)
    wide = np.arange(0.05, 100, 0.05)
    for k, metric in enumerate(("toc", "qini")):
        theirs, _, _ = calc_uplift(prediction, prediction, value, wide, metric, 2)
        np.testing.assert_allclose(theirs, ours[k], rtol=0.02)


def test_intervals_cover_the_value_of_the_order():
    rng = np.random.default_rng(5)
    # tau = s, ranked by s = N(0, 1): E[tau | top q] = phi(z) / q; its mean over q is 1 * E[s a(s)].
    from scipy.stats import norm

    q = (np.arange(200_000) + 0.5) / 200_000
    toc = norm.pdf(norm.ppf(1 - q)) / q
    truth = np.array([toc.mean(), (q * toc).mean()])
    hit = []
    for _ in range(300):
        home = np.repeat(np.arange(60), 5)
        common = rng.normal(size=60)[home]
        s = np.sqrt(0.4) * common + np.sqrt(0.6) * rng.normal(size=300)
        scores = made(s, 0.5 * rng.normal(size=60)[home] + rng.normal(size=300), home)
        bounds = rank_effects(scores, "own_total", s).confint()
        hit.append((bounds["conf_low"] < truth) & (truth < bounds["conf_high"]))
    coverage = np.mean(hit, axis=0)
    # Ranks of 300 firms: a bias of the order of log(n) / n; Monte-Carlo error .013.
    assert (np.abs(coverage - 0.95) < 0.04).all(), coverage


def test_steps_are_combined_as_independent_pieces(hetero):
    result = hetero.targeting()
    steps = [step.select(["AUTOC", "Qini"]) for step in result.steps]
    table = result.tidy()
    np.testing.assert_allclose(table["estimate"], np.mean([s.estimate for s in steps], axis=0))
    apart = np.sqrt(np.sum([s.std_error**2 for s in steps], axis=0)) / len(steps)
    np.testing.assert_allclose(table["std_error"], apart, rtol=0.06)
    from scipy.stats import norm, t

    z = [norm.ppf(t.cdf(s.estimate / s.std_error, s.df)) for s in steps]
    np.testing.assert_allclose(table["statistic"], np.sum(z, axis=0) / np.sqrt(len(z)), atol=1e-6)
    tested = np.concatenate([h.test for h in hetero.held_out])
    assert len(np.unique(tested)) == len(tested) == table["n_firms"][0]
    homes = [set(hetero.surface.problem.home[h.test]) for h in hetero.held_out]
    assert not (homes[0] & homes[1])
    assert len(set.union(*homes)) == table["n_clusters"][0]


def test_the_order_by_prediction_is_worth_part_of_the_true_order(hetero, economy300):
    truth = economy300[1].per_firm["own_total"].loc[hetero.scores.traits.index].to_numpy()
    best = rank_statistics(truth, truth, np.ones(len(truth)))
    table = hetero.targeting().tidy()
    assert (table["p_value"] < 1e-3).all()
    assert (table["conf_low"] < best).all()
    assert (table["estimate"] > 0.4 * best).all()
    ideal = rank_effects(hetero.scores, "own_total", truth)
    assert (np.abs(ideal.estimate - best) < 3 * ideal.std_error).all()


def test_a_trait_as_the_order(hetero):
    result = hetero.targeting(by="size")
    assert result.context.n_firms == 300
    assert len(result.steps) == 1
    size = hetero.scores.traits["size"].to_numpy()
    value = hetero.scores.value[:, hetero.scores.terms.index("own_total")]
    np.testing.assert_allclose(
        result.tidy()["estimate"], rank_statistics(value, size, hetero.scores.share), atol=1e-12
    )
    urban = hetero.targeting(by="urban").curve()
    # Within a tie firms are worth their average: a straight gain up to the share of the urban.
    flat = urban["estimate"][urban["share"] < hetero.scores.traits["urban"].mean()]
    np.testing.assert_allclose(flat, flat.iloc[0], atol=1e-9)


def test_bands_are_wider_than_pointwise_intervals(hetero):
    curve = hetero.targeting().curve()
    assert (curve["band_high"] - curve["conf_high"] > -1e-12).all()
    assert (curve["band_high"] > curve["conf_high"] + 1e-4).any()
    assert not curve.isna().any().any()


def test_two_way_clusters_share_cells_across_steps(economy300):
    df = economy300[0].rename(columns={"industry": "branch"})
    both = explain(df, traits=["size", "urban"], trees=20, cluster=["city", "branch"])
    result = both.targeting()
    assert result.effects.covariance == "CR1"
    assert len(result.context.n_clusters) == 2
    assert result.context.n_clusters[1] == df["branch"].nunique()
    assert np.isfinite(result.tidy()["std_error"]).all()


def test_firms_without_the_trait_are_left_out_and_counted(economy300):
    df = economy300[0].copy()
    gone = df["firm"].isin(df["firm"].unique()[:30])
    df.loc[gone, "size"] = np.nan
    hetero = explain(df, traits=["size", "urban"], trees=20)
    result = hetero.targeting(by="size")
    alone = 300 - hetero.scores.n
    without = int(hetero.scores.traits["size"].isna().sum())
    assert alone > 0
    assert result.context.n_firms == 300 - alone - without
    assert any(f"{without} firms have no size" in note for note in result.notes)
    assert any(f"{alone} firms without a prediction" in note for note in result.notes)


def test_refusals_say_what_to_do(hetero):
    with pytest.raises(cg.DesignError, match=r"industry.*category.*groups\(\)"):
        hetero.targeting(by="industry")
    with pytest.raises(cg.DesignError, match="did you mean 'size'"):
        hetero.targeting(by="sise")
    with pytest.raises(cg.DesignError, match="there is no path 'own'"):
        hetero.targeting("own")
    few = made(np.arange(9.0), np.zeros(9), np.repeat([0, 1], [4, 5]))
    with pytest.raises(cg.EstimationError, match="2 clusters are too few"):
        rank_effects(few, "own_total", np.arange(9.0))


def test_words_and_pictures(hetero):
    import matplotlib.pyplot as plt

    result = hetero.targeting()
    text = str(result)
    assert "in order of predicted effect gains more than choosing as many at random" in text
    assert "AUTOC" in text
    assert "90 clusters" not in text
    assert "<table" in result._repr_html_()
    ax = result.plot()
    assert "gain over treating at random" in ax.get_ylabel()
    assert "green_patents per unit of ai" in ax.get_ylabel()
    by = hetero.targeting(by="size").plot()
    assert "largest size first" in by.get_xlabel()
    plt.close("all")


@pytest.mark.slow
def test_nothing_is_found_where_there_is_nothing():
    p = []
    for seed in range(200):
        df, _ = cg.simulate_panel(300, 5, seed=seed, economy=cg.Economy(heterogeneity=0))
        hetero = explain(df, traits=["size", "urban", "clean_industry"])
        p.append(hetero.targeting().tidy()["p_value"].to_numpy())
    rejected = (np.array(p) < 0.05).mean(axis=0)
    assert (rejected < 0.05 + 2.5 * np.sqrt(0.05 * 0.95 / 200)).all(), rejected
