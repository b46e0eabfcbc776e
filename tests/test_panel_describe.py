"""The description of a panel: numbers against pandas, text, table, figure."""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import Any

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pandas as pd
import pytest

from causalgreen.panel import Panel, PanelDescription


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"firm": np.repeat([f"f{i:02d}" for i in range(30)], 6), "year": np.tile(range(6), 30)}
    )
    level = np.repeat(rng.normal(size=30), 6)
    frame["y"] = rng.poisson(np.exp(level - 1)) * 1.0
    frame["ai"] = level + rng.normal(size=180)
    frame["skill"] = rng.normal(size=180)
    frame["peer"] = level
    frame["lev"] = rng.normal(size=180)
    frame.loc[::9, "lev"] = np.nan
    frame.loc[[98, 99], "y"] = np.nan
    frame["city"] = np.repeat(np.arange(30) % 4, 6)
    # f00 enters late, f01 leaves early, f02 has a hole of two years, f03 is seen once
    return frame.drop(index=[0, 1, 11, 14, 15, 18, 19, 20, 22, 23])


def panel_of(frame: pd.DataFrame, **roles: Any) -> Panel:
    base: dict[str, Any] = {
        "unit": "firm",
        "time": "year",
        "outcome": "y",
        "treatment": "ai",
        "exposure": "peer",
        "mediators": {"h": "skill"},
        "controls": "lev",
        "cluster": ["city", "firm"],
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Panel.from_frame(frame, **(base | roles))


@pytest.fixture
def described(frame: pd.DataFrame) -> PanelDescription:
    return panel_of(frame).describe()


def test_sizes_gaps_entry_and_exit(described: PanelDescription) -> None:
    d = described
    assert (d.n_rows, d.n_units, d.n_periods) == (168, 30, 6)
    assert not d.balanced
    assert (d.firms_with_gaps, d.missing_inside) == (2, 4)  # f02, and the firm of rows 98, 99
    assert (d.entering, d.leaving, d.one_period) == (2, 2, 1)
    assert dict(d.rows_per_firm)["min"] == 1
    assert dict(d.rows_per_firm)["max"] == 6
    table = d.periods.set_index("period")
    assert table["firms"].sum() == 168
    assert table["entering"].to_dict() == {0: 0, 1: 0, 2: 1, 3: 1, 4: 0, 5: 0}
    assert table["leaving"].to_dict() == {0: 0, 1: 0, 2: 0, 3: 1, 4: 1, 5: 0}


def test_a_balanced_panel(frame: pd.DataFrame) -> None:
    years = frame[frame["firm"].isin(["f05", "f06", "f07"])]
    d = panel_of(years).describe()
    assert d.balanced
    assert (d.firms_with_gaps, d.entering, d.leaving) == (0, 0, 0)


def test_biennial_panels_have_no_gaps(frame: pd.DataFrame) -> None:
    d = panel_of(frame.iloc[40:].assign(year=lambda d: 2010 + 2 * d["year"])).describe()
    assert d.step == 2
    assert "step 2" in str(d)
    assert d.firms_with_gaps == 1  # the firm that lost two rows to a missing outcome


def test_variation_agrees_with_pandas(frame: pd.DataFrame, described: PanelDescription) -> None:
    kept = frame[frame["y"].notna()]
    table = described.variation.set_index("column")
    assert list(table.index) == ["y", "ai", "peer", "skill"]
    for name in table.index:
        mean = kept.groupby("firm")[name].transform("mean")
        inside = ((kept[name] - mean) ** 2).sum()
        total = ((kept[name] - kept[name].mean()) ** 2).sum()
        assert table.loc[name, "sd"] == pytest.approx(kept[name].std())
        assert table.loc[name, "within_share"] == pytest.approx(inside / total, abs=1e-12)
        parts = table.loc[name, "sd_within"] ** 2 + table.loc[name, "sd_between"] ** 2
        assert parts == pytest.approx(kept[name].var())
    assert table.loc["peer", "within_share"] == pytest.approx(0, abs=1e-12)
    assert table.loc["peer", "firms_varying"] == 0


def test_zeros_clusters_and_missing(frame: pd.DataFrame, described: PanelDescription) -> None:
    kept = frame[frame["y"].notna()]
    assert described.zero_share == pytest.approx((kept["y"] == 0).mean())
    assert described.all_zero_firms == (kept.groupby("firm")["y"].max() == 0).sum() > 0
    city = described.clusters.set_index("cluster").loc["city"]
    rows = kept.groupby("city").size()
    firms = kept.groupby("city")["firm"].nunique()
    assert (city["n"], city["rows_min"], city["rows_max"]) == (4, rows.min(), rows.max())
    assert (city["firms_min"], city["firms_median"]) == (firms.min(), firms.median())
    assert city["firms_moving"] == 0
    missing = described.missing.set_index("column")
    assert missing.loc["lev", "share"] == pytest.approx(kept["lev"].isna().mean())


def test_tidy(described: PanelDescription) -> None:
    table = described.tidy()
    assert list(table.columns) == ["section", "item", "statistic", "value"]
    assert table["value"].dtype == np.float64
    assert not table.duplicated(["section", "item", "statistic"]).any()
    key = table.set_index(["section", "item", "statistic"])["value"]
    assert key["panel", "panel", "n_rows"] == 168
    assert key["dropped", "outcome 'y' is missing", "rows"] == 2
    assert key["periods", "2", "entering"] == 1


def test_text_is_compact_aligned_and_complete(described: PanelDescription) -> None:
    text = str(described)
    for part in (
        "rows            168",
        "30 (1 with one period only)",
        "2 firms, 4 firm-periods missing inside",
        "2 enter later, 2 leave early",
        "outcome 'y' is missing in 2 rows (f16 2, f16 3)",
        "control  lev",
    ):
        assert part in text
    lines = text.split("\n")
    assert max(map(len, lines)) <= 110
    start = lines.index("By period") + 1
    assert len({len(line) for line in lines[start : start + 7]}) == 1
    assert repr(described).startswith("PanelDescription(y ~ ai")


def test_many_periods_are_shortened() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"f": np.repeat([1, 2], 60), "t": np.tile(range(60), 2)})
    frame[["y", "d"]] = rng.normal(size=(120, 2))
    d = Panel.from_frame(frame, unit="f", time="t", outcome="y", treatment="d").describe()
    assert len(d.periods) == 60
    assert "…" in str(d)
    assert str(d).count("\n") < 40


def test_html_escapes(frame: pd.DataFrame) -> None:
    d = panel_of(frame.rename(columns={"y": "<y>"}), outcome="<y>").describe()
    page = d._repr_html_()
    assert "<y>" not in page
    assert "&lt;y&gt;" in page
    assert "Rows dropped" in page


def test_plot_has_four_readable_panels(described: PanelDescription) -> None:
    import matplotlib.pyplot as plt

    figure = described.plot()
    titles = [axis.get_title() for axis in figure.axes]
    assert titles[0] == "Firms by period"
    assert titles[1] == "Periods per firm (2 firms with gaps)"
    assert len(titles) == 4
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    for axis in figure.axes:
        labels = [t.get_window_extent(renderer) for t in axis.get_xticklabels() if t.get_text()]
        shown = sorted((b for b in labels if b.width), key=lambda b: b.x0)
        assert all(a.x1 <= b.x0 for a, b in pairwise(shown))
    plt.close(figure)
