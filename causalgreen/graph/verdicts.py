"""The three verdicts that a path can get."""

from __future__ import annotations

__all__ = ["ASSUMPTION", "IDENTIFIED", "NOT_IDENTIFIED"]

IDENTIFIED = "identified"
ASSUMPTION = "needs an assumption"
NOT_IDENTIFIED = "not identified"
