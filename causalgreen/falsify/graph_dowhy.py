"""DoWhy's own falsification of the graph, where its assumption of independent rows holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from causalgreen.falsify.finding import FAIL, NOT_APPLICABLE, PASS, WARN, Finding

if TYPE_CHECKING:
    from causalgreen.falsify.case import Case

__all__ = ["check_dowhy"]


def check_dowhy(case: Case, permutations: int = 50) -> Finding:
    """DoWhy's permutation-based falsification of the graph, where rows are independent.

    Parameters
    ----------
    case : Case
        The study.
    permutations : int
        Node permutations.

    Returns
    -------
    Finding
        Not applicable to panels, clustered rows, or graphs with latent nodes, on which it rejects
        whatever is true. Fails where the graph is no better than graphs with permuted nodes.
    """
    name = "graph: DoWhy's falsification"
    question = "Does the graph fit independent rows better than graphs with permuted nodes?"
    needs = []
    if case.panel.n_rows != case.panel.n_units or max(case.panel.n_rows - k for k in
                                                      case.panel.n_clusters) > 0:  # fmt: skip
        needs.append("one row for each firm and cluster (rows of a panel are not independent)")
    linked = {n for edge in case.graph.edges for n in edge} & case.graph.latent
    if linked:
        needs.append(f"a graph without latent nodes (it has {', '.join(sorted(linked))})")
    columns = [n for n in case.graph.nodes if n not in case.graph.latent]
    frame = case.panel.frame
    text = [n for n in columns if n not in frame or frame[n].dtype.kind not in "iufb"]
    if text:
        needs.append(f"numbers in every node ({', '.join(text)})")
    if needs:
        return Finding(name, question, NOT_APPLICABLE, f"it needs {'; '.join(needs)}")
    from causalgreen.graph.falsification_door import falsify_rows

    data = frame[columns].dropna().astype(float)
    found = falsify_rows(case.graph.edges, data, permutations, case.seed)
    table = pd.DataFrame([
        {"violations": found.violations, "tests": found.tests, "p_value": found.p_value,
         "same_class": found.informative}
    ])  # fmt: skip
    told = (
        f"{found.violations} of {found.tests} local Markov conditions violated; "
        f"{found.p_value:.2f} of graphs with permuted nodes violate no more, "
        f"{found.informative:.2f} say the same"
    )
    if found.tests == 0 or found.informative > 0.05:
        return Finding(
            name, question, WARN, f"{told}: the graph says too little to be tested", table
        )
    return Finding(name, question, FAIL if found.p_value > 0.05 else PASS, told, table)
