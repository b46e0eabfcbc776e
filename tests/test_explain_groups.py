"""Groups of firms: averages, tests between groups, families, pictures."""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

import causalgreen as cg
from causalgreen.explain.family import Hypothesis, adjust, family, joint_test
from causalgreen.explain.groups import groups
from causalgreen.explain.regress import regress
from causalgreen.surface.forest import forest
from tests.conftest import make_study
from tests.explain_stubs import clustered, cr1_ratio, explanation, overlapping


def numbers(n=600, n_clusters=120, k=2, slope=0.0, seed=0):
    rng = np.random.default_rng(seed)
    noise, clusters = clustered(n, n_clusters, k, rng)
    size = rng.normal(size=n)
    frame = pd.DataFrame({"size": size}, index=[f"f{i}" for i in range(n)])
    return explanation(frame, noise + slope * size[:, None], clusters), clusters


def levels(names, n, n_clusters, k=1, seed=0, share=0.5):
    rng = np.random.default_rng(seed)
    noise, clusters = clustered(n, n_clusters, k, rng, share)
    place = rng.integers(0, len(names), n)
    frame = pd.DataFrame({"industry": pd.Categorical([names[i] for i in place])})
    return explanation(frame, noise, clusters), place


def test_averages_errors_and_equality_are_those_of_clustered_least_squares(sandwich):
    made, clusters = numbers(slope=0.2)
    result = groups(made, "size", 4, made.scores.terms)
    codes = pd.qcut(made.scores.traits["size"], 4, labels=False).to_numpy()
    D = (codes[:, None] == np.arange(4)).astype(float)
    gap = np.column_stack([-np.ones(3), np.eye(3)])
    for j, name in enumerate(result.terms):
        fit = sm.OLS(made.scores.value[:, j], D).fit(
            cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True
        )
        mine = result.tidy().query(f"term == '{name}'")
        assert mine["estimate"].to_numpy() == pytest.approx(fit.params, abs=1e-12)
        ratio = cr1_ratio(made, 600, 4)
        assert mine["std_error"].to_numpy() == pytest.approx(np.sqrt(ratio) * fit.bse, rel=1e-10)
        test = result.tests.query(f"term == '{name}' and test == 'equality'").iloc[0]
        plain = float(np.squeeze(fit.f_test(gap).fvalue)) / ratio
        assert test["statistic"] == pytest.approx(plain * (119 - 3 + 1) / 119, rel=1e-9)
        assert test["p_value"] == pytest.approx(stats.f.sf(test["statistic"], 3, 117), rel=1e-9)


def test_trend_and_extremes_are_contrasts_of_the_averages():
    made, _ = numbers(slope=0.3)
    result = groups(made, "size", 5, ["own_total"])
    mean = result.tidy()["estimate"].to_numpy()
    tests = result.tests.set_index("test")
    slope = np.polyfit(np.arange(5), mean, 1)[0]
    assert tests.loc["trend", "estimate"] == pytest.approx(slope)
    assert tests.loc["extremes", "estimate"] == pytest.approx(mean[-1] - mean[0])
    assert tests.loc["trend", "p_value"] < 1e-3


def test_trend_does_not_depend_on_the_scale_of_the_trait():
    made, clusters = numbers(slope=0.3)
    bent = explanation(np.exp(3 * made.scores.traits), made.scores.value, clusters)
    a, b = (groups(x, "size", 5, ["own_total"]).tests for x in (made, bent))
    assert a.drop(columns="what").iloc[1].equals(b.drop(columns="what").iloc[1])


def test_joint_intervals_are_wider_and_cover_all_groups_of_a_path():
    made, _ = numbers()
    result = groups(made, "size", 5, made.scores.terms)
    joint, single = result.tidy(), result.tidy(simultaneous=False)
    wide, narrow = (t["conf_high"] - t["conf_low"] for t in (joint, single))
    assert (wide > 1.1 * narrow).all()
    # Five nearly independent averages: the Sidak quantile.
    sidak = stats.norm.ppf((1 + 0.95 ** (1 / 5)) / 2)
    ratio = ((joint["conf_high"] - joint["estimate"]) / joint["std_error"]).to_numpy()
    assert ratio == pytest.approx(np.full(10, sidak), rel=0.06)


