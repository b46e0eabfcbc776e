"""Where the time of a study goes, beside one fit of EconML's forest: table and picture.

Made from ``speed.csv`` by ``python -m benchmarks.pages``.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from benchmarks.figures import STUDY
from benchmarks.made_with import machine_in, versions_in

__all__ = ["block", "save_picture"]

FIT = "CausalForestDML.fit, 5 folds"
# Okabe-Ito, told apart by people with colour-blindness.
OURS, PEERS = "#0072B2", "#D55E00"


def block(table: pd.DataFrame, notes: dict[str, str]) -> str:
    """Process time of each stage in units of one fit, and what it was measured with.

    Parameters
    ----------
    table : pandas.DataFrame
        As `benchmarks.speed` writes it.
    notes : dict
        What it was made with.

    Returns
    -------
    str
    """
    one = table.iloc[0]
    text = (
        f"{one['firms']:,} firms × {one['years']} years, {one['controls']} controls, "
        f"{one['trees']} trees, {one['simulations']} simulations of each check, one thread, one "
        "process. Process time, in units of one `CausalForestDML.fit` with as many folds as the "
        "study (five), the same learners and trees, on the same rows; it gives the effect of one "
        "treatment on one outcome."
    )
    lines = ["| whose | what | times one fit |", "|---|---|---:|"]
    for row in _stages(table).itertuples():
        lines.append(f"| {row.whose} | {row.what} | {row.fits:.2f} |")
    made = f"{notes['date']}, {machine_in(notes)}; {versions_in(notes)}."
    picture = "![Stages of a study beside one fit of EconML's forest](figures/speed.png)"
    return "\n\n".join([text, picture, "\n".join(lines), made])


def _stages(table: pd.DataFrame) -> pd.DataFrame:
    """Stages of the study, their sum, and what EconML does; in units of one fit."""
    study = table[table["part"] == STUDY]
    total = pd.DataFrame({"what": ["**whole study**"], "process": [study["process"].sum()]})
    rest = table[~table["part"].isin([STUDY, "inside the page"])]
    whose = rest["part"].replace({"EconML": "EconML", "DoWhy": "DoWhy to EconML"})
    out = pd.concat([
        study[["what", "process"]].assign(whose="causalgreen"),
        total.assign(whose="causalgreen"), rest[["what", "process"]].assign(whose=whose),
    ], ignore_index=True)  # fmt: skip
    fit = float(table.loc[table["what"] == FIT, "process"].iloc[0])
    return out.assign(fits=out["process"] / fit)


def save_picture(table: pd.DataFrame, path: Path) -> None:
    """Bars of the stages, and of EconML's fits; one dashed line at one fit."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    stages = _stages(table).iloc[::-1].reset_index(drop=True)
    names = stages["what"].str.strip("*")
    names = names.where(~stages["whose"].str.startswith("DoWhy"), "through DoWhy: " + names)
    ours = stages["whose"] == "causalgreen"
    figure, ax = plt.subplots(figsize=(8.6, 0.6 + 0.34 * len(stages)), layout="constrained")
    bars = ax.barh(names, stages["fits"], color=[OURS if o else PEERS for o in ours], height=0.68)
    for bar, name in zip(bars, names, strict=True):
        bar.set_alpha(1.0 if name in ("whole study", FIT) else 0.6)
    ax.bar_label(bars, [f"{v:.2f}" for v in stages["fits"]], padding=3, fontsize=8)
    ax.axvline(1.0, color="#555555", ls="--", lw=1)
    ax.set_xlabel("process time, in units of one CausalForestDML.fit with 5 folds", fontsize=9)
    ax.set_title("A study by causalgreen (blue) beside EconML (orange)", fontsize=10, loc="left")
    ax.tick_params(labelsize=8, length=2)
    ax.margins(x=0.09)
    ax.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)
    plt.close(figure)
