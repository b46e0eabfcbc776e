"""Registry of the ways to learn effects by firm in the surface table, and causalgreen's own."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

import causalgreen as cg
from benchmarks import surface_peers
from benchmarks.economies import ROLES
from benchmarks.surface_economies import ByFirm
from causalgreen.moments.system import Layout
from causalgreen.surface.forest import Forest
from causalgreen.surface.problem import Problem

__all__ = ["METHODS", "REFERENCE", "Panels", "Way", "run_way", "separate_forests", "warm_up"]

REFERENCE = "forest"
LEARNERS: MappingProxyType[str, Callable[[], Any]] = MappingProxyType(
    {"lightgbm": cg.lightgbm, "linear": cg.linear, "default": lambda: None}
)


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@dataclass(slots=True)
class Panels:
    """One panel and the studies of it: nuisances are fitted once, and charged to each method.

    Attributes
    ----------
    frame : pandas.DataFrame
        The panel.
    seed : int
        Seed of all studies and peers.
    studies : dict
        Study and process seconds of its nuisances, by learner and kind.
    """

    frame: pd.DataFrame
    seed: int
    studies: dict[tuple[str, bool], tuple[Any, float]] = field(default_factory=dict)

    def study(self, learner: str, own: bool = False) -> tuple[Any, float]:
        """A study whose moments are computed, and the process seconds that they took.

        With ``own`` it has neither mediators nor exposure: peers' AI is a control, as in the peers.
        """
        if (learner, own) not in self.studies:
            start = time.process_time()
            changed: dict[str, Any] = {}
            if own:
                controls = [*ROLES["controls"], "peer_ai"]
                changed = {"mediators": {}, "exposure": None, "controls": controls}
            panel = cg.Panel.from_frame(self.frame, **{**ROLES, **changed})
            study = cg.Study(
                panel, cg.green_innovation_graph(panel), seed=self.seed, n_jobs=1, progress=False,
                learner=LEARNERS[learner](),
            )  # fmt: skip
            _ = study.moments
            self.studies[learner, own] = study, time.process_time() - start
        return self.studies[learner, own]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to learn effects by firm.

    Attributes
    ----------
    label : str
        For the table.
    run : callable
        Takes `Panels`; returns estimates and standard errors by term, and process seconds.
    packages : tuple of str
        Distributions whose version the numbers depend on.
    """

    label: str
    run: Callable[[Panels], tuple[dict[str, tuple[np.ndarray, np.ndarray]], float]]
    packages: tuple[str, ...]

    @property
    def ours(self) -> bool:
        """Whether the numbers depend on causalgreen's own estimators."""
        return "causalgreen" in self.packages


Found = tuple[dict[str, tuple[np.ndarray, np.ndarray]], float]


def _surface(method: Callable[[], Any], learner: str, own: bool, panels: Panels) -> Found:
    study, nuisances = panels.study(learner, own)
    start = time.process_time()
    surface = study.surface(method())
    seconds = nuisances + time.process_time() - start
    each = zip(surface.terms, surface.estimate.T, surface.std_error.T, strict=True)
    return {t: (b, se) for t, b, se in each if not (own and t == "direct")}, seconds


def separate_forests(problem: Problem, method: Forest, seed: int) -> np.ndarray:
    """Path effects from a forest for each equation, combined by the product formulas.

    Parameters
    ----------
    problem : Problem
        Firms and moments.
    method : Forest
        Settings of every forest.
    seed : int
        Seed.

    Returns
    -------
    numpy.ndarray, shape (n, n_terms)
        Without the firm's own cluster.
    """
    theta = []
    for k, eq in enumerate(problem.layout.equations()):
        columns = [*eq.regressors, eq.target]
        names = tuple(problem.layout.names[c] for c in columns)
        last = len(columns) - 1
        layout = Layout(names, tuple(range(last)), (), (), last, (), ())
        terms = tuple(f"own_total[{name}]" for name in names[:-1]) if last > 1 else ("own_total",)
        alone = replace(
            problem, layout=layout, moments=problem.moments[:, columns][:, :, columns], terms=terms
        )
        fitted = method.fit(alone, inference=False, seed=seed + k, n_jobs=1, progress=False)
        theta.append(fitted.held_out().theta)
    return problem.effects(np.column_stack(theta))