def test_difference_from_the_mean_is_the_effect_coding_of_a_regression(sandwich):
    made, clusters = numbers(slope=0.2, k=1)
    result = groups(made, "size", 3, ["own_total"])
    table = result.tidy()
    assert table["versus_mean"].to_numpy() @ result.share == pytest.approx(0, abs=1e-12)
    codes = pd.qcut(made.scores.traits["size"], 3, labels=False).to_numpy()
    D = (codes[:, None] == np.arange(3)).astype(float)
    fit = sm.OLS(made.scores.value[:, 0], D).fit(cov_type="cluster", cov_kwds={"groups": clusters})
    weights = np.eye(3)[0] - result.share
    error = np.sqrt(cr1_ratio(made, 600, 3) * weights @ fit.cov_params() @ weights)
    t = (weights @ fit.params) / error
    assert table["p_versus_mean"][0] == pytest.approx(2 * stats.t.sf(abs(t), 119), rel=1e-8)
    assert (table["p_versus_mean_adjusted"] >= table["p_versus_mean"]).all()


def test_largest_gap_of_a_category_has_the_p_value_of_tukey():
    found = []
    for seed in range(3):
        made, place = levels(["a", "b", "c", "d"], 500, 500, seed=seed, share=0.0)
        row = groups(made, "industry", 5, ["own_total"]).tests.set_index("test").loc["extremes"]
        value = [made.scores.value[place == j, 0] for j in range(4)]
        mean = [v.mean() for v in value]
        high, low = int(np.argmax(mean)), int(np.argmin(mean))
        assert row["what"] == f"{'abcd'[high]} minus {'abcd'[low]}"
        assert row["estimate"] == pytest.approx(mean[high] - mean[low])
        tukey = stats.tukey_hsd(*value)
        found.append(row["p_value"] - tukey.pvalue[high, low])
        width = tukey.confidence_interval().high[high, low] - row["estimate"]
        assert row["conf_high"] - row["estimate"] == pytest.approx(width, rel=0.06)
    assert np.abs(found).max() < 0.03


def test_hotelling_holds_the_level_with_many_groups_and_few_clusters():
    plain = corrected = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        noise, clusters = clustered(400, 40, 1, rng)
        codes = np.arange(400) // 40
        made = explanation(pd.DataFrame({"size": codes.astype(float)}), noise, clusters)
        D = (codes[:, None] == np.arange(10)).astype(float)
        effects = regress(made.scores, D, [str(j) for j in range(10)]).with_covariance("CR1")
        first = effects.terms[0]
        gaps = effects.contrast({t: {t: 1, first: -1} for t in effects.terms[1:]})
        plain += gaps.wald()["p_value"] < 0.05
        corrected += joint_test(gaps)["p_value"] < 0.05
    assert plain / 300 > 0.09
    assert 0.015 < corrected / 300 < 0.085


def test_two_groups_ask_one_question():
    made, _ = levels(["east", "west"], 400, 50)
    result = groups(made, "industry", 5, ["own_total"])
    assert list(result.tests["test"]) == ["extremes"]
    row = result.tests.iloc[0]
    assert row["what"] == "west minus east"
    assert row["p_value"] == row["p_holm"]


def test_a_family_costs_more_when_it_is_larger_and_nothing_for_copies():
    made, _ = numbers(slope=0.06, k=2)
    one, two = (groups(made, "size", n, ["own_total"]) for n in (3, 6))
    assert len(family(one, two).tidy()) == 6
    assert len(family(one, one).tidy()) == 3
    wider = family(one, two).tidy()["p_romano_wolf"][:3]
    assert (wider >= one.tests["p_romano_wolf"] - 0.01).all()
    assert wider.sum() > one.tests["p_romano_wolf"].sum()
    h = one.hypotheses[2]
    copies = [Hypothesis(h.source, h.term, f"copy {i}", h.effects, h.places, h.n_places, h.p_value)
              for i in range(8)]  # fmt: skip
    table = adjust(copies).table
    assert table["p_holm"].iloc[0] == pytest.approx(min(1, 8 * h.p_value))
    assert table["p_romano_wolf"].iloc[0] == pytest.approx(h.p_value, abs=0.02)


