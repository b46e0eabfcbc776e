"""Effects of every path for every firm, whatever they were learnt with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from causalgreen.effects.context import Context
from causalgreen.errors import DataError, DesignError, Fault
from causalgreen.surface.bags import Local
from causalgreen.surface.methods import Fitted, Method
from causalgreen.surface.problem import Problem
from causalgreen.surface.scores import corrections

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Settings", "Surface", "make_surface"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Seed, threads (None: all cores), progress (None: in a terminal or notebook only)."""

    seed: int = 0
    n_jobs: int | None = None
    progress: bool | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Surface:
    """Path effects for every firm.

    Attributes
    ----------
    method : Method
        How it was learnt; can be fitted again on some of the firms.
    settings : Settings
        Seed, threads, progress.
    problem : Problem
        Firms with traits and moments, n of them in g cells; and the terms.
    fitted : Fitted
        Predicts for other firms.
    local : Local
        Predictions for the firms of the problem, each without its own cluster.
    correction : numpy.ndarray, shape (g, n_terms)
        What the moments of each cell add to the prediction of its firm.
    context : Context
        Who is behind the numbers.

    Examples
    --------
    >>> import causalgreen as cg
    >>> df, truth = cg.simulate_panel(n_firms=200, n_years=5, seed=0)
    >>> panel = cg.Panel.from_frame(
    ...     df, unit="firm", time="year", outcome="green_patents", treatment="ai",
    ...     traits=["size", "urban"], controls=["leverage", "roa_lag"], cluster="firm")
    >>> study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear())
    >>> surface = study.surface(cg.linear_surface())
    >>> list(surface.predict(surface.firms[:1]).columns[:3])
    ['firm', 'term', 'estimate']
    """

    method: Method
    settings: Settings
    problem: Problem
    fitted: Fitted
    local: Local
    correction: np.ndarray
    context: Context

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the path effects."""
        return self.problem.terms

    @property
    def firms(self) -> pd.Index:
        """Firms, in the order of all arrays."""
        return self.problem.traits.index

    @property
    def estimate(self) -> np.ndarray:
        """Effects predicted for each firm without its own cluster, shape (n, n_terms)."""
        return self.local.effects

    @property
    def std_error(self) -> np.ndarray:
        """Their standard errors, shape (n, n_terms)."""
        return self.local.std_error

    @property
    def scores(self) -> np.ndarray:
        """Debiased effects, shape (n, n_terms): noisy for one firm, right on average for many."""
        out = self.local.effects.copy()
        np.add.at(out, self.problem.firm, self.correction)
        return out

    def predict(
        self, firms: pd.DataFrame | Sequence[Any] | pd.Index | None = None, level: float = 0.95
    ) -> pd.DataFrame:
        """Effects for firms of the panel, or for any others.

        Parameters
        ----------
        firms : pandas.DataFrame, sequence or one name, optional
            Firms of the panel by name, which are predicted without their own cluster; or a table
            of traits, one row for each firm and its name as the index. Default: all of the panel.
        level : float
            Coverage of the intervals, firm by firm.

        Returns
        -------
        pandas.DataFrame, shape (n_firms * n_terms, 7)
            Columns firm, term, estimate, std_error, conf_low, conf_high, support. The last says
            what puts a firm outside the panel's support: an unseen category, a number out of range.

        Raises
        ------
        DataError
            If the table of firms has no rows, or traits are missing from it.
        DesignError
            If a firm that is named is not in the panel.
        """
        from causalgreen.surface.table import long_table

        if firms is None:
            return long_table(self, self.firms, self.local, [""] * len(self.firms), level)
        if isinstance(firms, pd.DataFrame):
            if firms.empty:
                raise DataError([
                    Fault(
                        "no_rows", f"the table of firms has {len(firms)} rows and "
                        f"{firms.shape[1]} columns",
                        "give one row for each firm, and its traits "
                        f"{', '.join(self.problem.code.traits)} as columns",
                    )
                ])  # fmt: skip
            code = self.problem.code
            local = self.fitted.at(code.encode(firms))
            return long_table(self, firms.index, local, code.flags(firms), level)
        rows = self._positions(firms)
        local = Local(*(getattr(self.local, name)[rows] for name in (
            "theta", "jacobian", "effects", "std_error")))  # fmt: skip
        return long_table(self, self.firms[rows], local, [""] * len(rows), level)

    def _positions(self, firms: Sequence[Any] | pd.Index) -> np.ndarray:
        several = isinstance(firms, Iterable) and not isinstance(firms, (str, bytes))
        wanted = pd.Index(list(firms) if several else [firms])
        if not len(wanted):
            raise DesignError(
                f"predict({firms!r}): no firm is named; give names from surface.firms, or nothing "
                "for all firms of the panel"
            )
        rows = self.firms.get_indexer(wanted)
        if (rows < 0).any():
            unknown = wanted[rows < 0]
            told = ", ".join(map(repr, unknown[:3].tolist()))
            raise DesignError(
                f"{len(unknown)} firm(s) are not in the estimation sample, first {told}; give "
                "names from surface.firms, or a table of traits for other firms"
            )
        return rows

    def tidy(self, level: float = 0.95) -> pd.DataFrame:
        """Effects of all firms of the panel; see `predict`.

        Parameters
        ----------
        level : float
            Coverage of the intervals.

        Returns
        -------
        pandas.DataFrame
        """
        return self.predict(level=level)

    def position(self, term: str) -> int:
        """Column of a term.

        Parameters
        ----------
        term : str
            Path.

        Returns
        -------
        int

        Raises
        ------
        DesignError
            If there is no such term.
        """
        if term not in self.terms:
            raise DesignError(f"there is no path {term!r}; choose from {', '.join(self.terms)}")
        return self.terms.index(term)

    def save(self, path: str | Path) -> Path:
        """Write the surface to a file, whole or not at all; read it with `cg.load_surface`.

        Parameters
        ----------
        path : str or pathlib.Path
            File; ``.surface`` is a good suffix.

        Returns
        -------
        pathlib.Path

        Raises
        ------
        DesignError
            If the path is none, a folder, or cannot be written.
        """
        from causalgreen.surface.storage import save

        return save(self, path)

    def plot(self, level: float = 0.95) -> Figure:
        """Effects of all firms in order of size, path by path, with intervals.

        Parameters
        ----------
        level : float
            Coverage of the intervals.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from causalgreen.surface.plot import plot_surface

        return plot_surface(self, level)

    def __str__(self) -> str:
        from causalgreen.surface.table import surface_text

        return surface_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from causalgreen.surface.table import surface_html

        return surface_html(self)


def make_surface(method: Method, problem: Problem, context: Context, settings: Settings) -> Surface:
    """Learn a surface, and predict every firm without its own cluster.

    Parameters
    ----------
    method : Method
        How to learn.
    problem : Problem
        Firms with traits and moments.
    context : Context
        Who is behind the numbers.
    settings : Settings
        Seed, threads, progress.

    Returns
    -------
    Surface
        Arrays are read-only.
    """
    fitted = method.fit(
        problem, seed=settings.seed, n_jobs=settings.n_jobs, progress=settings.progress
    )
    local = fitted.held_out()
    correction = corrections(fitted.problem, local)
    for array in (local.theta, local.jacobian, local.effects, local.std_error, correction):
        array.setflags(write=False)
    return Surface(method, settings, fitted.problem, fitted, local, correction, context)
