"""Faults of the rows: no firm or period, the same firm and period twice, nothing left."""

from __future__ import annotations

from collections.abc import Iterable
from unicodedata import normalize

import numpy as np
import pandas as pd

from causalgreen.errors import Fault
from causalgreen.panel.roles import Roles
from causalgreen.panel.values import listing, many, parts, row_label, row_names, run_starts

__all__ = ["duplicate_faults", "empty_faults", "key_faults", "spelling_faults"]


def key_faults(
    table: pd.DataFrame, roles: Roles, usable: frozenset[str], complete: np.ndarray
) -> list[Fault]:
    """Rows without a firm or a period, and kept rows without a cluster."""
    faults = []
    asked = [("unit", roles.unit), ("time", roles.time)]
    asked += [("cluster", c) for c in roles.clusters if c not in (roles.unit, roles.time)]
    for part, name in asked:
        if name not in usable:
            continue
        missing = table[name].isna().to_numpy()
        if part == "cluster":
            missing = missing & complete
        rows = np.flatnonzero(missing)
        if len(rows):
            where = listing(row_names(table, roles, rows[:3]), total=len(rows))
            what = f"{part} '{name}' is missing in {many(len(rows), 'row')}: {where}"
            fix = f"fill '{name}' in, or drop these rows: frame.dropna(subset=['{name}'])"
            faults.append(Fault("missing_keys", what, fix))
    return faults


def spelling_faults(table: pd.DataFrame, roles: Roles, usable: frozenset[str]) -> list[Fault]:
    """Firms and clusters that are written in two ways: as text and number, with and without blanks.

    Examples
    --------
    >>> table = pd.DataFrame({"firm": ["600000", "600000 ", "600004"]})
    >>> roles = Roles.of(unit="firm", time="year", outcome="y", treatment="d")
    >>> spelling_faults(table, roles, frozenset(["firm"]))[0].code
    'spelled_twice'
    """
    faults = []
    for name in dict.fromkeys((roles.unit, *roles.clusters)):
        number = name in usable and pd.api.types.is_numeric_dtype(table[name])
        if name not in usable or number or name == roles.time:
            continue
        labels = table[name].dropna().unique()
        plain = pd.Series([_plain(label) for label in labels])
        if not plain.duplicated().any():
            continue
        twice = [labels[rows] for rows in plain.groupby(plain).indices.values() if len(rows) > 1]
        shown = listing([" and ".join(map(repr, ways[:3])) for ways in twice])
        part = "unit" if name == roles.unit else "cluster"
        what = f"{part} '{name}' writes {many(len(twice), 'label')} in several ways: {shown}"
        fix = (
            f"write each in one way, such as frame['{name}'] = frame['{name}'].astype(str)"
            ".str.normalize('NFKC').str.strip(), before tables are merged"
        )
        faults.append(Fault("spelled_twice", what, fix))
    return faults


def _plain(label: object) -> str:
    """A label without what cannot be seen: kind of storage, blanks, width of letters."""
    if isinstance(label, (float, np.floating)) and float(label).is_integer():
        label = int(label)
    return normalize("NFKC", str(label)).strip()


def empty_faults(
    table: pd.DataFrame, roles: Roles, complete: np.ndarray, numbers: Iterable[str]
) -> list[Fault]:
    """A table without rows, or without one that has outcome, treatment, exposure and mediators."""
    if not len(table):
        what = f"the table has no rows ({len(table.columns)} columns)"
        return [Fault("empty_table", what, "check the filter or the merge that made it")]
    if complete.any():
        return []
    part_of = {name: part for part, name in parts(roles)}
    known = set(numbers)
    counts = [
        f"{part_of[name]} '{name}' in {int(table[name].isna().sum()):,}"
        for name in roles.targets
        if name in known and table[name].isna().any()
    ]
    what = f"none of the {len(table):,} rows is complete; missing are {listing(counts, 6)}"
    fix = "check the merge on firm and period: keys of another type or range match nothing"
    return [Fault("nothing_left", what, fix)]


def duplicate_faults(
    table: pd.DataFrame, roles: Roles, unit_codes: np.ndarray, periods: np.ndarray, ok: np.ndarray
) -> list[Fault]:
    """The same firm and period more than once: which rows, and in which columns they differ.

    Parameters
    ----------
    unit_codes, periods : numpy.ndarray of int, shape (n,)
    ok : numpy.ndarray of bool, shape (n,)
        Rows whose firm and period are known.
    """
    keys = pd.DataFrame({"unit": unit_codes, "period": periods}, copy=False)
    twice = keys[ok].duplicated(keep=False)
    if not twice.any():
        return []
    rows = np.flatnonzero(ok)[twice.to_numpy()]
    group = keys.iloc[rows].groupby(["unit", "period"], sort=False).ngroup().to_numpy()
    order = np.argsort(group, kind="stable")
    rows, group = rows[order], group[order]
    starts = run_starts(group)
    differs = _differences(table.iloc[rows], group, starts, skip={roles.unit, roles.time})
    n_groups = len(starts)
    what = (
        f"{many(n_groups, 'firm-period')} with more than one row ({len(rows):,} rows in all): "
        f"{listing(_groups(table, roles, rows, starts, differs), total=n_groups)}"
    )
    anywhere = [name for name, flags in differs.items() if flags.any()]
    if anywhere:
        names = listing((f"'{name}'" for name in anywhere), 8)
        what += f"; columns that differ: {names}"
        fix = (
            "choose one record of each firm and period by the columns that differ (statement "
            "type, region, application against grant) or aggregate them; do not drop at random"
        )
    else:
        what += "; they are the same in every column"
        fix = (
            "keep one row of each firm and period; in pandas: "
            f"frame.drop_duplicates(['{roles.unit}', '{roles.time}'])"
        )
    return [Fault("duplicate_rows", what, fix)]


def _differences(
    twins: pd.DataFrame, group: np.ndarray, starts: np.ndarray, skip: set[str]
) -> dict[str, np.ndarray]:
    """For each column, whether it differs within each group of rows; missing equals missing."""
    out = {}
    for i, name in enumerate(twins.columns):
        if name in skip:
            continue
        column = twins.iloc[:, i]
        try:
            codes = pd.factorize(column, use_na_sentinel=True)[0]
        except TypeError:  # lists and other values that cannot be hashed
            codes = pd.factorize(column.map(repr))[0]
        low, high = np.minimum.reduceat(codes, starts), np.maximum.reduceat(codes, starts)
        out[str(name)] = low != high
    return out


def _groups(
    table: pd.DataFrame,
    roles: Roles,
    rows: np.ndarray,
    starts: np.ndarray,
    differs: dict[str, np.ndarray],
) -> list[str]:
    texts = []
    ends = np.append(starts[1:], len(rows))
    for g in range(min(3, len(starts))):
        mine = rows[starts[g] : ends[g]]
        label = row_label(table, roles, int(mine[0]))
        names = [f"'{name}'" for name, flags in differs.items() if flags[g]]
        apart = f"differ in {listing(names, 4)}" if names else "identical"
        texts.append(f"{label} in rows {listing(map(str, mine), 4)} ({apart})")
    return texts
