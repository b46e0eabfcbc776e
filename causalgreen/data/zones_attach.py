"""Attach pilot zones to a firm–year table, by where a firm was before the programme began."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from causalgreen.data.zones import PROGRAMMES, Cohort, PilotZones, pilot_zones
from causalgreen.data.zones_firms import belongs, moves, remarks, treated
from causalgreen.data.zones_places import codes_of_rows
from causalgreen.errors import DataError, Fault

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ZoneAttachment", "attach_pilot_zones"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ZoneAttachment:
    """A table with pilot zones, and what was decided on the way.

    Attributes
    ----------
    frame : pandas.DataFrame
        The table as it came, with ``zone_cohort`` (first treated year, 0 if never), ``zone``
        (1 from the cohort on, else 0), ``zone_id``, ``zone_status`` (``"zone"``, ``"never"``,
        ``"other programme only"``, ``"unclear"``, ``"no city"``), ``zone_city`` (GB code that
        decides), ``zone_other_cohort`` (of the other ministry, 0 if never), ``zone_other_only``,
        ``zone_mover`` and ``zone_late`` (1 for a firm without a row before the base year).
        ``zone`` and ``zone_cohort`` are missing where the status is unclear or there is no city.
    zones : PilotZones
        The zones that were attached.
    firms : pandas.DataFrame
        One row a firm: firm, city, cohort, status, zone_id, mover, late, other_cohort.
    movers : pandas.DataFrame
        Firms seen in more than one city: firm, base_city, other_city, first_year_there,
        base_cohort, other_city_cohort.
    notes : tuple of str
        What a reader should know, in full sentences.
    panel : object
        The panel with the step in its audit trail, if a panel came in; else None.
    """

    frame: pd.DataFrame
    zones: PilotZones
    firms: pd.DataFrame
    movers: pd.DataFrame
    notes: tuple[str, ...]
    panel: Any
    _roles: tuple[str, str, str]

    def tidy(self) -> pd.DataFrame:
        """Return status, cohort, firms, late_firms, movers, rows, treated_rows: one row a group."""
        firm, _, prefix = self._roles
        rows = self.frame.groupby(firm)[prefix].agg(["size", "sum"])
        table = self.firms.assign(
            rows=rows["size"].reindex(self.firms["firm"]).to_numpy(),
            treated_rows=rows["sum"].reindex(self.firms["firm"]).to_numpy(),
            cohort=self.firms["cohort"].fillna(0).astype("int64"),
        )
        out = table.groupby(["status", "cohort"], sort=True).agg(
            firms=("firm", "size"),
            late_firms=("late", "sum"),
            movers=("mover", "sum"),
            rows=("rows", "sum"),
            treated_rows=("treated_rows", "sum"),
        )
        return out.astype("int64").reset_index()

    def plot(self, kind: str = "firms") -> Figure:
        """Draw firms by year and status (``"firms"``), or the zones' ``"map"``, ``"roll-out"``.

        Parameters
        ----------
        kind : {"firms", "map", "roll-out"}
            Which picture.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from causalgreen.data.zones_plot import plot_attachment, plot_zones

        return plot_attachment(self) if kind == "firms" else plot_zones(self.zones, kind)

    def __repr__(self) -> str:
        treated = int((self.firms["status"] == "zone").sum())
        return f"ZoneAttachment({self.zones!r}; {treated:,} of {len(self.firms):,} firms in zones)"

    def __str__(self) -> str:
        table = self.tidy().to_string(index=False)
        return "\n".join([repr(self), table, *(f"- {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        points = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        table = self.tidy().to_html(index=False, border=0)
        return f"<div><h4>{escape(repr(self))}</h4>{table}<ul>{points}</ul></div>"


def attach_pilot_zones(
    data: Any,
    city: str = "city",
    *,
    county: str | None = None,
    cohort: Cohort = "calendar",
    programme: str = "MOST",
    firm: str = "firm",
    year: str = "year",
    base_year: int = 2018,
    aliases: Mapping[str, str | None] | None = None,
    prefix: str = "zone",
) -> ZoneAttachment:
    """Attach the AI pilot zones to the rows of a firm–year table.

    A firm belongs to the city of its last row up to `base_year` (intention to treat: whoever
    moves into a zone later is not treated by it). A firm that is first seen later belongs to the
    city of its first row, and ``zone_late`` is 1.

    Parameters
    ----------
    data : DataFrame or panel
        A table, or a `FirmPanel`, whose audit trail then gets this step.
    city : str
        Column of GB codes (four or six digits, districts too) or Chinese names of cities.
    county : str, optional
        Column of counties (names or GB codes): tells firms of Deqing from others in Huzhou.
    cohort : {"calendar", "full_year"} or callable
        See `pilot_zones`.
    programme : {"MOST", "MIIT"}
        See `pilot_zones`; the other one is attached as ``zone_other_cohort``.
    firm, year : str
        Columns of firm and year.
    base_year : int
        Last year whose location counts.
    aliases : mapping, optional
        What to read instead of names that are not known: ``{"横琴新区": "440400"}``; None as value
        stands for a place outside, without a city.
    prefix : str
        Beginning of the new columns' names.

    Returns
    -------
    ZoneAttachment

    Raises
    ------
    DataError
        If a column is missing, a year is no year, new columns would overwrite others, or a city
        is not known or ambiguous, such as the bare spelling "Suzhou" (苏州 or 宿州). All of it
        is reported at once, with rows.

    Examples
    --------
    >>> table = pd.DataFrame({"firm": ["000001"] * 3 + ["600000"] * 3 + ["002000"] * 3,
    ...                       "year": [2018, 2019, 2020] * 3,
    ...                       "city": ["深圳市"] * 3 + ["青岛"] * 3 + ["湖州"] * 3})
    >>> done = attach_pilot_zones(table)
    >>> done.frame["zone"].tolist()
    [0.0, 1.0, 1.0, 0.0, 0.0, 0.0, nan, nan, nan]
    >>> done.firms[["firm", "status"]].values.tolist()
    [['000001', 'zone'], ['002000', 'unclear'], ['600000', 'other programme only']]
    """
    zones = pilot_zones(programme, cohort)
    other = pilot_zones(next(name for name in PROGRAMMES if name != programme), cohort)
    frame = _frame_of(data)
    _check(frame, [firm, year, city, *([county] if county else [])], year, firm, prefix)
    read = codes_of_rows(frame, city, county, dict(aliases or {}), firm, year)
    who = pd.DataFrame({"firm": frame[firm], "year": frame[year].astype("int64"), "gb": read.codes})
    firms = treated(belongs(who, base_year), zones, other)
    movers = moves(who, firms, zones)
    firms["mover"] = firms["firm"].isin(movers["firm"]).astype("int64")
    out = _joined(frame, firms, firm, year, prefix)
    notes = (*read.notes, *remarks(firms, movers, zones, other, base_year))
    panel = _recorded(data, out, _step(zones, city, firms), _new_columns(prefix))
    columns = ["firm", "city", "cohort", "status", "zone_id", "mover", "late", "other_cohort"]
    return ZoneAttachment(out, zones, firms[columns], movers, notes, panel, (firm, year, prefix))


def _frame_of(data: Any) -> pd.DataFrame:
    if isinstance(data, pd.DataFrame):
        return data
    if isinstance(getattr(data, "frame", None), pd.DataFrame):
        return data.frame
    what = f"the data are a {type(data).__name__}, not a table"
    raise DataError([Fault("not_a_table", what, "give a pandas DataFrame or a firm panel")])


def _recorded(data: Any, out: pd.DataFrame, why: str, new: Sequence[str]) -> Any:
    """Give the new columns to a panel that keeps an audit trail; None for a plain table."""
    if callable(getattr(data, "adding", None)):
        return data.adding(why, out)
    if callable(getattr(data, "with_columns", None)):
        return data.with_columns({name: out[name] for name in new}, why, "attach pilot zones")
    return None


def _check(frame: pd.DataFrame, needed: Sequence[str], year: str, firm: str, prefix: str) -> None:
    faults = []
    gone = [name for name in needed if name not in frame.columns]
    if gone:
        have = ", ".join(map(str, frame.columns[:12]))
        what = f"no column {', '.join(map(repr, gone))}"
        faults.append(Fault("missing_columns", what, f"name them; the table has {have}"))
    new = [name for name in _new_columns(prefix) if name in frame.columns]
    if new:
        fix = "drop them, or give prefix= another word, such as the programme's name"
        faults.append(Fault("columns_exist", f"the table already has {', '.join(new)}", fix))
    if not gone:
        years = pd.to_numeric(frame[year], errors="coerce")
        bad = np.flatnonzero((years.isna() | (years % 1 != 0)).to_numpy())
        empty = np.flatnonzero(frame[firm].isna().to_numpy())
        for rows, name in ((bad, year), (empty, firm)):
            if len(rows):
                first = ", ".join(f"row {i} ({frame[name].iloc[i]!r})" for i in rows[:3])
                what = (
                    f"column {name!r}: {len(rows):,} rows hold no value that can be used: {first}"
                )
                faults.append(Fault("bad_values", what, "correct or drop these rows"))
    if faults:
        raise DataError(faults)


def _new_columns(prefix: str) -> tuple[str, ...]:
    words = "cohort id status city other_cohort other_only mover late"
    return (prefix, *(f"{prefix}_{word}" for word in words.split()))


def _joined(
    frame: pd.DataFrame, firms: pd.DataFrame, firm: str, year: str, prefix: str
) -> pd.DataFrame:
    """Put the firms' zones beside their rows; the order and the index stay."""
    place = firms.set_index("firm").loc[frame[firm]].reset_index()
    years = frame[year].to_numpy(dtype="int64")
    cohort = place["cohort"].to_numpy(dtype="float64")
    on = np.where(np.isnan(cohort), np.nan, (cohort > 0) & (years >= cohort))
    values = {
        prefix: _whole(on),
        f"{prefix}_cohort": _whole(cohort),
        f"{prefix}_id": place["zone_id"].to_numpy(),
        f"{prefix}_status": place["status"].to_numpy(),
        f"{prefix}_city": place["gb"].to_numpy(),
        f"{prefix}_other_cohort": place["other_cohort"].to_numpy(),
        f"{prefix}_other_only": (place["status"] == "other programme only").astype("int64"),
        f"{prefix}_mover": place["mover"].to_numpy(),
        f"{prefix}_late": place["late"].to_numpy(),
    }
    columns = {name: pd.Series(np.asarray(cells)) for name, cells in values.items()}
    return frame.assign(**{name: cells.set_axis(frame.index) for name, cells in columns.items()})


def _whole(values: np.ndarray) -> np.ndarray:
    """Integers unless some are missing."""
    return values if np.isnan(values).any() else values.astype("int64")


def _step(zones: PilotZones, city: str, firms: pd.DataFrame) -> str:
    counts = firms["status"].value_counts()
    parts = ", ".join(f"{n:,} {status}" for status, n in counts.items())
    return f"pilot zones of {zones.programme} attached by {city!r} ({zones.coding}): firms {parts}"
