"""Sensitivity to omitted confounders: bounds, robustness values, benchmarks, for every path."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from causalgreen.errors import DesignError
from causalgreen.falsify.finding import NOT_APPLICABLE, PASS, WARN, Finding, Verdict
from causalgreen.falsify.sensitivity_bench import Blocks, benchmark_table
from causalgreen.falsify.sensitivity_evalue import check_e_values, e_value, e_values
from causalgreen.falsify.sensitivity_mediator import (
    MediatorCurve,
    check_mediators,
    mediator_curves,
)
from causalgreen.falsify.sensitivity_paths import PathForm, path_forms, strength

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from causalgreen.effects.effects import Effects
    from causalgreen.falsify.case import Case

__all__ = [
    "MediatorCurve",
    "Sensitivity",
    "check",
    "check_e_values",
    "check_mediators",
    "e_value",
    "e_values",
    "mediator_curves",
    "sensitivity",
]


@dataclass(frozen=True, slots=True, repr=False)
class Sensitivity:
    """What an omitted confounder could do to each path.

    Attributes
    ----------
    forms : tuple of PathForm
        Paths with their legs.
    effects : Effects
        The study's effects.
    benchmarks : pandas.DataFrame
        What confounders as strong as observed controls could do.
    cf_y, cf_d, rho : float
        Scenario of the table.
    level : float
        Confidence of the limits: each is one-sided.
    refit : bool
        Whether benchmarks were cross-fitted again.
    """

    forms: tuple[PathForm, ...]
    effects: Effects
    benchmarks: pd.DataFrame
    cf_y: float
    cf_d: float
    rho: float
    level: float
    refit: bool

    @property
    def quantile(self) -> float:
        """One-sided quantile of t."""
        from scipy.stats import t

        return float(t.ppf(self.level, self.effects.df))

    def form(self, term: str) -> PathForm:
        """One path.

        Raises
        ------
        KeyError
            If there is none of this name.
        """
        for form in self.forms:
            if form.term == term:
                return form
        raise KeyError(f"no path is called {term!r}; there are {[f.term for f in self.forms]}")

    def tidy(self) -> pd.DataFrame:
        """One row for each path.

        Returns
        -------
        pandas.DataFrame
            ``lower``, ``upper``: bounds in the scenario; ``limit_low``, ``limit_high``: with
            sampling error; ``rv``: strength cf_y = cf_d in every leg that brings the bound to zero,
            ``rv_a``: that brings the limit to zero; ``legs``: how many equations the path takes.
        """
        size, z, rows = strength(self.cf_y, self.cf_d, self.rho), self.quantile, []
        for f in self.forms:
            rows.append({
                "term": f.term, "estimate": f.estimate, "lower": f.bound(size, -1)[0],
                "upper": f.bound(size, 1)[0], "limit_low": f.limit(size, -1, z),
                "limit_high": f.limit(size, 1, z), "rv": f.robustness(rho=self.rho),
                "rv_a": f.robustness(rho=self.rho, quantile=z), "legs": len(f.legs),
            })  # fmt: skip
        return pd.DataFrame(rows)

    def plot(self, term: str = "own_total", ax: Axes | None = None, limit: bool = False) -> Axes:
        """Contours of the bound (``limit=True``: with sampling error) for one path."""
        from causalgreen.falsify.sensitivity_plot import plot_contour

        return plot_contour(self, term, ax, limit)

    def __str__(self) -> str:
        how = "cross-fitted again" if self.refit else "least squares on the same rows"
        told = [
            f"Sensitivity to an omitted confounder with cf_y = {self.cf_y:g}, cf_d = "
            f"{self.cf_d:g}, rho = {self.rho:g}; limits one-sided at "
            f"{100 * self.level:g} %, clustered",
            "Products of legs: the confounder has this strength in every leg at once.",
            self.tidy().to_string(index=False, float_format=lambda v: f"{v:.4g}"),
        ]
        if len(self.benchmarks):
            table = self.benchmarks.to_string(index=False, float_format=lambda v: f"{v:.4g}")
            told += [f"Confounders as strong as observed controls ({how}):", table]
        return "\n".join(told)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return str(self.tidy().to_html(index=False)) + str(self.benchmarks.to_html(index=False))


def sensitivity(
    case: Case,
    *,
    cf_y: float = 0.03,
    cf_d: float = 0.03,
    rho: float = 1.0,
    level: float = 0.95,
    blocks: Blocks | None = None,
    refit: bool | None = None,
) -> Sensitivity:
    """Bounds on every path when a confounder is left out.

    For a path with one leg (direct, totals, spillover) these are the bounds of "Long story short".
    A mediated path is a product of legs: in each leg the confounder explains the share ``cf_d`` of
    the residual variance of the leg's treatment and ``cf_y`` of that of its outcome, and all legs
    are moved at once to where they harm most. A product reaches zero when its weakest leg does.

    Parameters
    ----------
    case : Case
        The study.
    cf_y, cf_d, rho : float
        Scenario: shares explained in [0, 1), and correlation in [-1, 1].
    level : float
        Confidence of one-sided limits.
    blocks : mapping of str to sequence of str, optional
        Blocks of controls to leave out as benchmarks; default: each control.
    refit : bool, optional
        Cross-fit again without each block; default: as the case says. Otherwise least squares on
        the same rows tells what a block adds, beyond which learners may have found more.

    Returns
    -------
    Sensitivity

    Raises
    ------
    DesignError
        If the scenario or a block makes no sense.

    References
    ----------
    Chernozhukov, Cinelli, Newey, Sharma and Syrgkanis (2022), Long story short: Omitted variable
    bias in causal machine learning, doi 10.48550/arXiv.2112.13398.

    Examples
    --------
    >>> import causalgreen as cg
    >>> from causalgreen.falsify.registry import case_of
    >>> df, _ = cg.simulate_panel(n_firms=80, n_years=4, seed=0)
    >>> panel = cg.Panel.from_frame(df, unit="firm", time="year", outcome="green_patents",
    ...                             treatment="ai", controls=["age", "roa_lag"])
    >>> study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear())
    >>> table = sensitivity(case_of(study)).tidy()
    >>> bool((table["rv"] >= table["rv_a"]).all())
    True
    """
    for name, value in (("cf_y", cf_y), ("cf_d", cf_d), ("|rho|", abs(rho))):
        if not 0 <= value < 1 and not (name == "|rho|" and value == 1):
            raise DesignError(f"{name}={value!r}: a share lies between 0 and 1")
    if not 0 < level < 1:
        raise DesignError(f"level={level!r}: a confidence lies between 0 and 1, such as 0.95")
    refit = case.refit if refit is None else refit
    forms = path_forms(case)
    table = benchmark_table(case, forms, blocks, refit)
    return Sensitivity(forms, case.effects, table, cf_y, cf_d, rho, level, refit)


def check(case: Case, blocks: Blocks | None = None, refit: bool | None = None) -> Finding:
    """Ask how strong an omitted confounder must be to explain each path away.

    Parameters
    ----------
    case : Case
        The study.
    blocks, refit
        As in `sensitivity`.

    Returns
    -------
    Finding
        Passes where every path that differs from zero (Holm, 5 %) keeps its sign, with sampling
        error, under a confounder as strong as the strongest block of controls; warns otherwise. It
        cannot fail: no data tell whether such a confounder exists.
    """
    from causalgreen.explain.multiple import holm

    name, question = "omitted confounder", "How strong an omitted confounder would end each path?"
    result = sensitivity(case, blocks=blocks, refit=refit)
    table = result.tidy().set_index("term", drop=False)
    table["p_holm"] = holm(case.effects.tidy()["p_value"].to_numpy())
    table["benchmark"], table["benchmark_limit"] = "", float("nan")
    for key, part in result.benchmarks.groupby("term", sort=False):
        term = str(key)
        form = result.form(term)
        side = "lower" if form.estimate > 0 else "upper"
        ends = part[side] if side == "lower" else -part[side]
        worst = part.iloc[int(ends.to_numpy().argmin())]
        error = form.std_error(form.influence)
        table.loc[term, "benchmark"] = worst["block"]
        outward = -1 if side == "lower" else 1
        table.loc[term, "benchmark_limit"] = worst[side] + outward * result.quantile * error
    verdict, reason = _judge(table)
    draw = partial(_draw, result)
    return Finding(name, question, verdict, reason, table.reset_index(drop=True), draw)


def _draw(result: Sensitivity) -> Figure:
    from causalgreen.falsify.sensitivity_plot import plot_contours

    return plot_contours(result)


def _judge(table: pd.DataFrame) -> tuple[Verdict, str]:
    stands = table[table["p_holm"] < 0.05]
    if stands.empty:
        return NOT_APPLICABLE, (
            "no path differs from zero (Holm, 5 %): there is no effect to explain away"
        )
    weakest = stands.iloc[int(stands["rv_a"].to_numpy().argmin())]
    told = (
        f"a confounder must explain {100 * weakest['rv']:.1f} % of both residual variances to "
        f"bring {weakest['term']}, the weakest path, to zero, and {100 * weakest['rv_a']:.1f} % to "
        "bring its 95 % limit there"
    )
    if (table["benchmark"] == "").all():
        return WARN, f"{told}; there are no controls to compare such a confounder with"
    lost = stands[stands["benchmark_limit"] * stands["estimate"] <= 0]
    if len(lost):
        each = ", ".join(f"{r.term} (as strong as {r.benchmark})" for r in lost.itertuples())
        return WARN, f"{told}; one as strong as an observed control could explain away {each}"
    return PASS, f"{told}; none as strong as an observed control would change a sign"
