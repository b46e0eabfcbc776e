"""The benchmark suite: coverage, accuracy, speed and scale, and what was set out to be reached.

``python -m benchmarks.suite`` runs a short version of every suite into a folder of its own and
ends with the table of targets; ``--full`` runs the paper's version into the results that the
handbook is made from. Both go on where they were stopped.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import targets

__all__ = ["STEPS", "Step", "main", "run"]

QUICK = Path("build") / "bench"
# DoWhy takes columns from Python sets, whose order follows this
FIXED = {**os.environ, "PYTHONHASHSEED": "0"}


@dataclass(frozen=True, slots=True)
class Step:
    """A module of the suite.

    Attributes
    ----------
    suite, module : str
        Which suite it belongs to, and the module in ``benchmarks``.
    out : str
        The option that says where results go, and below it the file.
    file : str
        Name of the table; empty: the option names the folder.
    short, full : tuple of str
        Further options of the two versions.
    """

    suite: str
    module: str
    out: str
    file: str
    short: tuple[str, ...]
    full: tuple[str, ...] = ()

    def command(self, folder: Path, full: bool) -> list[str]:
        """What is run."""
        place = folder / self.file if self.file else folder
        more = self.full if full else self.short
        return [sys.executable, "-m", f"benchmarks.{self.module}", self.out, str(place), *more]


# Short versions take some 12 minutes on two idle cores; how many panels is in the table of targets.
BESIDE = ("econml", "dowhy-linear", "doubleml-lightgbm", "statspai-dml", "diff-diff", "grf", "twfe")
STEPS: tuple[Step, ...] = (
    Step("coverage", "coverage", "--out", "coverage.csv",
         ("--replications", "40", "--methods", "lightgbm", "default", *BESIDE, "--resume"),
         ("--resume",)),
    Step("coverage", "staged", "--out", "staged.csv", ("--replications", "15", "--resume"),
         ("--resume",)),
    Step("coverage", "kinds", "--out", "kinds.csv",
         ("--replications", "20", "--beside", "0", "--resume"), ("--resume",)),
    Step("coverage", "clusters", "--out", "clusters.csv", ("--replications", "10", "--resume"),
         ("--resume",)),
    Step("coverage", "checks", "--out", "checks.csv", ("--replications", "20", "--resume"),
         ("--resume",)),
    Step("accuracy", "surface", "--out", "surface.csv",
         ("--replications", "8", "--peers", "2", "--large", "0", "--cases", "straight",
          "--methods", "forest", "forest-default", "linear-default", "econml-demeaned",
          "statspai", "--resume"), ("--resume",)),
    Step("accuracy", "settings", "--out", "settings.csv", ("--few", "2")),
    Step("accuracy", "judged", "--out", "judged.csv", ("--few", "1")),
    Step("accuracy", "bins", "--out", "bins.csv", ("--few", "2")),
    Step("accuracy", "realdata", "--out", "", ("--quick",)),
    # at its full size: the ratio of a small panel is that of another question
    Step("speed", "speed", "--out", "speed.csv", ("--passes", "2")),
    Step("speed", "refuters", "--table", "refuters.csv", ("--few", "2")),
    Step("speed", "imports", "--out", "imports.csv", ()),
    Step("scale", "scale", "--out", "scale.csv", ("--quick",)),
    Step("scale", "folds", "--out", "folds.csv", ("--firms", "5000", "--few", "1")),
    Step("scale", "files", "--out", "files.csv", ("--rows", "300000")),
)  # fmt: skip


def run(steps: Sequence[Step], folder: Path, full: bool) -> list[str]:
    """Run steps one after the other; one that fails does not stop the rest.

    Parameters
    ----------
    steps : sequence of Step
        What to run.
    folder : pathlib.Path
        Where results go.
    full : bool
        The long version.

    Returns
    -------
    list of str
        Modules that failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    failed, begin = [], time.monotonic()
    for number, step in enumerate(steps, 1):
        passed = (time.monotonic() - begin) / 60
        print(f"\n[{number}/{len(steps)}, {passed:.1f} min] {step.suite}: {step.module}",
              flush=True)  # fmt: skip
        if subprocess.run(step.command(folder, full), check=False, env=FIXED).returncode:
            failed.append(step.module)
            print(f"benchmarks.{step.module} failed: what it says is above", file=sys.stderr)
    print(f"\n{(time.monotonic() - begin) / 60:.1f} minutes\n")
    return failed


def main(argv: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.suite", description=__doc__)
    suites = tuple(dict.fromkeys(step.suite for step in STEPS))
    parser.add_argument("--full", action="store_true", help="the paper's version: hours")
    parser.add_argument("--only", nargs="+", choices=suites, default=suites, help="which suites")
    parser.add_argument("--out", type=Path, help=f"folder of the results; short version: {QUICK}")
    chosen = parser.parse_args(argv)
    folder = chosen.out or (targets.RESULTS if chosen.full else QUICK)
    failed = run([s for s in STEPS if s.suite in chosen.only], folder, chosen.full)
    targets.main(["--results", str(folder), *([] if chosen.full else ["--short"])])
    if not chosen.full:
        print("\nA short run: few panels, so that errors are large (±: two Monte-Carlo standard "
              "errors), and slopes of small sizes. The figures of record are in "
              "benchmarks/results and docs/benchmarks.md.")  # fmt: skip
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
