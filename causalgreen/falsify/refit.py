"""The same questions with everything fitted again, nuisances included: slow."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.falsify.again import paths_again, redraw, remake
from causalgreen.falsify.progress import bar

if TYPE_CHECKING:
    from causalgreen.falsify.case import Case

__all__ = ["refit_clusters", "refit_noise"]

NOISE, ORIGIN = "random_control", "cluster_of_origin"


def refit_noise(case: Case, rngs: list[np.random.Generator]) -> np.ndarray:
    """Paths of the study with a random control, fitted anew each time, shape (s, h)."""
    panel, out = case.panel, []
    cluster, time = panel.clusters[0], panel.codes(panel.roles.time)
    cell = np.unique(cluster * (int(time.max()) + 1) + time, return_inverse=True)[1]
    for rng in bar(rngs, case.progress, "random common cause", "fit"):
        noise = rng.standard_normal(panel.n_rows)
        noise += rng.standard_normal(int(cell.max()) + 1)[cell]
        frame = panel.frame.assign(**{NOISE: noise})
        other = remake(panel, frame, controls=(*panel.roles.controls, NOISE))
        graph = redraw(case.graph, other.roles, {})
        effects = paths_again(case, case.effects.terms, panel=other, graph=graph)
        out.append(effects.estimate)
    return np.stack(out)


def refit_clusters(case: Case, weights: np.ndarray) -> np.ndarray:
    """Paths of the study on clusters drawn anew, fitted each time, shape (s, h).

    A cluster that is drawn twice is two sets of firms, which share a fold: were they in two, each
    would be predicted from itself.
    """
    panel, roles = case.panel, case.panel.roles
    rows = case.residuals.design.rows
    codes = np.full(panel.n_rows, -1)
    codes[rows] = np.unique(panel.clusters[0][rows], return_inverse=True)[1]
    members = [np.flatnonzero(codes == c) for c in range(weights.shape[1])]
    frame, out = panel.frame, []
    clusters = (ORIGIN, *roles.clusters[1:])
    for row in bar(list(weights), case.progress, "clusters drawn again", "fit"):
        pieces = []
        for c in np.flatnonzero(row):
            for copy in range(int(row[c])):
                part = frame.iloc[members[c]]
                label = part[roles.unit].astype(str) + f"/{c}/{copy}"
                pieces.append(part.assign(**{roles.unit: label}).assign(**{ORIGIN: f"c{c}"}))
        other = remake(panel, pd.concat(pieces, ignore_index=True), cluster=clusters)
        graph = replace(case.graph, roles=other.roles)
        effects = paths_again(case, case.effects.terms, panel=other, graph=graph)
        out.append(effects.estimate)
    return np.stack(out)
