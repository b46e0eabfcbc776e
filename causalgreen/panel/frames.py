"""The door: any table becomes a pandas one, and the caller's stays as it is."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pandas as pd

from causalgreen.errors import DataError, Fault

__all__ = ["as_pandas"]

_ACCEPTED = "a pandas, polars or pyarrow table (or any other that narwhals reads eagerly)"


def as_pandas(frame: Any, wanted: Collection[str] = ()) -> pd.DataFrame:
    """Return a pandas table that shares the caller's data but not its identity.

    Parameters
    ----------
    frame : pandas, polars or pyarrow table
        Never changed. Named index levels of a pandas table become columns when one of them is
        wanted.
    wanted : collection of str
        Names of the columns that the panel needs.

    Returns
    -------
    pandas.DataFrame
        All columns of ``frame``, rows in its order, a plain ``RangeIndex``.

    Raises
    ------
    DataError
        ``frame`` is not a table, is a lazy one, or has columns with several header levels or the
        same name.

    Examples
    --------
    >>> indexed = pd.DataFrame({"y": [1.0, 2.0]}, index=pd.Index(["a", "b"], name="firm"))
    >>> list(as_pandas(indexed, wanted=["firm"]).columns)
    ['firm', 'y']
    """
    table = _plain(frame, wanted) if isinstance(frame, pd.DataFrame) else _through_narwhals(frame)
    if isinstance(table.columns, pd.MultiIndex):
        fault = Fault(
            "header_levels",
            f"the columns have {table.columns.nlevels} header levels, "
            f"first ones {list(table.columns[:3])}",
            'flatten them: frame.columns = ["_".join(map(str, c)) for c in frame.columns]',
        )
        raise DataError([fault])
    return table


def _plain(frame: pd.DataFrame, wanted: Collection[str]) -> pd.DataFrame:
    table = pd.DataFrame(frame, copy=False)
    taken = set(table.columns)
    levels = [name for name in table.index.names if name is not None and name not in taken]
    if any(name in wanted for name in levels):
        table = table.reset_index(level=levels)
    if not isinstance(table.index, pd.RangeIndex) or table.index.start or table.index.step != 1:
        table = table.reset_index(drop=True)
    return table


def _through_narwhals(frame: Any) -> pd.DataFrame:
    import narwhals as nw
    from narwhals.exceptions import DuplicateError

    try:
        eager = nw.from_native(frame, eager_only=True)
    except TypeError as error:
        raise DataError([_unsupported(frame)]) from error
    except DuplicateError as error:
        names = " ".join(str(error).split()).partition(": ")[2] or str(error)
        what = f"several columns share a name: {names.lstrip('- ')}"
        fix = "rename or drop the others before building the panel"
        raise DataError([Fault("duplicate_columns", what, fix)]) from error
    try:
        return pd.DataFrame(eager.to_pandas(), copy=False).reset_index(drop=True)
    except ImportError:  # polars needs pyarrow for to_pandas; column by column it does not
        return pd.DataFrame({name: eager[name].to_numpy() for name in eager.columns})
    except TypeError:  # polars counts categories without a sign, which older pyarrow refuses
        import narwhals.selectors as kinds

        plain = eager.with_columns(kinds.categorical().cast(nw.String))
        return pd.DataFrame(plain.to_pandas(), copy=False).reset_index(drop=True)


def _unsupported(frame: Any) -> Fault:
    kind = f"{type(frame).__module__}.{type(frame).__name__}"
    if hasattr(frame, "collect"):
        fix = "collect it first: frame.collect()"
    elif isinstance(frame, str) or hasattr(frame, "__fspath__"):
        fix = "read the file first, for instance with pandas.read_csv(path)"
    elif isinstance(frame, dict):
        fix = "make a table of it first: pandas.DataFrame(frame)"
    else:
        fix = f"pass {_ACCEPTED}, one row per firm and period"
    return Fault("unsupported_table", f"frame is a {kind}, not {_ACCEPTED}", fix)
