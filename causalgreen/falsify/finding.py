"""What a check found, and all findings of a study together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, get_args

import pandas as pd

from causalgreen.errors import DesignError
from causalgreen.falsify.verdict import FAIL, NOT_APPLICABLE, PASS, WARN, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from causalgreen.effects.context import Context

__all__ = ["FAIL", "NOT_APPLICABLE", "PASS", "WARN", "Falsification", "Finding", "Verdict"]


@dataclass(frozen=True, slots=True, repr=False)
class Finding:
    """One attempt to break the numbers.

    Attributes
    ----------
    name : str
        Short stable name, such as ``"placebo treatment"``.
    question : str
        What was asked, as a question.
    verdict : {"pass", "fail", "warn", "not applicable"}
        A check that could not be run is never a pass.
    reason : str
        Why, with the numbers, in one or two sentences; for a check that was not run, what it needs.
    table : pandas.DataFrame
        The numbers behind it, one row for each path where that makes sense.
    draw : callable or None
        Returns the figure.

    Examples
    --------
    >>> from causalgreen.falsify.finding import Finding
    >>> found = Finding("giants", "Do the largest firms carry it?", "pass", "it moves by 0.3 s.e.")
    >>> print(found)
    giants: PASS
      Do the largest firms carry it?
      it moves by 0.3 s.e.
    """

    name: str
    question: str
    verdict: Verdict
    reason: str
    table: pd.DataFrame = field(default_factory=pd.DataFrame)
    draw: Callable[[], Figure] | None = None

    def __post_init__(self) -> None:
        if self.verdict not in get_args(Verdict):
            raise DesignError(f"verdict={self.verdict!r}: one of {', '.join(get_args(Verdict))}")

    def tidy(self) -> pd.DataFrame:
        """The numbers behind the verdict."""
        return self.table.copy()

    def plot(self) -> Figure:
        """The figure.

        Raises
        ------
        DesignError
            If the finding has none.
        """
        if self.draw is None:
            raise DesignError(f"{self.name!r} has no figure ({self.verdict}: {self.reason})")
        from causalgreen.explain.style import legible

        return legible(self.draw)()

    def __str__(self) -> str:
        head = f"{self.name}: {self.verdict.upper()}\n  {self.question}\n  {self.reason}"
        if self.table.empty:
            return head
        table = self.table.to_string(index=False, float_format=lambda v: f"{v:.4g}")
        return f"{head}\n{table}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from html import escape

        table = self.table.to_html(index=False, float_format=lambda v: f"{v:.4g}")
        return (
            f"<p><b>{escape(self.name)}: {escape(self.verdict)}</b><br>{escape(self.question)}<br>"
            f"{escape(self.reason)}</p>{'' if self.table.empty else table}"
        )


@dataclass(frozen=True, slots=True, repr=False)
class Falsification:
    """All findings, in the order in which they were made.

    Attributes
    ----------
    findings : tuple of Finding
    context : Context or None
        Who is behind the numbers that were to be broken.

    Examples
    --------
    >>> from causalgreen.falsify.finding import Falsification, Finding
    >>> tried = Falsification((Finding("giants", "Giants?", "pass", "it hardly moves"),))
    >>> tried["giants"].verdict, len(tried)
    ('pass', 1)
    """

    findings: tuple[Finding, ...]
    context: Context | None = None

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def __getitem__(self, key: int | str) -> Finding:
        if isinstance(key, int):
            return self.findings[key]
        for finding in self.findings:
            if finding.name == key:
                return finding
        raise KeyError(f"no finding is called {key!r}; there are {[f.name for f in self.findings]}")

    def tidy(self) -> pd.DataFrame:
        """One row for each finding: name, question, verdict, reason."""
        columns = ["name", "question", "verdict", "reason"]
        return pd.DataFrame([[getattr(f, c) for c in columns] for f in self], columns=columns)

    def plot(self) -> Figure:
        """Verdicts at a glance."""
        from causalgreen.falsify.glance import plot_falsification

        return plot_falsification(self)

    def __str__(self) -> str:
        counts = self.tidy()["verdict"].value_counts()
        told = ", ".join(f"{n} {verdict}" for verdict, n in counts.items())
        lines = [f"{f.verdict.upper():14} {f.name}: {f.reason}" for f in self]
        return "\n".join([f"Attempts to break the numbers: {told}", *lines])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return str(self.tidy().to_html(index=False))
