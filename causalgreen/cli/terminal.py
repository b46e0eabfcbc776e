"""What a person sees in the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Notes", "say", "text_table"]


def say(message: str) -> None:
    """Write progress or an error to standard error."""
    print(message, file=sys.stderr, flush=True)


class Notes:
    """Shows each warning once, as a sentence, without the place in the code that gave it.

    The filter ``"once"`` of `warnings` would not do: it forgets what it showed whenever some
    library changes the filters.
    """

    def __init__(self) -> None:
        self._shown: set[str] = set()

    def __call__(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        """Show a warning; the arguments are those of `warnings.showwarning`."""
        text = str(message)
        if text not in self._shown:
            self._shown.add(text)
            say(f"note: {text}")


def text_table(frame: pd.DataFrame) -> str:
    """Lay a table out in columns, rounded as in a report.

    Examples
    --------
    >>> import pandas as pd
    >>> print(text_table(pd.DataFrame({"path": ["direct"], "estimate": [0.5], "truth": [0.512]})))
    Path    Estimate  Truth
    direct     0.500  0.512
    """
    from causalgreen.report.tables import cells_of

    cells = cells_of(frame)
    widths = [
        max(len(row[column]) for row in (cells.heads, *cells.rows))
        for column in range(len(cells.heads))
    ]
    lines = []
    for row in (cells.heads, *cells.rows):
        parts = [
            text.rjust(width) if number else text.ljust(width)
            for text, width, number in zip(row, widths, cells.numeric, strict=True)
        ]
        lines.append("  ".join(parts).rstrip())
    return "\n".join(lines)
