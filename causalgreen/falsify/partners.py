"""Future partners: firms that are no partners yet must not matter."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.falsify.added import residualise
from causalgreen.falsify.finding import FAIL, PASS, WARN, Verdict
from causalgreen.falsify.leads import average_coefficients
from causalgreen.falsify.verdicts import BORDER, LEVEL, detectable
from causalgreen.moments.moments import moments_of
from causalgreen.moments.system import Equation

if TYPE_CHECKING:
    from causalgreen.falsify.case import Case

__all__ = ["future_row"]


def future_row(case: Case, column: str) -> tuple[pd.DataFrame, Verdict, str]:
    """Exposure to later partners beside that to partners of today, in the outcome equation.

    Parameters
    ----------
    case : Case
    column : str
        Exposure to firms that become partners only later.

    Returns
    -------
    row : pandas.DataFrame
        One row for the table of the placebo network.
    verdict : str
    reason : str
    """
    extra = residualise(case, column)[:, :, None]
    residuals = replace(
        case.residuals, names=(*case.residuals.names, column),
        values=np.concatenate([case.residuals.values, extra], axis=2),
    )  # fmt: skip
    moments, layout = moments_of(case.panel, residuals), case.layout
    base = (*layout.treatments, *layout.exposures)
    equation = Equation(layout.outcome, (*base, len(case.residuals.names)))
    effects = average_coefficients(case, moments, equation)
    line = effects.tidy().set_index("term").loc[column]
    least = float(detectable(effects.std_error, effects.df)[-1])
    today = effects.estimate[len(layout.treatments) : len(base)].sum()
    verdict: Verdict = PASS
    if line["p_value"] < LEVEL:
        verdict = FAIL
    elif line["p_value"] < BORDER or least > abs(today):
        verdict = WARN
    row = pd.DataFrame({
        "path": ["spillover"], "exchange": [f"future partners ({column})"],
        "estimate": [line["estimate"]], "t": [line["statistic"]], "reported_p": [line["p_value"]],
        "verdict": [verdict],
    })  # fmt: skip
    told = (
        f"Future partners: {line['estimate']:.4g} (standard error {line['std_error']:.3g}, p "
        f"{line['p_value']:.2g}) beside {today:.4g} for today's; effects above {least:.3g} would "
        "be found with probability .80."
    )
    return row, verdict, told
