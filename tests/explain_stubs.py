"""Explanations made of given debiased effects, without a study behind them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from causalgreen.effects.context import Context
from causalgreen.explain.scores import Scores, recode
from causalgreen.panel.traits import TraitCode
from causalgreen.surface.surface import Settings


def explanation(traits, value, clusters, *, prediction=None, weights=None, rows=5, seed=0):
    """An explanation of firms with these traits, debiased effects (n, k) and clusters.

    ``value`` is the prediction (default: zero) plus the correction.
    """
    value = np.asarray(value, dtype=float).reshape(len(traits), -1)
    n, k = value.shape
    prediction = np.zeros((n, k)) if prediction is None else np.asarray(prediction, float)
    terms = ("own_total", "direct", "indirect")[:k]
    clusters = recode(np.asarray(clusters))
    weights = np.ones(n) if weights is None else np.asarray(weights, dtype=float)
    rng = np.random.default_rng(0)
    context = Context(
        outcome="patents", treatment="ai", unit="units of patents per unit of ai",
        estimand="effects", population="firms like these", method="given numbers", absorbed="firm",
        n_rows=rows * n, n_firms=n, n_parameters=1, clusters=(clusters,), cluster_names=("city",),
        cell_weight=rows * weights, cell_outcome=rows * weights * rng.uniform(1, 3, n),
    )  # fmt: skip
    code = TraitCode.learn(traits)
    scores = Scores(
        terms, traits, code.encode(traits), prediction.reshape(n, k),
        value - prediction.reshape(n, k), np.arange(n), clusters, weights / weights.sum(), context,
    )  # fmt: skip
    surface = SimpleNamespace(problem=SimpleNamespace(code=code), settings=Settings(seed, 1, False))
    return SimpleNamespace(scores=scores, surface=surface, seed=seed)


def clustered(n, n_clusters, k, rng, share=0.5):
    """Noise of n firms that is correlated within clusters, and the clusters."""
    clusters = rng.permutation(np.arange(n) % n_clusters)
    shock = rng.normal(size=(n_clusters, k))[clusters]
    return np.sqrt(share) * shock + np.sqrt(1 - share) * rng.normal(size=(n, k)), clusters


def cr1_ratio(explained, n, q):
    """Our small-sample factor over that of statsmodels: rows of the panel instead of firms."""
    rows = explained.scores.context.n_rows
    return ((rows - 1) / (rows - q)) / ((n - 1) / (n - q))


def overlapping(labels):
    """Whether drawn texts cover each other."""
    boxes = [text.get_window_extent() for text in labels if text.get_text()]
    return any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
