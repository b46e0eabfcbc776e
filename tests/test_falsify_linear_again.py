"""Least squares cross-fitted from cross products, against a study that fits it."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import causalgreen as cg
from causalgreen.errors import CausalGreenWarning
from causalgreen.falsify.linear_again import LinearAgain


def _study(change=None, fixed_effects="within", **settings):
    df, _ = cg.simulate_panel(n_firms=120, n_years=5, n_cities=30, seed=5)
    df["heavy"] = df.groupby("firm")["size"].transform("first").rank(pct=True) + 0.5
    extra = [] if change is None else list(change(df))
    roles = {"weight": settings.pop("weight")} if "weight" in settings else {}
    panel = cg.Panel.from_frame(
        df, unit="firm", time="year", outcome="green_patents", treatment="ai",
        mediators={"restructuring": ["clean_share"]}, exposure="peer_ai", traits=["size", "urban"],
        controls=["age", "leverage", "roa_lag", *extra], cluster="city", **roles,
    )  # fmt: skip
    return cg.Study(
        panel, cg.green_innovation_graph(panel), fixed_effects, learner=cg.linear(), n_jobs=1,
        **settings,
    )  # fmt: skip


def _gap(df):
    df.loc[df.index[::7], "leverage"] = np.nan
    return ()


def _twice(df):
    df["again"] = 3 * df["leverage"] - df["roa_lag"]
    return ["again"]


def _nearly(df):
    noise = np.random.default_rng(0).normal(size=len(df))
    df["again"] = df["leverage"] + 1e-5 * df["leverage"].std() * noise
    return ["again"]


def _far(df):
    """A column that is large in one city only: lines must not be drawn out to there."""
    df["again"] = np.random.default_rng(0).normal(size=len(df))
    df.loc[df["city"] == df["city"].iloc[0], "again"] *= 30
    return ["again"]


def _both(study):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CausalGreenWarning)
        given = cg.Study(
            study.panel, study.graph, study.fixed_effects, learner=cg.linear(), n_jobs=1,
            folds=study.folds, repeats=study.repeats, seed=study.seed,
        )  # fmt: skip
        LinearAgain(study.panel).give(given)
        quick = given.__dict__.get("residuals")
        return study.residuals, quick


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (None, "within"), (_twice, "within"), (_far, "within"), (None, "first_difference"),
        (None, "none"),
    ],
)  # fmt: skip
def test_residuals_equal_those_of_the_study(change, kind):
    slow, quick = _both(_study(change, kind))
    scale = slow.values.std(axis=(0, 1))
    assert np.abs((slow.values - quick.values) / scale).max() < 1e-10
    for a, b in zip(slow.folds, quick.folds, strict=True):
        np.testing.assert_array_equal(a, b)
    for one, other in zip(slow.choices[0], quick.choices[0], strict=True):
        assert one.learners == other.learners
        np.testing.assert_allclose(one.r_squared, other.r_squared, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "settings", [{"weight": "heavy"}, {"repeats": 2, "seed": 4}, {"folds": 3, "seed": 9}]
)
def test_weights_repetitions_folds_and_seeds(settings):
    slow, quick = _both(_study(**settings))
    assert np.abs(slow.values - quick.values).max() < 1e-10 * slow.values.std()
    assert slow.values.shape == quick.values.shape


def test_the_far_column_does_meet_the_reach():
    """Else the test above would not try it: without the reach residuals are others."""
    from causalgreen.falsify import linear_again

    study = _study(_far)
    before = linear_again.REACH
    try:
        linear_again.REACH = 1e9
        slow, quick = _both(study)
    finally:
        linear_again.REACH = before
    assert np.abs(slow.values - quick.values).max() > 1e-3 * slow.values.std()


@pytest.mark.parametrize(
    ("change", "kind"), [(_gap, "within"), (_nearly, "within"), (_twice, "mundlak")]
)
def test_what_cross_products_do_not_determine_is_left_to_the_study(change, kind):
    assert _both(_study(change, kind))[1] is None


def test_other_learners_and_other_panels_are_left_alone():
    study = _study()
    forest = cg.Study(study.panel, study.graph, learner=cg.lightgbm(), n_jobs=1)
    lines = LinearAgain(study.panel)
    lines.give(forest)
    assert "residuals" not in forest.__dict__
    other = _study()
    lines.give(other)
    assert "residuals" not in other.__dict__


def test_the_same_question_is_answered_once():
    study = _study()
    lines = LinearAgain(study.panel)
    given = [
        cg.Study(study.panel, study.graph, learner=cg.linear(), seed=seed) for seed in (0, 0, 1)
    ]
    for one in given:
        lines.give(one)
    assert given[0].residuals is given[1].residuals
    assert given[0].residuals is not given[2].residuals
    assert given[0].residuals.design is given[2].residuals.design
