"""Derived variables: known values by hand, accounts, and rows that are refused by name."""

from __future__ import annotations

import warnings

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalgreen import data
from causalgreen.errors import DataError

mpl.use("Agg")


def codes_of(error):
    return [fault.code for fault in error.value.faults]


# --- structure of a place ------------------------------------------------------------------------


def test_upgrading_by_hand():
    table = pd.DataFrame(
        {"city": ["a", "b", "c"], "primary": [10, 0, None], "secondary": [40, 50, 20.0],
         "tertiary": [50, 50, 80.0]}
    )  # fmt: skip
    made = data.industrial_upgrading(table)
    np.testing.assert_allclose(made.frame["upgrading"], [1.25, 1.0, 4.0])
    np.testing.assert_allclose(made.frame["upgrading_layers"], [2.4, 2.5, np.nan])
    assert made.tidy()["missing"].tolist() == [0, 1]
    assert "经济研究" in made.source
    per_cent = data.industrial_upgrading(table.assign(**table.iloc[:, 1:] / 3)).frame
    np.testing.assert_allclose(per_cent, made.frame)  # yuan or shares: the same
    assert list(data.industrial_upgrading(table, primary=None).frame) == ["upgrading"]


def test_theil_by_hand():
    table = pd.DataFrame(
        {"y1": [10, 20, 0.0], "y2": [40, 30, 50.0], "y3": [50, 50, 50.0],
         "l1": [30, 2, 0.0], "l2": [30, 3, 25.0], "l3": [40, 5, 75.0]}
    )  # fmt: skip
    made = data.rationalisation(table, ["y1", "y2", "y3"], ["l1", "l2", "l3"])
    by_hand = 0.1 * np.log(1 / 3) + 0.4 * np.log(4 / 3) + 0.5 * np.log(5 / 4)
    third = 0.5 * np.log(2) + 0.5 * np.log(2 / 3)
    np.testing.assert_allclose(made.frame["structure_theil"], [by_hand, 0, third], atol=1e-15)


@given(st.lists(st.tuples(st.floats(0.01, 99), st.floats(0.01, 99)), min_size=2, max_size=5))
def test_theil_is_never_negative_and_zero_when_balanced(pairs):
    names = [f"{kind}{i}" for kind in "yl" for i in range(len(pairs))]
    y, n = [a for a, _ in pairs], [b for _, b in pairs]
    table = pd.DataFrame([y + n, y + y], columns=names)
    k = len(pairs)
    found = data.rationalisation(table, names[:k], names[k:]).frame["structure_theil"]
    assert found[0] >= -1e-12
    assert abs(found[1]) < 1e-12


def test_bad_structure_is_refused_with_rows():
    table = pd.DataFrame(
        {"city": ["苏州", "宿州"], "year": [2019, 2020], "primary": [-1.0, 2],
         "secondary": [4, 0.0], "tertiary": [5, 6.0]}
    )  # fmt: skip
    with pytest.raises(DataError) as error:
        data.industrial_upgrading(table)
    assert codes_of(error) == ["out_of_range", "division"]
    assert "row 0 (city 苏州, year 2019)" in str(error.value)
    assert "row 1 (city 宿州, year 2020)" in str(error.value)
    with pytest.raises(DataError, match="no column 'GDP3'"):
        data.industrial_upgrading(table, tertiary="GDP3")
    with pytest.raises(DataError, match="'tertiary' is no number"):
        data.industrial_upgrading(table.astype({"tertiary": str}))
    idle = pd.DataFrame({"a": [1.0], "b": [1.0], "c": [0.0], "d": [2.0]})
    with pytest.raises(DataError, match="output but no employment: 1 row, first row 0"):
        data.rationalisation(idle, ["a", "b"], ["c", "d"])
    with pytest.raises(DataError, match="employment sums to 0"):
        data.rationalisation(idle.assign(d=0.0), ["a", "b"], ["c", "d"])
    with pytest.raises(DataError, match="output names 2 columns and employment 1"):
        data.rationalisation(idle, ["a", "b"], ["c"])


# --- staff and output of a firm ------------------------------------------------------------------


