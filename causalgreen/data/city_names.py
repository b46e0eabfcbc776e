"""Chinese cities: GB code, Chinese name, pinyin, place on the map; and how to read a city's name.

The table ``cities.csv`` was written down by ourselves from general knowledge of the public standard
GB/T 2260 (codes of administrative divisions, after 2019). Coordinates are of city seats, good to
about a tenth of a degree (ten kilometres): enough for a map and for rings of distance.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

__all__ = ["City", "ambiguous_pinyin", "cities", "city_code"]

_PROVINCES = (
    "河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南"
    "|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆"
)
_PROVINCE = re.compile(rf"^({_PROVINCES})(省|(?:壮族|回族|维吾尔)?自治区)?")
_MUNICIPALITIES = ("11", "12", "31", "50")
_SPARE = re.compile(r"[\s'’`·.-]+")


@dataclass(frozen=True, slots=True)
class City:
    """A place: ``gb`` (six digits), ``name`` (Chinese), ``pinyin``, ``lon``, ``lat`` (degrees)."""

    gb: str
    name: str
    pinyin: str
    lon: float
    lat: float


@cache
def _table() -> tuple[dict[str, str], ...]:
    file = files("causalgreen.data") / "cities.csv"
    return tuple(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))


@cache
def cities() -> dict[str, City]:
    """All prefecture-level cities by GB code, and Deqing county.

    Examples
    --------
    >>> cities()["320500"].name, len(cities()) > 330
    ('苏州', True)
    """
    return {
        row["gb_code"]: City(
            row["gb_code"],
            row["name_zh"],
            row["name_en"],
            float(row["longitude"]),
            float(row["latitude"]),
        )
        for row in _table()
        if row["longitude"]
    }


@cache
def ambiguous_pinyin() -> dict[str, tuple[str, ...]]:
    """Spellings that stand for more than one place, and the places.

    Examples
    --------
    >>> ambiguous_pinyin()["suzhou"]
    ('苏州 320500', '宿州 341300')
    """
    places: dict[str, list[str]] = {
        "deqing": ["德庆县 441226"],
        "hainan": ["海南省 460000"],
        "jilin": ["吉林省 220000"],
    }
    for city in cities().values():
        places.setdefault(city.pinyin.lower(), []).append(f"{city.name} {city.gb}")
    return {name: tuple(found) for name, found in sorted(places.items()) if len(found) > 1}


@cache
def _index(column: str) -> dict[str, str]:
    """Codes of today by what a column of the table says."""
    return {row[column]: row["belongs_to"] for row in _table() if row[column]}


@cache
def _spellings() -> dict[str, str]:
    names = {name.lower(): gb for name, gb in _index("name_en").items()}
    return {name: gb for name, gb in names.items() if name not in ambiguous_pinyin()}


def city_code(value: str) -> tuple[str, str]:
    """Read one city: a GB code, a Chinese name or an unambiguous pinyin spelling.

    Parameters
    ----------
    value : str
        Such as ``"320500"``, ``"320583"`` (a county in it), ``"苏州市"``, ``"江苏省苏州市昆山市"``.

    Returns
    -------
    tuple of (str, str)
        The GB code of the prefecture (of the county for Deqing), and what is wrong: one is empty.

    Examples
    --------
    >>> city_code("江苏省苏州市"), city_code("浙江省湖州市德清县")
    (('320500', ''), ('330521', ''))
    >>> city_code("Suzhou")
    ('', 'may be 苏州 320500 or 宿州 341300')
    """
    text = _SPARE.sub("", value)
    if re.fullmatch(r"\d+(\.0)?", value.strip()):
        return _of_code(value.strip().removesuffix(".0"))
    if text.isascii():
        return _of_pinyin(text.lower())
    return _of_chinese(text)


def _of_code(code: str) -> tuple[str, str]:
    if len(code) not in (4, 6):
        return "", "is no GB code of a city"
    code = code.ljust(6, "0")
    known = _index("gb_code")
    if code in known:
        return known[code], ""
    prefecture = code[:2] + "0000" if code[:2] in _MUNICIPALITIES else code[:4] + "00"
    if prefecture in known:
        return known[prefecture], ""
    if code[2:4] == "90" and code[:2] in {gb[:2] for gb in known}:  # directly under a province
        return code, ""
    return "", "is no GB code of a city"


def _of_pinyin(text: str) -> tuple[str, str]:
    # Several cities end in "shi" or "city" only by suffix; none of the names does by itself.
    name = re.sub(r"(city|municipality|prefecture|shi)$", "", text) or text
    if name in ambiguous_pinyin():
        return "", f"may be {' or '.join(ambiguous_pinyin()[name])}"
    found = _spellings().get(name) or _spellings().get(text)
    return (found, "") if found else ("", "is no city that is known")


def _of_chinese(text: str) -> tuple[str, str]:
    if "德清" in text:
        return "330521", ""
    if text == "海南":
        return "", "may be 海南省 460000 or 海南州 632500"
    for candidate in (text, _PROVINCE.sub("", text)):
        found = _of_plain(candidate)
        if found:
            return found, ""
    if _PROVINCE.sub("", text) == "":
        return "", "is a province"
    return "", "is no city that is known"


def _of_plain(text: str) -> str:
    """Read a name without its province."""
    names = _index("name_zh")
    short = re.sub(r"(市|地区|盟|自治州|州)$", "", text)
    if text in names or short in names:
        return names.get(text) or names[short]
    if "自治州" in text:
        return next((gb for name, gb in names.items() if text.startswith(name)), "")
    head = re.match(r"(.+?)(?:市|地区|盟)", text)
    return names.get(head.group(1), "") if head else ""
