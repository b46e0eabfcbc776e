"""Legs of a mediated path: coefficients whose errors do not vanish where their product does."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from causalgreen.moments.paths import ARROW, path_terms

if TYPE_CHECKING:
    from causalgreen.falsify.case import Case
    from causalgreen.moments.system import Layout

__all__ = ["WHOLE", "leg_ratio", "legs_of"]

WHOLE = ("direct", "spillover", "own_total", "overall")
"""Paths that are no products: their errors do not vanish where they are zero."""


def legs_of(layout: Layout, path: str) -> list[str]:
    """Arrows of a mediated path, by the names that the study's details give them.

    Parameters
    ----------
    layout : Layout
        Columns and groups of mediators.
    path : str
        A group of mediators, or a chain of them.
    """
    members, names = dict(layout.groups), layout.names
    steps = [
        layout.treatments, *(members[g] for g in path.split(ARROW)), (layout.outcome,),
    ]  # fmt: skip
    return [
        f"{names[a]}{ARROW}{names[b]}" for one, two in pairwise(steps) for a in one for b in two
    ]


def leg_ratio(case: Case, path: str, draws: np.ndarray) -> float:
    """Largest spread of a path's legs over their reported standard errors.

    Parameters
    ----------
    case : Case
    path : str
        A mediated path.
    draws : numpy.ndarray, shape (s, h)
        Headline effects and details, as `solve_weighted` gives them.

    Returns
    -------
    float
        Missing where the study reports no legs.
    """
    terms, reported = path_terms(case.layout), case.effects.detail
    if reported is None:
        return float("nan")
    # Not by all names: a chain of groups may be called as the arrow between their mediators.
    place = {leg: len(terms.headline) + i for i, leg in enumerate(terms.detail)}
    errors = dict(zip(reported.terms, reported.std_error, strict=True))
    ratios = [
        float(draws[:, place[leg]].std(ddof=1) / errors[leg])
        for leg in legs_of(case.layout, path)
        if leg in errors
    ]
    return max(ratios, default=float("nan"))
