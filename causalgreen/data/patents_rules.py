"""Which IPC symbols are green, and of which class: our table, a user's, or WIPO's own.

The table ``ipc_green.csv`` was written by ourselves. Which places of the classification are
green follows WIPO's public IPC Green Inventory (https://www.wipo.int/classifications/ipc/
green-inventory/home); the short descriptions and the classes are ours: clean production against
end-of-pipe remediation and recycling. Rows of source ``CPC Y02`` cover the tags that offices add
to green patents; ``IPC successor`` are places that later editions of the IPC moved.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import pandas as pd

from causalgreen.errors import DataError, Fault

__all__ = ["ADMINISTRATIVE", "GreenMatch", "GreenRules", "green_rules", "symbols_in"]

ADMINISTRATIVE = "administrative"
Key = tuple[int, str]
_SYMBOL = re.compile(
    r"([A-HY]\d{2}[A-Z])"
    r"(?:0*(\d{1,4})/(\d{1,6})|(\d{4})(\d{6})(?!\d)|(?![A-Z0-9/]))"
)
_ENTRY = re.compile(r"^([A-HY](?:\d{2}(?:[A-Z])?)?)\s*(.*)$")
_PART = re.compile(r"^(\d{1,4})(?:/(\d{2,6}))?(?:[-–](\d{1,4})(?:/(\d{2,6}))?)?$")
# WIPO's topics, and the class of a place that our own table does not know.
_TOPICS = {
    "ALTERNATIVE": ("alternative energy", "clean_production"),
    "TRANSPORT": ("transportation", "clean_production"),
    "ENERGY": ("energy conservation", "clean_production"),
    "WASTE": ("waste management", "end_of_pipe"),
    "AGRI": ("agriculture and forestry", "other"),
    "ADMIN": ("administrative", ADMINISTRATIVE),
    "NUCLEAR": ("nuclear", "clean_production"),
}


@dataclass(frozen=True, slots=True)
class _Rule:
    low: Key
    high: Key
    rank: int  # the narrower the place, the higher
    row: int


@dataclass(frozen=True, slots=True)
class GreenMatch:
    """What the codes of one patent say, in the order of the codes.

    Attributes
    ----------
    classes, topics : tuple of str
        Empty if no code is green.
    narrow : tuple of str
        Classes that do not hang on a broad place alone.
    """

    classes: tuple[str, ...]
    topics: tuple[str, ...]
    narrow: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class GreenRules:
    """A table of green places, ready to be asked.

    Attributes
    ----------
    table : pandas.DataFrame
        ipc, topic, class, broad, source, what.
    """

    table: pd.DataFrame
    _rules: dict[str, tuple[_Rule, ...]]

    @property
    def classes(self) -> tuple[str, ...]:
        """Classes in the order of the table's own words."""
        order = ("clean_production", "end_of_pipe", "recycling", "other", ADMINISTRATIVE)
        have = set(self.table["class"])
        return (*(name for name in order if name in have), *sorted(have - set(order)))

    def match(self, symbols: tuple[str, ...]) -> GreenMatch:
        """Say which classes and topics a patent's codes have; of each code the narrowest place.

        Parameters
        ----------
        symbols : tuple of str
            All codes of one patent.

        Returns
        -------
        GreenMatch
        """
        classes: dict[str, bool] = {}
        topics: dict[str, None] = {}
        columns = [self.table[name].to_numpy() for name in ("class", "topic", "broad")]
        for symbol in symbols:
            hits = self.hits(symbol)
            if hits:
                best = max(hits, key=lambda rule: (rule.rank, -rule.row))
                name = str(columns[0][best.row])
                broad = all(bool(columns[2][rule.row]) for rule in hits)
                classes[name] = classes.get(name, False) or not broad
                topics |= {str(columns[1][rule.row]): None for rule in hits}
        narrow = tuple(name for name, sure in classes.items() if sure)
        return GreenMatch(tuple(classes), tuple(topics), narrow)

    def hits(self, symbol: str) -> list[_Rule]:
        """Rules that cover one symbol, such as ``"H01M 10/54"``.

        Parameters
        ----------
        symbol : str
            A place of the IPC.

        Returns
        -------
        list of rules
        """
        place, _, rest = symbol.partition(" ")
        main, _, sub = rest.partition("/")
        key = (int(main), sub.ljust(6, "0")) if main else None
        found = []
        for prefix in (place, place[:3], place[:1]):
            for rule in self._rules.get(prefix, ()):
                whole = rule.rank < 2
                if whole or (key is not None and rule.low <= key <= rule.high):
                    found.append(rule)
        return found

    def __repr__(self) -> str:
        return f"GreenRules({len(self.table)} places; classes {', '.join(self.classes)})"


