"""E-values: how strongly a confounder must act, as ratios, to explain an effect away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.errors import EstimationError
from causalgreen.falsify.finding import NOT_APPLICABLE, PASS, WARN, Finding
from causalgreen.panel.notes import looks_like_log_count

if TYPE_CHECKING:
    from causalgreen.effects.effects import Effects
    from causalgreen.falsify.case import Case

__all__ = ["check_e_values", "e_value", "e_values"]

ENOUGH = 1.25
TOTALS = ("own_total", "overall")


def e_value(ratio: float, limit: float | None = None) -> float:
    """Smallest association with treatment and outcome, as ratios, that explains a ratio away.

    Parameters
    ----------
    ratio : float
        Ratio effect (1: none).
    limit : float, optional
        End of its confidence interval that is nearer to 1: the E-value of the interval is then
        returned, 1 where the interval covers 1.

    Returns
    -------
    float
        1: nothing needs explaining.

    References
    ----------
    VanderWeele and Ding (2017), Sensitivity analysis in observational research: Introducing the
    E-value, Annals of Internal Medicine 167(4), doi 10.7326/M16-2607.

    Examples
    --------
    >>> round(e_value(3.9), 2), round(e_value(3.9, limit=1.8), 2)
    (7.26, 3.0)
    >>> round(e_value(0.8), 2)
    1.81
    """
    if not ratio > 0 or not np.isfinite(ratio):
        return float("nan")
    value = ratio if limit is None else limit
    if limit is not None and ((limit - 1) * (ratio - 1) <= 0 or limit <= 0):
        return 1.0
    value = value if value >= 1 else 1 / value
    return float(value + np.sqrt(value * (value - 1)))


def e_values(effects: Effects, level: float = 0.95, step: float = 1.0) -> pd.DataFrame:
    """E-values of effects in percent of the mean outcome.

    One step of treatment multiplies the mean outcome by 1 + step * percent / 100. With a treatment
    that is not 0/1 a step of one unit depends on the unit: a residual standard deviation does not.

    Parameters
    ----------
    effects : Effects
        In units of the outcome.
    level : float
        Coverage of the intervals.
    step : float
        Change of the treatment, in its units.

    Returns
    -------
    pandas.DataFrame
        Columns term, ratio, ratio_low, ratio_high, e_value, e_value_limit; all NaN where the mean
        outcome is not positive; E-values are NaN where a
        step takes away more than all of it (a ratio of zero or less).
    """
    table = pd.DataFrame({"term": effects.terms})
    try:
        percent = effects.percent_of_mean().tidy(level)
    except EstimationError:
        for column in ("ratio", "ratio_low", "ratio_high", "e_value", "e_value_limit"):
            table[column] = np.nan
        return table
    for column, source in (("ratio", "estimate"), ("ratio_low", "conf_low"),
                           ("ratio_high", "conf_high")):  # fmt: skip
        table[column] = 1 + step * percent[source].to_numpy() / 100
    near = np.where(table["ratio"] > 1, table["ratio_low"], table["ratio_high"])
    table["e_value"] = [e_value(r) for r in table["ratio"]]
    table["e_value_limit"] = [e_value(r, n) for r, n in zip(table["ratio"], near, strict=True)]
    return table


def check_e_values(case: Case) -> Finding:
    """E-values of the effects as ratios of the mean outcome.

    Parameters
    ----------
    case : Case
        The study.

    Returns
    -------
    Finding
        Passes where the interval of every total that differs from zero has an E-value of 1.25 or
        more, and warns below. Ratios are those of one residual standard deviation of treatment (0
        to 1 where it is 0/1), so that the unit of treatment does not matter. Not applicable where
        ratios mean nothing: the outcome is ln(1 + count), its mean is not positive, the step takes
        more than all of it away, treatments have different steps, or no total differs from zero.
    """
    name = "E-value"
    question = "How strongly, as ratios, must a confounder act to explain the effect away?"
    step, told = _step(case)
    if looks_like_log_count(case.panel.column(case.panel.roles.outcome)):
        return Finding(
            name, question, NOT_APPLICABLE,
            "the outcome looks like ln(1 + count): a ratio of mean logs is no ratio of means. Ask "
            "with the count as the outcome",
        )  # fmt: skip
    if step is None:
        return Finding(name, question, NOT_APPLICABLE, told)
    table = e_values(case.effects, step=step).assign(step=step)
    if table["ratio"].isna().all():
        return Finding(name, question, NOT_APPLICABLE, "the mean outcome is not positive, so that "
                       "effects have no meaning as ratios of it")  # fmt: skip
    totals = table[table["term"].isin(TOTALS)]
    p = case.effects.tidy().set_index("term")["p_value"]
    beyond = totals[(totals["ratio"] <= 0) & (totals["term"].map(p) < 0.05)]
    stands = totals[totals["e_value_limit"] > 1]
    parts = [
        f"{r.term} multiplies the mean by {r.ratio:.3g} for {told}; a confounder tied to treatment "
        f"and outcome by ratios of {r.e_value:.2f} each explains it away, {r.e_value_limit:.2f} "
        "its interval" for r in stands.itertuples()
    ]  # fmt: skip
    parts += [
        f"{term} takes away {100 * (1 - ratio):.0f} % of the mean outcome for {told}: more "
        "than all of it, so that there is no ratio to explain"
        for term, ratio in zip(beyond["term"], beyond["ratio"], strict=True)
    ]  # fmt: skip
    if stands.empty:
        why = "; ".join(parts) or "no total differs from zero: there is nothing to explain away"
        return Finding(name, question, NOT_APPLICABLE, why, table)
    enough = (stands["e_value_limit"] >= ENOUGH).all() and beyond.empty
    return Finding(name, question, PASS if enough else WARN, "; ".join(parts), table)


def _step(case: Case) -> tuple[float | None, str]:
    """Change of treatment whose ratio is asked for, and in words."""
    steps = []
    for place, name in zip(case.layout.treatments, case.panel.roles.treatments, strict=True):
        raw = case.panel.column(name)
        if np.isin(raw, (0.0, 1.0)).all():
            steps.append((1.0, f"{name} from 0 to 1"))
            continue
        rows, panel = case.residuals.design.rows, case.panel
        weights, size = panel.weights[rows], case.residuals.values[:, :, place] ** 2
        sd = float(np.sqrt(np.average(size.mean(axis=0), weights=weights)))
        steps.append((sd, f"one residual standard deviation of {name} ({sd:.3g})"))
    if len(steps) > 1 and len({step for step, _ in steps}) > 1:
        return None, (
            "totals add up several treatments, which have no step in common: ask of a study with "
            "one treatment, or with treatments of 0 and 1"
        )
    return steps[0][0], " and ".join(told for _, told in steps)