def staff():
    return pd.DataFrame(
        {"firm": ["000001", "000002", "000003"], "year": 2020, "employees": [200, 100, 0],
         "bachelor": [40, 60, 0], "master": [10, None, 0], "rd_staff": [30, 120, 0]}
    )  # fmt: skip


def test_shares_of_staff_by_hand():
    made = data.human_capital_shares(
        staff(), bachelor=["bachelor", "master"], rd_staff="rd_staff", impossible="missing"
    )
    np.testing.assert_allclose(made.frame["skilled_share"], [0.25, np.nan, np.nan])
    np.testing.assert_allclose(made.frame["rd_staff_share"], [0.15, np.nan, np.nan])
    assert made.tidy().set_index("column").loc["rd_staff_share", "out_of_range"] == 1
    assert made.attach()["rd_staff_share"].notna().sum() == 1


def test_more_staff_than_employees_is_refused():
    with pytest.raises(DataError, match=r"exceeds 'employees'.*firm 000002, year 2020"):
        data.human_capital_shares(staff(), rd_staff="rd_staff")
    with pytest.raises(DataError, match="no staff is named"):
        data.human_capital_shares(staff())
    with pytest.raises(DataError, match=r"'bachelor' holds -1.*row 0 \(firm 000001"):
        data.human_capital_shares(staff().assign(bachelor=-1), bachelor="bachelor")


def segments():
    return pd.DataFrame(
        {"firm": ["a", "a", "a", "b", "b"], "year": 2020,
         "industry": ["C3110", "C39", "I65", "C39", "D44"], "output": [60.0, 30, 10, 0, 0]}
    )  # fmt: skip


def test_clean_share_by_hand():
    made = data.clean_output_share(segments())
    assert made.keys == ("firm", "year")
    np.testing.assert_allclose(made.frame["clean_share"], [0.4, np.nan])
    assert made.frame["industries"].tolist() == [3, 2]
    assert made.tidy().loc[0, "out_of_range"] == 1
    assert "1 have no output" in made.notes[0]
    own = data.clean_output_share(segments(), polluters=["I65"]).frame
    assert own["clean_share"].iloc[0] == pytest.approx(0.9)
    with pytest.raises(DataError, match=r"panel.join\(result.frame"):
        made.attach()


def test_bad_segments_are_refused():
    twice = pd.concat([segments(), segments().iloc[[0]]], ignore_index=True)
    with pytest.raises(DataError, match="the same row twice: 1 row, first row 5"):
        data.clean_output_share(twice)
    with pytest.raises(DataError, match=r"industry is missing: 1 row, first row 1 \(firm a"):
        data.clean_output_share(segments().assign(industry=["C31", None, "I65", "C39", "D44"]))
    with pytest.raises(DataError, match="C51 are no codes of 2012"):
        data.clean_output_share(segments().iloc[:3].assign(industry="C51"))


# --- industries ----------------------------------------------------------------------------------


def test_list_of_polluters_is_explicit():
    heavy = data.heavy_polluters()
    assert len(heavy.tidy()) == 16
    assert len(heavy.codes) == 15
    assert heavy.vintage == 2012
    assert {"C15", "C27"} <= set(heavy.plus("C15", "C27").codes)
    assert "D44" not in heavy.without("D44").codes
    assert heavy.tidy().query("codes == ''")["name_zh"].tolist() == ["酿造", "制药", "发酵"]
    with pytest.raises(DataError, match="'31'"):
        data.heavy_polluter(segments(), polluters=["31"])


def test_polluters_of_another_vintage_are_not_flagged():
    table = pd.DataFrame({"year": [2015, 2015, 2015], "industry": ["C31", "C3010", "N77"]})
    assert data.heavy_polluter(table).frame["heavy_polluter"].tolist() == [1, 1, 0]
    # C31 was paper, and exists in both: the year says that it cannot be told
    with pytest.raises(DataError, match=r"in 2010 no code of 'industry' tells"):
        data.heavy_polluter(table.assign(year=2010, industry="C31"))
    with pytest.raises(DataError, match=r"C99 are no codes of 2012.*3 rows"):
        data.heavy_polluter(table.assign(industry="C99"))
    with pytest.raises(DataError, match="without two digits"):
        data.heavy_polluter(table.assign(industry="C"))


