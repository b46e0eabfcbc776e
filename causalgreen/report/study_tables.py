"""The tables of a study's page, as people read them."""

from __future__ import annotations

import math
import sys
from contextlib import suppress
from importlib import metadata
from typing import TYPE_CHECKING, Any

from causalgreen.errors import EstimationError
from causalgreen.report.phrases import Phrases, phrases
from causalgreen.report.wording import arrows, interval, runs

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "fits_table",
    "inference",
    "intervals",
    "paths_table",
    "steps_table",
    "verdicts_table",
    "versions",
]

THREE = 0.09
"""An error whose two significant digits take three decimals."""
_PACKAGES = ("causalgreen", "econml", "dowhy", "scikit-learn", "lightgbm", "numpy", "pandas")


def verdicts_table(identification: Any, say: Phrases | None = None) -> pd.DataFrame:
    """Verdict per path for reading: the assumptions by number, a repeated reason by reference."""
    import pandas as pd

    say = say or phrases()
    number = {text: i for i, text in enumerate(identification.assumptions, 1)}
    told: dict[str, str] = {}
    rows = []
    for verdict in identification.verdicts:
        label = say.path(verdict.term)
        first = told.setdefault(verdict.reason, label)
        short = first.lower() if say.lang == "en" else first
        why = say.full(verdict.reason if first == label else say("as for", path=short))
        if verdict.open_path:
            why = say.sentences([why, say("open path", path=arrows(verdict.open_path))])
        rows.append(
            {
                "path": label,
                "verdict": verdict.verdict,
                "assumes": runs(number[a] for a in verdict.assumptions),
                "why": why,
            }
        )
    return pd.DataFrame(rows)


def paths_table(
    effects: Any, tidy: pd.DataFrame, level: float, say: Phrases | None = None
) -> pd.DataFrame:
    """Estimates for reading: interval in one cell, percent of the outcome's mean beside it."""
    import pandas as pd

    say = say or phrases()
    labels = [say.path(str(term)) for term in tidy["term"]]
    columns = {"path": labels, **inference(tidy, level, say)}
    with suppress(EstimationError):  # a mean that is not positive: a percentage has no meaning
        percent = effects.percent_of_mean().tidy(level=level)
        columns["% of mean"] = percent["estimate"].to_numpy()
        columns[f"% of mean, {100 * level:g} % interval"] = intervals(percent, say)
    if effects.constant is not None:
        constant = effects.constant.tidy().set_index("term")["estimate"]
        columns["constant"] = constant.reindex(tidy["term"]).to_numpy()
    return pd.DataFrame(columns)


def steps_table(detail: Any, level: float, say: Phrases | None = None) -> pd.DataFrame:
    """Paths by treatment and mediator, and the coefficients behind them."""
    import pandas as pd

    say = say or phrases()
    tidy = detail.tidy(level=level)
    labels = [say.step(term) for term in map(str, tidy["term"])]
    return pd.DataFrame({"step": labels, **inference(tidy, level, say)})


def inference(tidy: pd.DataFrame, level: float, say: Phrases) -> dict[str, Any]:
    """Columns of estimates: estimate, standard error, interval in one cell, p-value."""
    return {
        "estimate": tidy["estimate"].to_numpy(),
        "std_error": tidy["std_error"].to_numpy(),
        # three decimals at least, as the estimates and errors beside them
        f"{100 * level:g} % interval": intervals(tidy, say, THREE),
        "p": tidy["p_value"].to_numpy(),
    }


def intervals(tidy: pd.DataFrame, say: Phrases, coarsest: float = math.inf) -> list[str]:
    """Intervals, each in one cell; as many decimals as the smallest error of the column needs."""
    errors = [float(e) for e in tidy["std_error"] if e > 0 and math.isfinite(e)]
    finest = min([*errors, coarsest])
    return [
        interval(row["conf_low"], row["conf_high"], finest, say)
        if row["std_error"] == row["std_error"]
        else "–"
        for row in tidy.to_dict("records")
    ]


def fits_table(report: Any) -> pd.DataFrame:
    """Out-of-fold R²: one row a target, one column a learner."""
    import pandas as pd

    tidy = report.tidy()
    by_learner = {
        str(learner): rows.set_index("target")["r_squared"]
        for learner, rows in tidy.groupby("learner", sort=False)
    }
    return (
        pd.DataFrame(by_learner, index=tidy["target"].unique()).rename_axis("target").reset_index()
    )


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that the numbers come from.

    Examples
    --------
    >>> sorted(versions())[:2]
    ['Python', 'causalgreen']
    """
    found = {"Python": ".".join(map(str, sys.version_info[:3]))}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:  # a checkout that is not installed, such as ours
            found[package] = getattr(sys.modules.get(package), "__version__", "not installed")
    return found
