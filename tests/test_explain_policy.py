"""Policies: rules by brute force, values by their formulas, and a case whose best rule is known."""

from __future__ import annotations

from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from explain_fakes import fake_explanation, fake_scores
from scipy.stats import norm

import causalgreen as cg
from causalgreen.explain.policy import policy
from causalgreen.explain.policy_value import BEST, RANDOM, judge
from causalgreen.explain.policy_words import Wording
from causalgreen.panel.traits import TraitCode
from causalgreen.surface.policy_tree import learn_rule, learn_within


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def _economy(seed, effect, n=1200, n_clusters=120, **kind):
    """Scores of all firms, and steps as `held_out.sequence` makes them."""
    rng = np.random.default_rng(seed)
    home = np.sort(rng.integers(0, n_clusters, n))
    traits = pd.DataFrame(
        {
            "size": rng.normal(20, 2, n),
            "region": np.array(["east", "north", "west"], dtype=object)[rng.integers(0, 3, n)],
            "age": rng.integers(1, 30, n).astype(float),
        }
    )
    whole = fake_scores(traits, effect(traits), home, rng, **kind)
    part = np.searchsorted([0.4, 0.55, 0.7, 0.85], whole.home / n_clusters, side="right")
    steps = tuple(
        SimpleNamespace(train_scores=whole.keep(part < k), test_scores=whole.keep(part == k))
        for k in range(1, 5)
    )
    return fake_explanation(whole, steps)


def _known(traits):
    """Worth treating: large firms of the west."""
    big, west = (traits["size"] > 20).to_numpy(), (traits["region"] == "west").to_numpy()
    return np.where(big & west, 1.5, -0.5)


def test_one_split_is_the_best_of_all():
    rng = np.random.default_rng(0)
    X, w = rng.normal(size=(200, 3)), rng.uniform(0.2, 3, 200)
    reward = (X[:, 1] > 0.4) - 0.5 + rng.normal(size=200)
    rule = learn_rule(X, reward, w, 1, 10)
    best = -np.inf
    for j in range(3):
        for cut in np.sort(X[:, j])[9:190]:
            low = X[:, j] <= cut
            value = max(0, w[low] @ reward[low]) + max(0, w[~low] @ reward[~low])
            best = max(best, value)
    assert w @ (rule(X) * reward) == pytest.approx(best)


def test_leaves_that_agree_are_joined_and_small_samples_stay_whole():
    X = np.random.default_rng(1).normal(size=(100, 2))
    rule = learn_rule(X, np.ones(100), np.ones(100), 3, 10)
    assert len(rule.column) == 1
    assert rule(X).all()
    assert not learn_rule(X[:5], -np.ones(5), np.ones(5), 2, 10)(X).any()


def test_budget_is_the_knapsack_of_the_leaves():
    rng = np.random.default_rng(2)
    X, w = rng.normal(size=(400, 2)), rng.uniform(0.5, 2, 400)
    reward = 1 + X[:, 0] + 0.2 * rng.normal(size=400)
    for budget in (0.05, 0.2, 0.5):
        rule = learn_within(X, reward, w, 2, 20, budget)
        chosen, share = rule(X), w / w.sum()
        assert share @ chosen == pytest.approx(budget)
        assert share @ (chosen * reward) > 1.3 * budget * (share @ reward)
    free = learn_within(X, reward, w, 2, 20, 0.999)
    np.testing.assert_array_equal(free(X), learn_rule(X, reward, w, 2, 20)(X))
    assert not learn_within(X, -np.ones(400), w, 2, 20, 0.5)(X).any()


