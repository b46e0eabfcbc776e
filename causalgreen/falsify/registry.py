"""All checks in their order, and the one call that runs them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from causalgreen.errors import CausalGreenError, DesignError, EstimationWarning
from causalgreen.falsify.again import Again, quiet
from causalgreen.falsify.case import Case, Check
from causalgreen.falsify.finding import NOT_APPLICABLE, Falsification, Finding
from causalgreen.falsify.options import (
    asked_checks,
    refuse_effects,
    refuse_options,
    refuse_settings,
)

if TYPE_CHECKING:
    from causalgreen.effects.effects import Effects

__all__ = ["CHECKS", "Entry", "falsify"]


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a check lives.

    Attributes
    ----------
    name : str
        Name of its finding.
    module, function : str
        Module of this package, and the function in it.
    options : tuple of (str, str)
        Argument of the function, and the argument of `falsify` that it comes from.
    """

    name: str
    module: str
    function: str
    options: tuple[tuple[str, str], ...] = ()

    def load(self, given: Mapping[str, Any]) -> Check:
        """The check, with its options."""
        function = getattr(import_module(f"causalgreen.falsify.{self.module}"), self.function)
        options = {own: given[name] for own, name in self.options}
        return partial(function, **options) if options else function


CHECKS = (
    Entry("placebo treatment", "placebo", "placebo_treatment",
          (("strata", "strata"), ("assignment", "assignment"))),
    Entry("placebo outcome", "outcomes", "placebo_outcome", (("outcome", "placebo_outcome"),)),
    Entry("future treatment", "leads", "future_treatment"),
    Entry("placebo network", "network", "placebo_network",
          (("network", "network"), ("future_partners", "future_partners"))),
    Entry("random common cause", "refute", "random_common_cause"),
    Entry("data subset", "refute", "data_subset"),
    Entry("bootstrap", "refute", "bootstrap"),
    Entry("overlap", "overlap", "overlap"),
    Entry("influence", "influence", "influence"),
    Entry("graph: implied independences", "graph_checks", "check"),
    Entry("graph: DoWhy's falsification", "graph_dowhy", "check_dowhy"),
    Entry("multiverse", "multiverse_check", "check"),
    Entry("omitted confounder", "sensitivity", "check"),
    Entry("mediator-outcome confounding", "sensitivity_mediator", "check_mediators"),
    Entry("E-value", "sensitivity", "check_e_values"),
    Entry("mediator alone", "mediation", "check_first_leg"),
    Entry("full mediation", "mediation", "check_full_mediation"),
    Entry("order of mediators", "mediator_order", "check_order"),
    Entry("ln(1 + count)", "log_outcome", "check"),
)  # fmt: skip
"""In the order in which they are run."""


