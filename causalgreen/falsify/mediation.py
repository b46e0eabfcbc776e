"""Mediation claims: the first leg alone, full mediation, the order of mediators.

Three-step tests (outcome on treatment, mediator on treatment, outcome on both) are not offered: see
`three_step`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import numpy as np
import pandas as pd

from causalgreen.errors import DesignError
from causalgreen.falsify.equations import Asked, average_coefficients
from causalgreen.falsify.finding import FAIL, NOT_APPLICABLE, PASS, WARN, Finding, Verdict
from causalgreen.falsify.full_mediation import sharp_null_test
from causalgreen.falsify.sensitivity_legs import fit_leg
from causalgreen.falsify.verdicts import BLIND, extreme
from causalgreen.moments.system import Equation

if TYPE_CHECKING:
    from causalgreen.falsify.case import Case

__all__ = [
    "check_first_leg",
    "check_full_mediation",
    "first_legs",
    "three_step",
]

WHY_NOT_THREE_STEPS = (
    "three-step mediation tests are not offered. The mediator of the third step is not assigned by "
    "anyone, so its coefficient is as confounded as a regression can be; significance of each step "
    "says nothing about the size of the path, and a treatment coefficient that falls when the "
    "mediator enters may fall through a confounder (Jiang 2022, China Industrial Economics 5). Use "
    "check_first_leg (what the treatment does to the mediator), study.paths() with check_mediators "
    "(how much confounding the path survives), and check_full_mediation"
)


def three_step(*_: object, **__: object) -> NoReturn:
    """Refuse three-step tests, and say why.

    Raises
    ------
    DesignError
        Always.
    """
    raise DesignError(WHY_NOT_THREE_STEPS)


def first_legs(case: Case) -> pd.DataFrame:
    """Total effect of each treatment on each mediator, mediators not held fixed.

    Parameters
    ----------
    case : Case
        The study.

    Returns
    -------
    pandas.DataFrame
        Columns group, mediator, treatment, estimate, std_error, p_value, p_holm, conf_low,
        conf_high, and ``detectable``: the effect found with a power of 80 % at 5 %, which is a
        partial correlation of ``detectable_r``.
    """
    from scipy.stats import t

    from causalgreen.explain.multiple import holm

    layout, names = case.layout, case.layout.names
    base = (*layout.treatments, *layout.exposures)
    pairs = [(g, m, d) for g, columns in layout.groups for m in columns for d in layout.treatments]
    asked = [Asked(f"{names[d]} -> {names[m]}", Equation(m, base), (d,)) for _, m, d in pairs]
    effects = average_coefficients(case, asked)
    table = effects.tidy().drop(columns=["term", "statistic"])
    table.insert(3, "p_holm", holm(table["p_value"].to_numpy()))
    margin = t.ppf(0.975, effects.df) + t.ppf(0.8, effects.df)
    table["detectable"] = margin * table["std_error"]
    table["detectable_r"] = table["detectable"] * [_unit(case, one) for one in asked]
    head = pd.DataFrame(
        [(g, names[m], names[d]) for g, m, d in pairs], columns=["group", "mediator", "treatment"]
    )
    return pd.concat([head, table], axis=1)


def _unit(case: Case, one: Asked) -> float:
    """A coefficient in units of the two residual standard deviations."""
    leg = fit_leg(case.moments, one.equation, case.basis)
    pick = np.zeros(leg.coefficients.shape)
    pick[one.places, 0] = 1.0
    return float(1 / leg.reach(pick).scale)


def check_first_leg(case: Case) -> Finding:
    """Test whether the treatment moves the mediators of every path that is claimed.

    Parameters
    ----------
    case : Case
        The study.

    Returns
    -------
    Finding
        Fails where a mediated path is reported as different from zero (Holm, 5 %) although the
        treatment moves none of its mediators (Holm, 5 %). Warns where such a path is significant by
        itself, or where only partial correlations above .25 would have been found. Passes where
        every path that is claimed has a mediator that is moved, and says of which mediators nothing
        can be claimed. Needs no assumption on how mediators are assigned.
    """
    from causalgreen.explain.multiple import holm

    name = "mediator alone"
    question = "Does the treatment move the mediators of every path that is claimed?"
    groups = [g for g, _ in case.layout.groups]
    if not groups:
        return Finding(name, question, NOT_APPLICABLE, "the study has no mediators")
    table = first_legs(case)
    moved = set(table.loc[table["p_holm"] < 0.05, "group"])
    unmoved = [g for g in groups if g not in moved]
    tidy = case.effects.tidy().set_index("term").reindex(groups)
    p = dict(zip(groups, holm(tidy["p_value"].to_numpy()), strict=True))
    told = "; ".join(
        f"{r.treatment} on {r.mediator} {r.estimate:.3g} ({r.conf_low:.3g} to {r.conf_high:.3g})"
        for r in table.itertuples()
    )
    claimed = [g for g in unmoved if p[g] < 0.05]
    alone = dict(zip(groups, tidy["p_value"].to_numpy(), strict=True))
    near = [g for g in unmoved if alone[g] < 0.05]
    if claimed:
        verdict, end = FAIL, f"no first leg for {', '.join(claimed)}, yet the path is not zero"
    elif unmoved:
        verdict, end = _unmoved(table[table["group"].isin(unmoved)], unmoved, near)
    else:
        verdict, end = PASS, "every mediator group is moved (Holm, 5 %)"
    return Finding(name, question, verdict, f"{told}: {end}", table)


def _unmoved(legs: pd.DataFrame, groups: list[str], near: list[str]) -> tuple[Verdict, str]:
    """Mediators that no treatment seems to move, and paths that nobody claims through them."""
    worst = extreme(legs, "detectable_r", largest=True)
    size = f"effects of {worst['detectable']:.2g}, a partial correlation of"
    r = f"{worst['detectable_r']:.2f}"
    end = f"no effect found on {', '.join(groups)}"
    if worst["detectable_r"] > BLIND:
        return WARN, (
            f"{end}, but {size} {r}, would often have been missed (80 % power): the sample is too "
            "small to tell, and no mediation through it can be claimed"
        )
    end += f" ({size} {r}, would have been found with a power of 80 %)"
    if near:
        return WARN, (
            f"{end}, yet the path through {', '.join(near)} is significant by itself, though not "
            "among all groups (Holm): no mediation through it can be claimed"
        )
    return PASS, f"{end}: no mediation through it can be claimed, and the study claims none"


def check_full_mediation(case: Case, draws: int = 999) -> Finding:
    """Test whether the mediators carry the whole effect.

    With one 0/1 treatment and discrete mediators this is Kwon and Roth's test of the sharp null of
    full mediation, which does not need mediators to be as good as random. Otherwise it is the test
    that the direct effect is zero, which does, and it is called so.

    Parameters
    ----------
    case : Case
        The study.
    draws : int
        Draws of the multiplier bootstrap.

    Returns
    -------
    Finding
        "Pass" says that full mediation is not rejected; the reason has the smallest direct effect
        that would have been found. A rejection is a warning, not a failure: it says that there are
        other mechanisms, which a direct path in the report says, too. It fails where the graph has
        no arrow from treatment to outcome. Not applicable where neither a direct nor a total effect
        is found: there is no whole that mediators could carry.

    References
    ----------
    Kwon and Roth (2026), Testing mechanisms, Review of Economic Studies, doi
    10.1093/restud/rdag028.
    """
    name, question = "full mediation", "Do the mediators carry the whole effect?"
    if not case.layout.groups:
        return Finding(name, question, NOT_APPLICABLE, "the study has no mediators")
    roles = case.graph.roles
    claimed = not any((d, roles.outcome) in case.graph.edges for d in roles.treatments)
    bad: Verdict = FAIL if claimed else WARN
    result = sharp_null_test(case, draws=draws)
    if result is not None:
        verdict = bad if result.p_value < 0.05 else PASS
        told = "rejected" if verdict != PASS else "not rejected"
        reason = (
            f"sharp null of full mediation (Kwon and Roth) {told}: p = {result.p_value:.3g}; at "
            f"least {100 * result.affected:.1f} % of firm-periods whose mediators do not respond "
            f"have an outcome that does (point estimate), over {result.n_moments} inequalities"
        )
        return Finding(name, question, verdict, reason, result.table)
    if "direct" not in case.effects.terms:
        return Finding(
            name, question, NOT_APPLICABLE, "the direct path is not identified, and the sharp null "
            "needs one 0/1 treatment and mediators of few values",
        )  # fmt: skip
    return _direct_zero(case, name, question, bad)


def _direct_zero(case: Case, name: str, question: str, bad: Verdict) -> Finding:
    from scipy.stats import t

    line = case.effects.tidy().set_index("term").loc[["direct"]].reset_index()
    row = line.iloc[0]
    margin = t.ppf(0.975, case.effects.df) + t.ppf(0.8, case.effects.df)
    seen = float(margin * row["std_error"])
    rejected = row["p_value"] < 0.05
    head = (
        "test that the average direct effect is zero (not the sharp null: Kwon and Roth's test "
        "needs one 0/1 treatment and mediators of few values, and this one needs mediators as good "
        "as random given the rest)"
    )
    reason = (
        f"{head}: direct {row['estimate']:.3g}, p = {row['p_value']:.3g}; "
        + ("there are other mechanisms, or mediators are measured with error or confounded"
           if rejected else f"a direct effect of {seen:.2g} would have been found with a power of "
           "80 %")
    )  # fmt: skip
    tidy = case.effects.tidy().set_index("term")
    if rejected or "own_total" not in tidy.index:
        return Finding(name, question, bad if rejected else PASS, reason, line)
    total = tidy.loc["own_total"]
    if total["p_value"] >= 0.05:
        reason += (
            f". No total effect is found either ({total['estimate']:.3g}, p = "
            f"{total['p_value']:.3g}): there is no whole that mediators could carry"
        )
        return Finding(name, question, NOT_APPLICABLE, reason, line)
    verdict: Verdict = WARN if seen > abs(total["estimate"]) else PASS
    return Finding(name, question, verdict, reason, line)
