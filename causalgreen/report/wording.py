"""Sentences about effects: what a referee would accept, and no more."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from causalgreen.report.phrases import Phrases, phrases
from causalgreen.report.sentences import full

__all__ = [
    "amount",
    "arrows",
    "full",
    "interval",
    "join",
    "limits",
    "path_label",
    "runs",
    "sentence",
]


def join(words: Sequence[str], last: str = "and") -> str:
    """Join words as in prose.

    Examples
    --------
    >>> join(["a", "b", "c"])
    'a, b and c'
    """
    words = list(words)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def runs(numbers: Iterable[int]) -> str:
    """Write numbers short.

    Examples
    --------
    >>> runs([1, 2, 3, 6, 8, 9])
    '1–3, 6, 8, 9'
    """
    spans: list[list[int]] = []
    for number in sorted(numbers):
        if spans and number == spans[-1][-1] + 1:
            spans[-1].append(number)
        else:
            spans.append([number])
    return ", ".join(
        f"{span[0]}–{span[-1]}" if len(span) > 2 else ", ".join(map(str, span)) for span in spans
    )


def arrows(path: str) -> str:
    """Draw the arrows of a path.

    Examples
    --------
    >>> arrows("ai <- shock -> green")
    'ai ← shock → green'
    """
    return path.replace("<-", "←").replace("->", "→")


def path_label(term: str) -> str:
    """Name a path as a reader would, in English.

    Examples
    --------
    >>> path_label("own_total"), path_label("human_capital"), path_label("a_b -> c")
    ('Own total', 'Through human capital', 'Through a b → c')
    """
    return phrases().path(term)


def _decimals(error: float) -> int:
    if not math.isfinite(error) or error <= 0:
        return 3
    return min(max(1 - math.floor(math.log10(error)), 0), 6)


def amount(value: float, error: float) -> str:
    """Round a value to two significant digits of its standard error.

    Examples
    --------
    >>> amount(-0.25233, 0.0412)
    '−0.252'
    """
    text = f"{value:,.{_decimals(error)}f}"
    return text.replace("-", "−")


def interval(low: float, high: float, error: float, say: Phrases | None = None) -> str:
    """Write an interval.

    Examples
    --------
    >>> interval(-0.1, 0.2, 0.07)
    '−0.100 to 0.200'
    """
    say = say or phrases()
    return say("interval", low=amount(low, error), high=amount(high, error))


def sentence(
    row: Mapping[str, Any],
    subject: str,
    outcome: str,
    level: float,
    causal: bool = True,
    say: Phrases | None = None,
) -> str:
    """Say what one estimate says, without claiming a sign that the interval does not have.

    Parameters
    ----------
    row : mapping
        With ``estimate``, ``std_error``, ``conf_low``, ``conf_high``.
    subject, outcome : str
        Such as ``"One more unit of ai"`` and ``"green_patents"``.
    level : float
        Of the interval.
    causal : bool
        Whether the graph identifies the effect; if not, nothing is said to raise or lower.
    say : Phrases, optional
        Language; default: English.

    Examples
    --------
    >>> row = dict(estimate=0.5, std_error=0.1, conf_low=0.3, conf_high=0.7)
    >>> sentence(row, "One more unit of ai", "green_patents", 0.95)
    'One more unit of ai raises green_patents by 0.50 (95 % interval 0.30 to 0.70)'
    >>> sentence(row, "One more robot", "green_patents", 0.95, causal=False)
    'One more robot is estimated to go with 0.50 more green_patents (95 % interval 0.30 to 0.70)'
    """
    say = say or phrases()
    error = float(row["std_error"])
    low, high, value = float(row["conf_low"]), float(row["conf_high"]), float(row["estimate"])
    span = say("span", level=f"{100 * level:g}", interval=interval(low, high, error, say))
    told = {"subject": subject, "outcome": outcome, "span": span}
    if low <= 0 <= high:
        size = say("size", amount=amount(value, error), span=span)
        return say("says zero" if causal else "says goes zero", size=size, **told)
    keys = ("says raises", "says lowers") if causal else ("says more", "says less")
    return say(keys[value < 0], amount=amount(abs(value), error), **told)


def limits(study: Any, kind: str, say: Phrases | None = None) -> tuple[str, ...]:
    """What the data cannot answer, in sentences, for this study."""
    say = say or phrases()
    roles = study.panel.roles
    fewest = min(study.panel.n_clusters, default=0)
    moved = say.words((*roles.treatments, *roles.exposures, *roles.mediators), "or")
    told = {
        "treatment": say.words(roles.treatments),
        "outcome": say.word(roles.outcome),
        "moved": moved,
        "groups": say.words([name for name, _ in roles.groups]),
        "exposures": say.words(roles.exposures),
        "n": fewest,
    }
    keys = ["confounders", "values"]
    if kind in ("within", "first_difference"):
        keys.append("feedback")
    elif kind == "none":
        keys.append("lasting")
    keys.append("carry")
    if roles.groups:
        keys.append("mediators")
    keys.append("channels" if roles.exposures else "peers")
    if fewest < 40:
        keys.append("clusters")
    return tuple(say(f"limit {key}", **told) for key in keys)
