"""Rows of the panel for estimators that have nuisances of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from causalgreen.errors import DesignError

if TYPE_CHECKING:
    import pandas as pd

    from causalgreen.panel.panel import Panel

__all__ = ["RawRows", "raw_rows"]


@dataclass(frozen=True, slots=True)
class RawRows:
    """Rows of the panel as they are, for estimators with nuisances of their own.

    Attributes
    ----------
    firm : numpy.ndarray of int, shape (m,)
        Row of ``Problem.X`` of each row.
    Y, T : numpy.ndarray, shape (m,)
        Outcome and treatment.
    W : numpy.ndarray, shape (m, w)
        Controls and periods.
    """

    firm: np.ndarray
    Y: np.ndarray
    T: np.ndarray
    W: np.ndarray


def raw_rows(panel: Panel, firms: pd.Index, rows: np.ndarray) -> RawRows:
    """Rows of the panel that are behind a problem.

    Parameters
    ----------
    panel : Panel
        The firm-year table.
    firms : pandas.Index
        Firms of the problem.
    rows : numpy.ndarray of int
        Rows of the panel that were used.

    Returns
    -------
    RawRows

    Raises
    ------
    DesignError
        If there are several treatments, or controls have gaps.
    """
    roles = panel.roles
    firm = firms.get_indexer(panel.units[panel.unit_codes[rows]])
    W = panel.matrix((*roles.controls, *roles.exposures))[rows]
    if np.isnan(W).any():
        raise DesignError(
            "controls have missing values, which this estimator of EconML cannot take; fill them, "
            "or use cg.forest()"
        )
    if len(panel.periods) > 1:
        W = np.column_stack([W, panel.times[rows].astype(np.float64)])
    Y, T = panel.column(roles.outcome)[rows], panel.column(roles.treatments[0])[rows]
    return RawRows(firm, Y, T, W)
