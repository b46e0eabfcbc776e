"""The causal graph: immutable, checked, editable by making new ones."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from causalgreen.errors import GraphError
from causalgreen.graph import checks
from causalgreen.panel.roles import Roles, names

if TYPE_CHECKING:
    import networkx as nx
    from matplotlib.axes import Axes

__all__ = ["CausalGraph"]


@dataclass(frozen=True, slots=True, repr=False)
class CausalGraph:
    """A directed acyclic graph over the columns of a firm panel and what is not in it.

    Nodes and edges are kept as sorted tuples, so that two graphs with the same arrows are
    equal, hash equal, and print alike whatever the order in which they were drawn. A fresh
    networkx graph is made on request: no mutable state leaks out.

    Attributes
    ----------
    roles : Roles
        Which node plays which part. Every treatment, exposure, mediator, outcome, control and
        trait must be a node.
    nodes : tuple of str
        Node names: columns, then nodes that no column stands for.
    edges : tuple of (str, str)
        Arrows (cause, effect).
    latent : frozenset of str
        Nodes that no column measures.
    shocks : frozenset of str
        Latent common shocks (city-year, industry-year) that a fixed effect could absorb.

    Raises
    ------
    GraphError
        A cycle, an unknown node, a duplicated edge, a role that no node plays.

    Examples
    --------
    >>> roles = Roles.of(unit="firm", time="year", outcome="green", treatment="ai",
    ...                  mediators={"human_capital": "skilled"}, controls="size")
    >>> graph = CausalGraph(roles, ("ai", "green", "skilled", "size"),
    ...                     (("ai", "green"), ("ai", "skilled"), ("skilled", "green")))
    >>> graph = graph.add_edge("size", "ai").add_node("talent", latent=True, causes=["skilled"])
    >>> graph.parents("skilled")
    ('ai', 'talent')
    >>> graph.add_edge("green", "ai")
    Traceback (most recent call last):
        ...
    causalgreen.errors.GraphError: The graph has a cycle: ai -> green -> ai.
        what to do: drop or reverse ...
    """

    roles: Roles
    nodes: tuple[str, ...]
    edges: tuple[tuple[str, str], ...]
    latent: frozenset[str] = frozenset()
    shocks: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        checks.check_nodes(self.roles, self.nodes)
        order = checks.node_order(self.roles, self.nodes)
        checks.check_edges(order, self.edges)
        latent = frozenset(self.latent) | frozenset(self.shocks)
        checks.check_latent(self.roles, order, latent)
        rank = {name: i for i, name in enumerate(order)}
        edges = tuple(
            sorted(((a, b) for a, b in self.edges), key=lambda e: (rank[e[0]], rank[e[1]]))
        )
        checks.check_acyclic(order, edges)
        object.__setattr__(self, "nodes", order)
        object.__setattr__(self, "edges", edges)
        object.__setattr__(self, "latent", latent)
        object.__setattr__(self, "shocks", frozenset(self.shocks))

    # --- edits: each returns a new graph -------------------------------------------------

    def add_edge(self, cause: str, effect: str) -> CausalGraph:
        """Return a graph with one more arrow, ``cause -> effect``; both must be nodes.

        Parameters
        ----------
        cause, effect : str
            Nodes.

        Returns
        -------
        CausalGraph

        Raises
        ------
        GraphError
            If a node is unknown, the arrow is there already, or it would close a circle.
        """
        checks.known(self.nodes, cause, effect)
        return replace(self, edges=(*self.edges, (cause, effect)))

    def drop_edge(self, cause: str, effect: str) -> CausalGraph:
        """Return a graph without the arrow ``cause -> effect``, which must be there.

        Parameters
        ----------
        cause, effect : str
            Nodes.

        Returns
        -------
        CausalGraph

        Raises
        ------
        GraphError
            If there is no such arrow.
        """
        checks.known(self.nodes, cause, effect)
        checks.has_edge(self.edges, cause, effect)
        return replace(self, edges=tuple(e for e in self.edges if e != (cause, effect)))

    def reverse_edge(self, cause: str, effect: str) -> CausalGraph:
        """Return a graph in which the arrow ``cause -> effect`` points the other way.

        Parameters
        ----------
        cause, effect : str
            Nodes.

        Returns
        -------
        CausalGraph

        Raises
        ------
        GraphError
            If there is no such arrow, or the other direction would close a circle.
        """
        checks.known(self.nodes, cause, effect)
        checks.has_edge(self.edges, cause, effect)
        kept = tuple(e for e in self.edges if e != (cause, effect))
        return replace(self, edges=(*kept, (effect, cause)))

    def add_node(
        self,
        name: str,
        latent: bool = False,
        causes: str | Sequence[str] = (),
        *,
        caused_by: str | Sequence[str] = (),
        shock: bool = False,
    ) -> CausalGraph:
        """Return a graph with one more node.

        Parameters
        ----------
        name : str
            Its name.
        latent : bool
            Whether no column measures it.
        causes : str or sequence of str
            The nodes that it causes (arrows ``name -> node``).
        caused_by : str or sequence of str
            The nodes that cause it (arrows ``node -> name``).
        shock : bool
            Whether it is a latent common shock that a fixed effect could absorb.

        Returns
        -------
        CausalGraph

        Raises
        ------
        GraphError
            If there is a node of this name, or one that it is joined to is unknown.
        """
        if name in self.nodes:
            raise GraphError(
                f"The graph already has a node {name!r}.\n"
                "    what to do: use add_edge to give it more arrows, or choose another name"
            )
        effects, origins = names(causes), names(caused_by)
        checks.known(self.nodes, *effects, *origins)
        new = (*((name, b) for b in effects), *((a, name) for a in origins))
        return replace(
            self,
            nodes=(*self.nodes, name),
            edges=(*self.edges, *new),
            latent=self.latent | {name} if latent or shock else self.latent,
            shocks=self.shocks | {name} if shock else self.shocks,
        )

    def drop_node(self, name: str) -> CausalGraph:
        """Return a graph without the node and its arrows; a node with a role must stay.

        Parameters
        ----------
        name : str
            A node.

        Returns
        -------
        CausalGraph

        Raises
        ------
        GraphError
            If the node is unknown, or has a role.
        """
        checks.known(self.nodes, name)
        checks.check_droppable(self.roles, name)
        return replace(
            self,
            nodes=tuple(n for n in self.nodes if n != name),
            edges=tuple(e for e in self.edges if name not in e),
            latent=self.latent - {name},
            shocks=self.shocks - {name},
        )

    # --- questions -----------------------------------------------------------------------

    def parents(self, name: str) -> tuple[str, ...]:
        """Direct causes of a node, in node order.

        Parameters
        ----------
        name : str
            A node.

        Returns
        -------
        tuple of str
        """
        checks.known(self.nodes, name)
        return tuple(a for a, b in self.edges if b == name)

    def children(self, name: str) -> tuple[str, ...]:
        """Direct effects of a node, in node order.

        Parameters
        ----------
        name : str
            A node.

        Returns
        -------
        tuple of str
        """
        checks.known(self.nodes, name)
        return tuple(b for a, b in self.edges if a == name)

    def ancestors(self, name: str) -> frozenset[str]:
        """Every node from which a directed path leads to this one (itself excluded).

        Parameters
        ----------
        name : str
            A node.

        Returns
        -------
        frozenset of str
        """
        checks.known(self.nodes, name)
        return checks.reach(((b, a) for a, b in self.edges), name)

    def descendants(self, name: str) -> frozenset[str]:
        """Every node to which a directed path leads from this one (itself excluded).

        Parameters
        ----------
        name : str
            A node.

        Returns
        -------
        frozenset of str
        """
        checks.known(self.nodes, name)
        return checks.reach(self.edges, name)

    def mediator_order(self) -> tuple[tuple[str, ...], ...]:
        """Mediator groups in layers: a group comes after the groups whose columns move its own.

        A column moves another by an arrow, or through nodes that are no mediator, treatment,
        exposure or outcome (latent ones, say). Groups that move each other (a column of each
        moves a column of the other) cannot be ordered and share a layer.

        Examples
        --------
        >>> roles = Roles.of(unit="i", time="t", outcome="y", treatment="d",
        ...                  mediators={"restructuring": "m1", "human_capital": "m2"})
        >>> graph = CausalGraph(roles, ("d", "m1", "m2", "y"), (("d", "m2"), ("d", "y")))
        >>> graph.mediator_order()
        (('restructuring', 'human_capital'),)
        >>> graph.add_edge("m2", "m1").mediator_order()
        (('human_capital',), ('restructuring',))
        """
        return checks.group_layers(self.roles, self.edges)

    def mediator_chains(self) -> tuple[tuple[str, ...], ...]:
        """Directed chains of two or more mediator groups, such as (human capital, restructuring).

        Only chains that climb from an earlier layer of `mediator_order` to a later one.
        """
        return checks.group_chains(self.roles, self.edges)

    # --- other forms ---------------------------------------------------------------------

    @classmethod
    def from_networkx(
        cls, graph: nx.DiGraph, roles: Roles, latent: Iterable[str] = ()
    ) -> CausalGraph:
        """Take a networkx graph; node attributes ``latent``, ``observed``, ``shock`` are read.

        Parameters
        ----------
        graph : networkx.DiGraph
            Left as it is. A node is latent where ``latent=True``, ``observed=False`` (or
            ``"no"``), and a shock where ``shock=True``.
        roles : Roles
            Which node plays which part.
        latent : iterable of str
            Further latent nodes.

        Returns
        -------
        CausalGraph

        Raises
        ------
        GraphError
            If it has a circle, or lacks a node with a role.
        """
        from causalgreen.graph import formats

        return formats.from_networkx(cls, graph, roles, latent)

    @classmethod
    def from_gml(cls, text_or_path: str | Path, roles: Roles) -> CausalGraph:
        """Read GML, from a text or from the path of a file.

        Parameters
        ----------
        text_or_path : str or pathlib.Path
            GML.
        roles : Roles
            Which node plays which part, such as ``panel.roles``.

        Returns
        -------
        CausalGraph

        Raises
        ------
        GraphError
            If it cannot be read, has a circle, or lacks a node with a role.
        """
        from causalgreen.graph import formats

        return formats.from_gml(cls, text_or_path, roles)

    @classmethod
    def from_dot(cls, text_or_path: str | Path, roles: Roles) -> CausalGraph:
        """Read DOT or dagitty, from a text or a file; needs the optional package pydot.

        ``U [observed="no"]`` (DoWhy) and ``U [unobserved]`` or ``U [latent]`` (dagitty) mark
        latent nodes; ``a <-> b`` becomes a latent common cause.

        Parameters
        ----------
        text_or_path : str or pathlib.Path
            DOT or dagitty.
        roles : Roles
            Which node plays which part, such as ``panel.roles``.

        Returns
        -------
        CausalGraph

        Raises
        ------
        GraphError
            If it cannot be read, has a circle, or lacks a node with a role.
        """
        from causalgreen.graph import formats

        return formats.from_dot(cls, text_or_path, roles)

    def to_networkx(self) -> nx.DiGraph:
        """Make a fresh networkx graph with the node attributes ``role``, ``observed``, ``shock``.

        Examples
        --------
        >>> roles = Roles.of(unit="i", time="t", outcome="y", treatment="d")
        >>> graph = CausalGraph(roles, ("d", "y"), (("d", "y"),))
        >>> CausalGraph.from_networkx(graph.to_networkx(), roles) == graph
        True
        """
        from causalgreen.graph import formats

        return formats.to_networkx(self)

    def to_gml(self) -> str:
        """Write the graph as GML text."""
        from causalgreen.graph import formats

        return formats.to_gml(self)

    def to_dot(self) -> str:
        """Write the graph as DOT text (latent nodes dashed, ``observed="no"``)."""
        from causalgreen.graph import formats

        return formats.to_dot(self)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the graph, causes on the left, outcome on the right, one colour per path.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; default: a new figure.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from causalgreen.graph import drawing

        return drawing.draw(self, ax=ax)

    # --- words ---------------------------------------------------------------------------

    def __str__(self) -> str:
        return checks.describe(self)

    def __repr__(self) -> str:
        return (
            f"CausalGraph({len(self.nodes)} nodes, {len(self.edges)} edges, "
            f"{len(self.latent)} latent)"
        )

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"
