"""What is handed out: the wheel, the source archive, their metadata, and the lowest versions."""

from __future__ import annotations

import re
import subprocess
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("hatchling", reason="to build needs hatchling, which the extra test brings")

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def dist():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "tools"))
        import dist
    return dist


@pytest.fixture(scope="module")
def wheel(dist, tmp_path_factory):
    return dist.build(ROOT, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def source(dist, tmp_path_factory):
    return dist.build(ROOT, "sdist", tmp_path_factory.mktemp("source"))


def test_wheel_is_whole_and_holds_nothing_else(dist, wheel):
    pytest.importorskip(
        "markdown_it",
        reason="to render the README needs markdown-it-py, which the extra test brings",
    )
    assert dist.wheel_faults(wheel) == []
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"causalgreen/py.typed", "causalgreen/data/pilot_zones.csv"} <= names
    assert {"causalgreen/report/style.css", "causalgreen/data/ipc_green.csv"} <= names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"causalgreen"}


def test_wheel_says_what_it_needs(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        head = archive.read(name).decode("utf-8").split("\n\n")[0]
        commands = archive.read(name.replace("METADATA", "entry_points.txt")).decode("utf-8")
    assert "License-Expression: MIT" in head
    assert "causalgreen = causalgreen.cli:main" in commands
    python = re.search(r"^Requires-Python: (.*)$", head, re.M)[1]
    assert set(python.split(",")) == set(PROJECT["project"]["requires-python"].split(","))
    core = re.findall(r"^Requires-Dist: ([A-Za-z0-9._-]+)[^;\n]*$", head, re.M)
    named = [re.split(r"[<>=]", line)[0] for line in PROJECT["project"]["dependencies"]]
    assert sorted(core) == sorted(named)
    extras = re.findall(r"^Provides-Extra: (.*)$", head, re.M)
    assert sorted(extras) == sorted(PROJECT["project"]["optional-dependencies"])


def test_source_archive_builds_the_same_wheel(dist, wheel, source, tmp_path):
    assert dist.source_faults(source) == []
    (tmp_path / "made").mkdir()
    (tmp_path / "tree").mkdir()
    again = dist.build(dist.unpack(source, tmp_path / "tree"), "wheel", tmp_path / "made")
    assert again.name == wheel.name
    assert dist.digest(again) == dist.digest(wheel)


def _without(wheel, target, *endings):
    """Copy a wheel without the files with these endings."""
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(target / wheel.name, "w") as new:
        for name in old.namelist():
            if not name.endswith(endings):
                new.writestr(name, old.read(name))
    return target / wheel.name


def test_faults_of_a_wheel_are_named(dist, wheel, tmp_path):
    pytest.importorskip(
        "markdown_it",
        reason="to render the README needs markdown-it-py, which the extra test brings",
    )
    broken = _without(wheel, tmp_path, "style.css", "LICENSE")
    with zipfile.ZipFile(broken, "a") as archive:
        archive.writestr("tests/test_x.py", f"ROOT = '{ROOT}/'")
        archive.writestr("causalgreen/data/firms.dta", bytes(dist.FILE_LIMIT + 1))
    faults = "\n".join(dist.wheel_faults(broken))
    assert "the wheel lacks causalgreen/report/style.css" in faults
    assert "the licence in the wheel is not the file LICENSE" in faults
    assert "the wheel should not hold tests/test_x.py" in faults
    assert f"tests/test_x.py in the wheel names {ROOT}" in faults
    assert "firms.dta in the wheel has 500,001 bytes (limit 500,000): leave it out" in faults


def test_faults_of_a_source_archive_are_named(dist, source, tmp_path):
    broken = tmp_path / source.name
    with tarfile.open(source) as old, tarfile.open(broken, "w:gz") as new:
        for member in old.getmembers():
            if not member.name.endswith(("constraints.txt", "tests/conftest.py")):
                new.addfile(member, old.extractfile(member))
        cache = tarfile.TarInfo(member.name.split("/")[0] + "/tests/__pycache__/test_x.pyc")
        new.addfile(cache)
    assert dist.source_faults(broken) == [
        "the source archive lacks constraints.txt",
        "the source archive lacks tests/conftest.py",
        "the source archive should not hold tests/__pycache__/test_x.pyc",
    ]


def test_faults_of_metadata_are_named(dist):
    pytest.importorskip(
        "markdown_it",
        reason="to render the README needs markdown-it-py, which the extra test brings",
    )
    head = "Metadata-Version: 2.4\nName: causalgreen\nVersion: 9.9\nDescription-Content-Type: "
    said = "\n".join(dist.metadata_faults(f"{head}text/markdown\nClassifier: Topic :: Tea\n\nx\n"))
    assert "'Topic :: Tea' is not a classifier that exists" in said
    assert f"version 9.9, not {PROJECT['project']['version']}" in said
    assert "the description is not README.md" in said
    assert "README.md has no title" in said
    (fault,) = dist.metadata_faults("Metadata-Version: 2.4\nName: causalgreen\nVersion: last\n\nx")
    assert "'last' is invalid for 'version'" in fault


def test_readme_that_does_not_render_is_named(dist):
    pytest.importorskip(
        "markdown_it",
        reason="to render the README needs markdown-it-py, which the extra test brings",
    )
    table = "# title\n\n| a | b |\n|---|\n\n![plot](docs/figures/plot.svg)\n"
    assert dist.readme_faults(table) == [
        "README.md does not render: '|---' stays as it is",
        "README.md shows docs/figures/plot.svg, which an index cannot find",
    ]
    assert dist.readme_faults("# title\n\n| a | b |\n|---|---|\n| 1 | `**` |\n") == []


def test_one_version_everywhere():
    import causalgreen

    assert causalgreen.__version__ == PROJECT["project"]["version"]


def test_lowest_versions_are_those_of_the_project(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import bounds

    project = {
        "build-system": {"requires": ["hatchling>=1.27"]},
        "project": {
            "dependencies": ["numpy>=2.0.2", "scikit-learn>=1.6,<1.10"],
            "optional-dependencies": {
                "word": ["python-docx >= 1.1"],
                "test": ["causalgreen[word,test]", 'ray[data]<3,>=2.9 ; python_version < "3.13"'],
                "loose": ["types-tqdm"],
            },
        },
    }
    assert [bounds.lowest(line) for line in bounds.needed(project, ["test"])] == [
        "hatchling==1.27",
        "numpy==2.0.2",
        "scikit-learn==1.6",
        "ray==2.9",
        "python-docx==1.1",
    ]
    with pytest.raises(SystemExit, match=r"'types-tqdm' in pyproject.toml has no lower bound"):
        [bounds.lowest(line) for line in bounds.needed(project, ["loose"])]
    with pytest.raises(SystemExit, match="has no extra 'fast'; it has loose, test, word"):
        bounds.needed(project, ["fast"])
    assert [bounds.lowest(line) for line in bounds.needed(PROJECT, ["test"])]


def test_make_help_lists_what_packages():
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=False)
    for target in ("dist", "test-wheel", "test-lowest", "test-newest"):
        assert re.search(rf"^  make {target} +\w", done.stdout, re.M), target
