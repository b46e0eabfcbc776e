"""Put a report on disk: whole, or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from causalgreen.errors import DesignError
from causalgreen.report.html import html_page
from causalgreen.report.latex import latex_page
from causalgreen.report.markdown import markdown_page
from causalgreen.report.page import Page
from causalgreen.report.picture import png_of
from causalgreen.report.word import need_word, word_page, word_table

if TYPE_CHECKING:
    from causalgreen.report.journal import JournalTable

__all__ = ["SUFFIXES", "check_path", "check_place", "write_report", "write_table"]

SUFFIXES = (".html", ".md", ".tex", ".docx")


def write_report(path: str | Path, page: Page) -> Path:
    """Write a page in the format that the suffix names.

    The file appears complete or not at all. ``.html`` and ``.docx`` are one self-contained file;
    the figures of ``.md`` and ``.tex`` lie beside it in a folder ``<name>_figures``.

    Parameters
    ----------
    path : str or Path
        Ends in ``.html``, ``.docx``, ``.md`` or ``.tex``; an existing file is replaced.
    page : Page
        What to write.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    DesignError
        If the suffix is another one, the folder does not exist, or python-docx is missing for
        ``.docx``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_report(f"{folder}/report.html", Page("Title", "Lead.")).name
    'report.html'
    """
    path = check_path(path)
    suffix = path.suffix.lower()
    if suffix == ".html":
        _write(path, html_page(page).encode("utf-8"))
    elif suffix == ".docx":
        _write(path, word_page(page))
    else:
        _write_with_figures(path, page, markdown_page if suffix == ".md" else latex_page)
    return path


def write_table(path: str | Path, table: JournalTable) -> Path:
    """Write one table in the format that the suffix names; see `JournalTable.write`."""
    path = check_path(path)
    text = {".html": table.to_html, ".md": table.to_markdown, ".tex": table.to_latex}
    suffix = path.suffix.lower()
    _write(path, word_table(table) if suffix == ".docx" else text[suffix]().encode("utf-8"))
    return path


def check_path(path: str | Path) -> Path:
    """Refuse a path that no report can be written to, before anything is computed.

    Raises
    ------
    DesignError
        If it is no path, its suffix is not served, it is a folder, or its folder is not there or
        takes no file.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise DesignError(f"path={path!r} is no path; give one, such as 'report.html'")
    path = Path(path)
    check_suffix(path)
    check_place(path)
    return path


def check_place(path: Path, what: str = "the report") -> None:
    """Refuse a place that takes no file.

    Raises
    ------
    DesignError
        If the path is a folder, or its folder is not there or takes no file.
    """
    if path.is_dir():
        raise DesignError(f"{what} cannot go to {path}: that is a folder; give the path of a file")
    if not path.parent.is_dir():
        raise DesignError(
            f"{what} cannot go to {path}: there is no folder {path.parent}; "
            "make the folder first, or give another path"
        )
    try:
        # Permissions do not tell of every folder that takes no file.
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise DesignError(
            f"{what} cannot go to {path}: no file can be made in {path.parent} "
            f"({error.strerror or error}); give another folder"
        ) from None


def check_suffix(path: str | Path) -> None:
    """Refuse a suffix that no writer serves, before anything is computed.

    Raises
    ------
    DesignError
        Naming the suffixes that are served, or the package that a Word file needs.
    """
    suffix = Path(path).suffix
    if suffix.lower() not in SUFFIXES:
        raise DesignError(
            f"a report cannot be written as {suffix or 'a file without a suffix'!r} ({path}); "
            f"let the path end in one of {', '.join(SUFFIXES)}"
        )
    if suffix.lower() == ".docx":
        need_word()


def _write(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        open_to_readers(Path(name), folder=False)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def open_to_readers(path: Path, folder: bool) -> None:
    """Give what ``tempfile`` made for its owner alone the permissions of an ordinary file."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod((0o777 if folder else 0o666) & ~mask)


def _write_with_figures(
    path: Path, page: Page, render: Callable[[Page, tuple[str | None, ...]], str]
) -> None:
    folder = path.with_name(f"{path.stem}_figures")
    waiting = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{folder.name}."))
    try:
        names: list[str | None] = []
        for number, section in enumerate(page.sections, 1):
            names.append(None if section.figure is None else f"{folder.name}/figure-{number}.png")
            if section.figure is not None:
                (waiting / f"figure-{number}.png").write_bytes(png_of(section.figure))
        text = render(page, tuple(names))
        open_to_readers(waiting, folder=True)
        if any(names):
            replace_folder(waiting, folder)
        _write(path, text.encode("utf-8"))
    finally:
        shutil.rmtree(waiting, ignore_errors=True)


def replace_folder(new: Path, old: Path) -> None:
    """Put a folder in the place of another; on failure, what was there is there again."""
    aside = Path(tempfile.mkdtemp(dir=old.parent, prefix=f".{old.name}.old."))
    try:
        if old.exists():
            os.replace(old, aside)
        os.replace(new, old)
    except BaseException:
        if not old.exists() and any(aside.iterdir()):
            os.replace(aside, old)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
