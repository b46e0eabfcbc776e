"""Whether predicted heterogeneity exists: predictions against debiased effects, held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.errors import EstimationError
from causalgreen.explain.multiple import holm
from causalgreen.explain.regress import regress
from causalgreen.explain.steps import EXISTS, RIGHT, Pieces, p_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from causalgreen.effects.context import Context
    from causalgreen.explain.explanation import Explanation
    from causalgreen.explain.held_out import HeldOut
    from causalgreen.explain.scores import Scores

__all__ = ["Calibration", "calibration"]

NAMES = ("mean", "slope")
# Below this share of its size a prediction varies by rounding only.
FLAT = 1e-9


@dataclass(frozen=True, slots=True, repr=False)
class Calibration:
    """Slope of debiased effects on predictions, firms and clusters held out.

    At each step a surface learnt from the clusters before it predicts the next ones; their debiased
    effects are regressed on a constant and on the prediction minus its mean. A slope of zero: the
    predicted heterogeneity is not there. Of one: it is as large as predicted.

    The steps' t-statistics, each turned to a normal one by its degrees of freedom, are summed; the
    estimate is where their sum is zero, the interval where it is not significant.

    Attributes
    ----------
    terms : tuple of str, length k
        Paths.
    pieces : tuple of (Pieces or None), length 2 k
        Mean and slope of every path, step by step; None where no step has one.
    steps : pandas.DataFrame
        Columns step, term, n_firms, n_clusters, mean, mean_std_error, slope, slope_std_error.
    bins : pandas.DataFrame
        Firms in order of prediction: columns term, bin, n_firms, predicted, realised, conf_low,
        conf_high (95 %).
    context : Context
        The firms judged.
    notes : tuple of str
        Steps that could not be judged.

    References
    ----------
    Wager (2024), Sequential validation of treatment heterogeneity, arXiv 2405.05534; Chernozhukov,
    Demirer, Duflo and Fernández-Val (2025), Econometrica 93(4), doi 10.3982/ECTA19303, on the
    regression.

    Examples
    --------
    >>> import causalgreen as cg
    >>> from causalgreen.surface.forest import forest
    >>> df, truth = cg.simulate_panel(n_firms=240, n_years=5, seed=0)
    >>> panel = cg.Panel.from_frame(
    ...     df, unit="firm", time="year", outcome="green_patents", treatment="ai",
    ...     traits=["size", "urban"], controls=["leverage", "roa_lag"], cluster="firm")
    >>> study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear())
    >>> check = study.explain(study.surface(forest(40))).calibration("own_total")
    >>> list(check.tests["test"])
    ['slope > 0', 'slope = 1']
    """

    terms: tuple[str, ...]
    pieces: tuple[Pieces | None, ...]
    steps: pd.DataFrame
    bins: pd.DataFrame
    context: Context
    notes: tuple[str, ...]

    def slope(self, term: str) -> Pieces | None:
        """Slopes of a path, step by step."""
        return self.pieces[2 * self.terms.index(term) + 1]

    def tidy(self, level: float = 0.95) -> pd.DataFrame:
        """Table of means and slopes.

        Parameters
        ----------
        level : float
            Coverage.

        Returns
        -------
        pandas.DataFrame, shape (2 k, 10)
            Columns term, parameter (mean, slope), n_firms, n_clusters, estimate, std_error,
            statistic (normal), p_value (two-sided, of zero), conf_low, conf_high.
        """
        rows = []
        for i, piece in enumerate(self.pieces):
            own = np.full(6, np.nan) if piece is None else np.array(piece.summary(level))
            rows.append([
                self.terms[i // 2], NAMES[i % 2], self.context.n_firms,
                min(self.context.n_clusters), *own,
            ])  # fmt: skip
        return pd.DataFrame(
            rows,
            columns=["term", "parameter", "n_firms", "n_clusters", "estimate", "std_error",
                     "statistic", "p_value", "conf_low", "conf_high"],
        )  # fmt: skip

    @property
    def tests(self) -> pd.DataFrame:
        """For each path: heterogeneity exists (slope > 0, one-sided); it is as predicted (= 1).

        Columns term, test, statistic (normal), p_value, p_holm (over the paths, for each test).
        """
        rows = []
        for term in self.terms:
            piece = self.slope(term)
            zero, one = (np.nan, np.nan) if piece is None else (piece.at(0.0), piece.at(1.0))
            rows.append((term, EXISTS, zero, p_of(zero, "greater")))
            rows.append((term, RIGHT, one, p_of(one, "two-sided")))
        table = pd.DataFrame(rows, columns=["term", "test", "statistic", "p_value"])
        table["p_holm"] = np.nan
        for test in (EXISTS, RIGHT):
            mine = table["test"] == test
            table.loc[mine, "p_holm"] = holm(table.loc[mine, "p_value"].to_numpy())
        return table

    def plot(self, level: float = 0.95) -> Figure:
        """Predicted against realised effects, one panel for each path."""
        from causalgreen.explain.calibration_plot import plot_calibration

        return plot_calibration(self, level)

    def __str__(self) -> str:
        from causalgreen.explain.calibration_text import calibration_text

        return calibration_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from causalgreen.explain.calibration_text import calibration_html

        return calibration_html(self)


def calibration(explanation: Explanation, terms: Sequence[str]) -> Calibration:
    """Calibration of the predictions on held-out clusters; see `Calibration`.

    Parameters
    ----------
    explanation : Explanation
        Its held-out sequence.
    terms : sequence of str
        Paths.

    Returns
    -------
    Calibration

    Raises
    ------
    EstimationError
        If there are too few clusters to hold some out.
    """
    sequence = explanation.held_out
    rows, notes = [], []
    for k, step in enumerate(sequence, 1):
        for term in terms:
            row, note = _step(step.test_scores, term)
            rows.append({"step": k, "term": term, **row})
            notes += [f"step {k}, {term}: {note}"] * bool(note)
    steps = pd.DataFrame(rows)
    pieces = []
    for term in terms:
        mine = steps[steps["term"] == term]
        df = mine["n_clusters"].to_numpy() - 1.0
        pieces += [
            Pieces.of(mine[n].to_numpy(), mine[f"{n}_std_error"].to_numpy(), df) for n in NAMES
        ]
    pooled = judged(explanation, sequence)
    bins = pd.concat([_bins(pooled, sequence, term) for term in terms], ignore_index=True)
    return Calibration(
        tuple(terms), tuple(pieces), steps, bins, pooled.context, tuple(dict.fromkeys(notes))
    )


def _step(scores: Scores, term: str) -> tuple[dict[str, float], str]:
    """Mean and slope of one step; NaN, and why, where there is none."""
    clusters = min(scores.context.n_clusters)
    size = {"n_firms": scores.n, "n_clusters": clusters}
    none = dict.fromkeys(("mean", "mean_std_error", "slope", "slope_std_error"), np.nan)
    x = scores.prediction[:, scores.terms.index(term)]
    centred = x - scores.share @ x
    flat = np.sqrt(scores.share @ centred**2) <= FLAT * float(np.abs(x).max())
    R = np.ones((scores.n, 1)) if flat else np.column_stack([np.ones(scores.n), centred])
    note = "the same effect is predicted for all firms, which says nothing about a slope"
    try:
        if clusters < 3:
            raise EstimationError(f"only {clusters} clusters")
        effects = regress(scores, R, NAMES[: R.shape[1]], [term])
    except EstimationError as error:
        return {**size, **none}, f"left out: {error}"
    values = np.column_stack([effects.estimate, effects.std_error]).ravel()
    return {**size, **none, **dict(zip(none, values, strict=False))}, note if flat else ""


def judged(explanation: Explanation, sequence: Sequence[HeldOut]) -> Scores:
    """All firms judged at any step, each with the scores of its step."""
    from dataclasses import replace

    from causalgreen.explain.scores import Scores, recode

    surface = explanation.surface
    p = surface.problem
    shape = len(surface.terms)
    prediction, correction = np.full((p.n_firms, shape), np.nan), np.zeros((len(p.firm), shape))
    for step in sequence:
        prediction[step.test] = step.test_scores.prediction
        correction[np.isin(p.firm, step.test)] = step.test_scores.correction
    context = replace(surface.context, estimand="average effect of firms in order of prediction")
    whole = Scores(surface.terms, p.traits, p.X, prediction, correction, p.firm, recode(p.home),
                   p.share, context)  # fmt: skip
    return whole.keep(np.isfinite(prediction).all(axis=1))


def _bins(pooled: Scores, sequence: Sequence[HeldOut], term: str) -> pd.DataFrame:
    """Predicted and realised effect of firms in order of prediction."""
    j = pooled.terms.index(term)
    x = pooled.prediction[:, j]
    wanted = int(np.clip(pooled.n_clusters // 10, 3, 10))
    cuts = np.unique(np.quantile(x, np.arange(1, wanted) / wanted))
    codes = np.unique(np.searchsorted(cuts, x, side="left"), return_inverse=True)[1]
    codes = _enough(codes, pooled.home)
    m = int(codes.max()) + 1
    member = (codes[:, None] == np.arange(m)).astype(np.float64)
    table = regress(pooled, member, [str(b + 1) for b in range(m)], [term]).tidy()
    weight = member * pooled.share[:, None]
    return pd.DataFrame({
        "term": term, "bin": np.arange(1, m + 1), "n_firms": np.bincount(codes, minlength=m),
        "predicted": weight.T @ x / weight.sum(axis=0), "realised": table["estimate"],
        "conf_low": table["conf_low"], "conf_high": table["conf_high"],
    })  # fmt: skip


def _enough(codes: np.ndarray, home: np.ndarray) -> np.ndarray:
    """Bins joined with the one below until each has five clusters."""
    from causalgreen.explain.grouping import LEAST_CLUSTERS

    codes = codes.copy()
    while codes.max() > 0:
        counts = [len(np.unique(home[codes == b])) for b in range(int(codes.max()) + 1)]
        worst = int(np.argmin(counts))
        if counts[worst] >= LEAST_CLUSTERS:
            break
        codes[codes >= max(worst, 1)] -= 1
    return codes
