"""The simulated panel as messy files: each trap is there, and the clean table comes back."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest

import causalgreen as cg
from causalgreen.data.files import SimulatedFiles, simulate_files
from causalgreen.data.realism import Realism


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return simulate_files(tmp_path_factory.mktemp("raw"), n_firms=80, n_years=6, seed=2)


def sheet(path, **kwargs):
    return pd.read_excel(path, dtype=str, **kwargs)


def test_all_tables_are_there(made):
    tidy = made.tidy()
    assert tidy["table"].tolist() == list(made.paths)
    assert (tidy["bytes"] > 1000).all()
    assert tidy.set_index("table").loc[["assets", "staff"], "files"].tolist() == [4, 3]
    assert all(path.exists() for path in made.paths.values())
    assert isinstance(made, SimulatedFiles)


def test_workbooks_have_three_header_rows_and_a_dictionary(made):
    (book,) = made.paths["basics"].glob("*.xlsx")
    raw = sheet(book, header=None)
    assert raw.iloc[0, :2].tolist() == ["Symbol", "EndDate"]
    assert raw.iloc[1, :2].tolist() == ["股票代码", "统计截止日期"]
    assert set(raw.iloc[2]) == {"没有单位"}
    assert len(raw) == len(made.frame) + 3
    assert raw.iloc[3, 0] == made.frame["firm"].iloc[0]
    (words,) = made.paths["basics"].glob("*[[]DES[]]*.txt")
    assert "Symbol [股票代码] - " in words.read_text("utf-8")
    assert (made.paths["basics"] / "版权声明.pdf").exists()


def test_statements_are_stacked_over_two_workbooks(made):
    books = sorted(made.paths["assets"].glob("*.xlsx"))
    assert [book.name for book in books] == ["FS_Combas.xlsx", "FS_Combas1.xlsx"]
    table = pd.concat([sheet(book).iloc[2:] for book in books])
    assert set(table["Typrep"]) == {"A", "B"}
    days = table["Accper"].str.slice(4).unique()
    assert set(days) == {"-01-01", "-03-31", "-06-30", "-09-30", "-12-31"}
    assert len(table) == 10 * len(made.frame)
    right = table[(table["Typrep"] == "A") & table["Accper"].str.endswith("-12-31")]
    np.testing.assert_array_equal(right["A001000000"].astype(float), made.frame["assets"])


def test_patents_are_stacked(made):
    (book,) = made.paths["patents"].glob("*.xlsx")
    table = sheet(book).iloc[2:]
    assert set(table["ApplyTypeCode"]) == {f"S520{k}" for k in range(1, 7)}
    assert set(table["StateTypeCode"]) == set(table["Area"]) == {"1", "2"}
    assert table.duplicated(["Symbol", "EndDate"]).mean() > 0.5
    assert table["Invention"].isna().any()
    taken = table[(table["StateTypeCode"] == "1") & (table["Area"] == "1")]
    taken = taken[taken["ApplyTypeCode"] == "S5201"]
    np.testing.assert_array_equal(taken["Patents"].astype(int), made.frame["patents"])
    stock = table[(table["StateTypeCode"] == "1") & (table["Area"] == "1")]
    stock = stock[stock["ApplyTypeCode"] == "S5204"].reset_index(drop=True)
    flow = made.frame.groupby("firm")["inventions"].cumsum()
    np.testing.assert_array_equal(stock["Invention"].astype(float), flow)
    assert pd.read_excel(book)["Patents"].iloc[2:].astype(float).sum() > 2 * made.frame[
        "patents"].sum()  # fmt: skip


def test_codes_lose_their_zeros(made):
    short = made.frame["firm"].str.startswith("0")
    assert short.any()
    stata = pd.read_stata(made.paths["ai"])
    assert stata["stkcd"].tolist() == made.frame["firm"].astype(int).tolist()
    np.testing.assert_array_equal(stata["lnAI"], made.frame["ai"])
    with pd.io.stata.StataReader(made.paths["ai"]) as reader:
        assert reader.variable_labels()["AIwords"] == "人工智能词频"
    parts = sorted(made.paths["staff"].glob("*.csv"))
    staff = pd.concat([pd.read_csv(part) for part in parts])
    assert staff["股票代码"].dtype.kind == "i"
    assert len(staff) == len(made.frame)


def test_old_encodings(made):
    for name in ("publications", "governance"):
        raw = made.paths[name].read_bytes()
        with pytest.raises(UnicodeDecodeError):
            raw.decode("utf-8")
        raw.decode("gbk")
    text = next(made.paths["ratios"].glob("*.txt")).read_bytes().decode("gbk")
    assert text.splitlines()[0].split("\t")[:3] == ["Stkcd", "Accper", "Typrep"]


def test_green_workbook_leaves_out_zeros(made):
    table = sheet(made.paths["green"])
    assert table.columns[2] == "当年独立申请的绿色发明数量"
    assert len(table) == (made.frame["green_patents"] > 0).sum()
    total = table.iloc[:, 2:].astype(int).to_numpy().sum()
    assert total == made.frame["green_patents"].sum()


def test_publications_are_the_green_patents_counted_once(made):
    table = pd.read_csv(made.paths["publications"], encoding="gbk")
    assert table["申请号"].duplicated().any()
    assert set(table["专利类型"]) == {"发明申请", "发明授权", "实用新型"}
    assert table["申请人"].str.contains(";").any()
    # codes by sections of our own mapping, without the reader that is tested elsewhere
    once = table.drop_duplicates("申请号")
    section = once["主分类号"].str.slice(0, 4)
    classes = {
        "green_clean_production": ["F24S", "F03D", "H01M"],
        "green_end_of_pipe": ["B01D", "C02F", "F01N"],
        "green_recycling": ["B29B"], "green_administrative": ["G06Q"],
    }  # fmt: skip
    keys = [once["股票代码"], once["申请日"].str.slice(0, 4).astype(int)]
    clean = made.frame.assign(firm=made.frame["firm"].astype(int)).set_index(["firm", "year"])
    for name, places in classes.items():
        counted = section.isin(places).groupby(keys).sum()
        counted = counted.reindex(clean.index, fill_value=0)
        np.testing.assert_array_equal(counted, clean[name], err_msg=name)
    joint = once["申请人"].str.contains(";").sum()
    assert joint == clean[["green_inventions_joint", "green_utility_joint"]].to_numpy().sum()
    kinds = once.loc[~section.isin(["G06Q", "G06N", "H04L", "A61K"]), "专利类型"]
    assert (kinds == "实用新型").sum() == clean["green_utility"].sum()


def test_the_road_back_is_exact(made):
    from causalgreen import data

    names = ("basics", "assets", "ratios", "patents", "green", "ai", "staff", "governance")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cg.DataWarning)
        panel = data.firm_panel({name: made.paths[name] for name in names})
        parts = [f"green_{a}_{b}" for a in ("inventions", "utility") for b in ("own", "joint")]
        panel = panel.fill_counts(parts).add_green(joint=True)
        edges = data.read(made.paths["edges"]).frame
    names = {"ln_ai_words": "ai", "存货占比": "inventory", "COUNTY": "county"}
    back = panel.frame.rename(columns=names)
    common = [c for c in made.frame.columns if c in back.columns]
    assert len(common) >= 38
    pd.testing.assert_frame_equal(
        back[common], made.frame[common], check_dtype=False, check_exact=True
    )
    pd.testing.assert_frame_equal(edges[list(made.edges.columns)], made.edges, check_dtype=False)


def test_green_patents_are_counted_back_by_class(made):
    from causalgreen import data
    from causalgreen.data.patents import green_patents

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cg.DataWarning)
        counted = green_patents(data.read(made.paths["publications"]).frame).frame
    keys = ["firm", "year"]
    counted, clean = counted.set_index(keys), made.frame.set_index(keys)
    for name in ("green_patents", "green_inventions", "green_utility", "green_clean_production",
                 "green_end_of_pipe", "green_recycling"):  # fmt: skip
        found = counted[name].reindex(clean.index, fill_value=0)
        np.testing.assert_array_equal(found, clean[name], err_msg=name)


def test_zones_are_attached_back():
    from causalgreen.data.zones_attach import attach_pilot_zones

    df = cg.simulate_panel(600, 8, realism=Realism()).df
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cg.DataWarning)
        frame = attach_pilot_zones(df, city="city", county="county", cohort="full_year").frame
    known = frame["zone"].notna()  # the rest of Huzhou is unclear by design
    assert set(df.loc[~known.to_numpy(), "city"]) <= {"湖州市"}
    np.testing.assert_array_equal(frame.loc[known, "zone"], frame.loc[known, "ai_zone"])


def test_same_seed_same_files(made, tmp_path):
    again = simulate_files(tmp_path / "new", n_firms=80, n_years=6, seed=2)
    pd.testing.assert_frame_equal(again.frame, made.frame)
    for name in ("publications", "governance", "edges"):
        assert again.paths[name].read_bytes() == made.paths[name].read_bytes()


def test_nothing_is_overwritten(made, tmp_path):
    with pytest.raises(cg.DataError, match=r"is not empty: it holds[^\n]*\n.*name a new folder"):
        simulate_files(made.folder)
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(cg.DataError, match="cannot be made"):
        simulate_files(file)
    with pytest.raises(ValueError, match="both must be True"):
        simulate_files(tmp_path / "b", realism=Realism(counts=False))
    assert not (tmp_path / "b").exists()


def test_result_object(made):
    assert "三" not in str(made)
    assert "publications: 绿色专利明细.csv (csv, GBK)" in str(made)
    assert "<table" in made._repr_html_()
    assert made.truth is made.simulation.truth
    back = pickle.loads(pickle.dumps(made))
    assert dict(back.paths) == dict(made.paths)
    with pytest.raises(TypeError):
        made.paths["basics"] = made.folder
    assert "firms" in made.plot().get_suptitle()
