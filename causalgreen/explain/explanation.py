"""The explainer: questions about heterogeneity, asked of one surface."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from causalgreen.errors import DesignError
from causalgreen.explain.held_out import HeldOut, sequence
from causalgreen.explain.scores import Scores, scores_of
from causalgreen.surface.surface import Surface

if TYPE_CHECKING:
    from causalgreen.explain.calibration import Calibration
    from causalgreen.explain.claims import Claims
    from causalgreen.explain.contrast import PartialContrast
    from causalgreen.explain.curves import Curve
    from causalgreen.explain.family import Family
    from causalgreen.explain.groups import Groups
    from causalgreen.explain.interactions import Interaction
    from causalgreen.explain.policy import Policy
    from causalgreen.explain.profile import Profile
    from causalgreen.explain.projection import Projection
    from causalgreen.explain.shapley import Shapley
    from causalgreen.explain.sorted_groups import SortedGroups
    from causalgreen.explain.targeting import Targeting

__all__ = ["Explanation"]


def _text(term: Any) -> str:
    if not isinstance(term, str):
        raise DesignError(f"{term!r} is not the name of a path: give text, such as 'own_total'")
    return term


class Explanation:
    """Which firms gain, through which path, and whether that can be believed.

    Parameters
    ----------
    surface : Surface
        Effects by firm.
    seed : int, optional
        Seed of splits and draws; default: the study's.

    Raises
    ------
    DesignError
        If the surface is none, or the seed is not a whole number, 0 or more.

    Examples
    --------
    >>> import causalgreen as cg
    >>> df, truth = cg.simulate_panel(n_firms=200, n_years=5, seed=0)
    >>> panel = cg.Panel.from_frame(
    ...     df, unit="firm", time="year", outcome="green_patents", treatment="ai",
    ...     traits=["size", "urban"], controls=["leverage", "roa_lag"], cluster="firm")
    >>> study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear())
    >>> hetero = study.explain(study.surface(cg.linear_surface()))
    >>> list(hetero.groups("urban", terms="own_total").tidy()["group"])
    ['0', '1']
    """

    def __init__(self, surface: Surface, seed: int | None = None) -> None:
        if not isinstance(surface, Surface):
            raise DesignError(
                f"explain({type(surface).__name__}): give a surface, such as "
                "study.explain(study.surface()), or nothing"
            )
        whole = isinstance(seed, (int, np.integer)) and not isinstance(seed, bool)
        if seed is not None and not (whole and seed >= 0):
            raise DesignError(f"seed={seed!r}: give a whole number, 0 or more, or None")
        self.surface = surface
        self.seed = surface.settings.seed if seed is None else seed

    def __repr__(self) -> str:
        return f"Explanation of {self.surface.method.name}; paths {', '.join(self.surface.terms)}"

    @cached_property
    def scores(self) -> Scores:
        """Debiased effects of the firms, each without its own cluster."""
        return scores_of(self.surface)

    @cached_property
    def held_out(self) -> tuple[HeldOut, ...]:
        """Surfaces learnt from earlier clusters and judged on later ones; see `sequence`."""
        return sequence(self.surface, self.seed)

    def terms(self, wanted: str | Sequence[str] | None) -> tuple[str, ...]:
        """Paths asked for; default: all without the single treatments and exposures."""
        if wanted is None:
            shown = tuple(t for t in self.surface.terms if "[" not in t)
            alone = not self.surface.problem.layout.mediators and "own_total" in shown
            # Without mediators the direct path is the total: asked twice, it would count twice.
            return tuple(t for t in shown if not (alone and t == "direct"))
        listed = (wanted,) if isinstance(wanted, str) else wanted
        odd = isinstance(listed, Mapping) or not isinstance(listed, Iterable)
        chosen = () if odd else tuple(dict.fromkeys(map(_text, listed)))
        if not chosen:
            raise DesignError(
                f"terms={wanted!r}: name one path or a list of paths; there are "
                f"{', '.join(self.surface.terms)}"
            )
        for term in chosen:
            self.surface.position(term)
        return chosen

    def _one(self, wanted: str) -> str:
        """The path asked for, by a verb that looks at one."""
        chosen = self.terms(wanted) if wanted is not None else ()
        if len(chosen) != 1:
            raise DesignError(
                f"term={wanted!r}: this looks at one path at a time; name one, such as "
                f"term={(chosen or self.surface.terms)[0]!r}, and ask again for each of the others"
            )
        return chosen[0]

    def groups(self, trait: str, n: int = 5, terms: str | Sequence[str] | None = None) -> Groups:
        """Average effects of groups of firms by a trait (GATE), for each path."""
        from causalgreen.explain.groups import groups

        return groups(self, trait, n, self.terms(terms))

    def contrast(
        self,
        trait: str,
        high: Any = None,
        low: Any = None,
        terms: str | Sequence[str] | None = None,
    ) -> PartialContrast:
        """Difference between firms high and low in a trait, the other traits balanced."""
        from causalgreen.explain.contrast import contrast

        return contrast(self, trait, high, low, self.terms(terms))

    def projection(
        self, traits: Sequence[str] | None = None, terms: str | Sequence[str] | None = None
    ) -> Projection:
        """Best linear projection of the effects on traits, for each path."""
        from causalgreen.explain.projection import projection

        return projection(self, traits, self.terms(terms))

    def calibration(self, terms: str | Sequence[str] | None = None) -> Calibration:
        """Whether the predicted heterogeneity exists: slope test on held-out clusters."""
        from causalgreen.explain.calibration import calibration

        return calibration(self, self.terms(terms))

    def sorted_groups(
        self, n: int = 5, repeats: int = 20, terms: str | Sequence[str] | None = None
    ) -> SortedGroups:
        """Groups by predicted effect over repeated splits of the clusters (generic ML)."""
        from causalgreen.explain.sorted_groups import sorted_groups

        return sorted_groups(self, n, repeats, self.terms(terms))

    def profile(self, term: str = "own_total", share: float = 0.2) -> Profile:
        """Who the most and the least affected firms are (CLAN)."""
        from causalgreen.explain.profile import profile

        return profile(self, self._one(term), share)

    def targeting(self, term: str = "own_total", by: str | None = None) -> Targeting:
        """What is gained by choosing firms in order of predicted effect: TOC, AUTOC, Qini."""
        from causalgreen.explain.targeting import targeting

        return targeting(self, self._one(term), by)

    def policy(
        self, cost: float = 0.0, budget: float | None = None, term: str = "own_total",
        depth: int = 2, traits: Sequence[str] | None = None,
    ) -> Policy:  # fmt: skip
        """A shallow tree that says whom to treat, and its value on held-out clusters."""
        from causalgreen.explain.policy import policy

        return policy(self, cost, budget, self._one(term), depth, traits)

    def shapley(self, term: str = "own_total") -> Shapley:
        """SHAP values of the surface: what moves the predicted effect of each firm."""
        from causalgreen.explain.shapley import shapley

        return shapley(self, self._one(term))

    def curve(self, trait: str, term: str = "own_total") -> Curve:
        """Effect as a function of a trait, with a simultaneous band."""
        from causalgreen.explain.curves import curve

        return curve(self, trait, self._one(term))

    def interaction(self, a: str, b: str, term: str = "own_total", n: int = 4) -> Interaction:
        """Average effect by two traits at once: heat map and test of the interaction."""
        from causalgreen.explain.interactions import interaction

        return interaction(self, a, b, self._one(term), n)

    def family(self, *results: Groups | Projection | PartialContrast) -> Family:
        """P-values of the tests of several results, adjusted for having been asked together."""
        from causalgreen.explain.family import family

        return family(*results, seed=self.seed)

    def claims(
        self, questions: Sequence[Any] | Mapping[str, str] | None = None,
        terms: str | Sequence[str] | None = None,
    ) -> Claims:  # fmt: skip
        """The claims of the field, tested in one table."""
        from causalgreen.explain.claims import claims

        return claims(self, questions, self.terms(terms))
