"""The table of targets and the runner of the suites."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from benchmarks import suite, targets

DOCS = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def test_the_page_equals_the_results():
    text = DOCS.read_text(encoding="utf-8")
    shown = text.split(targets.BEGIN)[1].split(targets.END)[0].strip()
    assert shown == targets.markdown(targets.judge(targets.RESULTS, targets.TARGETS))


def test_a_bar_is_met_missed_or_not_measured(tmp_path):
    pd.DataFrame({"x": [0.9, 0.99]}).to_csv(tmp_path / "some.csv", index=False)
    at_most = targets.Target("speed", "a", "some", lambda t: t["x"].max(), high=0.5)
    at_least = targets.Target("speed", "b", "some", lambda t: t["x"].min(), low=0.9)
    between = targets.Target("speed", "c", "some", lambda t: t["x"].max(), 0.93, 0.97, "{:.0%}")
    absent = targets.Target("speed", "d", "other", lambda t: t["x"].max(), high=1)
    hollow = targets.Target("speed", "e", "some", lambda t: float("nan"), high=1)
    table = targets.judge(tmp_path, [at_most, at_least, between, absent, hollow])
    assert list(table["verdict"]) == [
        "missed by 0.49", "met", "missed by 2%", "not measured", "not measured",
    ]  # fmt: skip
    assert list(table["bar"][:3]) == ["at most 0.50", "at least 0.90", "93% to 97%"]


def test_ratios_of_time_need_both_of_their_parts():
    clock = pd.DataFrame({
        "part": [targets.STUDY, targets.STUDY, "x"], "process": [3.0, 1.0, 2.0],
        "what": ["residuals of all targets", "paths", "CausalForestDML.fit, 5 folds"],
    })  # fmt: skip
    assert targets._whole_study(5)(clock) == 2.0
    assert pd.isna(targets._whole_study(2)(clock))
    assert pd.isna(targets._cross_fitting(5)(clock))


def test_a_slope_needs_two_sizes():
    table = pd.DataFrame({"step": "whole", "firms": [1, 2, 4], "rows": [10, 20, 40]})
    table["seconds"] = 3.0 * table["rows"] ** 1.2
    assert targets._slope("whole")(table) == pytest.approx(1.2)
    assert pd.isna(targets._slope("whole")(table.iloc[:1]))


def test_the_worst_cell_may_lie_on_either_side():
    assert targets._worst(pd.DataFrame({"coverage": [0.94, 0.99, float("nan")]})) == 0.99
    assert targets._worst(pd.DataFrame({"coverage": [0.80, 0.99]})) == 0.80


@pytest.mark.parametrize("step", suite.STEPS, ids=lambda s: s.module)
def test_every_step_has_a_module_that_knows_its_options(step, monkeypatch, capsys):
    import importlib

    module = importlib.import_module(f"benchmarks.{step.module}")
    for options in (step.short, step.full):
        monkeypatch.setattr("sys.argv", ["prog", step.out, "x", *options, "--help"])
        with pytest.raises(SystemExit) as stop:
            module.main()
        assert stop.value.code == 0
        told = capsys.readouterr().out
        for option in (step.out, *(o for o in options if o.startswith("--"))):
            assert option in told


def test_a_step_that_fails_does_not_stop_the_rest(tmp_path, capsys):
    steps = [
        suite.Step("speed", "no_such_module", "--out", "a.csv", ()),
        suite.Step("speed", "targets", "--results", "", ()),
    ]
    assert suite.run(steps, tmp_path, full=False) == ["no_such_module"]
    assert "no_such_module failed" in capsys.readouterr().err


def test_a_short_run_never_writes_into_the_results_of_record():
    for step in suite.STEPS:
        assert str(suite.QUICK) in " ".join(step.command(suite.QUICK, full=False))
