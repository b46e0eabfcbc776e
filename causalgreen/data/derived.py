"""Variables made from others: a column, its definition, its source, and an account of the rows."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from causalgreen.errors import DataError, Fault

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Derived", "account_of", "frame_of", "numbers", "refuse", "where"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Derived:
    """Columns made from other columns.

    Attributes
    ----------
    frame : pandas.DataFrame
        The new columns, in the order and with the index of the table's rows; where ``keys`` are
        named, one row for each combination of them instead.
    definition, source : str
        What the columns are, and where the definition comes from.
    account : pandas.DataFrame
        One row a column: column, rows, missing, out_of_range, used (columns that it was made
        from).
    notes : tuple of str
        What was decided.
    keys : tuple of str
        Columns by which the table is joined to others; empty where it follows the rows.

    Examples
    --------
    >>> from causalgreen.data.derived_places import regions
    >>> made = regions(pd.DataFrame({"province": ["江苏省", "四川"]}))
    >>> made.attach()["region"].tolist()
    ['east', 'west']
    """

    frame: pd.DataFrame
    definition: str
    source: str
    account: pd.DataFrame
    notes: tuple[str, ...]
    keys: tuple[str, ...]
    _data: Any

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the new columns."""
        return tuple(str(c) for c in self.frame.columns if c not in self.keys)

    def attach(self, replace: bool = False) -> Any:
        """Return what came in with the new columns: a table, or a panel with the step in its audit.

        Parameters
        ----------
        replace : bool
            Overwrite columns of the same name.

        Returns
        -------
        pandas.DataFrame or FirmPanel

        Raises
        ------
        DataError
            A column of this name is there already, or the rows are not those of the table.
        """
        if self.keys:
            what = f"{', '.join(self.columns)}: one row for each {' and '.join(self.keys)}"
            raise refuse("other_rows", what, f"panel.join(result.frame, on={list(self.keys)})")
        table = frame_of(self._data)
        taken = [name for name in self.columns if name in table]
        if taken and not replace:
            fix = "attach(replace=True) overwrites; or rename one of the two"
            raise refuse("column_exists", f"the table has {', '.join(taken)} already", fix)
        made = {name: self.frame[name] for name in self.columns}
        if hasattr(self._data, "with_columns") and hasattr(self._data, "audit"):
            why = "; ".join((self.definition, *self.notes))
            return self._data.with_columns(made, why, f"derive {', '.join(self.columns)}")
        return table.assign(**made)

    def tidy(self) -> pd.DataFrame:
        """Return the account."""
        return self.account.copy()

    def plot(self) -> Figure:
        """Draw how each column is distributed."""
        from causalgreen.data.derived_plot import plot_derived

        return plot_derived(self)

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        return f"Derived({', '.join(self.columns)}; {len(self.frame):,} rows)"

    def __str__(self) -> str:
        lines = [
            f"  {r.column}: {r.rows:,} rows, {r.missing:,} missing, "
            f"{r.out_of_range:,} out of range; from {r.used}"
            for r in self.account.itertuples()
        ]
        head = [repr(self), f"  {self.definition}", f"  source: {self.source}"]
        return "\n".join([*head, *lines, *(f"  note: {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        points = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        words = f"<p>{escape(self.definition)} <em>{escape(self.source)}</em></p>"
        table = self.account.to_html(index=False, border=0)
        return f"<div><h4>{escape(repr(self))}</h4>{words}{table}<ul>{points}</ul></div>"


def refuse(code: str, what: str, fix: str) -> DataError:
    """Make an error of one fault."""
    return DataError([Fault(code, what, fix)])


def frame_of(data: Any) -> pd.DataFrame:
    """Return the table of a panel, of a table that was read, or a data frame itself."""
    frame = getattr(data, "frame", data)
    if not isinstance(frame, pd.DataFrame):
        fix = "give a data frame, a Table from cg.data.read, or a panel"
        raise refuse("no_table", f"the data are a {type(data).__name__}, not a table", fix)
    if frame.empty:
        raise refuse("empty_table", "the table has no rows", "check where it is made")
    return frame


def where(frame: pd.DataFrame, hit: pd.Series | np.ndarray) -> str:
    """Say which rows are meant: how many, and the first with their keys.

    Examples
    --------
    >>> table = pd.DataFrame({"firm": ["a", "b"], "year": 2020, "x": [1, -1]})
    >>> where(table, table["x"] < 0)
    '1 row, first row 1 (firm b, year 2020)'
    """
    at = np.flatnonzero(np.asarray(hit, dtype=bool))
    keys = [k for k in ("firm", "city", "province", "year") if k in frame][:3]
    shown = []
    for i in at[:4]:
        row = frame.iloc[i]
        who = ", ".join(f"{key} {row[key]}" for key in keys)
        shown.append(f"row {frame.index[i]}" + (f" ({who})" if who else ""))
    word = "1 row" if len(at) == 1 else f"{len(at):,} rows"
    return f"{word}, first {', '.join(shown)}"


def numbers(
    frame: pd.DataFrame, columns: Sequence[str], faults: list[Fault], least: float | None = 0.0
) -> dict[str, np.ndarray]:
    """Columns as numbers; what is none, infinite or below ``least`` becomes a fault with rows."""
    absent = [name for name in columns if name not in frame]
    if absent:
        have = ", ".join(map(str, list(frame.columns)[:12]))
        what = f"the table has no column {', '.join(map(repr, absent))}; it has {have}"
        faults.append(Fault("missing_columns", what, "check the spelling, or name another"))
    out = {}
    for name in dict.fromkeys(n for n in columns if n in frame):
        values = frame[name]
        if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
            what = f"column {name!r} is no number ({values.dtype})"
            faults.append(Fault("not_numeric", what, "read the table by cg.data.read"))
            continue
        x = values.to_numpy(dtype=float, na_value=np.nan)
        low = np.isinf(x) if least is None else np.isinf(x) | (x < least)
        if low.any():
            first = ", ".join(f"{v:g}" for v in x[low][:4])
            what = f"column {name!r} holds {first}: {where(frame, low)}"
            fix = "look these rows up at the source; correct or drop them"
            faults.append(Fault("out_of_range", what, fix))
        out[name] = x
    return out


def account_of(
    frame: pd.DataFrame,
    used: Mapping[str, Sequence[str]],
    outside: Mapping[str, int] | None = None,
) -> pd.DataFrame:
    """Count rows, missing ones and those out of range, for each column."""
    rows: list[tuple[Hashable, ...]] = [
        (name, len(frame), int(frame[name].isna().sum()), (outside or {}).get(name, 0),
         ", ".join(dict.fromkeys(columns)))
        for name, columns in used.items()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["column", "rows", "missing", "out_of_range", "used"])