def test_vintages_are_told_year_by_year():
    table = pd.DataFrame(
        {"year": [2011, 2011, 2011, 2014, 2014, 2014],
         "industry": ["C51", "G87", "C31", "C39", "I65", "C31"]}
    )  # fmt: skip
    made = data.industry_codes(table)
    assert made.frame["industry_vintage"].tolist() == [2001] * 3 + [2012] * 3
    groups = made.frame["industry_group"]
    assert groups[2] == "C31 (2001)"  # paper
    assert groups[5] == "C31 (2012)"  # steel
    assert made.frame["industry_section"].tolist() == list("CGCCIC")
    new = data.industry_codes(table.iloc[3:])
    assert new.frame["industry_group"].tolist() == ["C39", "I", "C31"]


def test_vintages_that_cannot_be_told_are_refused():
    mixed = pd.DataFrame({"firm": list("ab"), "year": 2012, "industry": ["C51", "C39"]})
    with pytest.raises(DataError, match=r"in 2012 column 'industry' mixes .*C51"):
        data.industry_codes(mixed)
    with pytest.raises(DataError, match="exist in both classifications"):
        data.industry_codes(mixed.assign(industry="C31"))
    assert data.industry_codes(mixed.assign(industry="C31"), vintage=2001).frame[
        "industry_group"
    ].tolist() == ["C31", "C31"]
    with pytest.raises(DataError, match=r"'C51', which no classification of 2012 has: 1 row"):
        data.industry_codes(mixed, vintage=2012)
    with pytest.raises(DataError, match=r"holds '制造业': 2 rows, first row 0 \(firm a"):
        data.industry_codes(mixed.assign(industry="制造业"))
    with pytest.raises(DataError, match="holds 'X99'"):
        data.industry_codes(mixed.assign(industry="X99"))


def test_manufacturing_without_digits_is_counted():
    table = pd.DataFrame({"industry": ["C", "C39", "K", None]})
    made = data.industry_codes(table, vintage=2012)
    assert made.frame["industry_group"].isna().tolist() == [True, False, False, True]
    assert made.tidy().set_index("column").loc["industry_group", "out_of_range"] == 1


# --- places --------------------------------------------------------------------------------------


def test_regions_by_hand():
    table = pd.DataFrame(
        {"province": ["江苏省", "广西壮族自治区", "Shanxi", "Shaanxi", 230000, None]}
    )
    made = data.regions(table).frame["region"]
    assert made.iloc[:5].tolist() == ["east", "west", "central", "west", "northeast"]
    assert made.isna().tolist() == [False] * 5 + [True]
    three = data.regions(table, scheme="three").frame["region"]
    assert three.iloc[4] == "central"
    own = data.regions(table.iloc[:1], scheme={"32": "delta"})
    assert own.frame["region"].tolist() == ["delta"]
    assert "2011" in data.regions(table).source


def test_every_province_has_one_region():
    from causalgreen.data.derived_places import _FOUR, _THREE

    for scheme in (_FOUR, _THREE):
        codes = [code for listed in scheme.values() for code in listed.split()]
        assert len(codes) == len(set(codes)) == 31


def test_unknown_provinces_are_refused_with_rows():
    table = pd.DataFrame({"firm": ["a", "b"], "province": ["江南", "台湾"]})
    with pytest.raises(DataError) as error:
        data.regions(table)
    assert "'江南' is no province: 1 row, first row 0 (firm a" in str(error.value)
    assert "'台湾' is on no list" in str(error.value)


