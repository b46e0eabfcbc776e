"""A simulated economy that looks like the tables of listed firms, and whose effects are known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.data.economy_counts import draw_counts, effects_on_counts
from causalgreen.data.economy_firms import Firms, ar1, draw_firms, draw_traits
from causalgreen.data.economy_links import draw_edges, supplier_matrix
from causalgreen.data.economy_paths import TYPES, coefficients, draw, solve, type_coefficients
from causalgreen.data.economy_table import make_table
from causalgreen.data.realism import MOST_FIRMS, Realism, Simulation
from causalgreen.data.truth import Coefficients, Truth

if TYPE_CHECKING:
    from causalgreen.data.simulate import Economy

__all__ = ["simulate_real"]


def simulate_real(
    n_firms: int, n_years: int, seed: int, economy: Economy, realism: Realism
) -> Simulation:
    """Simulate; see `causalgreen.simulate_panel`.

    Raises
    ------
    ValueError
        More firms than there are stock codes, or dials that push a share out of (0, 1).
    """
    if n_firms > MOST_FIRMS:
        raise ValueError(
            f"with realism there are stock codes for {MOST_FIRMS:,} firms, got n_firms={n_firms:,};"
            " leave realism out for larger tables"
        )
    # Each part has its own stream: switching one off leaves the others as they were.
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(6)]
    years = np.arange(realism.last_year - n_years + 1, realism.last_year + 1)
    firms = draw_firms(streams[0], n_firms, years, realism)
    draws = draw(streams[1], firms, years, economy, realism.types)
    edges = draw_edges(streams[2], firms, years)
    edges = edges if realism.links else edges.iloc[:0]
    if len(edges):
        draws = replace(draws, suppliers=supplier_matrix(edges, firms, years))
    c = _coefficients(firms.size, firms.urban, firms.clean, economy, realism)
    solved = solve(firms, years, draws, c, economy, realism)
    _check_shares(solved)
    counts, clean = draw_counts(streams[3], firms, solved)
    if not realism.counts:
        noise = 0.5 * ar1(streams[4], n_firms, n_years, economy.persistence)
        counts = {"green_patents": solved["log_mean"] + noise}
    table = make_table(streams[5], firms, years, draws, solved, counts, realism)
    plain = solve(firms, years, draws, c, economy, realism, zones=False)
    truth = _truth(firms, c, economy, realism)
    mean = np.exp(np.minimum(solved["log_mean"], 9.0))
    truth = replace(
        truth,
        counts=effects_on_counts(firms, mean, clean, c) if realism.counts else None,
        zones=_zones(firms, years, solved, plain) if realism.zones else None,
        supply_chain=realism.supply_chain if realism.links else 0.0,
    )
    return Simulation(table, truth, edges.reset_index(drop=True), realism, seed)


def _coefficients(
    size: np.ndarray, urban: np.ndarray, clean: np.ndarray, economy: Economy, realism: Realism
) -> Coefficients:
    dials = (economy.heterogeneity, economy.chain, economy.spillover)
    return coefficients(size, urban, clean, dials, realism.effect)


def _check_shares(solved: dict[str, np.ndarray]) -> None:
    for name in ("clean_share", "skilled_share"):
        low, high = float(solved[name].min()), float(solved[name].max())
        if not (low > 0 and high < 1):
            raise ValueError(
                f"this draw puts {name} between {low:.2f} and {high:.2f}, outside (0, 1): take "
                "another seed, or make heterogeneity, nonlinearity, chain or the shocks smaller"
            )


def _truth(firms: Firms, c: Coefficients, economy: Economy, realism: Realism) -> Truth:
    """Truth of ai and of its other kinds, for these firms and for those they are drawn from."""
    _, _, _, _, size, urban, clean = draw_traits(np.random.default_rng(12345), 200_000)
    population = _coefficients(size, urban, clean, economy, realism)
    main = Truth.of(firms.code, c, population)
    if not realism.types:
        return main
    kinds = tuple(
        (
            kind,
            Truth.of(firms.code, type_coefficients(c, kind), type_coefficients(population, kind)),
        )
        for kind in TYPES
    )
    return replace(main, types=kinds)


def _zones(
    firms: Firms, years: np.ndarray, solved: dict[str, np.ndarray], plain: dict[str, np.ndarray]
) -> pd.DataFrame:
    """What zones did to the firms in them: the economy with zones less the same without."""
    since = years - firms.cohort[:, None]
    inside = (firms.cohort[:, None] > 0) & (since >= 0) & firms.listed
    change = {
        "firm_years": np.ones(int(inside.sum()), dtype=int),
        "ai": (solved["ai"] - plain["ai"])[inside],
        "log_mean": (solved["log_mean"] - plain["log_mean"])[inside],
        "count": np.exp(solved["log_mean"][inside]) - np.exp(plain["log_mean"][inside]),
    }
    table = pd.DataFrame({"years_since": np.broadcast_to(since, inside.shape)[inside], **change})
    how = {"firm_years": "sum", "ai": "mean", "log_mean": "mean", "count": "mean"}
    return table.groupby("years_since").agg(how)
