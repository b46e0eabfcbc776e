"""From tables to a panel: joins, choices, filters, and the account of them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

import causalgreen as cg
from causalgreen import data
from causalgreen.errors import DataError, DataWarning


@pytest.fixture
def finance():
    """Three firms, 2014 to 2016, one of them ST in 2015, one a bank."""
    rows = [(c, y) for c in (1, 2, 600000) for y in (2014, 2015, 2016)]
    return pd.DataFrame(
        {
            "Stkcd": [c for c, _ in rows],
            "year": [y for _, y in rows],
            "ShortName": ["ST甲" if (c, y) == (2, 2015) else "乙" for c, y in rows],
            "IndustryCode": ["J66" if c == 600000 else "C39" for c, _ in rows],
            "Lev": [0.1 * i for i in range(1, 10)],
            "ROA": [0.01 * i for i in range(8)] + [50.0],
        }
    )


@pytest.fixture
def patents():
    """CSMAR's stacked patent table: states, areas and kinds of application below each other."""
    rows = []
    for firm, year, n in (("000001", 2014, 5), ("000001", 2015, 7), ("600000", 2015, 2)):
        for state in (1, 2):
            for area in (1, 2):
                for kind in ("S5201", "S5202", "S5204"):
                    count = n if (state, area, kind) == (1, 1, "S5201") else 1000
                    rows.append((firm, f"{year}-12-31", state, area, kind, count, count - 1, None))
    rows.append(("000002", "2016-12-31", 1, 1, "S5201", None, None, None))
    names = ["Symbol", "EndDate", "StateTypeCode", "Area", "ApplyTypeCode", "Patents", "Invention",
             "Design"]  # fmt: skip
    return pd.DataFrame(rows, columns=names)


def one_fault(raised):
    (fault,) = raised.value.faults
    return fault


def test_stacked_patent_tables_are_filtered_not_summed(finance, patents):
    panel = data.firm_panel({"finance": finance, "patents": patents})
    assert panel.frame.loc[[0, 1, 7], "patents"].tolist() == [5, 7, 2]
    steps = panel.audit.tidy().set_index("name")
    assert steps.loc["patents: applied only", "rows_out"] == 4
    assert "apply_type = S5201 (applied)" in steps.loc["patents: applied only", "why"]
    assert (
        "S5202: 4 rows" in steps.loc["patents: applied only", "examples"]
        or "S5202: 3 rows" in (steps.loc["patents: applied only", "examples"])
    )
    assert "area" not in panel.frame


def test_another_choice_among_stacked_rows(finance, patents):
    panel = data.firm_panel(
        {"finance": finance, "patents": patents[patents["Patents"].notna()]},
        choose={"apply_type": "S5204", "area": 2},
    )
    assert panel.frame["patents"].max() == 1000
    assert any("S5204 is a cumulative stock" in note for note in panel.notes)
    with pytest.raises(DataError) as raised:
        data.firm_panel({"f": finance, "p": patents}, choose={"apply_type": "S5209"})
    assert "none is 'S5209': there are S5201 (applied), S5202 (obtained)" in one_fault(raised).what


def test_consolidated_year_end_rows():
    rows = [(1, f"2015-{d}", t, v) for d, t, v in (("01-01", "A", 1), ("06-30", "A", 2),
            ("12-31", "A", 3), ("12-31", "B", 4))]  # fmt: skip
    rows.append((2, "2015-06-30", "A", 9))
    frame = pd.DataFrame(rows, columns=["Stkcd", "Accper", "Typrep", "A001000000"])
    panel = data.firm_panel({"balance": frame})
    assert panel.frame.to_dict("list") == {"firm": ["000001"], "year": [2015], "assets": [3]}
    names = panel.audit.tidy()["name"].tolist()
    assert names == [
        "read balance",
        "balance: consolidated statements only",
        "balance: rows of 12-31",
    ]
    assert "1 firm-years have no such row: 000002 2015" in str(panel.audit)
    with pytest.raises(DataError, match=r"several rows a year, none of 12-31: 01-01, 06-30"):
        data.firm_panel({"b": frame[~frame["Accper"].str.endswith("12-31")]})


