"""Every reasonable specification at once, and a test of all of them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from causalgreen.errors import CausalGreenError, DesignError
from causalgreen.falsify.linear_again import LinearAgain
from causalgreen.falsify.multiverse_test import joint_test
from causalgreen.falsify.rerun import again_of, panel_like, quiet, quiet_paths, with_panel

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from causalgreen.panel.panel import Panel

__all__ = ["Multiverse", "leave_out_samples", "multiverse"]


@dataclass(frozen=True, slots=True, repr=False)
class Multiverse:
    """Estimates of every specification.

    Attributes
    ----------
    table : pandas.DataFrame
        One row for each specification and term: choices (``learner``, ``fixed_effects``,
        ``controls``, ``sample``, ``folds``, ``seed``), estimate, std_error, p_value, conf_low,
        conf_high, rows, firms.
    joint : pandas.DataFrame
        One row for each term that can be tested: observed statistics over all specifications and
        their p-values when treatment histories are permuted.
    failed : tuple of str
        Specifications that could not be estimated, and why.
    unit : str
        Unit of the estimates.
    """

    table: pd.DataFrame
    joint: pd.DataFrame
    failed: tuple[str, ...]
    unit: str

    def tidy(self) -> pd.DataFrame:
        """One row for each specification and term."""
        return self.table.copy()

    def summary(self) -> pd.DataFrame:
        """One row for each term: range, shares of the same sign and significant, joint p-value."""
        rows = []
        for term, part in self.table.groupby("term", sort=False):
            middle = float(part["estimate"].median())
            same = np.sign(part["estimate"]) == np.sign(middle)
            clear = part["p_value"] < 0.05
            rows.append({
                "term": term, "specifications": len(part), "median": middle,
                "lowest": part["estimate"].min(), "highest": part["estimate"].max(),
                "same_sign": float(same.mean()), "significant": float((clear & same).mean()),
                "against": float((clear & ~same).mean()),
            })  # fmt: skip
        table = pd.DataFrame(rows)
        if len(self.joint):
            table = table.merge(self.joint[["term", "p_joint"]], on="term", how="left")
        return table

    def plot(self, term: str = "own_total") -> Figure:
        """Specification curve of one term, with the grid of choices below."""
        from causalgreen.falsify.multiverse_plot import plot_multiverse

        return plot_multiverse(self, term)

    def __str__(self) -> str:
        text = self.summary().to_string(index=False, float_format=lambda v: f"{v:.4g}")
        told = f"{self.table['specification'].nunique()} specifications, {self.unit}\n{text}"
        return "\n".join([told, *(f"not estimated: {f}" for f in self.failed)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return str(self.summary().to_html(index=False))


def multiverse(
    study: Any,
    *,
    learners: Mapping[str, Any] | None = None,
    fixed_effects: Sequence[Any] | None = None,
    controls: Mapping[str, Sequence[str]] | None = None,
    samples: Mapping[str, Any] | None = None,
    folds: Sequence[int] | None = None,
    seeds: Sequence[int] | None = None,
    permutations: int = 400,
    full: bool = True,
    lines: LinearAgain | None = None,
    asked: Mapping[str, Any] | None = None,
) -> Multiverse:
    """Estimate every combination of choices, and test them together.

    Parameters
    ----------
    study : Study
        The study; its own choices come first.
    learners : mapping of str to learner, optional
        Learners by name; the study's own is called ``"as studied"`` and always included.
    fixed_effects : sequence, optional
        Kinds or `FixedEffects`; default: the study's.
    controls : mapping of str to sequence of str, optional
        Sets of controls by name; ``"all"`` is the study's.
    samples : mapping of str to array of bool, optional
        Rows of the panel to keep, by name; see `leave_out_samples`.
    folds, seeds : sequence of int, optional
        Default: the study's.
    permutations : int
        Permutations of the joint test; 0: none.
    full : bool
        All combinations; False: the study, and one choice changed at a time.
    lines : LinearAgain, optional
        What least squares on this panel has computed before; default: nothing.
    asked : mapping, optional
        Arguments of ``study.paths`` for every specification; default: the coefficients that the
        study takes by itself.

    Returns
    -------
    Multiverse

    Raises
    ------
    DesignError
        If not one specification can be estimated.

    References
    ----------
    Simonsohn, Simmons and Nelson (2020), Specification curve analysis, Nature Human Behaviour 4,
    doi 10.1038/s41562-020-0912-z.

    Examples
    --------
    >>> import causalgreen as cg
    >>> df, _ = cg.simulate_panel(n_firms=80, n_years=4, seed=0)
    >>> panel = cg.Panel.from_frame(df, unit="firm", time="year", outcome="green_patents",
    ...                             treatment="ai", controls=["leverage", "roa_lag"])
    >>> study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear())
    >>> curve = multiverse(study, seeds=[0, 1], fixed_effects=["within", "first_difference"],
    ...                    permutations=0)
    >>> len(curve.table), float(curve.summary()["same_sign"].min())
    (8, 1.0)
    """
    axes: dict[str, dict[str, Any]] = {
        "learner": {"as studied": None} | dict(learners or {}),
        "fixed_effects": _kinds(study, fixed_effects),
        "controls": {"all": None} | dict(controls or {}),
        "sample": {"all": None} | dict(samples or {}),
        "folds": _numbers(study.folds, folds),
        "seed": _numbers(study.seed, seeds),
    }
    runs, failed = [], []
    lines = LinearAgain(study.panel) if lines is None else lines
    lines.give(study)
    asked = _system(study) if asked is None else asked
    for choice in _choices(axes, full):
        label = ", ".join(f"{k} {v}" for k, v in choice.items() if len(axes[k]) > 1) or "as studied"
        try:
            runs.append((label, choice, *_run(study, axes, choice, lines, asked)))
        except CausalGreenError as error:
            failed.append(f"{label}: {str(error).splitlines()[0]}")
    if not runs:
        raise DesignError(f"no specification can be estimated: {'; '.join(failed)}")
    table = pd.concat([_rows(*run) for run in runs], ignore_index=True)
    joint = pd.DataFrame()
    if permutations:
        joint = joint_test([run[2] for run in runs], permutations, study.seed)
    return Multiverse(table, joint, tuple(failed), runs[0][3].context.unit)


def _system(study: Any) -> dict[str, Any]:
    """One system for all: a specification that chose anew would estimate another average."""
    try:
        return {"coefficients": quiet_paths(study).coefficients}
    except CausalGreenError:
        return {}


def _kinds(study: Any, given: Sequence[Any] | None) -> dict[str, Any]:
    """Fixed effects by name, the study's own first; a kind keeps the study's other effects."""
    own, time = study.fixed_effects, study.panel.roles.time
    out = {own.describe(time): own}
    for one in given or ():
        chosen = replace(own, kind=one) if isinstance(one, str) else one
        out[chosen.describe(time)] = chosen
    return out


def _numbers(own: int, given: Sequence[int] | None) -> dict[str, Any]:
    return {str(n): int(n) for n in dict.fromkeys([own, *(given or ())])}


def _choices(axes: dict[str, dict[str, Any]], full: bool) -> list[dict[str, str]]:
    from itertools import product

    if full:
        return [dict(zip(axes, combo, strict=True)) for combo in product(*axes.values())]
    base = {k: next(iter(v)) for k, v in axes.items()}
    return [base, *({**base, k: name} for k, v in axes.items() for name in list(v)[1:])]


def _run(
    study: Any, axes: dict[str, dict[str, Any]], choice: dict[str, str], lines: LinearAgain,
    asked: Mapping[str, Any],
) -> tuple[Any, Any]:  # fmt: skip
    """One specification: the study, and its effects."""
    if all(name == next(iter(axes[k])) for k, name in choice.items()):
        return study, quiet_paths(study, **asked)
    changes: dict[str, Any] = {
        "fixed_effects": axes["fixed_effects"][choice["fixed_effects"]],
        "folds": axes["folds"][choice["folds"]], "seed": axes["seed"][choice["seed"]],
    }  # fmt: skip
    if (learner := axes["learner"][choice["learner"]]) is not None:
        changes["learner"] = learner
    keep, names = axes["sample"][choice["sample"]], axes["controls"][choice["controls"]]
    again = again_of(study)
    with quiet():
        if keep is not None or names is not None:
            panel = _panel(study.panel, keep, names)
            done = with_panel(lambda **kw: again(**changes | kw), panel, study.graph)
        else:
            done = again(**changes)
            if done._absorbed == study._absorbed:  # the graph's answer is the same
                done.__dict__["_identification"] = study.identify()
            lines.give(done)
        return done, quiet_paths(done, **asked)


def _panel(panel: Panel, keep: Any, names: Sequence[str] | None) -> Panel:
    frame = panel.frame
    if keep is not None:
        keep = np.asarray(keep, dtype=bool)
        if keep.shape != (len(frame),):
            raise DesignError(
                f"a sample marks {keep.shape} rows, the panel has {len(frame)} (sorted by firm and "
                "period): give one True or False for each row of panel.frame"
            )
        frame = frame[keep]
    return panel_like(panel, frame, **({} if names is None else {"controls": list(names) or None}))


def _rows(label: str, choice: dict[str, str], study: Any, effects: Any) -> pd.DataFrame:
    table = effects.tidy().drop(columns="statistic")
    table.insert(0, "specification", label)
    for key, value in choice.items():
        table[key] = value
    table["rows"], table["firms"] = effects.context.n_rows, effects.context.n_firms
    return table


def leave_out_samples(panel: Panel, least: float = 0.3) -> dict[str, np.ndarray]:
    """Samples without a group of firms: each level of a discrete trait, each third of a number.

    Parameters
    ----------
    panel : Panel
        The panel.
    least : float
        Share of rows that must stay.

    Returns
    -------
    dict of str to numpy.ndarray of bool
        For ``samples=`` of `multiverse`.
    """
    traits, codes, out = panel.baseline_traits(), panel.unit_codes, {}
    for name in panel.roles.traits:
        column = traits[name]
        if column.nunique() <= 6 or not pd.api.types.is_numeric_dtype(column):
            parts = {
                f"without {name} = {_short(v)}": column == v
                for v in sorted(column.dropna().unique())
            }
        else:
            low, high = column.quantile([1 / 3, 2 / 3])
            parts = {
                f"without low {name}": column <= low, f"without high {name}": column >= high,
            }  # fmt: skip
        for label, gone in parts.items():
            keep = ~gone.to_numpy()[codes]
            if keep.mean() >= least:
                out[label] = keep
    return out


def _short(value: object) -> str:
    return f"{value:g}" if isinstance(value, (int, float, np.number)) else str(value)
