"""The equations of the realistic economy: AI of all kinds, mediators, log mean of green patents."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from causalgreen.data.economy_firms import Firms, ar1, bounded
from causalgreen.data.realism import Realism
from causalgreen.data.truth import Coefficients

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from causalgreen.data.simulate import Economy

__all__ = ["TYPES", "Draws", "coefficients", "draw", "solve", "type_coefficients"]

# How strongly each kind of AI takes each path, relative to ``ai``: direct, restructuring, human
# capital. Robots restructure, smart manufacturing acts directly, digital finance moves skills.
TYPES = {
    "robots": (0.5, 1.5, 0.5),
    "smart_manufacturing": (1.2, 0.5, 0.5),
    "digital_finance": (0.5, 0.5, 1.5),
}
_SHARE = 0.05  # one unit of a mediator of the plain economy, as a share


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """All that chance decides, so that the economy can be solved again without its zones.

    Attributes
    ----------
    z : dict of str to numpy.ndarray, each (n, T)
        Standard normal deviates behind the controls.
    noise : dict of str to numpy.ndarray, each (n, T)
    types : dict of str to numpy.ndarray, each (n, T)
        Other kinds of AI; zeros when they are switched off.
    own : dict of str to numpy.ndarray, each (n, 1)
        Firm effects of the mediators and of green patents.
    suppliers : scipy.sparse.csr_matrix or None
        Normalised shares of suppliers, (n T, n T).
    """

    z: dict[str, np.ndarray]
    noise: dict[str, np.ndarray]
    types: dict[str, np.ndarray]
    own: dict[str, np.ndarray]
    suppliers: csr_matrix | None


def coefficients(
    size: np.ndarray, urban: np.ndarray, clean: np.ndarray, dials: tuple[float, ...], effect: float
) -> Coefficients:
    """Coefficients of the plain economy, rescaled to log patents and to shares."""
    c = Coefficients.of_traits(size, urban, clean, *dials)
    return replace(
        c,
        delta=effect * c.delta, gamma=effect * c.gamma,
        alpha_r=_SHARE * c.alpha_r, alpha_h=_SHARE * c.alpha_h,
        lambda_r=_SHARE * c.lambda_r, lambda_h=_SHARE * c.lambda_h,
        beta_r=effect / _SHARE * c.beta_r, beta_h=effect / _SHARE * c.beta_h,
    )  # fmt: skip


def type_coefficients(c: Coefficients, kind: str) -> Coefficients:
    """Coefficients of another kind of AI; peers play no part in it."""
    direct, restructuring, human = TYPES[kind]
    none = np.zeros_like(c.delta)
    return replace(
        c, delta=direct * c.delta, alpha_r=restructuring * c.alpha_r, alpha_h=human * c.alpha_h,
        gamma=none, lambda_r=none, lambda_h=none,
    )  # fmt: skip


def draw(
    rng: np.random.Generator, firms: Firms, years: np.ndarray, economy: Economy, types: bool
) -> Draws:
    """Draw controls, noise, firm effects and the other kinds of AI."""
    n, t = len(firms.code), len(years)
    rho: float = economy.persistence
    z = {}
    for name in ("leverage", "roa", "turnover", "cashflow", "inventory", "growth", "board",
                 "indep", "tobin_q"):  # fmt: skip
        stay = 0.0 if name == "growth" else 0.75
        own = 0.3 * firms.own + np.sqrt(1 - 0.09) * bounded(rng, n, 3.0)
        z[name] = np.sqrt(stay) * own[:, None] + np.sqrt(1 - stay) * ar1(rng, n, t, 0.5)
    age = np.maximum(1, np.rint(np.exp(2.50 + 0.45 * bounded(rng, n, 2.0))))
    z["age_years"] = age[:, None] + np.arange(t)
    z["age"] = (np.log(z["age_years"]) - 2.9) / 0.37
    noise = {}
    for name in ("ai", "clean", "skilled", "green"):
        city = bounded(rng, (len(np.unique(firms.city)), t))
        codes = np.unique(firms.city, return_inverse=True)[1]
        shock = economy.city_shock * city[codes]
        if name == "ai":
            sector = bounded(rng, (int(firms.industry.max()) + 1, t))[firms.industry]
            shock = shock + economy.industry_shock * sector
        noise[name] = ar1(rng, n, t, rho) + shock
    own_effects = {name: bounded(rng, n, 2.1)[:, None] for name in ("clean", "skilled", "green")}
    own_effects["ai"] = bounded(rng, n, 3.0)[:, None]
    kinds = _draw_types(rng, firms, years, z) if types else {k: np.zeros((n, t)) for k in TYPES}
    return Draws(z, noise, kinds, own_effects, None)


def _draw_types(
    rng: np.random.Generator, firms: Firms, years: np.ndarray, z: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Robots by industry, smart manufacturing by firm, digital finance by city; each by year."""
    n, t = len(firms.code), len(years)
    since = np.arange(t)
    sectors, towns = int(firms.industry.max()) + 1, int(firms.city.max()) + 1
    start, pace = rng.uniform(0.1, 1.2, sectors)[:, None], rng.uniform(0.02, 0.08, sectors)[:, None]
    robots = start + pace * since + 0.12 * bounded(rng, (sectors, t))
    level = 0.25 * bounded(rng, towns)[:, None]
    finance = 1.0 + level + 0.16 * since - 0.004 * since**2 + 0.08 * bounded(rng, (towns, t))
    pull = -4.6 + 0.8 * firms.effect[:, None] + 0.4 * z["roa"] + 0.08 * since
    joins = rng.random((n, t)) < 1 / (1 + np.exp(-pull))
    smart = np.maximum.accumulate(joins & (years >= 2015), axis=1).astype(float)
    return {
        "robots": np.maximum(robots, 0.0)[firms.industry],
        "smart_manufacturing": smart,
        "digital_finance": finance[firms.city],
    }


