"""Green patents from patent-level records: what is counted once, for whom, and in which class."""

from __future__ import annotations

import os
import re
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalgreen.data.patents import green_patents
from causalgreen.data.patents_rows import application_number
from causalgreen.data.patents_rules import green_rules, symbols_in
from causalgreen.errors import DataError

mpl.use("Agg")

A, B, C = "201910000001", "201920000002", "202010000003"


def extract(*rows, **more):
    """Rows of (number, publication, codes, firm), and further columns."""
    table = pd.DataFrame(rows, columns=["申请号", "公开（公告）号", "分类号", "股票代码"])
    return table.assign(**more)


def codes_of(error):
    return [fault.code for fault in error.value.faults]


def row_of(result, firm="000001", year=2019):
    return result.frame.set_index(["firm", "year"]).loc[(firm, year)]


# --- symbols and places --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "symbols"),
    [
        ("H01M10/54(2006.01)I; B09B 3/00", ("H01M 10/54", "B09B 3/00")),
        ("H01M10/54；B09B3/00", ("H01M 10/54", "B09B 3/00")),
        ("H01M0010540000|C02F0001000000", ("H01M 10/54", "C02F 1/00")),
        ("H01L 31/0525, G06Q50/06", ("H01L 31/0525", "G06Q 50/06")),
        ("F16H", ("F16H",)),
        ("14-03", ()),
        ("", ()),
    ],
)
def test_symbols_of_a_cell(cell, symbols):
    assert symbols_in(cell) == symbols


@pytest.mark.parametrize(
    ("symbol", "kind"),
    [
        ("H02S 40/44", "clean_production"), ("F03D 7/02", "clean_production"),
        ("C02F 1/00", "end_of_pipe"), ("C02F 3/28", "end_of_pipe"), ("B01D 46/10", "end_of_pipe"),
        ("B01D 53/78", "end_of_pipe"), ("F01N 3/20", "end_of_pipe"), ("F23J 15/02", "end_of_pipe"),
        ("B09B 3/00", "end_of_pipe"), ("B09C 1/08", "end_of_pipe"), ("G21F 9/04", "end_of_pipe"),
        ("B29B 17/02", "recycling"), ("C10L 5/46", "recycling"), ("H01M 10/54", "recycling"),
        ("C10L 5/44", "clean_production"), ("F01N 5/02", "clean_production"),
        ("G21C 1/00", "clean_production"), ("G06Q 50/06", "administrative"),
        ("G08G 1/01", "administrative"), ("Y02W 30/62", "recycling"),
        ("Y02P 10/20", "clean_production"),
        ("H10F 10/14", "clean_production"), ("A01G 25/02", "other"),
    ],
)  # fmt: skip
def test_the_narrowest_place_gives_the_class(symbol, kind):
    assert green_rules().match((symbol,)).classes == (kind,)


@pytest.mark.parametrize(
    "symbol", ["G06N 3/08", "G06F 17/30", "B01D 61/00", "B01D 44/00", "H01M 10/05"]
)
def test_what_is_not_green(symbol):
    assert green_rules().match((symbol,)).classes == ()


def test_subgroups_are_decimals():
    rules = green_rules(pd.DataFrame({"ipc": ["H01L 31/04-31/06"], "class": ["x"]}))
    tried = ("31/03", "31/04", "31/0525", "31/06", "31/061", "31/40")
    hits = [sub for sub in tried if rules.match((f"H01L {sub}",)).classes]
    assert hits == ["31/04", "31/0525", "31/06"]


def test_a_table_of_ones_own_replaces_ours():
    own = pd.DataFrame({"ipc": ["G06N", "C02F 1/00, 3/28"], "class": ["thinking", "water"]})
    table = extract((A, "CN1A", "G06N 3/08", 1), (C, "CN2A", "C02F 1/44;H02S 10/00", 1))
    green = green_patents(table, own)
    assert green.frame["green_patents"].sum() == 2
    assert {"green_thinking", "green_water"} <= set(green.frame.columns)


def test_a_bad_table_of_places_is_refused_with_all_its_faults():
    own = pd.DataFrame({"ipc": ["C02F", "C02F", "waste", "B01D 53/x"], "class": list("abcd")})
    with pytest.raises(DataError) as error:
        green_rules(own)
    assert codes_of(error) == ["bad_ipc", "two_classes"]
    assert "waste" in str(error.value)
    assert "C02F is a and b" in str(error.value)
    with pytest.raises(DataError, match="no column 'class'"):
        green_rules(pd.DataFrame({"ipc": ["C02F"]}))


def test_each_row_of_our_table_reaches_its_own_place():
    rules = green_rules()
    for row in rules.table.itertuples():
        assert rules.match(_probe(row.ipc)).topics, row.ipc


