"""What the lines of a summary are read from, and how numbers and names are said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from causalgreen.report.phrases import Phrases, phrases
from causalgreen.report.summary_words import EN, ZH
from causalgreen.report.wording import amount

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Voice"]

IDENTIFIED, ASSUMPTION, NOT_IDENTIFIED = "identified", "needs an assumption", "not identified"
TOTALS = ("overall", "own_total")


@dataclass(frozen=True, slots=True)
class Voice:
    """Tables of a study, and names and numbers in a language.

    Attributes
    ----------
    study, effects, surface, falsification
        As in `summarise`.
    tidy : pandas.DataFrame
        Estimates by term.
    verdicts : dict
        Verdict of each path.
    say : Phrases
        Names of columns and paths.
    level : float
    """

    study: Any
    effects: Any
    surface: Any
    falsification: Any
    tidy: pd.DataFrame
    verdicts: dict[str, Any]
    say: Phrases
    level: float

    @classmethod
    def of(
        cls, study: Any, effects: Any, surface: Any, falsification: Any, lang: str, level: float
    ) -> Self:
        """With the tables that the lines are read from."""
        say = phrases(lang)
        verdicts = {v.term: v for v in study.identify().verdicts}
        tidy = effects.tidy(level=level).set_index("term", drop=False)
        return cls(study, effects, surface, falsification, tidy, verdicts, say, level)

    def _word(self, key: str, **values: object) -> str:
        return (ZH if self.say.lang == "zh" else EN)[key].format(**values)

    def _named(self, terms: Any) -> str:
        return self.say.join([self._path(t) for t in terms])

    def _path(self, term: str) -> str:
        name = self.say.path(term)
        return name if self.say.lang == "zh" else name[:1].lower() + name[1:]

    def _interval(self, row: Any) -> str:
        low, high = (amount(row[c], row["std_error"]) for c in ("conf_low", "conf_high"))
        return self.say("interval", low=low, high=high)

    @property
    def _treatment(self) -> str:
        return self.say.words(self.study.panel.roles.treatments)

    @property
    def _outcome(self) -> str:
        return self.say.word(self.study.panel.roles.outcome)

    @property
    def _headline(self) -> str | None:
        """The total to speak of: the better identified one; the overall one where both are."""
        rank = {IDENTIFIED: 0, ASSUMPTION: 1, NOT_IDENTIFIED: 2}
        there = [t for t in TOTALS if t in self.tidy.index]
        return min(there, key=lambda t: rank[self._verdict(t)], default=None)

    def _verdict(self, term: str) -> str:
        return self.verdicts[term].verdict if term in self.verdicts else NOT_IDENTIFIED

    def _row(self, term: str) -> Any:
        return self.tidy.loc[term]

    def _holds_zero(self, term: str) -> bool:
        row = self._row(term)
        return not (row["conf_low"] > 0 or row["conf_high"] < 0)
