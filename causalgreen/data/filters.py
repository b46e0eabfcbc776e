"""Which rows a filter takes away: ST firms, financial firms, unbalanced firms."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from causalgreen.data.codes import listing_of
from causalgreen.errors import DataError, Fault

__all__ = ["b_shares", "balanced", "financial", "special_treatment"]

_ST = re.compile(r"^(?:(?:S?\*?ST|N?ST|G\*?ST|PT)(?![A-Za-z])|退市)|退$", re.I)
_ST_WORDS = re.compile(r"^(\*?ST|S\*?ST|PT|退市整理期?|1|1\.0|是|yes|true)$", re.I)
_FINE = re.compile(r"^(0|0\.0|否|no|false|正常(上市|交易)?|a|normal)$", re.I)
# 2001 classification: I01 banks, I11 insurance, I21 securities, I31 trusts, I41 funds, I99 others
_FINANCIAL = re.compile(r"^(J6[6-9]|I01|I11|I21|I31|I41|I99)")
_FINANCIAL_WORDS = re.compile(r"银行|保险|证券|信托|货币金融|资本市场服务|其他金融|^金融|期货")


def _missing(columns: Sequence[str], what: str) -> DataError:
    names = " or ".join(repr(c) for c in columns)
    return DataError(
        [Fault("missing_columns", f"{what} needs a column {names}, which the panel has not",
               "join a table that has it, or name it by read(..., columns={...})")]
    )  # fmt: skip


def _text(values: pd.Series) -> pd.Series:
    """Half-width text without spaces."""
    return values.astype("str").str.normalize("NFKC").str.replace(r"\s", "", regex=True)


def special_treatment(frame: pd.DataFrame, values: Sequence[object] | None) -> pd.Series:
    """Rows of firms under special treatment (ST, *ST, PT), by status and by name.

    Examples
    --------
    >>> special_treatment(pd.DataFrame({"name": ["*ST 海润", "ＳＴ", "平安银行"]}), None).tolist()
    [True, True, False]
    """
    if "status" not in frame and "name" not in frame:
        raise _missing(("status", "name"), "telling ST firms")
    hit = pd.Series(data=False, index=frame.index)
    if "status" in frame:
        status = _text(frame["status"]).where(frame["status"].notna(), None)
        if values is not None:
            asked = {str(v).removesuffix(".0") for v in values}
            hit |= status.str.removesuffix(".0").isin(asked)
        else:
            _readable(status)
            hit |= status.str.match(_ST_WORDS, na=False)
    if "name" in frame:
        hit |= _text(frame["name"]).str.contains(_ST, na=False) & frame["name"].notna()
    return hit


def _readable(status: pd.Series) -> None:
    """Refuse numbers that are neither 0 nor 1: their meaning differs between tables."""
    levels = sorted(status.dropna().unique())
    unclear = [
        v for v in levels if re.match(r"^\d+(\.0)?$", v) and not re.match(r"^[01](\.0)?$", v)
    ]
    if unclear:
        raise DataError(
            [
                Fault(
                    "status_codes",
                    f"'status' holds the numbers {', '.join(levels[:8])}, whose meaning differs "
                    "between tables",
                    "say which mean special treatment: drop_st(values=[2, 3])",
                )
            ]
        )


def financial(frame: pd.DataFrame, vintage: int | None) -> pd.Series:
    """Rows of financial firms: J66 to J69 (CSRC 2012), I01 to I99 (CSRC 2001), or by name.

    Examples
    --------
    >>> financial(pd.DataFrame({"industry": ["J66", "C39", "I11", "I64"]}), None).tolist()
    [True, False, True, False]
    """
    if "industry" not in frame and "industry_name" not in frame:
        raise _missing(("industry", "industry_name"), "telling financial firms")
    hit = pd.Series(data=False, index=frame.index)
    if "industry" in frame:
        codes = _text(frame["industry"]).str.upper().where(frame["industry"].notna(), None)
        hit |= codes.str.match(_FINANCIAL, na=False) | codes.str.contains(
            _FINANCIAL_WORDS, na=False
        )
        hit |= _letters(codes, vintage)
    if "industry_name" in frame:
        hit |= frame["industry_name"].astype("str").str.contains(_FINANCIAL_WORDS, na=False)
    return hit


def _letters(codes: pd.Series, vintage: int | None) -> pd.Series:
    """Sections without a number: J is finance since 2012, real estate before; I the reverse."""
    alone = codes.isin(["I", "J"])
    if alone.any() and vintage not in (2001, 2012):
        raise DataError(
            [
                Fault(
                    "industry_vintage",
                    f"{int(alone.sum()):,} rows have the industry 'I' or 'J' alone: J is finance "
                    "in the classification of 2012 and real estate in that of 2001 (I: finance)",
                    "say which it is: drop_financial(vintage=2012)",
                )
            ]
        )
    return codes == ("I" if vintage == 2001 else "J")


def b_shares(frame: pd.DataFrame) -> pd.Series:
    """Rows of B shares, whose firms often have an A share, too."""
    codes = pd.Series(frame["firm"].unique())
    these = codes[[listing_of(str(c))[1] == "B share" for c in codes]]
    return frame["firm"].isin(these)


def balanced(frame: pd.DataFrame, first: int | None, last: int | None) -> pd.Series:
    """Rows to keep so that each firm is there in each year from first to last.

    Examples
    --------
    >>> frame = pd.DataFrame({"firm": ["a", "a", "b"], "year": [2014, 2015, 2015]})
    >>> balanced(frame, None, None).tolist()
    [True, True, False]
    """
    years = frame["year"]
    first = int(years.min()) if first is None else first
    last = int(years.max()) if last is None else last
    inside = years.between(first, last)
    counts = inside.groupby(frame["firm"]).transform("sum").to_numpy()
    return inside & pd.Series(np.asarray(counts) == last - first + 1, index=frame.index)
