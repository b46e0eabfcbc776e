"""Which questions are asked of a panel, and which firms are on either side of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from causalgreen.errors import DesignError
from causalgreen.explain.scores import Scores
from causalgreen.graph.questions import QUESTIONS, Question

__all__ = ["Side", "asked_of", "compared"]

END = 0.2


@dataclass(frozen=True, slots=True)
class Side:
    """A comparison: which firms are on the high and on the low side, and what that is called."""

    question: Question
    trait: str
    high: np.ndarray
    low: np.ndarray
    words: str


def asked_of(
    questions: Sequence[Question] | Mapping[str, str] | None, scores: Scores
) -> list[Question]:
    """Questions that are asked: those given, or those of the field that suit the panel."""
    if isinstance(questions, Mapping):
        return _mapped(questions, scores)
    if questions is not None:
        return _given(questions)
    # Of several ways to ask the same, the one that this panel can answer, else the first.
    out = []
    for claim in dict.fromkeys(q.claim for q in QUESTIONS):
        same = [q for q in QUESTIONS if q.claim == claim]
        able = [q for q in same if any(t in scores.traits.columns for t in q.traits)]
        out += (able or same)[:1]
    return out


def _mapped(questions: Mapping[str, str], scores: Scores) -> list[Question]:
    """Questions of the field with the traits that answer them."""
    known = {q.name: q for q in QUESTIONS}
    if not questions:
        raise DesignError(
            f"claims({{}}): nothing is asked. Name a question and its trait, such as "
            f"claims({{{next(iter(known))!r}: {str(scores.traits.columns[0])!r}}}), or none: "
            "claims()"
        )
    out = []
    for name, trait in questions.items():
        if name not in known:
            raise DesignError(f"there is no question {name!r}; ask {', '.join(known)}")
        if trait not in scores.traits.columns:
            raise DesignError(
                f"question {name!r}: there is no trait {trait!r}; the traits are "
                f"{', '.join(map(str, scores.traits.columns))}"
            )
        out.append(replace(known[name], traits=(trait,)))
    return out


def _given(questions: Any) -> list[Question]:
    """Questions of the user's own."""
    known = {q.name: q for q in QUESTIONS}
    how = (
        "claims() asks those of the field; claims({name: trait}) says which trait answers one "
        f"of {', '.join(known)}; claims([Question(...), ...]) asks your own"
    )
    if isinstance(questions, str) or not isinstance(questions, Iterable):
        raise DesignError(f"claims({questions!r}): these are no questions. {how}")
    questions = list(questions)
    if not questions:
        raise DesignError(f"claims({questions!r}): nothing is asked. {how}")
    if odd := [q for q in questions if not isinstance(q, Question)]:
        raise DesignError(
            f"{odd[0]!r} is not a question; make one with causalgreen.graph.questions.Question"
        )
    return questions


def compared(scores: Scores, question: Question) -> Side | str:
    """Firms on the high and on the low side, or why there are none."""
    found = [t for t in question.traits if t in scores.traits.columns]
    if not found:
        return f"the panel has no trait {' or '.join(question.traits)}"
    trait = found[0]
    column = scores.traits[trait]
    if question.kind == "ends":
        if not pd.api.types.is_numeric_dtype(column):
            return f"{trait} is not a number"
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        low, high = np.nanquantile(values, [END, 1 - END])
        if low == high:
            return f"{trait} hardly varies"
        return Side(
            question, trait, values >= high, values <= low,
            f"{trait}: {high:.4g} and above against {low:.4g} and below (fifths)",
        )  # fmt: skip
    values = column.to_numpy(dtype=object)
    if question.kind == "prefix":
        texts = np.array([str(v) for v in values])
        high = np.array([t.startswith(tuple(map(str, question.high))) for t in texts])
        known = column.notna().to_numpy()
        return Side(
            question, trait, high & known, ~high & known,
            f"{trait}: codes that start with {', '.join(map(str, question.high))} against others",
        )  # fmt: skip
    high = np.isin(values.astype(str), _spellings(question.high))
    known = column.notna().to_numpy()
    low = np.isin(values.astype(str), _spellings(question.low)) if question.low else known & ~high
    if not high.any() or not low.any():
        seen = ", ".join(map(str, column.dropna().unique()[:5]))
        return f"{trait} has only the values {seen}"
    one, other = (f"{v:g}" if isinstance(v, float) else str(v) for v in (
        values[high][0], values[low][0]))  # fmt: skip
    return Side(question, trait, high, low, f"{trait}: {one} against {other}")


def _spellings(values: tuple[Any, ...]) -> list[str]:
    numbers = [str(float(v)) for v in values if isinstance(v, (int, float))]
    return [str(v) for v in values] + numbers