def test_values_are_weighted_means_and_their_clustered_errors():
    explanation = _economy(3, _known, weight=np.random.default_rng(9).uniform(0.3, 3, 1200))
    scores = explanation.scores
    pi = np.random.default_rng(4).uniform(size=scores.n)
    found = judge(scores, "own_total", 0.2, pi, None).values
    b = dict(zip([t.removesuffix(": value") for t in found.terms], found.estimate, strict=True))
    w, gain = scores.share, scores.value[:, 0] - 0.2
    assert b["tree"] == pytest.approx(sum(w * pi * gain))
    assert b["all"] == pytest.approx(sum(w * gain))
    assert b["none"] == 0
    s = w @ pi
    assert b[RANDOM] == pytest.approx(s * sum(w * gain))
    assert b[f"tree minus {RANDOM}"] == pytest.approx(b["tree"] - b[RANDOM])
    assert b["tree minus all"] == pytest.approx(b["tree"] - b["all"])

    def tree_minus_random(keep):
        v = w[keep] / w[keep].sum()
        return v @ (pi[keep] * gain[keep]) - (v @ pi[keep]) * (v @ gain[keep])

    # The random share is estimated as well: compare with leaving clusters out.
    out = np.array([tree_minus_random(scores.home != g) for g in range(scores.n_clusters)])
    jack = np.sqrt((scores.n_clusters - 1) * out.var())
    place = found.terms.index(f"tree minus {RANDOM}: value")
    assert found.std_error[place] == pytest.approx(jack, rel=0.02)


def test_known_best_policy_is_found_and_valued():
    explanation = _economy(5, _known)
    found = policy(explanation, 0.0, None, "own_total", 2, None)
    treated = found.rules[found.rules["treat"] == 1]
    assert len(treated) == 1
    assert "region is west" in treated["rule"].iloc[0]
    cut = float(treated["rule"].iloc[0].split("size > ")[1].split()[0])
    assert cut == pytest.approx(20, abs=0.5)
    best = np.maximum(_known(explanation.scores.traits), 0).mean()
    row = found.tidy().iloc[0]
    assert row["conf_low"] < best < row["conf_high"] + 0.03
    assert found.context_matters
    assert "Context matters" in str(found)
    new = explanation.scores.traits.iloc[:50]
    assert (found.assign(new) == (_known(new) > 0)).mean() > 0.85


def test_steps_add_up():
    explanation = _economy(6, _known)
    found = policy(explanation, 0.1, None, "own_total", 2, ["size", "region"])
    table, steps = found.tidy().set_index("group"), found.steps
    assert table.loc["tree", "estimate"] == pytest.approx(steps["value"].mean())
    assert table.loc["tree", "share"] == pytest.approx(steps["share"].mean())
    assert table.loc["tree", "n_firms"] == steps["n_judged"].sum()
    means = [(s.test_scores.share @ s.test_scores.value[:, 0]) - 0.1 for s in explanation.held_out]
    assert table.loc["all", "estimate"] == pytest.approx(np.mean(means))
    tests = found.tests.set_index("comparison")
    rivals = tests.loc[["tree minus all", "tree minus none"]]
    assert tests.loc[BEST, "p_value"] == rivals["p_value"].max()
    assert tests.loc[BEST, "estimate"] == rivals["estimate"].min()
    np.testing.assert_allclose(tests["p_value"], norm.sf(tests["statistic"]))
    assert not found.rules["rule"].str.contains("age").any()


def test_context_that_does_not_matter_is_said():
    wrong = 0
    for seed in range(30):
        explanation = _economy(100 + seed, lambda t: np.full(len(t), 0.05), n=600, n_clusters=60)
        found = policy(explanation, 0.05, None, "own_total", 2, None)
        wrong += found.context_matters
    assert wrong <= 4
    treat_all = policy(_economy(7, lambda t: np.full(len(t), 2.0)), 0.0, None, "own_total", 2, None)
    assert treat_all.tests["p_value"][0] == 1.0
    assert "No evidence that context matters" in str(treat_all)
    assert list(treat_all.rules["rule"]) == ["every firm"]
    title = treat_all.plot().get_suptitle()
    assert "No evidence that context matters" in title


