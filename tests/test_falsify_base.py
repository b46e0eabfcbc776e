"""The registry, the engine behind simulated replacements, permutations, drawings."""

import warnings

import numpy as np
import pandas as pd
import pytest
from conftest import make_study

import causalgreen as cg
from causalgreen.falsify.engine import case_rows, solve_swapped
from causalgreen.falsify.finding import Falsification, Finding
from causalgreen.falsify.peers import peers_of
from causalgreen.falsify.permute import Places, across_clusters, across_firms, exchange_of, streams
from causalgreen.falsify.registry import CHECKS, case_of, falsify
from causalgreen.falsify.resample import solve_weighted

MINE = (
    "placebo treatment", "placebo outcome", "future treatment", "placebo network",
    "random common cause", "data subset", "bootstrap", "overlap", "influence",
)  # fmt: skip


def quiet_case(study, **settings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cg.CausalGreenWarning)
        return case_of(study, **settings)


def quiet_falsify(*args, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cg.CausalGreenWarning)
        return falsify(*args, progress=False, **kwargs)


@pytest.fixture(scope="module")
def study(table):
    return make_study(table, traits=["size", "urban"])


def test_every_check_of_the_list_is_run_and_explains_itself(study, table):
    found = quiet_falsify(study, MINE, simulations=40, network=["city", "industry"])
    assert [f.name for f in found] == list(MINE)
    for finding in found:
        assert finding.question.endswith("?")
        assert len(finding.reason) > 30
        assert finding.reason.rstrip().endswith((".", "'"))
        if finding.verdict != "not applicable":
            assert set(finding.table["verdict"]) <= {"pass", "warn", "fail"}
    assert found["placebo outcome"].verdict == "not applicable"
    assert "placebo_outcome=" in found["placebo outcome"].reason


def test_names_in_the_registry_are_unique():
    names = [entry.name for entry in CHECKS]
    assert len(set(names)) == len(names)
    assert set(MINE) <= set(names)


