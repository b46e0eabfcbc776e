"""What moves the predicted effect of each firm: SHAP values of a surface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from causalgreen.effects.context import Context
from causalgreen.effects.effects import Effects
from causalgreen.errors import DesignError, EstimationError
from causalgreen.explain.regress import regress_values
from causalgreen.explain.scores import Scores
from causalgreen.panel.traits import TraitCode
from causalgreen.residuals.distil import Distilled, distil

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from causalgreen.explain.explanation import Explanation

__all__ = ["FAITHFUL", "Shapley", "shapley"]

FAITHFUL, SAMPLED, TOLERANCE = 0.9, 200, 1e-6
Kind = Literal["importance", "beeswarm", "dependence"]
POPULATION = "these firms, given the surface: its own uncertainty is not in the intervals"


@dataclass(frozen=True, slots=True, repr=False)
class Shapley:
    """SHAP values of the effect along one path.

    Attributes
    ----------
    term : str
        Path.
    values : pandas.DataFrame, shape (n, k)
        SHAP value of each trait (columns) for each firm (index), in units of the effect. A row and
        ``base`` add up to the prediction.
    base : float
        Average prediction, from which the values are counted.
    traits : pandas.DataFrame, shape (n, k)
        The traits themselves.
    importance : Effects
        Mean absolute SHAP value of each trait, the most important first.
    model : Distilled
        What was taken apart, with its fidelity to the surface.
    X : numpy.ndarray, shape (n, c)
        Encoded traits.
    code : TraitCode
        How traits become numbers.
    n_clusters : int
        Clusters in the first dimension.
    seed : int
        Of the sample of firms for interactions.
    context : Context
        Who is behind the numbers.
    notes : tuple of str
        What a reader should know.

    Examples
    --------
    >>> import causalgreen as cg
    >>> df, _ = cg.simulate_panel(n_firms=200, n_years=5, seed=0)
    >>> panel = cg.Panel.from_frame(
    ...     df, unit="firm", time="year", outcome="green_patents", treatment="ai",
    ...     traits=["size", "urban"], controls=["leverage", "roa_lag"], cluster="firm")
    >>> study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear())
    >>> found = study.explain(study.surface(cg.linear_surface())).shapley()
    >>> list(found.tidy()["group"])
    ['size', 'urban']
    """

    term: str
    values: pd.DataFrame
    base: float
    traits: pd.DataFrame
    importance: Effects
    model: Distilled
    X: np.ndarray
    code: TraitCode
    n_clusters: int
    seed: int
    context: Context
    notes: tuple[str, ...]

    @property
    def fidelity(self) -> float:
        """R² of the model that was taken apart, on clusters that it was not taught with."""
        return self.model.fidelity

    def tidy(self, level: float = 0.95) -> pd.DataFrame:
        """Importance of each trait, the most important first.

        Parameters
        ----------
        level : float
            Coverage of the intervals.

        Returns
        -------
        pandas.DataFrame, shape (k, 9)
            ``direction`` is the rank correlation of a number with its SHAP values; NaN for
            categories, and for traits that do not matter.
        """
        table = self.importance.tidy(level)
        out = table[["estimate", "std_error", "conf_low", "conf_high"]].copy()
        out["conf_low"] = out["conf_low"].clip(lower=0.0)
        out.insert(0, "term", self.term)
        out.insert(1, "group", list(self.values.columns))
        out.insert(2, "n_firms", len(self.values))
        out.insert(3, "n_clusters", self.n_clusters)
        out["direction"] = [
            _direction(self.traits[name], self.values[name]) for name in self.values
        ]
        return out

    def interactions(self) -> pd.DataFrame:
        """Mean absolute SHAP interaction of each pair of traits, among a sample of the firms.

        Returns
        -------
        pandas.DataFrame, shape (k, k)
            Symmetric; zero on the diagonal, and everywhere where the surface is linear.

        References
        ----------
        Lundberg et al. (2020), From local explanations to global understanding with explainable AI
        for trees, Nature Machine Intelligence 2, doi 10.1038/s42256-019-0138-9.
        """
        from causalgreen.explain.shapley_values import interaction_strength

        rows = np.arange(len(self.X))
        if len(rows) > SAMPLED:
            rng = np.random.default_rng(np.random.SeedSequence([self.seed, len(rows)]))
            rows = np.sort(rng.choice(rows, SAMPLED, replace=False))
        strength = interaction_strength(self.model, self.X[rows], self.code)
        table = pd.DataFrame(strength, index=self.code.traits, columns=self.code.traits)
        names = list(self.values.columns)
        return table.loc[names, names]

    def plot(
        self, kind: Kind = "importance", trait: str | None = None, by: str | None = None
    ) -> Figure:
        """Draw the SHAP values.

        Parameters
        ----------
        kind : {"importance", "beeswarm", "dependence"}
            Bars with intervals; a dot for every firm and trait; SHAP value against one trait.
        trait : str, optional
            For dependence; default: the most important.
        by : str, optional
            Trait that colours the dependence; default: the one that interacts most with ``trait``.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        DesignError
            If there is no such kind or trait.
        """
        from causalgreen.explain import shapley_plot

        for name in (trait, by):
            if name is not None and name not in self.values.columns:
                raise DesignError(
                    f"there is no trait {name!r}; choose from {', '.join(self.values.columns)}"
                )
        if kind == "importance":
            return shapley_plot.plot_importance(self)
        if kind == "beeswarm":
            return shapley_plot.plot_beeswarm(self)
        if kind == "dependence":
            return shapley_plot.plot_dependence(self, trait or str(self.values.columns[0]), by)
        raise DesignError(f"kind={kind!r}: choose 'importance', 'beeswarm' or 'dependence'")

    def __str__(self) -> str:
        from causalgreen.explain.shapley_text import shapley_text

        return shapley_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from causalgreen.explain.shapley_text import shapley_html

        return shapley_html(self)


def shapley(explanation: Explanation, term: str) -> Shapley:
    """SHAP values of a surface along one path.

    A surface that is linear in the encoded traits is taken apart exactly. Any other is first
    distilled: a linear model, and boosted trees on what it leaves, learn to say what the surface
    predicts for each firm without its own cluster; that model's SHAP values are exact. How well it
    reproduces the surface is judged on clusters that it was not taught with.

    Parameters
    ----------
    explanation : Explanation
        Surface.
    term : str
        Path.

    Returns
    -------
    Shapley

    Raises
    ------
    EstimationError
        If the predictions do not vary between firms.

    References
    ----------
    Lundberg and Lee (2017), A unified approach to interpreting model predictions, NeurIPS 30;
    Lundberg et al. (2020), doi 10.1038/s42256-019-0138-9.
    """
    scores, code = explanation.scores, explanation.surface.problem.code
    model = _model(explanation, scores, term)
    parts, base = model.contributions(scores.X)
    _add_up(parts, base, model(scores.X))
    by_trait = np.zeros((scores.n, len(code.traits)))
    np.add.at(by_trait.T, np.array(code.source), parts.T)
    strength = scores.share @ np.abs(by_trait)
    order = np.argsort(-strength, kind="stable")
    names = [code.traits[i] for i in order]
    by_trait = by_trait[:, order]
    importance = regress_values(
        scores, np.abs(by_trait), np.zeros((len(scores.firm), len(names))), np.ones((scores.n, 1)),
        ["mean |SHAP|"], names, estimand=f"mean absolute SHAP value of {term}",
        population=POPULATION,
    )  # fmt: skip
    values = pd.DataFrame(by_trait, index=scores.traits.index, columns=names)
    return Shapley(
        term, values, base, scores.traits[names], importance, model, scores.X, code,
        scores.n_clusters, explanation.seed, scores.context, _notes(model, scores),
    )  # fmt: skip


def _model(explanation: Explanation, scores: Scores, term: str) -> Distilled:
    """The surface itself where it is linear, else a model distilled from what it predicts."""
    j = scores.terms.index(term)
    own = scores.prediction[:, j]
    if not np.ptp(own) > TOLERANCE * np.abs(own).max():
        raise EstimationError(
            f"the surface predicts the same {term} for every firm: there is nothing to take apart"
        )
    # A few firms tell that most surfaces are not linear, at little cost.
    for many in (min(2 * scores.X.shape[1] + 100, scores.n), scores.n):
        rows = np.unique(np.linspace(0, scores.n - 1, many).astype(int))
        y = _whole_at(explanation, rows)[:, j]
        exact = distil(scores.X[rows], y, scores.share[rows], scores.home[rows], only_exact=True)
        if exact is None:
            break
        if len(rows) == scores.n:
            return exact
    found = distil(scores.X, own, scores.share, scores.home, explanation.seed)
    assert found is not None
    return found


def _whole_at(explanation: Explanation, rows: np.ndarray) -> np.ndarray:
    """Effects that the surface learnt from all firms predicts; what one path asks, the next has."""
    memo: dict[int, tuple[np.ndarray, np.ndarray]] = explanation.__dict__.setdefault("_whole", {})
    known = memo.get(len(rows))
    if known is None or not np.array_equal(known[0], rows):
        X = explanation.scores.X[rows]
        known = memo[len(rows)] = rows, explanation.surface.fitted.at(X).effects
    return known[1]


def _add_up(parts: np.ndarray, base: float, prediction: np.ndarray) -> None:
    miss = float(np.abs(parts.sum(axis=1) + base - prediction).max())
    if not miss <= TOLERANCE * max(1.0, float(np.abs(prediction).max())):
        raise EstimationError(
            f"SHAP values do not add up to the predictions (off by up to {miss:.2g}): please "
            "report this with your versions of lightgbm and shap"
        )


def _direction(trait: pd.Series, values: pd.Series) -> float:
    from scipy.stats import spearmanr

    if not pd.api.types.is_numeric_dtype(trait):
        return float("nan")
    x = trait.to_numpy(dtype=np.float64, na_value=np.nan)
    known = np.isfinite(x)
    if np.ptp(x[known]) == 0 or np.ptp(values.to_numpy()[known]) == 0:
        return float("nan")
    return float(spearmanr(x[known], values.to_numpy()[known]).statistic)


def _notes(model: Distilled, scores: Scores) -> tuple[str, ...]:
    notes = []
    if not model.exact and model.fidelity < FAITHFUL:
        notes.append(
            f"WARNING: the distilled model reproduces the surface poorly (R² {model.fidelity:.2f} "
            f"on held-out clusters, below {FAITHFUL}); these SHAP values describe the model, and "
            "may not describe the surface. groups() and projection() do not need it"
        )
    gaps = [str(t) for t in scores.traits.columns if scores.traits[t].isna().any()]
    if gaps:
        notes.append(f"missing {', '.join(gaps)}: at the median; that they are missing counts too")
    return (*notes, *scores.context.notes)
