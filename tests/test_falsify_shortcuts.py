"""Shortcuts of the checks against the slow way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import causalgreen as cg
from causalgreen.effects.covariance import cluster_covariance, cluster_variances
from causalgreen.falsify.engine import case_rows, solve_swapped, solve_together
from causalgreen.falsify.imposed import without_effect
from causalgreen.falsify.permute import across_firms, exchange_of, fresh, streams
from causalgreen.falsify.registry import case_of
from causalgreen.falsify.rerun import Lines, moments_without
from causalgreen.falsify.resample import _noise, solve_with_noise
from causalgreen.falsify.sensitivity_bench import benchmarks
from causalgreen.falsify.sensitivity_legs import fit_bare, fit_leg
from causalgreen.falsify.sensitivity_mediator import GRID, mediator_curves
from causalgreen.moments.moments import Moments, moments_of
from causalgreen.moments.paths import path_terms
from causalgreen.moments.solve import estimate_paths, solve_paths

CLUSTERS = ("city", ["city", "industry"])


def _case(cluster="city", repeats=1, **roles):
    df, _ = cg.simulate_panel(n_firms=150, n_years=5, n_cities=30, seed=3)
    df["heavy"] = df.groupby("firm")["size"].transform("first").rank(pct=True) + 0.5
    panel = cg.Panel.from_frame(
        df, unit="firm", time="year", outcome="green_patents", treatment="ai",
        mediators={"restructuring": ["clean_share"], "human_capital": ["skilled_share"]},
        exposure="peer_ai", traits=["size", "urban"], controls=["age", "leverage", "roa_lag"],
        cluster=cluster, **roles,
    )  # fmt: skip
    study = cg.Study(
        panel, cg.green_innovation_graph(panel), learner=cg.linear(), repeats=repeats, n_jobs=1
    )
    return case_of(study, 30)


@pytest.fixture(scope="module")
def case():
    return _case()


def _by_rows(rows, column, values):
    """Estimates and standard errors of one replacement, equation by equation, row by row."""
    from causalgreen.moments.paths import evaluate

    def paths(coefficients):
        return evaluate(rows.layout, coefficients)[: len(path_terms(rows.layout).headline), 0]

    estimates, influences = [], []
    for repeat in rows.values:
        v = repeat.copy()
        v[:, column] = rows.net(values[:, None])[:, 0]
        coefficients, parts = [], []
        for equation in rows.layout.equations():
            X, y = v[:, equation.regressors], v[:, equation.target]
            theta = np.linalg.lstsq(X, y, rcond=None)[0]
            psi = (X * (y - X @ theta)[:, None]) @ np.linalg.inv(X.T @ X)
            cells = np.zeros((len(rows.clusters[0]), X.shape[1]))
            np.add.at(cells, rows.cell, psi)
            coefficients.append(theta[:, None])
            parts.append(cells)
        start, influence = paths(coefficients), 0.0
        for e, cells in enumerate(parts):
            for j in range(cells.shape[1]):
                bent = [c.copy() for c in coefficients]
                bent[e][j] += 1.0
                back = [c.copy() for c in coefficients]
                back[e][j] -= 1.0
                # Paths are at most quadratic in one coefficient: the central difference is exact.
                slope = (paths(bent) - paths(back)) / 2
                influence = influence + np.outer(cells[:, j], slope)
        estimates.append(start)
        influences.append(influence)
    V = cluster_covariance(
        np.mean(influences, axis=0), rows.clusters, len(rows.cell), rows.n_parameters
    )
    return np.mean(estimates, axis=0), np.sqrt(np.diag(V))


@pytest.mark.parametrize("cluster", CLUSTERS, ids=str)
@pytest.mark.parametrize("repeats", [1, 2])
def test_placebos_from_products_of_clusters_equal_regressions_on_rows(cluster, repeats):
    case = _case(cluster, repeats)
    rows, design = case_rows(case), case.residuals.design
    null = without_effect(rows, (0,))
    exchange = exchange_of(case.panel.unit_codes[design.rows], case.panel.times[design.rows])
    rngs = streams(5, 3)

    def draw(repeat, low, high):
        order = across_firms(exchange, fresh(rngs[low:high]))
        return {0: case.residuals.values[repeat][:, 0][order]}

    for given, batch in zip((rows, null), solve_together((rows, null), draw, 3), strict=True):
        alone = solve_swapped(given, draw, 3)
        np.testing.assert_allclose(batch.t, alone.t, rtol=1e-12)
        for s in range(3):
            moved = [draw(r, s, s + 1)[0][:, 0] for r in range(repeats)]
            same = replace(given, values=given.values[:1])
            if repeats == 1:
                estimate, error = _by_rows(same, 0, moved[0])
                np.testing.assert_allclose(batch.estimate[:, s], estimate, rtol=1e-9, atol=1e-14)
                np.testing.assert_allclose(batch.std_error[:, s], error, rtol=1e-9)
            else:
                each = [
                    _by_rows(replace(given, values=given.values[[r]]), 0, moved[r])[0]
                    for r in range(repeats)
                ]
                mean = np.mean(each, axis=0)
                np.testing.assert_allclose(batch.estimate[:, s], mean, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("cluster", CLUSTERS, ids=str)
def test_period_effects_leave_sums_of_cells_or_columns_alike(cluster, monkeypatch):
    rows = case_rows(_case(cluster))
    new = np.random.default_rng(0).normal(size=(2, len(rows.cell), 3))

    def solved():
        return solve_swapped(rows, lambda r, low, high: {0: new[0], 1: new[1]}, 3)

    assert rows.halves()[1].shape[1]
    found = solved()
    monkeypatch.setattr(type(rows), "halves", lambda self: (self, self.basis[:, :0]))
    columns = solved()
    np.testing.assert_allclose(found.estimate, columns.estimate, rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(found.std_error, columns.std_error, rtol=1e-9)
    monkeypatch.undo()
    crowded = replace(rows, clusters=tuple(np.arange(len(rows.cell)) for _ in rows.clusters))
    assert not crowded.halves()[1].shape[1]


def test_two_columns_replaced_together(case):
    rows = case_rows(case)
    rng = np.random.default_rng(0)
    new = rng.normal(size=(2, len(rows.cell)))
    batch = solve_swapped(rows, lambda r, low, high: {0: new[0][:, None], 1: new[1][:, None]}, 1)
    values = rows.values.copy()
    values[0][:, 1] = rows.net(new[1][:, None])[:, 0]
    estimate, error = _by_rows(replace(rows, values=values), 0, new[0])
    np.testing.assert_allclose(batch.estimate[:, 0], estimate, rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(batch.std_error[:, 0], error, rtol=1e-9)


def test_copies_of_a_stream_start_where_it_is_and_leave_it_there():
    rngs = streams(3, 4)
    rngs[0].integers(0, 9, 3, dtype=np.int32)  # half a word is left over
    first = [rng.permutation(50) for rng in fresh(rngs)]
    again = [rng.permutation(50) for rng in fresh(rngs)]
    itself = [rng.permutation(50) for rng in rngs]
    for a, b, c in zip(first, again, itself, strict=True):
        assert (a == b).all()
        assert (a == c).all()


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_variances_are_the_diagonal_of_the_covariance(dimensions):
    rng = np.random.default_rng(dimensions)
    clusters = [np.r_[np.arange(5), rng.integers(0, 5, 35)] for _ in range(dimensions)]
    influence = rng.normal(size=(40, 30))
    influence[:, 0] = np.where(np.arange(40) % 2, 1.0, -1.0) * 1e-9
    V = cluster_covariance(influence, clusters, 200, 3)
    np.testing.assert_allclose(
        cluster_variances(influence, clusters, 200, 3), np.diag(V), rtol=1e-12
    )


@pytest.mark.parametrize("weight", [None, "heavy"])
@pytest.mark.parametrize("repeats", [1, 2])
def test_moments_without_a_control_equal_those_of_the_residuals(weight, repeats):
    case = _case("city", repeats, **({"weight": weight} if weight else {}))
    fresh_lines = Lines.of(case)
    names = ("leverage",)
    (found,) = moments_without(case, [names])
    from causalgreen.falsify.rerun import blocks_of

    gone = blocks_of(fresh_lines.design, names)
    back = fresh_lines.columns @ (fresh_lines.coefficients() - fresh_lines.coefficients(gone))
    slow: Moments = moments_of(
        case.panel, replace(case.residuals, values=case.residuals.values + back[None])
    )
    np.testing.assert_array_equal(found.cells, slow.cells)
    np.testing.assert_array_equal(found.kind, slow.kind)
    assert not np.allclose(found.cells, case.moments.cells)


@pytest.mark.parametrize("repeats", [1, 2])
def test_bare_legs_and_bare_paths_equal_the_full_ones(repeats):
    case = _case("city", repeats)
    basis = case.basis
    for equation in case.layout.equations():
        bare = fit_bare(case.moments, [equation], basis)[equation]
        leg = fit_leg(case.moments, equation, basis)
        assert bare.sigma2 == pytest.approx(leg.sigma2, rel=1e-11)
        gradient = np.random.default_rng(1).normal(size=leg.coefficients.shape)
        assert bare.nu2(gradient) == pytest.approx(leg.reach(gradient).nu2, rel=1e-11)
    whole = solve_paths(case.moments, case.layout, basis).estimate
    np.testing.assert_allclose(
        estimate_paths(case.moments, case.layout, basis), whole, rtol=1e-11, atol=1e-15
    )


def test_benchmarks_are_remembered_for_these_moments_only(case):
    equation = case.layout.equations()[-1]
    first = benchmarks(case, None, False, (equation,))
    assert benchmarks(case, None, False, (equation,)) is first
    other = replace(case, moments=replace(case.moments, cells=2 * case.moments.cells))
    assert benchmarks(other, None, False, (equation,)) is not first
    assert benchmarks(case, {"a": ["age"]}, False, (equation,))[1][0] == "a"


def test_curves_of_mediators_are_paths_at_shifted_coefficients(case):
    """Each point, with the system solved at that very shift."""
    from causalgreen.moments.solve import average_effects, firm_shares
    from causalgreen.moments.system import Fit

    basis, layout = case.basis, case.layout
    share = firm_shares(case.moments, len(basis.values))
    legs = [fit_leg(case.moments, e, basis) for e in layout.equations()]
    names, last = path_terms(layout).headline, legs[-1]
    curve = next(c for c in mediator_curves(case) if c.term == "restructuring")
    row, place = names.index(curve.term), case.effects.terms.index(curve.term)
    pick = np.zeros(last.coefficients.shape)
    pick[last.equation.regressors.index(layout.names.index(curve.mediator)), 0] = 1.0
    reach = last.reach(pick)

    def at(c):
        shifted = last.coefficients - c * reach.scale * reach.direction
        fits = [
            *(Fit(g.coefficients, g.influence) for g in legs[:-1]),
            Fit(shifted, last.influence),
        ]
        estimate, slopes, _ = average_effects(layout, fits, basis, share)
        psi = sum(
            np.einsum("gij,ij->g", g.influence, s[row]) for g, s in zip(legs, slopes, strict=True)
        )
        return estimate[row], psi - reach.influence * c * (slopes[-1][row] * reach.direction).sum()

    context, start = case.effects.context, at(0.0)
    for k in (0, 20, 50, 76):
        value, psi = at(GRID[k] / np.sqrt(1 - GRID[k] ** 2))
        assert curve.estimate[k] == pytest.approx(
            case.effects.estimate[place] + value - start[0], rel=1e-10
        )
        whole = case.effects.influence[:, [place]] + (psi - start[1])[:, None]
        V = [
            cluster_covariance(w, context.clusters, context.n_rows, context.n_parameters)[0, 0]
            for w in (whole, case.effects.influence[:, [place]])
        ]
        wanted = case.effects.std_error[place] * np.sqrt(V[0] / V[1])
        assert curve.std_error[k] == pytest.approx(wanted, rel=1e-10)


@pytest.mark.parametrize("weight", [None, "heavy"])
def test_noise_as_a_control_equals_regressions_with_the_column(weight):
    """By least squares of every equation with the noise in it."""
    case = _case("city", **({"weight": weight} if weight else {}))
    basis, rngs = case.basis, streams(9, 2)
    draws = solve_with_noise(case, basis, fresh(rngs))
    design, panel = case.residuals.design, case.panel
    n = len(design.rows)
    w = np.ones(n) if weight is None else panel.weights[design.rows]
    noise = np.concatenate(list(_noise(case, fresh(rngs), w)), axis=1)
    h = basis.values[panel.unit_codes[design.rows]]
    values = case.residuals.values[0]
    from causalgreen.moments.paths import evaluate
    from causalgreen.moments.solve import firm_shares

    share = firm_shares(case.moments, len(basis.values))
    for s in range(2):
        coefficients = []
        for equation in case.layout.equations():
            Z = np.column_stack([values[:, equation.regressors], design.periods])
            ZH = (Z[:, :, None] * h[:, None, :]).reshape(n, -1)
            both = np.column_stack([ZH, noise[:, s]]) * np.sqrt(w)[:, None]
            theta = np.linalg.lstsq(both, values[:, equation.target] * np.sqrt(w), rcond=1e-12)[0]
            k, q = len(equation.regressors), h.shape[1]
            coefficients.append(theta[: k * q].reshape(k, q) @ basis.values.T)
        wanted = evaluate(case.layout, coefficients)[: draws.shape[1]] @ share
        np.testing.assert_allclose(draws[s], wanted, rtol=1e-7, atol=1e-11)
