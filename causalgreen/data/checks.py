"""Things that cannot be: more green patents than patents, a treatment that comes and goes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.errors import DataError, Fault

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Finding", "Findings", "check_logic"]


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """One rule and the rows that break it.

    Attributes
    ----------
    code, what, fix : str
    rows : pandas.DataFrame
        The keys and values of the rows; its index is that of the panel's frame.
    """

    code: str
    what: str
    fix: str
    rows: pd.DataFrame

    def __str__(self) -> str:
        return f"[{self.code}] {self.what}\n    what to do: {self.fix}"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Findings:
    """What a look at the logic of a panel found.

    Attributes
    ----------
    findings : tuple of Finding
    checked : tuple of str
        The rules that could be looked at with the columns there are.
    n_rows : int
    """

    findings: tuple[Finding, ...]
    checked: tuple[str, ...]
    n_rows: int

    def rows(self, code: str) -> pd.DataFrame:
        """Return the rows that break a rule.

        Parameters
        ----------
        code : str
            Code of a rule, as in ``tidy()``.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        KeyError
            If nothing was found under it.
        """
        for finding in self.findings:
            if finding.code == code:
                return finding.rows
        raise KeyError(f"nothing was found under {code!r}: {[f.code for f in self.findings]}")

    def tidy(self) -> pd.DataFrame:
        """Return one row per finding: code, rows, share, what, fix."""
        rows = [
            (f.code, len(f.rows), len(f.rows) / max(self.n_rows, 1), f.what, f.fix)
            for f in self.findings
        ]
        return pd.DataFrame(rows, columns=["code", "rows", "share", "what", "fix"])

    def plot(self) -> Axes:
        """Draw how many rows break each rule."""
        from causalgreen.data.drawing import plot_findings

        return plot_findings(self)

    def raise_if_any(self) -> None:
        """Raise all findings at once.

        Raises
        ------
        DataError
            If anything was found.
        """
        if self.findings:
            raise DataError([Fault(f.code, f.what, f.fix) for f in self.findings])

    def __bool__(self) -> bool:
        return bool(self.findings)

    def __repr__(self) -> str:
        return f"Findings({len(self.findings)} of {len(self.checked)} rules broken)"

    def __str__(self) -> str:
        return "\n".join([repr(self), *map(str, self.findings)])

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>" + self.tidy().to_html(index=False)


_Rule = tuple[str, tuple[str, ...], Callable[[pd.DataFrame], pd.Series], str]
_TOL = 1e-6


def _more(small: str, large: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda f: f[small] > f[large] + _TOL


def _not_sum(total: str, parts: tuple[str, ...]) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda f: (f[list(parts)].sum(axis=1, skipna=False) - f[total]).abs() > _TOL


_LOOK = "look these rows up at the source; correct or drop them by name, with a reason"
_RULES: tuple[_Rule, ...] = (
    ("green_over_total", ("green_patents", "patents"), _more("green_patents", "patents"),
     "more green patents than patents"),
    ("green_inventions_over_inventions", ("green_inventions", "inventions"),
     _more("green_inventions", "inventions"), "more green inventions than inventions"),
    ("green_parts", ("green_patents", "green_inventions", "green_utility"),
     _not_sum("green_patents", ("green_inventions", "green_utility")),
     "green inventions and utility models do not add up to green patents"),
    ("patent_parts", ("patents", "inventions", "utility_models", "designs"),
     _not_sum("patents", ("inventions", "utility_models", "designs")),
     "inventions, utility models and designs do not add up to patents"),
    ("green_own_parts", ("green_patents_own", "green_inventions_own", "green_utility_own"),
     _not_sum("green_patents_own", ("green_inventions_own", "green_utility_own")),
     "own green inventions and utility models do not add up to own green patents"),
    ("green_joint_parts", ("green_patents_joint", "green_inventions_joint", "green_utility_joint"),
     _not_sum("green_patents_joint", ("green_inventions_joint", "green_utility_joint")),
     "joint green inventions and utility models do not add up to joint green patents"),
)  # fmt: skip


def check_logic(frame: pd.DataFrame, absorbing: Sequence[str] = ()) -> Findings:
    """Look for rows that contradict themselves.

    Parameters
    ----------
    frame : pandas.DataFrame
        A firm–year panel.
    absorbing : sequence of str
        Treatments that, once on, stay on.

    Examples
    --------
    >>> frame = pd.DataFrame({"firm": ["a", "a"], "year": [1, 2], "zone": [1, 0]})
    >>> check_logic(frame, ["zone"]).findings[0].code
    'switches_back'
    """
    found: list[Finding] = []
    checked: list[str] = []
    absent = [c for c in absorbing if c not in frame]
    if absent:
        what = f"the panel has no column {', '.join(map(repr, absent))}"
        raise DataError([Fault("missing_columns", what, "check absorbing=")])
    for code, columns, broken, what in _RULES:
        if all(c in frame and pd.api.types.is_numeric_dtype(frame[c]) for c in columns):
            checked.append(code)
            _add(found, frame, code, columns, broken(frame), what)
    if all(c in frame for c in ("patents", "inventions", "utility_models")) and (
        "designs" not in frame
    ):
        checked.append("patent_parts")
        over = frame["inventions"] + frame["utility_models"] > frame["patents"] + _TOL
        _add(found, frame, "patent_parts", ("patents", "inventions", "utility_models"),
             over, "inventions and utility models exceed patents")  # fmt: skip
    for column in (str(c) for c in frame if str(c).startswith(("green_", "patents", "inventions"))):
        if pd.api.types.is_numeric_dtype(frame[column]):
            checked.append(f"negative {column}")
            below = f"{column} below 0"
            _add(found, frame, "negative_count", (column,), frame[column] < 0, below)
    for column in absorbing:
        checked.append(f"switches_back {column}")
        _add(found, frame, "switches_back", (column,), _switches(frame, column),
             f"{column!r} switches back, though it should stay on")  # fmt: skip
    _soe(found, checked, frame)
    return Findings(tuple(found), tuple(checked), len(frame))


def _add(
    found: list[Finding], frame: pd.DataFrame, code: str, columns: Iterable[str],
    broken: pd.Series, what: str, fix: str = _LOOK,
) -> None:  # fmt: skip
    broken = broken.fillna(False).astype(bool)
    if not broken.any():
        return
    rows = frame.loc[broken, ["firm", "year", *columns]]
    first = ", ".join(
        f"{r.firm} {r.year}" for r in rows[["firm", "year"]].head(4).itertuples(index=False)
    )
    more = f" and {len(rows) - 4:,} more" if len(rows) > 4 else ""
    word = "row" if len(rows) == 1 else "rows"
    found.append(Finding(code, f"{what} in {len(rows):,} {word}: {first}{more}", fix, rows))


def _switches(frame: pd.DataFrame, column: str) -> pd.Series:
    ordered = frame[["firm", "year", column]].dropna().sort_values(["firm", "year"])
    before = ordered.groupby("firm")[column].cummax()
    return (ordered[column] < before - _TOL).reindex(frame.index, fill_value=False)


def _soe(found: list[Finding], checked: list[str], frame: pd.DataFrame) -> None:
    if "soe" not in frame:
        return
    checked.append("soe_codes")
    levels = frame["soe"].dropna().unique()
    if not set(levels) <= {0, 1, np.True_, np.False_}:
        shown = ", ".join(str(v) for v in sorted(levels, key=str)[:8])
        _add(found, frame, "soe_codes", ("soe",), frame["soe"].notna() & ~frame["soe"].isin([0, 1]),
             f"'soe' is not 0 or 1: it holds {shown}",
             "say which codes mean state-owned: with_columns({'soe': "
             "panel.frame['soe'].isin([...]).astype(int)}, why='...')")  # fmt: skip