def _probe(place: str, end: int = 0) -> tuple[str, ...]:
    """A symbol of a place: its first (0) or last (-1)."""
    head, _, rest = place.partition(" ")
    if not rest:
        return symbols_in({1: head + "01B", 3: head + "B"}.get(len(head), head))
    part = re.split("[-–]", rest)[end].strip()
    return symbols_in(f"{head} {part if '/' in part else part + '/00'}")


@pytest.mark.shared_data
def test_agreement_with_the_inventory_of_wipo():
    folder = os.environ.get("CAUSALGREEN_DATA")
    found = sorted(Path(folder).glob("ipc_green_inventory/*.xlsx")) if folder else []
    if not found:
        pytest.skip("CAUSALGREEN_DATA is not set, or has no ipc_green_inventory")
    ours, wipo = green_rules(), green_rules(found[0])
    ends = [(r.ipc, r.topic, _probe(r.ipc, e)) for r in wipo.table.itertuples() for e in (0, -1)]
    gone = [(p, t) for p, t, probe in ends if t not in ours.match(probe).topics]
    own = ours.table[ours.table["source"] == "WIPO"]
    back = [(r.ipc, r.topic) for r in own.itertuples() for e in (0, -1)
            if r.topic not in wipo.match(_probe(r.ipc, e)).topics]  # fmt: skip
    agree = 1 - len(gone) / len(ends), 1 - len(back) / (2 * len(own))
    print(f"WIPO in ours {agree[0]:.1%}, ours in WIPO {agree[1]:.1%}; {gone} {back}")
    assert min(agree) >= 0.98, (gone, back)


# --- what is counted -----------------------------------------------------------------------------


def test_application_and_grant_of_one_invention_count_once():
    table = extract(
        (f"CN{A}.7", "CN110A", "H02S 10/00", 1), (A, "CN110B", "H02S 10/00", 1),
        (f"ZL{B}5", "CN220U", "C02F 1/00", 1), (C, "CN330A", "B29B 17/00", 1),
    )  # fmt: skip
    green = green_patents(table)
    assert green.frame["green_patents"].tolist() == [2, 1]
    assert row_of(green)["green_inventions"] == 1
    assert row_of(green)["green_utility"] == 1
    joined = green.audit.set_index("step").loc["records of one application joined"]
    assert (joined["rows_in"], joined["rows_out"]) == (4, 3)
    granted = green_patents(table, granted=True)
    assert granted.frame["green_patents"].sum() == 2


def test_invention_and_utility_make_the_total():
    table = extract(
        (A, "1A", "H02S 10/00", 1), (B, "2U", "X", 1), ("201930000009", "3S", "14-03", 1)
    )
    green = green_patents(table)
    f = green.frame
    assert (f["inventions"] + f["utility_models"] == f["patents"]).all()
    assert (f["green_patents"] <= f["patents"]).all()
    assert f["patents"].tolist() == [2]
    assert green.audit.set_index("step").loc["designs left out", "rows_out"] == 2
    assert any("no IPC symbol that can be read" in n and B in n for n in green.notes)


def test_year_from_the_number_or_from_the_date():
    table = extract(
        (A, "1A", "H02S 10/00", 1), (C, "2A", "H02S 10/00", 1), 申请日=["2018.12.30", None]
    )
    green = green_patents(table)
    assert green.frame["year"].tolist() == [2018, 2020]
    assert any("take the year from their number" in note for note in green.notes)


def test_administrative_codes_do_not_make_a_patent_green():
    table = extract((A, "1A", "G06Q 10/04", 1), (B, "2U", "G08G 1/00;H02S 10/00", 1))
    green = green_patents(table)
    assert row_of(green)[["green_patents", "administrative"]].tolist() == [1, 2]
    assert any("AI falls by classification" in n and "1 of them" in n for n in green.notes)
    every = green_patents(table, exclude=())
    assert row_of(every)[["green_patents", "green_administrative"]].tolist() == [2, 2]
    with pytest.raises(DataError, match="unknown_class"):
        green_patents(table, exclude=("administration",))


def test_broad_places_can_be_left_out_and_are_told():
    table = extract((A, "1A", "G01R 31/00", 1), (B, "2U", "G01R 1/00;H02S 10/00", 1))
    with_broad = green_patents(table)
    assert row_of(with_broad)["green_patents"] == 2
    assert any("1 patents are green through broad places alone" in n for n in with_broad.notes)
    assert row_of(green_patents(table, broad=False))["green_patents"] == 1


