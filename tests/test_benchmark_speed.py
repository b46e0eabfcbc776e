"""The speed benchmark: its ratios, its rows, and how it counts rounds."""

from __future__ import annotations

import pandas as pd
import pytest

from benchmarks.figures import ALIKE
from benchmarks.speed import Size, fastest, figures, rows_of
from benchmarks.speed_peers import Rounds, nuisances


def test_ratios_are_of_the_study_alone_and_misses_are_told():
    table = pd.DataFrame(
        [("study", "residuals of all targets", 6.0), ("study", "page", 3.0),
         ("inside the page", "claims", 100.0),
         ("EconML", "two nuisances alone, 5 folds", 4.0),
         ("EconML", "CausalForestDML.fit, 5 folds", 10.0),
         ("EconML", "two nuisances alone, 2 folds", 2.0),
         ("EconML", "CausalForestDML.fit, 2 folds", 6.0), ("EconML", ALIKE, 5.0)],
        columns=["part", "what", "process"],
    )  # fmt: skip
    found = figures(table)
    assert found["figure"].tolist() == pytest.approx([0.9, 1.5, 1.5, 3.0, 1.2])
    assert found["met"].tolist() == [True, True, False, False, True]
    assert found["missed_by"].tolist() == pytest.approx([0, 0, 0.5, 1.0, 0])


def test_each_side_is_as_fast_as_in_its_fastest_pass():
    passes = [
        pd.DataFrame({"what": ["ours", "theirs"], "wall": wall, "process": process})
        for wall, process in (([4.0, 2.0], [3.0, 2.0]), ([5.0, 1.5], [3.5, 1.0]))
    ]
    found = fastest(passes)
    assert found["process"].tolist() == [3.0, 1.0]
    assert found["wall"].tolist() == [4.0, 1.5]
    assert passes[0]["process"].tolist() == [3.0, 2.0]


def test_rows_have_as_many_controls_as_asked():
    frame, controls = rows_of(Size(firms=160, years=4, controls=7), seed=3)
    assert len(controls) == 7
    assert frame[controls].notna().all().all()
    assert len(frame) == 640


def test_peers_predict_out_of_fold():
    frame, controls = rows_of(Size(firms=160, years=4, controls=4), seed=3)
    outcome, treatment = nuisances(frame, controls, Rounds(5, 9), 5, 0)
    assert outcome.shape == treatment.shape == (640,)
    residual = frame["ai"] - treatment
    assert 0 < residual.var() < frame["ai"].var()
