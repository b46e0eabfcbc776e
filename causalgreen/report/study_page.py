"""The page of a study: what was asked, what came out, how, and what remains open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from causalgreen.report.page import Page, Section, figure_of
from causalgreen.report.study_tables import (
    fits_table,
    paths_table,
    steps_table,
    verdicts_table,
    versions,
)
from causalgreen.report.wording import (
    amount,
    full,
    join,
    limits,
    path_label,
    sentence,
    words,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["study_page"]

_READINGS = {
    "identified": "The graph identifies this effect; it is causal if the assumptions below hold.",
    "needs an assumption": "Reading it as causal needs an assumption that the data cannot check; "
    "the verdicts below say which.",
    "not identified": "The graph does **not** identify it: read it as an association.",
}
_COVARIANCES = {"CR1": "cluster sandwich (CR1)", "CV3": "cluster jackknife (CV3)"}
_ERRORS = {
    "CR1": "Standard errors come from influence functions, summed within clusters.",
    "CV3": "Standard errors come from solving all paths again without each cluster in turn.",
}
_KINDS = {
    "within": "firm effects removed by demeaning within firms",
    "first_difference": "firm effects removed by first differences",
    "mundlak": "firm means of the controls as features (Mundlak)",
    "none": "no firm effects removed",
}


def study_page(study: Any, level: float = 0.95, effects: Any = None) -> Page:
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

    Returns
    -------
    Page
        To be handed to ``write_report``.
    """
    roles = study.panel.roles
    identification = study.identify()
    effects = study.paths() if effects is None else effects
    tidy = effects.tidy(level=level)
    sections = (
        _question(study),
        _graph(study, identification),
        _assumptions(identification),
        _paths(effects, tidy, level, _adds_up(identification, tidy)),
        *_steps(effects, level),
        _nuisances(study),
        _panel(study),
        _method(study, effects.covariance),
        Section(
            "What the data cannot answer",
            "\n".join(f"- {line}" for line in limits(study, _kind(study))),
        ),
    )
    return Page(
        title=f"The effect of {words(join(roles.treatments))} on {words(roles.outcome)}",
        lead=_lead(study, identification, tidy, level),
        sections=sections,
        footer=f"Made by causalgreen {versions()['causalgreen']}.",
    )


def _kind(study: Any) -> str:
    return str(getattr(study.fixed_effects, "kind", study.fixed_effects))


def _rows(tidy: pd.DataFrame) -> dict[str, dict[Any, Any]]:
    return {str(row["term"]): dict(row) for row in tidy.to_dict("records")}


def _lead(study: Any, identification: Any, tidy: pd.DataFrame, level: float) -> str:
    roles, rows = study.panel.roles, _rows(tidy)
    name = "overall" if "overall" in rows else "own_total"
    if name not in rows:
        return f"{len(tidy)} effects on {words(roles.outcome)}, each with interval and verdict."
    who = "in every firm" if name == "overall" and roles.exposures else "in a firm"
    subject = f"One more unit of {words(join(roles.treatments))} {who}"
    verdicts = {verdict.term: verdict.verdict for verdict in identification.verdicts}
    verdict = verdicts.get(name, "not identified")
    causal = verdict == "identified"
    text = sentence(rows[name], subject, words(roles.outcome), level, causal) + "."
    parts = [
        f"{amount(row['estimate'], row['std_error'])} {_short(term)}"
        for term, row in rows.items()
        if term not in ("own_total", "overall")
    ]
    if len(parts) > 1:
        text += f" By path: {join(parts)}."
    text += f" {_READINGS[verdict]}"
    if causal and any(
        verdicts.get(term) != "identified" for term in rows if term not in ("own_total", "overall")
    ):
        text += " Its split by path needs more, as the verdicts say."
    return text


def _short(term: str) -> str:
    fixed = {"direct": "directly", "spillover": "from peers"}
    label = path_label(term)
    return fixed.get(term, label[:1].lower() + label[1:])


def _question(study: Any) -> Section:
    roles, panel = study.panel.roles, study.panel
    treatment, outcome = words(join(roles.treatments)), words(roles.outcome)
    asks = [f"- **direct**: own {treatment} on {outcome}, mediators held fixed"]
    asks += [
        f"- **{words(name)}**: the part that runs through {words(join(columns))}"
        for name, columns in roles.groups
    ]
    if roles.exposures:
        asks.append(f"- **spillover**: peers' adoption ({words(join(roles.exposures))})")
    size = (
        f"The table has {panel.n_rows:,} rows: {panel.n_units:,} firms in "
        f"{panel.n_periods} periods. Errors may be correlated within {words(join(roles.clusters))} "
        f"({join([f'{n:,}' for n in panel.n_clusters])} clusters)."
    )
    intro = f"How does {treatment} change {outcome}, and along which path?"
    return Section("The question", f"{intro}\n\n" + "\n".join(asks) + f"\n\n{size}")


def _graph(study: Any, identification: Any) -> Section:
    graph = study.graph
    remedies = dict.fromkeys(v.remedy for v in identification.verdicts if v.remedy)
    return Section(
        "The graph, and what it identifies",
        "The effects are read from the table under this causal graph. Each path has a verdict: "
        "**identified** by what is adjusted for and absorbed, **needs an assumption** that the "
        "data cannot check, or **not identified**.",
        table=verdicts_table(identification),
        figure=_closed(graph.plot()),
        note=" ".join(map(full, [*remedies, *identification.notes])),
        alt=f"Causal graph with {len(graph.nodes)} variables and {len(graph.edges)} edges",
    )


