"""Simulated firms: codes, names, places, traits, and the years in which they are listed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalgreen.data.city_names import cities
from causalgreen.data.economy_places import CITIES, HEAVY, INDUSTRIES, cohorts
from causalgreen.data.realism import Realism

__all__ = ["Firms", "ar1", "bounded", "draw_firms", "draw_traits"]

_OLD, _NEW = ("000", "002", "300", "600", "601", "603"), ("300", "301", "603", "605", "688")
_FIRST = "恒信华东金瑞天中国新远科海宏大泰安嘉德正盛永吉祥和光明博创汇联通达智宇星辰龙凤山川江河"
_LAST = "科技 股份 电子 化学 环保 能源 材料 机械 医药 智能 电气 实业"


@dataclass(frozen=True, slots=True, eq=False)
class Firms:
    """Firms and what does not change about them; arrays of shape (n,) unless said.

    Attributes
    ----------
    code, name : numpy.ndarray of str
    city, industry : numpy.ndarray of int
        Places in the tables of cities and of industries.
    deqing : numpy.ndarray of bool
        Registered in Deqing county.
    effect, own, size, urban, clean : numpy.ndarray
        Firm effect; its part that is not the city's; standardised size; traits of 0 and 1.
    soe : numpy.ndarray of int
    cohort : numpy.ndarray of int
        First year in a pilot zone; 0: never.
    listed : numpy.ndarray of bool, shape (n, T)
        Whether the firm has a row.
    """

    code: np.ndarray
    name: np.ndarray
    city: np.ndarray
    industry: np.ndarray
    deqing: np.ndarray
    effect: np.ndarray
    own: np.ndarray
    size: np.ndarray
    urban: np.ndarray
    clean: np.ndarray
    soe: np.ndarray
    cohort: np.ndarray
    listed: np.ndarray


def bounded(
    rng: np.random.Generator, shape: int | tuple[int, ...], most: float = 2.5
) -> np.ndarray:
    """Normal draws that never leave ±most, with a variance of nearly one."""
    return np.clip(rng.standard_normal(shape), -most, most)


def ar1(rng: np.random.Generator, n: int, years: int, rho: float) -> np.ndarray:
    """Stationary bounded noise of unit variance, shape (n, years)."""
    shocks = rng.standard_normal((n, years))
    out = shocks.copy()
    for t in range(1, years):
        out[:, t] = rho * out[:, t - 1] + np.sqrt(1 - rho**2) * shocks[:, t]
    return np.clip(out, -3.0, 3.0)


def draw_traits(rng: np.random.Generator, n: int) -> tuple[np.ndarray, ...]:
    """City, industry, effect, own effect, size, urban, clean of n firms; cities stay the same."""
    weights = np.array(list(CITIES.values()))
    sectors = np.array(list(INDUSTRIES.values()))
    city = rng.choice(len(weights), n, p=weights / weights.sum())
    industry = rng.choice(len(sectors), n, p=sectors / sectors.sum())
    logs = np.log(weights)
    city_effect = ((logs - logs.mean()) / logs.std())[city]
    own = bounded(rng, n)
    effect = 0.5 * city_effect + np.sqrt(0.75) * own
    size = 0.5 * own + np.sqrt(0.75) * bounded(rng, n, 3.0)
    urban = (weights[city] >= 5).astype(float)
    heavy = np.array([code in HEAVY for code in INDUSTRIES])
    return city, industry, effect, own, size, urban, (~heavy[industry]).astype(float)


def draw_firms(rng: np.random.Generator, n: int, years: np.ndarray, realism: Realism) -> Firms:
    """Draw the firms of one panel."""
    city, industry, effect, own, size, urban, clean = draw_traits(rng, n)
    gb = np.array(list(CITIES))[city]
    deqing = (gb == "330500") & (rng.random(n) < 0.4)
    zones = cohorts(realism.zones) if realism.zones else {}
    place = np.where(deqing, "330521", gb)
    cohort = np.array([zones.get(code, 0) for code in place])
    first, listed = _listed(rng, n, years, cohort > 0, realism)
    code, name = _codes(rng, first >= 2019, n), _names(rng, n)
    soe = (rng.random(n) < 0.3 + 0.1 * (size > 0.5)).astype(int)
    return Firms(code, name, city, industry, deqing, effect, own, size, urban, clean, soe,
                 cohort, listed)  # fmt: skip


def _listed(
    rng: np.random.Generator, n: int, years: np.ndarray, zone: np.ndarray, realism: Realism
) -> tuple[np.ndarray, np.ndarray]:
    """Year of listing, and which years have a row; more listings in zones after 2019 (STAR)."""
    first = np.full(n, 2009)
    shown = np.ones((n, len(years)), dtype=bool)
    if not realism.entry_exit:
        return first, shown
    odds = np.where(years >= 2019, 1.6, 1.0)
    late = rng.random(n) < 0.45
    drawn = rng.choice(years, n, p=odds / odds.sum())
    star = zone & (rng.random(n) < 0.12) & (years[-1] >= 2019)
    drawn = np.where(star, rng.integers(2019, max(int(years[-1]), 2019) + 1, n), drawn)
    first = np.where(late | star, drawn, first)
    leaves = rng.random((n, len(years))) < 0.008
    gone = np.cumsum(leaves, axis=1) - leaves > 0
    shown = (years >= first[:, None]) & ~gone
    hole = rng.random(n) < 0.03
    shown[np.flatnonzero(hole), rng.integers(0, len(years), int(hole.sum()))] = False
    empty = ~shown.any(axis=1)  # every firm has a row, so that there are as many as asked
    shown[empty, -1] = True
    return first, shown


def _codes(rng: np.random.Generator, recent: np.ndarray, n: int) -> np.ndarray:
    """Six-character stock codes, sorted by board as listing year allows, each used once."""
    numbers = {prefix: list(rng.permutation(999) + 1) for prefix in dict.fromkeys((*_OLD, *_NEW))}
    out = []
    for late in recent:
        wanted = [p for p in (_NEW if late else _OLD) if numbers[p]]
        rest = wanted or [p for p in sorted(numbers) if numbers[p]]
        prefix = rest[int(rng.integers(len(rest)))]
        out.append(f"{prefix}{numbers[prefix].pop():03d}")
    return np.array(out)


def _names(rng: np.random.Generator, n: int) -> np.ndarray:
    """Names of four characters, each used once."""
    a, last = list(dict.fromkeys(_FIRST)), _LAST.split()
    picks = rng.choice(len(a) * len(a) * len(last), n, replace=False)
    first, second, third = np.unravel_index(picks, (len(a), len(a), len(last)))
    return np.array([a[i] + a[j] + last[k] for i, j, k in zip(first, second, third, strict=True)])


def coordinates(firms: Firms) -> tuple[np.ndarray, np.ndarray]:
    """Longitude and latitude of each firm's city."""
    table = cities()
    codes = np.where(firms.deqing, "330521", np.array(list(CITIES))[firms.city])
    return (
        np.array([table[code].lon for code in codes]),
        np.array([table[code].lat for code in codes]),
    )
