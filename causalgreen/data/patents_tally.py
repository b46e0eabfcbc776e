"""Years, green or not, and sums by firm and year."""

from __future__ import annotations

import numpy as np
import pandas as pd

from causalgreen.data.patents_count import Ledger
from causalgreen.data.patents_rules import ADMINISTRATIVE
from causalgreen.errors import DataError, Fault

__all__ = ["dated", "greened", "tallied"]


def dated(apps: pd.DataFrame, date: str, ledger: Ledger) -> pd.DataFrame:
    """Add the year that counts; the number of a Chinese application holds its year, too."""
    if date == "grant":
        year = apps["grant_date"].dt.year.astype("float64")
        fix = "the table needs grant dates, or publication dates of the grant records"
    else:
        year = apps["date"].dt.year.astype("float64")
        number = apps["application"]
        long = number.str.fullmatch(r"\d{12}")
        from_number = number.where(long).str.slice(0, 4).astype("float64")
        short = number.where(number.str.fullmatch(r"\d{8}")).str.slice(0, 2).astype("float64")
        # two-digit years were given from 1985 to 2003
        from_number = from_number.fillna(short + np.where(short >= 85, 1900, 2000))
        filled = year.isna() & from_number.notna()
        if filled.any():
            ledger.notes.append(
                f"{int(filled.sum()):,} applications without a date take the year from their number"
            )
        year = year.fillna(from_number)
        fix = "add a column of application dates (申请日)"
    lost = year.isna()
    if lost.any():
        first = ", ".join(apps["application"][lost].head(4))
        what = f"{int(lost.sum()):,} applications have no year of {date}: {first}"
        raise DataError([Fault("no_year", what, fix)])
    return apps.assign(year=year.astype("int64"))


def greened(
    apps: pd.DataFrame, exclude: tuple[str, ...], broad: bool, several: str, ledger: Ledger
) -> pd.DataFrame:
    """Add green (True/False) and the weight of each class; say what hangs on what."""
    sure = [tuple(name for name in names if name not in exclude) for names in apps["narrow"]]
    wide = [tuple(name for name in names if name not in exclude) for names in apps["classes"]]
    counted = wide if broad else sure
    out = apps.assign(counted=pd.Series(counted, dtype=object, index=apps.index))
    out["green"] = np.array([bool(names) for names in counted], dtype=bool)
    if several == "main":
        out["counted"] = out["counted"].map(lambda names: names[:1])
    out["part"] = [1 / len(names) if several == "split" and names else 1.0 for names in counted]
    alone = sum(bool(w) and not s for w, s in zip(wide, sure, strict=True))
    if alone:
        effect = "are green" if broad else "would be green"
        ledger.notes.append(
            f"{alone:,} patents {effect} through broad places alone (such as G01R, H02J, H01L 25); "
            f"broad={not broad} {'leaves them out' if broad else 'counts them'}"
        )
    for name in exclude:
        has = np.array([name in names for names in apps["classes"]], dtype=bool)
        if has.any():
            only = int((has & ~out["green"]).sum())
            why = ", into which AI falls by classification" if name == ADMINISTRATIVE else ""
            ledger.notes.append(
                f"{int(has.sum()):,} patents are of the class {name}{why}; {only:,} of them are "
                "of no other green class and do not count as green"
            )
    many = sum(len(names) > 1 for names in counted)
    if many:
        words = {"each": "in each", "main": "in that of the first symbol", "split": "in parts"}
        ledger.notes.append(
            f"{many:,} green patents have several classes; counted {words[several]}"
        )
    return out


def tallied(
    apps: pd.DataFrame, shares: pd.DataFrame, classes: list[str], excluded: list[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sum the weights by firm and year: the table of counts, and one by topic."""
    rows = apps.iloc[shares["at"].to_numpy()].reset_index(drop=True)
    weight = shares["weight"].to_numpy()
    invention = (rows["kind"] == "invention").to_numpy()
    green = rows["green"].to_numpy()
    part = weight * rows["part"].to_numpy()
    columns = {
        "patents": weight,
        "inventions": weight * invention,
        "utility_models": weight * ~invention,
        "green_patents": weight * green,
        "green_inventions": weight * (green & invention),
        "green_utility": weight * (green & ~invention),
    }
    for name in classes:
        columns[f"green_{name}"] = part * _has(rows["counted"], name)
    for name in excluded:
        columns[name] = weight * _has(rows["classes"], name)
    columns["green_joint"] = weight * (green & shares["joint"].to_numpy())
    keys = {"firm": shares["firm"].astype("str").to_numpy(), "year": rows["year"].to_numpy()}
    out = pd.DataFrame({**keys, **columns}).groupby(["firm", "year"], sort=True).sum()
    topics = pd.DataFrame({**keys, "topic": rows["topics"].where(rows["green"]), "patents": weight})
    topics = topics.explode("topic").dropna(subset=["topic"])
    topics["topic"] = topics["topic"].astype("str")
    by_topic = topics.groupby(["firm", "year", "topic"], sort=True)["patents"].sum()
    return _tidied(out).reset_index(), by_topic.reset_index()


def _has(cells: pd.Series, name: str) -> np.ndarray:
    return np.array([name in names for names in cells], dtype=bool)


def _tidied(counts: pd.DataFrame) -> pd.DataFrame:
    """Whole numbers as integers; fractions without the dust of their sums."""
    counts = counts.round(10)
    whole = bool((counts == counts.round()).all(axis=None))
    return counts.astype("int64") if whole else counts
