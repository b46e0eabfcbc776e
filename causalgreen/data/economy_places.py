"""Where simulated firms sit: real cities and industries, roughly as listed firms are spread."""

from __future__ import annotations

from causalgreen.data.industry_lists import heavy_polluters
from causalgreen.data.zones import pilot_zones

__all__ = ["CITIES", "HEAVY", "INDUSTRIES", "PROVINCES", "cohorts"]

# Listed firms by prefecture, in tens; rounded by hand, for weights only. The cities whose pinyin
# collides (Suzhou, Taizhou, Fuzhou, Yichun, Yulin) are there in pairs.
_CITIES = """
110000 46, 310000 43, 440300 42, 330100 22, 320500 21, 440100 16, 320100 12, 320200 12, 330200 11,
510100 11, 420100 8, 430100 8, 340100 8, 120000 7, 500000 7, 330600 7, 350200 6.5, 331000 6.5,
370200 6, 610100 6, 330400 6, 320400 6, 441900 5.5, 440600 5, 350100 5, 320600 5, 370100 4.5,
370600 4.5, 330300 4, 440400 4, 410100 3.5, 530100 3.5, 330500 3.5, 210200 3, 220100 3, 360100 3,
370700 3, 650100 3, 210100 2.5, 230100 2.5, 130100 2.5, 520100 2.5, 370300 2.5, 140100 2,
450100 2, 460100 2, 340200 2, 321200 1.5, 620100 1.5, 430200 1, 640100 1, 150100 1, 360900 0.8,
361000 0.7, 450900 0.6, 341300 0.6, 610800 0.5, 230700 0.4
"""
CITIES = {
    code: float(weight) for code, weight in (pair.split() for pair in _CITIES.split(",") if pair)
}
PROVINCES = {
    "11": "北京市", "12": "天津市", "13": "河北省", "14": "山西省", "15": "内蒙古自治区",
    "21": "辽宁省", "22": "吉林省", "23": "黑龙江省", "31": "上海市", "32": "江苏省",
    "33": "浙江省", "34": "安徽省", "35": "福建省", "36": "江西省", "37": "山东省",
    "41": "河南省", "42": "湖北省", "43": "湖南省", "44": "广东省", "45": "广西壮族自治区",
    "46": "海南省", "50": "重庆市", "51": "四川省", "52": "贵州省", "53": "云南省",
    "61": "陕西省", "62": "甘肃省", "64": "宁夏回族自治区", "65": "新疆维吾尔自治区",
}  # fmt: skip
# CSRC 2012 codes; J66 and J67 are financial firms, which studies leave out.
_INDUSTRIES = """
C39 14, C26 10, C27 9, I65 9, C35 8.5, C38 8.5, C34 5.5, C36 5, K70 4.5, C30 4, C32 3, C29 3,
C33 3, D44 3, E48 3, F51 3, F52 3, C31 2, C13 2, C14 2, C15 2, C40 2, I64 2, M74 2, N77 2, C17 1.5,
C18 1.5, C22 1.5, G54 1.5, L72 1.5, J67 1.5, J66 1.2, C28 1, B06 1, B09 1, G56 1, R87 1
"""
INDUSTRIES = {
    code: float(weight) for code, weight in (p.split() for p in _INDUSTRIES.split(",") if p)
}
HEAVY = frozenset(heavy_polluters().codes)


def cohorts(rule: str) -> dict[str, int]:
    """First treated year by GB code of the zones of the science ministry (MOST)."""
    zones = pilot_zones("MOST", rule).frame
    return {str(gb): int(year) for gb, year in zip(zones["gb_code"], zones["cohort"], strict=True)}
