"""Small panels shared by the tests."""

from __future__ import annotations

import os
import secrets
import warnings

import numpy as np
import pytest
from hypothesis import settings as hypothesis_settings

import causalgreen as cg

# Read when Ray is imported, by whichever test is the first: keeps its servers on loopback, and its
# token out of people's homes, the same for all tests of a process.
os.environ |= {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_AUTH_TOKEN": secrets.token_hex(32),
}  # fmt: skip
# Tests do not time: a deadline fails on a busy machine.
hypothesis_settings.register_profile("house", deadline=None)
hypothesis_settings.load_profile("house")

ROLES = {
    "unit": "firm",
    "time": "year",
    "outcome": "green_patents",
    "treatment": "ai",
    "mediators": {"restructuring": ["clean_share"], "human_capital": ["skilled_share"]},
    "exposure": "peer_ai",
    "controls": ["age", "leverage", "roa_lag"],
    "cluster": "city",
}


def make_study(df, learner=None, fixed_effects="within", *, edges=(), roles=None, **settings):
    """A study of a simulated panel; keywords that are roles replace those of `ROLES`."""
    base = dict(ROLES if roles is None else roles)
    base |= {k: settings.pop(k) for k in list(settings) if k in (*ROLES, "traits", "weight")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cg.DataWarning)
        panel = cg.Panel.from_frame(df, **base)
    graph = cg.green_innovation_graph(panel)
    for a, b in edges:
        graph = graph.add_edge(a, b)
    return cg.Study(panel, graph, fixed_effects, learner or cg.linear(), **settings)


def quiet_paths(study, **kwargs):
    """Paths of a study whose warnings are not what is tested."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cg.CausalGreenWarning)
        return study.paths(**{"covariance": "CR1", "coefficients": "constant"} | kwargs)


def estimates(effects):
    """Every estimate by its name, details included."""
    out = dict(zip(effects.terms, effects.estimate, strict=True))
    if effects.detail is not None:
        out |= dict(zip(effects.detail.terms, effects.detail.estimate, strict=True))
    return out


def errors(effects):
    """Every standard error by its name, details included."""
    out = dict(zip(effects.terms, effects.std_error, strict=True))
    if effects.detail is not None:
        out |= dict(zip(effects.detail.terms, effects.detail.std_error, strict=True))
    return out


@pytest.fixture(scope="session")
def economy():
    """120 firms, 5 years, 45 cities, no heterogeneity: the table and the truth."""
    return cg.simulate_panel(120, 5, seed=3, n_cities=45, n_industries=6)


@pytest.fixture(scope="session")
def table(economy):
    """The balanced table."""
    return economy[0]


@pytest.fixture(scope="session")
def ragged(table):
    """An unbalanced table with gaps, one-period firms, weights."""
    rng = np.random.default_rng(7)
    out = table[rng.random(len(table)) < 0.75].copy()
    first = out.groupby("firm").cumcount() == 0
    lonely = out["firm"].isin(out["firm"].unique()[:4])
    out = out[~lonely | first].copy()
    out["w"] = rng.uniform(0.3, 3.0, len(out))
    return out.sample(frac=1, random_state=1)


@pytest.fixture
def sandwich(monkeypatch):
    """The cluster sandwich at any number of clusters, for comparison with other packages."""
    monkeypatch.setattr("causalgreen.explain.regress.JACKKNIFE_BELOW", 0)
    monkeypatch.setattr("causalgreen.explain.targeting_ranks.JACKKNIFE_BELOW", 0)
