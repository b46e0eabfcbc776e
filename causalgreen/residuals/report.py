"""How well each learner predicts each target on held-out clusters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from causalgreen.residuals.crossfit import Residuals

INK = "#222222"
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9")
# Of the rows that even folds leave for training, the share below which that is told.
LEFT = 0.5

__all__ = ["NuisanceReport", "nuisance_report"]


@dataclass(frozen=True, slots=True, repr=False)
class NuisanceReport:
    """Out-of-fold fit of the nuisance functions.

    Attributes
    ----------
    table : pandas.DataFrame
        One row for each target and learner: mean over repetitions of the out-of-fold R² (after
        fixed effects), weight in the stack, tuning chosen most often.
    notes : tuple of str
        Folds that are very uneven; learners that lose to the linear one, tuning at the end of its
        path, little variation left.
    quiet : tuple of str
        What is no cause for alarm: controls of which the removed effects leave nothing.

    Examples
    --------
    >>> import causalgreen as cg
    >>> df, truth = cg.simulate_panel(n_firms=120, n_years=5, seed=0)
    >>> panel = cg.Panel.from_frame(
    ...     df, unit="firm", time="year", outcome="green_patents", treatment="ai",
    ...     controls=["leverage", "roa_lag"])
    >>> study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear())
    >>> list(study.nuisance_report().tidy()["target"].unique())
    ['ai', 'green_patents']
    """

    table: pd.DataFrame
    notes: tuple[str, ...]
    quiet: tuple[str, ...] = ()

    def tidy(self) -> pd.DataFrame:
        """Table: target, learner, r_squared, weight, tuning."""
        return self.table.copy()

    def plot(self, ax: Axes | None = None) -> Axes:
        """Out-of-fold R² of every learner, one row of dots for each target.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; default: a new figure.

        Returns
        -------
        matplotlib.axes.Axes
        """
        import matplotlib.pyplot as plt

        targets = list(dict.fromkeys(self.table["target"]))
        if ax is None:
            height = 1.4 + 0.42 * max(len(targets), 1)
            _, ax = plt.subplots(figsize=(8, height), layout="constrained")
        learners = [name for name in dict.fromkeys(self.table["learner"]) if name != "stack"]
        for k, name in enumerate([*learners, "stack"]):
            rows = self.table[self.table["learner"] == name]
            place = [len(targets) - 1 - targets.index(t) for t in rows["target"]]
            whole = name == "stack"
            if len(rows):
                ax.scatter(
                    rows["r_squared"], place, label=name, s=110 if whole else 40, zorder=3,
                    marker="D" if whole else "o", edgecolors=INK if whole else "none",
                    facecolors="none" if whole else COLOURS[k % len(COLOURS)],
                )  # fmt: skip
        ax.axvline(0, color="#222222", lw=0.8)
        ax.set_yticks(range(len(targets)), targets[::-1], fontsize=9)
        ax.set_ylim(-0.6, len(targets) - 0.4)
        ax.set_xlabel("out-of-fold R², on clusters not seen in training", fontsize=9)
        ax.grid(axis="x", color="#dddddd", lw=0.6)
        ax.spines[["top", "right"]].set_visible(False)
        ax.set_title("How well controls predict each variable", loc="left", fontsize=10)
        if len(self.table):
            ax.legend(fontsize=8, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
        return ax

    def __str__(self) -> str:
        if self.table.empty:
            return "No controls and no traits: nothing to predict. Residuals are the variables."
        shown = self.table.assign(
            r_squared=self.table["r_squared"].map("{:.3f}".format),
            weight=self.table["weight"].map(lambda w: "" if np.isnan(w) else f"{w:.2f}"),
        )
        head = "Out-of-fold R² on held-out clusters, after fixed effects"
        notes = [fill(f"note: {n}", 98, subsequent_indent="  ") for n in (*self.notes, *self.quiet)]
        return "\n".join([head, "", shown.to_string(index=False), *[""][: len(notes)], *notes])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        notes = "".join(f"<div><i>note: {n}</i></div>" for n in (*self.notes, *self.quiet))
        return self.table.to_html(index=False, float_format=lambda x: f"{x:.3f}", border=0) + notes


def nuisance_report(residuals: Residuals) -> NuisanceReport:
    """Collect losses and weights over repetitions.

    Parameters
    ----------
    residuals : Residuals
        Cross-fitted residuals.

    Returns
    -------
    NuisanceReport
        One row for each target and learner.
    """
    rows: list[dict[str, object]] = []
    notes = _uneven(residuals.folds)
    if not residuals.choices or not residuals.choices[0]:
        columns = ["target", "learner", "r_squared", "weight", "tuning"]
        return NuisanceReport(pd.DataFrame(columns=columns), ())
    for j, target in enumerate(residuals.names):
        choices = [repeat[j] for repeat in residuals.choices]
        members = choices[0].learners
        mean = np.mean([c.r_squared for c in choices], axis=0)
        weight = np.mean([c.weights for c in choices], axis=0)
        for m, name in enumerate(members):
            tunings = [c.tuning[m] for c in choices]
            rows.append(
                {"target": target, "learner": name, "r_squared": float(mean[m]),
                 "weight": float(weight[m]), "tuning": max(set(tunings), key=tunings.count)}
            )  # fmt: skip
        stacked = float(np.mean([c.stacked for c in choices]))
        if len(members) > 1:
            rows.append({"target": target, "learner": "stack", "r_squared": stacked,
                         "weight": float("nan"), "tuning": ""})  # fmt: skip
        notes += _notes(target, members, mean, stacked, choices[0].at_edge)
    return NuisanceReport(pd.DataFrame(rows), tuple(notes), _absorbed(residuals.design.exhausted))


def _absorbed(controls: Sequence[str]) -> tuple[str, ...]:
    if not controls:
        return ()
    return (
        f"the removed effects leave nothing of {', '.join(controls)}: linear learners do not see "
        "what they hold, and other learners see levels",
    )


def _uneven(folds: Sequence[np.ndarray]) -> list[str]:
    """Where one fold holds so much that little is left to learn its predictions from."""
    sizes = max((np.bincount(fold) for fold in folds), key=lambda size: size.max() / size.sum())
    count, most = len(sizes), float(sizes.max() / sizes.sum())
    if 1 - most >= LEFT * (1 - 1 / count):
        return []
    return [
        f"folds are uneven: {most:.0%} of the rows are in one of {count}, and what controls "
        f"predict there is learnt from the other {1 - most:.0%}. One cluster is that large, or "
        "firms that move between clusters tie them together: a cluster that a firm never leaves, "
        "such as its first, keeps folds even"
    ]


def _notes(
    target: str, members: tuple[str, ...], mean: np.ndarray, stacked: float, at_edge: bool
) -> list[str]:
    out = []
    if "linear" in members:
        base = mean[members.index("linear")]
        losers = [m for m, r in zip(members, mean, strict=True) if r < base - 0.002]
        if losers:
            out.append(
                f"{target}: {', '.join(losers)} predict(s) worse than the linear learner on "
                "held-out clusters; the stack gives such a learner little weight"
            )
    if stacked > 0.95:
        out.append(
            f"{target}: controls predict {stacked:.0%} of it; the little that is left decides the "
            "effects, so look for a control that is the variable itself under another name"
        )
    if stacked < -0.01:
        out.append(f"{target}: controls predict it worse than its mean does (R² {stacked:.3f})")
    if at_edge:
        out.append(f"{target}: tuning ended at the end of its path; allow more rounds")
    return out
