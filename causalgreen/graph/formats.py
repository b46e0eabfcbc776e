"""Graphs from and to networkx, GML and DOT."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causalgreen.errors import GraphError
from causalgreen.graph.checks import parts
from causalgreen.panel.roles import Roles, names

if TYPE_CHECKING:
    import networkx as nx

    from causalgreen.graph.causal_graph import CausalGraph

_NO = frozenset({"no", "false", "0", "n", "unobserved", "latent"})


def from_networkx(
    cls: type[CausalGraph], graph: nx.DiGraph, roles: Roles, latent: Iterable[str]
) -> CausalGraph:
    """Read nodes, edges and what their attributes say of latency."""
    if not graph.is_directed():
        raise GraphError(
            "The networkx graph is undirected: a causal graph needs arrows.\n"
            "    what to do: pass a networkx.DiGraph"
        )
    hidden, shocks = set(names(latent) if isinstance(latent, str) else latent), set()  # type: ignore[var-annotated]
    for node, marks in graph.nodes(data=True):
        if _true(marks.get("shock", False)):
            shocks.add(str(node))
        if _true(marks.get("latent", False)) or not _true(marks.get("observed", True)):
            hidden.add(str(node))
        if _true(marks.get("unobserved", False)):
            hidden.add(str(node))
    return cls(
        roles,
        tuple(str(n) for n in graph.nodes),
        tuple((str(a), str(b)) for a, b in graph.edges()),
        frozenset(hidden),
        frozenset(shocks),
    )


def to_networkx(graph: CausalGraph) -> nx.DiGraph:
    """Make a fresh networkx graph, attributes included."""
    import networkx as nx

    named = parts(graph.roles)
    out = nx.DiGraph()
    for node in graph.nodes:
        out.add_node(
            node,
            role=named.get(node, ""),
            observed=node not in graph.latent,
            shock=node in graph.shocks,
        )
    out.add_edges_from(graph.edges)
    return out


def from_gml(cls: type[CausalGraph], source: str | Path, roles: Roles) -> CausalGraph:
    """Parse GML."""
    import networkx as nx

    text = _read(source, r"graph\s*\[", "GML")
    try:
        graph = nx.parse_gml(text)
    except (nx.NetworkXError, ValueError) as error:
        raise GraphError(
            f"The text is not a GML graph: {error}.\n"
            "    what to do: write it with to_gml, or check node ids and labels"
        ) from error
    if not graph.is_directed():
        raise GraphError(
            "The GML graph is undirected.\n    what to do: put 'directed 1' after 'graph ['"
        )
    if graph.is_multigraph():
        graph = nx.DiGraph(graph)
    return from_networkx(cls, graph, roles, ())


def to_gml(graph: CausalGraph) -> str:
    """Write GML; networkx escapes names that are not ASCII."""
    import networkx as nx

    plain = to_networkx(graph)
    for _, marks in plain.nodes(data=True):
        marks["observed"], marks["shock"] = int(marks["observed"]), int(marks["shock"])
    return "\n".join(nx.generate_gml(plain)) + "\n"


def from_dot(cls: type[CausalGraph], source: str | Path, roles: Roles) -> CausalGraph:
    """Parse DOT or dagitty through pydot."""
    try:
        import pydot
    except ImportError as error:
        raise GraphError(
            "Reading DOT needs the package pydot, which is not installed.\n"
            '    what to do: pip install "causalgreen[files]" (or pydot), or use from_gml or '
            "from_networkx"
        ) from error
    import networkx as nx

    text = _read(source, r"(graph|dag)\b[^{]*\{", "DOT")
    text, mutual = _from_dagitty(text)
    try:
        found = pydot.graph_from_dot_data(text)
    except Exception as error:  # pydot raises whatever its parser raises
        raise _not_dot(str(error)) from error
    if not found:
        raise _not_dot("pydot finds no graph in it")
    drawn = found[0]
    if drawn.get_type() != "digraph":
        raise GraphError(
            "The DOT graph is undirected.\n    what to do: write 'digraph {...}' and '->'"
        )
    plain = nx.DiGraph()
    _collect(drawn, plain)
    for a, b in mutual:
        name = f"U_{a}_{b}"
        plain.add_node(name, latent=True)
        plain.add_edges_from([(name, a), (name, b)])
    return from_networkx(cls, plain, roles, ())


def to_dot(graph: CausalGraph) -> str:
    """Write DOT by hand: no package is needed for that."""
    named = parts(graph.roles)
    lines = ["digraph {", "  rankdir=LR;"]
    for node in graph.nodes:
        marks = [f'role="{named[node]}"'] if node in named else []
        if node in graph.latent:
            marks += ['observed="no"', "style=dashed"]
        if node in graph.shocks:
            marks.append('shock="yes"')
        lines.append(f"  {_quote(node)}" + (f" [{', '.join(marks)}]" if marks else "") + ";")
    lines += [f"  {_quote(a)} -> {_quote(b)};" for a, b in graph.edges]
    return "\n".join([*lines, "}"]) + "\n"


def _not_dot(why: str) -> GraphError:
    return GraphError(
        f"The text is not a DOT graph: {why}.\n"
        "    what to do: write arrows as 'a -> b', and names with spaces or dots in double quotes"
    )


def _read(source: str | Path, pattern: str, kind: str) -> str:
    if isinstance(source, str) and re.search(pattern, source):
        return source
    path = Path(source)
    if isinstance(source, str) and (len(source) > 1000 or "\n" in source):
        raise GraphError(
            f"The text is not a {kind} graph: it has no 'graph' block.\n"
            f"    what to do: pass {kind} text, or the path of a {kind} file"
        )
    if not path.is_file():
        raise GraphError(
            f"No {kind} file at {os.fspath(path)!r}, and this is no {kind} text either.\n"
            f"    what to do: check the path, or pass the text of the graph"
        )
    return path.read_text(encoding="utf-8")


def _true(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().strip("\"'").lower() not in _NO
    return bool(value)


def _quote(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _unquote(name: str) -> str:
    if len(name) > 1 and name[0] == name[-1] == '"':
        return name[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return name


def _from_dagitty(text: str) -> tuple[str, list[tuple[str, str]]]:
    """Turn dagitty's own marks into DOT; return the pairs joined by ``<->`` apart."""
    text = re.sub(r"^\s*dag\b[^{]*\{", "digraph {", text)
    text = re.sub(r"\[\s*(?:unobserved|latent)\b[^\]]*\]", '[observed="no"]', text)
    text = re.sub(r"\[\s*(?:exposure|outcome|adjusted|selected)\b[^\]]*\]", "", text)
    name = r'("(?:[^"\\]|\\.)*"|[^\s;{}\[\]<>"=-]+)'
    mutual = [(_unquote(a), _unquote(b)) for a, b in re.findall(rf"{name}\s*<->\s*{name}", text)]
    text = re.sub(rf"{name}\s*<->\s*{name}", r"\1; \2", text)
    return re.sub(rf"{name}\s*<-(?!>)\s*{name}", r"\2 -> \1", text), mutual


def _collect(drawn: Any, plain: nx.DiGraph) -> None:
    """Copy nodes and edges of a pydot graph, subgraphs and ``a -> {b c}`` included."""
    for node in drawn.get_nodes():
        label = _unquote(node.get_name())
        # default attributes and stray line ends are nodes to pydot
        if label in {"node", "edge", "graph"} or not label.replace("\\n", "").strip():
            continue
        plain.add_node(label, **{k: _unquote(str(v)) for k, v in node.get_attributes().items()})
    for edge in drawn.get_edges():
        for a in _ends(edge.get_source()):
            plain.add_edges_from((a, b) for b in _ends(edge.get_destination()))
    for inner in drawn.get_subgraphs():
        _collect(inner, plain)


def _ends(end: Any) -> list[str]:
    if isinstance(end, str):
        return [_unquote(end)]
    inside = (
        end.get("nodes", {}) if hasattr(end, "get") else {n.get_name(): n for n in end.get_nodes()}
    )
    return [_unquote(n) for n in inside]
