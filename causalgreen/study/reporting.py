"""A report with its manifest beside it, and in it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from causalgreen.errors import yes_or_no
from causalgreen.study.manifest import beside
from causalgreen.study.rebuild import manifest_of

__all__ = ["report"]


def report(
    study: Any, path: str | Path, effects: Any, surface: Any, falsification: Any, lang: str,
    whom: bool,
) -> Path:  # fmt: skip
    """Write a report; see `Study.report`."""
    from causalgreen.report import study_page, write_report
    from causalgreen.report.given import check_given
    from causalgreen.report.phrases import phrases
    from causalgreen.report.write import check_path, check_place

    # What cannot be done is refused before anything is computed.
    yes_or_no(whom=whom)
    check_place(beside(check_path(path)), "the report's manifest")
    phrases(lang)
    check_given(effects, surface, falsification, study)
    effects = study.paths() if effects is None else effects
    manifest = manifest_of(study, effects)
    hetero = surface if hasattr(surface, "surface") else None
    with _collected_after():
        page = study_page(
            study, effects=effects, surface=surface if hetero is None else hetero.surface,
            hetero=hetero, falsification=falsification, lang=lang, whom=whom,
            manifest=manifest.parts(),
        )  # fmt: skip
        written = write_report(path, page)
    manifest.write(beside(written))
    return written


@contextmanager
def _collected_after() -> Iterator[None]:
    """Leave figures to be collected at the end.

    They are full of circles: every few of them have the collector walk through all that is loaded.
    """
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()
