"""The simulated economies of the coverage table, and the roles of their columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

import causalgreen as cg

__all__ = [
    "CONTROLS",
    "ECONOMIES",
    "ROLES",
    "TERMS",
    "TRAITS",
    "Setting",
    "draw",
    "panel_of",
    "twice_demeaned",
]

TERMS = ("direct", "restructuring", "human_capital", "spillover", "own_total", "overall")
CONTROLS = ("age", "leverage", "roa_lag")
TRAITS = ("size", "urban", "clean_industry")
ROLES: MappingProxyType[str, Any] = MappingProxyType(
    {
        "unit": "firm",
        "time": "year",
        "outcome": "green_patents",
        "treatment": "ai",
        "mediators": {"restructuring": ["clean_share"], "human_capital": ["skilled_share"]},
        "exposure": "peer_ai",
        "traits": list(TRAITS),
        "controls": list(CONTROLS),
        "cluster": "city",
    }
)


@dataclass(frozen=True, slots=True)
class Setting:
    """An economy and the size of the panels drawn from it.

    Attributes
    ----------
    economy : causalgreen.Economy
        Dials of the simulation.
    firms, years, cities : int
        Size of each panel.
    """

    economy: cg.Economy = field(default_factory=cg.Economy)
    firms: int = 600
    years: int = 8
    cities: int = 60


ECONOMIES = MappingProxyType(
    {
        "linear": Setting(cg.Economy(nonlinearity=0)),
        "curved": Setting(cg.Economy()),
    }
)


def draw(setting: Setting, seed: int) -> tuple[pd.DataFrame, Any]:
    """One panel of the economy, and its truth."""
    return cg.simulate_panel(
        setting.firms, setting.years, seed, n_cities=setting.cities, economy=setting.economy
    )


def panel_of(frame: pd.DataFrame) -> Any:
    """The table with its roles."""
    return cg.Panel.from_frame(frame, **ROLES)


def twice_demeaned(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Columns without firm and year means; exact because the simulated panels are balanced."""
    values = frame[columns].astype(np.float64)
    firm = values.groupby(frame["firm"]).transform("mean")
    year = values.groupby(frame["year"]).transform("mean")
    return values - firm - year + values.mean()
