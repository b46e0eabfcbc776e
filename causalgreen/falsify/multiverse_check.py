"""The small multiverse that every study is put through."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from causalgreen.falsify.finding import FAIL, NOT_APPLICABLE, PASS, WARN, Finding, Verdict
from causalgreen.falsify.linear_again import LinearAgain
from causalgreen.falsify.multiverse import Multiverse, multiverse
from causalgreen.falsify.rerun import quiet

if TYPE_CHECKING:
    from causalgreen.falsify.case import Case

__all__ = ["check"]

SMALL = 10_000
"""Rows up to which the study's own learner is fitted again."""


def check(case: Case) -> Finding:
    """Try other learners, seeds, and ways to remove firm effects.

    Parameters
    ----------
    case : Case
        The study. Up to 10,000 rows its own learner is fitted again with another seed and with the
        other way to remove firm effects; beyond that only least squares is.

    Returns
    -------
    Finding
        For the paths that differ from zero in the study (Holm, 5 %): fails where a specification
        has the other sign and is significant, warns where the sign changes or fewer than 80 % of
        specifications are significant, or the joint test does not reject; passes otherwise.
    """
    from causalgreen.explain.multiple import holm

    name = "multiverse"
    question = "Do the paths survive other learners, seeds and fixed-effect transforms?"
    study = case.again()
    kind = study.fixed_effects.kind
    other = {"within": "first_difference", "first_difference": "within"}.get(kind)
    kinds, seeds = [other] if other else None, [study.seed, study.seed + 1]
    # What the study has computed need not be computed again.
    study.__dict__ |= {"residuals": case.residuals, "moments": case.moments}
    study.__dict__["_identification"] = case.identification
    with quiet():
        result = _small_set(case, study, kinds, seeds)
    tidy = case.effects.tidy().set_index("term")
    stands = list(tidy.index[holm(tidy["p_value"].to_numpy()) < 0.05])
    if not stands:
        reason = "no path differs from zero (Holm, 5 %): no claim is at stake"
        return Finding(name, question, NOT_APPLICABLE, reason, result.summary())
    verdict, reason = _judge(result, stands)
    return Finding(name, question, verdict, reason, result.summary(), result.plot)


def _small_set(case: Case, study: Any, kinds: list[str] | None, seeds: list[int]) -> Multiverse:
    """All choices with the study's learner where that is quick; else least squares beside it."""
    from causalgreen.residuals.learners import linear

    learners = {} if study.learner == "linear" else {"linear": linear()}
    lines = LinearAgain(study.panel, {study.fixed_effects: case.residuals.design})
    if case.panel.n_rows <= SMALL or not learners:
        return multiverse(
            study, learners=learners, fixed_effects=kinds, seeds=seeds,
            permutations=case.simulations, lines=lines, asked=case.asked,
        )  # fmt: skip
    same: dict[str, Any] = {"lines": lines, "asked": case.asked}
    result = multiverse(study, learners=learners, permutations=case.simulations, **same)
    plain = case.again(learner=linear())
    plain.__dict__["_identification"] = case.identification
    other = multiverse(plain, fixed_effects=kinds, seeds=seeds, permutations=0, **same)
    more = other.table[other.table["specification"] != other.table["specification"].iloc[0]]
    more = more.assign(learner="linear", specification="linear, " + more["specification"])
    table = pd.concat([result.table, more], ignore_index=True)
    return replace(result, table=table, failed=(*result.failed, *other.failed))


def _judge(result: Multiverse, stands: list[str]) -> tuple[Verdict, str]:
    s = result.summary().set_index("term").loc[stands]
    worst = int(s["significant"].to_numpy().argmin())
    low, high, share = s[["lowest", "highest", "significant"]].to_numpy(dtype=float)[worst]
    told = (
        f"{int(s['specifications'].max())} specifications; {s.index[worst]} is the least stable of "
        f"{len(s)}: {low:.3g} to {high:.3g}, {100 * share:.0f} % significant with the same sign"
    )
    joint = s["p_joint"].dropna() if "p_joint" in s else pd.Series(dtype=float)
    if len(joint):
        told += f"; joint permutation p = {joint.max():.3g} ({', '.join(map(str, joint.index))})"
    if (s["against"] > 0).any():
        return FAIL, f"{told}; {', '.join(s.index[s['against'] > 0])} is reversed somewhere"
    weak = (s["significant"] < 0.8) | (s["same_sign"] < 1)
    if weak.any() or (len(joint) and joint.max() >= 0.05):
        return WARN, f"{told}; {', '.join(s.index[weak]) or 'all of them'} not stable"
    return PASS, told
