"""``causalgreen check``: the faults of a table, without estimating anything."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from causalgreen.cli.build import panel_of
from causalgreen.cli.config import ConfigError, read_config
from causalgreen.errors import DataError, Fault
from causalgreen.residuals.folds import default_folds

__all__ = ["check"]

_REQUIRED = ("unit", "time", "outcome", "treatment")


def check(options: argparse.Namespace) -> None:
    """Check a table and print its description.

    Raises
    ------
    DataError
        With all its faults, those that a study with these fixed effects would meet included.
    ConfigError
        If it is a study file that cannot be followed.
    """
    if options.file.suffix.lower() == ".toml":
        config = read_config(options.file)
        plan = config.study
        _describe(config.table, config.roles, plan["fixed_effects"], plan["folds"])
    else:
        _describe(options.file, _roles(options), options.fixed_effects, options.folds)


def _roles(options: argparse.Namespace) -> dict[str, Any]:
    missing = [name for name in _REQUIRED if not getattr(options, name)]
    if missing:
        flags = ", ".join(f"--{name}" for name in missing)
        what = f"which columns play which part? missing: {flags}"
        raise ConfigError("the command", [Fault("missing_roles", what, "name the columns")])
    return {
        "unit": options.unit,
        "time": options.time,
        "outcome": options.outcome,
        "treatment": options.treatment,
        "exposure": options.exposure,
        "mediators": dict(options.mediator or ()),
        "traits": options.trait,
        "controls": options.control,
        "cluster": options.cluster,
        "weight": options.weight,
    }


def _describe(table: Path, roles: Any, kind: str, folds: int | None) -> None:
    panel = panel_of(table, roles)
    folds = folds or default_folds(panel.n_units, panel.n_clusters[0])
    faults = panel.faults_under(kind, folds)
    print(panel.describe())
    if faults:
        raise DataError(faults)
    print(f"\nno faults: ready for fixed_effects={kind!r}, folds={folds}")