def test_many_to_many_is_refused_with_the_differing_columns(finance):
    twice = pd.DataFrame({"Stkcd": [1, 1, 2], "year": [2015, 2015, 2015], "GI": [1, 1, 1],
                          "GreInv": [1, 2, 3]})  # fmt: skip
    with pytest.raises(DataError) as raised:
        data.firm_panel({"finance": finance, "green": twice})
    fault = one_fault(raised)
    assert fault.code == "duplicate_rows"
    assert "differ in 'green_inventions'; first 000001 2015 (green_inventions 1 / 2)" in fault.what


def test_exact_repetitions_are_dropped_and_counted(finance):
    panel = data.firm_panel({"finance": pd.concat([finance, finance.head(2)])})
    step = panel.audit.tidy().set_index("name").loc["finance: exact repetitions"]
    assert (step["rows_in"], step["rows_out"]) == (11, 9)
    assert "000001 2014, 000001 2015" in step["examples"]


def test_unmatched_firms_are_named(finance):
    green = pd.DataFrame({"Stkcd": [1, 1, 300001], "year": [2014, 2015, 2015], "GreInv": [1, 2, 3]})
    panel = data.firm_panel({"finance": finance, "green": green})
    text = str(panel.audit)
    assert "not in green: 7 firm-years of 3 firms, 2 of them in no year: 000002, 600000" in text
    assert "only in green: 1 firm-years of 1 firms, 1 of them in no year: 300001" in text
    detail = panel.audit.detail("join green")
    assert detail["rows"].tolist() == [1, 3, 3, 1]
    assert len(panel.frame) == 9
    assert len(data.firm_panel([finance, green], how="inner").frame) == 2
    assert len(data.firm_panel([finance, green], how="outer").frame) == 10


def test_tables_without_a_year_and_of_cities(finance):
    firms = pd.DataFrame({"Stkcd": [1, 2, 600000], "所属城市": ["深圳市", "深圳市", "上海市"]})
    cities = pd.DataFrame({"城市": ["深圳市", "上海市"], "year": [2015, 2015], "gdp": [1.0, 2.0]})
    panel = data.firm_panel([finance, firms]).join(cities, on=("city", "year"), name="cities")
    assert panel.frame["gdp"].notna().sum() == 3
    assert panel.frame.loc[panel.frame["firm"] == "600000", "gdp"].tolist()[1] == 2.0
    assert "many to one on city and year" in str(panel.audit)
    with pytest.raises(DataError, match="an outer join on city and year"):
        panel.join(cities, on=("city", "year"), how="outer")


def test_nothing_in_common_is_refused(finance):
    other = pd.DataFrame({"Stkcd": [300001], "year": [2015], "x": [1]})
    with pytest.raises(DataError, match=r"no row of the panel is in other[\s\S]*300001 there"):
        data.firm_panel({"finance": finance, "other": other})


def test_codes_beside_numbers_are_refused(finance):
    other = pd.DataFrame({"firm": [1, 2], "year": [2015, 2015], "x": [1, 2]})
    with pytest.raises(DataError, match=r"'firm' is text in the panel .* and numbers in other"):
        data.firm_panel({"finance": finance, "other": other})


def test_columns_in_both_tables(finance):
    other = pd.DataFrame({"Stkcd": [1, 2], "year": [2015, 2015], "ROA": [0.01, 0.09],
                          "ShortName": ["乙", "ST甲"]})  # fmt: skip
    panel = data.firm_panel({"finance": finance, "other": other})
    assert "name__other" not in panel.frame
    assert "in both: name" in str(panel.audit)
    assert panel.frame["roa__other"].notna().sum() == 2
    assert any("'roa' of other differs from the panel's in 1 rows" in n for n in panel.notes)
    assert panel.frame["roa"].notna().all()


