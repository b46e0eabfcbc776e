"""What causalgreen set out to reach, the figure that was measured, and whether it is met.

Run as ``python -m benchmarks.targets``: reads the results files, prints the table, and writes it
into the handbook. Figures come from the files alone; one that was not measured says so.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

__all__ = ["TARGETS", "Target", "judge", "main", "markdown"]

RESULTS = Path(__file__).parent / "results"
STUDY = "study"
DOCS = Path(__file__).parents[1] / "docs" / "benchmarks.md"
BEGIN, END = "<!-- targets: begin -->", "<!-- targets: end -->"


@dataclass(frozen=True, slots=True)
class Target:
    """A bar, and how its figure is read from a results file.

    Attributes
    ----------
    suite : str
        coverage, accuracy, speed or scale.
    what : str
        What is asked.
    file : str
        Name of the results file, without its ending.
    figure : callable
        Table to figure; NaN where the table does not hold it.
    low, high : float
        The target is met where the figure lies between these, ends included.
    unit : str
        Format of figure and bar.
    """

    suite: str
    what: str
    file: str
    figure: Callable[[pd.DataFrame], float]
    low: float = -np.inf
    high: float = np.inf
    unit: str = "{:.2f}"

    def bar(self) -> str:
        """The bar in words."""
        low, high = self.unit.format(self.low), self.unit.format(self.high)
        if np.isinf(self.low):
            return f"at most {high}"
        return f"at least {low}" if np.isinf(self.high) else f"{low} to {high}"

    def missed_by(self, figure: float) -> float:
        """Distance from the bar; zero where it is met."""
        return max(self.low - figure, figure - self.high, 0.0)


def _worst(table: pd.DataFrame, column: str = "coverage", centre: float = 0.95) -> float:
    """The share that lies farthest from its nominal value."""
    values = table[column].dropna().to_numpy(float)
    return float(values[np.abs(values - centre).argmax()]) if len(values) else float("nan")


def _paths(method: str) -> Callable[[pd.DataFrame], float]:
    return lambda t: _worst(t[(t["method"] == method) & (t["failed"] < t["replications"])])


def _surface(key: str, column: str) -> Callable[[pd.DataFrame], float]:
    def read(table: pd.DataFrame) -> float:
        part = table[(table["key"] == key) & (table["case"] == "straight")]
        part = part[part["term"] == "own_total"]
        return float(part[column].iloc[0]) if len(part) else float("nan")

    return read


def _against_peer(column: str) -> Callable[[pd.DataFrame], float]:
    """Our forest with boosted nuisances over StatsPAI's, own total, on the same panels."""
    return lambda t: 1 / _surface("statspai", column)(t)


def _pooled(key: str) -> Callable[[pd.DataFrame], float]:
    """Coverage of all intervals for groups, each cell weighing with its intervals."""

    def read(table: pd.DataFrame) -> float:
        part = table[table["key"] == key]
        if part.empty:
            return float("nan")
        return float(np.average(part["coverage"], weights=part["intervals"]))

    return read


def _whole_study(folds: int) -> Callable[[pd.DataFrame], float]:
    """Process time of every stage of a study over that of one fit, in one process."""

    def read(table: pd.DataFrame) -> float:
        whole = table.loc[table["part"] == STUDY, "process"].sum()
        return float(whole / _seconds(table, f"CausalForestDML.fit, {folds} folds"))

    return read


def _cross_fitting(folds: int) -> Callable[[pd.DataFrame], float]:
    def read(table: pd.DataFrame) -> float:
        ours = _seconds(table, "residuals of all targets")
        return ours / _seconds(table, f"two nuisances alone, {folds} folds")

    return read


def _seconds(table: pd.DataFrame, what: str) -> float:
    found = table.loc[table["what"] == what, "process"]
    return float(found.iloc[0]) if len(found) else float("nan")


def _slope(step: str) -> Callable[[pd.DataFrame], float]:
    """Slope of log process time on log rows, over all sizes measured."""

    def read(table: pd.DataFrame) -> float:
        part = table[table["step"] == step]
        if part["firms"].nunique() < 2:
            return float("nan")
        return float(np.polyfit(np.log(part["rows"]), np.log(part["seconds"]), 1)[0])

    return read


def _largest(column: str) -> Callable[[pd.DataFrame], float]:
    return lambda t: float(t[column].max())


def _smallest(column: str) -> Callable[[pd.DataFrame], float]:
    return lambda t: float(t[column].min()) if column in t else float("nan")


def _sizes(table: pd.DataFrame) -> float:
    """The largest rejection rate at 5 % where there is nothing to find."""
    part = table[table["kind"] == "nothing to find"]
    return float(part["rejected"].max()) if len(part) else float("nan")


def _powers(table: pd.DataFrame) -> float:
    part = table[table["kind"] == "something to find"]
    return float(part["rejected"].min()) if len(part) else float("nan")


