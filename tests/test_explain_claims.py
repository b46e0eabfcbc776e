"""Claims: right verdicts where the truth is known, refusals where the data cannot answer."""

from __future__ import annotations

import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from conftest import make_study

import causalgreen as cg
from causalgreen.explain.multiple import holm, romano_wolf
from causalgreen.explain.regress import regress
from causalgreen.graph.questions import QUESTIONS, Question


def explain(df, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cg.CausalGreenWarning)
        study = make_study(df, n_jobs=1, progress=False, **kwargs)
        return study.explain(study.surface(cg.linear_surface()))


@pytest.fixture(scope="module")
def economy():
    return cg.simulate_panel(500, 6, seed=2, n_cities=100, n_industries=8)


@pytest.fixture(scope="module")
def hetero(economy):
    return explain(economy[0], traits=["size", "urban", "clean_industry"])


def test_verdicts_agree_with_the_truth_where_effects_are_large(hetero, economy):
    table = hetero.claims().tidy().set_index(["question", "term"])
    firms = economy[0].groupby("firm").first()
    truth = economy[1].per_firm
    size = firms["size"]
    big = truth[size >= size.quantile(0.8)].mean() - truth[size <= size.quantile(0.2)].mean()
    for term in ("direct", "restructuring", "own_total"):
        row = table.loc[("larger versus smaller", term)]
        assert row["verdict"] == "supported"
        assert abs(row["estimate"] - big[term]) < 4 * row["std_error"]
        assert row["n_high"] == row["n_low"] == 100
        assert row["p_adjusted"] >= row["p_value"]
    assert table.loc[("urban versus rural", "restructuring"), "verdict"] == "cannot tell"


def test_a_difference_is_that_of_the_group_averages(hetero):
    row = hetero.claims(terms="own_total").tidy().set_index("question").loc["urban versus rural"]
    scores = hetero.scores
    urban = scores.traits["urban"].to_numpy() == 1
    value = scores.value[:, scores.terms.index("own_total")]
    assert abs(row["estimate"] - (value[urban].mean() - value[~urban].mean())) < 1e-10
    R = np.column_stack([~urban, urban]).astype(float)
    both = regress(scores, R, ["low", "high"], ["own_total"])
    one = both.contrast({"d": {"own_total: high": 1, "own_total: low": -1}})
    assert abs(row["std_error"] - one.std_error[0]) < 1e-10


def test_questions_without_data_are_refused_with_the_nearest_one(hetero):
    table = hetero.claims().tidy().set_index("question")
    for name, why in (
        ("clean versus remediation industries", "clean-production industries against all others"),
        ("manufacturing versus the rest", "no trait manufacturing"),
        ("by type of AI", "treatment of its own"),
    ):
        assert table.loc[name, "verdict"] == "not answerable here"
        assert why in table.loc[name, "remark"]
        assert pd.isna(table.loc[name, "estimate"])


def test_rural_firms_are_counted_and_refused_where_there_are_too_few(economy):
    df = economy[0].copy()
    cities = sorted(df["city"].unique())
    df["urban"] = (~df["city"].isin(cities[:12])).astype(int)
    found = explain(df, traits=["size", "urban"]).claims().tidy().set_index("question")
    row = found.loc["urban versus rural"]
    assert row["verdict"] == "not answerable here"
    assert "in 12 clusters, and 30 are needed" in row["remark"]
    assert "core against outlying cities" in row["remark"]
    assert row["clusters_low"] == 12
    assert row["n_high"] + row["n_low"] == 500


def test_industry_codes_answer_for_manufacturing(economy):
    code = {f"industry_{i:02d}": c for i, c in enumerate(["C26", "C39", "D44", "J66"] * 2)}
    df = economy[0].assign(industry=economy[0]["industry"].map(code))
    found = explain(df, traits=["size", "industry"]).claims(terms="own_total").tidy()
    row = found.set_index("question").loc["manufacturing codes versus the rest"]
    assert "start with C" in row["compared"]
    assert row["verdict"] in ("cannot tell", "supported", "contradicted")


