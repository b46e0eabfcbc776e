"""Pictures of tables and of what became of their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from causalgreen.fonts import families

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from causalgreen.data.audit import Audit
    from causalgreen.data.checks import Findings
    from causalgreen.data.reading import Table

__all__ = ["plot_audit", "plot_findings", "plot_table"]

_BLUE, _ORANGE, _GREY = "#0072B2", "#D55E00", "#999999"  # Okabe and Ito
_MOST = 40


def plot_table(table: Table) -> Axes:
    """Draw how much of each column of a table is filled."""
    import matplotlib.pyplot as plt

    frame = table.frame
    names = list(frame.columns)[:_MOST]
    filled = [1 - float(frame[name].isna().mean()) for name in names]
    with plt.rc_context({"font.family": families([table.name, *names])}):
        _, axes = plt.subplots(figsize=(7, 1.1 + 0.24 * len(names)), layout="constrained")
        axes.barh(names, filled, color=_BLUE)
        axes.invert_yaxis()
        axes.set_xlim(0, 1)
        axes.set_xlabel("share of rows that are filled")
        more = f", first {_MOST} of {frame.shape[1]} columns" if frame.shape[1] > _MOST else ""
        axes.set_title(f"{table.name}: n = {len(frame):,} rows{more}", fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
    return axes


def plot_audit(audit: Audit) -> Axes:
    """Draw the rows that each step kept and took away."""
    import matplotlib.pyplot as plt

    steps = audit.steps
    names = [f"{i}. {step.name}" for i, step in enumerate(steps, 1)]
    kept = np.array([step.rows_out for step in steps])
    lost = np.array([max(step.rows_in - step.rows_out, 0) for step in steps])
    with plt.rc_context({"font.family": families(names)}):
        _, axes = plt.subplots(figsize=(8, 1.4 + 0.34 * len(steps)), layout="constrained")
        axes.barh(names, kept, color=_BLUE, label="rows after the step")
        axes.barh(names, lost, left=kept, color=_ORANGE, label="rows taken away")
        for i, step in enumerate(steps):
            text = f"{step.rows_out:,}" + (f"  (-{lost[i]:,})" if lost[i] else "")
            axes.annotate(text, (kept[i] + lost[i], i), xytext=(4, 0), va="center",
                          textcoords="offset points", fontsize=8, color="#333333")  # fmt: skip
        axes.set_ylim(len(steps) - 0.4, -0.6)
        axes.set_xlim(0, 1.22 * max(1, (kept + lost).max(initial=1)))
        axes.set_xlabel("rows")
        end = f"{steps[-1].rows_out:,} rows" if steps else "no steps"
        axes.set_title(f"What became of the rows: {len(steps)} steps, n = {end}", fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
        if lost.any():
            axes.figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=8)
    return axes


def plot_findings(findings: Findings) -> Axes:
    """Draw how many rows break each rule."""
    import matplotlib.pyplot as plt

    found = findings.findings
    names = [f.code.replace("_", " ") for f in found]
    _, axes = plt.subplots(figsize=(7, 1.4 + 0.35 * max(len(found), 1)), layout="constrained")
    rows = [len(f.rows) for f in found]
    axes.barh(names, rows, color=_ORANGE)
    for i, n in enumerate(rows):
        axes.annotate(f"{n:,}", (n, i), xytext=(4, 0), textcoords="offset points", va="center")
    axes.invert_yaxis()
    axes.set_xlim(0, 1.15 * max(1, *rows) if rows else 1)
    axes.set_xlabel("rows")
    axes.set_title(
        f"Rows that break a rule: {len(found)} of {len(findings.checked)} rules, "
        f"n = {findings.n_rows:,}",
        fontsize=10,
    )
    axes.spines[["top", "right"]].set_visible(False)
    return axes
