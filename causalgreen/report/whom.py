"""For whom: sections from an explanation, path by path."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from causalgreen.report.page import Section
from causalgreen.report.parts import Sections, attempt, closed
from causalgreen.report.parts import why as told_why
from causalgreen.report.whom_tables import (
    calibration_table,
    claims_table,
    curve_grid,
    curves_table,
    equal_groups,
    groups_table,
    policy_table,
    rules_table,
    shap_table,
)
from causalgreen.report.wording import amount, interval

if TYPE_CHECKING:
    from causalgreen.report.phrases import Phrases

__all__ = ["open_claims", "whom_sections"]

HEADLINE, REFUSED = "own_total", "not answerable here"


def whom_sections(
    study: Any, surface: Any, hetero: Any, level: float, say: Phrases
) -> tuple[Sections, Any]:
    """Sections for each question that can be answered, and the claims that were tested."""
    title = say("whom title")
    try:
        hetero = study.explain(surface) if hetero is None else hetero
        surface = hetero.surface
        terms = hetero.terms(None)
    except Exception as error:
        return (Section(title, say("failed whom", why=told_why(error, say))),), None
    asked = _Asked(hetero, terms, level, say)
    context = surface.context
    method = getattr(surface.method, "name", str(surface.method))
    out = [
        Section(title, say("whom", firms=f"{len(surface.firms):,}", method=method)),
        *attempt(say("surface title"), asked.surface, say),
        *attempt(say("claims title"), asked.claims, say),
        *attempt(say("calibration title"), asked.calibration, say),
    ]
    traits = surface.problem.code.traits
    for trait in traits:
        name = say.word(trait)
        out += attempt(say("groups title", trait=name), partial(asked.groups, trait), say)
        if _is_number(surface, trait):
            out += attempt(say("curve title", trait=name), partial(asked.curves, trait), say)
    out += attempt(say("shap title"), asked.shap, say)
    out += attempt(say("policy title"), partial(asked.policy, context), say)
    return tuple(out), asked.found


def _is_number(surface: Any, trait: str) -> bool:
    """Whether a curve along the trait makes sense: a number with more than a few values."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    column = surface.problem.traits[trait]
    return is_numeric_dtype(column) and not is_bool_dtype(column) and column.nunique() >= 10


def open_claims(found: Any, say: Phrases) -> list[str]:
    """Claims that this sample cannot answer."""
    if found is None:
        return []
    table = found.tidy()
    silent = table[table["verdict"] == REFUSED].drop_duplicates("question")
    return [
        say("limit claim", name=say.value(row["question"]), reason=say.full(row["remark"]))
        for row in silent.to_dict("records")
    ]


