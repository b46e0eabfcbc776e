"""Faults of the columns: what is asked for, what is there, what a column may be used as."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from causalgreen.errors import DataError, Fault
from causalgreen.panel.roles import Roles
from causalgreen.panel.values import listing, parts

__all__ = ["column_faults", "read_roles", "usable_columns"]

_ONE = ("unit", "time", "outcome", "weight")


def read_roles(asked: Mapping[str, Any]) -> Roles:
    """Roles from the arguments of ``Panel.from_frame``.

    Raises
    ------
    DataError
        An argument that names no column, or names columns without an order.

    Examples
    --------
    >>> read_roles({"unit": "f", "time": "t", "outcome": "y", "treatment": ["d"]}).treatments
    ('d',)
    """
    faults = [f for name, value in asked.items() for f in _argument_faults(name, value)]
    faults += [
        Fault("missing_role", f"no {name} was named", f'pass {name}="<column>"')
        for name in ("unit", "time", "outcome", "treatment")
        if asked.get(name) is None or _empty(asked[name])
    ]
    if faults:
        raise DataError(faults)
    return Roles.of(**asked)


def _empty(value: Any) -> bool:
    return hasattr(value, "__len__") and len(value) == 0


def _argument_faults(name: str, value: Any) -> list[Fault]:
    if value is None or isinstance(value, str):
        if name == "mediators" and value is not None:
            return [_mediator_fault(value)]
        return []
    if name == "mediators":
        if not isinstance(value, Mapping):
            return [_mediator_fault(value)]
        if odd := [g for g in value if not isinstance(g, str) or not g.strip()]:
            what = f"mediators has a group called {odd[0]!r}"
            return [Fault("bad_role", what, "give the path a name, such as 'human_capital'")]
        if empty := [g for g, columns in value.items() if columns is None or not len(columns)]:
            what = f"mediators[{empty[0]!r}] names no column"
            return [Fault("bad_role", what, "name at least one column, or leave the group out")]
        return [
            fault
            for group, columns in value.items()
            for fault in _argument_faults(f"mediators[{group!r}]", columns)
        ]
    if name in _ONE:
        fix = f'pass one name: {name}="<column>"; to combine columns, make a new one of them first'
        return [Fault("bad_role", f"{name}={value!r} is not the name of one column", fix)]
    if isinstance(value, set | frozenset):
        what = f"{name} is a set, which has no order"
        return [Fault("bad_role", what, "pass a list or a tuple")]
    try:
        wrong = [item for item in value if not isinstance(item, str)]
    except TypeError:
        wrong = [value]
    fix = "pass a name or a list of names; rename columns whose names are not text"
    return [Fault("bad_role", f"{name} holds {listing(map(repr, wrong))}", fix)] if wrong else []


def _mediator_fault(value: Any) -> Fault:
    fix = 'pass a dict of groups: mediators={"human_capital": ["skilled_share"]}'
    return Fault("bad_role", f"mediators={value!r} names no groups", fix)


def usable_columns(table: pd.DataFrame) -> frozenset[str]:
    """Names that stand for exactly one column."""
    counts = Counter(table.columns)
    return frozenset(name for name, count in counts.items() if count == 1)


def column_faults(table: pd.DataFrame, roles: Roles) -> list[Fault]:
    """Faults that show without looking at a value: missing, duplicated, in two roles.

    Examples
    --------
    >>> table = pd.DataFrame({"firm": [], "year": [], "y": []})
    >>> roles = Roles.of(unit="firm", time="year", outcome="y", treatment="a")
    >>> [fault.code for fault in column_faults(table, roles)]
    ['missing_columns']
    """
    return [
        *_missing(table, roles), *_duplicated(table), *_two_roles(roles), *_broken_names(roles),
    ]  # fmt: skip


def _broken_names(roles: Roles) -> list[Fault]:
    """Headers of several lines, as spreadsheets have them: graphs and pages name columns in one."""
    names = [*(name for _, name in parts(roles)), *(group for group, _ in roles.groups)]
    broken = [n for n in dict.fromkeys(names) if len(n.splitlines()) > 1 or "\t" in n]
    if not broken:
        return []
    what = f"line breaks or tabs in the name(s) {listing(map(repr, broken))}"
    fix = 'write names in one line: frame.columns = [" ".join(c.split()) for c in frame.columns]'
    return [Fault("bad_role", what, fix)]


def _missing(table: pd.DataFrame, roles: Roles) -> list[Fault]:
    there = set(table.columns)
    absent: dict[str, list[str]] = {}
    for part, name in parts(roles):
        if name not in there:
            absent.setdefault(name, []).append(part)
    if not absent:
        return []
    lines, hints = [], []
    for name, played in absent.items():
        lines.append(f"'{name}' ({', '.join(played)})")
        close = close_names(name, there)
        if close:
            hints.append(f"for '{name}' perhaps {listing(map(repr, close))}")
    have = listing([repr(str(c)) for c in table.columns], 12)
    what = f"no column {', '.join(lines)}; the table has {have or 'no columns'}"
    fix = "; ".join(hints) if hints else "check the spelling"
    return [Fault("missing_columns", what, fix)]


def close_names(name: str, there: Collection[Any]) -> list[str]:
    """Names like the given one, whatever their case and the spaces around them."""
    folded: dict[str, str] = {}
    for column in there:
        folded.setdefault(str(column).strip().casefold(), str(column))
    close = difflib.get_close_matches(name.strip().casefold(), sorted(folded), n=3, cutoff=0.6)
    return [folded[c] for c in close]


def _duplicated(table: pd.DataFrame) -> list[Fault]:
    counts = {str(k): n for k, n in Counter(table.columns).items() if n > 1}
    if not counts:
        return []
    what = "several columns share a name: " + listing(
        (f"'{name}' ({n} times)" for name, n in counts.items()), 5
    )
    fix = "rename or drop the others; after a merge, name both sides with suffixes="
    return [Fault("duplicate_columns", what, fix)]


def _two_roles(roles: Roles) -> list[Fault]:
    played: dict[str, list[str]] = {}
    for part, name in parts(roles):
        played.setdefault(name, []).append(part)
    faults = []
    for name, all_parts in played.items():
        others = [part for part in all_parts if part != "cluster"]
        clusters = len(all_parts) - len(others)
        # Errors may be clustered by firm, by period and by a trait; no other column may double.
        may_cluster = others in ([], ["unit"], ["time"], ["trait"])
        if len(others) > 1 or clusters > 1 or (clusters and not may_cluster):
            faults.append(_two_roles_fault(name, all_parts))
    if roles.clusters[0] == roles.time and roles.time != roles.unit:
        fix = f'name the firm or a region first: cluster=["{roles.unit}", "{roles.time}"]'
        what = f"the first cluster is the time column '{roles.time}', and folds follow it"
        faults.append(Fault("two_roles", what, fix))
    return faults


def _two_roles_fault(name: str, played: list[str]) -> Fault:
    counts = Counter(played)
    texts = [part if n == 1 else f"{part} ({n} times)" for part, n in counts.items()]
    what = f"column '{name}' is named as {' and '.join(texts)}"
    if set(counts) == {"trait", "control"}:
        fix = (
            "keep it in one of the two; for its baseline value as trait and its current value as "
            f"control, copy it: frame['{name}_now'] = frame['{name}']"
        )
    elif len(counts) == 1:
        fix = "name it once"
    else:
        fix = "keep one of the roles; a cluster may only coincide with the firm, time or a trait"
    return Fault("two_roles", what, fix)
