"""Placebo treatment: how much would a treatment do that other firms had."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.explain.multiple import holm
from causalgreen.falsify.engine import Batch, Rows, case_rows, solve_swapped
from causalgreen.falsify.finding import FAIL, NOT_APPLICABLE, PASS, WARN, Finding, Verdict
from causalgreen.falsify.permute import (
    Exchange,
    across_clusters,
    across_firms,
    exchange_of,
    fresh,
    streams,
)
from causalgreen.falsify.verdicts import (
    BORDER,
    LEVEL,
    extreme,
    listed,
    records,
    size_test,
    worst,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from causalgreen.falsify.case import Case

__all__ = ["claimed", "judge", "placebo_table", "placebo_treatment", "swap_histories"]

NAME = "placebo treatment"
QUESTION = (
    "Does the effect vanish when every firm is given the whole treatment history of another firm?"
)
STREAM = 1


def placebo_treatment(
    case: Case, strata: str | None = None, assignment: str | None = None
) -> Finding:
    """Randomization inference: whole treatment histories change firms, and clusters.

    Residual histories of the treatment are permuted among firms observed in the same periods; where
    errors are clustered above the firm, the clusters' common part changes clusters, too, and firms
    keep what they share. The statistic is the t-statistic of each path with one coefficient for all
    firms. A p-value says how often the placebo does as well as the treatment; the share of placebos
    that a test of 5 % rejects says whether the intervals are too narrow.

    Parameters
    ----------
    case : Case
    strata : str, optional
        Column within whose levels histories are exchanged.
    assignment : str, optional
        Column at whose level the treatment was given; default: the first cluster column.

    Returns
    -------
    Finding
        One row for each path and way of exchange.

    References
    ----------
    Fisher (1935), The design of experiments; MacKinnon and Webb (2020), Randomization inference for
    difference-in-differences with few treated clusters, Journal of Econometrics 218(2), doi
    10.1016/j.jeconom.2020.04.024; Young (2019), Channeling Fisher, QJE 134(2), doi
    10.1093/qje/qjy029.

    Examples
    --------
    >>> import causalgreen as cg
    >>> from causalgreen.falsify.registry import falsify
    >>> df, _ = cg.simulate_panel(n_firms=60, n_years=4, n_cities=50, seed=0)
    >>> panel = cg.Panel.from_frame(df, unit="firm", time="year", outcome="green_patents",
    ...                             treatment="ai", controls=["leverage"])
    >>> study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear())
    >>> falsify(study, ["placebo treatment"], simulations=50)["placebo treatment"].verdict
    'pass'
    """
    treatments = case.layout.treatments
    terms = tuple(t for t in case.effects.terms if t not in ("spillover", "overall"))
    return swap_histories(case, NAME, QUESTION, treatments, terms, strata, assignment)


def swap_histories(
    case: Case, name: str, question: str, columns: tuple[int, ...], terms: tuple[str, ...],
    strata: str | None = None, assignment: str | None = None,
) -> Finding:  # fmt: skip
    """Permute the histories of some columns, across firms and clusters, and judge these terms.

    Parameters
    ----------
    case : Case
    name, question : str
        Of the finding.
    columns : tuple of int
        Residuals that change places, together.
    terms : tuple of str
        Paths to be judged.
    strata, assignment : str, optional
        See `placebo_treatment`.
    """
    if not terms:
        return Finding(name, question, NOT_APPLICABLE, "the graph identifies none of these paths.")
    design, panel = case.residuals.design, case.panel
    unit, times = panel.unit_codes[design.rows], panel.times[design.rows]
    level = None if strata is None else panel.codes(strata)[design.rows]
    exchange = exchange_of(unit, times, level)
    if max(len(b) for b in exchange.blocks) < 8 or exchange.moved < 0.5:
        return Finding(
            name, question, NOT_APPLICABLE,
            f"{100 * exchange.moved:.0f} % of the rows belong to firms that can change places "
            "(same periods, or as many); it needs at least half, and 8 firms alike.",
        )  # fmt: skip
    rows = case_rows(case)
    observed = solve_swapped(rows, lambda r, low, high: _as_they_are(case, columns, r), 1)
    tables = [("across firms", _batch(case, rows, columns, exchange, None))]
    at = panel.roles.clusters[0] if assignment is None else assignment
    places = panel.codes(at)[design.rows]
    if at != panel.roles.unit and 8 <= len(np.unique(places)) < len(np.unique(unit)):
        tables.append((f"across {at}", _batch(case, rows, columns, exchange, places)))
    table = pd.concat(
        [placebo_table(case, terms, observed, batch, way, rows) for way, batch in tables],
        ignore_index=True,
    )
    stay = f"; {100 * (1 - exchange.moved):.0f} % of the rows stay" if exchange.moved < 0.95 else ""
    verdict, reason = judge(table, case.simulations, stay)
    draw = partial(_draw, case, terms, observed, tables, name)
    return Finding(name, question, verdict, reason, table, draw)


def _batch(
    case: Case, rows: Rows, columns: tuple[int, ...], exchange: Exchange, places: np.ndarray | None
) -> Batch:
    """The paths with histories exchanged across firms, or across places."""
    rngs = streams(case.seed + STREAM, case.simulations)
    times = case.panel.times[case.residuals.design.rows]

    def draw(repeat: int, low: int, high: int) -> dict[int, np.ndarray]:
        # Copies of a stream, so that repetitions and treatments move together.
        values = case.residuals.values[repeat]
        if places is None:
            order = across_firms(exchange, fresh(rngs[low:high]))
            return {c: values[:, c][order] for c in columns}
        return {
            c: across_clusters(values[:, c], exchange, places, times, fresh(rngs[low:high]))
            for c in columns
        }

    return solve_swapped(rows, draw, case.simulations)


def _as_they_are(case: Case, columns: tuple[int, ...], repeat: int) -> dict[int, np.ndarray]:
    return {c: case.residuals.values[repeat][:, [c]] for c in columns}


def claimed(case: Case, terms: tuple[str, ...]) -> np.ndarray:
    """P-values that the study reports for these terms."""
    table = case.effects.tidy().set_index("term")
    return table.loc[list(terms), "p_value"].to_numpy(dtype=np.float64)


def placebo_table(
    case: Case, terms: tuple[str, ...], observed: Batch, batch: Batch, way: str, rows: Rows
) -> pd.DataFrame:
    """One row for each path: the estimate among its placebos, and how often these are rejected."""
    from scipy.stats import t as student

    place = [batch.row(term) for term in terms]
    t0, ts = observed.t[place, 0], batch.t[place]
    p = (1 + (np.abs(ts) >= np.abs(t0)[:, None]).sum(axis=1)) / (1 + ts.shape[1])
    rejected = (np.abs(ts) > student.ppf(1 - LEVEL / 2, rows.df)).sum(axis=1)
    p_size, _ = size_test(rejected, ts.shape[1])
    low, high = np.quantile(batch.estimate[place], [0.025, 0.975], axis=1)
    table = pd.DataFrame(
        {
            "path": terms, "exchange": way, "estimate": observed.estimate[place, 0], "t": t0,
            "reported_p": claimed(case, terms), "randomization_p": p, "holm_p": holm(p),
            "placebo_low": low, "placebo_high": high, "rejected": rejected / ts.shape[1],
            "size_p": holm(p_size),
        }
    )  # fmt: skip
    table["verdict"] = [_verdict(row) for row in records(table)]
    return table


def _verdict(row: dict[str, float]) -> Verdict:
    """A claim must stand out from placebos, and placebos must not be found too often."""
    claims = row["reported_p"] < LEVEL
    if claims and row["randomization_p"] >= BORDER:
        return FAIL
    if row["size_p"] < 0.01 and row["rejected"] >= 2.5 * LEVEL:
        return FAIL
    if (claims and row["randomization_p"] >= LEVEL) or row["size_p"] < LEVEL:
        return WARN
    return PASS


def judge(table: pd.DataFrame, simulations: int, few: str = "") -> tuple[Verdict, str]:
    """Overall verdict, and why."""
    verdict = worst(table["verdict"])
    _, power = size_test(np.zeros(1, dtype=int), simulations)
    claims = table[table["reported_p"] < LEVEL]
    lost = claims[claims["randomization_p"] >= LEVEL]
    wide = table[table["size_p"] < LEVEL]
    told = []
    if len(lost):
        worst_p = lost["randomization_p"].max()
        told.append(
            f"placebos do as well as {listed(dict.fromkeys(lost['path']))}, which the study calls "
            f"significant (randomization p up to {worst_p:.3f})"
        )
    elif len(claims):
        told.append(
            f"each of the {claims['path'].nunique()} significant paths stands out from "
            f"{simulations:,} placebos (largest randomization p "
            f"{claims['randomization_p'].max():.3f})"
        )
    else:
        told.append(f"no path is significant; smallest Holm p {table['holm_p'].min():.2f}")
    if len(wide):
        row = extreme(wide, "rejected", largest=True)
        told.append(
            f"a test of 5 % rejects {100 * row['rejected']:.1f} % of the placebos of "
            f"{listed([row['path']])} ({row['exchange']}): intervals are too narrow for "
            "a treatment given at that level"
        )
    else:
        told.append(
            f"placebos are rejected at 5 % in {100 * table['rejected'].max():.1f} % of the "
            f"simulations at most (15 % would be noticed with probability {power:.2f})"
        )
    return verdict, "; ".join(told) + few + "."


def _draw(
    case: Case, terms: tuple[str, ...], observed: Batch, tables: list[tuple[str, Batch]], name: str
) -> Figure:
    from causalgreen.falsify.drawing import plot_placebos

    return plot_placebos(case, terms, observed, tables, name)
