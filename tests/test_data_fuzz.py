"""Readers under fire: an answer or a DataError, never another exception, never a wrong join."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from causalgreen import data
from causalgreen.data.codes import firm_codes
from causalgreen.data.reading import table_of
from causalgreen.data.units import read_numbers
from causalgreen.data.years import read_years
from causalgreen.errors import DataError

SETTINGS = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
NAMES = st.sampled_from(
    [
        "Stkcd",
        "股票代码",
        "year",
        "会计年度",
        "统计截止日期",
        "Lev",
        "资产负债率(%)",
        "Size",
        "GreInv",
        "ShortName",
        "x",
        "",
        "id",
        "firm",
        "date",
        "column_1",
        "x_original",
        "AI词频",
        "SOE",
        " y ",
    ]
)
CELLS = st.one_of(
    st.sampled_from(
        [
            "",
            "1",
            "000001",
            "600000.SH",
            "sz000002",
            "2015",
            "2015-12-31",
            "0.5",
            "50%",
            "--",
            "NA",
            "1,234",
            "没有单位",
            "证券代码",
            "inf",
            "-inf",
            "1e400",
            "True",
            '"',
            "'",
            "数据来源：Wind",
            "\t",
            "99999999999999999999",
            "６００５１９",
            "0x10",
            "1_000",
            "nan",
            "2015年",
            "None",
            "١٢",
        ]
    ),
    st.text(max_size=6),
    st.integers(-(10**20), 10**20).map(str),
    st.floats().map(str),
)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "big5"])


def attempt(function, *arguments):
    """Return the answer, or None when it is a DataError that says something."""
    try:
        return function(*arguments)
    except DataError as error:
        faults = error.faults
    assert faults
    assert all(fault.what and fault.fix for fault in faults)
    return None


def read_bytes(content, name):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(content)
        return attempt(data.read, file)


@SETTINGS
@given(
    st.binary(max_size=200),
    st.sampled_from(["a.csv", "a.txt", "a.csv.gz", "a.xlsx", "a.dta", "a.parquet"]),
)
@example(b"\xef\xbb\xbf", "a.csv")
@example(b'"', "a.csv")
@example(b"a\r1\r", "a.csv")
def test_any_bytes(content, name):
    read_bytes(content, name)


@SETTINGS
@given(
    st.lists(NAMES, min_size=1, max_size=6),
    st.lists(st.lists(CELLS, max_size=6), max_size=8),
    ENCODINGS,
    st.sampled_from(",;\t"),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_any_text_table(names, rows, encoding, separator, end, quoted):
    out = io.StringIO()
    style = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    writer = csv.writer(out, delimiter=separator, lineterminator=end, quoting=style)
    writer.writerows([names, *rows])
    read_bytes(out.getvalue().encode(encoding, errors="replace"), "t.csv")


@SETTINGS
@given(
    st.lists(st.integers(2000, 2020), min_size=1, max_size=5),
    st.integers(0, 2),
    st.booleans(),
    st.sampled_from(["utf-8", "gbk", "utf-16"]),
)
def test_header_rows_lose_no_row_of_data(values, extra, title, encoding):
    """Rows of numbers below a title and one to three header rows all come through."""
    header = [["mystery", "Size"], ["标签", "规模"], ["没有单位", "元"]][: extra + 1]
    rows = [*([["表1"]] if title else []), *header, *[[str(v), "21.5"] for v in values]]
    text = "\n".join(",".join(row) for row in rows)
    found = read_bytes(text.encode(encoding), "t.csv")
    assert found is not None
    assert found.frame["mystery"].tolist() == values
    assert found.frame["size"].tolist() == [21.5] * len(values)


@SETTINGS
@given(
    st.lists(
        st.lists(
            st.one_of(st.none(), st.integers(), st.floats(), st.booleans(), st.dates(), CELLS),
            max_size=5,
        ),
        max_size=8,
    )
)
def test_any_frame(rows):
    width = max((len(row) for row in rows), default=0)
    names = ["Stkcd", "year", "Lev", "GreInv", "ShortName"][:width]
    frame = pd.DataFrame([row + [None] * (width - len(row)) for row in rows], columns=names or None)
    table = attempt(table_of, frame)
    if table is not None:
        panel = attempt(data.firm_panel, table)
        assert panel is None or len(panel.frame) <= len(frame)


@settings(SETTINGS, max_examples=25)
@given(
    st.lists(
        st.lists(
            st.one_of(
                st.none(),
                st.integers(-(2**40), 2**40),
                st.booleans(),
                st.dates(),
                st.sampled_from(["Stkcd", "证券代码", "没有单位", "000001", "year", "2015"]),
            ),
            max_size=4,
        ),
        max_size=6,
    )
)
def test_any_workbook(rows):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    read_bytes(out.getvalue(), "t.xlsx")


@SETTINGS
@given(st.lists(st.one_of(st.none(), st.integers(), st.floats(), st.booleans(), st.dates(), CELLS)))
def test_any_column(values):
    column = pd.Series(values, dtype=object)
    codes = firm_codes(column)
    assert len(codes.values) == len(values)
    assert codes.values.dropna().str.fullmatch(r"\d{6}|").all()
    years = read_years(column)
    assert len(years.years) == len(values)
    assert len(read_numbers(column.map(str)).values) == len(values)


@SETTINGS
@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(2014, 2017)), min_size=1, max_size=20),
    st.lists(st.tuples(st.integers(1, 6), st.integers(2014, 2017)), min_size=1, max_size=20),
    st.sampled_from(["left", "inner", "outer"]),
)
def test_joins_are_right_or_refused(left, right, how):
    """Each joined value is that of its own firm and year, and no row comes twice."""
    a = pd.DataFrame({"Stkcd": [f for f, _ in left], "year": [y for _, y in left]})
    b = pd.DataFrame({"Stkcd": [f"{f:06d}.SZ" for f, _ in right], "year": [y for _, y in right]})
    a["a"] = [10_000 * f + y for f, y in left]
    b["b"] = range(len(right))  # differs among rows that repeat a key
    panel = attempt(lambda: data.firm_panel({"a": a, "b": b}, how=how))
    if len(set(right)) < len(right):
        assert panel is None
    if panel is None:
        return
    frame = panel.frame
    assert not frame.duplicated(["firm", "year"]).any()
    value = {key: i for i, key in enumerate(right)}
    for row in frame.itertuples():
        key = (int(row.firm), row.year)
        assert (np.isnan(row.b) and key not in value) or row.b == value[key]
    keys = set(zip(frame["firm"].astype(int), frame["year"], strict=True))
    ours, theirs = set(left), set(right)
    assert keys == {"left": ours, "inner": ours & theirs, "outer": ours | theirs}[how]
    assert panel.audit.steps[-1].rows_out == len(frame)


def test_a_million_rows(tmp_path):
    n = 1_000_000
    frame = pd.DataFrame({"Stkcd": np.arange(n) % 3000 + 1, "Accper": "2015-12-31", "Lev": 0.5})
    frame.to_csv(tmp_path / "big.csv", index=False)
    table = data.read(tmp_path / "big.csv")
    assert len(table.frame) == n
    assert table.frame["firm"].str.len().eq(6).all()
    assert not any("may be cut off" in note for note in table.notes)
    with (tmp_path / "big.csv").open("a") as file:
        file.write("1,2015-12-31\n")
    with pytest.raises(DataError, match=r"line 1000002 has 2 fields"):
        data.read(tmp_path / "big.csv")
