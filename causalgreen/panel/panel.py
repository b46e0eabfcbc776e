"""The firm panel: a table whose columns have parts to play, checked once and frozen."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from causalgreen.errors import DataError, DataWarning, Fault
from causalgreen.panel.build import Dropped, build
from causalgreen.panel.checks import close_names, read_roles
from causalgreen.panel.checks_study import study_faults
from causalgreen.panel.frames import as_pandas
from causalgreen.panel.roles import Roles
from causalgreen.panel.values import (
    as_category,
    as_float,
    frozen,
    level_codes,
    listing,
    many,
    numeric,
    parts,
    run_starts,
)

if TYPE_CHECKING:
    from causalgreen.panel.describe import PanelDescription

__all__ = ["Panel"]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Panel:
    """A firm panel: one row per firm and period, sorted, checked, never changed.

    Build it with `from_frame`.

    Attributes
    ----------
    roles : Roles
        Which column plays which part.
    dropped : tuple of Dropped
        Rows left out, by reason.
    notes : tuple of str
        What was pointed out: traits that vary, an outcome like ln(1 + count), firms that move.

    Examples
    --------
    >>> table = pd.DataFrame({"firm": ["a", "a", "b", "b"], "year": [2014, 2015, 2014, 2015],
    ...                       "patents": [0.0, 2.0, 1.0, 5.0], "ai": [0.1, 0.4, 0.0, 0.9]})
    >>> Panel.from_frame(table, unit="firm", time="year", outcome="patents", treatment="ai")
    Panel(patents ~ ai; 4 rows, 2 firms, 2 periods 2014 to 2015)
    """

    roles: Roles
    dropped: tuple[Dropped, ...]
    notes: tuple[str, ...]
    _frame: pd.DataFrame
    _unit_codes: np.ndarray
    _units: pd.Index
    _times: np.ndarray
    _clusters: tuple[np.ndarray, ...]

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        unit: str,
        time: str,
        outcome: str,
        treatment: str | Sequence[str],
        mediators: Mapping[str, str | Sequence[str]] | None = None,
        exposure: str | Sequence[str] | None = None,
        traits: str | Sequence[str] | None = None,
        controls: str | Sequence[str] | None = None,
        cluster: str | Sequence[str] | None = None,
        weight: str | None = None,
    ) -> Panel:
        """Check a table and make a panel of it; the table itself is not changed.

        Rows whose outcome, treatment, exposure or mediator is missing are dropped, counted and
        told in one `DataWarning`; missing controls stay.

        Parameters
        ----------
        frame : pandas, polars or pyarrow table
            One row per firm and period.
        unit, time : str
            Firm, of any type; period as whole number, date or pandas Period.
        outcome : str
            Numeric outcome.
        treatment : str or sequence of str
            Own treatment, or several.
        mediators : mapping of str to str or sequence of str, optional
            Groups of mediators, such as ``{"human_capital": ["skilled_share"]}``.
        exposure : str or sequence of str, optional
            Peers' treatment, or several channels of it.
        traits : str or sequence of str, optional
            Baseline traits by which effects may vary: numbers or categories.
        controls : str or sequence of str, optional
            Confounders measured before the treatment; numeric.
        cluster : str or sequence of str, optional
            Levels at which errors are correlated; the first also rules the folds. The firm when
            left out.
        weight : str, optional
            Positive sampling weight.

        Returns
        -------
        Panel

        Raises
        ------
        DataError
            With every fault of the table at once, each with what, where and what to do.
        """
        asked = {k: v for k, v in locals().items() if k not in ("cls", "frame")}
        roles = read_roles(asked)
        made = build(as_pandas(frame, wanted={name for _, name in parts(roles)}), roles)
        for text in made.warnings:
            warnings.warn(text, DataWarning, stacklevel=2)
        rows = (made.frame, made.unit_codes, made.units, made.times, made.clusters)
        return cls(roles, made.dropped, made.notes, *rows)

    @property
    def frame(self) -> pd.DataFrame:
        """All columns of the kept rows, sorted by firm and period; changing it changes no panel."""
        return self._frame.copy(deep=False)

    @property
    def unit_codes(self) -> np.ndarray:
        """Firm of each row, 0 to N - 1, shape (n,)."""
        return self._unit_codes

    @property
    def units(self) -> pd.Index:
        """Labels of the N firms, sorted; tables with a row per firm follow this order."""
        return self._units

    @property
    def times(self) -> np.ndarray:
        """Period of each row as a whole number, shape (n,)."""
        return self._times

    @property
    def periods(self) -> np.ndarray:
        """Periods that occur, sorted."""
        return frozen(np.unique(self._times))

    @property
    def step(self) -> int:
        """Smallest distance between periods that occur; rows this far apart are consecutive."""
        periods = np.unique(self._times)
        return int(np.diff(periods).min()) if len(periods) > 1 else 1

    @property
    def weights(self) -> np.ndarray:
        """Sampling weight of each row, ones when there is none, shape (n,)."""
        if self.roles.weight is None:
            return frozen(np.ones(self.n_rows))
        return self.column(self.roles.weight)

    @property
    def clusters(self) -> tuple[np.ndarray, ...]:
        """Cluster of each row, 0 to G - 1, for each cluster column; each shape (n,)."""
        return self._clusters

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self._times)

    @property
    def n_units(self) -> int:
        """Number of firms."""
        return len(self._units)

    @property
    def n_periods(self) -> int:
        """Number of periods that occur."""
        return len(np.unique(self._times))

    @property
    def n_clusters(self) -> tuple[int, ...]:
        """Number of clusters, for each cluster column."""
        return tuple(int(codes.max()) + 1 for codes in self._clusters)

    def column(self, name: str) -> np.ndarray:
        """Return one column as float64, shape (n,), read-only.

        Parameters
        ----------
        name : str
            A column that holds numbers.

        Returns
        -------
        numpy.ndarray

        Raises
        ------
        DataError
            There is no such column, or it does not hold numbers.
        """
        values = numeric(self._column(name))
        if values is None:
            what = f"column '{name}' ({self._frame[name].dtype}) does not hold numbers"
            raise DataError([Fault("non_numeric", what, "use codes(name), or encode it")])
        return frozen(as_float(values))

    def matrix(self, names: Iterable[str]) -> np.ndarray:
        """Return several columns as float64, shape (n, k), read-only, NaN where missing.

        Parameters
        ----------
        names : iterable of str
            Columns that hold numbers.

        Returns
        -------
        numpy.ndarray
        """
        columns = tuple(names)
        out = np.empty((self.n_rows, len(columns)))
        for j, name in enumerate(columns):
            out[:, j] = self.column(name)
        return frozen(out)

    def codes(self, name: str) -> np.ndarray:
        """Return the levels of any column as codes 0 to L - 1 in sorted order, shape (n,).

        The time column is coded by period; missing values are the last level.

        Parameters
        ----------
        name : str
            A column.

        Returns
        -------
        numpy.ndarray of int
        """
        if name == self.roles.unit:
            return self._unit_codes
        if name == self.roles.time:
            return frozen(np.searchsorted(self.periods, self._times).astype(np.int64))
        codes, levels = level_codes(self._column(name))
        codes[codes < 0] = len(levels)
        return frozen(codes)

    def baseline_traits(self) -> pd.DataFrame:
        """Return each firm's traits in the first period it is observed, one row per firm.

        Returns
        -------
        pandas.DataFrame, shape (N, number of traits)
            Indexed by ``units``. Numbers as float64, text as categories; missing stays missing.
        """
        starts = run_starts(self._unit_codes)
        out = {}
        for name in self.roles.traits:
            column = self._frame[name].iloc[starts]
            values = numeric(column)
            out[name] = as_category(column) if values is None else as_float(values)
        return pd.DataFrame(out, index=self._units)

    def describe(self) -> PanelDescription:
        """Describe size, gaps, entry and exit, variation, zeros, clusters, what was dropped."""
        from causalgreen.panel.describe import describe

        return describe(self)

    def faults_under(self, fixed_effects_kind: str, folds: int) -> tuple[Fault, ...]:
        """Faults under "within", "first_difference", "mundlak" or "none" and so many folds.

        Parameters
        ----------
        fixed_effects_kind : str
            How firm effects are removed.
        folds : int
            Folds of the cross-fitting.

        Returns
        -------
        tuple of Fault
            Columns without variation inside firms, one period only, no consecutive periods, fewer
            clusters than folds.

        Raises
        ------
        DesignError
            Unknown kind, or fewer than two folds.
        """
        return study_faults(self, fixed_effects_kind, folds)

    def _column(self, name: str) -> pd.Series:
        if name not in self._frame.columns:
            close = close_names(name, self._frame.columns)
            hint = f"perhaps {listing(map(repr, close))}" if close else "see panel.frame.columns"
            raise DataError([Fault("missing_columns", f"the panel has no column '{name}'", hint)])
        return self._frame[name]

    def _formula(self) -> str:
        sides = [" + ".join(self.roles.treatments)]
        sides += [" + ".join(c) for c in (self.roles.exposures, self.roles.mediators) if c]
        return f"{self.roles.outcome} ~ {' | '.join(sides)}"

    def _sizes(self) -> str:
        periods = self.periods
        span = f"{many(self.n_periods, 'period')} {periods[0]} to {periods[-1]}"
        return f"{many(self.n_rows, 'row')}, {many(self.n_units, 'firm')}, {span}"

    def __repr__(self) -> str:
        return f"Panel({self._formula()}; {self._sizes()})"

    def __str__(self) -> str:
        r, n = self.roles, self.n_clusters
        clusters = ", ".join(f"{c} ({k:,})" for c, k in zip(r.clusters, n, strict=True))
        gone = many(sum(d.rows for d in self.dropped), "row")
        also = f"{many(len(r.traits), 'trait')}, {many(len(r.controls), 'control')}"
        head = f"Panel {self._formula()}, {also}"
        return f"{head}\n{self._sizes()}; clusters {clusters}; {gone} dropped"

    def _repr_html_(self) -> str:
        first, second = str(self).split("\n")
        return f"<div><b>{escape(first)}</b><br>{escape(second)}</div>"
