"""Where the boxes of a drawn graph stand: columns by role, stacks inside them, in inches."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from causalgreen.graph.checks import parts

if TYPE_CHECKING:
    from causalgreen.graph.causal_graph import CausalGraph

HEIGHT, STEP, GAP = 0.36, 0.56, 1.15
COLLAPSE = 6  # more controls (or traits, or causes) than this share one box
BENDS = (0.0, 0.12, -0.12, 0.22, -0.22, 0.34, -0.34, 0.46, -0.46, 0.6, -0.6)


@dataclass(frozen=True, slots=True)
class Box:
    """A box: what it stands for, its label, its centre and size; ``core`` if on a path."""

    key: str
    label: str
    x: float
    y: float
    w: float
    latent: bool = False
    core: bool = False
    h: float = HEIGHT


@dataclass(frozen=True, slots=True)
class Layout:
    """Boxes and arrows of a drawing, and the size that they need."""

    boxes: tuple[Box, ...]
    edges: tuple[tuple[str, str], ...]
    width: float
    bottom: float
    height: float

    def box(self, key: str) -> Box:
        """The box of a node."""
        return next(b for b in self.boxes if b.key == key)


@dataclass(frozen=True, slots=True)
class _Item:
    key: str
    label: str
    latent: bool = False


def arrange(graph: CausalGraph) -> Layout:
    """Place all boxes: causes, controls, own and peers' treatments, mediators, outcome."""
    merged, items = _collapsed(graph)
    core = set(graph.roles.targets)
    boxes: list[Box] = []
    left = 0.25
    for stack in _columns(graph, items):
        if not stack:
            continue
        width = max(_width(item.label) + shift for item, shift, _ in stack)
        first = max(_width(item.label) for item, _, _ in stack) / 2
        for item, shift, y in stack:
            w = _width(item.label)
            x = left + first + shift
            boxes.append(Box(item.key, item.label, x, y, w, item.latent, item.key in core))
        left += width + GAP
    edges = {(merged.get(a, a), merged.get(b, b)) for a, b in graph.edges}
    low = min(b.y for b in boxes) - 0.5
    high = max(b.y for b in boxes) + 0.5
    kept = tuple(sorted((a, b) for a, b in edges if a != b))
    return Layout(tuple(boxes), kept, left - GAP + 0.25, low, high - low)


def _collapsed(graph: CausalGraph) -> tuple[dict[str, str], dict[str, list[_Item]]]:
    """Items by kind (cause, control, trait), with long rows of one kind in one box."""
    named = parts(graph.roles)
    kinds: dict[str, list[str]] = {"control": [], "trait": [], "latent": [], "other": []}
    for node in graph.nodes:
        part = named.get(node, "latent" if node in graph.latent else "other")
        if part in kinds:
            kinds[part].append(node)
    plural = {"control": "controls", "trait": "traits", "latent": "latent", "other": "other"}
    merged: dict[str, str] = {}
    items: dict[str, list[_Item]] = {}
    for kind, members in kinds.items():
        hidden = kind == "latent"
        if len(members) > COLLAPSE:
            key = f"{plural[kind]}\0"  # cannot be the name of a column
            merged |= dict.fromkeys(members, key)
            items[kind] = [_Item(key, f"{plural[kind]} ({len(members)})", hidden)]
        else:
            items[kind] = [_Item(m, m, hidden) for m in members]
    return merged, items


Stack = list[tuple[_Item, float, float]]  # item, shift to the right, height


def _columns(graph: CausalGraph, items: dict[str, list[_Item]]) -> list[Stack]:
    """Stacks from left to right; the direct path runs at height 0, mediators above, peers below."""
    roles = graph.roles
    named = dict(roles.groups)
    own = _stack([_Item(d, d) for d in roles.treatments])
    top = max(y for *_, y in own)
    peers = _stack([_Item(e, e) for e in roles.exposures], STEP * 1.3)
    drop = min(y for *_, y in own) - 2.2 * STEP - max([y for *_, y in peers], default=0.0)
    columns = [_stack(items["latent"] + items["other"]), _stack(items["control"] + items["trait"])]
    columns += [[(item, 0.0, y + drop) for item, _, y in peers], own]
    layers = [
        [_Item(m, m) for group in layer for m in named[group]] for layer in graph.mediator_order()
    ]
    left = sum(len(layer) for layer in layers)
    for layer in layers:
        # a staircase down to the right: arrows from below left and to the right stay clear of it
        stairs = range(len(layer))
        columns.append(
            [
                (m, 0.75 * i, top + (left - i + 0.9) * STEP * 1.25)
                for i, m in zip(stairs, layer, strict=True)
            ]
        )
        left -= len(layer)
    columns.append([(_Item(roles.outcome, roles.outcome), 0.0, 0.0)])
    return columns


def _stack(items: Sequence[_Item], step: float = STEP) -> Stack:
    start = (len(items) - 1) * step / 2
    return [(item, 0.0, start - i * step) for i, item in enumerate(items)]


def _width(label: str) -> float:
    """Width of a box in inches at 9.5 points; Chinese characters are twice as wide."""
    wide = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in label)
    return 0.085 * wide + 0.24


def bend(plan: Layout, a: Box, b: Box) -> float:
    """Curvature (matplotlib's ``arc3``) at which an arrow runs behind the fewest boxes."""
    others = [box for box in plan.boxes if box.key not in (a.key, b.key)]

    def hits(rad: float) -> int:
        cx = (a.x + b.x) / 2 + rad * (b.y - a.y)
        cy = (a.y + b.y) / 2 - rad * (b.x - a.x)
        count = 0
        for i in range(1, 40):
            t = i / 40
            x = (1 - t) ** 2 * a.x + 2 * t * (1 - t) * cx + t**2 * b.x
            y = (1 - t) ** 2 * a.y + 2 * t * (1 - t) * cy + t**2 * b.y
            count += sum(
                abs(x - o.x) < o.w / 2 + 0.05 and abs(y - o.y) < o.h / 2 + 0.05 for o in others
            )
        return count

    if not (a.core and b.core) and a.x != b.x:
        return 0.0
    return min(BENDS, key=lambda rad: (hits(rad), abs(rad), -rad))
