"""Classification analysis: how the traits of the most and the least affected firms differ."""

from __future__ import annotations

import numpy as np
import pandas as pd

from causalgreen.errors import EstimationError
from causalgreen.explain.grouping import LEAST_CLUSTERS
from causalgreen.explain.regress import regress_values
from causalgreen.explain.scores import Scores
from causalgreen.panel.traits import TraitCode

__all__ = ["clan", "ranks", "trait_values"]

GROUPS = ("least", "middle", "most")


def ranks(value: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Group 0 (lowest) to n - 1 of each value, of equal numbers; ties fall at random."""
    noise = np.random.default_rng(np.random.SeedSequence([seed, len(value)])).random(len(value))
    place = np.empty(len(value), dtype=np.int64)
    place[np.lexsort((noise, value))] = np.arange(len(value))
    return place * n // len(value)


def trait_values(traits: pd.DataFrame, code: TraitCode) -> tuple[list[str], np.ndarray]:
    """Numbers with their gaps; an indicator for each level of a category, and for gaps.

    Parameters
    ----------
    traits : pandas.DataFrame, shape (n, k)
        Traits of the firms.
    code : TraitCode
        Knows the levels.

    Returns
    -------
    names : list of str, length c
    values : numpy.ndarray, shape (n, c)
    """
    names: list[str] = []
    columns: list[np.ndarray] = []
    for k, name in enumerate(code.traits):
        series, levels = traits[name], code.levels[k]
        if levels is None:
            names.append(name)
            columns.append(series.to_numpy(dtype=np.float64, na_value=np.nan))
        else:
            values = series.to_numpy(dtype=object)
            names += [f"{name} = {level}" for level in levels]
            columns += [(values == level).astype(np.float64) for level in levels]
        if code.gaps[k]:
            names.append(f"{name} missing")
            columns.append(series.isna().to_numpy(dtype=np.float64))
    return names, np.column_stack(columns)


def clan(
    scores: Scores, code: TraitCode, group: np.ndarray, level: float = 0.95
) -> tuple[pd.DataFrame, list[str]]:
    """Mean traits of the most and the least affected firms, and their difference.

    Parameters
    ----------
    scores : Scores
        Firms, their traits and clusters.
    code : TraitCode
        How traits become numbers.
    group : numpy.ndarray of int, shape (n,)
        0: least affected; 2: most affected; 1: others.
    level : float
        Coverage of the intervals, trait by trait.

    Returns
    -------
    table : pandas.DataFrame
        Columns trait, least, most, average, estimate (most less least), std_error, statistic,
        p_value, conf_low, conf_high, spread (standard deviation over all firms), n_firms,
        n_clusters (of the two groups).
    notes : list of str
        Traits that are left out, and why.

    References
    ----------
    Chernozhukov, Demirer, Duflo and Fernandez-Val (2025), Fisher-Schultz lecture: Generic machine
    learning inference on heterogeneous treatment effects in randomized experiments, Econometrica
    93(4), doi 10.3982/ECTA19303.
    """
    for g in (0, 2):
        have = len(np.unique(scores.home[group == g]))
        if have < LEAST_CLUSTERS:
            raise EstimationError(
                f"the {GROUPS[g]} affected firms are {int((group == g).sum()):,} in {have} "
                f"clusters, and {LEAST_CLUSTERS} are needed: take a larger share, or fewer groups"
            )
    names, values = trait_values(scores.traits, code)
    known = np.isfinite(values)
    notes, pieces = [], []
    whole = [c for c in range(len(names)) if known[:, c].all()]
    for columns in [whole, *([c] for c in range(len(names)) if c not in whole)]:
        keep = known[:, columns].all(axis=1)
        varies = [c for c in columns if np.ptp(values[keep, c]) > 0] if keep.any() else []
        if same := [names[c] for c in columns if c not in varies]:
            notes.append(f"the same for all firms: {', '.join(same)}")
        if not varies:
            continue
        part = scores if keep.all() else scores.keep(keep)
        try:
            piece = _compare(part, values[keep][:, varies], group[keep], level)
        except EstimationError as error:
            notes.append(f"{', '.join(names[c] for c in varies)} cannot be compared: {error}")
            continue
        piece.insert(0, "trait", [names[c] for c in varies])
        pieces.append(piece)
    if not pieces:
        raise EstimationError("no trait can be compared: " + "; ".join(notes))
    table = pd.concat(pieces)
    place = {name: i for i, name in enumerate(names)}
    return table.sort_values("trait", key=lambda s: s.map(place)).reset_index(drop=True), notes


def _compare(scores: Scores, values: np.ndarray, group: np.ndarray, level: float) -> pd.DataFrame:
    labels = [label for g, label in enumerate(GROUPS) if (group == g).any()]
    R = np.column_stack([group == g for g in range(3) if (group == g).any()]).astype(np.float64)
    if len({"least", "most"} & set(labels)) < 2:
        raise EstimationError("one of the two groups has no firm with a value")
    terms = [str(c) for c in range(values.shape[1])]
    none = np.zeros((len(scores.firm), values.shape[1]))
    means = regress_values(scores, values, none, R, labels, terms)
    apart = means.contrast({t: {f"{t}: most": 1.0, f"{t}: least": -1.0} for t in terms})
    table = apart.tidy(level).drop(columns="term")
    # Groups without any variation, such as all firms urban and all rural, have no sampling error.
    exact = ~(table["std_error"] > 0)
    table.loc[exact, "p_value"] = (table.loc[exact, "estimate"] == 0).astype(float)
    table.loc[exact, "statistic"] = np.sign(table.loc[exact, "estimate"]) * np.inf
    table.loc[exact & (table["estimate"] == 0), "statistic"] = 0.0
    w = scores.share
    average = w @ values
    table.insert(0, "least", [means[f"{t}: least"] for t in terms])
    table.insert(1, "most", [means[f"{t}: most"] for t in terms])
    table.insert(2, "average", average)
    table["spread"] = np.sqrt(w @ (values - average) ** 2)
    ends = group != 1
    table["n_firms"] = int(ends.sum())
    table["n_clusters"] = len(np.unique(scores.home[ends]))
    return table
