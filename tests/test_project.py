"""The project itself: what importing costs, that the README is true, that no address is locked."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("econml", "dowhy", "shap", "sklearn", "lightgbm", "matplotlib", "networkx", "joblib")


def _python(code, **options):
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def test_import_is_light():
    code = (
        "import sys; import causalgreen; "
        f"print([m for m in {HEAVY!r} if m in sys.modules]); print('pandas' in sys.modules)"
    )
    done = _python(code, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["[]", "False"]


def test_every_public_name_exists_and_is_documented():
    import causalgreen

    missing = [n for n in causalgreen.__all__ if not getattr(causalgreen, n).__doc__]
    missing = [n for n in missing if n != "__version__"]
    assert missing == []
    assert set(causalgreen.__all__) <= set(dir(causalgreen))
    with pytest.raises(AttributeError, match="no attribute 'pannel'"):
        _ = causalgreen.pannel


def test_readme_starts_with_the_two_commands():
    first, *_ = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    assert (ROOT / "README.md").read_text("utf-8").startswith("```sh\nmake demo")
    commands = [line.split("#")[0].strip() for line in first.strip().splitlines()]
    assert commands == ["make demo", "make test"]


def test_readme_python_runs(tmp_path):
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    assert code.count("n_firms=600, n_years=8") == 1
    code = code.replace("n_firms=600, n_years=8", "n_firms=200, n_years=5")  # in seconds
    environment = {**os.environ, "MPLBACKEND": "Agg", "PYTHONPATH": str(ROOT)}
    done = _python(code, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    assert "own_total" in done.stdout
    assert (tmp_path / "report.html").stat().st_size > 10_000


def _constraints():
    return (ROOT / "constraints.txt").read_text("utf-8").splitlines()


def test_constraints_hold_versions_and_no_address():
    pin = r'[a-z0-9][a-z0-9.-]*==[A-Za-z0-9.!+]+( ; python_version (<|>=) "3\.13")?'
    lines = [line for line in _constraints() if not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(pin, line)] == []
    assert not [line for line in lines if re.search(r"https?:|file:|@|index|--", line)]


def test_every_dependency_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    needed = list(project["dependencies"])
    for extra in project["optional-dependencies"].values():
        needed += [line for line in extra if not line.startswith("causalgreen[")]
    names = {re.sub(r"[-_.]+", "-", re.split(r"[<>=!~\[ ;]", n)[0]).lower() for n in needed}
    locked = {line.split("==")[0] for line in _constraints() if not line.startswith("#")}
    assert names <= locked
    assert "causalgreen" not in locked


def test_files_and_functions_stay_small():
    long = []
    for file in sorted((ROOT / "causalgreen").rglob("*.py")):
        text = file.read_text("utf-8")
        tree = ast.parse(text)
        words = {node: _docstring_lines(node) for node in ast.walk(tree)}
        name = file.relative_to(ROOT)
        if len(text.splitlines()) - sum(words.values()) > 300:
            long.append(f"{name}: over 300 lines, docstrings apart")
        for node in words:
            if isinstance(node, ast.FunctionDef):
                size = node.end_lineno - node.lineno + 1 - words[node]
                if size > 40:
                    long.append(f"{name}:{node.lineno} {node.name}: {size} lines")
    assert long == []


def _docstring_lines(node):
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    text = ast.get_docstring(node, clean=False) if isinstance(node, kinds) else None
    return text.count("\n") + 1 if text else 0


def test_make_help_lists_the_targets():
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    for target in ("demo", "test", "check", "bench", "docs", "lock", "clean"):
        assert re.search(rf"^  make {target} ", done.stdout, re.M), target


def test_lock_joins_two_pythons(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import lock

    old = lock.parse("numpy==2.4.6\nscipy==1.15.3\nScikit_Learn==1.9\ncausalgreen==0.1.0\n")
    new = lock.parse("numpy==2.4.6\nscipy==1.18.1\nscikit-learn==1.9\nsetuptools==84.2\n")
    lines = [line for line in lock.merge(old, new).splitlines() if not line.startswith("#")]
    assert lines == [
        "numpy==2.4.6",
        "scikit-learn==1.9",
        'scipy==1.15.3 ; python_version < "3.13"',
        'scipy==1.18.1 ; python_version >= "3.13"',
        "setuptools==84.2",
    ]
    with pytest.raises(SystemExit, match="not a plain name==version"):
        lock.parse("numpy @ https://example.org/numpy.whl\n")


def test_a_warning_names_the_line_that_asked():
    import numpy as np

    import causalgreen as cg

    df, _ = cg.simulate_panel(60, 5, seed=0)
    df["copy"] = df["ai"] + 1e-3 * np.random.default_rng(0).normal(size=len(df))
    panel = cg.Panel.from_frame(
        df, unit="firm", time="year", outcome="green_patents", treatment="ai", controls=["copy"]
    )
    for ask in (lambda s: s.paths(), lambda s: s.residuals, lambda s: s.moments):
        study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear())
        with pytest.warns(cg.EstimationWarning, match="controls predict") as told:
            ask(study)
        (found,) = (w for w in told if "controls predict" in str(w.message))
        assert found.filename == __file__