def symbols_in(text: str) -> tuple[str, ...]:
    """Find the IPC symbols in a cell, whatever separates them, in their order.

    Examples
    --------
    >>> symbols_in("H01M10/54(2006.01)I; B09B 3/00；G06Q0050060000")
    ('H01M 10/54', 'B09B 3/00', 'G06Q 50/06')
    """
    plain = re.sub(r"\s+(?=[\d/])|(?<=/)\s+", "", unicodedata.normalize("NFKC", text).upper())
    out: dict[str, None] = {}
    for place, main, sub, long_main, long_sub in _SYMBOL.findall(plain):
        if long_main:
            short = long_sub.rstrip("0")
            main, sub = str(int(long_main)), short.ljust(2, "0")
        out[f"{place} {main}/{sub}" if main else place] = None
    return tuple(out)


def green_rules(ipc: pd.DataFrame | str | Path | None = None) -> GreenRules:
    """Read a table of green places.

    Parameters
    ----------
    ipc : DataFrame or path, optional
        Columns ``ipc`` and ``class``, and if wished ``topic`` and ``broad`` (1: the place holds
        much that is not green). A cell of ``ipc`` is a subclass (``C02F``), a main group
        (``B01D 53`` or ``B01D 53/00``), a range (``C10L 5/40-5/48``, ``B01D 45-51``), one symbol
        (``E04B 1/62``), or several after one subclass (``A62D 3/00, 101/00``). Also WIPO's own
        layout (``Class1``, ``IPC``): classes are then ours where our table knows the place.
        Default: the table that is shipped.

    Returns
    -------
    GreenRules

    Raises
    ------
    DataError
        If columns are missing, a cell is no place of the IPC, or one place has two classes.

    Examples
    --------
    >>> rules = green_rules()
    >>> rules.match(("C02F 3/28", "H01M 10/54", "G06Q 50/06")).classes
    ('end_of_pipe', 'recycling', 'administrative')
    """
    if ipc is None:
        return _shipped()
    if not isinstance(ipc, pd.DataFrame):
        from causalgreen.data.tables import read_table

        ipc = read_table(ipc)
    ipc = ipc.rename(columns=str)
    names = {str(name).strip().lower(): str(name) for name in ipc.columns}
    if "class1" in names and "ipc" in names:
        return _compiled(_wipo(ipc, names))
    gone = [name for name in ("ipc", "class") if name not in names]
    if gone:
        what = f"the table of green IPC places has no column {', '.join(map(repr, gone))}"
        fix = "it needs ipc and class; topic and broad may be there, too"
        raise DataError([Fault("missing_columns", what, fix)])
    table = pd.DataFrame({name: ipc[names[name]] for name in names})
    defaults: dict[str, str | int] = {"topic": "", "broad": 0, "source": "user", "what": ""}
    for name, value in defaults.items():
        filled = table[name].fillna(value) if name in table else [value] * len(table)
        table[name] = pd.Series(filled, index=table.index)
    return _compiled(table)


