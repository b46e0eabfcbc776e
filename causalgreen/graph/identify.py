"""Which of the paths does the graph identify, given what the estimator adjusts for."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from causalgreen.errors import GraphError, IdentificationError
from causalgreen.graph import checks
from causalgreen.graph.causal_graph import CausalGraph
from causalgreen.graph.identification import Identification, PathVerdict
from causalgreen.graph.legs import RESERVED, Answer, answer, path_legs
from causalgreen.graph.separation import directed_path
from causalgreen.graph.verdicts import ASSUMPTION, IDENTIFIED
from causalgreen.graph.wording import (
    Setting,
    assumptions,
    is_mediated,
    join,
    reason,
    remedy,
    worst_of,
)

__all__ = ["identify"]

KINDS = ("within", "first_difference", "mundlak", "none")


def identify(
    graph: CausalGraph,
    *,
    absorbed: Collection[str],
    fixed_effects: str = "within",
    adjusted: Sequence[str] | None = None,
) -> Identification:
    """Give every path a verdict, through DoWhy and d-separation.

    The estimator behind it regresses Y on D, E, M and each mediator on D, E (and the mediators
    of earlier layers), all with one adjustment set W: controls, traits, and what the fixed
    effects absorb. A path is made of legs, each a joint back-door question: {D, E} -> Y for
    ``own_total``, ``spillover`` and ``overall``; {D, E} -> M and {D, E, M} -> Y for the direct
    and the mediated paths. Only average and controlled effects are asked for.

    Parameters
    ----------
    graph : CausalGraph
        The causal graph, with roles.
    absorbed : collection of str
        Nodes that the fixed effects remove, such as ``{"firm_effect", "year", "city_shock"}``;
        names that are not in the graph are noted, not refused.
    fixed_effects : str
        ``"within"``, ``"first_difference"``, ``"mundlak"`` or ``"none"``: decides the wording of
        what absorbing assumes.
    adjusted : sequence of str, optional
        Columns that the estimator adjusts for; controls and traits by default.

    Returns
    -------
    Identification
        *identified*: no back-door path is open. *needs an assumption*: open only through shocks
        (or firm effect, year) that are not absorbed; direct and mediated paths always, since
        sequential ignorability is delivered by no design. *not identified*: a path stays open.

    Raises
    ------
    IdentificationError
        Something that is adjusted for is moved by a treatment, exposure, mediator or the
        outcome; an exposure is moved by the firm's own treatment.
    GraphError
        Unknown names.

    Examples
    --------
    >>> from causalgreen.graph import green_innovation_graph
    >>> from causalgreen.panel.roles import Roles
    >>> roles = Roles.of(unit="firm", time="year", outcome="green", treatment="ai",
    ...                  mediators={"human_capital": "skilled"}, controls="size")
    >>> graph = green_innovation_graph(roles)
    >>> graph = graph.add_node("talent", latent=True, causes=["skilled", "green"])
    >>> effects = {"firm_effect", "year", "city_shock", "industry_shock"}
    >>> identify(graph, absorbed=effects)["human_capital"].open_path
    'skilled <- talent -> green'
    """
    setting, outside = _setting(graph, absorbed, fixed_effects, adjusted)
    _refuse_bad_controls(setting)
    _refuse_bad_exposures(graph)
    legs = path_legs(graph)
    given = (*setting.columns, *setting.absorbed)
    unique = dict.fromkeys(leg for path in legs.values() for leg in path)
    answers = {leg: answer(graph, leg, given) for leg in unique}
    verdicts = tuple(
        _verdict(setting, term, [answers[leg] for leg in path]) for term, path in legs.items()
    )
    notes = (*_notes(graph), *_unordered(graph), *_outside(outside))
    return Identification(graph, verdicts, notes)


def _setting(
    graph: CausalGraph, absorbed: Collection[str], kind: str, adjusted: Sequence[str] | None
) -> tuple[Setting, tuple[str, ...]]:
    roles = graph.roles
    if kind not in KINDS:
        raise GraphError(
            f"Unknown kind of fixed effects {kind!r}.\n    what to do: choose one of {KINDS}"
        )
    taken = [name for name, _ in roles.groups if name in RESERVED or " -> " in name]
    if taken:
        raise GraphError(
            f"Mediator group(s) {', '.join(map(repr, taken))} bear the name of a path.\n"
            "    what to do: give the group another name"
        )
    columns = (*roles.controls, *roles.traits) if adjusted is None else tuple(adjusted)
    checks.known(graph.nodes, *columns)
    hidden = sorted(set(columns) & graph.latent)
    targets = sorted(set(columns) & set(roles.targets))
    if hidden or targets:
        raise IdentificationError(
            f"Cannot adjust for {join(hidden + targets)}: latent, or itself a treatment, exposure, "
            "mediator or outcome.\n    what to do: adjust for columns that are measured and have "
            "no other part"
        )
    names = {absorbed} if isinstance(absorbed, str) else set(absorbed)
    inside = names & set(graph.nodes) - set(columns)
    return (
        Setting(graph, tuple(sorted(set(columns))), tuple(sorted(inside)), kind),
        tuple(sorted(names - set(graph.nodes))),
    )


def _refuse_bad_controls(setting: Setting) -> None:
    """Refuse everything adjusted for that a treatment, mediator, exposure or the outcome moves."""
    graph = setting.graph
    roles = graph.roles
    sources = (*roles.treatments, *roles.exposures, *roles.mediators, roles.outcome)
    rows = []
    for column in (*setting.columns, *setting.absorbed):
        above = graph.ancestors(column)
        source = next((s for s in sources if s in above), None)
        if source is not None:
            path = directed_path(graph.edges, source, column)
            rows.append(f"  {column}: {' -> '.join(path or ())}")
    if not rows:
        return
    head = "1 bad control" if len(rows) == 1 else f"{len(rows)} bad controls"
    raise IdentificationError(
        f"The graph has {head}: adjusting for what the treatment moves removes part of the effect "
        "and can open new paths.\n" + "\n".join(rows) + "\n    what to do: use its lag or its "
        "baseline value (as a node without that arrow), drop it from the controls, or make it a "
        "mediator; if the arrow is drawn wrongly, drop_edge"
    )


def _refuse_bad_exposures(graph: CausalGraph) -> None:
    roles = graph.roles
    own = (*roles.treatments, *roles.mediators, roles.outcome)
    paths = [
        path
        for exposure in roles.exposures
        for source in own
        if (path := directed_path(graph.edges, source, exposure)) is not None
    ]
    if paths:
        rows = "\n".join("  " + " -> ".join(path) for path in paths)
        raise IdentificationError(
            f"The firm's own columns move its exposure:\n{rows}\n    what to do: leave the firm "
            "itself out of its peers' mean, use the peers' lag, or drop or reverse the edge"
        )


def _verdict(setting: Setting, term: str, answers: list[Answer]) -> PathVerdict:
    worst = worst_of(answers)
    verdict = worst.verdict
    if verdict == IDENTIFIED and is_mediated(term) and setting.graph.roles.mediators:
        verdict = ASSUMPTION
    needed = sorted({n for a in answers for n in a.needed})
    return PathVerdict(
        term=term,
        verdict=verdict,
        adjustment=setting.columns,
        absorbed=setting.absorbed,
        assumptions=assumptions(setting, term, needed),
        open_path=str(worst.path) if worst.path else None,
        reason=reason(setting, term, answers),
        remedy=remedy(setting, term, answers),
    )


def _notes(graph: CausalGraph) -> tuple[str, ...]:
    """Effects that the graph makes zero: reported, and estimated as a check, not refused."""
    roles = graph.roles
    out = []
    for d in (*roles.treatments, *roles.exposures):
        below = graph.descendants(d)
        if roles.outcome not in below:
            out.append(
                f"the graph has no directed path from {d} to {roles.outcome}: its effect is zero "
                "by the graph, and an estimate away from zero speaks against the graph"
            )
    moved = set().union(*(graph.descendants(d) for d in roles.treatments))
    for m in roles.mediators:
        if m not in moved:
            out.append(
                f"no treatment moves the mediator {m} in the graph: its part of the path is zero "
                "by the graph"
            )
        if roles.outcome not in graph.descendants(m):
            out.append(
                f"the mediator {m} does not move {roles.outcome} in the graph: its part of the "
                "path is zero by the graph"
            )
    return tuple(out)


def _unordered(graph: CausalGraph) -> tuple[str, ...]:
    """Groups that move each other: their numbers hold the chains between them."""
    out = []
    for groups, links in checks.mutual_groups(graph.roles, graph.edges):
        shown = ", ".join(f"{a} moves {b}" for a, b in links[:4])
        shown += f" and {len(links) - 4} more" if len(links) > 4 else ""
        out.append(
            f"mediator groups {join(groups)} move each other ({shown}) and cannot be ordered: no "
            "chain between them is told apart, and the number of each contains what reaches it "
            "through the other"
        )
    return tuple(out)


def _outside(names: Sequence[str]) -> tuple[str, ...]:
    if not names:
        return ()
    return (f"absorbed, but not in the graph, and so of no use to it: {join(names)}",)
