"""The benchmark of the checks on tiny runs: counted right, resumed, and the page equals it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import checks
from benchmarks.checks_results import current, fingerprint, summarise
from benchmarks.checks_scenario import cell
from benchmarks.checks_scenarios import SCENARIOS
from benchmarks.checks_tables import PAGE, RESULTS, WEAK, _rows, blocks, main, replaced
from benchmarks.checks_worlds import one_firm, world
from benchmarks.figures import with_caught
from benchmarks.results import Store
from causalgreen.falsify.registry import CHECKS
from causalgreen.falsify.verdicts import POWER, size_test

MEASURES = {"mediator-outcome confounding", "E-value"}
QUICK = (
    "placebo treatment: no effect", "placebo treatment: no effect, whole cities exchanged",
    "overlap: treatment in 4 of 50 cities",
)  # fmt: skip


@pytest.fixture(scope="module")
def raw() -> pd.DataFrame:
    return checks.replicate(QUICK, 3, simulations=20)


def test_every_check_that_tests_something_has_a_sound_world_and_a_broken_one():
    kinds: dict[str, set[str]] = {}
    for one in SCENARIOS.values():
        kinds.setdefault(one.entry, set()).add(one.kind)
    assert set(kinds) | MEASURES == {entry.name for entry in CHECKS}
    for found in kinds.values():
        assert "planted" in found
        assert found & {"null", "right"}
        assert found <= {"null", "right", "planted", "unseen"}


def test_as_many_simulations_as_a_placebo_treatment_needs_to_see_something():
    _, power = size_test(np.zeros(1, dtype=int), checks.SIMULATIONS)
    assert power >= POWER
    # A p-value of 5 % or less has probability .05 exactly.
    assert (checks.SIMULATIONS + 1) % 20 == 0
    assert checks.replicate(QUICK[:1], 3)["verdict"].tolist() == ["pass"]


def test_refuters_are_shown_products_that_are_zero():
    for check in ("random common cause", "data subset", "bootstrap"):
        zero = [s for s in SCENARIOS.values() if s.check == check and s.kind == "null"]
        effects = [s.study(s.draw(seed=5)).paths().tidy().set_index("term") for s in zero]
        assert len(zero) == 3
        assert all(e.loc["b", "p_value"] > 0.05 for e in effects)
        assert sorted(e.loc["a", "p_value"] < 0.05 for e in effects) == [False, False, True]


def test_each_scenario_gets_its_own_row_and_its_own_p_value(raw):
    rows = raw.set_index("scenario")
    assert list(rows.index) == list(QUICK)
    assert (rows["error"] == "").all()
    assert rows.loc[QUICK[0], "p"] != rows.loc[QUICK[1], "p"]
    assert rows.loc[QUICK[2], "verdict"] == "fail"
    assert np.isnan(rows.loc[QUICK[2], "rejected"])
    assert tuple(rows.loc[QUICK[0], ["firms", "periods", "clusters"]]) == (150, 6, 50)


def test_the_same_replication_is_the_same_again(raw):
    again = checks.replicate(QUICK[:2], 3, simulations=20)
    pd.testing.assert_series_equal(again["p"], raw["p"].iloc[:2])


def test_a_panel_that_cannot_be_studied_is_counted_with_its_reason(monkeypatch):
    def broken(*_: object) -> None:
        raise ValueError("no such\nfirm")

    monkeypatch.setattr(checks, "_asked", broken)
    row = checks.replicate(QUICK[:1], 0).iloc[0]
    assert row["error"] == "ValueError: no such"
    assert np.isnan(row["p"])


def test_rates_are_of_the_panels_that_could_be_studied():
    key = QUICK[0]
    base = {"scenario": key, "error": "", "firms": 150, "periods": 6, "clusters": 50,
            "simulations": 99, "seconds": 1.0}  # fmt: skip
    rows = [base | {"replication": r, "p": p, "rejected": float(p <= 0.05), "verdict": v}
            for r, (p, v) in enumerate([(0.01, "fail"), (0.5, "pass"), (0.9, "warn"),
                                        (0.05, "pass")])]  # fmt: skip
    rows.append({"scenario": key, "replication": 4, "error": "ValueError: no", "p": np.nan,
                 "rejected": np.nan, "verdict": "", "seconds": 1.0})  # fmt: skip
    cells = summarise(pd.DataFrame(rows)).iloc[0]
    assert (cells["replications"], cells["failed"], cells["reason"]) == (5, 1, "ValueError: no")
    assert (cells["rejected"], cells["fail"], cells["warn"]) == (0.5, 0.25, 0.25)
    assert cells["rejected_mcse"] == pytest.approx(0.25)
    # never and always are not known exactly either
    assert 0 < cells["not_applicable_mcse"] < 0.2


def test_an_interrupted_run_continues_and_old_code_is_left_out(tmp_path):
    keys = (QUICK[2],)
    plan = checks.Plan(1, keys, tmp_path / "checks.csv", 20, progress=False)
    checks.run(plan)
    before = Store(plan.table).read()
    table = checks.run(checks.Plan(2, keys, plan.table, 20, progress=False))
    after = Store(plan.table).read()
    assert table["replications"].tolist() == [2]
    pd.testing.assert_frame_equal(after[after["replication"] == 0], before)
    assert current(after.assign(fingerprint="old")).empty
    assert set(after["fingerprint"]) == {fingerprint()}


def test_p_values_are_read_where_they_stand():
    table = pd.DataFrame({"path": ["a", "b", "b"], "p": [0.1, 0.4, 0.2]})
    assert cell("p")(table) == 0.1
    assert cell("p", path="b")(table) == 0.2


@pytest.mark.parametrize(
    ("planted", "moved"),
    [({"mechanical": 0.3}, "other"), ({"spillover": 0.3}, "green"), ({"feedback": 0.3}, "ai"),
     ({"anticipation": 0.3}, "green"), ({"degree": 0.1}, "green")],
)  # fmt: skip
def test_a_world_changes_only_in_what_is_planted(planted, moved):
    plain, other = world(5), world(5, **planted)
    kept = {"ai", "green", "other", "peers"} - {moved} - ({"green", "peers"} if moved == "ai"
                                                          else set())  # fmt: skip
    assert not np.allclose(plain[moved], other[moved])
    for column in kept - {"other" if moved == "ai" else ""}:
        np.testing.assert_allclose(plain[column], other[column])


def test_a_confounder_moves_treatment_and_both_outcomes():
    frame = world(5, confounder=1.0, firms=600)
    for column in ("ai", "green", "other"):
        assert np.corrcoef(frame["unseen"], frame[column])[0, 1] > 0.3
    assert not world(5)["unseen"].any()
    changed = (one_firm(5)["ai"] != world(5)["ai"]).groupby(one_firm(5)["firm"]).any()
    assert changed[changed].index.tolist() == [17]


def test_a_check_that_catches_too_little_is_called_weak():
    row = {"check": "influence", "what": "one firm", "p_of": np.nan, "rejected": np.nan,
           "rejected_mcse": np.nan, "fail": 0.5, "fail_mcse": 0.09, "warn": 0.1,
           "not_applicable": 0.0, "replications": 30, "failed": 0, "kind": "planted"}  # fmt: skip
    asked = row | {"fail": np.nan, "warn": np.nan, "not_applicable": np.nan, "rejected": 1.0}
    strong = row | {"warn": 0.4}
    weak, limits, fine = _rows(with_caught(pd.DataFrame([row, asked, strong])), True).splitlines()[
        2:
    ]
    assert "**weak: 60.0 (8.9)**" in weak
    assert "weak" not in limits
    assert "| 100.0 (2.3) |" in limits
    assert "| 90.0 (5.5) |" in fine
    assert 0.6 < WEAK <= 0.9
    assert "caught" not in _rows(pd.DataFrame([row]))


def test_a_warning_counts_only_from_a_check_that_does_not_always_warn():
    base = {"rejected": np.nan, "fail": 0.1, "warn": 0.9}
    table = with_caught(pd.DataFrame([
        base | {"check": "loud", "kind": "planted"},
        base | {"check": "loud", "kind": "something to find", "fail": 0.0},
        base | {"check": "quiet", "kind": "planted"},
        base | {"check": "quiet", "kind": "nothing to find", "fail": 0.0, "warn": 0.05},
        base | {"check": "asked", "kind": "planted", "fail": np.nan, "warn": np.nan,
                "rejected": 0.7},
    ]))  # fmt: skip
    assert table["caught"].tolist() == pytest.approx([0.1, 0.0, 1.0, 0.05, 0.7])
    assert table["loud"].tolist() == [True, True, False, False, False]


def test_errors_of_all_scenarios_together_are_between_panels():
    base = {"error": "", "firms": 150, "periods": 6, "clusters": 50, "simulations": 99,
            "seconds": 1.0}  # fmt: skip
    rows = [base | {"scenario": key, "replication": r, "p": 0.01 if r % 2 else 0.5,
                    "rejected": float(r % 2), "verdict": "pass"}
            for key in QUICK[:2] for r in range(4)]  # fmt: skip
    table = summarise(pd.DataFrame(rows))
    assert table["pooled_rejected_mcse"].tolist() == pytest.approx([(1 / 3) ** 0.5 / 2] * 2)
    assert table["pooled_caught_mcse"].tolist() == [0.0, 0.0]


def test_the_page_equals_the_results():
    text = PAGE.read_text(encoding="utf-8")
    for name, block in blocks(RESULTS).items():
        assert replaced(text, name, block) == text, f"python -m benchmarks.checks_tables ({name})"
        assert "nan" not in block


def test_the_page_describes_every_check():
    text = PAGE.read_text(encoding="utf-8")
    heads = [
        head.replace("\u2013", "-").casefold() for head in re.findall(r"^### (.+)$", text, re.M)
    ]
    assert heads == [entry.name.casefold() for entry in CHECKS]


def test_a_page_without_markers_is_refused(tmp_path):
    with pytest.raises(ValueError, match="size and power: made"):
        replaced("no markers", "size and power", "x")
    assert main(["--results", str(tmp_path)]) == 2


def test_the_example_of_the_page_runs():
    text = PAGE.read_text(encoding="utf-8")
    code, own = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    small = code.replace("n_firms=300", "n_firms=120").replace("simulations=100", "simulations=20")
    assert small != code
    space: dict[str, object] = {}
    exec(compile(small.replace("print(found)", ""), str(Path(PAGE).name), "exec"), space)
    assert len(space["found"]) == len(CHECKS)
    exec(compile(own, "own check", "exec"), space)
