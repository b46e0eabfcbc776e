"""What may be asked of `falsify`: everything else is refused before anything is computed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from causalgreen.effects.whose import refuse_other_study
from causalgreen.errors import DataError, DesignError

if TYPE_CHECKING:
    from causalgreen.panel.panel import Panel

__all__ = ["asked_checks", "refuse_effects", "refuse_options", "refuse_settings"]

ONE = ("future_partners", "strata", "assignment")
NUMBERS = ("placebo_outcome", "future_partners")


def refuse_settings(simulations: Any, refit: Any, seed: Any, progress: Any) -> None:
    """Refuse settings of a wrong kind.

    Raises
    ------
    DesignError
        Naming the setting, what was given, and what it takes.
    """
    if not _whole(simulations):
        raise DesignError(f"simulations={simulations!r}: give a whole number, 20 or more")
    if simulations < 20:
        raise DesignError(
            f"simulations={simulations}: p-values would be coarser than .05; give 20 or more"
        )
    if seed is not None and not (_whole(seed) and seed >= 0):
        raise DesignError(
            f"seed={seed!r}: give a whole number, 0 or more, or leave it out for the study's"
        )
    if not isinstance(refit, (bool, np.bool_)):
        raise DesignError(f"refit={refit!r}: give True or False")
    if progress is not None and not isinstance(progress, (bool, np.bool_)):
        raise DesignError(f"progress={progress!r}: give True, False, or None")


def refuse_effects(study: Any, effects: Any) -> None:
    """Refuse numbers that are no paths of this study.

    Raises
    ------
    DesignError
        Saying what belongs there, or in what the studies differ.
    """
    if getattr(effects, "basis", None) is None:
        raise DesignError(
            f"effects=<{type(effects).__name__}>: give all paths of the study, such as "
            'study.paths(covariance="CR1")'
        )
    if effects.context.unit.startswith("%"):
        raise DesignError("effects= are in percent: give them in units of the outcome")
    _ = study.moments  # rows and values are compared, too
    refuse_other_study(study, effects, "effects")


def asked_checks(checks: Any, known: Iterable[str]) -> list[Any]:
    """Names and functions that were asked for, each once.

    Raises
    ------
    DesignError
        If there is none, one is not known, or one comes twice.
    """
    names = tuple(known)
    there = f"there are {', '.join(names)}, and functions of a case"
    if isinstance(checks, str) or callable(checks):
        checks = [checks]
    if not isinstance(checks, Iterable):
        raise DesignError(f"checks={checks!r}: give names or functions in a list; {there}")
    asked = list(checks)
    if not asked:
        raise DesignError(f"checks={checks!r} asks for nothing: leave it out for all; {there}")
    unknown = [c for c in asked if not callable(c) and not (isinstance(c, str) and c in names)]
    if unknown:
        raise DesignError(f"checks={unknown}: not known; {there}")
    twice = [c for i, c in enumerate(asked) if c in asked[:i]]
    if twice:
        told = [c if isinstance(c, str) else getattr(c, "__name__", repr(c)) for c in twice]
        raise DesignError(f"checks: {', '.join(told)} comes twice; ask for each check once")
    return asked


def refuse_options(panel: Panel, given: Mapping[str, Any]) -> None:
    """Refuse options that name no column, or columns and tables that cannot be used.

    Raises
    ------
    DesignError
        Naming the option, what is wrong with it, and what to give.
    """
    for name, value in given.items():
        if value is None:
            continue
        if name in ONE and not isinstance(value, str):
            raise DesignError(f"{name}={value!r}: give the name of one column")
        if name == "network":
            _refuse_network(panel, value)
        else:
            _refuse_columns(panel, name, value)
        if name in NUMBERS:
            for column in _listed(value):
                _refuse_numbers(panel, name, column)


def _refuse_network(panel: Panel, network: Any) -> None:
    if not isinstance(network, Mapping):
        _refuse_source(panel, "network", network)
        return
    exposures = panel.roles.exposures
    stray = [str(key) for key in network if key not in exposures]
    if stray or not network:
        there = f"there are {', '.join(exposures)}" if exposures else "it has none"
        what = (
            f"{', '.join(stray)} is no exposure of the panel" if stray else "the mapping is empty"
        )
        raise DesignError(
            f"network: {what}; {there}. Give exposure -> column of groups, columns, or links"
        )
    for key, source in network.items():
        _refuse_source(panel, f"network[{key!r}]", source)


def _refuse_source(panel: Panel, name: str, source: Any) -> None:
    if hasattr(source, "columns"):
        _refuse_links(panel, name, source)
    else:
        _refuse_columns(panel, name, source)


def _refuse_links(panel: Panel, name: str, table: Any) -> None:
    import pandas as pd

    columns = {str(c) for c in table.columns}
    needs = "it needs 'firm', 'peer' and, if need be, 'weight'"
    if lacking := {"firm", "peer"} - columns:
        raise DesignError(
            f"{name}: the table of links has no column {', '.join(sorted(lacking))}; {needs}"
        )
    sides = [panel.units.get_indexer(pd.Index(table[side])) >= 0 for side in ("firm", "peer")]
    if not (sides[0] & sides[1]).any():
        raise DesignError(
            f"{name}: none of the {len(sides[0]):,} links joins two firms of the panel; 'firm' and "
            f"'peer' must hold values of {panel.roles.unit}, such as {panel.units[0]!r}"
        )
    if "weight" not in columns:
        return
    try:
        weight = np.asarray(table["weight"], dtype=np.float64)
    except (TypeError, ValueError):
        raise DesignError(f"{name}: 'weight' of the links does not hold numbers") from None
    if bad := int((~np.isfinite(weight) | (weight < 0)).sum()):
        raise DesignError(
            f"{name}: {bad:,} of {len(weight):,} weights of links are missing, infinite or "
            f"negative, the first in row {int(np.argmax(~(weight >= 0) | np.isinf(weight)))}; give "
            "weights of 0 or more"
        )


def _refuse_columns(panel: Panel, name: str, value: Any) -> None:
    columns = _listed(value)
    if columns is None or any(not isinstance(c, str) for c in columns):
        raise DesignError(f"{name}={value!r}: give the name of a column, or names in a list")
    if not columns:
        raise DesignError(f"{name}={value!r} names no column: name one, or leave it out")
    there = panel.frame.columns
    for i, column in enumerate(columns):
        if column not in there:
            raise DesignError(
                f"{name}={column!r}: the panel has no such column; see panel.frame.columns"
            )
        if column in columns[:i]:
            raise DesignError(f"{name}: {column!r} comes twice; name each column once")


def _refuse_numbers(panel: Panel, name: str, column: str) -> None:
    try:
        values = panel.column(column)
    except DataError as error:
        raise DesignError(
            f"{name}={column!r}: {error.faults[0].what}; name a column of numbers"
        ) from None
    bad = np.flatnonzero(np.isinf(values))
    if len(bad):
        row = panel.frame.iloc[bad[0]]
        raise DesignError(
            f"{name}={column!r}: {len(bad):,} of {len(values):,} values are infinite, the first of "
            f"firm {row[panel.roles.unit]} in {row[panel.roles.time]}; correct them, or set them "
            "missing"
        )
    if not np.isfinite(values).any():
        raise DesignError(f"{name}={column!r}: every value is missing; name another column")


def _listed(value: Any) -> Any:
    """Names in an option, as a list; None where it cannot be a list of names."""
    if isinstance(value, str):
        return [value]
    if not isinstance(value, Iterable) or isinstance(value, (Mapping, bytes)):
        return None
    return list(value)


def _whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)
