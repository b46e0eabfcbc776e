"""Cross-fitting: one regression of every target on the same features with the same folds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from causalgreen.errors import DesignError
from causalgreen.panel.absorb import absorb, group_means
from causalgreen.panel.transforms import Design, FixedEffects, transform
from causalgreen.residuals.checks import refuse_exhausted, refuse_extremes, refuse_identifiers
from causalgreen.residuals.choose import Choice, combine
from causalgreen.residuals.folds import make_folds
from causalgreen.residuals.jobs import run_jobs
from causalgreen.residuals.memory import check_cross_fit
from causalgreen.residuals.tasks import FoldTask, Stack, Together

if TYPE_CHECKING:
    from causalgreen.panel.panel import Panel

__all__ = ["CrossFit", "Residuals", "assemble", "cross_fit", "row_weights"]


@dataclass(frozen=True, slots=True)
class CrossFit:
    """How residuals are made.

    Attributes
    ----------
    stack : Stack
        Learners of the nuisance functions.
    folds, repeats, seed : int
        Folds, repetitions of the whole cross-fitting, seed.
    n_jobs : int or None
        Parallel jobs; None: as ``joblib.parallel_config`` says, else all cores.
    progress : bool or None
        Progress bar; None: in a terminal or notebook only.
    """

    stack: Stack
    folds: int = 5
    repeats: int = 1
    seed: int = 0
    n_jobs: int | None = None
    progress: bool | None = None

    def __post_init__(self) -> None:
        for name, least in (("folds", 2), ("repeats", 1), ("seed", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
                raise DesignError(f"{name}={value!r}: give a whole number, {least} or more")
        jobs = self.n_jobs
        if jobs is not None and (not isinstance(jobs, (int, np.integer)) or jobs == 0):
            raise DesignError(
                f"n_jobs={jobs!r}: give a whole number of parallel jobs, -1 for all cores, or None"
            )


@dataclass(frozen=True, slots=True)
class Residuals:
    """Cross-fitted residuals of every target.

    Attributes
    ----------
    names : tuple of str, length p
        Targets in the order D, E, M, Y.
    values : numpy.ndarray, shape (repeats, m, p)
        Residuals.
    design : Design
        Rows used, transformed targets, features.
    folds : tuple of numpy.ndarray of int, each of shape (m,)
        Fold of each row, for each repetition.
    choices : tuple of tuple of Choice
        For each repetition and target: candidates, losses, weights.
    """

    names: tuple[str, ...]
    values: np.ndarray
    design: Design
    folds: tuple[np.ndarray, ...]
    choices: tuple[tuple[Choice, ...], ...]


def cross_fit(
    panel: Panel,
    fixed_effects: FixedEffects,
    settings: CrossFit,
    kept: dict[tuple[int, int], list[np.ndarray]] | None = None,
    design: Design | None = None,
) -> Residuals:
    """Residuals of treatments, exposures, mediators and outcome from features and fixed effects.

    Parameters
    ----------
    panel : Panel
        The firm-year table.
    fixed_effects : FixedEffects
        Effects to remove first.
    settings : CrossFit
        Learners, folds, repetitions, seed.
    kept : dict, optional
        Fits of this very panel with these settings, from a call that an error ended; see
        `run_jobs`.
    design : Design, optional
        ``transform(panel, fixed_effects)``, where it has been made before.

    Returns
    -------
    Residuals
        Residuals, and how well each learner did.

    Raises
    ------
    DesignError
        If features identify firms, folds cannot be made, or memory is too short.
    ClusterError
        If workers cannot be reached, or die for good.

    References
    ----------
    Chernozhukov et al. (2018), Double/debiased machine learning for treatment and structural
    parameters, Econometrics Journal 21(1), doi 10.1111/ectj.12097.
    """
    refuse_identifiers(panel)
    refuse_extremes(panel)
    check_cross_fit(panel, fixed_effects, settings)
    design = transform(panel, fixed_effects) if design is None else design
    unit, cluster = panel.unit_codes[design.rows], panel.clusters[0][design.rows]
    folds = make_folds(unit, cluster, settings.folds, settings.repeats, settings.seed)
    weights = row_weights(panel, design.rows)
    names = panel.roles.targets
    levels = panel.matrix(names)
    raw = levels[design.rows]
    if fixed_effects.kind == "first_difference":
        raw = raw - levels[design.rows - 1]
    removed = fixed_effects.describe(panel.roles.time)
    refuse_exhausted(names, raw, design.targets, weights, f"fixed effects ({removed})")
    if design.features.shape[1] == 0:
        values = np.repeat(design.targets[None], settings.repeats, axis=0)
        return _freeze(Residuals(names, values, design, folds, ((),) * settings.repeats))
    tasks = _tasks(design, weights, folds, len(names), settings)
    predictions = run_jobs(settings.stack.members, tasks, settings.n_jobs, settings.progress, kept)
    values = np.empty((settings.repeats, *design.targets.shape))
    choices = []
    for r, fold in enumerate(folds):
        chosen = []
        of_repeat = predictions[r * settings.folds : (r + 1) * settings.folds]
        for j, y in enumerate(design.targets.T):
            pieces = [of_fold[j] for of_fold in of_repeat]
            fitted, choice = assemble(design, weights, fold, y, pieces, settings.stack)
            values[r, :, j] = y - fitted
            chosen.append(choice)
        values[r] = absorb(values[r], design.removed, weights)
        refuse_exhausted(names, design.targets, values[r], weights, "controls")
        choices.append(tuple(chosen))
    return _freeze(Residuals(names, values, design, folds, tuple(choices)))


def row_weights(panel: Panel, rows: np.ndarray) -> np.ndarray | None:
    """Weights of rows with a mean of one: learners have cut-offs that know no other unit."""
    if panel.roles.weight is None:
        return None
    weights = panel.weights[rows]
    return np.asarray(weights / weights.mean())


def _tasks(
    design: Design,
    weights: np.ndarray | None,
    folds: tuple[np.ndarray, ...],
    n_targets: int,
    settings: CrossFit,
) -> list[list[FoldTask]]:
    """One task for every repetition, fold and target, in this order."""
    tasks = []
    # The same objects for all folds: where work is sent elsewhere, each array goes once.
    y = [np.ascontiguousarray(design.targets[:, j]) for j in range(n_targets)]
    together = Together(design.targets, folds)
    for r, fold in enumerate(folds):
        for k in range(settings.folds):
            train, test = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
            # Seeds depend on the place in the design only, never on the schedule.
            seeds = [
                int(np.random.SeedSequence([settings.seed, r, j, k]).generate_state(1)[0] >> 1)
                for j in range(n_targets)
            ]
            tasks.append([
                FoldTask(
                    design.features, y[j], weights, train, test,
                    design.linear, design.flexible, design.traits, seeds[j],
                    together=together, place=(r, k, j),
                )
                for j in range(n_targets)
            ])  # fmt: skip
    return tasks


def assemble(
    design: Design,
    weights: np.ndarray | None,
    fold: np.ndarray,
    y: np.ndarray,
    pieces: list[list[np.ndarray]],
    stack: Stack,
) -> tuple[np.ndarray, Choice]:
    """Put the folds of one target together, and choose among the candidates."""
    candidates = []
    for m in range(len(stack.members)):
        whole = np.empty((len(fold), pieces[0][m].shape[1]))
        for k, piece in enumerate(pieces):
            if len(piece[m]) != (rows := int((fold == k).sum())):
                raise DesignError(
                    f"learner {stack.members[m].name} predicts {len(piece[m]):,} values for "
                    f"{rows:,} rows; its predict() has to give one for each"
                )
            whole[fold == k] = piece[m]
        candidates.append(whole)
    if design.removed:
        # Losses are of what is left after the first effect (the firm) has gone from predictions.
        codes = design.removed[0]
        candidates = [c - group_means(c, codes, weights)[codes] for c in candidates]
    if not all(np.isfinite(c).all() for c in candidates):
        bad = [m.name for m, c in zip(stack.members, candidates, strict=True)
               if not np.isfinite(c).all()]  # fmt: skip
        raise DesignError(
            f"learner {', '.join(bad)} predicts infinite or missing values; check the scale of the "
            "controls, or choose another learner"
        )
    return combine(y, weights, candidates, stack)


def _freeze(residuals: Residuals) -> Residuals:
    residuals.values.setflags(write=False)
    return residuals
