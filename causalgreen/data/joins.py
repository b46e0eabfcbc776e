"""Join a table to the panel: many rows of the panel to one of the table, never many to many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import pandas as pd

from causalgreen.data.audit import Step, listed, step_of
from causalgreen.data.prepare import Prepared
from causalgreen.errors import DataError, Fault

__all__ = ["Joined", "coverage_of", "join_rows", "mark", "matters"]

_HOWS = ("left", "inner", "outer")


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """The joined rows, the step, where each new column came from, and what to point out."""

    rows: pd.DataFrame
    step: Step
    renamed: dict[str, str]
    notes: tuple[str, ...]


def mark(name: str) -> str:
    """Name of the hidden column that says whether a row was in a table."""
    return f"\0{name}"


def join_rows(left: pd.DataFrame, right: Prepared, how: str) -> Joined:
    """Join the rows of one prepared table.

    Raises
    ------
    DataError
        If keys are of different types, or no key is in both.
    """
    if how not in _HOWS:
        fix = f"use one of {', '.join(_HOWS)}"
        raise DataError([Fault("join", f"{right.name}: there is no join {how!r}", fix)])
    on, other = list(right.on), right.frame
    _outer_needs_firm_years(on, how, right.name)
    absent = [key for key in on if key not in left.columns]
    if absent:
        what = f"the panel has no column {', '.join(map(repr, absent))} to join {right.name} on"
        fix = f"join a table with that column first; the panel has {', '.join(_shown(left)[:12])}"
        raise DataError([Fault("missing_columns", what, fix)])
    _same_types(left, other, on, right.name)
    other, renamed, same, notes = _overlap(left, other, on, right.name)
    kind = cast(Literal["left", "inner", "outer"], how)
    joined = left.merge(other, on=on, how=kind, validate="many_to_one", indicator="\0side")
    side = joined.pop("\0side")
    joined[mark(right.name)] = (side != "left_only").to_numpy()
    for hidden in (c for c in joined.columns if str(c).startswith("\0")):
        joined[hidden] = joined[hidden].fillna(False).astype(bool)
    lost = _unmatched(left, right.frame, on)
    if not (side == "both").any() and how != "outer":
        raise _nothing_in_common(left, right, on)
    detail, examples = _detail(left, right.frame, lost, on, right.name)
    why = f"many to one on {' and '.join(on)}, {how}" + (f"; in both: {same}" if same else "")
    step = step_of(f"join {right.name}", why, left, joined, examples, detail)
    return Joined(joined, step, renamed, tuple(notes))


def _shown(frame: pd.DataFrame) -> list[str]:
    return [str(c) for c in frame.columns if not str(c).startswith("\0")]


def _outer_needs_firm_years(on: list[str], how: str, name: str) -> None:
    if how == "outer" and set(on) != {"firm", "year"}:
        what = f"{name}: an outer join on {' and '.join(on)} would make rows without firm or year"
        raise DataError([Fault("join", what, 'use how="left" or "inner"')])


def _same_types(left: pd.DataFrame, right: pd.DataFrame, on: list[str], name: str) -> None:
    faults = []
    for key in on:
        numbers = [pd.api.types.is_numeric_dtype(f[key]) for f in (left, right)]
        if numbers[0] != numbers[1]:
            kinds = ["numbers" if n else "text" for n in numbers]
            faults.append(
                Fault(
                    "key_types",
                    f"{key!r} is {kinds[0]} in the panel ({listed(left[key].head(3))}) and "
                    f"{kinds[1]} in {name} ({listed(right[key].head(3))})",
                    "name the column that holds stock codes by read(..., columns={...: 'firm'})",
                )
            )
    if faults:
        raise DataError(faults)


def _overlap(
    left: pd.DataFrame, right: pd.DataFrame, on: list[str], name: str
) -> tuple[pd.DataFrame, dict[str, str], str, list[str]]:
    """Columns that both have: agreeing ones are kept once, others beside each other."""
    both = [c for c in right.columns if c not in on and c in left.columns]
    renamed, same, notes = {}, [], []
    if both:
        pairs = left[[*on, *both]].merge(right[[*on, *both]], on=on, suffixes=("", "\0"))
        for column in both:
            differ, extra = _differ(pairs[column], pairs[f"{column}\0"])
            if differ or extra:
                renamed[column] = new = _free(f"{column}__{name}", left)
                notes.append(
                    f"{column!r} of {name} differs from the panel's in {differ:,} rows and fills "
                    f"{extra:,} that are empty there; it is kept beside it as {new!r}"
                )
            else:
                same.append(column)
    other = right.drop(columns=same).rename(columns=renamed)
    return other, renamed, ", ".join(same), notes


def _differ(ours: pd.Series, theirs: pd.Series) -> tuple[int, int]:
    """Count rows in which two columns differ, and rows that only the second fills."""
    extra = int((ours.isna() & theirs.notna()).sum())
    known = ours.notna() & theirs.notna()
    a, b = ours[known], theirs[known]
    if all(pd.api.types.is_numeric_dtype(x) for x in (a, b)):
        return int((~np.isclose(a.astype(float), b.astype(float), rtol=1e-6)).sum()), extra
    return int((a.astype("str").to_numpy() != b.astype("str").to_numpy()).sum()), extra


def _free(name: str, frame: pd.DataFrame) -> str:
    while name in frame.columns:
        name += "_"
    return name


def _unmatched(
    left: pd.DataFrame, right: pd.DataFrame, on: list[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Keys of the panel that the table lacks, and keys of the table that the panel lacks."""
    ours, theirs = left[on].drop_duplicates(), right[on]
    both = ours.merge(theirs, on=on, how="outer", indicator="side")
    return (
        both.loc[both["side"] == "left_only", on],
        both.loc[both["side"] == "right_only", on],
    )


