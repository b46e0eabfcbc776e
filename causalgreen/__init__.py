"""causalgreen: what AI does to green innovation, for whom, and through which path.

Names are loaded when they are first used, so that importing the package costs little.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "CausalGraph": "graph.causal_graph",
    "CausalGreenError": "errors",
    "CausalGreenWarning": "errors",
    "ClusterError": "errors",
    "DataError": "errors",
    "DataWarning": "errors",
    "DesignError": "errors",
    "Economy": "data.simulate",
    "Effects": "effects.effects",
    "EstimationError": "errors",
    "EstimationWarning": "errors",
    "Explanation": "explain.explanation",
    "Exposure": "panel.exposure_result",
    "Falsification": "falsify.finding",
    "Finding": "falsify.finding",
    "FixedEffects": "panel.transforms",
    "GraphError": "errors",
    "GraphWarning": "errors",
    "Identification": "graph.identification",
    "IdentificationError": "errors",
    "IdentificationWarning": "errors",
    "Manifest": "study.manifest",
    "NuisanceReport": "residuals.report",
    "Panel": "panel.panel",
    "Realism": "data.realism",
    "Simulation": "data.realism",
    "Study": "study",
    "Summary": "report.summary",
    "Surface": "surface.surface",
    "Truth": "data.truth",
    "cluster": "residuals.cluster",
    "econml": "surface.adapter",
    "forest": "surface.forest",
    "exposure": "panel.exposure",
    "green_innovation_graph": "graph.template",
    "journal_table": "report.journal",
    "lasso": "residuals.learners",
    "lightgbm": "residuals.learners",
    "linear": "residuals.learners",
    "linear_surface": "surface.linear",
    "load_surface": "surface.storage",
    "random_forest": "residuals.learners",
    "simulate_panel": "data.simulate",
    "stack": "residuals.learners",
}

__all__ = [*_HOMES, "__version__", "data"]

if TYPE_CHECKING:
    from causalgreen import data
    from causalgreen.data.realism import Realism, Simulation
    from causalgreen.data.simulate import Economy, simulate_panel
    from causalgreen.data.truth import Truth
    from causalgreen.effects.effects import Effects
    from causalgreen.errors import (
        CausalGreenError,
        CausalGreenWarning,
        ClusterError,
        DataError,
        DataWarning,
        DesignError,
        EstimationError,
        EstimationWarning,
        GraphError,
        GraphWarning,
        IdentificationError,
        IdentificationWarning,
    )
    from causalgreen.explain.explanation import Explanation
    from causalgreen.falsify.finding import Falsification, Finding
    from causalgreen.graph.causal_graph import CausalGraph
    from causalgreen.graph.identification import Identification
    from causalgreen.graph.template import green_innovation_graph
    from causalgreen.panel.exposure import exposure
    from causalgreen.panel.exposure_result import Exposure
    from causalgreen.panel.panel import Panel
    from causalgreen.panel.transforms import FixedEffects
    from causalgreen.report.journal import journal_table
    from causalgreen.report.summary import Summary
    from causalgreen.residuals.cluster import cluster
    from causalgreen.residuals.learners import lasso, lightgbm, linear, random_forest, stack
    from causalgreen.residuals.report import NuisanceReport
    from causalgreen.study import Study
    from causalgreen.study.manifest import Manifest
    from causalgreen.surface.adapter import econml
    from causalgreen.surface.forest import forest
    from causalgreen.surface.linear import linear_surface
    from causalgreen.surface.storage import load_surface
    from causalgreen.surface.surface import Surface


def __getattr__(name: str) -> Any:
    if name == "data":
        return import_module("causalgreen.data")
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
