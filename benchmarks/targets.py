"""What causalgreen set out to reach, the figure that was measured, and whether it is met.

Run as ``python -m benchmarks.targets``: reads the results files, prints the table, and writes it
into the handbook. Figures come from the files alone; one that was not measured says so.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import figures
from benchmarks.figures import Figure, Reader

__all__ = ["TARGETS", "Target", "filled", "judge", "main", "markdown"]

RESULTS = Path(__file__).parent / "results"
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
    long : bool
        The bar is of the long version's size, and a short run is not held against it.
    """

    suite: str
    what: str
    file: str
    figure: Reader
    low: float = -np.inf
    high: float = np.inf
    unit: str = "{:.2f}"
    long: bool = False

    def bar(self) -> str:
        """The bar in words."""
        low, high = self.unit.format(self.low), self.unit.format(self.high)
        if np.isinf(self.low):
            return f"at most {high}"
        return f"at least {low}" if np.isinf(self.high) else f"{low} to {high}"

    def missed_by(self, figure: float) -> float:
        """Distance from the bar; zero where it is met."""
        return max(self.low - figure, figure - self.high, 0.0)

    def distance(self, size: float) -> str:
        """A distance in words: shares are counted in points."""
        if "%" in self.unit:
            return f"{100 * size:.{self.unit[3]}f} points"
        return self.unit.format(size)

    def verdict(self, found: Figure) -> str:
        """Whether it is met, and by how much it is missed, beside how sure the figure is.

        Examples
        --------
        >>> bar = Target("coverage", "a", "f", lambda t: Figure(0.0), 0.93, 0.97, "{:.1%}")
        >>> bar.verdict(Figure(0.918, 0.021, 500))
        'missed by 1.2 points (± 2.1): within its error'
        >>> bar.verdict(Figure(0.95, 0.01)), bar.verdict(Figure(0.94, 0.02))
        ('met', 'met, by less than its error')
        """
        value, spread = found.value, found.spread
        if np.isnan(value):
            return "not measured"
        off = self.missed_by(value)
        if off:
            text = f"missed by {self.distance(off)}"
            if np.isnan(spread):
                return text
            sure = self.distance(spread).removesuffix(" points")
            return f"{text} (± {sure})" + (": within its error" if off <= spread else "")
        room = min(value - self.low, self.high - value)
        return "met, by less than its error" if room < spread else "met"


def judge(folder: Path, targets: Sequence[Target], short: bool = False) -> pd.DataFrame:
    """Hold the figures of a folder of results against the bars.

    Parameters
    ----------
    folder : pathlib.Path
        Where the results files are.
    targets : sequence of Target
        The bars.
    short : bool
        Whether the results are of the short version.

    Returns
    -------
    pandas.DataFrame
        Columns suite, target, bar, figure, spread, panels, verdict ("met", "missed by ...",
        "not measured", "long version only"), file.
    """
    rows = []
    for target in targets:
        path = folder / f"{target.file}.csv"
        found = target.figure(pd.read_csv(path)) if path.is_file() else Figure(float("nan"))
        known = not np.isnan(found.value)
        figure = target.unit.format(found.value) if known else "–"
        told = "long version only" if short and target.long else target.verdict(found)
        sure = known and not np.isnan(found.spread)
        rows.append({
            "suite": target.suite, "target": target.what, "bar": target.bar(),
            "figure": f"{figure} ({found.which})" if found.which and known else figure,
            "spread": f"± {target.distance(found.spread).removesuffix(' points')}" if sure else "",
            "panels": f"{found.draws:,}" if found.draws and known else "",
            "verdict": told, "file": path.name,
        })  # fmt: skip
    return pd.DataFrame(rows)


def markdown(table: pd.DataFrame) -> str:
    """The table as Markdown."""
    head = (
        "| suite | target | bar | figure | error | panels | verdict | from |\n"
        "|---|---|---:|---:|---:|---:|---|---|"
    )
    lines = [
        f"| {r.suite} | {r.target} | {r.bar} | {r.figure} | {r.spread} | {r.panels} | {r.verdict} "
        f"| `{r.file}` |"
        for r in table.itertuples()
    ]
    return "\n".join([head, *lines])


def filled(page: str, table: pd.DataFrame) -> str:
    """The page with the table between its marks."""
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    return f"{before}{BEGIN}\n{markdown(table)}\n{END}{after}"


