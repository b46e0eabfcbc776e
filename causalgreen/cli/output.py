"""Folders that appear whole, or not at all."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from causalgreen.cli.config import ConfigError
from causalgreen.errors import Fault
from causalgreen.report.write import open_to_readers, replace_folder

__all__ = ["MARK", "check_target", "fresh_folder", "write_mark"]

MARK = "causalgreen.json"


def check_target(target: Path, force: bool, inputs: tuple[Path, ...] = ()) -> None:
    """Refuse a folder that must not be written, before anything is computed.

    Raises
    ------
    ConfigError
        If it cannot be written, if it exists and ``force`` is not given, if it holds what
        causalgreen did not write, or if the study's own input lies in it.
    """

    def refuse(what: str, fix: str) -> None:
        raise ConfigError("the output folder", [Fault("output", what, fix)])

    place = target.resolve()
    if not place.parent.is_dir():
        refuse(f"there is no folder {place.parent} to put {place.name} in", "make it first")
    _must_be_writable(place.parent, refuse)
    if not target.exists():
        return
    if not target.is_dir():
        refuse(f"{target} is a file", "name a folder that does not exist yet")
    if not force:
        refuse(f"{target} exists", "name another folder with --out, or replace it with --force")
    if any(target.iterdir()) and not (target / MARK).is_file():
        refuse(
            f"{target} holds files that causalgreen did not write (there is no {MARK} in it)",
            "name another folder with --out; --force replaces earlier results only",
        )
    inside = [path for path in inputs if place in path.resolve().parents]
    if inside or place in Path.cwd().resolve().parents or place == Path.cwd().resolve():
        found = inside[0] if inside else Path.cwd()
        refuse(f"{target} would be replaced, but {found} is in it", "name another folder")


def _must_be_writable(folder: Path, refuse: Callable[[str, str], None]) -> None:
    """Try it: permission bits alone say little of network drives and read-only disks."""
    try:
        Path(tempfile.mkdtemp(dir=folder, prefix=".causalgreen.")).rmdir()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        refuse(
            f"nothing can be written into {folder} ({reason})",
            "name a place that you may write to with --out",
        )


@contextmanager
def fresh_folder(target: Path) -> Iterator[Path]:
    """Give a folder to write into; it becomes ``target`` at the end, or is removed on failure."""
    place = target.resolve()
    waiting = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}.", suffix=".part"))
    try:
        yield waiting
        open_to_readers(waiting, folder=True)
        replace_folder(waiting, place)
    finally:
        shutil.rmtree(waiting, ignore_errors=True)


def write_mark(folder: Path, facts: Mapping[str, Any]) -> None:
    """Say in the folder what made it, with which versions and from which table."""
    from causalgreen.report.study_tables import versions

    text = json.dumps({**facts, "versions": versions()}, indent=2, ensure_ascii=False)
    (folder / MARK).write_text(text + "\n", encoding="utf-8")
