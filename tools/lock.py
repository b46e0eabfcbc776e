"""Re-make constraints.txt: exact versions for Python 3.11 and 3.13, without any address.

    python tools/lock.py --python python3.11 --python python3.13

Each interpreter gets a fresh environment with every extra, which is frozen; where two
interpreters resolve to different versions, both are kept, each with a marker. What only one of
them needs is pinned for both: a constraint installs nothing.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SPLIT = "3.13"  # dowhy caps scipy below this version, so that is where the versions part
HEADER = """\
# Exact versions that `make demo` and `make test` install. Made by `make lock`; do not edit.
# It holds names and versions only: pip fetches them from the index that you have set up.
"""
PIN = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[A-Za-z0-9.!+_-]+)")
SELF = "causalgreen"


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements() -> list[str]:
    """What to install: the build backend, the core, and every extra but the self-references."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    named = [*project["build-system"]["requires"], "editables", *project["project"]["dependencies"]]
    for extra in project["project"]["optional-dependencies"].values():
        named += [line for line in extra if not canonical(line).startswith(SELF)]
    return named


def parse(freeze: str) -> dict[str, str]:
    """Read `pip freeze`: name to version.

    Raises
    ------
    SystemExit
        If a line is not a plain ``name==version``, such as one that came from an address.
    """
    pins: dict[str, str] = {}
    for line in freeze.splitlines():
        match = PIN.fullmatch(line.strip())
        if match is None:
            sys.exit(f"cannot lock {line!r}: not a plain name==version")
        if canonical(match["name"]) != SELF:
            pins[canonical(match["name"])] = match["version"]
    return pins


def merge(old: dict[str, str], new: dict[str, str]) -> str:
    """Join the pins below ``SPLIT`` and those from ``SPLIT`` on into one constraints file."""
    lines = []
    for name in sorted(old.keys() | new.keys()):
        low, high = old.get(name), new.get(name)
        if low is None or high is None or low == high:
            lines.append(f"{name}=={low or high}")
        else:
            lines.append(f'{name}=={low} ; python_version < "{SPLIT}"')
            lines.append(f'{name}=={high} ; python_version >= "{SPLIT}"')
    return HEADER + "\n".join(lines) + "\n"


def resolve(python: str, folder: str) -> tuple[tuple[int, int], dict[str, str]]:
    """Install everything into a fresh environment of ``python`` and freeze it."""
    subprocess.run([python, "-m", "venv", folder], check=True)
    inside = os.path.join(folder, "bin", "python")
    install = [inside, "-m", "pip", "install", "--quiet", *requirements()]
    subprocess.run(install, check=True)
    ask = [inside, "-c", "import sys; print(*sys.version_info[:2])"]
    major, minor = subprocess.run(ask, check=True, capture_output=True, text=True).stdout.split()
    # without --all, pip freeze leaves out pip and setuptools, which venv brings itself
    freeze = [inside, "-m", "pip", "freeze"]
    frozen = subprocess.run(freeze, check=True, capture_output=True, text=True).stdout
    return (int(major), int(minor)), parse(frozen)


def main() -> None:
    parser = argparse.ArgumentParser(description="Re-make constraints.txt.")
    parser.add_argument("--python", action="append", required=True, help="give it twice")
    options = parser.parse_args()
    below: dict[str, str] = {}
    above: dict[str, str] = {}
    for python in options.python:
        with tempfile.TemporaryDirectory(prefix="causalgreen-lock-") as folder:
            version, pins = resolve(python, folder)
        print(f"Python {version[0]}.{version[1]}: {len(pins)} packages", file=sys.stderr)
        (below if version < tuple(map(int, SPLIT.split("."))) else above).update(pins)
    if not below or not above:
        sys.exit(f"needs one Python below {SPLIT} and one from {SPLIT} on")
    (ROOT / "constraints.txt").write_text(merge(below, above), "utf-8")


if __name__ == "__main__":
    main()
