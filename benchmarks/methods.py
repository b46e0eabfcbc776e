"""Registry of the methods in the coverage table, and causalgreen's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import isfinite
from types import MappingProxyType
from typing import Any, NamedTuple

import pandas as pd

import causalgreen as cg
from benchmarks import peers
from benchmarks.economies import TERMS, panel_of
from benchmarks.peers import Estimate

__all__ = ["METHODS", "Estimate", "Method", "Outcome", "run_method"]


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
    """

    rows: tuple[tuple[str, tuple[str, ...]], ...]
    run: Callable[[pd.DataFrame, int], list[Estimate]]
    packages: tuple[str, ...]

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


def _causalgreen(
    learner: str, labels: tuple[str, ...], frame: pd.DataFrame, seed: int
) -> list[Estimate]:
    """Default options; a second label asks for the constant-coefficient system of the same fit."""
    learners: dict[str, Callable[[], Any]] = {
        "linear": cg.linear,
        "lightgbm": cg.lightgbm,
        "default": lambda: None,
    }
    panel = panel_of(frame)
    study = cg.Study(
        panel, cg.green_innovation_graph(panel), learner=learners[learner](),
        seed=seed, n_jobs=1, progress=False,
    )  # fmt: skip
    effects = study.paths()
    columns = ["term", "estimate", "std_error", "conf_low", "conf_high"]
    return [
        Estimate(label, *row)
        for label, part in zip(labels, (effects, effects.constant), strict=False)
        if part is not None
        for row in part.tidy()[columns].itertuples(index=False)
    ]


def _ours(learner: str, *labels: str) -> Method:
    rows = tuple((label, TERMS) for label in labels)
    packages = ("causalgreen", "lightgbm", "scikit-learn", "numpy")
    return Method(rows, partial(_causalgreen, learner, labels), packages)


def _peer(
    label: str,
    terms: tuple[str, ...],
    run: Callable[..., list[Estimate]],
    *packages: str,
    **options: Any,
) -> Method:
    return Method(((label, terms),), partial(run, label, **options), packages)


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
        "twfe": _peer("two-way FE, three steps", TERMS, peers.two_way_fixed_effects, "pyfixest"),
    }
)  # fmt: skip


def run_method(method: Method, frame: pd.DataFrame, seed: int) -> list[Outcome]:
    """Every row and term of the method, with the reason where there is no estimate."""
    error = "gives no such estimate"
    try:
        found = {(e.label, e.term): e for e in method.run(frame, seed)}
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