def test_same_seed_same_findings_and_another_seed_others(study):
    runs = [quiet_falsify(study, MINE[:1], 30, seed=s)[0].table for s in (1, 1, 2)]
    pd.testing.assert_frame_equal(runs[0], runs[1])
    assert not runs[0]["placebo_low"].equals(runs[2]["placebo_low"])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"checks": ["placebo"]}, "placebo treatment, placebo outcome"),
        ({"simulations": 5}, "20 or more"),
        ({"simulations": 100.0}, "whole number"),
        ({"placebo_outcome": "patents_of_nobody"}, "patents_of_nobody"),
        ({"network": {"peer_ai": ["city", "town"]}}, "town"),
        ({"strata": "nowhere"}, "nowhere"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_computed(study, arguments, told):
    with pytest.raises(cg.DesignError, match=told):
        falsify(study, **arguments)


def test_a_check_of_ones_own_and_a_check_that_cannot_run(study):
    def mine(case):
        return Finding("mine", "Is it?", "warn", f"{case.simulations} draws")

    def broken(case):
        raise cg.EstimationError("nothing is left of ai")

    found = quiet_falsify(study, [mine, broken], 30)
    assert found["mine"].reason == "30 draws"
    assert (found[1].verdict, found[1].reason) == ("not applicable", "nothing is left of ai")


@pytest.mark.parametrize(
    "extra", [{}, {"weight": "w"}, {"repeats": 2}, {"cluster": ["city", "industry"]}]
)
def test_nothing_replaced_gives_the_studys_own_numbers(ragged, extra):
    case = quiet_case(make_study(ragged, **extra))
    column = case.layout.treatments[0]
    batch = solve_swapped(
        case_rows(case), lambda r, low, high: {column: case.residuals.values[r][:, [column]]}, 1
    )
    plain = case.effects.with_covariance("CR1")
    np.testing.assert_allclose(batch.estimate[:, 0], plain.estimate, rtol=1e-8)
    np.testing.assert_allclose(batch.std_error[:, 0], plain.std_error, rtol=1e-8)


def test_simulations_do_not_depend_on_how_they_are_cut(table, monkeypatch):
    from causalgreen.falsify import engine

    case = quiet_case(make_study(table))
    exchange = exchange_of(case.panel.unit_codes, case.panel.times)
    values = case.residuals.values[0][:, 0]

    def draw(repeat, low, high):
        return {0: values[across_firms(exchange, streams(3, 12)[low:high])]}

    whole = solve_swapped(case_rows(case), draw, 12)
    monkeypatch.setattr(engine, "CELLS", 5 * len(values))
    cut = solve_swapped(case_rows(case), draw, 12)
    np.testing.assert_allclose(whole.t, cut.t, rtol=1e-10)


def test_weights_of_one_give_the_study_and_weights_of_zero_the_jackknife(ragged):
    case = quiet_case(make_study(ragged, traits=["size"], weight="w", repeats=2))
    from causalgreen.moments.basis import trait_basis
    from causalgreen.moments.solve import jackknife_paths, solve_paths
    from causalgreen.panel.features import encode_traits

    for basis in (case.basis, trait_basis(*encode_traits(case.panel))):
        n = case.moments.sample.n_clusters[0]
        one = solve_weighted(case, basis, np.ones((1, n)))[0]
        solved = solve_paths(case.moments, case.layout, basis).estimate[: len(one)]
        np.testing.assert_allclose(one, solved, rtol=1e-6)
        out = solve_weighted(case, basis, 1.0 - np.eye(n))
        exact = jackknife_paths(case.moments, case.layout, basis)[:, : len(one)]
        np.testing.assert_allclose(out, exact, rtol=1e-5, atol=1e-7)


def test_histories_stay_whole_and_within_strata():
    unit = np.repeat(np.arange(30), 4)
    times = np.tile(np.arange(4), 30) + 2010
    strata = unit % 2
    exchange = exchange_of(unit, times, strata)
    order = across_firms(exchange, streams(0, 20))
    assert exchange.moved == 1.0
    for column in order.T:
        assert len(set(column)) == len(unit)
        np.testing.assert_array_equal(times[column], times)
        np.testing.assert_array_equal(strata[column], strata)
        from_firm = unit[column].reshape(30, 4)
        assert (from_firm == from_firm[:, :1]).all()


def test_firms_with_rare_periods_are_matched_by_their_number():
    unit = np.repeat(np.arange(12), 3)
    times = np.tile(np.arange(3), 12)
    times[-6:] += np.repeat([1, 2], 3)
    exchange = exchange_of(unit, times)
    assert exchange.aligned == pytest.approx(2 / 12)
    assert exchange.moved == 1.0


def test_across_clusters_keeps_what_a_cluster_shares():
    rng = np.random.default_rng(0)
    unit, times = np.repeat(np.arange(200), 5), np.tile(np.arange(5), 200)
    city = unit // 10
    shock = rng.normal(size=(20, 5))[city, times]
    values = shock + 0.5 * rng.normal(size=1000)
    out = across_clusters(values, exchange_of(unit, times), Places.of(city, times), streams(1, 30))
    frame = pd.DataFrame(out).groupby([city, times]).transform("mean").to_numpy()
    share = frame.var(axis=0) / out.var(axis=0)
    real = pd.Series(values).groupby([city, times]).transform("mean").var() / values.var()
    assert share.mean() == pytest.approx(real, abs=0.03)
    assert abs(np.corrcoef(out[:, 0], values)[0, 1]) < 0.3


def test_exposures_are_rebuilt_from_groups_links_or_not_at_all(table):
    panel = make_study(table).panel
    peers, told = peers_of(panel, ["city", "industry"])
    np.testing.assert_allclose(
        peers["peer_ai"].exposure(panel.column("ai")), panel.column("peer_ai"), atol=1e-10
    )
    assert told == ""
    nothing, why = peers_of(panel, "urban")
    assert nothing == {}
    assert "cannot be rebuilt" in why
    firms = table.groupby("firm", as_index=False)["city"].first()
    pairs = firms.merge(firms, on="city").query("firm_x != firm_y")
    links = pairs.rename(columns={"firm_x": "firm", "firm_y": "peer"})
    city = make_study(table, exposure="peer_ai_city").panel
    by_links = peers_of(city, links)[0]["peer_ai_city"]
    np.testing.assert_allclose(
        by_links.exposure(city.column("ai")), city.column("peer_ai_city"), atol=1e-10
    )


def test_figures_ask_the_question_and_say_who(study, table):
    import matplotlib.pyplot as plt

    df = table.assign(other=np.random.default_rng(0).normal(size=len(table)))
    found = quiet_falsify(
        make_study(df, traits=["size", "urban"]), MINE, 30,
        network=["city", "industry"], placebo_outcome="other",
    )  # fmt: skip
    assert isinstance(found, Falsification)
    for finding in found:
        figure = finding.plot()
        first = figure.get_suptitle()
        assert "?" in first.split("\n")[0]
        assert "120 firms" in first.split("\n")[1]
        plt.close(figure)
    figure = found.plot()
    assert "9 attempts" in figure.axes[0].get_title(loc="left")
    plt.close(figure)


def links(**columns):
    return pd.DataFrame({"firm": ["nobody"], "peer": ["none"]} | columns)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"checks": 5}, "checks=5: give names or functions"),
        ({"checks": []}, "asks for nothing: leave it out"),
        ({"checks": ["overlap", "influence", "overlap"]}, "overlap comes twice"),
        ({"checks": [["overlap"]]}, "not known"),
        ({"refit": "no"}, "refit='no': give True or False"),
        ({"seed": "a"}, "seed='a': give a whole number"),
        ({"seed": -50}, "seed=-50: give a whole number, 0 or more"),
        ({"seed": 1.5}, "seed=1.5"),
        ({"progress": 1}, "progress=1"),
        ({"strata": ["industry", "urban"]}, "strata=.*the name of one column"),
        ({"assignment": 3}, "assignment=3: give the name of one column"),
        ({"placebo_outcome": 5}, "placebo_outcome=5: give the name of a column"),
        ({"placebo_outcome": []}, "names no column"),
        ({"placebo_outcome": ["age", "age"]}, "'age' comes twice"),
        ({"placebo_outcome": "endless"}, "1 of 600 values are infinite, the first of firm"),
        ({"placebo_outcome": "empty"}, "every value is missing"),
        ({"placebo_outcome": "letters"}, "does not hold numbers"),
        ({"future_partners": "endless"}, "future_partners='endless': 1 of 600"),
        ({"network": []}, "network=.*names no column"),
        ({"network": 5}, "network=5: give the name of a column"),
        ({"network": {}}, "the mapping is empty; there are peer_ai"),
        ({"network": {"peers": "city"}}, "peers is no exposure of the panel; there are peer_ai"),
        ({"network": {"peer_ai": 7}}, r"network\['peer_ai'\]=7"),
        ({"network": links().rename(columns={"peer": "partner"})}, "no column peer; it needs"),
        ({"network": links()}, "none of the 1 links joins two firms.*values of firm"),
        ({"network": "weights"}, "1 of 2 weights of links .* the first in row 1"),
    ],
)  # fmt: skip
def test_misuse_is_refused_before_anything_is_computed(table, arguments, told):
    df = table.assign(endless=1.0, empty=np.nan, letters="x")
    df.loc[df.index[7], "endless"] = np.inf
    untouched = make_study(df)
    if arguments.get("network") is not None and str(arguments["network"]) == "weights":
        a, b = df["firm"].unique()[:2]
        arguments = {"network": links(firm=[a, b], peer=[b, a], weight=[1.0, np.nan])}
    with pytest.raises(cg.DesignError, match=told):
        falsify(untouched, **arguments)
    assert "residuals" not in vars(untouched)


