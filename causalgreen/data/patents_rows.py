"""From rows of a patent extract (one a publication) to applications, each once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from causalgreen.data.codes import firm_codes, listing_of
from causalgreen.errors import DataError, Fault

__all__ = ["Extract", "application_number", "known_name", "read_extract"]

_NAMES = {
    "application": "申请号 专利申请号 申请专利号 application application_number appno",
    "application_date": "申请日 申请日期 专利申请日 application_date appdate filing_date",
    "publication": "公开号 公开公告号 公告号 公布号 授权公告号 publication pubno",
    "publication_date": "公开日 公开公告日 公告日 公布日 公开日期 publication_date pubdate",
    "grant_date": "授权公告日 授权日 授权日期 授权公告日期 grant_date",
    "kind": "专利类型 专利种类 类型 kind type patent_type",
    "ipc": "分类号 ipc分类号 ipc 国际专利分类号 ipc_all",
    "main_ipc": "主分类号 ipc主分类号 main_ipc ipc_main",
    "applicants": "申请人 申请人名称 申请专利权人 专利权人 applicants applicant",
    "firm": "firm 股票代码 证券代码 上市公司代码 公司代码 stkcd symbol scode",
}
_KINDS = (
    ("design", r"外观|DESIGN|新式样"),
    ("utility", r"实用新型|UTILITY"),
    ("invention", r"发明|INVENTION"),
)
_BY_DIGIT = {"1": "invention", "8": "invention", "2": "utility", "9": "utility", "3": "design"}
_NUMBER = re.compile(r"^(?:((?:19|20)\d{2}[1-389]\d{7})|(\d{2}[1-389]\d{5}))([0-9X])?$")


@dataclass(frozen=True, slots=True, eq=False)
class Extract:
    """Rows of an extract with one set of names.

    Attributes
    ----------
    rows : pandas.DataFrame
        application, kind, granted, date, published, grant_date, codes (text), applicants, firm.
    columns : dict of str to str
        Which column of the table each was.
    audit : tuple of (str, int, int, str)
        Step, rows before, rows after, why.
    notes : tuple of str
    """

    rows: pd.DataFrame
    columns: dict[str, str]
    audit: tuple[tuple[str, int, int, str], ...]
    notes: tuple[str, ...]


def application_number(text: str) -> str:
    """Bring a Chinese application number to one form: no CN or ZL, no check digit.

    Examples
    --------
    >>> {application_number(t) for t in ("CN201910123456.7", "201910123456", "ZL2019101234567")}
    {'201910123456'}
    """
    plain = re.sub(r"[\s.]", "", _plain(text).upper().removesuffix(".0"))
    plain = re.sub(r"^(CN|ZL)", "", plain)
    found = _NUMBER.match(plain)
    return (found.group(1) or found.group(2)) if found else plain


def _plain(text: object) -> str:
    return unicodedata.normalize("NFKC", str(text)).strip()


def _key(name: object) -> str:
    return re.sub(r"[\s()\[\]/]", "", _plain(name).lower())


def known_name(name: str) -> bool:
    """Say whether a name of a column is one of those that extracts of patents use.

    Examples
    --------
    >>> known_name("公开（公告）号"), known_name("APPNO"), known_name("remark")
    (True, True, False)
    """
    return any(_key(name) in words.split() for words in _NAMES.values())


def read_extract(
    frame: pd.DataFrame, columns: Mapping[str, str], with_firms: bool, places: str
) -> Extract:
    """Find the columns, read numbers, kinds, dates and firms; raise with all faults at once."""
    names = _found(frame, columns)
    notes = [f"columns: {', '.join(f'{what} = {name}' for what, name in names.items())}"]
    faults = _missing(frame, names, with_firms, places)
    if faults:
        raise DataError(faults)
    use_firm = "firm" in names and not with_firms
    rows = pd.DataFrame(index=pd.RangeIndex(len(frame)))
    given = {what: frame[name].reset_index(drop=True) for what, name in names.items()}
    rows["application"], more = _numbers(given["application"], names["application"])
    faults += more
    rows["kind"], more = _kinds(given.get("kind"), rows["application"])
    faults += more
    for what, column in (("date", "application_date"), ("published", "publication_date"),
                         ("grant_date", "grant_date")):  # fmt: skip
        rows[what], more = _dates(given.get(column), names.get(column, ""), len(rows))
        faults += more
    rows["granted"] = _granted(given, rows)
    rows["codes"] = _codes(given, places)
    rows["applicants"] = _texts(given.get("applicants"), len(rows))
    rows["firm"], more, told = _firms(given["firm"] if use_firm else None, names, len(rows))
    if faults + more:
        raise DataError(faults + more)
    if places != "main" and "ipc" not in names:
        notes.append(f"only the main class ({names['main_ipc']}) is there: fewer patents are green")
    return Extract(rows, names, (), (*notes, *told))


def _found(frame: pd.DataFrame, columns: Mapping[str, str]) -> dict[str, str]:
    """Columns by what they are; the user's word first, then the surest known name."""
    by_key = {_key(name): str(name) for name in reversed(frame.columns.tolist())}
    found = {}
    for what, words in _NAMES.items():
        known = [by_key[word] for word in words.split() if word in by_key]
        if known:
            found[what] = known[0]
    unknown = [what for what in columns if what not in _NAMES]
    absent = [name for name in columns.values() if name not in frame.columns]
    if unknown or absent:
        what = f"columns= names {', '.join(map(repr, unknown + absent))}, which is not there"
        fix = f"keys are {', '.join(_NAMES)}; values are columns of the table"
        raise DataError([Fault("unknown_columns", what, fix)])
    return found | dict(columns)


