"""diff-diff: its difference-in-differences on staged adoption, and on AI that moves every year."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import pandas as pd

from benchmarks.peers import Estimate

__all__ = ["callaway_santanna", "continuous", "imputation", "wooldridge"]


def continuous(label: str, frame: pd.DataFrame, seed: int) -> list[Estimate]:
    """ContinuousDiD, the package's estimator for a dose; first treated where AI is first positive.

    It needs a dose that stays as it is once given, and firms without any: it refuses AI that moves
    every year. So do its other estimators that take a dose: ChaisemartinDHaultfoeuille drops firms
    whose dose moves more than once, HeterogeneousAdoptionDiD needs a period without any dose. Its
    TwoWayFixedEffects is of a group times a period, which AI is not.
    """
    from diff_diff import ContinuousDiD

    first = frame[frame["ai"] > 0].groupby("firm")["year"].min()
    table = frame[["firm", "year", "green_patents"]].assign(
        dose=frame["ai"].clip(lower=0), first=frame["firm"].map(first).fillna(0).astype(int)
    )
    fit = ContinuousDiD(seed=seed).fit(
        table, outcome="green_patents", unit="firm", time="year", first_treat="first", dose="dose"
    )
    low, high = fit.overall_acrt_conf_int
    return [Estimate(label, "own_total", fit.overall_acrt, fit.overall_acrt_se, low, high)]


def _fitted(label: str, model: Any, frame: pd.DataFrame, **options: Any) -> list[Estimate]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = model.fit(
            frame, outcome="green_patents", unit="firm", time="year", first_treat="first", **options
        )
    low, high = fit.overall_conf_int
    numbers = (float(v) for v in (fit.overall_att, fit.overall_se, low, high))
    return [Estimate(label, "treated", *numbers)]


def callaway_santanna(
    label: str, frame: pd.DataFrame, seed: int, covariates: Sequence[str] = ()
) -> list[Estimate]:
    """CallawaySantAnna, doubly robust, against firms that never adopt; errors by city."""
    from diff_diff import CallawaySantAnna

    model = CallawaySantAnna(cluster="city", seed=seed)
    return _fitted(label, model, frame, covariates=list(covariates) or None)


def imputation(
    label: str, frame: pd.DataFrame, seed: int, covariates: Sequence[str] = ()
) -> list[Estimate]:
    """ImputationDiD (Borusyak, Jaravel, Spiess); errors by city."""
    from diff_diff import ImputationDiD

    model = ImputationDiD(cluster="city", seed=seed)
    return _fitted(label, model, frame, covariates=list(covariates) or None)


def wooldridge(
    label: str, frame: pd.DataFrame, seed: int, covariates: Sequence[str] = ()
) -> list[Estimate]:
    """WooldridgeDiD, extended two-way fixed effects; errors by city."""
    from diff_diff import WooldridgeDiD

    model = WooldridgeDiD(cluster="city", seed=seed)
    return _fitted(label, model, frame, xtvar=list(covariates) or None)