def test_tiers_by_hand():
    table = pd.DataFrame({"city": ["上海市", "苏州", "深圳", "石家庄市", "德清县", None]})
    made = data.city_tiers(table)
    want = ["municipality", "prefecture", "sub-provincial", "capital", "prefecture"]
    assert made.frame["city_tier"].iloc[:5].tolist() == want
    assert made.frame["city_tier"].isna().sum() == 1
    magazine = data.city_tiers(table, tiers="yicai2023")
    assert magazine.frame["city_tier"].iloc[:4].tolist() == ["first", "new first", "first", "other"]
    assert "2023" in magazine.source
    own = data.city_tiers(table, tiers={"苏州市": "star"}, other="rest").frame["city_tier"]
    assert own.iloc[:2].tolist() == ["rest", "star"]
    with pytest.raises(DataError, match="'Suzhou' may be 苏州 320500 or 宿州 341300"):
        data.city_tiers(pd.DataFrame({"city": ["Suzhou"]}))
    with pytest.raises(DataError, match="'Atlantis' is no city"):
        data.city_tiers(table, tiers={"Atlantis": "lost"})


def test_lists_of_cities_hold_what_they_say():
    from causalgreen.data.city_names import cities
    from causalgreen.data.derived_places import _TIERS

    sizes = {name: {k: len(v.split()) for k, v in table.items()}
             for name, (table, _, _) in _TIERS.items()}  # fmt: skip
    assert sizes["administrative"] == {"municipality": 4, "sub-provincial": 15, "capital": 27}
    assert sizes["yicai2023"] == {"first": 4, "new first": 15}
    for table, _, _ in _TIERS.values():
        assert all(code in cities() for codes in table.values() for code in codes.split())


# --- the result ----------------------------------------------------------------------------------


def test_a_panel_gets_the_step_in_its_audit():
    table = staff().assign(province="江苏", assets=[1e9, 2e9, 3e9])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        panel = data.firm_panel(table)
    more = data.regions(panel).attach()
    assert more.frame["region"].tolist() == ["east"] * 3
    assert "derive region" in str(more.audit)
    with pytest.raises(DataError, match="has region already"):
        data.regions(more).attach()
    assert len(data.regions(more).attach(replace=True).frame) == 3
    table.loc[0, "province"] = "四川"
    assert panel.frame["province"].tolist() == ["江苏"] * 3


def test_rows_keep_their_index_and_the_table_stays():
    table = pd.DataFrame({"province": ["江苏", "四川"]}, index=[7, 3])
    before = table.copy()
    made = data.regions(table)
    assert made.frame.index.tolist() == [7, 3]
    pd.testing.assert_frame_equal(table, before)
    with pytest.raises(DataError, match="not a table"):
        data.regions([1, 2])
    with pytest.raises(DataError, match="no rows"):
        data.regions(table.iloc[:0])


def test_result_has_its_forms():
    import matplotlib.pyplot as plt

    made = data.regions(pd.DataFrame({"province": ["江苏", "四川", None]}))
    assert "1 missing" in str(made)
    assert "<table" in made._repr_html_()
    assert len(made) == 3
    figure = made.plot()
    assert "n = 2, 1 missing" in figure.axes[0].get_title()
    plt.close(figure)
    many = pd.DataFrame({"primary": 1.0, "secondary": np.arange(1.0, 30), "tertiary": 2.0})
    figure = data.industrial_upgrading(many).plot()
    assert len(figure.axes) == 2
    plt.close(figure)


CELLS = st.one_of(
    st.none(), st.text(max_size=6), st.integers(-5, 700_000), st.floats(), st.booleans(),
    st.sampled_from(["C39", "C51", "c3910", "江苏省", "苏州", "Suzhou", "１１", "J", "330521"]),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=4))
def test_any_cells_give_an_answer_or_a_data_error(rows):
    table = pd.DataFrame(rows, columns=["a", "b"])
    for call in (
        lambda: data.regions(table, "a"),
        lambda: data.city_tiers(table, "a"),
        lambda: data.industry_codes(table, "a"),
        lambda: data.heavy_polluter(table, "a", year="b"),
        lambda: data.industry_codes(table, "a", year="b"),
        lambda: data.human_capital_shares(table, "a", rd_staff="b"),
        lambda: data.industrial_upgrading(table, None, "a", "b"),
        lambda: data.rationalisation(table, ["a", "b"], ["b", "a"]),
        lambda: data.clean_output_share(table, "a", "b", by="a"),
    ):
        try:
            made = call()
        except DataError:
            continue
        assert len(made.tidy()) >= 1
        assert str(made)
        if not made.keys:
            assert len(made.attach()) == len(table)
