"""Best linear projection of effects on traits."""

from __future__ import annotations

import warnings

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

import causalgreen as cg
from causalgreen.explain.family import family
from causalgreen.explain.groups import groups
from causalgreen.explain.projection import projection
from causalgreen.surface.forest import forest
from tests.conftest import make_study
from tests.explain_stubs import clustered, cr1_ratio, explanation, overlapping

N, CLUSTERS = 600, 120


def firms(seed=0, n=N, n_clusters=CLUSTERS, k=2):
    rng = np.random.default_rng(seed)
    noise, clusters = clustered(n, n_clusters, k, rng)
    size = 20 + 1.5 * rng.normal(size=n)
    region = rng.choice(["coast", "inland", "west"], n, p=[0.3, 0.5, 0.2])
    urban = (rng.random(n) < 0.6).astype(float)
    frame = pd.DataFrame({"size": size, "region": pd.Categorical(region), "urban": urban})
    value = noise + (0.2 * (size - 20) + 0.5 * (region == "coast"))[:, None]
    return explanation(frame, value, clusters), frame, clusters


def design(frame):
    region = frame["region"].to_numpy(dtype=object)
    return np.column_stack([
        np.ones(len(frame)), frame["size"], region == "coast", region == "west", frame["urban"],
    ]).astype(float)  # fmt: skip


def test_it_is_least_squares_with_clustered_errors(sandwich):
    made, frame, clusters = firms()
    result = projection(made, None, made.scores.terms)
    assert result.regressors.names == ("size", "region = coast", "region = west", "urban = 1")
    ratio = cr1_ratio(made, N, 5)
    sd = frame["size"].std(ddof=0)
    for j, name in enumerate(result.terms):
        fit = sm.OLS(made.scores.value[:, j], design(frame)).fit(
            cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True
        )
        raw = result.tidy(standardised=False).query(f"term == '{name}'")
        assert raw["estimate"].to_numpy() == pytest.approx(fit.params, rel=1e-8)
        assert raw["std_error"].to_numpy() == pytest.approx(np.sqrt(ratio) * fit.bse, rel=1e-8)
        own = result.tidy().query(f"term == '{name}'").set_index("regressor")
        assert own.loc["size", "estimate"] == pytest.approx(fit.params[1] * sd)
        assert own.loc["size", "statistic"] == pytest.approx(raw["statistic"].iloc[1])
        middle = fit.params[0] + fit.params[1] * frame["size"].mean()
        assert own.loc["constant", "estimate"] == pytest.approx(middle)
        F = float(np.squeeze(fit.f_test(np.eye(5)[1:]).fvalue)) / ratio * (119 - 4 + 1) / 119
        test = result.tests.query(f"term == '{name}'").iloc[0]
        assert test["statistic"] == pytest.approx(F, rel=1e-8)
        assert test["p_value"] == pytest.approx(stats.f.sf(F, 4, 116), rel=1e-6)


def test_units_say_what_a_coefficient_is_for():
    made, frame, _ = firms()
    result = projection(made, ["size", "region"], ["own_total"])
    units = list(result.tidy()["unit"])
    sd = frame["size"].std(ddof=0)
    assert units == ["", f"per sd ({sd:.4g})", "rather than inland", "rather than inland"]
    assert list(result.tidy(standardised=False)["unit"])[1] == "per unit"


def test_intervals_cover_all_traits_of_a_path():
    made, _, _ = firms()
    result = projection(made, None, ["own_total"])
    wide, narrow = result.tidy(), result.tidy(simultaneous=False)
    assert (wide["conf_high"][1:] > narrow["conf_high"][1:] + 0.1 * narrow["std_error"][1:]).all()
    assert wide["conf_high"][0] == narrow["conf_high"][0]


def test_weights_of_firms_are_used():
    made, frame, clusters = firms(k=1)
    weights = np.random.default_rng(5).uniform(0.2, 3, N)
    heavy = explanation(frame, made.scores.value, clusters, weights=weights)
    raw = projection(heavy, None, ["own_total"]).tidy(standardised=False)
    fit = sm.WLS(made.scores.value[:, 0], design(frame), weights=weights).fit()
    assert raw["estimate"].to_numpy() == pytest.approx(fit.params, rel=1e-8)


def test_gaps_get_an_indicator_or_are_left_out_and_named():
    made, frame, clusters = firms(k=1)
    frame = frame.copy()
    frame.loc[frame.index[clusters < 30], "size"] = np.nan
    frame.loc[frame.index[clusters == 40], "region"] = np.nan
    result = projection(explanation(frame, made.scores.value, clusters), None, ["own_total"])
    assert "size missing" in result.regressors.names
    left = int((clusters == 40).sum())
    assert any(f"{left} firms have no region" in note for note in result.notes)
    assert result.effects.context.n_firms == N - left
    assert np.isfinite(result.tidy()["estimate"]).all()


