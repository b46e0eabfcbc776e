"""The example scripts: they run, and find what was published."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _run(script, *arguments, cwd, **environment):
    command = [sys.executable, str(ROOT / "examples" / script), *arguments]
    settings = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg", **environment}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=cwd, env=settings
    )


def test_jtrain_finds_the_textbook_numbers(tmp_path):
    done = _run("jtrain.py", "report.html", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.search(r"grant +published -0\.252 +by hand -0\.252 +causalgreen -0\.252", done.stdout)
    assert re.search(
        r"grant_1 +published -0\.422 +by hand -0\.422 +causalgreen -0\.42", done.stdout
    )
    assert "162 rows of 54 firms" in done.stdout
    assert "human_capital" in done.stdout
    assert (tmp_path / "report.html").exists()


def test_from_files_shows_the_account_and_the_paths(tmp_path):
    done = _run("from_files.py", "raw", "report.html", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "read basics: 858 -> 858 rows" in done.stdout
    assert "the others are stacked, not added" in done.stdout
    assert "equal to the table of green patents in 100.0% of the firm-years" in done.stdout
    assert re.search(r"own_total +0\.\d+", done.stdout)
    assert (tmp_path / "report.html").stat().st_size > 10_000


def test_china_lowcarbon_is_skipped_where_the_data_are_not(tmp_path):
    done = _run("china_lowcarbon.py", cwd=tmp_path, CAUSALGREEN_DATA="")
    assert done.returncode == 0
    assert "skipped: set CAUSALGREEN_DATA" in done.stdout
    done = _run("china_lowcarbon.py", cwd=tmp_path, CAUSALGREEN_DATA=str(tmp_path))
    assert "skipped: there is no" in done.stdout


@pytest.mark.shared_data
@pytest.mark.skipif(not os.environ.get("CAUSALGREEN_DATA"), reason="CAUSALGREEN_DATA is not set")
def test_china_lowcarbon_is_a_null(tmp_path):
    done = _run("china_lowcarbon.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for name, value in (("did", "0.0171"), ("ln_pgdp", "-0.4375")):
        assert re.search(rf"{name} +published +{value} +by hand +{value}", done.stdout)
    assert re.search(r"own_total: .* no effect .* that can be told from zero", done.stdout)


NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))


def _cells(path):
    import json

    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebooks_are_stored_executed_and_without_errors(path):
    cells = _cells(path)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    kinds = [output["output_type"] for cell in cells for output in cell["outputs"]]
    assert "error" not in kinds
    assert "stream" not in kinds
    assert kinds.count("display_data") >= 1
    for cell in cells:
        compile("".join(cell["source"]), path.name, "exec")


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebooks_run(path, tmp_path):
    code = "\n".join("".join(cell["source"]) for cell in _cells(path))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path,
        env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
