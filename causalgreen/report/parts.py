"""A part of a page that may fail: it becomes a sentence that says why, never a crash."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from causalgreen.errors import CausalGreenError, CausalGreenWarning
from causalgreen.report.page import Section, figure_of

if TYPE_CHECKING:
    from causalgreen.report.phrases import Phrases

__all__ = ["attempt", "closed", "why"]

Sections = tuple[Section, ...]


def closed(drawing: Any) -> Any:
    """Take a figure out of pyplot's hands, or a notebook would show it once more by itself."""
    import matplotlib.pyplot as plt

    plt.close(figure_of(drawing))
    return drawing


def attempt(
    title: str, make: Callable[[], Sections], say: Phrases, level: int = 3, key: str = "failed"
) -> Sections:
    """Make sections; one with the reason, where they cannot be made."""
    try:
        return make()
    except Exception as error:  # a report is worth more than any one part of it
        return (Section(title, say(key, why=why(error, say)), level=level),)


def why(error: Exception, say: Phrases) -> str:
    """The reason of a failure; one that nobody expected is warned of, too."""
    text = " ".join(str(error).split())
    if not isinstance(error, CausalGreenError):
        kind = type(error).__name__
        warnings.warn(
            f"a part of the report failed with {kind}: {text}", CausalGreenWarning, stacklevel=3
        )
        text = say("unexpected", kind=kind, why=text)
    return say.full(text)
