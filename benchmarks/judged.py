"""How many trees forests that are judged need: what targeting and calibration say with fewer.

Run as ``python -m benchmarks.judged``. Every panel is judged with several seeds and numbers of
trees, in an economy whose effects vary a little and in one whose effects are the same for all.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from unittest import mock

import pandas as pd

import causalgreen as cg
from benchmarks.economies import panel_of
from benchmarks.made_with import made_with, told
from benchmarks.results import Store
from causalgreen.surface.forest import Forest

__all__ = ["ECONOMIES", "TREES", "block", "judged", "main", "measure", "summarise"]

TABLE = Path(__file__).parent / "results" / "judged.csv"
TREES, BASE_SEED, SEEDS, PANELS = (400, 200, 100), 50_000, 4, 14
FIRMS, YEARS, CITIES = 600, 6, 80
TERMS = ("own_total", "overall", "direct")
ONE_SIDED = 1.645
ECONOMIES = MappingProxyType({
    "vary a little (.3 of the default)": 0.3, "the same for all": 0.0,
})  # fmt: skip
PACKAGES = ("causalgreen", "econml", "scikit-learn", "numpy", "pandas")


def judged(study: cg.Study, trees: int) -> pd.DataFrame:
    """Normal statistics of the calibration's slopes, and of AUTOC and Qini, with so many trees.

    Parameters
    ----------
    study : causalgreen.Study
    trees : int
        Of every forest that is judged.

    Returns
    -------
    pandas.DataFrame
        Columns statistic (slope, AUTOC, Qini), term, value.
    """
    surface = study.surface(cg.forest(trees))
    with mock.patch.object(Forest, "lighter", lambda self: replace(self, trees=trees)):
        told = study.explain(surface)
        slopes = told.calibration().tidy()
        curves = [told.targeting(term=term).tidy().assign(of=term) for term in TERMS]
    slopes = slopes[slopes["parameter"] == "slope"].assign(kind="slope", of=slopes["term"])
    curves = [curve.assign(kind=curve["term"]) for curve in curves]
    both = pd.concat([slopes, *curves])[["kind", "of", "statistic"]]
    return both.set_axis(["statistic", "term", "value"], axis=1)


def measure(vary: float, replication: int, seeds: int) -> pd.DataFrame:
    """One panel, judged with several seeds and numbers of trees.

    Parameters
    ----------
    vary : float
        How much effects vary, in units of the default economy.
    replication, seeds : int
        Number of the panel, and how many seeds.

    Returns
    -------
    pandas.DataFrame
        As `judged`, with columns replication, seed, trees.
    """
    economy = cg.Economy(nonlinearity=0, heterogeneity=vary)
    seed = BASE_SEED + replication
    frame, _ = cg.simulate_panel(FIRMS, YEARS, seed, n_cities=CITIES, economy=economy)
    panel, parts = panel_of(frame), []
    for number in range(seeds):
        study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear(), seed=number,
                         n_jobs=1, progress=False)  # fmt: skip
        parts += [judged(study, trees).assign(trees=trees, seed=number) for trees in TREES]
    return pd.concat(parts).assign(replication=replication)


def summarise(raw: pd.DataFrame) -> pd.DataFrame:
    """Means, rejections and scatter over seeds, by economy, statistic and number of trees.

    Parameters
    ----------
    raw : pandas.DataFrame
        From `measure`, with a column ``effects``.

    Returns
    -------
    pandas.DataFrame
        ``mean`` over panels, seeds and paths with its Monte-Carlo error over panels; ``above``,
        the share beyond 1.645; ``sd_seeds``, the standard deviation over seeds of one panel;
        ``lost``, how much less it is than with the first number of trees, on the same panels.
    """
    rows = []
    keys = ["effects", "statistic", "trees"]
    means = raw.groupby([*keys, "replication"])["value"].mean()
    for key, part in raw.groupby(keys, sort=False):
        by_panel = means[key]
        lost = means[(*key[:2], TREES[0])] - by_panel
        within = part.groupby(["replication", "term"])["value"].var().mean()
        rows.append({
            **dict(zip(keys, key, strict=True)), "panels": len(by_panel),
            "seeds": part["seed"].nunique(), "mean": by_panel.mean(),
            "mcse": by_panel.std() / len(by_panel) ** 0.5,
            "above": (part["value"] > ONE_SIDED).mean(), "sd_seeds": within**0.5,
            "lost": lost.mean(), "lost_mcse": lost.std() / len(lost) ** 0.5,
        })  # fmt: skip
    return pd.DataFrame(rows)


def block(table: pd.DataFrame, notes: dict[str, str]) -> str:
    """The table of the decision record.

    Parameters
    ----------
    table : pandas.DataFrame
        From `summarise`.
    notes : dict
        What it was made with.

    Returns
    -------
    str
    """
    trees = list(dict.fromkeys(table["trees"]))
    lines = [
        "| effects | statistic | " + " | ".join(f"{n} trees" for n in trees) + " |",
        "|---|---|" + "---:|" * len(trees),
    ]
    for (effects, statistic), part in table.groupby(["effects", "statistic"], sort=False):
        cells = [
            f"{r.mean:.2f}, {r.above:.2f}, {r.sd_seeds:.2f}".replace("-", "−")
            for r in part.drop(columns=["effects", "statistic"]).itertuples()
        ]
        lines.append(f"| {effects} | {statistic} | " + " | ".join(cells) + " |")
    one = table.iloc[0]
    text = (
        f"{one['panels']} panels of {FIRMS} firms × {YEARS} years in {CITIES} cities, linear "
        f"confounding, {one['seeds']} seeds each. Normal statistics (six paths for the slope; "
        f"total, overall and direct for AUTOC and Qini): mean (Monte-Carlo error "
        f"{table['mcse'].median():.2f}), share above {ONE_SIDED}, standard deviation over the "
        "seeds of one panel."
    )
    few = table[table["trees"] == trees[-1]]
    lost = "; ".join(
        f"{r.statistic} {r.lost:.3f} ({r.lost_mcse:.3f})"
        for r in few[few["effects"] == table["effects"].iloc[0]].itertuples()
    )
    lost = (
        f"Where effects vary, statistics with {trees[-1]} trees are lower than with {trees[0]} on "
        f"the same panels by (standard error): {lost}.".replace("-", "−")
    )
    return "\n\n".join([text, "\n".join(lines), lost, told(notes, "judged", PACKAGES)])


def main(argv: Sequence[str] | None = None) -> int:
    """Command line."""
    from joblib import Parallel, delayed
    from tqdm import tqdm

    parser = argparse.ArgumentParser(prog="python -m benchmarks.judged", description=__doc__)
    parser.add_argument("--out", type=Path, default=TABLE, help="the table, a csv file")
    parser.add_argument("--few", type=int, default=PANELS, help="panels of each economy")
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args(argv)
    work = [(name, r) for name in ECONOMIES for r in range(chosen.few)]
    done = Parallel(chosen.processes, return_as="generator")(
        delayed(_quietly)(ECONOMIES[name], r, SEEDS) for name, r in work
    )
    shown = tqdm(done, total=len(work), unit="panel")
    parts = [part.assign(effects=name) for (name, _), part in zip(work, shown, strict=True)]
    table = summarise(pd.concat(parts, ignore_index=True))
    notes = made_with([("first_seed", BASE_SEED)], PACKAGES)
    Store(chosen.out).write(table, notes)
    print(table.to_string(float_format="%.3f"))
    return 0


def _quietly(vary: float, replication: int, seeds: int) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return measure(vary, replication, seeds)


if __name__ == "__main__":
    sys.exit(main())
