"""When coefficients vary with the traits by themselves, and what is said when they do not."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import causalgreen as cg
from causalgreen.moments.basis import choose_basis

YEARS, EACH = 5, 12


def frame_of(cities: int, each: int = EACH, seed: int = 0, treated: slice = slice(None, None, 2)):
    """A policy of cities or a choice of firms, an effect of one on each firm, traits of both."""
    rng, n = np.random.default_rng(seed), cities * each
    city = np.repeat(np.arange(cities), each)
    gets = np.isin(np.arange(cities), np.arange(cities)[treated])
    start = np.where(gets, rng.integers(1, YEARS, cities), YEARS)
    policy = (np.arange(YEARS) >= start[city][:, None]).astype(float)
    chosen = rng.normal(size=(n, YEARS))
    traits = {
        "size": rng.normal(size=n), "income": rng.normal(size=cities)[city],
        "coast": rng.normal(size=cities)[city],
    }  # fmt: skip
    columns = {
        "firm": np.repeat(np.arange(n), YEARS), "year": np.tile(np.arange(YEARS), n),
        "city": np.repeat(city, YEARS), "policy": policy.ravel(), "chosen": chosen.ravel(),
        **{name: np.repeat(values, YEARS) for name, values in traits.items()},
    }  # fmt: skip
    frame = pd.DataFrame(columns)
    frame["green"] = frame["policy"] + frame["chosen"] + rng.normal(size=len(frame))
    return frame


def study_of(frame: pd.DataFrame, treatment="policy", traits=("size",), cluster="city", **options):
    panel = cg.Panel.from_frame(
        frame, unit="firm", time="year", outcome="green", treatment=treatment,
        traits=list(traits), cluster=cluster,
    )  # fmt: skip
    graph = cg.green_innovation_graph(panel)
    return cg.Study(panel, graph, learner=cg.linear(), n_jobs=1, progress=False, **options)


def varies(study) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        basis, notes = choose_basis(study.panel, "auto")
    assert bool(notes) == (len(basis.names) == 1)
    return len(basis.names) > 1


@pytest.mark.parametrize(
    ("cities", "treatment", "traits", "expected"),
    [
        # The constant and income, of the policy: two coefficients that cities alone tell of.
        (7, "policy", ("size", "income"), False),
        (8, "policy", ("size", "income"), True),
        (11, "policy", ("size", "income", "coast"), False),
        (12, "policy", ("size", "income", "coast"), True),
        # The constant alone.
        (6, "policy", ("size",), True),
        # What firms choose differs inside of cities.
        (6, "chosen", ("size", "income", "coast"), True),
        (6, ["policy", "chosen"], ("size", "income"), False),
        (8, ["policy", "chosen"], ("size", "income"), True),
    ],
)
def test_four_clusters_for_each_coefficient_that_clusters_alone_tell_of(
    cities, treatment, traits, expected
):
    assert varies(study_of(frame_of(cities), treatment, traits)) == expected


def test_one_firm_that_differs_is_enough_to_tell_inside_of_a_city():
    frame = frame_of(6)
    assert not varies(study_of(frame, "policy", ("income", "coast")))
    frame.loc[frame["firm"] == 1, ["income", "coast"]] += 1.0
    assert varies(study_of(frame, "policy", ("income", "coast")))


@pytest.mark.parametrize(("firms", "expected"), [(11, False), (12, True)])
def test_three_firms_for_each_coefficient_where_each_is_its_own_cluster(firms, expected):
    frame = frame_of(firms, each=1)
    assert varies(study_of(frame, "policy", ("size", "income", "coast"), "firm")) == expected


def test_every_dimension_of_clusters_has_to_have_enough():
    frame = frame_of(20)
    frame["province"] = frame["city"] % 5
    own = frame.groupby("province")["policy"].transform("mean")
    frame = frame.assign(policy=(own > own.median()).astype(float) * (frame["year"] >= 2))
    frame["income"] = frame["province"].map(
        dict(enumerate(np.random.default_rng(1).normal(size=5)))
    )
    assert varies(study_of(frame, "policy", ("size", "income"), "city"))
    study = study_of(frame, "policy", ("size", "income"), ["city", "province"])
    with pytest.warns(cg.CausalGreenWarning, match="that all firms of one province share"):
        choose_basis(study.panel, "auto")


def test_gaps_do_not_tell_firms_apart():
    frame = frame_of(6)
    frame.loc[frame.index[::7], "chosen"] = np.nan
    panel = study_of(frame.dropna(), "policy", ("income", "coast")).panel
    basis, notes = choose_basis(panel, "constant")
    assert (len(basis.names), notes) == (1, ())
    with pytest.warns(cg.CausalGreenWarning, match="share, many for 6 clusters"):
        choose_basis(panel, "auto")


def test_the_note_is_in_the_result_and_names_what_to_do():
    study = study_of(frame_of(6), "policy", ("income", "coast"), folds=3)
    with pytest.warns(cg.CausalGreenWarning, match="name fewer traits, or ask for"):
        effects = study.paths()
    assert effects.constant is None
    (note,) = [n for n in effects.context.notes if n.startswith("coefficients do not vary")]
    assert "3 coefficients are of regressors and traits that all firms of one city share" in note


def test_a_trait_that_one_city_alone_tells_of_leaves_one_coefficient_and_says_why():
    frame = frame_of(12)
    frame["special"] = (frame["city"] == 0) * (frame["firm"] % 2)
    study = study_of(frame, "chosen", ("size", "special"), folds=3)
    with pytest.warns(cg.CausalGreenWarning, match="without cluster number 0 nothing determines"):
        effects = study.paths()
    assert effects.constant is None
    assert any("chosen x special" in note for note in effects.context.notes)
    plain = study_of(frame, "chosen", (), folds=3).paths()
    np.testing.assert_allclose(effects.estimate, plain.estimate, rtol=0.05)
    with pytest.raises(cg.EstimationError, match="chosen x special"):
        study.paths(coefficients="varying")
    # Without the jackknife the coefficient is there.
    assert study.paths(covariance="CR1").constant is not None


def test_what_no_system_determines_is_still_refused():
    frame = frame_of(12)
    frame["copy"] = frame["chosen"] * 2.0
    study = study_of(frame, ["chosen", "copy"], ("size",), folds=3)
    with (
        pytest.warns(cg.CausalGreenWarning, match="do not vary"),
        pytest.raises(cg.EstimationError, match="cannot be told apart"),
    ):
        study.paths()