def test_adjusted_p_values_hold_the_family_error():
    false = 0
    for seed in range(40):
        made, _ = numbers(300, 60, 3, seed=seed)
        false += groups(made, "size", 4, made.scores.terms).tests["p_romano_wolf"].min() < 0.05
    assert false <= 6  # 2 expected; more has a chance of half a percent


def test_families_join_groups_with_missing_firms_and_refuse_other_panels():
    made, clusters = numbers()
    frame = made.scores.traits.assign(age=made.scores.traits["size"] ** 2)
    frame.loc[frame.index[clusters < 20], "age"] = np.nan
    both = explanation(frame, made.scores.value, clusters)
    a, b = (groups(both, trait, 3, ["own_total"]) for trait in ("size", "age"))
    assert any("have no age" in note for note in b.notes)
    assert "have no age" in str(b)
    assert sum(b.n_firms) == int((clusters >= 20).sum())
    table = family(a, b).tidy()
    assert list(table["source"]) == ["size"] * 3 + ["age"] * 3
    other, _ = numbers(300, 60)
    with pytest.raises(cg.DesignError, match=r"different clusters \(60, 120.*one study.explain"):
        family(a, groups(other, "size", 3, ["own_total"]))
    with pytest.raises(cg.DesignError, match="nothing to adjust"):
        family()
    with pytest.raises(cg.DesignError, match=r"family\(str\).*groups\(\)"):
        family("size")


def test_percent_of_the_groups_own_mean_is_a_ratio_with_its_jackknife():
    made, clusters = numbers(300, 60, 2, slope=0.2)
    result = groups(made, "size", 3, made.scores.terms).percent_of_mean()
    c, v = made.scores.context, made.scores.value
    codes = pd.qcut(made.scores.traits["size"], 3, labels=False).to_numpy()

    def ratios(keep):
        out = []
        for j in range(2):
            for g in range(3):
                who = keep & (codes == g)
                out.append(
                    100 * v[who, j].mean() / c.cell_outcome[who].sum() * c.cell_weight[who].sum()
                )
        return np.array(out)

    whole = ratios(np.ones(300, dtype=bool))
    left = np.array([ratios(clusters != k) for k in range(60)]) - whole
    table = result.tidy()
    assert table["estimate"].to_numpy() == pytest.approx(whole, rel=1e-10)
    error = np.sqrt(59 / 60 * (left**2).sum(axis=0))
    assert table["std_error"].to_numpy() == pytest.approx(error, rel=1e-9)
    sandwich = result.effects.with_covariance("CR1").std_error
    assert sandwich == pytest.approx(error, rel=0.1)
    assert "% of the mean of patents in the group" in " ".join(str(result).split())
    last = table["estimate"][2] - table["estimate"][0]
    assert result.tests["estimate"][2] == pytest.approx(last)
    overall = groups(made, "size", 3, ["own_total"]).percent_of_mean(own=False)
    assert overall.tidy()["estimate"].to_numpy() == pytest.approx(
        100 * groups(made, "size", 3, ["own_total"]).effects.estimate / c.mean_outcome
    )


def test_small_levels_are_merged_and_named_everywhere():
    rng = np.random.default_rng(0)
    noise, clusters = clustered(300, 60, 1, rng)
    industry = np.where(np.arange(300) < 150, "steel", "paper").astype(object)
    industry[:3], industry[3:6] = "toys", "boats"
    result = groups(explanation(pd.DataFrame({"industry": industry}), noise, clusters),
                    "industry", 5, ["own_total"])  # fmt: skip
    assert result.labels == ("paper", "steel", "other")
    assert "boats, toys" in result.notes[0]
    assert result.notes[0][:30] in str(result)
    assert "merged as other" in result._repr_html_()


def test_more_groups_than_clusters_cannot_be_tested_for_equality():
    rng = np.random.default_rng(1)
    noise, clusters = clustered(300, 10, 1, rng)
    frame = pd.DataFrame({"size": np.arange(300.0)})
    table = groups(explanation(frame, noise, clusters), "size", 12, ["own_total"])
    assert np.isnan(table.tests["p_value"][0])
    assert np.isfinite(table.tests["p_romano_wolf"][1:]).all()
    assert "too few clusters to test equality" in table.plot().axes[0].get_title(loc="left")
    plt.close("all")


