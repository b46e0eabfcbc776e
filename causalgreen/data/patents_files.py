"""Patent extracts from files: one, or a folder of parts; every cell as it is written."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from causalgreen.data.file_faults import error, must_exist
from causalgreen.data.folders import dictionary_beside, tables_in
from causalgreen.data.patents_rows import known_name
from causalgreen.data.raw import Raw, raw_file

__all__ = ["read_patents"]


def read_patents(path: Path, given: Collection[str]) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Read an extract: header rows understood, numbers and codes not made numbers.

    Parameters
    ----------
    path : Path
        A file, or a folder of the parts of one extract.
    given : collection of str
        Columns that the user names: they keep their names.

    Returns
    -------
    frame : pandas.DataFrame
    notes : tuple of str
        Encoding, header rows, parts.

    Raises
    ------
    DataError
        If there is no such file, it is damaged or empty, or parts have different columns.
    """
    if not path.is_dir():
        must_exist(path)
        raw = _one(path, given)
        return raw.frame, raw.notes
    files, skipped = tables_in(path)
    parts = [_one(file, given) for file in files]
    first = set(parts[0].frame.columns)
    for file, part in zip(files, parts, strict=True):
        here = set(part.frame.columns)
        if here != first:
            raise error(
                "parts_differ",
                f"{path}: {file.name} and {files[0].name} have different columns: "
                f"{', '.join(sorted(here ^ first))}",
                "put extracts of different columns in folders of their own",
            )
    frame = pd.concat([part.frame for part in parts], ignore_index=True)
    notes = [note for part in parts for note in part.notes]
    sizes = ", ".join(f"{f.name} {len(p.frame):,}" for f, p in zip(files, parts, strict=True))
    notes.append(f"{len(parts)} parts: {sizes}")
    if skipped:
        notes.append(f"files passed over: {', '.join(skipped[:8])}")
    return frame, tuple(dict.fromkeys(notes))


def _one(file: Path, given: Collection[str]) -> Raw:
    """Read one file; columns known only by their labels take these for names."""
    raw = raw_file(file, dictionary_beside(file), None, as_text=True)
    names = [str(name) for name in raw.frame.columns]
    wish = {n: raw.labels.get(n, "") for n in names if not known_name(n) and n not in given}
    fresh = {n: label for n, label in wish.items() if known_name(label) and label not in names}
    if len(set(fresh.values())) < len(fresh):
        return raw
    return Raw(raw.frame.rename(columns=fresh), raw.labels, raw.units, raw.notes)
