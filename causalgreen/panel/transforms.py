"""Removal of firm effects (within, first difference, Mundlak), of time and further effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from causalgreen.errors import DesignError
from causalgreen.panel.absorb import absorb, nested_in
from causalgreen.panel.features import FeatureCounts, FeatureLayout

if TYPE_CHECKING:
    from causalgreen.panel.panel import Panel

__all__ = [
    "Design", "FixedEffects", "Kind", "feature_counts", "refuse_unknown_effects", "transform",
]  # fmt: skip

Kind = Literal["within", "first_difference", "mundlak", "none"]


@dataclass(frozen=True, slots=True)
class FixedEffects:
    """How firm effects and common shocks are removed.

    Parameters
    ----------
    kind : {"within", "first_difference", "mundlak", "none"}
        ``within``: every variable minus its firm mean. Learners other than linear ones see levels
        and firm means of the controls, and their predictions lose their firm means, too: a curved
        confounder g(x) is then removed as g(x) minus its firm mean, not as a curve in deviations.
        ``first_difference``: changes of treatments, mediators and outcome between consecutive
        periods on the controls of both (exact for additive firm effects).
        ``mundlak``: firm means of controls, treatments, exposures and mediators as features.
        ``none``: nothing.
    time : bool
        Remove period effects.
    absorb : sequence of str
        Further effects to remove, such as ``"city^year"`` or ``"industry^year"``: columns of the
        table, or their combinations with ``^``.
    approximate : bool
        Under ``within``: learn from deviations alone and leave the predictions as they are
        (``wg_approx`` of DoubleML and xtdml). Wrong where confounding is curved; for comparison.

    References
    ----------
    Clarke and Polselli (2026), Double machine learning for static panel models with fixed
    effects, Econometrics Journal 29(1), doi 10.1093/ectj/utaf011.

    Examples
    --------
    >>> FixedEffects("within", absorb=["city^year"]).describe()
    'within firms; effects of year, city^year removed'
    """

    kind: Kind = "within"
    time: bool = True
    absorb: Sequence[str] = ()
    approximate: bool = False

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise DesignError(
                f"fixed_effects={self.kind!r} is not known; choose one of "
                f"{', '.join(get_args(Kind))}"
            )
        given: object = () if self.absorb is None else self.absorb
        terms = (given,) if isinstance(given, str) else given
        if not isinstance(terms, (list, tuple)) or not all(isinstance(t, str) for t in terms):
            raise DesignError(
                f"absorb={self.absorb!r}: give names of columns, or combinations with ^, such as "
                '["city^year", "industry^year"]'
            )
        terms = tuple(terms)
        for name in ("time", "approximate"):
            if not isinstance(getattr(self, name), bool):
                raise DesignError(f"{name}={getattr(self, name)!r}: give True or False")
        object.__setattr__(self, "absorb", terms)

    def describe(self, time: str = "year") -> str:
        """One line for reports.

        Parameters
        ----------
        time : str
            What periods are called.

        Returns
        -------
        str
        """
        head = {
            "within": "within firms",
            "first_difference": "first differences",
            "mundlak": "firm means as controls (Mundlak)",
            "none": "no firm effects",
        }[self.kind]
        removed = [time] * self.time + list(self.absorb)
        return head + (f"; effects of {', '.join(removed)} removed" if removed else "")


@dataclass(frozen=True, slots=True)
class Design:
    """Variables and features after the fixed effects are gone.

    Attributes
    ----------
    rows : numpy.ndarray of int, shape (m,)
        Rows of the panel that are used.
    targets : numpy.ndarray, shape (m, p)
        Treatments, exposures, mediators, outcome, transformed, in the order of ``Roles.targets``.
    features : numpy.ndarray, shape (m, f)
        What the learners see; NaN where a control is missing.
    feature_names : tuple of str, length f
    linear : numpy.ndarray, shape (f,)
        How freely a linear learner may use each feature; 0: it does not see it.
    flexible : numpy.ndarray of bool, shape (f,)
        Features that all other learners see.
    traits : numpy.ndarray of bool, shape (f,)
        Which of the flexible features are traits.
    removed : tuple of numpy.ndarray of int, each of shape (m,)
        Group codes of every effect removed, to be removed from predictions, too.
    periods : numpy.ndarray, shape (m, q)
        Period indicators with the firm effects removed: linear regressors of the final step.
    effects : tuple of (str, numpy.ndarray of int of shape (m,))
        The removed effects, for degrees of freedom.
    notes : tuple of str
        What was left out, and why.
    exhausted : tuple of str
        Controls of which the removed effects leave nothing: linear learners see none of them.
    """

    rows: np.ndarray
    targets: np.ndarray
    features: np.ndarray
    feature_names: tuple[str, ...]
    linear: np.ndarray
    flexible: np.ndarray
    traits: np.ndarray
    removed: tuple[np.ndarray, ...]
    periods: np.ndarray
    effects: tuple[tuple[str, np.ndarray], ...]
    notes: tuple[str, ...] = ()
    exhausted: tuple[str, ...] = ()


def refuse_unknown_effects(panel: Panel, fixed_effects: FixedEffects) -> None:
    """Refuse to absorb columns that the table does not have.

    Raises
    ------
    DesignError
        Naming the column, and those that are there.
    """
    columns = panel.frame.columns
    for term in fixed_effects.absorb:
        for name in (part.strip() for part in term.split("^")):
            if name not in columns:
                raise DesignError(
                    f"cannot absorb {term!r}: the table has no column {name!r}; "
                    f"its columns are {', '.join(map(str, columns))}"
                )


def transform(panel: Panel, fixed_effects: FixedEffects) -> Design:
    """Remove the fixed effects from targets and controls, and lay out the features.

    Parameters
    ----------
    panel : Panel
        The firm-year table.
    fixed_effects : FixedEffects
        What to remove.

    Returns
    -------
    Design
        Transformed targets and features.

    Raises
    ------
    DesignError
        If an absorbed column does not exist, or the transform leaves no rows.
    """
    rows, lagged, notes = _rows(panel, fixed_effects)
    unit = _recode(panel.unit_codes[rows])
    time_codes = _recode(panel.codes(panel.roles.time)[rows])
    effects = [(name, _recode(codes[rows])) for name, codes in _effects(panel, fixed_effects)]
    weights = None if panel.roles.weight is None else panel.weights[rows]
    removed = [codes for _, codes in effects]
    values = panel.matrix(panel.roles.targets)
    values = values[rows] - values[lagged] if lagged is not None else values[rows]
    if not removed and not panel.roles.controls and not panel.roles.traits:
        removed = [np.zeros(len(rows), dtype=np.int64)]  # no learner takes out the constant
    targets = absorb(values, removed, weights)
    names, matrix, linear, flexible, traits = FeatureLayout(
        panel, fixed_effects.kind, fixed_effects.time, fixed_effects.approximate,
        rows, lagged, unit, removed, weights,
    ).build()  # fmt: skip
    periods = _period_columns(time_codes, unit, fixed_effects, weights)
    for array in (rows, targets, matrix, linear, flexible, traits, periods, *removed):
        array.setflags(write=False)
    kept = () if fixed_effects.approximate else tuple(removed)
    return Design(
        rows, targets, matrix, names, linear, flexible, traits, kept, periods, tuple(effects),
        notes, _exhausted(panel.roles.controls, names, matrix),
    )  # fmt: skip


def _exhausted(
    controls: Sequence[str], names: tuple[str, ...], matrix: np.ndarray
) -> tuple[str, ...]:
    """Controls whose deviations from the removed effects are all zero."""
    place = {name: j for j, name in enumerate(names)}
    columns = {c: place.get(f"{c} (deviation)") for c in controls}
    return tuple(
        c for c, j in columns.items() if j is not None and not np.nan_to_num(matrix[:, j]).any()
    )


def feature_counts(panel: Panel, fixed_effects: FixedEffects) -> FeatureCounts:
    """How many features there will be, without making them.

    Parameters
    ----------
    panel : Panel
        The firm-year table.
    fixed_effects : FixedEffects
        What will be removed.

    Returns
    -------
    FeatureCounts
    """
    none = np.empty(0, dtype=np.int64)
    kind, removes = fixed_effects.kind, fixed_effects.time or bool(fixed_effects.absorb)
    return FeatureLayout(
        panel, kind, fixed_effects.time, fixed_effects.approximate, none,
        none if kind == "first_difference" else None, none,
        [none] if removes or kind == "within" else [], None,
    ).count()  # fmt: skip


def _effects(panel: Panel, fixed_effects: FixedEffects) -> list[tuple[str, np.ndarray]]:
    """Codes of every effect that is removed, on all rows of the panel; the firm first."""
    out = [(panel.roles.unit, panel.unit_codes)] if fixed_effects.kind == "within" else []
    if fixed_effects.time:
        out.append((panel.roles.time, panel.codes(panel.roles.time)))
    return out + [(term, _term_codes(panel, term)) for term in fixed_effects.absorb]


def _rows(
    panel: Panel, fixed_effects: FixedEffects
) -> tuple[np.ndarray, np.ndarray | None, tuple[str, ...]]:
    """Rows used, their lags under first differences, and what was left out."""
    unit, n, notes = panel.unit_codes, panel.n_rows, []
    rows, differences = np.arange(n), fixed_effects.kind == "first_difference"
    if differences:
        consecutive = np.isclose(np.diff(panel.times), panel.step) & (unit[1:] == unit[:-1])
        rows = np.flatnonzero(consecutive) + 1
        if not len(rows):
            raise DesignError(
                "first differences need firms with two consecutive periods, and there are none; "
                "use fixed_effects='within', which bridges gaps"
            )
        notes.append(
            f"first differences use {len(rows):,} of {n:,} rows: those with the period before"
        )
    effects = _effects(panel, fixed_effects)
    keep = _not_alone([codes[rows] for _, codes in effects], len(rows))
    if not keep.any():
        names = ", ".join(name for name, _ in effects)
        raise DesignError(
            f"once effects of {names} are removed no row is left: every one is alone in some "
            "group. Absorb less, or coarser effects"
        )
    if not keep.all():
        names = ", ".join(name for name, _ in effects)
        notes.append(
            f"{int((~keep).sum()):,} rows are alone in a group of {names}: nothing is left of them "
            "once these effects are removed, so they are not counted"
        )
    rows = rows[keep]
    notes += [
        f"absorbing '{name}' changes nothing: firm effects contain it"
        for name, codes in effects[1:]
        if fixed_effects.kind == "within"
        and name != panel.roles.time
        and nested_in(panel.unit_codes[rows], codes[rows])
    ]
    return rows, (rows - 1 if differences else None), tuple(notes)


def _not_alone(effects: list[np.ndarray], n: int) -> np.ndarray:
    """Rows that share every group with another row; dropping one may leave another alone.

    Correia (2015), Singletons, cluster-robust standard errors and fixed effects: A bad mix.
    """
    keep = np.ones(n, dtype=bool)
    while True:
        before = keep.sum()
        for codes in effects:
            keep &= np.bincount(codes[keep], minlength=int(codes.max()) + 1)[codes] > 1
        if keep.sum() == before:
            return keep


def _recode(codes: np.ndarray) -> np.ndarray:
    return np.unique(codes, return_inverse=True)[1]


def _term_codes(panel: Panel, term: str) -> np.ndarray:
    """Group codes of an absorbed term such as ``city^year``."""
    codes = np.zeros(panel.n_rows, dtype=np.int64)
    for name in (part.strip() for part in term.split("^")):
        level = panel.codes(name)
        codes = _recode(codes * (int(level.max()) + 1) + level)
    return codes


def _period_columns(
    time: np.ndarray, unit: np.ndarray, fixed_effects: FixedEffects, weights: np.ndarray | None
) -> np.ndarray:
    """Period indicators for the final step; the first period is the base."""
    if not fixed_effects.time:
        return np.empty((len(time), 0))
    levels = int(time.max()) + 1
    start = 0 if fixed_effects.kind in ("first_difference", "none", "mundlak") else 1
    columns = (time[:, None] == np.arange(start, levels)).astype(np.float64)
    return absorb(columns, [unit], weights) if fixed_effects.kind == "within" else columns
