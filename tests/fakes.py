"""A study that estimates nothing: real panel and graph, made-up effects, for the report's tests."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass
from types import SimpleNamespace

import matplotlib.pyplot as plt
import pandas as pd
from conftest import ROLES as SHARED

from causalgreen.data.simulate import simulate_panel
from causalgreen.graph import green_innovation_graph, identify
from causalgreen.panel import Panel

ROLES = {**SHARED, "traits": ["size", "urban", "clean_industry"]}
PATHS = {
    "direct": (0.512, 0.0213),
    "restructuring": (0.204, 0.0151),
    "human_capital": (0.163, 0.0142),
    "spillover": (0.021, 0.0571),
    "own_total": (0.879, 0.0249),
    "overall": (0.900, 0.0612),
}


WITHIN = namedtuple("WITHIN", "kind time absorb")("within", True, ("city^year",))


class FakeEffects:
    constant = None
    covariance = "CR1"

    @property
    def detail(self):
        steps = self.tidy().iloc[:2].assign(term=["ai -> clean_share", "clean_share -> ai"])
        return SimpleNamespace(tidy=lambda level=0.95: steps)

    def __init__(self, terms):
        self.terms = terms
        self.context = SimpleNamespace(
            estimand="One more unit of ai.",
            population="Firms weigh by their residual variance.",
            notes=("Made up for the tests.",),
        )

    def tidy(self, level=0.95):
        rows = [
            (term, b, se, b / se, 0.0 if b / se > 4 else 0.713, b - 1.96 * se, b + 1.96 * se)
            for term, (b, se) in PATHS.items()
            if term in self.terms
        ]
        columns = ["term", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]
        return pd.DataFrame(rows, columns=columns)

    def percent_of_mean(self):
        share = self.tidy()
        scaled = ["estimate", "std_error", "conf_low", "conf_high"]
        share[scaled] = 100 * share[scaled] / 6.1
        return SimpleNamespace(tidy=lambda level=0.95: share)

    def plot(self):
        _, axes = plt.subplots(figsize=(8, 4), layout="constrained")
        axes.bar(list(PATHS), [b for b, _ in PATHS.values()], color="#1f6b4f")
        axes.set_ylabel("green patents per unit of AI")
        return axes

    def __str__(self):
        return "made-up effects"


class FakeNuisances:
    notes = ("peer_ai has little variation left",)
    quiet = ()

    def tidy(self):
        names = ["ai", "peer_ai", "clean_share", "skilled_share", "green_patents"]
        linear = pd.DataFrame({"target": names, "r_squared": [0.21, 0.12, 0.17, 0.12, 0.31]})
        stack = linear.assign(learner="stack", r_squared=linear["r_squared"] + 0.1)
        return pd.concat([linear.assign(learner="linear"), stack], ignore_index=True)

    def plot(self):
        table = self.tidy()
        _, axes = plt.subplots(figsize=(8, 2.6), layout="constrained")
        axes.barh(table["target"], table["r_squared"], color="#1f6b4f")
        return axes


@dataclass
class FakeStudy:
    panel: Panel
    graph: object
    fixed_effects: object = WITHIN
    learner: str = "stack(linear, lightgbm)"
    folds: int = 5
    repeats: int = 1
    seed: int = 0

    def identify(self):
        shocks = {"firm_effect", "year", "city_shock", "industry_shock"}
        return identify(self.graph, absorbed=frozenset(shocks))

    def paths(self):
        return FakeEffects(self.identify().terms)

    def nuisance_report(self):
        return FakeNuisances()


def fake_study(**changes):
    df, _ = simulate_panel(n_firms=60, n_years=4, seed=0)
    panel = Panel.from_frame(df, **{**ROLES, **changes})
    return FakeStudy(panel, green_innovation_graph(panel))
