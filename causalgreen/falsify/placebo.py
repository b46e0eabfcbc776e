"""Placebo treatment: how much would a treatment do that other firms had."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.falsify.engine import (
    Batch,
    Draw,
    case_rows,
    solve_swapped,
    solve_together,
)
from causalgreen.falsify.finding import NOT_APPLICABLE, Finding
from causalgreen.falsify.imposed import resemblance, without_effect
from causalgreen.falsify.levels import FEWEST, Levels, levels_of, refused
from causalgreen.falsify.permute import (
    Exchange,
    Places,
    across_clusters,
    across_firms,
    exchange_of,
    fresh,
    streams,
)
from causalgreen.falsify.placebo_table import judge, placebo_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from causalgreen.falsify.case import Case

__all__ = ["placebo_treatment", "swap_histories"]

NAME = "placebo treatment"
QUESTION = (
    "Does the effect vanish when every firm is given the whole treatment history of another firm?"
)
STREAM = 1
MOST_KEPT = 0.5
"""Share of the real history in its placebos from which on they are none."""


def placebo_treatment(
    case: Case, strata: str | None = None, assignment: str | None = None
) -> Finding:
    """Randomization inference: whole treatment histories change firms, and clusters.

    Residual histories of the treatment are permuted among firms observed in the same periods; where
    errors are clustered above the firm, the clusters' common part changes clusters, too, and firms
    keep what they share. The statistic is the t-statistic of each path with one coefficient for all
    firms. A p-value says how often the placebo does as well as the treatment, against the outcome
    as it is (the sharp null). The share of placebos that a test of 5 % rejects says whether the
    intervals are too narrow; it is counted with the fitted effect of the real treatment taken out
    of outcome and mediators, of which a placebo would find a part where histories stay by chance.

    Parameters
    ----------
    case : Case
    strata : str, optional
        Column within whose levels histories are exchanged.
    assignment : str, optional
        Column at whose level the treatment was given; default: the columns of the clusters, and the
        coarsest in which the treatment hardly differs between firms of a place and period.

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
    >>> falsify(study, ["placebo treatment"], simulations=200)["placebo treatment"].verdict
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
    if why := refused(panel, strata, assignment):
        return Finding(name, question, NOT_APPLICABLE, f"{why}.")
    unit, times = panel.unit_codes[design.rows], panel.times[design.rows]
    level = None if strata is None else panel.codes(strata)[design.rows]
    exchange = exchange_of(unit, times, level)
    if why := _short(exchange):
        return Finding(name, question, NOT_APPLICABLE, why)
    levels = levels_of(case, columns, assignment)
    shown, parts, untested = _exchanged(case, columns, terms, exchange, levels)
    untested = (*levels.untested, *untested)
    if not parts:
        return Finding(name, question, NOT_APPLICABLE, "; ".join(untested) + ".")
    table = pd.concat(parts, ignore_index=True)
    stay = _stay(exchange, unit, level, strata)
    verdict, reason = judge(table, case.simulations, stay, untested)
    draw = partial(_draw, case, terms, shown, name)
    return Finding(name, question, verdict, reason, table, draw)


def _exchanged(
    case: Case, columns: tuple[int, ...], terms: tuple[str, ...], exchange: Exchange,
    levels: Levels,
) -> tuple[list[tuple[str, Batch]], list[pd.DataFrame], tuple[str, ...]]:  # fmt: skip
    """Placebos and their tables, firms and places exchanged, and which exchanges say nothing.

    The first of the placebos are none: the study's own columns.
    """
    rows = case_rows(case)
    observed = solve_swapped(rows, lambda r, low, high: _as_they_are(case, columns, r), 1)
    null = without_effect(rows, columns)
    shown, parts, untested = [("the study", observed)], [], []
    for at, level in (("firms", None), *levels.places):
        draw, way = _histories(case, columns, exchange, level), f"across {at}"
        kept = resemblance(rows, draw, columns, case.simulations)
        if kept > MOST_KEPT:
            untested.append(
                f"histories exchanged {way} have {100 * kept:.0f} % of the real one in them (what "
                "they are exchanged within explains the treatment), too much for placebos"
            )
            continue
        batch, still = solve_together((rows, null), draw, case.simulations)
        shown.append((way, batch))
        parts.append(placebo_table(case, terms, observed, batch, way, rows, still, kept))
    return shown, parts, tuple(untested)


def _short(exchange: Exchange) -> str:
    """Why too few firms can change places; empty where enough can."""
    most = max(len(b) for b in exchange.blocks)
    if most >= FEWEST and exchange.moved >= 0.5:
        return ""
    return (
        f"{100 * exchange.moved:.0f} % of the rows belong to firms that can change places (same "
        f"periods, or as many), and at most {most} firms are alike; it needs at least 50 % of the "
        f"rows, and {FEWEST} firms alike."
    )


def _stay(
    exchange: Exchange, unit: np.ndarray, level: np.ndarray | None, strata: str | None
) -> str:
    """What a reader should know of rows and firms that stay where they are."""
    told = ""
    if exchange.moved < 0.95:
        told += f"; {100 * (1 - exchange.moved):.0f} % of the rows stay"
    if level is not None:
        moves = unit[1:][(unit[1:] == unit[:-1]) & (level[1:] != level[:-1])]
        if len(moves):
            told += (
                f"; {strata} changes within {len(np.unique(moves)):,} firms, whose first value "
                "counts"
            )
    return told


def _histories(
    case: Case, columns: tuple[int, ...], exchange: Exchange, level: np.ndarray | None
) -> Draw:
    """Draws with histories exchanged across firms, or across places."""
    rngs = streams(case.seed + STREAM, case.simulations)
    times = case.panel.times[case.residuals.design.rows]
    places = None if level is None else Places.of(level, times)

    def draw(repeat: int, low: int, high: int) -> dict[int, np.ndarray]:
        # Copies of a stream, so that repetitions and treatments move together.
        out = {}
        for c in columns:
            values, copies = case.residuals.values[repeat][:, c], fresh(rngs[low:high])
            out[c] = (
                across_firms(exchange, copies, values)
                if places is None
                else across_clusters(values, exchange, places, copies)
            )
        return out

    return draw


def _as_they_are(case: Case, columns: tuple[int, ...], repeat: int) -> dict[int, np.ndarray]:
    return {c: case.residuals.values[repeat][:, [c]] for c in columns}


def _draw(case: Case, terms: tuple[str, ...], shown: list[tuple[str, Batch]], name: str) -> Figure:
    from causalgreen.falsify.drawing import plot_placebos

    return plot_placebos(case, terms, shown[0][1], shown[1:], name)
