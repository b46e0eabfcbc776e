"""The firm–year table: roles, checks, description, fixed-effect transforms."""

from causalgreen.panel.build import Dropped
from causalgreen.panel.describe import PanelDescription
from causalgreen.panel.panel import Panel
from causalgreen.panel.roles import Roles

__all__ = ["Dropped", "Panel", "PanelDescription", "Roles"]
