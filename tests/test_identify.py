"""Verdicts on graphs whose answers are known."""

import networkx as nx
import pytest

from causalgreen.errors import GraphError, GraphWarning, IdentificationError
from causalgreen.graph import CausalGraph, green_innovation_graph, identify
from causalgreen.panel.roles import Roles

ALL = frozenset({"firm_effect", "year", "city_shock", "industry_shock"})
FIRM = frozenset({"firm_effect", "year"})
TERMS = ("direct", "restructuring", "human_capital", "spillover", "own_total", "overall")


def roles(**changes):
    given = {
        "unit": "firm",
        "time": "year",
        "outcome": "green_patents",
        "treatment": "ai",
        "exposure": "peer_ai",
        "mediators": {"restructuring": "clean_share", "human_capital": "skilled_share"},
        "traits": ["size"],
        "controls": ["age", "roa_lag"],
    }
    return Roles.of(**(given | changes))


def field(**changes):
    return green_innovation_graph(roles(**changes))


def verdicts(answer):
    return {v.term: v.verdict for v in answer.verdicts}


def bare(edges, latent=(), shocks=(), **changes):
    """A graph of its own, with only the roles that the case needs."""
    given = {"exposure": None, "mediators": {}, "traits": [], "controls": []} | changes
    part = roles(outcome="y", treatment=given.pop("treatment", "d"), **given)
    nodes = sorted({n for e in edges for n in e})
    return CausalGraph(part, nodes, edges, frozenset(latent), frozenset(shocks))


def test_everything_absorbed_identifies_totals_and_leaves_mediation_to_an_assumption():
    answer = identify(field(), absorbed=ALL)
    assert answer.terms == TERMS
    assert answer.identified_terms == ("spillover", "own_total", "overall")
    assert answer.usable_terms == TERMS
    for term in ("direct", "restructuring", "human_capital"):
        verdict = answer[term]
        assert verdict.verdict == "needs an assumption"
        assert verdict.open_path is None
        assert any(a.startswith("sequential ignorability") for a in verdict.assumptions)
    assert answer["own_total"].adjustment == ("age", "roa_lag", "size")
    assert answer["own_total"].absorbed == ("city_shock", "firm_effect", "industry_shock", "year")
    assert not any("sequential" in a for a in answer["own_total"].assumptions)


def test_shocks_that_nothing_absorbs_are_named_with_a_remedy():
    verdict = identify(field(), absorbed=FIRM)["own_total"]
    assert verdict.verdict == "needs an assumption"
    assert "city_shock and industry_shock" in verdict.reason
    assert verdict.open_path == "ai <- city_shock -> green_patents"
    assert '"city^year" and "industry^year"' in verdict.remedy
    assert any(a.startswith("no common shock") and "city_shock" in a for a in verdict.assumptions)
    one = identify(field(), absorbed=FIRM | {"city_shock"})["own_total"]
    assert "city_shock" not in one.reason
    assert '"industry^year"' in one.remedy


def test_only_shocks_that_matter_are_named():
    graph = field().drop_edge("industry_shock", "green_patents")
    graph = graph.drop_edge("industry_shock", "clean_share")
    graph = graph.drop_edge("industry_shock", "skilled_share")
    verdict = identify(graph, absorbed=FIRM | {"city_shock"})["own_total"]
    assert verdict.verdict == "identified"
    reason = identify(graph, absorbed=FIRM)["own_total"].reason
    assert "city_shock" in reason
    assert "industry_shock" not in reason


def test_without_fixed_effects_firm_effect_and_year_have_to_be_assumed_away():
    verdict = identify(field(), absorbed={"city_shock", "industry_shock"}, fixed_effects="none")
    assert verdict["own_total"].verdict == "needs an assumption"
    assert "firm_effect and year" in verdict["own_total"].reason
    assert "'within'" in verdict["own_total"].remedy
    assert "absorb the year" in verdict["own_total"].remedy


@pytest.mark.parametrize(
    ("kind", "words"),
    [("within", "in every year, earlier and later"), ("first_difference", "in both years"),
     ("mundlak", "firm means")],
)  # fmt: skip
def test_fixed_effects_say_what_they_assume(kind, words):
    answer = identify(field(), absorbed=ALL, fixed_effects=kind)
    assert any("strict exogeneity" in a and words in a for a in answer.common_assumptions)
    assert any(a.startswith("additive effects") for a in answer.common_assumptions)


def test_latent_confounder_of_mediator_and_outcome_spares_the_total():
    graph = field().add_node("talent_pool", latent=True, causes=["skilled_share", "green_patents"])
    answer = identify(graph, absorbed=ALL)
    assert answer.identified_terms == ("spillover", "own_total", "overall")
    for term in ("direct", "restructuring", "human_capital"):
        assert answer[term].verdict == "not identified"
        assert answer[term].open_path == "skilled_share <- talent_pool -> green_patents"
        assert "talent_pool is unobserved" in answer[term].reason
        assert "own_total does not need" in answer[term].remedy


