"""Every shape of the path system works, and what cannot work is refused."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import errors, estimates, make_study, quiet_paths

import causalgreen as cg
from causalgreen.errors import DesignError, EstimationError

CHAIN = "human_capital -> restructuring"
KINDS = ("within", "first_difference", "mundlak", "none")


def numbers(effects):
    found, errs = estimates(effects), errors(effects)
    assert np.isfinite(list(found.values())).all()
    assert np.isfinite(list(errs.values())).all()
    return found


@pytest.fixture(scope="module")
def wide(table):
    """More mediators, treatments and exposures, and a category."""
    rng = np.random.default_rng(0)
    n = len(table)
    return table.assign(
        robots=table["ai"] * 0.3 + rng.normal(size=n),
        exits=table["clean_share"] * 0.4 + rng.normal(size=n),
        training=table["skilled_share"] * 0.4 + rng.normal(size=n),
        region=table["city"].str[-1].map(lambda c: "east" if c in "012" else "west"),
        w=rng.uniform(0.5, 2, n),
    )


CASES = {
    "no mediators": {"mediators": None},
    "one mediator": {"mediators": {"human_capital": "skilled_share"}},
    "several per group": {"mediators": {
        "restructuring": ["clean_share", "exits"], "human_capital": ["skilled_share", "training"]}},
    "several treatments": {"treatment": ["ai", "robots"]},
    "several exposures": {"exposure": ["peer_ai_city", "peer_ai_industry"]},
    "several of all": {
        "treatment": ["ai", "robots"], "exposure": ["peer_ai_city", "peer_ai_industry"],
        "mediators": {"restructuring": ["clean_share", "exits"], "human_capital": "training"}},
    "no exposure": {"exposure": None},
    "treatment alone": {"exposure": None, "mediators": None, "controls": None},
    "no controls": {"controls": None},
    "weights": {"weight": "w"},
    "category": {"traits": ["region", "size"]},
    "two clusterings": {"cluster": ["city", "year"]},
    "clustered by trait": {"cluster": "city", "traits": ["urban"]},
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", CASES)
def test_shapes(wide, case, kind):
    roles = CASES[case]
    study = make_study(wide, fixed_effects=kind, folds=3, **roles)
    coefficients = "varying" if "traits" in roles else "constant"
    effects = quiet_paths(study, coefficients=coefficients, allow_unidentified=True)
    found = numbers(effects)
    groups = [t for t in ("restructuring", "human_capital") if t in effects.terms]
    assert len(groups) == len(roles.get("mediators", {"a": 1, "b": 1}) or {})
    own = found["direct"] + sum(found[g] for g in groups)
    assert own == pytest.approx(found["own_total"], abs=1e-10)
    assert ("spillover" in effects.terms) == (roles.get("exposure", True) is not None)
    if "spillover" in effects.terms:
        whole = found["own_total"] + found["spillover"]
        assert whole == pytest.approx(found["overall"], abs=1e-10)


def test_several_treatments_and_exposures_are_told_apart_and_jointly(wide):
    found = numbers(quiet_paths(make_study(wide, **CASES["several of all"])))
    for term in ("direct", "restructuring", "human_capital", "own_total"):
        parts = found[f"{term}[ai]"] + found[f"{term}[robots]"]
        assert parts == pytest.approx(found[term], abs=1e-12)
    for term in ("spillover", "spillover_direct", "spillover_mediated"):
        parts = sum(found[f"{term}[peer_ai_{where}]"] for where in ("city", "industry"))
        assert parts == pytest.approx(found[term], abs=1e-12)
    members = sum(found[f"ai -> {m}"] * found[f"{m} -> green_patents"]
                  for m in ("clean_share", "exits"))  # fmt: skip
    assert members == pytest.approx(found["restructuring[ai]"], abs=1e-12)


def test_a_chain_is_its_own_line(table):
    study = make_study(table, edges=[("skilled_share", "clean_share")])
    effects = quiet_paths(study)
    found = numbers(effects)
    product = (found["ai -> skilled_share"] * found["skilled_share -> clean_share"]
               * found["clean_share -> green_patents"])  # fmt: skip
    assert found[CHAIN] == pytest.approx(product, abs=1e-12)
    flat = quiet_paths(make_study(table))
    # The chain is taken from restructuring; the total stays.
    assert found["own_total"] == pytest.approx(flat["own_total"], abs=1e-10)
    assert found["restructuring"] + found[CHAIN] == pytest.approx(flat["restructuring"], abs=1e-10)


def test_the_other_order_names_the_other_chain(table):
    study = make_study(table, edges=[("clean_share", "skilled_share")])
    assert "restructuring -> human_capital" in quiet_paths(study).terms


def test_a_simulated_chain_is_found():
    economy = cg.Economy(chain=0.4, heterogeneity=0, nonlinearity=0, industry_shock=1.0)
    df, truth = cg.simulate_panel(700, 6, seed=1, economy=economy)
    study = make_study(df, edges=[("skilled_share", "clean_share")])
    effects = quiet_paths(study)
    error = effects.estimate - truth.average[list(effects.terms)].to_numpy()
    assert (np.abs(error) < 3.5 * effects.std_error).all()
    # Far from nothing and from each other: the test has power.
    place = effects.terms.index(CHAIN)
    assert truth.average[CHAIN] > 8 * effects.std_error[place]


def test_linear_economy_is_recovered_without_firm_effects_and_only_then():
    # What firm effects confound stays under "none", and shows.
    economy = cg.Economy(heterogeneity=0, nonlinearity=0)
    df, truth = cg.simulate_panel(500, 6, seed=4, economy=economy)
    for kind in ("within", "first_difference"):
        effects = quiet_paths(make_study(df, fixed_effects=kind))
        error = effects.estimate - truth.average[list(effects.terms)].to_numpy()
        assert (np.abs(error) < 3.5 * effects.std_error).all(), kind
    biased = quiet_paths(make_study(df, fixed_effects="none"), allow_unidentified=True)
    place = biased.terms.index("own_total")
    distance = biased.estimate[place] - truth.average["own_total"]
    assert distance > 3.5 * biased.std_error[place]


def test_firms_that_move_city(table):
    df = table.copy()
    moved = (df["firm"].isin(df["firm"].unique()[::25])) & (df["year"] >= 2013)
    df.loc[moved, "city"] = "city_020"
    study = make_study(df)
    effects = quiet_paths(study)
    numbers(effects)
    sample = study.moments.sample
    assert len(sample.units) > study.panel.n_units
    assert sample.n_firms == study.panel.n_units
    assert sample.rows.sum() == len(df)
    # Cells of a mover are apart: the estimate stays that of firms clustered by themselves.
    alone = quiet_paths(make_study(df, controls=None, cluster="firm"))
    moving = quiet_paths(make_study(df, controls=None))
    np.testing.assert_allclose(alone.estimate, moving.estimate, atol=1e-11)
    numbers(quiet_paths(study, covariance="CV3"))


def test_period_labels_do_not_matter(table):
    import pandas as pd

    base = quiet_paths(make_study(table))
    forms = {
        "float": table["year"].astype(float),
        "period": pd.PeriodIndex(table["year"].astype(str), freq="Y"),
        "date": pd.to_datetime(table["year"].astype(str) + "-12-31"),
    }
    for name, year in forms.items():
        other = quiet_paths(make_study(table.assign(year=year)))
        np.testing.assert_allclose(other.estimate, base.estimate, atol=1e-12, err_msg=name)


def test_absorbed_effects_that_nest_others_change_nothing(table):
    one = cg.FixedEffects("within", absorb=["industry^year"])
    two = cg.FixedEffects("within", absorb="year ^ industry", time=False)
    a, b = (quiet_paths(make_study(table, fixed_effects=f, controls=None)) for f in (one, two))
    np.testing.assert_allclose(a.estimate, b.estimate, atol=1e-9)


def test_absorbing_the_firm_is_within(table):
    fixed = cg.FixedEffects("none", absorb=["firm"])
    a = quiet_paths(make_study(table, fixed_effects=fixed, controls=None), allow_unidentified=True)
    b = quiet_paths(make_study(table, controls=None))
    np.testing.assert_allclose(a.estimate, b.estimate, atol=1e-9)


def test_peers_in_one_city_under_city_years_are_refused(table):
    # With five firms in every city, the leave-one-out mean is own treatment under city-years.
    df = table.copy()
    firm = df["firm"].astype("category").cat.codes
    df["city"] = (firm // 5).map("c{:02d}".format)
    group = df.groupby(["city", "year"])["ai"]
    df["peer_ai_city"] = (group.transform("sum") - df["ai"]) / (group.transform("size") - 1)
    fixed = cg.FixedEffects("within", absorb=["city^year"])
    study = make_study(df, fixed_effects=fixed, exposure="peer_ai_city", mediators=None,
                       controls=None)  # fmt: skip
    with pytest.raises(EstimationError, match=r"ai, peer_ai_city are collinear.*leave-one-out"):
        quiet_paths(study)


def test_a_treatment_that_the_effects_absorb_is_refused(table):
    df = table.assign(pilot=table.groupby(["city", "year"])["ai"].transform("mean"))
    fixed = cg.FixedEffects("within", absorb=["city^year"])
    study = make_study(df, fixed_effects=fixed, treatment="pilot", exposure=None, mediators=None,
                       controls=None)  # fmt: skip
    with pytest.raises(EstimationError, match=r"nothing is left of pilot.*absorb less"):
        quiet_paths(study)


def test_a_treatment_that_controls_give_away_is_refused(table):
    df = table.assign(copy=2 * table["ai"] + 1)
    study = make_study(df, controls=["copy"], exposure=None, mediators=None)
    with pytest.raises(EstimationError, match="nothing is left of ai"):
        quiet_paths(study)


def test_the_jackknife_names_a_coefficient_that_rests_on_one_cluster(table):
    treated = (table["city"] == "city_003") & (table["year"] > 2012)
    df = table.assign(pilot=treated.astype(float))
    study = make_study(df, treatment="pilot", exposure=None, mediators=None, controls=None)
    told = r"without city 'city_003' nothing determines.*pilot.*CR1"
    with pytest.raises(EstimationError, match=told):
        quiet_paths(study, covariance="CV3")
    assert np.isfinite(quiet_paths(study)["direct"])


def test_unknown_columns_and_kinds_are_refused(table):
    with pytest.raises(DesignError, match=r"cannot absorb 'town\^year'.*no column 'town'"):
        make_study(table, fixed_effects=cg.FixedEffects("within", absorb=["town^year"]))
    with pytest.raises(DesignError, match=r"'fixed' is not known; choose one of within"):
        make_study(table, fixed_effects="fixed")


def test_folds_more_than_clusters_are_refused(table):
    with pytest.raises(cg.DataError, match=r"6 clusters, fewer than the 9 folds"):
        make_study(table, cluster="industry", folds=9)


def test_one_period_is_enough_without_firm_effects(table):
    one = table[table["year"] == 2012]
    study = make_study(one, fixed_effects="none", mediators=None, exposure=None)
    effects = quiet_paths(study, allow_unidentified=True)
    assert effects.context.n_rows == 120
    with pytest.raises(cg.DataError, match="no firm has two periods"):
        make_study(one, fixed_effects="within")


def test_a_table_is_never_changed(table):
    before = table.copy(deep=True)
    quiet_paths(make_study(table, traits=["size"]), coefficients="varying")
    assert before.equals(table)
