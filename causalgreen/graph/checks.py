"""What a graph must be, and plain questions about its nodes and edges."""

from __future__ import annotations

import difflib
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from causalgreen.errors import GraphError
from causalgreen.panel.roles import Roles

if TYPE_CHECKING:
    from causalgreen.graph.causal_graph import CausalGraph

Edges = Iterable[tuple[str, str]]

PARTS = ("treatment", "exposure", "mediator", "outcome", "control", "trait")


def parts(roles: Roles) -> dict[str, str]:
    """Map each column that needs a node to the part it plays, in the order D, E, M, Y, W, X."""
    columns = (
        roles.treatments,
        roles.exposures,
        roles.mediators,
        (roles.outcome,),
        roles.controls,
        roles.traits,
    )
    out: dict[str, str] = {}
    for part, group in zip(PARTS, columns, strict=True):
        for name in group:
            out.setdefault(name, part)
    return out


def node_order(roles: Roles, nodes: Sequence[str]) -> tuple[str, ...]:
    """Sort nodes: columns in the order of the roles, then all others by name."""
    named = parts(roles)
    return (*named, *sorted(n for n in nodes if n not in named))


def check_nodes(roles: Roles, nodes: Sequence[str]) -> None:
    """Refuse unnamed and repeated nodes, and roles that no node plays."""
    odd = [n for n in nodes if not isinstance(n, str) or not n]
    if odd:
        raise GraphError(
            f"Node names must be non-empty strings; not so: {odd[:5]!r}.\n"
            "    what to do: name nodes as the columns of the table"
        )
    twice = sorted(n for n, k in Counter(nodes).items() if k > 1)
    if twice:
        raise GraphError(
            f"The graph has {_nodes(len(twice))} more than once: {_listed(twice)}.\n"
            "    what to do: give each node one name of its own"
        )
    missing = [(n, part) for n, part in parts(roles).items() if n not in set(nodes)]
    if missing:
        rows = "; ".join(f"{part} {n!r}{_similar(nodes, n)}" for n, part in missing)
        raise GraphError(
            f"{len(missing)} role(s) without a node in the graph: {rows}.\n"
            "    what to do: add the node (add_node before the roles name it, or rename the node "
            "as the column), or take the column out of the roles"
        )


def check_edges(nodes: Sequence[str], edges: Edges) -> None:
    """Refuse arrows between unknown nodes, and arrows drawn twice."""
    pairs = [tuple(e) for e in edges]
    known(nodes, *(name for pair in pairs for name in pair))
    twice = sorted(e for e, k in Counter(pairs).items() if k > 1)
    if twice:
        shown = ", ".join(f"{a} -> {b}" for a, b in twice[:5])
        raise GraphError(
            f"The graph already has the edge {shown}.\n    what to do: draw each arrow once"
        )


def check_latent(roles: Roles, nodes: Sequence[str], latent: Iterable[str]) -> None:
    """Refuse latent names that are not nodes, or that are columns with a role."""
    known(nodes, *sorted(latent))
    named = parts(roles)
    clash = [f"{n!r} ({named[n]})" for n in sorted(latent) if n in named]
    if clash:
        raise GraphError(
            f"A column with a role cannot be latent: {', '.join(clash)}.\n"
            "    what to do: take it out of the roles, or mark it as observed"
        )


