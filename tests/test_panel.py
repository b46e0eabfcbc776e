"""The panel itself: order, codes, doors, dropped rows, notes, nothing mutated."""

from __future__ import annotations

import pickle
import warnings
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalgreen.errors import DataError, DataWarning
from causalgreen.panel import Panel

ROLES: dict[str, Any] = {"unit": "firm", "time": "year", "outcome": "y", "treatment": "ai"}


def make(n_firms: int = 5, n_years: int = 4, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = n_firms * n_years
    return pd.DataFrame(
        {
            "firm": np.repeat([f"f{i:02d}" for i in range(n_firms)], n_years),
            "year": np.tile(np.arange(2015, 2015 + n_years), n_firms),
            "y": rng.normal(size=n),
            "ai": rng.normal(size=n),
            "lev": rng.normal(size=n),
            "industry": np.repeat(rng.choice(["C39", "C13"], n_firms), n_years),
            "city": np.repeat(rng.integers(0, 3, n_firms), n_years),
        }
    )


def quiet(frame: Any, **roles: Any) -> Panel:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return Panel.from_frame(frame, **{**ROLES, **roles})


def noted(frame: Any, match: str, **roles: Any) -> tuple[Panel, list[str]]:
    with pytest.warns(DataWarning, match=match) as caught:
        panel = Panel.from_frame(frame, **{**ROLES, **roles})
    return panel, [str(w.message) for w in caught]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from(["text", "number", "category", "mixed"]))
def test_row_order_plays_no_part(seed: int, labels: str) -> None:
    rng = np.random.default_rng(seed)
    frame = make(6, 3, seed % 1000)
    frame.loc[rng.random(len(frame)) < 0.1, "y"] = np.nan
    frame["y"] = frame["y"].where(frame.index > 3, 1.5 + frame.index)
    if labels == "number":
        frame["firm"] = frame["firm"].str[1:].astype(int) * 7
    elif labels == "category":
        frame["firm"] = pd.Categorical(frame["firm"], rng.permutation(frame["firm"].unique()))
    elif labels == "mixed":
        frame["firm"] = [x if x < "f03" else int(x[1:]) for x in frame["firm"]]
    roles = ROLES | {"traits": "industry", "controls": "lev", "cluster": ["city", "year"]}
    before = frame.copy(deep=True)
    shuffled = frame.sample(frac=1, random_state=seed % 2**31)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        one, two = Panel.from_frame(frame, **roles), Panel.from_frame(shuffled, **roles)
    pd.testing.assert_frame_equal(frame, before)
    pd.testing.assert_frame_equal(one.frame, two.frame)
    pd.testing.assert_index_equal(one.units, two.units)
    for name in ("firm", "year", "industry", "city"):
        np.testing.assert_array_equal(one.codes(name), two.codes(name))
    for mine, other in zip(one.clusters, two.clusters, strict=True):
        np.testing.assert_array_equal(mine, other)
    pd.testing.assert_frame_equal(one.baseline_traits(), two.baseline_traits())
    assert one.dropped == two.dropped
    assert one.notes == two.notes
    assert str(one.describe()) == str(two.describe())


def test_sizes_order_and_codes() -> None:
    frame = make().iloc[::-1]
    panel = quiet(frame, controls="lev", cluster=["city", "year"])
    assert (panel.n_rows, panel.n_units, panel.n_periods) == (20, 5, 4)
    assert list(panel.units) == ["f00", "f01", "f02", "f03", "f04"]
    np.testing.assert_array_equal(panel.unit_codes, np.repeat(np.arange(5), 4))
    np.testing.assert_array_equal(panel.times, np.tile([2015, 2016, 2017, 2018], 5))
    np.testing.assert_array_equal(panel.periods, [2015, 2016, 2017, 2018])
    assert panel.n_clusters == (frame["city"].nunique(), 4)
    np.testing.assert_array_equal(panel.codes("year"), np.tile(np.arange(4), 5))
    levels = np.array(sorted(frame["industry"].unique()))
    np.testing.assert_array_equal(levels[panel.codes("industry")], panel.frame["industry"])
    assert panel.matrix(["y", "lev"]).shape == (20, 2)
    assert panel.matrix([]).shape == (20, 0)
    np.testing.assert_array_equal(panel.weights, np.ones(20))


