"""Panels whose effects are known for every firm, and how estimates of them are judged."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

import causalgreen as cg
from benchmarks.economies import TERMS

__all__ = ["CASES", "ByFirm", "Case", "draw_case", "judge", "zigzag"]

Z = 1.959963984540054
EDGE = 0.05


@dataclass(frozen=True, slots=True)
class Case:
    """An economy, its size, and what the trait ``size`` looks like to the analyst.

    Attributes
    ----------
    firms, years : int
        Size of each panel; ten firms a city, at most 300 cities.
    shape : {"straight", "cube", "zigzag"}
        Effects are straight lines in the size that the economy uses. The analyst sees it as it is;
        its cube, in which effects are steep in the middle and flat elsewhere; or a scale on which
        effects rise, fall and rise again.
    nonlinearity : float
        Curved part of the confounding; 0: a linear learner has the right nuisances.
    """

    firms: int = 1000
    years: int = 7
    shape: str = "straight"
    nonlinearity: float = 1.0


CASES = MappingProxyType(
    {
        "straight": Case(),
        "straight-4000": Case(firms=4000),
        "plain": Case(nonlinearity=0.0),
        "cube": Case(shape="cube"),
        "zigzag": Case(shape="zigzag"),
    }
)


class ByFirm(NamedTuple):
    """Effects of one path by firm, in the order of the truth; no errors: NaN."""

    key: str
    term: str
    estimate: np.ndarray
    std_error: np.ndarray
    seconds: float


def zigzag(size: np.ndarray, seed: int) -> np.ndarray:
    """A scale on which a function of size rises, falls and rises again.

    Parameters
    ----------
    size : numpy.ndarray, shape (n,)
        Size of each firm.
    seed : int
        Draws the branch of each firm.

    Returns
    -------
    numpy.ndarray, shape (n,)
        In [0, 3); size is a function of it, but not the reverse.
    """
    rank = (np.argsort(np.argsort(size)) + 0.5) / len(size)
    branch = np.random.default_rng(np.random.SeedSequence([seed, 3])).integers(0, 3, len(size))
    return branch + np.where(branch == 1, 1 - rank, rank)


def draw_case(case: Case, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One panel.

    Parameters
    ----------
    case : Case
        Economy and size.
    seed : int
        Same seed, same panel.

    Returns
    -------
    frame : pandas.DataFrame
        Firms and years.
    truth : pandas.DataFrame, shape (n_firms, n_terms)
        Effects of every firm.
    """
    economy = cg.Economy(nonlinearity=case.nonlinearity)
    frame, truth = cg.simulate_panel(case.firms, case.years, seed, economy=economy)
    if case.shape == "cube":
        frame["size"] = 21.0 + (frame["size"] - 21.0) ** 3
    elif case.shape == "zigzag":
        firms = frame.groupby("firm", sort=True)["size"].first()
        scale = pd.Series(zigzag(firms.to_numpy(), seed), index=firms.index)
        frame["size"] = frame["firm"].map(scale)
    return frame, truth.per_firm[list(TERMS)]


def judge(found: ByFirm, truth: pd.DataFrame, size: np.ndarray) -> dict[str, Any]:
    """Error, coverage and length over the firms of one panel.

    Parameters
    ----------
    found : ByFirm
        Estimates of one path.
    truth : pandas.DataFrame, shape (n_firms, n_terms)
        Effects of every firm.
    size : numpy.ndarray, shape (n_firms,)
        Size of each firm; the inside is between its 5th and 95th percentile.

    Returns
    -------
    dict
        ``mse``, ``mean_error``, ``coverage``, ``coverage_inside``, ``length``, ``missing``.
    """
    error = found.estimate - truth[found.term].to_numpy()
    low, high = np.quantile(size, [EDGE, 1 - EDGE])
    inside = (size > low) & (size < high)
    known = np.isfinite(found.estimate)
    judged = known & np.isfinite(found.std_error)
    covered = np.abs(error) <= Z * found.std_error

    def share(rows: np.ndarray) -> float:
        return float(covered[rows].mean()) if rows.any() else float("nan")

    return {
        "key": found.key,
        "term": found.term,
        "mse": float((error[known] ** 2).mean()),
        "mean_error": float(error[known].mean()),
        "coverage": share(judged),
        "coverage_inside": share(judged & inside),
        "length": float(2 * Z * found.std_error[judged].mean()) if judged.any() else float("nan"),
        "missing": int((~known).sum()),
        "seconds": found.seconds,
    }
