"""Open paths and DoWhy's answers, both against networkx's d-separation."""

import itertools

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalgreen.graph import door
from causalgreen.graph.door import sufficient_set
from causalgreen.graph.separation import backdoor_edges, open_path


@st.composite
def questions(draw, most=8):
    """A DAG, joint actions, an outcome, and adjusted nodes that do not descend from actions."""
    n = draw(st.integers(3, most))
    names = [f"n{i}" for i in range(n)]
    pairs = list(itertools.combinations(names, 2))
    edges = [p for p in pairs if draw(st.booleans())]
    outcome = names[draw(st.integers(1, n - 1))]
    rest = [x for x in names if x != outcome]
    actions = sorted(draw(st.sets(st.sampled_from(rest), min_size=1, max_size=2)))
    graph = nx.DiGraph(edges)
    graph.add_nodes_from(names)
    below = set().union(*(nx.descendants(graph, a) for a in (*actions, outcome)))
    free = sorted(set(rest) - set(actions) - below)
    adjusted = sorted(x for x in free if draw(st.booleans()))
    return names, edges, actions, outcome, adjusted


def separated(names, edges, actions, outcome, given_):
    graph = nx.DiGraph(backdoor_edges(edges, actions))
    graph.add_nodes_from(names)
    return nx.is_d_separator(graph, set(actions), {outcome}, set(given_))


def is_active(path, edges, given_):
    graph = nx.DiGraph(edges)
    for i in range(1, len(path.nodes) - 1):
        node = path.nodes[i]
        if path.arrows[i - 1] == "->" and path.arrows[i] == "<-":
            if not ({node} | nx.descendants(graph, node)) & set(given_):
                return False
        elif node in given_:
            return False
    return True


@settings(max_examples=300, deadline=None)
@given(questions())
def test_an_open_path_is_found_exactly_where_nodes_are_not_separated(question):
    names, edges, actions, outcome, adjusted = question
    path = open_path(edges, actions, outcome, adjusted)
    assert (path is None) == separated(names, edges, actions, outcome, adjusted)
    if path is not None:
        cut = backdoor_edges(edges, actions)
        for a, arrow, b in zip(path.nodes, path.arrows, path.nodes[1:], strict=False):
            assert ((a, b) if arrow == "->" else (b, a)) in cut
        assert len(set(path.nodes)) == len(path.nodes)
        assert path.nodes[0] in actions
        assert path.nodes[-1] == outcome
        assert is_active(path, cut, adjusted)


@settings(max_examples=60, deadline=None)
@given(questions(most=7))
def test_dowhy_finds_a_set_exactly_where_networkx_finds_one(question):
    names, edges, actions, outcome, adjusted = question
    found = sufficient_set(names, edges, actions, outcome, adjusted)
    subsets = itertools.chain.from_iterable(
        itertools.combinations(adjusted, k) for k in range(len(adjusted) + 1)
    )
    possible = any(separated(names, edges, actions, outcome, s) for s in subsets)
    assert (found is not None) == possible
    if found is not None:
        assert set(found) <= set(adjusted)
        assert separated(names, edges, actions, outcome, found)


@settings(max_examples=40, deadline=None)
@given(questions(most=7))
def test_beyond_the_largest_number_of_classes_the_answer_is_the_same(question):
    names, edges, actions, outcome, adjusted = question
    asked = sufficient_set(names, edges, actions, outcome, adjusted)
    usual = door.MAX_CLASSES
    door.MAX_CLASSES = 0
    try:
        told = sufficient_set(names, edges, actions, outcome, adjusted)
    finally:
        door.MAX_CLASSES = usual
    assert (told is None) == (asked is None)


def test_dowhy_calls_a_confounded_joint_effect_zero_and_we_do_not():
    """One action without a directed path makes DoWhy answer 'zero' for all of them."""
    from dowhy.causal_identifier import BackdoorAdjustment, EstimandType, identify_effect_auto

    edges = [("d", "y"), ("u", "d"), ("u", "y"), ("w", "e"), ("w", "y")]
    bare = identify_effect_auto(
        nx.DiGraph(edges), ["d", "e"], ["y"], ["d", "e", "y", "w"],
        EstimandType.NONPARAMETRIC_ATE, backdoor_adjustment=BackdoorAdjustment.BACKDOOR_MAX,
    )  # fmt: skip
    assert bare.no_directed_path  # the trap: if this fails, DoWhy has mended it
    nodes = ["d", "e", "u", "w", "y"]
    assert sufficient_set(nodes, edges, ["d", "e"], "y", ["w"]) is None
    assert sufficient_set(nodes, edges, ["d", "e"], "y", ["u", "w"]) == ("u", "w")


@pytest.mark.parametrize(
    ("edges", "given_", "shown"),
    [
        ([("u", "d"), ("u", "y"), ("d", "y")], [], "d <- u -> y"),
        ([("u", "d"), ("u", "z"), ("v", "z"), ("v", "y")], ["z"], "d <- u -> z <- v -> y"),
        ([("u", "d"), ("u", "c"), ("v", "c"), ("v", "y"), ("c", "z")], ["z"],
         "d <- u -> c <- v -> y"),
        ([("y", "d")], [], "d <- y"),
    ],
)  # fmt: skip
def test_open_paths_read_as_one_writes_them(edges, given_, shown):
    assert str(open_path(edges, ["d"], "y", given_)) == shown


def test_dowhy_is_silent_and_leaves_logging_and_the_prompt_alone(caplog):
    import logging
    import sys

    logger = logging.getLogger("dowhy.causal_identifier.auto_identifier")
    before = (logger.level, list(logger.filters), logging.root.level, sys.displayhook)
    nodes, edges = ["d", "u", "y"], [("d", "y"), ("u", "d"), ("u", "y")]
    assert sufficient_set(nodes, edges, ["d"], "y", []) is None
    assert not caplog.records
    assert before == (logger.level, list(logger.filters), logging.root.level, sys.displayhook)
