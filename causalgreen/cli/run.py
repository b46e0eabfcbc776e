"""``causalgreen run``: a study file or a manifest in; tables, figures and a report out."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from causalgreen.cli.build import MANIFEST, panel_of, study_of, write_results
from causalgreen.cli.config import ConfigError, read_config
from causalgreen.cli.output import check_target, fresh_folder, write_mark
from causalgreen.cli.terminal import say
from causalgreen.errors import CausalGreenError, DesignError, EstimationError, Fault

if TYPE_CHECKING:
    from causalgreen.study.manifest import Manifest

__all__ = ["run"]


def run(
    file: Path, out: Path | None, force: bool, data: Path | None = None, other_data: bool = False
) -> None:
    """Run a study file, or a manifest on its table.

    Parameters
    ----------
    file : Path
        ``study.toml``, or the ``.manifest.json`` that lies beside a report.
    out : Path, optional
        Folder for what comes out.
    force : bool
        Replace the folder of an earlier run; it is told what differs from that run.
    data : Path, optional
        The table: needed for a manifest; for a study file, in place of the one it names.
    other_data : bool
        Take a table that is not the manifest's, too.

    Raises
    ------
    ConfigError
        If the file cannot be followed, or the folder must not be written.
    CausalGreenError
        If the table or the study cannot be used; nothing is written then. If a manifest's numbers
        did not come out again; the results are written all the same.
    """
    if file.suffix.lower() == ".json":
        return _run_manifest(file, out, force, data, other_data)
    config = read_config(file)
    if data is not None:
        config = replace(config, table=data)
    target = out if out is not None else config.output
    check_target(target, force, inputs=(config.source, config.table))
    earlier = _earlier(target)
    study = study_of(panel_of(config.table, config.roles), config)
    print(study.identify())
    say("estimating")
    effects = study.paths(**config.estimation)
    print(effects)
    with fresh_folder(target) as folder:
        say("writing tables, figures and the report")
        shutil.copyfile(config.source, folder / "study.toml")
        manifest = write_results(study, effects, folder, config.report)
        write_mark(folder, {"command": "run", **_table(config.table)})
    if earlier is not None:
        print(f"\nWhat differs from the earlier run (here) to this one (there):\n"
              f"{earlier.diff(manifest)}")  # fmt: skip
    print(f"\nthe report: {target / 'report.html'}")
    return None


def _run_manifest(
    file: Path, out: Path | None, force: bool, data: Path | None, other_data: bool
) -> None:
    """Make a study again from its manifest and a table, and compare the numbers."""
    from causalgreen.data.tables import read_table
    from causalgreen.study import Study
    from causalgreen.study.fingerprint import TEXT

    manifest = _read(file)
    if data is None:
        what = "a manifest holds no data"
        raise ConfigError(str(file), [Fault("no_data", what, "name the table: --data panel.csv")])
    stem = file.name.removesuffix(".json").removesuffix(".manifest")
    target = out if out is not None else file.parent / f"{stem}-again"
    check_target(target, force, inputs=(file, data))
    arguments = manifest.estimation_arguments()
    say(f"reading {data.name}")
    texts = [c.name for c in manifest.data.columns if c.kind == TEXT]
    frame = read_table(data, text_columns=texts)
    study = Study.from_manifest(manifest, frame, other_data=other_data)
    say("estimating")
    effects = study.paths(**arguments)
    print(effects)
    agreement = manifest.compare(effects)
    with fresh_folder(target) as folder:
        say("writing tables, figures and the report")
        again = write_results(study, effects, folder)
        write_mark(folder, {"command": "run", "manifest": manifest.seal, **_table(data)})
    differences = manifest.diff(again)
    if differences:
        print(f"\nWhat differs from the manifest (here) to this run (there):\n{differences}")
    print(f"\n{agreement}")
    print(f"the report: {target / 'report.html'}")
    if not agreement.close and not differences.of("data"):
        raise EstimationError(
            f"the same data did not give the numbers of {file.name}: {agreement} What differs is "
            "told above; the versions of a manifest are in it"
        )


def _table(table: Path) -> dict[str, str]:
    digest = hashlib.sha256(table.read_bytes()).hexdigest()
    return {"table": table.name, "table_sha256": digest}


def _read(file: Path) -> Manifest:
    from causalgreen.study.manifest import Manifest

    try:
        return Manifest.from_json(file)
    except DesignError as error:
        fix = "give the .manifest.json that lies beside a report, or a study file (.toml)"
        raise ConfigError(str(file), [Fault("manifest", str(error), fix)]) from error


def _earlier(target: Path) -> Manifest | None:
    """The manifest of the run that will be replaced, if it can be read."""
    from causalgreen.study.manifest import Manifest

    path = target / MANIFEST
    if not path.is_file():
        return None
    try:
        return Manifest.from_json(path)
    except CausalGreenError:
        return None