def falsify(
    study: Any,
    checks: Sequence[str | Check] | Check | str | None = None,
    simulations: int = 400,
    refit: bool = False,
    seed: int | None = None,
    progress: bool | None = None,
    *,
    effects: Effects | None = None,
    placebo_outcome: str | Sequence[str] | None = None,
    network: Any = None,
    future_partners: str | None = None,
    strata: str | None = None,
    assignment: str | None = None,
) -> Falsification:
    """Try to break the numbers of a study.

    Parameters
    ----------
    study : Study
    checks : sequence of str or callable, optional
        Names of checks, or functions that take a `Case` and return a `Finding`; default: all.
    simulations : int
        Permutations or draws of every check that simulates.
    refit : bool
        Fit the nuisances again in every simulation of the random common cause, the subset and the
        bootstrap: slow, and it says the same unless nuisances are unstable.
    seed : int, optional
        Default: the study's.
    progress : bool, optional
        Progress bar; None: in a terminal or notebook only.
    effects : Effects, optional
        The numbers to be broken, such as ``study.paths(covariance="CR1")``; default:
        ``study.paths()``.
    placebo_outcome : str or sequence of str, optional
        Columns that the treatment cannot affect.
    network : str, sequence of str, mapping or DataFrame, optional
        From what exposures can be rebuilt: a column of groups (peers are the other firms of the
        group in the period), several columns (their average), a mapping from exposure to these, or
        a table of links with the columns ``firm``, ``peer`` and, if need be, ``weight``.
    future_partners : str, optional
        Column with the exposure to firms that become partners only later.
    strata : str, optional
        Column within whose levels treatment histories are exchanged.
    assignment : str, optional
        Column at whose level the treatment was given; default: the first cluster column.

    Returns
    -------
    Falsification
        One finding for each check. One that cannot be run says why; it never passes. Nor does one
        that broke (a function of yours that raises, or returns no `Finding`): the others stay.

    Raises
    ------
    DesignError
        If a check, a column or a setting is not known or cannot be used; before anything is
        computed.

    Warns
    -----
    EstimationWarning
        If a check itself broke.

    Examples
    --------
    >>> import causalgreen as cg
    >>> df, _ = cg.simulate_panel(n_firms=60, n_years=4, n_cities=50, seed=0)
    >>> panel = cg.Panel.from_frame(df, unit="firm", time="year", outcome="green_patents",
    ...                             treatment="ai", controls=["leverage"])
    >>> study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear())
    >>> [f.name for f in falsify(study, ["overlap", "influence"])]
    ['overlap', 'influence']
    """
    given = {
        "placebo_outcome": placebo_outcome, "network": network, "future_partners": future_partners,
        "strata": strata, "assignment": assignment,
    }  # fmt: skip
    refuse_settings(simulations, refit, seed, progress)
    refuse_options(study.panel, given)
    chosen = _chosen(checks)
    if effects is not None:
        refuse_effects(study, effects)
    with quiet():
        case = case_of(study, simulations, refit, seed, progress, effects)
    findings = []
    for check in _shown(chosen, progress):
        findings.append(_run(check, case, given))
    return Falsification(tuple(findings), case.effects.context)


def case_of(
    study: Any, simulations: int = 400, refit: bool = False, seed: int | None = None,
    progress: bool | None = None, effects: Effects | None = None,
) -> Case:  # fmt: skip
    """The study as checks see it."""
    return Case(
        study.panel, study.graph, study.identify(), study.residuals, study.moments, study._layout,
        study.paths() if effects is None else effects, Again(study), simulations,
        study.seed if seed is None else seed, refit, progress,
    )  # fmt: skip


def _run(check: Entry | Check, case: Case, given: Mapping[str, Any]) -> Finding:
    known = isinstance(check, Entry)
    name = check.name if isinstance(check, Entry) else getattr(check, "__name__", "check")
    try:
        with quiet(), np.errstate(all="ignore"):
            function = check.load(given) if isinstance(check, Entry) else check
            finding: Any = function(case)
    except CausalGreenError as error:
        if isinstance(error, DesignError) and not known:
            return _failed(name, error)
        # What a check needs may be missing in ways that only the fit shows.
        return Finding(name, "Could this be asked of these data?", NOT_APPLICABLE, str(error))
    except Exception as error:  # what others found must not be lost
        return _failed(name, error)
    if isinstance(finding, Finding):
        return finding
    return _failed(name, TypeError(f"it returned {finding!r} where a Finding belongs"))


def _failed(name: str, error: Exception) -> Finding:
    """A check that broke: it says nothing of the data, and it does not take the others with it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = ""
    if trace is not None:
        code = trace.tb_frame.f_code
        where = f" in {code.co_name}, line {trace.tb_lineno} of {Path(code.co_filename).name}"
    reason = (
        f"the check itself failed ({type(error).__name__}{where}: {error}), which says nothing of "
        "the data: mend the check, and run it again"
    )
    warnings.warn(f"{name}: {reason}", EstimationWarning, stacklevel=4)
    return Finding(name, "Did the check itself run?", NOT_APPLICABLE, reason)


def _chosen(checks: Sequence[str | Check] | Check | str | None) -> list[Entry | Check]:
    known: dict[str, Entry] = {entry.name: entry for entry in CHECKS}
    asked = known if checks is None else asked_checks(checks, known)
    return [known[c] if isinstance(c, str) else c for c in asked]


def _shown(items: list[Any], progress: bool | None) -> Any:
    from causalgreen.falsify.progress import bar

    return bar(items, progress, "falsification", "check")
