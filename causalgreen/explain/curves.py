"""The effect as a function of a trait, with a band that covers the whole curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.effects.combine import linear_map
from causalgreen.effects.context import Context
from causalgreen.effects.effects import Effects
from causalgreen.effects.table import critical_value
from causalgreen.errors import DesignError
from causalgreen.explain.curves_band import largest_t
from causalgreen.explain.grouping import trait_column
from causalgreen.explain.joint import careful, joint_test
from causalgreen.explain.regress import regress
from causalgreen.explain.scores import Scores

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from causalgreen.explain.explanation import Explanation

__all__ = ["Curve", "Spline", "choose_size", "curve"]

SIZES = (2, 3, 4, 5, 6, 8)
TESTED, POINTS = 4, 61
EDGE, INSIDE = (0.01, 0.99), (0.02, 0.98)
LEAST_VALUES, LEAST_PER_SIZE = 10, 5


@dataclass(frozen=True, slots=True)
class Spline:
    """B-splines that add up to one.

    Attributes
    ----------
    size : int
        Number of functions: 2 a line, 3 a parabola, 4 a cubic, more a cubic with inner knots.
    knots : numpy.ndarray
        Distinct knots, the outer ones included.
    """

    size: int
    knots: np.ndarray

    @classmethod
    def of(cls, x: np.ndarray, size: int) -> Spline:
        """Spline with inner knots at quantiles of x, shape (n,)."""
        inner = max(size - 4, 0)
        cuts = np.quantile(x, np.linspace(0, 1, inner + 2))
        return cls(size, cuts)

    @property
    def degree(self) -> int:
        """Of the polynomial pieces."""
        return min(self.size - 1, 3)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Basis at points within the outer knots, shape (m, size)."""
        from scipy.interpolate import BSpline

        k = self.degree
        full = np.concatenate(
            [np.repeat(self.knots[0], k), self.knots, np.repeat(self.knots[-1], k)]
        )
        inside = np.clip(x, self.knots[0], self.knots[-1])
        return np.asarray(BSpline.design_matrix(inside, full, k).toarray())


@dataclass(frozen=True, slots=True, repr=False)
class Curve:
    """Average effect of firms as a function of a trait.

    Attributes
    ----------
    term, trait : str
        Path and trait.
    grid : numpy.ndarray, shape (m,)
        Values of the trait, from the 2nd to the 98th percentile.
    effects : Effects
        Effect at each of them.
    average : Effects
        Average effect of the firms used.
    spline : Spline
        Basis that was chosen.
    losses : pandas.DataFrame
        Leave-cluster-out loss of each size of the basis.
    tests : pandas.DataFrame
        Joint test of no variation, and test of no linear trend.
    values : numpy.ndarray, shape (n,)
        Trait of the firms used.
    n_clusters : int
        Clusters of these firms.
    largest : numpy.ndarray
        Bootstrap draws of the largest t-statistic along the curve.
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
    >>> found = study.explain(study.surface(cg.linear_surface())).curve("size")
    >>> list(found.tests["test"])
    ['no variation', 'no linear trend']
    """

    term: str
    trait: str
    grid: np.ndarray
    effects: Effects
    average: Effects
    spline: Spline
    losses: pd.DataFrame
    tests: pd.DataFrame
    values: np.ndarray
    n_clusters: int
    largest: np.ndarray
    context: Context
    notes: tuple[str, ...]

    def tidy(self, level: float = 0.95) -> pd.DataFrame:
        """Effect at each value of the trait.

        Parameters
        ----------
        level : float
            Coverage of the band (over the whole curve), and of the pointwise intervals.

        Returns
        -------
        pandas.DataFrame
            Columns term, trait, value, n_firms, n_clusters, estimate, std_error, statistic,
            p_value, conf_low, conf_high (pointwise), band_low, band_high (simultaneous).
        """
        table = self.effects.tidy(level).drop(columns="term")
        pointwise = critical_value(self.effects, level, False, 0, 0)
        # Draws may be lumpy with few clusters: never narrower than the pointwise intervals.
        half = max(float(np.quantile(self.largest, level)), pointwise) * self.effects.std_error
        table["band_low"] = self.effects.estimate - half
        table["band_high"] = self.effects.estimate + half
        for name, value in (
            ("n_clusters", self.n_clusters), ("n_firms", len(self.values)), ("value", self.grid),
            ("trait", self.trait), ("term", self.term),
        ):  # fmt: skip
            table.insert(0, name, value)
        return table

    def plot(self, ax: Axes | None = None, level: float = 0.95) -> Axes:
        """The curve with its band, the average, and where the firms are."""
        from causalgreen.explain.curves_plot import plot_curve

        return plot_curve(self, ax, level)

    def __str__(self) -> str:
        from causalgreen.explain.curves_text import curve_text

        return curve_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from causalgreen.explain.curves_text import curve_html

        return curve_html(self)


