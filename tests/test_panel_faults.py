"""Every fault of a table: its message says what, where and what to do; all are told at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from causalgreen.errors import DataError, Fault
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


def faults(table: Any, **changes: Any) -> dict[str, list[Fault]]:
    with pytest.raises(DataError) as caught:
        Panel.from_frame(table, **{**ROLES, **changes})
    found: dict[str, list[Fault]] = {}
    for fault in caught.value.faults:
        assert fault.what
        assert fault.fix
        assert str(fault) in str(caught.value)
        found.setdefault(fault.code, []).append(fault)
    return found


def only(table: Any, code: str, **changes: Any) -> Fault:
    found = faults(table, **changes)
    assert list(found) == [code]
    assert len(found[code]) == 1
    return found[code][0]


def says(fault: Fault, what: list[str], fix: list[str]) -> None:
    for text in what:
        assert text in fault.what
    for text in fix:
        assert text in fault.fix


def test_missing_columns_with_close_names(table: pd.DataFrame) -> None:
    fault = only(table, "missing_columns", treatment="AI ", controls=["lev", "zzz"])
    says(fault, ["'AI ' (treatment)", "'zzz' (control)", "'firm'"], ["for 'AI ' perhaps 'ai'"])


def test_duplicated_column_names(table: pd.DataFrame) -> None:
    twice = pd.concat([table, table[["ai"]]], axis=1)
    says(only(twice, "duplicate_columns"), ["'ai' (2 times)"], ["rename or drop", "suffixes="])


@pytest.mark.parametrize("name", ["long\nname", "long\r\nname", "tab\tname"])
def test_names_of_several_lines(table: pd.DataFrame, name: str) -> None:
    found = faults(table.rename(columns={"lev": name}), controls=[name])
    [fault] = found["bad_role"]
    assert repr(name) in str(fault)
    assert '" ".join(c.split())' in str(fault)
    [fault] = faults(table, mediators={name: ["skill"]})["bad_role"]
    assert repr(name) in str(fault)


def test_header_with_several_levels(table: pd.DataFrame) -> None:
    table.columns = pd.MultiIndex.from_product([["x"], table.columns])
    says(only(table, "header_levels"), ["2 header levels"], ["flatten"])


def test_duplicate_rows_that_differ(table: pd.DataFrame) -> None:
    extra = table.iloc[[1, 9]].assign(y=5.0, city="Z")
    extra.loc[9, "city"] = table.loc[9, "city"]
    fault = only(pd.concat([table, extra], ignore_index=True), "duplicate_rows")
    what = [
        "2 firm-periods with more than one row (4 rows in all)",
        "f0 2016 in rows 1, 24 (differ in 'y', 'city')",
        "f2 2016 in rows 9, 25 (differ in 'y')",
        "columns that differ: 'y', 'city'",
    ]
    says(fault, what, ["choose one record", "do not drop at random"])


def test_duplicate_rows_that_are_the_same(table: pd.DataFrame) -> None:
    fault = only(pd.concat([table, table.iloc[[3]]]), "duplicate_rows")
    what = ["1 firm-period ", "f0 2018 in rows 3, 24 (identical)", "same in every column"]
    says(fault, what, ["keep one row", "in pandas: frame.drop_duplicates(['firm', 'year'])"])


def test_missing_values_that_differ_do_not_count_as_the_same(table: pd.DataFrame) -> None:
    extra = table.iloc[[3]].assign(lev=np.nan)
    says(only(pd.concat([table, extra]), "duplicate_rows"), ["differ in 'lev'"], [])


@pytest.mark.parametrize(
    ("column", "part"),
    [("y", "outcome"), ("ai", "treatment"), ("peer", "exposure"), ("skill", "mediator")],
)
def test_text_among_numbers(table: pd.DataFrame, column: str, part: str) -> None:
    table[column] = table[column].astype(object)
    table.loc[4, column] = "n.a."
    what = [f"{part} '{column}'", "1 row:", "'n.a.' in row 4 (f1 2015)"]
    says(
        only(table, "non_numeric"),
        what,
        ["leave these cells empty; in pandas: ", "errors='coerce'"],
    )


def test_category_as_control(table: pd.DataFrame) -> None:
    table["industry"] = np.repeat(["C13", "C39", "D44"], 8)
    fault = only(table, "non_numeric", controls=["lev", "industry"])
    what = ["control 'industry'", "24 rows", "'C13' in row 0 (f0 2015)"]
    says(fault, what, ["column of 0 and 1", "get_dummies", "absorb=('industry',)"])


def test_numbers_stored_as_text(table: pd.DataFrame) -> None:
    table["lev"] = table["lev"].astype(str)
    says(
        only(table, "non_numeric"), ["numbers stored as text"], ["as numbers", "pandas.to_numeric"]
    )


@pytest.mark.parametrize("part", ["y", "lev"])
def test_decimal_commas(table: pd.DataFrame, part: str) -> None:
    numbers = table[part].round(2)
    table[part] = numbers.astype(str).str.replace(".", ",")
    fault = only(table, "non_numeric")
    says(fault, ["look like numbers with decimal commas"], ["with a point", "decimal=','"])
    # What it says to do does it.
    names = {"frame": table, "pandas": pd}
    exec(fault.fix.partition("in pandas: ")[2], names)
    np.testing.assert_allclose(names["frame"][part].astype(float), numbers)
    assert Panel.from_frame(names["frame"], **ROLES).n_units == 6


def test_decimal_commas_among_other_texts(table: pd.DataFrame) -> None:
    table["lev"] = table["lev"].round(2).astype(str).str.replace(".", ",")
    table.loc[3, "lev"] = "n.a."
    fault = only(table, "non_numeric")
    says(fault, ["most of these look like numbers with decimal commas"], ["errors='coerce'"])
    names = {"frame": table, "pandas": pd}
    exec(fault.fix.partition("in pandas: ")[2], names)
    assert np.flatnonzero(names["frame"]["lev"].isna()).tolist() == [3]


def test_commas_between_thousands_are_no_decimals(table: pd.DataFrame) -> None:
    plain = pd.Series(np.arange(len(table)) * 1111.5 + 1000)
    table["y"] = [f"{v:,.1f}" for v in plain]
    fault = only(table, "non_numeric")
    says(fault, ["commas between thousands"], ["thousands=','"])
    names = {"frame": table, "pandas": pd}
    exec(fault.fix.partition("in pandas: ")[2], names)
    np.testing.assert_allclose(names["frame"]["y"].astype(float), plain)
    table["y"] = [f"{v:,.0f}" for v in plain]
    either = ["commas, between thousands or before decimals"]
    says(only(table, "non_numeric"), either, ["thousands=','", "decimal=','"])
    table["y"] = [f"{v:,.1f}".translate(str.maketrans(",.", ".,")) for v in plain]
    says(only(table, "non_numeric"), ["decimal commas"], ["decimal=',', thousands='.'"])


def test_dates_are_no_traits(table: pd.DataFrame) -> None:
    table["size"] = pd.Timestamp("2011-05-01")
    says(only(table, "non_numeric"), ["trait 'size'", "2011"], ["a year"])


def test_infinite_values(table: pd.DataFrame) -> None:
    table.loc[[2, 7], "lev"] = [np.inf, -np.inf]
    table.loc[0, "ai"] = np.inf
    found = faults(table)
    assert list(found) == ["infinite_values"]
    by_column = {fault.what.split("'")[1]: fault for fault in found["infinite_values"]}
    assert set(by_column) == {"lev", "ai"}
    says(by_column["lev"], ["2 rows", "row 2 (f0 2017)", "row 7 (f1 2018)"], ["numpy.nan"])


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"controls": ["lev", "ai"]}, ["'ai'", "treatment and control"]),
        ({"cluster": "ai"}, ["'ai'", "treatment and cluster"]),
        ({"weight": "y"}, ["'y'", "outcome and weight"]),
        ({"controls": ["lev", "lev"]}, ["'lev'", "control (2 times)"]),
        ({"treatment": "firm"}, ["'firm'", "unit and treatment"]),
        ({"mediators": {"a": "skill", "b": "skill"}}, ["'skill'", "mediator (2 times)"]),
    ],
)
def test_two_roles(table: pd.DataFrame, changes: dict[str, Any], what: list[str]) -> None:
    found = faults(table, **changes)
    says(found["two_roles"][0], what, [])
    assert "once" in found["two_roles"][0].fix or "keep one" in found["two_roles"][0].fix


def test_trait_and_control_may_not_share_and_the_message_offers_a_copy(table: pd.DataFrame) -> None:
    fault = only(table, "two_roles", controls=["lev", "size"])
    says(fault, ["'size'", "trait and control"], ["frame['size_now'] = frame['size']"])


@pytest.mark.parametrize("cluster", ["firm", "size", "city", ["city", "year"], ["firm", "year"]])
def test_clusters_that_may_share(table: pd.DataFrame, cluster: Any) -> None:
    assert Panel.from_frame(table, **{**ROLES, "cluster": cluster}).n_rows == 24


def test_folds_may_not_follow_time(table: pd.DataFrame) -> None:
    fault = only(table, "two_roles", cluster=["year", "firm"])
    says(fault, ["first cluster", "'year'"], ['cluster=["firm", "year"]'])


@pytest.mark.parametrize(
    ("column", "part"),
    [("y", "outcome"), ("ai", "treatment"), ("peer", "exposure"), ("skill", "mediator")],
)
def test_a_target_that_never_varies(table: pd.DataFrame, column: str, part: str) -> None:
    table[column] = 3
    what = [f"{part} '{column}' is 3 in all 24 complete rows", "never varies"]
    says(only(table, "no_variation"), what, ["leave", "merge"])


def test_variation_only_in_rows_that_are_dropped_does_not_count(table: pd.DataFrame) -> None:
    table["ai"] = 1.0
    table.loc[0, ["ai", "y"]] = [2.0, np.nan]
    says(only(table, "no_variation"), ["in all 23 complete rows"], [])


@pytest.mark.parametrize("column", ["firm", "year", "city"])
def test_missing_keys(table: pd.DataFrame, column: str) -> None:
    table[column] = table[column].astype(object)
    table.loc[5, column] = None
    part = {"firm": "unit", "year": "time", "city": "cluster"}[column]
    fault = only(table, "missing_keys")
    says(fault, [f"{part} '{column}'", "1 row: row 5 ("], [f"dropna(subset=['{column}'])"])


def test_bad_weights(table: pd.DataFrame) -> None:
    table.loc[[1, 2, 3, 4], "w"] = [0.0, -1.0, np.nan, np.inf]
    what = ["weight 'w'", "4 rows", "1 missing, 1 infinite, 1 zero, 1 negative", "row 1 (f0 2016)"]
    says(only(table, "bad_weights"), what, ["positive weight"])


def test_empty_table(table: pd.DataFrame) -> None:
    says(only(table.iloc[:0], "empty_table"), ["no rows"], ["filter"])


def test_nothing_left(table: pd.DataFrame) -> None:
    table.loc[:11, "y"] = np.nan
    table.loc[12:, "ai"] = np.nan
    what = ["none of the 24 rows is complete", "treatment 'ai' in 12", "outcome 'y' in 12"]
    says(only(table, "nothing_left"), what, ["merge"])


@pytest.mark.parametrize(("column", "part"), [("lev", "control"), ("size", "trait")])
def test_all_missing(table: pd.DataFrame, column: str, part: str) -> None:
    table[column] = np.nan
    says(only(table, "all_missing"), [f"{part} '{column}'", "every row (24)"], ["leave it out"])


def test_time_that_is_no_time(table: pd.DataFrame) -> None:
    table["year"] = table["year"].map("FY{}".format)
    says(only(table, "time_not_numeric"), ["time 'year'", "'FY2015'"], ["to_datetime", "Period"])
    table["year"] = table["year"] == "FY2015"
    assert "time_not_numeric" in faults(table)


def test_fractional_years(table: pd.DataFrame) -> None:
    table["year"] = table["year"] + 0.5
    what = ["time 'year'", "24 rows", "2015.5 (row 0)"]
    says(only(table, "fractional_time"), what, ["Period", "year * 4 + quarter"])


def test_infinite_time(table: pd.DataFrame) -> None:
    table["year"] = table["year"].astype(float)
    table.loc[0, "year"] = np.inf
    says(only(table, "infinite_values"), ["time 'year'", "1 row"], [])


@pytest.mark.parametrize(("form", "shown"), [("%Y%m", "201512"), ("%Y%m%d", "20151231")])
def test_dates_written_as_numbers(table: pd.DataFrame, form: str, shown: str) -> None:
    dates = pd.to_datetime(table["year"].astype(str) + "-12-31")
    table["year"] = dates.dt.strftime(form).astype(int)
    fault = only(table, "coded_dates")
    says(fault, ["'year'", shown], [f"format='{form}'", "pandas.to_datetime"])


@pytest.mark.parametrize(
    ("frame", "what", "fix"),
    [
        (np.zeros(3), "numpy.ndarray", "pandas, polars or pyarrow"),
        ("panel.csv", "builtins.str", "read_csv"),
        ({"firm": [1]}, "builtins.dict", "pandas.DataFrame(frame)"),
        (None, "NoneType", "one row per firm and period"),
    ],
)
def test_unsupported_tables(frame: Any, what: str, fix: str) -> None:
    says(only(frame, "unsupported_table"), [what], [fix])


@pytest.mark.parametrize(
    ("changes", "what", "fix"),
    [
        ({"unit": ["firm", "city"]}, "unit=['firm', 'city']", "one name"),
        ({"mediators": ["skill"]}, "names no groups", "dict of groups"),
        ({"mediators": "skill"}, "names no groups", "dict of groups"),
        ({"controls": {"lev", "size"}}, "controls is a set", "list or a tuple"),
        ({"treatment": 5}, "treatment holds 5", "name"),
        ({"mediators": {"a": [1]}}, "mediators['a'] holds 1", "name"),
    ],
)
def test_arguments_that_name_no_column(
    table: pd.DataFrame, changes: dict[str, Any], what: str, fix: str
) -> None:
    says(only(table, "bad_role", **changes), [what], [fix])


def test_no_treatment(table: pd.DataFrame) -> None:
    says(only(table, "missing_role", treatment=[]), ["no treatment"], ['treatment="<column>"'])


@pytest.mark.parametrize(
    "other", [lambda f: f"{f} ", lambda f: f"\u3000{f}", lambda f: f"{f}".replace("6", "\uff16")]
)
def test_a_firm_written_in_two_ways_is_one_firm(table: pd.DataFrame, other: Any) -> None:
    firms = table["firm"].astype(str).str.zfill(3).radd("6")
    table["firm"] = [other(f) if i % 2 else f for i, f in enumerate(firms)]
    fault = only(table, "spelled_twice")
    says(fault, ["unit 'firm'", "in several ways", " and "], ["str.strip()", "NFKC"])


def test_a_firm_as_number_and_as_text_is_one_firm(table: pd.DataFrame) -> None:
    codes = pd.factorize(table["firm"])[0] + 600000
    table["firm"] = pd.Series(
        [str(c) if i % 2 else int(c) for i, c in enumerate(codes)], dtype=object
    )
    says(only(table, "spelled_twice"), ["600000 and '600000'"], ["astype(str)"])


def test_a_cluster_written_in_two_ways_is_one_cluster(table: pd.DataFrame) -> None:
    table["place"] = [f"city {f} " if i % 3 else f"city {f}" for i, f in enumerate(table["firm"])]
    says(only(table, "spelled_twice", cluster="place"), ["cluster 'place'"], ["frame['place']"])
