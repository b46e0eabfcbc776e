"""Sentences from phrases."""

from __future__ import annotations

__all__ = ["full"]


def full(text: str) -> str:
    """Make a sentence of a phrase; a name such as ``city_shock`` at its start stays as it is.

    Examples
    --------
    >>> full("as for direct"), full("city_shock moves both")
    ('As for direct.', 'city_shock moves both.')
    """
    text = text.strip()
    if text and "_" not in text.split()[0]:
        text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!", ":")) else text + "."
