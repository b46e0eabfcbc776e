"""Small economies in which a check's null holds, or is broken on purpose."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

import causalgreen as cg
from causalgreen.falsify.registry import falsify

FIRMS, YEARS, CITIES = 150, 6, 50


def _ar(rng, n, years):
    out = rng.normal(size=(n, years))
    for t in range(1, years):
        out[:, t] = 0.5 * out[:, t - 1] + np.sqrt(0.75) * out[:, t]
    return out


def world(seed, *, effect=0.0, anticipation=0.0, mechanical=0.0, spillover=0.0, degree=0.0,
          by_city=False, firms=FIRMS):  # fmt: skip
    """A table; each keyword plants one thing."""
    rng = np.random.default_rng([seed, 4711])
    city = np.sort(np.r_[np.arange(CITIES), rng.integers(0, CITIES, firms - CITIES)])
    group = np.repeat(np.arange(firms), 2 + np.arange(firms) % 9)[:firms]
    shock = {k: rng.normal(size=(CITIES, YEARS + 1))[city] for k in "dyp"}
    d = rng.normal(size=firms)[:, None] + 0.1 * np.arange(YEARS + 1)
    own = 0.0 if by_city else _ar(rng, firms, YEARS + 1)
    d = d + own + (1.0 if by_city else 0.4) * shock["d"]
    size = np.bincount(group)[group]
    total = np.zeros((int(group.max()) + 1, YEARS + 1))
    np.add.at(total, group, d)
    peers_sum = total[group] - d
    peers = np.where(size[:, None] > 1, peers_sum / np.maximum(size - 1, 1)[:, None], 0.0)
    noise = _ar(rng, firms, YEARS + 1)
    y = rng.normal(size=firms)[:, None] + noise + (1.0 if by_city else 0.4) * shock["y"]
    y = y + effect * d + spillover * peers + degree * size[:, None] * np.arange(YEARS + 1)
    y[:, :-1] += anticipation * d[:, 1:]
    p = mechanical * d + _ar(rng, firms, YEARS + 1) + 0.4 * shock["p"]
    year = np.arange(YEARS)
    each = {"firm": np.arange(firms), "city": city, "group": group}
    data = {k: np.repeat(v, YEARS) for k, v in each.items()}
    data["year"] = np.tile(2014 + year, firms)
    columns = {"ai": d, "green": y, "other": p, "peers": peers, "peers_sum": peers_sum}
    data |= {k: v[:, :-1].ravel() for k, v in columns.items()}
    return pd.DataFrame(data)


def finding(df, check, simulations=99, exposure=None, cluster="city", **options):
    """What a check finds in a table, with firm and year effects and no controls."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cg.CausalGreenWarning)
        panel = cg.Panel.from_frame(
            df, unit="firm", time="year", outcome="green", treatment="ai", exposure=exposure,
            cluster=cluster,
        )  # fmt: skip
        graph = cg.green_innovation_graph(panel)
        study = cg.Study(panel, graph, learner=cg.linear())
        return falsify(study, [check], simulations, progress=False, **options)[0]


def fails(check, seeds, options=None, **planted):
    """Share of worlds in which a check fails, and its Monte-Carlo error."""
    verdicts = [finding(world(s, **planted), check, **(options or {})).verdict for s in seeds]
    rate = float(np.mean([v == "fail" for v in verdicts]))
    return rate, np.sqrt(max(rate * (1 - rate), 0.01) / len(verdicts))


SCENARIOS = {
    "placebo outcome, null": ("placebo outcome", {"placebo_outcome": "other"}, {"effect": 0.3}),
    "placebo outcome, AI is in it": (
        "placebo outcome", {"placebo_outcome": "other"}, {"effect": 0.3, "mechanical": 0.3},
    ),
    "future treatment, null": ("future treatment", {}, {"effect": 0.3}),
    "future treatment, anticipation": (
        "future treatment", {}, {"effect": 0.3, "anticipation": 0.3},
    ),
    "placebo network, null": (
        "placebo network", {"network": "group", "exposure": "peers"}, {"effect": 0.3},
    ),
    "placebo network, true spillover": (
        "placebo network", {"network": "group", "exposure": "peers"},
        {"effect": 0.3, "spillover": 0.3},
    ),
    "placebo network, only the number of peers matters": (
        "placebo network", {"network": "group", "exposure": "peers_sum"},
        {"effect": 0.3, "degree": 0.1},
    ),
    "placebo treatment, null": ("placebo treatment", {}, {}),
    "placebo treatment, true effect": ("placebo treatment", {}, {"effect": 0.3}),
    "placebo treatment, given to cities, clustered by firm": (
        "placebo treatment", {"assignment": "city", "cluster": "firm"}, {"by_city": True},
    ),
}  # fmt: skip
"""Name to check, options of the check, and what is planted."""
