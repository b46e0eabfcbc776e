"""Memory that cross-fitting needs, estimated from sizes alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from causalgreen.panel.features import FeatureCounts
from causalgreen.panel.memory import Need, check_memory
from causalgreen.panel.transforms import FixedEffects, feature_counts
from causalgreen.residuals.bins import CHUNK
from causalgreen.residuals.boosting import LightGBMLearner
from causalgreen.residuals.foldline import ROWS
from causalgreen.residuals.linear import LinearLearner
from causalgreen.residuals.sieve import KEEP as SIEVE_KEEP
from causalgreen.residuals.sieve import ROWS as SIEVE_ROWS
from causalgreen.residuals.sieve import LassoLearner
from causalgreen.residuals.tasks import Learner
from causalgreen.residuals.terms import most_terms

if TYPE_CHECKING:
    from causalgreen.panel.panel import Panel
    from causalgreen.residuals.crossfit import CrossFit

__all__ = ["advice_on", "check_cross_fit", "cross_fit_need"]

FLOAT = 8.0
# Columns are cleaned of fixed effects eight at a time, by projections that keep eight copies.
CLEANING = 64.0
# What LightGBM keeps for a row beside its bins: label, score, gradient, hessian, place, weight.
BOOSTED_ROW = 60.0


def cross_fit_need(panel: Panel, fixed_effects: FixedEffects, settings: CrossFit) -> Need:
    """Memory that cross-fitting needs at its peak, on top of the panel.

    Parameters
    ----------
    panel : Panel
        The firm-year table.
    fixed_effects : FixedEffects
        Effects to remove: they rule the number of features.
    settings : CrossFit
        Learners, folds, repetitions, jobs.

    Returns
    -------
    Need
        Features, predictions of all learners along their tuning paths, and what every job copies.
    """
    from causalgreen.residuals.workers import shares_memory, workers_of

    n, targets = float(panel.n_rows), len(panel.roles.targets)
    counts = feature_counts(panel, fixed_effects)
    members = settings.stack.members
    features = FLOAT * n * (counts.total + targets + panel.n_periods)
    if not counts.total:
        return Need("cross-fitting", (("targets", features),))
    fits = settings.repeats * settings.folds
    workers = min(workers_of(settings.n_jobs), fits * targets)
    candidates = sum(len(member.labels()) for member in members)
    predictions = FLOAT * n * targets * candidates * settings.repeats
    fit = max(_fit_bytes(member, n, targets, counts) for member in members)
    copies = 1 if workers == 1 or shares_memory() else workers
    predictions += copies * max(_shared_bytes(member, n, counts.flexible) for member in members)
    building = FLOAT * n * (3 * counts.block + CLEANING)
    choosing = 3 * FLOAT * n * candidates
    if building > max(predictions + workers * fit, predictions + choosing):
        return Need("cross-fitting", (("features", features), ("making them", building)))
    jobs = "1 job" if workers == 1 else f"{workers} jobs"
    if choosing > workers * fit:
        last = ("choosing among learners", choosing)
    else:
        last = (f"learners in {jobs}", workers * fit)
    return Need("cross-fitting", (("features", features), ("predictions", predictions), last))


def _fit_bytes(member: Learner, n: float, targets: int, counts: FeatureCounts) -> float:
    """What one job holds while it fits a learner."""
    line = FLOAT * (4 * n + 2 * n * targets + 4 * min(n, ROWS) * counts.linear)
    if isinstance(member, LinearLearner):
        return line
    if isinstance(member, LightGBMLearner):
        return line + n * (counts.flexible * (1 + _kept(member)) + BOOSTED_ROW)
    if isinstance(member, LassoLearner):
        terms = most_terms(counts.flexible, counts.traits, member.knots, member.interactions)
        return FLOAT * terms * (6 * terms + min(n, 3 * SIEVE_ROWS) + min(n, SIEVE_KEEP / terms))
    return 2 * FLOAT * n * counts.flexible


def _shared_bytes(member: Learner, n: float, flexible: int) -> float:
    """What a learner keeps for all folds and targets: the bins, and what they are made from."""
    if not isinstance(member, LightGBMLearner):
        return 0.0
    bins = n * flexible + FLOAT * min(n, CHUNK) * flexible
    return bins + 2 * _kept(member) * n * flexible


def _kept(member: LightGBMLearner) -> float:
    """Bytes of a feature that lines in leaves need beside its bin."""
    return 4.0 if member.linear_tree else 0.0


def check_cross_fit(panel: Panel, fixed_effects: FixedEffects, settings: CrossFit) -> None:
    """Refuse cross-fitting that does not fit into memory, before it starts.

    Raises
    ------
    DesignError
        With the estimate, what is free, and what to do.

    Warns
    -----
    EstimationWarning
        If it will take most of what is free.
    """
    check_memory(
        cross_fit_need(panel, fixed_effects, settings), advice_on(panel, fixed_effects, settings)
    )


def advice_on(panel: Panel, fixed_effects: FixedEffects, settings: CrossFit) -> list[str]:
    """What takes less memory in the cross-fitting, the best first."""
    from causalgreen.residuals.workers import workers_of

    advice = []
    if workers_of(settings.n_jobs) > 1:
        advice.append("n_jobs=1 (every job holds what it fits of the training rows)")
    if len(settings.stack.members) > 1:
        advice.append("one learner, such as cg.lightgbm(), instead of several")
    if settings.repeats > 1:
        advice.append("repeats=1")
    if panel.roles.traits and panel.roles.controls:
        advice.append(
            f"fewer controls or traits ({len(panel.roles.controls)} controls and "
            f"{len(panel.roles.traits)} traits make "
            f"{feature_counts(panel, fixed_effects).total:,} features)"
        )
    elif panel.roles.controls:
        advice.append(f"fewer controls ({len(panel.roles.controls)} now)")
    return [*advice, "a random sample of whole firms", "a machine with more memory"]
