"""The beginning of a reason, for a line of a summary."""

from __future__ import annotations

import re

__all__ = ["first"]

REASON = 170
# A stop ends a sentence before a capital; in "network=... was not given" it does not.
SENTENCE = re.compile(r"(?<!\.)\. (?=[^a-z])")


def first(reason: str) -> str:
    """The first sentences of a reason, or its beginning where the first one is long."""
    text = " ".join(reason.split()).rstrip(".。")
    ends = [m.start() for m in SENTENCE.finditer(text)]
    while len(text) > REASON and ends:
        text = text[: ends.pop()]
    if len(text) <= REASON:
        return text
    return _closed(text[:REASON].rsplit(" ", 1)[0]).rstrip(",;:( ") + " ..."


def _closed(text: str) -> str:
    """Without what stands in a bracket that does not close."""
    while text.count("(") > text.count(")"):
        text = text[: text.rindex("(")]
    return text
