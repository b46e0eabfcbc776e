"""Small records of a manifest: how was estimated, what, and what came out."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Estimand", "Estimate", "Estimation"]


@dataclass(frozen=True, slots=True)
class Estimation:
    """Arguments of ``Study.paths`` that gave the estimates, with ``"auto"`` resolved."""

    coefficients: str
    covariance: str
    population: bool
    allow_unidentified: bool


@dataclass(frozen=True, slots=True)
class Estimand:
    """A path, whether the graph identifies it, and what is adjusted for."""

    term: str
    verdict: str
    adjustment: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A path's estimate and standard error, in full precision."""

    term: str
    estimate: float
    std_error: float
