"""Simulated economies: shapes, seeds, and truths that the data obey."""

from __future__ import annotations

import numpy as np
import pytest

import causalgreen as cg

CHAIN = "human_capital -> restructuring"


def test_shape_and_columns():
    df, truth = cg.simulate_panel(50, 4, seed=1, n_controls=5)
    assert df.shape == (200, 19)
    assert list(df.columns) == [
        "firm", "year", "city", "industry", "green_patents", "ai", "clean_share", "skilled_share",
        "peer_ai", "peer_ai_city", "peer_ai_industry", "size", "urban", "clean_industry", "age",
        "leverage", "roa_lag", "control_4", "control_5",
    ]  # fmt: skip
    assert df.groupby("firm").size().eq(4).all()
    assert not df.isna().any().any()
    assert truth.per_firm.shape == (50, 6)
    assert list(truth.per_firm.index) == list(df["firm"].unique())
    for trait in ("city", "industry", "size", "urban", "clean_industry"):
        assert df.groupby("firm")[trait].nunique().eq(1).all()


def test_same_seed_same_table():
    a, b, c = (cg.simulate_panel(40, 3, seed=s) for s in (5, 5, 6))
    assert a[0].equals(b[0])
    assert a[1].per_firm.equals(b[1].per_firm)
    assert not a[0]["ai"].equals(c[0]["ai"])


def test_every_city_has_a_firm():
    df, _ = cg.simulate_panel(60, 2, n_cities=60)
    assert df["city"].nunique() == 60


def test_truth_adds_up():
    _, truth = cg.simulate_panel(80, 3, economy=cg.Economy(chain=0.4))
    t = truth.per_firm
    own = t["direct"] + t["restructuring"] + t["human_capital"] + t[CHAIN]
    np.testing.assert_allclose(own, t["own_total"], atol=1e-12)
    np.testing.assert_allclose(t["own_total"] + t["spillover"], t["overall"], atol=1e-12)
    np.testing.assert_allclose(truth.average, t.mean(), atol=1e-12)


def test_without_heterogeneity_effects_are_known_constants():
    _, truth = cg.simulate_panel(40, 3, economy=cg.Economy(heterogeneity=0))
    known = {"direct": 0.5, "restructuring": 0.2, "human_capital": 0.16, "spillover": 0.46,
             "own_total": 0.86, "overall": 1.32}  # fmt: skip
    for term, value in known.items():
        np.testing.assert_allclose(truth.per_firm[term], value, atol=1e-12)
        assert truth.population[term] == pytest.approx(value, abs=1e-12)


def test_spillover_dial_leaves_the_mediated_part():
    _, truth = cg.simulate_panel(40, 3, economy=cg.Economy(heterogeneity=0, spillover=0))
    assert truth.average["spillover"] == pytest.approx(0.16, abs=1e-12)


def test_sample_average_nears_the_population():
    _, truth = cg.simulate_panel(20_000, 2, seed=0, n_cities=2000)
    # Firms of one city share urban and size: the error is that of 2,000 cities.
    np.testing.assert_allclose(truth.average, truth.population, atol=0.02)


def structural_effects(economy):
    """Move one firm's AI by hand through the published equations of the table."""
    df, truth = cg.simulate_panel(400, 12, seed=2, n_cities=40, economy=economy)
    return df, truth


@pytest.mark.parametrize("chain", [0.0, 0.4])
def test_the_table_obeys_the_truth_firm_by_firm(chain):
    # No shocks, no confounding other than firm effects and trends, no curvature: with known
    # controls as regressors, each equation's coefficients are those behind the truth.
    economy = cg.Economy(heterogeneity=0, nonlinearity=0, chain=chain, city_shock=0,
                         industry_shock=2.0, persistence=0)  # fmt: skip
    df, truth = structural_effects(economy)
    columns = ["ai", "peer_ai", "skilled_share", "clean_share", "green_patents", "age",
               "leverage", "roa_lag"]  # fmt: skip
    x = df[columns] - df.groupby("firm")[columns].transform("mean")
    x = x.assign(trend=df["year"] - df["year"].mean()).drop(columns="age")

    def slopes(y, regressors):
        X = x[[*regressors, "trend", "leverage", "roa_lag"]].to_numpy()
        return np.linalg.lstsq(X, x[y].to_numpy(), rcond=None)[0][: len(regressors)]

    a_h, l_h = slopes("skilled_share", ["ai", "peer_ai"])
    a_r, l_r, link = slopes("clean_share", ["ai", "peer_ai", "skilled_share"])
    d, g, b_r, b_h = slopes("green_patents", ["ai", "peer_ai", "clean_share", "skilled_share"])
    implied = {
        "direct": d, "restructuring": a_r * b_r, "human_capital": a_h * b_h,
        "own_total": d + a_r * b_r + a_h * b_h + a_h * link * b_r,
        "spillover": g + l_r * b_r + l_h * b_h + l_h * link * b_r,
    }  # fmt: skip
    assert link == pytest.approx(chain, abs=0.06)
    for term, value in implied.items():
        tolerance = 0.15 if term == "spillover" else 0.06
        assert value == pytest.approx(truth.average[term], abs=tolerance), term