def test_unknown_trait_and_level_say_what_to_do():
    made, _ = numbers()
    with pytest.raises(cg.DesignError, match=r"no trait 'sise'; did you mean 'size'"):
        groups(made, "sise", 5, ["own_total"])
    with pytest.raises(cg.DesignError, match="coverage lies between 0 and 1"):
        groups(made, "size", 5, ["own_total"]).tidy(level=95)


@pytest.mark.parametrize("n", [3, 30])
def test_labels_do_not_overlap(n):
    made, _ = numbers(1200, 300, 3)
    figure = groups(made, "size", n, made.scores.terms).plot()
    figure.canvas.draw()
    assert not overlapping(figure.axes[0].get_yticklabels())
    for ax in figure.axes:
        assert not overlapping(ax.get_xticklabels())
    title = figure.get_suptitle()
    assert title.startswith("Does the effect of ai on patents differ by size?\n1,200 firms, 300")
    titles = [ax._left_title for ax in figure.axes]
    assert not overlapping(titles)
    plt.close(figure)


def test_long_names_of_many_categories_do_not_overlap():
    names = [f"manufacture of very special machinery no {i}" for i in range(30)]
    made, _ = levels(names, 3000, 300)
    figure = groups(made, "industry", 5, ["own_total"]).plot()
    figure.canvas.draw()
    labels = figure.axes[0].get_yticklabels()
    assert not overlapping(labels)
    assert max(text.get_window_extent().x1 for text in labels) < figure.bbox.width / 2
    assert min(text.get_window_extent().x0 for text in labels) >= 0
    plt.close(figure)


@pytest.fixture(scope="module")
def study_groups():
    df, truth = cg.simulate_panel(300, 6, seed=5, n_cities=60)
    study = make_study(df, traits=["size", "urban"], n_jobs=1, progress=False)
    return study.explain(study.surface(forest(40))).groups("size", 3), truth


def test_groups_of_a_study_are_near_the_truth(study_groups):
    result, truth = study_groups
    assert "own_total" in result.terms
    table = result.tidy().query("term == 'own_total'").reset_index()
    firms = truth.per_firm["own_total"]
    assert table["n_firms"].sum() == len(firms)
    assert (table["conf_low"] < firms.max()).all()
    assert np.isfinite(result.tidy().drop(columns=["term", "group"]).to_numpy(float)).all()
    assert table["estimate"].mean() == pytest.approx(firms.mean(), abs=0.2)
    text = str(result)
    for words in ("estimand:", "population:", "300", "May not be concluded"):
        assert words in text


@pytest.mark.slow
def test_groups_cover_and_equality_holds_its_level():
    """Coverage of joint intervals, and rejections of equality, from made-up clustered scores."""
    cover = reject = 0
    for seed in range(500):
        made, _ = numbers(300, 40, 1, seed=seed)
        result = groups(made, "size", 5, ["own_total"])
        table = result.tidy()
        cover += bool(((table["conf_low"] < 0) & (table["conf_high"] > 0)).all())
        reject += result.tests["p_value"][0] < 0.05
    assert 0.925 < cover / 500 < 0.98
    assert 0.025 < reject / 500 < 0.075


def test_a_group_has_the_degrees_of_freedom_of_its_own_clusters():
    from scipy.stats import t

    from causalgreen.explain.group_tests import own_freedom

    table = pd.DataFrame(
        {
            "estimate": [1.0, 1.0], "std_error": [0.5, 0.5], "statistic": [2.0, 2.0],
            "p_value": [0.0, 0.0], "conf_low": [0.0, 0.0],
            "conf_high": 1 + 0.5 * t.ppf(0.975, 89) * np.ones(2),
        }
    )  # fmt: skip
    own = own_freedom(table, 89, np.array([5, 200]))
    assert own["conf_high"][0] == pytest.approx(1 + 0.5 * t.ppf(0.975, 4))
    assert own["p_value"][0] == pytest.approx(2 * t.sf(2.0, 4))
    assert own["conf_high"][1] == pytest.approx(table["conf_high"][1])
