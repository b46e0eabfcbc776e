"""Exceptions and warnings: one family, so that ``except cg.CausalGreenError`` catches them all.

Every message says what is wrong, where (columns, first rows, firms), and what to do.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "CausalGreenError",
    "CausalGreenWarning",
    "ClusterError",
    "DataError",
    "DataWarning",
    "DesignError",
    "EstimationError",
    "EstimationWarning",
    "Fault",
    "GraphError",
    "GraphWarning",
    "IdentificationError",
    "IdentificationWarning",
    "yes_or_no",
]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a table.

    Attributes
    ----------
    code : str
        Short stable name, such as ``"duplicate_rows"``.
    what : str
        What is wrong and where: columns, counts, first rows, firms.
    fix : str
        What to do about it.
    """

    code: str
    what: str
    fix: str

    def __str__(self) -> str:
        return f"[{self.code}] {self.what}\n    what to do: {self.fix}"


class CausalGreenError(Exception):
    """Base of every error that causalgreen raises on purpose."""


class DataError(CausalGreenError):
    """A table cannot be used as it is; carries every fault that was found, not only the first.

    Parameters
    ----------
    faults : sequence of Fault
        All that is wrong with the table.

    Examples
    --------
    >>> error = DataError([Fault("missing_columns", "no column 'ai'", "check the spelling")])
    >>> [fault.code for fault in error.faults]
    ['missing_columns']
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        n = len(self.faults)
        head = "The table has 1 fault:" if n == 1 else f"The table has {n} faults:"
        super().__init__("\n".join([head, *(f"{i}. {f}" for i, f in enumerate(self.faults, 1))]))

    def __reduce__(self) -> tuple[type[DataError], tuple[tuple[Fault, ...]]]:
        return (type(self), (self.faults,))


class GraphError(CausalGreenError):
    """A causal graph is not one: a cycle, an unknown node, a role that no node plays."""


class IdentificationError(CausalGreenError):
    """The graph does not identify what was asked for."""


class DesignError(CausalGreenError):
    """A study is set up in a way that cannot answer: folds, features, fixed effects."""


class EstimationError(CausalGreenError):
    """The numbers do not determine the answer: collinear residuals, no variation, too few firms."""


class ClusterError(CausalGreenError):
    """Work on other processes or machines cannot be done: out of reach, or workers died for good.

    What was done of the cross-fitting is kept in the study: asked again, it goes on from there.
    """


class CausalGreenWarning(UserWarning):
    """Base of every warning that causalgreen gives."""


class DataWarning(CausalGreenWarning):
    """Something in the table that a reader should know about."""


class GraphWarning(CausalGreenWarning):
    """Something in the graph that a reader should know about."""


class IdentificationWarning(CausalGreenWarning):
    """A path was withheld, or reported without being identified because the user asked for it."""


class EstimationWarning(CausalGreenWarning):
    """An estimate that needs care: few clusters, a weak learner, averages that differ."""


def yes_or_no(**asked: object) -> None:
    """Refuse settings that are neither true nor false: the truth of a text says nothing.

    Raises
    ------
    DesignError
        Naming the setting, and what was given.

    Examples
    --------
    >>> yes_or_no(smooth="no")
    Traceback (most recent call last):
    causalgreen.errors.DesignError: smooth='no': give True or False
    """
    for name, value in asked.items():
        if not isinstance(value, bool) and type(value).__name__ not in ("bool_", "bool"):
            raise DesignError(f"{name}={value!r}: give True or False")


def outside() -> int:
    """``stacklevel`` of the nearest caller outside of this package, whose line a warning names.

    What is computed when first asked for is reached by ways of different length, some of them
    through functools.
    """
    ours = (str(Path(__file__).parent), str(Path(functools.__file__)))
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(ours):
        level, frame = level + 1, frame.f_back
    return level
