"""The realistic economy: its moments, its levels, its truth, its zones and supply chains."""

from __future__ import annotations

import hashlib
import pickle
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import causalgreen as cg
from causalgreen.data.economy_moments import markdown, moments
from causalgreen.data.realism import Realism, Simulation
from causalgreen.panel.absorb import absorb
from causalgreen.panel.exposure import exposure

DOC = Path(__file__).resolve().parent.parent / "docs" / "simulated-economy.md"


@pytest.fixture(scope="module")
def large():
    return cg.simulate_panel(2000, 12, realism=Realism())


def codes(series):
    return pd.factorize(series)[0]


def test_old_arguments_give_the_old_bits():
    df, truth = cg.simulate_panel(100, 5, seed=1)
    bits = pd.util.hash_pandas_object(df).to_numpy().tobytes()
    bits += truth.per_firm.to_numpy().tobytes() + truth.population.to_numpy().tobytes()
    assert hashlib.sha256(bits).hexdigest()[:24] == "9a33d80cc13987609d30fbcc"


def test_moments_lie_in_their_ranges(large):
    table = large.tidy()
    out = table[(table["simulated"] < table["low"]) | (table["simulated"] > table["high"])]
    assert out.empty, out


def test_documentation_holds_this_table(large):
    # The numbers may differ in the last digit between versions of numpy; the rest may not.
    written = [line for line in DOC.read_text("utf-8").splitlines() if line.startswith("| ")]
    made = markdown(large.tidy()).splitlines()
    made = [line for line in made if line.startswith("| ")]
    assert [w.rsplit("|", 2)[0] for w in written] == [m.rsplit("|", 2)[0] for m in made]
    for a, b in zip(written[1:], made[1:], strict=True):
        x, y = (float(line.rsplit("|", 2)[1]) for line in (a, b))
        assert x == pytest.approx(y, rel=0.02), a


def test_levels_of_the_kinds_of_ai(large):
    df = large.df
    assert df.groupby(["industry", "year"])["robots"].nunique().max() == 1
    assert df.groupby(["city", "year"])["digital_finance"].nunique().max() == 1
    smart = df.sort_values(["firm", "year"])
    assert smart.groupby("firm")["smart_manufacturing"].diff().min() >= 0
    assert smart.groupby(["industry", "year"])["smart_manufacturing"].nunique().max() == 2
    np.testing.assert_allclose(df["ai"], np.log1p(df["ai_words"]))


def test_counts_add_up(large):
    df = large.df
    assert (df["green_patents"] == df["green_inventions"] + df["green_utility"]).all()
    classes = ["green_clean_production", "green_end_of_pipe", "green_recycling"]
    assert (df["green_patents"] == df[classes].sum(axis=1)).all()
    assert (df["patents"] == df[["inventions", "utility_models", "designs"]].sum(axis=1)).all()
    for part, whole in (("green_patents", "patents"), ("green_inventions", "inventions"),
                        ("green_utility", "utility_models"), ("ai_patents", "inventions"),
                        ("green_administrative", "inventions")):  # fmt: skip
        assert (df[part] <= df[whole]).all(), part
    assert ((df[["clean_share", "skilled_share"]] > 0) & (df[["clean_share", "skilled_share"]] < 1)
            ).all(axis=None)  # fmt: skip


def test_firms_enter_leave_and_miss_years(large):
    df = large.df
    span = df.groupby("firm")["year"].agg(["min", "max", "size"])
    assert (span["min"] > 2012).mean() > 0.2
    assert (span["max"] < 2023).mean() > 0.02
    assert (span["size"] < span["max"] - span["min"] + 1).sum() > 5
    assert not df.duplicated(["firm", "year"]).any()
    assert df["firm"].str.fullmatch(r"\d{6}").all()
    assert df["firm"].nunique() == 2000
    star = df["firm"].str.startswith("688")
    assert span.loc[df.loc[star, "firm"].unique(), "min"].min() >= 2019
    late = span["min"] >= 2019
    zone = df.drop_duplicates("firm").set_index("firm")["ai_zone_cohort"] > 0
    assert late[zone].mean() > late[~zone].mean()  # listings in pilot cities, after treatment
    assert df["leverage"].isna().mean() == pytest.approx(0.02, abs=0.005)
    assert not df[["green_patents", "ai", "clean_share", "size"]].isna().any(axis=None)


def test_zones_are_those_of_the_shipped_table(large):
    first = large.df.drop_duplicates("firm").set_index("firm")
    by_city = first.groupby("city_code")["ai_zone_cohort"].agg(["min", "max"])
    assert by_city.loc["110000"].tolist() == [2019, 2019]
    assert by_city.loc["410100"].tolist() == [2022, 2022]
    for never in ("341300", "370200", "320100"):  # the other Suzhou, Qingdao, Nanjing
        assert by_city.loc[never].tolist() == [0, 0]
    huzhou = first[first["city_code"] == "330500"]
    assert (huzhou["ai_zone_cohort"].eq(2020) == huzhou["county"].eq("德清县")).all()
    assert set(huzhou["ai_zone_cohort"]) == {0, 2020}
    calendar = cg.simulate_panel(300, 6, realism=Realism(zones="calendar")).df
    assert set(calendar.loc[calendar["city_code"] == "410100", "ai_zone_cohort"]) <= {2021}


