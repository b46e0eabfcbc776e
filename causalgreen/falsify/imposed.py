"""The rows of a study with the effect of some columns taken out: a null that is known to hold."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from causalgreen.falsify.engine import Draw, Rows

__all__ = ["resemblance", "without_effect"]


def without_effect(rows: Rows, columns: tuple[int, ...]) -> Rows:
    """Mediators and outcome as they would be if these columns had no effect.

    A placebo that keeps some histories in their places, or that resembles the treatment, finds a
    part of a true effect. Whether a test rejects too often shows only where there is none.

    Parameters
    ----------
    rows : Rows
    columns : tuple of int
        Treatments or exposures whose fitted total effects (beside the others) are subtracted.
    """
    layout = rows.layout
    base = (*layout.treatments, *layout.exposures)
    targets = [*layout.mediators, layout.outcome]
    place = [base.index(c) for c in columns]
    values = rows.values.copy()
    for v in values:
        X = v[:, base]
        theta = np.linalg.lstsq(X, v[:, targets], rcond=None)[0]
        v[:, targets] -= X[:, place] @ theta[place]
    return replace(rows, values=values)


def resemblance(rows: Rows, draw: Draw, columns: tuple[int, ...], simulations: int) -> float:
    """How much of the real column a placebo has on average: its coefficient on the real one.

    Parameters
    ----------
    rows : Rows
    draw : callable
        See `solve_swapped`.
    columns : tuple of int
    simulations : int
        At most 50 of them are used.

    Returns
    -------
    float
        0: nothing; 1: placebos are the column itself. The largest over the columns.
    """
    swapped = draw(0, 0, min(simulations, 50))
    root = rows.root[:, 0]
    shares = []
    for column in columns:
        own = rows.values[0][:, column]
        # The real column has no period effects: they need not be taken out of the placebos.
        shares.append(float(((own * root) @ swapped[column]).mean() / (own @ own)))
    return max(shares)
