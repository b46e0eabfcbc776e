"""Rows of a table as journals print them: coefficients, facts below them, the note."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

from causalgreen.report.phrases import Phrases

__all__ = ["Below", "fact_rows", "note_of", "number", "pair"]

STARS = (("***", 0.01), ("**", 0.05), ("*", 0.1))
Below = Literal["std_error", "t", "interval"]


def number(value: float, decimals: int) -> str:
    """A number as journals print it; minus signs are typographic.

    Examples
    --------
    >>> number(-0.12345, 3)
    '−0.123'
    """
    return "–" if not math.isfinite(value) else f"{value:,.{decimals}f}".replace("-", "−")


def pair(row: Any, below: Below, stars: bool, decimals: int, say: Phrases) -> tuple[str, str]:
    """A coefficient, and what stands below it."""
    if row is None:
        return "", ""
    p = float(row["p_value"])
    mark = next((m for m, limit in STARS if p < limit), "") if stars else ""
    under = {
        "std_error": f"({number(row['std_error'], decimals)})",
        "t": f"({number(row['estimate'] / row['std_error'], 2)})" if row["std_error"] > 0 else "",
        "interval": f"[{number(row['conf_low'], decimals)}, {number(row['conf_high'], decimals)}]",
    }
    return number(row["estimate"], decimals) + mark, under[below]


def fact_rows(contexts: Sequence[Any], say: Phrases) -> list[tuple[str, ...]]:
    """Fixed effects, clusters, firms, observations: rows that some model can fill."""
    absorbed = [_absorbed(context) for context in contexts]
    rows = [
        (
            say("stats effect", what="×".join(_capital(say.word(p)) for p in name.split("^"))),
            *(say("Yes") if name in has else say("No") for has in absorbed),
        )
        for name in dict.fromkeys(name for has in absorbed for name in has)
    ]
    clustered = dict.fromkeys(
        name for context in contexts for name in getattr(context, "cluster_names", ())
    )
    for name in clustered:
        label = say("stats clusters", clusters=say.word(name))
        rows.append((label, *(_clusters(context, name) for context in contexts)))
    for label, key in (("stats firms", "n_firms"), ("stats rows", "n_rows")):
        rows.append((say(label), *(_count(getattr(context, key, None)) for context in contexts)))
    means = [getattr(context, "mean_outcome", None) for context in contexts]
    rows.append((say("stats mean"), *("" if m is None else number(m, 3) for m in means)))
    return [row for row in rows if any(row[1:])]


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]


def _absorbed(context: Any) -> tuple[str, ...]:
    parts = str(getattr(context, "absorbed", "")).split(" + ")
    return tuple(part for part in parts if part)


def _clusters(context: Any, name: str) -> str:
    names = tuple(context.cluster_names)
    return _count(context.n_clusters[names.index(name)]) if name in names else ""


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def note_of(models: Sequence[Any], below: Below, stars: bool, level: float, say: Phrases) -> str:
    """What the parentheses hold, and the stars."""
    kinds = dict.fromkeys(
        (model.covariance, tuple(getattr(model.context, "cluster_names", ()))) for model in models
    )
    told = [say(f"note {kind}", clusters=say.words(names)) for kind, names in kinds]
    errors = say.text["comma"].join(told) if len(told) > 1 else told[0]
    if below != "std_error":
        low = errors[:1].lower() + errors[1:]
        errors = say(f"note {below}", errors=low, level=f"{100 * level:g}")
    parts = [say("journal note", errors=errors)]
    if stars:
        marks = [say("star", mark=mark, level=f"{limit:g}") for mark, limit in STARS]
        parts.append(say("stars note", stars=say.text["comma"].join(marks)))
    return say.sentences(parts)
