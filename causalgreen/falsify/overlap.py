"""Overlap: how much of the treatment is left to learn from, and in whom."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.falsify.engine import case_rows
from causalgreen.falsify.finding import FAIL, PASS, WARN, Finding, Verdict
from causalgreen.falsify.verdicts import records, worst
from causalgreen.moments.alone import effective_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from causalgreen.falsify.case import Case

__all__ = ["overlap"]

NAME = "overlap"
QUESTION = "Is enough of the treatment left to learn from, in enough firms and in every group?"
FEW, TOO_FEW, THIN, SHARE = 40.0, 10.0, 0.25, 0.01


def overlap(case: Case) -> Finding:
    """Variance of treatment and exposure that fixed effects, controls and each other leave.

    What a regression learns from a firm is the variance of its residual treatment. The effective
    number of firms (or clusters) is the number of equal ones that would give the same
    concentration: the squared sum of their variances over the sum of squares.

    Parameters
    ----------
    case : Case

    Returns
    -------
    Finding
        One row for each treatment or exposure, then one for each group by trait: share of firms,
        share of residual variance, effective firms and clusters.

    References
    ----------
    Aronow and Samii (2016), Does regression produce representative estimates of causal effects?,
    American Journal of Political Science 60(1), doi 10.1111/ajps.12185.
    """
    base = (*case.layout.treatments, *case.layout.exposures)
    rows = case_rows(case)
    design, panel = case.residuals.design, case.panel
    unit = panel.unit_codes[design.rows]
    groups = _groups(case)
    tables = []
    for column in base:
        left = np.mean([_left(v, column, base) for v in rows.values], axis=0)
        name = case.residuals.names[column]
        total = _total(case, name)
        by_firm = np.bincount(unit, left, minlength=panel.n_units)
        tables.append(_table(case, name, by_firm, left.sum() / total, groups))
    table = pd.concat(tables, ignore_index=True)
    table["verdict"] = [_verdict(row) for row in records(table)]
    return Finding(NAME, QUESTION, worst(table["verdict"]), _reason(table), table,
                   partial(_draw, case, table))  # fmt: skip


def _left(values: np.ndarray, column: int, base: tuple[int, ...]) -> np.ndarray:
    """Squared residual of a column given the other treatments and exposures, shape (n,)."""
    others = values[:, [b for b in base if b != column]]
    x = values[:, column]
    if others.shape[1]:
        x = x - others @ np.linalg.lstsq(others, x, rcond=None)[0]
    out: np.ndarray = x**2
    return out


def _total(case: Case, name: str) -> float:
    """Weighted sum of squares of the raw column (or of its differences) around its mean."""
    design, panel = case.residuals.design, case.panel
    raw = panel.column(name)
    x = raw[design.rows]
    if case.again().fixed_effects.kind == "first_difference":
        x = x - raw[design.rows - 1]
    w = panel.weights[design.rows]
    return float((w * (x - np.average(x, weights=w)) ** 2).sum())


def _groups(case: Case) -> list[tuple[str, np.ndarray]]:
    """Firms of each group by trait: fifths of numbers, levels of few values."""
    out, traits = [("all", np.ones(case.panel.n_units, dtype=bool))], case.panel.baseline_traits()
    for name in traits.columns:
        series = traits[name]
        if not pd.api.types.is_numeric_dtype(series) or series.nunique() <= 6:
            out += [(f"{name} = {v}", (series == v).to_numpy(bool)) for v in
                    sorted(series.dropna().unique())[:12]]  # fmt: skip
            continue
        fifth = pd.qcut(series, 5, labels=False, duplicates="drop")
        out += [
            (f"{name}, fifth {int(k) + 1}", (fifth == k).to_numpy(bool))
            for k in sorted(fifth.dropna().unique())
        ]
    return out


def _table(
    case: Case, name: str, by_firm: np.ndarray, share_left: float,
    groups: list[tuple[str, np.ndarray]],
) -> pd.DataFrame:  # fmt: skip
    units, codes = case.moments.sample.units, case.moments.sample.clusters[0]
    used = np.isin(np.arange(len(by_firm)), units)
    home = np.zeros(len(by_firm), dtype=np.int64)
    home[units[::-1]] = codes[::-1]
    lines = []
    for label, member in groups:
        v = np.where(member & used, by_firm, 0.0)
        lines.append({
            "variable": name, "group": label, "firms": int((member & used).sum()),
            "share_of_firms": (member & used).sum() / used.sum(),
            "share_of_variance": v.sum() / by_firm.sum(),
            "variance_left": share_left if label == "all" else np.nan,
            "effective_firms": effective_number(v),
            "effective_clusters": effective_number(np.bincount(home, v)),
        })  # fmt: skip
    return pd.DataFrame(lines)


def _verdict(row: dict[str, float]) -> Verdict:
    clusters = row["effective_clusters"]
    if row["group"] == "all":
        if clusters < TOO_FEW or row["variance_left"] < SHARE / 10:
            return FAIL
        return WARN if clusters < FEW or row["variance_left"] < SHARE else PASS
    thin = row["share_of_variance"] < THIN * row["share_of_firms"]
    return WARN if thin or clusters < TOO_FEW else PASS


def _reason(table: pd.DataFrame) -> str:
    whole, parts = table[table["group"] == "all"], table[table["group"] != "all"]
    told = "; ".join(
        f"{100 * r['variance_left']:.1f} % of the variance of {r['variable']} is left, in the "
        f"equivalent of {r['effective_firms']:,.0f} of {r['firms']:,} firms and "
        f"{r['effective_clusters']:,.0f} clusters"
        for r in records(whole)
    )
    thin = parts[parts["verdict"] != PASS]
    if len(thin):
        rows = [f"{r['group']} ({r['variable']})" for r in records(thin.head(3))]
        more = f" and {len(thin) - 3} more" if len(thin) > 3 else ""
        told += f"; little rests on {', '.join(rows)}{more}: say nothing of them alone"
    elif len(parts):
        told += f"; none of the {parts['group'].nunique()} groups by trait is thin"
    return told + "."


def _draw(case: Case, table: pd.DataFrame) -> Figure:
    from causalgreen.falsify.drawing import plot_shares

    return plot_shares(case, table, QUESTION)
