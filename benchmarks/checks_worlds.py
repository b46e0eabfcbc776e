"""Small economies in which the null of a check holds, or is broken on purpose."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = [
    "CITIES", "FIRMS", "YEARS", "binary_mediator", "chain_table", "cross_section", "few_cities",
    "log_counts", "one_firm", "strata_world", "thin_world", "threshold", "world",
]  # fmt: skip

FIRMS, YEARS, CITIES = 150, 6, 50


def _ar(rng: np.random.Generator, n: int, years: int) -> np.ndarray:
    out = rng.normal(size=(n, years))
    for t in range(1, years):
        out[:, t] = 0.5 * out[:, t - 1] + np.sqrt(0.75) * out[:, t]
    return out


def world(
    seed: int, *, effect: float = 0.0, anticipation: float = 0.0, mechanical: float = 0.0,
    spillover: float = 0.0, degree: float = 0.0, confounder: float = 0.0, feedback: float = 0.0,
    trend: float = 0.0, common: float = 0.0, later: float = 0.0, by_city: bool = False,
    firms: int = FIRMS, cities: int = CITIES,
) -> pd.DataFrame:  # fmt: skip
    """Firms in cities and in groups of 2 to 10; each keyword plants one thing.

    Parameters
    ----------
    seed : int
    effect : float
        Of the treatment ``ai`` on the outcome ``green``.
    anticipation, feedback : float
        Of next year's treatment on the outcome; of this year's outcome error on next year's
        treatment.
    mechanical : float
        Of the treatment on ``other``, an outcome that it should not move.
    spillover, degree : float
        Of the mean treatment of the group's other firms; of how many these are, times the year.
    confounder : float
        Of something unseen that persists, and moves treatment, outcome and ``other`` alike.
    trend : float
        Of firms' own linear trends, on treatment and outcome.
    common, later : float
        Of a shock to the group in a year, or to the group of later partners, on treatment and
        outcome.
    by_city : bool
        The treatment differs between cities only, but for constants.
    firms, cities : int
        Size.
    """
    rng, years = np.random.default_rng([seed, 4711]), YEARS + 1
    city = np.sort(np.r_[np.arange(cities), rng.integers(0, cities, firms - cities)])
    group = np.repeat(np.arange(firms), 2 + np.arange(firms) % 9)[:firms]
    shock = {k: rng.normal(size=(cities, years))[city] for k in "dyp"}
    own, share = rng.normal(size=firms)[:, None], 1.0 if by_city else 0.4
    moving = 0.0 if by_city else _ar(rng, firms, years)
    noise = _ar(rng, firms, years)
    level, placebo = rng.normal(size=firms)[:, None], _ar(rng, firms, years)
    # What was added later is drawn last, so that earlier worlds stay as they were.
    unseen = confounder * _ar(rng, firms, years)
    partners = rng.permutation(group)
    both = unseen + trend * rng.normal(size=firms)[:, None] * np.arange(years)
    both = both + common * rng.normal(size=(firms, years))[group]
    both = both + later * rng.normal(size=(firms, years))[partners]
    d = own + 0.1 * np.arange(years) + moving + share * shock["d"] + both
    d[:, 1:] += feedback * noise[:, :-1]
    total, size = _others(group, d)
    mean = np.where(size > 0, total / np.maximum(size, 1), 0.0)
    y = level + noise + share * shock["y"] + both + effect * d + spillover * mean
    y = y + degree * (size + 1) * np.arange(years)
    y[:, :-1] += anticipation * d[:, 1:]
    p = mechanical * d + placebo + 0.4 * shock["p"] + unseen
    after, count = _others(partners, d)
    columns = {"ai": d, "green": y, "other": p, "peers": mean, "peers_sum": total,
               "later_peers": after / np.maximum(count, 1), "unseen": unseen}  # fmt: skip
    return _long({"firm": np.arange(firms), "city": city, "group": group}, columns)


def _others(group: np.ndarray, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum over the other firms of a group, (n, years), and their number, (n, 1)."""
    total = np.zeros((int(group.max()) + 1, d.shape[1]))
    np.add.at(total, group, d)
    return total[group] - d, np.bincount(group)[group][:, None] - 1


def _long(each: dict[str, np.ndarray], columns: dict[str, np.ndarray]) -> pd.DataFrame:
    data = {k: np.repeat(v, YEARS) for k, v in each.items()}
    data["year"] = np.tile(2014 + np.arange(YEARS), len(each["firm"]))
    return pd.DataFrame(data | {k: v[:, :-1].ravel() for k, v in columns.items()})


def few_cities(seed: int, cities: int = 4) -> pd.DataFrame:
    """No effect, and a treatment in few cities only."""
    df = world(seed)
    return df.assign(ai=np.where(df["city"] < cities, df["ai"], 0.0))


