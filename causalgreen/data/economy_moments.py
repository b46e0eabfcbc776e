"""Moments of published tables of listed firms beside those of a simulated one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

__all__ = ["TARGETS", "markdown", "moments"]

# name, target as published, and the range in which a panel of some 2,000 firms may fall. Controls
# and AI words: 22,877 A-share firm-years 2009 to 2023. Shares of zeros and the tail of green
# patents: heavy polluters (49.7 %) and joint inventions (80.2 %); shares within firms likewise.
TARGETS: tuple[tuple[str, str, float, float], ...] = (
    ("leverage mean", ".417", 0.39, 0.45),
    ("leverage sd", ".208", 0.18, 0.23),
    ("leverage min", ".051", 0.05, 0.06),
    ("leverage max", ".950", 0.93, 0.951),
    ("turnover mean", ".639", 0.58, 0.70),
    ("turnover sd", ".434", 0.36, 0.52),
    ("cashflow mean", ".046", 0.04, 0.052),
    ("cashflow sd", ".069", 0.062, 0.076),
    ("inventory mean", ".136", 0.12, 0.15),
    ("inventory sd", ".116", 0.09, 0.14),
    ("growth mean", ".165", 0.14, 0.19),
    ("growth sd", ".415", 0.37, 0.46),
    ("growth min", "-.579", -0.58, -0.4),
    ("growth max", "2.601", 2.0, 2.602),
    ("ln board mean", "2.108", 2.08, 2.14),
    ("ln board sd", ".193", 0.17, 0.22),
    ("indep mean (%)", "37.70", 36.5, 39.0),
    ("indep sd (%)", "5.42", 4.3, 6.5),
    ("ln age mean", "2.894", 2.80, 2.99),
    ("ln age sd", ".366", 0.32, 0.42),
    ("ai words mean", "10.7", 7.0, 15.0),
    ("ai words median", "2", 1.0, 3.0),
    ("ai words max", "429", 200.0, 2500.0),
    ("ai words within share", ".136", 0.08, 0.22),
    ("green patents zero share", ".497 to .802", 0.497, 0.802),
    ("green patents mean", "10.3", 3.0, 16.0),
    ("green patents max", "2,470", 300.0, 9000.0),
    ("green patents within share", ".022 (< .05)", 0.003, 0.16),
    ("firms always zero (share)", "945 of about 2,300", 0.15, 0.55),
    ("entering firms (share)", "none published", 0.2, 0.7),
)


def moments(df: pd.DataFrame) -> pd.DataFrame:
    """Moments of a simulated table: moment, target, low, high, simulated.

    Examples
    --------
    >>> import causalgreen as cg
    >>> from causalgreen.data.realism import Realism
    >>> df, _ = cg.simulate_panel(100, 8, realism=Realism())
    >>> list(moments(df).columns)
    ['moment', 'target', 'low', 'high', 'simulated']
    """
    x = df.assign(**{"ln board": np.log(df["board"]), "ln age": np.log(df["age"])})
    x = x.rename(columns={"indep": "indep (%)", "ai_words": "ai words"})
    x = x.rename(columns={"green_patents": "green patents"})
    by_firm = x.groupby("firm")["green patents"].max()
    first = df.groupby("firm")["year"].min()
    rows = []
    for name, target, low, high in TARGETS:
        if name.startswith("firms"):
            value = float((by_firm == 0).mean())
        elif name.startswith("entering"):
            value = float((first > df["year"].min()).mean())
        else:
            value = _moment(x, name)
        rows.append((name, target, low, high, value))
    return pd.DataFrame(rows, columns=["moment", "target", "low", "high", "simulated"])


def _moment(x: pd.DataFrame, name: str) -> float:
    words = name.removesuffix(" (%)")
    percent = " (%)" if words != name else ""
    of: dict[str, Callable[[pd.Series], float]] = {
        "mean": lambda s: float(s.mean()),
        "median": lambda s: float(s.median()),
        "sd": lambda s: float(s.std()),
        "min": lambda s: float(s.min()),
        "max": lambda s: float(s.max()),
        "zero share": lambda s: float((s == 0).mean()),
        "within share": lambda s: _within(s, x["firm"]),
    }
    statistic = next(k for k in sorted(of, key=len, reverse=True) if words.endswith(f" {k}"))
    return of[statistic](x[words.removesuffix(f" {statistic}") + percent])


def _within(values: pd.Series, firm: pd.Series) -> float:
    """Share of the variance that is left by firm means."""
    inside = values - values.groupby(firm).transform("mean")
    return float((inside**2).sum() / ((values - values.mean()) ** 2).sum())


def markdown(table: pd.DataFrame) -> str:
    """Write the table of moments as in ``docs/simulated-economy.md``."""
    lines = ["| moment | published | accepted range | simulated |", "|---|---|---|---|"]
    for r in table.to_dict("records"):
        span = f"{r['low']:g} to {r['high']:g}"
        lines.append(f"| {r['moment']} | {r['target']} | {span} | {r['simulated']:.3g} |")
    return "\n".join(lines) + "\n"