@pytest.mark.parametrize(
    ("several", "counts"), [("each", [1, 1]), ("main", [0, 1]), ("split", [0.5, 0.5])]
)
def test_patents_of_several_classes(several, counts):
    table = extract((A, "1A", "B29B 17/00;C02F 1/00", 1))
    row = row_of(green_patents(table, several=several))
    assert row[["green_end_of_pipe", "green_recycling"]].tolist() == counts
    assert row["green_patents"] == 1


def test_main_class_finds_fewer():
    table = extract((A, "1A", "G06N 3/08;H02S 10/00", 1), 主分类号=["G06N 3/08"])
    assert green_patents(table).frame["green_patents"].sum() == 1
    assert green_patents(table, places="main").frame["green_patents"].sum() == 0
    with pytest.raises(DataError, match="main IPC"):
        green_patents(table.drop(columns="主分类号"), places="main")


# --- for whom ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "counts"), [("share", [1, 1]), ("split", [1 / 3, 1 / 3]), ("first", [1, 0])]
)
def test_joint_patents(rule, counts):
    table = extract((A, "1A", "H02S 10/00", None), 申请人=["甲公司；某大学; 乙公司"])
    green = green_patents(table, applicants=rule, firms={"甲公司": 1, "乙 公司": "600000"})
    sums = (
        green.frame.groupby("firm")["green_patents"]
        .sum()
        .reindex(["000001", "600000"], fill_value=0)
    )
    assert sums.tolist() == pytest.approx(counts)
    assert any("1 applications are joint" in note for note in green.notes)


def test_parent_and_subsidiary_are_one_firm():
    table = extract((A, "1A", "H02S 10/00", None), 申请人=["甲公司;甲子公司;大学"])
    names = {"甲公司": "000001", "甲子公司": "000001"}
    assert green_patents(table, firms=names).frame["green_patents"].tolist() == [1]
    split = green_patents(table, firms=names, applicants="split")
    assert split.frame["green_patents"].tolist() == pytest.approx([2 / 3])


def test_one_row_for_each_firm_of_a_joint_patent():
    table = extract((A, "1A", "H02S 10/00", 1), (A, "1A", "H02S 10/00", 600000), 申请人="甲;乙")
    assert green_patents(table).frame["green_patents"].tolist() == [1, 1]
    assert green_patents(table, applicants="split").frame["green_patents"].tolist() == [0.5, 0.5]
    with pytest.raises(DataError, match=r"does not say whether the firm is the first.*" + A):
        green_patents(table, applicants="first")


def test_codes_in_one_cell_follow_the_applicants():
    table = extract((A, "1A", "H02S 10/00", "000001;600000"), 申请人="甲;乙")
    assert green_patents(table, applicants="first").frame["firm"].tolist() == ["000001"]


def test_split_sums_to_the_number_of_patents():
    table = extract((A, "1A", "H02S 10/00", "1;600000"), (C, "2A", "C02F 1/00", "1;600000;300001"))
    assert green_patents(table, applicants="split").frame["green_patents"].sum() == pytest.approx(2)


def test_applications_of_nobody_are_left_out_with_their_number():
    table = extract((A, "1A", "H02S 10/00", None), (C, "2A", "C02F 1/00", 1))
    audit = green_patents(table).audit.set_index("step")
    assert audit.loc["applications of no firm left out", ["rows_in", "rows_out"]].tolist() == [2, 1]
    with pytest.raises(DataError, match="no application of a firm is left"):
        green_patents(table.head(1))


# --- time ----------------------------------------------------------------------------------------


def test_years_still_to_be_published_are_marked():
    rows = [(f"20{y}1000000{y}", f"{y}A", "H02S 10/00", 1) for y in range(15, 22)]
    green = green_patents(extract(*rows), extract_date="2021-12-31")
    assert green.frame.set_index("year")["truncated"].tolist() == [False] * 5 + [True, True]
    assert any("2020 to 2021 are too small" in note for note in green.notes)


def test_grant_years():
    table = extract(
        (A, "1A", "H02S 10/00", 1), (A, "1B", "H02S 10/00", 1), 公开日=["2020-01-01", 20220501]
    )
    assert green_patents(table, granted=True, date="grant").frame["year"].tolist() == [2022]
    with pytest.raises(DataError, match="granted=True"):
        green_patents(table, date="grant")
    with pytest.raises(DataError, match="no invention in the table is marked as granted"):
        green_patents(table.head(1), granted=True)


# --- bad input -----------------------------------------------------------------------------------


def test_missing_columns_are_named_together():
    with pytest.raises(DataError) as error:
        green_patents(pd.DataFrame({"x": [1]}))
    assert codes_of(error) == ["missing_columns"] * 3
    assert "申请号" in str(error.value)
    with pytest.raises(DataError, match="unknown_columns"):
        green_patents(extract((A, "1A", "H02S", 1)), columns={"ipc": "nope"})


