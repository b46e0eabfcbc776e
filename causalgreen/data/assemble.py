"""From tables to a firm–year panel: the first table rules the rows, the others are joined."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pandas as pd

from causalgreen.data.audit import Audit, listed, step_of
from causalgreen.data.firms import FirmPanel
from causalgreen.data.joins import coverage_of, mark, matters
from causalgreen.data.prepare import Prepared, prepare
from causalgreen.data.reading import Table, table_of
from causalgreen.errors import DataError, DataWarning, Fault

__all__ = ["firm_panel"]


def firm_panel(
    tables: Any,
    *,
    how: str = "left",
    choose: Mapping[str, object] | None = None,
    drop_missing_keys: bool = False,
    steps: Sequence[Callable[[FirmPanel], FirmPanel]] = (),
) -> FirmPanel:
    """Join tables to a firm–year panel; nothing is dropped, summed or averaged silently.

    The first table rules the rows. Of statements the consolidated ones and the year-end rows are
    kept; of stacked patent tables the consolidated, domestic applications; each choice, with its
    rows, is in ``panel.audit``.

    Parameters
    ----------
    tables : table, sequence of tables, or mapping of name to table
        Paths, `Table` or data frames. Those without a year are joined on the firm.
    how : str
        ``"left"``, ``"inner"`` or ``"outer"``, for all tables after the first.
    choose : mapping, optional
        Other choices: ``{"statement": "B", "date": "06-30", "state_type": 2, "area": 2,
        "apply_type": "S5203"}``.
    drop_missing_keys : bool
        Leave out rows without firm or year, with their count in the audit, rather than refuse.
    steps : sequence of callables
        Further steps, such as ``lambda panel: panel.drop_st()``.

    Returns
    -------
    FirmPanel

    Raises
    ------
    DataError
        If firm-years occur twice, a table has no firm, or nothing matches.

    Examples
    --------
    >>> finance = pd.DataFrame({"Stkcd": [1, 1, 2], "year": [2014, 2015, 2015],
    ...                         "Lev": [0.9, 0.9, 0.4]})
    >>> patents = pd.DataFrame({"Symbol": ["000001"], "year": [2015], "GreInv": [3]})
    >>> panel = firm_panel({"finance": finance, "patents": patents})
    >>> panel = panel.fill_counts(["green_inventions"])
    >>> panel.frame[["firm", "year", "green_inventions"]].values.tolist()
    [['000001', 2014, nan], ['000001', 2015, 3.0], ['000002', 2015, 0.0]]
    >>> panel.audit.tidy()["rows_out"].tolist()
    [3, 3, 3]
    """
    named = _named(tables)
    name, first = named[0]
    read = table_of(first, None, name)
    base = prepare(read, name, choose=choose, drop_missing_keys=drop_missing_keys)
    panel = _start(read, base)
    for name, table in named[1:]:
        panel = panel.join(table, how=how, name=name, choose=choose,
                           drop_missing_keys=drop_missing_keys)  # fmt: skip
    for step in steps:
        panel = step(panel)
    found = panel.check()
    for finding in found.findings:
        warnings.warn(str(finding), DataWarning, stacklevel=2)
    remarks = [*(f.what for f in found.findings), *_remarks(panel.frame)]
    return panel._next(panel._rows, (), remarks)


def _remarks(frame: pd.DataFrame) -> list[str]:
    """Say what no rule forbids, but a reader should know."""
    notes = []
    counted = any(str(c).startswith(("green_", "patents", "inventions")) for c in frame)
    if counted and "truncated" not in frame:
        last = int(frame["year"].max())
        notes.append(
            f"counts of patents: {last - 1} and {last} may be incomplete, as applications are "
            "published up to 18 months later: flag_truncated(extract=...)"
        )
    if {"city", "city_office"} <= set(frame.columns):
        both = frame.dropna(subset=["city", "city_office"])
        apart = both[both["city"].str.rstrip("市") != both["city_office"].str.rstrip("市")]
        if len(apart):
            firms = listed(apart["firm"])
            notes.append(f"registered and office city differ in {len(apart):,} rows: {firms}")
    return notes


def _start(read: Table, base: Prepared) -> FirmPanel:
    if base.on != ("firm", "year"):
        missing = sorted({"firm", "year"} - set(base.on))
        what = f"the first table, {base.name}, has no column {' or '.join(missing)}"
        fix = "put a firm-year table first, or name the columns by read(..., columns={...})"
        raise DataError([Fault("missing_columns", what, fix)])
    rows = base.frame.sort_values(["firm", "year"], kind="stable", ignore_index=True)
    rows[mark(base.name)] = True
    fresh = {c: c for c in base.frame.columns if c not in base.on}
    opening = step_of(f"read {base.name}", ", ".join(read.files) or "a table in memory",
                      read.frame, read.frame)  # fmt: skip
    notes = [*base.notes, *(f"{base.name}: {n}" for n in read.notes if matters(n))]
    units = {c: u for c, u in read.units.items() if c in rows}
    return FirmPanel(
        Audit((opening, *base.steps)),
        MappingProxyType(units),
        tuple(notes),
        MappingProxyType(dict.fromkeys(fresh, base.name)),
        MappingProxyType(coverage_of(base.frame, fresh)),
        rows,
    )


def _named(tables: Any) -> list[tuple[str, Any]]:
    """Give every table a name."""
    if isinstance(tables, Mapping):
        items = [(str(k), v) for k, v in tables.items()]
    elif isinstance(tables, (list, tuple)):
        items = []
        for i, table in enumerate(tables, 1):
            name = getattr(table, "name", None) or (
                str(table).replace("\\", "/").rstrip("/").split("/")[-1]
                if not hasattr(table, "columns") and not isinstance(table, Table)
                else f"table {i}"
            )
            items.append((str(name) if isinstance(name, str) else f"table {i}", table))
    else:
        return _named([tables])
    if not items:
        raise DataError([Fault("no_table", "there are no tables", "give at least one")])
    return items