def test_missing_keys_are_refused_or_counted(finance):
    finance.loc[2, "Stkcd"] = None
    with pytest.raises(DataError, match=r"1 rows lack firm or year \(first rows 3\)"):
        data.firm_panel({"finance": finance})
    panel = data.firm_panel({"finance": finance}, drop_missing_keys=True)
    assert panel.audit.tidy()["rows_out"].tolist() == [9, 8]


def test_st_firms_by_name_and_status(finance):
    panel = data.firm_panel({"finance": finance})
    clean = panel.drop_st()
    assert len(clean.frame) == 8
    assert len(panel.frame) == 9
    assert clean.audit.detail("drop ST")["firm"].tolist() == ["000002"]
    assert panel.drop_st(mark_only=True).frame["st"].sum() == 1
    coded = panel.with_columns({"status": [1, 1, 1, 2, 2, 2, 16, 1, 1]}, "made up")
    with pytest.raises(DataError, match=r"numbers 1, 16, 2[\s\S]*values=\[2, 3\]"):
        coded.drop_st()
    assert len(coded.drop_st(values=[2, 16]).frame) == 5


def test_names_that_only_begin_like_st_firms(finance):
    finance["ShortName"] = ["State Grid", "Star", "PTT", "ST甲", "x", "x", "x", "x", None]
    assert len(data.firm_panel({"f": finance}).drop_st().frame) == 8


def test_offices_elsewhere_and_last_years_are_pointed_out(finance):
    frame = finance.assign(注册地城市="深圳市", 办公城市=["深圳"] * 8 + ["上海市"], GreInv=1)
    notes = data.firm_panel({"f": frame}).notes
    assert "registered and office city differ in 1 rows: 600000" in notes
    assert any("2015 and 2016 may be incomplete" in note for note in notes)


@pytest.mark.parametrize(
    "name", ["*ST海润", "ST 甲", "SST华塑", "S*ST", "PT水仙", "ＳＴ昌九", "退市海润"]
)
def test_names_of_st_firms(finance, name):
    finance["ShortName"] = ["平安银行"] * 8 + [name]
    assert len(data.firm_panel({"f": finance}).drop_st().frame) == 8


def test_financial_firms_of_both_vintages(finance):
    panel = data.firm_panel({"finance": finance})
    assert panel.drop_financial().frame["firm"].unique().tolist() == ["000001", "000002"]
    old = panel.with_columns({"industry": ["I01", "J01", "C5"] * 3}, "made up")
    assert old.drop_financial().frame["industry"].tolist() == ["J01", "C5"] * 3
    bare = panel.with_columns({"industry": ["J", "I", "C"] * 3}, "made up")
    with pytest.raises(DataError, match=r"'I' or 'J' alone[\s\S]*vintage=2012"):
        bare.drop_financial()
    assert bare.drop_financial(vintage=2001).frame["industry"].tolist() == ["J", "C"] * 3
    with pytest.raises(DataError, match="telling ST firms needs a column 'status' or 'name'"):
        data.firm_panel({"f": finance[["Stkcd", "year", "Lev"]]}).drop_st()


def test_balance_warns_of_survivors(finance):
    panel = data.firm_panel({"finance": finance.drop(index=4)})
    with pytest.warns(DataWarning, match="survivors only"):
        kept = panel.balance()
    assert kept.frame["firm"].unique().tolist() == ["000001", "600000"]
    assert kept.audit.tidy().iloc[-1]["firms_out"] == 2


