"""The table of targets and the runner of the suites."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from benchmarks import figures, suite, targets
from benchmarks.figures import Figure
from benchmarks.monte_carlo import panel_error, rate_error, simultaneous

DOCS = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def test_the_page_equals_the_results():
    text = DOCS.read_text(encoding="utf-8")
    shown = text.split(targets.BEGIN)[1].split(targets.END)[0].strip()
    assert shown == targets.markdown(targets.judge(targets.RESULTS, targets.TARGETS))


def test_a_bar_is_met_missed_or_not_measured(tmp_path):
    pd.DataFrame({"x": [0.9, 0.99]}).to_csv(tmp_path / "some.csv", index=False)

    def read(how, spread=float("nan"), which=""):
        return lambda t: Figure(getattr(t["x"], how)(), spread, 20, which)

    at_most = targets.Target("speed", "a", "some", read("max"), high=0.5)
    at_least = targets.Target("speed", "b", "some", read("min"), low=0.9)
    between = targets.Target("speed", "c", "some", read("max"), 0.93, 0.97, "{:.1%}")
    unsure = targets.Target("speed", "d", "some", read("max", 0.05, "x: y"), 0.93, 0.97, "{:.1%}")
    absent = targets.Target("speed", "e", "other", read("max"), high=1)
    hollow = targets.Target("speed", "f", "some", lambda t: Figure(float("nan")), high=1)
    table = targets.judge(tmp_path, [at_most, at_least, between, unsure, absent, hollow])
    assert list(table["verdict"]) == [
        "missed by 0.49", "met", "missed by 2.0 points",
        "missed by 2.0 points (± 5.0): within its error", "not measured", "not measured",
    ]  # fmt: skip
    assert list(table["bar"][:3]) == ["at most 0.50", "at least 0.90", "93.0% to 97.0%"]
    assert list(table["spread"]) == ["", "", "", "± 5.0", "", ""]
    assert table["figure"][3] == "99.0% (x: y)"
    assert list(table["panels"]) == ["20"] * 4 + [""] * 2


def test_a_short_run_is_not_held_against_a_bar_of_the_long_one(tmp_path):
    pd.DataFrame({"x": [5.0]}).to_csv(tmp_path / "some.csv", index=False)
    bars = [
        targets.Target("scale", w, "some", lambda t: Figure(t["x"].max()), low=9, long=long)
        for w, long in (("a", True), ("b", False))
    ]
    short = targets.judge(tmp_path, bars, short=True)
    assert list(short["verdict"]) == ["long version only", "missed by 4.00"]
    assert list(short["figure"]) == ["5.00", "5.00"]
    assert list(targets.judge(tmp_path, bars)["verdict"]) == ["missed by 4.00"] * 2


def test_panels_that_agree_do_not_make_a_rate_certain():
    table = _coverage(1.0, 1.0).assign(pooled_mcse=0.0)
    found = figures.paths("a", worst=False)(table)
    assert found.spread == pytest.approx(2 * rate_error(1.0, 200))
    assert found.spread > 0


def test_ratios_of_time_need_both_of_their_parts():
    clock = pd.DataFrame({
        "part": [figures.STUDY, figures.STUDY, "x"], "process": [3.0, 1.0, 2.0],
        "what": ["residuals of all targets", "paths", "CausalForestDML.fit, 5 folds"],
    })  # fmt: skip
    assert figures.whole_study(5)(clock).value == 2.0
    assert pd.isna(figures.whole_study(2)(clock).value)
    assert pd.isna(figures.cross_fitting(5)(clock).value)


def test_a_slope_needs_two_sizes():
    table = pd.DataFrame({"step": "whole", "firms": [1, 2, 4], "rows": [10, 20, 40]})
    table["seconds"] = 3.0 * table["rows"] ** 1.2
    assert figures.slope("whole")(table).value == pytest.approx(1.2)
    assert pd.isna(figures.slope("whole")(table.iloc[:1]).value)


def _coverage(*rates):
    return pd.DataFrame({
        "method": "a", "economy": "e", "term": [f"t{k}" for k in range(len(rates))],
        "coverage": rates, "replications": 120, "failed": 20,
    })  # fmt: skip


def test_the_worst_cell_may_lie_on_either_side_and_its_error_holds_all_cells():
    high = figures.paths("a", worst=True)(_coverage(0.94, 0.99, float("nan")))
    low = figures.paths("a", worst=True)(_coverage(0.80, 0.99))
    assert (high.value, high.which, high.draws) == (0.99, "e: t1", 100)
    assert (low.value, low.which) == (0.80, "e: t0")
    assert low.spread == pytest.approx(2.2414 * 0.04, rel=1e-3)  # two cells: 97.5 % each
    assert simultaneous(50) > simultaneous(2) > simultaneous(1)


def test_cells_together_take_the_error_between_panels_where_it_is_kept():
    table = _coverage(0.90, 0.96)
    assert figures.paths("a", worst=False)(table).value == pytest.approx(0.93)
    largest = figures.paths("a", worst=False)(table).spread
    kept = figures.paths("a", worst=False)(table.assign(pooled_mcse=0.03)).spread
    assert kept == pytest.approx(0.06)
    assert largest == pytest.approx(rate_error(0.90, 100) + rate_error(0.96, 100))


def test_the_error_between_panels_knows_that_cells_share_them():
    panels = pd.Series([0, 0, 1, 1, 2, 2, 3, 3])
    together = pd.Series([0, 0, 1, 1, 0, 0, 1, 1])
    apart = pd.Series([0, 1, 0, 1, 0, 1, 0, 1])
    assert panel_error(together, panels) == pytest.approx((1 / 3) ** 0.5 / 2)
    assert panel_error(apart, panels) == 0.0
    assert pd.isna(panel_error(together[:2], panels[:2]))


def test_a_planted_violation_is_caught_by_its_verdict_not_by_a_p_value_of_something_else():
    nan = float("nan")
    table = pd.DataFrame(
        [("network", "counts", "planted", 0.07, 1.0, 0.0),
         ("limits", "quarter", "planted", 0.9, nan, nan),
         ("weak", "few", "planted", nan, 0.1, 0.3),
         ("subset", "an effect", "something to find", 0.0, 0.0, 0.0)],
        columns=["check", "what", "kind", "rejected", "fail", "warn"],
    ).assign(replications=30, failed=0)  # fmt: skip
    least = figures.caught(worst=True)(table)
    assert (least.value, least.which) == (pytest.approx(0.4), "weak: few")
    assert figures.caught(worst=False)(table).value == pytest.approx((1 + 0.9 + 0.4) / 3)
    assert pd.isna(figures.sizes(worst=True)(table).value)


def test_the_terminal_shows_every_target_with_its_error():
    table = targets.judge(targets.RESULTS, targets.TARGETS)
    shown = targets.shown(table)
    assert len(shown.splitlines()) == len(targets.TARGETS) + 1
    assert all(spread in shown for spread in table["spread"] if spread)


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
