"""SHAP values: against shap, by their definition, and exact where the surface is linear."""

from __future__ import annotations

import time
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import shap
import statsmodels.api as sm
from explain_fakes import fake_explanation, fake_scores

import causalgreen as cg
from causalgreen.explain.shapley import shapley
from causalgreen.residuals.distil import _boost, _cells, distil


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def _explained(surface, n=600, n_clusters=120, more=0, noise=0.0, seed=0, weight=None):
    """An explanation whose surface is a function of the encoded traits."""
    rng = np.random.default_rng(seed)
    traits = pd.DataFrame(
        {
            "size": rng.normal(size=n),
            "region": np.array(["east", "north", "west"], dtype=object)[rng.integers(0, 3, n)],
            "age": rng.normal(size=n),
        }
        | {f"another trait {i}": rng.normal(size=n) for i in range(more)}
    )
    home = rng.integers(0, n_clusters, n)
    scores = fake_scores(traits, np.zeros(n), home, rng, weight=weight)
    truth = surface(scores.X) + noise * rng.normal(size=n)
    scores.prediction[:, 0] = truth
    fitted = SimpleNamespace(at=lambda X: SimpleNamespace(effects=surface(X)[:, None]))
    return fake_explanation(scores, fitted=fitted)


def _line(X):
    return 0.3 + 1.2 * X[:, 0] + 0.5 * X[:, 1] - 0.2 * X[:, 3] + 0.1 * X[:, 4]


def _curved(X):
    return np.tanh(2 * X[:, 0]) + 0.8 * X[:, 0] * X[:, 4] + 0.5 * X[:, 1]


def test_linear_surface_is_exact():
    weight = np.random.default_rng(1).uniform(0.5, 2, 600)
    explanation = _explained(_line, weight=weight)
    found = shapley(explanation, "own_total")
    assert found.model.exact
    assert found.fidelity == 1
    X, w = explanation.scores.X, explanation.scores.share
    mean = w @ X
    size = 1.2 * (X[:, 0] - mean[0])
    region = 0.5 * (X[:, 1] - mean[1]) - 0.2 * (X[:, 3] - mean[3])
    np.testing.assert_allclose(found.values["size"], size, atol=1e-10)
    np.testing.assert_allclose(found.values["region"], region, atol=1e-10)
    assert (found.interactions().to_numpy() == 0).all()
    assert "exact: the surface is linear" in str(found)
    assert found.tidy()["direction"].iloc[0] == pytest.approx(1)


def test_distilled_values_add_up_and_are_shaps():
    explanation = _explained(_curved, n=1500, noise=0.01)
    found = shapley(explanation, "own_total")
    model, X = found.model, explanation.scores.X
    assert 0.95 < found.fidelity < 1
    np.testing.assert_allclose(found.values.sum(axis=1) + found.base, model(X), atol=1e-9)
    trees = shap.TreeExplainer(model.trees)
    theirs = trees.shap_values(X) + (X - model.centre) * model.slope
    np.testing.assert_allclose(found.values["size"], theirs[:, 0], atol=1e-9)
    np.testing.assert_allclose(found.values["region"], theirs[:, 1:4].sum(axis=1), atol=1e-9)
    base = float(np.ravel(trees.expected_value)[0]) + model.level
    assert found.base == pytest.approx(base)


def test_interactions_find_the_pair():
    found = shapley(_explained(_curved, noise=0.01), "own_total")
    strength = found.interactions()
    assert strength.loc["size", "age"] == strength.to_numpy().max()
    np.testing.assert_array_equal(strength, strength.T)
    assert strength.loc["size", "age"] > 5 * strength.loc["size", "region"]


def test_fidelity_is_judged_on_clusters_left_out():
    rng = np.random.default_rng(0)
    home = np.repeat(np.arange(60), 10)
    X = rng.normal(size=(60, 3))[home]  # traits of the cluster
    y = rng.normal(size=60)[home]  # and a value that goes with the cluster only
    model = distil(X, y, np.ones(600), home)
    assert model.fidelity < 0.2
    assert 1 - ((model(X) - y) ** 2).mean() / y.var() > 0.4