def _missing(
    frame: pd.DataFrame, names: dict[str, str], with_firms: bool, places: str
) -> list[Fault]:
    have = ", ".join(map(str, frame.columns[:14]))
    needs = {
        "application": ("申请号 (application number)", "application" in names),
        "codes": ("分类号 or 主分类号 (IPC)", "ipc" in names or "main_ipc" in names),
        "main_ipc": ("主分类号 (main IPC)", places != "main" or "main_ipc" in names),
        "firm": (
            "股票代码 (firm), or 申请人 (applicants) together with firms={name: code}",
            ("applicants" in names) if with_firms else ("firm" in names),
        ),
    }
    return [
        Fault(
            "missing_columns",
            f"no column for {words}; the table has {have}",
            f"name it: columns={{{what!r}: '...'}}",
        )
        for what, (words, there) in needs.items()
        if not there
    ]


def _texts(cells: pd.Series | None, n: int) -> pd.Series:
    if cells is None:
        return pd.Series([""] * n, dtype="str")
    return cells.astype("str").fillna("")


def _numbers(cells: pd.Series, column: str) -> tuple[pd.Series, list[Fault]]:
    """Application numbers in one form; faults where a number is missing or was damaged by Excel."""
    at, unique = pd.factorize(cells)
    texts = [f"{cell:.1f}" if isinstance(cell, float) else str(cell) for cell in unique]
    read = [application_number(text) for text in texts]
    broken = [bool(re.search(r"\d[eE]\+\d", text)) for text in texts]
    table = pd.Series([*read, ""], dtype="str")
    out = table.take(at).reset_index(drop=True)
    empty = np.flatnonzero(out == "")
    torn = np.flatnonzero(np.array([*broken, False])[at])
    faults = []
    for rows, why, fix in (
        (empty, "hold no application number", "fill or drop these rows: without the number, the "
         "application and the grant of one invention cannot be told from two inventions"),
        (torn, "were turned into numbers like 2.0191E+12 by a spreadsheet",
         "export again with this column as text: the last digits are lost"),
    ):  # fmt: skip
        if len(rows):
            first = ", ".join(f"row {i}" for i in rows[:4])
            what = f"column {column!r}: {len(rows):,} rows {why}; first {first}"
            faults.append(Fault("application_number", what, fix))
    return out, faults


def _kinds(cells: pd.Series | None, numbers: pd.Series) -> tuple[pd.Series, list[Fault]]:
    """Kind of each row, from its text or else from the digit in the number."""
    digit = numbers.str[4:5].where(numbers.str.len() == 12, numbers.str[2:3])
    chinese = numbers.str.fullmatch(r"\d{12}|\d{8}")
    kind = digit.where(chinese, "").map(_BY_DIGIT).astype("str")
    if cells is not None:
        text = cells.astype("str").str.upper()
        said = pd.Series([None] * len(text), dtype="str")
        for name, pattern in reversed(_KINDS):
            said = said.mask(text.str.contains(pattern, na=False), name)
        kind = said.fillna(kind)
    unknown = np.flatnonzero(kind.isna())
    faults = []
    if len(unknown):
        first = ", ".join(f"row {i} ({numbers.iloc[i]})" for i in unknown[:4])
        what = f"{len(unknown):,} rows are neither invention nor utility model nor design: {first}"
        fix = "add a column kind (发明, 实用新型, 外观设计), or drop rows of foreign patents"
        faults.append(Fault("unknown_kind", what, fix))
    per = pd.DataFrame({"n": numbers, "k": kind}).dropna().drop_duplicates()
    twice = per.loc[per["n"].duplicated(), "n"].unique()
    if len(twice):
        what = f"{len(twice):,} application numbers have two kinds: {', '.join(twice[:4])}"
        fix = "correct kind or number: one number is one application"
        faults.append(Fault("two_kinds", what, fix))
    return kind, faults


