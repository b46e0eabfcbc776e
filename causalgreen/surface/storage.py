"""Surfaces in files."""

from __future__ import annotations

import gzip
import os
import pickle
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from causalgreen.errors import DataError, Fault

if TYPE_CHECKING:
    from causalgreen.surface.surface import Surface

__all__ = ["load_surface", "save"]

MARK = b"causalgreen surface\n"
PACKAGES = ("causalgreen", "econml", "scikit-learn", "numpy")


def _versions() -> dict[str, str]:
    out = {}
    for name in PACKAGES:
        try:
            out[name] = version(name)
        except PackageNotFoundError:
            out[name] = "unknown"
    return out


def save(surface: Surface, path: str | Path) -> Path:
    """Write a surface to a file, which appears complete or not at all."""
    path = Path(path)
    if not path.parent.is_dir():
        raise DataError([Fault(
            "no_folder", f"there is no folder {str(path.parent)!r}", "make it, or choose another"
        )])  # fmt: skip
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(MARK)
            with gzip.open(file, "wb", compresslevel=3) as packed:
                pickle.dump((_versions(), surface), packed, protocol=5)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def load_surface(path: str | Path) -> Surface:
    """Read a surface that `Surface.save` wrote.

    The file is a pickle, which can run code: open only files from people you trust.

    Parameters
    ----------
    path : str or pathlib.Path
        File.

    Returns
    -------
    Surface
        The same numbers to the last digit.

    Raises
    ------
    DataError
        If there is no such file, it holds no surface, is damaged, or was written with versions of
        packages that cannot be read with these.
    """
    path = Path(path)

    def refuse(code: str, what: str, fix: str) -> DataError:
        return DataError([Fault(code, what, fix)])

    if not path.is_file():
        raise refuse("no_file", f"there is no file {str(path)!r}", "check the name")
    with path.open("rb") as file:
        if file.read(len(MARK)) != MARK:
            raise refuse(
                "not_a_surface", f"{path.name} was not written by Surface.save",
                "give a file that surface.save(...) wrote",
            )  # fmt: skip
        try:
            with gzip.open(file, "rb") as packed:
                _, surface = pickle.load(packed)
        except Exception as error:
            raise refuse(
                "damaged_surface",
                f"{path.name} cannot be read ({type(error).__name__}: {error}); it is cut short, "
                "or was written with other versions of the packages",
                "write it again with the versions at hand: " + str(_versions()),
            ) from error
    return surface  # type: ignore[no-any-return]
