"""Green patents as CNRDS and CNIPA deliver them: firm-year counts, and one row a publication."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from causalgreen.data.files_write import write_xlsx

__all__ = ["cnipa", "cnrds", "split_joint"]

# Symbols of each class; the first of each is the main one.
_CODES = {
    "green_clean_production": ("F24S10/70;F24S20/20", "F03D1/06", "H01M10/44;H02J7/00"),
    "green_end_of_pipe": ("B01D53/78;B01D53/50", "C02F9/00;C02F1/44", "F01N3/20"),
    "green_recycling": ("B29B17/04", "B29B17/02;B29B17/00"),
    "green_administrative": ("G06Q10/06;G06N3/08", "G06Q50/06"),
    "plain": ("G06N3/08;G06K9/62", "H04L9/32", "A61K9/20;A61P35/00"),
}
_PARTNERS = ("清溪大学", "东湖研究院", "北岭电力有限公司")


def split_joint(df: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Split green patents into own and joint applications; adds four columns."""
    out = df.copy()
    for kind in ("inventions", "utility"):
        joint = rng.binomial(df[f"green_{kind}"], 0.15)
        out[f"green_{kind}_own"] = df[f"green_{kind}"] - joint
        out[f"green_{kind}_joint"] = joint
    return out


def cnrds(path: Path, df: pd.DataFrame) -> None:
    """Write the workbook with Chinese labels; firm-years without a green patent are not in it."""
    table = pd.DataFrame(
        {
            "股票代码": df["firm"],
            "会计年度": df["year"],
            "当年独立申请的绿色发明数量": df["green_inventions_own"],
            "当年独立申请的绿色实用新型数量": df["green_utility_own"],
            "当年联合申请的绿色发明数量": df["green_inventions_joint"],
            "当年联合申请的绿色实用新型数量": df["green_utility_joint"],
        }
    )
    table = table[df["green_patents"] > 0]
    write_xlsx(path, table, [list(table.columns)])


def cnipa(path: Path, df: pd.DataFrame, rng: np.random.Generator) -> int:
    """Write patents, one row a publication, in GBK; returns the number of rows.

    Of an invention the application and, where there is one, the grant are rows; joint
    applications name their partners in one cell. Besides green patents there are administrative
    ones (G06Q) and a few that are not green.
    """
    each = _patents(df, rng)
    n = len(each)
    day = pd.to_datetime(each["year"].astype(str) + "-01-01") + pd.to_timedelta(
        rng.integers(0, 365, n), unit="D"
    )
    digit = np.where(each["invention"], "1", "2")
    serial = pd.Series(np.arange(n) + 1).map("{:07d}".format)
    number = each["year"].astype(str) + digit + serial
    check = number.map(_check_digit)
    base = pd.DataFrame(
        {
            "申请号": "CN" + number + "." + check,
            "公开（公告）号": "CN1" + serial + np.where(each["invention"], "A", "U"),
            "专利类型": np.where(each["invention"], "发明申请", "实用新型"),
            "申请日": day.dt.strftime("%Y-%m-%d"),
            "公开（公告）日": _later(day, rng, 180, 540),
            "申请人": each["applicant"],
            "股票代码": each["firm"].astype(int),
            "主分类号": each["codes"].str.split(";").str[0],
            "分类号": each["codes"],
            "地址": each["address"],
        }
    )
    granted = base[each["invention"].to_numpy() & (rng.random(n) < 0.5)].copy()
    granted["公开（公告）号"] = granted["公开（公告）号"].str.replace("A$", "B", regex=True)
    granted["专利类型"] = "发明授权"
    start = pd.to_datetime(granted["申请日"])
    granted["公开（公告）日"] = _later(start, rng, 700, 1100)
    table = pd.concat([base, granted]).sample(frac=1, random_state=int(rng.integers(2**31)))
    table.to_csv(path, index=False, encoding="gbk")
    return len(table)


def _patents(df: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """One row a patent: firm, year, kind, codes, applicant, address."""
    plain = np.minimum(df["patents"] - df["green_patents"] - df["designs"], 3)
    plain = np.maximum(plain - df["green_administrative"], 0)
    counts = {name: df[name] for name in _CODES if name != "plain"} | {"plain": plain}
    parts = []
    for name, count in counts.items():
        row = np.repeat(np.arange(len(df)), count)
        codes = np.asarray(_CODES[name])[rng.integers(0, len(_CODES[name]), len(row))]
        parts.append(pd.DataFrame({"row": row, "codes": codes, "green": name in _GREEN}))
    each = pd.concat(parts, ignore_index=True)
    # among a firm-year's green patents, which are inventions and which are joint follows CNRDS
    each = each.sort_values(["row", "green"], ascending=[True, False], ignore_index=True)
    rank = each.groupby("row").cumcount().to_numpy()
    source = df.iloc[each["row"]].reset_index(drop=True)
    inventions = source["green_inventions"].to_numpy()
    each["invention"] = np.where(each["green"], rank < inventions, True)
    place = np.where(each["invention"], rank, rank - inventions)
    joint = np.where(
        each["invention"], source["green_inventions_joint"], source["green_utility_joint"]
    )
    joint = each["green"].to_numpy() & (place < joint)
    name = source["name"].str.removeprefix("ST") + "股份有限公司"
    partner = np.asarray(_PARTNERS)[rng.integers(0, len(_PARTNERS), len(each))]
    each["applicant"] = np.where(joint, name + ";" + partner, name)
    each["address"] = source["province"] + source["city"] + "科技路1号"
    return each.assign(firm=source["firm"], year=source["year"])


_GREEN = ("green_clean_production", "green_end_of_pipe", "green_recycling")


def _later(day: pd.Series, rng: np.random.Generator, low: int, high: int) -> pd.Series:
    days = rng.integers(low, high, len(day))
    return (day + pd.to_timedelta(days, unit="D")).dt.strftime("%Y-%m-%d")


def _check_digit(number: str) -> str:
    """Check digit of a Chinese application number: weights 2 to 9, then 2 to 5, modulo 11."""
    weights = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
    rest = sum(int(d) * w for d, w in zip(number, weights, strict=True)) % 11
    return "X" if rest == 10 else str(rest)
