"""The simulated panel as tables of CSMAR: basics, statements, indicators, stacked patents."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from causalgreen.data.files_write import write_csmar, write_parts

__all__ = ["basics", "indicators", "patents", "staff", "statements"]

_QUARTERS = ("-01-01", "-03-31", "-06-30", "-09-30", "-12-31")


def basics(folder: Path, df: pd.DataFrame) -> None:
    """Who and where: three header rows, codes as text."""
    table = pd.DataFrame(
        {
            "Symbol": df["firm"], "EndDate": df["year"].astype(str) + "-12-31",
            "ShortName": df["name"], "IndustryCode": df["industry"], "PROVINCE": df["province"],
            "CITY": df["city"], "CITYCODE": df["city_code"], "COUNTY": df["county"],
            "LISTINGSTATE": df["status"], "SOE": df["soe"],
        }
    )  # fmt: skip
    labels = {
        "Symbol": "股票代码", "EndDate": "统计截止日期", "ShortName": "股票简称",
        "IndustryCode": "行业代码", "PROVINCE": "所属省份", "CITY": "所属城市",
        "CITYCODE": "所属城市代码", "COUNTY": "注册地区县", "LISTINGSTATE": "上市状态",
        "SOE": "是否国有企业",
    }  # fmt: skip
    write_csmar(folder, "STK_LISTEDCOINFOANL", table, labels)


def statements(folder: Path, df: pd.DataFrame, rng: np.random.Generator) -> None:
    """Total assets: consolidated and parent, every quarter and an opening row, in two workbooks."""
    rows = []
    for kind in ("A", "B"):
        for k, day in enumerate(_QUARTERS):
            wobble = np.exp(0.03 * rng.standard_normal(len(df)))
            factor = 1.0 if (kind, day) == ("A", "-12-31") else (0.7 if kind == "B" else 0.9)
            assets = df["assets"] if factor == 1.0 else np.rint(df["assets"] * factor * wobble)
            rows.append(
                pd.DataFrame(
                    {
                        "Stkcd": df["firm"], "ShortName": df["name"],
                        "Accper": df["year"].astype(str) + day, "Typrep": kind,
                        "A001000000": assets, "_k": k,
                    }
                )
            )  # fmt: skip
    table = pd.concat(rows).sort_values(["Stkcd", "Accper", "Typrep"], ignore_index=True)
    labels = {
        "Stkcd": "证券代码", "ShortName": "证券简称", "Accper": "统计截止日期",
        "Typrep": "报表类型", "A001000000": "资产总计",
    }  # fmt: skip
    write_csmar(folder, "FS_Combas", table.drop(columns="_k"), labels, parts=2)


def indicators(folder: Path, df: pd.DataFrame, rng: np.random.Generator) -> None:
    """Ratios as tab-separated GBK text: year ends, and half years that must not be taken."""
    folder.mkdir(parents=True)
    names = {
        "F011201A": "leverage", "F050202B": "roa", "F041702B": "turnover", "F100902A": "tobin_q",
    }  # fmt: skip
    year_end = pd.DataFrame({"Stkcd": df["firm"], "Accper": df["year"].astype(str) + "-12-31"})
    year_end["Typrep"] = "A"
    for code, name in names.items():
        year_end[code] = df[name]
    half = year_end.assign(Accper=df["year"].astype(str) + "-06-30")
    half[list(names)] = half[list(names)] * np.exp(0.1 * rng.standard_normal((len(df), 1)))
    parent = year_end.assign(Typrep="B")
    parent[list(names)] = parent[list(names)] * 0.9
    table = pd.concat([year_end, half, parent]).sort_values(["Stkcd", "Accper", "Typrep"])
    table.to_csv(folder / "FI_T1.txt", sep="\t", index=False, encoding="gbk")


def patents(folder: Path, df: pd.DataFrame, rng: np.random.Generator) -> None:
    """Patents with states, areas and application types stacked; cumulative types among them."""
    parts = {
        "Invention": "inventions", "UtilityModel": "utility_models", "Design": "designs",
    }  # fmt: skip
    keys = {"Symbol": df["firm"], "EndDate": df["year"].astype(str) + "-12-31"}
    applied = pd.DataFrame({**keys, **{code: df[name] for code, name in parts.items()}})
    flows = {"S5201": applied}
    for code, share in (("S5202", 0.75), ("S5203", 0.6)):
        flows[code] = applied.assign(**{p: rng.binomial(applied[p], share) for p in parts})
    for code, yearly in (("S5204", "S5201"), ("S5205", "S5202"), ("S5206", "S5203")):
        sums = flows[yearly].groupby("Symbol")[list(parts)].cumsum()
        flows[code] = flows[yearly].assign(**{p: sums[p] for p in parts})
    rows = []
    for state, share in ((1, 1.0), (2, 0.6)):
        for area in (1, 2):
            for code, flow in flows.items():
                one = flow
                if (state, area) != (1, 1):
                    some = rng.random(len(flow)) < (0.15 if area == 2 else 0.8)
                    one = flow[some]
                    thin = share if area == 1 else 0.1
                    one = one.assign(**{p: rng.binomial(one[p], thin) for p in parts})
                rows.append(one.assign(StateTypeCode=state, Area=area, ApplyTypeCode=code))
    table = pd.concat(rows).sort_values(["Symbol", "EndDate", "StateTypeCode", "Area"])
    table["Patents"] = table[list(parts)].sum(axis=1)
    # not itemised in the report: blank, which is not zero; the rows a study takes are complete
    vague = (table["StateTypeCode"] == 2) & (rng.random(len(table)) < 0.5)
    table[list(parts)] = table[list(parts)].astype(float).mask(vague)
    labels = {
        "Symbol": "股票代码", "EndDate": "截止日期", "StateTypeCode": "统计口径编码",
        "Area": "地区", "ApplyTypeCode": "申请类型编码", "Patents": "专利数量",
        "Invention": "发明专利", "UtilityModel": "实用新型", "Design": "外观设计",
    }  # fmt: skip
    write_csmar(folder, "PT_LCDOMFORAPPLY", table[list(labels)], labels)


def staff(folder: Path, df: pd.DataFrame) -> None:
    """Employees and shares in three csv files, stock codes as numbers without their zeros."""
    table = pd.DataFrame(
        {
            "股票代码": df["firm"].astype(int), "年份": df["year"], "员工人数": df["employees"],
            "本科及以上占比": df["skilled_share"], "清洁产出占比": df["clean_share"],
        }
    )  # fmt: skip
    write_parts(folder, "员工结构", table, parts=3)
