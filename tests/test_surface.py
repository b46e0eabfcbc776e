"""Surfaces: parity with EconML, paths that add up, clusters kept whole, honest refusals."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import make_study
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import causalgreen as cg
from causalgreen.surface import storage
from causalgreen.surface.bags import solve_at
from causalgreen.surface.coordinates import split_coordinates
from causalgreen.surface.forest import Forest
from causalgreen.surface.grf import MomentForest, _ShuffleByCluster
from causalgreen.surface.problem import pose

SMALL = {"n_firms": 160, "n_years": 5, "seed": 4, "n_cities": 40, "n_industries": 6}
TRAITS = ["size", "urban", "clean_industry"]


def study_of(df, **kwargs):
    return make_study(df, **{"traits": TRAITS, "n_jobs": 1, "progress": False} | kwargs)


def quiet_surface(study, method, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cg.CausalGreenWarning)
        return study.surface(method, **kwargs)


@pytest.fixture(scope="module")
def small():
    return cg.simulate_panel(**SMALL)[0]


@pytest.fixture(scope="module")
def study(small):
    return study_of(small)


@pytest.fixture(scope="module")
def surface(study):
    return quiet_surface(study, cg.forest(40))


@pytest.fixture(scope="module")
def one_treatment(small):
    """No mediators, no exposure, firms as clusters: one coefficient for each firm."""
    return study_of(small, mediators={}, exposure=None, cluster="firm")


def problem_of(study):
    return pose(study.panel, study.moments, study._layout)


# --- parity -------------------------------------------------------------------------------------


def test_with_one_coefficient_it_is_econmls_causal_forest(one_treatment):
    from econml.grf import CausalForest

    problem = problem_of(one_treatment)
    ours = Forest(trees=80, smooth=False).fit(problem, seed=3, n_jobs=1).at(problem.X)
    S = problem.by_firm()
    T = np.sqrt(S[:, 0, 0])
    theirs = CausalForest(
        n_estimators=80, fit_intercept=False, random_state=3, n_jobs=1, inference=True
    ).fit(problem.X, T[:, None], S[:, 0, 1] / T)
    point, variance = theirs.predict_and_var(problem.X)
    np.testing.assert_allclose(ours.effects[:, 0], point[:, 0], rtol=1e-9)
    np.testing.assert_allclose(ours.std_error[:, 0], np.sqrt(variance[:, 0, 0]), rtol=1e-7)


def test_on_one_period_it_is_causal_forest_dml():
    from econml.dml import CausalForestDML
    from sklearn.linear_model import LinearRegression

    df, _ = cg.simulate_panel(300, 4, seed=5)
    df = df[df["year"] == df["year"].max()]
    study = study_of(
        df, learner=LinearRegression(), fixed_effects=cg.FixedEffects("none", time=False),
        mediators={}, exposure=None, cluster="firm",
    )  # fmt: skip
    fold = study.residuals.folds[0]
    cv = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(5)]
    problem = problem_of(study)
    design = study.residuals.design
    names = list(design.feature_names)
    traits = [names.index(t) for t in problem.code.columns]
    rest = [i for i in np.flatnonzero(design.flexible) if i not in traits]
    theirs = CausalForestDML(
        model_y=LinearRegression(), model_t=LinearRegression(), cv=cv, n_estimators=40,
        fit_intercept=False, min_samples_leaf=5, max_samples=0.45, random_state=1, n_jobs=1,
    )  # fmt: skip
    theirs.fit(
        study.panel.column("green_patents"), study.panel.column("ai"),
        X=design.features[:, traits], W=design.features[:, rest],
    )  # fmt: skip
    seed = theirs.model_cate.estimators_[0].random_state
    ours = Forest(trees=40, smooth=False).fit(problem, seed=seed, n_jobs=1).at(problem.X)
    inference = theirs.const_marginal_effect_inference(design.features[:, traits])
    np.testing.assert_allclose(ours.effects[:, 0], inference.point_estimate.ravel(), rtol=1e-6)
    np.testing.assert_allclose(ours.std_error[:, 0], inference.stderr.ravel(), rtol=1e-5)


@pytest.mark.parametrize("splits", ["fit", "paths", "total"])
def test_every_path_has_the_variance_of_econmls_projection(study, splits):
    problem = problem_of(study)
    fitted = Forest(trees=40, splits=splits, smooth=False).fit(problem, seed=2, n_jobs=1)
    ours = fitted.at(problem.X)
    back = np.linalg.inv(fitted.L)
    gradient = problem.gradient(ours.theta) @ back
    fitted.trees.n_relevant_outputs_ = fitted.trees.n_outputs_
    fitted.trees.n_jobs = 1
    for j in range(len(problem.terms)):
        _, variance = fitted.trees.predict_projection_and_var(problem.X, gradient[:, j])
        np.testing.assert_allclose(ours.std_error[:, j] ** 2, variance.ravel(), rtol=1e-6)


def test_a_linear_surface_is_econmls_linear_dml(one_treatment):
    from econml.dml import LinearDML

    ours = quiet_surface(one_treatment, cg.linear_surface())
    theirs = quiet_surface(one_treatment, cg.econml(LinearDML()))
    X = ours.problem.X
    np.testing.assert_allclose(
        ours.fitted.at(X).effects[:, 0], theirs.fitted.at(X).effects[:, 0], rtol=1e-8
    )
    # EconML's errors treat firms as independent, without a small-sample factor that matters.
    own, other = (s.fitted.at(X).std_error[:, 0] for s in (ours, theirs))
    np.testing.assert_allclose(own, other, rtol=0.02)


# --- what must hold -----------------------------------------------------------------------------


@settings(max_examples=6, deadline=None, phases=[Phase.generate], derandomize=True,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(
    seed=st.integers(0, 1000), kind=st.sampled_from(["within", "first_difference", "mundlak"]),
    splits=st.sampled_from(["fit", "paths", "total"]), smooth=st.booleans(), chain=st.booleans(),
)  # fmt: skip
def test_the_paths_add_up_for_every_firm(seed, kind, splits, smooth, chain):
    df, _ = cg.simulate_panel(80, 4, seed=seed, n_cities=20, n_industries=5)
    df = df[np.random.default_rng(seed).random(len(df)) < 0.9]
    edges = [("skilled_share", "clean_share")] if chain else []
    study = study_of(df, fixed_effects=kind, edges=edges)
    method = cg.forest(16, splits=splits, smooth=smooth)
    found = quiet_surface(study, method, allow_unidentified=True)
    place = {t: found.estimate[:, i] for i, t in enumerate(found.terms)}
    parts = [t for t in found.terms if t not in ("spillover", "own_total", "overall")]
    assert len(parts) == 3 + chain
    known = np.isfinite(found.estimate).all(axis=1)
    assert known.mean() > 0.9
    own = sum(place[t] for t in parts)
    np.testing.assert_allclose(own[known], place["own_total"][known], atol=1e-10)
    total = place["own_total"] + place["spillover"]
    np.testing.assert_allclose(total[known], place["overall"][known], atol=1e-10)
    # The debiased effects add up, too.
    scores = dict(zip(found.terms, found.scores.T, strict=True))
    own = sum(scores[t] for t in parts)
    np.testing.assert_allclose(own[known], scores["own_total"][known], atol=1e-8)


def test_same_seed_same_numbers_whatever_the_threads(small):
    one, two = (
        quiet_surface(study_of(small, n_jobs=jobs), cg.forest(16)).tidy() for jobs in (1, 2)
    )
    pd.testing.assert_frame_equal(one, two)
    other = quiet_surface(study_of(small, seed=1), cg.forest(16)).tidy()
    assert not np.allclose(one["estimate"], other["estimate"])


def test_bags_trees_and_honest_halves_keep_clusters_whole(study):
    problem = problem_of(study)
    fitted = Forest(trees=16).fit(problem, n_jobs=1)
    forest = fitted.trees
    assert forest.n_groups_ == len(np.unique(problem.home))
    for half, samples in forest.samples():
        assert len(half) == forest.n_groups_ // 2
        assert all(set(sample) <= set(half) for sample in samples)
    codes = np.repeat(np.arange(6), [3, 1, 4, 2, 5, 1])
    order = np.arange(16)
    _ShuffleByCluster(0, codes).shuffle(order)
    assert sorted(order) == list(range(16))
    # Firms of one cluster stand together, so that a cut in two halves splits one at most.
    assert (np.diff(codes[order]) != 0).sum() == 5


def test_a_held_out_prediction_does_not_use_the_firms_cluster(small):
    from dataclasses import replace

    problem = problem_of(study_of(small, mediators={}, exposure=None))
    city = problem.home == problem.home[0]
    moved = problem.moments.copy()
    moved[city[problem.firm]] *= np.array([[1.0, 5.0], [5.0, 9.0]])
    method = Forest(trees=80, smooth=False)
    before, after = (
        method.fit(p, seed=1, n_jobs=1).held_out()
        for p in (problem, replace(problem, moments=moved))
    )
    # What the outcomes of a city were is nowhere in the predictions for its own firms.
    np.testing.assert_array_equal(before.effects[city], after.effects[city])
    assert np.abs(before.effects[~city] - after.effects[~city]).max() > 1e-3


def test_scores_average_to_the_truth_where_predictions_are_wrong(study):
    """The correction repairs a surface that is off by a constant."""
    from dataclasses import replace

    from causalgreen.surface.scores import corrections

    problem = problem_of(study)
    local = Forest(trees=40).fit(problem, n_jobs=1).held_out()
    wrong = replace(local, theta=local.theta + 0.3)
    wrong = replace(wrong, effects=problem.effects(wrong.theta))
    right = local.effects.copy()
    np.add.at(right, problem.firm, corrections(problem, local))
    mended = wrong.effects.copy()
    np.add.at(mended, problem.firm, corrections(problem, wrong))
    direct = problem.terms.index("direct")
    assert np.abs((wrong.effects - local.effects).mean(axis=0)[direct]) > 0.29
    assert np.abs((mended - right).mean(axis=0)[direct]) < 0.03


def test_coordinates_put_the_paths_first_with_unit_noise(study):
    problem = problem_of(study)
    from causalgreen.surface.coordinates import average_solution

    L, relevant = split_coordinates(problem, ["direct", "spillover", "own_total"])
    theta, vcov = average_solution(problem)
    assert relevant == 3
    noise = L @ vcov @ L.T
    np.testing.assert_allclose(np.diag(noise)[:3], 1.0, rtol=1e-6)
    gradient = problem.gradient(theta[None])[0][problem.terms.index("direct")]
    parallel = L[0] @ gradient / np.linalg.norm(L[0]) / np.linalg.norm(gradient)
    assert abs(parallel - 1) < 1e-12
    # Nuisance coordinates are independent of what is looked for.
    np.testing.assert_allclose(noise[:3, 3:], 0.0, atol=1e-6)


def test_solving_in_other_coordinates_gives_the_same_numbers(study):
    problem = problem_of(study)
    fitted = Forest(trees=16, smooth=False).fit(problem, n_jobs=1)
    assert isinstance(fitted.trees, MomentForest)
    plain = solve_at(fitted.trees, problem.X, problem, fitted.L)
    np.testing.assert_allclose(plain.effects, fitted.at(problem.X).effects)


@pytest.mark.parametrize(
    "method", [cg.linear_surface(), cg.forest(16), cg.forest(16, smooth=False)]
)
@pytest.mark.parametrize(
    "units", [{"ai": 1e9, "peer_ai": 1e9}, {"ai": 1e-9, "peer_ai": 1e-9}, {"clean_share": 1e7},
              {"green_patents": 1e-9}],
)  # fmt: skip
def test_units_do_not_matter(small, method, units):
    plain = quiet_surface(study_of(small), method)
    other = quiet_surface(
        study_of(small.assign(**{c: small[c] * k for c, k in units.items()})), method
    )
    factor = units.get("green_patents", 1.0) / units.get("ai", 1.0)
    close = np.isclose(other.scores / factor, plain.scores, rtol=1e-4, atol=1e-5, equal_nan=True)
    # Rounding may break a tie between splits; the numbers may not depend on the unit.
    assert close.mean() > 0.9
    np.testing.assert_allclose(
        np.nanmean(other.scores, axis=0) / factor, np.nanmean(plain.scores, axis=0), rtol=0.02
    )
    errors = [s.predict()["std_error"].to_numpy() for s in (plain, other)]
    known = ~np.isnan(errors[0])
    assert (np.isnan(errors[1]) == ~known).mean() > 0.9
    assert (errors[1][~np.isnan(errors[1])] > 0).all()
    np.testing.assert_allclose(
        np.nanmedian(errors[1]) / factor, np.median(errors[0][known]), rtol=0.05
    )


def test_sampling_weights_count_once(small):
    firms = small["firm"].unique()
    rng = np.random.default_rng(3)
    weight = pd.Series(rng.exponential(1.0, len(firms)) + 0.05, firms)
    study = study_of(small.assign(w=small["firm"].map(weight)), weight="w")
    found = quiet_surface(study, cg.linear_surface())
    share = found.problem.share
    np.testing.assert_allclose(
        share, (weight / weight.sum()).reindex(found.firms).to_numpy(), rtol=1e-9
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cg.CausalGreenWarning)
        paths = study.paths(coefficients="varying", covariance="CR1")
    average = dict(zip(found.terms, share @ found.scores, strict=True))
    for term, estimate, error in zip(paths.terms, paths.estimate, paths.std_error, strict=True):
        assert abs(average[term] - estimate) < error


# --- traits -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mixed(small):
    """A category and gaps among the traits."""
    rng = np.random.default_rng(0)
    firms = small["firm"].unique()
    region = pd.Series(rng.choice(["east", "west", "north"], len(firms)), firms)
    size = small.groupby("firm")["size"].first().copy()
    size[rng.random(len(size)) < 0.1] = np.nan
    return small.assign(region=small["firm"].map(region), size=small["firm"].map(size))


def test_categories_and_gaps_are_named_back(mixed):
    found = quiet_surface(study_of(mixed, traits=["size", "region"]), cg.forest(40))
    assert found.problem.code.columns == (
        "size", "size missing", "region = east", "region = north", "region = west",
    )  # fmt: skip
    assert list(found.problem.traits.columns) == ["size", "region"]
    assert np.isfinite(found.estimate).all()


def test_firms_outside_the_support_are_flagged_and_still_predicted(mixed):
    found = quiet_surface(study_of(mixed, traits=["size", "region"]), cg.forest(16))
    new = pd.DataFrame(
        {"size": [21.0, 99.0, 21.0, np.nan], "region": ["east", "east", "south", None]},
        index=["a", "b", "c", "d"],
    )
    table = found.predict(new).groupby("firm")["support"].first()
    assert table["a"] == ""
    assert "size 99 outside" in table["b"]
    assert table["c"] == "region = south not in the panel"
    assert table["d"] == "region missing"
    assert np.isfinite(found.predict(new)["estimate"]).all()


def test_predict_by_name_is_the_held_out_prediction(surface):
    one = surface.predict([surface.firms[3]])
    np.testing.assert_allclose(one["estimate"], surface.estimate[3])
    assert list(one.columns) == [
        "firm", "term", "estimate", "std_error", "conf_low", "conf_high", "support",
    ]  # fmt: skip
    assert len(surface.tidy()) == len(surface.firms) * len(surface.terms)
    with pytest.raises(cg.DesignError, match=r"1 firm\(s\) are not in .*'nobody'"):
        surface.predict(["nobody"])
    with pytest.raises(cg.DataError, match="no column 'urban'"):
        surface.predict(pd.DataFrame({"size": [20.0], "clean_industry": [1]}))
    with pytest.raises(cg.DataError, match=r"'size' is a number in the panel"):
        surface.predict(pd.DataFrame({"size": ["big"], "urban": [1], "clean_industry": [1]}))


def test_save_and_load(surface, tmp_path):
    path = surface.save(tmp_path / "a.surface")
    again = cg.load_surface(path)
    new = surface.problem.traits.head(4)
    pd.testing.assert_frame_equal(again.tidy(), surface.tidy())
    pd.testing.assert_frame_equal(again.predict(new), surface.predict(new))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(cg.DesignError, match="cut short"):
        cg.load_surface(path)
    path.write_text("no surface")
    with pytest.raises(cg.DesignError, match="not written by"):
        cg.load_surface(path)
    with pytest.raises(cg.DesignError, match="no file"):
        cg.load_surface(tmp_path / "b.surface")
    with pytest.raises(cg.DesignError, match="no folder"):
        surface.save(tmp_path / "nowhere" / "b.surface")


def test_text_and_picture_say_who_and_what(surface):
    import matplotlib.pyplot as plt

    text = str(surface)
    assert "path forest (40 trees" in text
    assert "160 firms, 800 rows, clusters city (40)" in text
    assert "traits: size, urban, clean_industry" in text
    assert "own_total" in surface._repr_html_()
    figure = surface.plot()
    assert len([ax for ax in figure.axes if ax.get_visible()]) == len(surface.terms)
    plt.close(figure)


# --- refusals -----------------------------------------------------------------------------------


def test_settings_out_of_range_are_refused(study):
    for wrong, said in (
        ({"trees": 10}, "multiple of 4"), ({"splits": "best"}, "'fit', 'paths', 'total'"),
        ({"min_leaf": 0}, "min_leaf=0"), ({"sample": 0.9}, r"\(0, 0.5\]"),
    ):  # fmt: skip
        with pytest.raises(cg.DesignError, match=said):
            cg.forest(**wrong)
    with pytest.raises(cg.DesignError, match="no path 'indirect'"):
        quiet_surface(study, cg.forest(16, splits=["indirect"]))
    with pytest.raises(cg.DesignError, match="'linear' or 'smooth'"):
        cg.linear_surface("cubic")
    with pytest.raises(cg.DesignError, match="not a way to make a surface"):
        study.surface("forest")


def test_without_traits_there_is_no_surface(small):
    with pytest.raises(cg.DesignError, match="need traits to vary with"):
        quiet_surface(make_study(small), cg.forest(16))
    flat = study_of(small.assign(one=1.0), traits=["one"])
    with pytest.raises(cg.DesignError, match="no trait varies between firms: one"):
        quiet_surface(flat, cg.forest(16))


def test_too_few_firms_are_refused_with_a_way_out(small):
    few = small[small["firm"].isin(small["firm"].unique()[:30])]
    with pytest.raises(cg.EstimationError, match=r"too few for a forest .*cg.linear_surface"):
        quiet_surface(study_of(few, cluster="firm"), cg.forest(16))
    wide = study_of(small, traits=[*TRAITS, "industry"], cluster="industry", folds=2)
    with pytest.raises(cg.EstimationError, match="too many for 6 clusters"):
        quiet_surface(wide, cg.linear_surface("smooth"))


def test_a_linear_surface_keeps_every_trait():
    from causalgreen.surface.adjust import smooth_basis

    X = np.random.default_rng(0).normal(size=(500, 30))
    linear = [j for j, form in smooth_basis(X, 500, every=True).kind if form == "linear"]
    assert linear == list(range(30))
    # The start of a forest is content with fewer.
    assert len(smooth_basis(X, 40).kind) == 10


def test_a_path_that_is_not_identified_is_withheld(small):
    study = make_study(small, traits=TRAITS, n_jobs=1)
    graph = study.graph.add_node("strategy", latent=True, causes=["skilled_share", "green_patents"])
    study = cg.Study(study.panel, graph, learner=cg.linear(), n_jobs=1)
    with pytest.warns(cg.IdentificationWarning, match="withheld"):
        found = study.surface(cg.forest(16))
    assert "own_total" in found.terms
    assert "human_capital" not in found.terms
    assert any("withheld" in note for note in found.context.notes)


def test_econml_estimators_that_do_not_fit_are_refused(small, study):
    from econml.dml import LinearDML
    from econml.dr import DRLearner

    with pytest.raises(cg.DesignError, match="no estimator of EconML"):
        cg.econml(LinearDML)
    with pytest.raises(cg.DesignError, match="cannot remove firm effects"):
        quiet_surface(study, cg.econml(DRLearner()))
    two = study_of(
        small.assign(robots=np.random.default_rng(0).normal(size=len(small))),
        treatment=["ai", "robots"], mediators={}, exposure=None,
    )  # fmt: skip
    with pytest.raises(cg.DesignError, match="takes one treatment here"):
        quiet_surface(two, cg.econml(LinearDML()))
    found = quiet_surface(two, cg.forest(16), allow_unidentified=True)
    assert {"own_total[ai]", "own_total[robots]"} <= set(found.terms)


def test_a_dr_learner_runs_on_a_cross_section():
    from econml.dr import LinearDRLearner
    from sklearn.linear_model import LinearRegression, LogisticRegression

    rng = np.random.default_rng(1)
    n = 600
    x, w = rng.normal(size=n), rng.normal(size=n)
    t = (rng.random(n) < 1 / (1 + np.exp(-0.5 * w))).astype(float)
    y = (1 + x) * t + w + rng.normal(size=n)
    df = pd.DataFrame({"firm": np.arange(n), "year": 2020, "y": y, "t": t, "x": x, "w": w})
    panel = cg.Panel.from_frame(
        df, unit="firm", time="year", outcome="y", treatment="t", traits=["x"], controls=["w"]
    )
    study = cg.Study(
        panel, cg.green_innovation_graph(panel), cg.FixedEffects("none", time=False),
        learner=cg.linear(), progress=False,
    )  # fmt: skip
    estimator = LinearDRLearner(
        model_propensity=LogisticRegression(), model_regression=LinearRegression()
    )
    found = quiet_surface(study, cg.econml(estimator), allow_unidentified=True)
    assert found.terms == ("own_total",)
    slope = np.polyfit(x, found.estimate[:, 0], 1)
    np.testing.assert_allclose(slope, [1.0, 1.0], atol=0.25)
    assert abs(found.scores[:, 0].mean() - 1.0) < 0.2
    covered = np.abs(found.estimate[:, 0] - 1 - x) < 1.96 * found.std_error[:, 0]
    assert covered.mean() > 0.6


def test_predict_takes_one_name_and_refuses_nothing(surface):
    numbered = object.__new__(type(surface))
    for name in surface.__slots__:
        object.__setattr__(numbered, name, getattr(surface, name))
    traits = surface.problem.traits.set_axis(range(600000, 600000 + len(surface.firms)))
    object.__setattr__(numbered, "problem", replace(surface.problem, traits=traits))
    np.testing.assert_allclose(numbered.predict(600003)["estimate"], surface.estimate[3])
    with pytest.raises(cg.DataError, match=r"has 0 rows and 0 columns.*\n.*size, urban"):
        surface.predict(pd.DataFrame())
    with pytest.raises(cg.DataError, match="has 0 rows and 3 columns"):
        surface.predict(surface.problem.traits.head(0))
    with pytest.raises(cg.DesignError, match="no firm is named"):
        surface.predict([])


def test_files_that_cannot_be_written_or_read_say_what_to_do(surface, tmp_path, monkeypatch):
    with pytest.raises(cg.DesignError, match="is a folder: give the name of a file in it"):
        surface.save(tmp_path)
    for call in (surface.save, cg.load_surface):
        with pytest.raises(cg.DesignError, match=r"\(None\): give the name of a file"):
            call(None)

    def refuse(**kwargs):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr("tempfile.mkstemp", refuse)
        with pytest.raises(cg.DesignError, match=r"Permission denied.*where you may write"):
            surface.save(tmp_path / "a.surface")
    path = surface.save(tmp_path / "a.surface")
    here = storage._versions()
    assert here["causalgreen"]
    monkeypatch.setattr(storage, "_versions", lambda: here | {"econml": "9.9"})
    told = rf"other versions: econml {here['econml']}, here 9.9\."
    with pytest.warns(cg.EstimationWarning, match=told):
        cg.load_surface(path)


def test_explanations_refuse_what_is_no_question(study, surface):
    with pytest.raises(cg.DesignError, match=r"explain\(str\): give a surface"):
        study.explain("x")
    for seed in ("x", -1, True):
        with pytest.raises(cg.DesignError, match=r"seed=.*whole number, 0 or more"):
            cg.Explanation(surface, seed)
    hetero = study.explain(surface)
    for terms in ([], 3, [3], {}):
        with pytest.raises(cg.DesignError, match=r"name one path|name of a path"):
            hetero.terms(terms)
    assert hetero.terms(["direct", "direct"]) == ("direct",)
    with pytest.raises(cg.DesignError, match="one path at a time; name one, such as term='direct'"):
        hetero.curve("size", term=["direct", "spillover"])
    for asked in ([], {}, "size", 3):
        with pytest.raises(cg.DesignError, match=r"claims\(.*trait"):
            hetero.claims(asked)
