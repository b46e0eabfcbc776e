"""Registry of the methods in the coverage table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pandas as pd

from benchmarks import own, peers, peers_did, peers_dowhy, peers_grf
from benchmarks.economies import TERMS
from benchmarks.made_with import GRF
from benchmarks.peers import Estimate, NotRun

__all__ = ["METHODS", "NOT_RUN", "Estimate", "Method", "Outcome", "run_method"]

NOT_RUN = "not run: "


@dataclass(frozen=True, slots=True)
class Method:
    """One way to estimate, which may fill several rows of the table.

    Attributes
    ----------
    rows : tuple of (str, tuple of str)
        Label of each row, and the terms that it can estimate.
    run : callable
        Takes the table and a seed; returns `Estimate` values.
    packages : tuple of str
        Distributions whose version the numbers depend on.
    files : tuple of str
        Files beside this one that the numbers depend on.
    """

    rows: tuple[tuple[str, tuple[str, ...]], ...]
    run: Callable[[pd.DataFrame, int], list[Estimate]]
    packages: tuple[str, ...]
    files: tuple[str, ...] = ("peers.py",)

    @property
    def ours(self) -> bool:
        """Whether the numbers depend on causalgreen's own estimators."""
        return "causalgreen" in self.packages


class Outcome(NamedTuple):
    """An estimate, or why there is none."""

    label: str
    term: str
    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    error: str


def _ours(learner: str, *labels: str) -> Method:
    rows = tuple((label, TERMS) for label in labels)
    packages = ("causalgreen", "lightgbm", "scikit-learn", "numpy")
    return Method(rows, partial(own.paths, learner, labels), packages, ("own.py",))


def _peer(
    label: str,
    terms: tuple[str, ...],
    run: Callable[..., list[Estimate]],
    *packages: str,
    scripts: tuple[str, ...] = (),
    **options: Any,
) -> Method:
    home = Path(run.__code__.co_filename).name
    files = tuple(dict.fromkeys(("peers.py", home, *scripts)))
    return Method(((label, terms),), partial(run, label, **options), packages, files)


_OWN, _MEDIATED = ("own_total",), ("restructuring", "human_capital")
METHODS = MappingProxyType(
    {
        "linear": _ours("linear", "causalgreen linear"),
        "lightgbm": _ours("lightgbm", "causalgreen lightgbm"),
        "default": _ours("default", "causalgreen default", "causalgreen default, constant"),
        "econml": _peer(
            "EconML LinearDML", ("spillover", "own_total", "overall"), peers.econml,
            "econml", "lightgbm",
        ),
        "econml-groups": _peer(
            "EconML LinearDML, groups", ("spillover", "own_total", "overall"), peers.econml,
            "econml", "lightgbm", groups=True,
        ),
        "dowhy-linear": _peer(
            "DoWhy to EconML LinearDML", _OWN, peers_dowhy.linear, "dowhy", "econml", "lightgbm"
        ),
        "dowhy-forest": _peer(
            "DoWhy to EconML CausalForestDML", _OWN, peers_dowhy.forest, "dowhy", "econml",
            "lightgbm",
        ),
        "doubleml-lightgbm": _peer(
            "DoubleML PLPR lightgbm", _OWN, peers.doubleml, "doubleml", "lightgbm",
            learner="lightgbm",
        ),
        "doubleml-differences": _peer(
            "DoubleML PLPR lightgbm, differences", _OWN, peers.doubleml, "doubleml", "lightgbm",
            learner="lightgbm", approach="fd_exact",
        ),
        "doubleml-linear": _peer(
            "DoubleML PLPR linear", _OWN, peers.doubleml, "doubleml", "scikit-learn",
            learner="linear",
        ),
        "statspai-dml": _peer(
            "StatsPAI dml_panel", _OWN, peers.statspai_dml, "StatsPAI", "lightgbm"
        ),
        "statspai-paths": _peer(
            "StatsPAI mediate_paths", ("direct", *_MEDIATED), peers.statspai_paths, "StatsPAI"
        ),
        "statspai-mediate": _peer(
            "StatsPAI mediate", _MEDIATED, peers.statspai_mediate, "StatsPAI"
        ),
        "diff-diff": _peer("diff-diff ContinuousDiD", _OWN, peers_did.continuous, "diff-diff"),
        "grf": _peer(
            "R grf causal_forest", _OWN, peers_grf.grf, GRF, scripts=(peers_grf.SCRIPT.name,)
        ),
        "twfe": _peer("two-way FE, three steps", TERMS, peers.two_way_fixed_effects, "pyfixest"),
    }
)  # fmt: skip


def run_method(method: Method, frame: pd.DataFrame, seed: int) -> list[Outcome]:
    """Every row and term of the method, with the reason where there is no estimate."""
    error = "gives no such estimate"
    try:
        found = {(e.label, e.term): e for e in method.run(frame, seed)}
    except NotRun as reason:
        found, error = {}, f"{NOT_RUN}{reason}"
    except Exception as fault:  # a peer may raise anything; the table has to count it
        found, error = {}, f"{type(fault).__name__}: {str(fault).strip().splitlines()[0][:120]}"
    return [
        _checked(found.get((label, t)), label, t, error) for label, ts in method.rows for t in ts
    ]


def _checked(found: Estimate | None, label: str, term: str, error: str) -> Outcome:
    nan = float("nan")
    if found is None:
        return Outcome(label, term, nan, nan, nan, nan, error)
    b, se, low, high = (float(value) for value in found[2:])
    if not all(map(isfinite, (b, se, low, high))):
        return Outcome(label, term, nan, nan, nan, nan, "estimate or interval is not finite")
    return Outcome(label, term, b, se, low, high, "")