def test_zone_truth_is_the_economy_without_zones():
    with_zones, without = (
        cg.simulate_panel(800, 8, seed=4, realism=Realism(zones=zones, entry_exit=False))
        for zones in ("full_year", None)
    )
    a, b = with_zones.df, without.df
    since = (a["year"] - a["ai_zone_cohort"])[a["ai_zone"] == 1]
    change = (a["ai"] - b["ai"])[a["ai_zone"] == 1].groupby(since).mean()
    np.testing.assert_allclose(with_zones.truth.zones["ai"], change, atol=1e-12)
    before = (a["ai_zone_cohort"] == 0) | (a["year"] < a["ai_zone_cohort"])
    np.testing.assert_array_equal(a.loc[before, "ai"], b.loc[before, "ai"])
    assert (change.diff().dropna() > 0).all()
    assert without.truth.zones is None
    assert set(without.df["ai_zone"]) == {0}


def slopes(simulation, y, regressors, others=("leverage", "roa", "ln_age")):
    """Coefficients after firm and year effects, every control known."""
    df = simulation.df.assign(ln_age=np.log(simulation.df["age"]))
    inside = absorb(df[[y, *regressors, *others]].to_numpy(float),
                    [codes(df["firm"]), codes(df["year"])])  # fmt: skip
    return dict(zip(regressors, np.linalg.lstsq(inside[:, 1:], inside[:, 0], rcond=None)[0],
                    strict=False))  # fmt: skip


def test_the_table_obeys_the_truth():
    economy = cg.Economy(heterogeneity=0, nonlinearity=0, city_shock=0, industry_shock=0.5,
                         persistence=0)  # fmt: skip
    made = cg.simulate_panel(4000, 12, seed=3, economy=economy,
                             realism=Realism(counts=False, missing=0.0))  # fmt: skip
    kinds = ["robots", "smart_manufacturing", "digital_finance"]
    ai = ["ai", *kinds, "peer_ai"]
    human, clean = (slopes(made, y, ai) for y in ("skilled_share", "clean_share"))
    green = slopes(made, "green_patents", [*ai, "peer_ai_suppliers", "skilled_share",
                                           "clean_share"])  # fmt: skip
    # The clipped leverage and rounded ages leave a little of the controls: tolerances are small
    # against the effects (0.1, 0.04, 0.03), not against rounding.
    assert green["ai"] == pytest.approx(made.truth.average["direct"], abs=0.02)
    assert green["peer_ai_suppliers"] == pytest.approx(made.truth.supply_chain, abs=0.02)
    for kind in ai[:-1]:
        truth = made.truth if kind == "ai" else made.truth.of_type(kind)
        restructuring = clean[kind] * green["clean_share"]
        assert restructuring == pytest.approx(truth.average["restructuring"], abs=0.015), kind
        human_capital = human[kind] * green["skilled_share"]
        assert human_capital == pytest.approx(truth.average["human_capital"], abs=0.015), kind
        if kind != "digital_finance":  # little of it is left by year effects
            assert green[kind] == pytest.approx(truth.average["direct"], abs=0.06), kind
    spillover = green["peer_ai"] + clean["peer_ai"] * green["clean_share"]
    spillover += human["peer_ai"] * green["skilled_share"]
    assert spillover == pytest.approx(made.truth.average["spillover"], abs=0.06)


def test_effects_on_counts(large):
    same = cg.simulate_panel(1500, 12, economy=cg.Economy(heterogeneity=0), realism=Realism())
    counts = same.truth.counts
    mean = same.df["green_patents"].mean()
    for path in ("direct", "restructuring", "human_capital", "spillover"):
        expected = same.truth.average[path] * mean
        assert counts.loc["green_patents", path] == pytest.approx(expected, rel=0.02)
    parts = large.truth.counts.drop(index="green_patents").sum()
    np.testing.assert_allclose(parts, large.truth.counts.loc["green_patents"], rtol=1e-10)
    own = large.truth.counts[["direct", "restructuring", "human_capital"]].sum(axis=1)
    np.testing.assert_allclose(own, large.truth.counts["own_total"], rtol=1e-10)
    # AI shifts green patents from the end of the pipe to production
    share = large.truth.counts["direct"] / large.df[list(large.truth.counts.index)].mean()
    assert share["green_clean_production"] > share["green_end_of_pipe"]


def test_truth_of_each_kind(large):
    robots = large.truth.of_type("robots")
    assert list(robots.per_firm.index) == list(large.truth.per_firm.index)
    assert set(robots.per_firm.index) == set(large.df["firm"])
    assert robots.average["spillover"] == 0
    relative = {kind: truth.average / large.truth.average for kind, truth in large.truth.types}
    assert relative["robots"]["restructuring"] == pytest.approx(1.5)
    assert relative["digital_finance"]["human_capital"] == pytest.approx(1.5)
    assert relative["smart_manufacturing"]["direct"] == pytest.approx(1.2)
    with pytest.raises(KeyError, match=r"no AI of kind 'drones'.*robots, smart_manufacturing"):
        large.truth.of_type("drones")
    _, plain = cg.simulate_panel(50, 3)
    with pytest.raises(KeyError, match="none: simulate with realism"):
        plain.of_type("robots")