def _assumptions(identification: Any) -> Section:
    lines = []
    for number, assumption in enumerate(identification.assumptions, 1):
        name, colon, rest = assumption.partition(": ")
        named = f"**{name[:1].upper()}{name[1:]}**: {rest}"
        lines.append(f"{number}. {named if colon else assumption}")
    return Section(
        "What has to be assumed",
        "The numbers are those of the column `Assumes` above.\n\n" + "\n".join(lines),
    )


def _adds_up(identification: Any, tidy: pd.DataFrame) -> bool:
    """Whether the total and all of its parts are there: paths may have been withheld."""
    own = {verdict.term for verdict in identification.verdicts} - {"spillover", "overall"}
    return {"direct", "own_total"} <= own <= set(tidy["term"])


def _paths(effects: Any, tidy: pd.DataFrame, level: float, adds_up: bool) -> Section:
    context = effects.context
    text = "Change in the outcome for one more unit of treatment"
    text += "; the parts add up to the total." if adds_up else "."
    text += f"\n\n- **Estimand**: {full(context.estimand)}"
    text += f"\n- **Averaged over**: {full(context.population)}"
    notes = [full(note) for note in context.notes]
    if effects.constant is not None:
        notes.append(
            "Constant: the same path where one coefficient stands for all firms; the estimate "
            "beside it lets the coefficients vary with the traits and averages over firms."
        )
    notes.append("Intervals hold one by one, not all at once.")
    return Section(
        "The paths",
        text,
        table=paths_table(effects, tidy, level),
        figure=_closed(effects.plot()),
        note=" ".join(notes),
        alt="Waterfall of the paths: "
        + ", ".join(f"{term} {row['estimate']:.3g}" for term, row in _rows(tidy).items()),
    )


def _steps(effects: Any, level: float) -> tuple[Section, ...]:
    if effects.detail is None:
        return ()
    text = (
        "The steps that the paths are made of, and the paths by treatment, exposure and mediator "
        "where there are several. A mediated path is the product of its steps."
    )
    if effects.constant is not None:
        text += " Where coefficients vary, this holds firm by firm, not for the averages shown."
    return (Section("Step by step", text, table=steps_table(effects.detail, level)),)


def _nuisances(study: Any) -> Section:
    report = study.nuisance_report()
    return Section(
        "How well the controls predict each variable",
        "Out-of-fold R² on clusters that the learner has not seen. The effects rest on what is "
        "left over: an R² near one leaves little variation to learn from, and a learner that "
        "loses to the linear one should not be trusted.",
        table=fits_table(report),
        figure=_closed(report.plot()),
        note=" ".join(map(full, report.notes)),
        alt="Out-of-fold R² of each variable, by learner",
    )


def _panel(study: Any) -> Section:
    described = study.panel.describe()
    lines = [f"- Left out: {gone}." for gone in study.panel.dropped] or ["- No row was left out."]
    lines.append(
        f"- {described.firms_with_gaps:,} firms have gaps; {described.entering:,} enter after the "
        f"first period and {described.leaving:,} leave before the last."
    )
    if described.zero_share > 0:
        lines.append(f"- The outcome is zero in {described.zero_share:.1%} of rows.")
    gaps = described.missing[described.missing["rows"] > 0]
    lines += [
        f"- The {row['part']} {row['column']} is missing in {row['rows']:,} rows "
        f"({row['share']:.1%})."
        for row in gaps.to_dict("records")
    ]
    lines += [f"- {note}" for note in study.panel.notes]
    variation = described.variation
    table = variation[["part", "column", "mean", "sd", "sd_between", "sd_within"]].assign(
        **{"within %": 100 * variation["within_share"]}
    )
    return Section(
        "The panel",
        "\n".join(lines),
        table=table,
        figure=_closed(described.plot()),
        note="Within: share of the variance that lies inside firms, over time. What firm effects "
        "leave to learn from is this part only.",
        alt="Firms by period, rows per firm, where the variation lies, and the outcome",
    )


def _method(study: Any, covariance: str) -> Section:
    import pandas as pd

    effects = study.fixed_effects
    absorbed = ", ".join(getattr(effects, "absorb", ())) or "none"
    facts = {
        "Fixed effects": _KINDS.get(_kind(study), _kind(study)),
        "Period effects": "yes" if getattr(effects, "time", True) else "no",
        "Also absorbed": absorbed,
        "Learner": str(study.learner),
        "Folds": f"{study.folds}, no cluster split; {study.repeats} repetition(s)",
        "Standard errors": f"{_COVARIANCES[covariance]}, by {join(study.panel.roles.clusters)}",
        "Seed": str(study.seed),
        **versions(),
    }
    text = (
        "Every variable is regressed on the controls by cross-fitting; the residuals are summed "
        "into one small matrix of moments per firm, and all paths are solved from these together. "
        + _ERRORS[covariance]
    )
    table = pd.DataFrame({"setting": list(facts), "value": list(facts.values())})
    return Section("How it was computed", text, table=table)


def _closed(drawing: Any) -> Any:
    """Take a figure out of pyplot's hands, or a notebook would show it once more by itself."""
    import matplotlib.pyplot as plt

    plt.close(figure_of(drawing))
    return drawing
