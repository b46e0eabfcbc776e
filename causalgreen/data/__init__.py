"""Readers of the files that people have, panels made of them, and simulated economies.

Names are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOMES = {
    "Audit": "audit",
    "Derived": "derived",
    "Findings": "checks",
    "FirmPanel": "firms",
    "GreenPatents": "patents",
    "GreenRules": "patents_rules",
    "IndustryList": "industry_lists",
    "PilotZones": "zones",
    "SimulatedFiles": "files",
    "Table": "reading",
    "ZoneAttachment": "zones_attach",
    "attach_pilot_zones": "zones_attach",
    "city_tiers": "derived_places",
    "clean_output_share": "derived_firms",
    "firm_panel": "assemble",
    "green_patents": "patents",
    "green_rules": "patents_rules",
    "heavy_polluter": "derived_industry",
    "heavy_polluters": "industry_lists",
    "human_capital_shares": "derived_firms",
    "industrial_upgrading": "derived_structure",
    "industry_codes": "derived_industry",
    "pilot_zones": "zones",
    "rationalisation": "derived_structure",
    "read": "reading",
    "read_table": "tables",
    "regions": "derived_places",
    "simulate_files": "files",
}

__all__ = [
    "Audit",
    "Derived",
    "Findings",
    "FirmPanel",
    "GreenPatents",
    "GreenRules",
    "IndustryList",
    "PilotZones",
    "SimulatedFiles",
    "Table",
    "ZoneAttachment",
    "attach_pilot_zones",
    "city_tiers",
    "clean_output_share",
    "firm_panel",
    "green_patents",
    "green_rules",
    "heavy_polluter",
    "heavy_polluters",
    "human_capital_shares",
    "industrial_upgrading",
    "industry_codes",
    "pilot_zones",
    "rationalisation",
    "read",
    "read_table",
    "regions",
    "simulate_files",
]

if TYPE_CHECKING:
    from causalgreen.data.assemble import firm_panel
    from causalgreen.data.audit import Audit
    from causalgreen.data.checks import Findings
    from causalgreen.data.derived import Derived
    from causalgreen.data.derived_firms import clean_output_share, human_capital_shares
    from causalgreen.data.derived_industry import heavy_polluter, industry_codes
    from causalgreen.data.derived_places import city_tiers, regions
    from causalgreen.data.derived_structure import industrial_upgrading, rationalisation
    from causalgreen.data.files import SimulatedFiles, simulate_files
    from causalgreen.data.firms import FirmPanel
    from causalgreen.data.industry_lists import IndustryList, heavy_polluters
    from causalgreen.data.patents import GreenPatents, green_patents
    from causalgreen.data.patents_rules import GreenRules, green_rules
    from causalgreen.data.reading import Table, read
    from causalgreen.data.tables import read_table
    from causalgreen.data.zones import PilotZones, pilot_zones
    from causalgreen.data.zones_attach import ZoneAttachment, attach_pilot_zones


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
