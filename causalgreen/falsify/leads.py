"""Future treatment: what comes later must not explain what is today."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.effects.context import Context
from causalgreen.effects.effects import Effects
from causalgreen.explain.multiple import holm
from causalgreen.falsify.finding import FAIL, NOT_APPLICABLE, PASS, WARN, Finding, Verdict
from causalgreen.falsify.verdicts import BORDER, LEVEL, detectable, extreme, listed, records, worst
from causalgreen.moments.moments import Moments, moments_of
from causalgreen.moments.system import Equation, fit_equation
from causalgreen.panel.absorb import absorb

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from causalgreen.falsify.case import Case

__all__ = ["average_coefficients", "future_treatment", "lead_effects"]

SMALL = 0.1
NAME = "future treatment"
QUESTION = "Does next period's treatment explain this period, given this period's treatment?"


def future_treatment(case: Case) -> Finding:
    """Leads of treatment and exposure beside today's, in every equation.

    A lead that matters says that firms anticipate, that the outcome moves later treatment, or that
    a confounder moves both: strict exogeneity, which removing firm effects needs, does not hold.

    Parameters
    ----------
    case : Case

    Returns
    -------
    Finding
        One row for each lead and equation, with a joint test by equation. It passes only where a
        lead as large as today's effect would have been found with probability 80 %.

    References
    ----------
    Granger (1969), doi 10.2307/1912791; Wooldridge (2010), Econometric analysis of cross section
    and panel data, 10.7.1; Malani and Reif (2015), Interpreting pre-trends as anticipation, Journal
    of Public Economics 124, doi 10.1016/j.jpubeco.2015.01.001.
    """
    panel, rows = case.panel, case.residuals.design.rows
    unit, times = panel.unit_codes[rows], panel.times[rows]
    here = np.flatnonzero((unit[1:] == unit[:-1]) & np.isclose(np.diff(times), panel.step))
    kept = _with_company(unit, here, case.again().fixed_effects.kind)
    firms = len(np.unique(unit[kept])) if len(kept) else 0
    if firms < 20:
        return Finding(
            NAME, QUESTION, NOT_APPLICABLE,
            f"{firms} firms have enough consecutive periods; it needs 20 firms with three of them "
            "(two without firm effects)",
        )  # fmt: skip
    table = lead_effects(case, kept)
    verdict, reason = _judge(table, firms)
    return Finding(NAME, QUESTION, verdict, reason, table, partial(_draw, case, table))


def _with_company(unit: np.ndarray, here: np.ndarray, kind: str) -> np.ndarray:
    """Rows with a next one; within firms, of firms with two such rows."""
    if kind != "within" or not len(here):
        return here
    return here[np.bincount(unit[here])[unit[here]] > 1]


def lead_effects(case: Case, kept: np.ndarray) -> pd.DataFrame:
    """Coefficients of the leads, with joint tests by equation.

    Parameters
    ----------
    case : Case
    kept : numpy.ndarray of int
        Rows (of the residuals) whose next row is the firm's next period.
    """
    layout, names = case.layout, case.residuals.names
    base = (*layout.treatments, *layout.exposures)
    moments = _moments(case, kept, base)
    p = len(names)
    leads = tuple(range(p, p + len(base)))
    equations = {
        "own_total": Equation(layout.outcome, (*base, *leads)),
        "direct": Equation(layout.outcome, (*base, *layout.mediators, *leads)),
        **{names[m]: Equation(m, (*base, *leads)) for m in layout.mediators},
    }
    if not layout.mediators:
        del equations["direct"]
    tables = []
    for path, equation in equations.items():
        effects = average_coefficients(case, moments, equation)
        tables.append(_table(effects, path, moments, base, names))
    table = pd.concat(tables, ignore_index=True)
    joint = table.groupby("equation", sort=False)["joint_p"].first()
    adjusted = pd.Series(holm(joint.to_numpy()), joint.index)
    table["holm_p"] = table["equation"].map(adjusted)
    # With many firms a lead of no consequence is found, too.
    small = table["estimate"].abs() < SMALL * table["today"].abs()
    table["small"] = small.groupby(table["equation"]).transform("all")
    table["verdict"] = [_verdict(row) for row in records(table)]
    return table


def _moments(case: Case, kept: np.ndarray, base: tuple[int, ...]) -> Moments:
    """Moments of today's residuals and of the leads, without firm effects on these rows."""
    design, panel = case.residuals.design, case.panel
    rows = design.rows[kept]
    weights = None if panel.roles.weight is None else panel.weights[rows]
    effects = tuple((n, np.unique(c[kept], return_inverse=True)[1]) for n, c in design.effects)
    removed = [codes for _, codes in effects]
    values = []
    for r in case.residuals.values:
        values.append(absorb(np.column_stack([r[kept], r[kept + 1][:, base]]), removed, weights))
    firm = [codes for name, codes in effects if name == panel.roles.unit]
    periods = absorb(design.periods[kept], firm, weights)
    names = (*case.residuals.names, *(f"{case.residuals.names[b]} next" for b in base))
    smaller = replace(
        case.residuals, names=names, values=np.stack(values),
        design=replace(design, rows=rows, periods=periods, effects=effects),
    )  # fmt: skip
    return moments_of(panel, smaller)