def test_poor_fidelity_is_said():
    noisy = _explained(_curved, noise=2.0)
    found = shapley(noisy, "own_total")
    assert found.fidelity < 0.9
    assert any("reproduces the surface poorly" in note for note in found.notes)


def test_importance_has_clustered_intervals_and_is_sorted():
    explanation = _explained(_curved, noise=0.01, n_clusters=150)
    found = shapley(explanation, "own_total")
    table = found.tidy()
    assert list(table["estimate"]) == sorted(table["estimate"], reverse=True)
    assert list(table["group"]) == list(found.values.columns)
    size = np.abs(found.values["size"].to_numpy())
    fit = sm.OLS(size, np.ones(len(size))).fit(
        cov_type="cluster", cov_kwds={"groups": explanation.scores.home}, use_t=True
    )
    row = table.set_index("group").loc["size"]
    assert row["estimate"] == pytest.approx(fit.params[0])
    first = found.importance.with_covariance("CR1").select("size: mean |SHAP|")
    assert first.std_error[0] == pytest.approx(fit.bse[0], rel=1e-8)
    assert row["std_error"] == pytest.approx(fit.bse[0], rel=0.05)
    assert np.isnan(table.set_index("group").loc["region", "direction"])


def test_a_flat_surface_is_refused():
    with pytest.raises(cg.EstimationError, match="predicts the same own_total for every firm"):
        shapley(_explained(lambda X: np.ones(len(X))), "own_total")


def test_pictures_of_three_and_thirty_traits():
    few = shapley(_explained(_curved, noise=0.01), "own_total")
    many = shapley(_explained(_curved, noise=0.01, more=30), "own_total")
    for found, shown in ((few, 3), (many, 30)):
        for kind in ("importance", "beeswarm"):
            ax = found.plot(kind).axes[0]
            assert len(ax.get_yticklabels()) == shown
            assert f"600 firms, {found.n_clusters} clusters" in ax.get_title(loc="left")
    assert "the 30 of 33 traits" in many.plot("importance").axes[0].get_title(loc="left")
    figure = few.plot("dependence", "size")
    assert figure.axes[1].get_ylabel() == "age (interacts most)"
    ticks = few.plot("dependence", "region", "size").axes[0].get_xticklabels()
    assert [t.get_text() for t in ticks] == ["east", "north", "west"]
    legend = few.plot("dependence", "size", "region").axes[0].get_legend()
    assert [t.get_text() for t in legend.get_texts()] == ["east", "north", "west"]
    with pytest.raises(cg.DesignError, match="choose 'importance', 'beeswarm' or 'dependence'"):
        few.plot("pie")
    with pytest.raises(cg.DesignError, match="no trait 'siz'; choose from size"):
        few.plot("dependence", "siz")
    assert "<table" in few._repr_html_()


def test_four_thousand_firms_take_seconds():
    explanation = _explained(_curved, n=4000, n_clusters=200, more=4, noise=0.01)
    start = time.process_time()
    shapley(explanation, "own_total")
    assert time.process_time() - start < 5


@pytest.mark.parametrize("gaps", [False, True])
def test_rows_that_trees_cannot_tell_apart_have_the_values_of_all_rows(gaps):
    rng = np.random.default_rng(4)
    X = np.column_stack([rng.normal(size=800), rng.integers(0, 2, 800), rng.integers(0, 5, 800)])
    if gaps:
        X[rng.random(800) < 0.1, 2] = np.nan
    y = np.sin(3 * X[:, 0]) * (1 + X[:, 1]) + np.nan_to_num(X[:, 2], nan=-1.0) ** 2
    trees = _boost(X, y, np.full(800, 1 / 800), 30)[0]
    first, cell = _cells(trees, X)
    assert len(first) < 800
    few = trees.predict(X[first], pred_contrib=True)[cell]
    assert np.array_equal(few, trees.predict(X, pred_contrib=True))
