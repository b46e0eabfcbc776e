"""Verdicts of checks."""

from __future__ import annotations

from typing import Literal, get_args

__all__ = ["FAIL", "NOT_APPLICABLE", "PASS", "WARN", "Verdict"]

Verdict = Literal["pass", "fail", "warn", "not applicable"]
PASS, FAIL, WARN, NOT_APPLICABLE = get_args(Verdict)
