"""An account of every step between the files and the panel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Audit", "Step", "counted", "listed", "step_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One thing that was done to the rows.

    Attributes
    ----------
    name : str
        What was done.
    why : str
        Why, and by which choice.
    rows_in, rows_out, firms_in, firms_out : int
    examples : tuple of str
        Firms or rows that it concerned.
    detail : pandas.DataFrame or None
        All of them, or a table of before and after.
    """

    name: str
    why: str
    rows_in: int
    rows_out: int
    firms_in: int
    firms_out: int
    examples: tuple[str, ...] = ()
    detail: pd.DataFrame | None = None

    def __str__(self) -> str:
        change = f"{self.rows_in:,} -> {self.rows_out:,} rows"
        if self.firms_in != self.firms_out:
            change += f", {self.firms_in:,} -> {self.firms_out:,} firms"
        shown = f" ({'; '.join(self.examples)})" if self.examples else ""
        return f"{self.name}: {change}. {self.why}{shown}"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Audit:
    """The steps in their order.

    Attributes
    ----------
    steps : tuple of Step

    Examples
    --------
    >>> audit = Audit((Step("drop ST", "names that start with ST", 10, 8, 5, 4, ("000005",)),))
    >>> print(audit)
    1. drop ST: 10 -> 8 rows, 5 -> 4 firms. names that start with ST (000005)
    """

    steps: tuple[Step, ...] = ()

    def tidy(self) -> pd.DataFrame:
        """Return one row per step: step, name, why, rows, firms, examples."""
        columns = [
            "step",
            "name",
            "rows_in",
            "rows_out",
            "firms_in",
            "firms_out",
            "why",
            "examples",
        ]
        rows = [
            (
                i,
                s.name,
                s.rows_in,
                s.rows_out,
                s.firms_in,
                s.firms_out,
                s.why,
                "; ".join(s.examples),
            )
            for i, s in enumerate(self.steps, 1)
        ]
        return pd.DataFrame(rows, columns=columns)

    def detail(self, name: str) -> pd.DataFrame:
        """Return the full list behind the last step whose name contains ``name``.

        Parameters
        ----------
        name : str
            Name of a step, or a part of it.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        KeyError
            If no such step has a list.
        """
        for step in reversed(self.steps):
            if name in step.name and step.detail is not None:
                return step.detail.copy(deep=False)
        raise KeyError(f"no step with a list is called {name!r}: {[s.name for s in self.steps]}")

    def plot(self) -> Axes:
        """Draw the rows that each step kept and took away."""
        from causalgreen.data.drawing import plot_audit

        return plot_audit(self)

    def __add__(self, steps: Sequence[Step]) -> Audit:
        return Audit((*self.steps, *steps))

    def __repr__(self) -> str:
        return f"Audit({len(self.steps)} steps)"

    def __str__(self) -> str:
        return "\n".join(f"{i}. {step}" for i, step in enumerate(self.steps, 1)) or "no steps"

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>" + self.tidy().to_html(index=False)


def counted(frame: pd.DataFrame) -> int:
    """Count the firms of a table."""
    return int(frame["firm"].nunique()) if "firm" in frame else 0


def listed(values: pd.Series | Sequence[object], most: int = 5) -> str:
    """List the first of several values, sorted, and how many more there are."""
    unique = sorted({str(v) for v in values})
    more = f" and {len(unique) - most:,} more" if len(unique) > most else ""
    return ", ".join(unique[:most]) + more


def step_of(
    name: str,
    why: str,
    before: pd.DataFrame,
    after: pd.DataFrame,
    examples: Sequence[str] = (),
    detail: pd.DataFrame | None = None,
) -> Step:
    """Make a step from the rows before and after it."""
    counts = (len(before), len(after), counted(before), counted(after))
    return Step(name, why, *counts, tuple(examples), detail)
