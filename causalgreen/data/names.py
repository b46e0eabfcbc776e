"""Which column is which: Chinese and English names of columns, and the package's own."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from causalgreen.data.names_table import GREEN_PARTS, KINDS, SYNONYMS

__all__ = ["canonical_of", "hint_of", "is_generic", "kind_of", "plain", "rank_of", "unit_hint"]

_BRACKET = re.compile(r"[(\[【]([^()\[\]【】]*)[)\]】]\s*$")
_GENERIC = frozenset({"id", "code", "firm", "firmid", "firmcode"})
_GREEN = re.compile(r"绿色(发明|实用新型)?(专利)?(总)?(申请|获得|授权)?(数量|总数|数)?$")


def plain(name: str) -> str:
    """Bring a column name to the form in which names are compared.

    Examples
    --------
    >>> plain(" Firm_Code "), plain("资产负债率（%）")
    ('firmcode', '资产负债率')
    """
    text = unicodedata.normalize("NFKC", str(name)).strip().lower()
    bare = _BRACKET.sub("", text).strip()
    return re.sub(r"[\s_\-·.]+", "", bare or text)


def hint_of(name: str) -> str:
    """Return the unit that stands in brackets at the end of a name, or an empty text."""
    found = _BRACKET.search(unicodedata.normalize("NFKC", str(name)).strip())
    return found.group(1).strip() if found else ""


def unit_hint(text: str) -> str:
    """Turn a written unit into the package's word for it; empty when it says nothing.

    Examples
    --------
    >>> unit_hint("%"), unit_hint("万元"), unit_hint("没有单位")
    ('percent', '10,000 yuan', '')
    """
    words = {
        "%": "percent", "百分比": "percent", "percent": "percent", "元": "yuan",
        "人民币元": "yuan", "千元": "1,000 yuan", "万元": "10,000 yuan",
        "百万元": "million yuan", "亿元": "100 million yuan",
    }  # fmt: skip
    return words.get(unicodedata.normalize("NFKC", text).strip().lower(), "")


@cache
def _known() -> dict[str, tuple[str, int]]:
    out: dict[str, tuple[str, int]] = {}
    for canonical, names in SYNONYMS.items():
        for rank, name in enumerate((canonical, *names)):
            key = plain(name)
            if key in out and out[key][0] != canonical:
                raise AssertionError(f"{name!r} means both {canonical} and {out[key][0]}")
            out.setdefault(key, (canonical, rank))
    return out


def canonical_of(name: str) -> str:
    """Return the package's name for a column, or an empty text when the name is not known.

    Examples
    --------
    >>> canonical_of("股票代码"), canonical_of("F011201A"), canonical_of("mystery")
    ('firm', 'leverage', '')
    >>> canonical_of("当年独立申请的绿色发明数量")
    'green_inventions_own'
    """
    key = plain(name)
    if key in _known():
        return _known()[key][0]
    return _green(key)


def rank_of(name: str) -> int:
    """Return how sure a name is: 0 the package's own, more for looser synonyms."""
    key = plain(name)
    if key in _GENERIC:  # ids of any kind go by these names
        return 1000 if key == "id" else 500
    return _known().get(key, ("", 900))[1]


def is_generic(name: str) -> bool:
    """Say whether a name may stand for something else than a stock code."""
    return plain(name) in _GENERIC


def kind_of(canonical: str) -> str:
    """Return the kind of a canonical column: firm, time, code, text, count, share, ...

    Examples
    --------
    >>> kind_of("leverage"), kind_of("green_inventions_own_granted"), kind_of("mystery")
    ('share', 'count', '')
    """
    if canonical.startswith("green_"):
        return "count"
    return KINDS.get(canonical, "")


def _green(key: str) -> str:
    """Read the names of the green-patent tables, which combine four words."""
    if "绿色" not in key or "占比" in key or "ln" in key:
        return ""
    for pattern, name in GREEN_PARTS:
        if re.search(pattern, key):
            return name
    found = _GREEN.search(key)
    if not found or found.start() > 0:
        return ""
    stem = {"发明": "green_inventions", "实用新型": "green_utility"}.get(
        found.group(1) or "", "green_patents"
    )
    return stem + ("_granted" if found.group(4) in ("获得", "授权") else "")
