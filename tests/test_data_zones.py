"""Pilot zones: dates, cohorts, and the traps of attaching them to firms."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalgreen.data.city_names import ambiguous_pinyin, cities, city_code
from causalgreen.data.zones import pilot_zones
from causalgreen.data.zones_attach import attach_pilot_zones
from causalgreen.errors import DataError

mpl.use("Agg")


def firms_in(*places, years=range(2016, 2023), **columns):
    """A firm for each place: one name for all years, or one a year."""
    rows = []
    for i, place in enumerate(places):
        each = [place] * len(years) if isinstance(place, (str, int, float)) else list(place)
        rows += [
            {"firm": f"{600000 + i}", "year": y, "city": c}
            for y, c in zip(years, each, strict=True)
        ]
    return pd.DataFrame(rows).assign(**columns)


def codes_of(error):
    return [fault.code for fault in error.value.faults]


# --- the zones -----------------------------------------------------------------------------------


def test_cohorts_of_both_codings():
    assert pilot_zones().counts == {2019: 7, 2020: 6, 2021: 5}
    assert pilot_zones(cohort="full_year").counts == {2019: 2, 2020: 9, 2021: 4, 2022: 3}


def test_the_codings_agree_with_the_columns_of_the_table():
    from causalgreen.data.zones import _all_zones

    table = _all_zones()
    for programme in ("MOST", "MIIT"):
        rows = table[table["programme"] == programme]
        for coding in ("calendar", "full_year"):
            cohorts = pilot_zones(programme, coding).frame["cohort"].tolist()
            assert cohorts == rows[f"cohort_{coding}"].tolist()


def test_another_cutoff_moves_the_first_full_year():
    early = pilot_zones(cohort="full_year", cutoff="03-01").counts
    assert early == {2019: 1, 2020: 6, 2021: 6, 2022: 5}


def test_a_rule_of_ones_own_sees_dates():
    zones = pilot_zones(cohort=lambda z: z["public_date"].year + (z["public_date"].month >= 7))
    assert zones.counts == pilot_zones(cohort="full_year").counts
    assert "own rule" in str(zones)


@pytest.mark.parametrize("answer", [None, "2019", 2019.5, float("nan"), True, 19])
def test_a_rule_that_gives_no_year_is_refused(answer):
    with pytest.raises(DataError, match=r"MOST-01 \(Beijing\)"):
        pilot_zones(cohort=lambda zone: answer)


def test_unknown_words_are_all_named():
    with pytest.raises(DataError) as error:
        pilot_zones("MOFCOM", "letter", cutoff="30 June")
    assert codes_of(error) == ["unknown_programme", "unknown_cohort", "bad_cutoff"]
    assert "MIIT" in str(error.value)


def test_deqing_is_a_county_inside_huzhou():
    deqing = pilot_zones().frame.set_index("name_en").loc["Deqing"]
    assert (deqing["gb_code"], deqing["prefecture_gb"]) == ("330521", "330500")


def test_zones_are_frozen_and_each_call_gets_its_own_table():
    zones = pilot_zones()
    with pytest.raises(dataclasses.FrozenInstanceError):
        zones.programme = "MIIT"
    zones.frame.loc[0, "cohort"] = 1999
    assert pilot_zones().counts[2019] == 7


def test_tidy_and_html():
    table = pilot_zones("MIIT").tidy()
    assert table["cumulative"].tolist() == [4, 9, 12]
    assert "Qingdao" in pilot_zones("MIIT")._repr_html_()


# --- the map -------------------------------------------------------------------------------------


@pytest.mark.parametrize("programme", ["MOST", "MIIT"])
def test_labels_of_the_map_overlap_neither_each_other_nor_a_zone(programme):
    import matplotlib.pyplot as plt

    zones = pilot_zones(programme)
    figure = zones.plot("map")
    figure.canvas.draw()
    (axis,) = figure.axes
    boxes = [text.get_window_extent() for text in axis.texts]
    assert len(boxes) == len(zones)
    # An annotation's extent includes its line: take the text alone.
    from matplotlib.text import Text

    boxes = [Text.get_window_extent(text) for text in axis.texts]
    for i, a in enumerate(boxes):
        assert not any(a.overlaps(b) for b in boxes[i + 1 :])
    points = axis.transData.transform(zones.frame[["longitude", "latitude"]].to_numpy())
    assert not any(box.contains(x, y) for box in boxes for x, y in points)
    plt.close(figure)


def test_the_map_shows_real_places_and_says_so_in_the_title():
    import matplotlib.pyplot as plt

    figure = pilot_zones().plot()
    assert "MOST" in figure.axes[0].get_title(loc="left")
    assert "n = 18" in figure.axes[0].get_title(loc="left")
    harbin = pilot_zones().frame.set_index("name_en").loc["Harbin"]
    assert abs(harbin["longitude"] - 126.6) < 0.2
    assert abs(harbin["latitude"] - 45.8) < 0.2
    plt.close(figure)


def test_roll_out_has_a_bar_for_each_zone():
    import matplotlib.pyplot as plt

    figure = pilot_zones(cohort="full_year").plot("roll-out")
    assert len(figure.axes[0].patches) == 18
    plt.close(figure)
    with pytest.raises(DataError, match="roll-out"):
        pilot_zones().plot("pie")


# --- cities --------------------------------------------------------------------------------------


def test_all_provincial_capitals_and_zones_have_coordinates():
    capitals = (
        "北京 天津 上海 重庆 石家庄 太原 呼和浩特 沈阳 长春 哈尔滨 南京 杭州 合肥 福州 南昌 "
        "济南 郑州 武汉 长沙 广州 南宁 海口 成都 贵阳 昆明 拉萨 西安 兰州 西宁 银川 乌鲁木齐"
    )
    known = {place.name for place in cities().values()}
    assert set(capitals.split()) <= known
    frames = [pilot_zones(name).frame for name in ("MOST", "MIIT")]
    assert set(pd.concat(frames)["gb_code"]) <= set(cities())


def test_coordinates_lie_in_china_and_near_their_province():
    places = list(cities().values())
    assert all(73 < p.lon < 135.1 and 16 < p.lat < 54 for p in places)
    for province in ("32", "33", "37", "44", "41", "36"):  # compact provinces
        inside = [p for p in places if p.gb[:2] == province]
        middle = np.median([p.lon for p in inside]), np.median([p.lat for p in inside])
        far = [p.name for p in inside if np.hypot(p.lon - middle[0], p.lat - middle[1]) > 5]
        assert not far


def test_codes_and_names_are_unique():
    places = list(cities().values())
    assert len({p.name for p in places}) == len(places)
    assert all(len(code) == 6 and code.isdecimal() for code in cities())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("苏州", "320500"), ("苏州市", "320500"), ("江苏省苏州市", "320500"),
        ("江苏苏州", "320500"),
        ("320500", "320500"), ("320583", "320500"), ("3205", "320500"), ("320500.0", "320500"),
        ("宿州市", "341300"), ("昆山市", "320500"), ("310115", "310000"),
        ("上海市浦东新区", "310000"),
        ("北京市朝阳区", "110000"), ("朝阳市", "211300"), ("500231", "500000"),
        ("371200", "370100"),
        ("莱芜市", "370100"), ("恩施土家族苗族自治州", "422800"), ("恩施州", "422800"),
        ("内蒙古自治区呼和浩特市", "150100"), ("海南藏族自治州", "632500"), ("吉林市", "220200"),
        ("阿克苏地区", "652900"), ("兴安盟", "152200"), ("襄樊市", "420600"), ("429005", "429005"),
        ("德清县", "330521"), ("浙江省湖州市德清县", "330521"), ("湖州市", "330500"),
        ("Xi'an", "610100"), ("Hangzhou City", "330100"), ("Haerbin", "230100"),
        ("Huangshi", "420200"),
    ],
)  # fmt: skip
def test_cities_are_read(text, code):
    assert city_code(text) == (code, "")


@pytest.mark.parametrize(
    "text", ["Suzhou", "suzhou city", "SUZHOU", "Taizhou", "Fuzhou", "Yichun", "Yulin", "Deqing"]
)
def test_spellings_of_two_cities_are_refused(text):
    code, reason = city_code(text)
    assert code == ""
    assert reason.startswith("may be")
    assert " or " in reason


def test_the_pairs_that_are_known_to_collide():
    pairs = {
        name: {place.split()[0] for place in found} for name, found in ambiguous_pinyin().items()
    }
    assert pairs["suzhou"] == {"苏州", "宿州"}
    assert pairs["taizhou"] == {"台州", "泰州"}
    assert pairs["fuzhou"] == {"福州", "抚州"}
    assert pairs["yichun"] == {"宜春", "伊春"}
    assert pairs["yulin"] == {"玉林", "榆林"}


@pytest.mark.parametrize("text", ["江苏省", "海南", "朝阳区", "123", "999999", "", "Atlantis", "0"])
def test_what_is_no_city_is_refused(text):
    code, reason = city_code(text)
    assert code == ""
    assert reason


@given(st.text(max_size=20))
def test_any_text_gets_a_code_or_a_reason(text):
    code, reason = city_code(text)
    assert bool(code) != bool(reason)


# --- attaching -----------------------------------------------------------------------------------


def test_zone_is_one_from_the_cohort_on():
    done = attach_pilot_zones(firms_in("深圳市", "郑州", "大连"))
    frame = done.frame.set_index(["firm", "year"])
    assert frame.loc["600000", "zone"].tolist() == [0, 0, 0, 1, 1, 1, 1]
    assert frame.loc["600001", "zone"].tolist() == [0, 0, 0, 0, 0, 1, 1]
    assert frame.loc["600002", "zone"].sum() == 0
    assert frame.loc["600002", "zone_cohort"].eq(0).all()
    assert frame["zone"].dtype == "int64"
    full = attach_pilot_zones(firms_in("郑州"), cohort="full_year").frame
    assert full["zone"].tolist() == [0, 0, 0, 0, 0, 0, 1]


def test_zone_never_switches_back():
    names = [p.name for p in cities().values() if p.name not in ("海南",)]
    frame = attach_pilot_zones(firms_in(*names)).frame
    assert (frame.groupby("firm")["zone"].diff().fillna(0) >= 0).all()


def test_codes_names_and_mixtures_give_the_same():
    by_name = attach_pilot_zones(firms_in("苏州市", "宿州市")).frame["zone"]
    by_code = attach_pilot_zones(firms_in(320500, 341300)).frame["zone"]
    mixed = attach_pilot_zones(firms_in(["320500"] * 3 + ["苏州"] * 4, "341300")).frame["zone"]
    assert by_name.tolist() == by_code.tolist() == mixed.tolist()
    assert by_name.sum() == 2  # Suzhou in Jiangsu, 2021 and 2022; not Suzhou in Anhui


def test_bare_suzhou_is_refused_with_rows_and_both_cities():
    table = firms_in("Shanghai", "Suzhou", "Atlantis")
    with pytest.raises(DataError) as error:
        attach_pilot_zones(table)
    assert codes_of(error) == ["ambiguous_city", "unknown_city"]
    text = str(error.value)
    assert "苏州 320500 or 宿州 341300" in text
    assert "7 rows of 1 firm, first row 7 (firm 600001, year 2016: Suzhou)" in text
    assert "aliases=" in text


def test_an_alias_says_which_is_meant():
    table = firms_in("Suzhou", "开曼群岛", "深圳")
    done = attach_pilot_zones(table, aliases={"Suzhou": "320500", "开曼群岛": None})
    assert done.firms["status"].tolist() == ["zone", "no city", "zone"]
    with pytest.raises(DataError, match="bad_alias"):
        attach_pilot_zones(table, aliases={"Suzhou": "Suzhou"})


def test_only_deqing_is_treated_in_huzhou():
    table = firms_in("湖州市", "湖州市", "330521")
    table["county"] = ["德清县"] * 7 + ["安吉县"] * 7 + [None] * 7
    blind = attach_pilot_zones(table)
    assert blind.firms["status"].tolist() == ["unclear", "unclear", "zone"]
    assert blind.frame["zone"].isna().sum() == 14
    assert any("neither treated nor clean" in note for note in blind.notes)
    seeing = attach_pilot_zones(table, county="county")
    assert seeing.firms["status"].tolist() == ["zone", "unclear", "zone"]
    assert seeing.frame["zone"].isna().sum() == 7


def test_huzhou_is_clean_in_the_other_programme():
    done = attach_pilot_zones(firms_in("湖州市"), programme="MIIT")
    assert done.firms["status"].tolist() == ["never"]


def test_cities_of_the_other_programme_are_flagged():
    done = attach_pilot_zones(firms_in("青岛", "南京", "上海", "大连"))
    assert done.firms["status"].tolist() == [
        "other programme only", "other programme only", "zone", "never",
    ]  # fmt: skip
    frame = done.frame.drop_duplicates("firm")
    assert frame["zone_other_only"].tolist() == [1, 1, 0, 0]
    assert frame["zone_other_cohort"].tolist() == [2019, 2022, 2019, 0]
    assert any("no clean controls" in note and "青岛" in note for note in done.notes)


def test_location_before_the_programme_decides_and_movers_are_listed():
    into = ["大连"] * 4 + ["深圳"] * 3  # moves in 2020
    out = ["深圳"] * 4 + ["大连"] * 3
    before = ["大连"] * 2 + ["深圳"] * 5  # moves in 2018: belongs to Shenzhen
    done = attach_pilot_zones(firms_in(into, out, before))
    assert done.firms["status"].tolist() == ["never", "zone", "zone"]
    movers = done.movers.set_index("firm")
    assert movers.loc["600000", ["first_year_there", "other_city_cohort"]].tolist() == [2020, 2019]
    assert movers.loc["600001", "base_cohort"] == 2019
    assert movers.loc["600002", "other_city"].startswith("大连")
    assert done.frame.groupby("firm")["zone_mover"].first().tolist() == [1, 1, 1]
    assert any("3 firms seen in another city" in note for note in done.notes)


def test_a_county_of_the_same_city_is_no_move():
    done = attach_pilot_zones(
        firms_in(["苏州市"] * 3 + ["昆山市"] * 4, ["429004"] * 3 + ["429005"] * 4)
    )
    assert done.movers["firm"].tolist() == ["600001"]


def test_firms_that_enter_late_are_marked():
    table = firms_in("深圳", "大连")
    table = table[(table["firm"] != "600000") | (table["year"] >= 2020)]
    done = attach_pilot_zones(table)
    assert done.firms["late"].tolist() == [1, 0]
    assert any("100% of the firms in zones and 0% of the others" in note for note in done.notes)


def test_firms_without_a_city_have_no_zone():
    done = attach_pilot_zones(firms_in("深圳", [None] * 7, [None] * 3 + ["上海"] * 4))
    assert done.firms["status"].tolist() == ["zone", "no city", "zone"]
    assert done.frame["zone"].isna().sum() == 7
    assert any("without a city in any row" in note for note in done.notes)
    assert any("without a city up to 2018" in note for note in done.notes)
    with pytest.raises(DataError, match="no_city"):
        attach_pilot_zones(firms_in([None] * 7))


def test_laiwu_counts_as_jinan_and_it_is_said():
    done = attach_pilot_zones(firms_in("莱芜市"))
    assert done.firms["cohort"].tolist() == [2020]
    assert any("Laiwu" in note for note in done.notes)


def test_rows_order_index_and_columns_stay():
    table = firms_in("深圳", "大连", x=1.5).sample(frac=1, random_state=0)
    before = table.copy()
    done = attach_pilot_zones(table)
    pd.testing.assert_frame_equal(table, before)
    pd.testing.assert_frame_equal(done.frame[list(table.columns)], before)


def test_all_that_is_wrong_with_the_table_comes_at_once():
    table = firms_in("深圳").assign(zone=1)
    table["year"] = table["year"].astype(object)
    table.loc[2, "year"] = "next year"
    table.loc[3, "firm"] = None
    with pytest.raises(DataError) as error:
        attach_pilot_zones(table)
    assert codes_of(error) == ["columns_exist", "bad_values", "bad_values"]
    assert "row 2 ('next year')" in str(error.value)
    with pytest.raises(DataError, match=r"(?s)no column 'stadt'.*has firm, year, city"):
        attach_pilot_zones(firms_in("深圳"), "stadt")
    with pytest.raises(DataError, match="not a table"):
        attach_pilot_zones([1, 2])


def test_both_programmes_side_by_side():
    first = attach_pilot_zones(firms_in("青岛", "沈阳")).frame
    both = attach_pilot_zones(first, programme="MIIT", prefix="miit").frame
    last = both[both["year"] == 2022].set_index("firm")
    assert last[["zone", "miit"]].values.tolist() == [[0, 1], [1, 0]]


def test_a_panel_gets_the_step_in_its_audit_trail():
    class Trail(SimpleNamespace):
        def adding(self, step, frame):
            return Trail(frame=frame, audit=(*self.audit, step))

    panel = Trail(frame=firms_in("深圳", "大连"), audit=())
    done = attach_pilot_zones(panel)
    assert "pilot zones of MOST" in str(done.panel.audit[0])
    assert "1 zone" in str(done.panel.audit[0])
    assert done.panel.frame["zone"].sum() == 4
    assert attach_pilot_zones(panel.frame).panel is None


def test_result_has_its_forms():
    import matplotlib.pyplot as plt

    done = attach_pilot_zones(firms_in("深圳", "湖州", "青岛", "大连"))
    table = done.tidy().set_index("status")
    assert table["firms"].sum() == 4
    assert table.loc["zone", "treated_rows"] == 4
    assert "1 of 4 firms in zones" in str(done)
    assert "<li>" in done._repr_html_()
    figure = done.plot()
    assert "n = 4 firms" in figure.axes[0].get_title(loc="left")
    plt.close(figure)
