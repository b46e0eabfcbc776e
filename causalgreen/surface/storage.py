"""Surfaces in files."""

from __future__ import annotations

import gzip
import os
import pickle
import tempfile
import warnings
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causalgreen.errors import DesignError, EstimationWarning

if TYPE_CHECKING:
    from causalgreen.surface.surface import Surface

__all__ = ["load_surface", "save"]

MARK = b"causalgreen surface 2\n"
PACKAGES = ("causalgreen", "econml", "scikit-learn", "numpy", "pandas")


def _versions() -> dict[str, str]:
    from causalgreen import __version__

    out = {}
    for name in PACKAGES:
        try:
            out[name] = version(name)
        except PackageNotFoundError:
            out[name] = __version__ if name == "causalgreen" else "none"
    return out


def _path(path: Any, verb: str) -> Path:
    if not isinstance(path, (str, os.PathLike)) or not str(path):
        raise DesignError(
            f"{verb}({path!r}): give the name of a file, such as {verb}('firms.surface')"
        )
    where = Path(path)
    if where.is_dir():
        raise DesignError(
            f"{str(where)!r} is a folder: give the name of a file in it, such as "
            f"{str(where / 'firms.surface')!r}"
        )
    return where


def save(surface: Surface, path: str | Path) -> Path:
    """Write a surface to a file, which appears complete or not at all."""
    path = _path(path, "save")
    if not path.parent.is_dir():
        raise DesignError(
            f"there is no folder {str(path.parent)!r}: make it, or choose another for {path.name!r}"
        )
    try:
        _write(surface, path)
    except OSError as error:
        raise DesignError(
            f"{str(path)!r} cannot be written ({error.strerror or error}): choose a folder where "
            "you may write, and that has room"
        ) from error
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise DesignError(
            f"this surface cannot be written to a file ({error}): its method holds something that "
            "has no name, such as a lambda; define it with def in a module"
        ) from error
    return path


def _write(surface: Surface, path: Path) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(MARK)
            with gzip.open(file, "wb", compresslevel=3) as packed:
                # Versions apart: they can be read where the surface cannot.
                pickle.dump(_versions(), packed, protocol=5)
                pickle.dump(surface, packed, protocol=5)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


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
        The same numbers to the last digit. Warns (`EstimationWarning`) where it was written with
        other versions of the packages.

    Raises
    ------
    DesignError
        If there is no such file, it holds no surface, is damaged, or was written with versions of
        packages that cannot be read with these.

    Examples
    --------
    >>> import tempfile
    >>> import causalgreen as cg
    >>> df, _ = cg.simulate_panel(n_firms=120, n_years=4, seed=0)
    >>> panel = cg.Panel.from_frame(
    ...     df, unit="firm", time="year", outcome="green_patents", treatment="ai", traits=["size"])
    >>> study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear())
    >>> surface = study.surface(cg.linear_surface())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     again = load_surface(surface.save(f"{folder}/own.surface"))
    >>> bool((again.estimate == surface.estimate).all())
    True
    """
    path = _path(path, "load_surface")
    if not path.is_file():
        raise DesignError(f"there is no file {str(path)!r}: check the name")
    written: dict[str, str] = {}
    try:
        with path.open("rb") as file:
            if file.read(len(MARK)) != MARK:
                raise DesignError(
                    f"{path.name} was not written by Surface.save: give a file that "
                    "surface.save(...) wrote"
                )
            with gzip.open(file, "rb") as packed:
                written = pickle.load(packed)
                surface = pickle.load(packed)
    except DesignError:
        raise
    except Exception as error:
        raise DesignError(
            f"{path.name} cannot be read ({type(error).__name__}: {error}); it is cut short, or "
            f"was written with other versions of the packages: {_differences(written) or 'none'} "
            "known. Make the surface again with the versions at hand, and save it"
        ) from error
    if told := _differences(written):
        warnings.warn(
            f"{path.name} was written with other versions: {told}. Predictions may differ; make "
            "the surface again with the versions at hand",
            EstimationWarning, stacklevel=2,
        )  # fmt: skip
    return surface  # type: ignore[no-any-return]


def _differences(written: dict[str, str]) -> str:
    """Packages whose version is not the one at hand."""
    here = _versions()
    return "; ".join(
        f"{name} {then}, here {here.get(name, 'none')}"
        for name, then in written.items()
        if then != here.get(name, "none")
    )
