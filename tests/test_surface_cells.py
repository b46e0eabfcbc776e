"""Firms that no tree tells apart are solved together: the numbers of one firm at a time."""

from __future__ import annotations

import numpy as np
import pytest

import causalgreen as cg
from causalgreen.surface import bags
from causalgreen.surface.forest import Forest
from causalgreen.surface.problem import pose


@pytest.fixture(scope="module")
def problem():
    df, _ = cg.simulate_panel(n_firms=200, n_years=4, n_cities=50, seed=8)
    df["size"] = df["size"].round()
    panel = cg.Panel.from_frame(
        df, unit="firm", time="year", outcome="green_patents", treatment="ai",
        traits=["size", "urban"], controls=["leverage", "roa_lag"], cluster="city",
    )  # fmt: skip
    study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear(), n_jobs=1)
    return pose(panel, study.moments, study._layout)


@pytest.mark.parametrize("smooth", [True, False])
@pytest.mark.parametrize("own", [True, False])
def test_together_in_pieces_and_alone_are_the_same(problem, monkeypatch, smooth, own):
    assert len(np.unique(problem.X, axis=0)) < problem.n_firms / 4
    fitted = Forest(trees=48, smooth=smooth).fit(problem, seed=2, n_jobs=1)
    groups = fitted._own_groups if own else None

    def solved(rows: slice) -> bags.Local:
        some = None if groups is None else groups[rows]
        return bags.solve_at(
            fitted.trees, problem.X[rows], problem, fitted.L, start=fitted.start, groups=some
        )

    whole = solved(slice(None))
    alone = [solved(slice(i, i + 1)) for i in range(problem.n_firms)]
    monkeypatch.setattr(bags, "MANY", 3)
    pieces = solved(slice(None))
    for name in ("theta", "jacobian", "effects", "std_error"):
        together = getattr(whole, name)
        assert np.isfinite(together).mean() > 0.9
        one = np.concatenate([getattr(local, name) for local in alone])
        np.testing.assert_allclose(one, together, rtol=1e-9)
        np.testing.assert_allclose(getattr(pieces, name), together, rtol=1e-9)
