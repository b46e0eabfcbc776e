"""Staged adoption beside diff-diff: panels, truths, and what is made of the draws."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks import staged, staged_tables
from benchmarks.results import Store, read_metadata

SMALL = staged.Size(firms=200, years=8)


def test_firms_join_and_never_leave_and_the_treated_have_their_own_truth():
    frame, truth = staged.draw(SMALL, 3)
    pilot = frame[staged.PILOT] > 0
    assert (pilot == ((frame["first"] > 0) & (frame["year"] >= frame["first"]))).all()
    assert 0.05 < (frame.groupby("firm")["first"].max() > 0).mean() < 0.6
    assert truth["own_total"] == pytest.approx(
        truth["direct"] + truth["restructuring"] + truth["human_capital"]
    )
    # firms with a larger effect join sooner
    assert truth["treated"] > truth["own_total"]


def test_every_method_answers_or_says_why_not():
    rows = staged.replicate(SMALL, 0, ["two-way FE", "diff-diff CallawaySantAnna"])
    assert list(rows["term"]) == ["own_total", "treated"]
    assert rows["error"].iloc[0] == ""
    pytest.importorskip("diff_diff")
    assert (rows["error"] == "").all()
    assert (rows["conf_low"] < rows["conf_high"]).all()


def test_a_method_that_raises_is_counted(monkeypatch):
    def broken(label, frame, seed):
        raise ValueError("too few\ncohorts")

    methods = {"two-way FE": (broken, ("own_total",), ("pyfixest",))}
    monkeypatch.setattr(staged, "METHODS", methods)
    rows = staged.replicate(SMALL, 0, ["two-way FE"])
    assert list(rows["error"]) == ["ValueError: too few"]
    table = staged.summarise(rows)
    assert (table["failed"].iloc[0], table["reason"].iloc[0]) == (1, "ValueError: too few")


def test_a_run_goes_on_where_it_stopped_and_is_told(tmp_path):
    path = tmp_path / "staged.csv"
    staged.run(1, path, ["two-way FE"], SMALL, progress=False)
    before = Store(path).read()
    table = staged.run(2, path, ["two-way FE"], SMALL, progress=False)
    after = Store(path).read()
    assert table["replications"].tolist() == [2]
    pd.testing.assert_frame_equal(after[after["replication"] == 0], before)
    text = staged_tables.section(table, read_metadata(Store(path).notes))
    assert "drawn 2 times: 200 firms over 8 years" in text
    assert "| total | all firms | two-way FE |" in text
    assert np.isfinite(table["coverage_mcse"]).all()
