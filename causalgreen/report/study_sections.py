"""Sections of a study's page: question, graph, paths, nuisances, panel, method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from causalgreen.report.journal import journal_table
from causalgreen.report.page import Section
from causalgreen.report.parts import attempt, closed
from causalgreen.report.study_tables import (
    fits_table,
    paths_table,
    steps_table,
    verdicts_table,
    versions,
)

if TYPE_CHECKING:
    import pandas as pd

    from causalgreen.report.phrases import Phrases

__all__ = [
    "assumption_section",
    "fits_section",
    "graph_section",
    "journal_section",
    "kind_of",
    "method_section",
    "panel_section",
    "paths_section",
    "question_section",
    "rows_of",
    "steps_sections",
]


def kind_of(study: Any) -> str:
    """How firm effects are removed."""
    return str(getattr(study.fixed_effects, "kind", study.fixed_effects))


def rows_of(tidy: pd.DataFrame) -> dict[str, dict[Any, Any]]:
    """Rows by term."""
    return {str(row["term"]): dict(row) for row in tidy.to_dict("records")}


def question_section(study: Any, say: Phrases) -> Section:
    """What is asked, of whom."""
    roles, panel = study.panel.roles, study.panel
    told = {"treatment": say.words(roles.treatments), "outcome": say.word(roles.outcome)}
    asks = [say("ask direct", **told)]
    asks += [
        say("ask mediated", group=say.word(name), columns=say.words(columns))
        for name, columns in roles.groups
    ]
    if roles.exposures:
        asks.append(say("ask spillover", columns=say.words(roles.exposures)))
    size = say(
        "sample size",
        rows=f"{panel.n_rows:,}",
        firms=f"{panel.n_units:,}",
        periods=panel.n_periods,
        clusters=say.words(roles.clusters),
        counts=say.join([f"{n:,}" for n in panel.n_clusters]),
    )
    lines = "\n".join(f"- {ask}" for ask in asks)
    return Section(say("question title"), f"{say('question', **told)}\n\n{lines}\n\n{size}")


def graph_section(study: Any, identification: Any, say: Phrases) -> Section:
    """The graph, with the verdict of each path."""
    graph = study.graph
    remedies = dict.fromkeys(v.remedy for v in identification.verdicts if v.remedy)
    return Section(
        say("graph title"),
        say("graph"),
        table=verdicts_table(identification, say),
        figure=closed(graph.plot()),
        note=say.sentences([say.full(text) for text in (*remedies, *identification.notes)]),
        alt=say("graph alt", nodes=len(graph.nodes), edges=len(graph.edges)),
    )


def assumption_section(identification: Any, say: Phrases) -> Section:
    """What has to be assumed, numbered."""
    lines = []
    for number, assumption in enumerate(map(say.tell, identification.assumptions), 1):
        name, colon, rest = assumption.partition(": ")
        named = f"**{name[:1].upper()}{name[1:]}**{say('colon')}{rest}"
        lines.append(f"{number}. {named if colon else assumption}")
    return Section(say("assumed title"), say("assumed") + "\n\n" + "\n".join(lines))


def paths_section(
    effects: Any, tidy: pd.DataFrame, level: float, adds_up: bool, say: Phrases
) -> Section:
    """The paths: waterfall, table, percent of the mean."""
    context = effects.context
    text = say("paths", adds=say("adds up") if adds_up else say("stop"))
    text += "\n\n- " + say("estimand", what=say.full(context.estimand))
    text += "\n- " + say("averaged over", what=say.full(context.population))
    notes = [say.full(note) for note in context.notes]
    if effects.constant is not None:
        notes.append(say("constant note"))
    notes.append(say("one by one"))
    told = [f"{say.path(term)} {row['estimate']:.3g}" for term, row in rows_of(tidy).items()]
    return Section(
        say("paths title"),
        text,
        table=paths_table(effects, tidy, level, say),
        figure=closed(effects.plot()),
        note=say.sentences(notes),
        alt=say("paths alt", parts=say.text["comma"].join(told)),
        caption=say("paths caption"),
    )


def journal_section(effects: Any, level: float, say: Phrases) -> tuple[Section, ...]:
    """The paths as a journal prints them: the average, and one coefficient for all firms."""
    title = say("journal title")

    def make() -> tuple[Section, ...]:
        models = {say("column varying") if effects.constant is not None else "(1)": effects}
        if effects.constant is not None:
            models[say("column constant")] = effects.constant
        table = journal_table(models, level=level, lang=say.lang, names=say.names)
        return (Section(title, say("journal"), table=table, note=table.note, level=3),)

    return attempt(title, make, say)


def steps_sections(effects: Any, level: float, say: Phrases) -> tuple[Section, ...]:
    """Coefficients behind the paths, where there are any."""
    if effects.detail is None:
        return ()
    text = say("steps")
    if effects.constant is not None:
        text = say.sentences([text, say("steps varying")])
    table = steps_table(effects.detail, level, say)
    return (Section(say("steps title"), text, table=table, level=3),)


def fits_section(study: Any, say: Phrases) -> Section:
    """How well the controls predict."""
    report = study.nuisance_report()
    return Section(
        say("fits title"),
        say("fits"),
        table=fits_table(report),
        figure=closed(report.plot()),
        note=say.sentences([say.full(note) for note in (*report.notes, *report.quiet)]),
        alt=say("fits alt"),
    )


def panel_section(study: Any, say: Phrases) -> Section:
    """The table behind it all."""
    described = study.panel.describe()
    lines = [say("left out", what=say.tell(str(gone))) for gone in study.panel.dropped]
    lines = lines or [say("none left out")]
    lines.append(
        say(
            "gaps",
            gaps=f"{described.firms_with_gaps:,}",
            entering=f"{described.entering:,}",
            leaving=f"{described.leaving:,}",
        )
    )
    if described.zero_share > 0:
        lines.append(say("zeros", share=f"{described.zero_share:.1%}"))
    gaps = described.missing[described.missing["rows"] > 0]
    lines += [
        say(
            "missing",
            part=say.value(row["part"]),
            column=row["column"],
            rows=f"{row['rows']:,}",
            share=f"{row['share']:.1%}",
        )
        for row in gaps.to_dict("records")
    ]
    lines += [say.tell(note) for note in study.panel.notes]
    variation = described.variation
    table = variation[["part", "column", "mean", "sd", "sd_between", "sd_within"]].assign(
        **{"within %": 100 * variation["within_share"]}
    )
    return Section(
        say("panel title"),
        "\n".join(f"- {line}" for line in lines),
        table=table,
        figure=closed(described.plot()),
        note=say("within note"),
        alt=say("panel alt"),
    )


def method_section(study: Any, covariance: str, say: Phrases) -> Section:
    """How the numbers were computed, with versions."""
    import pandas as pd

    effects = study.fixed_effects
    kind = kind_of(study)
    facts = {
        "set fixed effects": say.text.get(f"kind {kind}", kind),
        "set periods": say("yes" if getattr(effects, "time", True) else "no"),
        "set absorbed": ", ".join(getattr(effects, "absorb", ())) or say("none"),
        "set learner": str(study.learner),
        "set folds": say("folds", folds=study.folds, repeats=study.repeats),
        "set errors": say(f"name {covariance}", clusters=say.words(study.panel.roles.clusters)),
        "set seed": str(study.seed),
    }
    named = {say(key): value for key, value in facts.items()} | versions()
    text = say.sentences([say("method"), say(f"errors {covariance}")])
    table = pd.DataFrame({"setting": list(named), "value": list(named.values())})
    return Section(say("method title"), text, table=table)
