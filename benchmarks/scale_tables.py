"""The figures of the page on large panels, and its picture, made from the table on disk.

Run as ``python -m benchmarks.scale_tables`` after ``python -m benchmarks.scale``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.made_with import machine_in, versions_in
from benchmarks.results import read_metadata
from benchmarks.scale import STEPS, TABLE

__all__ = ["BEGIN", "END", "figures", "filled", "main", "save_picture"]

DOCS = Path(__file__).parent.parent / "docs"
PAGE, PICTURE = DOCS / "scale.md", DOCS / "figures" / "scale.png"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
BAR = 1.1
WORDS = {
    "panel": "`Panel.from_frame`", "residuals": "cross-fitting", "moments": "moments",
    "paths": "`study.paths()`", "surface": "`study.surface(...)`", "predict": "`predict()`",
    "groups": "`explain().groups()`", "falsify": "`study.falsify()`",
    "five_folds": "cross-fitting, five folds", "whole": "**whole study**",
}  # fmt: skip
# Okabe-Ito, told apart by people with colour-blindness; and markers, for print without colour.
COLOURS = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#8C6D00",
    "#555555",
    "#88CCEE",
)
MARKERS = "osD^vP*Xh"


def figures(table: pd.DataFrame, notes: dict[str, str]) -> str:
    """What stands between the markers of the page.

    Parameters
    ----------
    table : pandas.DataFrame
        As `benchmarks.scale` writes it.
    notes : dict
        What it was made with.

    Returns
    -------
    str
        A sentence, a table of seconds, one of memory, what they were made with.
    """
    sizes = sorted(table["firms"].unique())
    largest = table[(table["firms"] == sizes[-1]) & (table["step"] == "whole")].iloc[0]
    text = (
        f"At {sizes[-1]:,} firms × {notes['years']} years ({largest['rows']:,} rows), "
        f"{notes['controls']} controls, learner `{largest['learner']}`, forest of "
        f"{largest['trees']} trees grown on {largest['forest_firms']:,} firms, one thread: "
        f"{_span(largest['seconds'])} of processor time, at most {largest['peak_gib']:.1f} GiB."
    )
    steep = table[table["slope_seconds"] > BAR]["step"].unique()
    text += (
        f" Slope of log time on log rows of the whole: {largest['slope_seconds']:.2f}; steps above "
        f"{BAR}: {', '.join(WORDS[s].strip('*') for s in steep) or 'none'}."
    )
    made = versions_in(notes)
    return "\n\n".join([
        "![Seconds and memory on rows, log-log](figures/scale.png)",
        text,
        "Seconds of processor time, and the slope of log seconds on log rows. The whole is all "
        "steps but the checks and five folds, which were asked of the smaller panels only; cross-"
        "fitting is in five folds, and in three from 50,000 firms on:",
        _rows(table, "seconds", "slope_seconds", _three),
        "Peak of the resident memory during the step, GiB (the panel, and what earlier steps keep, "
        "included):",
        _rows(table, "peak_gib", None, "{:.2f}".format),
        f"{notes['date']}, {machine_in(notes)}; {made}.",
    ])  # fmt: skip


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"


def _three(number: float) -> str:
    """Three digits, and no powers of ten."""
    return f"{number:,.0f}" if number >= 1000 else f"{number:.3g}"


def _rows(
    table: pd.DataFrame, column: str, slope: str | None, shape: Callable[[float], str]
) -> str:
    sizes = sorted(table["firms"].unique())
    head = ["step", *(f"{n:,} firms" for n in sizes), *(["slope"] if slope else [])]
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    for step in [s for s in (*STEPS, "whole") if s in set(table["step"])]:
        part = table[table["step"] == step].set_index("firms")
        cells = [shape(part[column][n]) if n in part.index else "" for n in sizes]
        if slope:
            cells.append(f"{part[slope].iloc[0]:.2f}")
        lines.append("| " + " | ".join([WORDS[step], *cells]) + " |")
    return "\n".join(lines)


def filled(page: str, text: str) -> str:
    """The page with the text between its markers."""
    head, rest = page.split(BEGIN)
    return f"{head}{BEGIN}\n\n{text}\n\n{END}{rest.split(END)[1]}"


def save_picture(table: pd.DataFrame, path: Path) -> None:
    """Log-log plot of seconds and of memory on rows, with the slopes in the legend."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
    steps = [s for s in STEPS if s in set(table["step"])]
    for step, colour, marker in zip(steps, COLOURS, MARKERS, strict=False):
        part = table[table["step"] == step]
        name = WORDS[step].strip("`*")
        slope = part["slope_seconds"].iloc[0]
        left.plot(part["rows"], part["seconds"], color=colour, marker=marker, lw=1.2, ms=5,
                  label=f"{name}  {slope:.2f}")  # fmt: skip
        right.plot(part["rows"], part["peak_gib"], color=colour, marker=marker, lw=1.2, ms=5)
    whole = table[table["step"] == "whole"]
    left.plot(whole["rows"], whole["seconds"], color="#000000", lw=2.4, marker="o", ms=6,
              label=f"whole study  {whole['slope_seconds'].iloc[0]:.2f}")  # fmt: skip
    x = np.array([whole["rows"].min(), whole["rows"].max()], dtype=float)
    y = whole["seconds"].iloc[0]
    left.plot(x, y * 1.6 * (x / x[0]), color="#999999", ls=":", lw=1.2, label="slope 1")
    left.set(xscale="log", yscale="log", xlabel="rows", ylabel="seconds, one thread")
    left.legend(fontsize=7.5, frameon=False, title="slope", title_fontsize=8, loc="center left",
                bbox_to_anchor=(1.0, 0.5))  # fmt: skip
    right.set(xscale="log", yscale="log", xlabel="rows", ylabel="peak memory, GiB")
    right.set_yticks([0.5, 1, 2, 4, 8, 16], ["0.5", "1", "2", "4", "8", "16"])
    rows = sorted(whole["rows"])
    for axis in (left, right):
        axis.set_xticks(rows, [f"{n / 1000:,g}k" for n in rows])
        axis.minorticks_off()
        axis.grid(color="#dddddd", lw=0.6)
        axis.spines[["top", "right"]].set_visible(False)
    figure.suptitle("Cost of a study as firms are added", x=0.01, ha="left", fontsize=11)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def main(argv: Sequence[str] | None = None) -> int:
    """Write the figures into the page, and the picture."""
    del argv
    table = pd.read_csv(TABLE)
    notes = read_metadata(TABLE.with_name(TABLE.stem + "_metadata.csv"))
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(filled(page, figures(table, notes)), encoding="utf-8")
    save_picture(table, PICTURE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