def curve(explanation: Explanation, trait: str, term: str) -> Curve:
    """Effect as a function of a number, by regression of debiased effects on a spline.

    Parameters
    ----------
    explanation : Explanation
        Surface and its debiased effects.
    trait : str
        A number.
    term : str
        Path.

    Returns
    -------
    Curve
        The band covers the whole curve, by the multiplier bootstrap over clusters. The spline is
        one step richer than the leave-cluster-out loss asks for, so that its bias is small beside
        its error.

    Raises
    ------
    DesignError
        If the trait is unknown, a category, or has few values.

    References
    ----------
    Semenova and Chernozhukov (2021), Debiased machine learning of conditional average treatment
    effects and other causal functions, Econometrics Journal 24(2), doi 10.1093/ectj/utaa027.
    """
    used, x, notes = _sample(explanation.scores, trait)
    value = used.value[:, used.terms.index(term)]
    sizes = _sizes(x, used)
    losses = np.array([_loss(Spline.of(x, size)(x), value, used) for size in sizes])
    spline = Spline.of(x, choose_size(sizes, losses))
    fitted = _regress(used, spline(x), "spline", term)
    low, high = np.quantile(x, _within())
    grid = np.linspace(low, high, POINTS)
    names = tuple(f"{term}: {trait} = {v:.6g}" for v in grid)
    effects = linear_map(fitted, names, spline(grid))
    largest = largest_t(spline(x), spline(grid[::2]), value, used, explanation.seed)
    average = regress(used, np.ones((used.n, 1)), ["average"], [term])
    notes += (
        f"a spline with {spline.size} functions, one step richer than the leave-cluster-out loss "
        "asks for" if spline.size > sizes[0] else "a straight line: nothing richer can be judged",
        *used.context.notes,
    )  # fmt: skip
    return Curve(
        term, trait, grid, effects, average, spline,
        pd.DataFrame({"size": sizes, "loss": losses, "chosen": np.array(sizes) == spline.size}),
        _tests(used, x, term, trait, sizes), x, used.n_clusters, largest, used.context,
        notes,
    )  # fmt: skip


def _within() -> np.ndarray:
    """The inner percentiles, among firms that the outermost were taken from."""
    span = EDGE[1] - EDGE[0]
    return np.array([(q - EDGE[0]) / span for q in INSIDE])


def _regress(scores: Scores, R: np.ndarray, name: str, term: str) -> Effects:
    return regress(
        scores, R, [f"{name} {i}" for i in range(R.shape[1])], [term],
        estimand=f"{term} effect as a function of a trait",
    )  # fmt: skip