def check_acyclic(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> None:
    """Refuse cycles, and print a shortest one."""
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from(edges)
    if nx.is_directed_acyclic_graph(graph):
        return
    loops = [nx.shortest_path(graph, b, a) for a, b in edges if nx.has_path(graph, b, a)]
    cycle = min(loops, key=len)
    start = cycle.index(min(cycle, key=list(nodes).index))
    cycle = cycle[start:] + cycle[:start]
    raise GraphError(
        f"The graph has a cycle: {' -> '.join([*cycle, cycle[0]])}.\n"
        "    what to do: drop or reverse one of these edges; where two things move each other "
        "over time, use the lag of one of them as its own node"
    )


def check_droppable(roles: Roles, name: str) -> None:
    """Refuse to drop a node that plays a part."""
    part = parts(roles).get(name)
    if part is not None:
        raise GraphError(
            f"Node {name!r} cannot be dropped: it is the roles' {part}, and every role needs a "
            "node.\n    what to do: take the column out of the roles and draw the graph from those"
        )


def known(nodes: Sequence[str], *asked: str) -> None:
    """Refuse names that are not nodes; show names close to them."""
    have = set(nodes)
    unknown = [n for n in dict.fromkeys(asked) if n not in have]
    if unknown:
        shown = "; ".join(f"{n!r}{_similar(nodes, n)}" for n in unknown)
        raise GraphError(
            f"The graph has no node {shown}.\n"
            "    what to do: check the spelling, or add the node first with add_node"
        )


def has_edge(edges: Sequence[tuple[str, str]], a: str, b: str) -> None:
    """Refuse when the arrow is not there; point at its reverse."""
    if (a, b) in edges:
        return
    hint = f"; there is {b} -> {a}" if (b, a) in edges else ""
    near = ", ".join(f"{x} -> {y}" for x, y in edges if x == a) or "none"
    raise GraphError(
        f"The graph has no edge {a} -> {b}{hint}.\n    what to do: the edges from {a!r} are: {near}"
    )


def reach(edges: Edges, start: str) -> frozenset[str]:
    """Every node that can be reached from a node along the edges (itself excluded)."""
    following = adjacency(edges)
    seen: set[str] = set()
    stack = [start]
    while stack:
        for nxt in following.get(stack.pop(), ()):
            if nxt not in seen:
                seen.add(nxt)
                stack.append(nxt)
    return frozenset(seen)


def adjacency(edges: Edges) -> Mapping[str, list[str]]:
    """Map each tail to its heads."""
    out: dict[str, list[str]] = {}
    for a, b in edges:
        out.setdefault(a, []).append(b)
    return out


def mediator_links(roles: Roles, edges: Edges) -> tuple[tuple[str, str], ...]:
    """Pairs of mediators of different groups, the first of which moves the second.

    Directly, or through nodes that are no mediator, treatment, exposure or outcome: what runs
    through a latent node orders the groups as much as an arrow does.
    """
    group = {column: name for name, columns in roles.groups for column in columns}
    ends = set(roles.targets)
    open_edges = tuple(edges)
    out = []
    for mediator in roles.mediators:
        onward = [(a, b) for a, b in open_edges if a == mediator or a not in ends]
        below = reach(onward, mediator)
        out += [
            (mediator, m) for m in roles.mediators if m in below and group[m] != group[mediator]
        ]
    return tuple(out)


def mutual_groups(
    roles: Roles, edges: Edges
) -> tuple[tuple[tuple[str, ...], tuple[tuple[str, str], ...]], ...]:
    """Groups that move each other, and so cannot be ordered, with the links that say so."""
    group = {column: name for name, columns in roles.groups for column in columns}
    links = mediator_links(roles, edges)
    pairs = {(group[a], group[b]) for a, b in links}
    order = [name for name, _ in roles.groups]
    below = {g: reach(pairs, g) for g in order}
    knots = dict.fromkeys(
        tuple(h for h in order if h == g or (h in below[g] and g in below[h])) for g in order
    )
    return tuple(
        (knot, tuple((a, b) for a, b in links if {group[a], group[b]} <= set(knot)))
        for knot in knots
        if len(knot) > 1
    )


def _group_edges(roles: Roles, edges: Edges) -> set[tuple[str, str]]:
    group = {column: name for name, columns in roles.groups for column in columns}
    return {(group[a], group[b]) for a, b in mediator_links(roles, edges)}


def group_layers(roles: Roles, edges: Edges) -> tuple[tuple[str, ...], ...]:
    """Mediator groups by the longest chain of groups above them; mutual ones share a layer."""
    order = [name for name, _ in roles.groups]
    pairs = _group_edges(roles, edges)
    below = {g: reach(pairs, g) for g in order}
    above = {g: {h for h in order if g in below[h] and h not in below[g]} for g in order}
    depth: dict[str, int] = {}
    for g in sorted(order, key=lambda g: (len(above[g]), order.index(g))):
        depth[g] = max((depth[h] + 1 for h in above[g]), default=0)
    layers = range(max(depth.values(), default=-1) + 1)
    return tuple(tuple(g for g in order if depth[g] == layer) for layer in layers)


def group_chains(roles: Roles, edges: Edges) -> tuple[tuple[str, ...], ...]:
    """Chains of groups along arrows from an earlier layer to a later one, short ones first."""
    pairs = _group_edges(roles, edges)
    depth = {g: i for i, layer in enumerate(group_layers(roles, edges)) for g in layer}
    order = [name for name, _ in roles.groups]
    chains = [(a, b) for a in order for b in order if (a, b) in pairs and depth[a] < depth[b]]
    out: list[tuple[str, ...]] = list(chains)
    longer: list[tuple[str, ...]] = list(chains)
    while longer:
        longer = [(*c, b) for c in longer for a, b in chains if c[-1] == a]
        out.extend(longer)
    return tuple(out)


def describe(graph: CausalGraph) -> str:
    """One line a node, by role, with what it causes."""
    named = parts(graph.roles)
    lines = [f"Causal graph: {len(graph.nodes)} nodes, {len(graph.edges)} edges"]
    width = max(len(n) for n in graph.nodes)
    for node in graph.nodes:
        kind = named.get(node) or (
            "shock" if node in graph.shocks else "latent" if node in graph.latent else "common"
        )
        effects = ", ".join(graph.children(node)) or "-"
        head = f"  {kind:<10} {node:<{width}} -> "
        lines.append(textwrap.fill(head + effects, 100, subsequent_indent=" " * len(head)))
    return "\n".join(lines)


def _similar(nodes: Sequence[str], name: str) -> str:
    near = difflib.get_close_matches(str(name), sorted(nodes), n=3, cutoff=0.6)
    return f" (did you mean {' or '.join(map(repr, near))}?)" if near else ""


def _listed(values: Sequence[str]) -> str:
    return ", ".join(map(repr, values[:8])) + (", ..." if len(values) > 8 else "")


def _nodes(k: int) -> str:
    return "a node" if k == 1 else f"{k} nodes"
