"""All checks in their order, and the one call that runs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from causalgreen.errors import CausalGreenError, DesignError
from causalgreen.falsify.again import Again, quiet
from causalgreen.falsify.case import Case, Check
from causalgreen.falsify.finding import NOT_APPLICABLE, Falsification, Finding

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
    checks: Sequence[str | Check] | str | None = None,
    simulations: int = 400,
    refit: bool = False,
    seed: int | None = None,
    progress: bool | None = None,
    *,
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
        One finding for each check. One that cannot be run says why; it never passes.

    Raises
    ------
    DesignError
        If a check or a column is not known.

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
    _refuse(study, simulations, given)
    chosen = _chosen(checks)
    with quiet():
        case = case_of(study, simulations, refit, seed, progress)
    findings = []
    for check in _shown(chosen, progress):
        findings.append(_run(check, case, given))
    return Falsification(tuple(findings))


def case_of(
    study: Any, simulations: int = 400, refit: bool = False, seed: int | None = None,
    progress: bool | None = None,
) -> Case:  # fmt: skip
    """The study as checks see it."""
    return Case(
        study.panel, study.graph, study.identify(), study.residuals, study.moments, study._layout,
        study.paths(), Again(study), simulations, study.seed if seed is None else seed, refit,
        progress,
    )  # fmt: skip


def _run(check: Entry | Check, case: Case, given: Mapping[str, Any]) -> Finding:
    name = check.name if isinstance(check, Entry) else getattr(check, "__name__", "check")
    try:
        with quiet(), np.errstate(all="ignore"):
            function = check.load(given) if isinstance(check, Entry) else check
            return function(case)
    except CausalGreenError as error:
        # What a check needs may be missing in ways that only the fit shows.
        return Finding(name, "Could this be asked of these data?", NOT_APPLICABLE, str(error))


def _chosen(checks: Sequence[str | Check] | str | None) -> list[Entry | Check]:
    known: dict[str, Entry] = {entry.name: entry for entry in CHECKS}
    if checks is None:
        return list(CHECKS)
    asked: list[str | Check] = [checks] if isinstance(checks, str) else list(checks)
    unknown = [c for c in asked if not callable(c) and c not in known]
    if unknown:
        raise DesignError(
            f"checks={unknown}: not known; there are {', '.join(known)}, and functions of a case"
        )
    return [known[c] if isinstance(c, str) else c for c in asked]


def _refuse(study: Any, simulations: int, given: Mapping[str, Any]) -> None:
    """Refuse what is asked wrongly, before anything is computed."""
    if isinstance(simulations, bool) or not isinstance(simulations, (int, np.integer)):
        raise DesignError(f"simulations={simulations!r}: give a whole number, 20 or more")
    if simulations < 20:
        raise DesignError(
            f"simulations={simulations}: p-values would be coarser than .05; give 20 or more"
        )
    columns = study.panel.frame.columns
    for name, value in given.items():
        for column in _columns(value):
            if column not in columns:
                raise DesignError(
                    f"{name}={column!r}: the panel has no such column; see panel.frame.columns"
                )


def _columns(value: Any) -> list[Any]:
    """Names of columns in an option."""
    if value is None or hasattr(value, "columns"):
        return []
    if isinstance(value, Mapping):
        return [c for part in value.values() for c in _columns(part)]
    return [value] if isinstance(value, str) else list(value)


def _shown(items: list[Any], progress: bool | None) -> Any:
    from causalgreen.falsify.progress import bar

    return bar(items, progress, "falsification", "check")