@cache
def _shipped() -> GreenRules:
    with (files("causalgreen.data") / "ipc_green.csv").open(encoding="utf-8") as file:
        return _compiled(pd.read_csv(file, dtype={"broad": "int64"}, keep_default_na=False))


def _wipo(ipc: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """Bring WIPO's layout to ours."""
    ours, rows = _shipped(), []
    for topic, cell in zip(ipc[names["class1"]], ipc[names["ipc"]], strict=True):
        key = next((word for word in _TOPICS if word in str(topic).upper()), None)
        if key is None:
            what = f"the topic {topic!r} is none of WIPO's seven"
            raise DataError([Fault("unknown_topic", what, "give a table with ipc and class")])
        name, default = _TOPICS[key]
        place, _, rest = str(cell).strip().partition(" ")
        for part in re.split(r"[,;]", rest) if rest else [""]:
            known = ours.match(symbols_in(f"{place} {re.split('[-–]', part)[0]}")).classes
            kind = known[0] if known else default
            row = {"ipc": f"{place} {part.strip()}".strip(), "topic": name, "class": kind}
            rows.append(row | {"broad": 0, "source": "WIPO", "what": ""})
    return pd.DataFrame(rows)


def _compiled(table: pd.DataFrame) -> GreenRules:
    """Check the cells and index them by subclass."""
    table = table.reset_index(drop=True)
    index: dict[str, list[_Rule]] = {}
    seen: dict[tuple[str, Key, Key], str] = {}
    bad, clashes = [], []
    for row, (cell, kind) in enumerate(zip(table["ipc"], table["class"], strict=True)):
        found = _parsed(str(cell))
        if not found or not str(kind).strip() or pd.isna(kind):
            bad.append(f"row {row}: ipc {cell!r}, class {kind!r}")
            continue
        for place, low, high, rank in found:
            index.setdefault(place, []).append(_Rule(low, high, rank, row))
            if seen.setdefault((place, low, high), str(kind)) != str(kind):
                clashes.append(f"{cell} is {seen[place, low, high]} and {kind}")
    faults = []
    if bad:
        fix = "write places such as C02F, B01D 53, C10L 5/40-5/48, and a class for each"
        faults.append(Fault("bad_ipc", f"no places of the IPC: {'; '.join(bad[:5])}", fix))
    if clashes:
        fix = "give one class; a narrower place may have another class than the one around it"
        faults.append(
            Fault("two_classes", f"one place, two classes: {'; '.join(clashes[:5])}", fix)
        )
    if faults:
        raise DataError(faults)
    return GreenRules(table, {place: tuple(rules) for place, rules in index.items()})


def _parsed(cell: str) -> list[tuple[str, Key, Key, int]]:
    """Read a cell: (subclass, first key, last key, rank) for each part; empty if it is no place."""
    head = _ENTRY.match(unicodedata.normalize("NFKC", cell).strip().upper())
    if not head:
        return []
    place, rest = head.groups()
    if not rest:
        return [(place, (0, ""), (9999, "9"), int(len(place) == 4))]
    out = []
    for part in re.split(r"\s*[,;]\s*", rest):
        numbers = _PART.match(part.replace(" ", ""))
        if len(place) != 4 or not numbers:
            return []
        out.append((place, *_bounds(*numbers.groups())))
    return out


def _bounds(
    main: str, sub: str | None, main_to: str | None, sub_to: str | None
) -> tuple[Key, Key, int]:
    """Bounds of a part; a main group alone, or with /00, stands for all its subgroups."""
    low = (int(main), (sub or "00").ljust(6, "0"))
    group = low[1] == "000000"
    if main_to is None:
        return (low, (low[0], "999999"), 3) if group else (low, low, 5)
    end_group = group and (sub_to or "00").rstrip("0") == ""
    high = (int(main_to), "999999" if end_group else (sub_to or "99").ljust(6, "0"))
    return low, high, 2 if end_group else 4
