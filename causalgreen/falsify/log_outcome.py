"""An effect on ln(1 + count) depends on the unit of the count: a demonstration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.errors import DesignError
from causalgreen.falsify.equations import Asked, average_coefficients
from causalgreen.falsify.finding import FAIL, NOT_APPLICABLE, PASS, WARN, Finding, Verdict
from causalgreen.falsify.rerun import linear_fit, panel_like, with_panel
from causalgreen.moments.moments import moments_of
from causalgreen.moments.system import Equation
from causalgreen.panel.notes import looks_like_log_count
from causalgreen.panel.transforms import Design

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from causalgreen.effects.context import Context
    from causalgreen.effects.effects import Effects
    from causalgreen.falsify.case import Case

__all__ = ["FACTORS", "check", "counts_of", "log_scaling"]

FACTORS = (0.01, 0.1, 1.0, 10.0, 100.0)
SMALL, LARGE = 0.05, 0.25
"""Moves of the effect between units: those that do not matter, and those that do."""


def counts_of(case: Case) -> np.ndarray | None:
    """Counts behind an outcome that is a count or ln(1 + count), shape (n,); None: it is neither.

    Parameters
    ----------
    case : Case
        The study.
    """
    y = case.panel.column(case.panel.roles.outcome)
    if looks_like_log_count(y):
        return np.rint(np.expm1(y))
    if y.min() >= 0 and np.array_equal(y, np.rint(y)) and len(np.unique(y)) > 2:
        return np.asarray(y)
    return None


def log_scaling(
    case: Case, counts: np.ndarray | None = None, factors: Sequence[float] = FACTORS,
    refit: bool | None = None,
) -> pd.DataFrame:  # fmt: skip
    """The own total effect on ln(1 + c * count) for several c, and in percent of the mean count.

    Parameters
    ----------
    case : Case
        The study.
    counts : numpy.ndarray, optional
        Counts for every row of the panel; default: recovered from the outcome.
    factors : sequence of float
        Multiples c of the count, such as patents in units, dozens or hundredths.
    refit : bool, optional
        Cross-fit again for every c; False: the outcome is adjusted by least squares, the treatments
        as in the study. Default: as the case says.

    Returns
    -------
    pandas.DataFrame
        Columns outcome, factor, estimate, std_error, conf_low, conf_high; the last row is the
        effect on the count in percent of its mean, which does not depend on the unit.

    Raises
    ------
    DesignError
        If there are no counts to be had, or some are negative.

    References
    ----------
    Chen and Roth (2024), Logs with zeros? Some problems and solutions, Quarterly Journal of
    Economics 139(2), doi 10.1093/qje/qjad054.
    """
    counts = counts_of(case) if counts is None else np.asarray(counts, dtype=np.float64)
    if counts is None or len(counts) != case.panel.n_rows or counts.min() < 0:
        raise DesignError(
            "log_scaling needs one count, 0 or more, for every row of the panel: the outcome is "
            "neither a count nor ln(1 + count). Pass counts="
        )
    if not all(np.isfinite(c) and c > 0 for c in factors):
        raise DesignError(f"factors={tuple(factors)!r}: give positive multiples of the count")
    refit = case.refit if refit is None else refit
    outcomes = np.column_stack([*(np.log1p(c * counts) for c in factors), counts])
    effects = _refitted(case, outcomes) if refit else _adjusted(case, outcomes)
    labels = [*(f"ln(1 + {c:g} x count)" for c in factors), "count, % of its mean"]
    rows = []
    for name, factor, effect in zip(labels, [*factors, np.nan], effects, strict=True):
        shown = effect.percent_of_mean() if np.isnan(factor) else effect
        line = shown.tidy().iloc[0]
        keep = ("estimate", "std_error", "conf_low", "conf_high")
        rows.append({"outcome": name, "factor": factor} | {k: float(line[k]) for k in keep})
    return pd.DataFrame(rows)


def _own_total(case: Case) -> Asked:
    layout = case.layout
    equation = Equation(layout.outcome, (*layout.treatments, *layout.exposures))
    return Asked("own_total", equation, layout.treatments)


def _adjusted(case: Case, outcomes: np.ndarray) -> list[Effects]:
    """Effects on each outcome, adjusted by least squares on the study's rows."""
    design, out = case.residuals.design, []
    for y in outcomes.T:
        target = _transformed(case, design, y)
        moved = replace(case, residuals=replace(
            case.residuals, design=replace(design, targets=target[:, None])))  # fmt: skip
        left = target - linear_fit(moved)[:, 0]
        values = case.residuals.values.copy()
        values[:, :, case.layout.outcome] = left
        moments = moments_of(case.panel, replace(case.residuals, values=values))
        effect = average_coefficients(case, [_own_total(case)], moments)
        out.append(_with_outcome(case, effect, y))
    return out


