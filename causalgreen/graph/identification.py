"""What identification answers: a verdict per path, in words and as a table."""

from __future__ import annotations

import difflib
import html
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from causalgreen.errors import IdentificationError
from causalgreen.graph.causal_graph import CausalGraph
from causalgreen.graph.verdicts import ASSUMPTION, IDENTIFIED, NOT_IDENTIFIED

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["Identification", "PathVerdict"]

ORDER = (IDENTIFIED, ASSUMPTION, NOT_IDENTIFIED)
MARKS = {IDENTIFIED: "[+]", ASSUMPTION: "[?]", NOT_IDENTIFIED: "[x]"}
WIDTH = 100


@dataclass(frozen=True, slots=True)
class PathVerdict:
    """Whether the graph identifies one path, and on what terms.

    Attributes
    ----------
    term : str
        ``"direct"``, a mediator group, a chain, ``"spillover"``, ``"own_total"``, ``"overall"``.
    verdict : str
        ``"identified"``, ``"needs an assumption"`` or ``"not identified"``.
    adjustment : tuple of str
        Columns that are adjusted for, sorted.
    absorbed : tuple of str
        Nodes that the fixed effects remove, sorted.
    assumptions : tuple of str
        Sentences, all of which the path's causal reading needs.
    open_path : str or None
        A back-door path that stays open, as ``"clean_share <- L -> green_patents"``.
    reason, remedy : str
        Why this verdict; what to do about it (empty where nothing is to be done).
    """

    term: str
    verdict: str
    adjustment: tuple[str, ...]
    absorbed: tuple[str, ...]
    assumptions: tuple[str, ...]
    open_path: str | None
    reason: str
    remedy: str

    def __str__(self) -> str:
        own = [line for a in self.assumptions for line in _wrap("assumes", a)]
        return "\n".join([*self._head(), *own])

    def _head(self, seen: dict[str, str] | None = None) -> list[str]:
        """Verdict, reason, open path, remedy; a remedy in ``seen`` is told by its path's name."""
        out = [f"{MARKS[self.verdict]} {self.term}: {self.verdict}", *_wrap("why", self.reason)]
        if self.open_path:
            out += _wrap("open path", self.open_path)
        if self.remedy:
            first = (seen or {}).get(self.remedy)
            out += _wrap("what to do", f"as for {first}" if first else self.remedy)
        return out


