"""What a sceptical reader tried, and what must happen."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from conftest import make_study, quiet_paths
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LogisticRegression

import causalgreen as cg
from causalgreen.errors import DataWarning, DesignError

PLAIN = cg.Economy(nonlinearity=0, heterogeneity=0)


@pytest.fixture(scope="module")
def plain():
    return cg.simulate_panel(n_firms=400, n_years=6, seed=3, n_cities=60, economy=PLAIN)[0]


def test_a_trait_that_is_the_cluster_leaves_estimates_alone(plain):
    # Its levels in held-out clusters were never seen: nothing may be drawn out to them.
    with_trait = make_study(plain, cluster="industry", traits=["industry"])
    without = make_study(plain, cluster="industry", traits=[])
    a = quiet_paths(with_trait, coefficients="constant")
    b = quiet_paths(without, coefficients="constant")
    assert with_trait.nuisance_report().table["r_squared"].min() > -0.2
    assert (np.abs(a.estimate - b.estimate) < 2 * b.std_error).all()


def test_a_control_that_one_cluster_alone_has_is_not_drawn_out(plain):
    city = plain["city"].iloc[0]
    df = plain.assign(sub=np.where(plain["city"] == city, 10 * plain["leverage"], 0.0))
    controls = ["age", "leverage", "roa_lag"]
    a = quiet_paths(make_study(df, controls=[*controls, "sub"], traits=[]))
    b = quiet_paths(make_study(df, controls=controls, traits=[]))
    assert (np.abs(a.estimate - b.estimate) < 1.5 * b.std_error).all()


def test_missing_controls_are_told_with_the_panel_and_with_the_numbers(plain):
    gaps = plain["leverage"].mask(np.arange(len(plain)) % 4 == 0)
    with pytest.warns(DataWarning, match=r"'leverage' \(25\.0% of rows\).*confounding.*dropna"):
        panel = cg.Panel.from_frame(
            plain.assign(leverage=gaps), unit="firm", time="year", outcome="green_patents",
            treatment="ai", controls=["leverage", "roa_lag"], cluster="city",
        )  # fmt: skip
    study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear())
    assert any("missing controls" in note for note in study.paths().notes)


def test_the_average_over_these_firms_is_surer_under_both_covariances():
    df, _ = cg.simulate_panel(n_firms=400, n_years=5, seed=1, n_cities=40)
    study = make_study(df, traits=["size", "urban"])
    for kind in ("CR1", "CV3"):
        drawn = quiet_paths(study, coefficients="varying", covariance=kind)
        these = quiet_paths(study, coefficients="varying", covariance=kind, population=False)
        ratio = these.std_error / drawn.std_error
        assert ratio[drawn.terms.index("own_total")] < 0.9
        np.testing.assert_allclose(these.estimate, drawn.estimate)


def test_the_jackknife_is_not_the_default_where_it_is_not_exact(plain):
    fixed = cg.FixedEffects("within", absorb=["industry^year"])
    study = make_study(plain, fixed_effects=fixed, traits=[])
    assert quiet_paths(study, covariance="auto").covariance == "CR1"
    asked = quiet_paths(study, covariance="CV3")
    assert any("industry^year" in note and "too small" in note for note in asked.notes)
    assert quiet_paths(make_study(plain, traits=[]), covariance="auto").covariance == "CV3"


def test_a_firm_effect_absorbed_by_name_counts_as_absorbed(plain):
    fixed = cg.FixedEffects("none", absorb=["firm"])
    verdict = make_study(plain, fixed_effects=fixed).identify()["own_total"]
    assert "firm_effect" in verdict.absorbed


def test_percentages_keep_details_and_the_constant_system(plain):
    effects = quiet_paths(make_study(plain, traits=["size"]), coefficients="varying")
    percent = effects.percent_of_mean()
    assert percent.detail.terms == effects.detail.terms
    assert percent.constant.terms == effects.constant.terms
    share = percent.contrast({"step": {"ai -> green_patents": 1}})
    mean = plain["green_patents"].mean()
    np.testing.assert_allclose(share["step"], 100 * effects.detail["ai -> green_patents"] / mean)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_jobs": 0}, "n_jobs=0.*whole number"),
        ({"n_jobs": "all"}, "n_jobs='all'.*-1 for all cores"),
        ({"seed": -1}, "seed=-1.*whole number, 0 or more"),
        ({"seed": None}, "seed=None"),
        ({"repeats": 1.5}, "repeats=1.5.*whole number"),
        ({"learner": LogisticRegression()}, "LogisticRegression is no regressor"),
    ],
)
def test_settings_are_checked_before_any_work(plain, settings, message):
    with pytest.raises(DesignError, match=message):
        make_study(plain, **settings)


def test_things_that_are_no_panel_or_graph_are_told(plain):
    study = make_study(plain)
    with pytest.raises(DesignError, match=r"DataFrame, not a panel.*from_frame"):
        cg.Study(plain, study.graph)
    with pytest.raises(DesignError, match=r"NoneType, not a causal graph"):
        cg.Study(study.panel, None)


@pytest.mark.parametrize("absorb", [[("city", "year")], 3, [1]])
def test_absorbed_effects_are_names(absorb):
    with pytest.raises(DesignError, match="names of columns"):
        cg.FixedEffects("within", absorb=absorb)


def test_questions_to_effects_are_checked(plain):
    effects = quiet_paths(make_study(plain))
    assert effects.select("direct").terms == ("direct",)
    assert effects.wald("direct")["df"] == 1
    with pytest.raises(DesignError, match="tests nothing"):
        effects.wald([])
    for bad in ({"restructuring": 1}, {}, {"x": {"direct": "1"}}, {"x": {}}):
        with pytest.raises(DesignError, match="give each combination a name"):
            effects.contrast(bad)
    with pytest.raises(DesignError, match=r"level='0\.95'"):
        effects.tidy("0.95")


def test_an_unknown_covariance_is_refused_before_the_residuals(plain):
    study = make_study(plain)
    with pytest.raises(DesignError, match="HC1"):
        study.paths(covariance="HC1")
    assert "residuals" not in vars(study)


@pytest.mark.parametrize("factor", [1e200, 1e-170])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_extreme_scales_are_named(plain, factor):
    study = make_study(plain.assign(ai=plain["ai"] * factor))
    with pytest.raises(DesignError, match=r"scale of ai .*extreme.*units"):
        study.paths()


def test_what_was_left_out_is_told_with_the_numbers(plain):
    holes = plain[~((plain["firm"] == plain["firm"].iloc[0]) & (plain["year"] > 2010))]
    alone = quiet_paths(make_study(holes))
    assert any("1 rows are alone in a group of firm, year" in note for note in alone.notes)
    absorbed = make_study(plain, fixed_effects=cg.FixedEffects("within", absorb=["city"]))
    notes = quiet_paths(absorbed).notes
    assert any("absorbing 'city' changes nothing" in note for note in notes)


def test_a_handful_of_clusters_is_called_that(plain):
    few = plain.assign(region=plain["city"].str[-1].astype(int) % 3)
    study = make_study(few, cluster="region", folds=3)
    assert any("3 clusters (region)" in n and "cannot be trusted" in n
               for n in quiet_paths(study).notes)  # fmt: skip


def test_a_forest_says_no_more_firms_than_there_are():
    df, _ = cg.simulate_panel(n_firms=150, n_years=5, seed=1, n_cities=50)
    study = make_study(df, traits=["size", "urban"])
    surface = study.surface(cg.forest(24, firms=10**9))
    for told in (str(surface), surface.context.method, repr(study.explain(surface))):
        assert "grown on 150 firms" in told
        assert "1,000,000,000" not in told
    np.testing.assert_array_equal(surface.estimate, study.surface(cg.forest(24)).estimate)


def test_the_summary_of_the_readme_tells_what_was_tried(plain):
    text = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
    (code,) = re.findall(r"study\.summary\((.*?)\)\)", text)
    study = make_study(plain, traits=["size"])
    tried = study.falsify(["influence"])
    surface = study.surface(cg.linear_surface())
    summary = str(eval(f"study.summary({code})", {}, locals()))
    assert "Nothing yet" in str(study.summary())
    assert "Nothing yet" not in summary


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda s, p: cg.forest(smooth="no"), "smooth='no': give True or False"),
        (lambda s, p: cg.forest(splits=[]), "name at least one path"),
        (lambda s, p: s.paths(population="no"), "population='no': give True or False"),
        (lambda s, p: s.paths(allow_unidentified="no"), "allow_unidentified='no'"),
        (lambda s, p: s.surface(allow_unidentified=1), "allow_unidentified=1"),
        (lambda s, p: s.report("r.md", whom="x"), "whom='x': give True or False"),
        (lambda s, p: cg.Study(p, p), "second argument is a Panel, not a causal graph"),
        (lambda s, p: s.falsify(effects=3), "effects=<int>: give all paths"),
        (lambda s, p: s.falsify(effects=s.paths().percent_of_mean()), "in percent"),
    ],
)
def test_settings_of_a_wrong_kind_are_refused(plain, ask, told):
    study = make_study(plain)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(cg.DesignError, match=told):
            ask(study, study.panel)


@pytest.mark.parametrize("change", [{"lag": "x"}, {"lag": -1}, {"lag": 1.5}])
def test_lags_that_are_no_numbers_are_refused(plain, change):
    with pytest.raises(cg.DataError, match="is not a whole number from 0 upwards"):
        cg.exposure(plain, "city", **{"of": "ai", "unit": "firm", "time": "year"} | change)
    with pytest.raises(cg.DesignError, match="normalise='no'"):
        cg.exposure(plain, "city", of="ai", unit="firm", time="year", normalise="no")


def test_a_learner_that_predicts_too_few_values_is_named(plain):
    class Short(BaseEstimator, RegressorMixin):
        def fit(self, X, y, sample_weight=None):
            return self

        def predict(self, X):
            return np.zeros(len(X) - 1)

    study = make_study(plain, learner=Short())
    with pytest.raises(cg.DesignError, match=r"Short predicts [\d,]+ values for [\d,]+ rows"):
        study.paths()


@pytest.mark.parametrize("exact", ["green_patents", "clean_share"])
def test_a_variable_that_the_others_give_without_error_is_refused(plain, exact):
    df = plain.assign(**{exact: 2 * plain["ai"] + plain["year"]})
    roles = {"mediators": {"restructuring": "clean_share"}, "exposure": None}
    with pytest.raises(cg.EstimationError, match=f"{exact} is a linear function of ai"):
        make_study(df, **roles).paths()


def test_a_trait_that_no_first_year_knows_is_refused(plain):
    late = plain["size"].where(plain["year"] > plain["year"].min())
    with pytest.raises(cg.DataError, match="missing in the first period of every firm"):
        make_study(plain.assign(size=late), traits=["size"])


def test_advice_for_two_dimensions_can_be_followed(plain):
    study = make_study(plain, cluster=["city", "industry"])
    with pytest.warns(cg.CausalGreenWarning, match="clusters") as said:
        study.paths()
    assert not any("CV3" in str(w.message) for w in said)


@pytest.mark.parametrize(
    ("mediators", "told"),
    [({"": "clean_share"}, "group called ''"), ({1: "clean_share"}, "group called 1"),
     ({"a": []}, r"mediators\['a'\] names no column")],
)  # fmt: skip
def test_groups_of_mediators_without_name_or_column_are_refused(plain, mediators, told):
    with pytest.raises(cg.DataError, match=told):
        make_study(plain, mediators=mediators)


def test_the_population_names_sampling_weights(plain):
    from causalgreen.report.phrases import phrases

    rng = np.random.default_rng(0)
    df = plain.assign(w=rng.uniform(0.5, 1.5, len(plain)))
    population = quiet_paths(make_study(df, weight="w")).context.population
    assert population.endswith("residual variance of ai, times its sampling weight")
    assert phrases("zh").tell(population) == "400 家企业，按ai的残差方差与抽样权重之积加权"


def test_too_few_clusters_are_no_lack_of_a_trait():
    df, _ = cg.simulate_panel(n_firms=120, n_years=6, seed=3)
    study = make_study(df, traits=["size", "urban"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        claims = study.explain(study.surface(cg.forest(40))).claims().tidy()
    remark = claims.loc[claims["question"] == "larger versus smaller", "remark"].iloc[0]
    assert "are needed" in remark
    assert "Nearest question" not in remark
