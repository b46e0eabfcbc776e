"""Residuals learnt again by the default learner, where the study's learner is stiff."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from causalgreen.falsify.added import residualise_all
from causalgreen.moments.moments import moments_of
from causalgreen.residuals.learners import default_learner

if TYPE_CHECKING:
    from causalgreen.falsify.case import Case

__all__ = ["is_stiff", "relearnt"]


def is_stiff(case: Case) -> bool:
    """Whether the study's only learner is the linear one, and there is something to learn from."""
    members = case.again()._settings.stack.members
    return all(m.name == "linear" for m in members) and bool(case.residuals.design.features.size)


def relearnt(case: Case, names: Iterable[str]) -> Case:
    """The case with the residuals of these targets learnt by the default learner, same folds."""
    other = replace(case, again=partial(case.again, learner=default_learner()))
    values = case.residuals.values.copy()
    wanted = list(dict.fromkeys(names))
    if wanted:
        places = [case.layout.names.index(name) for name in wanted]
        values[:, :, places] = residualise_all(other, wanted)
    residuals = replace(case.residuals, values=values)
    return replace(case, residuals=residuals, moments=moments_of(case.panel, residuals))
