"""Read the cities of a firm–year table: a code a row, or all the faults at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalgreen.data.city_names import cities, city_code
from causalgreen.errors import DataError, Fault

__all__ = ["Places", "codes_of_rows", "counted"]

_DEQING, _HUZHOU = "330521", "330500"


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """GB codes of the rows (missing where the cell is), and what was decided."""

    codes: pd.Series
    notes: tuple[str, ...]


def codes_of_rows(
    frame: pd.DataFrame,
    city: str,
    county: str | None,
    aliases: Mapping[str, str | None],
    firm: str,
    year: str,
) -> Places:
    """Read a GB code for every row, or raise with all cells that cannot be read.

    Examples
    --------
    >>> table = pd.DataFrame({"f": [1, 2], "t": [2018, 2018], "c": ["上海市", 320500]})
    >>> codes_of_rows(table, "c", None, {}, "f", "t").codes.tolist()
    ['310000', '320500']
    """
    given = _aliases(aliases)
    at, unique = pd.factorize(frame[city])
    texts = [_text(cell) for cell in unique]
    read = [(given[text], "") if text in given else _read(text) for text in texts]
    faults = _faults(frame, at, texts, read, (city, firm, year))
    if not len(unique):
        fix = "name the column that says where the firms are"
        faults.append(Fault("no_city", f"column {city!r} is empty in all rows", fix))
    if faults:
        raise DataError(faults)
    table = np.array([code or None for code, _ in read] + [None], dtype=object)
    codes = pd.Series(table[at], index=frame.index, dtype="str")  # at is -1 where missing
    notes = _notes(texts, read)
    if county:
        codes = _refined(codes, frame[county])
    return Places(codes, notes)


def counted(n: int, word: str) -> str:
    """Write a number with its noun: ``1 firm``, ``2 firms``."""
    return f"{n:,} {word}" if n == 1 else f"{n:,} {word}s"


def _text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip()


def _read(text: str) -> tuple[str, str]:
    return city_code(text) if text else ("", "")


def _aliases(aliases: Mapping[str, str | None]) -> dict[str, str]:
    """Read the codes that the user gave."""
    out, bad = {}, []
    for name, value in aliases.items():
        code, wrong = ("", "") if value is None else city_code(_text(value))
        out[_text(name)] = code
        if wrong:
            bad.append(f"{name!r}: {value!r} {wrong}")
    if bad:
        fix = "give GB codes of six digits, or Chinese names of prefecture-level cities"
        raise DataError([Fault("bad_alias", f"aliases: {'; '.join(bad)}", fix)])
    return out


def _refined(codes: pd.Series, county: pd.Series) -> pd.Series:
    """Tell Deqing from the rest of Huzhou."""
    text = county.map(_text, na_action="ignore").astype("str")
    deqing = text.str.contains("德清", na=False) | (text == _DEQING)
    return codes.mask(codes.isin([_HUZHOU, _DEQING]) & deqing, _DEQING)


def _faults(
    frame: pd.DataFrame,
    at: np.ndarray,
    texts: list[str],
    read: list[tuple[str, str]],
    names: tuple[str, str, str],
) -> list[Fault]:
    wrong = {i: reason for i, (_, reason) in enumerate(read) if reason}
    doubtful = [i for i, reason in wrong.items() if reason.startswith("may be")]
    unknown = [i for i in wrong if i not in doubtful]
    faults = []
    if doubtful:
        cells = "; ".join(f"{texts[i]!r} {wrong[i]}" for i in doubtful[:6])
        fix = (
            "several cities are spelt so: give the GB code or the Chinese name in that column, or "
            "say which is meant in all rows with aliases={...}"
        )
        where = _where(frame, at, doubtful, names)
        faults.append(Fault("ambiguous_city", f"column {names[0]!r}: {cells}; {where}", fix))
    if unknown:
        cells = "; ".join(f"{texts[i]!r} {wrong[i]}" for i in unknown[:6])
        more = f" and {len(unknown) - 6} more" if len(unknown) > 6 else ""
        fix = (
            "give prefecture-level cities (Chinese names or GB codes), or say what these are: "
            f"aliases={{{texts[unknown[0]]!r}: '320500'}}; None for a place outside"
        )
        where = _where(frame, at, unknown, names)
        faults.append(Fault("unknown_city", f"column {names[0]!r}: {cells}{more}; {where}", fix))
    return faults


def _where(
    frame: pd.DataFrame, at: np.ndarray, which: list[int], names: tuple[str, str, str]
) -> str:
    city, firm, year = names
    rows = np.flatnonzero(np.isin(at, which))
    first = ", ".join(
        f"row {label} ({firm} {who}, {year} {when}: {cell})"
        for label, who, when, cell in frame.iloc[rows[:4]][[firm, year, city]].itertuples(name=None)
    )
    firms = frame[firm].iloc[rows].nunique()
    return f"{counted(len(rows), 'row')} of {counted(firms, 'firm')}, first {first}"


def _notes(texts: list[str], read: list[tuple[str, str]]) -> tuple[str, ...]:
    """Say what was read otherwise than as it stands: old cities, counties, pinyin."""
    notes = []
    laiwu = [text for text in texts if "莱芜" in text or text.startswith("3712")]
    if laiwu:
        notes.append(
            f"{', '.join(laiwu)} counts as Jinan, which took in Laiwu in January 2019: before "
            "that year it was a city of its own"
        )
    latin = [(t, code) for t, (code, _) in zip(texts, read, strict=True) if _is_latin(t) and code]
    if latin:
        shown = ", ".join(f"{t} = {cities()[code].name}" for t, code in latin[:5])
        more = f" and {len(latin) - 5} more" if len(latin) > 5 else ""
        notes.append(
            f"cities were read from their pinyin, each the only one so spelt: {shown}{more}"
        )
    return tuple(notes)


def _is_latin(text: str) -> bool:
    return text.isascii() and any(letter.isalpha() for letter in text)
