"""What the tables of effects by firm say, in sentences: the bars that are met, and the others."""

from __future__ import annotations

import pandas as pd

__all__ = ["bars", "reading_of_data", "speed_bars"]

POINTWISE, GROUPS = (0.90, 0.97), (0.93, 0.97)
OURS, PEER = "forest", "statspai"
SOURCES = {
    "ihdp": """\
Setting A of the NPCI simulations on the Infant Health and Development Program: 747 children, 25
covariates, all of them traits; default learner. Effects of causalgreen's surfaces are of children
left out of the fit. Often quoted, within sample and over 1,000 data sets: least squares with
interactions 2.4, BART 2.1, causal forest 3.8, counterfactual regression .71 (Shalit, Johansson and
Sontag 2017, as quoted in the data's notes from memory). They are means over data sets whose scale
of effects differs widely: a few of them decide. The standard deviation of the true effects is what
one effect for all children would leave as error.""",
    "acic2016": """\
Settings 1, 14, 27 and 40 of the competition, simulation 1: 4,802 units, 58 covariates, all
of them traits; default learner. Everything in units of sd(y). The effect on the treated is the
mean of the effects predicted for them; the published methods' estimates are on the same data
(Dorie, Hill, Shalit, Scott and Cervone 2019, Statistical Science 34(1), doi 10.1214/18-STS667).
Methods that were too slow for all settings have the first ones only.""",
    "401k": """\
Effect of eligibility on net financial assets, 1991 SIPP, 9,915 households, nine covariates, all of
them traits; default learner. Published: by income, Stata 19's `cate` on its data set assets3 (its
categories, not exactly our fifths); all households, DoubleML's interactive and partially linear
models with forests.""",
}


def bars(table: pd.DataFrame, groups: pd.DataFrame | None) -> str:
    """Each bar, with the numbers, and whether it is met.

    Parameters
    ----------
    table : pandas.DataFrame
        As `benchmarks.surface_results.summarise` makes it.
    groups : pandas.DataFrame or None
        As `benchmarks.surface_groups.summarise_groups` makes it.

    Returns
    -------
    str
        A list in Markdown.
    """
    lines = _coverage(table)
    both = table[(table["case"] == "straight") & (table["term"] == "own_total")].set_index("key")
    if PEER in both.index:
        other = both.loc[PEER]
        ratio = 1 / float(str(other["length_ratio"]))
        lines.append(
            f"- Half the length of StatsPAI's intervals: {_verdict(ratio <= 0.5)}. On the same "
            f"{other['replications']:.0f} panels {100 * ratio:.0f} %, with "
            f"{100 / other['rmse_ratio']:.0f} % of its RMSE; StatsPAI's intervals cover "
            f"{100 * other['coverage']:.0f} % of the firms."
        )
        lines.append(
            f"- Ten times as fast as StatsPAI: {_verdict(bool(other['times'] >= 10))}. Once "
            f"compiled, StatsPAI's forest for one effect takes {other['times']:.2f} times as long "
            "as `cg.forest()` with nuisances of all paths; what its first fit costs is under Speed."
        )
    lines += _nuisances(table) + _beaten(table)
    if groups is not None and len(groups):
        for (method, case), part in groups.groupby(["method", "case"], sort=False):
            share = float((part["coverage"] * part["intervals"]).sum() / part["intervals"].sum())
            lines.append(
                f"- Averages by size (GATE) covered 93 to 97 %, `{method}`, economy {case}: "
                f"{_verdict(GROUPS[0] <= share <= GROUPS[1])}. {100 * share:.1f} % over paths and "
                f"groups; by path {100 * part['coverage'].min():.0f} to "
                f"{100 * part['coverage'].max():.0f} %."
            )
    return "\n".join(lines)


def _verdict(good: bool) -> str:
    return "met" if good else "**missed**"


