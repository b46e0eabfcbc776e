"""Reading a table from a file."""

from __future__ import annotations

import gzip
import sys

import pandas as pd
import pytest

from causalgreen.data.tables import read_table
from causalgreen.errors import DataError, DataWarning

CHINESE = "股票代码,年份,城市\n000001,2015,深圳\n600000,2015,上海\n"


@pytest.fixture
def frame():
    return pd.DataFrame({"firm": ["000001", "600000"], "year": [2015, 2016], "ai": [0.25, 0.5]})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_chinese_text_is_read_in_every_usual_encoding(tmp_path, encoding):
    file = tmp_path / "面板.csv"
    file.write_bytes(CHINESE.encode(encoding))
    table = read_table(file, text_columns=["股票代码"])
    assert list(table.columns) == ["股票代码", "年份", "城市"]
    assert table["股票代码"].tolist() == ["000001", "600000"]
    assert table["城市"].tolist() == ["深圳", "上海"]


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet", ".dta", ".xlsx"])
def test_formats_agree(tmp_path, frame, suffix):
    file = tmp_path / f"panel{suffix}"
    write = {
        ".parquet": lambda: frame.to_parquet(file),
        ".dta": lambda: frame.to_stata(file, write_index=False),
        ".xlsx": lambda: frame.to_excel(file, index=False),
    }
    write.get(suffix, lambda: frame.to_csv(file, index=False))()
    table = read_table(file, text_columns=["firm"])
    assert table["firm"].tolist() == ["000001", "600000"]
    assert table["year"].tolist() == [2015, 2016]
    assert table["ai"].tolist() == [0.25, 0.5]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_separator_is_found_from_the_header(tmp_path, frame, separator):
    file = tmp_path / "panel.csv"
    frame.to_csv(file, index=False, sep=separator)
    assert read_table(file).shape == (2, 3)


def test_stata_labels_stay_numbers(tmp_path):
    file = tmp_path / "panel.dta"
    table = pd.DataFrame({"soe": [0, 1]})
    table.to_stata(file, write_index=False, value_labels={"soe": {0: "private", 1: "state"}})
    assert read_table(file)["soe"].tolist() == [0, 1]


def test_missing_file_names_the_near_ones(tmp_path):
    (tmp_path / "panel.csv").write_text("a\n1\n")
    with pytest.raises(DataError, match=r"there is no file .*pannel\.csv[\s\S]*panel\.csv"):
        read_table(tmp_path / "pannel.csv")


def test_missing_file_names_the_other_tables_after_the_near_ones(tmp_path):
    for name in ("zpanel.csv", "a.dta", "b.xlsx", "c.parquet", "d.csv.gz", "e.csv", "f.csv"):
        (tmp_path / name).touch()
    (tmp_path / "notes.txt").touch()
    with pytest.raises(DataError) as raised:
        read_table(tmp_path / "panel.csv")
    (fault,) = raised.value.faults
    assert fault.fix.startswith("in that folder there is: zpanel.csv, ")
    assert fault.fix.endswith(" and 1 more")
    assert fault.fix.count(",") == 5
    assert "notes.txt" not in fault.fix


def test_missing_file_in_an_empty_or_missing_folder(tmp_path):
    with pytest.raises(DataError, match="that folder holds no table"):
        read_table(tmp_path / "panel.csv")
    with pytest.raises(DataError, match=r"there is no folder .*nowhere"):
        read_table(tmp_path / "nowhere" / "panel.csv")


def test_unknown_format_lists_the_known(tmp_path):
    file = tmp_path / "panel.sav"
    file.touch()
    with pytest.raises(DataError, match=r"'\.sav' cannot be read[\s\S]*\.csv.*\.dta.*\.xlsx"):
        read_table(file)


def test_folder_is_refused(tmp_path):
    folder = tmp_path / "x.csv"
    folder.mkdir()
    with pytest.raises(DataError, match="is a folder"):
        read_table(folder)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("e.csv", b"", "is empty"),
        ("h.csv", b"firm,year\n", "has no rows"),
        ("r.csv", b"a,b\n1,2\n1,2,3\n", r"Expected 2 fields in line 3, saw 3[\s\S]*that line"),
        ("d.csv", b"ai,ai,year\n1,2,3\n", "more than once: ai"),
        ("z.csv.gz", b"not gzip", "cannot be read"),
        ("t.csv.gz", gzip.compress(b"a,b\n1,2\n" * 9999)[:-20], "cannot be read"),
        ("b.csv", b"a,b\n\xff\xff\xff,1\n", "neither UTF-8 nor GB18030"),
        ("b.parquet", b"junk", "is not a parquet file"),
        ("b.dta", b"junk", "is not a Stata file"),
        ("b.xlsx", b"junk", "is not an Excel file"),
    ],
)
def test_damaged_files_are_named(tmp_path, name, content, message):
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(DataError, match=message) as raised:
        read_table(file)
    assert str(file) in str(raised.value)


@pytest.mark.parametrize(("module", "suffix"), [("openpyxl", ".xlsx"), ("pyarrow", ".parquet")])
def test_missing_reader_names_the_extra(tmp_path, frame, monkeypatch, module, suffix):
    file = tmp_path / f"panel{suffix}"
    frame.to_excel(file) if suffix == ".xlsx" else frame.to_parquet(file)
    monkeypatch.setitem(sys.modules, module, None)
    if module == "pyarrow":  # pandas has already imported it: hide what it holds
        monkeypatch.setattr("pandas.io.parquet.get_engine", _no_engine)
    with pytest.raises(DataError, match=rf"needs {module}[\s\S]*causalgreen\[files\]"):
        read_table(file)


def _no_engine(engine):
    raise ImportError(f"no {engine}")


def test_second_sheet_is_pointed_out(tmp_path, frame):
    file = tmp_path / "panel.xlsx"
    with pd.ExcelWriter(file) as writer:
        frame.to_excel(writer, sheet_name="2015", index=False)
        frame.to_excel(writer, sheet_name="2016", index=False)
    with pytest.warns(DataWarning, match=r"has 2 sheets; the first one, '2015'"):
        assert len(read_table(file)) == 2
