"""Traps that no other test shows, and the page that lists them all."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import causalgreen as cg
from causalgreen.errors import DataError, DataWarning

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "traps-in-the-data.md"


def panel_of(**columns):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return cg.data.firm_panel(pd.DataFrame(columns))


def test_zeros_and_large_firms_are_shown_before_a_model():
    """Traps 16 to 18: little variation within firms, firms without a patent, a few large ones."""
    firms = [f"{600000 + i:06d}" for i in range(20)]
    panel = panel_of(
        firm=np.repeat(firms, 2), year=[2018, 2019] * 20,
        green_patents=[100, 100] + [1, 0] * 9 + [0, 0] * 10,
    )  # fmt: skip
    (row,) = panel.spread().to_dict("records")
    assert row["all_zero_firms"] == 10
    assert row["all_zero_rows"] == 20
    assert row["zero_share"] == pytest.approx(29 / 40)
    assert row["top_10_share"] == 1
    x = panel.frame["green_patents"]
    within = ((x - x.groupby(panel.frame["firm"]).transform("mean")) ** 2).sum()
    assert row["within_share"] == pytest.approx(within / ((x - x.mean()) ** 2).sum())
    with pytest.raises(DataError, match="no column 'ai'"):
        panel.spread(["ai"])


def test_policies_that_switch_back_are_found():
    """Trap 14: a policy dummy that goes back to 0."""
    panel = panel_of(firm=["000001"] * 3, year=[2018, 2019, 2020], carbon_post=[0, 1, 0])
    found = panel.check(absorbing=["carbon_post"])
    assert found.findings[0].code == "switches_back"
    assert "000001 2020" in str(found)


def test_soe_codes_without_labels_are_pointed_out():
    """Trap 14: ownership coded 1 to 5."""
    table = pd.DataFrame({"firm": ["000001", "000002"], "year": 2019, "SOE": [1, 4]})
    with pytest.warns(DataWarning, match="'soe' is not 0 or 1: it holds 1, 4"):
        cg.data.firm_panel(table)


def test_size_in_yuan_is_not_taken_for_its_logarithm():
    """Trap 15."""
    table = pd.DataFrame({"firm": ["000001", "000002"], "year": 2019, "Size": [3.1e9, 8e8]})
    panel = panel_of(**{c: table[c] for c in table})
    assert "assets" in panel.frame
    assert "size" not in panel.frame
    assert panel.units["assets"] == "yuan"


def test_entry_is_compared_between_zones_and_others():
    """Trap 10: firms that were listed after 2018, more of them in zones."""
    rows = [("600001", y, "上海市") for y in range(2016, 2022)]
    rows += [("688001", y, "上海市") for y in (2020, 2021)]
    rows += [("600002", y, "无锡市") for y in range(2016, 2022)]
    done = cg.data.attach_pilot_zones(pd.DataFrame(rows, columns=["firm", "year", "city"]))
    assert done.firms.set_index("firm")["late"].to_dict() == {
        "600001": 0, "600002": 0, "688001": 1,
    }  # fmt: skip
    assert any("50% of the firms in zones and 0% of the others" in note for note in done.notes)


def test_other_programmes_are_columns_not_secrets():
    """Section 2.4: Qingdao is no clean control, and its other cohort is a column."""
    table = pd.DataFrame({"firm": "600600", "year": range(2016, 2022), "city": "青岛市"})
    done = cg.data.attach_pilot_zones(table)
    assert done.frame["zone_status"].unique().tolist() == ["other programme only"]
    assert done.frame["zone_other_cohort"].unique().tolist() == [2019]


def _tests():
    names = {}
    for file in (ROOT / "tests").glob("test_*.py"):
        tree = ast.parse(file.read_text("utf-8"))
        names[file.name] = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
    return names


def test_the_page_names_tests_that_exist():
    text = PAGE.read_text("utf-8")
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", text)
    have = _tests()
    assert len(named) >= 40
    assert [f"{file}::{name}" for file, name in named if name not in have.get(file, ())] == []
    # every number of the checklist has its row
    rows = re.findall(r"^\| (\d+) \|", text, re.M)
    assert rows == [str(i) for i in range(1, 19)]


def test_benchmark_of_files_at_small_size(tmp_path):
    out = tmp_path / "files.csv"
    command = [sys.executable, "-m", "benchmarks.files", "--rows", "20000", "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(out).set_index("step")
    assert table["rows"].drop("imports").eq(20_000).all()
    assert (table["peak_mb"].drop("write") < 600).all()
    assert {"pandas", "python", "causalgreen"} <= set(table.columns)


def test_stored_benchmark_has_three_million_rows_in_bounded_memory():
    table = pd.read_csv(ROOT / "benchmarks" / "results" / "files.csv").set_index("step")
    assert table.loc["study table", "rows"] == 3_000_000
    assert table["bytes_per_row"].max() < 1500
    page = (ROOT / "docs" / "from-files.md").read_text("utf-8")
    for row in table.loc["pandas":].itertuples():
        assert f"| {row.words} | {row.cpu_seconds:.1f} | {row.peak_mb:,.0f} |" in page