class _Asked:
    """One explanation, asked once each; every method makes sections or raises."""

    def __init__(self, hetero: Any, terms: tuple[str, ...], level: float, say: Phrases) -> None:
        self.hetero, self.terms, self.level, self.say = hetero, terms, level, say
        self.headline = HEADLINE if HEADLINE in terms else terms[-1]
        self.found: Any = None

    @property
    def _paths(self) -> str:
        return self.say.text["comma"].join(map(self.say.path, self.terms))

    def surface(self) -> Sections:
        """All firms in order."""
        say = self.say
        figure = closed(self.hetero.surface.plot(self.level))
        alt = say("surface alt", paths=self._paths)
        return (Section(say("surface title"), say("surface"), figure=figure, alt=alt, level=3),)

    def groups(self, trait: str) -> Sections:
        """Average effects of groups."""
        say, name = self.say, self.say.word(trait)
        found = self.hetero.groups(trait)
        equal = equal_groups(found)
        differ = [say.path(term) for term in equal.index[equal < 0.05]]
        tests = say("groups differ", paths=say.join(differ)) if differ else say("groups alike")
        clusters = say.words(found.effects.context.cluster_names)
        notes = [say("groups note", clusters=clusters), *map(say.full, found.notes)]
        return (
            Section(
                say("groups title", trait=name),
                say("groups", tests=tests),
                table=groups_table(found, say),
                figure=closed(found.plot(self.level)),
                note=say.sentences(notes),
                alt=say("groups alt", trait=name, paths=self._paths),
                level=3,
            ),
        )

    def curves(self, trait: str) -> Sections:
        """Effect along a number, one panel for each path."""
        say, name = self.say, self.say.word(trait)
        curves, gone = [], []
        for term in self.terms:
            try:
                curves.append(self.hetero.curve(trait, term))
            except Exception as error:
                gone.append(f"{say.path(term)}{say('colon')}{told_why(error, say)}")
                last = error
        if not curves:
            raise last
        figure = curve_grid(curves, say("curve question", trait=trait), self.level)
        note = say("curve note", why=say.sentences(gone)) if gone else ""
        return (
            Section(
                say("curve title", trait=name),
                say("curve"),
                table=curves_table(curves, say),
                figure=closed(figure),
                note=note,
                alt=say("curve alt", trait=name, paths=self._paths),
                level=3,
            ),
        )

    def claims(self) -> Sections:
        """The claims of the field."""
        say = self.say
        self.found = found = self.hetero.claims()
        answered = found.tidy()
        remarks = answered[answered["verdict"] != REFUSED].drop_duplicates("question")
        notes = [
            f"{say.value(row['question'])}{say('colon')}{say.full(row['remark'])}"
            for row in remarks.to_dict("records")
            if row["remark"]
        ]
        return (
            Section(
                say("claims title"),
                say("claims"),
                table=claims_table(found, self.level, say),
                figure=closed(found.plot()),
                note=say.sentences(notes),
                alt=say("claims alt"),
                level=3,
            ),
        )

    def calibration(self) -> Sections:
        """Whether the predicted differences are there."""
        say = self.say
        found = self.hetero.calibration()
        return (
            Section(
                say("calibration title"),
                say("calibration"),
                table=calibration_table(found, self.level, say),
                figure=closed(found.plot(self.level)),
                note=say.sentences([say.full(note) for note in found.notes]),
                alt=say("calibration alt", paths=self._paths),
                level=3,
            ),
        )

    def shap(self) -> Sections:
        """What the surface uses: importance for every path, figures of the headline."""
        say, path = self.say, self.say.path(self.headline)
        found = {term: self.hetero.shapley(term) for term in self.terms}
        notes = [
            say("shap note", path=say.path(term), r2=f"{s.fidelity:.3f}")
            for term, s in found.items()
            if s.fidelity == s.fidelity
        ]
        notes += [
            say.full(note) for note in dict.fromkeys(n for s in found.values() for n in s.notes)
        ]
        main = found[self.headline]
        first = Section(
            say("shap title"),
            say("shap", path=path),
            table=shap_table(found, say),
            figure=closed(main.plot("importance")),
            note=say.sentences(notes),
            alt=say("shap alt", path=path),
            level=3,
        )
        swarm = closed(main.plot("beeswarm"))
        alt = say("swarm alt", path=path)
        second = Section(say("swarm title"), say("swarm"), figure=swarm, alt=alt, level=3)
        return first, second

    def policy(self, context: Any) -> Sections:
        """Whom to treat: the gain is the effect on the firm itself."""
        say = self.say
        found = self.hetero.policy(term=self.headline)
        best = found.tests.iloc[0]
        told = {
            "amount": amount(best["estimate"], best["std_error"]),
            "span": say(
                "span",
                level="95",
                interval=interval(best["conf_low"], best["conf_high"], best["std_error"], say),
            ),
            "p": "<0.001" if best["p_value"] < 0.001 else f"{best['p_value']:.3f}",
        }
        verdict = say("policy yes" if found.context_matters else "policy no", **told)
        path = say.path(self.headline)
        notes = say.sentences([say.full(note) for note in found.notes])
        return (
            Section(
                say("policy title"),
                say("policy", cost=f"{found.cost:g}", path=path, verdict=verdict),
                table=policy_table(found, say),
                figure=closed(found.plot()),
                note=notes,
                alt=say("policy alt"),
                level=3,
            ),
            Section(say("rules title"), say("rules"), table=rules_table(found, say), level=3),
        )
