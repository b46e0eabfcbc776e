"""SHAP values in words."""

from __future__ import annotations

from html import escape
from textwrap import fill
from typing import TYPE_CHECKING

import pandas as pd

from causalgreen.explain.result_text import shown
from causalgreen.explain.style import label, sample

if TYPE_CHECKING:
    from causalgreen.explain.shapley import Shapley

__all__ = ["shapley_html", "shapley_text"]

TAIL = (
    "SHAP values say what the surface uses to predict, not what causes effects to differ: traits "
    "that go together share the credit",
    "intervals are for the average over firms like these, with the surface as it is; whether the "
    "predicted heterogeneity exists is asked by calibration()",
)


def fidelity_words(shapley: Shapley) -> str:
    """How well what was taken apart reproduces the surface."""
    model = shapley.model
    if model.exact:
        return "exact: the surface is linear in the traits"
    return (
        f"exact for a distilled model (linear, and {model.rounds} trees) that reproduces the "
        f"surface with R² {model.fidelity:.3f} on clusters it was not taught with"
    )


def _head(shapley: Shapley) -> list[str]:
    c = shapley.context
    return [
        f"What moves the predicted effect: SHAP values of {label(shapley.term)}",
        "estimand: mean absolute SHAP value of each trait, in "
        f"{c.unit}; predictions are counted from {shapley.base:.4g}",
        "population: these firms, with the surface as it is",
        sample(c),
        f"values: {fidelity_words(shapley)}",
    ]


def _table(shapley: Shapley) -> pd.DataFrame:
    names = ["group", "estimate", "std_error", "conf_low", "conf_high", "direction"]
    return shown(shapley.tidy()[names].rename(columns={"group": "trait"}))


def shapley_text(shapley: Shapley) -> str:
    """Estimand, fidelity, importance, notes."""
    head = [fill(line, 98, subsequent_indent="  ") for line in _head(shapley)]
    notes = [
        fill(f"note: {n}", 98, subsequent_indent="  ")
        for n in (
            *shapley.notes,
            "direction: rank correlation of a number with its SHAP values",
            *TAIL,
        )
    ]
    return "\n".join([*head, "", _table(shapley).to_string(index=False), "", *notes])


def shapley_html(shapley: Shapley) -> str:
    """The same for notebooks."""
    first, *rest = _head(shapley)
    lines = "".join(f"<div>{escape(line)}</div>" for line in rest)
    notes = "".join(f"<div><i>note: {escape(n)}</i></div>" for n in (*shapley.notes, *TAIL))
    table = _table(shapley).to_html(index=False, border=0)
    return f"<div><b>{escape(first)}</b>{lines}{table}{notes}</div>"
