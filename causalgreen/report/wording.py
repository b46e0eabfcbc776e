"""Sentences about effects: what a referee would accept, and no more."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

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
    "words",
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


def arrows(path: str) -> str:
    """Draw the arrows of a path.

    Examples
    --------
    >>> arrows("ai <- shock -> green")
    'ai ← shock → green'
    """
    return path.replace("<-", "←").replace("->", "→")


def words(name: str) -> str:
    """Read a column's name as words.

    Examples
    --------
    >>> words("green_patents")
    'green patents'
    """
    return name.replace("_", " ")


def path_label(term: str) -> str:
    """Name a path as a reader would.

    Examples
    --------
    >>> path_label("own_total"), path_label("human_capital"), path_label("a_b -> c")
    ('Own total', 'Through human capital', 'Through a b → c')
    """
    fixed = {
        "direct": "Direct",
        "spillover": "Spillover from peers",
        "spillover_direct": "Spillover, direct",
        "spillover_mediated": "Spillover through own mediators",
        "own_total": "Own total",
        "overall": "Overall",
    }
    head, bracket, rest = term.partition("[")
    tail = f" ({rest.rstrip(']')})" if bracket else ""
    name = fixed.get(head) or f"Through {head.replace('->', '→').replace('_', ' ')}"
    return name + tail


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


def interval(low: float, high: float, error: float) -> str:
    """Write an interval.

    Examples
    --------
    >>> interval(-0.1, 0.2, 0.07)
    '−0.100 to 0.200'
    """
    return f"{amount(low, error)} to {amount(high, error)}"


def sentence(
    row: Mapping[str, Any], subject: str, outcome: str, level: float, causal: bool = True
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

    Examples
    --------
    >>> row = dict(estimate=0.5, std_error=0.1, conf_low=0.3, conf_high=0.7)
    >>> sentence(row, "One more unit of ai", "green_patents", 0.95)
    'One more unit of ai raises green_patents by 0.50 (95 % interval 0.30 to 0.70)'
    >>> sentence(row, "One more robot", "green_patents", 0.95, causal=False)
    'One more robot is estimated to go with 0.50 more green_patents (95 % interval 0.30 to 0.70)'
    """
    error = float(row["std_error"])
    low, high, value = float(row["conf_low"]), float(row["conf_high"]), float(row["estimate"])
    span = f"{100 * level:g} % interval {interval(low, high, error)}"
    if low <= 0 <= high:
        size = f"estimate {amount(value, error)}, {span}"
        if not causal:
            return f"{subject} goes with no change in {outcome} that can be told from zero ({size})"
        return f"{subject} has no effect on {outcome} that can be told from zero ({size})"
    if not causal:
        more = f"{amount(abs(value), error)} {'more' if value > 0 else 'less'} {outcome}"
        return f"{subject} is estimated to go with {more} ({span})"
    verb = "raises" if value > 0 else "lowers"
    return f"{subject} {verb} {outcome} by {amount(abs(value), error)} ({span})"


def limits(study: Any, kind: str) -> tuple[str, ...]:
    """What the data cannot answer, in sentences, for this study."""
    roles = study.panel.roles
    treatment, outcome = words(join(roles.treatments)), words(roles.outcome)
    out = [
        f"Confounders that change over time and are not among the controls: if something unseen "
        f"moves both {treatment} and {outcome}, the estimates carry it.",
        f"Values of {treatment} that no firm in the table has taken: the estimates describe small "
        "changes around what was observed.",
    ]
    moved = (*roles.treatments, *roles.exposures, *roles.mediators)
    if kind in ("within", "first_difference"):
        out.append(
            f"Feedback: firm effects are removed under the assumption that past {outcome} "
            f"does not move later {words(join(moved, 'or'))}."
        )
    elif kind == "none":
        out.append("Lasting differences between firms: no firm effects were removed.")
    out.append(
        f"Carry-over: effects are those within the same period; what last period's "
        f"{words(join(moved, 'or'))} still does in this one is not counted."
    )
    if roles.groups:
        groups = words(join([name for name, _ in roles.groups]))
        out.append(
            f"Whether {groups} move {outcome} for reasons of their own: the mediated paths "
            "need that nothing unseen moves a mediator and the outcome together."
        )
    if roles.exposures:
        out.append(f"Spillovers along other channels than {words(join(roles.exposures))}.")
    else:
        out.append(
            "Spillovers: no exposure to peers was given, so firms are taken not to interact."
        )
    fewest = min(study.panel.n_clusters, default=0)
    if fewest < 40:
        out.append(
            f"Fine differences in precision: there are only {fewest} clusters, and intervals from "
            "few clusters are themselves uncertain."
        )
    return tuple(out)
