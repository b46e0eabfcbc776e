"""The causal graph: edits, refusals, other forms, the default graph."""

import pickle
import re
import subprocess
import sys
import warnings
from dataclasses import FrozenInstanceError
from types import SimpleNamespace

import networkx as nx
import pytest

from causalgreen.errors import GraphError, GraphWarning
from causalgreen.graph import CausalGraph, green_innovation_graph
from causalgreen.graph.template import usually_post_treatment
from causalgreen.panel.roles import Roles

ROLES = Roles.of(
    unit="firm",
    time="year",
    outcome="green_patents",
    treatment="ai",
    exposure="peer_ai",
    mediators={"restructuring": "clean_share", "human_capital": "skilled_share"},
    traits=["size", "urban"],
    controls=["age", "roa_lag"],
)
SMALL = Roles.of(unit="i", time="t", outcome="y", treatment="d", mediators={"g": "m"})


def small(*edges, **kwargs):
    return CausalGraph(SMALL, ("d", "m", "y"), edges, **kwargs)


@pytest.fixture(scope="module")
def graph():
    return green_innovation_graph(ROLES)


def test_default_graph_has_the_arrows_of_the_field(graph):
    assert graph.latent == {"firm_effect", "city_shock", "industry_shock"}
    assert graph.shocks == {"city_shock", "industry_shock"}
    assert graph.parents("peer_ai") == (
        "size",
        "urban",
        "city_shock",
        "firm_effect",
        "industry_shock",
        "year",
    )
    assert graph.children("peer_ai") == ("ai", "clean_share", "skilled_share", "green_patents")
    assert graph.children("ai") == ("clean_share", "skilled_share", "green_patents")
    assert graph.children("age") == ("ai", "clean_share", "skilled_share", "green_patents")
    assert graph.parents("age") == ("firm_effect",)
    assert graph.children("green_patents") == ()
    assert "skilled_share" not in graph.children("clean_share")


def test_default_graph_takes_anything_with_roles():
    assert green_innovation_graph(SimpleNamespace(roles=ROLES)) == green_innovation_graph(ROLES)
    with pytest.raises(GraphError, match=r"not dict[\s\S]*cg\.Panel\.from_frame"):
        green_innovation_graph({"outcome": "y"})


def test_default_graph_refuses_a_column_named_as_a_latent_node():
    roles = Roles.of(unit="i", time="t", outcome="y", treatment="d", controls="city_shock")
    with pytest.raises(GraphError, match=r"'city_shock'[\s\S]*rename"):
        green_innovation_graph(roles)


def test_a_control_named_year_takes_the_place_of_the_year_node():
    roles = Roles.of(unit="i", time="t", outcome="y", treatment="d", controls="year")
    assert green_innovation_graph(roles).nodes.count("year") == 1


@pytest.mark.parametrize(
    "name",
    ["TobinQ", "ROA", "roe", "sales_growth", "Cashflow", "RD", "ESG", "subsidy", "INST", "Mfee",
     "TFP", "tfp_lp", "green_investment", "托宾Q", "政府补贴"],
)  # fmt: skip
def test_usual_post_treatment_controls_are_warned_about(name):
    roles = Roles.of(unit="i", time="t", outcome="y", treatment="d", controls=["size", name])
    with pytest.warns(GraphWarning, match=f"{name}.*lag or baseline") as caught:
        green_innovation_graph(roles)
    assert "'size'" not in str(caught[0].message)


@pytest.mark.parametrize(
    "name",
    ["roa_lag", "lag_roa", "l_roa", "L.TobinQ", "roa_1", "roa_t1", "roa_base", "roa_pre", "l1_roa",
     "roa_lag2", "lev", "age", "board_size", "road_length", "substance", "研发_滞后"],
)  # fmt: skip
def test_earlier_and_harmless_controls_are_not(name):
    assert not usually_post_treatment(name)
    roles = Roles.of(unit="i", time="t", outcome="y", treatment="d", controls=name)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        green_innovation_graph(roles)


def test_edits_return_new_graphs_and_leave_the_old_alone(graph):
    edges = graph.edges
    more = graph.add_node("talent", latent=True, causes=["skilled_share"], caused_by="age")
    more = more.add_edge("skilled_share", "clean_share").drop_edge("peer_ai", "ai")
    turned = more.reverse_edge("skilled_share", "clean_share")
    assert graph.edges == edges
    assert "talent" not in graph.nodes
    assert ("talent", "skilled_share") in more.edges
    assert ("age", "talent") in more.edges
    assert "talent" in more.latent
    assert ("peer_ai", "ai") not in more.edges
    assert ("clean_share", "skilled_share") in turned.edges
    assert turned.drop_node("talent").latent == graph.latent


def test_nothing_mutable_leaks(graph):
    plain = graph.to_networkx()
    plain.remove_node("ai")
    assert "ai" in graph.nodes
    with pytest.raises(FrozenInstanceError):
        graph.nodes = ()
    assert pickle.loads(pickle.dumps(graph)) == graph
    assert len({graph, green_innovation_graph(ROLES)}) == 1


