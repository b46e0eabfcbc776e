"""Difference between firms high and low in a trait, with the other traits balanced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from causalgreen.effects.combine import join
from causalgreen.effects.effects import Effects
from causalgreen.errors import DesignError, EstimationError
from causalgreen.explain.balance import Balanced, balance_out
from causalgreen.explain.family import Hypothesis, adjust, cluster_places
from causalgreen.explain.regress import regress, regress_values
from causalgreen.explain.sides import Sides, sides_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from causalgreen.explain.explanation import Explanation
    from causalgreen.explain.scores import Scores

__all__ = ["KINDS", "PartialContrast", "contrast"]

KINDS = ("raw", "balanced", "difference")
LEAST_LEFT = 0.05


@dataclass(frozen=True, slots=True, repr=False)
class PartialContrast:
    """Effect in firms high in a trait minus that in firms low in it.

    The balanced contrast compares firms whose other traits are alike: debiased effects and the
    indicator of being high are residualised on the other traits with cross-fitted learners, and
    one is regressed on the other. Firms that could be on either side, given their other traits,
    have the most weight.

    Attributes
    ----------
    trait, high, low : str
        What is contrasted.
    terms : tuple of str, length k
        Paths.
    effects : Effects
        Terms ``"path: raw"``, ``"path: balanced"``, ``"path: difference"`` (raw minus balanced:
        what the other traits explain), jointly.
    overlap : pandas.DataFrame
        One row: firms on either side, share of the indicator's variance that the other traits do
        not predict, effective number of firms on either side.
    balance : pandas.DataFrame
        Difference of each other trait between the sides, in standard deviations, before and after.
    hypotheses : tuple of Hypothesis
        Balanced contrasts that are zero; what `family` adjusts together with other results.
    notes : tuple of str
        Groups that were merged, firms left out, weak overlap.

    References
    ----------
    Robinson (1988), Root-N-consistent semiparametric regression, Econometrica 56(4), doi
    10.2307/1912705; Chernozhukov et al. (2018), doi 10.1111/ectj.12097; Li, Morgan and Zaslavsky
    (2018), Balancing covariates via propensity score weighting, JASA 113(521), doi
    10.1080/01621459.2016.1260466, on overlap weights.

    Examples
    --------
    >>> import causalgreen as cg
    >>> from causalgreen.surface.forest import forest
    >>> df, truth = cg.simulate_panel(n_firms=200, n_years=5, seed=0)
    >>> panel = cg.Panel.from_frame(
    ...     df, unit="firm", time="year", outcome="green_patents", treatment="ai",
    ...     traits=["size", "urban"], controls=["leverage", "roa_lag"], cluster="firm")
    >>> study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear())
    >>> gap = study.explain(study.surface(forest(40))).contrast("size", terms="own_total")
    >>> list(gap.tidy()["contrast"])
    ['raw', 'balanced', 'difference']
    """

    trait: str
    high: str
    low: str
    terms: tuple[str, ...]
    effects: Effects
    overlap: pd.DataFrame
    balance: pd.DataFrame
    hypotheses: tuple[Hypothesis, ...]
    notes: tuple[str, ...]

    def of(self, term: str) -> Effects:
        """Raw, balanced, difference along one path."""
        return self.effects.select([f"{term}: {kind}" for kind in KINDS])

    def tidy(self, level: float = 0.95, *, simultaneous: bool = False) -> pd.DataFrame:
        """Table of the contrasts.

        Parameters
        ----------
        level : float
            Coverage.
        simultaneous : bool
            Intervals that cover the three contrasts of a path at once.

        Returns
        -------
        pandas.DataFrame, shape (3 k, 11)
            Columns term, contrast (raw, balanced, difference), n_firms, n_clusters, estimate,
            std_error, statistic, p_value, conf_low, conf_high, p_romano_wolf (of the balanced
            contrasts, for all paths at once; NaN elsewhere).
        """
        adjusted = dict(zip(self.terms, self.tests["p_romano_wolf"], strict=True))
        parts = []
        for term in self.terms:
            part = self.of(term).tidy(level, simultaneous=simultaneous).drop(columns="term")
            part.insert(0, "n_clusters", min(self.effects.context.n_clusters))
            part.insert(0, "n_firms", self.effects.context.n_firms)
            part.insert(0, "contrast", KINDS)
            part.insert(0, "term", term)
            part["p_romano_wolf"] = [adjusted[term] if k == "balanced" else np.nan for k in KINDS]
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    @property
    def tests(self) -> pd.DataFrame:
        """Balanced contrasts: term, test, p_value, p_holm, p_romano_wolf over all paths."""
        return adjust(self.hypotheses).table.drop(columns="source")

    def plot(self, ax: Axes | None = None, level: float = 0.95) -> Axes:
        """Raw and balanced contrast of every path."""
        from causalgreen.explain.contrast_plot import plot_contrast

        return plot_contrast(self, ax, level)

    def __str__(self) -> str:
        from causalgreen.explain.contrast_text import contrast_text

        return contrast_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from causalgreen.explain.contrast_text import contrast_html

        return contrast_html(self)


def contrast(
    explanation: Explanation, trait: str, high: Any, low: Any, terms: Sequence[str]
) -> PartialContrast:
    """Contrast of firms high and low in a trait; see `PartialContrast`.

    Parameters
    ----------
    explanation : Explanation
        Scores of the firms.
    trait : str
        Trait.
    high, low : optional
        Of a number: values at or above ``high``, at or below ``low`` (default: below ``high``);
        neither: top and bottom third. Of a category: a level, or several, on either side (``low``
        default: all others).
    terms : sequence of str
        Paths.

    Returns
    -------
    PartialContrast

    Raises
    ------
    DesignError
        If there is no such trait or level, a side has fewer than 5 clusters, or there is no other
        trait.
    EstimationError
        If the other traits all but determine the side.
    """
    whole = explanation.scores
    sides = sides_of(whole, trait, high, low)
    kept = sides.codes >= 0
    scores = whole if kept.all() else whole.keep(kept)
    h = sides.codes[kept].astype(np.float64)
    columns = _other_columns(explanation, scores, trait)
    made = balance_out(
        h, scores, columns, [scores.terms.index(t) for t in terms], explanation.seed,
        explanation.surface.settings.n_jobs, explanation.surface.settings.progress,
    )  # fmt: skip
    if made.left < LEAST_LEFT:
        raise EstimationError(_inseparable(explanation, scores, trait, h, columns, made))
    effects = _estimate(scores, h, made, terms, f"{sides.high} minus {sides.low}")
    notes = list(sides.notes)
    if made.left < 0.2:
        notes.append(
            f"the other traits predict most of {trait}: {100 * made.left:.0f} % of the variance is "
            "left, and the balanced contrast rests on few firms"
        )
    hypotheses = _hypotheses(effects, trait, sides, terms, whole, kept)
    names = [explanation.surface.problem.code.columns[c] for c in columns]
    return PartialContrast(
        trait, sides.high, sides.low, tuple(terms), effects, _overlap(h, made),
        _balance(h, scores, columns, names, made), hypotheses, tuple(notes),
    )  # fmt: skip


def _hypotheses(
    effects: Effects, trait: str, sides: Sides, terms: Sequence[str], whole: Scores,
    kept: np.ndarray,
) -> tuple[Hypothesis, ...]:  # fmt: skip
    places, n_places = cluster_places(whole, kept), int(whole.context.clusters[0].max()) + 1
    test, out = f"balanced: {sides.high} minus {sides.low}", []
    for term in terms:
        own = effects.select(f"{term}: balanced")
        p = float(own.tidy()["p_value"].iloc[0])
        out.append(Hypothesis(trait, term, test, own, places, n_places, p))
    return tuple(out)


def _other_columns(explanation: Explanation, scores: Scores, trait: str) -> list[int]:
    """Encoded columns of the other traits that vary among these firms."""
    code = explanation.surface.problem.code
    own = code.traits.index(trait)
    found = [
        c for c, source in enumerate(code.source) if source != own and np.ptp(scores.X[:, c]) > 0
    ]
    if not found:
        raise DesignError(
            f"there is no trait beside {trait!r} to balance. Name others in "
            f"Panel.from_frame(traits=[...]), or compare groups({trait!r})"
        )
    return found


def _inseparable(
    explanation: Explanation, scores: Scores, trait: str, h: np.ndarray, columns: list[int],
    made: Balanced,
) -> str:  # fmt: skip
    """Which of the other traits gives the side away."""
    code, w = explanation.surface.problem.code, scores.share
    fits = {}
    for k in sorted({code.source[c] for c in columns}):
        X = scores.X[:, [c for c in columns if code.source[c] == k]]
        root = np.sqrt(w)[:, None]
        Z = np.column_stack([np.ones(len(X)), X])
        rest = h - Z @ np.linalg.lstsq(root * Z, root[:, 0] * h, rcond=None)[0]
        fits[code.traits[k]] = float(w @ rest**2)
    near = min(fits, key=lambda name: fits[name])
    return (
        f"{trait} cannot be told apart from {near} here: the other traits predict "
        f"{100 * (1 - made.left):.0f} % of the variance of being high or low in {trait}. Leave "
        f"{near} out of the traits to contrast {trait} and what goes with it, or use "
        f"groups({trait!r}), which balances nothing"
    )


def _estimate(
    scores: Scores, h: np.ndarray, made: Balanced, terms: Sequence[str], sides: str
) -> Effects:
    """Raw and balanced contrast and their difference, from the same firms."""
    words = {"estimand": f"difference of the effect between firms ({sides}): raw, and with the "
             "other traits balanced (weights: overlap)"}  # fmt: skip
    one = np.ones(len(h))
    raw = regress(scores, np.column_stack([h, one]), ["raw", "level"], terms, **words)
    places = [scores.terms.index(t) for t in terms]
    balanced = regress_values(
        scores, scores.prediction[:, places] - made.fitted, scores.correction[:, places],
        np.column_stack([made.residual, one]), ["balanced", "rest"], terms, **words,
    )  # fmt: skip
    weights: dict[str, dict[str, float]] = {}
    for t in terms:
        weights[f"{t}: raw"] = {f"{t}: raw": 1.0}
        weights[f"{t}: balanced"] = {f"{t}: balanced": 1.0}
        weights[f"{t}: difference"] = {f"{t}: raw": 1.0, f"{t}: balanced": -1.0}
    return join(raw, balanced).contrast(weights)


def _overlap(h: np.ndarray, made: Balanced) -> pd.DataFrame:
    high = h > 0
    return pd.DataFrame({
        "n_high": [int(high.sum())], "n_low": [int((~high).sum())],
        "share_of_variance_left": [made.left],
        "effective_high": [made.effective(high)], "effective_low": [made.effective(~high)],
    })  # fmt: skip


def _balance(
    h: np.ndarray, scores: Scores, columns: list[int], names: list[str], made: Balanced
) -> pd.DataFrame:
    X, w = scores.X[:, columns], scores.share
    centred = X - w @ X
    sd = np.sqrt(w @ centred**2)
    flat = h - w @ h
    raw = (w * flat) @ X / (w @ flat**2) / sd
    rest = made.residual - w @ made.residual
    after = (w * rest) @ X / ((w * rest) @ h) / sd
    return pd.DataFrame({"trait": names, "raw": raw, "balanced": after})