def test_damaged_numbers_kinds_dates_and_firms_come_at_once():
    table = extract(
        ("2.0191E+12", "1A", "H02S", 1), (None, "2A", "H02S", 1), (C, "3A", "H02S", "ABC"),
        (C, "3A", "H02S", 1), 专利类型=["发明", "发明", "发明", "实用新型"],
        申请日=["2019-01-01"] * 3 + ["soon"],
    )  # fmt: skip
    with pytest.raises(DataError) as error:
        green_patents(table)
    assert set(codes_of(error)) == {"application_number", "two_kinds", "bad_dates", "firm_codes"}
    text = str(error.value)
    assert "row 1" in text
    assert "2.0191E+12" in text
    assert "'soon'" in text


def test_foreign_numbers_need_a_kind():
    table = extract(("US16/123456", "US1B2", "H02S 10/00", 1))
    with pytest.raises(DataError, match="unknown_kind"):
        green_patents(table)
    known = table.assign(kind="invention", application_date="2019-03-01")
    assert green_patents(known).frame["green_patents"].tolist() == [1]
    with pytest.raises(DataError, match="no year of application"):
        green_patents(table.assign(kind="invention"))


@given(st.text(max_size=30))
def test_any_text_has_a_number_and_symbols(text):
    assert isinstance(application_number(text), str)
    assert all(re.fullmatch(r"[A-HY]\d{2}[A-Z]( \d+/\d+)?", s) for s in symbols_in(text))


def test_wrong_choices_are_refused():
    with pytest.raises(DataError) as error:
        green_patents(extract((A, "1A", "H02S", 1)), applicants="half", several="some")
    assert codes_of(error) == ["unknown_choice", "unknown_choice"]
    assert "share, split, first" in str(error.value)
    for nothing in (pd.DataFrame(), 7):
        with pytest.raises(DataError, match="not_a_table"):
            green_patents(nothing)


def test_input_is_not_changed_and_a_file_gives_the_same(tmp_path):
    table = extract((A, "1A", "H02S 10/00", "000001"), (B, "2U", "C02F 1/00", "000001"))
    before = table.copy()
    green = green_patents(table)
    pd.testing.assert_frame_equal(table, before)
    file = tmp_path / "patents.csv"
    table.to_csv(file, index=False, encoding="utf-8-sig")
    pd.testing.assert_frame_equal(green_patents(file).frame, green.frame)


def test_result_has_its_forms():
    import matplotlib.pyplot as plt

    table = extract((A, "1A", "H02S 10/00;G06Q 10/00", 1), (C, "2A", "C02F 1/00", 600000))
    green = green_patents(table)
    tidy = green.tidy()
    assert tidy["patents"].sum() == 3  # the administrative one, too
    assert set(green.tidy("topic")["topic"]) == {
        "alternative energy",
        "waste management",
        "administrative",
    }
    assert "2 green of 2 patents" in str(green)
    assert "<table" in green._repr_html_()
    figure = green.plot()
    assert "2 of 2 patents, 2 firms" in figure.axes[0].get_title(loc="left")
    plt.close(figure)


def test_files_as_they_are_delivered(tmp_path):
    """GBK, a folder of parts with header rows, zeros that a number would lose."""
    table = extract((A, "1A", "H02S 10/00", "000001"), (B, "2U", "C02F 1/00", "000001"))
    table["申请号"] = ["03112345.6", B]  # of 2003: as a number it would lose its zero
    want = green_patents(table).frame
    table.to_csv(tmp_path / "gbk.csv", index=False, encoding="gbk")
    green = green_patents(tmp_path / "gbk.csv")
    pd.testing.assert_frame_equal(green.frame, want)
    assert green.frame["year"].min() == 2003
    assert any("GB18030" in note for note in green.notes)
    folder = tmp_path / "parts"
    folder.mkdir()
    codes = {name: f"V{i}" for i, name in enumerate(table.columns)}
    for i in range(2):
        head = pd.DataFrame([list(table.columns), ["没有单位"] * table.shape[1]])
        part = pd.concat([head.set_axis(table.columns, axis=1), table.iloc[[i]]])
        part.rename(columns=codes).to_excel(folder / f"PAT{i}.xlsx", index=False)
    parts = green_patents(folder)
    pd.testing.assert_frame_equal(parts.frame, want)
    assert any("2 parts" in note for note in parts.notes)
    table.assign(more=1).to_csv(folder / "PAT9.csv", index=False)
    with pytest.raises(DataError, match=r"PAT9\.csv and PAT0\.xlsx have different columns: more"):
        green_patents(folder)
