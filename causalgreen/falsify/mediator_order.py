"""The order of mediators, reversed."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.effects.covariance import cluster_covariance
from causalgreen.falsify.finding import FAIL, NOT_APPLICABLE, PASS, WARN, Finding
from causalgreen.moments.solve import solve_paths
from causalgreen.moments.system import Layout

if TYPE_CHECKING:
    from causalgreen.falsify.case import Case

__all__ = ["check_order", "mediator_orders"]


def mediator_orders(case: Case) -> pd.DataFrame:
    """Every path under each causal order of each pair of mediator groups.

    Parameters
    ----------
    case : Case
        The study.

    Returns
    -------
    pandas.DataFrame
        Columns order, term, estimate, std_error, ``moved`` (from the study's estimate) and
        ``moved_error``. The paths through a group exclude the chain, which is its own term.
    """
    basis, context = case.basis, case.effects.context
    names = [g for g, _ in case.layout.groups]
    base = solve_paths(case.moments, case.layout, basis)
    rows = []
    for label, layout in _layouts(case.layout, names):
        solution = solve_paths(case.moments, layout, basis)
        for term in solution.terms.headline:
            j = solution.terms.headline.index(term)
            known = term in base.terms.headline
            k = base.terms.headline.index(term) if known else -1
            difference = solution.estimate[j] - (base.estimate[k] if known else 0.0)
            psi = np.column_stack([
                solution.influence[:, j],
                solution.influence[:, j] - (base.influence[:, k] if known else 0.0),
            ])  # fmt: skip
            V = cluster_covariance(psi, context.clusters, context.n_rows, context.n_parameters)
            error = np.sqrt(np.diag(V))
            rows.append((label, term, solution.estimate[j], error[0], difference, error[1]))
    columns = ["order", "term", "estimate", "std_error", "moved", "moved_error"]
    return pd.DataFrame(rows, columns=columns)


def _layouts(layout: Layout, names: list[str]) -> list[tuple[str, Layout]]:
    out = [("no arrow between mediators", replace(layout, layers=(tuple(names),)))]
    for a, b in combinations(names, 2):
        for first, second in ((a, b), (b, a)):
            rest = tuple(n for n in names if n not in (first, second))
            layers = ((*rest, first), (second,))
            out.append((f"{first} -> {second}", replace(layout, layers=layers)))
    return out


def check_order(case: Case) -> Finding:
    """Measure how much each path moves when the order of the mediators is reversed.

    Parameters
    ----------
    case : Case
        The study.

    Returns
    -------
    Finding
        Fails where a mediated path that differs from zero (Holm, 5 %) has the other sign, and
        differs from zero, under another order; warns where it moves by more than a quarter, or is
        no longer different from zero; passes otherwise. Data do not tell the order: the graph does.
    """
    from causalgreen.explain.multiple import holm

    name = "order of mediators"
    question = "How much does each path move when the order of the mediators is reversed?"
    if len(case.layout.groups) < 2:
        return Finding(name, question, NOT_APPLICABLE, "it takes two groups of mediators")
    table = mediator_orders(case)
    terms = [g for g, _ in case.layout.groups if g in case.effects.terms]
    tidy = case.effects.tidy().set_index("term").loc[terms]
    stands = tidy[holm(tidy["p_value"].to_numpy()) < 0.05]
    if stands.empty:
        reason = "no mediated path differs from zero (Holm, 5 %): there is nothing to move"
        return Finding(name, question, NOT_APPLICABLE, reason, table)
    mine = table[table["term"].isin(stands.index)]
    centre = mine["term"].map(stands["estimate"])
    share = (mine["moved"] / centre).abs()
    t = mine["estimate"] / mine["std_error"]
    flipped = mine[(t * np.sign(centre) < -1.96)]
    lost = mine[(t.abs() < 1.96) | (share > 0.25)]
    worst = mine.iloc[int(share.to_numpy().argmax())]
    told = (
        f"largest move: {worst['term']} by {worst['moved']:+.3g} (standard error "
        f"{worst['moved_error']:.2g}), {100 * share.max():.0f} % of itself, under {worst['order']}"
    )
    if len(flipped):
        return Finding(name, question, FAIL, f"{told}; the sign changes with the order", table)
    if len(lost):
        paths = ", ".join(dict.fromkeys(lost["term"]))
        return Finding(
            name, question, WARN, f"{told}; {paths} depends on the order, which data do not tell: "
            "report it under each", table,
        )  # fmt: skip
    return Finding(name, question, PASS, f"{told}; no path moves by more than a quarter", table)
