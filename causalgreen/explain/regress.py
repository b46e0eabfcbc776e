"""Averages and projections of debiased effects, as `Effects` with clustered inference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from causalgreen.effects.effects import Effects
from causalgreen.errors import EstimationError
from causalgreen.explain.scores import Scores

__all__ = ["JACKKNIFE_BELOW", "regress", "regress_values"]

# Debiased effects of firms have heavy tails: the sandwich was still too narrow at 100 clusters.
JACKKNIFE_BELOW = 250


@dataclass(frozen=True, slots=True)
class _LeaveOut:
    """Coefficients without each cluster: a subtraction of sums."""

    left: np.ndarray
    right: np.ndarray

    def __call__(self) -> np.ndarray:
        left = self.left.sum(axis=0) - self.left
        right = self.right.sum(axis=0) - self.right
        out = np.linalg.solve(left, right)
        return out.transpose(0, 2, 1).reshape(len(out), -1)


def regress(
    scores: Scores, R: np.ndarray, labels: Sequence[str], terms: Sequence[str] | None = None,
    **words: str,
) -> Effects:  # fmt: skip
    """Weighted least squares of debiased effects on regressors, for one or several paths.

    With indicators of groups as regressors these are the group averages (GATE); with a constant
    and traits, the best linear projection.

    Parameters
    ----------
    scores : Scores
        Debiased effects of n firms.
    R : numpy.ndarray, shape (n, m)
        Regressors, fixed given the traits. They must not depend on the firms' own outcomes.
    labels : sequence of str, length m
        Their names.
    terms : sequence of str, optional
        Paths; default: all.
    **words : str
        Replace ``estimand``, ``population`` or ``unit`` of the context.

    Returns
    -------
    Effects
        Terms ``"path: label"``, path by path, with the influence of every cell. Below 250 clusters
        of one dimension the covariance is the cluster jackknife, else the cluster sandwich.

    Raises
    ------
    EstimationError
        If the regressors are collinear, or a coefficient rests on one cluster.

    References
    ----------
    Semenova and Chernozhukov (2021), Debiased machine learning of conditional average treatment
    effects and other causal functions, Econometrics Journal 24(2), doi 10.1093/ectj/utaa027.
    """
    terms = scores.terms if terms is None else tuple(terms)
    columns = [scores.terms.index(term) for term in terms]
    return regress_values(
        scores, scores.prediction[:, columns], scores.correction[:, columns], R, labels, terms,
        **words,
    )  # fmt: skip


def regress_values(
    scores: Scores, prediction: np.ndarray, correction: np.ndarray, R: np.ndarray,
    labels: Sequence[str], terms: Sequence[str], **words: str,
) -> Effects:  # fmt: skip
    """The same for any values: predictions by firm (n, k), and corrections by cell (g, k)."""
    w = scores.share
    gram = (R * w[:, None]).T @ R
    scale = np.sqrt(np.diag(gram))
    if (scale <= 0).any() or np.linalg.eigvalsh(gram / scale[:, None] / scale)[0] < 1e-10:
        raise EstimationError(
            f"the projection on {', '.join(labels)} is not determined: a column is constant, "
            "empty, or follows from the others. Leave it out"
        )
    cells = np.bincount(scores.firm, minlength=scores.n)
    value = prediction.copy()
    np.add.at(value, scores.firm, correction)
    beta = np.linalg.solve(gram, (R * w[:, None]).T @ value)  # (m, k)
    lever = np.linalg.solve(gram, (R * w[:, None]).T).T  # (n, m)
    rest = (prediction - R @ beta)[scores.firm] / cells[scores.firm, None] + correction
    influence = np.einsum("gm,gk->gkm", lever[scores.firm], rest).reshape(len(rest), -1)
    codes, n_clusters = scores.home, scores.n_clusters
    left = np.zeros((n_clusters, len(labels), len(labels)))
    right = np.zeros((n_clusters, len(labels), len(terms)))
    np.add.at(left, codes, np.einsum("nm,nl->nml", R * w[:, None], R))
    np.add.at(right, codes, np.einsum("nm,nk->nmk", R * w[:, None], value))
    context = replace(scores.context, n_parameters=len(labels), **words)  # type: ignore[arg-type]
    one_way = len(context.clusters) == 1
    names = [f"{term}: {label}" for term in terms for label in labels]
    small = one_way and n_clusters < JACKKNIFE_BELOW
    try:
        return Effects.build(
            names, beta.T.ravel(), influence, context, covariance="CV3" if small else "CR1",
            jackknife=_LeaveOut(left, right) if one_way else None,
        )  # fmt: skip
    except np.linalg.LinAlgError:
        raise EstimationError(
            f"the projection on {', '.join(labels)} rests on single clusters: without one of them "
            "a coefficient is not determined. Use broader groups"
        ) from None
