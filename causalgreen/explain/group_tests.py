"""Tests between groups of firms: equality, trend, extremes, and each against the mean."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from causalgreen.effects.combine import linear_map
from causalgreen.effects.effects import Effects
from causalgreen.explain.family import Hypothesis, adjust, joint_test, null_p

if TYPE_CHECKING:
    from causalgreen.explain.groups import Groups

__all__ = ["own_freedom", "table_of_tests", "versus_mean"]

Row = dict[str, Any]


def table_of_tests(groups: Groups) -> tuple[tuple[Hypothesis, ...], pd.DataFrame]:
    """Tests of every path, with p-values adjusted for all of them."""
    hypotheses: list[Hypothesis] = []
    rows: list[Row] = []
    for term in groups.terms:
        own = groups.of(term)
        # Of two groups all three tests are one.
        asked = [_extremes(groups, own)]
        if len(groups.labels) > 2:
            trend = [_trend(own)] if groups.ordered else []
            asked = [_equality(own), *trend, *asked]
        for test, effects, row in asked:
            hypotheses.append(_hypothesis(groups, term, test, effects, row["p_value"]))
            rows.append({"term": term, "test": test, **row})
    adjusted = adjust(hypotheses).table[["p_holm", "p_romano_wolf"]]
    return tuple(hypotheses), pd.concat([pd.DataFrame(rows), adjusted], axis=1)


def versus_mean(groups: Groups) -> pd.DataFrame:
    """Difference of every group from the overall mean, for every path."""
    m, parts = len(groups.labels), []
    L = np.eye(m) - groups.share
    for term in groups.terms:
        parts.append(linear_map(groups.of(term), groups.labels, L))
    table = pd.concat([part.tidy() for part in parts], ignore_index=True)
    asked = [
        _hypothesis(groups, term, label, part.select(label), p)
        for term, part in zip(groups.terms, parts, strict=True)
        for label, p in zip(groups.labels, part.tidy()["p_value"], strict=True)
    ]
    return pd.DataFrame({
        "term": np.repeat(np.array(groups.terms, dtype=object), m),
        "group": table["term"],
        "versus_mean": table["estimate"],
        "std_error": table["std_error"],
        "p_versus_mean": table["p_value"],
        "p_versus_mean_adjusted": adjust(asked).table["p_romano_wolf"],
    })  # fmt: skip


def _hypothesis(
    groups: Groups, term: str, test: str, effects: Effects, p_value: float
) -> Hypothesis:
    return Hypothesis(
        groups.trait, term, test, effects, groups.places, groups.n_places, float(p_value)
    )


def _equality(own: Effects) -> tuple[str, Effects, Row]:
    m = len(own.terms)
    L = np.column_stack([-np.ones(m - 1), np.eye(m - 1)])
    gaps = linear_map(own, own.terms[1:], L)
    test = joint_test(gaps)
    row = {"what": "all groups equal", "estimate": np.nan, "std_error": np.nan, **test}
    return "equality", gaps, {**row, "conf_low": np.nan, "conf_high": np.nan}


def _row(effects: Effects, what: str) -> Row:
    row = effects.tidy().iloc[0]
    return {
        "what": what, "estimate": row["estimate"], "std_error": row["std_error"],
        "statistic": row["statistic"], "df": 1, "df_denominator": effects.df,
        "p_value": row["p_value"], "conf_low": row["conf_low"], "conf_high": row["conf_high"],
    }  # fmt: skip


def _trend(own: Effects) -> tuple[str, Effects, Row]:
    """Slope of the averages on the rank of the group: the same for size and for its logarithm."""
    rank = np.arange(len(own.terms)) - (len(own.terms) - 1) / 2
    slope = linear_map(own, ("trend",), (rank / (rank @ rank))[None])
    return "trend", slope, _row(slope, "change from one group to the next")


def _extremes(groups: Groups, own: Effects) -> tuple[str, Effects, Row]:
    labels, m = groups.labels, len(groups.labels)
    if groups.ordered or m == 2:
        gap = linear_map(own, ("gap",), np.eye(m)[[m - 1]] - np.eye(m)[[0]])
        return "extremes", gap, _row(gap, f"{labels[-1]} minus {labels[0]}")
    return _largest_gap(groups, own)


def _largest_gap(groups: Groups, own: Effects) -> tuple[str, Effects, Row]:
    """Largest minus smallest average, judged among all differences between two groups.

    The hypothesis for a family is that all differences are zero.
    """
    from scipy.stats import t

    m = len(own.terms)
    pairs = list(combinations(range(m), 2))
    L = np.zeros((len(pairs), m))
    for i, (a, b) in enumerate(pairs):
        L[i, [a, b]] = (-1.0, 1.0) if own.estimate[b] >= own.estimate[a] else (1.0, -1.0)
    gaps = linear_map(own, tuple(f"{a}, {b}" for a, b in pairs), L)
    top = int(np.argmax(gaps.estimate))
    high, low = int(np.argmax(L[top])), int(np.argmin(L[top]))
    whole = _hypothesis(groups, "", "", gaps, np.nan).sums()
    least = null_p([whole[:, [j]] for j in range(len(pairs))]).min(axis=1)
    row = _row(gaps.select(gaps.terms[top]), f"{groups.labels[high]} minus {groups.labels[low]}")
    p = (1 + (least <= row["p_value"]).sum()) / (1 + len(least))
    margin = t.isf(np.quantile(least, 0.05) / 2, gaps.df) * row["std_error"]
    row |= {
        "p_value": max(float(p), row["p_value"]),
        "conf_low": row["estimate"] - margin, "conf_high": row["estimate"] + margin,
    }  # fmt: skip
    equal = linear_map(own, own.terms[1:], np.column_stack([-np.ones(m - 1), np.eye(m - 1)]))
    return "extremes", equal, row


def own_freedom(table: pd.DataFrame, df: int, n_clusters: np.ndarray) -> pd.DataFrame:
    """P-values and intervals with the degrees of freedom of each group's own clusters.

    Parameters
    ----------
    table : pandas.DataFrame, shape (m, ...)
        Columns estimate, std_error, statistic, p_value, conf_low, conf_high.
    df : int
        Degrees of freedom that they were made with.
    n_clusters : numpy.ndarray of int, shape (m,)
        Clusters of each group.

    Returns
    -------
    pandas.DataFrame
        Intervals for all groups at once stay so: each keeps its share of the error.
    """
    from scipy.stats import t

    out, own = table.copy(), np.minimum(n_clusters - 1, df)
    with np.errstate(divide="ignore", invalid="ignore"):
        critical = (table["conf_high"] - table["estimate"]) / table["std_error"]
    wider = t.isf(t.sf(critical, df), own) * table["std_error"]
    out["p_value"] = 2 * t.sf(np.abs(table["statistic"]), own)
    out["conf_low"], out["conf_high"] = table["estimate"] - wider, table["estimate"] + wider
    return out
