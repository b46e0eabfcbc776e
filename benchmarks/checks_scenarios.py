"""What every check is shown: panels where its null holds, and panels where something is planted."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import causalgreen as cg
from benchmarks.checks_scenario import Read, Scenario, cell, confounder_limits, study_of
from benchmarks.checks_worlds import (
    binary_mediator,
    chain_table,
    cross_section,
    few_cities,
    log_counts,
    one_firm,
    strata_world,
    thin_world,
    world,
)

__all__ = ["SCENARIOS"]

CHAIN: dict[str, Any] = {
    "unit": "i", "time": "t", "outcome": "y", "treatment": "d", "controls": "x",
    "mediators": {"a": "a", "b": "b"}, "cluster": "i",
}  # fmt: skip
ROWS = CHAIN | {"controls": ["x", "z"]}
BINARY = CHAIN | {"mediators": {"m": "m"}, "cluster": "c"}


def _panel(
    check: str, what: str, kind: str, planted: Mapping[str, Any], read: Read | None = None,
    p_of: str = "", roles: Mapping[str, Any] | None = None, **options: Any,
) -> Scenario:  # fmt: skip
    """A scenario of `world`."""
    return Scenario(
        check, what, kind, partial(world, **planted), partial(study_of, **(roles or {})), read,
        p_of, options, f"world {dict(planted)} {roles} {options}",
    )  # fmt: skip


def _chain(
    check: str, what: str, kind: str, planted: Mapping[str, Any], read: Read | None = None,
    p_of: str = "", **edges: Any,
) -> Scenario:  # fmt: skip
    """A scenario of `chain_table`."""
    return Scenario(
        check, what, kind, lambda seed: chain_table(**planted, seed=seed),
        partial(study_of, base=CHAIN, **edges), read, p_of,
        economy=f"chain {dict(planted)} {edges}",
    )  # fmt: skip


def _frame(
    check: str, what: str, kind: str, draw: Any, options: Mapping[str, Any] | None = None,
    **roles: Any,
) -> Scenario:  # fmt: skip
    """A scenario of another table of firms in cities."""
    return Scenario(
        check, what, kind, draw, partial(study_of, **roles), options=options or {},
        economy=f"{draw} {roles} {options}",
    )  # fmt: skip


# The jackknife is not deceived: with it there is no effect to begin with.
SANDWICH = {"covariance": "CR1"}
EFFECT, NOTHING = {"effect": 0.3}, dict[str, float]()
UNSEEN = EFFECT | {"confounder": 1.0}
CITIES_ONLY = {"by_city": True}
UNMOVED: dict[str, Any] = {"alpha": (0.5, 0.0)}
NO_EFFECT: dict[str, Any] = {"alpha": (0.0, 0.0), "mediated": 0.0, "direct": 0.0}
ONLY_DIRECT: dict[str, Any] = {"alpha": (0.0, 0.0), "mediated": 0.0}
TREATMENT, OUTCOME, FUTURE, NETWORK = (
    "placebo treatment", "placebo outcome", "future treatment", "placebo network",
)  # fmt: skip
FIRMS = cell("randomization_p", path="own_total", exchange="across firms")
CITY = cell("randomization_p", path="own_total", exchange="across city")
WIDTH, TOO_MANY = cell("size_p"), "placebos rejected too often (Holm)"
OWN = "own total among treatments of other firms"
OTHER: dict[str, Any] = {"placebo_outcome": "other"}
HOLM, PATHS = cell("holm_p"), "smallest of the paths (Holm)"
LEADS = "smallest of the equations (Holm)"
GROUPS: dict[str, Any] = {"roles": {"exposure": "peers"}, "network": "group"}
RIGHT, AMONG = cell("randomization_p"), "spillover among wrong peers"
LATER = cell("reported_p", exchange="future partners (later_peers)")
NEW: dict[str, Any] = {**GROUPS, "future_partners": "later_peers"}

PLACEBOS = (
    _panel(TREATMENT, "no effect", "null", NOTHING, FIRMS, OWN),
    _panel(TREATMENT, "no effect, whole cities exchanged", "null", NOTHING, CITY,
           "own total among treatments of other cities"),
    _panel(TREATMENT, "an effect of 0.3", "right", EFFECT, FIRMS, OWN),
    Scenario(TREATMENT, "an effect of 2, unbalanced panel", "right", thin_world, study_of, FIRMS,
             OWN),
    Scenario(TREATMENT, "an effect of 0.5, exchanged within kinds of firms", "right", strata_world,
             study_of, FIRMS, OWN, {"strata": "kind"}),
    _panel(TREATMENT, "given to cities, clustered by city", "null", CITIES_ONLY, WIDTH,
           TOO_MANY),
    _panel(TREATMENT, "given to cities, clustered by firm", "planted", CITIES_ONLY, WIDTH,
           TOO_MANY, {"cluster": "firm"}, assignment="city"),
    _panel(TREATMENT, "given to cities, clustered by firm, level not named", "planted",
           CITIES_ONLY, WIDTH, TOO_MANY, {"cluster": "firm"}),
    _panel(TREATMENT, "omitted confounder", "unseen", UNSEEN, WIDTH, TOO_MANY),
    _panel(OUTCOME, "AI does not move the placebo", "null", EFFECT, HOLM, PATHS, **OTHER),
    _panel(OUTCOME, "AI is mechanically in the placebo", "planted", EFFECT | {"mechanical": 0.3},
           HOLM, PATHS, **OTHER),
    _panel(OUTCOME, "omitted confounder moves AI, outcome, placebo", "planted",
           EFFECT | {"confounder": 0.7}, HOLM, PATHS, **OTHER),
    _panel(FUTURE, "strict exogeneity", "null", EFFECT, HOLM, LEADS),
    _panel(FUTURE, "firms anticipate", "planted", EFFECT | {"anticipation": 0.3}, HOLM, LEADS),
    _panel(FUTURE, "the outcome moves next year's AI", "planted", EFFECT | {"feedback": 0.3},
           HOLM, LEADS),
    _panel(FUTURE, "firms' own trends move AI and outcome", "planted", EFFECT | {"trend": 0.3},
           HOLM, LEADS),
    _panel(FUTURE, "omitted confounder as persistent as AI", "unseen", UNSEEN, HOLM, LEADS),
    _panel(NETWORK, "no spillover", "null", EFFECT, RIGHT, AMONG, **GROUPS),
    _panel(NETWORK, "a spillover of 0.3", "right", EFFECT | {"spillover": 0.3}, RIGHT, AMONG,
           **GROUPS),
    _panel(NETWORK, "a spillover of 0.3, network not named", "right", EFFECT | {"spillover": 0.3},
           RIGHT, "spillover among other firms' exposures", {"exposure": "peers"}),
    _panel(NETWORK, "only the number of peers matters", "planted", EFFECT | {"degree": 0.1},
           RIGHT, AMONG, {"exposure": "peers_sum"}, network="group"),
    _panel(NETWORK, "a shock of the group moves AI and outcome", "unseen",
           EFFECT | {"common": 0.7}, RIGHT, AMONG, **GROUPS),
    _panel(f"{NETWORK} (future partners)", "partners to come do not matter", "null",
           EFFECT | {"spillover": 0.3}, LATER, "partners to come", **NEW),
    _panel(f"{NETWORK} (future partners)", "partners to come share shocks already", "planted",
           EFFECT | {"spillover": 0.3, "later": 0.7}, LATER, "partners to come", **NEW),
)  # fmt: skip

NOISE, SUBSET, BOOTSTRAP = "random common cause", "data subset", "bootstrap"
INSIDE = {SUBSET: (cell("position_p"), "estimate among its draws"),
          BOOTSTRAP: (cell("position_p"), "estimate among its draws")}  # fmt: skip
CONFOUNDED = ("omitted confounder", "unseen", UNSEEN)
GIVEN = ("given to cities, clustered by firm", "unseen", CITIES_ONLY)
ZERO = (("no effect at all", NO_EFFECT), ("a direct effect only", ONLY_DIRECT),
        ("one mediator is not moved", UNMOVED))  # fmt: skip

REFUTERS = (
    *(
        _panel(check, what, kind, planted, *INSIDE.get(check, ()))
        for check in (NOISE, SUBSET, BOOTSTRAP)
        for what, kind, planted in (("an effect of 0.3", "right", EFFECT), CONFOUNDED)
    ),
    *(
        _chain(check, what, "null", planted)
        for check in (NOISE, SUBSET, BOOTSTRAP)
        for what, planted in ZERO
    ),
    *(_panel(check, *GIVEN, roles={"cluster": "firm"}) for check in (SUBSET, BOOTSTRAP)),
    _panel(NOISE, "given to 6 cities", "planted", EFFECT | {"by_city": True, "cities": 6}),
    *(
        _frame(check, "one firm makes the effect", "planted", one_firm, SANDWICH, cluster="firm")
        for check in (SUBSET, BOOTSTRAP, "influence")
    ),
    _frame(BOOTSTRAP, "treatment in 4 of 50 cities, no effect", "planted", few_cities),
    _panel("influence", "an effect of 0.3 everywhere", "right", EFFECT),
    _panel("overlap", "treatment in all of 80 cities", "right", {"firms": 240, "cities": 80}),
    _frame("overlap", "treatment in 4 of 50 cities", "planted", few_cities),
)

GRAPH, DOWHY, FULL, ALONE, ORDER = (
    "graph: implied independences", "graph: DoWhy's falsification", "full mediation",
    "mediator alone", "order of mediators",
)  # fmt: skip
PAIR = (cell("p_holm"), "smallest of the pairs (Holm)")
LEG = (cell("p_holm", mediator="b"), "effect on the second mediator (Holm)")
DIRECT = (cell("p_value", term="direct"), "direct effect")
DRAWN = (("x", "d"), ("z", "d"), ("d", "a"), ("d", "b"), ("a", "y"), ("b", "y"), ("x", "y"))
TANGLED = (("x", "a"), ("z", "y"), ("a", "d"), ("d", "b"), ("y", "b"), ("d", "y"), ("x", "z"))
NONE = cg.FixedEffects("none", time=False)

CLAIMS = (
    _chain(GRAPH, "the graph is right", "null", {}, *PAIR),
    _chain(GRAPH, "the graph is right, no effect at all", "null", NO_EFFECT, *PAIR),
    _chain(GRAPH, "no arrow between mediators, one acts on the other", "planted", {"link": 0.3},
           *PAIR),
    _chain(GRAPH, "no arrow from treatment to outcome, an effect of 0.3", "planted",
           {"direct": 0.3}, *PAIR, drop=(("d", "y"),)),
    *(
        Scenario(DOWHY, what, kind, cross_section,
                 partial(study_of, base=ROWS, fixed_effects=NONE, edges=edges))
        for what, kind, edges in (
            ("the graph is right, rows independent", "right", DRAWN),
            ("a wrong graph, rows independent", "planted", TANGLED),
        )
    ),
    _chain(ALONE, "both mediators are moved", "right", {}, *LEG),
    _chain(ALONE, "one mediator is not moved", "null", UNMOVED, *LEG),
    _chain(ALONE, "no effect at all", "null", NO_EFFECT, *LEG),
    _chain(ALONE, "a path is claimed whose mediator is not moved", "planted",
           {"alpha": (0.5, -0.25), "link": 0.5, "n": 300}, *LEG, add=(("a", "b"),)),
    *(
        Scenario(FULL, f"sharp null: {what}", kind, partial(binary_mediator, direct=direct),
                 partial(study_of, base=BINARY, fixed_effects=NONE, drop=(("d", "y"),)))
        for what, kind, direct in (
            ("a confounded mediator carries all", "null", 0.0),
            ("a direct effect of 2", "planted", 2.0),
        )
    ),
    _chain(FULL, "average: mediators carry all", "null", {"direct": 0.0}, *DIRECT),
    _chain(FULL, "average: no effect at all", "null", NO_EFFECT, *DIRECT),
    _chain(FULL, "average: a direct effect of 0.3", "planted", {"direct": 0.3}, *DIRECT),
    _chain(ORDER, "mediators do not act on each other", "right", {}),
    _chain(ORDER, "no effect at all", "null", NO_EFFECT),
    _chain(ORDER, "one mediator moves the other", "planted", {"link": 1.2}),
)  # fmt: skip

CURVE = "multiverse"
JOINT = (cell("p_joint", term="own_total"), "all specifications together")
LIMITS = "own total outside its limits"
STRONG: dict[str, Any] = EFFECT | {"confounder": 0.7}

REST = (
    _panel(CURVE, "no effect", "null", NOTHING, *JOINT),
    _panel(CURVE, "an effect of 0.3", "right", EFFECT, *JOINT),
    _panel(CURVE, "firms' own trends hide a negative effect", "planted",
           {"effect": -0.3, "trend": 0.4, "firms": 400}, *JOINT),
    *(
        Scenario("omitted confounder", what, kind, partial(world, **STRONG), study_of, None,
                 LIMITS, ask=partial(confounder_limits, share, 0.3))
        for what, kind, share in (
            ("limits at the confounder's strength", "null", 1.0),
            ("limits at a quarter of its strength", "planted", 0.25),
        )
    ),
    _frame("ln(1 + count)", "large counts", "right", partial(log_counts, small=False)),
    _frame("ln(1 + count)", "small counts with zeros, no effect", "null",
           partial(log_counts, effect=0.0)),
    _frame("ln(1 + count)", "small counts with zeros", "planted", log_counts),
)  # fmt: skip

SCENARIOS = {one.key: one for one in (*PLACEBOS, *REFUTERS, *CLAIMS, *REST)}
"""By name, in the order of the table."""