def test_budget_is_kept_and_reported():
    explanation = _economy(8, lambda t: 1 + (t["size"].to_numpy() - 20) / 2)
    found = policy(explanation, 0.0, 0.25, "own_total", 2, None)
    assert (found.rules["treat"] @ found.rules["share"]) == pytest.approx(0.25, abs=1e-9)
    assert "budget 25 % of firms" in str(found)
    comparisons = list(found.tests["comparison"])
    assert comparisons[1:3] == ["tree minus random at the budget", "tree minus none"]
    assert found.context_matters
    found.plot()


def test_rules_name_categories_gaps_and_numbers():
    frame = pd.DataFrame(
        {
            "size": [1.25, np.nan, 3.5, 4.0],
            "region": ["east", "west", "east", None],
            "urban": [0.0, 1.0, 1.0, 0.0],
            "age": [1.0, 12.0, 30.0, 4.0],
        }
    )
    code = TraitCode.learn(frame)
    X = code.encode(frame)
    words = Wording.of(code, range(X.shape[1]), X)
    assert code.columns[:3] == ("size", "size missing", "region = east")
    assert words.conditions([(0, 2.345678, True)]) == "size ≤ 2.346"
    assert words.conditions([(1, 0.5, True), (0, 2.0, False)]) == "size is known and size > 2"
    assert words.conditions([(2, 0.5, True), (3, 0.5, False)]) == (
        "region is not east and region is west"
    )
    assert words.conditions([(4, 0.5, False)]) == "urban = 1"
    assert words.conditions([(5, 20.5, True), (5, 3.5, False)]) == "3 < age ≤ 20"
    assert words.conditions([]) == "every firm"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"cost": np.nan}, "cost=nan: give a number"),
        ({"budget": 1.5}, r"budget=1.5: give the largest share .* in \(0, 1\]"),
        ({"depth": 9}, "depth=9: give a whole number from 1 to 4"),
        ({"traits": ["siz"]}, "there is no trait 'siz'; did you mean 'size'"),
        ({"traits": []}, "name at least one trait"),
    ],
)
def test_bad_settings_are_refused(settings, told):
    base = {"cost": 0.0, "budget": None, "term": "own_total", "depth": 2, "traits": None}
    with pytest.raises(cg.DesignError, match=told):
        policy(_economy(9, _known, n=300, n_clusters=40), **(base | settings))


def test_html_has_all_tables():
    found = policy(_economy(10, _known), 0.0, None, "own_total", 2, None)
    assert found._repr_html_().count("<table") == 3
    figure = found.plot()
    assert [t.get_text() for t in figure.axes[0].texts if "treat" in t.get_text()]


@pytest.mark.slow
def test_interval_of_the_value_covers():
    """Value of the trees that were learnt, by the known effects of many new firms."""
    hits = []
    for seed in range(150):
        explanation = _economy(200 + seed, _known, n=800, n_clusters=80)
        found = policy(explanation, 0.0, None, "own_total", 2, None)
        fresh = _economy(10_000 + seed, _known, n=8000, n_clusters=80).scores
        values = []
        for step in explanation.held_out:
            train = step.train_scores
            reward, least = train.value[:, 0], int(np.ceil(0.05 * train.n))
            rule = learn_rule(train.X, reward, train.share, 2, max(least, 10))
            values.append((rule(fresh.X) * fresh.prediction[:, 0]).mean())
        row = found.tidy().iloc[0]
        hits.append(row["conf_low"] <= np.mean(values) <= row["conf_high"])
    assert 0.90 <= np.mean(hits) <= 0.99


def test_a_tree_that_treats_everyone_is_said_to_compare_nothing():
    found = policy(
        _economy(5, lambda traits: np.full(len(traits), 3.0)), 0.0, None, "own_total", 2, None
    )
    assert (found.steps["share"] == 1).all()
    text = " ".join(str(found).split())
    assert "the tree treats everyone: nothing to compare" in text
    assert BEST not in text
    assert "statistic adds up the steps' normal scores" in text
    assert "nothing to compare" in found.plot().get_suptitle()
    assert "<0.0001" in text
