"""Regions of provinces and tiers of cities, each by a list that says whose and of which year."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from causalgreen.data.city_names import cities, city_code
from causalgreen.data.derived import Derived, account_of, frame_of, refuse, where
from causalgreen.errors import DataError, Fault

__all__ = ["city_tiers", "regions"]

_PROVINCES = """
11 北京 Beijing, 12 天津 Tianjin, 13 河北 Hebei, 14 山西 Shanxi, 15 内蒙古 InnerMongolia,
21 辽宁 Liaoning, 22 吉林 Jilin, 23 黑龙江 Heilongjiang, 31 上海 Shanghai, 32 江苏 Jiangsu,
33 浙江 Zhejiang, 34 安徽 Anhui, 35 福建 Fujian, 36 江西 Jiangxi, 37 山东 Shandong, 41 河南 Henan,
42 湖北 Hubei, 43 湖南 Hunan, 44 广东 Guangdong, 45 广西 Guangxi, 46 海南 Hainan, 50 重庆 Chongqing,
51 四川 Sichuan, 52 贵州 Guizhou, 53 云南 Yunnan, 54 西藏 Tibet, 61 陕西 Shaanxi, 62 甘肃 Gansu,
63 青海 Qinghai, 64 宁夏 Ningxia, 65 新疆 Xinjiang, 71 台湾 Taiwan, 81 香港 HongKong, 82 澳门 Macao
"""
_NAMES = {
    name.lower(): code
    for code, *names in (entry.split() for entry in _PROVINCES.split(","))
    for name in (code, *names)
}
_FOUR = {
    "east": "11 12 13 31 32 33 35 37 44 46", "central": "14 34 36 41 42 43",
    "west": "15 45 50 51 52 53 54 61 62 63 64 65", "northeast": "21 22 23",
}  # fmt: skip
_THREE = {
    "east": "11 12 13 21 31 32 33 35 37 44 46", "central": "14 22 23 34 36 41 42 43",
    "west": "15 45 50 51 52 53 54 61 62 63 64 65",
}  # fmt: skip
_SCHEMES = {
    "four": (_FOUR, "National Bureau of Statistics 2011, 东西中部和东北地区划分方法"),
    "three": (_THREE, "east, central and west of the years before the four regions; the west of "
              "2000 (12 provinces)"),
}  # fmt: skip
_CAPITALS = """130100 140100 150100 210100 220100 230100 320100 330100 340100 350100 360100 370100
410100 420100 430100 440100 450100 460100 510100 520100 530100 540100 610100 620100 630100 640100
650100"""
# 1994; Chongqing left the list in 1997, when it became a municipality
_SUB = """440100 440300 320100 420100 210100 610100 510100 370100 330100 230100 220100 210200
370200 350200 330200"""
_TIERS: dict[str, tuple[dict[str, str], str, str]] = {
    "administrative": (
        {"municipality": "110000 120000 310000 500000", "sub-provincial": _SUB,
         "capital": _CAPITALS},
        "prefecture",
        "rank in the administration: 4 municipalities, 15 sub-provincial cities (1994, 1997), "
        "other capitals of provinces",
    ),
    "yicai2023": (
        {"first": "310000 110000 440300 440100",
         "new first": "510100 500000 330100 420100 320500 610100 320100 430100 120000 410100 "
                      "441900 370200 530100 330200 340100"},
        "other",
        "a magazine's list of 2023 (第一财经 · 新一线城市研究所), first and new first tier; "
        "written down by ourselves, not an official rank, changes every year",
    ),
}  # fmt: skip


def regions(
    data: Any, province: str = "province", scheme: str | Mapping[str, str] = "four"
) -> Derived:
    """Economic region of a province.

    Parameters
    ----------
    data : DataFrame, Table or FirmPanel
    province : str
        Column of provinces: Chinese names, pinyin (Shanxi 山西 and Shaanxi 陕西 apart), or GB
        codes (also of cities: the first two digits count).
    scheme : {"four", "three"} or mapping
        Four regions (east, central, west, northeast) of the statistics bureau, the older three,
        or a mapping of GB codes of two digits to regions.

    Returns
    -------
    Derived
        ``region``; missing where the province is.

    Raises
    ------
    DataError
        A province is not known, or on no list (Taiwan, Hong Kong, Macao).

    Notes
    -----
    Source: National Bureau of Statistics, 东西中部和东北地区划分方法, 13 June 2011.

    Examples
    --------
    >>> table = pd.DataFrame({"province": ["辽宁省", "Shanxi", "Shaanxi", "440300"]})
    >>> regions(table).frame["region"].tolist()
    ['northeast', 'central', 'west', 'east']
    """
    if isinstance(scheme, str):
        if scheme not in _SCHEMES:
            raise refuse("scheme", f"scheme={scheme!r}", 'choose "four", "three", or a mapping')
        table, source = _SCHEMES[scheme]
        lists = {code: name for name, codes in table.items() for code in codes.split()}
    else:
        lists, source = {str(k): v for k, v in scheme.items()}, "given by the user"
    out, _ = _looked_up(data, province, "region", _province, lists, None)
    definition = f"region of the province, by {len(set(lists.values()))} regions"
    account = account_of(out, {"region": (province,)})
    return Derived(out, definition, source, account, (), (), data)


def city_tiers(
    data: Any,
    city: str = "city",
    tiers: str | Mapping[str, str] = "administrative",
    other: str = "other",
) -> Derived:
    """Tier of a city, by a list that is named.

    Parameters
    ----------
    data : DataFrame, Table or FirmPanel
    city : str
        Column of cities: Chinese names or GB codes; ambiguous pinyin ("Suzhou") is refused.
    tiers : {"administrative", "yicai2023"} or mapping
        Administrative rank (municipality, sub-provincial, capital, prefecture); a magazine's list
        of 2023 (first, new first, other); or a mapping of cities to tiers.
    other : str
        Tier of the cities that your mapping does not name.

    Returns
    -------
    Derived
        ``city_tier``; missing where the city is.

    Raises
    ------
    DataError
        A city is not known or ambiguous; rows are named.

    Examples
    --------
    >>> table = pd.DataFrame({"city": ["上海市", "苏州", "深圳", "石家庄市"]})
    >>> city_tiers(table).frame["city_tier"].tolist()
    ['municipality', 'prefecture', 'sub-provincial', 'capital']
    """
    if isinstance(tiers, str):
        if tiers not in _TIERS:
            known = ", ".join(map(repr, _TIERS))
            raise refuse("tiers", f"tiers={tiers!r}", f"choose {known}, or give a mapping")
        table, rest, source = _TIERS[tiers]
        lists: dict[str, str] = {}
        for name, codes in table.items():
            lists = dict.fromkeys(codes.split(), name) | lists
    else:
        lists, rest, source = _own(tiers), other, "given by the user"
    out, notes = _looked_up(data, city, "city_tier", _city, lists, rest)
    account = account_of(out, {"city_tier": (city,)})
    return Derived(out, "tier of the city, by the list named", source, account, notes, (), data)


def _own(tiers: Mapping[str, str]) -> dict[str, str]:
    """Codes of the cities that the user's mapping names."""
    out, bad = {}, []
    for name, tier in tiers.items():
        code, wrong = _city(str(name))
        out[code] = tier
        if wrong:
            bad.append(f"{name!r} {wrong}")
    if bad:
        what = f"tiers= names {'; '.join(bad)}"
        raise refuse("unknown_city", what, "give Chinese names or GB codes of cities")
    return out


