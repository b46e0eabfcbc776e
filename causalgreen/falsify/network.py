"""Placebo network: whether any other firms would do as peers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from causalgreen.falsify.engine import Batch, case_rows, solve_swapped
from causalgreen.falsify.finding import FAIL, NOT_APPLICABLE, WARN, Finding, Verdict
from causalgreen.falsify.partners import future_row
from causalgreen.falsify.peers import Peers, peers_of
from causalgreen.falsify.permute import across_firms, exchange_of, fresh, streams
from causalgreen.falsify.placebo import swap_histories
from causalgreen.falsify.placebo_table import placebo_table, too_often
from causalgreen.falsify.verdicts import LEVEL, records, worst
from causalgreen.panel.absorb import absorb

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from causalgreen.falsify.case import Case

__all__ = ["placebo_network"]

NAME = "placebo network"
QUESTION = "Does the spillover vanish when the peers are other firms, as many of them?"
TERMS = ("spillover",)


def placebo_network(case: Case, network: Any = None, future_partners: str | None = None) -> Finding:
    """Exposures to the same number of wrong peers.

    Where the exposure can be rebuilt from groups or links, treatment histories change firms in the
    network while each firm keeps its place and its number of peers, and the exposure is computed
    again. Where not, whole exposure histories change firms (and clusters). An effect of wrong peers
    as large as that of the right ones is one of how many peers a firm has, or of common shocks.

    Parameters
    ----------
    case : Case
    network : str, sequence of str, mapping or DataFrame, optional
        See `falsify`.
    future_partners : str, optional
        Column with the exposure to firms that become partners only later: it must not matter beside
        the exposure to partners of today.

    Returns
    -------
    Finding
        One row for each way.

    References
    ----------
    Athey, Eckles and Imbens (2018), Exact p-values for network interference, JASA 113(521), doi
    10.1080/01621459.2016.1241178; Angrist (2014), The perils of peer effects, Labour Economics 30,
    doi 10.1016/j.labeco.2014.05.008.
    """
    if not case.layout.exposures or "spillover" not in case.effects.terms:
        return Finding(
            NAME, QUESTION, NOT_APPLICABLE,
            "the study has no spillover path: give the panel an exposure (peers' treatment) that "
            "the graph identifies",
        )  # fmt: skip
    if network is None:
        finding = swap_histories(case, NAME, QUESTION, case.layout.exposures, TERMS)
        table, verdict, told = _softened(finding)
        reason = f"exposures could not be rebuilt (network=... was not given): {told}"
        draw = finding.draw
    else:
        peers, told = peers_of(case.panel, network)
        if not peers:
            return Finding(NAME, QUESTION, NOT_APPLICABLE, told)
        finding = _shuffled(case, peers, told)
        table, verdict, reason, draw = finding.table, finding.verdict, finding.reason, finding.draw
    if future_partners is None or verdict == NOT_APPLICABLE:
        return Finding(NAME, QUESTION, verdict, reason, table, draw)
    row, later, why = future_row(case, future_partners)
    both = pd.concat([table, row], ignore_index=True)
    return Finding(NAME, QUESTION, worst([verdict, later]), f"{reason} {why}", both, draw)


def _softened(finding: Finding) -> tuple[pd.DataFrame, Verdict, str]:
    """Exposure histories alone: a spillover that they do not confirm is no more than unclear.

    They say little of a spillover that has few groups or little time to show, so that only placebos
    that are found too often make it fail.
    """
    table, reason = finding.table, finding.reason
    if finding.verdict != FAIL:
        return table, finding.verdict, reason
    each = [
        WARN if row["verdict"] == FAIL and not too_often(row) else row["verdict"]
        for row in records(table)
    ]
    if FAIL in each:
        return table.assign(verdict=each), FAIL, reason
    return (
        table.assign(verdict=each),
        WARN,
        (f"{reason} Whole histories of exposure may be too blunt to tell; name the network."),
    )


def _shuffled(case: Case, peers: Mapping[str, Peers], told: str) -> Finding:
    """Randomization inference with the treatments of other firms at the peers' places."""
    panel, design = case.panel, case.residuals.design
    exchange = exchange_of(panel.unit_codes, panel.times)
    rows, kind = case_rows(case), case.again().fixed_effects.kind
    rngs = streams(case.seed + 21, case.simulations)
    effects = [codes for name, codes in design.effects if name != panel.roles.time]
    weights = None if panel.roles.weight is None else panel.weights[design.rows]
    place = {name: i for i, name in enumerate(case.residuals.names)}

    def draw(repeat: int, low: int, high: int) -> dict[int, np.ndarray]:
        order = across_firms(exchange, fresh(rngs[low:high]))
        out = {}
        for name, network in peers.items():
            raw = network.exposure(panel.column(network.treatment)[order])
            now = raw[design.rows]
            if kind == "first_difference":
                now = now - raw[design.rows - 1]
            out[place[name]] = absorb(now, effects, weights)
        return out

    columns = [place[name] for name in peers]
    observed = solve_swapped(
        rows, lambda r, low, high: {c: case.residuals.values[r][:, [c]] for c in columns}, 1
    )
    batch = solve_swapped(rows, draw, case.simulations)
    table = placebo_table(case, TERMS, observed, batch, "treatments of wrong peers", rows)
    centre = float(batch.t[batch.row("spillover")].mean())
    table["placebo_mean_t"] = centre
    verdict, reason = _judge(records(table)[0], case.simulations, centre)
    table["verdict"] = verdict
    return Finding(
        NAME, QUESTION, verdict, f"{told}{reason}", table,
        partial(_draw, case, observed, [("wrong peers", batch)]),
    )  # fmt: skip


def _judge(row: dict[str, Any], simulations: int, centre: float) -> tuple[Verdict, str]:
    claims, p = row["reported_p"] < LEVEL, row["randomization_p"]
    # 400 draws around zero have a mean t within .15; beyond .5 wrong peers have an effect.
    drift = abs(centre) > max(0.5, 4 / np.sqrt(simulations))
    often = (
        f"a test of 5 % finds {100 * row['rejected']:.1f} % of them, their mean t is {centre:+.2f}"
    )
    if drift or row["verdict"] == FAIL:
        return FAIL, (
            f"wrong peers, as many for each firm, do what the right ones do (randomization p "
            f"{p:.3f}; {often}): what matters is how many peers a firm has, or shocks in common."
        )
    told = f"{simulations:,} sets of wrong peers, as many for each firm: {often}; "
    if not claims:
        return row["verdict"], told + (
            f"no spillover is claimed (reported p {row['reported_p']:.2f}, "
            f"randomization p {p:.2f})."
        )
    return row["verdict"], told + f"the right ones stand out (randomization p {p:.3f})."


def _draw(case: Case, observed: Batch, tables: list[tuple[str, Batch]]) -> Figure:
    from causalgreen.falsify.drawing import plot_placebos

    return plot_placebos(case, TERMS, observed, tables, NAME)
