"""One more residualised column, on the features and folds of the study."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from causalgreen.effects.effects import Effects
from causalgreen.effects.paths import PathRequest, path_effects
from causalgreen.errors import DesignError
from causalgreen.falsify.again import paths_again, quiet, redraw, remake
from causalgreen.moments.basis import Basis, constant_basis, trait_basis
from causalgreen.moments.moments import moments_of
from causalgreen.panel.absorb import absorb, group_means
from causalgreen.panel.features import encode_traits
from causalgreen.residuals.choose import combine
from causalgreen.residuals.jobs import run_jobs
from causalgreen.residuals.tasks import FoldTask, Together

if TYPE_CHECKING:
    from causalgreen.falsify.case import Case

__all__ = ["basis_of", "outcome_replaced", "residualise"]


def basis_of(case: Case) -> Basis:
    """The traits along which the study's coefficients vary."""
    if case.effects.constant is None:
        return constant_basis(case.panel.n_units)
    return trait_basis(*encode_traits(case.panel))


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
    design, panel = case.residuals.design, case.panel
    study = case.again()
    settings, kind = study._settings, study.fixed_effects.kind
    raw = panel.column(column)
    value = raw[design.rows]
    if kind == "first_difference":
        value = value - raw[design.rows - 1]
    weights = None if panel.roles.weight is None else panel.weights[design.rows]
    effects = design.removed or tuple(codes for _, codes in design.effects)
    y = absorb(value[:, None], effects, weights)[:, 0]
    if np.std(y) <= 1e-9 * max(float(np.std(value)), 1e-300):
        raise DesignError(f"fixed effects leave nothing of {column!r}")
    out = np.repeat(y[None], len(case.residuals.folds), axis=0)
    if not design.features.shape[1]:
        return out
    together = Together(y[:, None], case.residuals.folds)
    for r, fold in enumerate(case.residuals.folds):
        tasks = [
            FoldTask(
                design.features, y, weights, np.flatnonzero(fold != k), np.flatnonzero(fold == k),
                design.linear, design.flexible, design.traits, _seed(settings.seed, r, k),
                together=together, place=(r, k, 0),
            )
            for k in range(settings.folds)
        ]  # fmt: skip
        made = run_jobs(settings.stack.members, [[t] for t in tasks], settings.n_jobs, False)
        candidates = []
        for m in range(len(settings.stack.members)):
            whole = np.empty((len(y), made[0][0][m].shape[1]))
            for k, piece in enumerate(made):
                whole[fold == k] = piece[0][m]
            if design.removed:
                first = design.removed[0]
                whole = whole - group_means(whole, first, weights)[first]
            candidates.append(whole)
        fitted, _ = combine(y, weights, candidates, settings.stack)
        out[r] = absorb((y - fitted)[:, None], design.removed, weights)[:, 0]
    return out


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
        return paths_again(case.again, case.effects.terms, panel=other, graph=graph)
    values = case.residuals.values.copy()
    values[:, :, case.layout.outcome] = residualise(case, column)
    names = (*case.residuals.names[:-1], column)
    residuals = replace(case.residuals, values=values, names=names)
    layout = replace(case.layout, names=names)
    with quiet():
        effects = path_effects(
            PathRequest(
                moments_of(replace(panel, roles=renamed), residuals), layout, basis_of(case),
                case.effects.covariance, weighted=roles.weight is not None,
                method=case.effects.context.method, absorbed=case.effects.context.absorbed,
            )
        )  # fmt: skip
    return effects.select(list(case.effects.terms), detail=False)