@pytest.mark.parametrize("latent", [True, False])
def test_treatment_induced_confounder_fails_the_mediated_paths(latent):
    graph = field().add_node(
        "rd", latent=latent, causes=["clean_share", "green_patents"], caused_by="ai"
    )
    answer = identify(graph, absorbed=ALL)
    assert answer.identified_terms == ("spillover", "own_total", "overall")
    assert answer["restructuring"].open_path == "clean_share <- rd -> green_patents"
    assert answer["direct"].verdict == "not identified"
    assert "rd is moved by ai, so no adjustment helps" in answer["direct"].remedy


def test_an_observed_confounder_without_a_role_is_not_adjusted_for():
    graph = field().add_node("policy", causes=["ai", "green_patents"])
    verdict = identify(graph, absorbed=ALL)["own_total"]
    assert verdict.verdict == "not identified"
    assert verdict.open_path == "ai <- policy -> green_patents"
    assert "add policy to the controls" in verdict.remedy
    assert identify(graph, absorbed=ALL, adjusted=["age", "roa_lag", "size", "policy"])[
        "own_total"
    ].verdict == "identified"  # fmt: skip


def test_a_failing_path_outranks_an_open_shock():
    graph = field().add_node("policy", latent=True, causes=["ai", "green_patents"])
    verdict = identify(graph, absorbed=FIRM)["own_total"]
    assert verdict.verdict == "not identified"
    assert verdict.open_path == "ai <- policy -> green_patents"


def test_m_bias_collider_among_the_controls():
    edges = (("u", "d"), ("u", "z"), ("v", "z"), ("v", "y"), ("d", "y"))
    verdict = identify(bare(edges, latent="uv", controls="z"), absorbed=())["own_total"]
    assert verdict.verdict == "not identified"
    assert verdict.open_path == "d <- u -> z <- v -> y"
    assert "collider" in verdict.reason
    assert verdict.remedy == "do not adjust for z: without it the path is closed"
    assert identify(bare(edges, latent="uv"), absorbed=())["own_total"].verdict == "identified"


def test_front_door_is_not_what_the_estimator_does():
    """The front-door graph: D -> M -> Y, D <- U -> Y. Adjustment identifies none of its paths."""
    edges = (("d", "m"), ("m", "y"), ("u", "d"), ("u", "y"))
    answer = identify(bare(edges, latent="u", mediators={"g": "m"}), absorbed=())
    assert set(verdicts(answer).values()) == {"not identified"}
    assert answer["own_total"].open_path == "d <- u -> y"
    with pytest.raises(IdentificationError, match=r"none of its 3 paths[\s\S]*d <- u -> y") as e:
        answer.raise_if_none()
    assert "measure u" in str(e.value)


def test_an_instrument_does_not_disturb_the_verdict():
    edges = (("z", "d"), ("d", "y"), ("u", "d"), ("u", "y"))
    assert identify(bare(edges, latent="u"), absorbed=())["own_total"].verdict == "not identified"


def test_no_mediators_no_exposure():
    answer = identify(field(mediators={}, exposure=None), absorbed=ALL)
    assert verdicts(answer) == {"direct": "identified", "own_total": "identified"}
    assert any(a.startswith("no interference") for a in answer.common_assumptions)
    answer.raise_if_none()


def test_exposure_without_mediators():
    answer = identify(field(mediators={}), absorbed=ALL)
    assert answer.identified_terms == ("direct", "spillover", "own_total", "overall")
    assert any("common unit" in a for a in answer["overall"].assumptions)


def test_own_adoption_moved_by_peers_is_no_back_door():
    """E -> D -> Y: both are actions, so the arrow between them is part of the question."""
    edges = (("e", "d"), ("e", "y"), ("d", "y"))
    assert identify(bare(edges, exposure="e"), absorbed=())["overall"].verdict == "identified"


def test_exposure_left_out_confounds_own_adoption():
    edges = (("e", "d"), ("e", "y"), ("d", "y"))
    assert identify(bare(edges), absorbed=())["own_total"].open_path == "d <- e -> y"


def test_ordered_mediators_have_a_chain():
    graph = field().add_edge("skilled_share", "clean_share")
    answer = identify(graph, absorbed=ALL)
    assert "human_capital -> restructuring" in answer.terms
    assert answer["human_capital -> restructuring"].verdict == "needs an assumption"
    hidden = graph.add_node("culture", latent=True, causes=["skilled_share", "clean_share"])
    failed = identify(hidden, absorbed=ALL)
    # earlier mediators are held fixed in the later one's equation: their confounder opens it
    assert failed["restructuring"].open_path == "skilled_share <- culture -> clean_share"
    assert failed["human_capital -> restructuring"].verdict == "not identified"
    assert failed["human_capital"].verdict == "needs an assumption"
    assert failed["own_total"].verdict == "identified"


