"""All faults at once; faults that depend on fixed effects and folds, or on what is asked."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest

from causalgreen.errors import DataError, DesignError, Fault
from causalgreen.panel import Panel

ROLES: dict[str, Any] = {
    "unit": "firm",
    "time": "year",
    "outcome": "y",
    "treatment": "ai",
    "mediators": {"human_capital": ["skill"]},
    "exposure": "peer",
    "traits": ["size"],
    "controls": ["lev"],
    "cluster": "city",
    "weight": "w",
}


@pytest.fixture
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    n = 24
    return pd.DataFrame(
        {
            "firm": np.repeat([f"f{i}" for i in range(6)], 4),
            "year": np.tile([2015, 2016, 2017, 2018], 6),
            "y": rng.normal(size=n),
            "ai": rng.normal(size=n),
            "skill": rng.normal(size=n),
            "peer": rng.normal(size=n),
            "size": np.repeat(rng.normal(size=6), 4),
            "lev": rng.normal(size=n),
            "city": np.repeat(["A", "A", "B", "B", "C", "C"], 4),
            "w": 1.0,
        }
    )


def says(fault: Fault, what: list[str], fix: list[str]) -> None:
    for text in what:
        assert text in fault.what
    for text in fix:
        assert text in fault.fix


def test_several_faults_are_told_together(table: pd.DataFrame) -> None:
    table.loc[0, "lev"] = np.inf
    table["peer"] = 1.0
    table.loc[3, "w"] = -1.0
    table.loc[7, "city"] = None
    table["skill"] = "high"
    table = pd.concat([table, table.iloc[[3]]])
    with pytest.raises(DataError, match="The table has 7 faults") as caught:
        Panel.from_frame(table, **{**ROLES, "controls": ["lev", "levv"]})
    assert {fault.code for fault in caught.value.faults} == {
        "missing_columns",
        "non_numeric",
        "infinite_values",
        "no_variation",
        "bad_weights",
        "missing_keys",
        "duplicate_rows",
    }
    assert pickle.loads(pickle.dumps(caught.value)).faults == caught.value.faults


def test_faults_under_kinds(table: pd.DataFrame) -> None:
    table["ai"] = table["size"] * 0.1
    table["peer"] = np.repeat(np.arange(6), 4)
    panel = Panel.from_frame(table, **ROLES)
    assert panel.faults_under("none", 3) == ()
    for kind in ("within", "first_difference", "mundlak"):
        found = panel.faults_under(kind, 3)
        assert [fault.code for fault in found] == ["no_within_variation"] * 2
        says(found[0], ["treatment 'ai'", "any of the 6 firms", kind], ["fixed_effects='none'"])
        says(found[1], ["exposure 'peer'"], ["leave it out"])


def test_a_treatment_that_varies_within_one_firm_is_enough(table: pd.DataFrame) -> None:
    table["ai"] = table["size"]
    table.loc[0, "ai"] += 1
    assert Panel.from_frame(table, **ROLES).faults_under("within", 3) == ()


def test_one_period(table: pd.DataFrame) -> None:
    panel = Panel.from_frame(table[table["year"] == 2016], **ROLES)
    (fault,) = panel.faults_under("within", 3)
    assert fault.code == "one_period"
    says(fault, ["firms with one period only: 6"], ["add periods"])
    assert panel.faults_under("none", 3) == ()


def test_firms_with_one_period_are_counted(table: pd.DataFrame) -> None:
    table["ai"] = table["size"]
    panel = Panel.from_frame(table.drop(index=[1, 2, 3, 4, 5, 6]), **ROLES)
    says(panel.faults_under("within", 3)[0], ["(2 of them have one period only)"], [])


def test_no_consecutive_periods(table: pd.DataFrame) -> None:
    keep = (table["year"] % 2 == 0) == table["firm"].isin(["f0", "f1", "f2"])
    panel = Panel.from_frame(table[keep], **ROLES)
    (fault,) = panel.faults_under("first_difference", 3)
    assert fault.code == "no_consecutive_periods"
    says(fault, ["consecutive", "is 1"], ["'within'"])
    assert panel.faults_under("within", 3) == ()


@pytest.mark.parametrize("kind", ["within", "none"])
def test_fewer_clusters_than_folds(table: pd.DataFrame, kind: str) -> None:
    panel = Panel.from_frame(table, **ROLES)
    (fault,) = panel.faults_under(kind, 5)
    assert fault.code == "few_clusters"
    says(fault, ["'city' has 3 clusters", "5 folds"], ["folds=3"])
    assert [f.what.split("'")[1] for f in panel.faults_under(kind, 7)] == ["city", "firm"]


def test_a_second_cluster_with_one_level(table: pd.DataFrame) -> None:
    table["country"] = "CN"
    panel = Panel.from_frame(table, **{**ROLES, "cluster": ["city", "country"]})
    (fault,) = panel.faults_under("none", 3)
    says(fault, ["'country' has one level"], ["leave 'country' out"])


def test_unknown_kind_and_too_few_folds(table: pd.DataFrame) -> None:
    panel = Panel.from_frame(table, **ROLES)
    with pytest.raises(DesignError, match="'twoway' are unknown; choose one of within"):
        panel.faults_under("twoway", 3)
    with pytest.raises(DesignError, match="at least two folds"):
        panel.faults_under("within", 1)


def test_column_and_codes_say_what_is_wrong(table: pd.DataFrame) -> None:
    panel = Panel.from_frame(table, **ROLES)
    with pytest.raises(DataError, match="no column 'citty'") as caught:
        panel.codes("citty")
    assert "'city'" in str(caught.value)
    with pytest.raises(DataError, match=r"'city' .* does not hold numbers"):
        panel.column("city")
