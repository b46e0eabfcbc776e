"""Implied independences, and DoWhy's falsification where rows are independent."""

from __future__ import annotations

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from conftest import make_study
from falsify_cases import case_of

import causalgreen as cg
from causalgreen.falsify import graph_checks as gc
from causalgreen.falsify.graph_dowhy import check_dowhy
from causalgreen.graph import CausalGraph
from causalgreen.panel.roles import Roles

mpl.use("Agg")


def panel_study(chain=0.0, seed=0, n_firms=200, heterogeneity=1.0, edges=()):
    economy = cg.Economy(
        chain=chain, heterogeneity=heterogeneity, nonlinearity=0.0, city_shock=0.0,
        industry_shock=0.4,
    )  # fmt: skip
    df, _ = cg.simulate_panel(n_firms, 5, seed, n_cities=60, economy=economy)
    traits = ["size", "urban", "clean_industry"]
    return make_study(df, traits=traits, edges=edges, seed=seed)


def rejects(seed, chain, **kwargs):
    case = case_of(panel_study(chain, seed, **kwargs), coefficients="varying", covariance="CR1")
    return float(gc.independence_table(case, draws=399)["p_holm"].iloc[0]) < 0.05


# --- which independences does a graph imply? ------------------------------------------------------


def test_template_implies_that_mediators_are_unrelated_without_shocks():
    study = panel_study()
    (found,) = gc.implications(study.graph, study._absorbed)
    assert {found.first, found.second} == {"clean_share", "skilled_share"}
    assert set(found.given) == {"ai", "peer_ai"}
    assert found.assumed == ("city_shock", "industry_shock")


def test_edge_between_mediators_leaves_nothing_to_test():
    study = panel_study(edges=[("skilled_share", "clean_share")])
    found = gc.check(case_of(study))
    assert found.verdict == "not applicable"
    assert "pair without an arrow" in found.reason


def test_latent_common_cause_is_not_an_implication():
    roles = Roles.of(unit="i", time="t", outcome="y", treatment="d", mediators={"a": "m"})
    edges = (("d", "m"), ("m", "y"), ("u", "d"), ("u", "y"))
    graph = CausalGraph(roles, ("d", "m", "y", "u"), edges, latent=frozenset("u"))
    assert gc.implications(graph, frozenset()) == ()


def test_collider_is_not_held_fixed():
    # Two treatments that meet in a mediator: unrelated, but not given the mediator.
    roles = Roles.of(unit="i", time="t", outcome="y", treatment=["d", "c"], mediators={"a": "m"})
    graph = CausalGraph(roles, ("d", "c", "m", "y"), (("d", "m"), ("c", "m"), ("m", "y")))
    by_pair = {frozenset((i.first, i.second)): i.given for i in gc.implications(graph, frozenset())}
    assert by_pair[frozenset("dc")] == ()
    assert by_pair[frozenset("dy")] in (("m",), ("c", "m"))


def test_full_mediation_graph_is_caught():
    study = panel_study()
    graph = study.graph.drop_edge("ai", "green_patents")
    study = cg.Study(study.panel, graph, learner=cg.linear())
    found = gc.check(case_of(study, covariance="CR1"))
    assert found.verdict == "warn"  # shocks that nothing removes could do the same
    assert "green_patents and ai" in found.reason
    figure = found.plot()
    assert "?" in figure.get_suptitle()
    plt.close(figure)


# --- the test -------------------------------------------------------------------------------------


def test_right_graph_passes_and_says_what_it_could_see():
    found = gc.check(case_of(panel_study(seed=3), coefficients="varying", covariance="CR1"))
    assert found.verdict == "pass"
    assert "with a power of 80 %" in found.reason
    assert 0 < found.table["detectable"].iloc[0] < 0.25


def test_wrong_edge_is_named():
    found = gc.check(case_of(panel_study(chain=0.3), coefficients="varying", covariance="CR1"))
    # The shocks that the independence has to assume away may be all that is at work.
    assert found.verdict == "warn"
    assert "on residuals of the default learner as well" in found.reason
    assert "skilled_share" in found.reason
    assert "clean_share" in found.reason
    assert "city_shock, industry_shock" in found.reason