def _sample(scores: Scores, trait: str) -> tuple[Scores, np.ndarray, tuple[str, ...]]:
    """Firms with the trait, without the outermost percent on either side."""
    column = trait_column(scores, trait)
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        raise DesignError(
            f"trait {trait!r} is a category: a curve needs a number. Use groups({trait!r})"
        )
    x = column.to_numpy(dtype=np.float64, na_value=np.nan)
    known = np.isfinite(x)
    distinct = len(np.unique(x[known]))
    if distinct < LEAST_VALUES:
        raise DesignError(
            f"trait {trait!r} has {distinct} values among these firms: a curve needs "
            f"{LEAST_VALUES} or more. Use groups({trait!r})"
        )
    low, high = np.quantile(x[known], EDGE)
    inside = known & (x >= low) & (x <= high)
    notes = []
    if gaps := int((~known).sum()):
        notes.append(f"{gaps:,} firms have no {trait}, and are left out")
    if out := int((known & ~inside).sum()):
        notes.append(f"{out:,} firms beyond the 1st and 99th percentile of {trait} are left out")
    if len(np.unique(x[inside])) < LEAST_VALUES:
        raise DesignError(
            f"trait {trait!r} has fewer than {LEAST_VALUES} values between its 1st and 99th "
            f"percentile: most firms share one. Use groups({trait!r})"
        )
    return scores.keep(inside), x[inside], tuple(notes)


def _sizes(x: np.ndarray, scores: Scores) -> tuple[int, ...]:
    """Sizes of the basis that clusters and distinct values can carry."""
    out = []
    for size in SIZES:
        knots = Spline.of(x, size).knots
        enough = scores.n_clusters >= LEAST_PER_SIZE * size and (np.diff(knots) > 0).all()
        if enough and np.linalg.matrix_rank(Spline.of(x, size)(x)) == size:
            out.append(size)
    return tuple(out) or SIZES[:1]


def _loss(B: np.ndarray, value: np.ndarray, scores: Scores) -> float:
    """Weighted squared error of predictions for each cluster from the others."""
    w, home = scores.share, scores.home
    left = np.zeros((scores.n_clusters, B.shape[1], B.shape[1]))
    right = np.zeros((scores.n_clusters, B.shape[1]))
    np.add.at(left, home, np.einsum("ni,nj->nij", B * w[:, None], B))
    np.add.at(right, home, B * (w * value)[:, None])
    try:
        beta = np.linalg.solve(left.sum(0) - left, (right.sum(0) - right)[:, :, None])[:, :, 0]
    except np.linalg.LinAlgError:
        return float("inf")
    return float(w @ (value - np.einsum("ni,ni->n", B, beta[home])) ** 2)


def choose_size(sizes: tuple[int, ...], losses: np.ndarray) -> int:
    """The size after the one with the smallest loss."""
    best = int(np.argmin(losses))
    return sizes[min(best + 1, len(sizes) - 1)]


def _tests(
    scores: Scores, x: np.ndarray, term: str, trait: str, sizes: tuple[int, ...]
) -> pd.DataFrame:
    """Tests with a basis that the data did not choose: the size of a chosen one is not right."""
    size = max(s for s in sizes if s <= TESTED)
    B = Spline.of(x, size)(x)
    shape = np.column_stack([np.ones(len(x)), B[:, 1:] - scores.share @ B[:, 1:]])
    joint = _regress(scores, shape, "spline", term)
    found = joint_test(joint, joint.terms[1:])
    line = np.column_stack([np.ones(len(x)), x - scores.share @ x])
    slope = careful(regress(scores, line, ["average", trait], [term])).select(f"{term}: {trait}")
    row = slope.tidy().iloc[0]
    return pd.DataFrame(
        {
            "term": term,
            "test": ["no variation", "no linear trend"],
            "kind": [f"F, {('line', 'parabola', 'cubic')[size - 2]}", "t, slope per unit of trait"],
            "estimate": [np.nan, row["estimate"]],
            "std_error": [np.nan, row["std_error"]],
            "statistic": [found["statistic"], row["statistic"]],
            "df": [found["df"], 1],
            "df_denominator": [found["df_denominator"], slope.df],
            "p_value": [found["p_value"], row["p_value"]],
        }
    )
