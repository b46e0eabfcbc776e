"""Sorted groups (generic ML) and profiles, against brute force, least squares, and the truth."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import causalgreen as cg
from causalgreen.explain.clan import clan, ranks, trait_values
from causalgreen.explain.explanation import Explanation
from causalgreen.explain.held_out import random_halves
from causalgreen.explain.sorted_splits import CONTRAST, medians, one_split
from causalgreen.panel.traits import TraitCode
from causalgreen.surface.forest import forest
from tests.conftest import make_study

TERMS = ["own_total", "spillover"]


def explain(df, traits, trees=40, **settings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cg.CausalGreenWarning)
        study = make_study(df, traits=traits, n_jobs=1, progress=False, **settings)
        return Explanation(study.surface(forest(trees)))


@pytest.fixture(scope="module")
def economy400():
    # Linear confounding, as the learner is.
    df, truth = cg.simulate_panel(400, 5, seed=6, n_cities=100, economy=cg.Economy(nonlinearity=0))
    region = np.array(["north", "south", "west"])[df["city"].str[-3:].astype(int) % 3]
    return df.assign(region=region), truth


@pytest.fixture(scope="module")
def hetero(economy400):
    return explain(economy400[0], ["size", "urban", "clean_industry", "region"])


@pytest.fixture(scope="module")
def found(hetero):
    return hetero.sorted_groups(n=4, repeats=5, terms=TERMS)


@pytest.fixture(scope="module")
def split(hetero):
    """One split, and the scores behind it."""
    return one_split(hetero.surface, 11, 4, ("own_total",), 0.975), random_halves(
        hetero.surface, 11
    ).test_scores


def ols(y, X, home, w):
    """Weighted least squares by statsmodels, clustered (CR1)."""
    sm = pytest.importorskip("statsmodels.api")
    fit = sm.WLS(y, X, weights=w).fit(cov_type="cluster", cov_kwds={"groups": home}, use_t=True)
    return fit.params, fit.bse


def test_ranks_are_of_equal_size_and_break_ties_at_random():
    codes = ranks(np.repeat([0.0, 1.0], [50, 53]), 4, 3)
    assert np.bincount(codes).tolist() == [26, 26, 26, 25]
    value = np.random.default_rng(0).normal(size=100)
    assert (np.diff(ranks(value, 5, 0)[np.argsort(value)]) >= 0).all()


def test_blp_and_groups_of_a_split_are_least_squares(split):
    pieces, scores = split
    j = scores.terms.index("own_total")
    s, y, w = scores.prediction[:, j], scores.value[:, j], scores.share
    X = np.column_stack([np.ones(scores.n), s - w @ s])
    b, _ = ols(y, X, scores.home, w)
    np.testing.assert_allclose(pieces.blp["estimate"], b, atol=1e-10)
    codes = ranks(s, 4, 11)
    means = [y[codes == g] @ w[codes == g] / w[codes == g].sum() for g in range(4)]
    gates = pieces.gates
    np.testing.assert_allclose(gates["estimate"], [*means, means[3] - means[0]], atol=1e-10)
    assert gates["n_firms"].tolist()[:4] == np.bincount(codes).tolist()
    # Fewer than 100 clusters in a half: the jackknife, by brute force.
    b_out = []
    for c in range(scores.n_clusters):
        k = scores.home != c
        b_out.append(ols(y[k], X[k], scores.home[k], w[k])[0])
    n = scores.n_clusters
    se = np.sqrt((n - 1) / n * ((np.array(b_out) - b) ** 2).sum(axis=0))
    np.testing.assert_allclose(pieces.blp["std_error"], se, rtol=1e-8)


def test_learnt_and_judged_on_different_clusters(hetero):
    half = random_halves(hetero.surface, 11)
    home = hetero.surface.problem.home
    assert not set(home[half.train]) & set(home[half.test])
    assert abs(len(half.train) - 200) < 25


def test_medians_double_p_values_and_mind_the_sign():
    def one(estimate, p_above):
        return pd.DataFrame(
            {"term": ["a"], "estimate": [estimate], "p_above": [p_above], "p_equal": [0.02],
             "n_firms": [10]}
        )  # fmt: skip

    out = medians([one(1.0, 0.01), one(2.0, 0.02), one(4.0, 0.5)], ["term"]).iloc[0]
    assert out["estimate"] == 2.0
    assert out["n_firms"] == 10
    assert out["p_value"] == pytest.approx(4 * 0.02)
    assert out["p_equal"] == pytest.approx(0.04)
    opposite = medians([one(-1.0, 0.999), one(1.0, 0.001)], ["term"]).iloc[0]
    assert opposite["p_value"] == 1.0


def test_medians_over_splits_are_those_of_the_splits(found):
    raw = found.splits
    gates = found.gates.set_index(["term", "group"])
    for key, part in raw.groupby(["term", "group"]):
        row = gates.loc[key]
        for name in ("estimate", "conf_low", "conf_high", "joint_low", "joint_high"):
            assert row[name] == pytest.approx(part[name].median())
    assert raw["split"].nunique() == 5
    assert not np.isclose(raw.query("split == 1")["estimate"],
                          raw.query("split == 2")["estimate"]).any()  # fmt: skip


def test_intervals_and_p_values_agree(found):
    for table in (found.gates, found.blp, found.clan):
        out = (table["conf_low"] > 0) | (table["conf_high"] < 0)
        assert (out == (table["p_value"] < 0.05)).all()
    groups = found.gates[found.gates["group"] != CONTRAST]
    assert (groups["joint_low"] <= groups["conf_low"] + 1e-12).all()


def test_rearranged_groups_are_in_order(found):
    for _, part in found.gates[found.gates["group"] != CONTRAST].groupby("term"):
        assert (np.diff(part["estimate_sorted"]) >= 0).all()
        assert sorted(part["estimate"]) == pytest.approx(part["estimate_sorted"].tolist())


def test_known_heterogeneity_is_found(found, hetero, economy400):
    own = found.tidy().query("term == 'own_total'").set_index("group")
    assert own.loc[CONTRAST, "p_value"] < 0.001
    loading = found.blp.query("term == 'own_total' and coefficient == 'loading'").iloc[0]
    assert loading["conf_low"] < 1 < loading["conf_high"]
    assert loading["p_value"] < 0.001
    truth = economy400[1].per_firm["own_total"]
    average = found.blp.query("term == 'own_total' and coefficient == 'average'").iloc[0]
    assert average["conf_low"] < truth.mean() < average["conf_high"]
    traits = found.clan.query("term == 'own_total'").set_index("trait")
    assert traits.loc["size", "conf_low"] > 1
    assert {"region = north", "region = south", "region = west"} <= set(traits.index)
    assert (traits["p_holm"] >= traits["p_value"]).all()


def test_shares_count_significant_groups(found):
    own = found.shares.set_index("term").loc["own_total"]
    groups = found.gates.query("term == 'own_total' and group != @CONTRAST")
    assert own["share_positive"] == pytest.approx((groups["joint_low"] > 0).mean())
    assert own["share_negative"] == 0
    assert own["p_any_negative"] == 1
    assert own["share_positive"] + own["share_unclear"] == pytest.approx(1)
    assert own["p_equal"] < 0.001
    assert own["p_any_positive"] < 0.001


def test_negative_groups_are_counted(economy400):
    df = economy400[0].copy()
    df["green_patents"] -= 1.3 * df["ai"]
    shares = explain(df, ["size", "urban"], trees=20).sorted_groups(4, 3, "own_total").shares
    assert shares["share_negative"][0] >= 0.25
    assert shares["p_any_negative"][0] < 0.01


def test_the_seed_decides(hetero):
    a, b = (hetero.sorted_groups(2, 2, "own_total").gates for _ in range(2))
    pd.testing.assert_frame_equal(a, b)
    other = Explanation(hetero.surface, seed=99).sorted_groups(2, 2, "own_total").gates
    assert not np.isclose(a["estimate"], other["estimate"]).all()


def test_progress_is_shown_where_asked(economy400, capfd):
    quiet = explain(economy400[0], ["size"], trees=20)
    quiet.sorted_groups(2, 2, "own_total")
    assert "random halves" not in capfd.readouterr().err
    loud = replace(quiet.surface, settings=replace(quiet.surface.settings, progress=True))
    Explanation(loud).sorted_groups(2, 2, "own_total")
    assert "random halves" in capfd.readouterr().err


def test_equal_predictions_are_no_evidence(hetero, monkeypatch):
    from causalgreen.explain import sorted_splits

    def flat(surface, seed):
        half = random_halves(surface, seed)
        s = half.test_scores
        return replace(half, test_scores=replace(s, prediction=np.full_like(s.prediction, 0.5)))

    monkeypatch.setattr(sorted_splits, "random_halves", flat)
    out = hetero.sorted_groups(3, 2, "own_total")
    loading = out.blp.set_index("coefficient").loc["loading"]
    assert loading["p_value"] == 1
    assert np.isinf(loading["conf_high"])
    assert "-" in str(out)


def test_too_few_clusters_and_odd_settings_are_refused(hetero):
    with pytest.raises(cg.DesignError, match="n=1: give a whole number, 2 or more"):
        hetero.sorted_groups(1)
    with pytest.raises(cg.DesignError, match="repeats=0"):
        hetero.sorted_groups(repeats=0)
    with pytest.raises(cg.EstimationError, match=r"group \d+ of 60 .* fewer groups"):
        hetero.sorted_groups(60, 1, "own_total")
    for share in (0, 0.7, "a", True):
        with pytest.raises(cg.DesignError, match=r"share=.*\(0, 0.5\]"):
            hetero.profile(share=share)
    with pytest.raises(cg.EstimationError, match=r"(most|least) affected firms are"):
        hetero.profile(share=0.008)
    with pytest.raises(cg.DesignError, match="there is no path 'x'"):
        hetero.sorted_groups(terms="x")


def test_profile_is_the_difference_of_means(hetero):
    result = hetero.profile()
    table = result.tidy().set_index("trait")
    scores, firms = hetero.scores, result.firms
    predicted = scores.prediction[:, scores.terms.index("own_total")]
    assert (firms["group"] == "most").sum() == (firms["group"] == "least").sum() == 80
    top = scores.traits.index[np.argsort(-predicted, kind="stable")[:80]]
    assert set(top) == set(firms.loc[firms["group"] == "most", "firm"])
    size = firms.groupby("group")["size"].mean()
    assert table.loc["size", "most"] == pytest.approx(size["most"])
    assert table.loc["size", "estimate"] == pytest.approx(size["most"] - size["least"])
    west = (firms["region"] == "west").groupby(firms["group"]).mean()
    assert table.loc["region = west", "least"] == pytest.approx(west["least"])
    assert table.loc["size", "standardised"] == pytest.approx(
        table.loc["size", "estimate"] / scores.traits["size"].std(ddof=0)
    )
    assert (np.diff(firms["estimate"]) <= 0).all()


def test_profile_inference_is_that_of_clustered_least_squares(hetero, sandwich):
    scores, table = hetero.scores, hetero.profile().tidy().set_index("trait")
    firms = hetero.profile().firms.set_index("firm")["group"]
    group = firms.reindex(scores.traits.index).fillna("")
    X = np.column_stack([group == g for g in ("least", "", "most")]).astype(float)
    assert scores.n_clusters == 100
    b, _ = ols(scores.traits["size"].to_numpy(), X, scores.home, np.ones(scores.n))
    sm = pytest.importorskip("statsmodels.api")
    fit = sm.OLS(scores.traits["size"].to_numpy(), X).fit(
        cov_type="cluster", cov_kwds={"groups": scores.home}, use_t=True
    )
    test = fit.t_test(np.array([[-1.0, 0.0, 1.0]]))
    row = table.loc["size"]
    assert row["estimate"] == pytest.approx(b[2] - b[0])
    # CR1 counts rows of the panel, statsmodels firms: (n - 1) / (n - 3) differs by 0.4 %.
    assert row["std_error"] == pytest.approx(float(test.sd.item()), rel=0.005)


def test_gaps_and_constants_in_traits():
    df, _ = cg.simulate_panel(200, 4, seed=1, n_cities=60)
    df["same"] = 1.0
    df.loc[df["firm"].isin(df["firm"].unique()[::7]), "size"] = np.nan
    hetero = explain(df, ["size", "urban", "same"])
    result = hetero.profile()
    table = result.tidy().set_index("trait")
    assert list(table.index) == ["size", "size missing", "urban"]
    assert any("the same for all firms: same" in note for note in result.notes)
    firms = result.firms
    means = firms.groupby("group")["size"].mean()
    assert table.loc["size", "most"] == pytest.approx(means["most"])
    assert table.loc["size", "n_firms"] == firms["size"].notna().sum()
    assert table.loc["size missing", "n_firms"] == len(firms)


def test_groups_that_a_trait_splits_completely(hetero):
    size = hetero.scores.traits["size"].to_numpy()
    big = np.where(size > np.median(size), 2, 0)
    traits = hetero.scores.traits.assign(big=(big == 2).astype(float))
    table, _ = clan(replace(hetero.scores, traits=traits), TraitCode.learn(traits), big)
    row = table.set_index("trait").loc["big"]
    assert row["estimate"] == 1
    assert row["p_value"] == 0
    # Nothing varies within the groups: the error is zero but for rounding.
    assert row["statistic"] > 1e8


def test_trait_values_keep_gaps_and_levels():
    frame = pd.DataFrame({"a": [1.0, np.nan], "b": ["x", None]}, index=["f", "g"])
    code = TraitCode.learn(frame)
    names, values = trait_values(frame, code)
    assert names == ["a", "a missing", "b = x", "b missing"]
    np.testing.assert_array_equal(values, [[1, 0, 1, 0], [np.nan, 1, 0, 1]])


def test_words_and_pictures(hetero, found):
    import matplotlib.pyplot as plt

    text = str(found)
    assert "5 random halves" in text
    assert "share_negative" in text
    assert "5 splits" in text
    assert "<table" in found._repr_html_()
    figure = found.plot()
    assert "larger predicted effects" in figure.get_suptitle()
    assert len([ax for ax in figure.axes if ax.get_visible()]) == 2
    with pytest.raises(cg.DesignError, match="no path 'direct' in this result"):
        found.plot("direct")
    result = hetero.profile()
    told = str(result)
    assert "sorted_groups().clan" in told
    assert "out of bag" in told
    assert "<table" in result._repr_html_()
    ax = result.plot()
    drawn = sorted(line.get_xdata()[1] for line in ax.lines if len(line.get_xdata()) == 2)
    table = result.tidy()
    assert set(np.round(table["conf_high"] / table["spread"], 9)) <= set(np.round(drawn, 9))
    labels = [tick.get_text() for tick in ax.get_yticklabels()]
    assert labels[-1] == "size"
    assert "standard deviations" in ax.get_xlabel()
    plt.close("all")


def test_panel_titles_fit_into_the_picture(found):
    figure = found.plot()
    figure.canvas.draw()
    for ax in figure.axes:
        title = ax.get_title(loc="left")
        assert title == "" or "\nmost less least" in title
        assert ax._left_title.get_window_extent().x1 <= figure.bbox.x1


def test_too_few_clusters_to_learn_from_part_are_said_with_what_still_works():
    df, _ = cg.simulate_panel(160, 5, seed=1, n_cities=40)
    study = make_study(df, traits=["size", "urban"], n_jobs=1, progress=False)
    surface = study.surface(cg.linear_surface())
    with pytest.raises(cg.EstimationError, match=r"the first 40 % of the clusters.*groups\(\)"):
        _ = study.explain(surface).held_out