def _province(text: str) -> tuple[str, str]:
    if re.fullmatch(r"\d+(\.0)?", text):
        code = text.removesuffix(".0")
        known = code[:2] in _NAMES and len(code) in (2, 4, 6)
        return (code[:2], "") if known else ("", "is no GB code")
    plain = re.sub(r"[\s_-]", "", text).lower()
    plain = re.sub(r"(省|市|(壮族|回族|维吾尔)?自治区|特别行政区|province)$", "", plain)
    return (_NAMES[plain], "") if plain in _NAMES else ("", "is no province")


def _city(text: str) -> tuple[str, str]:
    code, wrong = city_code(text)
    return ("330500" if code == "330521" else code), wrong  # Deqing lies in Huzhou


def _looked_up(
    data: Any,
    column: str,
    name: str,
    read: Callable[[str], tuple[str, str]],
    lists: Mapping[str, str],
    rest: str | None,
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Read each place once, look it up, and gather what is wrong with its rows."""
    frame = frame_of(data)
    if column not in frame:
        raise refuse("missing_columns", f"the table has no column {column!r}", "name another")
    texts = frame[column].map(_written, na_action="ignore")
    found, faults = {}, []
    for text in texts.dropna().unique():
        code, wrong = read(text)
        if not wrong and rest is None and code not in lists:
            wrong = "is on no list of this scheme"
        if wrong:
            what = f"column {column!r}: {text!r} {wrong}: {where(frame, texts == text)}"
            fix = "correct these cells, leave them empty, or give a mapping that has them"
            faults.append(Fault(f"unknown_{column}", what, fix))
        else:
            found[text] = lists.get(code, rest)
    if faults:
        raise DataError(faults)
    values = texts.map(found).astype("str").where(texts.notna())
    unlisted = sorted(t for t in found if rest is not None and read(t)[0] not in cities())
    notes = (f"directly under a province, taken as {rest!r}: {', '.join(unlisted[:5])}",)
    return pd.DataFrame({name: values}, index=frame.index), notes if unlisted else ()


def _written(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip()
