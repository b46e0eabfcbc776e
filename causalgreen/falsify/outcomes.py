"""Placebo outcome: what the treatment cannot move must not seem to be moved."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.explain.multiple import holm
from causalgreen.falsify.added import outcome_replaced
from causalgreen.falsify.finding import FAIL, NOT_APPLICABLE, PASS, WARN, Finding, Verdict
from causalgreen.falsify.verdicts import BORDER, LEVEL, detectable, extreme, listed, records, worst

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from causalgreen.falsify.case import Case

__all__ = ["placebo_outcome"]

NAME = "placebo outcome"
QUESTION = "Does the treatment seem to move an outcome that it cannot move?"


def placebo_outcome(case: Case, outcome: str | Sequence[str] | None = None) -> Finding:
    """All paths to outcomes that the treatment cannot affect.

    Parameters
    ----------
    case : Case
    outcome : str or sequence of str, optional
        Columns, such as non-green patents of another field, or an outcome fixed before treatment. A
        column that is also a control is taken out of the controls first.

    Returns
    -------
    Finding
        One row for each outcome and path. It passes only where an effect as large as that on the
        real outcome (in standard deviations) would have been found with probability 80 %.

    References
    ----------
    Imbens and Xu (2025), Comparing experimental and nonexperimental methods: What lessons have we
    learned four decades after LaLonde (1986)?, Journal of Economic Perspectives, doi
    10.48550/arXiv.2406.00827; Eggers, Tuñón and Dafoe (2024), Placebo tests for causal inference,
    American Journal of Political Science 68(3), doi 10.1111/ajps.12818.
    """
    names = (outcome,) if isinstance(outcome, str) else tuple(outcome or ())
    if not names:
        return Finding(
            NAME, QUESTION, NOT_APPLICABLE,
            "name an outcome that the treatment cannot move (placebo_outcome=...): patents of "
            "another field, or the outcome before treatment. Later treatment and today's outcome "
            "are compared by 'future treatment'",
        )  # fmt: skip
    roles = case.panel.roles
    bad = [n for n in names if n in (*roles.targets, roles.unit, roles.time)]
    if bad:
        return Finding(
            NAME, QUESTION, NOT_APPLICABLE, f"{', '.join(bad)} already plays a part in the study"
        )
    table = pd.concat([_paths_to(case, name) for name in names], ignore_index=True)
    table["holm_p"] = holm(table["p_value"].to_numpy())
    table["verdict"] = [_verdict(row) for row in records(table)]
    verdict, reason = _judge(table)
    return Finding(NAME, QUESTION, verdict, reason, table, partial(_draw, case, table))


def _paths_to(case: Case, name: str) -> pd.DataFrame:
    effects = outcome_replaced(case, name)
    table = effects.tidy().rename(columns={"term": "path"})
    table.insert(0, "outcome", name)
    raw = case.panel.column(name)
    spread = float(np.nanstd(raw)) or np.nan
    base = float(np.std(case.panel.column(case.panel.roles.outcome)))
    real = dict(zip(case.effects.terms, case.effects.estimate, strict=True))
    table["in_sd"] = table["estimate"] / spread
    table["detectable_sd"] = detectable(table["std_error"].to_numpy(), effects.df) / spread
    table["real_sd"] = [real[path] / base for path in table["path"]]
    p = dict(zip(case.effects.terms, case.effects.tidy()["p_value"], strict=True))
    # Where nothing is claimed of the real outcome there is no effect to be as large as.
    claims = np.array([p[path] < LEVEL for path in table["path"]])
    table["blind"] = claims & (table["detectable_sd"] > table["real_sd"].abs())
    return table


def _verdict(row: dict[str, float]) -> Verdict:
    if row["holm_p"] < LEVEL:
        return FAIL
    return WARN if row["holm_p"] < BORDER or row["blind"] else PASS


def _judge(table: pd.DataFrame) -> tuple[Verdict, str]:
    found = table[table["holm_p"] < LEVEL]
    if len(found):
        row = extreme(found, "p_value")
        return FAIL, (
            f"{len(found)} of {len(table)} paths reach an outcome that they cannot: "
            f"{listed([row['path']])} moves {row['outcome']} by {row['estimate']:.4g} (standard "
            f"error {row['std_error']:.3g}, Holm p {row['holm_p']:.2g})."
        )
    verdict, least = worst(table["verdict"]), extreme(table, "p_value")
    told = (
        f"none of {len(table)} paths is found (smallest Holm p {least['holm_p']:.2f}); effects "
        f"above {table['detectable_sd'].max():.3f} standard deviations would have been found with "
        "probability .80"
    )
    blind = table[table["blind"]]
    if len(blind):
        told += (
            f", but effects of {listed(dict.fromkeys(blind['path']))} as large as on the real "
            "outcome would not"
        )
    return verdict, told + "."


def _draw(case: Case, table: pd.DataFrame) -> Figure:
    from causalgreen.falsify.drawing import plot_dots

    labels = [f"{o}: {p}" for o, p in zip(table["outcome"], table["path"], strict=True)]
    return plot_dots(case, table, labels, QUESTION, "effect in units of the placebo outcome")
