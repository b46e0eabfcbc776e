"""What a check is given: the study's steps, computed once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from causalgreen.falsify.finding import Finding

if TYPE_CHECKING:
    from causalgreen.effects.effects import Effects
    from causalgreen.graph.causal_graph import CausalGraph
    from causalgreen.graph.identification import Identification
    from causalgreen.moments.basis import Basis
    from causalgreen.moments.moments import Moments
    from causalgreen.moments.system import Layout
    from causalgreen.panel.panel import Panel
    from causalgreen.residuals.crossfit import Residuals

__all__ = ["Case", "Check"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Case:
    """A study under attack.

    Attributes
    ----------
    panel, graph, identification, residuals, moments, layout
        The study's steps.
    effects : Effects
        ``study.paths()``.
    again : callable
        ``again(panel=..., graph=..., fixed_effects=..., learner=..., folds=..., seed=...)`` makes a
        study like this one but for what is given (for checks that refit).
    simulations : int
        Number of permutations or draws.
    seed : int
        Seed; spawn one stream for each simulation (``numpy.random.SeedSequence.spawn``).
    refit : bool
        Fit the nuisances again in every simulation.
    progress : bool or None
        Progress bar; None: in a terminal or notebook only.
    kept : dict
        What one check has computed that another asks for, too; see `remembered`.
    """

    panel: Panel
    graph: CausalGraph
    identification: Identification
    residuals: Residuals
    moments: Moments
    layout: Layout
    effects: Effects
    again: Callable[..., Any]
    simulations: int = 400
    seed: int = 0
    refit: bool = False
    progress: bool | None = None
    kept: dict[Hashable, tuple[Any, Any]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def basis(self) -> Basis:
        """Along which traits the study's coefficients vary."""
        assert self.effects.basis is not None
        return self.effects.basis

    @property
    def asked(self) -> dict[str, Any]:
        """What paths that are to be compared with the study's are asked for."""
        return {"coefficients": self.effects.coefficients, "covariance": self.effects.covariance}

    def remembered(self, key: Hashable, make: Callable[[], T]) -> T:
        """What was made under this key from these moments, or is made now."""
        # A copy of the case with other moments shares the memory, and must not be answered from it.
        known = self.kept.get(key)
        if known is None or known[0] is not self.moments:
            known = self.kept[key] = (self.moments, make())
        value: T = known[1]
        return value


Check = Callable[[Case], Finding]
"""A check takes a case and returns what it found; it never raises because data do not suit it."""
