"""What was tried to break the numbers: all findings in one table, then each by itself."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from causalgreen.report.page import Section
from causalgreen.report.parts import Sections, attempt, closed

if TYPE_CHECKING:
    import pandas as pd

    from causalgreen.report.phrases import Phrases

__all__ = ["broken_sections", "open_checks"]

SHOWN = 24
VERDICTS = ("pass", "warn", "fail", "not applicable")
NOT_RUN = "not applicable"
_PATHS = ("path", "term")


def broken_sections(falsification: Any, say: Phrases) -> Sections:
    """The verdicts, then question, reason, figure and table of each check that was run."""
    import pandas as pd

    findings = tuple(falsification)
    counts = [
        say("count", n=n, verdict=say.value(verdict))
        for verdict in VERDICTS
        if (n := sum(f.verdict == verdict for f in findings))
    ]
    text = say("broken", n=len(findings), counts=say.text["comma"].join(counts))
    if failed := [say.value(f.name) for f in findings if f.verdict == "fail"]:
        text += "\n\n" + say("broken fails", names=say.join(failed))
    reasons = [say.full(f.reason) for f in findings]
    if say.lang != "en" and any(map(_is_english, reasons)):
        text += "\n\n" + say("broken english")
    table = pd.DataFrame(
        {
            "check": [_capital(say.value(f.name)) for f in findings],
            "verdict": [f.verdict for f in findings],
            "question": [say.tell(f.question) for f in findings],
            "reason": reasons,
        }
    )
    out = [Section(say("broken title"), text, table=table)]
    for finding in findings:
        if finding.draw is not None or not finding.table.empty:
            title = _capital(say.value(finding.name))
            out += attempt(title, partial(_one, finding, title, say), say)
    return tuple(out)


def _one(finding: Any, title: str, say: Phrases) -> Sections:
    question, reason = say.tell(finding.question), say.full(finding.reason)
    table = finding.tidy()
    note = ""
    if len(table) > SHOWN:
        note = say("more rows", shown=SHOWN, n=f"{len(table):,}")
    figure, missing = None, ""
    if finding.draw is not None:
        try:
            figure = closed(finding.plot())
        except Exception as error:
            from causalgreen.report.parts import why

            missing = say("failed", why=why(error, say))
    told = f"**{say.value(finding.verdict)}**{say('colon')}{reason}"
    return (
        Section(
            title,
            "\n\n".join(part for part in (question, told, missing) if part),
            table=None if table.empty else _readable(table.head(SHOWN), say),
            figure=figure,
            note=note,
            alt=say("finding alt", question=question, reason=reason),
            level=3,
        ),
    )


def _readable(table: pd.DataFrame, say: Phrases) -> pd.DataFrame:
    """Paths by name; an index that says something becomes a column."""
    import pandas as pd

    if not isinstance(table.index, pd.RangeIndex) and table.index.name:
        table = table.reset_index()
    paths = [name for name in _PATHS if name in table.columns]
    return table.assign(**{name: [_path(v, say) for v in table[name]] for name in paths})


def _path(value: Any, say: Phrases) -> Any:
    return say.step(value) if isinstance(value, str) and value.isidentifier() else value


def _is_english(text: str) -> bool:
    return not any("\u4e00" <= letter <= "\u9fff" for letter in text)


def _capital(text: str) -> str:
    return text if text.startswith("ln(") else text[:1].upper() + text[1:]


def open_checks(falsification: Any, say: Phrases) -> list[str]:
    """Checks that could not be run."""
    return [
        say("limit check", name=say.value(f.name), reason=say.full(f.reason))
        for f in falsification or ()
        if f.verdict == NOT_RUN
    ]
