"""Causal graph, paths, identification: the only door to DoWhy."""

from causalgreen.graph.causal_graph import CausalGraph
from causalgreen.graph.identification import Identification, PathVerdict
from causalgreen.graph.identify import identify
from causalgreen.graph.template import green_innovation_graph

__all__ = ["CausalGraph", "Identification", "PathVerdict", "green_innovation_graph", "identify"]
