"""The answer in ten lines: what was found, how sure, what would overturn it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Summary", "summarise"]

WIDTH = 100


@dataclass(frozen=True, slots=True, repr=False)
class Summary:
    """What a study found, in words that claim no more than the numbers.

    Attributes
    ----------
    lines : tuple of (str, str)
        Topic, and what is said of it.
    lang : {"en", "zh"}

    Examples
    --------
    >>> import causalgreen as cg
    >>> df, truth = cg.simulate_panel(n_firms=120, n_years=5, seed=0)
    >>> panel = cg.Panel.from_frame(
    ...     df, unit="firm", time="year", outcome="green_patents", treatment="ai",
    ...     controls=["leverage", "roa_lag"])
    >>> study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear())
    >>> topics = study.summary().tidy()["topic"].tolist()
    >>> topics[0], topics[-1]
    ('Question', 'Does not say')
    """

    lines: tuple[tuple[str, str], ...]
    lang: str = "en"

    def tidy(self) -> pd.DataFrame:
        """One row for each line: topic, text."""
        import pandas as pd

        return pd.DataFrame(list(self.lines), columns=["topic", "text"])

    def __str__(self) -> str:
        colon = "：" if self.lang == "zh" else ": "
        return "\n".join(_wrapped(f"{topic}{colon}{text}") for topic, text in self.lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<dt><b>{escape(topic)}</b></dt><dd>{escape(text)}</dd>" for topic, text in self.lines
        )
        return f'<dl lang="{self.lang}">{rows}</dl>'


def summarise(
    study: Any, effects: Any = None, surface: Any = None, falsification: Any = None,
    lang: str = "en", level: float = 0.95,
) -> Summary:  # fmt: skip
    """Say in about ten lines what a study found.

    Parameters
    ----------
    study : Study
    effects : Effects, optional
        Default: ``study.paths()``.
    surface : Surface, Explanation or Claims, optional
        For whom; left out, nothing is said of it.
    falsification : Falsification, optional
        What was tried to break it; left out, the assumptions stand in its place.
    lang : {"en", "zh"}
    level : float
        Of the intervals.

    Returns
    -------
    Summary

    Raises
    ------
    DesignError
        If there is no such language, or something else was given than effects, a surface or
        findings.

    Examples
    --------
    >>> import causalgreen as cg
    >>> df, _ = cg.simulate_panel(n_firms=120, n_years=4, seed=0)
    >>> panel = cg.Panel.from_frame(
    ...     df, unit="firm", time="year", outcome="green_patents", treatment="ai",
    ...     controls=["leverage"])
    >>> study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear())
    >>> [topic for topic, _ in summarise(study).lines][:3]
    ['Question', 'Found', 'By path']
    """
    from causalgreen.report.given import check_given
    from causalgreen.report.phrases import phrases
    from causalgreen.report.summary_lines import Teller

    phrases(lang)
    check_given(effects, surface, falsification, study)
    effects = study.paths() if effects is None else effects
    teller = Teller.of(study, effects, surface, falsification, lang, level)
    return Summary(tuple(line for line in teller.lines() if line[1]), lang)


def _wide(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _wrapped(text: str, width: int = WIDTH, indent: str = "    ") -> str:
    """Broken into lines: between words, and between Chinese characters."""
    # Opening and closing marks stay with what they enclose.
    tokens = re.findall(r"\s+|[（“]*(?:[^\s\u2e80-\uffef“”]+|[^\s])[，。；：、）”]*", text)
    lines, line = [], ""
    for token in tokens:
        if line.strip() and _wide(line + token.rstrip()) > width:
            lines.append(line.rstrip())
            line = indent + token.lstrip()
        else:
            line += token
    return "\n".join([*lines, line.rstrip()])
