"""What is in a panel: size, gaps, entry and exit, variation, zeros, clusters, rows left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.panel.build import Dropped
from causalgreen.panel.values import parts, run_starts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from causalgreen.panel.panel import Panel

__all__ = ["PanelDescription", "describe"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PanelDescription:
    """Description of a panel; ``print`` it, ``plot`` it, or take it as a long table.

    Attributes
    ----------
    title : str
        Formula of the panel.
    n_rows, n_units, n_periods : int
        Rows, firms and periods.
    first_period, last_period, step : int
        Periods; ``step`` is the smallest distance between two of them.
    balanced : bool
        Every firm is there in every period.
    firms_with_gaps, missing_inside : int
        Firms with holes between their first and last period; firm-periods that are missing there.
    entering, leaving : int
        Firms that come after the first period; firms that go before the last.
    one_period : int
        Firms with one row: firm effects absorb them whole.
    rows_per_firm : tuple of (str, float)
        Quantiles of the number of rows of a firm.
    periods : pandas.DataFrame
        period, firms, entering, leaving (last seen in this period).
    variation : pandas.DataFrame
        part, column, mean, sd, sd_between, sd_within, within_share, firms_varying;
        sd² = sd_between² + sd_within², weighted by rows.
    zero_share : float
        Share of rows whose outcome is zero.
    all_zero_firms : int
        Firms whose outcome is zero in every period.
    clusters : pandas.DataFrame
        cluster, n, rows_min, rows_median, rows_max, firms_min, firms_median, firms_max,
        firms_moving.
    missing : pandas.DataFrame
        part, column, rows, share: missing controls and traits.
    dropped : tuple of Dropped
    notes : tuple of str
    """

    title: str
    n_rows: int
    n_units: int
    n_periods: int
    first_period: int
    last_period: int
    step: int
    balanced: bool
    firms_with_gaps: int
    missing_inside: int
    entering: int
    leaving: int
    one_period: int
    rows_per_firm: tuple[tuple[str, float], ...]
    periods: pd.DataFrame
    variation: pd.DataFrame
    zero_share: float
    all_zero_firms: int
    clusters: pd.DataFrame
    missing: pd.DataFrame
    dropped: tuple[Dropped, ...]
    notes: tuple[str, ...]
    _sizes: np.ndarray
    _outcome: np.ndarray

    def tidy(self) -> pd.DataFrame:
        """Return a long table: section, item, statistic, value."""
        from causalgreen.panel.describe_text import tidy

        return tidy(self)

    def plot(self) -> Figure:
        """Draw firms by period, rows per firm, where variation lies, and the outcome."""
        from causalgreen.panel.describe_plot import plot

        return plot(self)

    def __repr__(self) -> str:
        return f"PanelDescription({self.title}; {self.n_rows:,} rows, {self.n_units:,} firms)"

    def __str__(self) -> str:
        from causalgreen.panel.describe_text import text

        return text(self)

    def _repr_html_(self) -> str:
        from causalgreen.panel.describe_text import html

        return html(self)


def describe(panel: Panel) -> PanelDescription:
    """Describe a panel.

    Examples
    --------
    >>> from causalgreen.panel.panel import Panel
    >>> table = pd.DataFrame({"firm": [1, 1, 1, 2, 2], "year": [2014, 2015, 2016, 2014, 2016],
    ...                       "y": [0.0, 2.0, 3.0, 1.0, 5.0], "ai": [0.1, 0.4, 0.0, 0.9, 0.2]})
    >>> d = describe(Panel.from_frame(table, unit="firm", time="year", outcome="y", treatment="ai"))
    >>> d.balanced, d.firms_with_gaps, d.missing_inside
    (False, 1, 1)
    """
    starts = run_starts(panel.unit_codes)
    ends = np.append(starts[1:], panel.n_rows) - 1
    sizes, periods, step = ends - starts + 1, panel.periods, panel.step
    first, last = panel.times[starts], panel.times[ends]
    # Round up: with uneven steps, part of a step inside a span is a hole, too.
    holes = np.maximum(-(-(last - first) // step) + 1 - sizes, 0)
    zero = panel.column(panel.roles.outcome) == 0
    quantiles = ("min", 0.0), ("25%", 0.25), ("median", 0.5), ("75%", 0.75), ("max", 1.0)
    return PanelDescription(
        title=str(panel).split("\n")[0].removeprefix("Panel "),
        n_rows=panel.n_rows,
        n_units=panel.n_units,
        n_periods=len(periods),
        first_period=int(periods[0]),
        last_period=int(periods[-1]),
        step=step,
        balanced=panel.n_rows == panel.n_units * len(periods),
        firms_with_gaps=int((holes > 0).sum()),
        missing_inside=int(holes.sum()),
        entering=int((first > periods[0]).sum()),
        leaving=int((last < periods[-1]).sum()),
        one_period=int((sizes == 1).sum()),
        rows_per_firm=tuple((name, float(np.quantile(sizes, q))) for name, q in quantiles),
        periods=_periods(panel, first, last),
        variation=_variation(panel, starts, sizes),
        zero_share=float(zero.mean()),
        all_zero_firms=int(np.logical_and.reduceat(zero, starts).sum()),
        clusters=_clusters(panel, starts),
        missing=_missing(panel),
        dropped=panel.dropped,
        notes=panel.notes,
        _sizes=sizes,
        _outcome=panel.column(panel.roles.outcome),
    )


def _periods(panel: Panel, first: np.ndarray, last: np.ndarray) -> pd.DataFrame:
    periods = panel.periods

    def count(times: np.ndarray) -> np.ndarray:
        return np.bincount(np.searchsorted(periods, times), minlength=len(periods))

    entering, leaving = count(first), count(last)
    entering[0], leaving[-1] = 0, 0  # nobody knows who came before or went after
    return pd.DataFrame(
        {
            "period": periods,
            "firms": count(panel.times),
            "entering": entering,
            "leaving": leaving,
        }
    )


def _variation(panel: Panel, starts: np.ndarray, sizes: np.ndarray) -> pd.DataFrame:
    part_of = {name: part for part, name in parts(panel.roles) if part != "cluster"}
    rows = []
    for name in (panel.roles.outcome, *panel.roles.targets[:-1]):
        values = panel.column(name)
        mean = values.mean()
        means = np.add.reduceat(values, starts) / sizes
        centred = values - np.repeat(means, sizes)
        within, between = float(centred @ centred), float(sizes @ (means - mean) ** 2)
        degrees = max(len(values) - 1, 1)
        high, low = np.maximum.reduceat(values, starts), np.minimum.reduceat(values, starts)
        rows.append(
            {
                "part": part_of[name],
                "column": name,
                "mean": mean,
                "sd": np.sqrt((within + between) / degrees),
                "sd_between": np.sqrt(between / degrees),
                "sd_within": np.sqrt(within / degrees),
                "within_share": within / (within + between),
                "firms_varying": int((high > low).sum()),
            }
        )
    return pd.DataFrame(rows)


def _clusters(panel: Panel, starts: np.ndarray) -> pd.DataFrame:
    rows = []
    for name, codes, n in zip(panel.roles.clusters, panel.clusters, panel.n_clusters, strict=True):
        size = np.bincount(codes, minlength=n)
        pairs = np.unique(codes.astype(np.int64) * panel.n_units + panel.unit_codes)
        firms = np.bincount(pairs // panel.n_units, minlength=n)
        moving = np.maximum.reduceat(codes, starts) > np.minimum.reduceat(codes, starts)
        row: dict[str, object] = {"cluster": name, "n": n}
        for what, counts in (("rows", size), ("firms", firms)):
            row[f"{what}_min"] = int(counts.min())
            row[f"{what}_median"] = float(np.median(counts))
            row[f"{what}_max"] = int(counts.max())
        rows.append(row | {"firms_moving": int(moving.sum())})
    return pd.DataFrame(rows)


def _missing(panel: Panel) -> pd.DataFrame:
    frame = panel.frame
    rows = [
        {"part": part, "column": name, "rows": int(frame[name].isna().sum())}
        for part, name in parts(panel.roles)
        if part in ("control", "trait")
    ]
    table = pd.DataFrame(rows, columns=["part", "column", "rows"])
    return table.assign(share=table["rows"] / panel.n_rows)
