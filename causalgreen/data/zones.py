"""Where and when the AI pilot zones began: two ministries' programmes, three ways to date them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pandas as pd

from causalgreen.data.city_names import cities
from causalgreen.errors import DataError, Fault

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["PROGRAMMES", "Cohort", "PilotZones", "pilot_zones"]

PROGRAMMES = {
    "MOST": "new-generation AI innovation and development pilot zones (Ministry of Science)",
    "MIIT": "AI innovation and application pilot zones (Ministry of Industry)",
}
Cohort = str | Callable[[dict[str, Any]], int]
_CODINGS = ("calendar", "full_year")
_COLUMNS = (
    "zone_id programme name_en name_zh level gb_code prefecture_gb province_en cohort "
    "letter_date public_date is_capital is_municipality date_quality longitude latitude note"
)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PilotZones:
    """The zones of one programme, each with the year from which it counts as treated.

    Attributes
    ----------
    programme : str
        ``"MOST"`` or ``"MIIT"``.
    coding : str
        How the years were set, in words.
    frame : pandas.DataFrame
        One row a zone: zone_id, programme, name_en, name_zh, level, gb_code (of the county for
        Deqing), prefecture_gb, province_en, cohort, letter_date, public_date, is_capital,
        is_municipality, date_quality, longitude, latitude, note.
    """

    programme: str
    coding: str
    frame: pd.DataFrame

    @property
    def counts(self) -> dict[int, int]:
        """Number of zones by cohort."""
        table = self.frame["cohort"].value_counts().sort_index()
        return {int(str(year)): int(n) for year, n in table.items()}

    def tidy(self) -> pd.DataFrame:
        """Return cohort, zones, cumulative, names: one row a cohort."""
        groups = self.frame.groupby("cohort", sort=True)
        out = groups.size().rename("zones").reset_index()
        out["cumulative"] = out["zones"].cumsum()
        out["names"] = groups["name_en"].agg(", ".join).to_numpy()
        return out

    def plot(self, kind: str = "map") -> Figure:
        """Draw the zones on a map (``"map"``) or their roll-out over time (``"roll-out"``).

        Parameters
        ----------
        kind : {"map", "roll-out"}
            Which picture.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from causalgreen.data.zones_plot import plot_zones

        return plot_zones(self, kind)

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        return f"PilotZones({self.programme}, {self.coding}; {len(self)} zones)"

    def _head(self) -> str:
        return f"{self.programme}: {PROGRAMMES[self.programme]}; {len(self)} zones, {self.coding}"

    def __str__(self) -> str:
        lines = [self._head()]
        for cohort, zones, _, names in self.tidy().itertuples(index=False):
            lines.append(f"  {cohort}  {zones:>2}  {names}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        table = self.tidy().to_html(index=False, border=0)
        return f"<div><h4>{escape(self._head())}</h4>{table}</div>"


def pilot_zones(
    programme: str = "MOST", cohort: Cohort = "calendar", *, cutoff: str = "06-30"
) -> PilotZones:
    """Return the AI pilot zones of a programme with their cohorts.

    Parameters
    ----------
    programme : {"MOST", "MIIT"}
        The 18 pilot zones of the Ministry of Science and Technology, or the cities of the
        programme of the Ministry of Industry and Information Technology that has nearly the same
        English name.
    cohort : {"calendar", "full_year"} or callable
        ``"calendar"``: the year in which the zone was made public. ``"full_year"``: that year if
        it was made public by `cutoff`, else the next. A callable gets the row of a zone as a dict
        (dates as Timestamps, or NaT) and returns a year.
    cutoff : str
        Month and day, for ``"full_year"``.

    Returns
    -------
    PilotZones

    Raises
    ------
    DataError
        If the programme, the coding or the cutoff is not one of these.

    Notes
    -----
    Dates were collected by ourselves from the ministries' letters and from press reports; the
    page *Pilot zones* of the documentation says where sources disagree.

    Examples
    --------
    >>> pilot_zones().counts, pilot_zones(cohort="full_year").counts
    ({2019: 7, 2020: 6, 2021: 5}, {2019: 2, 2020: 9, 2021: 4, 2022: 3})
    >>> pilot_zones(cohort=lambda zone: zone["public_date"].year + 1).counts
    {2020: 7, 2021: 6, 2022: 5}
    """
    _check(programme, cohort, cutoff)
    table = _all_zones()
    table = table[table["programme"] == programme].reset_index(drop=True)
    if callable(cohort):
        years, coding = [_asked(cohort, row) for row in table.to_dict("records")], "own rule"
    elif cohort == "full_year":
        late = table["public_date"].dt.strftime("%m-%d") > cutoff
        years = (table["public_date"].dt.year + late).tolist()
        coding = f"first full year (public by {cutoff}: that year, else the next)"
    else:
        years, coding = table["public_date"].dt.year.tolist(), "calendar year of publication"
    table["cohort"] = pd.Series(years, dtype="int64")
    return PilotZones(programme, coding, table[_COLUMNS.split()].copy())


def _check(programme: str, cohort: Cohort, cutoff: str) -> None:
    faults = []
    if programme not in PROGRAMMES:
        known = "; ".join(f'"{name}": {what}' for name, what in PROGRAMMES.items())
        faults.append(Fault("unknown_programme", f"programme={programme!r}", f"choose {known}"))
    if not callable(cohort) and cohort not in _CODINGS:
        fix = 'choose "calendar" or "full_year", or give a function of a zone that returns a year'
        faults.append(Fault("unknown_cohort", f"cohort={cohort!r}", fix))
    if not re.fullmatch(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", str(cutoff)):
        fix = 'write month and day, such as "06-30"'
        faults.append(Fault("bad_cutoff", f"cutoff={cutoff!r}", fix))
    if faults:
        raise DataError(faults)


def _asked(rule: Callable[[dict[str, Any]], int], row: dict[Any, Any]) -> int:
    year = rule({str(key): value for key, value in row.items()})
    if not isinstance(year, bool):
        try:
            whole = int(year)
        except (TypeError, ValueError):
            whole = -1
        if whole == year and 1990 <= whole <= 2100:
            return whole
    raise DataError(
        [
            Fault(
                "bad_cohort",
                f"the rule gave {year!r} for {row['zone_id']} ({row['name_en']})",
                "return a year, such as zone['public_date'].year; letter dates may be missing",
            )
        ]
    )


@cache
def _all_zones() -> pd.DataFrame:
    with (files("causalgreen.data") / "pilot_zones.csv").open(encoding="utf-8") as file:
        table = pd.read_csv(
            file,
            dtype={"gb_code": str, "prefecture_gb": str},
            parse_dates=["letter_date", "public_date"],
            keep_default_na=False,
            na_values={"letter_date": [""], "public_date": [""]},
        )
    places = [cities()[code] for code in table["gb_code"]]
    table["longitude"] = [place.lon for place in places]
    table["latitude"] = [place.lat for place in places]
    return table
