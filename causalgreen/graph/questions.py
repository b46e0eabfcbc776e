"""The questions of the field: who gains more, in the words of the claims that are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["QUESTIONS", "Question"]


@dataclass(frozen=True, slots=True)
class Question:
    """A claim that one kind of firm gains more than another.

    Attributes
    ----------
    name : str
        Short name.
    claim : str
        The claim, as it is made.
    traits : tuple of str
        Columns that may hold the trait; the first that a panel has is used.
    kind : {"ends", "levels", "prefix", "treatments", "average"}
        ``ends``: upper against lower fifth of a number. ``levels``: values of a trait. ``prefix``:
        categories that start with a text against the others. ``treatments``: one treatment against
        another. ``average``: the average effect against zero.
    high, low : tuple
        Values on either side, for ``levels`` and ``prefix``; an empty ``low`` means all others.
    least : int
        Fewest clusters on either side for an answer.
    instead : str
        The nearest question that can be answered where this one cannot.
    caution : str
        What the answer does not say.
    """

    name: str
    claim: str
    traits: tuple[str, ...] = ()
    kind: Literal["ends", "levels", "prefix", "treatments", "average"] = "ends"
    high: tuple[Any, ...] = ()
    low: tuple[Any, ...] = ()
    least: int = 10
    instead: str = ""
    caution: str = ""


QUESTIONS = (
    Question(
        "net positive", "AI makes the average firm greener", kind="average",
        caution="says nothing of single firms; see sorted_groups() for groups that lose",
    ),
    Question(
        "larger versus smaller", "larger firms gain more",
        ("size", "assets", "employees", "ln_assets"),
        instead="add a trait 'size' (such as log assets in the first year) to the panel",
        caution="size may stand for ownership, region or industry: compare contrast(trait)",
    ),
    Question(
        "urban versus rural", "urban firms gain more than rural ones",
        ("urban",), "levels", (1, True, "urban"), (0, False, "rural"), least=30,
        instead="core against outlying cities (a trait such as city_tier), or a panel of counties: "
        "listed firms sit in cities",
    ),
    Question(
        "clean versus remediation industries",
        "clean-production industries are stimulated more than pollution-remediation industries",
        ("industry_type",), "levels", ("clean", "clean_production"), ("remediation", "end_of_pipe"),
        instead="clean-production industries against all others (a trait clean_industry)",
        caution="heavy-polluting industries are not remediation industries",
    ),
    Question(
        "clean versus other industries", "clean-production industries are stimulated more",
        ("clean_industry",), "levels", (1, True), (0, False),
        instead="add a trait clean_industry (1 or 0) to the panel",
        caution="the others are not remediation industries alone",
    ),
    Question(
        "manufacturing versus the rest", "AI works especially in manufacturing",
        ("manufacturing",), "levels", (1, True), (0, False),
        instead="add a trait manufacturing (1 or 0), or the industry code as a trait",
    ),
    Question(
        "manufacturing codes versus the rest", "AI works especially in manufacturing",
        ("industry", "industry_code"), "prefix", ("C",),
        instead="give industry codes of the CSRC, where manufacturing starts with C",
    ),
    Question(
        "by type of AI", "types of AI differ: robots, smart manufacturing, digital finance",
        kind="treatments",
        instead="give each type as a treatment of its own: Panel.from_frame(treatment=[...])",
        caution="units differ between types; the second line compares standard deviations",
    ),
)  # fmt: skip
"""Asked by default. Of two that ask the same of different columns, the one a panel can answer."""