def test_zeros_only_inside_the_coverage_and_outside_the_extract(finance, patents):
    panel = data.firm_panel({"finance": finance, "patents": patents})
    assert panel.coverage["patents"] == (2014, 2015)
    filled = panel.fill_counts(["patents"])
    by_year = filled.frame.set_index(["firm", "year"])["patents"]
    assert by_year.loc[[("000001", 2014), ("000002", 2014), ("600000", 2014)]].tolist() == [5, 0, 0]
    assert by_year.loc[(slice(None), 2016)].isna().all()
    wide = panel.fill_counts(["patents"], coverage=(2014, 2016))
    assert np.isnan(wide.frame.set_index(["firm", "year"])["patents"].loc[("000002", 2016)])
    assert any("blank may mean 'not itemised'" in note for note in wide.notes)
    full = panel.fill_counts("patents", coverage=(2014, 2016), also_blank=True)
    assert full.frame["patents"].notna().all()
    assert full.audit.detail("fill")["filled"].tolist() == [6]


def test_only_counts_of_patents_are_filled(finance, patents):
    panel = data.firm_panel({"finance": finance, "patents": patents})
    with pytest.raises(DataError) as raised:
        panel.fill_counts(["roa", "patentz", "leverage"])
    codes = [fault.code for fault in raised.value.faults]
    assert codes == ["not_a_count", "missing_columns", "not_a_count"]
    made = panel.with_columns({"zone_patents": panel.frame["patents"]}, "copy")
    with pytest.raises(DataError, match=r"not known which years .*'zone_patents'"):
        made.fill_counts(["zone_patents"])


def test_filled_cells_follow_their_rows_through_filters(finance, patents):
    panel = data.firm_panel({"finance": finance, "patents": patents}).drop_financial()
    filled = panel.fill_counts(["patents"]).frame
    assert filled.loc[filled["year"] < 2016, "patents"].tolist() == [5, 7, 0, 0]


def test_right_truncated_years_are_flagged(finance):
    panel = data.firm_panel({"finance": finance})
    flagged = panel.flag_truncated("2016-12-31").frame
    assert flagged.groupby("year")["truncated"].max().tolist() == [0, 1, 1]
    assert panel.flag_truncated("2017-06-30", drop=True).frame["year"].max() == 2015
    with pytest.raises(DataError, match="'soon' is no date"):
        panel.flag_truncated("soon")


def test_winsorise_controls_only(finance, patents):
    panel = data.firm_panel({"finance": finance, "patents": patents})
    cut = panel.winsorise(["roa"], (0, 0.8))
    detail = cut.audit.detail("winsorise").iloc[0]
    assert detail["max_before"] == 50
    assert detail["max_after"] == cut.frame["roa"].max() < 1
    assert detail["cut_high"] == 2
    with pytest.raises(DataError, match=r"'patents' is an outcome[\s\S]*controls only"):
        panel.winsorise(["patents"])
    with pytest.raises(DataError, match="are no quantiles"):
        panel.winsorise(["roa"], (1, 99))
    by_year = panel.winsorise("leverage", (0, 0.5), by="year")
    assert "within year" in str(by_year.audit)


def test_units_are_changed_only_where_they_are_known(finance):
    finance["Indep"] = 37.5
    panel = data.firm_panel({"finance": finance})
    assert panel.to_fraction("indep").frame["indep"].tolist() == [0.375] * 9
    assert panel.to_fraction("indep").units["indep"] == "fraction"
    with pytest.raises(DataError, match=r"not in percent: 'leverage' \(fraction\)"):
        panel.to_fraction(["leverage"])


def test_logs_of_counts_are_noticed_and_undone(finance):
    counts = [0, 1, 2, 5, 9, 33, 0, 0, 2470]
    finance["lnAI"] = np.log1p(counts).astype("float32")
    panel = data.firm_panel({"finance": finance})
    assert any("undo_log('ln_ai_words')" in note for note in panel.notes)
    made = panel.undo_log("ln_ai_words", "ai_words")
    assert made.frame["ai_words"].tolist() == counts
    with pytest.raises(DataError, match="'leverage' is not ln"):
        panel.undo_log("leverage")