def _dates(cells: pd.Series | None, column: str, n: int) -> tuple[pd.Series, list[Fault]]:
    """Dates from text, yyyymmdd numbers, plain years or real dates."""
    if cells is None:
        return pd.Series(pd.NaT, index=pd.RangeIndex(n), dtype="datetime64[ns]"), []
    if pd.api.types.is_datetime64_any_dtype(cells):
        return cells.astype("datetime64[ns]"), []
    text = cells.astype("str").str.strip().str.replace(r"\.0$", "", regex=True)
    text = text.str.replace(r"[年月./]", "-", regex=True).str.replace("日", "")
    text = text.mask(text.isin(["", "nan", "None", "NaT"]))
    text = text.mask(text.str.fullmatch(r"\d{4}"), text + "-01-01").str.slice(0, 10)
    text = text.str.replace(r"^(\d{4})(\d{2})(\d{2})$", r"\1-\2-\3", regex=True)
    out = pd.to_datetime(text, errors="coerce", format="%Y-%m-%d").astype("datetime64[ns]")
    bad = np.flatnonzero((out.isna() & text.notna()).to_numpy())
    if not len(bad):
        return out, []
    first = ", ".join(f"row {i} ({cells.iloc[i]!r})" for i in bad[:4])
    what = f"column {column!r}: {len(bad):,} cells are no dates: {first}"
    return out, [Fault("bad_dates", what, "write them as 2019-05-31, 20190531 or 2019.05.31")]


def _granted(given: Mapping[str, pd.Series], rows: pd.DataFrame) -> pd.Series:
    """Whether a row says that the patent was granted."""
    out = rows["grant_date"].notna() | rows["kind"].isin(["utility", "design"])
    if "publication" in given:
        number = given["publication"].astype("str").str.strip().str.upper()
        out |= number.str.contains(r"[BCUY]\d?$", na=False)
    if "kind" in given:
        out |= given["kind"].astype("str").str.contains("授权|GRANT", case=False, na=False)
    return out.fillna(False).astype(bool)


def _codes(given: Mapping[str, pd.Series], places: str) -> pd.Series:
    main, every = given.get("main_ipc"), given.get("ipc")
    if every is None or places == "main":
        return main.astype("str").fillna("")  # type: ignore[union-attr]
    text = every.astype("str").fillna("")
    return text if main is None else main.astype("str").fillna("") + ";" + text


def _firms(
    cells: pd.Series | None, names: Mapping[str, str], n: int
) -> tuple[pd.Series, list[Fault], tuple[str, ...]]:
    """Codes of the firms of each row, joined by ";"; ids that are no stock codes stay text."""
    if cells is None:
        return pd.Series([""] * n, dtype="str"), [], ()
    text = cells.map(_id_text, na_action="ignore").astype("str").fillna("")
    parts = text.str.split(";").explode()
    single = parts.str.strip().mask(parts.str.strip() == "")
    codes = firm_codes(single, names["firm"])
    stock = [listing_of(code)[0] != "" for code in codes.values.dropna().unique()]
    if not any(stock):
        note = f"{names['firm']}: no stock codes; taken as they are"
        return text.str.replace(r"\s", "", regex=True), [], (note,)
    every = codes.values.fillna("")
    several = every.index.duplicated(keep=False)  # joining is slow: only where there are several
    joined = pd.concat([every[~several], every[several].groupby(level=0).agg(";".join)])
    return (
        joined.reindex(pd.RangeIndex(n), fill_value="").astype("str"),
        [*codes.faults],
        codes.notes,
    )


def _id_text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return _plain(cell).replace("；", ";").replace("|", ";").replace(",", ";")
