"""DoWhy's own falsification of a graph, for rows that are independent."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["GraphVerdict", "falsify_rows"]


@dataclass(frozen=True, slots=True)
class GraphVerdict:
    """What DoWhy says.

    Attributes
    ----------
    violations, tests : int
        Local Markov conditions violated, and tested.
    p_value : float
        Share of graphs with permuted nodes that violate no more.
    informative : float
        Share of permuted graphs in the same Markov equivalence class; large: nothing to test.
    """

    violations: int
    tests: int
    p_value: float
    informative: float


def falsify_rows(
    edges: Sequence[tuple[str, str]], data: pd.DataFrame, permutations: int = 50, seed: int = 0
) -> GraphVerdict:
    """Local Markov conditions of a graph against those of graphs with permuted nodes.

    Parameters
    ----------
    edges : sequence of (str, str)
        Arrows; every node is a column.
    data : pandas.DataFrame
        Independent rows.
    permutations, seed : int
        Node permutations, and the seed of the kernel test's approximations.

    Returns
    -------
    GraphVerdict

    References
    ----------
    Eulig et al. (2025), Toward falsifying causal graphs using a permutation-based test, AAAI, doi
    10.1609/aaai.v39i25.34892.
    """
    import networkx as nx

    hook = sys.displayhook
    from dowhy.gcm.falsify import FalsifyConst, falsify_graph
    from dowhy.gcm.util.general import set_random_seed

    sys.displayhook = hook
    graph = nx.DiGraph()
    graph.add_nodes_from(sorted(map(str, data.columns)))
    graph.add_edges_from(sorted(edges))
    set_random_seed(seed)
    linear = _fisher
    found = falsify_graph(
        graph, data, n_permutations=permutations, show_progress_bar=False, n_jobs=1,
        independence_test=linear, conditional_independence_test=linear,
    ).summary  # fmt: skip
    local = found[FalsifyConst.VALIDATE_LMC]
    classes = found[FalsifyConst.VALIDATE_TPA]
    return GraphVerdict(
        int(local[FalsifyConst.GIVEN_VIOLATIONS]), int(local[FalsifyConst.N_TESTS]),
        float(local[FalsifyConst.P_VALUE]), float(classes[FalsifyConst.P_VALUE]),
    )  # fmt: skip


def _fisher(x, y, z=None) -> float:  # type: ignore[no-untyped-def]
    """Partial-correlation test (Fisher's z); DoWhy's kernel tests take minutes at 1,000 rows."""
    import numpy as np
    from scipy.stats import norm

    x, y = (np.asarray(v, dtype=np.float64).reshape(len(v), -1)[:, 0] for v in (x, y))
    held = np.ones((len(x), 1)) if z is None else np.column_stack(
        [np.ones(len(x)), np.asarray(z, dtype=np.float64).reshape(len(x), -1)]
    )  # fmt: skip
    rest = [v - held @ np.linalg.lstsq(held, v, rcond=None)[0] for v in (x, y)]
    r = float(np.clip(np.corrcoef(*rest)[0, 1], -0.999999, 0.999999))
    spread = np.sqrt(max(len(x) - held.shape[1] - 2, 1))
    return float(2 * norm.sf(abs(np.arctanh(r)) * spread))
