"""Progress for eyes: in a terminal or a notebook."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

__all__ = ["bar"]


def bar(items: Sequence[Any], progress: bool | None, label: str, unit: str) -> Any:
    """The items, one after the other, with a progress bar where somebody looks."""
    from tqdm.auto import tqdm

    shown = sys.stderr.isatty() or "ipykernel" in sys.modules if progress is None else progress
    return tqdm(items, desc=label, unit=unit, leave=False, disable=not shown)
