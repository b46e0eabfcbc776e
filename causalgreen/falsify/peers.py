"""Exposures rebuilt from groups or links, so that peers can be replaced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from causalgreen.errors import DesignError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from causalgreen.panel.panel import Panel

__all__ = ["Peers", "peers_of"]

SAME = 0.98


@dataclass(frozen=True, slots=True)
class Peers:
    """Who is a peer of whom, as sums over groups or links.

    Attributes
    ----------
    treatment : str
        The column that is averaged.
    groups : tuple of (csr_array of shape (groups, n), numpy.ndarray of int of shape (n,))
        For each kind of group: membership, and the group of each row (a group in a period).
    links : csr_array or None, shape (n, n)
        Weights of the peers' rows, instead of groups.
    mean : bool
        Mean over the peers; False: their sum.
    """

    treatment: str
    groups: tuple[tuple[csr_array, np.ndarray], ...]
    links: csr_array | None
    mean: bool

    def exposure(self, values: np.ndarray) -> np.ndarray:
        """Peers' values, shape (n, s): over each kind of group, averaged; 0 without peers."""
        if self.links is not None:
            return self._scaled(self.links @ values, np.asarray(self.links.sum(axis=1)).ravel())
        parts = [
            self._scaled((member @ values)[code] - values, np.bincount(code)[code] - 1.0)
            for member, code in self.groups
        ]
        averaged: np.ndarray = sum(parts[1:], parts[0]) / len(parts)
        return averaged

    def _scaled(self, total: np.ndarray, size: np.ndarray) -> np.ndarray:
        if not self.mean:
            return total
        shape = (-1, *[1] * (total.ndim - 1))
        return np.where(size.reshape(shape) > 0, total / np.maximum(size, 1e-12).reshape(shape), 0)


def peers_of(panel: Panel, network: Any) -> tuple[dict[str, Peers], str]:
    """Networks from which the exposures can be rebuilt.

    Parameters
    ----------
    panel : Panel
    network : str, sequence of str, mapping or DataFrame
        See `falsify`.

    Returns
    -------
    peers : dict
        By exposure; empty where none can be rebuilt.
    told : str
        What a reader should know.
    """
    asked = (
        network if isinstance(network, Mapping) else dict.fromkeys(panel.roles.exposures, network)
    )
    if stray := set(asked) - set(panel.roles.exposures):
        raise DesignError(
            f"network: {', '.join(sorted(map(str, stray)))} is no exposure of the panel; there are "
            f"{', '.join(panel.roles.exposures)}"
        )
    found, best = {}, []
    for name, source in asked.items():
        groups: tuple[tuple[csr_array, np.ndarray], ...] = ()
        links = None
        if hasattr(source, "columns"):
            links = _links(panel, source)
        else:
            columns = (source,) if isinstance(source, str) else tuple(source)
            groups = tuple(_group(panel, column) for column in columns)
        candidates = [
            Peers(treatment, groups, links, mean)
            for treatment in panel.roles.treatments
            for mean in (True, False)
        ]
        target = panel.column(name)
        fit = [_alike(target, c.exposure(panel.column(c.treatment))) for c in candidates]
        if max(fit) >= SAME:
            found[name] = candidates[int(np.argmax(fit))]
        best.append(f"{name} {max(fit):.2f}")
    if not found:
        return {}, (
            "the exposure cannot be rebuilt from the network (largest correlation with peers' "
            f"treatment: {', '.join(best)}; it needs {SAME}). Give the groups or links it was made "
            "of, or leave network out: exposure histories are then exchanged"
        )
    missing = [name for name in panel.roles.exposures if name not in found]
    return found, f"{', '.join(missing)} could not be rebuilt and stays; " if missing else ""


def _alike(a: np.ndarray, b: np.ndarray) -> float:
    if np.std(a) == 0 or np.std(b) == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def _group(panel: Panel, column: str) -> tuple[csr_array, np.ndarray]:
    """Membership in groups of a period."""
    from scipy.sparse import csr_array

    period = panel.codes(panel.roles.time)
    code = panel.codes(column) * (int(period.max()) + 1) + period
    code = np.unique(code, return_inverse=True)[1]
    n = len(code)
    return csr_array((np.ones(n), (code, np.arange(n))), (int(code.max()) + 1, n)), code


def _links(panel: Panel, table: Any) -> csr_array:
    """Weights between rows of one period, from links between firms."""
    import pandas as pd
    from scipy.sparse import csr_array

    if lacking := {"firm", "peer"} - set(table.columns):
        raise DesignError(
            f"network: the table of links has no column {', '.join(sorted(lacking))}; it needs "
            "'firm', 'peer' and, if need be, 'weight'"
        )
    links = pd.DataFrame({
        "a": panel.units.get_indexer(table["firm"]), "b": panel.units.get_indexer(table["peer"]),
        "w": table["weight"] if "weight" in table.columns else 1.0,
    })  # fmt: skip
    links = links[(links["a"] >= 0) & (links["b"] >= 0)]
    rows = pd.DataFrame({
        "u": panel.unit_codes, "t": panel.times, "row": np.arange(panel.n_rows),
    })  # fmt: skip
    mine = links.merge(rows, left_on="a", right_on="u")
    both = mine.merge(rows, left_on=["b", "t"], right_on=["u", "t"], suffixes=("", "_peer"))
    n = panel.n_rows
    return csr_array((both["w"].to_numpy(float), (both["row"], both["row_peer"])), (n, n))
