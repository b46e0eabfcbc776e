"""When coefficients vary with the traits by themselves, and what is said when they do not."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import causalgreen as cg
from causalgreen.moments import choice
from causalgreen.moments.basis import constant_basis, trait_basis
from causalgreen.moments.choice import choose_basis, widening
from causalgreen.panel.features import encode_traits

YEARS, EACH = 5, 12


def frame_of(cities: int, each: int = EACH, seed: int = 0) -> pd.DataFrame:
    """A policy of half of the cities, a choice of firms, an effect of one, traits of both."""
    rng, n = np.random.default_rng(seed), cities * each
    city = np.repeat(np.arange(cities), each)
    start = np.where(np.arange(cities) % 2 == 0, rng.integers(1, YEARS, cities), YEARS)
    policy = (np.arange(YEARS) >= start[city][:, None]).astype(float)
    chosen = rng.normal(size=(n, YEARS))
    traits = {
        "size": rng.normal(size=n), "income": rng.normal(size=cities)[city],
        "coast": rng.normal(size=cities)[city],
    }  # fmt: skip
    frame = pd.DataFrame({
        "firm": np.repeat(np.arange(n), YEARS), "year": np.tile(np.arange(YEARS), n),
        "city": np.repeat(city, YEARS), "policy": policy.ravel(), "chosen": chosen.ravel(),
        **{name: np.repeat(values, YEARS) for name, values in traits.items()},
    })  # fmt: skip
    frame["green"] = frame["policy"] + frame["chosen"] + rng.normal(size=len(frame))
    return frame


def study_of(frame: pd.DataFrame, treatment="policy", traits=("size",), cluster="city", **options):
    panel = cg.Panel.from_frame(
        frame, unit="firm", time="year", outcome="green", treatment=treatment,
        traits=list(traits), cluster=cluster,
    )  # fmt: skip
    graph = cg.green_innovation_graph(panel)
    settings = {"learner": cg.linear(), "folds": 3, "n_jobs": 1, "progress": False} | options
    return cg.Study(panel, graph, **settings)


def choose(study, coefficients="auto"):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return choose_basis(study.panel, study.moments, study._layout, coefficients)


def varies(study) -> bool:
    basis, notes = choose(study)
    told = any(note.startswith("coefficients do not vary") for note in notes)
    assert told == (len(basis.names) == 1)
    return len(basis.names) > 1


def widened(study) -> np.ndarray:
    basis = trait_basis(*encode_traits(study.panel))
    equation, clusters = study._layout.equations()[-1], study.moments.sample.clusters[0]
    return widening(study.moments, equation, basis, clusters)


def test_widening_is_the_jackknife_of_least_squares_by_hand():
    study = study_of(frame_of(9), "chosen", ("size", "income"))
    residual, panel = study.residuals.values[0][:, 0], study.panel
    h = trait_basis(*encode_traits(panel)).values[panel.unit_codes]
    year, city = panel.codes("year"), panel.clusters[0]
    dummies = (year[:, None] == np.arange(YEARS)).astype(float)
    firm = panel.unit_codes
    dummies -= np.stack([np.bincount(firm, d)[firm] / np.bincount(firm)[firm] for d in dummies.T]).T

    def variance(basis: np.ndarray) -> float:
        """Of the mean coefficient: how it moves without a cluster is linear in the errors."""
        periods = np.einsum("nb,nt->nbt", basis, dummies).reshape(len(basis), -1)
        X = np.hstack([residual[:, None] * basis, periods])
        rest = (X * (city != g)[:, None] for g in range(9))
        return sum(((np.linalg.pinv(X)[0] - np.linalg.pinv(R)[0]) ** 2).sum() for R in rest)

    by_hand = np.sqrt(variance(h) / variance(np.ones((len(h), 1))))
    np.testing.assert_allclose(widened(study), [by_hand], rtol=1e-8)


@pytest.mark.parametrize(
    ("cities", "treatment", "traits", "expected"),
    [
        (5, "policy", ("size", "income", "coast"), False),
        (30, "policy", ("size", "income", "coast"), True),
        # A trait of firms, or a treatment that firms choose, differs inside of cities.
        (6, "policy", ("size",), True),
        (6, "chosen", ("size", "income"), True),
        (6, ["policy", "chosen"], ("size", "income", "coast"), False),
    ],
)
def test_places_tell_little_where_nothing_differs_inside_of_them(
    cities, treatment, traits, expected
):
    assert varies(study_of(frame_of(cities), treatment, traits)) == expected


@pytest.mark.parametrize("what", ["late entry", "a mover", "a gap", "a spared firm", "a drift"])
def test_a_firm_that_differs_by_chance_hardly_matters(what):
    frame = frame_of(6)
    traits = ("size", "income", "coast")
    before = widened(study_of(frame, "policy", traits))[0]
    one = frame["firm"] == 1
    if what == "late entry":
        frame["income"] += 0.01 * frame["year"]
        frame = frame[~((frame["firm"] % EACH == 1) & (frame["year"] == 0))]
    elif what == "a mover":
        frame.loc[one & (frame["year"] > 2), "city"] = 3
    elif what == "a gap":
        frame.loc[one, "income"] = np.nan
    elif what == "a spared firm":
        frame.loc[one, "policy"] = 0.0
    else:
        frame["income"] += 1e-9 * np.arange(len(frame))
    study = study_of(frame, "policy", traits)
    assert before > choice.LONGEST
    assert widened(study)[0] > choice.LONGEST
    assert not varies(study)


@pytest.mark.parametrize(("firms", "expected"), [(6, False), (60, True)])
def test_few_firms_carry_few_coefficients(firms, expected):
    frame = frame_of(firms, each=1)
    assert varies(study_of(frame, "chosen", ("size", "income", "coast"), "firm")) == expected


def test_firms_that_are_seen_once_do_not_count():
    frame = frame_of(60, each=1)
    seen = (frame["firm"] < 6) | (frame["year"] == 1)
    assert not varies(study_of(frame[seen], "chosen", ("size", "income", "coast"), "firm"))


def test_every_dimension_of_clusters_has_to_carry_them():
    frame = frame_of(40)
    frame["province"] = frame["city"] % 5
    rng = np.random.default_rng(1)
    start, rich = rng.permutation(5), rng.normal(size=5)
    frame["policy"] = (frame["year"].to_numpy() > start[frame["province"]]).astype(float)
    frame["income"], frame["coast"] = rich[frame["province"]], rich[::-1][frame["province"]]
    traits = ("size", "income", "coast")
    assert varies(study_of(frame, "policy", traits, "city"))
    study = study_of(frame, "policy", traits, ["city", "province"])
    with pytest.warns(cg.CausalGreenWarning, match=r"with 5 clusters \(province\)"):
        choose_basis(study.panel, study.moments, study._layout, "auto")


def test_very_many_clusters_are_taken_together(monkeypatch):
    study = study_of(frame_of(40), "chosen", ("size", "income"))
    whole = widened(study)
    monkeypatch.setattr(choice, "MOST", 20)
    np.testing.assert_allclose(widened(study), whole, rtol=0.05)
    assert (widened(study) != whole).all()


@pytest.mark.parametrize("cities", [12, 120])
def test_what_one_city_alone_tells_leaves_one_coefficient_whatever_the_covariance(cities):
    frame = frame_of(cities, each=4)
    frame["special"] = (frame["city"] == 0) * (frame["firm"] % 2)
    study = study_of(frame, "chosen", ("size", "special"))
    found = []
    for covariance in ("auto", "CR1", "CV3"):
        with pytest.warns(cg.CausalGreenWarning) as said:
            effects = study.paths(covariance=covariance)
        texts = [str(w.message) for w in said]
        assert (
            sum("one alone tells how that of chosen does with special" in text for text in texts)
            == 1
        )
        assert sum("clusters (city): intervals" in text for text in texts) == (cities < 40)
        assert effects.constant is None
        assert any("one alone tells" in note for note in effects.context.notes)
        found.append(effects.estimate)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_the_note_says_what_it_would_cost_and_what_to_do():
    study = study_of(frame_of(7), "policy", ("income", "coast"))
    with pytest.warns(cg.CausalGreenWarning, match="name fewer traits, or ask for"):
        effects = study.paths()
    (note,) = [n for n in effects.context.notes if n.startswith("coefficients do not vary")]
    longer = widened(study)[0]
    assert np.isfinite(longer)
    assert f"with 7 clusters (city) the interval of policy would be some {longer:.1f} times" in note


def test_length_that_is_paid_is_told_in_both_languages():
    from causalgreen.report.phrases import phrases

    study = study_of(frame_of(7, seed=1), "policy", ("income", "coast"))
    longer = widened(study)[0]
    assert choice.LONG < longer < choice.LONGEST
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="coefficients")  # told, and no cause for alarm
        warnings.filterwarnings("ignore", message=".*intervals")
        effects = study.paths()
    assert effects.coefficients == "varying"
    (note,) = [n for n in effects.notes if n.startswith("coefficients vary")]
    assert f"with 7 clusters (city) that makes the interval of policy some {longer:.1f}" in note
    told = phrases("zh").tell(note)
    assert told.startswith("系数随企业特征变化")
    assert f"{longer:.1f} 倍" in told
    assert not any("coefficients vary" in n for n in study.paths(coefficients="varying").notes)
    short = study_of(frame_of(9, seed=1), "policy", ("income", "coast"))
    assert not any("coefficients" in n for n in short.paths().notes)


def test_what_no_system_determines_is_refused_as_such():
    frame = frame_of(12)
    frame["copy"] = frame["chosen"] * 2.0
    study = study_of(frame, ["chosen", "copy"], ("size",))
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="coefficients do not vary")
        with pytest.raises(cg.EstimationError, match="cannot be told apart"):
            study.paths()


def test_what_is_asked_for_is_given():
    study = study_of(frame_of(5), "policy", ("income", "coast"))
    assert len(choose(study, "varying")[0].names) == 3
    basis, notes = choose(study, "constant")
    np.testing.assert_array_equal(basis.values, constant_basis(study.panel.n_units).values)
    assert notes == ()
    with pytest.raises(cg.DesignError, match="'sometimes' is not known"):
        choose(study, "sometimes")
    bare = study_of(frame_of(5), "policy", ())
    with pytest.raises(cg.DesignError, match="needs traits"):
        choose(bare, "varying")


@pytest.mark.parametrize("alone", [False, True])
def test_the_note_is_told_in_chinese_too(alone):
    from causalgreen.report.phrases import phrases

    frame = frame_of(12 if alone else 7, each=4 if alone else EACH)
    frame["special"] = (frame["city"] == 0) * (frame["firm"] % 2)
    traits = ("size", "special") if alone else ("income", "coast")
    notes = choose(study_of(frame, "chosen" if alone else "policy", traits))[1]
    told = phrases("zh").tell(notes[0])
    assert told.startswith("系数不随企业特征变化")
    assert "special" in told if alone else "policy" in told


def test_collinear_with_a_trait_leaves_one_coefficient():
    frame = frame_of(12)
    frame["rich"] = frame["city"] % 2
    frame.loc[frame["rich"] == 1, "chosen"] = 0.0
    study = study_of(frame, "chosen", ("size", "rich"))
    with pytest.warns(cg.CausalGreenWarning, match="are collinear, and do not determine"):
        assert study.paths().constant is None
    with pytest.raises(cg.EstimationError, match="cannot be told apart"):
        study.paths(coefficients="varying")
