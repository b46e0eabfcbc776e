"""Stock codes that lost their zeros are refused; other numbers are not taken for them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from causalgreen.errors import DataError
from causalgreen.panel import Panel

SHENZHEN_AND_SHANGHAI = [1, 2, 63, 725, 2415, 300059, 600519]


def with_firms(labels: Any) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    firm = np.repeat(np.asarray(labels), 2)
    year = np.tile([2015, 2016], len(labels))
    y, ai = rng.normal(size=(2, len(firm)))
    return pd.DataFrame({"firm": firm, "year": year, "y": y, "ai": ai})


SMALL = {
    "unit": "firm",
    "time": "year",
    "outcome": "y",
    "treatment": "ai",
}


@pytest.mark.parametrize(
    "labels",
    [
        SHENZHEN_AND_SHANGHAI,
        [float(x) for x in SHENZHEN_AND_SHANGHAI],
        [str(x) for x in SHENZHEN_AND_SHANGHAI],
        [*range(1, 60, 2), *range(2001, 2100, 3), *range(600000, 600200, 5), 688001, 830799],
    ],
)
def test_stock_codes_that_lost_their_zeros(labels: Any) -> None:
    with pytest.raises(DataError) as caught:
        Panel.from_frame(with_firms(labels), **SMALL)
    (fault,) = caught.value.faults
    assert fault.code == "lost_zeros"
    assert "'firm'" in fault.what
    assert "1 for 000001" in fault.what
    assert "zfill(6)" in fault.fix
    assert "'id ' + frame['firm']" in fault.fix


@pytest.mark.parametrize(
    "labels",
    [
        list(range(1, 201)),
        list(range(200)),
        list(range(1, 5000)),
        list(range(0, 700_000, 211)),
        list(range(600_000)[::997]),
        [f"{x:06d}" for x in SHENZHEN_AND_SHANGHAI],
        [f"sz{x}" for x in SHENZHEN_AND_SHANGHAI],
        [600519, 600036, 601318, 300059],
        [410032, 410440, 418011, 419486],
        [*range(1, 101), *range(600001, 600101)],
        [1004, 1045, 1050, 12141, 160329, 184500, 345980],
        [1, 5, 9, 77],
    ],
)
def test_other_numbers_are_no_stock_codes(labels: Any) -> None:
    assert Panel.from_frame(with_firms(labels), **SMALL).n_units == len(labels)


def test_short_codes_alone_count_when_the_column_says_so() -> None:
    table = with_firms([1, 2, 63, 725, 2415]).rename(columns={"firm": "Stkcd"})
    with pytest.raises(DataError, match="'Stkcd' looks like stock codes"):
        Panel.from_frame(table, **{**SMALL, "unit": "Stkcd"})
    running = with_firms(range(1, 9)).rename(columns={"firm": "Stkcd"})
    assert Panel.from_frame(running, **{**SMALL, "unit": "Stkcd"}).n_units == 8


def test_lost_zeros_in_the_cluster_column() -> None:
    table = with_firms([f"f{i}" for i in range(7)])
    table["parent"] = np.repeat(SHENZHEN_AND_SHANGHAI, 2)
    with pytest.raises(DataError, match="'parent' looks like stock codes"):
        Panel.from_frame(table, **SMALL, cluster="parent")
