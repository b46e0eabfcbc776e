"""Green patents by firm, year and class, counted from patent-level records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from causalgreen.data.patents_count import Ledger, applications, classify, firm_shares
from causalgreen.data.patents_files import read_patents
from causalgreen.data.patents_rows import read_extract
from causalgreen.data.patents_rules import ADMINISTRATIVE, GreenRules, green_rules
from causalgreen.data.patents_tally import dated, greened, tallied
from causalgreen.errors import DataError, Fault

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["GreenPatents", "green_patents"]

_CHOICES = {
    "applicants": ("share", "split", "first"),
    "places": ("all", "main"),
    "date": ("application", "grant"),
    "several": ("each", "main", "split"),
}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class GreenPatents:
    """Counts of green patents by firm and year, and the account of how they came about.

    Attributes
    ----------
    frame : pandas.DataFrame
        One row a firm and year with a patent: firm, year, patents (inventions + utility models),
        inventions, utility_models, green_patents, green_inventions, green_utility, a column
        ``green_<class>`` for each class that counts, a column named after each class that was
        excluded (``administrative``), green_joint, truncated (True where later publications are
        still to come). Firm-years without any patent are not here: whether they are zeros is
        for the coverage of the extract to say.
    applications : pandas.DataFrame
        One row an application: application, kind, granted, year, classes, topics, green.
    audit : pandas.DataFrame
        step, rows_in, rows_out, why.
    notes : tuple of str
    rules : GreenRules
    """

    frame: pd.DataFrame
    applications: pd.DataFrame
    audit: pd.DataFrame
    notes: tuple[str, ...]
    rules: GreenRules
    _topics: pd.DataFrame

    @property
    def classes(self) -> tuple[str, ...]:
        """Columns of classes in ``frame``, those that were excluded last."""
        inside = [f"green_{name}" for name in self.rules.classes]
        both = (*inside, *self.rules.classes)
        return tuple(name for name in both if name in self.frame.columns)

    def tidy(self, by: str = "class") -> pd.DataFrame:
        """Return firm, year, class (or topic), patents: one row each (``by="topic"``).

        Parameters
        ----------
        by : {"class", "topic"}
            What is counted.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        DataError
            If ``by`` is something else.
        """
        if by == "topic":
            return self._topics.copy()
        if by != "class":
            raise DataError([Fault("unknown_by", f"tidy(by={by!r})", 'choose "class" or "topic"')])
        long = self.frame[["firm", "year", *self.classes]].melt(
            ["firm", "year"], var_name="class", value_name="patents"
        )
        long["class"] = long["class"].str.removeprefix("green_").astype("str")
        return long[long["patents"] > 0].sort_values(["firm", "year"]).reset_index(drop=True)

    def plot(self) -> Figure:
        """Draw green patents by year and class."""
        from causalgreen.data.patents_plot import plot_patents

        return plot_patents(self)

    def __repr__(self) -> str:
        f = self.frame
        return (
            f"GreenPatents({f['green_patents'].sum():,.6g} green of {f['patents'].sum():,.6g} "
            f"patents; {f['firm'].nunique():,} firms, {f['year'].min()} to {f['year'].max()})"
        )

    def __str__(self) -> str:
        sums = self.frame[["green_patents", *self.classes]].sum()
        lines = [repr(self), *(f"  {name:<24} {value:>12,.6g}" for name, value in sums.items())]
        lines += [
            f"{step}: {before:,} -> {after:,} ({why})"
            for step, before, after, why in self.audit.itertuples(index=False)
        ]
        return "\n".join([*lines, *(f"- {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        sums = self.frame[["green_patents", *self.classes]].sum().rename("patents").to_frame()
        points = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        tables = sums.to_html(border=0) + self.audit.to_html(index=False, border=0)
        return f"<div><h4>{escape(repr(self))}</h4>{tables}<ul>{points}</ul></div>"


def green_patents(
    patents: Any,
    ipc: pd.DataFrame | str | Path | None = None,
    *,
    granted: bool = False,
    applicants: str = "share",
    firms: Mapping[str, str] | None = None,
    places: str = "all",
    date: str = "application",
    several: str = "each",
    exclude: Sequence[str] = (ADMINISTRATIVE,),
    broad: bool = True,
    extract_date: str | pd.Timestamp | None = None,
    columns: Mapping[str, str] | None = None,
) -> GreenPatents:
    """Count green patents of firms and years from the rows of a patent extract.

    Parameters
    ----------
    patents : DataFrame, path, or object with ``frame``
        A table, a file or a folder of the parts of one (csv in UTF-8 or GBK, tab text, xlsx with
        header rows, Stata, parquet). One row a publication (as CNIPA and its vendors deliver):
        application number, IPC symbols, and stock code of the firm (or applicants, with `firms`).
        Several codes of one row are separated by ";".
    ipc : DataFrame or path, optional
        Another table of green places; see `causalgreen.data.patents_rules.green_rules`.
    granted : bool
        Count only applications that were granted.
    applicants : {"share", "split", "first"}
        A joint patent counts whole for each of its firms, by its share among all applicants, or
        for the first applicant only.
    firms : mapping, optional
        Stock code by applicant's name (subsidiaries too); then the column of firms is not used.
    places : {"all", "main"}
        All IPC symbols, or the main one (fewer patents are green).
    date : {"application", "grant"}
        Which year counts; ``"grant"`` needs ``granted=True``.
    several : {"each", "main", "split"}
        A patent of several green classes counts in each, in that of its first green symbol, or in
        equal parts. It counts once in ``green_patents`` in any case.
    exclude : sequence of str
        Classes that do not make a patent green: by default the administrative one (G06Q, G08G),
        into which patents on AI fall by classification.
    broad : bool
        False: places that hold much that is not green (such as G01R, all measuring of
        electricity) do not make a patent green.
    extract_date : str or Timestamp, optional
        When the extract was made; default: its last publication. Inventions are published up to
        18 months after application: years that may still grow are marked ``truncated``.
    columns : mapping, optional
        Columns by what they are, where they are not found by name: application, application_date,
        publication, publication_date, grant_date, kind, ipc, main_ipc, applicants, firm.

    Returns
    -------
    GreenPatents

    Raises
    ------
    DataError
        If columns are missing, application numbers are missing or damaged, one number has two
        kinds, dates or codes cannot be read, or the table does not say what a rule needs.

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "申请号": ["CN201910000001.1", "201910000001.1", "201920000002.5", "201910000003.X"],
    ...     "公开号": ["CN110000001A", "CN110000001B", "CN210000002U", "CN110000003A"],
    ...     "分类号": ["H02S 40/44; G06Q 50/06", "H02S 40/44", "B29B 17/02", "G06Q 10/04"],
    ...     "股票代码": [1, 1, 1, 1]})
    >>> green = green_patents(table)
    >>> columns = ["firm", "year", "patents", "green_patents", "green_recycling", "administrative"]
    >>> green.frame[columns].values.tolist()
    [['000001', 2019, 3, 2, 1, 2]]
    """
    rules, ledger = green_rules(ipc), Ledger()
    choices = {"applicants": applicants, "places": places, "date": date, "several": several}
    _check(choices, granted, [name for name in exclude if name not in rules.classes], ipc is None)
    frame, told = _frame_of(patents, columns or {})
    extract = read_extract(frame, dict(columns or {}), firms is not None, places)
    ledger.notes += [*told, *extract.notes]
    apps = applications(extract.rows, ledger)
    if granted:
        apps = _only_granted(apps, ledger)
    apps = dated(apps, date, ledger)
    apps = greened(classify(apps, rules, ledger), tuple(exclude), broad, several, ledger)
    shares = firm_shares(apps, applicants, firms, ledger)
    if shares.empty:
        what = "no application of a firm is left"
        raise DataError([Fault("no_patents", what, f"see the steps:\n{ledger.table()}")])
    names = [name for name in rules.classes if name not in exclude]
    out, topics = tallied(apps, shares, names, [n for n in rules.classes if n in exclude])
    out["truncated"] = _truncated(out["year"], extract.rows, extract_date, date, ledger)
    shown = ["application", "kind", "granted", "year", "classes", "topics", "green"]
    return GreenPatents(out, apps[shown], ledger.table(), tuple(ledger.notes), rules, topics)


def _check(choices: dict[str, str], granted: bool, unknown: list[str], shipped: bool) -> None:
    faults = [
        Fault("unknown_choice", f"{name}={value!r}", f"choose {', '.join(_CHOICES[name])}")
        for name, value in choices.items()
        if value not in _CHOICES[name]
    ]
    if choices["date"] == "grant" and not granted:
        fix = "set granted=True: pending applications have no year of grant"
        faults.append(Fault("grant_years", "date='grant' with granted=False", fix))
    # a user's table need not have the class that is excluded by default
    unknown = [name for name in unknown if shipped or name != ADMINISTRATIVE]
    if unknown:
        what = f"exclude= names {', '.join(map(repr, unknown))}, which the table of IPC has not"
        faults.append(Fault("unknown_class", what, "see green_rules().classes"))
    if faults:
        raise DataError(faults)


def _frame_of(patents: Any, columns: Mapping[str, str]) -> tuple[pd.DataFrame, tuple[str, ...]]:
    frame, notes = getattr(patents, "frame", patents), ()
    if isinstance(frame, (str, Path)):
        return read_patents(Path(frame), columns.values())
    if not isinstance(frame, pd.DataFrame) or frame.empty:
        what = f"the patents are {'an empty table' if isinstance(frame, pd.DataFrame) else frame!r}"
        raise DataError([Fault("not_a_table", what, "give a table with one row a publication")])
    return frame, notes


def _only_granted(apps: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    kept = apps[apps["granted"]].reset_index(drop=True)
    ledger.step("pending or refused left out", len(apps), len(kept), "granted=True")
    if not (kept["kind"] == "invention").any() and (apps["kind"] == "invention").any():
        what = "no invention in the table is marked as granted"
        fix = "give grant records (publication numbers in B or C) or a column of grant dates"
        raise DataError([Fault("no_grants", what, fix)])
    return kept


def _truncated(
    years: pd.Series,
    rows: pd.DataFrame,
    extract_date: str | pd.Timestamp | None,
    date: str,
    ledger: Ledger,
) -> np.ndarray:
    """Mark years for which publications are still to come when the extract was made."""
    seen = [rows[name].max() for name in ("published", "grant_date", "date")]
    last = next((day for day in seen if pd.notna(day)), pd.Timestamp(int(years.max()), 12, 31))
    when = last if extract_date is None else pd.Timestamp(extract_date)
    said = "" if extract_date is None else " (as you say)"
    months = 18 if date == "application" else 0
    whole = [
        int(year)
        for year in years.unique()
        if pd.Timestamp(int(year), 12, 31) + pd.DateOffset(months=months) <= when
    ]
    flags = ~years.isin(whole).to_numpy()
    if flags.any():
        first, final = int(years[flags].min()), int(years.max())
        span = f"{first}" if first == final else f"{first} to {final}"
        ledger.notes.append(
            f"the extract ends {when:%Y-%m-%d}{said}: counts of {span} are too small and marked "
            "truncated, since inventions are published up to 18 months after application"
            if date == "application"
            else f"the extract ends {when:%Y-%m-%d}{said}: {span} is not whole"
        )
    return flags
