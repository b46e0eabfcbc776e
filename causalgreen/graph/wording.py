"""Assumptions, reasons and remedies in plain words, with the names of the columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from causalgreen.graph.causal_graph import CausalGraph
from causalgreen.graph.checks import parts, reach
from causalgreen.graph.legs import OVERALL, SPILLOVER, TOTAL, Answer
from causalgreen.graph.separation import OpenPath
from causalgreen.graph.template import FIRM, YEAR
from causalgreen.graph.verdicts import ASSUMPTION, IDENTIFIED, NOT_IDENTIFIED

__all__ = ["Setting", "assumptions", "reason", "remedy"]


@dataclass(frozen=True, slots=True)
class Setting:
    """What the estimator adjusts for: columns, absorbed nodes, kind of fixed effects."""

    graph: CausalGraph
    columns: tuple[str, ...]
    absorbed: tuple[str, ...]
    kind: str

    @property
    def causes(self) -> str:
        """Treatments and exposures in a row, joined by 'or'."""
        return join((*self.graph.roles.treatments, *self.graph.roles.exposures), "or")


def join(names: Sequence[str], last: str = "and", most: int = 6) -> str:
    """Names in a row; long rows are counted.

    Examples
    --------
    >>> join(["a", "b", "c"])
    'a, b and c'
    """
    if len(names) > most:
        return f"{', '.join(names[:3])} {last} {len(names) - 3} more"
    return f" {last} ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def is_mediated(term: str) -> bool:
    """Whether a path needs mediator and outcome to be unconfounded."""
    return term not in (SPILLOVER, TOTAL, OVERALL)


def assumptions(setting: Setting, term: str, needed: Sequence[str]) -> tuple[str, ...]:
    """Sentences that the causal reading of a path needs: common ones first."""
    roles = setting.graph.roles
    own, peers, y = join(roles.treatments), join(roles.exposures), roles.outcome
    given = "; and ".join(filter(None, [join(setting.columns), _absorbing(setting)]))
    out = [
        f"conditional exogeneity: the graph holds everything that moves {y} (or a mediator) "
        f"together with {setting.causes}; nothing is left given {given or 'nothing'}",
        *_fixed_effects(setting),
        f"exposure mapping: a firm is touched by other firms' {own} only through {peers}"
        if peers
        else f"no interference: other firms' {own} does not move a firm's {y}",
        f"linear in units: one more unit of {setting.causes} has the same average effect at "
        "every level; columns adjusted for may act in any shape",
    ]
    if roles.traits:
        out.append(
            f"linear in traits: where coefficients vary with {join(roles.traits)} they do so "
            "linearly"
        )
    out.append(_no_carry_over(setting))
    if needed:
        out.append(_no_shock(setting, needed))
    if is_mediated(term) and roles.mediators:
        out += _mediation(setting)
    if term == OVERALL:
        out.append(f"common unit: one more unit of {own} everywhere is one more unit of {peers}")
    return tuple(out)


def _mediation(setting: Setting) -> list[str]:
    """What direct and mediated paths need besides; the outcome leg is joint in all mediators."""
    roles = setting.graph.roles
    m, y, causes = join(roles.mediators, "or"), roles.outcome, setting.causes
    out = [
        "sequential ignorability: given treatments, exposures and all that is adjusted for, "
        f"no unobserved cause that varies over time moves both {m} and {y}, and no treatment "
        "moves such a cause",
        f"no interaction: the effect of {m} on {y} does not depend on {causes}",
        _no_hidden_heterogeneity(setting),
    ]
    past = {"within": "in any year", "first_difference": "last year"}
    if FIRM in setting.absorbed and setting.kind in past:
        out.append(
            f"strict exogeneity of mediators: what is unexplained in {y} {past[setting.kind]} "
            f"moves no later {m}"
        )
    return out


def _no_hidden_heterogeneity(setting: Setting) -> str:
    roles = setting.graph.roles
    own, m = join(roles.treatments), join(roles.mediators, "or")
    more, equal = "more", "the product of averages is the average of products"
    if roles.traits:
        more += f" than their {join(roles.traits)} say"
        equal = f"given {join(roles.traits)}, {equal}"
    return (
        f"no hidden heterogeneity: firms in which {own} moves {m} {more} are not those in which "
        f"{m} does more for {roles.outcome}; {equal}"
    )


def _no_carry_over(setting: Setting) -> str:
    roles = setting.graph.roles
    moving = join((*roles.treatments, *roles.exposures, *roles.mediators), "or", most=12)
    return (
        f"no carry-over: last period's {moving} does not act on this period's variables, except "
        "through what is in the graph"
    )


def _absorbing(setting: Setting) -> str:
    return f"the absorbed {join(setting.absorbed)}" if setting.absorbed else ""


def _fixed_effects(setting: Setting) -> list[str]:
    y, causes = setting.graph.roles.outcome, setting.causes
    out = []
    if setting.absorbed:
        out.append(
            f"additive effects: {join(setting.absorbed)} shift the level of {y} and of everything "
            "else in the system by an additive term, so that absorbing removes them"
        )
    strict = {
        "within": f"strict exogeneity (within): what is unexplained in {y} in a year is unrelated "
        f"to the firm's {causes} in every year, earlier and later; past {y} moves no later "
        f"{causes}",
        "first_difference": f"strict exogeneity (first differences): the change in what is "
        f"unexplained in {y} is unrelated to {causes} in both years; last year's {y} moves no "
        f"{causes} of this year",
        "mundlak": f"strict exogeneity (Mundlak): given firm means of the columns, the firm "
        f"effect is unrelated to {causes}, and what is unexplained in {y} is unrelated to them "
        "in every year",
    }
    if FIRM in setting.absorbed and setting.kind in strict:
        out.append(strict[setting.kind])
    return out


def _no_shock(setting: Setting, needed: Sequence[str]) -> str:
    roles = setting.graph.roles
    return (
        f"no common shock: once the rest is adjusted for, {join(needed, 'or')} moves at most "
        f"one of {join(roles.targets, 'and', most=12)}"
    )


def reason(setting: Setting, term: str, answers: Sequence[Answer]) -> str:
    """Why a path has its verdict."""
    worst = worst_of(answers)
    leg = worst.leg
    what = f"from {join(leg.actions)} to {leg.outcome}"
    if worst.verdict == NOT_IDENTIFIED:
        return _failure(setting, worst, what)
    seq = (
        "sequential ignorability is an assumption that neither fixed effects nor a randomised "
        "treatment delivers"
        if setting.graph.roles.mediators and is_mediated(term)
        else ""
    )
    if worst.verdict == ASSUMPTION:
        needed = sorted({n for a in answers for n in a.needed})
        shown = f"back-door paths are open, only through {join(needed)}, which nothing here removes"
        return shown + (f"; and {seq}" if seq else "")
    blocked = "no back-door path is open"
    if setting.columns or setting.absorbed:
        blocked = "what is adjusted for and absorbed blocks every back-door path"
    return f"{blocked} in the graph; but {seq}" if seq else f"{blocked} {what}"


def _failure(setting: Setting, worst: Answer, what: str) -> str:
    if worst.path is None:
        return f"DoWhy finds no set of the adjusted columns that blocks the back-door paths {what}"
    who = culprits(setting, worst.path)
    if len(worst.path.nodes) == 2:
        return f"{worst.leg.outcome} causes {worst.path.nodes[0]}, not the other way round"
    if not who:
        bad = join(worst.path.colliders)
        return f"adjusting for {bad} (or what it causes) opens a path {what}: a collider"
    hidden = [n for n in who if n in setting.graph.latent]
    kind = "unobserved" if hidden else "not adjusted for"
    return f"{join(hidden or who)} is {kind} and leaves a back-door path {what} open"


def culprits(setting: Setting, path: OpenPath) -> tuple[str, ...]:
    """Nodes whose adjustment would block the path; none where a collider is what opens it."""
    if path.colliders:
        return ()
    return path.nodes[1:-1]


def remedy(setting: Setting, term: str, answers: Sequence[Answer]) -> str:
    """What to do about a verdict; empty where it is good or where nothing can be done."""
    worst = worst_of(answers)
    if worst.verdict == IDENTIFIED:
        return ""
    if worst.verdict == ASSUMPTION:
        return _absorb(setting, sorted({n for a in answers for n in a.needed}))
    total = "" if term in (TOTAL, OVERALL) else "; own_total does not need this step"
    if worst.path is None:
        return f"measure and adjust for what is unobserved{total}"
    if worst.sufficient is not None:
        given = {*setting.columns, *setting.absorbed}
        extra = sorted(given - set(worst.sufficient))
        return f"do not adjust for {join(extra)}: without it the path is closed"
    if len(worst.path.nodes) == 2:
        return f"use the lag of {worst.leg.outcome}, or reverse the edge if it is drawn wrongly"
    return _measure(setting, worst, total)


def _measure(setting: Setting, worst: Answer, total: str) -> str:
    graph = setting.graph
    assert worst.path is not None
    who = [n for n in worst.path.nodes[1:-1] if n not in worst.path.colliders]
    who = [n for n in who if n not in setting.columns and n not in setting.absorbed]
    onward = [(a, b) for a, b in graph.edges if b not in worst.leg.actions]
    below = {a: reach(onward, a) for a in worst.leg.actions}
    induced = [n for n in who if any(n in b for b in below.values())]
    movers = [a for a, b in below.items() if any(n in b for n in induced)]
    named = parts(graph.roles)
    if induced:
        return (
            f"{join(induced)} is moved by {join(movers)}, so no adjustment helps: make it a "
            f"mediator of its own if it is measured, or drop the edge that you can rule out{total}"
        )
    hidden = [n for n in who if n in graph.latent]
    if hidden:
        return (
            f"measure {join(hidden)} (or a column that takes its place) and adjust for it, or "
            "draw it as a shock and absorb it if it is common to a cell such as city and year"
            f"{total}"
        )
    loose = [n for n in who if n not in named]
    if loose:
        return f"add {join(loose)} to the controls: it is observed but not adjusted for"
    return f"{join(who)} causes the treatment: use its lag as a control{total}"


def _absorb(setting: Setting, needed: Sequence[str]) -> str:
    time = setting.graph.roles.time
    shocks = [n for n in needed if n not in (FIRM, YEAR)]
    out = []
    if FIRM in needed:
        out.append("remove the firm effect (fixed effects 'within' or 'first_difference')")
    if YEAR in needed:
        out.append("absorb the year (time effects)")
    if shocks:
        cells = [f'"{n.removesuffix("_shock")}^{time}"' for n in shocks]
        out.append(
            f"absorb {join(cells)} if {setting.causes} still varies inside such cells; else argue "
            f"that {join(shocks, 'or')} moves only one side"
        )
    return "; ".join(out)


def worst_of(answers: Sequence[Answer]) -> Answer:
    """Worst answer; the first of equals."""
    rank = {IDENTIFIED: 0, ASSUMPTION: 1, NOT_IDENTIFIED: 2}
    return max(answers, key=lambda a: rank[a.verdict])
