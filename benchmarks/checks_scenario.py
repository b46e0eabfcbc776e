"""One check on one economy: how it is drawn, studied, asked and read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

import causalgreen as cg
from benchmarks.economies import twice_demeaned
from causalgreen.falsify.registry import case_of
from causalgreen.falsify.sensitivity import sensitivity

__all__ = ["Read", "Scenario", "cell", "confounder_limits", "study_of"]

Read = Callable[[pd.DataFrame], float]
Answer = dict[str, Any]

ROLES: dict[str, Any] = {
    "unit": "firm", "time": "year", "outcome": "green", "treatment": "ai", "cluster": "city",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scenario:
    """One check on one economy.

    Attributes
    ----------
    check : str
        Name of the check; a remark in brackets is not part of it.
    what : str
        What the economy is like.
    kind : {"null", "right", "planted", "unseen"}
        The null hypothesis holds; the study is right, and there is something to be found, or no
        p-value; what the check should catch is planted; something is wrong that it cannot see.
    draw : callable
        Takes ``seed``, returns a table.
    study : callable
        Table to study.
    read : callable, optional
        Table of the finding to the p-value that is counted.
    p_of : str
        What that p-value is of.
    options : mapping
        Further arguments of ``study.falsify``.
    economy : str
        Scenarios of the same name share their panel and study; default: its own.
    ask : callable, optional
        Study and table to an answer, where the check is not what is asked.
    """

    check: str
    what: str
    kind: str
    draw: Callable[..., pd.DataFrame]
    study: Callable[[pd.DataFrame], Any]
    read: Read | None = None
    p_of: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    economy: str = ""
    ask: Callable[[Any, pd.DataFrame], Answer] | None = None

    @property
    def key(self) -> str:
        """Name of the scenario."""
        return f"{self.check}: {self.what}"

    @property
    def entry(self) -> str:
        """Name of the check in the registry."""
        return self.check.split(" (future")[0]

    def answer(self, finding: Any) -> Answer:
        """P-value, whether it is 5 % or less, and the verdict."""
        p = float("nan") if self.read is None else self.read(finding.table)
        rejected = float("nan") if np.isnan(p) else float(p <= 0.05)
        return {"p": p, "rejected": rejected, "verdict": finding.verdict}


def study_of(
    frame: pd.DataFrame, base: Mapping[str, Any] | None = None, *, fixed_effects: Any = "within",
    add: tuple[tuple[str, str], ...] = (), drop: tuple[tuple[str, str], ...] = (),
    edges: tuple[tuple[str, str], ...] | None = None, **roles: Any,
) -> cg.Study:  # fmt: skip
    """A study with the linear learner; ``edges`` replace the template graph."""
    panel = cg.Panel.from_frame(frame, **{**(base or ROLES), **roles})
    graph = cg.green_innovation_graph(panel)
    if edges is not None:
        nodes = tuple(dict.fromkeys(n for edge in edges for n in edge))
        graph = cg.CausalGraph(panel.roles, nodes, edges)
    for a, b in add:
        graph = graph.add_edge(a, b)
    for a, b in drop:
        graph = graph.drop_edge(a, b)
    return cg.Study(panel, graph, fixed_effects, cg.linear(), n_jobs=1, progress=False)


def cell(column: str, **where: str) -> Read:
    """Reads the smallest value of a column in the rows where others have these values."""

    def read(table: pd.DataFrame) -> float:
        for name, value in where.items():
            table = table[table[name] == value]
        return float(table[column].min())

    return read


def confounder_limits(share: float, truth: float, study: Any, frame: pd.DataFrame) -> Answer:
    """Whether sensitivity limits at a share of the confounder's own strength miss the truth.

    Parameters
    ----------
    share : float
        Of the shares of variance that the confounder explains in this very panel.
    truth : float
        The own total effect.
    study : Study
    frame : pandas.DataFrame
        With the confounder in the column ``unseen``.
    """
    d, y, c = twice_demeaned(frame, ["ai", "green", "unseen"]).to_numpy().T
    cf_d = np.corrcoef(d, c)[0, 1] ** 2
    cf_y = np.corrcoef(y - d * (d @ y) / (d @ d), c - d * (d @ c) / (d @ d))[0, 1] ** 2
    found = sensitivity(case_of(study), cf_y=share * cf_y, cf_d=share * cf_d).tidy()
    row = found.set_index("term").loc["own_total"]
    outside = not row["limit_low"] <= truth <= row["limit_high"]
    return {"p": float("nan"), "rejected": float(outside), "verdict": ""}