def judge(folder: Path, targets: Sequence[Target]) -> pd.DataFrame:
    """Hold the figures of a folder of results against the bars.

    Parameters
    ----------
    folder : pathlib.Path
        Where the results files are.
    targets : sequence of Target
        The bars.

    Returns
    -------
    pandas.DataFrame
        Columns suite, target, bar, figure, verdict ("met", "missed by ...", "not measured"), file.
    """
    rows = []
    for target in targets:
        path = folder / f"{target.file}.csv"
        figure = target.figure(pd.read_csv(path)) if path.is_file() else float("nan")
        off = target.missed_by(figure)
        verdict = "met" if off == 0 else f"missed by {target.unit.format(off)}"
        rows.append({
            "suite": target.suite, "target": target.what, "bar": target.bar(),
            "figure": "–" if np.isnan(figure) else target.unit.format(figure),
            "verdict": "not measured" if np.isnan(figure) else verdict, "file": path.name,
        })  # fmt: skip
    return pd.DataFrame(rows)


def markdown(table: pd.DataFrame) -> str:
    """The table as Markdown."""
    head = "| suite | target | bar | figure | verdict | from |\n|---|---|---:|---:|---|---|"
    lines = [
        f"| {r.suite} | {r.target} | {r.bar} | {r.figure} | {r.verdict} | `{r.file}` |"
        for r in table.itertuples()
    ]
    return "\n".join([head, *lines])


TARGETS: tuple[Target, ...] = (
    Target("coverage", "paths, 95 % intervals, default learner: the worst cell", "coverage",
           _paths("causalgreen default"), 0.93, 0.97, "{:.1%}"),
    Target("coverage", "paths, LightGBM learner: the worst cell", "coverage",
           _paths("causalgreen lightgbm"), 0.93, 0.97, "{:.1%}"),
    Target("coverage", "effects by firm away from the edges, default learner", "surface",
           _surface("forest-default", "coverage_inside"), 0.90, 0.97, "{:.1%}"),
    Target("coverage", "effects by firm away from the edges, LightGBM learner", "surface",
           _surface("forest", "coverage_inside"), 0.90, 0.97, "{:.1%}"),
    Target("coverage", "averages of groups, default learner, all cells", "surface_groups",
           _pooled("forest-default"), 0.93, 0.97, "{:.1%}"),
    Target("coverage", "checks: largest rejection rate at 5 % with nothing to find", "checks",
           _sizes, high=0.08, unit="{:.1%}"),
    Target("coverage", "checks: smallest rejection rate with a planted violation", "checks",
           _powers, low=0.80, unit="{:.1%}"),
    Target("accuracy", "effects by firm, own total, default learner: RMSE", "surface",
           _surface("forest-default", "rmse"), high=0.055, unit="{:.3f}"),
    Target("accuracy", "LightGBM learner, over StatsPAI's forest: RMSE", "surface",
           _against_peer("rmse_ratio"), high=1.0),
    Target("accuracy", "LightGBM learner, over StatsPAI's forest: length of intervals", "surface",
           _against_peer("length_ratio"), high=0.5),
    Target("speed", "whole study over one CausalForestDML.fit with as many folds (5)", "speed",
           _whole_study(5), high=1.0),
    Target("speed", "whole study over one CausalForestDML.fit with its default of 2 folds",
           "speed", _whole_study(2), high=1.0),
    Target("speed", "cross-fitting of all targets over EconML's two, 5 folds", "speed",
           _cross_fitting(5), high=1.5),
    Target("speed", "DoWhy's refuters, estimator fitted again, over ours: the least of four",
           "refuters", _smallest("ratio_whole_estimator"), low=100, unit="{:,.0f}"),
    Target("speed", "DoWhy's refuters on a fitted study over ours: the least of four",
           "refuters", _smallest("ratio_last_step"), low=100, unit="{:,.0f}"),
    Target("scale", "rows of the largest panel, 30 controls", "scale", _largest("rows"),
           low=3e6, unit="{:,.0f}"),
    Target("scale", "its peak memory, GiB", "scale", _largest("peak_gib"), high=24, unit="{:.1f}"),
    Target("scale", "slope of time on rows, log–log: a whole study", "scale", _slope("whole"),
           high=1.1),
    Target("scale", "slope of time on rows, log–log: cross-fitting", "scale", _slope("residuals"),
           high=1.1),
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.targets", description=__doc__)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the results files")
    parser.add_argument("--docs", type=Path, help="page to write the table into, between marks")
    chosen = parser.parse_args(argv)
    table = judge(chosen.results, TARGETS)
    print(table.drop(columns="file").to_string(index=False))
    counts = table["verdict"].str.split(" by").str[0].value_counts()
    print("\n" + ", ".join(f"{n} {verdict}" for verdict, n in counts.items()))
    if chosen.docs:
        text = chosen.docs.read_text(encoding="utf-8")
        before, after = text.split(BEGIN)[0], text.split(END)[1]
        whole = f"{before}{BEGIN}\n{markdown(table)}\n{END}{after}"
        chosen.docs.write_text(whole, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
