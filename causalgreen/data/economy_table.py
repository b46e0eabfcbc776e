"""The table of the realistic economy: columns as users know them, rows that are listed, holes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from causalgreen.data.city_names import cities
from causalgreen.data.economy_firms import Firms, coordinates
from causalgreen.data.economy_paths import TYPES, Draws
from causalgreen.data.economy_places import CITIES, INDUSTRIES, PROVINCES
from causalgreen.data.realism import Realism

__all__ = ["make_table"]


def make_table(
    rng: np.random.Generator, firms: Firms, years: np.ndarray, draws: Draws,
    solved: dict[str, np.ndarray], counts: dict[str, np.ndarray], realism: Realism,
) -> pd.DataFrame:  # fmt: skip
    """Put all columns together, keep the rows that are listed, make holes in the controls."""
    shape = firms.listed.shape
    kinds = {k: draws.types[k] for k in TYPES} if realism.types else {}
    wide: dict[str, np.ndarray] = {**counts}
    wide |= {k: solved[k] for k in ("ai_words", "ai")}
    wide |= kinds
    wide |= {k: v for k, v in solved.items() if k.startswith("peer_") or k.endswith("_share")}
    if not realism.links:
        del wide["peer_ai_suppliers"]
    controls = _controls(rng, firms, draws)
    status = _status(rng, shape)
    table = _places(firms, years)
    table["status"] = status.ravel()
    table["name"] = np.where(table["status"] == "ST", "ST", "") + table["name"]
    for name, values in (wide | controls).items():
        table[name] = values.ravel()
    for name, share in realism.missing_shares().items():
        table.loc[rng.random(len(table)) < share, name] = np.nan
    for name in ("ai_words", "employees", "board"):
        table[name] = table[name].astype("float64" if table[name].isna().any() else "int64")
    if realism.types:
        table["smart_manufacturing"] = table["smart_manufacturing"].astype("int64")
    table = table[firms.listed.ravel()].sort_values(["firm", "year"], kind="stable")
    return table.reset_index(drop=True)


def _places(firms: Firms, years: np.ndarray) -> pd.DataFrame:
    """Who, when, where, and in which zone."""
    gb, sectors = np.array(list(CITIES))[firms.city], np.array(list(INDUSTRIES))
    names = {code: city.name for code, city in cities().items()}
    lon, lat = coordinates(firms)
    n, t = firms.listed.shape
    year = np.tile(years, n)
    cohort = np.repeat(firms.cohort, t)

    def each(values: object) -> np.ndarray:
        return np.repeat(np.asarray(values), t)

    return pd.DataFrame(
        {
            "firm": pd.Series(each(firms.code), dtype="str"),
            "year": year,
            "name": pd.Series(each(firms.name), dtype="str"),
            "status": "",
            "industry": pd.Series(each(sectors[firms.industry]), dtype="str"),
            "province": pd.Series(each([PROVINCES[code[:2]] for code in gb]), dtype="str"),
            "city": pd.Series(each([names[code] + "市" for code in gb]), dtype="str"),
            "city_code": pd.Series(each(gb), dtype="str"),
            "county": pd.Series(
                each(["德清县" if inside else None for inside in firms.deqing]), dtype="str"
            ),
            "longitude": each(lon),
            "latitude": each(lat),
            "soe": each(firms.soe),
            "urban": each(firms.urban.astype(int)),
            "clean_industry": each(firms.clean.astype(int)),
            "ai_zone": ((cohort > 0) & (year >= cohort)).astype(int),
            "ai_zone_cohort": cohort,
        }
    )


def _status(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Special treatment in spells of about two years."""
    start = rng.random(shape) < 0.012
    out = start.copy()
    for t in range(1, shape[1]):
        out[:, t] |= out[:, t - 1] & (rng.random(shape[0]) < 0.5)
    return np.where(out, "ST", "normal")


def _controls(rng: np.random.Generator, firms: Firms, draws: Draws) -> dict[str, np.ndarray]:
    """Controls with the published moments (22,877 firm-years of A-share firms, 2009 to 2023)."""
    z, shape = draws.z, firms.listed.shape
    size = 22.2 + 1.3 * firms.size[:, None] + 0.06 * np.arange(shape[1]) - 0.3
    size = size + 0.08 * np.cumsum(rng.standard_normal(shape), axis=1)
    assets = np.rint(np.exp(size))
    board = np.rint(np.exp(2.105 + 0.197 * z["board"]))
    seats = np.maximum(np.rint(board * (0.350 + 0.060 * z["indep"])), np.ceil(board / 3))
    return {
        "assets": assets,
        "size": np.log(assets),
        "trait_size": np.broadcast_to(firms.size[:, None], shape),
        "age": z["age_years"],
        "leverage": np.clip(0.417 + 0.215 * z["leverage"], 0.051, 0.950),
        "roa": 0.04 + 0.06 * z["roa"],
        "turnover": np.exp(-0.637 + 0.616 * z["turnover"]),
        "cashflow": 0.046 + 0.069 * z["cashflow"],
        "inventory": np.minimum(np.exp(-2.269 + 0.74 * z["inventory"]), 0.72),
        "growth": np.clip(np.exp(-0.2485 + 0.455 * z["growth"]) - 0.7, -0.579, 2.601),
        "board": board,
        "indep": 100 * seats / board,
        "tobin_q": 1 + np.exp(-0.3 + 0.8 * z["tobin_q"]),
        "employees": np.rint(np.exp(7.6 + 0.9 * (size - 22.2) + 0.3 * z["turnover"])),
    }
