"""From a study file to a study, and from a study to files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causalgreen.cli.config import StudyConfig
from causalgreen.cli.terminal import say

if TYPE_CHECKING:
    from causalgreen.effects.effects import Effects
    from causalgreen.panel.panel import Panel
    from causalgreen.study import Study

__all__ = ["code_columns", "panel_of", "study_of", "write_results"]


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


def write_results(study: Study, paths: Effects, folder: Path) -> None:
    """Write tables, figures and the report of a study and its effects into a folder."""
    import matplotlib.pyplot as plt

    from causalgreen.report import study_page, write_report
    from causalgreen.report.page import png_of

    (folder / "tables").mkdir()
    (folder / "figures").mkdir()
    results: dict[str, Any] = {
        "paths": paths,
        "identification": study.identify(),
        "nuisances": study.nuisance_report(),
        "panel": study.panel.describe(),
    }
    if paths.detail is not None:
        results["steps"] = paths.detail
    for name, result in results.items():
        table = result.tidy()
        # utf-8-sig: without the mark, Excel garbles Chinese column names
        table.to_csv(folder / "tables" / f"{name}.csv", index=False, encoding="utf-8-sig")
    drawings: dict[str, Callable[[], Any]] = {
        "paths": paths.plot,
        "graph": study.graph.plot,
        "nuisances": results["nuisances"].plot,
        "panel": results["panel"].plot,
    }
    for name, draw in drawings.items():
        (folder / "figures" / f"{name}.png").write_bytes(png_of(draw()))
    plt.close("all")
    write_report(folder / "report.html", study_page(study, effects=paths))
