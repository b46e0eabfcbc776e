"""The result of an exposure: columns that follow the table, and what to know before using them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.errors import IdentificationError, IdentificationWarning
from causalgreen.panel.exposure_channel import Channel
from causalgreen.panel.exposure_rows import Rows, refuse
from causalgreen.panel.values import frozen

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from scipy.sparse import csr_matrix

__all__ = ["Exposure"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Exposure:
    """Exposure to peers' treatment; made by `causalgreen.exposure`.

    Attributes
    ----------
    of, unit, time : str
        Treatment, firm and period columns.
    normalise : bool
        Means rather than sums.
    lag : int
        Periods back.
    channels : tuple of Channel
        One for each column.

    Examples
    --------
    >>> from causalgreen.panel.exposure import exposure
    >>> table = pd.DataFrame({"firm": list("abc"), "year": 2020, "city": "x",
    ...                       "ai": [1.0, 2.0, 6.0]})
    >>> exposure(table, by="city").attach()["peer_ai_city"].tolist()
    [4.0, 3.5, 1.5]
    """

    of: str
    unit: str
    time: str
    normalise: bool
    lag: int
    channels: tuple[Channel, ...]
    _rows: Rows

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(one.name for one in self.channels)

    @property
    def values(self) -> np.ndarray:
        """Exposure of each row: shape (n,), or (n, k) where there are several columns."""
        if len(self.channels) == 1:
            return self.channels[0].values
        return frozen(np.column_stack([one.values for one in self.channels]))

    @property
    def counts(self) -> np.ndarray:
        """Number of peers behind each value; same shape as ``values``."""
        if len(self.channels) == 1:
            return self.channels[0].count
        return frozen(np.column_stack([one.count for one in self.channels]))

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out, and what cannot be estimated."""
        return tuple(dict.fromkeys(note for one in self.channels for note in one.notes))

    @property
    def frame(self) -> pd.DataFrame:
        """The table with the new columns; same as `attach`."""
        return self.attach()

    def attach(self, replace: bool = False) -> pd.DataFrame:
        """Return the table, in its order and with its index, with the new columns.

        Parameters
        ----------
        replace : bool
            Overwrite columns of the same name.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        DataError
            The table has a column of this name already.
        """
        taken = [name for name in self.columns if name in self._rows.table.columns]
        if taken and not replace:
            fix = "attach(replace=True), or choose another: exposure(..., names=[...])"
            raise refuse("column_exists", f"the table has {', '.join(taken)} already", fix)
        return self._rows.table.assign(**{one.name: one.values for one in self.channels})

    def matrix(self, column: str | None = None) -> csr_matrix:
        """Return the weights of peers, rows by rows; a mean divides each row by its sum.

        The matrix belongs to exposure without a lag.

        Parameters
        ----------
        column : str, optional
            Which of several columns.

        Returns
        -------
        scipy.sparse.csr_matrix, shape (n, n)

        Raises
        ------
        DataError
            Unknown column, or more than 50 million entries.
        """
        from scipy.sparse import diags

        found = [one for one in self.channels if column in (None, one.name)]
        if len(found) != 1:
            what = f"column={column!r} does not name one of {', '.join(self.columns)}"
            raise refuse("missing_columns", what, "name one of them")
        matrix = found[0].links.matrix()
        if not self.normalise:
            return matrix
        sums = np.asarray(matrix.sum(axis=1)).ravel()
        return (diags(np.where(sums > 0, 1 / np.where(sums > 0, sums, 1), 0)) @ matrix).tocsr()

    def alone(self) -> pd.DataFrame:
        """Return firms with rows without peers: column, firm, rows, alone_rows."""
        return pd.concat(
            [one.alone.assign(column=one.name) for one in self.channels], ignore_index=True
        )[["column", "firm", "rows", "alone_rows"]]

    def as_instrument(self, *, spillover: bool = True) -> pd.DataFrame:
        """Return the columns for use as instruments for own treatment, if that can be argued.

        Parameters
        ----------
        spillover : bool
            Whether peers' treatment is held to act on the outcome. If it does, the exclusion
            restriction fails, and the columns are refused.

        Returns
        -------
        pandas.DataFrame
            The columns, in the order of the table.

        Raises
        ------
        IdentificationError
            A spillover is claimed: what acts on the outcome is no instrument.

        Warns
        -----
        IdentificationWarning
            Always, otherwise: what must hold instead.
        """
        what = ", ".join(self.columns)
        past = f" A lag of {self.lag} does not help: AI persists." if self.lag else ""
        if spillover:
            raise IdentificationError(
                f"{what}: peers' {self.of} cannot be an instrument for own {self.of} while a "
                "spillover is claimed, since the spillover is a path from peers to the outcome "
                f"that does not pass through own {self.of}.{past} Estimate the spillover "
                "(exposure=...), or assume there is none: as_instrument(spillover=False)"
            )
        warnings.warn(
            f"{what} as an instrument assumes that peers' {self.of} has no effect of its own on "
            "the outcome, that no shock is common to the group, and that the firm does not move "
            f"its peers (reflection; Manski 1993, doi 10.2307/2298123).{past} "
            "Report the estimated spillover beside it",
            IdentificationWarning,
            stacklevel=2,
        )
        return pd.DataFrame(
            {one.name: one.values for one in self.channels}, index=self._rows.table.index
        )

    def tidy(self) -> pd.DataFrame:
        """Return one row per column: rows, peers, distribution, overlap with own treatment."""
        from causalgreen.panel.exposure_text import tidy

        return tidy(self)

    def plot(self) -> Figure:
        """Draw the number of peers, and exposure beside own treatment, for each column."""
        from causalgreen.panel.exposure_plot import plot

        return plot(self)

    def __len__(self) -> int:
        return self._rows.n

    def __repr__(self) -> str:
        return f"Exposure({', '.join(self.columns)}; {self._rows.n:,} rows)"

    def __str__(self) -> str:
        from causalgreen.panel.exposure_text import text

        return text(self)

    def _repr_html_(self) -> str:
        from causalgreen.panel.exposure_text import html

        return html(self)
