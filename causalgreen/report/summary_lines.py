"""The lines of a summary, one by one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from causalgreen.errors import EstimationError
from causalgreen.report.reasons import first
from causalgreen.report.summary_voice import ASSUMPTION, IDENTIFIED, NOT_IDENTIFIED, TOTALS, Voice
from causalgreen.report.wording import amount

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Teller"]

FEW = 40
POWER = 0.80
CRITICAL = ("no common shock", "sequential ignorability")
MOST = 3


@dataclass(frozen=True, slots=True)
class Teller(Voice):
    """Says the lines; numbers are made elsewhere."""

    def lines(self) -> Iterator[tuple[str, str]]:
        """Topic and text of every line; text is empty where there is nothing to say."""
        for topic, tell in (
            ("question", self.question), ("found", self.found), ("paths", self.paths),
            ("whom", self.whom), ("sure", self.sure), ("identified", self.identified),
            ("tried", self.tried), ("overturn", self.overturn), ("silent", self.silent),
        ):  # fmt: skip
            yield self._word(topic), tell()

    def question(self) -> str:
        """What was asked, of whom."""
        panel, say = self.study.panel, self.say
        kind = str(getattr(self.study.fixed_effects, "kind", self.study.fixed_effects))
        periods = panel.periods
        return self._word(
            "asked", treatment=self._treatment, outcome=self._outcome, rows=f"{panel.n_rows:,}",
            firms=f"{panel.n_units:,}", periods=panel.n_periods, first=periods[0],
            last=periods[-1], fixed=say(f"kind {kind}"),
        )  # fmt: skip

    def found(self) -> str:
        """The total, in causal words only where the graph identifies it."""
        term = self._headline
        if term is None:
            return self._word("no total", n=len(self.tidy))
        row, verdict = self._row(term), self._verdict(term)
        peers = term == "overall" and self.study.panel.roles.exposures
        subject = self._word("everywhere" if peers else "own", treatment=self._treatment)
        causal, up = verdict == IDENTIFIED, row["estimate"] > 0
        if self._holds_zero(term):
            key = "unclear" if causal else "flat"
        elif causal:
            key = "raise" if up else "lower"
        else:
            key = "more" if up else "less"
        unit = getattr(self.effects.context, "unit", "")
        return self._word(
            key, subject=subject, Subject=subject[:1].upper() + subject[1:],
            outcome=self._outcome, amount=amount(abs(row["estimate"]), row["std_error"]),
            signed=amount(row["estimate"], row["std_error"]), level=f"{100 * self.level:g}",
            interval=self._interval(row), percent=self._percent(term),
            unit=" %" if unit.startswith("%") else "",
            reading="" if causal else self._word(f"reading {verdict}"),
        )  # fmt: skip

    def _percent(self, term: str) -> str:
        if getattr(self.effects.context, "unit", "").startswith("%"):
            return ""
        with suppress(EstimationError):  # a mean that is not positive has no percentages
            table = self.effects.percent_of_mean().tidy(level=self.level).set_index("term")
            row = dict(table.loc[term])
            # More than one decimal of a percentage is noise.
            row = {**row, "std_error": max(float(row["std_error"]), 1.0)}
            told = amount(row["estimate"], row["std_error"])
            return self._word("percent", amount=told, interval=self._interval(row))
        return ""

    def paths(self) -> str:
        """Every path with its interval."""
        parts, say = [], self.say
        for term, row in self.tidy.iterrows():
            if term == self._headline:
                continue
            key = "zero" if self._holds_zero(str(term)) else "path"
            told = amount(row["estimate"], row["std_error"])
            parts.append(self._word(key, path=self._path(str(term)), amount=told,
                                    interval=self._interval(row)))  # fmt: skip
        zh = say.lang == "zh"
        listed = ("；" if zh else "; ").join(parts)
        gone = [t for t in self.verdicts if t not in self.tidy.index]
        said = [f"{listed[:1].upper()}{listed[1:]}{'。' if zh else '.'}", self._word("one by one")]
        if gone:
            withheld = self._word("withheld", names=self._named(gone))
            return say.sentences([*said, withheld] if parts else [withheld])
        return say.sentences(said) if parts else ""

    def whom(self) -> str:
        """Claims about kinds of firms."""
        table = _claims(self.surface)
        if table is None:
            return ""
        # An average says nothing of for whom.
        table = table[table["compared"] != "average against zero"]
        counts = table["verdict"].value_counts()
        parts = [self._word(
            "claims", n=len(table), supported=counts.get("supported", 0),
            contradicted=counts.get("contradicted", 0), untold=counts.get("cannot tell", 0),
            refused=counts.get("not answerable here", 0),
        )]  # fmt: skip
        zh = self.say.lang == "zh"
        for verdict, key in (("supported", "told"), ("contradicted", "against")):
            rows = table[table["verdict"] == verdict]
            rows = rows.iloc[np.argsort(~rows["term"].isin(TOTALS).to_numpy(), kind="stable")]
            items = [self._claim(row) for _, row in rows.iterrows()]
            if items:
                more = "" if len(items) <= MOST else " 等" if zh else " and others"
                listed = ("；" if zh else "; ").join(items[:MOST])
                parts.append(self._word(key, items=listed + more))
        return self.say.sentences(parts)

    def _claim(self, row: Any) -> str:
        claim = self.say.value(row["question"]) if self.say.lang == "zh" else row["claim"]
        told = amount(row["estimate"], row["std_error"])
        return self._word("claim", claim=claim, path=self._path(row["term"]), amount=told,
                          interval=self._interval(row))  # fmt: skip

    def sure(self) -> str:
        """Clusters, and what could have been found."""
        panel, say = self.study.panel, self.say
        clusters = say.join([
            self._word("count", name=say.word(name), n=f"{n:,}")
            for name, n in zip(panel.roles.clusters, panel.n_clusters, strict=True)
        ])  # fmt: skip
        parts = [self._word(f"sure {self.effects.covariance}", clusters=clusters)]
        parts[0] += self._word("df", df=self.effects.df)
        if min(panel.n_clusters) < FEW:
            parts.append(self._word("few"))
        if (term := self._headline) is not None:
            error = float(self._row(term)["std_error"])
            parts.append(
                self._word(
                    "smallest", amount=amount(self._smallest(error), error), path=self._path(term)
                )
            )
        return say.sentences(parts)

    def _smallest(self, error: float) -> float:
        from scipy.stats import t

        df = self.effects.df
        return float(t.ppf((1 + self.level) / 2, df) + t.ppf(POWER, df)) * error

    def identified(self) -> str:
        """Which paths the graph identifies, and on what terms."""
        shown = [v for t, v in self.verdicts.items() if t in self.tidy.index]
        groups: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for v in shown:
            # Of all assumptions, those that the verdict turns on.
            on = tuple(a for a in v.assumptions if a.startswith(CRITICAL))
            at = (v.verdict, tuple(map(self._short, on)) if v.verdict == ASSUMPTION else ())
            groups.setdefault(at, []).append(v.term)
        keys = {IDENTIFIED: "yes", ASSUMPTION: "if", NOT_IDENTIFIED: "no"}
        parts = [
            self._word(keys[verdict], names=self._named(groups[verdict, on]),
                       assumptions=self._rests(on))
            for verdict, on in sorted(groups, key=lambda g: list(keys).index(g[0]))
        ]  # fmt: skip
        return self.say.sentences([*parts, self._word("graph")])

    def _rests(self, assumptions: tuple[str, ...]) -> str:
        """Assumptions as what something rests on; that there is none of a thing comes last."""
        none = [a for a in assumptions if a.startswith("no ")]
        some = [a for a in assumptions if a not in none]
        return self.say.join([*some, *(self._word("there being", assumption=a) for a in none)])

    def _short(self, assumption: str) -> str:
        """Name of an assumption: what stands before its colon."""
        return self.say.tell(assumption).partition("：")[0].partition(": ")[0]

    def tried(self) -> str:
        """How many checks, and which did not pass."""
        if self.falsification is None:
            return self._word("nothing tried")
        found = list(self.falsification)
        counts = [
            self._word(f"verdict {verdict}", n=n)
            for verdict in ("pass", "warn", "fail", "not applicable")
            if (n := sum(f.verdict == verdict for f in found))
        ]
        parts = [self._word("counts", n=len(found), counts=self.say.join(counts))]
        for verdict, key in (("fail", "failed"), ("warn", "unclear checks")):
            names = [self._check(f.name) for f in found if f.verdict == verdict]
            if names:
                parts.append(self._word(key, names=self.say.join(names)))
        return self.say.sentences(parts)

    def _check(self, name: str) -> str:
        return self.say.value(name)

    def _reason(self, reason: str) -> str:
        """The beginning of a reason, in brackets; none where only another language has it."""
        told = first(self.say.tell(reason))
        if self.say.lang == "zh" and not any("\u4e00" <= c <= "\u9fff" for c in told):
            return ""
        return self._word("reason", reason=told)

    def overturn(self) -> str:
        """Failed checks and sensitivity; without them, the assumptions."""
        found = [] if self.falsification is None else list(self.falsification)
        parts = [
            self._word("broken", name=self._check(f.name), reason=self._reason(f.reason))
            for f in found
            if f.verdict == "fail"
        ][:2]
        totals = [t for t in (self._headline, *TOTALS) if t is not None and t in self.tidy.index]
        standing = [t for t in totals if not self._holds_zero(t)]
        if totals and totals[0] not in standing:
            parts.append(self._word("open", path=self._path(totals[0])))
        if (standing or not totals) and (told := self._strength(found, *standing[:1])):
            parts.append(told)
        if not parts or self.falsification is None:
            parts.append(self._assumed())
        return self.say.sentences(parts)

    def _strength(self, found: list[Any], wanted: str = "") -> str:
        """How strong an omitted confounder would do."""
        tables = [f.table for f in found if f.name == "omitted confounder" and "rv" in f.table]
        if not tables or tables[0].empty:
            return ""
        table = tables[0].set_index("term", drop=False)
        term = wanted if wanted in table.index else table["rv_a"].idxmin()
        row = table.loc[term]
        if not (row["rv"] == row["rv"] and row["rv_a"] == row["rv_a"]):
            return ""
        parts = [self._word(
            "strength", rv=f"{100 * row['rv']:.1f}", rv_a=f"{100 * row['rv_a']:.1f}",
            treatment=self._treatment, outcome=self._outcome, path=self._path(str(term)),
        )]  # fmt: skip
        if row.get("benchmark"):
            ends = row["benchmark_limit"] * row["estimate"] <= 0
            key = "benchmark yes" if ends else "benchmark no"
            parts.append(self._word(key, block=self.say.word(str(row["benchmark"]))))
        return self.say.sentences(parts)

    def _assumed(self) -> str:
        verdict = self.verdicts.get(self._headline or next(iter(self.tidy.index)))
        known = verdict.assumptions if verdict is not None else ()
        names = self.say.join(list(dict.fromkeys(map(self._short, known))))
        return self._word(
            "assumed", names=names, treatment=self._treatment, outcome=self._outcome
        )  # fmt: skip

    def silent(self) -> str:
        """What the numbers do not answer."""
        roles = self.study.panel.roles
        moved = (*roles.treatments, *roles.exposures, *roles.mediators)
        return self._word(
            "limits", treatment=self._treatment, moved=self.say.words(moved, "or")
        )  # fmt: skip


def _claims(surface: Any) -> pd.DataFrame | None:
    """Claims of what was given: a surface is asked, an explanation too; a table is taken."""
    if surface is None:
        return None
    if hasattr(surface, "method") and hasattr(surface, "problem"):
        from causalgreen.explain.explanation import Explanation

        surface = Explanation(surface)
    table: pd.DataFrame = (surface.claims() if hasattr(surface, "claims") else surface).tidy()
    return table
