"""Least squares cross-fitted on a design made before, against a study that makes its own."""

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


@pytest.mark.parametrize("change", [None, _gap, _twice])
@pytest.mark.parametrize("kind", ["within", "first_difference", "mundlak", "none"])
def test_residuals_equal_those_of_the_study(change, kind):
    slow, quick = _both(_study(change, kind))
    np.testing.assert_array_equal(slow.values, quick.values)
    assert slow.choices == quick.choices
    for a, b in zip(slow.folds, quick.folds, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    "settings", [{"weight": "heavy"}, {"repeats": 2, "seed": 4}, {"folds": 3, "seed": 9}]
)
def test_weights_repetitions_folds_and_seeds(settings):
    slow, quick = _both(_study(**settings))
    np.testing.assert_array_equal(slow.values, quick.values)


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


def test_a_specification_curve_fits_nothing_twice(monkeypatch):
    from causalgreen.falsify import linear_again
    from causalgreen.falsify.multiverse import multiverse
    from causalgreen.study import steps

    fitted = []
    for where in (steps, linear_again):
        cross_fit = where.cross_fit

        def counted(panel, effects, settings, *args, _fit=cross_fit, **kwargs):
            fitted.append((effects.kind, settings.seed))
            return _fit(panel, effects, settings, *args, **kwargs)

        monkeypatch.setattr(where, "cross_fit", counted)
    kinds, study = ["within", "first_difference"], _study()
    lines = LinearAgain(study.panel)
    for _ in range(2):  # a check draws two curves, of which the second starts where the first did
        same = cg.Study(study.panel, study.graph, learner=cg.linear())
        multiverse(same, seeds=[0, 1], fixed_effects=kinds, permutations=0, lines=lines)
    assert sorted(fitted) == [(kind, seed) for kind in sorted(kinds) for seed in (0, 1)]
