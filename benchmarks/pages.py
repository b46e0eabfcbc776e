"""Every page, part of a page and picture that comes from the results files, by one command.

Run as ``python -m benchmarks.pages``; ``--check`` writes nothing and says which pages differ from
what their files say. No number that was measured is typed by hand.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from benchmarks import (
    bins,
    checks_tables,
    files_tables,
    folds,
    judged,
    picture,
    scale_tables,
    settings,
    speed_tables,
    surface_picture,
    surface_tables,
    tables,
    targets,
)
from benchmarks.results import read_metadata

__all__ = ["PICTURES", "differ", "main", "pages", "write"]

RESULTS = targets.RESULTS
DOCS = Path(__file__).parents[1] / "docs"
# Decision records that a benchmark of the same name backs.
DECISIONS = MappingProxyType(
    {
        "decisions/0007-the-forest-starts-from-a-smooth-surface.md": ("bins", bins.block),
        "decisions/0012-learner-settings-by-loss-and-time.md": ("settings", settings.block),
        "decisions/0013-fewer-trees-where-forests-are-judged.md": ("judged", judged.block),
        "decisions/0014-fewer-folds-of-very-large-panels.md": ("folds", folds.block),
    }
)


def _table(results: Path, name: str) -> tuple[pd.DataFrame, dict[str, str]]:
    notes = results / f"{name}_metadata.csv"
    return pd.read_csv(results / f"{name}.csv"), read_metadata(notes) if notes.exists() else {}


def _replaced(page: str, **blocks: str) -> str:
    for name, text in blocks.items():
        page = checks_tables.replaced(page, name.replace("_", " "), text)
    return page


def pages(results: Path, docs: Path) -> dict[str, str]:
    """What each page has to be.

    Parameters
    ----------
    results : pathlib.Path
        Folder of the results files.
    docs : pathlib.Path
        Folder of the handbook: what stands around the measured parts is read from it.

    Returns
    -------
    dict of str to str
        By the name of the page.
    """

    def old(name: str) -> str:
        return (docs / name).read_text(encoding="utf-8")

    judged = targets.filled(old("benchmarks.md"), targets.judge(results, targets.TARGETS))
    checks = old("falsification.md")
    for name, block in checks_tables.blocks(results).items():
        checks = checks_tables.replaced(checks, name, block)
    return {
        "benchmarks.md": _replaced(judged, speed=speed_tables.block(*_table(results, "speed"))),
        "coverage.md": tables.whole_page(results),
        "surfaces.md": surface_tables.page(results),
        "falsification.md": checks,
        "scale.md": scale_tables.filled(
            old("scale.md"), scale_tables.figures(*_table(results, "scale"))
        ),
        "from-files.md": _replaced(
            old("from-files.md"), large_files=files_tables.block(_table(results, "files")[0])
        ),
        **{
            page: _replaced(old(page), **{name: block(*_table(results, name))})
            for page, (name, block) in DECISIONS.items()
        },
    }


PICTURES: dict[str, tuple[str, Callable[[pd.DataFrame, Path], None]]] = {
    "coverage.png": ("coverage", picture.save_picture),
    "scale.png": ("scale", scale_tables.save_picture),
    "surfaces.png": ("surface", surface_picture.save_picture),
    "speed.png": ("speed", speed_tables.save_picture),
}


def write(results: Path, docs: Path) -> list[str]:
    """Write every page and picture; returns the names of what was written."""
    made = pages(results, docs)
    for name, text in made.items():
        (docs / name).write_text(text, encoding="utf-8")
    (docs / "figures").mkdir(exist_ok=True)
    for name, (table, save) in PICTURES.items():
        save(_table(results, table)[0], docs / "figures" / name)
    return [*made, *PICTURES]


def differ(results: Path, docs: Path) -> list[str]:
    """Names of pages that are not what the results files say."""
    made = pages(results, docs)
    return [n for n, text in made.items() if (docs / n).read_text(encoding="utf-8") != text]


def main(argv: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the results files")
    parser.add_argument("--docs", type=Path, default=DOCS, help="folder of the handbook")
    parser.add_argument("--check", action="store_true", help="write nothing, say what differs")
    chosen = parser.parse_args(argv)
    if chosen.check:
        stale = differ(chosen.results, chosen.docs)
        print("\n".join(f"{name} is not what the results say" for name in stale) or "all equal")
        return 1 if stale else 0
    print("wrote " + ", ".join(write(chosen.results, chosen.docs)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