def test_the_order_in_which_it_is_drawn_does_not_matter():
    one = CausalGraph(SMALL, ("y", "m", "d"), (("m", "y"), ("d", "m")))
    assert one == small(("d", "m"), ("m", "y"))
    assert str(one) == str(small(("d", "m"), ("m", "y")))


def test_a_cycle_is_printed():
    graph = small(("d", "m"), ("m", "y"))
    with pytest.raises(GraphError, match=r"cycle: d -> m -> y -> d\.[\s\S]*drop or reverse"):
        graph.add_edge("y", "d")
    with pytest.raises(GraphError, match=r"cycle: d -> d\."):
        graph.add_edge("d", "d")


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda g: g.add_edge("peer", "ai"), r"no node 'peer' \(did you mean 'peer_ai'"),
        (lambda g: g.drop_edge("ai", "age"), r"no edge ai -> age; there is age -> ai"),
        (lambda g: g.add_edge("ai", "green_patents"), r"already has the edge ai -> green_patents"),
        (lambda g: g.drop_node("ai"), r"'ai' cannot be dropped.*treatment"),
        (lambda g: g.drop_node("aii"), r"no node 'aii'"),
        (lambda g: g.add_node("ai"), r"already has a node 'ai'[\s\S]*add_edge"),
        (lambda g: g.add_node("u", causes="skill_share"), r"did you mean 'skilled_share'"),
        (lambda g: g.parents("agee"), r"no node 'agee' \(did you mean 'age'"),
    ],
)
def test_refusals_say_what_and_what_to_do(graph, act, message):
    with pytest.raises(GraphError, match=message) as caught:
        act(graph)
    assert "what to do" in str(caught.value)


def test_roles_need_nodes_and_cannot_be_latent():
    with pytest.raises(GraphError, match=r"mediator 'm' \(did you mean 'mm'"):
        CausalGraph(SMALL, ("d", "mm", "y"), ())
    with pytest.raises(GraphError, match=r"cannot be latent: 'm' \(mediator\)"):
        small(("d", "m"), latent=frozenset({"m"}))
    with pytest.raises(GraphError, match=r"more than once: 'd'"):
        CausalGraph(SMALL, ("d", "d", "m", "y"), ())


def test_ancestors_and_descendants(graph):
    assert graph.descendants("ai") == {"clean_share", "skilled_share", "green_patents"}
    assert graph.ancestors("age") == {"firm_effect"}
    assert "ai" not in graph.ancestors("ai")


def test_mediators_are_layered_by_the_arrows_between_their_groups(graph):
    assert graph.mediator_order() == (("restructuring", "human_capital"),)
    assert graph.mediator_chains() == ()
    ordered = graph.add_edge("skilled_share", "clean_share")
    assert ordered.mediator_order() == (("human_capital",), ("restructuring",))
    assert ordered.mediator_chains() == (("human_capital", "restructuring"),)
    assert CausalGraph(Roles.of(unit="i", time="t", outcome="y", treatment="d"), ("d", "y"), ())\
        .mediator_order() == ()  # fmt: skip


def test_three_groups_make_a_chain_of_three_and_mutual_groups_share_a_layer():
    roles = Roles.of(
        unit="i", time="t", outcome="y", treatment="d",
        mediators={"a": ["a1", "a2"], "b": ["b1", "b2"], "c": "c1"},
    )  # fmt: skip
    nodes = ("d", "a1", "a2", "b1", "b2", "c1", "y")
    line = CausalGraph(roles, nodes, (("a1", "b1"), ("b1", "c1")))
    assert line.mediator_order() == (("a",), ("b",), ("c",))
    assert line.mediator_chains() == (("a", "b"), ("b", "c"), ("a", "b", "c"))
    mutual = CausalGraph(roles, nodes, (("a1", "b1"), ("b2", "a2"), ("a1", "c1")))
    assert mutual.mediator_order() == (("a", "b"), ("c",))


def test_mediators_linked_through_an_unlisted_node_are_ordered(graph):
    linked = graph.add_node("L", latent=True, causes=["clean_share"], caused_by=["skilled_share"])
    assert linked.mediator_order() == (("human_capital",), ("restructuring",))
    assert linked.mediator_chains() == (("human_capital", "restructuring"),)
    longer = graph.add_node("A", caused_by="skilled_share").add_node(
        "B", latent=True, causes="clean_share", caused_by="A"
    )
    assert longer.mediator_order() == linked.mediator_order()
    common = graph.add_node("L", latent=True, causes=["clean_share", "skilled_share"])
    assert common.mediator_order() == (("restructuring", "human_capital"),)


def test_links_end_at_nodes_with_a_part_in_the_system():
    roles = Roles.of(
        unit="i", time="t", outcome="y", treatment="d", exposure="e",
        mediators={"a": "a1", "b": "b1", "c": "c1"},
    )  # fmt: skip
    nodes = ("d", "e", "a1", "b1", "c1", "y")
    for end in ("d", "e", "y"):
        graph = CausalGraph(roles, nodes, (("a1", end), (end, "b1")))
        assert graph.mediator_order() == (("a", "b", "c"),)
    through = CausalGraph(roles, nodes, (("a1", "b1"), ("b1", "c1")))
    assert through.mediator_chains() == (("a", "b"), ("b", "c"), ("a", "b", "c"))


