"""A folder as CSMAR delivers it: parts of a table, a dictionary, a copyright notice."""

from __future__ import annotations

import re
from pathlib import Path

from causalgreen.data.file_faults import error
from causalgreen.data.raw import READABLE

__all__ = ["dictionary_beside", "read_dictionary", "tables_in"]

_LINE = re.compile(r"^\s*([^\s\[\]]+)\s*\[([^\]]*)\]")


def tables_in(folder: Path) -> tuple[list[Path], list[str]]:
    """List the tables in a folder, and the names of what is passed over.

    Raises
    ------
    DataError
        If there is no table, or one table is there in two formats.
    """
    files = sorted(entry for entry in folder.iterdir() if entry.is_file())
    shown = [f for f in files if not f.name.startswith((".", "~$", "._"))]
    tables = [f for f in shown if _is_table(f)]
    skipped = [f.name for f in shown if f not in tables]
    if not tables:
        inside = sorted(e.name for e in folder.iterdir() if e.is_dir())
        fix = f"read one of its folders: {', '.join(inside[:6])}" if inside else (
            "unpack archives first; readable are " + ", ".join(READABLE)
        )  # fmt: skip
        held = f" (there is: {', '.join(skipped[:6])})" if skipped else ""
        raise error("no_file", f"the folder {folder} holds no table{held}", fix)
    _not_twice(folder, tables)
    return tables, skipped


def _is_table(file: Path) -> bool:
    name = file.name.lower()
    if not name.endswith(READABLE) or "[des]" in name or "版权声明" in name:
        return False
    return not (name.endswith(".txt") and name.startswith(("readme", "license", "说明")))


def _stem(file: Path) -> str:
    name = file.name.lower()
    return name.removesuffix(max((s for s in READABLE if name.endswith(s)), key=len))


def _not_twice(folder: Path, tables: list[Path]) -> None:
    by_stem: dict[str, list[str]] = {}
    for file in tables:
        by_stem.setdefault(_stem(file), []).append(file.name)
    twice = [names for names in by_stem.values() if len(names) > 1]
    if twice:
        raise error(
            "same_table_twice",
            f"the folder {folder} holds a table in several formats: "
            + "; ".join(" and ".join(names) for names in twice[:4]),
            "name the one file to read, or take the other away: rows would be read twice",
        )


def dictionary_beside(path: Path) -> dict[str, str]:
    """Labels of the codes of a table, from the dictionary file beside it, if there is one."""
    found = [f for f in sorted(path.parent.glob("*")) if "[DES]" in f.name and f.suffix == ".txt"]
    mine = [f for f in found if _stem(path).startswith(f.name.split("[DES]")[0].lower())]
    return read_dictionary(mine[0]) if mine else {}


def read_dictionary(path: Path) -> dict[str, str]:
    """Read a dictionary file: lines such as ``Stkcd [证券代码] - ...``."""
    raw = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            text = ""
    matches = (_LINE.match(line) for line in text.splitlines())
    return {m.group(1): m.group(2).strip() for m in matches if m}
