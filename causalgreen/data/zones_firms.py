"""Which zone a firm belongs to, who moved, and what a reader should know about it."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import pandas as pd

from causalgreen.data.city_names import cities
from causalgreen.data.zones import PilotZones
from causalgreen.data.zones_places import counted

__all__ = ["belongs", "moves", "remarks", "treated"]

_ZONE, _OTHER, _NEVER = "zone", "other programme only", "never"
_UNCLEAR, _NOWHERE = "unclear", "no city"


def belongs(who: pd.DataFrame, base_year: int) -> pd.DataFrame:
    """One row a firm: where it belongs, and whether it came after the base year."""
    known = who.dropna(subset=["gb"]).sort_values(["firm", "year"], kind="stable")
    before = known[known["year"] <= base_year].groupby("firm")["gb"].last()
    after = known[known["year"] > base_year].groupby("firm")["gb"].first()
    out = who.groupby("firm", sort=True)["year"].min().reset_index()
    codes = before.combine_first(after).reindex(out["firm"]).astype("str")
    out["gb"] = codes.to_numpy()
    out["guessed"] = ~out["firm"].isin(before.index) & out["gb"].notna()
    out["late"] = (out["year"] > base_year).astype("int64")
    return out.drop(columns="year")


def _cohorts(zones: PilotZones) -> dict[Hashable, int]:
    return dict(zip(zones.frame["gb_code"], zones.frame["cohort"].astype(int), strict=True))


def _mixed(zones: PilotZones) -> set[str]:
    """Prefectures of which only a county is a zone: the rest is neither treated nor clean."""
    counties = zones.frame[zones.frame["gb_code"] != zones.frame["prefecture_gb"]]
    return set(counties["prefecture_gb"])


def _within(zones: PilotZones, codes: pd.Series) -> pd.Series:
    """Code of the zone that a place lies in, as far as the programme tells places apart."""
    if "330521" in set(zones.frame["gb_code"]):
        return codes
    return codes.where(codes != "330521", "330500")


def treated(firms: pd.DataFrame, zones: PilotZones, other: PilotZones) -> pd.DataFrame:
    """Add status, cohort, zone and the other programme's cohort to each firm."""
    place = _within(zones, firms["gb"])
    cohort = place.map(_cohorts(zones)).fillna(0).astype("float64")
    elsewhere = _within(other, firms["gb"]).map(_cohorts(other)).fillna(0).astype("float64")
    ids = dict(zip(zones.frame["gb_code"], zones.frame["zone_id"], strict=True))
    status = np.select(
        [place.isna(), cohort > 0, place.isin(_mixed(zones)), elsewhere > 0],
        [_NOWHERE, _ZONE, _UNCLEAR, _OTHER],
        default=_NEVER,
    )
    open_ = np.isin(status, [_NOWHERE, _UNCLEAR])
    return firms.assign(
        status=pd.Series(status, dtype="str"),
        cohort=cohort.mask(open_),
        zone_id=place.map(ids).astype("str").fillna(""),
        other_cohort=elsewhere.astype("int64"),
        city=[f"{cities()[gb].name} {gb}" if gb in cities() else gb for gb in firms["gb"]],
    )


def moves(who: pd.DataFrame, firms: pd.DataFrame, zones: PilotZones) -> pd.DataFrame:
    """List firms that were seen in another city than the one they belong to."""
    base = who["firm"].map(firms.set_index("firm")["gb"])
    away = who[who["gb"].notna() & (who["gb"] != base)].assign(base=base)
    away = away[_prefecture(away["gb"]) != _prefecture(away["base"])]
    first = away.groupby(["firm", "base", "gb"], sort=True)["year"].min().reset_index()
    cohorts = _cohorts(zones)
    label = {gb: f"{place.name} {gb}" for gb, place in cities().items()}
    return pd.DataFrame(
        {
            "firm": first["firm"],
            "base_city": [label.get(gb, gb) for gb in first["base"]],
            "other_city": [label.get(gb, gb) for gb in first["gb"]],
            "first_year_there": first["year"],
            "base_cohort": [cohorts.get(gb, 0) for gb in first["base"]],
            "other_city_cohort": [cohorts.get(gb, 0) for gb in first["gb"]],
        }
    )


def _prefecture(codes: pd.Series) -> pd.Series:
    """Huzhou with and without its county is one place; 429004 and 429005 are two."""
    return codes.where(codes.str[2:4] == "90", codes.str[:4])


def remarks(
    firms: pd.DataFrame,
    movers: pd.DataFrame,
    zones: PilotZones,
    other: PilotZones,
    base_year: int,
) -> tuple[str, ...]:
    """Say in sentences what was decided, and for which firms."""
    status = firms["status"]
    groups = (
        (
            status == _UNCLEAR,
            "in Huzhou but not, as far as the table says, in Deqing county, the zone: neither "
            "treated nor clean, zone is missing; county= tells them apart",
        ),
        (status == _NOWHERE, "without a city in any row: zone is missing"),
        (
            status == _OTHER,
            f"in cities that only the {other.programme} programme touched "
            f"({_cities_of(firms[status == _OTHER])}): zone is 0, but they are no clean controls",
        ),
        (
            firms["guessed"],
            f"without a city up to {base_year}: they belong to the first city in which they were "
            "seen, which the zones may have made them choose (zone_late marks those that entered "
            "later)",
        ),
    )
    notes = [
        f"{counted(int(rows.sum()), 'firm')} {words}: {_some(firms['firm'][rows])}"
        for rows, words in groups
        if rows.any()
    ]
    return (*notes, *_moved(movers, base_year), *_entry(firms, base_year), *_dates(firms, zones))


def _moved(movers: pd.DataFrame, base_year: int) -> tuple[str, ...]:
    """Say who was seen in another city."""
    if movers.empty:
        return ()
    crossed = movers[movers["base_cohort"] != movers["other_city_cohort"]]
    names = movers["firm"].drop_duplicates()
    return (
        f"{counted(len(names), 'firm')} seen in another city, too, "
        f"{crossed['firm'].nunique():,} of them in one of another cohort; they keep the city "
        f"of {base_year}: {_some(names)}",
    )


def _entry(firms: pd.DataFrame, base_year: int) -> tuple[str, ...]:
    """Compare how many firms entered late inside and outside the zones."""
    inside, never = firms["status"] == _ZONE, firms["status"].isin([_NEVER, _OTHER])
    if not firms["late"].any() or not inside.any() or not never.any():
        return ()
    shares = [firms["late"][group].mean() for group in (inside, never)]
    return (
        f"{shares[0]:.0%} of the firms in zones and {shares[1]:.0%} of the others have no row up "
        f"to {base_year}: a panel whose firms enter by zone changes its composition with treatment",
    )


def _dates(firms: pd.DataFrame, zones: PilotZones) -> tuple[str, ...]:
    used = zones.frame[zones.frame["zone_id"].isin(firms["zone_id"])]
    late = used[
        (used["public_date"].dt.month >= 11) & (used["cohort"] == used["public_date"].dt.year)
    ]
    if late.empty:
        return ()
    return (
        f"{', '.join(late['name_en'])}: made public in November or December of the cohort's year, "
        "which is in practice untreated: cohort='full_year' counts from the next",
    )


def _cities_of(firms: pd.DataFrame) -> str:
    return ", ".join(sorted(firms["city"].unique()))


def _some(names: pd.Series, most: int = 5) -> str:
    shown = ", ".join(map(str, names.iloc[:most]))
    return shown + (f" and {len(names) - most:,} more" if len(names) > most else "")
