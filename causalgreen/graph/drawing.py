"""Drawing a causal graph so that a person can read it: four paths in colour, the rest pale."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from causalgreen.fonts import families
from causalgreen.graph.layout import Box, Layout, arrange, bend
from causalgreen.graph.verdicts import ASSUMPTION, IDENTIFIED, NOT_IDENTIFIED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.font_manager import FontProperties

    from causalgreen.graph.causal_graph import CausalGraph

# Okabe and Ito's palette: told apart by colour-blind readers
BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
VERMILION, SKY, YELLOW = "#D55E00", "#56B4E9", "#F0E442"
DARK, PALE, GREY = "#333333", "#D9D9D9", "#8C8C8C"
GROUPS = (GREEN, PURPLE, VERMILION, SKY, YELLOW)
VERDICTS = {
    IDENTIFIED: (BLUE, "solid"),
    ASSUMPTION: (ORANGE, (0, (6, 2))),
    NOT_IDENTIFIED: (VERMILION, (0, (1.5, 1.5))),
}


def draw(
    graph: CausalGraph, ax: Axes | None = None, verdicts: Mapping[str, str] | None = None
) -> Axes:
    """Draw a graph; with ``verdicts`` (term to verdict) its paths take the verdicts' colours."""
    import matplotlib.pyplot as plt

    plan = arrange(graph)
    if ax is None:
        _, ax = plt.subplots(
            figsize=(max(plan.width, 6), max(plan.height, 3)), layout="constrained"
        )
    font = _font((*(box.label for box in plan.boxes), *(g for g, _ in graph.roles.groups)))
    patches = {box.key: _draw_box(ax, box, _fill(graph, box), font) for box in plan.boxes}
    styles = {edge: _style(graph, plan, edge, verdicts) for edge in plan.edges}
    for edge, style in sorted(styles.items(), key=lambda item: item[1]["zorder"]):
        _draw_edge(ax, plan, edge, patches, style)
    ax.set_xlim(0, plan.width)
    ax.set_ylim(plan.bottom, plan.bottom + plan.height)
    ax.set_aspect("equal")
    ax.axis("off")
    _legend(ax, graph, verdicts, font)
    return ax


def _font(labels: Iterable[str]) -> FontProperties:
    """Font of all labels; one with Chinese characters if a label needs it and one is installed."""
    from matplotlib.font_manager import FontProperties

    return FontProperties(family=families(labels))


def _group_colours(graph: CausalGraph) -> dict[str, str]:
    return {name: GROUPS[i % len(GROUPS)] for i, (name, _) in enumerate(graph.roles.groups)}


def _fill(graph: CausalGraph, box: Box) -> str:
    """Colour of a box; pale grey for what is only adjusted for, white for the latent."""
    roles = graph.roles
    if box.key in roles.treatments:
        return BLUE
    if box.key in roles.exposures:
        return ORANGE
    if box.key == roles.outcome:
        return DARK
    for name, columns in roles.groups:
        if box.key in columns:
            return _group_colours(graph)[name]
    return "white" if box.latent else "#EFEFEF"


def _draw_box(ax: Axes, box: Box, fill: str, font: FontProperties) -> Any:
    from matplotlib.patches import FancyBboxPatch

    quiet = fill in ("white", "#EFEFEF")
    patch = FancyBboxPatch(
        (box.x - box.w / 2 + 0.06, box.y - box.h / 2 + 0.06),
        box.w - 0.12,
        box.h - 0.12,
        boxstyle="round,pad=0.06",
        facecolor=fill,
        edgecolor=GREY if quiet else fill,
        linestyle=(0, (3, 2)) if box.latent else "solid",
        linewidth=1.0,
        zorder=5,
    )
    ax.add_patch(patch)
    dark = fill in (BLUE, DARK, GREEN, VERMILION)
    ax.text(
        box.x,
        box.y,
        box.label,
        ha="center",
        va="center",
        fontproperties=font,
        fontsize=9.5,
        color="white" if dark else "black",
        fontstyle="italic" if box.latent else "normal",
        zorder=6,
    )
    return patch


def _terms(graph: CausalGraph, edge: tuple[str, str]) -> str | None:
    """Path by whose colour an arrow goes; None for arrows that are on no path."""
    roles = graph.roles
    group = {m: name for name, columns in roles.groups for m in columns}
    a, b = edge
    if a in roles.treatments and b == roles.outcome:
        return "direct"
    if a in roles.exposures and (b == roles.outcome or b in group):
        return "spillover"
    if a in roles.treatments and b in group:
        return group[b]
    if a in group and b == roles.outcome:
        return group[a]
    if a in group and b in group:
        return group[b] if group[a] == group[b] else f"{group[a]} -> {group[b]}"
    return None


def _style(
    graph: CausalGraph,
    plan: Layout,
    edge: tuple[str, str],
    verdicts: Mapping[str, str] | None,
) -> dict[str, Any]:
    term = _terms(graph, edge)
    if term is None:
        named = {box.key for box in plan.boxes if box.core}
        if edge[0] in named and edge[1] in named:  # peer adoption and the like
            return {"color": GREY, "linewidth": 1.2, "linestyle": "solid", "zorder": 2}
        return {"color": PALE, "linewidth": 0.7, "linestyle": "solid", "zorder": 1}
    if verdicts is not None:
        colour, line = VERDICTS[
            verdicts.get(term, verdicts.get(term.split(" -> ")[-1], ASSUMPTION))
        ]
        return {"color": colour, "linewidth": 2.2, "linestyle": line, "zorder": 3}
    colours = {"direct": BLUE, "spillover": ORANGE, **_group_colours(graph)}
    colour = colours.get(term, DARK)
    return {"color": colour, "linewidth": 2.2, "linestyle": "solid", "zorder": 3}


def _draw_edge(
    ax: Axes,
    plan: Layout,
    edge: tuple[str, str],
    patches: Mapping[str, Any],
    style: Mapping[str, Any],
) -> None:
    from matplotlib.patches import FancyArrowPatch

    a, b = plan.box(edge[0]), plan.box(edge[1])
    # It begins below its opaque box. As an artist: limits are set, and need not be looked for.
    ax.add_artist(
        FancyArrowPatch(
            (a.x, a.y),
            (b.x, b.y),
            patchB=patches[b.key],
            connectionstyle=f"arc3,rad={bend(plan, a, b)}",
            arrowstyle="-|>",
            mutation_scale=8 + 2.5 * style["linewidth"],
            shrinkA=0,
            shrinkB=2,
            **style,
        )
    )


def _legend(
    ax: Axes, graph: CausalGraph, verdicts: Mapping[str, str] | None, font: FontProperties
) -> None:
    from matplotlib.lines import Line2D

    rows: list[tuple[str, str, Any]]
    if verdicts is not None:
        used = [v for v in VERDICTS if v in verdicts.values()]
        rows = [(v, *VERDICTS[v]) for v in used]
    else:
        rows = [("direct", BLUE, "solid")]
        rows += [(name, colour, "solid") for name, colour in _group_colours(graph).items()]
        rows += [("spillover", ORANGE, "solid")] if graph.roles.exposures else []
        if graph.mediator_chains():
            rows.append(("chain of mediators", DARK, "solid"))
    handles = [Line2D([], [], color=c, linestyle=ls, linewidth=2.2, label=t) for t, c, ls in rows]
    handles.append(Line2D([], [], color=PALE, linewidth=1.2, label="other causes"))
    small = font.copy()
    small.set_size(9)
    ax.legend(
        handles=handles,
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        ncols=min(len(handles), 7),
        frameon=False,
        handlelength=2.6,
        prop=small,
    )
