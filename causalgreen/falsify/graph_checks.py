"""The graph's claim that some nodes are unrelated, put to the data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.effects.bootstrap import multiplier_draws
from causalgreen.falsify.equations import Asked, average_coefficients
from causalgreen.falsify.finding import FAIL, NOT_APPLICABLE, PASS, WARN, Finding, Verdict
from causalgreen.falsify.graph_relearn import is_stiff, relearnt
from causalgreen.falsify.sensitivity_legs import fit_leg
from causalgreen.falsify.verdicts import BLIND
from causalgreen.graph.legs import absorbable
from causalgreen.moments.system import Equation

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from causalgreen.effects.context import Context
    from causalgreen.effects.effects import Effects
    from causalgreen.falsify.case import Case
    from causalgreen.graph.causal_graph import CausalGraph

__all__ = ["Implication", "check", "implications", "independence_table"]


@dataclass(frozen=True, slots=True)
class Implication:
    """A pair that the graph says is unrelated.

    Attributes
    ----------
    first, second : str
        The pair; the first comes later in causal order.
    given : tuple of str
        Other targets that are held fixed, beside controls, traits and absorbed effects.
    assumed : tuple of str
        Shocks that nothing removes, and that have to be assumed away for the graph to say so.
    """

    first: str
    second: str
    given: tuple[str, ...]
    assumed: tuple[str, ...] = ()

    def __str__(self) -> str:
        held = f" | {', '.join(self.given)}" if self.given else ""
        return f"{self.first} _||_ {self.second}{held}"


def implications(graph: CausalGraph, absorbed: frozenset[str]) -> tuple[Implication, ...]:
    """Conditional independences among treatments, exposures, mediators and outcome.

    For every pair without an arrow: the smallest set of other targets, parents of the pair first,
    that separates the two in the graph, given controls, traits and absorbed effects.

    Parameters
    ----------
    graph : CausalGraph
        The graph.
    absorbed : frozenset of str
        Nodes that the fixed effects remove.

    Returns
    -------
    tuple of Implication

    Examples
    --------
    >>> from causalgreen.graph import CausalGraph
    >>> from causalgreen.panel.roles import Roles
    >>> roles = Roles.of(unit="i", time="t", outcome="y", treatment="d", mediators={"a": "m"})
    >>> chain = CausalGraph(roles, ("d", "m", "y"), (("d", "m"), ("m", "y")))
    >>> [str(i) for i in implications(chain, frozenset())]
    ['y _||_ d | m']
    """
    import networkx as nx

    roles = graph.roles
    adjusted = ({*roles.controls, *roles.traits} | absorbed) & set(graph.nodes)
    loose = tuple(sorted(absorbable(graph) - adjusted - set(roles.targets)))
    whole = nx.DiGraph()
    whole.add_nodes_from(graph.nodes)
    whole.add_edges_from(graph.edges)
    calm = whole.copy()
    calm.remove_nodes_from(loose)
    rank = {n: i for i, n in enumerate(nx.lexicographical_topological_sort(whole, key=str))}
    out = []
    for a, b in combinations(roles.targets, 2):
        if whole.has_edge(a, b) or whole.has_edge(b, a):
            continue
        first, second = (a, b) if rank[a] > rank[b] else (b, a)
        for dag, assumed in ((whole, ()), (calm, loose)):
            given = _separating(dag, first, second, adjusted, roles.targets)
            if given is not None:
                out.append(Implication(first, second, given, assumed))
                break
    return tuple(out)


def _separating(  # type: ignore[no-untyped-def]
    dag, first: str, second: str, adjusted: set[str], targets: tuple[str, ...]
) -> tuple[str, ...] | None:
    """Targets that separate a pair: its parents if these do, else the smallest set."""
    import networkx as nx

    others = tuple(t for t in targets if t not in (first, second))
    parents = tuple(t for t in others if dag.has_edge(t, first) or dag.has_edge(t, second))
    tried = [parents, *(s for k in range(len(others) + 1) for s in combinations(others, k))]
    base = {n for n in adjusted if n in dag} - {first, second}
    for given in tried:
        if nx.is_d_separator(dag, {first}, {second}, base | set(given)):
            return given
    return None


def independence_table(
    case: Case, wanted: tuple[Implication, ...] | None = None, draws: int = 4999
) -> pd.DataFrame:
    """Test each implied independence on the study's residuals.

    The first of the pair is regressed on the second and on what is held fixed, with coefficients
    that vary with the traits as the study's do (else heterogeneous effects would look like
    dependence). The t-test is clustered; beside it stands a randomization test that flips the
    sign of whole clusters' scores.

    Parameters
    ----------
    case : Case
        The study.
    wanted : tuple of Implication, optional
        Default: all that the study's graph implies.
    draws : int
        Sign flips.

    Returns
    -------
    pandas.DataFrame
        One row for each: pair, given, partial correlation, t, ``p_value`` and ``p_flips``,
        ``p_holm`` (of the larger of the two), ``detectable``: the partial correlation that would be
        found with a power of 80 % at 5 %.
    """
    from causalgreen.explain.multiple import holm

    wanted = implications(case.graph, _absorbed(case)) if wanted is None else wanted
    place = {n: i for i, n in enumerate(case.layout.names)}
    rows = []
    for i in wanted:
        equation = Equation(place[i.first], tuple(place[n] for n in (i.second, *i.given)))
        effects = average_coefficients(case, [Asked(str(i), equation, (place[i.second],))])
        rows.append(_row(case, i, equation, effects, draws))
    table = pd.DataFrame(rows, columns=[
        "pair", "given", "correlation", "statistic", "p_value", "p_flips", "detectable", "assumed",
    ])  # fmt: skip
    table.insert(6, "p_holm", holm(table[["p_value", "p_flips"]].max(axis=1).to_numpy(float)))
    return table


def _row(
    case: Case, i: Implication, equation: Equation, effects: Effects, draws: int
) -> tuple[object, ...]:
    from scipy.stats import t

    line = effects.tidy().iloc[0]
    leg = fit_leg(case.moments, equation, case.basis)
    pick = np.zeros(leg.coefficients.shape)
    pick[0, 0] = 1.0
    # Partial correlation: the coefficient in units of the two residual standard deviations.
    unit = 1 / leg.reach(pick).scale
    r = line["estimate"] * unit
    errors = multiplier_draws(effects.influence, effects.context.clusters[0], draws, case.seed)
    flips = (1 + int((np.abs(errors[:, 0]) >= abs(line["estimate"])).sum())) / (1 + draws)
    margin = t.ppf(0.975, effects.df) + t.ppf(0.8, effects.df)
    return (
        f"{i.first} and {i.second}", ", ".join(i.given), float(r / np.sqrt(1 + r * r)),
        float(line["statistic"]), float(line["p_value"]), flips,
        float(margin * line["std_error"] * unit), ", ".join(i.assumed),
    )  # fmt: skip


def _absorbed(case: Case) -> frozenset[str]:
    return frozenset(case.identification.verdicts[0].absorbed)


def check(case: Case) -> Finding:
    """Test whether nodes that the graph holds unrelated are unrelated in the data.

    Parameters
    ----------
    case : Case
        The study.

    Returns
    -------
    Finding
        Fails where an implied independence is rejected (Holm, 5 %), and names the pair whose
        violation is largest: the arrow that is missing there, or a common cause, is what to doubt
        first. What the linear learner rejects is tested again on residuals of the default learner;
        where it is then not rejected, the misfit is what to doubt, and it warns. Warns, too, where
        the sample could only have seen large dependence, or all that is rejected needs shocks to be
        assumed away. Sees linear dependence of residuals only.
    """
    name = "graph: implied independences"
    question = "Are nodes that the graph holds unrelated also unrelated in the data?"
    table = independence_table(case)
    if table.empty:
        reason = (
            "the graph implies no independence among treatments, exposures, mediators and outcome "
            "given what is adjusted for, so that nothing in it can be tested. It needs a pair "
            "without an arrow, and without a latent common cause"
        )
        return Finding(name, question, NOT_APPLICABLE, reason)
    verdict, reason = _judge(table, _relearnt(case, table))
    draw = partial(_draw, table, case.effects.context)
    return Finding(name, question, verdict, reason, table, draw)


def _draw(table: pd.DataFrame, context: Context) -> Figure:
    from causalgreen.falsify.graph_plot import plot_independences

    return plot_independences(table, context)


def _relearnt(case: Case, table: pd.DataFrame) -> np.ndarray | None:
    """Holm p-values on residuals of the default learner; None where there is no need for them."""
    broken = np.flatnonzero(table["p_holm"] < 0.05)
    if not len(broken) or not is_stiff(case):
        return None
    wanted = implications(case.graph, _absorbed(case))
    names = [n for k in broken for n in (wanted[k].first, wanted[k].second, *wanted[k].given)]
    return independence_table(relearnt(case, names), wanted)["p_holm"].to_numpy(dtype=np.float64)


def _told(row: pd.Series, among: int) -> str:
    held = f" given {row['given']}" if row["given"] else ""
    return (
        f"{row['pair']}{held}: partial correlation {row['correlation']:.3f}, "
        f"p = {row['p_holm']:.3g} (Holm over {among})"
    )


def _largest(table: pd.DataFrame) -> pd.Series:
    return table.iloc[int(table["statistic"].abs().to_numpy().argmax())]


def _judge(table: pd.DataFrame, again: np.ndarray | None = None) -> tuple[Verdict, str]:
    broken, blind = table["p_holm"].to_numpy() < 0.05, table["detectable"].max()
    if broken.any():
        firm = broken if again is None else broken & (again < 0.05)
        return _rejected(table, broken, firm, again)
    told = _told(_largest(table), len(table))
    if blind > BLIND:
        return WARN, (
            f"none of {len(table)} rejected, but partial correlations up to {blind:.2f} would "
            f"often have been missed (80 % power); largest: {told}"
        )
    return PASS, (
        f"none of {len(table)} implied independences rejected; partial correlations of "
        f"{blind:.2f} would have been found with a power of 80 %; largest: {told}"
    )


def _rejected(
    table: pd.DataFrame, broken: np.ndarray, firm: np.ndarray, again: np.ndarray | None
) -> tuple[Verdict, str]:
    """Verdict where something is rejected; ``firm``: by residuals of the default learner, too."""
    count = f"{int(broken.sum())} of {len(table)} implied independences rejected"
    if again is not None and not firm.any():
        return WARN, (
            f"{count} on residuals of the linear learner, and none of these on residuals of the "
            f"default learner (Holm p {again[broken].min():.2g}). Doubt first that the linear "
            f"learner fits: {_told(_largest(table[broken]), len(table))}"
        )
    sure = firm & (table["assumed"] == "").to_numpy()
    row = _largest(table[sure if sure.any() else firm])
    shocks = f", or {row['assumed']} that nothing removes" if row["assumed"] else ""
    also = "" if again is None else ", on residuals of the default learner as well"
    return FAIL if sure.any() else WARN, (
        f"{count}{also}. Doubt first that there is no arrow and no common cause between "
        f"{_told(row, len(table))}. An arrow is missing there, a latent common cause{shocks}, or "
        "the relation to what is held fixed is not as modelled"
    )
