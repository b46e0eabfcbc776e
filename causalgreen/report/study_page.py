"""The page of a study: what was asked, what came out, for whom, what was tried, what is open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from causalgreen.report.broken import broken_sections, open_checks
from causalgreen.report.cite import cite_section, manifest_sections
from causalgreen.report.page import Page, Section
from causalgreen.report.phrases import Phrases, phrases
from causalgreen.report.study_sections import (
    assumption_section,
    fits_section,
    graph_section,
    journal_section,
    kind_of,
    method_section,
    panel_section,
    paths_section,
    question_section,
    rows_of,
    steps_sections,
)
from causalgreen.report.study_tables import versions
from causalgreen.report.whom import open_claims, whom_sections
from causalgreen.report.wording import amount, limits, sentence

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["study_page"]

_WHOLE = ("own_total", "overall")


@contextmanager
def _titles_in_place() -> Iterator[None]:
    """Nothing stands between axes and their title: matplotlib need not look what does."""
    from matplotlib import rc_context

    with rc_context({"axes.titley": 1.0}):
        yield


@_titles_in_place()
def study_page(
    study: Any,
    level: float = 0.95,
    effects: Any = None,
    *,
    surface: Any = None,
    hetero: Any = None,
    whom: bool | None = None,
    falsification: Any = None,
    manifest: Mapping[str, Any] | None = None,
    lang: str = "en",
    names: Mapping[str, str] | None = None,
) -> Page:
    """Lay out what a study found.

    Parameters
    ----------
    study : Study
        Anything with ``panel``, ``graph``, ``fixed_effects``, ``learner``, ``folds``,
        ``repeats``, ``seed`` and the verbs ``identify``, ``paths`` and ``nuisance_report``.
    level : float
        Of the intervals.
    effects : Effects, optional
        The effects to report; default: those of ``study.paths()``.
    surface : Surface, optional
        Effects by firm, for the part "For whom".
    hetero : Explanation, optional
        The same with its questions; default: ``study.explain(surface)``.
    whom : bool, optional
        Whether to say for whom. Default: where a surface or an explanation is handed in; True
        makes them from the study where the panel has traits.
    falsification : Falsification, optional
        What was tried to break the numbers.
    manifest : mapping, optional
        What the numbers depend on; nested mappings are written out.
    lang : {"en", "zh"}
        Language.
    names : mapping, optional
        Readers' names for columns of the data, such as ``{"green_patents": "green patents"}``.

    Returns
    -------
    Page
        To be handed to ``write_report``. A part that cannot be made says why.

    Raises
    ------
    DesignError
        If there is no such language.
    """
    say = phrases(lang).named(names)
    roles, identification = study.panel.roles, study.identify()
    effects = study.paths() if effects is None else effects
    tidy = effects.tidy(level=level)
    wanted = (hetero is not None or surface is not None) if whom is None else whom
    known = bool(roles.traits) and wanted
    about, claims = whom_sections(study, surface, hetero, level, say) if known else ((), None)
    tried = () if falsification is None else broken_sections(falsification, say)
    sections = (
        question_section(study, say),
        graph_section(study, identification, say),
        assumption_section(identification, say),
        paths_section(effects, tidy, level, _adds_up(identification, tidy), say),
        *journal_section(effects, level, say),
        *steps_sections(effects, level, say),
        *about,
        *tried,
        fits_section(study, say),
        panel_section(study, say),
        method_section(study, effects.covariance, say),
        _limits(study, falsification, claims, say),
        cite_section(study, effects, bool(about), falsification, say),
        *manifest_sections(manifest, say),
    )
    lead = _lead(study, identification, tidy, level, say)
    footer = say("footer", version=versions()["causalgreen"])
    return Page(_title(roles, say), lead, sections, footer, lang)


def _title(roles: Any, say: Phrases) -> str:
    return say("title", treatment=say.words(roles.treatments), outcome=say.word(roles.outcome))


def _limits(study: Any, falsification: Any, claims: Any, say: Phrases) -> Section:
    lines = [*limits(study, kind_of(study), say), *open_claims(claims, say)]
    lines += open_checks(falsification, say)
    return Section(say("limits title"), "\n".join(f"- {line}" for line in lines))


def _lead(study: Any, identification: Any, tidy: pd.DataFrame, level: float, say: Phrases) -> str:
    roles, rows = study.panel.roles, rows_of(tidy)
    outcome = say.word(roles.outcome)
    name = "overall" if "overall" in rows else "own_total"
    if name not in rows:
        return say("lead none", n=len(tidy), outcome=outcome)
    who = "in every firm" if name == "overall" and roles.exposures else "in a firm"
    subject = say(who, treatment=say.words(roles.treatments))
    verdicts = {verdict.term: verdict.verdict for verdict in identification.verdicts}
    verdict = verdicts.get(name, "not identified")
    causal = verdict == "identified"
    told = [sentence(rows[name], subject, outcome, level, causal, say) + say("stop")]
    parts = [
        say("part", amount=amount(row["estimate"], row["std_error"]), path=_short(term, say))
        for term, row in rows.items()
        if term not in _WHOLE
    ]
    if len(parts) > 1:
        told.append(say("by path", parts=say.join(parts)))
    told.append(say(f"reads {verdict}"))
    if causal and any(verdicts.get(term) != "identified" for term in rows if term not in _WHOLE):
        told.append(say("split needs more"))
    return say.sentences(told)


def _short(term: str, say: Phrases) -> str:
    if f"short {term}" in say.text:
        return say(f"short {term}")
    label = say.path(term)
    return label[:1].lower() + label[1:]


def _adds_up(identification: Any, tidy: pd.DataFrame) -> bool:
    """Whether the total and all of its parts are there: paths may have been withheld."""
    own = {verdict.term for verdict in identification.verdicts} - {"spillover", "overall"}
    return {"direct", "own_total"} <= own <= set(tidy["term"])