def _separate(method: Callable[[], Any], panels: Panels) -> Found:
    study, nuisances = panels.study("lightgbm")
    start = time.process_time()
    from causalgreen.surface.problem import pose

    problem = pose(study.panel, study.moments, study._layout)
    effects = separate_forests(problem, method(), panels.seed)
    seconds = nuisances + time.process_time() - start
    unknown = np.full(len(effects), np.nan)
    return {t: (b, unknown) for t, b in zip(problem.terms, effects.T, strict=True)}, seconds


def _peer(run: Callable[..., Any], panels: Panels, **options: Any) -> Found:
    start = time.process_time()
    found = run(panels.frame, panels.seed, **options)
    return {"own_total": found}, time.process_time() - start


def _ours(label: str, run: Callable[[Panels], Found]) -> Way:
    return Way(label, run, ("causalgreen", "econml", "lightgbm", "scikit-learn", "numpy"))


def _by(method: Callable[[], Any], learner: str = "lightgbm", own: bool = False) -> Any:
    return partial(_surface, method, learner, own)


def _econml(label: str, **options: bool) -> Way:
    run = partial(_peer, surface_peers.causal_forest_dml, **options)
    return Way(label, run, ("econml", "lightgbm", "scikit-learn", "numpy"))


_SMOOTH = partial(cg.linear_surface, "smooth")
METHODS = MappingProxyType(
    {
        REFERENCE: _ours("cg.forest()", _by(cg.forest)),
        "forest-paths": _ours("cg.forest(splits='paths')", _by(partial(cg.forest, splits="paths"))),
        "forest-total": _ours("cg.forest(splits='total')", _by(partial(cg.forest, splits="total"))),
        "forest-grf": _ours("cg.forest(smooth=False)", _by(partial(cg.forest, smooth=False))),
        "separate": _ours("a forest for each equation", partial(_separate, cg.forest)),
        "separate-grf": _ours(
            "a forest for each equation, smooth=False",
            partial(_separate, partial(cg.forest, smooth=False)),
        ),
        "linear": _ours("cg.linear_surface('linear')", _by(cg.linear_surface)),
        "smooth": _ours("cg.linear_surface('smooth')", _by(_SMOOTH)),
        "forest-default": _ours(
            "cg.forest(), default learner", _by(cg.forest, learner="default")
        ),
        "linear-default": _ours(
            "cg.linear_surface('linear'), default learner",
            _by(cg.linear_surface, learner="default"),
        ),
        "smooth-default": _ours(
            "cg.linear_surface('smooth'), default learner", _by(_SMOOTH, learner="default")
        ),
        "forest-linear": _ours("cg.forest(), linear learner", _by(cg.forest, learner="linear")),
        "linear-linear": _ours(
            "cg.linear_surface('linear'), linear learner",
            _by(cg.linear_surface, learner="linear"),
        ),
        "forest-own": _ours("cg.forest(), own total only", _by(cg.forest, own=True)),
        "econml": _econml("EconML CausalForestDML on rows"),
        "econml-groups": _econml("EconML CausalForestDML on rows, groups=firm", groups=True),
        "econml-demeaned": _econml(
            "EconML CausalForestDML, demeaned by hand, groups=firm", groups=True, demeaned=True
        ),
        "statspai": Way(
            "StatsPAI CausalForest(fe='unit'), clusters=city",
            partial(_peer, surface_peers.statspai_forest),
            ("StatsPAI", "lightgbm", "scikit-learn", "numpy"),
        ),
    }
)  # fmt: skip


def run_way(key: str, panels: Panels) -> tuple[list[ByFirm], str]:
    """Estimates of one method, or the reason why there are none.

    Parameters
    ----------
    key : str
        Key of `METHODS`.
    panels : Panels
        One panel.

    Returns
    -------
    list of ByFirm, and str
        The text is empty where it went well.
    """
    with _quiet():
        try:
            found, seconds = METHODS[key].run(panels)
        except Exception as fault:  # a peer may raise anything; the table has to count it
            return [], f"{type(fault).__name__}: {str(fault).strip().splitlines()[0][:120]}"
    return [ByFirm(key, term, *both, seconds) for term, both in found.items()], ""


def warm_up(keys: tuple[str, ...]) -> None:
    """Import and compile what methods need, so that nothing of it counts as their time."""
    frame, _ = cg.simulate_panel(160, 5, seed=1, n_cities=40)
    panels = Panels(frame, 1)
    with _quiet():
        panels.study("lightgbm")[0].surface(cg.forest(8))
        if any(key.startswith("econml") for key in keys):
            surface_peers.causal_forest_dml(frame, 1, groups=True, demeaned=True, trees=8)
        if "statspai" in keys:
            surface_peers.statspai_forest(frame, 1, trees=8)
