"""Exposure to peers: against loops, networkx and the formula of the great circle."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import causalgreen as cg
from causalgreen.panel.exposure import Exposure, exposure, haversine


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cg.DataWarning)
        yield


def ragged(seed=0, firms=40, years=5, digits=None):
    """An unbalanced panel with movers, missing treatment, missing city, coordinates."""
    rng = np.random.default_rng(seed)
    grid = pd.MultiIndex.from_product([range(firms), range(2015, 2015 + years)])
    df = pd.DataFrame(grid.tolist(), columns=["firm", "year"])
    df["firm"] = df["firm"].map("{:06d}".format)
    df["city"] = rng.choice(["a", "b", "c", "d"], len(df), p=[0.5, 0.3, 0.15, 0.05])
    df["industry"] = rng.choice(["C39", "C26", "D44"], len(df))
    df["ai"] = rng.normal(size=len(df)) if digits is None else rng.integers(0, 9, len(df)) * 1.0
    df["size"] = rng.uniform(0, 3, len(df)).round(1)
    spots = {c: rng.uniform([100, 25], [120, 40]) for c in "abcd"}
    df["longitude"] = [spots[c][0] for c in df["city"]]
    df["latitude"] = [spots[c][1] for c in df["city"]]
    df.loc[rng.random(len(df)) < 0.1, "ai"] = np.nan
    df.loc[rng.random(len(df)) < 0.05, "city"] = None
    df = df[rng.random(len(df)) < 0.85]
    return df.sample(frac=1, random_state=seed)  # a shuffled index, kept


def loop(df, same, weight=None, normalise=True):
    """Leave-own-out means by comparing each row with each other."""
    out = []
    rows = df.to_dict("records")
    for i in rows:
        total = w_sum = n = 0.0
        for j in rows:
            if j["firm"] == i["firm"] or j["year"] != i["year"] or np.isnan(j["ai"]):
                continue
            if not same(i, j):
                continue
            w = 1.0 if weight is None else j[weight]
            total, w_sum, n = total + w * j["ai"], w_sum + w, n + (w > 0)
        if normalise:
            out.append(total / w_sum if n else np.nan)
        else:
            out.append(total)
    return np.array(out)


def same_city(i, j):
    return isinstance(i["city"], str) and i["city"] == j["city"]


@pytest.mark.parametrize("weight", [None, "size"])
@pytest.mark.parametrize("normalise", [True, False])
def test_group_means_are_those_of_a_loop(weight, normalise):
    df = ragged()
    found = exposure(df, by="city", weights=weight, normalise=normalise)
    expected = loop(df, same_city, weight, normalise)
    expected[df["city"].isna()] = np.nan  # no city: unknown, not zero
    np.testing.assert_allclose(found.values, expected, atol=1e-12)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_whole_numbers_are_exact(seed):
    df = ragged(seed, firms=12, years=3, digits=0)
    found = exposure(df, by=["city", "industry^city"], normalise=False)
    sums = loop(df, same_city, normalise=False)
    sums[df["city"].isna()] = np.nan
    np.testing.assert_array_equal(found.values[:, 0], sums)
    both = loop(df, lambda i, j: same_city(i, j) and i["industry"] == j["industry"], None, False)
    both[df["city"].isna()] = np.nan
    np.testing.assert_array_equal(found.values[:, 1], both)


def test_simulated_peers_are_found_again():
    df, _ = cg.simulate_panel(80, 4, seed=2, n_cities=9)
    found = exposure(df, by=["city", "industry"], alone="zero")
    assert found.columns == ("peer_ai_city", "peer_ai_industry")
    table = found.attach(replace=True)
    np.testing.assert_allclose(table[["peer_ai_city", "peer_ai_industry"]],
                               df[["peer_ai_city", "peer_ai_industry"]], atol=1e-12)  # fmt: skip
    with pytest.raises(cg.DataError, match=r"peer_ai_city, peer_ai_industry already.*\n.*replace"):
        found.attach()


def test_rows_keep_order_and_index_and_the_table_stays():
    df = ragged()
    before = df.copy()
    table = exposure(df, by="industry").attach()
    pd.testing.assert_frame_equal(df, before)
    pd.testing.assert_frame_equal(table.drop(columns="peer_ai_industry"), before)
    assert list(table.columns) == [*df.columns, "peer_ai_industry"]
    again = exposure(df.sort_values(["year", "firm"]), by="industry").attach()
    np.testing.assert_allclose(again.loc[df.index, "peer_ai_industry"], table["peer_ai_industry"])


def test_a_panel_is_taken_as_it_is():
    df = ragged().dropna().assign(y=1.0)
    df.loc[df.index[3], "y"] = np.nan
    df["y"] = df["y"] * np.arange(len(df))
    panel = cg.Panel.from_frame(df, unit="firm", time="year", outcome="y", treatment="ai")
    found = exposure(panel, by="industry")
    assert len(found.values) == panel.n_rows
    assert any("1 row that the panel dropped do not count as peers" in n for n in found.notes)
    frame = panel.frame
    np.testing.assert_allclose(found.values, exposure(frame, by="industry").values)
    with pytest.raises(cg.DataError, match="the panel's unit is 'firm'"):
        exposure(panel, by="industry", unit="year")


def test_firms_without_peers_are_named():
    df = pd.DataFrame({"firm": ["000001", "000002", "600000"], "year": 2020,
                       "city": ["x", "x", "y"], "ai": [1.0, 2.0, 3.0]})  # fmt: skip
    with pytest.warns(cg.DataWarning, match=r"1 of 3 rows have no peers.*firms: 600000"):
        found = exposure(df, by="city")
    np.testing.assert_array_equal(found.values, [2.0, 1.0, np.nan])
    assert found.alone().to_dict("records") == [
        {"column": "peer_ai_city", "firm": "600000", "rows": 1, "alone_rows": 1}
    ]
    assert "1 row without peers (600000)" in str(found)
    np.testing.assert_array_equal(exposure(df, by="city", alone="zero").values, [2.0, 1.0, 0.0])
    np.testing.assert_array_equal(exposure(df, by="city", normalise=False).values, [2.0, 1.0, 0.0])


def test_lag_goes_by_the_period_not_by_the_row():
    df = pd.DataFrame({"firm": list("aaabbb"), "year": [2014, 2015, 2017, 2014, 2015, 2016],
                       "g": 1, "ai": [1.0, 2.0, 3.0, 10.0, 20.0, 30.0]})  # fmt: skip
    found = exposure(df, by="g", lag=1)
    # a in 2017 has no row in 2016; b in 2016 had the peer a in 2015
    np.testing.assert_array_equal(found.values, [np.nan, 10.0, np.nan, np.nan, 1.0, 2.0])
    assert found.columns == ("peer_ai_g_lag1",)
    assert found.alone().empty  # b has no peers in 2016, but in 2017 it has no row
    with pytest.warns(cg.DataWarning, match="1 of 7 rows have no peers"):
        longer = exposure(pd.concat([df, pd.DataFrame({"firm": ["b"], "year": [2017], "g": [1],
                                                       "ai": [40.0]})]), by="g", lag=1)  # fmt: skip
    assert longer.alone()["firm"].tolist() == ["b"]
    assert np.isnan(longer.values[-1])
    assert found.tidy()["rows_without_past"].item() == 3
    assert "3 rows without a row 1 period ago" in str(found)


def test_edges_are_those_of_networkx():
    import networkx as nx

    df = ragged(3)
    rng = np.random.default_rng(1)
    firms = df["firm"].unique()
    edges = pd.DataFrame({"supplier": rng.choice(firms, 300), "customer": rng.choice(firms, 300),
                          "year": rng.choice(df["year"].unique(), 300),
                          "share": rng.uniform(0, 1, 300)})  # fmt: skip
    edges = edges.drop_duplicates(["supplier", "customer", "year"])
    found = exposure(df, by=edges)
    assert found.columns == ("peer_ai_suppliers", "peer_ai_customers")
    for year, rows in df.assign(s=found.values[:, 0], c=found.values[:, 1]).groupby("year"):
        graph = nx.DiGraph()
        here = edges[(edges["year"] == year) & (edges["supplier"] != edges["customer"])]
        graph.add_weighted_edges_from(here[["supplier", "customer", "share"]].to_numpy().tolist())
        ai = rows.set_index("firm")["ai"].dropna()
        for firm, s, c in zip(rows["firm"], rows["s"], rows["c"], strict=True):
            for value, near in ((s, graph.in_edges), (c, graph.out_edges)):
                ends = [(a if b == firm else b, d["weight"]) for a, b, d in near(firm, data=True)]
                ends = [(f, w) for f, w in ends if f in ai.index] if firm in graph else []
                mean = sum(w * ai[f] for f, w in ends) / sum(w for _, w in ends) if ends else np.nan
                np.testing.assert_allclose(value, mean, atol=1e-12)


def test_years_of_edges_may_be_text():
    df = ragged(4)
    edges = pd.DataFrame({"supplier": ["000001", "000002"], "customer": ["000002", "000003"],
                          "year": [2015, 2016]})  # fmt: skip
    text = edges.assign(year=edges["year"].astype(str))
    np.testing.assert_array_equal(exposure(df, by=edges).values, exposure(df, by=text).values)


def test_edges_without_years_hold_in_all():
    df = ragged(4)
    edges = pd.DataFrame({"supplier": ["000001", "000002", "999999", "000003"],
                          "customer": ["000002", "000001", "000001", "000003"]})  # fmt: skip
    found = exposure(df, by=edges, side="supplier", alone="zero")
    ai = df.set_index(["firm", "year"])["ai"]
    for value, firm, year in zip(found.values, df["firm"], df["year"], strict=True):
        other = {"000001": "000002", "000002": "000001"}.get(firm)
        expected = ai.get((other, year), np.nan)
        assert value == (0 if np.isnan(expected) else expected)
    notes = " ".join(found.notes)
    assert "1 edge with firms that are not in the table: left out (999999)" in notes
    assert "1 edge from a firm to itself" in notes


def test_rings_are_those_of_a_loop():
    df = ragged(5, firms=20, years=4)
    df["longitude"] += np.repeat(np.linspace(0, 1, 5), len(df) // 5 + 1)[: len(df)]
    df.loc[df.index[:7], "latitude"] = np.nan
    found = exposure(df, by="distance", rings=(60, 900))
    assert found.columns == ("peer_ai_0_60km", "peer_ai_60_900km")

    def ring(low, high):
        def near(i, j):
            d = haversine(*(np.array([v]) for v in (i["longitude"], i["latitude"],
                                                    j["longitude"], j["latitude"])))[0]  # fmt: skip
            return (d <= high) and (d > low or low == 0)

        return near

    for k, (low, high) in enumerate([(0, 60), (60, 900)]):
        np.testing.assert_allclose(found.values[:, k], loop(df, ring(low, high)), atol=1e-12)
    assert found.tidy()["rows_without_place"].tolist() == [7, 7]


def test_many_locations_are_taken_in_pieces():
    rng = np.random.default_rng(0)
    df = pd.DataFrame({"firm": np.arange(1300), "year": 2020, "ai": rng.normal(size=1300),
                       "lon": rng.uniform(0, 360, 1300) - 180,
                       "lat": np.degrees(np.arcsin(rng.uniform(-1, 1, 1300)))})  # fmt: skip
    found = exposure(df, "distance", coordinates=("lon", "lat"), rings=(500, 20_000))
    far = haversine(df.lon.to_numpy()[:, None], df.lat.to_numpy()[:, None],
                    df.lon.to_numpy(), df.lat.to_numpy())  # fmt: skip
    near = (far <= 500) & ~np.eye(1300, dtype=bool)
    with np.errstate(invalid="ignore"):
        expected = near @ df["ai"].to_numpy() / near.sum(axis=1)
    np.testing.assert_allclose(found.values[:, 0], expected, atol=1e-12)


def test_matrices_reproduce_the_values():
    df = ragged(6)
    x = df["ai"].fillna(0).to_numpy()
    firms = df["firm"].unique()
    edges = pd.DataFrame({"supplier": firms[:-1], "customer": firms[1:], "share": 0.5})
    for kwargs in ({"by": "industry", "weights": "size"}, {"by": "distance", "rings": [700]},
                   {"by": edges, "side": "customer"}):  # fmt: skip
        for normalise in (True, False):
            found = exposure(df, **kwargs, normalise=normalise, alone="zero")
            matrix = found.matrix()
            assert matrix.diagonal().max() == 0
            np.testing.assert_allclose(matrix @ x, found.values, atol=1e-10)
    with pytest.raises(cg.DataError, match="does not name one of peer_ai_industry, peer_ai_city"):
        exposure(df, by=["industry", "city"]).matrix()
    big = pd.DataFrame({"firm": np.arange(8000), "year": 1, "g": 1, "ai": np.arange(8000.0)})
    with pytest.raises(cg.DataError, match="64,000,000 entries"):
        exposure(big, by="g").matrix()


def test_memory_goes_with_the_rows():
    import tracemalloc

    rng = np.random.default_rng(0)
    n, years = 30_000, 10
    df = pd.DataFrame({"firm": np.repeat(np.arange(n), years), "year": np.tile(range(years), n),
                       "city": np.repeat(rng.integers(0, 5, n), years),
                       "ai": rng.normal(size=n * years)})  # fmt: skip
    tracemalloc.start()
    found = exposure(df, by="city")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.counts.min() > 5000  # a matrix of peers would have 1.8e10 entries
    assert peak < 60 * 8 * len(df)


def test_collinear_with_own_treatment():
    rng = np.random.default_rng(0)
    df = pd.DataFrame({"firm": np.tile(np.arange(50), 4), "year": np.repeat(np.arange(4), 50),
                       "g": 1, "ai": rng.normal(size=200)})  # fmt: skip
    with pytest.warns(cg.DataWarning, match=r"almost collinear with own ai.*correlation -1\.00"):
        found = exposure(df, by="g")
    assert found.tidy()["corr_own_within"].item() == pytest.approx(-1)
    assert any("with g^year effects, exposure is own ai times -1/(group size - 1)" in note
               for note in found.notes)  # fmt: skip


def test_no_instrument_while_a_spillover_is_claimed():
    found = exposure(ragged(), by="industry", lag=1)
    with pytest.raises(cg.IdentificationError, match=r"cannot be an instrument.*A lag of 1 does"):
        found.as_instrument()
    with pytest.warns(cg.IdentificationWarning, match="no effect of its own"):
        column = found.as_instrument(spillover=False)
    np.testing.assert_array_equal(column["peer_ai_industry_lag1"], found.values)


@pytest.mark.parametrize(("change", "kwargs", "message"), [
    ({}, {"by": "town"}, r"no column 'town'.*\n.*it has: firm, year"),
    ({}, {"by": "city", "of": "robots"}, "no column 'robots'"),
    ({"ai": "much"}, {"by": "city"}, "'ai' .* does not hold numbers"),
    ({"ai": np.inf}, {"by": "city"}, "'ai' is infinite in"),
    ({"ai": np.nan}, {"by": "city"}, "'ai' is missing in every row"),
    ({"year": 2015}, {"by": "city"}, r"repeat a firm and year: \d{6} in 2015"),
    ({"firm": None}, {"by": "city"}, "'firm' is missing in"),
    ({"size": -1.0}, {"by": "city", "weights": "size"}, "missing or negative in .* row .*: -1"),
    ({"city": None}, {"by": "city"}, "no row has a group: 'city' is missing in every row"),
    ({"ai": 1e308}, {"by": "city"}, "too large for a computer's numbers"),
    ({}, {"by": None}, "does not say who is whose peer"),
    ({}, {"by": "city", "lag": -1}, "not a whole number from 0 upwards"),
    ({}, {"by": "city", "alone": "drop"}, "alone='drop' is unknown"),
    ({}, {"by": []}, "does not say who is whose peer"),
    ({}, {"by": "city", "names": ["a", "b"]}, "2 names for 1 exposures"),
    ({}, {"by": ["city", "city"]}, "exposures of the same name"),
    ({"latitude": 116.0}, {"by": "distance"}, "'latitude' lies outside ±90"),
    ({"latitude": np.nan}, {"by": "distance"}, "no row has both"),
    ({}, {"by": "distance", "rings": (200, 50)}, "not rising distances in kilometres"),
    ({}, {"by": "distance", "coordinates": "city"}, "are not two columns"),
])  # fmt: skip
def test_bad_input(change, kwargs, message):
    with pytest.raises(cg.DataError, match=message):
        exposure(ragged().assign(**change), **kwargs)


def test_bad_edges_are_told_together():
    firms = ragged()["firm"].unique()
    edges = pd.DataFrame({"supplier": [firms[0], firms[0], None, firms[1]],
                          "customer": [firms[1], firms[1], firms[2], firms[2]],
                          "share": [0.1, 0.2, 0.3, -1.0]})  # fmt: skip
    with pytest.raises(cg.DataError) as caught:
        exposure(ragged(), by=edges)
    assert [f.code for f in caught.value.faults] == [
        "bad_weights", "missing_keys", "duplicate_edges"
    ]  # fmt: skip
    with pytest.raises(cg.DataError, match="the table of edges has no column 'customer'"):
        exposure(ragged(), by=edges[["supplier"]])
    half = edges.iloc[:1].assign(year=2015.5)
    with pytest.raises(cg.DataError, match=r"'year' is not a whole number: row 0: 2015\.5"):
        exposure(ragged(), by=half)
    df = pd.concat([ragged(), ragged()[["city"]]], axis=1)
    with pytest.raises(cg.DataError, match="several columns of the table are called 'city'"):
        exposure(df, by="city")
    numbers = pd.DataFrame({"supplier": [1, 2], "customer": [2, 3]})
    with pytest.raises(cg.DataError, match=r"no firm of the edges.*have 1, 2.*\n.*zfill\(6\)"):
        exposure(ragged(), by=numbers)


def test_result_object(tmp_path):
    import matplotlib.pyplot as plt

    found = exposure(ragged(), by=["city", "industry"])
    assert isinstance(found, Exposure)
    tidy = found.tidy()
    assert tidy["column"].tolist() == ["peer_ai_city", "peer_ai_industry"]
    assert (tidy["rows_with_value"] <= tidy["rows"]).all()
    assert found.values.shape == found.counts.shape == (len(found), 2)
    with pytest.raises(ValueError, match="read-only"):
        found.values[0] = 1
    assert "peer_ai_city" in repr(found)
    assert "overlap with own ai" in str(found)
    assert "<table" in found._repr_html_()
    figure = found.plot()
    assert "Exposure to peers' ai (mean)" in figure.get_suptitle()
    figure.savefig(tmp_path / "e.png")
    plt.close(figure)
    assert pickle.loads(pickle.dumps(found)).columns == found.columns


def test_polars_and_dates():
    pl = pytest.importorskip("polars")
    df = ragged().dropna()
    plain = exposure(df, by="industry").values
    np.testing.assert_allclose(exposure(pl.from_pandas(df), by="industry").values, plain)
    dated = df.assign(year=pd.to_datetime(df["year"].astype(str) + "-12-31"))
    np.testing.assert_allclose(exposure(dated, by="industry").values, plain)
