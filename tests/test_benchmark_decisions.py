"""Benchmarks behind decision records: folds of large panels, trees that are judged, bins."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import causalgreen as cg
from benchmarks import bins, folds, judged
from causalgreen.surface.forest import Forest
from causalgreen.surface.grf import MomentForest

NOTES = {
    "python": "3.11", "date": "2026-01-01", "cores": "2", "memory_gib": "24", "first_seed": "1",
    "firms": "50000",
}  # fmt: skip


def test_every_number_of_folds_sees_the_same_panel():
    raw = folds.measure(120, 0)
    assert list(raw["folds"].unique()) == list(folds.FOLDS)
    assert raw.groupby("term")["truth"].nunique().eq(1).all()
    assert raw.groupby("term")["estimate"].nunique().eq(3).all()
    table = folds.summarise(raw).set_index(["folds", "term"])
    assert (table.loc[5, ["moved", "bias"]].to_numpy()[:, 0] == 0).all()
    assert (table.loc[5, "time"] == 1).all()


def test_what_folds_move_is_counted_in_standard_errors_of_five():
    rows = [
        {"replication": r, "folds": k, "term": "direct", "seconds": float(k), "r_squared": 0.5,
         "estimate": 1.0 + shift, "std_error": 0.1 * k / 5, "truth": 0.9}
        for r in range(3) for k, shift in ((5, 0.0), (3, 0.05), (2, -0.2))
    ]  # fmt: skip
    table = folds.summarise(pd.DataFrame(rows)).set_index("folds")
    np.testing.assert_allclose(table["moved"], [0.0, 0.5, -2.0])
    np.testing.assert_allclose(table["bias"], [1.0, 1.5, -1.0])
    np.testing.assert_allclose(table["time"], [1.0, 0.6, 0.4])
    np.testing.assert_allclose(table["length"], [1.0, 0.6, 0.4])
    text = folds.block(table.reset_index(), NOTES)
    assert "| 2 | 0.40 | 0.5000 | 2.00 | −2.00 (0.00) | −1.00 |" in text
    assert "| 3 | 0.60 | 0.5000 | 0.50 | +0.50 (0.00) | +1.50 |" in text


@pytest.fixture(scope="module")
def study():
    df, _ = cg.simulate_panel(n_firms=200, n_years=4, n_cities=60, seed=1)
    panel = cg.Panel.from_frame(
        df, unit="firm", time="year", outcome="green_patents", treatment="ai",
        exposure="peer_ai", traits=["size"], controls=["leverage"], cluster="city",
    )  # fmt: skip
    return cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear(), n_jobs=1)


def test_forests_that_are_judged_get_the_trees_that_are_asked_for(study, monkeypatch):
    grown = []
    fit = Forest.fit

    def counted(self, *args, **options):
        grown.append(self.trees)
        return fit(self, *args, **options)

    monkeypatch.setattr(Forest, "fit", counted)
    table = judged.judged(study, 40)
    assert set(grown) == {40}
    assert len(grown) > 3
    assert set(table["statistic"]) == {"slope", "AUTOC", "Qini"}
    assert set(table.loc[table["statistic"] == "AUTOC", "term"]) == set(judged.TERMS)
    assert cg.forest(400).lighter().trees == 100  # as it was


def test_losses_are_those_on_the_same_panels():
    rng, rows = np.random.default_rng(0), []
    for r in range(12):
        level = rng.normal()
        for trees in judged.TREES:
            for seed in range(3):
                rows.append({"effects": "vary", "statistic": "slope", "trees": trees,
                             "replication": r, "seed": seed, "term": "direct",
                             "value": level + trees / 400 + 0.01 * rng.normal()})  # fmt: skip
    table = judged.summarise(pd.DataFrame(rows)).set_index("trees")
    np.testing.assert_allclose(table["lost"], [0.0, 0.5, 0.75], atol=0.02)
    assert (table["lost_mcse"] < 0.01).all()
    assert (table["mcse"] > 0.1).all()
    assert (table["sd_seeds"] < 0.03).all()
    told = judged.block(table.reset_index(), NOTES)
    assert f"slope {table.loc[100, 'lost']:.3f} (" in told


def test_every_number_of_bins_has_a_forest_of_its_own_on_the_same_panel(monkeypatch):
    small = {"zigzag": replace(bins.CASES["zigzag"], firms=200, years=4)}
    monkeypatch.setattr(bins, "CASES", small)
    seen, fit = [], MomentForest.fit

    def counted(self, *args, **options):
        seen.append(self.most_bins)
        return fit(self, *args, **options)

    monkeypatch.setattr(MomentForest, "fit", counted)
    raw = bins.measure("zigzag", 0)
    assert seen == list(bins.BINS.values())
    assert raw.groupby("bins")["term"].nunique().eq(6).all()
    assert raw.groupby("term")["mse"].nunique().ge(2).all()


def test_bins_are_compared_path_by_path_on_the_same_panels():
    rows = [
        {"shape": "zigzag", "replication": r, "bins": name, "term": term, "mse": (r + 1) * more**2,
         "length": r + more, "coverage_inside": 0.9 + 0.01 * r + 0.1 * (more - 1), "seconds": more}
        for r in range(4) for term in ("direct", "own_total")
        for name, more in zip(bins.BINS, (1.0, 1.1, 0.8), strict=True)
    ]  # fmt: skip
    table = bins.summarise(pd.DataFrame(rows)).set_index("bins")
    np.testing.assert_allclose(table["rmse"], [0.0, 0.1, -0.2], atol=1e-12)
    np.testing.assert_allclose(table["coverage_inside"], [0.0, 0.01, -0.02], atol=1e-12)
    np.testing.assert_allclose(table["time"], [1.0, 1.1, 0.8])
    np.testing.assert_allclose(table["coverage"], 0.915 + table["coverage_inside"])
    assert (table["rmse_mcse"] < 1e-12).all()
    assert table.loc["128", "length_mcse"] > 0.01
    text = bins.block(table.reset_index(), NOTES)
    assert "| a zigzag | 128 | +10.0 (0.0) |" in text
    assert "| a zigzag | 64 | −20.0 (0.0) |" in text