def test_parts_of_green_patents_are_added_on_demand(finance):
    frame = finance.assign(green_patent2=2, green_patent3=1, green_patent5=4, green_patent6=3)
    panel = data.firm_panel({"f": frame})
    assert panel.add_green(joint=False).frame["green_patents"].tolist() == [3] * 9
    assert panel.add_green(joint=True).frame["green_inventions"].tolist() == [6] * 9
    with pytest.raises(DataError, match="nothing to add"):
        data.firm_panel({"f": finance}).add_green(joint=True)


@pytest.mark.filterwarnings("ignore::causalgreen.errors.DataWarning")
def test_contradictions_are_warned_of_and_listed(finance):
    frame = finance.assign(patents=5, green_patents=[9] + [1] * 8, did=[0, 1, 0] + [0] * 6, SOE=3)
    with pytest.warns(DataWarning, match=r"more green patents than patents in 1 row: 000001 2014"):
        panel = data.firm_panel({"f": frame})
    found = panel.check(absorbing=["did"])
    assert set(found.tidy()["code"]) == {"green_over_total", "switches_back", "soe_codes"}
    assert found.rows("switches_back")["year"].tolist() == [2016]
    with pytest.raises(DataError, match="'did' switches back"):
        found.raise_if_any()
    mended = panel.drop(panel.frame.index.isin(found.rows("green_over_total").index), "wrong")
    assert not [f for f in mended.check().findings if f.code == "green_over_total"]


def test_keep_wants_a_reason_and_a_mask(finance):
    panel = data.firm_panel({"f": finance})
    assert len(panel.keep(lambda f: f["leverage"] > 0.5, "large").frame) == 4
    with pytest.raises(DataError, match="9 values True or False"):
        panel.keep([True], "too short")
    with pytest.raises(DataError, match="leaves no row of 9"):
        panel.keep_years(1990, 1991)
    with pytest.raises(DataError, match="not one value for each row"):
        panel.with_columns({"x": [1, 2]}, "short")


def test_panel_is_frozen_and_goes_on_to_a_study(finance, patents):
    panel = data.firm_panel({"finance": finance, "patents": patents}).fill_counts("patents")
    with pytest.raises(dataclasses.FrozenInstanceError):
        panel.notes = ()
    frame = panel.frame
    frame["patents"] = -1
    assert panel.frame["patents"].max() == 7
    with pytest.warns(DataWarning):
        made = cg.Panel.from_frame(
            panel.frame, unit="firm", time="year", outcome="patents", treatment="leverage"
        )
    assert made.n_rows == 6


def test_steps_run_after_the_joins_and_results_are_shown(finance):
    panel = data.firm_panel([finance], steps=[lambda p: p.drop_st(), lambda p: p.drop_financial()])
    assert panel.audit.tidy()["rows_out"].tolist() == [9, 8, 5]
    assert "FirmPanel(5 rows, 2 firms, 2014 to 2016" in str(panel)
    assert "drop financial firms" in panel._repr_html_()
    axes = panel.plot()
    assert "3 steps, n = 5 rows" in axes.get_title()
    assert set(panel.tidy()["table"]) == {"", "table 1"}
    assert "rules" in panel.check().plot().get_title()


def test_first_table_must_be_firm_years(finance):
    with pytest.raises(DataError, match=r"has no column firm or year; it has 'x'"):
        data.firm_panel({"a": pd.DataFrame({"x": [1]})})
    with pytest.raises(DataError, match="first table, a, has no column year"):
        data.firm_panel({"a": pd.DataFrame({"Stkcd": [1], "x": [1]})})
    with pytest.raises(DataError, match="there are no tables"):
        data.firm_panel([])
    with pytest.raises(DataError, match="is a int, not a table"):
        data.firm_panel([3])


def test_paths_can_be_given(finance, tmp_path):
    finance.to_csv(tmp_path / "finance.csv", index=False)
    panel = data.firm_panel([tmp_path / "finance.csv"])
    assert panel.audit.steps[0].name == "read finance.csv"