def test_a_check_that_breaks_says_so_and_leaves_the_others(study):
    def breaks(case):
        raise ValueError("no such quantile")

    def nothing(case):
        return None

    def five(case):
        return 5

    def unheard(case):
        return Finding("unheard", "Is it?", "ok", "fine")

    with pytest.warns(cg.EstimationWarning) as said:
        found = falsify(study, [breaks, nothing, five, unheard, "overlap"], 20, progress=False)
    assert sum("the check itself failed" in str(warning.message) for warning in said) == 4
    assert found["overlap"].verdict in ("pass", "warn", "fail")
    for name, told in (
        ("breaks", "ValueError in breaks, line"), ("nothing", "returned None"),
        ("five", "returned 5"), ("unheard", "verdict='ok': one of pass"),
    ):  # fmt: skip
        finding = found[name]
        assert finding.verdict == "not applicable"
        assert finding.question == "Did the check itself run?"
        assert "the check itself failed" in finding.reason
        assert told in finding.reason


def test_one_function_is_a_check_without_a_list(study):
    found = quiet_falsify(study, lambda case: Finding("mine", "Is it?", "warn", "so"), 20)
    assert [f.name for f in found] == ["mine"]


LONG = "人工智能技术应用水平与数字化转型综合指数"


@pytest.fixture(scope="module")
def chinese(table):
    names = {
        "ai": LONG, "green_patents": "绿色专利申请数量", "clean_share": "清洁产业产值占比",
        "skilled_share": "高技能人才占比", "peer_ai": "同行业同城市企业平均人工智能水平",
        "size": "企业规模", "urban": "是否位于城市群核心区", "city": "所在城市",
    }  # fmt: skip
    return make_study(
        table.rename(columns=names), outcome=names["green_patents"], treatment=LONG,
        mediators={"产业结构绿色转型升级": [names["clean_share"]],
                   "人力资本结构优化与高技能人才集聚": [names["skilled_share"]]},
        exposure=names["peer_ai"], cluster=names["city"], traits=[names["size"], names["urban"]],
    )  # fmt: skip


