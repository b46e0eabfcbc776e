"""Supply chains between simulated firms: who sells to whom, in which years, how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.data.economy_firms import Firms

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = ["draw_edges", "supplier_matrix"]


def draw_edges(rng: np.random.Generator, firms: Firms, years: np.ndarray) -> pd.DataFrame:
    """Draw spells of supply; few firms name their partners, and large ones are named more often.

    Returns
    -------
    pandas.DataFrame
        supplier, customer (codes), year, share (of the customer's purchases), only of years in
        which both firms have a row.
    """
    n, t = len(firms.code), len(years)
    pull = np.exp(0.8 * firms.size)
    spells = max(1, int(0.8 * n))
    seller, buyer = (rng.choice(n, spells, p=pull / pull.sum()) for _ in range(2))
    start, length = rng.integers(-3, t, spells), rng.geometric(0.3, spells)
    since = np.arange(t) - start[:, None]
    active = (since >= 0) & (since < length[:, None]) & (seller != buyer)[:, None]
    active &= firms.listed[seller] & firms.listed[buyer]
    spell, year = np.nonzero(active)
    share = np.round(rng.beta(1.5, 12.0, spells), 4)[spell] + 1e-4
    table = pd.DataFrame(
        {"supplier": seller[spell], "customer": buyer[spell], "year": years[year], "share": share}
    ).drop_duplicates(["supplier", "customer", "year"])
    total = table.groupby(["customer", "year"])["share"].transform("sum")
    table["share"] = np.where(total > 1, table["share"] / total, table["share"])
    for column in ("supplier", "customer"):
        table[column] = pd.Series(firms.code).iloc[table[column]].to_numpy()
    return table.sort_values(["customer", "year", "supplier"], ignore_index=True)


def supplier_matrix(edges: pd.DataFrame, firms: Firms, years: np.ndarray) -> csr_matrix:
    """Shares of suppliers, each row divided by its sum; rows and columns are firm times year."""
    from scipy.sparse import csr_matrix, diags

    place = pd.Index(firms.code)
    t = len(years)
    at = (edges["year"].to_numpy() - years[0]).astype(np.int64)
    to, from_ = (place.get_indexer(edges[c]) * t + at for c in ("customer", "supplier"))
    size = len(firms.code) * t
    weights = csr_matrix((edges["share"].to_numpy(), (to, from_)), shape=(size, size))
    sums = np.asarray(weights.sum(axis=1)).ravel()
    return (diags(np.where(sums > 0, 1 / np.where(sums > 0, sums, 1), 0.0)) @ weights).tocsr()