def test_peers_are_those_of_exposure(large):
    df = large.df
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cg.DataWarning)
        groups = exposure(df, by=["city", "industry"], alone="zero")
        chain = exposure(df, by=large.edges, side="supplier", alone="zero")
    np.testing.assert_allclose(groups.values[:, 0], df["peer_ai_city"], atol=1e-10)
    np.testing.assert_allclose(groups.values[:, 1], df["peer_ai_industry"], atol=1e-10)
    np.testing.assert_allclose(df["peer_ai"], groups.values.mean(axis=1), atol=1e-10)
    np.testing.assert_allclose(chain.values, df["peer_ai_suppliers"], atol=1e-10)
    assert (df["peer_ai_suppliers"] > 0).mean() > 0.03


def test_edges(large):
    edges = large.edges
    assert not edges.duplicated(["supplier", "customer", "year"]).any()
    assert (edges["supplier"] != edges["customer"]).all()
    assert edges["share"].between(0, 1, inclusive="right").all()
    assert edges.groupby(["customer", "year"])["share"].sum().max() <= 1 + 1e-12
    rows = set(zip(large.df["firm"], large.df["year"], strict=True))
    for end in ("supplier", "customer"):
        assert set(zip(edges[end], edges["year"], strict=True)) <= rows


def test_parts_can_be_switched_off():
    plain = Realism(counts=False, types=False, links=False, zones=None, entry_exit=False, missing=0)
    df, truth = cg.simulate_panel(100, 6, realism=plain)
    assert len(df) == 600
    assert df["year"].max() == 2023
    assert not {"robots", "peer_ai_suppliers", "green_inventions"} & set(df.columns)
    assert df.drop(columns="county").notna().all(axis=None)
    assert (truth.types, truth.counts, truth.zones, truth.supply_chain) == ((), None, None, 0.0)
    on = cg.simulate_panel(100, 6, realism=Realism(entry_exit=False, zones=None)).df
    np.testing.assert_array_equal(on["ai"], df["ai"])  # what is switched off moves nothing else


def test_same_seed_same_economy(tmp_path):
    a, b, c = (cg.simulate_panel(80, 5, seed=s, realism=Realism()) for s in (1, 1, 2))
    pd.testing.assert_frame_equal(a.df, b.df)
    pd.testing.assert_frame_equal(a.edges, b.edges)
    assert not a.df["ai"].equals(c.df["ai"])
    assert isinstance(a, Simulation)
    df, truth = a
    assert df is a.df
    assert truth is a.truth
    back = pickle.loads(pickle.dumps(cg.simulate_panel(
        60, 4, realism=Realism(missing={"roa": 0.5}))))  # fmt: skip
    assert back.realism.missing_shares() == {"roa": 0.5}
    assert back.df["roa"].isna().mean() > 0.3
    assert back.df["leverage"].notna().all()
    assert "60 firms" in str(back)
    assert "<table" in back._repr_html_()
    figure = a.plot()
    assert "80 firms" in figure.get_suptitle()
    figure.savefig(tmp_path / "s.png")


@pytest.mark.parametrize(("make", "message"), [
    (lambda: Realism(zones="letter"), "zones must be 'full_year', 'calendar' or None"),
    (lambda: Realism(missing={"ai": 0.1}), "'ai' is not one of age, leverage"),
    (lambda: Realism(missing=1.0), r"must lie in \[0, 1\), got 1"),
    (lambda: Realism(effect=float("inf")), "effect must be a finite number"),
    (lambda: cg.simulate_panel(50, 5, n_cities=4, realism=Realism()), "fixed with realism"),
    (lambda: cg.simulate_panel(9000, 5, realism=Realism()), "stock codes for 8,000 firms"),
    (lambda: cg.simulate_panel(1, 5, realism=Realism()), "at least 2 firms"),
    (lambda: cg.simulate_panel(500, 5, economy=cg.Economy(nonlinearity=40), realism=Realism()),
     r"this draw puts .*_share between .* outside \(0, 1\)"),
])  # fmt: skip
def test_dials_are_checked(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_moments_of_another_table():
    df = cg.simulate_panel(200, 8, seed=5, realism=Realism()).df
    table = moments(df).set_index("moment")["simulated"]
    assert table["leverage mean"] == pytest.approx(df["leverage"].mean())
    assert table["green patents zero share"] == (df["green_patents"] == 0).mean()
    assert re.search(r"\| ai words max \| 429 \|", markdown(moments(df)))


def test_the_same_seed_gives_the_same_firms_under_every_hash_seed():
    import os
    import subprocess
    import sys

    code = (
        "import causalgreen as cg; s = cg.simulate_panel(40, 3, seed=1, realism=cg.Realism());"
        "print(s.df['firm'].tolist())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(said) == 1
