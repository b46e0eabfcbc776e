"""Open paths: which back-door path does an adjustment set leave open, and through whom.

Our own search, because a verdict should show the path and not only say that there is one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from causalgreen.graph.checks import adjacency, reach

__all__ = ["OpenPath", "backdoor_edges", "directed_path", "open_path"]

Edge = tuple[str, str]


@dataclass(frozen=True, slots=True)
class OpenPath:
    """A path that an adjustment set does not block.

    Attributes
    ----------
    nodes : tuple of str
        From an action to the outcome.
    arrows : tuple of str
        ``"->"`` or ``"<-"`` between neighbours; one fewer than nodes.
    colliders : tuple of str
        Nodes of the path at which two arrows meet: open because they, or something that they
        cause, are adjusted for.
    """

    nodes: tuple[str, ...]
    arrows: tuple[str, ...]
    colliders: tuple[str, ...] = ()

    def __str__(self) -> str:
        steps = (
            f" {arrow} {node}" for arrow, node in zip(self.arrows, self.nodes[1:], strict=True)
        )
        return self.nodes[0] + "".join(steps)


def backdoor_edges(edges: Iterable[Edge], actions: Collection[str]) -> tuple[Edge, ...]:
    """Edges of the back-door graph: those that do not leave an action."""
    return tuple(e for e in edges if e[0] not in actions)


def directed_path(edges: Iterable[Edge], start: str, end: str) -> tuple[str, ...] | None:
    """Shortest directed path, ties broken by name.

    Examples
    --------
    >>> directed_path([("a", "b"), ("b", "c")], "a", "c")
    ('a', 'b', 'c')
    """
    following = adjacency(edges)
    back: dict[str, str | None] = {start: None}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        if node == end and node != start:
            trail = [node]
            while (before := back[trail[-1]]) is not None:
                trail.append(before)
            return tuple(reversed(trail))
        for nxt in sorted(following.get(node, ())):
            if nxt not in back:
                back[nxt] = node
                queue.append(nxt)
    return None


def open_path(
    edges: Iterable[Edge], actions: Collection[str], outcome: str, given: Collection[str]
) -> OpenPath | None:
    """Shortest back-door path from any action to the outcome that ``given`` leaves open.

    A breadth-first search over (node, direction of arrival), that is Bayes ball: a node reached
    against its arrow passes the ball on both ways unless it is given; one reached along an arrow
    passes it on down unless it is given, and back up if it or a descendant is given. The
    shortest active walk is a path.

    Parameters
    ----------
    edges : iterable of (str, str)
        The whole graph; edges that leave an action are cut here.
    actions, outcome, given : names
        Joint action nodes, the outcome, the adjustment set.

    Examples
    --------
    >>> print(open_path([("u", "d"), ("u", "y"), ("d", "y")], ["d"], "y", []))
    d <- u -> y
    >>> open_path([("u", "d"), ("u", "y"), ("d", "y")], ["d"], "y", ["u"]) is None
    True
    >>> m_bias = [("u", "d"), ("u", "z"), ("v", "z"), ("v", "y"), ("d", "y")]
    >>> open_path(m_bias, ["d"], "y", ["z"]).colliders
    ('z',)
    """
    cut = backdoor_edges(edges, actions)
    turned = [(b, a) for a, b in cut]
    down, up = adjacency(cut), adjacency(turned)
    blocked = set(given)
    opened = blocked.union(*(reach(turned, g) for g in sorted(blocked)))
    State = tuple[str, bool]  # node, reached against its arrow (from a child)
    back: dict[State, State | None] = {(a, True): None for a in sorted(actions)}
    queue: deque[State] = deque(back)
    while queue:
        state = queue.popleft()
        node, climbed = state
        if node == outcome:
            return _trace(back, state)
        start = back[state] is None
        passes = start or node not in blocked
        steps: list[State] = []
        if (climbed and passes) or (not climbed and node in opened):
            steps += [(parent, True) for parent in sorted(up.get(node, ()))]
        if passes and not start:
            steps += [(child, False) for child in sorted(down.get(node, ()))]
        for step in steps:
            if step not in back:
                back[step] = state
                queue.append(step)
    return None


def _trace(
    back: dict[tuple[str, bool], tuple[str, bool] | None], end: tuple[str, bool]
) -> OpenPath:
    trail = [end]
    while (before := back[trail[-1]]) is not None:
        trail.append(before)
    trail.reverse()
    arrows = tuple("<-" if climbed else "->" for _, climbed in trail[1:])
    colliders = tuple(
        node
        for (node, _), into, out in zip(trail[1:], arrows, arrows[1:], strict=False)
        if into == "->" and out == "<-"
    )
    return OpenPath(tuple(node for node, _ in trail), arrows, colliders)
