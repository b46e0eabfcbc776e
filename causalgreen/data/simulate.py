"""Simulated economies of firms whose path effects are known, for every firm and on average."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, overload

import numpy as np
import pandas as pd

from causalgreen.data.economy import simulate_real
from causalgreen.data.realism import Realism, Simulation
from causalgreen.data.truth import Coefficients, Truth

__all__ = ["Economy", "simulate_panel"]

FloatArray = np.ndarray


@dataclass(frozen=True, slots=True)
class Economy:
    """The dials of a simulated economy.

    Attributes
    ----------
    heterogeneity : float
        Scales how strongly the effects vary with size, urban and clean industry; 0: one effect
        for all firms.
    nonlinearity : float
        Scales the nonlinear part of the confounding; 0: linear confounding.
    chain : float
        Effect of human capital on restructuring; not 0: the mediators are ordered.
    city_shock, industry_shock : float
        Standard deviation of the city-year shocks in every variable, and of the industry-year
        shocks in AI, in units of the idiosyncratic errors. They are independent across
        variables: they correlate errors within cities, and do not confound.
    persistence : float
        Autocorrelation of the errors within firms, in [0, 1).
    spillover : float
        Scales the direct effect of peers' AI; 0: none.

    Examples
    --------
    >>> import causalgreen as cg
    >>> alike = cg.Economy(heterogeneity=0, spillover=0)
    >>> df, truth = cg.simulate_panel(n_firms=120, n_years=5, seed=0, economy=alike)
    >>> float(truth.per_firm["own_total"].std().round(12))
    0.0
    """

    heterogeneity: float = 1.0
    nonlinearity: float = 1.0
    chain: float = 0.0
    city_shock: float = 0.4
    industry_shock: float = 0.4
    persistence: float = 0.5
    spillover: float = 1.0


class _Firms(NamedTuple):
    city: FloatArray
    industry: FloatArray
    effect: FloatArray
    size: FloatArray
    urban: FloatArray
    clean: FloatArray


@overload
def simulate_panel(
    n_firms: int = ...,
    n_years: int = ...,
    seed: int = ...,
    *,
    n_cities: int | None = ...,
    n_industries: int = ...,
    n_controls: int = ...,
    economy: Economy | None = ...,
    realism: None = ...,
) -> tuple[pd.DataFrame, Truth]: ...


@overload
def simulate_panel(
    n_firms: int = ...,
    n_years: int = ...,
    seed: int = ...,
    *,
    economy: Economy | None = ...,
    realism: Realism,
) -> Simulation: ...


def simulate_panel(
    n_firms: int = 4000,
    n_years: int = 12,
    seed: int = 0,
    *,
    n_cities: int | None = None,
    n_industries: int = 20,
    n_controls: int = 3,
    economy: Economy | None = None,
    realism: Realism | None = None,
) -> tuple[pd.DataFrame, Truth] | Simulation:
    """Simulate a firm-year panel in which AI moves green innovation along four known paths.

    Firms sit in cities and industries. A firm effect and a city effect move every variable and
    every trait. Controls act on AI, on the mediators and on green patents, partly nonlinearly.
    Errors are autocorrelated within firms and share city-year shocks. Peers' AI is the mean of
    the leave-one-out averages of the firm's city and of its industry in the same year. Effects
    are linear in own AI, peers' AI and the mediators, with coefficients that vary with the traits.

    Parameters
    ----------
    n_firms, n_years : int
        Firms and years; the panel is balanced.
    seed : int
        Same seed, same table.
    n_cities : int, optional
        Default: one for every ten firms, between 4 and 300.
    n_industries : int
        Number of industries.
    n_controls : int
        At least 3 (``age``, ``leverage``, ``roa_lag``); more are called ``control_4``, ...
    economy : Economy, optional
        Heterogeneity, nonlinearity, shocks.
    realism : Realism, optional
        Make the table look like those of listed firms: real cities and pilot zones, patent counts
        by class, AI of several kinds, supply chains, entry and exit, missing values. Cities,
        industries and controls are then as they are in reality, not of a number to choose.

    Returns
    -------
    df : pandas.DataFrame, shape (n_firms * n_years, 17 + n_controls - 3)
        One row per firm and year. ``firm`` is a six-character code, ``green_patents`` is on a
        continuous (quality-weighted) scale.
    truth : Truth
        Effect of each path per firm, their average over these firms, and over the population
        that the firms are drawn from.
    simulation : Simulation
        With ``realism``: unpacks as ``df, truth``, and has the supply chains, too.

    Raises
    ------
    ValueError
        If a size is too small, or a dial lies outside its range.

    Examples
    --------
    >>> df, truth = simulate_panel(n_firms=100, n_years=5, seed=1)
    >>> df.shape
    (500, 17)
    >>> list(truth.average.index)
    ['direct', 'restructuring', 'human_capital', 'spillover', 'own_total', 'overall']
    """
    economy = economy or Economy()
    if realism is not None:
        if (n_cities, n_industries, n_controls) != (None, 20, 3):
            raise ValueError("n_cities, n_industries and n_controls are fixed with realism")
        _check_sizes(n_firms, n_years, 1, n_industries, n_controls, economy)
        return simulate_real(n_firms, n_years, seed, economy, realism)
    n_cities = min(300, max(4, n_firms // 10)) if n_cities is None else n_cities
    _check_sizes(n_firms, n_years, n_cities, n_industries, n_controls, economy)
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    firms = _draw_firms(rng, n_firms, n_cities, n_industries)
    controls = _draw_controls(rng, firms, n_years, n_controls)
    noise = _Noise(rng, firms, n_years, n_cities, economy)
    coefficients = _coefficients(firms, economy)
    columns = _outcomes(rng, firms, controls, noise, coefficients, economy)
    df = _table(firms, controls, columns)
    population = _draw_firms(np.random.default_rng(12345), 400_000, 40_000, n_industries)
    truth = Truth.of(
        df["firm"].to_numpy()[::n_years],
        coefficients,
        _coefficients(population, economy),
    )
    return df, truth


def _coefficients(firms: _Firms, economy: Economy) -> Coefficients:
    dials = (economy.heterogeneity, economy.chain, economy.spillover)
    return Coefficients.of_traits(firms.size, firms.urban, firms.clean, *dials)


def _check_sizes(
    n_firms: int, n_years: int, n_cities: int, n_industries: int, n_controls: int, economy: Economy
) -> None:
    if n_firms < 2 or n_years < 2:
        raise ValueError(f"need at least 2 firms and 2 years, got {n_firms} and {n_years}")
    if not 1 <= n_cities <= n_firms:
        raise ValueError(f"n_cities must lie between 1 and n_firms={n_firms}, got {n_cities}")
    if n_industries < 1:
        raise ValueError(f"n_industries must be at least 1, got {n_industries}")
    if n_controls < 3:
        raise ValueError(f"n_controls must be at least 3, got {n_controls}")
    for dial in ("city_shock", "industry_shock"):
        if not getattr(economy, dial) >= 0:
            raise ValueError(f"{dial} is a standard deviation, got {getattr(economy, dial)}")
    for dial in ("heterogeneity", "nonlinearity", "chain", "spillover"):
        if not np.isfinite(getattr(economy, dial)):
            raise ValueError(f"{dial} must be a finite number, got {getattr(economy, dial)}")
    if not 0 <= economy.persistence < 1:
        raise ValueError(f"persistence must lie in [0, 1), got {economy.persistence}")


def _draw_firms(rng: np.random.Generator, n_firms: int, n_cities: int, n_industries: int) -> _Firms:
    # Every city has a firm where there are enough, so that the number of clusters is as asked.
    city = np.sort(
        np.concatenate(
            [
                np.arange(min(n_cities, n_firms)),
                rng.integers(0, n_cities, max(0, n_firms - n_cities)),
            ]
        )
    )
    industry = rng.integers(0, n_industries, n_firms)
    city_effect = rng.standard_normal(n_cities)[city]
    effect = np.sqrt(0.5) * city_effect + np.sqrt(0.5) * rng.standard_normal(n_firms)
    size = 0.5 * effect + np.sqrt(0.75) * rng.standard_normal(n_firms)
    urban = (0.8 * city_effect + rng.standard_normal(n_firms) > -0.3).astype(float)
    clean = (industry % 5 < 2).astype(float)
    return _Firms(city, industry, effect, size, urban, clean)


def _ar1(rng: np.random.Generator, shape: tuple[int, int], rho: float) -> FloatArray:
    """Stationary autoregressive noise with unit variance, shape (units, years)."""
    shocks = rng.standard_normal(shape)
    out = np.empty(shape)
    out[:, 0] = shocks[:, 0]
    for t in range(1, shape[1]):
        out[:, t] = rho * out[:, t - 1] + np.sqrt(1 - rho**2) * shocks[:, t]
    return out


def _draw_controls(
    rng: np.random.Generator, firms: _Firms, n_years: int, n_controls: int
) -> FloatArray:
    """Standardised controls, shape (n_controls, n_firms, n_years); the first is age."""
    n = len(firms.city)
    age = rng.uniform(1, 25, n)[:, None] + np.arange(n_years)
    z = np.empty((n_controls, n, n_years))
    z[0] = (age - 15.0) / 8.0
    for k in range(1, n_controls):
        loading = 0.4 if k < 3 else 0.2
        z[k] = loading * firms.effect[:, None] + np.sqrt(1 - loading**2) * _ar1(
            rng, (n, n_years), 0.6
        )
    return z


class _Noise:
    """Errors with firm persistence and city-year shocks, drawn one variable at a time."""

    def __init__(
        self, rng: np.random.Generator, firms: _Firms, n_years: int, n_cities: int, economy: Economy
    ) -> None:
        self.rng, self.firms, self.n_years, self.n_cities = rng, firms, n_years, n_cities
        self.economy = economy

    def __call__(self, scale: float, industry: bool = False) -> FloatArray:
        own = _ar1(self.rng, (len(self.firms.city), self.n_years), self.economy.persistence)
        city = self.rng.standard_normal((self.n_cities, self.n_years))[self.firms.city]
        out = own + self.economy.city_shock * city
        if industry:
            levels = int(self.firms.industry.max()) + 1
            shock = self.rng.standard_normal((levels, self.n_years))[self.firms.industry]
            out = out + self.economy.industry_shock * shock
        return scale * out


def _leave_one_out(values: FloatArray, group: FloatArray) -> FloatArray:
    """Mean over the other firms of the group in the same year; 0 for a firm without peers."""
    counts = np.bincount(group)[group][:, None] - 1.0
    totals = np.zeros((int(group.max()) + 1, values.shape[1]))
    np.add.at(totals, group, values)
    return np.where(counts > 0, (totals[group] - values) / np.maximum(counts, 1.0), 0.0)


def _confounding(z: FloatArray, nonlinearity: float) -> dict[str, FloatArray]:
    """How the controls move each variable: a linear part and a curved one with interactions."""
    age, lev, roa = z[0], z[1], z[2]
    bend = (lev**2 - 1) / np.sqrt(2)
    wave = np.sin(2 * roa)
    cross = lev * roa
    nl = nonlinearity
    extra = 0.15 * z[3:].sum(axis=0) if len(z) > 3 else np.zeros_like(age)
    return {
        "ai": 0.2 * age + 0.5 * lev - 0.3 * roa + nl * (0.4 * bend + 0.3 * wave) + extra,
        "clean_share": 0.3 * roa - 0.2 * lev + nl * (0.2 * bend + 0.2 * cross) + 0.5 * extra,
        "skilled_share": 0.3 * lev + 0.2 * age + nl * (0.2 * wave + 0.2 * bend) + 0.5 * extra,
        "green_patents": 0.6 * lev + 0.4 * roa + nl * (0.4 * bend + 0.3 * cross) + extra,
    }


def _outcomes(
    rng: np.random.Generator,
    firms: _Firms,
    z: FloatArray,
    noise: _Noise,
    c: Coefficients,
    economy: Economy,
) -> dict[str, FloatArray]:
    """AI, peers' AI, mediators and green patents, each of shape (n_firms, n_years)."""
    g = _confounding(z, economy.nonlinearity)
    a, trend = firms.effect[:, None], 0.1 * np.arange(z.shape[2])
    traits = 0.3 * firms.size[:, None] + 0.3 * firms.urban[:, None]
    d = 0.6 * a + traits + trend + g["ai"] + noise(1.0, industry=True)
    e_city, e_industry = _leave_one_out(d, firms.city), _leave_one_out(d, firms.industry)
    e = (e_city + e_industry) / 2
    human = c.alpha_h[:, None] * d + c.lambda_h[:, None] * e + 0.5 * a + trend
    human = human + g["skilled_share"] + noise(0.7)
    clean = c.alpha_r[:, None] * d + c.lambda_r[:, None] * e + c.chain[:, None] * human
    clean = clean - 0.4 * a + 0.5 * trend + g["clean_share"] + noise(0.7)
    green = c.delta[:, None] * d + c.gamma[:, None] * e
    green = green + c.beta_r[:, None] * clean + c.beta_h[:, None] * human
    green = green + 5 + 0.8 * a + traits + 2 * trend + g["green_patents"] + noise(1.0)
    return {
        "green_patents": green, "ai": d, "clean_share": clean, "skilled_share": human,
        "peer_ai": e, "peer_ai_city": e_city, "peer_ai_industry": e_industry,
    }  # fmt: skip


def _table(firms: _Firms, z: FloatArray, columns: dict[str, FloatArray]) -> pd.DataFrame:
    n, n_years = columns["ai"].shape
    code = pd.Series(600000 + np.arange(n)).astype(str)

    def each(values: object) -> FloatArray:
        return np.repeat(np.asarray(values), n_years)

    data: dict[str, object] = {
        "firm": each(code),
        "year": np.tile(2010 + np.arange(n_years), n),
        "city": each(pd.Series(firms.city).map("city_{:03d}".format)),
        "industry": each(pd.Series(firms.industry).map("industry_{:02d}".format)),
    }
    data |= {name: values.ravel() for name, values in columns.items()}
    data |= {
        "size": each(21.0 + 1.3 * firms.size),
        "urban": each(firms.urban.astype(int)),
        "clean_industry": each(firms.clean.astype(int)),
        "age": (15.0 + 8.0 * z[0]).ravel(),
        "leverage": (0.42 + 0.1 * z[1]).ravel(),
        "roa_lag": (0.04 + 0.03 * z[2]).ravel(),
    }
    data |= {f"control_{k + 1}": z[k].ravel() for k in range(3, len(z))}
    return pd.DataFrame(data)
