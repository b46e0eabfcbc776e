"""Legs: the joint back-door questions of which every path is made, and their answers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from causalgreen.graph.causal_graph import CausalGraph
from causalgreen.graph.door import sufficient_set
from causalgreen.graph.separation import OpenPath, open_path
from causalgreen.graph.template import FIRM, YEAR
from causalgreen.graph.verdicts import ASSUMPTION, IDENTIFIED, NOT_IDENTIFIED

__all__ = ["Answer", "Leg", "answer", "path_legs"]

TOTAL, DIRECT, SPILLOVER, OVERALL = "own_total", "direct", "spillover", "overall"
RESERVED = (TOTAL, DIRECT, SPILLOVER, OVERALL)


@dataclass(frozen=True, slots=True)
class Leg:
    """A regression read as an effect: of all actions jointly, on the outcome."""

    actions: tuple[str, ...]
    outcome: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the graph says of a leg.

    Attributes
    ----------
    leg : Leg
        The question.
    verdict : str
        ``"identified"``, ``"needs an assumption"`` (shocks have to be assumed away) or
        ``"not identified"``.
    path : OpenPath or None
        The open back-door path.
    needed : tuple of str
        Shocks that have to be assumed away.
    sufficient : tuple of str or None
        A set of adjusted columns that would do where all of them together do not: the others
        open a path.
    """

    leg: Leg
    verdict: str
    path: OpenPath | None = None
    needed: tuple[str, ...] = ()
    sufficient: tuple[str, ...] | None = None


def path_legs(graph: CausalGraph) -> dict[str, tuple[Leg, ...]]:
    """Legs of every path, in the order in which paths are reported.

    Mediator equations of a later layer hold the mediators of earlier layers fixed.
    """
    roles = graph.roles
    causes = (*roles.treatments, *roles.exposures)
    columns = dict(roles.groups)
    into: dict[str, tuple[Leg, ...]] = {}
    earlier: tuple[str, ...] = ()
    for layer in graph.mediator_order():
        for group in layer:
            into[group] = tuple(Leg((*causes, *earlier), m) for m in columns[group])
        earlier += tuple(m for group in layer for m in columns[group])
    total = (Leg(causes, roles.outcome),)
    outcome = (Leg((*causes, *roles.mediators), roles.outcome),)
    legs: dict[str, tuple[Leg, ...]] = {DIRECT: outcome}
    legs |= {group: into[group] + outcome for group in columns}
    for chain in graph.mediator_chains():
        legs[" -> ".join(chain)] = tuple(leg for g in chain for leg in into[g]) + outcome
    if roles.exposures:
        legs[SPILLOVER] = total
    legs[TOTAL] = total
    if roles.exposures:
        legs[OVERALL] = total
    return legs


def absorbable(graph: CausalGraph) -> frozenset[str]:
    """Nodes that a fixed effect could remove: shocks, firm effect, year."""
    return graph.shocks | ({FIRM, YEAR} & set(graph.nodes))


def answer(graph: CausalGraph, leg: Leg, given: Collection[str]) -> Answer:
    """Ask one leg, first as drawn, then with the shocks that nothing removes assumed away."""
    path, sufficient = _asked(graph, leg, given, frozenset())
    if path is None and sufficient is not None:
        return Answer(leg, IDENTIFIED)
    loose = sorted(absorbable(graph) - set(given) - {*leg.actions, leg.outcome})
    inner, inner_sufficient = _asked(graph, leg, given, frozenset(loose))
    if inner is not None or inner_sufficient is None or not loose:
        return Answer(leg, NOT_IDENTIFIED, inner or path, sufficient=inner_sufficient)
    gone = set(loose)
    for shock in loose:  # put back those that do no harm
        edges = _without(graph, gone - {shock})
        if open_path(edges, leg.actions, leg.outcome, given) is None:
            gone.discard(shock)
    return Answer(leg, ASSUMPTION, path, needed=tuple(sorted(gone)))


def _asked(
    graph: CausalGraph, leg: Leg, given: Collection[str], gone: Collection[str]
) -> tuple[OpenPath | None, tuple[str, ...] | None]:
    edges = _without(graph, gone)
    nodes = tuple(n for n in graph.nodes if n not in gone)
    path = open_path(edges, leg.actions, leg.outcome, given)
    return path, sufficient_set(nodes, edges, leg.actions, leg.outcome, given)


def _without(graph: CausalGraph, gone: Collection[str]) -> tuple[tuple[str, str], ...]:
    return tuple((a, b) for a, b in graph.edges if a not in gone and b not in gone)