def _wrap(label: str, text: str, indent: int = 4) -> list[str]:
    head = " " * indent + (f"{label}: " if label[-1].isalpha() else f"{label} ")
    return textwrap.wrap(
        head + text,
        WIDTH,
        subsequent_indent=" " * (indent + 2),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _runs(numbers: list[int]) -> str:
    """Write 1, 2, 3, 5 as '1-3, 5'."""
    runs: list[list[int]] = []
    for n in sorted(numbers):
        if runs and n == runs[-1][-1] + 1:
            runs[-1].append(n)
        else:
            runs.append([n])
    return ", ".join(str(r[0]) if len(r) == 1 else f"{r[0]}-{r[-1]}" for r in runs)


@dataclass(frozen=True, slots=True, repr=False)
class Identification:
    """Verdicts for all paths of a graph.

    Attributes
    ----------
    graph : CausalGraph
        The graph that was asked.
    verdicts : tuple of PathVerdict
        In the order direct, mediator groups, chains, spillover, own_total, overall.
    notes : tuple of str
        Other things a reader should know: effects that the graph makes zero, and the like.

    Examples
    --------
    >>> from causalgreen.graph import green_innovation_graph, identify
    >>> from causalgreen.panel.roles import Roles
    >>> roles = Roles.of(unit="firm", time="year", outcome="green", treatment="ai",
    ...                  mediators={"human_capital": "skilled"}, controls="size")
    >>> effects = {"firm_effect", "year", "city_shock", "industry_shock"}
    >>> answer = identify(green_innovation_graph(roles), absorbed=effects)
    >>> answer.identified_terms
    ('own_total',)
    >>> answer["human_capital"].verdict
    'needs an assumption'
    """

    graph: CausalGraph
    verdicts: tuple[PathVerdict, ...]
    notes: tuple[str, ...] = ()

    def __getitem__(self, term: str) -> PathVerdict:
        for verdict in self.verdicts:
            if verdict.term == term:
                return verdict
        terms = [v.term for v in self.verdicts]
        near = difflib.get_close_matches(str(term), terms, n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise KeyError(f"no path {term!r}{hint}; the paths are: {', '.join(terms)}")

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of all paths."""
        return tuple(v.term for v in self.verdicts)

    @property
    def identified_terms(self) -> tuple[str, ...]:
        """Paths that the graph identifies without an assumption beyond it."""
        return tuple(v.term for v in self.verdicts if v.verdict == IDENTIFIED)

    @property
    def usable_terms(self) -> tuple[str, ...]:
        """Paths that are identified, or are so under a stated assumption."""
        return tuple(v.term for v in self.verdicts if v.verdict != NOT_IDENTIFIED)

    def raise_if_none(self) -> None:
        """Raise an IdentificationError when not one path is identified, even under assumptions.

        Raises
        ------
        IdentificationError
            With the open path of each, and what would close it.
        """
        if self.usable_terms:
            return
        rows = "\n".join(f"  {v.term}: {v.open_path or v.reason}" for v in self.verdicts)
        remedies = dict.fromkeys(v.remedy for v in self.verdicts if v.remedy)
        raise IdentificationError(
            f"The graph identifies none of its {len(self.verdicts)} paths; open paths:\n{rows}\n"
            f"    what to do: {' '.join(remedies)}"
        )

    @property
    def common_assumptions(self) -> tuple[str, ...]:
        """Assumptions that every path makes."""
        if not self.verdicts:
            return ()
        first, *rest = (v.assumptions for v in self.verdicts)
        return tuple(a for a in first if all(a in other for other in rest))

    def tidy(self) -> pd.DataFrame:
        """One row a path, one column for each attribute of `PathVerdict`."""
        import pandas as pd

        return pd.DataFrame(
            {
                "term": [v.term for v in self.verdicts],
                "verdict": [v.verdict for v in self.verdicts],
                "adjustment": [", ".join(v.adjustment) for v in self.verdicts],
                "absorbed": [", ".join(v.absorbed) for v in self.verdicts],
                "assumptions": ["; ".join(v.assumptions) for v in self.verdicts],
                "open_path": [v.open_path for v in self.verdicts],
                "reason": [v.reason for v in self.verdicts],
                "remedy": [v.remedy for v in self.verdicts],
            }
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the graph with its paths coloured by verdict.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; default: a new figure.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from causalgreen.graph import drawing

        return drawing.draw(self.graph, ax=ax, verdicts={v.term: v.verdict for v in self.verdicts})

    @property
    def assumptions(self) -> tuple[str, ...]:
        """All assumptions, those of every path first; `__str__` numbers them from 1."""
        common = self.common_assumptions
        return tuple(dict.fromkeys((*common, *(a for v in self.verdicts for a in v.assumptions))))

    def __str__(self) -> str:
        number = {a: i for i, a in enumerate(self.assumptions, 1)}
        seen: dict[str, str] = {}
        out = self._title()
        for verdict in self.verdicts:
            out += ["", *verdict._head(seen)]
            out += _wrap("assumes", _runs([number[a] for a in verdict.assumptions]))
            seen.setdefault(verdict.remedy, verdict.term)
        out += ["", "Assumptions"]
        out += [line for a, i in number.items() for line in _wrap(f"{i}.", a, 2)]
        if self.notes:
            out += ["", "Notes", *(line for n in self.notes for line in _wrap("-", n, 2))]
        return "\n".join(out)

    def _title(self) -> list[str]:
        roles = self.graph.roles
        counts = ", ".join(
            f"{k} {name}" for name in ORDER if (k := sum(v.verdict == name for v in self.verdicts))
        )
        causes = ", ".join((*roles.treatments, *roles.exposures))
        out = _wrap("Identification", f"{causes} on {roles.outcome}: {counts}", 0)
        for verdict in self.verdicts[:1]:
            out += _wrap("adjusted for", ", ".join(verdict.adjustment) or "no column", 2)
            out += _wrap("absorbed", ", ".join(verdict.absorbed) or "nothing", 2)
        return out

    def __repr__(self) -> str:
        return f"Identification({', '.join(f'{v.term}: {v.verdict}' for v in self.verdicts)})"

    def _repr_html_(self) -> str:
        cells = ("term", "verdict", "reason", "open_path", "remedy")
        head = "".join(f"<th>{c.replace('_', ' ')}</th>" for c in cells)
        rows = "".join(
            "<tr>"
            + "".join(f"<td>{html.escape(str(getattr(v, c) or ''))}</td>" for c in cells)
            + "</tr>"
            for v in self.verdicts
        )
        items = "".join(f"<li>{html.escape(a)}{self._who(a)}</li>" for a in self.assumptions)
        notes = "".join(f"<li>{html.escape(n)}</li>" for n in self.notes)
        return (
            f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
            f"<p>Assumptions</p><ol>{items}</ol>"
            + (f"<p>Notes</p><ul>{notes}</ul>" if notes else "")
        )

    def _who(self, assumption: str) -> str:
        terms = [v.term for v in self.verdicts if assumption in v.assumptions]
        return "" if len(terms) == len(self.verdicts) else html.escape(f" ({', '.join(terms)})")
