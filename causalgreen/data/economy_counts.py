"""Patents of simulated firms: green ones by class and kind, all the others, and AI patents."""

from __future__ import annotations

import numpy as np
import pandas as pd

from causalgreen.data.economy_firms import Firms, bounded
from causalgreen.data.truth import Coefficients

__all__ = ["CLASSES", "draw_counts", "effects_on_counts"]

CLASSES = ("green_clean_production", "green_end_of_pipe", "green_recycling")
_RECYCLING = 0.08
_TILT = 0.15  # a unit of AI moves the odds of clean production against remediation by this


def draw_counts(
    rng: np.random.Generator, firms: Firms, solved: dict[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Counts of each kind, (n, T) each; and the probability of the class clean production."""
    mean = np.exp(np.minimum(solved["log_mean"], 9.0))
    green = rng.poisson(mean)
    own = 0.8 * bounded(rng, len(firms.code))[:, None] + 0.6 * (firms.clean[:, None] - 0.5)
    clean = 1 / (1 + np.exp(-(0.2 + own + _TILT * (solved["ai"] - 1.5))))
    recycling = rng.binomial(green, _RECYCLING)
    first = rng.binomial(green - recycling, clean)
    inventions = rng.binomial(green, 1 / (1 + np.exp(-(0.2 + bounded(rng, len(own))[:, None]))))
    size = 2.0 + 0.7 * firms.size[:, None] + 0.8 * bounded(rng, len(own))[:, None]
    noise = 0.2 * bounded(rng, mean.shape)
    other = rng.poisson(np.exp(np.minimum(size + 0.3 * firms.effect[:, None] + noise, 9.0)))
    designs = rng.poisson(0.3 * other)
    other_inventions = rng.binomial(other, 0.45)
    tilt = np.minimum(0.02 * solved["ai"], 0.3)
    return {
        "green_patents": green, "green_inventions": inventions,
        "green_utility": green - inventions,
        "green_clean_production": first, "green_end_of_pipe": green - recycling - first,
        "green_recycling": recycling,
        "green_administrative": rng.binomial(other_inventions, tilt / 2),
        "patents": green + other + designs, "inventions": inventions + other_inventions,
        "utility_models": green - inventions + other - other_inventions,
        "designs": designs,
            "ai_patents": rng.binomial(other_inventions, tilt),
    }, clean  # fmt: skip


def effects_on_counts(
    firms: Firms, mean: np.ndarray, clean: np.ndarray, c: Coefficients
) -> pd.DataFrame:
    """Average effect of each path on expected patents, over the rows of the table.

    The paths are exact on the log scale; a row's effect on its expected number is that number
    times the coefficient. The class moves with AI, too, which belongs to the direct path.
    """
    paths = c.paths()
    slope = (1 - _RECYCLING) * clean * (1 - clean) * _TILT
    shares = {
        "green_patents": (np.ones_like(clean), 0.0),
        "green_clean_production": ((1 - _RECYCLING) * clean, slope),
        "green_end_of_pipe": ((1 - _RECYCLING) * (1 - clean), -slope),
        "green_recycling": (np.full_like(clean, _RECYCLING), 0.0),
    }
    rows = {}
    for name, (share, tilt) in shares.items():
        weight = (mean * share)[firms.listed]
        who = np.repeat(np.arange(len(mean)), mean.shape[1])[firms.listed.ravel()]
        row = {path: float((weight * paths[path].to_numpy()[who]).mean()) for path in paths}
        moved = float((mean * tilt)[firms.listed].mean())
        for path in ("direct", "own_total", "overall"):
            row[path] += moved
        rows[name] = row
    return pd.DataFrame(rows).T.rename_axis("outcome")
