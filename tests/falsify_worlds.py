"""Small economies in which a check's null holds, or is broken on purpose."""

from __future__ import annotations

import warnings

import numpy as np

import causalgreen as cg
from benchmarks.checks_worlds import world
from causalgreen.falsify.registry import falsify


def finding(df, check, simulations=99, exposure=None, cluster="city", covariance="auto",
            **options):  # fmt: skip
    """What a check finds in a table, with firm and year effects and no controls."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cg.CausalGreenWarning)
        panel = cg.Panel.from_frame(
            df, unit="firm", time="year", outcome="green", treatment="ai", exposure=exposure,
            cluster=cluster,
        )  # fmt: skip
        graph = cg.green_innovation_graph(panel)
        study = cg.Study(panel, graph, learner=cg.linear())
        effects = None if covariance == "auto" else study.paths(covariance=covariance)
        return falsify(study, [check], simulations, progress=False, effects=effects, **options)[0]


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