def test_misfit_of_the_linear_learner_comes_first():
    # Both mediators follow the square of a control, which the linear learner does not see.
    rng = np.random.default_rng(0)
    n, t = 200, 5
    x, d = rng.normal(size=(n, t)), rng.normal(size=(n, t))
    a, b = (0.5 * d + x**2 + rng.normal(size=(n, t)) for _ in range(2))
    y = a + b + d + rng.normal(size=(n, t))
    df = pd.DataFrame({k: v.ravel() for k, v in zip("xdaby", (x, d, a, b, y), strict=True)})
    df = df.assign(i=np.repeat(np.arange(n), t), t=np.tile(np.arange(t), n))
    roles = {"unit": "i", "time": "t", "outcome": "y", "treatment": "d", "controls": "x",
             "mediators": {"a": "a", "b": "b"}}  # fmt: skip
    edges = [("d", "a"), ("d", "b"), ("a", "y"), ("b", "y"), ("d", "y")]
    edges += [("x", z) for z in "daby"]
    study = make_study(df, roles=roles)
    graph = CausalGraph(study.panel.roles, ("x", "d", "a", "b", "y"), tuple(edges))
    found = gc.check(case_of(cg.Study(study.panel, graph, learner=cg.linear())))
    assert found.table["p_holm"].min() < 0.05
    assert found.verdict == "warn"
    assert "Doubt first that the linear learner fits" in found.reason


def test_partial_correlation_is_that_of_the_residuals():
    study = panel_study(heterogeneity=0.0)
    case = case_of(study, coefficients="constant", covariance="CR1")
    row = gc.independence_table(case).iloc[0]
    r = study.residuals.values[0]
    names = study.residuals.names
    X = np.column_stack([r[:, [names.index("ai"), names.index("peer_ai")]],
                         study.residuals.design.periods])  # fmt: skip
    left = [
        r[:, names.index(m)] - X @ np.linalg.lstsq(X, r[:, names.index(m)], rcond=None)[0]
        for m in ("clean_share", "skilled_share")
    ]
    assert row["correlation"] == pytest.approx(np.corrcoef(*left)[0, 1], abs=1e-6)


def test_few_firms_are_not_a_pass():
    df, _ = cg.simulate_panel(24, 3, seed=1, n_cities=24)
    found = gc.check(case_of(make_study(df, cluster="city"), coefficients="constant"))
    assert found.verdict != "pass"


@pytest.mark.slow
def test_size_and_power():
    size = np.mean([rejects(s, 0.0) for s in range(200)])
    power = np.mean([rejects(s, 0.15) for s in range(60)])
    assert size <= 0.09
    assert power >= 0.8


# --- DoWhy ----------------------------------------------------------------------------------------


def cross_section(seed=0, n=400):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    d = x + rng.normal(size=n)
    m = d + rng.normal(size=n)
    y = m + x + rng.normal(size=n)
    df = pd.DataFrame({"i": np.arange(n), "t": 1, "x": x, "d": d, "m": m, "y": y})
    roles = {"unit": "i", "time": "t", "outcome": "y", "treatment": "d", "controls": "x",
             "mediators": {"a": "m"}, "cluster": "i"}  # fmt: skip
    return make_study(df, cg.linear(), cg.FixedEffects("none", time=False), roles=roles)


def with_edges(study, edges):
    graph = CausalGraph(study.panel.roles, ("x", "d", "m", "y"), edges)
    return cg.Study(study.panel, graph, study.fixed_effects, cg.linear())


def test_dowhy_refuses_panels_and_latents():
    found = check_dowhy(case_of(panel_study()))
    assert found.verdict == "not applicable"
    assert "one row for each firm and cluster" in found.reason
    assert "latent" in found.reason


@pytest.mark.parametrize(
    ("edges", "verdicts"),
    [
        ((("x", "d"), ("d", "m"), ("m", "y"), ("x", "y")), {"pass", "warn"}),
        ((("x", "m"), ("m", "d"), ("d", "y")), {"fail", "warn"}),
    ],
)
def test_dowhy_on_independent_rows(edges, verdicts):
    case = case_of(with_edges(cross_section(), edges))
    found = check_dowhy(case)
    assert found.verdict in verdicts
    assert "local Markov conditions" in found.reason
    assert found.table["tests"].iloc[0] > 0
