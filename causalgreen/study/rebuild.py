"""From a study to its manifest, and from a manifest and a table to the study again."""

from __future__ import annotations

import platform
import warnings
from importlib import metadata
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from causalgreen.errors import (
    CausalGreenError,
    CausalGreenWarning,
    DesignError,
    EstimationWarning,
    IdentificationError,
)
from causalgreen.panel.frames import as_pandas
from causalgreen.panel.panel import Panel
from causalgreen.study.differences import NOTHING, data_differences, version_differences
from causalgreen.study.fingerprint import as_recorded, fingerprint
from causalgreen.study.learner_record import learner_of, record_learners
from causalgreen.study.manifest import Manifest
from causalgreen.study.records import Estimand, Estimate, Estimation

if TYPE_CHECKING:
    from causalgreen.effects.effects import Effects

__all__ = ["manifest_of", "panel_arguments", "rebuild", "versions_here"]

S = TypeVar("S")


def manifest_of(study: Any, effects: Effects | None = None) -> Manifest:
    """Write a study down; see `Study.manifest`."""
    if effects is None:
        effects = _paths(study)
    context = None if effects is None else effects.context
    return Manifest(
        data=fingerprint(study.panel, study.fixed_effects.absorb),
        roles=study.panel.roles,
        graph=study.graph,
        fixed_effects=study.fixed_effects,
        learners=record_learners(study._settings.stack),
        folds=int(study.folds),
        repeats=int(study.repeats),
        seed=int(study.seed),
        estimation=None if effects is None else _estimation(study, effects),
        estimand="" if context is None else context.estimand,
        population="" if context is None else context.population,
        unit="" if context is None else context.unit,
        estimands=tuple(
            Estimand(v.term, v.verdict, v.adjustment) for v in study.identify().verdicts
        ),
        estimates=() if effects is None else tuple(
            Estimate(term, float(value), float(error))
            for term, value, error in zip(
                effects.terms, effects.estimate, effects.std_error, strict=True
            )
        ),
        versions=tuple(sorted(versions_here().items())),
    )  # fmt: skip


def _paths(study: Any, **arguments: Any) -> Effects | None:
    """Paths without warnings; None where the graph or the data refuse them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CausalGreenWarning)
        try:
            effects: Effects = study.paths(**arguments)
        except IdentificationError:
            return None
    return effects


def _estimation(study: Any, effects: Effects) -> Estimation | None:
    """Arguments that give these very numbers: tried, not believed."""
    for population in (True, False):
        for allow in (False, True):
            tried = Estimation(effects.coefficients, effects.covariance, population, allow)
            try:
                again = _paths(
                    study, coefficients=effects.coefficients, covariance=effects.covariance,
                    population=population, allow_unidentified=allow,
                )  # fmt: skip
            except CausalGreenError:
                continue
            if again is not None and _same(effects, again):
                return tried
    return None


def _same(a: Effects, b: Effects) -> bool:
    return (
        a.terms == b.terms
        and (a.context.population, a.context.unit) == (b.context.population, b.context.unit)
        and np.array_equal(a.estimate, b.estimate, equal_nan=True)
        and np.array_equal(a.std_error, b.std_error, equal_nan=True)
    )


def versions_here() -> dict[str, str]:
    """Versions of Python and of the packages behind the numbers, and the kind of machine."""
    from causalgreen.report.study_tables import versions

    found = dict(versions())
    for package in ("scipy", "joblib"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    found["machine"] = f"{platform.system()} {platform.machine()}"
    return found


def panel_arguments(manifest: Manifest) -> dict[str, Any]:
    """Arguments of ``Panel.from_frame`` that give the manifest's roles."""
    r = manifest.roles
    return {
        "unit": r.unit, "time": r.time, "outcome": r.outcome, "treatment": r.treatments,
        "exposure": r.exposures or None,
        "mediators": {name: list(columns) for name, columns in r.groups} or None,
        "traits": r.traits or None, "controls": r.controls or None, "cluster": r.clusters,
        "weight": r.weight,
    }  # fmt: skip


def rebuild(
    cls: type[S], manifest: Manifest, frame: Any, learner: Any = None, *, other_data: bool = False,
    n_jobs: int | None = None, progress: bool | None = None,
) -> S:  # fmt: skip
    """Make a study again; see `Study.from_manifest`."""
    wanted = {c.name for c in manifest.data.columns}
    table = as_recorded(as_pandas(frame, wanted), manifest.data.columns)
    panel = Panel.from_frame(table, **panel_arguments(manifest))
    _refuse_other_data(manifest, panel, other_data)
    moved = version_differences(manifest, versions_here())
    if serious := [d.sentence for d in moved if d.consequence != NOTHING]:
        warnings.warn(
            "versions differ from the manifest's, and numbers may: "
            + "; ".join(s.replace(" here and ", " then and ").replace(" there", " now")
                        for s in serious),
            EstimationWarning, stacklevel=3,
        )  # fmt: skip
    make: Any = cls
    study: S = make(
        panel, manifest.graph, manifest.fixed_effects,
        learner_of(manifest.learners) if learner is None else learner,
        manifest.folds, manifest.repeats, manifest.seed, n_jobs, progress,
    )  # fmt: skip
    return study


def _refuse_other_data(manifest: Manifest, panel: Panel, other_data: bool) -> None:
    found = data_differences(
        manifest.data, fingerprint(panel, manifest.fixed_effects.absorb)
    )  # fmt: skip
    if not found:
        return
    said = "; ".join(
        d.sentence.replace(" here", " in the manifest").replace(" there", " in the table")
        for d in found
    )
    if not other_data:
        raise DesignError(
            f"the table is not the one of the manifest: {said}. Give that table, or allow another "
            "one with other_data=True (causalgreen run --other-data); the numbers will differ"
        )
    warnings.warn(
        f"the table is not the one of the manifest: {said}", EstimationWarning, stacklevel=4
    )
