"""Industry codes of listed firms: two classifications that give one code two meanings."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from causalgreen.data.derived import Derived, account_of, frame_of, refuse, where
from causalgreen.data.industry_lists import IndustryList, as_list
from causalgreen.errors import DataError, Fault

__all__ = ["heavy_polluter", "industry_codes"]

# CSRC 2012: first and last two-digit number of each section.
_2012 = {
    "A": (1, 5), "B": (6, 12), "C": (13, 43), "D": (44, 46), "E": (47, 50), "F": (51, 52),
    "G": (53, 60), "H": (61, 62), "I": (63, 65), "J": (66, 69), "K": (70, 70), "L": (71, 72),
    "M": (73, 75), "N": (76, 78), "O": (79, 81), "P": (82, 82), "Q": (83, 84), "R": (85, 89),
    "S": (90, 90),
}  # fmt: skip
# CSRC 2001: the two-digit numbers that exist, by section.
_2001_TEXT = """
A 01 03 05 07 09; B 01 03 05 07 09 49 50; D 01 03 05; E 01 05; F 01 03 05 07 09 11 19 21;
C 01 03 05 11 13 14 21 23 24 25 31 35 37 41 43 47 48 49 51 55 57 61 65 67 69 71 73 75 76 78 81 85 99;
G 81 83 85 87; H 01 03 09 11 21; I 01 11 21 31 41 99; J 01 05 09; K 01 10 20 30 32 34 36 37 39 99;
L 01 05 10 15 20 99
"""  # noqa: E501
_2001 = {
    part.split()[0]: {int(n) for n in part.split()[1:]} for part in _2001_TEXT.strip().split(";")
}
_2001["M"] = set()
_FORM = re.compile(r"^([A-S])(\d{0,4})$")
_SOURCE = {
    2001: "CSRC 2001, 上市公司行业分类指引 (2001年)",
    2012: "CSRC 2012, 上市公司行业分类指引 (2012年修订)",
}


def industry_codes(
    data: Any, column: str = "industry", vintage: int | None = None, year: str = "year"
) -> Derived:
    """Read CSRC industry codes: vintage, section, and the group that studies use.

    The classifications of 2001 and of 2012 share codes that mean other things: C31 is paper in
    the first and steel in the second. The vintage is told year by year (all rows at once where
    there is no year) from the codes that exist in one only; where that is not possible, or codes
    of both are mixed in a year, the rows are refused.

    Parameters
    ----------
    data : DataFrame, Table or FirmPanel
    column : str
        Codes such as ``C39``, ``C3910``, ``I65``, ``K``.
    vintage : {2001, 2012}, optional
        Classification of all rows; told from the codes when left out.
    year : str
        Column of the year, if there is one.

    Returns
    -------
    Derived
        ``industry_vintage`` (2001 or 2012), ``industry_section`` (letter), ``industry_group``:
        manufacturing by letter and two digits, the others by letter, as studies of Chinese firms
        do. Where both vintages occur, groups carry theirs (``C31 (2001)``), so that they are not
        taken for one.

    Raises
    ------
    DataError
        Cells are no codes, not of the vintage, of both vintages in one year, or of none that can
        be told.

    Examples
    --------
    >>> table = pd.DataFrame({"year": [2011, 2011, 2013, 2013], "industry": ["C51", "G87", "C39",
    ...                                                                      "I65"]})
    >>> industry_codes(table).frame["industry_group"].tolist()
    ['C51 (2001)', 'G (2001)', 'C39 (2012)', 'I (2012)']
    """
    frame = frame_of(data)
    if column not in frame:
        raise refuse("missing_columns", f"the table has no column {column!r}", "name it: column=")
    if vintage not in (None, 2001, 2012):
        raise refuse("industry_vintage", f"vintage={vintage!r}", "choose 2001 or 2012")
    codes = _plain(frame[column])
    _are_codes(frame, column, codes)
    letter, digits = codes.str[:1], codes.str[1:3]
    fits = {v: _fits(codes, v) for v in (2001, 2012)}
    if vintage is None:
        vintages = _told(frame, column, codes, fits, year)
    else:
        wrong = codes.notna() & ~fits[vintage]
        if wrong.any():
            raise _not_of(frame, column, codes, wrong, vintage)
        vintages = pd.Series(float(vintage), index=frame.index).where(codes.notna())
    out, short = _columns(vintages, letter, digits)
    both = sorted(int(v) for v in vintages.dropna().unique())
    notes = [f"vintage {v}: {int((vintages == v).sum()):,} rows" for v in both]
    if short.any():
        notes.append(f"manufacturing without digits, group missing: {where(frame, short)}")
    if len(both) > 1:
        notes.append("one code means two things in the two vintages; groups carry their vintage")
    account = account_of(
        out, dict.fromkeys(map(str, out), (column,)), {"industry_group": int(short.sum())}
    )
    definition = "manufacturing by letter and two digits, other sections by letter"
    source = "; ".join(_SOURCE[v] for v in both)
    return Derived(out, definition, source, account, tuple(notes), (), data)


def _columns(
    vintages: pd.Series, letter: pd.Series, digits: pd.Series
) -> tuple[pd.DataFrame, pd.Series]:
    made = letter == "C"
    short = made & (digits.str.len() < 2)
    group = letter.where(~made, letter + digits).where(~short)
    if len(vintages.dropna().unique()) > 1:
        group = group + " (" + vintages.astype("Int64").astype("str") + ")"
    out = pd.DataFrame(
        {
            "industry_vintage": vintages.astype("Int64"),
            "industry_section": letter,
            "industry_group": group,
        }
    )
    return out, short.fillna(False).astype(bool)


def _plain(values: pd.Series) -> pd.Series:
    text = values.astype("str").str.normalize("NFKC").str.strip().str.upper()
    return text.where(values.notna() & (text != ""), None).astype("str")


def _are_codes(frame: pd.DataFrame, column: str, codes: pd.Series) -> None:
    bad = codes.notna() & ~codes.str.match(_FORM, na=False)
    if bad.any():
        first = ", ".join(repr(c) for c in codes[bad].unique()[:4])
        what = f"column {column!r} holds {first}: {where(frame, bad)}"
        fix = "give CSRC codes with their letter, such as C39; names of industries are none"
        raise refuse("industry_codes", what, fix)
    if codes.isna().all():
        raise refuse("industry_codes", f"column {column!r} is empty", "join a table that has it")


def _fits(codes: pd.Series, vintage: int) -> pd.Series:
    """Whether a code exists in a classification; a letter alone does if the section does."""

    def fits(code: object) -> bool:
        letter, digits = str(code)[:1], str(code)[1:3]
        if vintage == 2012:
            low, high = _2012[letter]
            return digits == "" or (len(digits) == 2 and low <= int(digits) <= high)
        if letter not in _2001:
            return False
        # a first digit alone (C5) was a level of its own in 2001
        known = _2001[letter]
        return digits == "" or len(digits) == 1 or int(digits) in known or not known

    unique = codes.dropna().unique()
    return codes.map({code: fits(code) for code in unique}).fillna(False).astype(bool)


def _told(
    frame: pd.DataFrame,
    column: str,
    codes: pd.Series,
    fits: dict[int, pd.Series],
    year: str,
) -> pd.Series:
    """Vintage of each row, by what exists in one classification only, year by year."""
    when = frame[year] if year in frame else pd.Series(0, index=frame.index)
    faults: list[Fault] = []
    out = pd.Series(np.nan, index=frame.index)
    neither = codes.notna() & ~fits[2001] & ~fits[2012]
    if neither.any():
        faults += _not_of(frame, column, codes, neither, None).faults
    for period, rows in when.groupby(when).groups.items():
        here = pd.Series(data=False, index=frame.index)
        here[rows] = True
        here &= codes.notna()
        sure = {v: here & fits[v] & ~fits[4013 - v] for v in (2001, 2012)}
        label = f"in {period}" if year in frame else "in the table"
        if all(s.any() for s in sure.values()):
            few = min(sure, key=lambda v: int(sure[v].sum()))
            first = ", ".join(codes[sure[few]].unique()[:4])
            what = (
                f"{label} column {column!r} mixes codes of 2001 ({int(sure[2001].sum()):,} rows) "
                f"and 2012 ({int(sure[2012].sum()):,}); of {few}: {first}, "
                f"{where(frame, sure[few])}"
            )
            fix = "take one column of codes (行业代码C is one, 行业代码D the other), or vintage="
            faults.append(Fault("industry_vintage", what, fix))
        elif any(s.any() for s in sure.values()):
            out[here] = next(v for v, s in sure.items() if s.any())
        elif here.any():
            what = f"{label} all codes of {column!r} exist in both classifications"
            faults.append(Fault("industry_vintage", what, "say which: vintage=2012 (or 2001)"))
    if faults:
        raise DataError(faults)
    return out


def _not_of(
    frame: pd.DataFrame, column: str, codes: pd.Series, wrong: pd.Series, vintage: int | None
) -> DataError:
    first = ", ".join(repr(c) for c in codes[wrong].unique()[:4])
    which = f"of {vintage}" if vintage else "of 2001 or 2012"
    what = f"column {column!r} holds {first}, which no classification {which} has: "
    fix = "correct these cells, or leave the vintage to be told from the codes"
    return refuse("industry_codes", what + where(frame, wrong), fix)


def heavy_polluter(
    data: Any,
    industry: str = "industry",
    polluters: IndustryList | Any = None,
    year: str = "year",
) -> Derived:
    """Flag heavily polluting industries, by a list that can be read and replaced.

    Parameters
    ----------
    data : DataFrame, Table or FirmPanel
    industry : str
        Column of CSRC codes.
    polluters : IndustryList or sequence of str, optional
        `heavy_polluters` when left out.
    year : str
        Column of the year, for telling the vintage of the codes.

    Returns
    -------
    Derived
        ``heavy_polluter``: 1, 0, or missing where the code is.

    Raises
    ------
    DataError
        Codes are of another vintage than the list's, too short to tell, or no codes.

    Notes
    -----
    Not to be confused with the industry that cleans up (N77), which is on no such list.

    Examples
    --------
    >>> table = pd.DataFrame({"industry": ["C3110", "N77", "C39", None]})
    >>> heavy_polluter(table).frame["heavy_polluter"].tolist()
    [1.0, 0.0, 0.0, nan]
    """
    frame, listed = frame_of(data), as_list(polluters)
    if industry not in frame:
        raise refuse("missing_columns", f"the table has no column {industry!r}", "industry=")
    codes = _plain(frame[industry])
    _are_codes(frame, industry, codes)
    faults: list[Fault] = []
    other = codes.notna() & ~_fits(codes, listed.vintage)
    if other.any():
        first = ", ".join(codes[other].unique()[:4])
        what = f"{first} are no codes of {listed.vintage}, as the list {listed.name}'s are: "
        fix = "use codes of that vintage, or give an IndustryList of the other one"
        faults.append(Fault("industry_vintage", what + where(frame, other), fix))
    else:
        _same_vintage(frame, industry, codes, listed, year, faults)
    sections = {code[0] for code in listed.codes}
    short = codes.notna() & (codes.str.len() < 3) & codes.str[:1].isin(sections)
    if short.any():
        what = f"codes without two digits in sections of the list: {where(frame, short)}"
        faults.append(Fault("industry_codes", what, "join a table with longer codes"))
    if faults:
        raise DataError(faults)
    flag = codes.str[:3].isin(listed.codes).astype(float).where(codes.notna())
    out = pd.DataFrame({"heavy_polluter": flag})
    account = account_of(out, {"heavy_polluter": (industry,)})
    notes = (f"list {listed.name} (CSRC {listed.vintage}): {' '.join(listed.codes)}",)
    definition = "heavy_polluter = 1 where the industry is on the list"
    return Derived(out, definition, listed.source, account, notes, (), data)


def _same_vintage(
    frame: pd.DataFrame,
    industry: str,
    codes: pd.Series,
    listed: IndustryList,
    year: str,
    faults: list[Fault],
) -> None:
    """Refuse early years in which no code tells that they are of the list's classification."""
    if year not in frame or listed.vintage != 2012:
        return
    sure = codes.notna() & _fits(codes, 2012) & ~_fits(codes, 2001)
    early = codes.notna() & (pd.to_numeric(frame[year], errors="coerce") <= 2012)
    doubtful = sorted(set(frame.loc[early, year]) - set(frame.loc[sure, year]))
    if doubtful:
        what = (
            f"in {', '.join(map(str, doubtful[:6]))} no code of {industry!r} tells the "
            "classification of 2012 from that of 2001"
        )
        fix = "codes up to 2012 may be of 2001 (C31 was paper): take codes of 2012 for all years"
        faults.append(Fault("industry_vintage", what, fix))
