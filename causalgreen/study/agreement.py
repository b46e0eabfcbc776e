"""Whether estimates are those of a manifest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from causalgreen.effects.effects import Effects
    from causalgreen.study.manifest import Manifest

__all__ = ["Agreement", "agreement"]

# Below a millionth of a standard error nobody could tell two numbers apart by what they mean.
ROUNDING = 1e-6


@dataclass(frozen=True, slots=True, repr=False)
class Agreement:
    """Estimates of a manifest beside others.

    Attributes
    ----------
    table : pandas.DataFrame
        term, estimate and std_error of the manifest, those computed now, and the larger of the two
        differences in standard errors; NaN where a term is on one side only.
    """

    table: pd.DataFrame

    @property
    def identical(self) -> bool:
        """Whether all numbers are the same, bit by bit."""
        t = self.table
        same = [
            ((t[a] == t[b]) | (t[a].isna() & t[b].isna())).all()
            for a, b in (("estimate", "estimate_now"), ("std_error", "std_error_now"))
        ]
        return bool(len(t) and all(same) and not t["one_sided"].any())

    @property
    def close(self) -> bool:
        """Whether no number differs by more than a millionth of its standard error."""
        t = self.table
        return self.identical or bool(
            len(t) and not t["one_sided"].any() and (t["difference"] <= ROUNDING).all()
        )

    def tidy(self) -> pd.DataFrame:
        """One row a term."""
        return self.table.drop(columns="one_sided")

    def __str__(self) -> str:
        t = self.table
        if t.empty:
            return "The manifest holds no estimates to compare with."
        if self.identical:
            return f"The numbers are those of the manifest, to the last digit ({len(t)} terms)."
        missing = list(t.loc[t["one_sided"], "term"])
        told = [f"On one side only: {', '.join(missing)}."] if missing else []
        both = t[~t["one_sided"]]
        if len(both):
            told.insert(0, _worst(both.sort_values("difference").iloc[-1]))
        return " ".join(told)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<p>{self}</p>{self.tidy().to_html(index=False)}"


def _worst(row: Any) -> str:
    """What is said of the term that differs most."""
    if row["difference"] <= ROUNDING:
        size = f"{row['difference']:.1g}"
        return f"The numbers are those of the manifest but for rounding ({size} standard errors)."
    return (
        f"The numbers are not those of the manifest: {row['term']} is {row['estimate_now']:.6g} "
        f"and was {row['estimate']:.6g} (std. error {row['std_error_now']:.4g}, was "
        f"{row['std_error']:.4g})."
    )


def agreement(manifest: Manifest, effects: Effects) -> Agreement:
    """Lay the estimates of a manifest beside others."""
    then = pd.DataFrame(
        [(e.term, e.estimate, e.std_error) for e in manifest.estimates],
        columns=["term", "estimate", "std_error"],
    )
    now = pd.DataFrame(
        {"term": list(effects.terms), "estimate_now": np.asarray(effects.estimate),
         "std_error_now": np.asarray(effects.std_error)}
    )  # fmt: skip
    if then.empty:
        now = now.iloc[:0]
    table = then.merge(now, on="term", how="outer", sort=False)
    table["one_sided"] = ~(table["term"].isin(then["term"]) & table["term"].isin(now["term"]))
    gap = np.maximum(
        (table["estimate"] - table["estimate_now"]).abs(),
        (table["std_error"] - table["std_error_now"]).abs(),
    )
    table["difference"] = np.where(gap == 0, 0.0, gap / table["std_error"])
    return Agreement(table)
