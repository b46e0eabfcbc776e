"""Averages of debiased effects by size (GATE), and whether their intervals hold the truth."""

from __future__ import annotations

import numpy as np
import pandas as pd

import causalgreen as cg
from benchmarks.surface_methods import METHODS, REFERENCE, Panels

__all__ = ["LEARNERS", "group_rows", "summarise_groups"]

GROUPS = 5
# Forests whose debiased effects are averaged, and the learner of their nuisances.
LEARNERS = {REFERENCE: "lightgbm", "forest-default": "default", "forest-linear": "linear"}


def group_rows(panels: Panels, truth: pd.DataFrame, key: str = REFERENCE) -> pd.DataFrame:
    """Average effects of fifths of the firms by size, from the debiased effects of the forest.

    Parameters
    ----------
    panels : Panels
        One panel.
    truth : pandas.DataFrame, shape (n_firms, n_terms)
        Effects of every firm.
    key : str
        Key of `LEARNERS`.

    Returns
    -------
    pandas.DataFrame
        One row per term and group: the error, and whether the 95 % interval holds the average of
        the group's firms.
    """
    from causalgreen.explain.grouping import group_by
    from causalgreen.explain.regress import regress

    study, _ = panels.study(LEARNERS[key])
    surface = study.surface(cg.forest())
    scores = study.explain(surface).scores
    groups = group_by(scores, "size", GROUPS)
    effects = regress(scores, groups.indicators(), [str(k) for k in range(GROUPS)])
    rows = []
    for row in effects.tidy().to_dict("records"):
        term, _, group = str(row["term"]).rpartition(": ")
        members = scores.traits.index[groups.codes == int(group)]
        true = float(truth.loc[members, term].mean())
        rows.append({
            "key": key, "term": term, "group": int(group), "kind": "group", "error": "",
            "mean_error": row["estimate"] - true, "truth": true,
            "coverage": float(row["conf_low"] <= true <= row["conf_high"]),
            "length": row["conf_high"] - row["conf_low"],
        })  # fmt: skip
    return pd.DataFrame(rows)


def summarise_groups(raw: pd.DataFrame) -> pd.DataFrame:
    """Coverage of the group averages by case, forest and term, over groups and replications.

    Parameters
    ----------
    raw : pandas.DataFrame
        Rows of `group_rows`, with ``case`` and ``replication``.

    Returns
    -------
    pandas.DataFrame
        ``coverage_mcse`` allows for the groups of a panel sharing its errors.
    """
    if raw.empty:
        return pd.DataFrame()
    rows = []
    for (case, key, term), part in raw.groupby(["case", "key", "term"], sort=False):
        by_panel = part.groupby("replication")["coverage"].mean()
        n = len(by_panel)
        rows.append({
            "case": case, "key": key, "method": METHODS[str(key)].label, "term": term,
            "replications": n, "intervals": len(part),
            "bias": part["mean_error"].mean(), "rmse": np.sqrt((part["mean_error"] ** 2).mean()),
            "coverage": by_panel.mean(),
            "coverage_mcse": by_panel.std(ddof=1) / np.sqrt(n) if n > 1 else float("nan"),
            "length": part["length"].mean(),
        })  # fmt: skip
    return pd.DataFrame(rows)
