"""The graph of this field: artificial intelligence, its paths, and green innovation."""

from __future__ import annotations

import re
import warnings
from typing import Any

from causalgreen.errors import GraphError, GraphWarning
from causalgreen.graph.causal_graph import CausalGraph
from causalgreen.graph.checks import parts
from causalgreen.panel.roles import Roles

__all__ = ["green_innovation_graph"]

FIRM, YEAR = "firm_effect", "year"
SHOCKS = ("city_shock", "industry_shock")

# Columns that Chinese firm panels carry as controls and that AI moves in the same year.
_EXACT = {"roa", "roe", "rd", "esg", "sub", "subs", "inst", "mfee", "tfp", "cf", "tobin", "q"}
_INSIDE = (
    "tobinq", "growth", "cashflow", "subsid", "greeninv", "researchanddev", "tertiary",
    "institutionalown", "managementfee", "productivity",
    "托宾", "研发", "补贴", "收益率", "生产率", "绿色投资",
    "管理费", "机构持股", "现金流", "成长性", "增长率",
)  # fmt: skip
_EARLIER = re.compile(
    r"(?:^|[_.\- ])(?:lag\d*|lagged|l\d*|base|baseline|pre|t_?1|1)(?:[_.\- ]|$)|滞后|基期",
    re.IGNORECASE,
)


def green_innovation_graph(panel_or_roles: Any) -> CausalGraph:
    """Draw the default graph of AI and green innovation for these columns.

    Firm effect, year, city and industry shocks, controls and traits move own AI, the mediators
    and green innovation (and, but for the firm's own controls, the exposure: where a firm is
    and what it does decides who its peers are). Peers' AI moves own AI (peer adoption), the
    mediators and green innovation. Own AI moves the mediators and green innovation; the
    mediators move green innovation. Mediators are not ordered: add an edge for that.

    Parameters
    ----------
    panel_or_roles : Panel or Roles
        A panel (anything with ``.roles``), or its roles.

    Returns
    -------
    CausalGraph
        With the latent nodes ``firm_effect``, ``city_shock``, ``industry_shock`` (the last two
        are ``shocks``) and the common node ``year``.

    Raises
    ------
    GraphError
        No roles, or a column that bears the name of one of these latent nodes.

    Warns
    -----
    GraphWarning
        A control that the treatment usually moves in the same year (ROA, Tobin's Q, ...).

    Examples
    --------
    >>> roles = Roles.of(unit="firm", time="year", outcome="green_patents", treatment="ai",
    ...                  exposure="peer_ai", mediators={"human_capital": "skilled_share"},
    ...                  traits="size", controls=["leverage", "roa_lag"])
    >>> graph = green_innovation_graph(roles)
    >>> sorted(graph.latent)
    ['city_shock', 'firm_effect', 'industry_shock']
    >>> graph.children("peer_ai")
    ('ai', 'skilled_share', 'green_patents')
    """
    roles = _roles(panel_or_roles)
    columns = parts(roles)
    clash = [n for n in (FIRM, *SHOCKS) if n in columns]
    if clash:
        raise GraphError(
            f"Column(s) {', '.join(map(repr, clash))} bear the name of a latent node of this "
            "graph.\n    what to do: rename the column(s), or draw the graph with CausalGraph"
        )
    _warn_post_treatment(roles)
    return CausalGraph(
        roles,
        tuple(dict.fromkeys((*columns, FIRM, YEAR, *SHOCKS))),
        tuple(dict.fromkeys(_edges(roles))),
        latent=frozenset((FIRM, *SHOCKS)),
        shocks=frozenset(SHOCKS),
    )


def _edges(roles: Roles) -> list[tuple[str, str]]:
    own = (*roles.treatments, *roles.mediators, roles.outcome)
    common = (FIRM, *SHOCKS) if YEAR in parts(roles) else (FIRM, YEAR, *SHOCKS)
    wide = (*common, *roles.traits)
    edges = [(a, b) for a in wide for b in (*own, *roles.exposures)]
    edges += [(a, b) for a in roles.controls for b in own]
    edges += [(FIRM, b) for b in (*roles.controls, *roles.traits) if b != YEAR]
    edges += [(a, b) for a in roles.exposures for b in own]
    edges += [(a, b) for a in roles.treatments for b in (*roles.mediators, roles.outcome)]
    edges += [(a, roles.outcome) for a in roles.mediators]
    return edges


def _roles(given: Any) -> Roles:
    roles = given if isinstance(given, Roles) else getattr(given, "roles", None)
    if not isinstance(roles, Roles):
        raise GraphError(
            f"A graph needs a panel or its roles, not {type(given).__name__}.\n"
            "    what to do: pass cg.Panel.from_frame(...)"
        )
    return roles


def usually_post_treatment(name: str) -> bool:
    """Whether a control's name is that of a variable AI moves, and nothing marks it as earlier.

    Examples
    --------
    >>> [usually_post_treatment(n) for n in ("ROA", "roa_lag", "L.TobinQ", "TobinQ", "size")]
    [True, False, False, True, False]
    """
    if _EARLIER.search(name):
        return False
    words = set(re.split(r"[_.\-\s&]+", name.lower()))
    joined = re.sub(r"[_.\-\s&]+", "", name.lower())
    return bool(words & _EXACT) or joined in _EXACT or any(k in joined for k in _INSIDE)


def _warn_post_treatment(roles: Roles) -> None:
    found = [c for c in roles.controls if usually_post_treatment(c)]
    if found:
        warnings.warn(
            f"Control(s) {', '.join(map(repr, found))}: usually moved by AI in the same year; use "
            "its lag or baseline (under a name that says so, such as roa_lag or roa_base), or say "
            f"so in the graph, reverse_edge({found[0]!r}, {roles.treatments[0]!r}), and it is "
            "refused as a control.",
            GraphWarning,
            stacklevel=3,
        )