def _transformed(case: Case, design: Design, y: np.ndarray) -> np.ndarray:
    from causalgreen.panel.absorb import absorb

    weights = None if case.panel.roles.weight is None else case.panel.weights[design.rows]
    values = y[design.rows]
    if any("(lag)" in n for n in design.feature_names) or _differenced(case, design):
        values = values - y[design.rows - 1]
    removed = [codes for _, codes in design.effects] or list(design.removed)
    return absorb(values[:, None], removed, weights)[:, 0]


def _differenced(case: Case, design: Design) -> bool:
    """Whether the study works on changes: a panel without controls does not say so by features."""
    return any(note.startswith("first differences") for note in design.notes)


def _with_outcome(case: Case, effect: Effects, y: np.ndarray) -> Effects:
    """The same effect with this outcome's mean in its context."""
    sample, rows = case.moments.sample, case.residuals.design.rows
    weights = np.ones(len(rows)) if case.panel.roles.weight is None else case.panel.weights[rows]
    units = case.panel.unit_codes[rows]
    total = np.bincount(units, weights * y[rows], minlength=case.panel.n_units)
    share = sample.weight / np.bincount(units, weights, minlength=case.panel.n_units)[sample.units]
    return replace(
        effect, context=replace(effect.context, cell_outcome=total[sample.units] * share)
    )


def _refitted(case: Case, outcomes: np.ndarray) -> list[Effects]:
    from causalgreen.falsify.rerun import quiet_paths

    out, name = [], case.panel.roles.outcome
    for y in outcomes.T:
        frame = case.panel.frame
        frame[name] = y
        study = with_panel(case.again, panel_like(case.panel, frame), case.graph)
        effects = quiet_paths(study, **case.asked)
        out.append(effects.select("own_total", detail=False))
    return out


def _moved(table: pd.DataFrame) -> tuple[float, bool]:
    """How far the effect moves in tens or tenths, and whether it is significant in any of them."""
    rows = table.set_index("factor").loc[[0.1, 1.0, 10.0]]
    one = rows.loc[1.0]
    margin = (one["conf_high"] - one["conf_low"]) / 2
    moves = (rows["estimate"] - one["estimate"]).abs().max()
    claimed = (rows["conf_low"] > 0) | (rows["conf_high"] < 0)
    return float(moves / max(abs(one["estimate"]), margin, 1e-300)), bool(claimed.any())


def check(case: Case, counts: np.ndarray | None = None) -> Finding:
    """Show whether the answer depends on the unit in which patents are counted.

    Parameters
    ----------
    case : Case
        The study.
    counts : numpy.ndarray, optional
        Counts, to ask for the demonstration where the outcome does not look like ln(1 + count).

    Returns
    -------
    Finding
        Fails where the outcome is ln(1 + count) with zeros, and the effect moves by more than a
        quarter when the count is measured in tens or tenths; passes where it moves by a twentieth
        at most, warns between. An effect that is significant in none of these units passes, too,
        unless it is significant in percent of the mean: then it warns. Moves are shares of the
        effect, or of its margin of error where this is larger. Not applicable to other outcomes.
    """
    name = "ln(1 + count)"
    question = "Does the effect depend on the unit in which the outcome is counted?"
    is_log = looks_like_log_count(case.panel.column(case.panel.roles.outcome))
    if not is_log and counts is None:
        reason = "the outcome does not look like ln(1 + count); counts= shows what would happen"
        return Finding(name, question, NOT_APPLICABLE, reason)
    counts = counts_of(case) if counts is None else counts
    table = log_scaling(case, counts)
    by, percent = table.set_index("factor")["estimate"], table.iloc[-1]
    zeros = float((np.asarray(counts) == 0).mean())
    moved, claimed = _moved(table)
    found = bool(percent["conf_low"] > 0 or percent["conf_high"] < 0)
    verdict: Verdict = WARN
    if moved <= SMALL or not (claimed or found):
        verdict = PASS
    elif is_log and zeros > 0 and moved > LARGE and claimed:
        verdict = FAIL
    reason = (
        f"the own total effect on ln(1 + c x count) is {by[0.01]:.3g}, {by[0.1]:.3g}, "
        f"{by[1.0]:.3g}, {by[10.0]:.3g}, {by[100.0]:.3g} for c = 0.01, 0.1, 1, 10, 100; "
        f"{100 * zeros:.0f} % of rows are zero; in tens or tenths it moves by {100 * moved:.0f} %"
        f"{'' if claimed else ' of its margin of error, and is not significant'}. In percent of "
        f"the mean count it is {percent['estimate']:.3g} % ({percent['conf_low']:.3g} to "
        f"{percent['conf_high']:.3g}) in any unit: report that"
    )
    draw = partial(_draw, table, case.effects.context)
    return Finding(name, question, verdict, reason, table, draw)


def _draw(table: pd.DataFrame, context: Context) -> Figure:
    from causalgreen.falsify.log_plot import plot_scaling

    return plot_scaling(table, context)
