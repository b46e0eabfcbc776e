"""The command line: exit codes, messages, and folders that appear whole or not at all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pandas as pd
import pytest

import causalgreen as cg
from causalgreen.cli import main
from causalgreen.cli.config import ConfigError, read_config
from causalgreen.cli.demo import STUDY
from causalgreen.cli.output import MARK
from causalgreen.cli.terminal import Notes
from causalgreen.data.simulate import simulate_panel
from causalgreen.data.tables import read_table
from causalgreen.errors import DataWarning, EstimationError
from causalgreen.study.manifest import Manifest

ROOT = Path(__file__).resolve().parent.parent
QUICK = STUDY.format(seed=0).replace('learner = "default"', 'learner = "linear"')
QUICK = QUICK.split("[report]")[0] + "[output]" + QUICK.split("[output]")[1]  # paths alone
ROLE_FLAGS = ["--unit=firm", "--time=year", "--outcome=green_patents", "--treatment=ai"]


@pytest.fixture(scope="module")
def table():
    df, _ = simulate_panel(n_firms=120, n_years=5, seed=0)
    return df


@pytest.fixture
def study(tmp_path, table):
    table.to_csv(tmp_path / "panel.csv", index=False)
    (tmp_path / "study.toml").write_text(QUICK, encoding="utf-8")
    return tmp_path / "study.toml"


def _write(study, old, new):
    text = study.read_text("utf-8")
    assert old in text
    study.write_text(text.replace(old, new), encoding="utf-8")
    return str(study)


# --- usage ---------------------------------------------------------------------------------


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("causalgreen 0.")


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["run"], ["demo", "--firms", "many"]])
def test_wrong_usage_is_2(arguments, capsys):
    assert main(arguments) == 2
    assert "usage:" in capsys.readouterr().err


def test_check_names_the_roles_it_needs(tmp_path, capsys):
    assert main(["check", str(tmp_path / "panel.csv"), "--unit=firm"]) == 2
    assert "missing: --time, --outcome, --treatment" in capsys.readouterr().err


def test_mediator_flag_shows_its_form(capsys):
    assert main(["check", "panel.csv", "--mediator", "skilled_share"]) == 2
    assert "human_capital=skilled_share" in capsys.readouterr().err


# --- check ---------------------------------------------------------------------------------


def test_check_describes_a_good_table(study, capsys):
    flags = [*ROLE_FLAGS, "--exposure=peer_ai", "--control=age,leverage", "--control", "roa_lag"]
    more = ["--mediator", "human_capital=skilled_share", "--trait=size", "--cluster=city"]
    assert main(["check", str(study.parent / "panel.csv"), *flags, *more]) == 0
    out = capsys.readouterr().out
    assert "600" in out
    assert "no faults" in out


def test_check_takes_a_study_file(study, capsys):
    assert main(["check", str(study)]) == 0
    assert "no faults" in capsys.readouterr().out


def test_check_finds_all_faults(tmp_path, table, capsys):
    bad = pd.concat([table, table.iloc[[0]]]).assign(ai="high")
    bad.to_csv(tmp_path / "bad.csv", index=False)
    assert main(["check", str(tmp_path / "bad.csv"), *ROLE_FLAGS, "--control=agee"]) == 1
    error = capsys.readouterr().err
    assert "faults" in error
    for part in ("agee", "ai", "600000", "what to do"):
        assert part in error
    assert "Traceback" not in error


def test_check_finds_faults_of_the_study(tmp_path, table, capsys):
    table[table["year"] == 2010].to_csv(tmp_path / "one.csv", index=False)
    assert main(["check", str(tmp_path / "one.csv"), *ROLE_FLAGS]) == 1
    assert "period" in capsys.readouterr().err


def test_check_of_a_missing_file(tmp_path, capsys):
    assert main(["check", str(tmp_path / "none.csv"), *ROLE_FLAGS]) == 1
    assert "there is no file" in capsys.readouterr().err


def test_stock_codes_keep_their_zeros(tmp_path, table, capsys, monkeypatch):
    codes = table.assign(firm=table["firm"].str.replace("6", "0", n=1))
    codes.to_csv(tmp_path / "panel.csv", index=False)
    from causalgreen.cli.build import panel_of

    roles = {"unit": "firm", "time": "year", "outcome": "green_patents", "treatment": ("ai",)}
    panel = panel_of(tmp_path / "panel.csv", roles)
    assert panel.units[0] == "000000"


# --- the study file ------------------------------------------------------------------------


def test_all_mistakes_of_a_study_file_are_told_at_once(study, capsys):
    _write(study, 'unit = "firm"\n', "")
    _write(study, "treatment =", "treatmnt =")
    _write(study, "[study]", "[studdy]\n[study]")
    _write(study, '"within"', '"whitin"')
    _write(study, "# folds = 5", 'folds = "five"')
    assert main(["run", str(study)]) == 2
    error = capsys.readouterr().err
    assert "has 6 mistakes" in error
    assert "no section [studdy]" in error
    assert "did you mean 'study'?" in error
    assert "[roles] has no 'unit'" in error
    assert "[roles] has no 'treatment'" in error
    assert "did you mean 'treatment'?" in error
    assert "did you mean 'within'?" in error
    assert "folds = 'five' cannot be used" in error
    assert error.count("what to do") == 6
    assert sorted(p.name for p in study.parent.iterdir()) == ["panel.csv", "study.toml"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[data]\npath = "C:\\data.csv"', "not valid TOML"),
        ("roles = 3", "roles is not a section"),
        ("[graph]\nadd = ['a b']", 'such as ["leverage -> ai"]'),
        ("[roles]\nmediators = ['x']", "groups of columns"),
        ("[roles]\ncontrols = [1]", "list of names"),
        ("[study]\ntime_effects = 'yes'", "true or false"),
        ("[graph]\nlatent = ['talent']", 'name = "talent"'),
        ("[graph]\nlatent = [{ causes = ['ai'] }]", 'name = "talent"'),
        ("[graph]\nlatent = [{ name = 'u', effects = ['ai'] }]", "not 'effects'"),
        ("[graph]\nlatent = [{ name = 'u', causes = [1] }]", "list of names"),
        ("[study]\ncovariance = 'cv3'", "did you mean 'CV3'?"),
        ("[study]\ncoefficients = 'fixed'", "'varying', 'constant'"),
        ("[study]\npopulation = 1", "true or false"),
        ("[study]\nfolds = 1", "whole number from 2 on"),
        ("[study]\nfolds = true", "whole number from 2 on"),
        ("[report]\nlang = 'fr'", "'en', 'zh'"),
        ("[report]\nfalsify = 'yes'", "true or false"),
        ("[report]\nsimulations = 5", "whole number from 20 on"),
    ],
)
def test_mistakes_are_explained(tmp_path, text, message):
    (tmp_path / "s.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        read_config(tmp_path / "s.toml")
    assert message in str(raised.value)


def test_missing_study_file_is_2(tmp_path, capsys):
    assert main(["run", str(tmp_path / "s.toml")]) == 2
    assert "there is no file" in capsys.readouterr().err


def test_paths_are_relative_to_the_study_file(study):
    config = read_config(study)
    assert config.table == study.parent / "panel.csv"
    assert config.output == study.parent / "results"
    assert config.study["fixed_effects"] == "within"
    assert config.roles["mediators"] == {
        "restructuring": ("clean_share",),
        "human_capital": ("skilled_share",),
    }


# --- run -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def done(tmp_path_factory, table):
    folder = tmp_path_factory.mktemp("run")
    table.to_csv(folder / "panel.csv", index=False)
    (folder / "study.toml").write_text(QUICK, encoding="utf-8")
    command = [sys.executable, "-m", "causalgreen", "run", str(folder / "study.toml")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    finished = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=folder.parent, env=environment
    )
    return folder, finished


def test_run_writes_tables_figures_and_a_page(done):
    folder, finished = done
    assert finished.returncode == 0, finished.stderr
    results = folder / "results"
    tables = {p.name for p in (results / "tables").iterdir()}
    assert tables == {"steps.csv", "paths.csv", "identification.csv", "nuisances.csv", "panel.csv"}
    figures = {p.name for p in (results / "figures").iterdir()}
    assert figures == {"paths.png", "graph.png", "nuisances.png", "panel.png"}
    assert all(p.read_bytes().startswith(b"\x89PNG") for p in (results / "figures").iterdir())
    assert (results / "report.html").read_text("utf-8").startswith("<!doctype html>")
    assert (results / "study.toml").read_text("utf-8") == QUICK
    mark = json.loads((results / MARK).read_text("utf-8"))
    assert len(mark["table_sha256"]) == 64
    assert mark["versions"]["pandas"] == pd.__version__


def test_run_keeps_results_apart_from_progress(done):
    _, finished = done
    assert "own_total" in finished.stdout
    assert "report.html" in finished.stdout
    assert "reading panel.csv" in finished.stderr
    assert "reading" not in finished.stdout


def test_run_leaves_no_other_files(done):
    folder, _ = done
    assert sorted(p.name for p in folder.iterdir()) == ["panel.csv", "results", "study.toml"]


def test_run_writes_its_manifest_and_the_answer(done):
    folder, finished = done
    manifest = Manifest.from_json(folder / "results" / "report.manifest.json")
    written = read_table(folder / "results" / "tables" / "paths.csv").set_index("term")
    for kept in manifest.estimates:
        assert written.loc[kept.term, "estimate"] == kept.estimate
    assert manifest.seal in (folder / "results" / "report.html").read_text("utf-8")
    summary = (folder / "results" / "summary.txt").read_text("utf-8")
    assert summary.startswith("Question: ")
    assert summary in finished.stdout


def _again(folder, *more):
    command = [sys.executable, "-m", "causalgreen", "run", *more]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7"}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=folder, env=environment
    )


def test_run_of_a_manifest_gives_the_same_numbers_in_a_fresh_process(done, tmp_path, table):
    folder, _ = done
    kept = folder / "results" / "report.manifest.json"
    table.sample(frac=1, random_state=1).to_csv(tmp_path / "shuffled.csv", index=False)
    finished = _again(tmp_path, str(kept), "--data", "shuffled.csv", "--out", "again")
    assert finished.returncode == 0, finished.stderr
    assert "The numbers are those of the manifest, to the last digit" in finished.stdout
    assert "What differs" not in finished.stdout
    before, after = Manifest.from_json(kept), Manifest.from_json(tmp_path / "again" / kept.name)
    assert after.estimates == before.estimates
    assert after == before
    same = [(f / "tables" / "paths.csv").read_bytes() for f in (kept.parent, tmp_path / "again")]
    assert same[0] == same[1]


def test_run_of_a_study_file_again_says_what_differs(study, capsys):
    assert main(["run", str(study)]) == 0
    capsys.readouterr()
    _write(study, "# folds = 5", "folds = 4 #")
    assert main(["run", str(study), "--force"]) == 0
    out = capsys.readouterr().out
    assert "What differs from the earlier run (here) to this one (there)" in out
    assert "folds: 5 here and 4 there. This can change the numbers" in out


def test_run_of_a_manifest_refuses_other_data(done, tmp_path, table, capsys):
    kept = str(done[0] / "results" / "report.manifest.json")
    other = tmp_path / "other.csv"
    table.assign(leverage=table["leverage"] ** 2).to_csv(other, index=False)
    target = ["--out", str(tmp_path / "again")]
    assert main(["run", kept, "--data", str(other), *target]) == 1
    error = capsys.readouterr().err
    assert "the values differ in leverage" in error
    assert "--other-data" in error
    assert not (tmp_path / "again").exists()
    assert main(["run", kept, "--data", str(other), *target, "--other-data"]) == 0
    seen = capsys.readouterr()
    assert "are not those of the manifest" in seen.out
    assert "What differs from the manifest" in seen.out
    assert "note: the table is not the one of the manifest" in seen.err


def test_run_of_a_manifest_whose_numbers_do_not_come_out_is_1(done, tmp_path, capsys):
    from dataclasses import replace

    kept = Manifest.from_json(done[0] / "results" / "report.manifest.json")
    first, *rest = kept.estimates
    wrong = replace(kept, estimates=(replace(first, estimate=first.estimate + 0.1), *rest))
    wrong.write(tmp_path / "wrong.manifest.json")
    data = ["--data", str(done[0] / "panel.csv")]
    assert main(["run", str(tmp_path / "wrong.manifest.json"), *data]) == 1
    assert "did not give the numbers of wrong.manifest.json" in capsys.readouterr().err
    assert (tmp_path / "wrong-again" / "report.html").exists()


@pytest.mark.parametrize(
    ("text", "more", "message"),
    [
        (None, [], "--data panel.csv"),
        ("{}", [], "no manifest of causalgreen"),
        ("{", [], "not JSON"),
    ],
)
def test_manifests_that_cannot_be_run_are_2(done, tmp_path, capsys, text, more, message):
    file = done[0] / "results" / "report.manifest.json"
    if text is not None:
        file = tmp_path / "x.manifest.json"
        file.write_text(text, encoding="utf-8")
    assert main(["run", str(file), *more]) == 2
    assert message in capsys.readouterr().err


def test_data_of_a_study_file_can_be_named(study, capsys):
    moved = study.parent / "elsewhere.csv"
    (study.parent / "panel.csv").rename(moved)
    assert main(["run", str(study), "--data", str(moved)]) == 0
    assert "reading elsewhere.csv" in capsys.readouterr().err


def test_the_report_section_reaches_the_report(study, monkeypatch):
    _write(study, "[output]", '[report]\nlang = "zh"\nfalsify = true\nsimulations = 20\n[output]')
    asked = {}
    whole = cg.Study.falsify

    def some(self, **named):
        asked.update(named)
        return whole(self, ["overlap"], **named)

    monkeypatch.setattr(cg.Study, "falsify", some)
    assert main(["run", str(study)]) == 0
    assert asked == {"simulations": 20}
    results = study.parent / "results"
    assert (results / "summary.txt").read_text("utf-8").startswith("问题：")
    assert list(pd.read_csv(results / "tables" / "falsification.csv")["name"]) == ["overlap"]
    assert (results / "figures" / "falsification.png").exists()
    assert 'lang="zh' in (results / "report.html").read_text("utf-8")


def test_run_tables_add_up(done):
    folder, _ = done
    paths = pd.read_csv(folder / "results" / "tables" / "paths.csv", index_col="term")["estimate"]
    own = paths["direct"] + paths["restructuring"] + paths["human_capital"]
    assert own == pytest.approx(paths["own_total"], abs=1e-10)
    assert own + paths["spillover"] == pytest.approx(paths["overall"], abs=1e-10)


def test_existing_folder_is_refused_and_untouched(study, capsys):
    (study.parent / "results").mkdir()
    (study.parent / "results" / "thesis.txt").write_text("mine")
    assert main(["run", str(study)]) == 2
    assert "--force" in capsys.readouterr().err
    assert main(["run", str(study), "--force"]) == 2
    assert "did not write" in capsys.readouterr().err
    assert (study.parent / "results" / "thesis.txt").read_text() == "mine"


def test_force_never_replaces_the_folder_of_the_input(study, capsys):
    (study.parent / MARK).write_text("{}")
    assert main(["run", str(study), "--out", str(study.parent), "--force"]) == 2
    assert "is in it" in capsys.readouterr().err
    assert (study.parent / "panel.csv").exists()


def test_missing_place_for_the_output_is_told_before_the_work(study, capsys):
    assert main(["run", str(study), "--out", str(study.parent / "a" / "b")]) == 2
    assert "make it first" in capsys.readouterr().err


def test_force_replaces_earlier_results_only_after_success(study, capsys, monkeypatch):
    old = study.parent / "results"
    old.mkdir()
    (old / MARK).write_text("{}")
    (old / "old.txt").write_text("old")

    def fail(*args, **kwargs):
        raise EstimationError("collinear residuals: ai. Drop one of them")

    monkeypatch.setattr("causalgreen.report.study_page", fail)
    assert main(["run", str(study), "--force"]) == 1
    error = capsys.readouterr().err
    assert "collinear residuals" in error
    assert "Traceback" not in error
    assert sorted(p.name for p in old.iterdir()) == [MARK, "old.txt"]
    assert sorted(p.name for p in study.parent.iterdir()) == ["panel.csv", "results", "study.toml"]
    monkeypatch.undo()
    assert main(["run", str(study), "--force"]) == 0
    assert not (old / "old.txt").exists()
    assert (old / "report.html").exists()


def test_debug_shows_where_the_error_came_from(study, capsys):
    _write(study, 'outcome = "green_patents"', 'outcome = "green_patent"')
    assert main(["run", str(study)]) == 1
    assert "Traceback" not in capsys.readouterr().err
    assert main(["run", str(study), "--debug"]) == 1
    error = capsys.readouterr().err
    assert "Traceback" in error
    assert "green_patent" in error


def test_graph_edits_reach_the_study(study, capsys):
    _write(study, "[output]", '[graph]\nadd = ["skilled_share -> clean_share"]\n[output]')
    assert main(["run", str(study)]) == 0
    assert "human_capital -> restructuring" in capsys.readouterr().out


def test_settings_reach_the_table_and_the_page(study, capsys):
    _write(study, 'covariance = "auto"', 'covariance = "CR1"\npopulation = false')
    _write(study, 'coefficients = "auto"', 'coefficients = "constant"')
    assert main(["run", str(study)]) == 0
    page = (study.parent / "results" / "report.html").read_text("utf-8")
    assert "cluster sandwich (CR1)" in page
    assert "influence functions, summed within clusters" in page
    assert "Constant: the same path" not in page
    written = pd.read_csv(study.parent / "results" / "tables" / "paths.csv")
    direct = written.set_index("term").loc["direct", "estimate"]
    assert f"{direct:.3f}"[:4] in capsys.readouterr().out
    jackknife = read_config(Path(_write(study, '"CR1"', '"CV3"'))).estimation
    assert jackknife == {
        "coefficients": "constant", "covariance": "CV3", "population": False,
        "allow_unidentified": False,
    }  # fmt: skip


TALENT = '[graph]\nlatent = [{ name = "talent", causes = ["skilled_share", "green_patents"] }]\n'


def test_latent_nodes_withhold_paths_and_say_so_once(study, capsys):
    _write(study, "[output]", f"{TALENT}[output]")
    assert main(["run", str(study)]) == 0
    seen = capsys.readouterr()
    assert "skilled_share <- talent -> green_patents" in seen.out
    notes = [line for line in seen.err.splitlines() if line.startswith("note: ")]
    assert sum("withheld" in line for line in notes) == 1
    assert len(notes) == len(set(notes))
    table = pd.read_csv(study.parent / "results" / "tables" / "paths.csv")
    assert "human_capital" not in set(table["term"])
    page = (study.parent / "results" / "report.html").read_text("utf-8")
    assert "add up to the total" not in page


def test_unidentified_paths_come_when_asked_for(study, capsys):
    _write(study, "[output]", f"{TALENT}[output]")
    _write(study, "[study]", "[study]\nallow_unidentified = true")
    assert main(["run", str(study)]) == 0
    table = pd.read_csv(study.parent / "results" / "tables" / "paths.csv")
    assert "human_capital" in set(table["term"])
    assert capsys.readouterr().err.count("reported because allow_unidentified") == 1


def test_notes_are_shown_once_though_filters_change(capsys):
    show = Notes()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = show
        for text in ("one", "two", "one"):
            with warnings.catch_warnings():
                warnings.simplefilter("always")
                warnings.warn(text, DataWarning, stacklevel=1)
    assert capsys.readouterr().err == "note: one\nnote: two\n"


def test_place_that_cannot_be_written_is_told_before_the_work(study, capsys, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("causalgreen.cli.output.tempfile.mkdtemp", refuse)
    assert main(["run", str(study)]) == 2
    error = capsys.readouterr().err
    assert f"nothing can be written into {study.parent} (Permission denied)" in error
    assert "--out" in error
    assert "reading" not in error


def test_wrong_edge_is_a_message(study, capsys):
    _write(study, "[output]", '[graph]\nadd = ["green_patents -> ai"]\n[output]')
    assert main(["run", str(study)]) == 1
    error = capsys.readouterr().err
    assert "green_patents" in error
    assert "Traceback" not in error


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_termination_leaves_nothing_behind(study):
    _write(study, 'learner = "linear"', 'learner = "lightgbm"')
    _write(study, "repeats = 1", "repeats = 50")
    command = [sys.executable, "-m", "causalgreen", "run", str(study)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        for line in process.stderr:
            if "estimating" in line:
                break
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "nothing was written" in error
    assert sorted(p.name for p in study.parent.iterdir()) == ["panel.csv", "study.toml"]


# --- demo ----------------------------------------------------------------------------------


def test_demo_shows_the_truth_and_can_be_run_again(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    quick = STUDY.replace('learner = "default"', 'learner = "linear"')
    monkeypatch.setattr("causalgreen.cli.demo.STUDY", quick.replace("falsify = true", "# falsify"))
    assert main(["demo", "--firms", "120", "--years", "4"]) == 0
    out = capsys.readouterr().out
    for part in ("Truth", "Estimate", "Direct", "Through human capital", "Overall", "report.html"):
        assert part in out
    written = tmp_path / "demo-output"
    assert (written / "report.html").exists()
    assert main(["check", str(written / "study.toml")]) == 0
    assert main(["demo", "--firms", "120"]) == 2


def test_for_whom_without_traits_is_refused_before_anything_is_read(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(
        '[data]\npath = "panel.csv"\n[roles]\nunit = "firm"\ntime = "year"\noutcome = "y"\n'
        'treatment = "ai"\n[report]\nwhom = true\n'
    )
    with pytest.raises(
        ConfigError, match=r"whom = true asks for whom, and \[roles\] names no traits"
    ):
        read_config(path)
