"""Decide which column of a table is which, by name, by label, by the user's word."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from causalgreen.data.codes import looks_like_codes
from causalgreen.data.names import canonical_of, is_generic, rank_of
from causalgreen.data.units import unit_of
from causalgreen.errors import DataError, Fault

__all__ = ["Decision", "decide"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of one column.

    Attributes
    ----------
    original, column : str
        Name in the file, name in the table.
    how : str
        Why it is so.
    label : str
        What the file says about the column.
    given : bool
        Whether the user said so.
    left : bool
        Whether the user asked to leave the column as it is.
    """

    original: str
    column: str
    how: str
    label: str = ""
    given: bool = False
    left: bool = False


def decide(
    frame: pd.DataFrame, labels: Mapping[str, str], given: Mapping[str, str | None] | None
) -> tuple[Decision, ...]:
    """Give each column its name; the surest of several that mean the same takes it.

    Raises
    ------
    DataError
        If ``given`` names a column that is not there, or one name for two columns.
    """
    names, given = [str(name) for name in frame.columns], dict(given or {})
    _check(names, given)
    wishes = {name: _wish(name, frame[name], labels.get(name, ""), given) for name in names}
    taken: dict[str, str] = {}
    order = sorted(names, key=lambda n: (n not in given, wishes[n][2], names.index(n)))
    for name in order:
        if wishes[name][0]:
            taken.setdefault(wishes[name][0], name)
    out, used = [], set(taken)
    for name in names:
        want, how, _ = wishes[name]
        label, mine = labels.get(name, ""), name in given
        if want and taken[want] == name:
            out.append(Decision(name, want, how, label, mine, mine and given[name] is None))
            continue
        own = name if name not in used else f"{name}_original"
        while own in used:
            own += "_"
        used.add(own)
        why = f"kept: {want!r} is {taken[want]!r}" if want else how
        out.append(Decision(name, own, why, label))
    return tuple(out)


def _wish(
    name: str, values: pd.Series, label: str, given: Mapping[str, str | None]
) -> tuple[str, str, int]:
    """Return the name that a column would like, why, and how sure that is (0: surest)."""
    if name in given:
        chosen = given[name]
        return (
            (name, "left as it is, as you said", 0) if chosen is None else (chosen, "you said", 0)
        )
    want, how, rank = canonical_of(name), "its name", rank_of(name)
    if not want and label:
        want, how, rank = canonical_of(label), f"its label {label!r}", 100 + rank_of(label)
    if want == name:
        how = "same name"
    if want == "firm" and is_generic(name) and not looks_like_codes(values):
        if rank_of(name) >= 1000:
            return "", "not known: kept (no stock codes)", 9999
        return "firm", f"{how}; no stock codes, kept as they are", rank
    if want == "size" and unit_of(values, "assets") == "yuan":
        return "assets", f"{how}; its values are yuan, not logarithms", 50
    return (want, how, rank) if want else ("", "not known: kept", 9999)


def _check(names: list[str], given: Mapping[str, str | None]) -> None:
    faults = []
    for name in given:
        if name not in names:
            near = difflib.get_close_matches(str(name), names, n=3)
            hint = f"did you mean {', '.join(map(repr, near))}?" if near else "columns are: "
            listed = "" if near else ", ".join(names[:12])
            faults.append(
                Fault("missing_columns", f"columns= names {name!r}, which is not in the table",
                      hint + listed)
            )  # fmt: skip
    wanted = [name for name in given.values() if name is not None]
    for name in sorted({n for n in wanted if wanted.count(n) > 1}):
        both = [repr(old) for old, new in given.items() if new == name]
        faults.append(
            Fault("name_twice", f"columns= calls {' and '.join(both)} all {name!r}",
                  "give each column a name of its own")
        )  # fmt: skip
    if faults:
        raise DataError(faults)
