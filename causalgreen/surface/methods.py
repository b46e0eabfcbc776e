"""What every way of making a surface answers."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from causalgreen.surface.bags import Local
from causalgreen.surface.problem import Problem

__all__ = ["Fitted", "Method"]


class Fitted(Protocol):
    """A surface learnt from some firms."""

    @property
    def problem(self) -> Problem:
        """The problem that its coefficients solve; its firms are those learnt from."""
        ...

    def at(self, X: np.ndarray) -> Local:
        """Path effects at encoded traits of other firms."""
        ...

    def held_out(self) -> Local:
        """Path effects of the firms learnt from, each without its own cluster."""
        ...


class Method(Protocol):
    """A way of making a surface: settings only, to be fitted any number of times."""

    @property
    def name(self) -> str:
        """For the reader."""
        ...

    def fit(
        self, problem: Problem, *, inference: bool = True, seed: int = 0,
        n_jobs: int | None = None, progress: bool | None = None,
    ) -> Fitted:  # fmt: skip
        """Learn from the firms of a problem."""
        ...
