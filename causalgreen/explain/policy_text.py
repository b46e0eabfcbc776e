"""Policies in words."""

from __future__ import annotations

from html import escape
from textwrap import fill
from typing import TYPE_CHECKING

import pandas as pd

from causalgreen.explain.policy_value import BEST, RANDOM
from causalgreen.explain.result_text import p_words, shown
from causalgreen.explain.style import label, sample

if TYPE_CHECKING:
    from causalgreen.explain.policy import Policy

__all__ = ["decision", "policy_html", "policy_text", "uniform", "verdict"]


def uniform(policy: Policy) -> str:
    """That the tree is a uniform policy, where it is one in every step; else nothing."""
    share = policy.steps["share"]
    if (share > 1 - 1e-9).all():
        return "the tree treats everyone: nothing to compare"
    return "the tree treats no one: nothing to compare" if (share < 1e-9).all() else ""


def verdict(policy: Policy) -> str:
    """The finding in one sentence."""
    tests = policy.tests.set_index("comparison").to_dict("index")
    if same := uniform(policy):
        return f"No evidence that context matters for whom to treat: {same}."
    best, luck = tests[BEST], tests[f"tree minus {RANDOM}"]
    if policy.context_matters:
        return (
            f"Context matters: following the tree is worth {best['estimate']:.4g} more per firm "
            f"than the best uniform policy (95 % interval {best['conf_low']:.4g} to "
            f"{best['conf_high']:.4g}, {p_words(best['p_value'])}, one-sided)."
        )
    again = (
        f" It does choose better than chance: {luck['estimate']:.4g} more per firm than treating "
        f"as many at random ({p_words(luck['p_value'])})." if luck["p_value"] < 0.05 else ""
    )  # fmt: skip
    return (
        "No evidence that context matters for whom to treat: on firms it has not seen, the tree is "
        f"not shown to beat the best uniform policy (difference {best['estimate']:.4g} per firm, "
        f"95 % interval {best['conf_low']:.4g} to {best['conf_high']:.4g}, "
        f"{p_words(best['p_value'])}, one-sided).{again}"
    )


def _head(policy: Policy) -> list[str]:
    c = policy.context
    limit = "none" if policy.budget is None else f"{100 * policy.budget:.3g} % of firms"
    return [
        f"Whom to treat: tree of depth {policy.depth} on {', '.join(policy.traits)}",
        f"estimand: value per firm of a policy, the average over firms of treatment times "
        f"({label(policy.term)} effect minus cost), one unit of {c.treatment} each",
        f"unit: units of {c.outcome} per firm; cost {policy.cost:.4g} (units of {c.outcome} per "
        f"unit of {c.treatment}); budget: {limit}",
        f"population: {c.population}",
        f"{sample(c)}; judged: {policy.table['n_firms'].iloc[0]:,} firms in "
        f"{policy.table['n_clusters'].iloc[0]:,} clusters, by trees that had not seen them",
        verdict(policy),
    ]


def _numbers(table: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    return shown(table[names])


def decision(share: float) -> str:
    """What to do with the firms of a leaf."""
    if share in (0.0, 1.0):
        return "treat" if share else "do not treat"
    return f"treat {100 * share:.0f} %"


def _decided(rules: pd.DataFrame) -> pd.DataFrame:
    return rules.assign(treat=rules["treat"].map(decision))


def _different(tests: pd.DataFrame) -> pd.DataFrame:
    """Comparisons of policies that are not the same: 0 [0, 0] with p = 1 is no finding."""
    return tests[(tests["estimate"] != 0) | (tests["std_error"] > 0)]


def _tables(policy: Policy) -> list[tuple[str, pd.DataFrame]]:
    order = ["estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]
    return [
        (
            "Value per firm, on held-out clusters (treating none is zero by definition)",
            _numbers(policy.table, ["group", "share", *order]),
        ),
        (
            "Differences (p-values one-sided: small where the tree is better)",
            _numbers(_different(policy.tests), ["comparison", *order]),
        ),
        (
            "Tree learnt from all firms (estimate: average effect of the leaf, from the same "
            "firms, flattering)",
            _numbers(
                _decided(policy.rules),
                ["rule", "treat", "n_firms", "n_clusters", "share", "estimate"],
            ),
        ),
    ]


TAIL = (
    "statistic adds up the steps' normal scores, and is not estimate/std_error; p-values are those "
    "of the statistic",
    "the value belongs to learning a tree in this way, not to the last tree alone, which has seen "
    "all firms and cannot be judged on them",
    "it may not be concluded that the traits in the rules are what causes effects to differ: other "
    "traits that go with them may",
)


def policy_text(policy: Policy) -> str:
    """Estimand, verdict, values, differences, rules, notes."""
    out = [fill(line, 98, subsequent_indent="  ") for line in _head(policy)]
    for title, table in _tables(policy):
        out += ["", title, table.to_string(index=False)]
    notes = [f"note: {note}" for note in (*policy.notes, *TAIL)]
    return "\n".join([*out, "", *(fill(note, 98, subsequent_indent="  ") for note in notes)])


def policy_html(policy: Policy) -> str:
    """The same for notebooks."""
    first, *rest = _head(policy)
    lines = "".join(f"<div>{escape(line)}</div>" for line in rest)
    tables = "".join(
        f"<p><b>{escape(title)}</b></p>{table.to_html(index=False, border=0)}"
        for title, table in _tables(policy)
    )
    notes = "".join(f"<div><i>note: {escape(n)}</i></div>" for n in (*policy.notes, *TAIL))
    return f"<div><b>{escape(first)}</b>{lines}{tables}{notes}</div>"
