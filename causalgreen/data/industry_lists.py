"""Lists of heavily polluting industries, with the year they are from, as tables to be replaced."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from causalgreen.errors import DataError, Fault

__all__ = ["IndustryList", "as_list", "heavy_polluters"]

# The ministry's words, and the CSRC 2012 codes that papers usually put for them (our assignment of
# their 15 codes to the words; papers use 13 to 18 codes). Brewing, drugs and fermentation have none
# in that rendering; papers that count them add C15, C27 and C14.
_MEP = """
火电 thermal power|D44; 钢铁 iron and steel|C31; 水泥 cement|C30; 电解铝 aluminium|C32;
煤炭 coal|B06; 冶金 metallurgy|C31 C32; 化工 chemicals|C26 C28 C29; 石化 petrochemicals|B07 C25;
建材 building materials|C30; 造纸 paper|C22; 酿造 brewing|; 制药 pharmaceuticals|;
发酵 fermentation|; 纺织 textiles|C17; 制革 leather|C19; 采矿 mining|B06 B07 B08 B09
"""


@dataclass(frozen=True, slots=True)
class IndustryList:
    """Industries by code, and where the list is from.

    Attributes
    ----------
    name, source : str
    vintage : int
        Classification of the codes: 2001 or 2012 (CSRC).
    codes : tuple of str
        Letter and two digits.
    words : tuple of (str, str, str)
        What the list says: Chinese, English, codes separated by spaces (empty: none).
    """

    name: str
    source: str
    vintage: int
    codes: tuple[str, ...]
    words: tuple[tuple[str, str, str], ...] = ()

    def tidy(self) -> pd.DataFrame:
        """Return name_zh, name_en, codes: one row for each industry as the list words it."""
        return pd.DataFrame(self.words, columns=["name_zh", "name_en", "codes"])

    def without(self, *codes: str) -> IndustryList:
        """Return the list without some codes.

        Parameters
        ----------
        *codes : str
            Letter and two digits.

        Returns
        -------
        IndustryList
        """
        kept = tuple(c for c in self.codes if c not in codes)
        return IndustryList(f"{self.name} less {', '.join(codes)}", self.source, self.vintage, kept)

    def plus(self, *codes: str) -> IndustryList:
        """Return the list with more codes.

        Parameters
        ----------
        *codes : str
            Letter and two digits.

        Returns
        -------
        IndustryList

        Examples
        --------
        >>> len(heavy_polluters().plus("C15", "C27", "C14").codes)
        18
        """
        more = tuple(dict.fromkeys((*self.codes, *codes)))
        return IndustryList(f"{self.name} and {', '.join(codes)}", self.source, self.vintage, more)

    def __str__(self) -> str:
        head = f"{self.name} (CSRC {self.vintage}): {' '.join(self.codes)}"
        return f"{head}\n  source: {self.source}"

    def _repr_html_(self) -> str:
        return f"<p>{self}</p>{self.tidy().to_html(index=False, border=0)}"


def heavy_polluters() -> IndustryList:
    """Return the ministry's 16 heavily polluting industries of 2010, in CSRC 2012 codes.

    Returns
    -------
    IndustryList
        16 industries in words and the 15 codes usually put for them. Change it with ``plus`` and
        ``without``, or write a list of your own, and state it: papers use 13 to 18 codes.

    Notes
    -----
    The words: Ministry of Environmental Protection, 上市公司环境信息披露指南 (draft of September
    2010), after the classification list 环办函〔2008〕373号. The codes are not the ministry's.

    Examples
    --------
    >>> heavy = heavy_polluters()
    >>> len(heavy.tidy()), heavy.codes
    (16, ('B06', 'B07', 'B08', 'B09', 'C17', 'C19', 'C22', 'C25', 'C26', 'C28', 'C29', 'C30',
     'C31', 'C32', 'D44'))
    """
    rows = []
    for entry in re.sub(r"\s+", " ", _MEP).split(";"):
        words, codes = entry.strip().split("|")
        chinese, english = words.split(" ", 1)
        rows.append((chinese, english, codes))
    codes_of = sorted({code for _, _, codes in rows for code in codes.split()})
    source = (
        "Ministry of Environmental Protection 2010, guide to disclosure by listed firms (16 "
        "industries in words); codes as papers usually put them"
    )
    return IndustryList("MEP 2010", source, 2012, tuple(codes_of), tuple(rows))


def as_list(given: IndustryList | Sequence[str] | Mapping[str, Any] | None) -> IndustryList:
    """Take a list of the user's, or the shipped one.

    Raises
    ------
    DataError
        A code is not a letter and two digits.
    """
    if given is None:
        return heavy_polluters()
    if isinstance(given, IndustryList):
        return given
    codes = tuple(str(c).strip().upper() for c in ([given] if isinstance(given, str) else given))
    wrong = [c for c in codes if not re.fullmatch(r"[A-S]\d\d", c)]
    if wrong or not codes:
        what = f"polluters= holds {', '.join(map(repr, wrong)) or 'nothing'}"
        fix = "write CSRC 2012 codes of a letter and two digits, such as 'C31'; for codes of 2001 "
        fix += "give an IndustryList(vintage=2001, ...)"
        raise DataError([Fault("industry_list", what, fix)])
    return IndustryList("own list", "given by the user", 2012, codes)
