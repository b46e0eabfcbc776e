"""Few clusters: panels, truths, and what is made of the draws."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import causalgreen as cg
from benchmarks import clusters, clusters_tables, figures
from benchmarks.results import Store, carried_on, fingerprint, read_metadata


@pytest.mark.parametrize("case", list(clusters.CASES))
def test_panels_have_the_clusters_that_are_asked_for(case):
    drawn = clusters.CASES[case][0](24, clusters.BASE_SEED)
    panel = cg.Panel.from_frame(drawn.frame, **drawn.roles)
    assert panel.n_clusters == (24,)
    again = clusters.CASES[case][0](24, clusters.BASE_SEED)
    pd.testing.assert_frame_equal(drawn.frame, again.frame)
    sizes = np.sort(np.bincount(panel.clusters[0][panel.unit_codes.searchsorted(
        np.arange(panel.n_units))]))  # fmt: skip
    if case == "few large":
        assert sizes[-1] > 5 * np.median(sizes)
    elif case == "firms alone":
        assert (sizes == 1).all()
    else:
        assert sizes[-1] < 3 * np.median(sizes)


def test_the_policy_has_the_effect_that_is_its_truth():
    drawn = clusters.policy(400, 0)
    fit = cg.Study(
        panel := cg.Panel.from_frame(drawn.frame, **drawn.roles),
        cg.green_innovation_graph(panel), learner=cg.linear(), n_jobs=1, progress=False,
    ).paths()  # fmt: skip
    low, high = fit.tidy().set_index("term").loc["direct", ["conf_low", "conf_high"]]
    assert low < drawn.truth["direct"] < high
    assert high - low < 0.2


def test_by_itself_is_one_of_the_two_systems():
    rows = clusters.replicate("policy", 6, 0)
    assert list(rows["method"]) == [clusters.DEFAULT, clusters.CONSTANT, clusters.VARYING]
    by = rows.set_index("method")["estimate"]
    # Two coefficients that cities alone tell of, and six cities.
    assert by[clusters.DEFAULT] == by[clusters.CONSTANT] != by[clusters.VARYING]
    rows = clusters.replicate("alike", 6, 0).set_index(["method", "term"])["estimate"]
    assert rows[clusters.DEFAULT].equals(rows[clusters.VARYING])
    assert set(rows.index.get_level_values("term")) == set(clusters.PATHS)


def test_a_run_goes_on_where_it_stopped_and_is_told(tmp_path, monkeypatch):
    few = {"policy": (clusters.policy, (6, 12))}
    monkeypatch.setattr(clusters, "CASES", few)
    monkeypatch.setattr(clusters_tables, "CASES", few)
    path = tmp_path / "clusters.csv"
    clusters.run(1, path, progress=False)
    before = Store(path).read()
    table = clusters.run(2, path, progress=False)
    assert set(table["replications"]) == {2}
    after = Store(path).read()
    pd.testing.assert_frame_equal(after[after["replication"] == 0], before)
    text = clusters_tables.section(table, read_metadata(Store(path).notes))
    assert "| a policy of cities | 6 |" in text
    assert "| a policy of cities | 12 |" in text
    assert not re.search(r"\bnan\b", text)


def test_the_target_reads_the_lowest_path_of_the_study_by_itself():
    rows = [
        {"case": "alike", "clusters": n, "method": method, "term": term, "replications": 50,
         "failed": 0, "coverage": rate}
        for n, method, term, rate in (
            (6, clusters.DEFAULT, "direct", 0.99), (6, clusters.DEFAULT, "overall", 0.91),
            (6, clusters.CONSTANT, "direct", 0.5), (12, clusters.DEFAULT, "direct", 0.96),
        )
    ]  # fmt: skip
    found = figures.lowest(clusters.DEFAULT, ("case", "clusters", "term"))(pd.DataFrame(rows))
    assert (found.value, found.which, found.draws) == (0.91, "alike: 6: overall", 50)


def test_replications_of_other_code_are_made_again(tmp_path):
    store = Store(tmp_path / "t.csv")
    made = []

    def replicate(name, number):
        made.append((name, number))
        return pd.DataFrame({"name": [name], "number": number, "fingerprint": now})

    jobs = [("a", 1), ("b", 0), ("a", 0)]
    now = "old"
    carried_on(store, clusters.METHOD, jobs, ("name", "number"), replicate, False)
    now = fingerprint(clusters.METHOD)
    raw = carried_on(store, clusters.METHOD, jobs, ("name", "number"), replicate, False)
    assert made[3:] == [("b", 0), ("a", 0), ("a", 1)]
    assert len(raw) == 3
    carried_on(store, clusters.METHOD, jobs, ("name", "number"), replicate, False)
    assert len(made) == 6