def test_confounded_mediators_that_are_not_ordered_do_no_harm():
    graph = field().add_node("culture", latent=True, causes=["skilled_share", "clean_share"])
    assert identify(graph, absorbed=ALL)["restructuring"].verdict == "needs an assumption"


def test_several_treatments_exposures_and_columns_in_a_group():
    graph = field(
        treatment=["robots", "finance"],
        exposure=["peer_city", "peer_industry"],
        mediators={"human_capital": ["skilled", "staff"]},
    )
    answer = identify(graph, absorbed=ALL)
    assert answer.identified_terms == ("spillover", "own_total", "overall")
    hidden = graph.add_node("u", latent=True, causes=["finance", "staff"])
    failed = identify(hidden, absorbed=ALL)
    assert failed["human_capital"].open_path == "finance <- u -> staff"
    assert failed["direct"].verdict == "needs an assumption"


def test_a_treatment_without_a_path_is_noted_and_does_not_hide_confounding():
    edges = (("d", "y"), ("u", "d"), ("u", "y"), ("w", "e"), ("w", "y"))
    answer = identify(bare(edges, latent="u", treatment=["d", "e"], controls="w"), absorbed=())
    assert answer["own_total"].open_path == "d <- u -> y"
    assert any("no directed path from e to y" in n for n in answer.notes)


def test_a_mediator_that_no_treatment_moves_is_noted():
    graph = field(exposure=None).drop_edge("ai", "clean_share")
    answer = identify(graph, absorbed=ALL)
    assert any("no treatment moves the mediator clean_share" in n for n in answer.notes)
    assert answer["restructuring"].verdict == "needs an assumption"


def test_an_outcome_that_moves_the_treatment():
    edges = (("y", "d"), ("w", "y"))
    verdict = identify(bare(edges, controls="w"), absorbed=())["own_total"]
    assert verdict.verdict == "not identified"
    assert verdict.open_path == "d <- y"
    assert "y causes d" in verdict.reason
    assert "lag of y" in verdict.remedy


def test_bad_controls_are_all_named_with_their_paths():
    with pytest.warns(GraphWarning, match=r"reverse_edge\('roa', 'ai'\)"):
        graph = field(controls=["age", "roa", "cash"])
    graph = graph.reverse_edge("roa", "ai").drop_edge("cash", "ai").add_edge("roa", "cash")
    with pytest.raises(IdentificationError) as caught:
        identify(graph, absorbed=ALL)
    text = str(caught.value)
    assert "2 bad controls" in text
    assert "roa: ai -> roa" in text
    assert "cash: ai -> roa -> cash" in text
    assert "age:" not in text
    assert "lag" in text
    assert "make it a mediator" in text


@pytest.mark.parametrize("source", ["clean_share", "peer_ai", "green_patents"])
def test_controls_moved_by_mediator_exposure_or_outcome_are_refused(source):
    edges = (("d", "y"), ("late", "y")) if source != "green_patents" else (("d", "y"),)
    plain = nx.DiGraph([*edges, ("d", "m"), ("m", "y"), ("e", "y")])
    name = {"clean_share": "m", "peer_ai": "e", "green_patents": "y"}[source]
    plain.add_edge(name, "late")
    plain.remove_edge("d", "m")
    shown = "d -> y -> late" if name == "y" else f"{name} -> late"
    part = roles(outcome="y", treatment="d", exposure="e", mediators={"g": "m"}, traits="late",
                 controls=[])  # fmt: skip
    with pytest.raises(IdentificationError, match=f"late: {shown}"):
        identify(CausalGraph.from_networkx(plain, part), absorbed=())


def test_an_exposure_moved_by_the_firm_itself_is_refused():
    graph = field().drop_edge("peer_ai", "ai").add_edge("ai", "peer_ai")
    with pytest.raises(IdentificationError, match=r"ai -> peer_ai[\s\S]*leave the firm"):
        identify(graph, absorbed=ALL)


def test_absorbing_what_the_treatment_moves_is_refused():
    graph = field().add_node("boom", shock=True, causes="green_patents", caused_by="ai")
    with pytest.raises(IdentificationError, match="boom: ai -> boom"):
        identify(graph, absorbed=ALL | {"boom"})


def test_names_that_do_not_fit():
    with pytest.raises(GraphError, match=r"no node 'agee'.*'age'"):
        identify(field(), absorbed=ALL, adjusted=["agee"])
    with pytest.raises(IdentificationError, match="Cannot adjust for clean_share"):
        identify(field(), absorbed=ALL, adjusted=["clean_share"])
    with pytest.raises(GraphError, match="kind of fixed effects 'twoway'"):
        identify(field(), absorbed=ALL, fixed_effects="twoway")
    with pytest.raises(GraphError, match="'direct' bear the name of a path"):
        identify(field(mediators={"direct": "clean_share"}), absorbed=ALL)
    answer = identify(field(), absorbed=ALL | {"town_shock"})
    assert any("town_shock" in note for note in answer.notes)