def test_networkx_round_trip_and_marks():
    plain = nx.DiGraph([("d", "m"), ("m", "y"), ("u", "m"), ("v", "y"), ("s", "y"), ("w", "y")])
    plain.nodes["u"]["observed"] = "no"
    plain.nodes["v"]["latent"] = True
    plain.nodes["s"]["shock"] = True
    graph = CausalGraph.from_networkx(plain, SMALL, latent=["w"])
    assert graph.latent == {"u", "v", "s", "w"}
    assert graph.shocks == {"s"}
    assert CausalGraph.from_networkx(graph.to_networkx(), SMALL) == graph
    with pytest.raises(GraphError, match=r"undirected[\s\S]*DiGraph"):
        CausalGraph.from_networkx(nx.Graph([("d", "y")]), SMALL)


def test_gml_round_trip_with_chinese_names(tmp_path):
    roles = Roles.of(unit="公司", time="年", outcome="绿色专利", treatment="人工智能")
    graph = green_innovation_graph(roles).add_node("U 1.2", latent=True, causes="绿色专利")
    assert CausalGraph.from_gml(graph.to_gml(), roles) == graph
    file = tmp_path / "graph.gml"
    file.write_text(graph.to_gml(), encoding="utf-8")
    assert CausalGraph.from_gml(file, roles) == graph
    assert CausalGraph.from_gml(str(file), roles) == graph


def test_gml_as_dowhy_writes_it():
    text = (
        'graph [directed 1 node [id "d" label "d"] node [id "m" label "m"] node [id "y" label "y"]'
        ' node [id "U" label "U" observed "no"] edge [source "d" target "m"]'
        ' edge [source "U" target "y"]]'
    )
    graph = CausalGraph.from_gml(text, SMALL)
    assert graph.latent == {"U"}
    assert graph.edges == (("d", "m"), ("U", "y"))


def test_dot_round_trip(tmp_path):
    roles = Roles.of(unit="公司", time="年", outcome="绿色 专利", treatment="L.ai")
    graph = green_innovation_graph(roles).add_node('so-"called"', latent=True, causes="L.ai")
    file = tmp_path / "graph.dot"
    file.write_text(graph.to_dot(), encoding="utf-8")
    assert CausalGraph.from_dot(graph.to_dot(), roles) == graph
    assert CausalGraph.from_dot(file, roles) == graph


@pytest.mark.parametrize(
    "text",
    [
        'digraph { U [observed="no"]; d -> m; m -> y; d -> y; U -> m; U -> y; }',
        'digraph {\n U [observed="no"]\n d -> {m y}\n m -> y\n U -> {m; y}\n}\n',
        "dag {\nd [exposure,pos=\"0,1\"]\ny [outcome]\nU [latent,pos=\"1,1\"]\nm <- d\nd -> y\n"
        "m -> y\nU -> m\ny <- U\n}\n",
        'dag { bb="0,0,1,1"\n U [unobserved] d -> m -> y ; d -> y ; U -> m ; U -> y }',
    ],
)  # fmt: skip
def test_dot_and_dagitty_spellings_of_one_graph(text):
    graph = CausalGraph.from_dot(text, SMALL)
    assert set(graph.edges) == {("d", "m"), ("m", "y"), ("d", "y"), ("U", "m"), ("U", "y")}
    assert graph.latent == {"U"}


def test_dagitty_two_headed_arrow_is_a_latent_common_cause():
    graph = CausalGraph.from_dot("dag { d -> m\n m -> y\n m <-> y }", SMALL)
    assert graph.parents("m") == ("d", "U_m_y")
    assert graph.latent == {"U_m_y"}


@pytest.mark.parametrize("reader", [CausalGraph.from_gml, CausalGraph.from_dot])
def test_unreadable_graphs_are_named(reader, tmp_path):
    with pytest.raises(GraphError, match=r"nowhere[\s\S]*check the path"):
        reader(tmp_path / "nowhere.gml", SMALL)
    broken = "graph [ node [ ] ]" if reader == CausalGraph.from_gml else "digraph { d -> -> }"
    with pytest.raises(GraphError, match=r"is not a (GML|DOT) graph"):
        reader(broken, SMALL)


def test_dot_without_pydot_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydot", None)
    with pytest.raises(GraphError, match=r"needs the package pydot[\s\S]*pip install"):
        CausalGraph.from_dot("digraph { d -> y; m }", SMALL)


def test_words(graph):
    text = str(graph)
    assert re.search(r"treatment +ai +-> clean_share, skilled_share, green_patents", text)
    assert re.search(r"shock +city_shock +->", text)
    assert max(map(len, text.splitlines())) <= 100
    assert "&gt;" in graph._repr_html_()
    assert repr(graph) == f"CausalGraph(13 nodes, {len(graph.edges)} edges, 3 latent)"


def test_the_graph_is_drawn_without_heavy_imports_at_the_door():
    code = (
        "import sys, causalgreen.graph\n"
        "heavy = {'dowhy', 'networkx', 'matplotlib', 'sklearn'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