DEFAULT, BOOSTED = "causalgreen default", "causalgreen lightgbm"
KINDS_OF = "notebook"
FEW = ("case", "clusters", "term")
POOLED, WORST = "all cells together", "the worst cell"
TARGETS: tuple[Target, ...] = (
    *(
        Target("coverage", f"paths, 95 % intervals, {learner}: {words}", "coverage",
               figures.paths(method, worst), 0.93, 0.97, "{:.1%}")
        for learner, method in (("default learner", DEFAULT), ("LightGBM learner", BOOSTED))
        for words, worst in ((POOLED, False), (WORST, True))
    ),
    *(
        Target("coverage", f"paths by kind of AI: {words}", "kinds",
               figures.paths(DEFAULT, worst, ("kind", "term"), KINDS_OF), 0.93, 0.97, "{:.1%}")
        for words, worst in ((POOLED, False), (WORST, True))
    ),
    # Beyond 97 % is no fault with six cities: intervals are careful there.
    Target("coverage", f"paths with 6 to 96 clusters: {POOLED}", "clusters",
           figures.paths(DEFAULT, False, FEW), 0.93, unit="{:.1%}"),
    Target("coverage", f"paths with 6 to 96 clusters: {WORST}", "clusters",
           figures.lowest(DEFAULT, FEW), 0.93, unit="{:.1%}"),
    Target("coverage", "effects by firm away from the edges, default learner", "surface",
           figures.surface("forest-default", "coverage_inside"), 0.90, 0.97, "{:.1%}"),
    Target("coverage", "effects by firm away from the edges, LightGBM learner", "surface",
           figures.surface("forest", "coverage_inside"), 0.90, 0.97, "{:.1%}"),
    Target("coverage", "averages of groups, default learner, all cells", "surface_groups",
           figures.groups("forest-default"), 0.93, 0.97, "{:.1%}"),
    *(
        Target("coverage", f"checks: rejection rate at 5 % with nothing to find, {words}",
               "checks", figures.sizes(worst), high=0.08, unit="{:.1%}")
        for words, worst in (("all checks together", False), ("the largest", True))
    ),
    *(
        Target("coverage", f"checks: planted violations that are caught, {words}",
               "checks", figures.caught(worst), low=0.80, unit="{:.1%}")
        for words, worst in (("all checks together", False), ("the least", True))
    ),
    Target("accuracy", "effects by firm, own total, default learner: RMSE", "surface",
           figures.surface("forest-default", "rmse"), high=0.055, unit="{:.3f}"),
    Target("accuracy", "LightGBM learner, over StatsPAI's forest: RMSE", "surface",
           figures.against_peer("rmse_ratio"), high=1.0),
    Target("accuracy", "LightGBM learner, over StatsPAI's forest: length of intervals", "surface",
           figures.against_peer("length_ratio"), high=0.5),
    Target("speed", "whole study over one CausalForestDML.fit with as many folds (5)", "speed",
           figures.whole_study(5), high=1.0),
    Target("speed", "whole study over one CausalForestDML.fit with its default of 2 folds",
           "speed", figures.whole_study(2), high=1.0),
    Target("speed", "cross-fitting of all targets over EconML's two, 5 folds", "speed",
           figures.cross_fitting(5), high=1.5),
    Target("speed", "the same, EconML on the features of the study",
           "speed", figures.like_for_like, high=1.5),
    Target("speed", "DoWhy's refuters, estimator fitted again, over ours: the least of four",
           "refuters", figures.smallest("ratio_whole_estimator", "refuter"), low=100,
           unit="{:,.0f}"),
    Target("speed", "DoWhy's refuters on a fitted study over ours: the least of four",
           "refuters", figures.smallest("ratio_last_step", "refuter"), low=100, unit="{:,.0f}"),
    Target("speed", "import causalgreen: seconds of processor time", "imports",
           figures.import_seconds, high=0.3),
    Target("scale", "rows of the largest panel, 30 controls", "scale", figures.largest("rows"),
           low=3e6, unit="{:,.0f}", long=True),
    Target("scale", "its peak memory, GiB", "scale", figures.largest("peak_gib"), high=24,
           unit="{:.1f}", long=True),
    Target("scale", "slope of time on rows, log–log: a whole study", "scale",
           figures.slope("whole"), high=1.1),
    Target("scale", "slope of time on rows, log–log: cross-fitting, folds as by default", "scale",
           figures.slope("residuals"), high=1.1),
    Target("scale", "slope of time on rows, log–log: cross-fitting, always five folds", "scale",
           figures.slope("five_folds"), high=1.1),
)  # fmt: skip


def shown(table: pd.DataFrame) -> str:
    """The table for a terminal: the error beside the figure, in as little width as it takes."""
    told = table.assign(figure=(table["figure"] + " " + table["spread"]).str.strip())
    return told.drop(columns=["file", "spread"]).to_string(index=False)


def main(argv: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.targets", description=__doc__)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the results files")
    parser.add_argument("--short", action="store_true", help="results of the short version")
    parser.add_argument("--docs", type=Path, help="page to write the table into, between marks")
    chosen = parser.parse_args(argv)
    table = judge(chosen.results, TARGETS, chosen.short)
    print(shown(table))
    counts = (
        table["verdict"]
        .str.extract(r"^(met|missed|not measured|long version only)")[0]
        .value_counts()
    )
    print("\n" + ", ".join(f"{n} {verdict}" for verdict, n in counts.items()))
    if chosen.docs:
        text = chosen.docs.read_text(encoding="utf-8")
        chosen.docs.write_text(filled(text, table), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
