"""Which fonts to draw with, so that Chinese names are not drawn as empty boxes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

__all__ = ["families"]

_NAMES = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC",
    "SimHei", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Heiti SC", "Arial Unicode MS",
)  # fmt: skip
_FILE = re.compile(r"(noto|source ?han)sans.*(cjk|sc|cn).*regular|msyh|simhei|wqy|pingfang", re.I)


def families(labels: Iterable[str]) -> list[str]:
    """Families of fonts for labels: the usual ones, and a Chinese one where a label needs it.

    Parameters
    ----------
    labels : iterable of str
        All that will be written.

    Returns
    -------
    list of str
        For matplotlib's ``font.family``; it takes each character from the first that has it.

    Examples
    --------
    >>> import matplotlib
    >>> families(["size"]) == list(matplotlib.rcParams["font.family"])
    True
    """
    from matplotlib import font_manager, rcParams

    usual = list(rcParams["font.family"])
    if not any(unicodedata.east_asian_width(c) in "WF" for label in labels for c in label):
        return usual
    have = {font.name for font in font_manager.fontManager.ttflist}
    named = [name for name in _NAMES if name in have]
    if not named:  # installed after matplotlib made its list of fonts: take the file
        files = sorted(f for f in font_manager.findSystemFonts() if _FILE.search(Path(f).name))
        for file in files[:1]:
            font_manager.fontManager.addfont(file)
            named.append(font_manager.FontProperties(fname=file).get_name())
    return [*usual, *named]
