"""What a reader should know about a table that can be used: no fault, but not silent either."""

from __future__ import annotations

import numpy as np
import pandas as pd

from causalgreen.errors import DataError, Fault
from causalgreen.panel.roles import Roles
from causalgreen.panel.values import as_float, level_codes, listing, numeric, run_starts

__all__ = [
    "cluster_notes",
    "control_notes",
    "looks_like_log_count",
    "outcome_notes",
    "trait_notes",
]


def varies_within(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Whether a column takes more than one value in each firm, apart from rounding.

    Parameters
    ----------
    values : numpy.ndarray, shape (n,)
        Sorted by firm; NaN is left out.
    starts : numpy.ndarray of int, shape (N,)
        First row of each firm.

    Returns
    -------
    numpy.ndarray of bool, shape (N,)

    Examples
    --------
    >>> varies_within(np.array([1.0, 1.0, 1.0, 2.0]), np.array([0, 2]))
    array([False,  True])
    """
    high, low = np.fmax.reduceat(values, starts), np.fmin.reduceat(values, starts)
    return high - low > 1e-12 * np.maximum(np.abs(high), np.abs(low))


def trait_notes(frame: pd.DataFrame, roles: Roles, unit_codes: np.ndarray) -> tuple[str, ...]:
    """Traits that move over time, and traits that are missing where they are read."""
    starts, notes = run_starts(unit_codes), []
    for name in roles.traits:
        numbers = numeric(frame[name])
        if numbers is None:
            codes, _ = level_codes(frame[name])
            numbers = np.where(codes >= 0, codes, np.nan)
        values = as_float(numbers)
        moves = varies_within(values, starts)
        if moves.any():
            notes.append(
                f"trait '{name}' varies over time in {moves.sum():,} of {len(starts):,} firms; "
                "each firm's value in its first period is used, since a later one may already be "
                "an outcome of the treatment (post-treatment)"
            )
        unknown = np.isnan(values[starts])
        if unknown.all():
            what = f"trait '{name}' is missing in the first period of every firm, where it is read"
            fix = f"leave it out, or start where it is known: frame[frame['{name}'].notna()]"
            raise DataError((Fault("all_missing", what, fix),))
        if unknown.any():
            later = unknown & ~np.isnan(np.fmax.reduceat(values, starts))
            also = (
                f"; {later.sum():,} of these know a later value, which is not used"
                if later.any()
                else ""
            )
            notes.append(
                f"trait '{name}' is missing in the first period of {unknown.sum():,} of "
                f"{len(starts):,} firms and stays missing there{also}"
            )
    return tuple(notes)


def looks_like_log_count(values: np.ndarray) -> bool:
    """Whether values look like ln(1 + count).

    True when 95 in 100 of the values above zero are within 0.0005 of ln(1 + k) for a whole
    k <= 200 (so tables rounded to three decimals count), or give a whole number to 0.02 beyond
    that, with at least three different k, and the values are not whole numbers themselves.

    Parameters
    ----------
    values : numpy.ndarray, shape (n,)
        Not missing.

    Examples
    --------
    >>> counts = np.array([0, 0, 1, 2, 3, 8, 25])
    >>> looks_like_log_count(np.log1p(counts)), looks_like_log_count(counts / 1.0)
    (True, False)
    """
    y = as_float(values)
    if not len(y) or y.min() < 0 or y.max() > 16:
        return False
    y = y[y > 0]
    if not len(y) or (y == np.floor(y)).mean() > 0.5:
        return False
    raw = np.expm1(y)
    k = np.rint(raw)
    near = np.where(k <= 200, np.abs(y - np.log1p(k)) <= 5e-4, np.abs(raw - k) <= 0.02)
    near &= k >= 1
    return bool(near.mean() >= 0.95 and len(np.unique(k[near])) >= 3)


def outcome_notes(name: str, values: np.ndarray) -> tuple[str, ...]:
    """Point out an outcome that looks like ln(1 + count)."""
    if not looks_like_log_count(values):
        return ()
    return (
        f"outcome '{name}' looks like ln(1 + count): an effect on ln(1 + y) can take any size when "
        "the unit in which the count is measured changes (Chen & Roth 2024, doi "
        f"10.1093/qje/qjad054); recover the count, frame['count'] = numpy.expm1(frame['{name}'])"
        ".round(), and read effects as percent of its mean",
    )


def cluster_notes(
    roles: Roles, unit_codes: np.ndarray, units: pd.Index, clusters: tuple[np.ndarray, ...]
) -> tuple[str, ...]:
    """Firms that move between clusters: their rows are dependent across clusters."""
    starts, notes = run_starts(unit_codes), []
    for name, codes in zip(roles.clusters, clusters, strict=True):
        if name in (roles.unit, roles.time):
            continue
        moves = np.maximum.reduceat(codes, starts) != np.minimum.reduceat(codes, starts)
        if moves.any():
            firms = listing(units[moves][:3], total=int(moves.sum()))
            notes.append(
                f"{moves.sum():,} of {len(starts):,} firms are in more than one cluster "
                f"'{name}' ({firms}); a cluster that a firm never leaves, such as its first, "
                "keeps a firm's rows together"
            )
    return tuple(notes)


def control_notes(frame: pd.DataFrame, roles: Roles) -> tuple[str, ...]:
    """Controls with gaps: what is not known cannot be adjusted for."""
    gaps = {c: float(frame[c].isna().mean()) for c in roles.controls if frame[c].isna().any()}
    if not gaps:
        return ()
    told = ", ".join(f"'{name}' ({share:.1%} of rows)" for name, share in gaps.items())
    return (
        f"missing controls: {told}. LightGBM sees the gaps, other learners fill them by the mean "
        "and flag them; either way these rows are not adjusted for the missing values, and effects "
        "may keep confounding. Compare with complete rows, frame.dropna(subset=controls), or "
        "impute the gaps from what explains them",
    )