def leave_one_out(values: np.ndarray, group: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Mean over the other firms of the group that have a row this year; 0 without any."""
    shape = (int(group.max()) + 1, values.shape[1])
    total, count = np.zeros(shape), np.zeros(shape)
    np.add.at(total, group, np.where(there, values, 0.0))
    np.add.at(count, group, there.astype(float))
    others = count[group] - there
    return np.where(others > 0, (total[group] - values * there) / np.maximum(others, 1), 0.0)


def solve(
    firms: Firms, years: np.ndarray, d: Draws, c: Coefficients, economy: Economy,
    realism: Realism, zones: bool = True,
) -> dict[str, np.ndarray]:  # fmt: skip
    """AI, peers' AI, mediators and the log mean of green patents, each (n, T)."""
    bend: float = economy.nonlinearity
    lev, roa, age = d.z["leverage"], d.z["roa"], d.z["age"]
    curve, cross = (lev**2 - 1) / np.sqrt(2), lev * roa
    since = np.arange(len(years))
    a = firms.effect[:, None]
    latent = 0.3 + 0.6 * a + 1.4 * d.own["ai"] + 0.045 * since + 0.28 * d.noise["ai"]
    latent = latent + 0.10 * lev - 0.06 * roa + 0.06 * age + bend * 0.08 * curve
    if zones and realism.zones:
        latent = latent + realism.zone_effect * zone_dose(firms, years)
    words = np.floor(np.exp(latent))
    ai = np.log1p(words)
    e_city = leave_one_out(ai, firms.city, firms.listed)
    e_industry = leave_one_out(ai, firms.industry, firms.listed)
    peers = (e_city + e_industry) / 2
    human = _moved(d, c.alpha_h, c, 2, ai) + c.lambda_h[:, None] * peers
    human = human + 0.30 + 0.05 * d.own["skilled"] + 0.01 * a + 0.002 * since
    human = human + 0.015 * d.noise["skilled"] + 0.01 * lev + bend * 0.005 * curve
    clean = _moved(d, c.alpha_r, c, 1, ai) + c.lambda_r[:, None] * peers
    clean = clean + 0.40 + 0.08 * d.own["clean"] - 0.01 * a + c.chain[:, None] * (human - 0.4)
    clean = clean + 0.015 * d.noise["clean"] + 0.01 * roa + bend * 0.005 * (curve + cross)
    green = _moved(d, c.delta, c, 0, ai) + c.gamma[:, None] * peers
    green = green + c.beta_r[:, None] * clean + c.beta_h[:, None] * human
    suppliers = np.zeros_like(ai)
    if d.suppliers is not None:
        suppliers = (d.suppliers @ ai.ravel()).reshape(ai.shape)
        green = green + realism.supply_chain * suppliers
    green = green - 3.35 + 0.5 * a + 1.8 * d.own["green"] + 0.9 * firms.size[:, None] - 0.03 * since
    green = green + 0.05 * lev + 0.03 * roa + bend * 0.02 * (curve + cross)
    return {
        "ai_words": words, "ai": ai, "peer_ai": peers, "peer_ai_city": e_city,
        "peer_ai_industry": e_industry, "peer_ai_suppliers": suppliers, "skilled_share": human,
        "clean_share": clean, "log_mean": green + 0.06 * d.noise["green"],
    }  # fmt: skip


def _moved(d: Draws, own: np.ndarray, c: Coefficients, path: int, ai: np.ndarray) -> np.ndarray:
    """What AI of all kinds adds to one variable."""
    out = own[:, None] * ai
    for kind, x in d.types.items():
        t = type_coefficients(c, kind)
        out = out + (t.delta, t.alpha_r, t.alpha_h)[path][:, None] * x
    return out


def zone_dose(firms: Firms, years: np.ndarray) -> np.ndarray:
    """1 in a zone's first year, half more each year up to 3; 0 outside zones."""
    since = years - firms.cohort[:, None]
    inside = (firms.cohort[:, None] > 0) & (since >= 0)
    return np.where(inside, 1 + 0.5 * np.minimum(since, 4), 0.0)
