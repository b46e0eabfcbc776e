"""The benchmark of scale, and the page made from it."""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd
import pytest

from benchmarks import scale, scale_tables
from benchmarks.results import read_metadata

FEW = ("panel", "residuals", "moments", "paths")


@pytest.fixture
def table():
    rows = []
    for firms in (100, 1000, 10_000):
        for step, seconds in (("paths", firms / 50), ("surface", firms**1.5 / 100)):
            rows.append({"step": step, "firms": firms, "rows": 10 * firms, "seconds": seconds,
                         "peak_gib": firms / 1e4})  # fmt: skip
        rows.append({"step": "whole", "firms": firms, "rows": 10 * firms, "peak_gib": firms / 1e4,
                     "seconds": firms / 50 + firms**1.5 / 100})  # fmt: skip
    out = pd.DataFrame(rows)
    return out.merge(scale.slopes(out), on="step").assign(
        learner="linear", trees=40, forest_firms=100
    )


NOTES = {"years": "10", "controls": "30", "date": "2026-01-01", "cores": "2", "memory_gib": "24",
         "python": "3.11"}  # fmt: skip


def test_steps_are_measured_one_by_one():
    rows = scale.measure(150, "linear", 16, 100, FEW)
    assert [row["step"] for row in rows] == list(FEW)
    assert all(row["seconds"] > 0 and 0.05 < row["peak_gib"] < 8 for row in rows)


def test_slopes_are_of_logarithms(table):
    found = scale.slopes(table, ("seconds", "peak_gib")).set_index("step")
    np.testing.assert_allclose(found.loc["paths"], [1.0, 1.0])
    np.testing.assert_allclose(found.loc["surface"], [1.5, 1.0])


def test_one_size_has_no_slope(table):
    assert scale.slopes(table[table["firms"] == 100])["slope_seconds"].isna().all()


def test_figures_name_the_largest_size_and_the_steps_that_are_too_steep(table):
    text = scale_tables.figures(table, NOTES)
    assert "At 10,000 firms × 10 years (100,000 rows), 30 controls" in text
    assert "steps above 1.1: `study.surface(...)`, whole study" in text
    assert "| `study.paths()` | 2 | 20 | 200 | 1.00 |" in text


def test_the_page_keeps_what_is_around_the_markers(table):
    page = f"before\n\n{scale_tables.BEGIN}\nold\n{scale_tables.END}\n\nafter\n"
    once = scale_tables.filled(page, "new")
    assert once.startswith("before")
    assert once.endswith("after\n")
    assert "old" not in once
    assert scale_tables.filled(once, "new") == once


def test_a_size_that_fails_ends_the_run_and_keeps_the_others(tmp_path, table, monkeypatch):
    def apart(firms: int, args: argparse.Namespace) -> pd.DataFrame:
        if firms > 1000:
            raise SystemExit("10,000 firms ended with code -9")
        part = table[table["firms"] == firms]
        return part[["step", "firms", "rows", "seconds", "peak_gib"]]

    monkeypatch.setattr(scale, "_apart", apart)
    out = tmp_path / "scale.csv"
    with pytest.raises(SystemExit, match="ended with code -9"):
        scale.main(["--firms", "100", "1000", "10000", "--out", str(out)])
    kept = pd.read_csv(out)
    assert sorted(kept["firms"].unique()) == [100, 1000]
    assert {"slope_seconds", "learner", "trees", "forest_firms"} <= set(kept.columns)
    assert read_metadata(tmp_path / "scale_metadata.csv")["years"] == "10"


@pytest.mark.skipif(not scale.TABLE.exists(), reason="scale has not been measured yet")
def test_the_page_says_what_was_measured():
    notes = read_metadata(scale.TABLE.with_name("scale_metadata.csv"))
    page = scale_tables.PAGE.read_text(encoding="utf-8")
    text = scale_tables.figures(pd.read_csv(scale.TABLE), notes)
    assert scale_tables.filled(page, text) == page
    assert scale_tables.PICTURE.stat().st_size > 10_000
