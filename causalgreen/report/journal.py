"""Tables as journals print them: one column a specification, standard errors in parentheses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from causalgreen.errors import DesignError
from causalgreen.report.cells import Cells
from causalgreen.report.journal_rows import Below, fact_rows, note_of, pair
from causalgreen.report.phrases import phrases

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

__all__ = ["JournalTable", "journal_table"]


@dataclass(frozen=True, slots=True, repr=False)
class JournalTable:
    """A table of several specifications.

    Attributes
    ----------
    title : str
        Caption.
    heads : tuple of str
        Empty, then one head for each specification.
    rows : tuple of tuple of str
        Coefficients with what stands below them, then what the specifications rest on.
    rules : tuple of int
        Rows before which there is a line.
    note : str
        Below the table.
    lang : str
        Language.
    """

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    rules: tuple[int, ...]
    note: str
    lang: str = "en"

    def cells(self, lang: str = "en") -> Cells:
        """The table as every writer of the house reads it.

        Parameters
        ----------
        lang : {"en", "zh"}
            Language.

        Returns
        -------
        Cells
        """
        width = len(self.heads)
        plain = (False,) * width
        unnamed = phrases(self.lang)("std error row")
        return Cells(
            self.heads, self.rows, plain, plain, rules=self.rules, centred=True, unnamed=unnamed
        )

    def tidy(self) -> pd.DataFrame:
        """The table as text, row by row."""
        import pandas as pd

        return pd.DataFrame(list(self.rows), columns=list(self.heads))

    def to_latex(self) -> str:
        """LaTeX (booktabs, three lines), with caption and note."""
        from causalgreen.report.latex_tables import latex_table, latex_text

        note = rf"\par\smallskip{{\footnotesize {latex_text(self.note)}\par}}" if self.note else ""
        parts = [
            r"\begin{table}[!htbp]", r"\centering", rf"\caption{{{latex_text(self.title)}}}",
            latex_table(self), note, r"\end{table}",
        ]  # fmt: skip
        return "\n".join(part for part in parts if part) + "\n"

    def to_markdown(self) -> str:
        """Markdown."""
        from causalgreen.report.tables import markdown_table

        note = self.note.replace("*", "\\*")
        parts = [f"**{self.title}**" if self.title else "", markdown_table(self), note]
        return "\n\n".join(part for part in parts if part) + "\n"

    def to_html(self) -> str:
        """HTML, without the style sheet of the report."""
        from html import escape

        from causalgreen.report.tables import html_table

        return html_table(self, self.title, self.lang) + f'<p class="note">{escape(self.note)}</p>'

    def write(self, path: str | Path) -> Path:
        """Write to ``.tex``, ``.md``, ``.html`` or ``.docx``, whole or not at all.

        Parameters
        ----------
        path : str or pathlib.Path
            The suffix decides.

        Returns
        -------
        pathlib.Path

        Raises
        ------
        DesignError
            If the suffix is another one, or python-docx is missing for ``.docx``.
        """
        from causalgreen.report.write import write_table

        return write_table(path, self)

    def __str__(self) -> str:
        return self.to_markdown()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.to_html()


def journal_table(
    models: Any,
    *,
    terms: Sequence[str] | None = None,
    labels: Mapping[str, str] | None = None,
    below: Below = "std_error",
    stars: bool = False,
    decimals: int = 3,
    level: float = 0.95,
    title: str = "",
    lang: str = "en",
    names: Mapping[str, str] | None = None,
) -> JournalTable:
    """Several effects side by side, as journals of the field print them.

    Parameters
    ----------
    models : Effects, sequence of Effects, or mapping of head to Effects
        One column each; without heads they are numbered (1), (2), ...
    terms : sequence of str, optional
        Rows, in order; default: all terms of the models.
    labels : mapping, optional
        Names of the rows, by term.
    below : {"std_error", "t", "interval"}
        What stands in parentheses below each coefficient.
    stars : bool
        Mark p-values below .01, .05 and .1; off by default.
    decimals : int
        Of coefficients.
    level : float
        Of intervals.
    title : str
        Caption.
    lang : {"en", "zh"}
        Language.
    names : mapping, optional
        Readers' names for columns of the data.

    Returns
    -------
    JournalTable

    Raises
    ------
    DesignError
        If there is no model, something else was given, or a term is in none of them.

    Examples
    --------
    >>> import causalgreen as cg
    >>> df, _ = cg.simulate_panel(n_firms=60, n_years=4, seed=0)
    >>> panel = cg.Panel.from_frame(df, unit="firm", time="year", outcome="green_patents",
    ...                             treatment="ai", controls=["leverage"])
    >>> study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear())
    >>> table = journal_table({"CR1": study.paths(covariance="CR1"),
    ...                        "CV3": study.paths(covariance="CV3")})
    >>> table.heads
    ('', 'CR1', 'CV3')
    """
    say = phrases(lang).named(names)
    if below not in ("std_error", "t", "interval"):
        raise DesignError(f"below={below!r}: choose 'std_error', 't' or 'interval'")
    given = _given(models)
    tables = {head: model.tidy(level=level).set_index("term") for head, model in given.items()}
    rows_of = _terms(tables, terms)
    _check_labels(labels, rows_of)
    rows: list[tuple[str, ...]] = []
    for term in rows_of:
        lines = [
            pair(table.loc[term] if term in table.index else None, below, stars, decimals, say)
            for table in tables.values()
        ]
        rows.append(((labels or {}).get(term) or say.step(term), *(top for top, _ in lines)))
        rows.append(("", *(under for _, under in lines)))
    facts = fact_rows([model.context for model in given.values()], say)
    note = note_of(list(given.values()), below, stars, level, say)
    return JournalTable(
        title, ("", *given), (*rows, *facts), (len(rows),) if facts else (), note, lang
    )


def _given(models: Any) -> dict[str, Any]:
    """Models by head."""
    if hasattr(models, "tidy"):
        models = [models]
    if not isinstance(models, (Mapping, Sequence)) or isinstance(models, str):
        raise DesignError(f"models={models!r}: give effects, such as study.paths(), or a list")
    if not isinstance(models, Mapping):
        models = {f"({i})": model for i, model in enumerate(models, 1)}
    if not models:
        raise DesignError("a table needs at least one model: journal_table(study.paths())")
    for head, model in models.items():
        if not (hasattr(model, "tidy") and hasattr(model, "context")):
            raise DesignError(
                f"the model {head!r} is {model!r}: give effects, such as study.paths()"
            )
    return {str(head): model for head, model in models.items()}


def _check_labels(labels: Any, rows: tuple[str, ...]) -> None:
    if labels is None:
        return
    if not isinstance(labels, Mapping):
        raise DesignError(f"labels={labels!r}: give a mapping from term to its name")
    if unknown := [str(term) for term in labels if term not in rows]:
        raise DesignError(
            f"labels: the table has no row {', '.join(unknown)}; there are {', '.join(rows)}"
        )


def _terms(tables: Mapping[str, pd.DataFrame], wanted: Sequence[str] | None) -> tuple[str, ...]:
    known = tuple(dict.fromkeys(str(term) for table in tables.values() for term in table.index))
    if wanted is None:
        return known
    wanted = [wanted] if isinstance(wanted, str) else list(wanted)
    if not wanted:
        raise DesignError(
            f"terms=[] asks for no row: leave it out for all; there are {', '.join(known)}"
        )
    unknown = [term for term in wanted if term not in known]
    if unknown:
        raise DesignError(f"no model has the term {unknown[0]!r}; there are {', '.join(known)}")
    return tuple(wanted)
