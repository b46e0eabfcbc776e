"""Faults of the values in a column: text where numbers belong, infinities, constants, weights."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from pandas.api.types import infer_dtype, is_object_dtype

from causalgreen.errors import Fault
from causalgreen.panel.roles import Roles
from causalgreen.panel.values import as_float, listing, many, numeric, parts, row_names

__all__ = ["complete_rows", "read_numbers", "value_faults"]

_NUMERIC = {"outcome", "treatment", "exposure", "mediator", "control", "weight"}
# "1,5" and "1.234,5"; "1,234" and "1,234.5".
_DECIMAL = r"[-+]?(\d+|\d{1,3}(\.\d{3})+),\d+"
_THOUSANDS = r"[-+]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?"


def _numeric_columns(roles: Roles) -> dict[str, str]:
    """Column -> part, for the columns that must hold numbers."""
    return {name: part for part, name in reversed(parts(roles)) if part in _NUMERIC}


def read_numbers(
    table: pd.DataFrame, roles: Roles, usable: frozenset[str]
) -> tuple[dict[str, np.ndarray], list[Fault]]:
    """Numbers of all columns that must be numeric, and of the traits that are.

    Returns
    -------
    numbers : dict of str to numpy.ndarray, shape (n,)
    faults : list of Fault
        One for each column that holds something else.

    Examples
    --------
    >>> table = pd.DataFrame({"f": [1, 2], "t": 1, "y": [1.0, 2.0], "d": ["low", "high"]})
    >>> roles = Roles.of(unit="f", time="t", outcome="y", treatment="d")
    >>> numbers, faults = read_numbers(table, roles, frozenset(table.columns))
    >>> list(numbers), [fault.code for fault in faults]
    (['y'], ['non_numeric'])
    """
    needed = _numeric_columns(roles)
    numbers, faults = {}, []
    for name in dict.fromkeys((*roles.targets, *roles.controls, *needed, *roles.traits)):
        if name not in usable:
            continue
        values = numeric(table[name])
        if values is not None:
            numbers[name] = values
        elif name in needed:
            faults.append(_non_numeric(table, roles, name, needed[name]))
        else:
            faults += _trait_faults(table[name])
    return numbers, faults


def _non_numeric(table: pd.DataFrame, roles: Roles, name: str, part: str) -> Fault:
    column = table[name]
    parsed = pd.to_numeric(column.astype(object), errors="coerce") if _is_text(column) else None
    bad = column.notna() if parsed is None else column.notna() & parsed.isna()
    if not bad.any():
        what = f"{part} '{name}' holds numbers stored as text, such as {column.dropna().iloc[0]!r}"
        fix = (
            "store the column as numbers (in a spreadsheet: change the cell format from text); "
            f"in pandas: frame['{name}'] = pandas.to_numeric(frame['{name}'])"
        )
        return Fault("non_numeric", what, fix)
    rows = np.flatnonzero(bad.to_numpy())
    where = row_names(table, roles, rows[:3])
    seen = [f"{column.iloc[r]!r} in {w}" for r, w in zip(rows[:3], where, strict=True)]
    what = (
        f"{part} '{name}' ({column.dtype}) does not hold numbers in {many(len(rows), 'row')}: "
        f"{listing(seen, total=len(rows))}"
    )
    if commas := _commas(name, column[bad]):
        return Fault("non_numeric", what + commas[0], commas[1])
    if len(rows) < column.notna().sum() / 2:
        fix = (
            "correct these values in the table, or leave these cells empty; in pandas: "
            f"frame['{name}'] = pandas.to_numeric(frame['{name}'], errors='coerce')"
        )
    elif part == "control":
        fix = (
            "make one column of 0 and 1 of each category, or leave it out of the controls and "
            f"absorb it; in pandas: pandas.get_dummies(frame['{name}'], dtype=float); to absorb: "
            f"cg.FixedEffects(absorb=('{name}',)), in a study file absorb = [\"{name}\"]"
        )
    else:
        fix = "encode it as numbers, such as 0 and 1; categories belong in traits or are absorbed"
    return Fault("non_numeric", what, fix)


def _commas(name: str, values: pd.Series) -> tuple[str, str] | None:
    """What to say of values that are numbers but for their commas, and what to do."""
    text = values.astype(str).str.strip()
    thousands = text.str.fullmatch(_THOUSANDS)
    like = thousands | text.str.fullmatch(_DECIMAL)
    if like.mean() <= 0.5:
        return None
    text, grouped = text[like], bool(thousands[like].all())
    points = bool(text.str.contains(".", regex=False).any())
    seen = "; these look" if like.all() else "; most of these look"
    read = "read the file with pandas.read_csv(path, "
    if grouped and not points and (text.str.count(",") == 1).all():
        return (
            f"{seen} like numbers with commas, between thousands or before decimals",
            f"you know which: {read}thousands=',') or {read}decimal=',')",
        )
    if grouped:
        seen += " like numbers with commas between thousands"
        fix, put = f"store them without, or {read}thousands=',')", ""
    else:
        seen += " like numbers with decimal commas"
        if points:
            return seen, f"write decimals with a point, or {read}decimal=',', thousands='.')"
        fix, put = f"write decimals with a point, or {read}decimal=',')", "."
    swapped = f"frame['{name}'].astype('string').str.replace(',', '{put}')"
    rest = "" if like.all() else ", errors='coerce')  # what is no number is left empty"
    return seen, f"{fix}; in pandas: frame['{name}'] = pandas.to_numeric({swapped}{rest or ')'}"


def _is_text(column: pd.Series) -> bool:
    if is_object_dtype(column.dtype):
        return infer_dtype(column, skipna=True) in {"string", "mixed-integer", "mixed"}
    return isinstance(column.dtype, pd.StringDtype)


def _trait_faults(column: pd.Series) -> list[Fault]:
    """Text and categories may be traits; dates, lists and the like may not."""
    dtype = column.dtype
    if isinstance(dtype, pd.StringDtype | pd.CategoricalDtype):
        return []
    kinds = {"string", "mixed-integer", "categorical", "empty"}
    if is_object_dtype(dtype) and infer_dtype(column, skipna=True) in kinds:
        return []
    first = column.dropna()
    seen = repr(first.iloc[0]) if len(first) else "nothing"
    what = f"trait '{column.name}' ({dtype}) is neither a number nor a category, such as {seen}"
    return [Fault("non_numeric", what, "make it a number (a year, an age) or a category of text")]


def complete_rows(numbers: dict[str, np.ndarray], names: Iterable[str], n: int) -> np.ndarray:
    """Rows in which none of the named columns is missing."""
    complete = np.ones(n, dtype=bool)
    for name in names:
        if name in numbers and numbers[name].dtype.kind == "f":
            complete &= ~np.isnan(numbers[name])
    return complete


def value_faults(
    table: pd.DataFrame, roles: Roles, numbers: dict[str, np.ndarray], complete: np.ndarray
) -> list[Fault]:
    """Faults of numeric columns, told over the rows that will be kept.

    Parameters
    ----------
    complete : numpy.ndarray of bool, shape (n,)
        Rows without a missing outcome, treatment, exposure or mediator.
    """
    part_of = {name: part for part, name in reversed(parts(roles)) if part != "cluster"}
    faults = []
    for name, values in numbers.items():
        if name == roles.weight:
            continue
        faults += _infinite(table, roles, part_of[name], name, values)
        if name in roles.targets:
            faults += _constant(part_of[name], name, values[complete])
    for name in dict.fromkeys((*roles.controls, *roles.traits)):
        if (table.columns == name).sum() == 1 and len(table) and table[name].isna().all():
            what = f"{part_of[name]} '{name}' is missing in every row ({len(table):,})"
            faults.append(Fault("all_missing", what, f"leave it out, or merge '{name}' again"))
    if roles.weight in numbers:
        faults += _weights(table, roles, numbers[roles.weight], complete)
    return faults


def _infinite(
    table: pd.DataFrame, roles: Roles, part: str, name: str, values: np.ndarray
) -> list[Fault]:
    if values.dtype.kind != "f":
        return []
    rows = np.flatnonzero(np.isinf(values))
    if not len(rows):
        return []
    where = listing(row_names(table, roles, rows[:3]), total=len(rows))
    what = f"{part} '{name}' is infinite in {many(len(rows), 'row')}: {where}"
    fix = (
        "look for a division by zero or the logarithm of zero, or make these values missing: "
        f"frame['{name}'] = frame['{name}'].replace([numpy.inf, -numpy.inf], numpy.nan)"
    )
    return [Fault("infinite_values", what, fix)]


def _constant(part: str, name: str, values: np.ndarray) -> list[Fault]:
    if not len(values) or values.min() != values.max():
        return []
    what = f"{part} '{name}' is {values[0]:g} in all {len(values):,} complete rows: it never varies"
    fix = f"leave '{name}' out, or check the merge and the sample that made it constant"
    return [Fault("no_variation", what, fix)]


def _weights(
    table: pd.DataFrame, roles: Roles, values: np.ndarray, complete: np.ndarray
) -> list[Fault]:
    weights = as_float(values)
    bad = complete & ~((weights > 0) & np.isfinite(weights))
    if not bad.any():
        return []
    rows = np.flatnonzero(bad)
    missing, infinite = np.isnan(weights[bad]).sum(), np.isinf(weights[bad]).sum()
    kinds = (
        ("missing", missing),
        ("infinite", infinite),
        ("zero", (weights[bad] == 0).sum()),
        ("negative", ((weights[bad] < 0) & np.isfinite(weights[bad])).sum()),
    )
    counts = ", ".join(f"{count:,} {kind}" for kind, count in kinds if count)
    where = listing(row_names(table, roles, rows[:3]), total=len(rows))
    what = (
        f"weight '{roles.weight}' is not positive in {many(len(rows), 'row')} ({counts}): {where}"
    )
    fix = "give every row a positive weight, and leave out the rows that should not count"
    return [Fault("bad_weights", what, fix)]
