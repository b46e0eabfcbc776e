"""From a study file to a study, and from a study to files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causalgreen.cli.config import StudyConfig
from causalgreen.cli.terminal import say

if TYPE_CHECKING:
    from causalgreen.effects.effects import Effects
    from causalgreen.falsify.finding import Falsification
    from causalgreen.panel.panel import Panel
    from causalgreen.study import Study
    from causalgreen.study.manifest import Manifest

__all__ = ["MANIFEST", "code_columns", "panel_of", "study_of", "write_results"]

MANIFEST = "report.manifest.json"


def code_columns(roles: Any) -> tuple[str, ...]:
    """Columns that hold codes, not numbers: firm and clusters, unless they are used as numbers."""
    numbers = {roles["time"], roles["outcome"], roles.get("weight")}
    for role in ("treatment", "exposure", "traits", "controls"):
        numbers.update(roles.get(role) or ())
    for columns in (roles.get("mediators") or {}).values():
        numbers.update(columns)
    codes = (roles["unit"], *(roles.get("cluster") or ()))
    return tuple(dict.fromkeys(code for code in codes if code not in numbers))


def panel_of(table: Path, roles: Any) -> Panel:
    """Read a table and check it."""
    from causalgreen.data.tables import read_table
    from causalgreen.panel.panel import Panel

    say(f"reading {table.name}")
    frame = read_table(table, text_columns=code_columns(roles))
    return Panel.from_frame(frame, **roles)


def study_of(panel: Panel, config: StudyConfig) -> Study:
    """Set a study up as its file says."""
    import causalgreen as cg

    graph = cg.green_innovation_graph(panel)
    for a, b in config.drop:
        graph = graph.drop_edge(a, b)
    for a, b in config.reverse:
        graph = graph.reverse_edge(a, b)
    for node in config.latent:
        graph = graph.add_node(latent=True, **node)
    for a, b in config.add:
        graph = graph.add_edge(a, b)
    plan = config.study
    name = plan["learner"]
    return cg.Study(
        panel,
        graph,
        fixed_effects=cg.FixedEffects(
            plan["fixed_effects"], time=plan["time_effects"], absorb=tuple(plan["absorb"])
        ),
        learner=None if name == "default" else getattr(cg, name)(),
        folds=plan["folds"],
        repeats=plan["repeats"],
        seed=plan["seed"],
        n_jobs=plan["n_jobs"],
    )


def write_results(
    study: Study, paths: Effects, folder: Path, wanted: Mapping[str, Any] | None = None
) -> Manifest:
    """Write tables, figures, the report, its manifest and its summary into a folder.

    Parameters
    ----------
    study : Study
    paths : Effects
    folder : Path
        An empty one.
    wanted : mapping, optional
        The section ``[report]`` of a study file.
    """
    import matplotlib.pyplot as plt

    from causalgreen.report.picture import png_of
    from causalgreen.study.manifest import Manifest

    wanted = wanted or {}
    lang = wanted.get("lang", "en")
    falsification = _falsified(study, wanted)
    results = _results(study, paths, falsification)
    (folder / "tables").mkdir()
    (folder / "figures").mkdir()
    for name, result in results.items():
        # utf-8-sig: without the mark, Excel garbles Chinese column names
        target = folder / "tables" / f"{name}.csv"
        result.tidy().to_csv(target, index=False, encoding="utf-8-sig")
    drawings: dict[str, Callable[[], Any]] = {
        name: results[name].plot
        for name in ("paths", "nuisances", "panel", "falsification")
        if name in results
    }
    for name, draw in (drawings | {"graph": study.graph.plot}).items():
        (folder / "figures" / f"{name}.png").write_bytes(png_of(draw()))
    plt.close("all")
    study.report(
        folder / "report.html", effects=paths, falsification=falsification, lang=lang,
        whom=wanted.get("whom", False),
    )  # fmt: skip
    summary = str(study.summary(paths, falsification=falsification, lang=lang))
    (folder / "summary.txt").write_text(summary + "\n", encoding="utf-8")
    print(f"\n{summary}")
    return Manifest.from_json(folder / MANIFEST)


def _falsified(study: Study, wanted: Mapping[str, Any]) -> Falsification | None:
    if not wanted.get("falsify"):
        return None
    say("trying to break the numbers")
    return study.falsify(simulations=wanted.get("simulations", 400))


def _results(study: Study, paths: Effects, falsification: Any) -> dict[str, Any]:
    out: dict[str, Any] = {
        "paths": paths,
        "identification": study.identify(),
        "nuisances": study.nuisance_report(),
        "panel": study.panel.describe(),
    }
    more = {"steps": paths.detail, "falsification": falsification}
    return out | {name: result for name, result in more.items() if result is not None}
