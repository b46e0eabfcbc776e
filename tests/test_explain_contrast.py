"""Contrasts with other traits balanced."""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import causalgreen as cg
from causalgreen.explain.balance import balance_out
from causalgreen.explain.contrast import contrast
from causalgreen.explain.family import family
from causalgreen.explain.sides import sides_of
from causalgreen.residuals.learners import as_stack
from causalgreen.surface.forest import forest
from tests.conftest import make_study
from tests.explain_stubs import clustered, explanation, overlapping


def shaped(n=500, n_clusters=50, k=1, seed=0, own=0.0, bend=True, link=1.0):
    """Effects depend on region and age; size goes with both; ``own`` is size's own part."""
    rng = np.random.default_rng(seed)
    noise, clusters = clustered(n, n_clusters, k, rng)
    age = rng.normal(size=n)
    region = rng.choice(["coast", "inland", "west"], n, p=[0.4, 0.4, 0.2])
    size = link * (age + 0.8 * (region == "coast")) + rng.normal(size=n)
    through = 0.6 * age + (0.5 * np.sin(2 * age) if bend else 0) + 0.7 * (region == "coast")
    frame = pd.DataFrame({"size": size, "age": age, "region": pd.Categorical(region)})
    high = size > np.quantile(size, 2 / 3)
    value = (through + own * high)[:, None] + noise
    return explanation(frame, value, clusters, rows=5, seed=seed), clusters


def run(made, trait="size", high=None, low=None, terms=None):
    return contrast(made, trait, high, low, made.scores.terms if terms is None else terms)


def test_a_trait_that_matters_only_through_others_has_no_balanced_contrast():
    z, raw = [], []
    for seed in range(12):
        made, _ = shaped(seed=seed)
        table = run(made).tidy().set_index("contrast")
        z.append(table.loc["balanced", "statistic"])
        raw.append(table.loc["raw", "statistic"])
        assert table.loc["difference", "p_value"] < 1e-3
    assert min(raw) > 4
    assert abs(np.mean(z)) < 3 / np.sqrt(12) + 0.2
    assert np.mean(np.abs(z) > 2) <= 0.25


def test_with_straight_lines_and_one_fold_choice_it_is_partialled_out_least_squares():
    made, _ = shaped(400, 400, own=0.5, bend=False)
    rng = np.random.default_rng(0)
    scores = made.scores
    h = (rng.random(400) < 0.5).astype(float)
    done = balance_out(h, scores, [1, 2, 3], [0], 0, 1, False, as_stack(cg.linear()))
    X = sm.add_constant(scores.X[:, 1 : 3 + 1])
    whole = h - X @ np.linalg.lstsq(X, h, rcond=None)[0]
    assert np.corrcoef(done.residual, whole)[0, 1] > 0.995
    part = scores.value[:, 0] - X @ np.linalg.lstsq(X, scores.value[:, 0], rcond=None)[0]
    assert np.corrcoef(scores.value[:, 0] - done.fitted[:, 0], part)[0, 1] > 0.99


def test_the_difference_is_raw_minus_balanced_with_joint_errors(sandwich):
    made, clusters = shaped(600, 120, 2, own=0.3)
    result = run(made)
    for term in result.terms:
        own = result.of(term)
        raw, balanced, gap = own.estimate
        assert gap == pytest.approx(raw - balanced, abs=1e-12)
        V = own.vcov
        assert V[2, 2] == pytest.approx(V[0, 0] + V[1, 1] - 2 * V[0, 1], rel=1e-9)
        # Alike firms share their noise: the difference is sharper than independence would say.
        assert V[2, 2] < 0.8 * (V[0, 0] + V[1, 1])
    codes = pd.qcut(made.scores.traits["size"], 3, labels=False).to_numpy()
    both = codes != 1
    fit = sm.OLS(made.scores.value[both, 0], sm.add_constant((codes[both] == 2).astype(float)))
    done = fit.fit(cov_type="cluster", cov_kwds={"groups": clusters[both]})
    table = result.tidy()
    assert table["estimate"][0] == pytest.approx(done.params[1])
    n = both.sum()
    ratio = (5 * n - 1) / (5 * n - 2) / ((n - 1) / (n - 2))
    assert table["std_error"][0] == pytest.approx(np.sqrt(ratio) * done.bse[1], rel=1e-9)


def test_overlap_and_balance_say_how_much_is_left():
    made, _ = shaped(800, 80)
    loose = run(shaped(800, 80, link=0.0)[0])
    tight = run(made)
    a, b = (r.overlap.iloc[0] for r in (loose, tight))
    assert a["share_of_variance_left"] > 0.9
    assert 0.3 < b["share_of_variance_left"] < 0.75
    assert b["effective_high"] < 0.9 * b["n_high"]
    assert a["effective_high"] > 0.95 * a["n_high"]
    before, after = (tight.balance[c].abs() for c in ("raw", "balanced"))
    assert before.max() > 0.5
    assert after.max() < 0.2
    assert list(tight.balance["trait"])[:2] == ["age", "region = coast"]


def test_a_trait_that_another_gives_away_is_refused_by_name():
    rng = np.random.default_rng(0)
    noise, clusters = clustered(400, 40, 1, rng)
    size, age = rng.normal(size=(2, 400))
    frame = pd.DataFrame({"size": size, "age": age, "assets": size + 0.001 * rng.normal(size=400)})
    made = explanation(frame, noise, clusters)
    with pytest.raises(cg.EstimationError, match="size cannot be told apart from assets here"):
        run(made)


