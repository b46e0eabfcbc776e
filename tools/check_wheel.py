"""Install the wheel as a stranger would, far from this folder, and use it.

    python tools/check_wheel.py dist/causalgreen-*.whl

A fresh environment gets the wheel and its core packages, in the versions of constraints.txt. From
an empty folder: what importing costs, the data files, the demo, the types seen by mypy; then the
extras "files" and "word". Stops at the first step that fails, with what it printed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = 0.3  # seconds that importing may take, the best of three
IMPORT = """\
import sys, time
start = time.perf_counter()
import causalgreen
print(time.perf_counter() - start)
heavy = {"econml", "dowhy", "shap", "sklearn", "lightgbm", "matplotlib", "pandas", "joblib"}
heavy &= set(sys.modules)
assert not heavy, f"importing causalgreen loads {sorted(heavy)}"
assert causalgreen.__file__.startswith(sys.prefix), f"imported from {causalgreen.__file__}"
"""
DATA = """\
from importlib.resources import files
import causalgreen as cg
from causalgreen.data.city_names import cities
assert len(cg.data.pilot_zones().tidy()) > 0
assert len(cities()) > 300
assert len(cg.data.green_rules().table) > 100
assert (files("causalgreen") / "py.typed").is_file()
"""
TABLES = """\
import pandas as pd
table = pd.read_csv("out/panel.csv")
table.to_parquet("panel.parquet")
table.to_excel("panel.xlsx", index=False)
"""
ROLES = ("--unit=firm", "--time=year", "--outcome=green_patents", "--treatment=ai")
TYPED = "import causalgreen as cg\nframe, truth = cg.simulate_panel(n_firms=60, n_years=4)\n"
MISTYPED = TYPED.replace("60", "'sixty'")


class Stranger:
    """A fresh environment and an empty folder to work in."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "environment" / ("Scripts" if os.name == "nt" else "bin")
        self.home = folder / "empty"
        self.home.mkdir()
        venv.create(self.bin.parent, with_pip=True)
        # nothing of this folder or of the caller's environment may lend a hand
        drop = ("PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV")
        kept = {name: value for name, value in os.environ.items() if name not in drop}
        self.environment = kept | {"MPLBACKEND": "Agg"}

    def run(self, step: str, *command: str, fails: bool = False) -> str:
        """Run a programme of the environment in the empty folder; answer with its output."""
        print(f"{step} ...", end=" ", flush=True)
        done = subprocess.run(
            [str(self.bin / command[0]), *command[1:]],
            cwd=self.home,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if bool(done.returncode) != fails:
            print("failed")
            sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
        print("ok", flush=True)
        return done.stdout

    def install(self, *what: str) -> None:
        """Install in the versions of constraints.txt, from wherever pip is set up to look."""
        pip = ("python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
        # not compiled: most of it is never imported here
        locked = ("--no-compile", "-c", str(ROOT / "constraints.txt"))
        self.run(f"install {Path(what[-1]).name}", *pip, *locked, *what)


def use_it(stranger: Stranger) -> None:
    """Core packages alone: the import, the data files, the command, the demo, the types."""
    best = min(float(stranger.run("import", "python", "-I", "-c", IMPORT)) for _ in range(3))
    if best > ALLOWED:
        sys.exit(f"import causalgreen takes {best:.2f} s, more than {ALLOWED} s")
    print(f"import causalgreen takes {best:.3f} s")
    stranger.run("data files", "python", "-I", "-c", DATA)
    stranger.run("causalgreen --version", "causalgreen", "--version")
    stranger.run("causalgreen demo", "causalgreen", "demo", "--out", "out")
    report = stranger.home / "out" / "report.html"
    text = report.read_text("utf-8") if report.is_file() else ""
    style = (ROOT / "causalgreen" / "report" / "style.css").read_text("utf-8").split("{")[0].strip()
    if len(text) < 10_000 or style not in text:
        sys.exit(f"{report.name} of the demo is missing, or has no content or no style")


def see_types(stranger: Stranger) -> None:
    """Types of the package, as mypy sees them: a right call passes, a wrong one does not."""
    stranger.install("mypy")
    for name, text in (("right.py", TYPED), ("wrong.py", MISTYPED)):
        (stranger.home / name).write_text(text, "utf-8")
    mypy = ("python", "-m", "mypy", "--follow-imports=silent")
    stranger.run("mypy on a right call", *mypy, "right.py")
    said = stranger.run("mypy on a wrong call", *mypy, "wrong.py", fails=True)
    if "simulate_panel" not in said:
        sys.exit(f"mypy refuses the wrong call for another reason:\n{said}")


def use_extras(stranger: Stranger, wheel: Path) -> None:
    """The extras for files: the demo's table as parquet and as Excel goes through the checks."""
    stranger.install(f"{wheel}[files,word]")
    stranger.run("write parquet and Excel", "python", "-I", "-c", TABLES)
    for name in ("panel.parquet", "panel.xlsx"):
        stranger.run(f"causalgreen check {name}", "causalgreen", "check", name, *ROLES)


def main() -> None:
    parser = argparse.ArgumentParser(description="Install the wheel elsewhere, and use it.")
    parser.add_argument("wheel", type=Path)
    wheel = parser.parse_args().wheel.resolve()
    if not wheel.is_file():
        sys.exit(f"there is no wheel {wheel}: make it with `make dist`")
    with tempfile.TemporaryDirectory(prefix="causalgreen-wheel-") as folder:
        stranger = Stranger(Path(folder))
        stranger.install(str(wheel))
        stranger.run("pip check", "python", "-m", "pip", "check")
        use_it(stranger)
        see_types(stranger)
        use_extras(stranger, wheel)


if __name__ == "__main__":
    main()
