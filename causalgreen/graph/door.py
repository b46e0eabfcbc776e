"""The only door to DoWhy: one joint back-door question at a time.

What was found in DoWhy 0.14, and what is done about it here:

* Joint actions. ``identify_backdoor`` cuts the arrows that leave *any* action and asks for
  d-separation of all actions from the outcome: Pearl's back-door criterion for a set, which is
  right (E -> D -> Y is no back door of {D, E}).
* ``has_directed_path`` wants *every* action to reach the outcome; if one does not, DoWhy answers
  "causal effect is zero" for all of them, confounded or not. So an action without a directed
  path gets an arrow to the outcome: back-door surgery cuts it anyway, so the answer is that of
  the graph as drawn. Where the outcome causes an action no such arrow can be drawn (it would
  close a cycle) and there is nothing to ask: the answer is no.
* Maximal adjustment tries *every* subset when the largest fails (2^k d-separation tests, up to
  100,000). So adjusted columns that the question cannot tell apart are one node in it, and are
  expanded in the answer: (i) columns all of whose causes are adjusted for (given their causes
  they block chains and open nothing, so they act as roots); (ii) columns with the same causes
  and the same effects.
* It drops candidates that are marginally independent of actions and outcome, and may answer
  with a smaller set although the whole set is valid. So its answer is read as "some subset of
  the adjusted columns suffices"; that *all* of them do is the verdict of `separation.open_path`,
  and a leg passes only if both say so.
* Importing it calls ``sympy.init_printing()``, which replaces ``sys.displayhook`` (strings lose
  their quotes at the prompt). The hook is put back.
* Sets are iterated in hash order: everything is sorted on the way in and out.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from causalgreen.graph.checks import adjacency, reach
from causalgreen.graph.separation import Edge, open_path

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["sufficient_set"]

MAX_CLASSES = 8  # at most 2^8 subsets, well under a second


def sufficient_set(
    nodes: Sequence[str],
    edges: Sequence[Edge],
    actions: Sequence[str],
    outcome: str,
    adjusted: Collection[str],
) -> tuple[str, ...] | None:
    """Largest subset of the adjusted columns that satisfies the joint back-door criterion.

    Parameters
    ----------
    nodes, edges : the graph, acyclic.
    actions : sequence of str
        Joint actions, at least one.
    outcome : str
        Node whose response is asked for.
    adjusted : collection of str
        All that the estimator adjusts for; no descendants of an action. Everything else counts
        as unobserved.

    Returns
    -------
    tuple of str or None
        Sorted names, or None where no subset suffices.

    Notes
    -----
    With more than ``MAX_CLASSES`` kinds of adjusted columns *and* an open path, DoWhy's search
    would not end in time. Then the subset of ancestors of actions and outcome decides by
    d-separation: if it does not separate, no subset does (van der Zander, Liskiewicz and
    Textor, 2019, https://doi.org/10.1016/j.artint.2018.12.006).

    Examples
    --------
    >>> edges = [("w", "d"), ("w", "y"), ("d", "y")]
    >>> sufficient_set(["w", "d", "y"], edges, ["d"], "y", ["w"])
    ('w',)
    >>> sufficient_set(["w", "d", "y"], edges, ["d"], "y", []) is None
    True
    """
    turned = [(b, a) for a, b in edges]
    if any(outcome in reach(turned, a) for a in actions):
        return None
    classes = _classes(edges, adjusted)
    if len(classes) > MAX_CLASSES and open_path(edges, actions, outcome, adjusted) is not None:
        near = set(actions).union(*(reach(turned, n) for n in (*sorted(actions), outcome)))
        kept = near & set(adjusted)
        return None if open_path(edges, actions, outcome, kept) else tuple(sorted(kept))
    graph = _question(nodes, edges, classes, actions, outcome)
    found = _ask(graph, sorted(actions), outcome, sorted(classes))
    if found is None:
        return None
    return tuple(sorted(member for name in found for member in classes[name]))


def _classes(edges: Sequence[Edge], adjusted: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Adjusted columns that one node can stand for, by the name of the first of them."""
    turned = [(b, a) for a, b in edges]
    inside = set(adjusted)
    closed = {w for w in inside if reach(turned, w) <= inside}
    up, down = adjacency(turned), adjacency(edges)
    groups: dict[object, list[str]] = {}
    for w in sorted(inside):
        twin = (frozenset(up.get(w, ())), frozenset(down.get(w, ())))
        groups.setdefault("closed" if w in closed else twin, []).append(w)
    return {members[0]: tuple(members) for members in groups.values()}


def _question(
    nodes: Sequence[str],
    edges: Sequence[Edge],
    classes: dict[str, tuple[str, ...]],
    actions: Sequence[str],
    outcome: str,
) -> nx.DiGraph:
    """Graph of the question: merged columns, and every action with an arrow to reach by."""
    import networkx as nx

    name = {member: first for first, members in classes.items() for member in members}
    graph = nx.DiGraph()
    graph.add_nodes_from(sorted({name.get(n, n) for n in nodes}))
    merged = sorted({(name.get(a, a), name.get(b, b)) for a, b in edges})
    graph.add_edges_from((a, b) for a, b in merged if a != b)
    for action in sorted(actions):
        if outcome not in reach(edges, action):
            graph.add_edge(action, outcome)
    return graph


def _ask(
    graph: nx.DiGraph, actions: list[str], outcome: str, observed: list[str]
) -> tuple[str, ...] | None:
    """Put the question to DoWhy; the largest set it returns, first by name among equals."""
    hook = sys.displayhook
    from dowhy.causal_identifier import BackdoorAdjustment, EstimandType, identify_effect_auto

    sys.displayhook = hook
    with _quiet():
        estimand = identify_effect_auto(
            graph,
            actions,
            [outcome],
            sorted({*observed, *actions, outcome}),
            EstimandType.NONPARAMETRIC_ATE,
            backdoor_adjustment=BackdoorAdjustment.BACKDOOR_MAX,
        )
    sets = [v for v in (estimand.backdoor_variables or {}).values() if v is not None]
    return min((tuple(sorted(s)) for s in sets), key=lambda s: (-len(s), s), default=None)


@contextmanager
def _quiet() -> Iterator[None]:
    """Drop what this thread logs inside DoWhy's identifier; leave all logging settings alone."""
    logger = logging.getLogger("dowhy.causal_identifier.auto_identifier")
    me = threading.get_ident()

    def drop(record: logging.LogRecord) -> bool:
        return record.thread != me

    logger.addFilter(drop)
    try:
        yield
    finally:
        logger.removeFilter(drop)
