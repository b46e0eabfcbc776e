"""Settings of boosting, measured: errors are those of the study, and the page shows them."""

from __future__ import annotations

import pytest

import causalgreen as cg
from benchmarks import settings
from benchmarks.economies import Setting, draw, panel_of

SMALL = Setting(firms=150, years=5, cities=25)


@pytest.fixture
def raw(monkeypatch):
    chosen = {"as they are": {}, "32 leaves": {"num_leaves": 32}}
    monkeypatch.setattr(settings, "SETTINGS", chosen)
    monkeypatch.setattr(settings, "PANELS", {"small": (SMALL, 2)})
    return settings.measure(["small"], processes=1)


def test_errors_are_those_of_the_study(raw):
    assert len(raw) == 2 * 2 * 6
    frame, truth = draw(SMALL, settings.BASE_SEED + 1)
    panel = panel_of(frame)
    study = cg.Study(
        panel, cg.green_innovation_graph(panel), learner=cg.lightgbm(num_leaves=32),
        seed=settings.BASE_SEED + 1, n_jobs=1, progress=False,
    )  # fmt: skip
    found = study.paths().tidy().set_index("term")["estimate"]
    mine = raw[(raw["replication"] == 1) & (raw["settings"] == "32 leaves")].set_index("term")
    for term in found.index.intersection(mine.index):
        error = found[term] - truth.population[term]
        assert mine.loc[term, "error"] == pytest.approx(error, abs=1e-12)


def test_table_sums_up_and_the_block_shows_it(raw):
    table = settings.summarise(raw).set_index(["settings", "term"])
    part = raw[(raw["settings"] == "32 leaves") & (raw["term"] == "direct")]
    row = table.loc[("32 leaves", "direct")]
    assert row["bias"] == pytest.approx(part["error"].mean())
    assert row["rmse"] == pytest.approx((part["error"] ** 2).mean() ** 0.5)
    assert row["coverage"] == part["covered"].mean()
    text = settings.block(table.reset_index(), {"first_seed": "1", "date": "today"})
    line = next(line for line in text.splitlines() if line.startswith("| 32 leaves |"))
    assert f"{row['bias']:+.4f}".replace("-", "−") in line
    assert "| as they are | 1.00 |" in text


def test_settings_of_record_can_be_given_and_only_one_row_is_what_a_user_gets():
    assert [name for name, given in settings.SETTINGS.items() if not given] == ["**as they are**"]
    for given in settings.SETTINGS.values():
        assert cg.lightgbm(**given).name == "lightgbm"
