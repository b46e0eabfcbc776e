"""The adapter that lets DoWhy's own refuters run on a study's residuals.

DoWhy refits an estimator in every simulation. The one it is given here is fitted already, but for
the last step: least squares of the outcome's residual on the treatment's. What was found in DoWhy
0.14, and what is done about it:

* The default placebo of a float treatment is the constant 0: treatments are permuted instead.
* One random state shared by several jobs gives identical simulations, and so does an integer seed
  for subsets: one job, and one ``RandomState`` that moves on.
* Groups and weights handed to ``fit`` are not resampled with the rows: none are handed over.
* The bootstrap adds noise to the controls unless told not to: it is told.
* Refutations keep the mean of the simulations only: the estimator keeps every one (`Door.draws`).

DoWhy permutes and resamples rows, never firms. Its answers are those of this package where rows are
independent (a cross-section), and too optimistic in a panel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from causalgreen.errors import DesignError
from causalgreen.falsify.again import paths_again, redraw, remake
from causalgreen.falsify.engine import case_rows

if TYPE_CHECKING:
    import pandas as pd

    from causalgreen.falsify.case import Case

__all__ = ["REFUTERS", "Door", "dowhy_door"]

Solve = Callable[["pd.DataFrame", str, str, list[str]], float]
REFUTERS = ("placebo treatment", "random common cause", "data subset", "bootstrap")


@dataclass(slots=True)
class Record:
    """Estimates in the order in which they were made; copies of an estimator share it."""

    values: list[float] = field(default_factory=list)

    def __deepcopy__(self, memo: dict[int, Any]) -> Record:
        return self


@dataclass(frozen=True, slots=True)
class Door:
    """A path of a study as DoWhy sees it.

    Attributes
    ----------
    frame : pandas.DataFrame
        Residuals, one row for each row of the study.
    estimand : dowhy IdentifiedEstimand
    estimate : dowhy CausalEstimate
        With its estimator: hand the three to any refuter of DoWhy.
    """

    frame: pd.DataFrame
    estimand: Any
    estimate: Any

    @property
    def draws(self) -> np.ndarray:
        """Estimates of the last refutation."""
        return np.array(self.estimate.estimator.record.values)

    def refute(self, name: str, simulations: int = 100, seed: int = 0) -> Any:
        """Run one of DoWhy's refuters, round its traps.

        Parameters
        ----------
        name : str
            One of `REFUTERS`.
        simulations, seed : int

        Returns
        -------
        dowhy CausalRefutation
            With the mean of the simulations and DoWhy's p-value.

        Raises
        ------
        DesignError
            If there is no such refuter.
        """
        if name not in REFUTERS:
            raise DesignError(f"refute({name!r}): choose one of {', '.join(REFUTERS)}")
        import dowhy.causal_refuters as refuters
        from dowhy.causal_refuters.placebo_treatment_refuter import PlaceboType

        self.estimate.estimator.record.values.clear()
        given = {
            "num_simulations": simulations, "random_state": np.random.RandomState(seed),
            "n_jobs": 1,
        }  # fmt: skip
        data = (self.frame, self.estimand, self.estimate)
        if name == "placebo treatment":
            treatment = self.estimand.treatment_variable
            return refuters.refute_placebo_treatment(
                *data, treatment, placebo_type=PlaceboType.PERMUTE, **given
            )
        if name == "random common cause":
            return refuters.refute_random_common_cause(*data, **given)
        if name == "data subset":
            return refuters.refute_data_subset(*data, subset_fraction=0.8, **given)
        return refuters.refute_bootstrap(*data, required_variables=False, **given)


def dowhy_door(case: Case, path: str = "own_total", *, refit: bool = False) -> Door:
    """Give DoWhy a path of the study, fitted but for the last step.

    Parameters
    ----------
    case : Case
        Without sampling weights, with one treatment.
    path : {"own_total", "direct"}
        Total effect of the treatment, or the effect that the mediators do not carry.
    refit : bool
        Give DoWhy the whole estimator instead, which learns the nuisances again in every
        simulation: slow; for a cross-section only.

    Returns
    -------
    Door

    Raises
    ------
    DesignError
        If the path is another one, or DoWhy cannot carry the study.

    References
    ----------
    Sharma and Kiciman (2020), doi 10.48550/arXiv.2011.04216.

    Examples
    --------
    >>> import causalgreen as cg
    >>> from causalgreen.falsify.registry import case_of
    >>> df, _ = cg.simulate_panel(n_firms=80, n_years=4, seed=0)
    >>> panel = cg.Panel.from_frame(df, unit="firm", time="year", outcome="green_patents",
    ...                             treatment="ai", controls=["age", "roa_lag"])
    >>> study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear())
    >>> door = dowhy_door(case_of(study))
    >>> len(door.frame) == 80 * 4
    True
    """
    layout, names = case.layout, case.residuals.names
    if path not in ("own_total", "direct"):
        raise DesignError(f"path={path!r}: DoWhy's refuters take 'own_total' or 'direct'")
    if len(layout.treatments) != 1 or case.panel.roles.weight is not None:
        raise DesignError("DoWhy's refuters take one treatment, and no sampling weights")
    if refit and case.panel.n_periods > 1:
        raise DesignError("refit=True is for a cross-section: DoWhy draws rows, which splits firms")
    import pandas as pd

    treatment, outcome = names[layout.treatments[0]], names[layout.outcome]
    if refit:
        frame = case.panel.frame
        beside = list(case.panel.roles.controls)
        solve: Solve = partial(_whole_study, case, path)
    else:
        # Period effects are removed already, so that DoWhy has no column that it could break.
        frame = pd.DataFrame(np.asarray(case_rows(case).values[0]), columns=list(names))
        beside, solve = [names[e] for e in layout.exposures], _last_step
        beside += [names[m] for m in layout.mediators] if path == "direct" else []
    from dowhy.causal_identifier.identified_estimand import IdentifiedEstimand

    estimand = IdentifiedEstimand(
        None, treatment_variable=[treatment], outcome_variable=[outcome],
        backdoor_variables={"backdoor": beside}, default_backdoor_id="backdoor",
    )  # fmt: skip
    estimand.set_identifier_method("backdoor")
    estimator = _class()(estimand, solve, Record()).fit(frame)
    return Door(frame, estimand, estimator.estimate_effect(frame))


def _last_step(data: pd.DataFrame, treatment: str, outcome: str, beside: list[str]) -> float:
    """Least squares of residuals on residuals."""
    X = data[[treatment, *beside]].to_numpy(dtype=np.float64)
    y = data[outcome].to_numpy(dtype=np.float64)
    return float(np.linalg.solve(X.T @ X, X.T @ y)[0])


def _whole_study(
    case: Case, path: str, data: pd.DataFrame, treatment: str, outcome: str, beside: list[str]
) -> float:
    """The study from its first step, on the rows that DoWhy hands over."""
    roles = case.panel.roles
    rows = data.copy()
    rows[roles.unit] = np.arange(len(data))  # a row drawn twice is two firms
    rows[roles.treatments[0]] = data[treatment]
    panel = remake(case.panel, rows, controls=beside or None, cluster=roles.unit)
    graph = redraw(case.graph, panel.roles, {})
    return paths_again(case, (path,), panel=panel, graph=graph)[path]


@cache
def _class() -> type:
    """The estimator's class; made here, because its base takes seconds to import."""
    from dowhy.causal_estimator import CausalEstimate, CausalEstimator

    class StudyEstimator(CausalEstimator):  # type: ignore[misc]
        """Estimates by one function of the rows, and keeps every estimate."""

        def __init__(self, identified_estimand: Any, solve: Solve, record: Record) -> None:
            super().__init__(identified_estimand)
            self.solve, self.record = solve, record
            self._effect_modifier_names: list[str] = []
            self._target_units = "ate"
            self.coefficient = float("nan")

        def get_new_estimator_object(self, identified_estimand: Any, *_: Any, **__: Any) -> Any:
            """A new one for another treatment or adjustment set, with the same record."""
            return type(self)(identified_estimand, self.solve, self.record)

        def fit(self, data: Any, effect_modifier_names: Any = None, **_: Any) -> Any:
            """Estimate the coefficient."""
            asked = self._target_estimand
            (treatment,), (outcome,) = asked.treatment_variable, asked.outcome_variable
            self.coefficient = self.solve(data, treatment, outcome, asked.get_adjustment_set())
            return self

        def estimate_effect(
            self, data: Any, treatment_value: float = 1, control_value: float = 0,
            target_units: Any = None, **_: Any,
        ) -> Any:  # fmt: skip
            """The coefficient times the change of the treatment."""
            value = self.coefficient * (treatment_value - control_value)
            self.record.values.append(value)
            asked = self._target_estimand
            estimate = CausalEstimate(
                None, asked.treatment_variable, asked.outcome_variable, value, asked,
                "a study's last step", control_value, treatment_value,
            )  # fmt: skip
            estimate.add_estimator(self)
            return estimate

    return StudyEstimator
