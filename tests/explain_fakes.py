"""Scores with known truth, without a panel or a surface."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd

from causalgreen.effects.context import Context
from causalgreen.explain.scores import Scores
from causalgreen.panel.traits import TraitCode


def fake_scores(traits, truth, home, rng, noise=1.0, shared=0.3, weight=None, bias=0.0):
    """Debiased effects `truth` plus noise that clusters share, one cell for each firm."""
    n = len(truth)
    home = np.unique(home, return_inverse=True)[1]
    prediction = (truth + bias)[:, None]
    error = noise * rng.normal(size=n) + shared * rng.normal(size=home.max() + 1)[home]
    share = np.ones(n) if weight is None else weight
    context = Context(
        "outcome", "treatment", "units of outcome per unit of treatment", "e", "firms", "m", "firm",
        n, n, 1, (home,), ("city",), np.ones(n), np.zeros(n),
    )  # fmt: skip
    frame = pd.DataFrame(traits)
    return Scores(
        ("own_total",), frame, TraitCode.learn(frame).encode(frame), prediction,
        (error - bias)[:, None], np.arange(n), home, share / share.sum(), context,
    )  # fmt: skip


def fake_explanation(scores, held_out=(), fitted=None):
    """What the verbs ask of an explanation."""
    problem = SimpleNamespace(code=TraitCode.learn(scores.traits))
    surface = SimpleNamespace(problem=problem, fitted=fitted)
    return SimpleNamespace(scores=scores, held_out=held_out, surface=surface, seed=0)