def _detail(
    left: pd.DataFrame,
    right: pd.DataFrame,
    lost: tuple[pd.DataFrame, pd.DataFrame],
    on: list[str],
    name: str,
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    key = on[0]
    tables, examples = [], []
    for missing, own, where in (
        (lost[0], right, f"not in {name}"),
        (lost[1], left, f"only in {name}"),
    ):
        if missing.empty:
            continue
        counts = missing.groupby(key).size().rename("rows").reset_index()
        counts["wholly"] = ~counts[key].isin(own[key])
        counts.insert(0, "where", where)
        tables.append(counts)
        wholly = counts.loc[counts["wholly"], key]
        text = f"{where}: {len(missing):,} {'-'.join(on)}s of {len(counts):,} {_plural(key)}"
        if len(wholly):
            text += f", {len(wholly):,} of them in no year: {listed(wholly)}" if len(on) > 1 else (
                f": {listed(wholly)}"
            )  # fmt: skip
        examples.append(text)
    empty = pd.DataFrame(columns=["where", key, "rows", "wholly"])
    return (pd.concat(tables, ignore_index=True) if tables else empty), tuple(examples)


def _plural(key: str) -> str:
    if key.endswith("y"):
        return key[:-1] + "ies"
    return key + "s"


def _nothing_in_common(left: pd.DataFrame, right: Prepared, on: list[str]) -> DataError:
    parts = [
        f"{key}: {listed(left[key].dropna().head(999), 3)} here, "
        f"{listed(right.frame[key].dropna().head(999), 3)} there"
        for key in on
    ]
    return DataError(
        [
            Fault(
                "no_match",
                f"no row of the panel is in {right.name} ({'; '.join(parts)})",
                "see whether the same firms, years and codes are meant",
            )
        ]
    )


def matters(note: str) -> bool:
    """Say whether a note on reading a table belongs to the panel, too."""
    words = (
        "B share",
        "Beijing",
        "ln(1 + count)",
        "logarithms",
        "look like",
        "cut off",
        "no stock",
    )
    return any(word in note for word in words)


def coverage_of(frame: pd.DataFrame, fresh: Mapping[str, str]) -> dict[str, tuple[int, int]]:
    """First and last year in which a table has each of its columns."""
    if "year" not in frame:
        return {}
    out = {}
    for new, old in fresh.items():
        years = frame.loc[frame[old].notna(), "year"]
        if len(years):
            out[new] = (int(years.min()), int(years.max()))
    return out
