"""Faults that depend on the study: what the fixed effects leave, and whether folds can be cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from causalgreen.errors import DesignError, Fault
from causalgreen.panel.notes import varies_within
from causalgreen.panel.values import parts, run_starts

if TYPE_CHECKING:
    from causalgreen.panel.panel import Panel

__all__ = ["KINDS", "study_faults"]

KINDS = ("within", "first_difference", "mundlak", "none")


def study_faults(panel: Panel, kind: str, folds: int) -> tuple[Fault, ...]:
    """Faults of a panel under fixed effects of this kind and this number of folds.

    Raises
    ------
    DesignError
        The kind is unknown, or there are fewer than two folds.
    """
    if kind not in KINDS:
        raise DesignError(f"fixed effects {kind!r} are unknown; choose one of {', '.join(KINDS)}")
    if folds < 2:
        raise DesignError(f"folds={folds}: cross-fitting needs at least two folds")
    faults = _cluster_faults(panel, folds)
    if kind == "none":
        return tuple(faults)
    starts = run_starts(panel.unit_codes)
    sizes = np.diff(np.append(starts, panel.n_rows))
    if sizes.max() < 2:
        what = (
            f"no firm has two periods (firms with one period only: {panel.n_units:,}), so firm "
            f"effects ('{kind}') leave nothing to learn from"
        )
        fix = "add periods, or use fixed_effects='none' and defend that no firm effect matters"
        return (*faults, Fault("one_period", what, fix))
    if kind == "first_difference":
        faults += _consecutive(panel)
    return (*faults, *_within_faults(panel, kind, starts, int((sizes < 2).sum())))


def _consecutive(panel: Panel) -> list[Fault]:
    unit, times = panel.unit_codes, panel.times
    step = (unit[1:] == unit[:-1]) & (np.diff(times) == panel.step)
    if step.any():
        return []
    what = (
        f"no firm has two consecutive periods (the step between periods is {panel.step:g}), so "
        "there is no first difference"
    )
    return [Fault("no_consecutive_periods", what, "use fixed_effects='within', or fill the gaps")]


def _within_faults(panel: Panel, kind: str, starts: np.ndarray, single: int) -> list[Fault]:
    part_of = {name: part for part, name in parts(panel.roles) if part != "cluster"}
    faults = []
    for name in panel.roles.targets:
        if varies_within(panel.column(name), starts).any():
            continue
        also = f" ({single:,} of them have one period only)" if single else ""
        what = (
            f"{part_of[name]} '{name}' never varies within any of the {panel.n_units:,} firms"
            f"{also}; firm effects ('{kind}') absorb all of it"
        )
        fix = (
            f"use a measure of '{name}' that changes over time, leave it out, or use "
            "fixed_effects='none' and defend that no firm effect matters"
        )
        faults.append(Fault("no_within_variation", what, fix))
    return faults


def _cluster_faults(panel: Panel, folds: int) -> list[Fault]:
    faults = []
    first = panel.roles.clusters[0]
    counts = dict(zip(panel.roles.clusters, panel.n_clusters, strict=True))
    for name, count in {first: counts[first], panel.roles.unit: panel.n_units}.items():
        if count < folds:
            kind = "firms" if name == panel.roles.unit else "clusters"
            what = (
                f"'{name}' has {count:,} {kind}, fewer than the {folds} folds that never split one"
            )
            fix = (
                f"use folds={count} or fewer"
                if count > 1
                else "choose a finer cluster or add firms"
            )
            faults.append(Fault("few_clusters", what, fix))
    for name in panel.roles.clusters[1:]:
        if counts[name] < 2:
            what = f"cluster '{name}' has one level, so no variance can be computed over it"
            faults.append(Fault("one_cluster", what, f"leave '{name}' out of cluster="))
    return faults
