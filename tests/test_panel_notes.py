"""What a panel points out: dropped rows, traits that vary, ln(1 + count), firms that move."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from causalgreen.errors import DataWarning
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


def test_incomplete_rows_are_dropped_and_counted_once() -> None:
    frame = make()
    frame.loc[[0, 1, 2, 3, 9], "y"] = np.nan
    frame.loc[[9, 10], "ai"] = np.nan
    frame.loc[[11, 12], "lev"] = np.nan
    panel, messages = noted(frame.iloc[::-1], "dropped 6 of 20 rows", controls="lev")
    assert len(messages) == 2
    assert "missing controls: 'lev' (14.3% of rows)" in messages[1]
    assert [(d.reason, d.rows) for d in panel.dropped] == [
        ("outcome 'y' is missing", 5),
        ("treatment 'ai' is missing", 1),
    ]
    assert panel.dropped[0].examples == ("f00 2015", "f00 2016", "f00 2017")
    assert "f00 2015, f00 2016, f00 2017 and 2 more" in messages[0]
    assert "1 firm left without a row" in messages[0]
    assert panel.notes == ("1 firm left without a row by missing values", messages[1])
    assert panel.n_rows == 14
    assert list(panel.units) == ["f01", "f02", "f03", "f04"]
    np.testing.assert_array_equal(np.unique(panel.unit_codes), np.arange(4))
    assert np.isnan(panel.column("lev")).sum() == 2


def test_missing_exposures_and_mediators_drop_rows_too() -> None:
    frame = make()
    frame["peer"] = frame["y"] ** 2
    frame["skill"] = frame["ai"] ** 3
    frame.loc[0, "peer"] = np.nan
    frame.loc[1, "skill"] = np.nan
    panel, _ = noted(frame, "dropped 2 of 20", exposure="peer", mediators={"h": "skill"})
    reasons = [d.reason for d in panel.dropped]
    assert reasons == ["exposure 'peer' is missing", "mediator 'skill' is missing"]


def test_keys_and_weights_are_only_needed_where_rows_are_kept() -> None:
    frame = make().assign(w=1.0, region="a")
    frame["region"] = frame["region"].where(frame.index != 3)
    frame.loc[3, ["y", "w"]] = np.nan
    panel, _ = noted(frame, "dropped 1 of 20", weight="w", cluster="region")
    np.testing.assert_array_equal(panel.weights, np.ones(19))


def test_a_trait_that_varies_is_read_at_baseline() -> None:
    frame = make()
    frame["size"] = np.repeat(np.arange(5.0), 4)
    frame.loc[frame["firm"].eq("f01") & frame["year"].gt(2016), "size"] = 9.0
    match = r"trait 'size' varies over time in 1 of 5 firms.*first period.*post-treatment"
    panel, messages = noted(frame.iloc[::-1], match, traits=["size", "industry"])
    assert panel.notes == tuple(messages)
    traits = panel.baseline_traits()
    np.testing.assert_array_equal(traits["size"], np.arange(5.0))
    assert isinstance(traits["industry"].dtype, pd.CategoricalDtype)
    assert list(traits["industry"]) == list(frame.groupby("firm")["industry"].first())
    assert list(traits.index) == list(panel.units)


def test_a_text_trait_that_varies() -> None:
    frame = make()
    frame.loc[[2, 6], "industry"] = "Z"
    panel, _ = noted(frame, "'industry' varies over time in 2 of 5 firms", traits="industry")
    assert "Z" not in list(panel.baseline_traits()["industry"])


def test_a_trait_that_is_missing_at_baseline_stays_missing() -> None:
    frame = make()
    frame["size"] = np.repeat(np.arange(5.0), 4)
    frame.loc[[0, 4, 5, 6, 7], "size"] = np.nan
    match = "missing in the first period of 2 of 5 firms .* 1 of these know a later value"
    panel, _ = noted(frame, match, traits="size")
    np.testing.assert_array_equal(panel.baseline_traits()["size"].isna(), [1, 1, 0, 0, 0])


def test_ordered_categories_keep_their_order_and_flags_become_numbers() -> None:
    frame = make()
    frame["grade"] = pd.Categorical(["low"] * 12 + ["high"] * 8, ["low", "high"], ordered=True)
    frame["urban"] = np.repeat([True, False, True, True, False], 4)
    traits = quiet(frame, traits=["grade", "urban"]).baseline_traits()
    assert list(traits["grade"].cat.categories) == ["low", "high"]
    np.testing.assert_array_equal(traits["urban"], [1.0, 0.0, 1.0, 1.0, 0.0])


@pytest.mark.parametrize("decimals", [None, 6, 4, 3])
def test_an_outcome_like_log_count_is_pointed_out(decimals: int | None) -> None:
    frame = make(40, 5)
    counts = np.random.default_rng(0).negative_binomial(0.5, 0.1, len(frame))
    frame["y"] = np.log1p(counts)
    if decimals:
        frame["y"] = frame["y"].round(decimals)
    panel, _ = noted(frame, r"outcome 'y' looks like ln\(1 \+ count\).*10\.1093/qje/qjad054")
    assert "numpy.expm1(frame['y'])" in panel.notes[0]


@pytest.mark.parametrize("kind", ["counts", "uniform", "normal", "large", "binary", "money"])
def test_other_outcomes_are_not(kind: str) -> None:
    rng = np.random.default_rng(0)
    frame = make(100, 5)
    n = len(frame)
    frame["y"] = {
        "counts": rng.poisson(2.0, n) * 1.0,
        "uniform": rng.random(n) * 5,
        "normal": rng.normal(size=n),
        "large": rng.normal(22, 1, n),
        "binary": np.log1p(rng.integers(0, 2, n)),
        "money": np.log1p(rng.lognormal(3, 2, n)),
    }[kind]
    assert quiet(frame).notes == ()


def test_firms_that_move_between_clusters() -> None:
    frame = make()
    frame["city"] = 1
    frame.loc[[3, 7], "city"] = 2
    panel, _ = noted(
        frame, r"2 of 5 firms are in more than one cluster 'city' \(f00, f01\)", cluster="city"
    )
    assert len(panel.notes) == 1
    assert quiet(frame).notes == ()


def test_stock_codes_in_a_column_without_a_role() -> None:
    frame = make()
    frame["Stkcd"] = np.repeat([1, 63, 725, 300059, 600519], 4)
    panel, _ = noted(frame, "'Stkcd' .no role. looks like stock codes")
    assert "zfill(6)" in panel.notes[0]