def one_firm(seed: int) -> pd.DataFrame:
    """No effect, but one firm with an extreme treatment that its outcome follows."""
    df, rng = world(seed), np.random.default_rng([seed, 1])
    there = (df["firm"] == 17).to_numpy()
    df.loc[there, "ai"] = 30 * rng.choice([-1.0, 0.0, 1.0], there.sum())
    df.loc[there, "green"] = df.loc[there, "ai"]
    return df


def thin_world(seed: int, share: float = 0.6, effect: float = 2.0) -> pd.DataFrame:
    """An effect in an unbalanced panel: few firms were observed in the same periods."""
    df, rng = world(seed, effect=effect), np.random.default_rng([seed, 4])
    return df[rng.random(len(df)) < share].reset_index(drop=True)


def strata_world(seed: int, share: float = 0.7, effect: float = 0.5) -> pd.DataFrame:
    """An effect, and ten kinds of firms whose treatments share shocks of their own.

    Parameters
    ----------
    seed : int
    share : float
        Standard deviation of the shock to a kind in a year.
    effect : float
        Of the treatment.
    """
    df, rng = world(seed), np.random.default_rng([seed, 5])
    kind = rng.permutation(np.arange(FIRMS) % 10)[df["firm"]]
    shock = rng.normal(size=(10, YEARS))[kind, df["year"] - 2014]
    ai = df["ai"] + share * shock
    return df.assign(kind=kind, ai=ai, green=df["green"] + effect * ai)


def log_counts(seed: int, small: bool = True, effect: float = 0.3) -> pd.DataFrame:
    """The outcome is ln(1 + count): counts near zero, or far from it."""
    df, rng = world(seed), np.random.default_rng([seed, 3])
    rate = np.exp((0.0 if small else 6.0) + effect * df["ai"] + 0.3 * rng.normal(size=len(df)))
    return df.assign(green=np.log1p(rng.poisson(rate)))


def chain_table(
    alpha: tuple[float, float] = (0.5, 0.5), link: float = 0.0, direct: float = 0.5,
    seed: int = 0, n: int = 150, t: int = 6, mediated: float = 0.6,
) -> pd.DataFrame:  # fmt: skip
    """Treatment d, mediators a and b (a moves b by ``link``), outcome y, control x; firm effects.

    Parameters
    ----------
    alpha : tuple of float
        Effects of the treatment on the mediators.
    link, direct, mediated : float
        Effects of a on b, of the treatment on the outcome, and of each mediator on it.
    seed, n, t : int
        Seed, firms and periods.
    """
    rng = np.random.default_rng(seed)
    shape = (n, t)
    firm = rng.normal(size=(n, 1))
    x, d = rng.normal(size=shape), firm + rng.normal(size=shape)
    a = alpha[0] * d + firm + rng.normal(size=shape)
    b = alpha[1] * d + link * a + firm + 0.3 * x + rng.normal(size=shape)
    y = direct * d + mediated * (a + b) + firm + x + rng.normal(size=shape)
    columns = {"y": y, "d": d, "a": a, "b": b, "x": x}
    df = pd.DataFrame({k: v.ravel() for k, v in columns.items()})
    return df.assign(i=np.repeat(np.arange(n), t), t=np.tile(np.arange(t), n))


def threshold(
    rng: np.random.Generator, n: int = 2000, direct: float = 0.0, values: int = 2,
    clusters: int = 60,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Randomised treatment that moves a threshold mediator up, clustered errors, u confounds.

    Returns
    -------
    tuple of numpy.ndarray
        Outcome, treatment, values of the mediator, cell of each row, cluster.
    """
    cl = rng.integers(0, clusters, n)
    d = rng.integers(0, 2, n).astype(float)
    u = rng.normal(size=n) + 0.5 * rng.normal(size=clusters)[cl]
    cuts = np.linspace(-0.6, 0.6, values - 1) if values > 2 else np.zeros(1)
    m = np.searchsorted(cuts, u + 0.5 * d).astype(float)
    y = 0.8 * m + u + rng.normal(size=n) + direct * d
    levels, cell = np.unique(m[:, None], axis=0, return_inverse=True)
    return y, d, levels, cell.ravel(), cl


def binary_mediator(seed: int, direct: float = 0.0, n: int = 1000) -> pd.DataFrame:
    """`threshold` as a table of one row a firm."""
    rng = np.random.default_rng([seed, 2])
    y, d, _, m, c = threshold(rng, n, direct)
    columns = {"y": y, "d": d, "m": m, "c": c, "x": rng.normal(size=n)}
    return pd.DataFrame({"i": np.arange(n), "t": 1} | columns)


def cross_section(seed: int, n: int = 400) -> pd.DataFrame:
    """Independent rows of x and z -> d -> a and b -> y, x -> y."""
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=(2, n))
    d = x + z + rng.normal(size=n)
    a, b = d + rng.normal(size=(2, n))
    y = a + b + x + rng.normal(size=n)
    columns = {"x": x, "z": z, "d": d, "a": a, "b": b, "y": y}
    return pd.DataFrame({"i": np.arange(n), "t": 1} | columns)
