"""Peers of the benchmarks that are called in another way than by a function of their own."""

from __future__ import annotations

import os
import stat
import sys

import numpy as np
import pandas as pd
import pytest

import causalgreen as cg
from benchmarks import made_with, peers_dowhy, peers_grf, results, tables
from benchmarks.economies import Setting, draw
from benchmarks.methods import METHODS, run_method

SMALL = Setting(cg.Economy(heterogeneity=0, nonlinearity=0), firms=150, years=5, cities=30)


@pytest.fixture(scope="module")
def panel():
    frame, truth = draw(SMALL, 7)
    return frame, float(truth.population["own_total"])


@pytest.mark.parametrize("way", [peers_dowhy.linear, peers_dowhy.forest])
def test_econml_through_dowhy_gives_an_effect_with_an_interval(panel, way):
    frame, truth = panel
    options = {"trees": 40} if way is peers_dowhy.forest else {}
    (found,) = way("x", frame, 3, **options)
    assert found.term == "own_total"
    assert found.conf_low < found.estimate < found.conf_high
    assert found.std_error == pytest.approx((found.conf_high - found.conf_low) / 3.92, rel=0.02)
    assert abs(found.estimate - truth) < 0.25


@pytest.fixture
def rscript(tmp_path, monkeypatch):
    """A stand-in for Rscript, first on the path: says that grf is there, prints what it is told."""

    def make(printed, code=0, version="2.4.0"):
        path = tmp_path / "Rscript"
        path.write_text(
            f"#!{sys.executable}\n"
            "import sys, shutil, pathlib\n"
            f"if sys.argv[1] == '-e': print({version!r}, end=''); sys.exit(0)\n"
            f"shutil.copy(sys.argv[2], {str(tmp_path / 'seen.csv')!r})\n"
            f"pathlib.Path({str(tmp_path / 'seen.txt')!r}).write_text(' '.join(sys.argv[1:]))\n"
            f"print({printed!r}); print('trouble', file=sys.stderr); sys.exit({code})\n"
        )
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
        made_with.grf_version.cache_clear()
        return tmp_path

    yield make
    made_with.grf_version.cache_clear()


def test_grf_gets_demeaned_rows_with_clusters_and_its_answer_is_read(panel, rscript):
    folder = rscript("Loading required package: grf\ngrf,0.8125,0.05\n")
    (found,) = peers_grf.grf("R grf", panel[0], seed=5)
    assert (found.estimate, found.std_error) == (0.8125, 0.05)
    assert found.conf_high - found.conf_low == pytest.approx(3.92 * 0.05, rel=1e-3)
    rows = pd.read_csv(folder / "seen.csv")
    assert len(rows) == len(panel[0])
    np.testing.assert_allclose(rows[["outcome", "treatment"]].mean(), 0, atol=1e-9)
    assert rows["cluster"].nunique() == panel[0]["city"].nunique()
    script, _, trees, seed = (folder / "seen.txt").read_text().split()
    assert (script, trees, seed) == (str(peers_grf.SCRIPT), "2000", "5")
    assert made_with.version_of(made_with.GRF) == "2.4.0"


@pytest.mark.parametrize(
    ("printed", "code", "said"),
    [("grf,1,2\ngrf,1,2", 0, "2 estimates"), ("", 0, "0 estimates"), ("x", 3, "3: trouble")],
)
def test_an_answer_of_grf_that_cannot_be_read_is_a_failure(panel, rscript, printed, code, said):
    rscript(printed, code)
    (outcome,) = run_method(METHODS["grf"], panel[0], 1)
    assert said in outcome.error
    assert not outcome.error.startswith("not run")


@pytest.mark.parametrize("there", [True, False], ids=["R without grf", "no R"])
def test_without_grf_the_row_says_so_and_is_no_failure(
    panel, rscript, monkeypatch, tmp_path, there
):
    if there:
        rscript("", version="")
    else:
        monkeypatch.setenv("PATH", str(tmp_path))
        made_with.grf_version.cache_clear()
    outcomes = run_method(METHODS["grf"], panel[0], 1)
    made_with.grf_version.cache_clear()
    assert [o.error for o in outcomes] == ["not run: R with grf is not installed"]
    raw = pd.DataFrame([
        o._asdict() | {"method": o.label, "economy": "curved", "replication": r, "truth": 1.0,
                       "truth_average": 1.0, "seconds": 0.0}
        for r in range(3) for o in outcomes
    ])  # fmt: skip
    table = results.summarise(raw)
    row = table.iloc[0]
    assert (row["replications"], row["failed"], row["not_run"]) == (3, 0, 3)
    told = tables._refusals(table)
    assert "## Failed" not in told
    assert "- R grf causal_forest: not run: R with grf is not installed." in told


def test_a_fingerprint_changes_when_grf_is_installed(rscript):
    results._digest.cache_clear()
    before = results.fingerprint(METHODS["grf"])
    rscript("", version="9.9.9")
    results._digest.cache_clear()
    assert results.fingerprint(METHODS["grf"]) != before
    results._digest.cache_clear()


def test_a_method_depends_on_the_files_that_it_is_written_in():
    assert METHODS["default"].files == ("own.py",)
    assert METHODS["econml"].files == ("peers.py",)
    assert METHODS["dowhy-linear"].files == ("peers.py", "peers_dowhy.py")
    assert METHODS["grf"].files == ("peers.py", "peers_grf.py", "grf_paths.R")


def test_diff_diff_refuses_a_dose_that_moves_every_year(panel):
    pytest.importorskip("diff_diff")
    (outcome,) = run_method(METHODS["diff-diff"], panel[0], 1)
    assert "Dose must be time-invariant" in outcome.error


def test_a_run_says_what_machine_made_it_but_not_its_name():
    notes = made_with.made_with([("seed", 3)]).set_index("what")["value"]
    assert {"python", "date", "system", "processor", "cores", "memory_gib", "seed"} <= set(
        notes.index
    )
    assert {"dowhy", "diff-diff", "R grf"} <= set(notes.index)
    assert not notes.astype(str).str.contains(os.uname().nodename, regex=False).any()
