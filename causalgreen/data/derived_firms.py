"""Shares of a firm's staff, and the clean share of what is produced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from causalgreen.data.derived import Derived, account_of, frame_of, numbers, refuse, where
from causalgreen.data.industry_lists import IndustryList, as_list
from causalgreen.errors import DataError, Fault

__all__ = ["clean_output_share", "human_capital_shares"]

_Columns = str | Sequence[str] | None


def human_capital_shares(
    data: Any,
    employees: str = "employees",
    *,
    bachelor: _Columns = None,
    technical: _Columns = None,
    rd_staff: _Columns = None,
    impossible: str = "refuse",
) -> Derived:
    """Shares of educated, technical and R&D staff among all employees.

    Parameters
    ----------
    data : DataFrame, Table or FirmPanel
    employees : str
        Column of the number of employees.
    bachelor, technical, rd_staff : str or sequence of str, optional
        Columns of numbers of people; several are added, such as
        ``bachelor=["bachelor", "master", "doctor"]`` for "bachelor and above".
    impossible : {"refuse", "missing"}
        What happens to rows with more such staff than employees.

    Returns
    -------
    Derived
        ``skilled_share`` (bachelor and above), ``technical_share``, ``rd_staff_share``, as far as
        columns are named; fractions; missing where a part or the employees are missing.

    Raises
    ------
    DataError
        Columns are missing, no numbers, negative; there is staff and nobody is employed; a share
        is above 1.

    Notes
    -----
    Source of the definition: shares of education and of posts as in CSMAR's and CNRDS's tables of
    staff; R&D staff over employees is CSMAR's RDPersonRatio.

    Examples
    --------
    >>> table = pd.DataFrame({"employees": [200], "bachelor": [40], "master": [10], "rd": [30]})
    >>> made = human_capital_shares(table, bachelor=["bachelor", "master"], rd_staff="rd")
    >>> made.frame.values.tolist()
    [[0.25, 0.15]]
    """
    asked = {"skilled_share": bachelor, "technical_share": technical, "rd_staff_share": rd_staff}
    parts = _parts(asked, impossible)
    frame = frame_of(data)
    faults: list[Fault] = []
    x = numbers(frame, [employees, *(c for columns in parts.values() for c in columns)], faults)
    if faults:
        raise DataError(faults)
    out, outside = pd.DataFrame(index=frame.index), {}
    for name, columns in parts.items():
        staff = np.sum([x[c] for c in columns], axis=0)
        over = staff > x[employees]
        if over.any() and impossible == "refuse":
            what = f"{' + '.join(columns)} exceeds {employees!r}: {where(frame, over)}"
            fix = 'correct these rows, or impossible="missing" counts and leaves them out'
            faults.append(Fault("share_above_one", what, fix))
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(over | (x[employees] == 0), np.nan, staff / x[employees])
        out[name], outside[name] = share, int(over.sum())
    if faults:
        raise DataError(faults)
    definition = "; ".join(f"{n} = ({' + '.join(c)}) / {employees}" for n, c in parts.items())
    used = {n: (*c, employees) for n, c in parts.items()}
    source = "tables of staff of CSMAR and CNRDS"
    return Derived(out, definition, source, account_of(out, used, outside), (), (), data)


def _parts(asked: dict[str, _Columns], impossible: str) -> dict[str, tuple[str, ...]]:
    """Columns to add up for each share."""
    if impossible not in ("refuse", "missing"):
        raise refuse("impossible", f"impossible={impossible!r}", 'choose "refuse" or "missing"')
    parts = {
        name: (columns,) if isinstance(columns, str) else tuple(columns)
        for name, columns in asked.items()
        if columns is not None
    }
    if not parts:
        fix = "name columns of people: bachelor=, technical=, rd_staff="
        raise refuse("no_columns", "no staff is named", fix)
    return parts


def clean_output_share(
    data: Any,
    industry: str = "industry",
    output: str = "output",
    by: Sequence[str] = ("firm", "year"),
    polluters: IndustryList | Sequence[str] | None = None,
) -> Derived:
    """Share of output that does not come from heavily polluting industries.

    Parameters
    ----------
    data : DataFrame or Table
        One row for each industry of a firm (or city) and year, such as revenue by segment.
    industry, output : str
        Columns of CSRC 2012 codes and of output or revenue.
    by : sequence of str
        Whose output is added up.
    polluters : IndustryList or sequence of str, optional
        Heavily polluting industries; the list of `heavy_polluters` when left out.

    Returns
    -------
    Derived
        One row for each combination of ``by``: ``clean_share`` (missing where output sums to 0 or
        is missing in a row), ``output_total``, ``industries``.

    Raises
    ------
    DataError
        Columns are missing, output is negative or no number, a key or a code is missing or of
        another vintage, a row is there twice.

    Examples
    --------
    >>> table = pd.DataFrame({"firm": ["a"] * 3, "year": 2020, "industry": ["C31", "C39", "I65"],
    ...                       "output": [60.0, 30.0, 10.0]})
    >>> clean_output_share(table).frame["clean_share"].tolist()
    [0.4]
    """
    from causalgreen.data.derived_industry import heavy_polluter

    frame = frame_of(data)
    faults: list[Fault] = []
    by = (by,) if isinstance(by, str) else tuple(by)
    x = numbers(frame, [output], faults)
    faults += _keys(frame, (*by, industry))
    if faults:
        raise DataError(faults)
    dirty = heavy_polluter(frame, industry, as_list(polluters)).frame["heavy_polluter"]
    rows = frame[list(by)].assign(output=x[output], dirty=x[output] * dirty.to_numpy(float))
    groups = rows.groupby(list(by), sort=True)
    out = groups[["output", "dirty"]].sum(skipna=False).reset_index()
    out["clean_share"] = (1 - out["dirty"] / out["output"].where(out["output"] > 0)).astype(float)
    out["output_total"] = out["output"]
    out["industries"] = groups.size().to_numpy()
    out = out[[*by, "clean_share", "output_total", "industries"]]
    zero = int((out["output_total"] == 0).sum())
    notes = []
    several = int(frame.duplicated([*by, industry]).sum())
    if several:
        notes.append(f"{several:,} rows share key and industry with another; outputs were added")
    if zero:
        notes.append(f"{zero:,} have no output: their share is missing")
    listed = as_list(polluters)
    account = account_of(out, {"clean_share": (output, industry)}, {"clean_share": zero})
    definition = f"clean_share = 1 - output of {len(listed.codes)} polluting industries / output"
    return Derived(out, definition, listed.source, account, tuple(notes), by, data)


def _keys(frame: pd.DataFrame, columns: tuple[str, ...]) -> list[Fault]:
    absent = [c for c in columns if c not in frame]
    if absent:
        what = f"the table has no column {', '.join(map(repr, absent))}"
        return [Fault("missing_columns", what, "name it by industry= or by=")]
    faults, bare = [], frame[list(columns)].isna().any(axis=1)
    if bare.any():
        what = f"{' or '.join(columns)} is missing: {where(frame, bare)}"
        faults.append(Fault("missing_keys", what, "fill in or drop these rows"))
    twice = frame.duplicated()
    if twice.any():
        what = f"the same row twice: {where(frame, twice)}"
        faults.append(Fault("duplicate_rows", what, "drop the repetitions: drop_duplicates()"))
    return faults