def test_missing_values_are_their_own_level() -> None:
    frame = make()
    frame.loc[2, "industry"] = None
    panel = quiet(frame)
    assert panel.codes("industry")[2] == panel.codes("industry").max() == 2


def test_nothing_can_be_changed() -> None:
    frame = make()
    panel = quiet(frame, cluster="city")
    first = panel.column("y")[0]
    for array in (panel.column("y"), panel.matrix(["y"]), panel.times, panel.unit_codes):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 9
    with pytest.raises(ValueError, match="read-only"):
        panel.clusters[0][0] = 9
    with pytest.raises(ValueError, match="read-only"):
        panel.codes("industry")[0] = 9
    with pytest.raises(FrozenInstanceError):
        panel.notes = ()  # type: ignore[misc]
    mine = panel.frame
    mine.loc[0, "y"] = 99.0
    frame.loc[0, "y"] = 77.0
    assert panel.column("y")[0] == panel.frame["y"].iloc[0] == first


def test_pickles() -> None:
    panel = quiet(make())
    again = pickle.loads(pickle.dumps(panel))
    pd.testing.assert_frame_equal(again.frame, panel.frame)
    assert again.roles == panel.roles


def test_polars_and_arrow_give_the_same_panel() -> None:
    frame = make()
    frame["flag"] = frame["y"] > 0
    roles = {"traits": "industry", "controls": ["lev", "flag"], "cluster": "city"}
    expected = quiet(frame, **roles)
    for other in (pl.from_pandas(frame), pa.Table.from_pandas(frame, preserve_index=False)):
        panel = quiet(other, **roles)
        np.testing.assert_array_equal(
            panel.matrix(["y", "ai", "lev", "flag"]), expected.matrix(["y", "ai", "lev", "flag"])
        )
        assert list(panel.units) == list(expected.units)
        assert list(panel.baseline_traits()["industry"]) == list(
            expected.baseline_traits()["industry"]
        )
        assert set(panel.frame.columns) == set(frame.columns)


def test_polars_dates_and_categories() -> None:
    frame = pl.from_pandas(make()).with_columns(
        pl.date(pl.col("year"), 12, 31).alias("year"), pl.col("firm").cast(pl.Categorical)
    )
    panel = quiet(frame.sample(fraction=1.0, shuffle=True, seed=1))
    np.testing.assert_array_equal(panel.periods, [2015, 2016, 2017, 2018])
    assert list(panel.units) == ["f00", "f01", "f02", "f03", "f04"]
    arrow = frame.to_arrow()
    np.testing.assert_array_equal(quiet(arrow).times, panel.times)


def test_polars_without_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    import narwhals as nw

    def refuse(_: Any) -> None:
        raise ModuleNotFoundError("pyarrow")

    monkeypatch.setattr(nw.DataFrame, "to_pandas", refuse)
    frame = make()
    np.testing.assert_array_equal(quiet(pl.from_pandas(frame)).column("y"), frame["y"])


def test_lazy_and_duplicated_tables_from_elsewhere() -> None:
    with pytest.raises(DataError, match=r"LazyFrame.*\n.*frame\.collect\(\)"):
        Panel.from_frame(pl.from_pandas(make()).lazy(), **ROLES)
    twice = pa.table([pa.array([1]), pa.array([2])], names=["ai", "ai"])
    with pytest.raises(DataError, match=r"duplicate_columns.*share a name: 'ai' 2 times"):
        Panel.from_frame(twice, **ROLES)


@pytest.mark.parametrize("keys", [["firm", "year"], ["year"], ["firm"], ["firm", "year", "city"]])
def test_keys_in_the_index(keys: list[str]) -> None:
    frame = make()
    indexed = frame.set_index(keys)
    before = indexed.copy(deep=True)
    panel = quiet(indexed, cluster="city")
    pd.testing.assert_frame_equal(panel.frame[frame.columns], frame)
    pd.testing.assert_frame_equal(indexed, before)


def test_columns_without_a_role_stay_and_odd_indices_go() -> None:
    frame = make().set_axis(range(100, 120))
    panel = quiet(frame)
    assert set(panel.frame.columns) == set(frame.columns)
    assert isinstance(panel.frame.index, pd.RangeIndex)