def test_types_of_ai_are_compared_pairwise():
    rng = np.random.default_rng(0)
    n, t = 300, 6
    firm = np.repeat(np.arange(n), t)
    robots, finance = rng.normal(size=n * t), rng.normal(size=n * t)
    x = np.repeat(rng.normal(size=n), t)
    y = 1.0 * robots + 0.2 * finance + rng.normal(size=n * t)
    df = pd.DataFrame({
        "firm": firm, "year": np.tile(np.arange(t), n), "y": y, "robots": robots,
        "finance": finance, "x": x, "z": rng.normal(size=n * t),
    })  # fmt: skip
    roles = {
        "unit": "firm", "time": "year", "outcome": "y", "treatment": ["robots", "finance"],
        "traits": ["x"], "controls": ["z"],
    }  # fmt: skip
    found = explain(df, roles=roles, mediators=None, exposure=None).claims().tidy()
    row = found[found["compared"] == "robots against finance, per unit"].iloc[0]
    assert row["verdict"] == "supported"
    assert abs(row["estimate"] - 0.8) < 4 * row["std_error"]
    assert (found["compared"] == "robots against finance, per residual sd").sum() == 1


def test_the_user_chooses_questions_and_traits(hetero):
    found = hetero.claims({"larger versus smaller": "size"}, terms="direct").tidy()
    assert len(found) == 1
    own = Question("old", "old firms gain", ("urban",), "levels", (1,), (0,))
    assert set(hetero.claims([own]).tidy()["question"]) == {"old"}
    with pytest.raises(cg.DesignError, match="no question 'bigger'"):
        hetero.claims({"bigger": "size"})
    with pytest.raises(cg.DesignError, match="no trait 'assets'"):
        hetero.claims({"larger versus smaller": "assets"})
    with pytest.raises(cg.DesignError, match="is not a question"):
        hetero.claims(["who gains?"])
    assert len({q.name for q in QUESTIONS}) == len(QUESTIONS)


def test_text_and_picture(hetero):
    found = hetero.claims()
    text = str(found)
    assert "Claims of the field" in text
    assert "cannot tell is not evidence of no difference" in text
    assert "not answerable here" in found._repr_html_()
    figure = found.plot()
    assert len(figure.axes) == 5
    plt.close(figure)


def test_holm_and_romano_wolf(hetero):
    np.testing.assert_allclose(
        holm(np.array([0.01, np.nan, 0.04, 0.03])), [0.03, np.nan, 0.06, 0.06]
    )
    rng = np.random.default_rng(0)
    scores = hetero.scores
    R = np.column_stack([np.ones(scores.n), rng.normal(size=(scores.n, 5))])
    effects = regress(scores, R, ["1", *"abcde"], ["own_total"])
    p, single = romano_wolf(effects), effects.tidy()["p_value"].to_numpy()
    assert (p >= single - 1e-12).all()
    # Never above Bonferroni, up to the noise of the draws.
    assert (p <= np.minimum(6 * single + 0.02, 1.0)).all()


@pytest.mark.slow
def test_romano_wolf_keeps_its_level():
    """Familywise error of six true nulls, three of them nearly the same question."""
    rng = np.random.default_rng(1)
    from causalgreen.effects.context import Context
    from causalgreen.effects.effects import Effects

    g, wrong, draws = 120, 0, 400
    clusters = (np.arange(g),)
    context = Context(
        "y", "d", "u", "", "", "", "", g, g, 1, clusters, ("c",), np.ones(g), np.ones(g)
    )
    for r in range(draws):
        base = rng.normal(size=(g, 3))
        near = base[:, :1] + 0.1 * rng.normal(size=(g, 3))
        psi = np.column_stack([base, near]) / g
        effects = Effects.build(list("abcdef"), psi.sum(0), psi - psi.mean(0), context)
        wrong += romano_wolf(effects, seed=r, draws=999).min() < 0.05
    error = np.sqrt(0.05 * 0.95 / draws)
    assert 0.05 - 3 * error < wrong / draws < 0.05 + 3 * error
