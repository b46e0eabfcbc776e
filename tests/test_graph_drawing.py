"""The drawn graph: boxes that do not overlap, long rows in one box, Chinese names."""

import warnings

import matplotlib as mpl
import pytest

from causalgreen.graph import green_innovation_graph
from causalgreen.graph.layout import arrange
from causalgreen.panel.roles import Roles

mpl.use("Agg")


def roles(treatments, exposures, mediators, controls):
    return Roles.of(
        unit="firm", time="year", outcome="green_patents", treatment=treatments,
        exposure=exposures, mediators=mediators, traits=["size", "urban"], controls=controls,
    )  # fmt: skip


TWO = {"restructuring": ["clean_share", "service_share"], "human_capital": ["skilled", "staff"]}
CASES = {
    "default": green_innovation_graph(
        roles(
            "ai", "peer_ai", {"restructuring": "clean_share", "human_capital": "skilled"}, ["age"]
        )
    ),
    "many": green_innovation_graph(
        roles(["robots", "finance"], ["peer_city", "peer_industry"], TWO, ["age", "leverage"])
    ).add_edge("skilled", "clean_share"),
    "thirty": green_innovation_graph(
        roles("ai", "peer_ai", {"human_capital": "skilled"}, [f"x{i}" for i in range(30)])
    ),
    "bare": green_innovation_graph(roles("ai", None, {}, [])),
}


@pytest.mark.parametrize("case", CASES)
def test_boxes_do_not_overlap_and_lie_inside(case):
    plan = arrange(CASES[case])
    for i, a in enumerate(plan.boxes):
        assert a.w / 2 <= a.x <= plan.width - a.w / 2
        for b in plan.boxes[i + 1 :]:
            apart = abs(a.x - b.x) >= (a.w + b.w) / 2 or abs(a.y - b.y) >= (a.h + b.h) / 2
            assert apart, (a.label, b.label)


def test_long_rows_of_controls_share_one_box():
    labels = [box.label for box in arrange(CASES["thirty"]).boxes]
    assert "controls (30)" in labels
    assert "x0" not in labels
    assert "size" in labels


def test_causes_stand_left_of_treatments_and_the_outcome_is_last():
    plan = arrange(CASES["many"])
    at = {box.label: box.x for box in plan.boxes}
    assert max(at["firm_effect"], at["age"]) < at["robots"] < at["skilled"] < at["green_patents"]
    assert at["skilled"] < at["clean_share"]


@pytest.mark.parametrize("case", ["many", "thirty"])
def test_labels_fit_their_boxes(case):
    import matplotlib.pyplot as plt

    ax = CASES[case].plot()
    ax.figure.canvas.draw()
    boxes = {box.label: box for box in arrange(CASES[case]).boxes}
    for text in ax.texts:
        extent = text.get_window_extent().transformed(ax.transData.inverted())
        assert extent.width <= boxes[text.get_text()].w
    assert ax.get_legend().get_texts()[0].get_text() == "direct"
    plt.close(ax.figure)


def test_chinese_names_draw_without_an_error():
    import matplotlib.pyplot as plt

    graph = green_innovation_graph(
        Roles.of(unit="公司", time="年", outcome="绿色专利", treatment="人工智能", controls="年龄")
    )
    with warnings.catch_warnings():
        # where no Chinese font is installed matplotlib says so, once a character
        warnings.filterwarnings("ignore", message="Glyph")
        ax = graph.plot()
        ax.figure.canvas.draw()
    assert "绿色专利" in [t.get_text() for t in ax.texts]
    plt.close(ax.figure)


def test_a_given_axes_is_used():
    import matplotlib.pyplot as plt

    _, ax = plt.subplots()
    assert CASES["default"].plot(ax=ax) is ax
    plt.close(ax.figure)
