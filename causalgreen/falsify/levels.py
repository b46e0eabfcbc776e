"""At which level a treatment was given, and where its histories can change places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from causalgreen.falsify.case import Case
    from causalgreen.panel.panel import Panel

__all__ = ["FEWEST", "Levels", "levels_of", "refused", "within_share"]

FEWEST = 8
"""Places that an exchange needs."""
SAME = 0.1
"""A treatment with less of its variance than this within places and periods was given to places."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Levels above the firm.

    Attributes
    ----------
    places : tuple of (str, numpy.ndarray of int of shape (n,))
        Columns across whose levels histories can be exchanged, and the level of each row.
    untested : tuple of str
        Why others that matter cannot be exchanged.
    """

    places: tuple[tuple[str, np.ndarray], ...]
    untested: tuple[str, ...]


def refused(panel: Panel, strata: str | None, assignment: str | None) -> str:
    """Why these columns make no exchange; empty where they do."""
    time = panel.roles.time
    if strata == time:
        return (
            f"strata={strata!r} is the period: whole histories cannot be exchanged within periods. "
            "Name a column that firms keep, such as an industry"
        )
    if assignment == time:
        return (
            f"assignment={assignment!r} is the period: what all firms get at once leaves with "
            "the period effects, and periods cannot be exchanged. Name a column of places, "
            "such as a city"
        )
    return ""


def levels_of(case: Case, columns: tuple[int, ...], assignment: str | None = None) -> Levels:
    """Cluster columns, or the column that is named, and what the treatment itself shows.

    Parameters
    ----------
    case : Case
    columns : tuple of int
        Residuals that change places.
    assignment : str, optional
        Column at whose level the treatment was given, instead of what is found.

    Returns
    -------
    Levels
        Columns in which the treatment hardly differs between firms of a place and period are found
        among clusters, absorbed columns and categories that firms keep; of several the coarsest.
    """
    roles, rows = case.panel.roles, case.residuals.design.rows
    above = [c for c in roles.clusters if c not in (roles.unit, roles.time)]
    why = dict.fromkeys(above, "errors are clustered by it")
    if assignment is not None:
        why = {} if assignment == roles.unit else {assignment: "it was named as assignment"}
    else:
        given = _given_to(case, columns)
        enough = [name for name, n in given.items() if n >= FEWEST]
        for name in (*(n for n in given if n not in enough), *enough[:1]):
            why[name] = "the treatment hardly differs between its firms in a period"
    places, untested = [], []
    unit = case.panel.unit_codes[rows]
    firms = len(np.unique(unit))
    for name, reason in why.items():
        code = case.panel.codes(name)[rows]
        n = len(np.unique(code))
        if FEWEST <= n < firms:
            places.append((name, code))
        elif n < FEWEST or not _kept(code, unit):
            untested.append(
                f"the exchange across {name} could not be run ({reason}; it has {n} levels, and "
                f"needs {FEWEST} or more, fewer than the {firms:,} firms)"
            )
    return Levels(tuple(places), tuple(untested))


def _kept(code: np.ndarray, unit: np.ndarray) -> bool:
    """Whether no firm changes its level."""
    return bool(np.all((code[1:] == code[:-1]) | (unit[1:] != unit[:-1])))


def _given_to(case: Case, columns: tuple[int, ...]) -> dict[str, int]:
    """Columns at whose level these residuals vary, with their numbers of levels, fewest first."""
    panel, rows = case.panel, case.residuals.design.rows
    unit, period = panel.unit_codes[rows], panel.codes(panel.roles.time)[rows]
    values, found = case.residuals.values[0][:, columns], {}
    for name in _candidates(case):
        code = panel.codes(name)[rows]
        n = len(np.unique(code))
        sure = name in panel.roles.clusters
        if n < 2 or n >= len(np.unique(unit)) or not (sure or (n >= FEWEST and _kept(code, unit))):
            continue
        if max(within_share(v, code, period) for v in values.T) < SAME:
            found[name] = n
    return dict(sorted(found.items(), key=lambda item: item[1]))


def _candidates(case: Case) -> list[str]:
    """Clusters, parts of absorbed effects, and other categories of the table."""
    roles, frame = case.panel.roles, case.panel.frame
    absorbed = [part for name in case.again().fixed_effects.absorb for part in name.split("^")]
    other = [str(c) for c in frame.columns if frame[c].dtype.kind not in "fcMm"]
    taken = {roles.unit, roles.time, *roles.targets, *roles.controls, roles.weight}
    names = dict.fromkeys([*roles.clusters, *absorbed, *other])
    return [name for name in names if name not in taken and name in frame.columns]


def within_share(values: np.ndarray, code: np.ndarray, period: np.ndarray) -> float:
    """Variance within places of a period, of the variance within periods.

    Parameters
    ----------
    values : numpy.ndarray, shape (n,)
    code, period : numpy.ndarray of int, shape (n,)

    Returns
    -------
    float
        1 where fewer than half of the rows have company in their place and period.

    Examples
    --------
    >>> code, period = np.array([0, 0, 1, 1, 0, 0, 1, 1]), np.repeat([0, 1], 4)
    >>> within_share(np.array([1.0, 1, 2, 2, 3, 3, 5, 5]), code, period)
    0.0
    """
    cell = np.unique(code * (int(period.max()) + 1) + period, return_inverse=True)[1]
    company = np.bincount(cell)[cell] > 1
    if company.mean() < 0.5:
        return 1.0
    v, cell, period = values[company], cell[company], period[company]
    inside, around = (_spread(v, c) for c in (cell, period))
    return inside / around if around > 0 else 1.0


def _spread(values: np.ndarray, group: np.ndarray) -> float:
    """Variance within groups."""
    group = np.unique(group, return_inverse=True)[1]
    count = np.bincount(group)
    left = values - (np.bincount(group, values) / count)[group]
    return float(left @ left / max(len(values) - len(count), 1))