def test_nothing_to_balance_is_refused():
    rng = np.random.default_rng(0)
    noise, clusters = clustered(300, 30, 1, rng)
    made = explanation(pd.DataFrame({"size": rng.normal(size=300)}), noise, clusters)
    with pytest.raises(
        cg.DesignError, match=r"no trait beside 'size' to balance.*groups\('size'\)"
    ):
        run(made)


def test_sides_of_numbers():
    scores = shaped()[0].scores
    size = scores.traits["size"].to_numpy()
    thirds = sides_of(scores, "size")
    assert (thirds.codes == 1).sum() == 167
    assert size[thirds.codes == 1].min() > size[thirds.codes == -1].max()
    cut = sides_of(scores, "size", high=0.0)
    assert ((cut.codes == 1) == (size >= 0)).all()
    assert (cut.codes >= 0).all()
    apart = sides_of(scores, "size", high=1, low=-1)
    assert ((apart.codes == 0) == (size <= -1)).all()
    assert (apart.codes[np.abs(size) < 1] == -1).all()
    assert (apart.high, apart.low) == ("size 1 or more", "size -1 or less")
    with pytest.raises(cg.DesignError, match="low=2 is not below high=1"):
        sides_of(scores, "size", high=1, low=2)
    with pytest.raises(cg.DesignError, match="'size' is a number; give numbers"):
        sides_of(scores, "size", high="big")
    with pytest.raises(cg.DesignError, match=r"0 firms in 0 clusters.*other values of 'size'"):
        sides_of(scores, "size", high=99)
    with pytest.raises(cg.DesignError, match="say what it is compared with"):
        sides_of(scores, "size", low=1)


def test_sides_of_categories():
    scores = shaped()[0].scores
    region = scores.traits["region"].to_numpy(dtype=object)
    one = sides_of(scores, "region", high="coast")
    assert ((one.codes == 1) == (region == "coast")).all()
    assert one.low == "all others"
    two = sides_of(scores, "region", high=["coast", "west"], low="inland")
    assert ((two.codes == 0) == (region == "inland")).all()
    with pytest.raises(cg.DesignError, match="category with levels coast, inland, west: say which"):
        sides_of(scores, "region")
    with pytest.raises(cg.DesignError, match="no level 'cost'; did you mean 'coast'"):
        sides_of(scores, "region", high="cost")
    with pytest.raises(cg.DesignError, match="'coast' of 'region' is on both sides"):
        sides_of(scores, "region", high="coast", low=["coast", "west"])


def test_firms_without_the_trait_are_on_no_side_and_named():
    made, clusters = shaped()
    frame = made.scores.traits.copy()
    frame.loc[:9, "size"] = np.nan
    gappy = explanation(frame, made.scores.value, clusters)
    result = run(gappy, high=0.0)
    assert result.effects.context.n_firms == 490
    assert "10 firms have no size" in str(result)


def test_tables_families_and_words():
    made, _ = shaped(k=2, own=0.5)
    result = run(made)
    table = result.tidy()
    assert list(table["contrast"]) == ["raw", "balanced", "difference"] * 2
    assert table["p_romano_wolf"].notna().sum() == 2
    wide = result.tidy(simultaneous=True)
    assert (wide["conf_high"] > table["conf_high"]).all()
    assert len(family(result, run(made, "age")).tidy()) == 4
    text = str(result)
    for words in ("raw minus balanced", "Overlap", "May not be concluded", "population:"):
        assert words in text
    assert "<table" in result._repr_html_()


@pytest.mark.parametrize("k", [1, 3])
def test_picture_asks_the_question(k):
    ax = run(shaped(k=k)[0]).plot()
    ax.figure.canvas.draw()
    assert ax.get_title(loc="left").startswith(
        "Is it size, or the traits that go with it?\n334 firms"
    )
    assert not overlapping(ax.get_yticklabels())
    legend = ax.get_legend().get_window_extent()
    assert not legend.overlaps(ax.xaxis.label.get_window_extent())
    assert legend.y0 >= 0
    assert legend.x1 <= ax.figure.bbox.width
    plt.close(ax.figure)


def test_contrast_of_a_study():
    df, _ = cg.simulate_panel(240, 5, seed=2, n_cities=60)
    study = make_study(df, traits=["size", "urban", "clean_industry"], n_jobs=1, progress=False)
    result = study.explain(study.surface(forest(40))).contrast("size", terms="own_total")
    again = study.explain(study.surface(forest(40))).contrast("size", terms="own_total")
    assert result.tidy().equals(again.tidy())
    table = result.tidy().set_index("contrast")
    assert table.loc["balanced", "estimate"] > 0.2
    assert list(result.balance["trait"]) == ["urban", "clean_industry"]


@pytest.mark.slow
def test_balanced_contrast_covers():
    """200 economies: no part of its own, and a part of 0.5."""
    for own in (0.0, 0.5):
        z = []
        for seed in range(200):
            row = run(shaped(seed=seed, own=own)[0]).tidy().iloc[1]
            z.append((row["estimate"] - own) / row["std_error"])
        cover = float(np.mean(np.abs(z) < 2.01))
        print(f"own {own}: coverage {cover:.3f}, mean z {np.mean(z):.2f}, sd {np.std(z):.2f}")
        assert 0.9 <= cover <= 0.985


def test_levels_that_are_cut_end_in_dots():
    rng = np.random.default_rng(0)
    noise, clusters = clustered(300, 60, 1, rng)
    traits = pd.DataFrame({"region": [f"r{v:02d}" for v in np.arange(300) % 15]})
    scores = explanation(traits, noise, clusters).scores
    with pytest.raises(cg.DesignError, match=r"r07, \.\.\.: say which"):
        sides_of(scores, "region")
    with pytest.raises(cg.DesignError, match=r"r11, \.\.\."):
        sides_of(scores, "region", "moon")
