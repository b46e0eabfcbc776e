"""The dials that make a simulated economy look like the tables of listed firms; its result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.data.truth import Truth

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["CONTROLS", "Realism", "Simulation"]

CONTROLS = (
    "age", "leverage", "roa", "turnover", "cashflow", "inventory", "growth", "board", "indep",
    "tobin_q",
)  # fmt: skip
MOST_FIRMS = 8000


@dataclass(frozen=True, slots=True)
class Realism:
    """What a simulated panel shares with the tables of listed firms.

    Attributes
    ----------
    counts : bool
        Green patents are counts whose logarithmic mean is linear in AI, peers' AI and mediators;
        False: that logarithm itself, with noise.
    types : bool
        AI of three more kinds act, too: ``robots`` (by industry and year),
        ``smart_manufacturing`` (a firm's pilot, never given up), ``digital_finance`` (by city and
        year).
    links : bool
        Supply chains between firms, whose suppliers' AI acts on green patents.
    zones : str or None
        Pilot zones raise AI from ``"full_year"`` or ``"calendar"`` cohorts on; None: no zones.
    entry_exit : bool
        Firms are listed, delisted, and miss years; False: balanced.
    missing : float or mapping of str to float
        Share of missing values, of all controls or by column.
    effect : float
        Scale of all paths: a unit of ``ai`` moves log green patents by this times what it does
        in the plain economy.
    supply_chain : float
        Effect of suppliers' AI on log green patents.
    zone_effect : float
        What a zone adds to log AI words in its first year; grows by half of it every year, for
        four years.
    last_year : int
        Last year of the panel.

    Examples
    --------
    >>> Realism(missing={"tobin_q": 0.2}, zones=None).last_year
    2023
    """

    counts: bool = True
    types: bool = True
    links: bool = True
    zones: str | None = "full_year"
    entry_exit: bool = True
    missing: float | Mapping[str, float] = 0.02
    effect: float = 0.2
    supply_chain: float = 0.05
    zone_effect: float = 0.15
    last_year: int = 2023

    def __post_init__(self) -> None:
        if self.zones not in (None, "full_year", "calendar"):
            raise ValueError(f"zones must be 'full_year', 'calendar' or None, got {self.zones!r}")
        for name in ("effect", "supply_chain", "zone_effect"):
            if not np.isfinite(getattr(self, name)):
                raise ValueError(f"{name} must be a finite number, got {getattr(self, name)}")
        for name, share in self.missing_shares().items():
            if name not in CONTROLS:
                raise ValueError(f"missing: {name!r} is not one of {', '.join(CONTROLS)}")
            if not 0 <= share < 1:
                raise ValueError(f"missing: the share of {name!r} must lie in [0, 1), got {share}")
        if isinstance(self.missing, Mapping):  # the caller's mapping may change later
            object.__setattr__(self, "missing", MappingProxyType(dict(self.missing)))

    def __reduce__(self) -> tuple[object, ...]:
        values = [getattr(self, name) for name in self.__slots__]
        return type(self), tuple(dict(v) if isinstance(v, Mapping) else v for v in values)

    def missing_shares(self) -> dict[str, float]:
        """Share of missing values by control."""
        if isinstance(self.missing, Mapping):
            return {str(name): float(share) for name, share in self.missing.items()}
        return dict.fromkeys(CONTROLS, float(self.missing))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Simulation:
    """A simulated panel, its truth and its supply chains; ``df, truth = simulation`` unpacks it.

    Attributes
    ----------
    df : pandas.DataFrame
        One row per firm and year.
    truth : Truth
        Effects, also of each kind of AI, on counts, and of the zones.
    edges : pandas.DataFrame
        Supply chains: supplier, customer, year, share.
    realism : Realism
    seed : int

    Examples
    --------
    >>> import causalgreen as cg
    >>> simulation = cg.simulate_panel(60, 6, realism=Realism())
    >>> df, truth = simulation
    >>> sorted(simulation.edges.columns)
    ['customer', 'share', 'supplier', 'year']
    """

    df: pd.DataFrame
    truth: Truth
    edges: pd.DataFrame
    realism: Realism
    seed: int

    def __iter__(self) -> Iterator[object]:
        return iter((self.df, self.truth))

    def tidy(self) -> pd.DataFrame:
        """Return moments beside those of published tables: moment, target, low, high, simulated."""
        from causalgreen.data.economy_moments import moments

        return moments(self.df)

    def plot(self) -> Figure:
        """Draw counts, AI words, firms by year and AI in and outside zones."""
        from causalgreen.data.economy_plot import plot

        return plot(self)

    def __repr__(self) -> str:
        return f"Simulation({self._size()}, seed={self.seed})"

    def _size(self) -> str:
        years = f"{self.df['year'].min()} to {self.df['year'].max()}"
        return f"{len(self.df):,} rows, {self.df['firm'].nunique():,} firms, {years}"

    def __str__(self) -> str:
        paths = ", ".join(f"{k} {v:.3f}" for k, v in self.truth.average.items())
        edges = f"{len(self.edges):,} supplier-customer-years"
        return f"Simulated panel: {self._size()}; {edges}\ntruth of ai: {paths}"

    def _repr_html_(self) -> str:
        head, truth = str(self).split("\n")
        table = self.tidy().to_html(index=False, float_format=lambda v: f"{v:.3g}", border=0)
        return f"<div><b>{head}</b><br>{truth}{table}</div>"