def average_coefficients(case: Case, moments: Moments, equation: Equation) -> Effects:
    """Coefficients of one equation, averaged over firms, as effects.

    Parameters
    ----------
    case : Case
    moments : Moments
        With the columns of the equation.
    equation : Equation

    Returns
    -------
    Effects
        One term for each regressor.
    """
    basis = case.basis
    fits = [fit_equation(moments, r, equation, basis) for r in range(moments.n_repeats)]
    # Traits have mean zero over firms: the coefficient on the constant is the average.
    estimate = np.mean([fit.coefficients[:, 0] for fit in fits], axis=0)
    influence = np.mean([fit.influence[:, :, 0] for fit in fits], axis=0)
    q = basis.values.shape[1]
    context = Context.of(
        moments.sample, case.layout, estimand="leads", population="", method="", absorbed="",
        n_parameters=len(equation.regressors) * q + (q - 1) * moments.n_periods
        + moments.sample.nuisance_levels,
    )  # fmt: skip
    terms = [moments.names[z] for z in equation.regressors]
    return Effects.build(terms, estimate, influence, context)


def _table(
    effects: Effects, path: str, moments: Moments, base: tuple[int, ...], names: tuple[str, ...]
) -> pd.DataFrame:
    now = [names[b] for b in base]
    later = [f"{name} next" for name in now]
    table = effects.tidy().set_index("term").loc[later].reset_index()
    table = table.rename(columns={"term": "lead"})
    table.insert(0, "equation", path)
    today = effects.tidy().set_index("term").loc[now]
    table["today"] = today["estimate"].to_numpy()
    table["detectable"] = detectable(table["std_error"].to_numpy(), effects.df)
    # Where today's effect is not found either there is nothing to be as large as.
    found = today["p_value"].to_numpy() < LEVEL
    table["blind"] = found & (table["detectable"] > table["today"].abs())
    table["joint_p"] = effects.wald(later)["p_value"]
    return table


def _verdict(row: dict[str, float]) -> Verdict:
    if row["holm_p"] < LEVEL:
        return WARN if row["small"] else FAIL
    return WARN if row["holm_p"] < BORDER or row["blind"] else PASS


def _judge(table: pd.DataFrame, firms: int) -> tuple[Verdict, str]:
    found = table[table["holm_p"] < LEVEL]
    if len(found):
        row = extreme(found, "p_value")
        return worst(table["verdict"]), (
            f"{row['lead']} period explains today in the equation of {listed([row['equation']])}: "
            f"{row['estimate']:.4g} (standard error {row['std_error']:.3g}; joint Holm p "
            f"{row['holm_p']:.2g}) beside {row['today']:.4g} for today's. Firms anticipate, the "
            "outcome moves later treatment, or a confounder moves both (or one that "
            "the learner is too stiff for)."
        )
    least = table["holm_p"].min()
    told = (
        f"no lead is found in {table['equation'].nunique()} equations ({firms:,} firms; smallest "
        f"Holm p {least:.2f}); coefficients above {table['detectable'].max():.3g} would be found "
        "with probability .80"
    )
    blind = table[table["blind"]]
    if len(blind):
        which = ", ".join(f"{r['lead']} in {r['equation']}" for r in records(blind))
        told += f", but leads as large as today's effect would not be found for {which}"
    return worst(table["verdict"]), told + "."


def _draw(case: Case, table: pd.DataFrame) -> Figure:
    from causalgreen.falsify.drawing import plot_dots

    labels = [f"{lead} → {eq}" for lead, eq in zip(table["lead"], table["equation"], strict=True)]
    return plot_dots(
        case, table, labels, QUESTION, "coefficient of the lead (green: today's)", table["today"]
    )
