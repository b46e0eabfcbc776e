"""Least squares cross-fitted again: other folds of one transform need no other design."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from causalgreen.panel.transforms import FixedEffects, transform
from causalgreen.residuals.crossfit import Residuals, cross_fit
from causalgreen.residuals.linear import LinearLearner

if TYPE_CHECKING:
    from causalgreen.panel.panel import Panel
    from causalgreen.panel.transforms import Design

__all__ = ["LinearAgain"]


@dataclass(frozen=True, slots=True)
class LinearAgain:
    """Residuals of the linear learner on one panel, whatever the folds and fixed effects.

    Attributes
    ----------
    panel : Panel
    designs : dict of FixedEffects to Design
        Transformed tables, made once.
    made : dict
        Residuals by fixed effects, folds, repetitions and seed.
    """

    panel: Panel
    designs: dict[FixedEffects, Design] = field(default_factory=dict)
    made: dict[tuple[Any, ...], Residuals] = field(default_factory=dict)

    def give(self, study: Any) -> None:
        """Put residuals into a study of this panel whose learner is linear."""
        settings, effects = study._settings, study.fixed_effects
        members = settings.stack.members
        if study.panel is not self.panel or "residuals" in study.__dict__:
            return
        if len(members) != 1 or not isinstance(members[0], LinearLearner):
            return
        key = effects, settings.folds, settings.repeats, settings.seed
        if key not in self.made:
            if effects not in self.designs:
                self.designs[effects] = transform(self.panel, effects)
            self.made[key] = cross_fit(self.panel, effects, settings, design=self.designs[effects])
        study.__dict__["residuals"] = self.made[key]
