"""Value of policies on held-out firms, and differences between them, combined over steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalgreen.effects.effects import Effects
from causalgreen.explain.regress import regress_values
from causalgreen.explain.scores import Scores

__all__ = ["BEST", "RANDOM", "Judged", "judge", "tables"]

BEST, RANDOM = "tree minus best uniform", "random at the same share"
POLICIES = ("tree", "all", "none", RANDOM)


@dataclass(frozen=True, slots=True)
class Judged:
    """What the firms of one step say about a policy that was learnt from others.

    Attributes
    ----------
    values : Effects
        Value per firm of the policies, and the differences of the tree from some of them.
    rivals : tuple of str
        Uniform policies that the tree is compared with: those that keep to the budget.
    share : float
        Share of firms that the tree treats.
    n_firms, n_clusters : int
        Firms judged on.
    """

    values: Effects
    rivals: tuple[str, ...]
    share: float
    n_firms: int
    n_clusters: int


def judge(
    scores: Scores, term: str, cost: float, chosen: np.ndarray, budget: float | None
) -> Judged:
    """Values of a policy, of treating all, none, and at random, with clustered inference.

    Parameters
    ----------
    scores : Scores
        Debiased effects of n firms that the policy has not seen.
    term : str
        Path whose effect is the gain.
    cost : float
        Of treating a firm.
    chosen : numpy.ndarray, shape (n,)
        Whom the policy treats: 1, 0, or a probability.
    budget : float or None
        Largest share treated: the rival of the tree is then a random choice of that share.

    Returns
    -------
    Judged
        With weights w of the firms and debiased gains G net of cost, the value of the tree is
        ``sum w * chosen * G``; of treating all ``sum w * G``; of a random choice of share s ``s *
        sum w * G``, where the influence of s on it is counted.
    """
    j = scores.terms.index(term)
    gain, extra = scores.prediction[:, j] - cost, scores.correction[:, j]
    pi = np.asarray(chosen, dtype=np.float64)
    share = float(scores.share @ pi) if np.ptp(pi) > 0 else float(pi[0])
    mean = float(scores.share @ (scores.value[:, j] - cost))
    one, zero = np.ones(len(pi)), np.zeros(len(pi))
    limit = 1.0 if budget is None else budget
    uniform = "all" if limit >= 1 else "random at the budget"
    # Each policy is a weight on the gain and a shift: the latter is the influence of the share.
    columns = {
        "tree": (pi, zero), "all": (one, zero), "none": (zero, zero),
        RANDOM: (share * one, (pi - share) * mean),
        f"tree minus {uniform}": (pi - limit, zero), "tree minus none": (pi, zero),
        f"tree minus {RANDOM}": (pi - share, -(pi - share) * mean),
    }  # fmt: skip
    weight = np.column_stack([w for w, _ in columns.values()])
    shift = np.column_stack([s for _, s in columns.values()])
    values = regress_values(
        scores, weight * gain[:, None] + shift, weight[scores.firm] * extra[:, None],
        one[:, None], ["value"], tuple(columns),
    )  # fmt: skip
    return Judged(values, (uniform, "none"), share, scores.n, scores.n_clusters)


def tables(judged: Sequence[Judged], term: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Values and tests over all steps.

    The steps judge different clusters by rules learnt before they were seen, and count as
    independent: the estimate is the mean, and the statistic the sum of the steps' normal scores
    over the root of their number. The tree is better than the best uniform policy if it is better
    than each: the largest of the p-values is valid for that, whichever policy is the best.

    Parameters
    ----------
    judged : sequence of Judged
        Steps.
    term : str
        Path.

    Returns
    -------
    values : pandas.DataFrame
        One row for each policy; two-sided p-values of a value of zero.
    tests : pandas.DataFrame
        One row for each comparison; one-sided p-values, small where the tree is better.

    References
    ----------
    Berger (1982), Multiparameter hypothesis testing and acceptance sampling, Technometrics 24(4),
    doi 10.1080/00401706.1982.10487790, on the largest p-value.
    """
    from scipy.stats import norm

    parts = _combined(judged)
    names = [name.removesuffix(": value") for name in judged[0].values.terms]
    rows = pd.DataFrame(parts, index=pd.Index(names, name="group"))
    size = {
        "n_firms": sum(j.n_firms for j in judged), "n_clusters": sum(j.n_clusters for j in judged)
    }  # fmt: skip
    share = float(np.mean([j.share for j in judged]))
    values = rows.loc[list(POLICIES)].reset_index()
    values["p_value"] = 2 * norm.sf(values["statistic"].abs())
    values.insert(0, "term", term)
    values.insert(2, "share", [share, 1.0, 0.0, share])
    for place, (name, number) in enumerate(size.items()):
        values.insert(2 + place, name, number)
    tests = rows.drop(list(POLICIES))
    tests["p_value"] = np.where(tests["std_error"] > 0, norm.sf(tests["statistic"]), 1.0)
    tests["statistic"] = tests["statistic"].fillna(0.0)
    rivals = tests.loc[[f"tree minus {name}" for name in judged[0].rivals]]
    worst = rivals.iloc[int(rivals["p_value"].to_numpy().argmax())].copy()
    low, high = rivals["conf_low"].min(), rivals["conf_high"].min()
    worst["estimate"] = rivals["estimate"].min()
    worst["conf_low"], worst["conf_high"] = low, high
    tests = pd.concat([worst.to_frame(BEST).T, tests]).astype(np.float64)
    tests.index.name = "comparison"
    tests = tests.reset_index()
    tests.insert(0, "term", term)
    tests["alternative"] = "greater"
    order = ["estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]
    head = [c for c in values.columns if c not in order]
    return values[head + order], tests[["term", "comparison", *order, "alternative"]]


def _combined(judged: Sequence[Judged]) -> dict[str, np.ndarray]:
    """Means over steps, their errors and intervals, and combined normal scores."""
    from scipy.stats import norm, t

    k = len(judged)
    b = np.stack([j.values.estimate for j in judged])
    se = np.stack([j.values.std_error for j in judged])
    df = np.array([j.values.df for j in judged], dtype=np.float64)[:, None]
    known = se > 1e-12 * max(float(np.abs(b).max()), float(se.max()))
    score = np.zeros_like(b)
    ratio = np.divide(b, se, out=np.zeros_like(b), where=known)
    # Steps with few clusters have t statistics: as normal scores they add up exactly. The smaller
    # tail keeps its precision.
    score = np.where(
        known, -np.sign(ratio) * norm.ppf(np.maximum(t.sf(np.abs(ratio), df), 1e-300)), 0.0
    )
    estimate, error = b.mean(axis=0), np.sqrt((se**2).sum(axis=0)) / k
    freedom = _satterthwaite(se, df)
    margin = t.ppf(0.975, freedom) * error
    statistic = np.where(known.any(axis=0), score.sum(axis=0) / np.sqrt(k), np.nan)
    return {
        "estimate": estimate, "std_error": error, "statistic": statistic,
        "conf_low": estimate - margin, "conf_high": estimate + margin,
    }  # fmt: skip


def _satterthwaite(se: np.ndarray, df: np.ndarray) -> np.ndarray:
    total, parts = (se**2).sum(axis=0), (se**4 / df).sum(axis=0)
    out = np.full(se.shape[1], float(df.sum()))
    return np.divide(total**2, parts, out=out, where=parts > 0)
