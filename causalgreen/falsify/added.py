"""One more residualised column, on the features and folds of the study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from causalgreen.effects.effects import Effects
from causalgreen.effects.paths import PathRequest, path_effects
from causalgreen.errors import DesignError
from causalgreen.falsify.again import paths_again, quiet, redraw, remake
from causalgreen.moments.moments import moments_of
from causalgreen.panel.absorb import absorb
from causalgreen.residuals.crossfit import assemble, row_weights
from causalgreen.residuals.jobs import run_jobs
from causalgreen.residuals.tasks import FoldTask, Together

if TYPE_CHECKING:
    from causalgreen.falsify.case import Case

__all__ = ["outcome_replaced", "residualise", "residualise_all"]


def residualise(case: Case, column: str) -> np.ndarray:
    """Residuals of a further column, cross-fitted as those of the study.

    Parameters
    ----------
    case : Case
        Its features, folds, learners are used.
    column : str
        Numeric column of the panel without gaps on the rows used.

    Returns
    -------
    numpy.ndarray, shape (repeats, n)

    Raises
    ------
    DesignError
        If fixed effects and controls leave nothing of it.
    """
    return residualise_all(case, (column,))[:, :, 0]


def residualise_all(case: Case, columns: Sequence[str]) -> np.ndarray:
    """Residuals of further columns, which share what learners make of the features.

    Parameters
    ----------
    case, columns
        As for `residualise`, several columns.

    Returns
    -------
    numpy.ndarray, shape (repeats, n, len(columns))

    Raises
    ------
    DesignError
        If fixed effects and controls leave nothing of one.
    """
    design, panel = case.residuals.design, case.panel
    weights = row_weights(panel, design.rows)
    Y = np.column_stack([_transformed(case, column, weights) for column in columns])
    out = np.repeat(Y[None], len(case.residuals.folds), axis=0)
    if not design.features.shape[1]:
        return out
    settings = case.again()._settings
    together = Together(Y, case.residuals.folds)
    y = [np.ascontiguousarray(one) for one in Y.T]
    for r, fold in enumerate(case.residuals.folds):
        tasks = []
        for k in range(settings.folds):
            train, test, seed = np.flatnonzero(fold != k), np.flatnonzero(fold == k), settings.seed
            tasks.append([
                FoldTask(
                    design.features, one, weights, train, test, design.linear, design.flexible,
                    design.traits, _seed(seed, r, k), together=together, place=(r, k, j),
                )
                for j, one in enumerate(y)
            ])  # fmt: skip
        made = run_jobs(settings.stack.members, tasks, settings.n_jobs, False)
        for j, one in enumerate(y):
            pieces = [of_fold[j] for of_fold in made]
            fitted, _ = assemble(design, weights, fold, one, pieces, settings.stack)
            out[r, :, j] = absorb((one - fitted)[:, None], design.removed, weights)[:, 0]
    return out


def _transformed(case: Case, column: str, weights: np.ndarray | None) -> np.ndarray:
    """A column as the study's own targets: differenced where these are, effects removed."""
    design = case.residuals.design
    raw = case.panel.column(column)
    value = raw[design.rows]
    if case.again().fixed_effects.kind == "first_difference":
        value = value - raw[design.rows - 1]
    effects = design.removed or tuple(codes for _, codes in design.effects)
    y = absorb(value[:, None], effects, weights)[:, 0]
    if np.std(y) <= 1e-9 * max(float(np.std(value)), 1e-300):
        raise DesignError(f"fixed effects leave nothing of {column!r}")
    return y


def _seed(seed: int, repeat: int, fold: int) -> int:
    return int(np.random.SeedSequence([seed, repeat, 997, fold]).generate_state(1)[0] >> 1)


def outcome_replaced(case: Case, column: str) -> Effects:
    """Paths to another outcome: only that column is fitted anew, where that is possible.

    A column that is a control or trait, or has gaps, needs another design: the study is then fitted
    again without that control, on the rows where the column is known.
    """
    panel, roles = case.panel, case.panel.roles
    renamed = replace(roles, outcome=column)
    gaps = bool(np.isnan(panel.column(column)).any())
    if gaps or column in (*roles.controls, *roles.traits):
        renamed = replace(
            renamed,
            controls=tuple(c for c in roles.controls if c != column),
            traits=tuple(c for c in roles.traits if c != column),
        )
        other = remake(
            panel, panel.frame, outcome=column, controls=renamed.controls or None,
            traits=renamed.traits or None,
        )  # fmt: skip
        graph = redraw(case.graph, other.roles, {roles.outcome: column})
        return paths_again(case, case.effects.terms, panel=other, graph=graph)
    values = case.residuals.values.copy()
    values[:, :, case.layout.outcome] = residualise(case, column)
    names = (*case.residuals.names[:-1], column)
    residuals = replace(case.residuals, values=values, names=names)
    layout = replace(case.layout, names=names)
    with quiet():
        effects = path_effects(
            PathRequest(
                moments_of(replace(panel, roles=renamed), residuals), layout, case.basis,
                case.effects.covariance, weighted=roles.weight is not None,
                method=case.effects.context.method, absorbed=case.effects.context.absorbed,
            )
        )  # fmt: skip
    return effects.select(list(case.effects.terms), detail=False)