def test_numbers_of_many_kinds() -> None:
    frame = make()
    rng = np.random.default_rng(0)
    frame["ai"] = rng.random(20) > 0.5
    frame["lev"] = pd.array([None, *range(19)], dtype="Int64")
    frame["flag"] = pd.array([None, *([True, False, True] * 6), True], dtype="boolean")
    frame["loose"] = [None, *([1, 2.5, True] * 6), False]
    frame["arrow"] = pd.array([None, *range(19)], dtype="double[pyarrow]")
    controls = ["lev", "flag", "loose", "arrow"]
    with pytest.warns(DataWarning, match=r"missing controls: 'lev' \(5.0% of rows\)"):
        panel = Panel.from_frame(
            frame, unit="firm", time="year", outcome="y", treatment="ai", controls=controls
        )
    assert set(np.unique(panel.column("ai"))) == {0.0, 1.0}
    values = panel.matrix(controls)
    assert np.isnan(values[0]).all()
    np.testing.assert_array_equal(values[1:4], [[0, 1, 1, 0], [1, 0, 2.5, 1], [2, 1, 1, 2]])


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([2015.0, 2016.0, 2017.0, 2018.0], [2015, 2016, 2017, 2018]),
        (["2015", "2016", "2017", "2018"], [2015, 2016, 2017, 2018]),
        (pd.period_range("2015", "2018", freq="Y"), [2015, 2016, 2017, 2018]),
        (pd.period_range("2015Q1", "2015Q4", freq="Q"), [180, 181, 182, 183]),
        (pd.to_datetime(["2015-12-31", "2016-06-30", "2017-12-31", "2018-01-01"]), None),
        (["2015-12-31", "2016-12-31", "2017-12-31", "2018-12-31"], None),
        (pd.date_range("2015-12-31", periods=4, freq="YE", tz="Asia/Shanghai"), None),
        (pd.array([2015, 2016, 2017, 2018], dtype="Int64"), None),
    ],
)
def test_periods_of_many_kinds(times: Any, expected: list[int] | None) -> None:
    frame = make(3)
    frame["year"] = pd.concat([pd.Series(times)] * 3, ignore_index=True)
    panel = quiet(frame)
    assert panel.times.dtype.kind == "i"
    np.testing.assert_array_equal(panel.periods, expected or [2015, 2016, 2017, 2018])
    np.testing.assert_array_equal(panel.codes("year"), np.tile(np.arange(4), 3))


def test_quarterly_dates_agree_with_quarterly_periods() -> None:
    frame = make(3)
    dates = pd.to_datetime(["2015-03-31", "2015-06-30", "2015-09-30", "2015-12-31"])
    frame["year"] = np.tile(dates, 3)
    panel, _ = noted(frame, "several dates for a firm within a year; periods are counted in quart")
    np.testing.assert_array_equal(panel.periods, pd.PeriodIndex(dates, freq="Q").asi8)
    assert panel.step == 1
    assert panel.describe().balanced


def test_fiscal_year_ends_that_differ_share_a_period() -> None:
    frame = make(2)
    ends = ["2015-12-31", "2016-12-31", "2017-12-31", "2018-12-31"]
    mid = ["2015-06-30", "2016-06-30", "2017-06-30", "2018-06-30"]
    frame["year"] = pd.to_datetime(ends + mid)
    panel = quiet(frame)
    assert panel.n_periods == 4
    assert panel.codes("year").max() == 3


def test_how_a_panel_prints() -> None:
    frame = make().assign(peer=lambda d: d["y"] * 2, clean=lambda d: d["y"] + d["ai"])
    panel = quiet(
        frame, exposure="peer", mediators={"r": "clean"}, controls="lev", cluster=["city"]
    )
    assert repr(panel) == "Panel(y ~ ai | peer | clean; 20 rows, 5 firms, 4 periods 2015 to 2018)"
    assert str(panel).count("\n") == 1
    assert "0 traits, 1 control\n" in str(panel)
    assert "clusters city (" in str(panel)
    assert "<b>Panel y ~ ai | peer | clean" in panel._repr_html_()
