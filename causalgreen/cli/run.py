"""``causalgreen run``: a study file in, a folder with tables, figures and a report out."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from causalgreen.cli.build import panel_of, study_of, write_results
from causalgreen.cli.config import read_config
from causalgreen.cli.output import check_target, fresh_folder, write_mark
from causalgreen.cli.terminal import say

__all__ = ["run"]


def run(file: Path, out: Path | None, force: bool) -> None:
    """Run a study file.

    Raises
    ------
    ConfigError
        If the file cannot be followed, or the folder must not be written.
    CausalGreenError
        If the table or the study cannot be used; nothing is written then.
    """
    config = read_config(file)
    target = out if out is not None else config.output
    check_target(target, force, inputs=(config.source, config.table))
    study = study_of(panel_of(config.table, config.roles), config)
    print(study.identify())
    say("estimating")
    effects = study.paths(**config.estimation)
    print(effects)
    with fresh_folder(target) as folder:
        say("writing tables, figures and the report")
        shutil.copyfile(config.source, folder / "study.toml")
        write_results(study, effects, folder)
        digest = hashlib.sha256(config.table.read_bytes()).hexdigest()
        write_mark(folder, {"command": "run", "table": config.table.name, "table_sha256": digest})
    print(f"\nthe report: {target / 'report.html'}")
