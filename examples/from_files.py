"""From the files that data houses deliver to the paths of AI: the whole road, with its account.

    python examples/from_files.py [folder] [report.html]

The files are simulated (`simulate_files` writes them into the folder, a new one), with the faults
of real ones: three header rows, stock codes without their zeros, stacked patent tables, statements
of the parent beside consolidated ones, GBK. Replace the paths by those of your own downloads.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import causalgreen as cg

TABLES = ("basics", "assets", "ratios", "patents", "green", "staff", "governance")
PARTS = [f"green_{a}_{b}" for a in ("inventions", "utility") for b in ("own", "joint")]
ROLES = {
    "unit": "firm",
    "time": "year",
    "outcome": "ln_green",
    "treatment": "ai",
    "mediators": {"restructuring": ["clean_share"], "human_capital": ["skilled_share"]},
    "traits": ["soe", "heavy_polluter"],
    "controls": ["size", "leverage", "roa", "age", "zone"],
    "cluster": "firm",
}


def panel_of(files: cg.data.SimulatedFiles) -> cg.data.FirmPanel:
    """Read, join, fill, derive, attach, filter: every step is in the audit."""
    tables = {name: cg.data.read(files.paths[name]) for name in TABLES}
    tables["ai"] = cg.data.read(files.paths["ai"], columns={"lnAI": "ai"})
    panel = cg.data.firm_panel(tables)
    panel = panel.fill_counts(PARTS).add_green(joint=True)
    panel = cg.data.heavy_polluter(panel).attach()
    panel = cg.data.attach_pilot_zones(panel, county="county", cohort="full_year").panel
    panel = panel.drop_st().drop_financial()
    panel = panel.keep(lambda f: f["zone"].notna(), "Huzhou outside Deqing: neither in nor out")
    return panel.with_columns(
        {"size": lambda f: np.log(f["assets"]), "ln_green": lambda f: np.log1p(f["green_patents"])},
        "logarithms",
    )


def with_peers(frame: pd.DataFrame) -> pd.DataFrame:
    """Mean AI of the other firms of the industry; firms alone in theirs have no peers: 0."""
    peers = cg.exposure(frame, by="industry", of="ai", alone="zero", names=["peer_ai"])
    return peers.attach()


def study_of(frame: pd.DataFrame) -> cg.Study:
    panel = cg.Panel.from_frame(with_peers(frame), exposure="peer_ai", **ROLES)
    graph = cg.green_innovation_graph(panel)
    return cg.Study(panel, graph, learner=cg.linear(), folds=2, progress=False)


def counted_twice(files: cg.data.SimulatedFiles, frame: pd.DataFrame) -> str:
    """Green patents counted from the publications, beside the table of counts."""
    green = cg.data.green_patents(files.paths["publications"])
    keys = ["firm", "year"]
    ours = green.frame.set_index(keys)["green_patents"]
    theirs = frame.set_index(keys)["green_patents"]
    same = (ours.reindex(theirs.index, fill_value=0) == theirs).mean()
    return f"{green!r}\n   equal to the table of green patents in {same:.1%} of the firm-years"


def main(folder: Path, report: str | None) -> None:
    files = cg.data.simulate_files(folder, n_firms=150, n_years=8, seed=4)
    print(f"1. What was delivered\n\n{files}\n")
    panel = panel_of(files)
    print(f"2. What became of every row\n\n{panel.audit}\n")
    print(f"3. Green patents, counted again from the publications\n\n   "
          f"{counted_twice(files, panel.frame)}\n")  # fmt: skip
    study = study_of(panel.frame)
    print(f"4. The paths of AI to ln(1 + green patents)\n\n{study.paths()}")
    if report:
        print(f"\nwritten: {study.report(report)}")


if __name__ == "__main__":
    warnings.simplefilter("ignore", cg.CausalGreenWarning)  # they are in the audit and the notes
    asked = sys.argv[1:]
    if asked:
        main(Path(asked[0]), asked[1] if len(asked) > 1 else None)
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(Path(temporary) / "raw", None)
