"""Whom to treat: a shallow tree, and what following it is worth to firms it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from causalgreen.effects.context import Context
from causalgreen.errors import DesignError
from causalgreen.explain.grouping import LEAST_CLUSTERS, trait_column
from causalgreen.explain.policy_value import BEST, Judged, judge, tables
from causalgreen.explain.policy_words import Wording
from causalgreen.explain.scores import Scores
from causalgreen.panel.traits import TraitCode
from causalgreen.surface.policy_tree import PolicyRule, learn_rule, learn_within

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from causalgreen.explain.explanation import Explanation

__all__ = ["Policy", "policy"]

LEAF_SHARE, LEAST_FIRMS, DEEPEST, LEVEL = 0.05, 10, 4, 0.05


@dataclass(frozen=True, slots=True, repr=False)
class Policy:
    """A rule for choosing firms, and its value per firm.

    Attributes
    ----------
    term : str
        Path whose effect is the gain.
    cost : float
        Units of outcome per unit of treatment.
    budget : float or None
        Largest share of firms treated.
    depth : int
        Largest depth of the tree.
    traits : tuple of str
        What the tree may ask for.
    rule : PolicyRule
        Tree learnt from all firms.
    wording : Wording
        Names of the columns that ``rule`` asks for.
    rules : pandas.DataFrame
        Its leaves: rule, treat (share of its firms), n_firms, n_clusters, share, estimate (average
        effect, from the firms that the tree was learnt from, and flattering for that reason).
    table, tests, steps : pandas.DataFrame
        Values of the policies on held-out clusters; differences between them; the steps.
    context : Context
        Who is behind the numbers.
    notes : tuple of str
        What a reader should know.

    Examples
    --------
    >>> import causalgreen as cg
    >>> df, _ = cg.simulate_panel(n_firms=200, n_years=5, seed=0)
    >>> panel = cg.Panel.from_frame(
    ...     df, unit="firm", time="year", outcome="green_patents", treatment="ai",
    ...     traits=["size", "urban"], controls=["leverage", "roa_lag"], cluster="firm")
    >>> study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear())
    >>> found = study.explain(study.surface(cg.linear_surface())).policy(cost=0.5)
    >>> list(found.tidy()["group"])
    ['tree', 'all', 'none', 'random at the same share']
    """

    term: str
    cost: float
    budget: float | None
    depth: int
    traits: tuple[str, ...]
    rule: PolicyRule
    wording: Wording
    rules: pd.DataFrame
    table: pd.DataFrame
    tests: pd.DataFrame
    steps: pd.DataFrame
    context: Context
    notes: tuple[str, ...]

    @property
    def context_matters(self) -> bool:
        """Whether the tree is better than every uniform policy, at 5 % (one-sided)."""
        best = self.tests["comparison"] == BEST
        return bool((self.tests.loc[best, "p_value"] < LEVEL).all())

    def assign(self, firms: pd.DataFrame) -> pd.Series:
        """What the final tree does with each of the firms.

        Parameters
        ----------
        firms : pandas.DataFrame, shape (n, at least k)
            Traits of firms, all traits of the panel.

        Returns
        -------
        pandas.Series
            1: treat; 0: do not; between, where the budget ends: treat with this probability.
        """
        X = self.wording.code.encode(firms)[:, list(self.wording.columns)]
        return pd.Series(self.rule(X), index=firms.index, name="treat")

    def tidy(self) -> pd.DataFrame:
        """Value per firm of each policy, one row each."""
        return self.table.copy()

    def plot(self) -> Figure:
        """The tree, and the value of following it beside the other policies."""
        from causalgreen.explain.policy_plot import plot_policy

        return plot_policy(self)

    def __str__(self) -> str:
        from causalgreen.explain.policy_text import policy_text

        return policy_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from causalgreen.explain.policy_text import policy_html

        return policy_html(self)


def policy(
    explanation: Explanation, cost: float, budget: float | None, term: str, depth: int,
    traits: Sequence[str] | None,
) -> Policy:  # fmt: skip
    """Learn a policy tree, and value it on clusters that it has not seen.

    At every step of `held_out.sequence` a tree is learnt from the debiased effects of the firms
    learnt from, and valued with those of the next clusters.

    Parameters
    ----------
    explanation : Explanation
        Surface and its held-out steps.
    cost : float
        Cost of treating a firm, in units of the outcome per unit of treatment.
    budget : float or None
        Largest share of firms treated.
    term : str
        Path whose effect is the gain.
    depth : int
        Largest depth, 1 to 4.
    traits : sequence of str or None
        What the tree may ask for; default: all traits.

    Returns
    -------
    Policy

    Raises
    ------
    DesignError
        If a setting is out of range, or a trait unknown.
    EstimationError
        If there are too few clusters to learn from some and judge on others.

    References
    ----------
    Athey and Wager (2021), Policy learning with observational data, Econometrica 89(1), doi
    10.3982/ECTA15732; Wager (2024), Sequential validation of treatment heterogeneity, arXiv
    2405.05534.
    """
    _check(cost, budget, depth)
    whole, code = explanation.scores, explanation.surface.problem.code
    names = _traits(whole, code, traits)
    columns = tuple(c for c, k in enumerate(code.source) if code.traits[k] in names)
    wording = Wording.of(code, columns, whole.X)
    settings = _Settings(float(cost), None if budget is None else float(budget), depth, columns)
    judged, rows = [], []
    for k, step in enumerate(explanation.held_out, 1):
        rule = settings.learn(step.train_scores, term)
        chosen = rule(step.test_scores.X[:, list(columns)])
        judged.append(judge(step.test_scores, term, settings.cost, chosen, settings.budget))
        rows.append(_step_row(k, rule, wording, step.train_scores, judged[-1]))
    table, tests = tables(judged, term)
    final = settings.learn(whole, term)
    rules = rules_table(final, wording, whole, term)
    return Policy(
        term, settings.cost, settings.budget, depth, names, final, wording, rules, table, tests,
        pd.DataFrame(rows), whole.context, _notes(settings, table, rules, whole, names),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Settings:
    cost: float
    budget: float | None
    depth: int
    columns: tuple[int, ...]

    def learn(self, scores: Scores, term: str) -> PolicyRule:
        """Tree learnt from the debiased effects of some firms."""
        X = scores.X[:, list(self.columns)]
        reward = scores.value[:, scores.terms.index(term)] - self.cost
        least = max(int(np.ceil(LEAF_SHARE * scores.n)), LEAST_FIRMS)
        if self.budget is None or self.budget >= 1:
            return learn_rule(X, reward, scores.share, self.depth, least)
        return learn_within(X, reward, scores.share, self.depth, least, self.budget)


def _check(cost: Any, budget: Any, depth: Any) -> None:
    number = (int, float, np.number)
    if isinstance(cost, bool) or not isinstance(cost, number) or not np.isfinite(cost):
        raise DesignError(
            f"cost={cost!r}: give a number, in units of the outcome per unit of treatment"
        )
    if budget is not None and (
        isinstance(budget, bool) or not isinstance(budget, number) or not 0 < budget <= 1
    ):
        raise DesignError(
            f"budget={budget!r}: give the largest share of firms treated, in (0, 1], or None"
        )
    if (
        isinstance(depth, bool)
        or not isinstance(depth, (int, np.integer))
        or not 1 <= depth <= DEEPEST
    ):
        raise DesignError(
            f"depth={depth!r}: give a whole number from 1 to {DEEPEST}; deeper trees cannot be "
            "read, and hold in new clusters less often"
        )


def _traits(scores: Scores, code: TraitCode, traits: Sequence[str] | None) -> tuple[str, ...]:
    if traits is None:
        return code.traits
    wanted = (traits,) if isinstance(traits, str) else tuple(traits)
    if not wanted:
        raise DesignError("traits=[]: name at least one trait that the tree may ask for, or None")
    for trait in wanted:
        trait_column(scores, trait)
    return tuple(str(t) for t in dict.fromkeys(wanted))


def rules_table(rule: PolicyRule, wording: Wording, scores: Scores, term: str) -> pd.DataFrame:
    """Leaves of a tree among some firms, from left to right."""
    leaf = rule.leaf(scores.X[:, list(wording.columns)])
    value = scores.value[:, scores.terms.index(term)]
    rows = []
    for node, path in rule.leaves():
        mine = leaf == node
        share = float(scores.share[mine].sum())
        rows.append(
            {
                "rule": wording.conditions(path),
                "treat": float(rule.treat[node]),
                "n_firms": int(mine.sum()),
                "n_clusters": len(np.unique(scores.home[mine])),
                "share": share,
                "estimate": float(scores.share[mine] @ value[mine]) / share,
            }
        )
    return pd.DataFrame(rows)


def _step_row(
    k: int, rule: PolicyRule, wording: Wording, train: Scores, judged: Judged
) -> dict[str, Any]:
    treats = [
        f"{wording.conditions(path)}{_part(rule.treat[node])}"
        for node, path in rule.leaves()
        if rule.treat[node] > 0
    ]
    return {
        "step": k,
        "n_learnt_from": train.n,
        "n_judged": judged.n_firms,
        "n_clusters_judged": judged.n_clusters,
        "treats": "; or ".join(treats) or "nobody",
        "share": judged.share,
        "value": float(judged.values.estimate[0]),
    }


def _part(share: float) -> str:
    return "" if share == 1 else f" ({100 * share:.0f} % of them)"


def _notes(
    settings: _Settings, table: pd.DataFrame, rules: pd.DataFrame, scores: Scores,
    names: Sequence[str],
) -> tuple[str, ...]:  # fmt: skip
    notes = [
        "the tree is grown split by split (greedily): a better tree of this depth may exist where "
        "two traits matter only together",
    ]
    realised = float(table["share"].iloc[0])
    if settings.budget is not None and settings.budget < 1:
        notes.append(
            f"budget {100 * settings.budget:.3g} % of firms, kept among the firms learnt from; "
            f"among those judged the tree treats {100 * realised:.3g} %. Treating all is over "
            "budget: the tree's rival is a random choice of firms as far as the budget goes"
        )
    few = rules[rules["n_clusters"] < LEAST_CLUSTERS]
    notes += [
        f"the leaf '{row.rule}' has {row.n_clusters} clusters, too few to rely on"
        for row in few.itertuples()
    ]
    gaps = [t for t in names if scores.traits[t].isna().any()]
    if gaps:
        notes.append(f"firms without {', '.join(gaps)} are sorted as if at the median")
    return (*notes, *scores.context.notes)
