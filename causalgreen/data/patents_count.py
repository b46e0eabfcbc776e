"""Applications once each, their green classes, and what each firm gets of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from causalgreen.data.patents_rules import GreenRules, symbols_in
from causalgreen.errors import DataError, Fault

__all__ = ["Ledger", "applications", "classify", "firm_shares"]

_SPLIT = re.compile(r"[;|、\n]")


@dataclass(slots=True)
class Ledger:
    """Steps and notes gathered while counting (local to one call)."""

    steps: list[tuple[str, int, int, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def step(self, what: str, before: int, after: int, why: str) -> None:
        """Write down one step."""
        self.steps.append((what, before, after, why))

    def table(self) -> pd.DataFrame:
        """Return step, rows_in, rows_out, why."""
        return pd.DataFrame(self.steps, columns=["step", "rows_in", "rows_out", "why"])


def people(text: str) -> tuple[str, ...]:
    """Applicants of a cell; English names keep their commas.

    Examples
    --------
    >>> people("甲公司；乙大学; Foo Co., Ltd.")
    ('甲公司', '乙大学', 'Foo Co., Ltd.')
    """
    plain = unicodedata.normalize("NFKC", text)
    return tuple(name.strip() for name in _SPLIT.split(plain) if name.strip())


def applications(rows: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """One row an application: its first record, the union of its codes, firms and grants."""
    n = len(rows)
    kept = rows[rows["kind"] != "design"]
    ledger.step("designs left out", n, len(kept), "designs have no IPC symbol")
    kept = kept.assign(applicants=kept["applicants"].mask(kept["applicants"].str.strip() == ""))
    order = kept.sort_values(["application", "granted", "published"], kind="stable")
    groups = order.groupby("application", sort=True)
    first = groups[["kind", "applicants"]].first()
    for column in ("date", "published", "grant_date"):
        first[column] = groups[column].min()
    first["granted"] = groups["granted"].any()
    granted = order[order["granted"]]
    since = granted["grant_date"].fillna(granted["published"])
    first["grant_date"] = since.groupby(granted["application"]).min().reindex(first.index)
    for column in ("codes", "firm"):
        first[column] = _union(order, column)
    several = order[["application", "codes"]].drop_duplicates()["application"].duplicated()
    first["applicants"] = first["applicants"].fillna("")
    out = first.reset_index()
    why = "application and grant of one invention, or one row for each firm: counted once"
    ledger.step("records of one application joined", len(kept), len(out), why)
    if several.any():
        ledger.notes.append(
            f"{int(several.sum()):,} applications have other IPC symbols in another record; "
            "all of them count"
        )
    dates = order[["application", "date"]].dropna().drop_duplicates()
    twice = int(dates["application"].duplicated().sum())
    if twice:
        ledger.notes.append(f"{twice:,} applications have two dates; the earlier counts")
    return out


def _union(order: pd.DataFrame, column: str) -> pd.Series:
    pairs = order[["application", column]].drop_duplicates()
    alone = ~pairs["application"].duplicated(keep=False)
    single = pairs[alone].set_index("application")[column]
    if alone.all():
        return single
    return pd.concat([single, pairs[~alone].groupby("application")[column].agg("|".join)])


def classify(apps: pd.DataFrame, rules: GreenRules, ledger: Ledger) -> pd.DataFrame:
    """Add classes, topics and narrow classes (tuples); each distinct cell is read once."""
    at, cells = pd.factorize(apps["codes"])
    symbols = [symbols_in(str(cell)) for cell in cells]
    matches = [rules.match(found) for found in symbols]
    unread = np.array([not found for found in symbols], dtype=bool)[at]
    if unread.any():
        few = apps[unread].head(3)
        shown = ", ".join(
            f"{number} ({str(cell).strip(';') or 'empty'})"
            for number, cell in zip(few["application"], few["codes"], strict=True)
        )
        ledger.notes.append(
            f"{int(unread.sum()):,} applications have no IPC symbol that can be read and count as "
            f"not green: {shown}"
        )
    columns = {
        name: pd.Series([getattr(found, name) for found in matches], dtype=object).take(at)
        for name in ("classes", "topics", "narrow")
    }
    return apps.assign(**{name: cells.to_numpy() for name, cells in columns.items()})


def firm_shares(
    apps: pd.DataFrame, rule: str, firms: Mapping[str, str] | None, ledger: Ledger
) -> pd.DataFrame:
    """Pairs of application and firm with the weight that the rule gives.

    ``"share"``: every firm gets the whole patent; ``"split"``: its share among all applicants;
    ``"first"``: the first applicant alone gets it.
    """
    named = [people(text) for text in apps["applicants"]]
    pairs = _by_name(named, firms) if firms is not None else _by_code(apps["firm"], named)
    known = pairs.dropna(subset=["firm"])
    n_firms = known.groupby("at")["firm"].nunique().reindex(range(len(apps)), fill_value=0)
    size = np.maximum(np.array([len(names) for names in named], dtype=int), n_firms.to_numpy())
    if rule == "first":
        _must_know_first(apps, known, size)
        known = known[(known["position"] == 0) | (size[known["at"]] == 1)]
    # a firm may stand twice: parent and subsidiary, or the same code in two records
    out = known.groupby(["at", "firm"], sort=True).size().rename("times").reset_index()
    out["weight"] = 1.0
    if rule == "split":
        times = out["times"] if firms is not None else 1
        out["weight"] = times / size[out["at"]]
    out["joint"] = size[out["at"]] > 1
    kept = out["at"].nunique()
    why = "no applicant is a firm of the table, or not the first one"
    ledger.step("applications of no firm left out", len(apps), kept, why)
    if rule == "split" and not any(named):
        ledger.notes.append("no column of applicants: patents are split among the firms alone")
    if (size > 1).any():
        words = {
            "share": "each firm gets the whole: sums over firms exceed the number of patents",
            "split": "each firm gets its share among all applicants: counts are fractions",
            "first": "the first applicant alone gets it",
        }
        ledger.notes.append(f"{int((size > 1).sum()):,} applications are joint; {words[rule]}")
    return out.drop(columns="times")


def _by_name(named: list[tuple[str, ...]], firms: Mapping[str, str]) -> pd.DataFrame:
    table = {
        _squeezed(name): str(code).zfill(6) if str(code).isdecimal() else str(code)
        for name, code in firms.items()
    }
    rows = [
        (at, position, table.get(_squeezed(name)))
        for at, names in enumerate(named)
        for position, name in enumerate(names)
    ]
    return pd.DataFrame(rows, columns=["at", "position", "firm"])


def _squeezed(name: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", name)).upper()


def _by_code(cells: pd.Series, named: list[tuple[str, ...]]) -> pd.DataFrame:
    """Codes, with their place among the applicants where the lists are of one length."""
    cells = cells.reset_index(drop=True)
    parts = cells.str.split(r"[;|]", regex=True)
    # "|" joins records that name other firms: their order says nothing about the applicants
    one = ~cells.str.contains("|", regex=False).to_numpy()
    aligned = one & [len(p) == len(names) for p, names in zip(parts, named, strict=True)]
    long = parts.explode()
    position = long.groupby(level=0).cumcount().to_numpy()
    at = long.index.to_numpy()
    firm = long.str.strip()
    out = pd.DataFrame(
        {
            "at": at,
            "position": np.where(aligned[at], position, -1),
            "firm": firm.mask(firm == "").to_numpy(),
        }
    )
    return out.drop_duplicates(["at", "firm", "position"])


def _must_know_first(apps: pd.DataFrame, known: pd.DataFrame, size: np.ndarray) -> None:
    vague = known[(known["position"] < 0) & (size[known["at"]] > 1)]["at"].unique()
    if len(vague):
        first = ", ".join(apps["application"].iloc[vague[:4]])
        what = (
            f"applicants='first': for {len(vague):,} joint applications the table does not say "
            f"whether the firm is the first applicant: {first}"
        )
        fix = "give firms={name of applicant: code}, or applicants='split' or 'share'"
        raise DataError([Fault("first_applicant", what, fix)])
