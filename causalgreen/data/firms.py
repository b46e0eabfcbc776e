"""A firm–year panel with an account of every row, and its verbs."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd

from causalgreen.data import counts, filters
from causalgreen.data.audit import Audit, Step, listed, step_of
from causalgreen.data.checks import Findings, check_logic
from causalgreen.data.joins import coverage_of, join_rows, matters
from causalgreen.data.names import kind_of
from causalgreen.data.prepare import Prepared, prepare
from causalgreen.data.reading import Table, table_of
from causalgreen.data.winsor import winsorise
from causalgreen.errors import DataError, DataWarning, Fault

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["FirmPanel"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FirmPanel:
    """A firm–year table and the account of how it came about; every verb returns a new one.

    Give ``panel.frame`` to `causalgreen.Panel.from_frame`.

    Attributes
    ----------
    audit : Audit
        Each step: rows in, rows out, why, examples.
    units : mapping of str to str
        Unit of a column, where it is known.
    notes : tuple of str
        What a reader should know.
    origin : mapping of str to str
        Table from which a column came.
    coverage : mapping of str to (int, int)
        First and last year in which that table has the column.
    """

    audit: Audit
    units: Mapping[str, str]
    notes: tuple[str, ...]
    origin: Mapping[str, str]
    coverage: Mapping[str, tuple[int, int]]
    _rows: pd.DataFrame

    @property
    def frame(self) -> pd.DataFrame:
        """The rows, sorted by firm and year; changing it changes no panel."""
        return self._rows[[c for c in self._rows.columns if not str(c).startswith("\0")]]

    def _next(
        self, rows: pd.DataFrame, steps: Sequence[Step], notes: Sequence[str] = (), **changes: Any
    ) -> FirmPanel:
        fresh = tuple(note for note in notes if note not in self.notes)
        return replace(
            self, audit=self.audit + steps, notes=(*self.notes, *fresh), _rows=rows, **changes
        )

    def join(
        self,
        table: Any,
        *,
        on: Sequence[str] | None = None,
        how: str = "left",
        name: str | None = None,
        choose: Mapping[str, object] | None = None,
        columns: Mapping[str, str | None] | None = None,
        drop_missing_keys: bool = False,
    ) -> FirmPanel:
        """Join a table, many rows of the panel to one of the table.

        Parameters
        ----------
        table : path, Table or data frame
        on : sequence of str, optional
            Keys; firm and year, as far as the table has them, when left out.
        how : str
            ``"left"`` keeps the rows of the panel, ``"inner"`` those in both, ``"outer"`` all.
        name : str, optional
            What the table is called in the audit.
        choose : mapping, optional
            Choice among stacked rows, such as ``{"apply_type": "S5203"}``.
        columns : mapping, optional
            As in `causalgreen.data.read`.
        drop_missing_keys : bool
            Leave out rows without a key, with their count in the audit, rather than refuse.

        Returns
        -------
        FirmPanel

        Raises
        ------
        DataError
            If a key occurs twice in the table, or nothing matches.
        """
        read = table_of(table, columns, name or "table")
        label = self._free_name(name or read.name)
        right = prepare(read, label, on=tuple(on) if on else None, choose=choose,
                        drop_missing_keys=drop_missing_keys)  # fmt: skip
        return self._take(read, right, how)

    def _free_name(self, name: str) -> str:
        taken = {str(c)[1:] for c in self._rows.columns if str(c).startswith("\0")}
        label, i = name, 2
        while label in taken:
            label, i = f"{name} ({i})", i + 1
        return label

    def _take(self, read: Table, right: Prepared, how: str) -> FirmPanel:
        joined = join_rows(self._rows, right, how)
        rows = joined.rows.sort_values(["firm", "year"], kind="stable", ignore_index=True)
        new = [c for c in right.frame.columns if c not in right.on]
        fresh = {joined.renamed.get(c, c): c for c in new}
        fresh = {n: c for n, c in fresh.items() if n not in self._rows.columns}
        units, notes = dict(self.units), [*right.notes, *joined.notes]
        units |= {n: read.units[c] for n, c in fresh.items() if c in read.units}
        notes += [f"{right.name}: {note}" for note in read.notes if matters(note)]
        return self._next(
            rows,
            [*right.steps, joined.step],
            notes,
            units=MappingProxyType(units),
            origin=MappingProxyType(dict(self.origin) | dict.fromkeys(fresh, right.name)),
            coverage=MappingProxyType(dict(self.coverage) | coverage_of(right.frame, fresh)),
        )

    def keep(self, which: Any, why: str, name: str = "keep") -> FirmPanel:
        """Keep rows; ``which`` is a mask or a function of the frame, ``why`` goes to the audit.

        Parameters
        ----------
        which : mask, or function of the frame
            Rows to keep.
        why : str
            Goes to the audit.
        name : str
            What the step is called there.

        Returns
        -------
        FirmPanel

        Raises
        ------
        DataError
            If it is no mask of the rows.
        """
        made = which(self.frame) if callable(which) else which
        values = pd.Series(made).reset_index(drop=True) if not isinstance(made, pd.Series) else made
        if len(values) != len(self._rows) or values.isna().any() or values.dtype.kind != "b":
            what = f"{name}: rows to keep must be {len(self._rows):,} values True or False"
            raise DataError([Fault("mask", what, "compare columns of panel.frame")])
        return self._filter(pd.Series(values.to_numpy(bool), index=self._rows.index), name, why)

    def drop(self, which: Any, why: str, name: str = "drop") -> FirmPanel:
        """Drop rows; the reverse of `keep`.

        Parameters
        ----------
        which : mask, or function of the frame
            Rows to drop.
        why : str
            Goes to the audit.
        name : str
            What the step is called there.

        Returns
        -------
        FirmPanel
        """
        made = which(self.frame) if callable(which) else which
        values = pd.Series(made)
        return self.keep(~values if values.dtype.kind == "b" else values, why, name)

    def _filter(self, kept: pd.Series, name: str, why: str, notes: Sequence[str] = ()) -> FirmPanel:
        rows = self._rows[kept].reset_index(drop=True)
        gone = self.frame[~kept]
        if rows.empty:
            what = f"{name} leaves no row of {len(self._rows):,}"
            raise DataError([Fault("no_rows", what, "look at the column that it goes by")])
        examples = (listed(gone["firm"]),) if len(gone) else ()
        detail = gone[["firm", "year", *[c for c in ("name", "industry") if c in gone]]]
        return self._next(rows, [step_of(name, why, self._rows, rows, examples, detail)], notes)

    def drop_st(self, values: Sequence[object] | None = None, mark_only: bool = False) -> FirmPanel:
        """Drop the years in which a firm is under special treatment (ST, *ST, PT).

        Parameters
        ----------
        values : sequence, optional
            Codes of ``status`` that mean so, where these are numbers.
        mark_only : bool
            Add a column ``st`` (0 or 1) and keep the rows.

        Returns
        -------
        FirmPanel
        """
        hit = filters.special_treatment(self._rows, values)
        by = " and ".join(c for c in ("status", "name") if c in self._rows)
        why = f"special treatment by {by}: {int(hit.sum()):,} rows"
        if mark_only:
            return self.with_columns({"st": hit.astype(int)}, why)
        return self._filter(~hit, "drop ST and PT", why)

    def drop_financial(self, vintage: int | None = None) -> FirmPanel:
        """Drop financial firms: J66 to J69 of CSRC 2012, I01 to I99 of CSRC 2001.

        Parameters
        ----------
        vintage : int, optional
            Classification of the codes, 2001 or 2012; needed where they are letters alone.

        Returns
        -------
        FirmPanel
        """
        hit = filters.financial(self._rows, vintage)
        return self._filter(
            ~hit, "drop financial firms", "CSRC J66 to J69 (2012), I01 to I99 (2001)"
        )

    def drop_b_shares(self) -> FirmPanel:
        """Drop B shares (200xxx, 900xxx)."""
        return self._filter(~filters.b_shares(self._rows), "drop B shares", "codes 200 and 900")

    def keep_years(self, first: int, last: int) -> FirmPanel:
        """Keep the years from ``first`` to ``last``.

        Parameters
        ----------
        first, last : int
            Both are kept.

        Returns
        -------
        FirmPanel
        """
        kept = self._rows["year"].between(first, last)
        return self._filter(kept, f"keep {first} to {last}", "years of the study")

    def balance(self, first: int | None = None, last: int | None = None) -> FirmPanel:
        """Keep the firms that are there in every year; warns, as this conditions on survival.

        Parameters
        ----------
        first, last : int, optional
            Years that count; default: the first and the last there are.

        Returns
        -------
        FirmPanel
        """
        note = "the balanced sample holds survivors only: firms that enter or leave are gone"
        warnings.warn(note, DataWarning, stacklevel=2)
        kept = filters.balanced(self._rows, first, last)
        return self._filter(kept, "balanced sample", "firms with a row in every year", (note,))

    def fill_counts(
        self,
        columns: Sequence[str],
        coverage: tuple[int, int] | None = None,
        also_blank: bool = False,
    ) -> FirmPanel:
        """Put 0 where a firm-year is not in the extract of patents, in the years it covers.

        Parameters
        ----------
        columns : sequence of str
            Counts of patents; no other column is filled.
        coverage : (int, int), optional
            First and last year of the extract; those of its table when left out.
        also_blank : bool
            Also fill cells that are blank in rows which the extract has. In CSMAR's patent
            tables blank means "not itemised in the report", which is not zero.

        Returns
        -------
        FirmPanel
        """
        columns = [columns] if isinstance(columns, str) else list(columns)
        known = dict(self.coverage) | (dict.fromkeys(columns, coverage) if coverage else {})
        rows, detail, notes = counts.fill_zeros(self._rows, columns, self.origin, known, also_blank)
        why = "; ".join(
            f"{r.column}: {r.filled:,} zeros in {r.first} to {r.last}" for r in detail.itertuples()
        )
        step = step_of("fill counts with zeros", why, self._rows, rows, (), detail)
        return self._next(rows, [step], notes)

    def flag_truncated(self, extract: str, months: int = 18, drop: bool = False) -> FirmPanel:
        """Flag the last years, whose applications were not all published when data were drawn.

        Parameters
        ----------
        extract : str
            Day on which the extract was drawn, such as ``"2023-06-30"``.
        months : int
            Longest time from application to publication.
        drop : bool
            Drop these years rather than flag them in a column ``truncated``.

        Returns
        -------
        FirmPanel
        """
        hit = counts.cut_off(self._rows["year"], extract, months)
        years = listed(self._rows.loc[hit, "year"]) or "none"
        why = f"extract of {extract}, {months} months to publication: {years}"
        if drop:
            return self._filter(~hit, "drop right-truncated years", why)
        return self.with_columns({"truncated": hit.astype(int)}, why, "flag right-truncated years")

    def winsorise(
        self,
        columns: Sequence[str],
        limits: tuple[float, float] = (0.01, 0.99),
        by: str | None = None,
    ) -> FirmPanel:
        """Cut controls at quantiles; ``audit.detail("winsorise")`` shows before and after.

        Parameters
        ----------
        columns : sequence of str
            Controls.
        limits : (float, float)
            Quantiles.
        by : str, optional
            Within the levels of this column, such as the year.

        Returns
        -------
        FirmPanel
        """
        columns = [columns] if isinstance(columns, str) else list(columns)
        rows, detail = winsorise(self._rows, columns, limits, by)
        within = f" within {by}" if by else ""
        cut_cells = detail["cut_low"] + detail["cut_high"]
        why = f"quantiles {limits[0]:g} and {limits[1]:g}{within}: " + ", ".join(
            f"{name} {cut:,} cells" for name, cut in zip(detail["column"], cut_cells, strict=True)
        )
        return self._next(rows, [step_of("winsorise", why, self._rows, rows, (), detail)])

    def to_fraction(self, columns: Sequence[str]) -> FirmPanel:
        """Divide columns in percent by 100.

        Parameters
        ----------
        columns : sequence of str
            In percent.

        Returns
        -------
        FirmPanel

        Raises
        ------
        DataError
            If a column is not known to be in percent.
        """
        columns = [columns] if isinstance(columns, str) else list(columns)
        wrong = [c for c in columns if self.units.get(c) != "percent"]
        if wrong:
            parts = [f"{c!r} ({self.units.get(c, 'unit not known')})" for c in wrong]
            what = f"not in percent: {', '.join(parts)}"
            fix = "use with_columns(...) if you know better than the values show"
            raise DataError([Fault("units", what, fix)])
        made = {c: self._rows[c] / 100 for c in columns}
        out = self.with_columns(made, f"{', '.join(columns)} divided by 100", "percent to fraction")
        units = dict(self.units) | dict.fromkeys(columns, "fraction")
        return replace(out, units=MappingProxyType(units))

    def undo_log(self, column: str, name: str | None = None) -> FirmPanel:
        """Turn ln(1 + count) back into counts, in a column ``name`` (the same when left out).

        Parameters
        ----------
        column : str
            ln(1 + count).
        name : str, optional
            Column of the counts; default: the same.

        Returns
        -------
        FirmPanel
        """
        self._must_have([column])
        name = name or column
        made = counts.undo_log(self._rows[column], column)
        out = self.with_columns({name: made}, f"exp({column}) - 1", "undo the logarithm")
        return replace(out, units=MappingProxyType(dict(out.units) | {name: "count"}))

    def add_green(self, joint: bool) -> FirmPanel:
        """Add up CNRDS's parts to ``green_inventions``, ``green_utility``, ``green_patents``.

        Parameters
        ----------
        joint : bool
            Whether patents with other applicants count; papers differ, so there is no default.

        Returns
        -------
        FirmPanel
        """
        made, why = counts.add_green(self._rows, joint)
        return self.with_columns(made, "; ".join(why), "add up green patents")

    def with_columns(
        self, columns: Mapping[str, Any], why: str, name: str = "add columns"
    ) -> FirmPanel:
        """Add or replace columns: values in the order of ``frame``, or functions of it.

        Parameters
        ----------
        columns : mapping
            Name to values in the order of ``frame``, or to a function of it.
        why : str
            Goes to the audit.
        name : str
            What the step is called there.

        Returns
        -------
        FirmPanel

        Raises
        ------
        DataError
            If the number of values is not that of the rows, or a column is missing.
        """
        frame = self.frame
        made = {n: v(frame) if callable(v) else v for n, v in columns.items()}
        wrong = [n for n, v in made.items() if hasattr(v, "__len__") and not isinstance(v, str)
                 and len(v) != len(frame)]  # fmt: skip
        if wrong or {"firm", "year"} & set(made):
            what = f"{name}: {', '.join(wrong) or 'firm, year'}: not one value for each row"
            raise DataError([Fault("columns", what, f"give {len(frame):,} values, and no keys")])
        values = {n: v.to_numpy() if isinstance(v, pd.Series) else v for n, v in made.items()}
        rows = self._rows.assign(**values)
        return self._next(rows, [step_of(name, f"{', '.join(made)}: {why}", self._rows, rows)])

    def _must_have(self, columns: Sequence[str]) -> None:
        absent = [c for c in columns if c not in self._rows]
        if absent:
            what = f"the panel has no column {', '.join(map(repr, absent))}"
            raise DataError([Fault("missing_columns", what, "see panel.frame.columns")])

    def check(self, absorbing: Sequence[str] = ()) -> Findings:
        """Look for rows that contradict themselves; ``absorbing`` treatments must stay on.

        Parameters
        ----------
        absorbing : sequence of str
            0/1 columns that must not go back to 0.

        Returns
        -------
        Findings
        """
        return check_logic(self.frame, absorbing)

    def spread(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Return how counts are spread, to be looked at before any model.

        Parameters
        ----------
        columns : sequence of str, optional
            Counts of patents when left out; name a treatment to see what firm effects leave of it.

        Returns
        -------
        pandas.DataFrame
            column, rows, firms, zero_share, all_zero_firms and all_zero_rows (a Poisson model with
            firm effects cannot use them), median, mean, max, top_10_share (of the sum: the ten
            largest firms), within_share (of the variance: within firms).
        """
        names = [str(c) for c in self.frame]
        found = [c for c in names if kind_of(c) == "count" and c != "employees"]
        asked = found if columns is None else list(columns)
        self._must_have(asked)
        return counts.spread(self.frame, asked)

    def tidy(self) -> pd.DataFrame:
        """Return one row per column: column, table, unit, first, last, missing, mean."""
        frame = self.frame
        rows = []
        for c in frame.columns:
            numeric = pd.api.types.is_numeric_dtype(frame[c]) and c not in ("firm", "year")
            first, last = self.coverage.get(c, (None, None))
            rows.append((c, self.origin.get(c, ""), self.units.get(c, ""), first, last,
                         float(frame[c].isna().mean()),
                         float(frame[c].mean()) if numeric else None))  # fmt: skip
        names = ["column", "table", "unit", "first", "last", "missing", "mean"]
        return pd.DataFrame(rows, columns=names)

    def plot(self) -> Axes:
        """Draw what became of the rows."""
        return self.audit.plot()

    def __repr__(self) -> str:
        rows, years = self._rows, self._rows["year"]
        return (
            f"FirmPanel({len(rows):,} rows, {rows['firm'].nunique():,} firms, "
            f"{years.min()} to {years.max()}, {len(self.frame.columns)} columns)"
        )

    def __str__(self) -> str:
        notes = [f"note: {note}" for note in self.notes]
        return "\n".join([repr(self), str(self.audit), *notes])

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        return f"<p>{escape(repr(self))}</p>{self.audit._repr_html_()}<ul>{notes}</ul>"
