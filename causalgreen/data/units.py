"""In what unit a column is: fraction or percent, yuan or its logarithm, count or log of a count."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalgreen.data.names import kind_of

__all__ = ["MISSING", "Numbers", "counts_in_logs", "read_numbers", "unit_of"]

_SIGNS = (
    "- -- --- — —— . .. / \\ n/a na nan null none 无 缺失 不适用 未披露 #n/a #div/0! "
    "#value! #ref! #num! #null! #name?"
)
MISSING = frozenset(("", *_SIGNS.split()))
_THOUSANDS = re.compile(r"^[-+]?\d{1,3}(,\d{3})+(\.\d*)?$")


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A column of text turned into numbers.

    Attributes
    ----------
    values : pandas.Series
    wrong : pandas.Series
        The cells that are text, by row.
    percent : bool
        Whether the cells were written with a percent sign.
    blanks : int
        Cells that hold a sign for "missing".
    """

    values: pd.Series
    wrong: pd.Series
    percent: bool
    blanks: int


def read_numbers(values: pd.Series, decimals: bool = False) -> Numbers:
    """Turn text into numbers.

    Parameters
    ----------
    values : pandas.Series
        Text.
    decimals : bool
        Whether a comma may be a decimal sign, so that it must not be taken for thousands.

    Examples
    --------
    >>> found = read_numbers(pd.Series(["1,234", "37.7%", "--", "abc"]))
    >>> found.values.tolist(), found.wrong.tolist(), found.percent
    ([1234.0, nan, nan, nan], ['37.7%', 'abc'], False)
    >>> read_numbers(pd.Series(["37.7%", "4%"])).percent
    True
    """
    places, unique = pd.factorize(values)
    texts = [unicodedata.normalize("NFKC", str(v)).strip() for v in unique]
    blank = np.array([t.lower() in MISSING for t in texts], dtype=bool)
    signs = [t.endswith("%") for t, b in zip(texts, blank, strict=True) if not b]
    percent = bool(signs) and all(signs)
    plain = [
        t.removesuffix("%") if percent else t.replace(",", "") if _comma(t, decimals) else t
        for t in texts
    ]
    numbers = pd.to_numeric(pd.Series(plain, dtype="str"), errors="coerce").to_numpy(float)
    numbers = np.where(blank, np.nan, numbers)
    wrong = np.append(np.isnan(numbers) & ~blank, False)[places]
    out = pd.Series(np.append(numbers, np.nan)[places], index=values.index)
    count = int(np.append(blank, False)[places].sum())
    return Numbers(out, values[wrong], percent, count)


def _comma(text: str, decimals: bool) -> bool:
    return not decimals and bool(_THOUSANDS.match(text))


def unit_of(values: pd.Series, canonical: str) -> str:
    """Judge the unit of a known column by its values.

    Returns
    -------
    str
        ``fraction``, ``percent``, ``yuan``, ``log``, ``count``, ``ln(1 + count)``, ``unclear``,
        or empty when there is nothing to say.

    Examples
    --------
    >>> unit_of(pd.Series([0.417, 0.9]), "leverage"), unit_of(pd.Series([41.7, 20]), "leverage")
    ('fraction', 'percent')
    >>> unit_of(pd.Series([21.3, 22.9]), "size"), unit_of(pd.Series([3.1e9, 8e8]), "assets")
    ('log', 'yuan')
    """
    x = np.abs(values.dropna().to_numpy(float)) if _numeric(values) else np.empty(0)
    x = x[np.isfinite(x)]
    if not len(x):
        return ""
    kind, middle = kind_of(canonical), float(np.median(x))
    if kind == "share":
        if x.max() <= 1:
            return "fraction"
        above = float((x > 1.5).mean())
        return "percent" if above > 0.05 else "fraction" if middle <= 1 else "unclear"
    if kind == "ratio":
        return "percent" if middle > 1 else "fraction" if middle < 0.5 else "unclear"
    if kind in ("money", "size"):
        return "yuan" if middle > 1e7 else "log" if middle < 50 else "unclear"
    if kind == "level" and canonical in ("age", "list_age", "board"):
        return "log" if x.max() < 6 and np.any(x != np.round(x)) else ""
    if kind == "log":
        return "ln(1 + count)" if counts_in_logs(values) else "log"
    return _count_unit(values, x) if kind == "count" else ""


def _count_unit(values: pd.Series, x: np.ndarray) -> str:
    if np.all(x == np.round(x)):
        return "count"
    return "ln(1 + count)" if counts_in_logs(values) else "unclear"


def counts_in_logs(values: pd.Series) -> bool:
    """Say whether a column is ln(1 + count): exp(y) - 1 is whole in nearly every row.

    Examples
    --------
    >>> counts_in_logs(pd.Series(np.log1p([0, 1, 2, 7, 31])))
    True
    """
    y = values.dropna().to_numpy(float)
    if not len(y) or y.min() < 0 or y.max() > 15 or np.all(y == np.round(y)):
        return False
    counts = np.expm1(y[y > 0])
    near = np.abs(counts - np.round(counts)) <= 0.01 + 2e-6 * counts
    return bool(near.mean() >= 0.95)  # the rest may be winsorised


def _numeric(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