def overlaps(boxes):
    return [
        (a, b) for i, (a, x) in enumerate(boxes) for b, y in boxes[i + 1 :]
        if x.x0 < y.x1 - 1 and y.x0 < x.x1 - 1 and x.y0 < y.y1 - 1 and y.y0 < x.y1 - 1
    ]  # fmt: skip


def test_titles_and_labels_of_pictures_are_whole_and_apart(chinese):
    import matplotlib.pyplot as plt

    names = [
        "placebo treatment", "future treatment", "random common cause", "overlap", "influence",
        "graph: implied independences", "mediator-outcome confounding", "ln(1 + count)",
    ]  # fmt: skip
    found = quiet_falsify(chinese, names, 20)
    for finding in [*(f for f in found if f.draw is not None), found]:
        figure = finding.plot()
        figure.draw_without_rendering()
        page = figure.bbox
        texts = [*figure.texts, *([figure._suptitle] if figure._suptitle else [])]
        texts += [t for ax in figure.axes for t in (*ax.texts, ax.title, ax._left_title)]
        texts += [t for ax in figure.axes for t in (ax.xaxis.label, ax.yaxis.label)]
        for ax in figure.axes:
            low, high = sorted(ax.get_ylim())
            ticks = ax.get_yticklabels() if ax.axison else []
            texts += [t for t in ticks if low <= t.get_position()[1] <= high]
        boxes = [(t.get_text(), t.get_window_extent()) for t in set(texts) if t.get_text()]
        for text, box in boxes:
            assert box.x0 >= page.x0 - 1, (text, box)
            assert box.x1 <= page.x1 + 1, (text, box)
        assert not overlaps(boxes)
        for legend in figure.legends:
            extent = legend.get_window_extent()
            assert all(extent.y1 <= ax.get_window_extent().y0 for ax in figure.axes)
        plt.close(figure)


@pytest.mark.filterwarnings("ignore::causalgreen.errors.EstimationWarning")
def test_pictures_write_chinese_names_in_a_font_that_has_them(chinese, monkeypatch):
    import matplotlib.pyplot as plt

    from causalgreen.explain import style

    monkeypatch.setattr(style, "families", lambda labels: ["DejaVu Sans", "monospace"])
    found = quiet_falsify(chinese, ["placebo treatment", "overlap"], 20)
    for drawn in (*found, found):
        figure = drawn.plot()
        texts = [t for t in figure.findobj(plt.Text) if style._wide(t.get_text())]
        assert all("monospace" in t.get_fontfamily() for t in texts)
        plt.close(figure)
        assert texts or drawn is found