def test_effects_of_a_firm_follow_its_traits():
    df, truth = cg.simulate_panel(300, 2, seed=0)
    firms = df.drop_duplicates("firm").set_index("firm")
    z = (firms["size"] - 21) / 1.3
    u, c = firms["urban"] - 0.6, firms["clean_industry"] - 0.4
    direct = 0.5 + 0.2 * z + 0.2 * u + 0.1 * c
    np.testing.assert_allclose(truth.per_firm["direct"], direct, atol=1e-12)
    mediated = (0.4 + 0.15 * z + 0.2 * c) * (0.5 + 0.2 * c)
    np.testing.assert_allclose(truth.per_firm["restructuring"], mediated, atol=1e-12)


def test_peers_are_the_other_firms_of_the_city_and_industry():
    df, _ = cg.simulate_panel(60, 3, seed=0, n_cities=8)
    for level in ("city", "industry"):
        group = df.groupby([level, "year"])["ai"]
        others = (group.transform("sum") - df["ai"]) / (group.transform("size") - 1)
        np.testing.assert_allclose(df[f"peer_ai_{level}"], others.fillna(0), atol=1e-10)
    both = (df["peer_ai_city"] + df["peer_ai_industry"]) / 2
    np.testing.assert_allclose(df["peer_ai"], both, atol=1e-12)


def test_dials_of_the_noise():
    def ai(**dials):
        df, _ = cg.simulate_panel(400, 8, seed=0, n_cities=20, economy=cg.Economy(**dials))
        x = df["ai"] - df.groupby("firm")["ai"].transform("mean")
        return df.assign(x=x - x.groupby(df["year"]).transform("mean"))

    def share(df, level):
        return df.groupby([level, "year"])["x"].transform("mean").var() / df["x"].var()

    assert share(ai(city_shock=2.0), "city") > 3 * share(ai(city_shock=0.0), "city")
    high, low = (share(ai(industry_shock=s, city_shock=0.0), "industry") for s in (2.0, 0.0))
    assert high > 3 * low
    lag = [d["x"].autocorr() for d in (ai(persistence=0.9), ai(persistence=0.0))]
    assert lag[0] > lag[1] + 0.1


@pytest.mark.parametrize(("kwargs", "message"), [
    ({"n_firms": 1}, "at least 2 firms and 2 years, got 1 and 12"),
    ({"n_firms": 10, "n_years": 1}, "at least 2 firms and 2 years, got 10 and 1"),
    ({"n_firms": 10, "n_cities": 11}, "between 1 and n_firms=10, got 11"),
    ({"n_firms": 10, "n_cities": 0}, "between 1 and n_firms=10, got 0"),
    ({"n_firms": 10, "n_industries": 0}, "n_industries must be at least 1"),
    ({"n_firms": 10, "n_controls": 2}, "n_controls must be at least 3"),
    ({"n_firms": 10, "economy": cg.Economy(persistence=1.0)}, r"persistence must lie in \[0, 1\)"),
    ({"n_firms": 10, "economy": cg.Economy(city_shock=-1.0)}, "city_shock"),
    ({"n_firms": 10, "economy": cg.Economy(industry_shock=-0.5)}, "industry_shock"),
    ({"n_firms": 10, "economy": cg.Economy(heterogeneity=float("nan"))}, "heterogeneity"),
])  # fmt: skip
def test_dials_are_checked(kwargs, message):
    with pytest.raises(ValueError, match=message):
        cg.simulate_panel(**({"n_cities": 2} | kwargs))
