"""Features that would identify firms are refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from causalgreen.errors import DesignError, EstimationError
from causalgreen.panel.absorb import exhausted

if TYPE_CHECKING:
    from causalgreen.panel.panel import Panel

__all__ = ["refuse_exhausted", "refuse_extremes", "refuse_identifiers"]


def refuse_identifiers(panel: Panel) -> None:
    """Refuse firm ids and firm dummies among controls and traits.

    A forest cannot absorb thousands of dummies: the firm effect stays in the residuals, and with
    folds that keep firms together the dummies of held-out firms were never seen. In a simulation
    with true effect 0.10 such features gave 0.56 to 0.76.

    Parameters
    ----------
    panel : Panel
        The firm-year table.

    Raises
    ------
    DesignError
        If a control is a code of the firm, or an indicator of a single firm.
    """
    ids, dummies = [], []
    for name, first in _constant_columns(panel):
        levels = np.unique(first[~np.isnan(first)])
        if len(levels) == len(first) > 2 and _counts_firms(first):
            ids.append(name)
        elif len(levels) == 2 and min((first == levels[0]).sum(), (first == levels[1]).sum()) == 1:
            dummies.append(name)
    if not ids and len(dummies) < 2:
        return
    found = []
    if ids:
        found.append(f"{', '.join(ids)} number(s) the firms one by one")
    if len(dummies) >= 2:
        shown = ", ".join(dummies[:4]) + (", ..." if len(dummies) > 4 else "")
        found.append(f"{len(dummies)} columns are indicators of a single firm ({shown})")
    raise DesignError(
        f"firm ids or dummies among controls and traits: {'; '.join(found)}. Learners cannot "
        "absorb firm effects from them: in a simulation with true effect 0.10 they gave 0.56 to "
        "0.76. Drop them and use fixed_effects='within' (or 'first_difference', 'mundlak')"
    )


def _constant_columns(panel: Panel) -> Iterator[tuple[str, np.ndarray]]:
    """Controls that never vary within firms, and traits: name, and value of each firm."""
    unit, traits = panel.unit_codes, panel.baseline_traits()
    for name in panel.roles.controls:
        values = panel.column(name)
        first = np.full(panel.n_units, np.nan)
        first[unit] = values
        if np.array_equal(first[unit], values):
            yield name, first
    for name in panel.roles.traits:
        column = traits[name]
        if hasattr(column, "cat"):
            codes = column.cat.codes.to_numpy().astype(np.float64)
            yield name, np.where(codes < 0, np.nan, codes)
        else:
            yield name, column.to_numpy(dtype=np.float64)


def _counts_firms(first: np.ndarray) -> bool:
    """Whole numbers that run through the firms, or follow the order of their labels.

    Whole and all different is not enough: so are head counts in a small panel.
    """
    if not np.all(first == np.round(first)):
        return False
    steps = np.diff(first)
    return bool(
        first.max() - first.min() < 1.5 * len(first) or (steps > 0).all() or (steps < 0).all()
    )


def refuse_extremes(panel: Panel) -> None:
    """Refuse variables whose squares would overflow or vanish.

    Parameters
    ----------
    panel : Panel
        The firm-year table.

    Raises
    ------
    DesignError
        Naming the columns and their largest absolute value.
    """
    found = []
    for name in (*panel.roles.targets, *panel.roles.controls):
        largest = float(np.nanmax(np.abs(panel.column(name))))
        if largest != 0.0 and not 1e-70 < largest < 1e70:
            found.append(f"{name} (up to {largest:.3g})")
    if found:
        raise DesignError(
            f"the scale of {', '.join(found)} is extreme: squares leave the range of numbers. "
            "Measure it in other units"
        )


def refuse_exhausted(
    names: tuple[str, ...],
    before: np.ndarray,
    after: np.ndarray,
    weights: np.ndarray | None,
    by: str,
) -> None:
    """Refuse variables of which only rounding dust is left.

    Parameters
    ----------
    names : tuple of str, length p
        Variables.
    before, after : numpy.ndarray, shape (n, p)
        Raw, and with something removed.
    weights : numpy.ndarray or None, shape (n,)
        Row weights.
    by : str
        What was removed, for the message.

    Raises
    ------
    EstimationError
        Naming the variables.
    """
    dust = exhausted(before, after, weights)
    if gone := [name for name, none in zip(names, dust, strict=True) if none]:
        raise EstimationError(
            f"nothing is left of {', '.join(gone)} once {by} are removed; absorb less, or drop the "
            "control that is the variable itself under another name"
        )
