"""Claims of the field, tested in one table: supported, contradicted, or not to be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from causalgreen.effects.effects import Effects
from causalgreen.explain.claims_sides import asked_of, compared
from causalgreen.explain.multiple import romano_wolf
from causalgreen.explain.regress import regress, regress_values
from causalgreen.explain.scores import Scores
from causalgreen.graph.questions import Question

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from causalgreen.explain.explanation import Explanation

__all__ = ["Claims", "claims"]

SUPPORTED, CONTRADICTED, UNTOLD, REFUSED = (
    "supported", "contradicted", "cannot tell", "not answerable here",
)  # fmt: skip
LEVEL = 0.05


@dataclass(frozen=True, slots=True, repr=False)
class Claims:
    """Answers to questions about heterogeneity, path by path.

    Attributes
    ----------
    table : pandas.DataFrame
        One row for each question and path; see `tidy`.
    effects : Effects or None
        The estimates that could be had, jointly.
    scores : Scores
        Who was asked.
    """

    table: pd.DataFrame
    effects: Effects | None
    scores: Scores

    def tidy(self) -> pd.DataFrame:
        """Answers.

        Returns
        -------
        pandas.DataFrame
            Columns question, claim, term, compared, n_high, n_low, clusters_high, clusters_low,
            estimate, std_error, statistic, p_value, p_adjusted, conf_low, conf_high, verdict,
            remark.
        """
        return self.table.copy()

    def plot(self) -> Figure:
        """Differences with intervals, by question and path; what has no answer says why."""
        from causalgreen.explain.claims_plot import plot_claims

        return plot_claims(self)

    def __str__(self) -> str:
        from causalgreen.explain.claims_plot import claims_text

        return claims_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from causalgreen.explain.claims_plot import claims_html

        return claims_html(self)


def claims(
    explanation: Explanation, questions: Sequence[Question] | Mapping[str, str] | None,
    terms: Sequence[str],
) -> Claims:  # fmt: skip
    """Ask all questions at once.

    Differences are of average debiased effects. P-values are Romano and Wolf's, over all questions
    and paths that were asked together.

    Parameters
    ----------
    explanation : Explanation
        Debiased effects.
    questions : sequence of Question, or mapping of question name to trait, optional
        Default: the questions of the field (`causalgreen.graph.questions.QUESTIONS`); a mapping
        says which trait answers which of them.
    terms : sequence of str
        Paths.

    Returns
    -------
    Claims

    Raises
    ------
    DesignError
        If a question or its trait is unknown.
    """
    scores = explanation.scores
    asked = asked_of(questions, scores)
    pieces: list[Effects] = []
    rows: list[dict[str, Any]] = []
    for question in asked:
        if question.kind == "treatments":
            found, told = _types(explanation, question)
        elif question.kind == "average":
            found, told = _average(scores, question, terms)
        else:
            found, told = _sides(scores, question, terms)
        pieces += found
        rows += told
    effects = None
    if pieces:
        effects = _joined(pieces)
        _fill(rows, effects, explanation.seed)
    return Claims(_frame(rows), effects, scores)


def _average(
    scores: Scores, question: Question, terms: Sequence[str]
) -> tuple[list[Effects], list[dict[str, Any]]]:
    effects = regress(scores, np.ones((scores.n, 1)), [question.name], terms)
    rows = [
        _row(question, term, "average against zero", scores, np.ones(scores.n, bool), None)
        for term in terms
    ]
    return [effects], rows


def _sides(
    scores: Scores, question: Question, terms: Sequence[str]
) -> tuple[list[Effects], list[dict[str, Any]]]:
    side = compared(scores, question)
    if isinstance(side, str):
        return [], [_refusal(question, side)]
    either = side.high | side.low
    part = scores.keep(either)
    high = side.high[either].astype(np.float64)
    few = [
        f"{name} side has {int(mask.sum()):,} firms in {n} clusters"
        for name, mask, n in (
            ("high", side.high, len(np.unique(scores.home[side.high]))),
            ("low", side.low, len(np.unique(scores.home[side.low]))),
        )
        if n < question.least
    ]
    if few:
        why = f"the {' and the '.join(few)}, and {question.least} are needed"
        row = _refusal(question, why)
        row |= _counts(scores, side.high, side.low) | {"compared": side.words}
        return [], [row]
    R = np.column_stack([1.0 - high, high])
    effects = regress(part, R, ["low", "high"], terms)
    contrasts = {
        f"{question.name}: {term}": {f"{term}: high": 1.0, f"{term}: low": -1.0} for term in terms
    }
    spread = _on_all_cells(effects.contrast(contrasts), scores, either)
    return [spread], [_row(question, t, side.words, scores, side.high, side.low) for t in terms]


def _on_all_cells(effects: Effects, scores: Scores, firms: np.ndarray) -> Effects:
    """The same effects with influences on the cells of all firms, so that they can be joined."""
    cells = firms[scores.firm]
    influence = np.zeros((len(cells), len(effects.terms)))
    influence[cells] = effects.influence
    context = replace(scores.context, n_parameters=effects.context.n_parameters)
    return replace(effects, influence=influence, context=context)


def _types(
    explanation: Explanation, question: Question
) -> tuple[list[Effects], list[dict[str, Any]]]:
    problem, scores = explanation.surface.problem, explanation.scores
    names = [problem.layout.names[t] for t in problem.layout.treatments]
    wanted = [f"own_total[{name}]" for name in names]
    if len(names) < 2 or any(term not in scores.terms for term in wanted):
        return [], [_refusal(question, "the panel has one treatment")]
    columns = [scores.terms.index(term) for term in wanted]
    whole = problem.moments.sum(axis=0)
    spread = np.array(
        [np.sqrt(whole[t, t] / problem.rows.sum()) for t in problem.layout.treatments]
    )
    pieces, rows = [], []
    for how, scale in (("per unit", np.ones(len(names))), ("per residual sd", spread)):
        each = regress_values(
            scores, scores.prediction[:, columns] * scale, scores.correction[:, columns] * scale,
            np.ones((scores.n, 1)), ["all"], names,
        )  # fmt: skip
        pairs = list(combinations(names, 2))
        pieces.append(
            each.contrast(
                {f"{a} - {b}, {how}": {f"{a}: all": 1, f"{b}: all": -1} for a, b in pairs}
            )
        )
        rows += [
            _row(question, "own_total", f"{a} against {b}, {how}", scores,
                 np.ones(scores.n, bool), None)
            for a, b in pairs
        ]  # fmt: skip
    return pieces, rows


def _joined(pieces: list[Effects]) -> Effects:
    """All estimates with their joint influence; each keeps the covariance it came with."""
    influence = np.concatenate([p.influence for p in pieces], axis=1)
    names = [f"{i}. {t}" for i, t in enumerate(t for p in pieces for t in p.terms)]
    estimate = np.concatenate([p.estimate for p in pieces])
    joint = Effects.build(names, estimate, influence, pieces[0].context)
    own = np.concatenate([p.std_error for p in pieces])
    ratio = own / np.where(joint.std_error > 0, joint.std_error, 1.0)
    vcov = joint.vcov * ratio[:, None] * ratio
    vcov.setflags(write=False)
    return replace(joint, vcov=vcov)


def _counts(scores: Scores, high: np.ndarray, low: np.ndarray | None) -> dict[str, Any]:
    def clusters(mask: np.ndarray) -> int:
        return len(np.unique(scores.home[mask]))

    return {
        "n_high": int(high.sum()),
        "n_low": 0 if low is None else int(low.sum()),
        "clusters_high": clusters(high),
        "clusters_low": 0 if low is None else clusters(low),
    }


def _row(
    question: Question, term: str, compared: str, scores: Scores,
    high: np.ndarray, low: np.ndarray | None,
) -> dict[str, Any]:  # fmt: skip
    start = {"question": question.name, "claim": question.claim, "term": term}
    end = {"verdict": "", "remark": question.caution, "two_sided": question.kind == "treatments"}
    return start | {"compared": compared} | _counts(scores, high, low) | end


def _refusal(question: Question, why: str) -> dict[str, Any]:
    # To add a trait helps where it is not there, not where it has too few clusters.
    there = why.endswith("are needed") and any(
        f"'{t}'" in question.instead for t in question.traits
    )
    nearest = f". Nearest question: {question.instead}" if question.instead and not there else ""
    remark = f"{why}{nearest}"
    return {
        "question": question.name, "claim": question.claim, "term": "", "compared": "",
        "n_high": 0, "n_low": 0, "clusters_high": 0, "clusters_low": 0,
        "verdict": REFUSED, "remark": remark,
    }  # fmt: skip


def _fill(rows: list[dict[str, Any]], effects: Effects, seed: int) -> None:
    """Numbers and verdicts, in the order in which questions were answered."""
    table = effects.tidy()
    adjusted = romano_wolf(effects, seed)
    answered = [row for row in rows if row["verdict"] != REFUSED]
    for row, (_, line), p in zip(answered, table.iterrows(), adjusted, strict=True):
        row |= {str(name): value for name, value in line.drop("term").items()}
        row["p_adjusted"] = p
        if not p < LEVEL:
            row["verdict"] = UNTOLD
        elif row["two_sided"] or row["estimate"] > 0:
            row["verdict"] = SUPPORTED
        else:
            row["verdict"] = CONTRADICTED


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    columns = [
        "question", "claim", "term", "compared", "n_high", "n_low", "clusters_high",
        "clusters_low", "estimate", "std_error", "statistic", "p_value", "p_adjusted", "conf_low",
        "conf_high", "verdict", "remark",
    ]  # fmt: skip
    return pd.DataFrame(rows).reindex(columns=columns)