def test_a_trait_with_one_value():
    made, frame, clusters = firms(k=1)
    flat = explanation(frame.assign(listed=1.0), made.scores.value, clusters)
    assert "listed has one value, and is left out" in str(projection(flat, None, ["own_total"]))
    with pytest.raises(cg.DesignError, match="'listed' has one value"):
        projection(flat, ["listed"], ["own_total"])


def test_bad_input_says_what_to_do():
    made, frame, clusters = firms(k=1)
    with pytest.raises(cg.DesignError, match="no trait 'sise'; did you mean 'size'"):
        projection(made, ["sise"], ["own_total"])
    with pytest.raises(cg.DesignError, match="name each trait once"):
        projection(made, ["size", "size"], ["own_total"])
    twin = explanation(frame.assign(assets=2 * frame["size"]), made.scores.value, clusters)
    with pytest.raises(cg.EstimationError, match=r"follows from the others\. Leave it out"):
        projection(twin, None, ["own_total"])
    rng = np.random.default_rng(0)
    noise, few = clustered(200, 8, 1, rng)
    wide = pd.DataFrame(rng.normal(size=(200, 8)), columns=[f"t{i}" for i in range(8)])
    with pytest.raises(cg.DesignError, match="8 columns of traits for 8 clusters: too many"):
        projection(explanation(wide, noise, few), None, ["own_total"])


def test_it_joins_a_family_and_speaks():
    made, _, _ = firms()
    result = projection(made, None, made.scores.terms)
    assert len(family(result, groups(made, "size", 3, ["own_total"])).tidy()) == 5
    text = str(result)
    for words in ("reference levels", "May not be concluded", "no trait matters", "population:"):
        assert words in text
    assert "rather than inland" in result._repr_html_()


@pytest.mark.parametrize("k", [1, 3])
def test_picture(k):
    made, _, _ = firms(k=k)
    figure = projection(made, None, made.scores.terms).plot()
    figure.canvas.draw()
    assert figure.get_suptitle().startswith(
        "Which traits go with a larger effect of ai on patents?"
    )
    labels = figure.axes[0].get_yticklabels()
    assert not overlapping(labels)
    assert min(text.get_window_extent().x0 for text in labels) >= 0
    plt.close(figure)


def test_projection_of_a_study_finds_size():
    df, _ = cg.simulate_panel(240, 5, seed=2, n_cities=60)
    study = make_study(df, traits=["size", "urban"], n_jobs=1, progress=False)
    table = study.explain(study.surface(forest(40))).projection().tidy()
    row = table.query("term == 'own_total' and regressor == 'size'").iloc[0]
    assert row["conf_low"] > 0
    assert row["n_firms"] == 240


def scattered(n=400, n_levels=30):
    """Firms in many regions with enough clusters, and kinds that no cluster shares."""
    rng = np.random.default_rng(0)
    noise, clusters = clustered(n, 100, 1, rng)
    traits = pd.DataFrame({
        "size": rng.normal(size=n), "region": [f"r{v:02d}" for v in np.arange(n) % n_levels],
        "kind": np.where(clusters < 3, "old", "new"),
    })  # fmt: skip
    return explanation(traits, noise, clusters)


def test_a_trait_with_too_few_clusters_is_left_out_and_said():
    result = projection(scattered(), ["size", "kind"], ["own_total"])
    assert result.regressors.traits == ("size",)
    assert "kind is left out: fewer than two groups" in " ".join(result.notes)
    with pytest.raises(cg.DesignError, match=r"nothing to project on\n- kind .*old: 3"):
        projection(scattered(), ["kind"], ["own_total"])
    with pytest.raises(cg.DesignError, match=r"projection\(3\): name traits, such as .*'size'"):
        projection(scattered(), 3, ["own_total"])


def test_many_levels_are_named_briefly_and_their_reference_once():
    figure = projection(scattered(), ["size", "region"], ["own_total"]).plot()
    figure.canvas.draw()
    told = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert told[1:4] == ["region = r01", "= r02", "= r03"]
    assert not any("rather than" in text for text in told)
    assert figure.get_suptitle().count("levels are compared with region: r00") == 1
    plt.close(figure)


def test_chinese_names_are_written_or_said_to_be_missing(monkeypatch):
    made = scattered(n_levels=2)
    made.scores.traits["region"] = made.scores.traits["region"].replace("r01", "\u5317\u4eac")
    result = projection(made, ["size", "region"], ["own_total"])
    monkeypatch.setattr("causalgreen.explain.style.families", lambda labels: ["DejaVu Sans"])
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        figure = result.plot()
        figure.canvas.draw()
    assert [w.category for w in told] == [cg.EstimationWarning]
    assert "characters \u4eac\u5317: the picture shows boxes. Install Noto" in str(told[0].message)
    plt.close(figure)