def _coverage(table: pd.DataFrame) -> list[str]:
    lines = []
    for key in (OURS, "forest-default", "forest-linear"):
        for case, part in table[table["key"] == key].groupby("case", sort=False):
            value, error = part["coverage_inside"], part["coverage_inside_mcse"].fillna(0.0)
            good = value.between(*POINTWISE)
            near = (value + error >= POINTWISE[0]) & (value - error <= POINTWISE[1])
            # a miss stays a miss; few panels make it one that another draw could undo
            told = f"{_verdict(False)}, though within a Monte-Carlo standard error"
            told = told if near.all() else _verdict(False)
            off = [
                f"{r['term'].replace('_', ' ')} {100 * r['coverage_inside']:.1f}"
                for r in part[~good].to_dict("records")
            ]
            lines.append(
                f"- Pointwise coverage 90 to 97 % inside, `{part['method'].iloc[0]}`, economy "
                f"{case}: {_verdict(True) if good.all() else told}. {100 * value.min():.1f} to "
                f"{100 * value.max():.1f} %{'; outside: ' + ', '.join(off) if off else ''}."
            )
    return lines


def _nuisances(table: pd.DataFrame) -> list[str]:
    """How much of the miss comes from the learner: the error that all firms of a panel share."""
    lines = []
    for case in ("straight", "straight-4000"):
        part = table[(table["case"] == case) & (table["term"] == "own_total")].set_index("key")
        if not {OURS, "forest-default"} <= set(part.index):
            continue
        boosted, default = part.loc[OURS], part.loc["forest-default"]
        lines.append(
            f"- Nuisances, own total, economy {case}: boosted trees alone leave a mean error of "
            f"{boosted['mean_error']:+.3f} (coverage {100 * boosted['coverage']:.0f} %), the "
            f"default learner {default['mean_error']:+.3f} ({100 * default['coverage']:.0f} %). "
            "No forest can repair what its nuisances leave."
        )
    return lines


def _beaten(table: pd.DataFrame) -> list[str]:
    """Methods with a smaller error than the default forest on the same panels, by economy."""
    lines = []
    # another learner has other nuisances: its surface is no competitor of this one
    table = table[~table["method"].str.contains("learner")]
    for case, part in table[table["rmse_ratio"] < 0.97].groupby("case", sort=False):
        better = []
        for method, won in part.groupby("method", sort=False):
            less = f"{100 * (1 - won['rmse_ratio'].mean()):.0f} % less"
            better.append(f"{method} ({less}: {', '.join(won['term'].str.replace('_', ' '))})")
        lines.append(f"- Smaller RMSE than `cg.forest()`, economy {case}: {'; '.join(better)}.")
    return lines


def speed_bars(speed: pd.DataFrame) -> str:
    """Ratios of other packages' times to causalgreen's."""
    times = {str(row["what"]): row for row in speed.to_dict("records")}
    pieces = ("cg: nuisances of all targets", "cg: forest and intervals, all paths")
    ours = {c: sum(float(times[p][c]) for p in pieces) for c in ("wall", "process")}
    lines = []
    for name in ("EconML: one CausalForestDML.fit", "StatsPAI: one CausalForest(fe='unit').fit"):
        if name in times:
            wall, process = (float(times[name][c]) / ours[c] for c in ("wall", "process"))
            lines.append(
                f"- {name} takes {wall:.1f} times the wall time and {process:.1f} times the "
                "process time of causalgreen's nuisances, forest and intervals for all paths."
            )
    shap = "EconML: CausalForestDML.shap_values, all firms"
    mine = "cg: SHAP values of one path, all firms"
    if {shap, mine} <= set(times):
        wall, process = (float(times[shap][c]) / float(times[mine][c]) for c in ("wall", "process"))
        lines.append(
            f"- {shap} ({times[shap]['note']}), takes {wall:.1f} times the wall time and "
            f"{process:.1f} times the process time of causalgreen's SHAP values of a path."
        )
    return "\n".join(lines)


def reading_of_data(name: str, table: pd.DataFrame) -> str:
    """Source of a data set, and what the table says."""
    text = SOURCES[name]
    if name == "401k":
        by = table.iloc[:-2]
        inside = by["published"].between(by["conf_low"], by["conf_high"]).sum()
        return f"{text} {inside} of {len(by)} published numbers lie in our 95 % intervals."
    failed = table[table["error"].notna()].drop_duplicates("method")
    for row in failed.to_dict("records"):
        text += f"\n\n{row['method']} failed: {row['error']}"
    return text
