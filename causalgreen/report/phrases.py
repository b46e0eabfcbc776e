"""What a report says, in the language of its reader: one table of phrases for each language."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module

from causalgreen.errors import DesignError
from causalgreen.report.sentences import full

__all__ = ["LANGUAGES", "Phrases", "phrases"]

LANGUAGES = ("en", "zh")
Said = tuple[tuple[re.Pattern[str], str], ...]


@dataclass(frozen=True, slots=True)
class Phrases:
    """Phrases of one language; numbers are handed in as text and stay as they are.

    Attributes
    ----------
    lang : {"en", "zh"}
    text : mapping of key to template
        Sentences and titles.
    heads, values, paths : mapping
        Column heads, words in cells, and names of paths, by what they are called inside.
    said : tuple of (pattern, template)
        Sentences of other packages of the house, and what they are here.
    names : mapping
        Readers' names for columns of the data, given by the user.
    """

    lang: str
    text: Mapping[str, str]
    heads: Mapping[str, str]
    values: Mapping[str, str]
    paths: Mapping[str, str]
    said: Said = ()
    names: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, key: str, **values: object) -> str:
        """The phrase of this name, filled in."""
        return self.text[key].format(**values)

    def named(self, names: Mapping[str, str] | None) -> Phrases:
        """The same with names for columns."""
        return self if not names else replace(self, names=dict(names))

    def word(self, name: str) -> str:
        """A column's name as words."""
        return self.names.get(name) or self.values.get(f"column {name}") or name.replace("_", " ")

    def words(self, names: Sequence[str], last: str = "and") -> str:
        """Names of columns in a row."""
        return self.join([self.word(name) for name in names], last)

    def join(self, parts: Sequence[str], last: str = "and") -> str:
        """Words in a row, as in prose."""
        parts = list(parts)
        if len(parts) < 2:
            return "".join(parts)
        return self.text["comma"].join(parts[:-1]) + self.text[f"last {last}"] + parts[-1]

    def path(self, term: str) -> str:
        """Name of a path."""
        head, bracket, rest = term.partition("[")
        tail = self("in brackets", what=self.word(rest.rstrip("]"))) if bracket else ""
        if head in self.paths:
            return self.paths[head] + tail
        through = [self.names.get(p) or self.values.get(f"group {p}") or p.replace("_", " ")
                   for p in head.split(" -> ")]  # fmt: skip
        return self("through", what=" → ".join(through)) + tail

    def step(self, term: str) -> str:
        """Name of a coefficient such as ``"a -> b"``, or of a path."""
        if " -> " not in term.partition("[")[0]:
            return self.path(term)
        return term.replace("<-", "←").replace("->", "→")

    def head(self, name: str) -> str:
        """Head of a column."""
        if name in self.heads:
            return self.heads[name]
        translated = self.tell(name)
        if translated != name:
            return translated
        words = (self.names.get(name) or name.replace("_", " ")).strip()
        return words[:1].upper() + words[1:]

    def value(self, text: str) -> str:
        """Word in a cell, such as a verdict or yes."""
        return self.values.get(text, text)

    def tell(self, text: str) -> str:
        """A sentence of another package in this language; as it is where it is not known."""
        for pattern, template in self.said:
            if found := pattern.fullmatch(text.strip()):
                groups = {k: self._listed(v or "") for k, v in found.groupdict().items()}
                return template.format(**groups)
        return self.values.get(text.strip(), text)

    def _listed(self, group: str) -> str:
        """A part of a sentence: names in a row, or a sentence of its own."""
        told = self.tell(group) if group else group
        if told != group:
            return told
        parts = re.split(r"(, | and | or )", group)
        marks = {", ": "comma", " and ": "last and", " or ": "last or"}
        if not all(re.fullmatch(r'"?[\w^.=%()-]+"?( more)?', part) for part in parts[::2]):
            return group
        return "".join(self.text[marks[p]] if p in marks else p for p in parts)

    def full(self, text: str) -> str:
        """A whole sentence of a phrase; a name such as ``city_shock`` stays as it is."""
        told = self.tell(text)
        chinese = any("\u4e00" <= letter <= "\u9fff" for letter in told)
        if self.lang == "en" or not chinese:
            return full(told)
        return told if told.endswith(("。", "？", "！", "：")) else told + "。"

    def sentences(self, parts: Sequence[str]) -> str:
        """Sentences one after the other."""
        return self.text["space"].join(part for part in parts if part)


@cache
def phrases(lang: str = "en") -> Phrases:
    """Phrases of a language.

    Parameters
    ----------
    lang : {"en", "zh"}

    Returns
    -------
    Phrases

    Raises
    ------
    DesignError
        If there is no such language.

    Examples
    --------
    >>> phrases("zh").path("direct"), phrases().path("human_capital")
    ('直接效应', 'Through human capital')
    """
    if lang not in LANGUAGES:
        raise DesignError(
            f"lang={lang!r}: a report speaks one of {', '.join(LANGUAGES)} (zh: Chinese)"
        )
    table = import_module(f"causalgreen.report.phrases_{lang}")
    text = {**table.TEXT, **import_module(f"causalgreen.report.phrases_{lang}_whom").TEXT}
    said: Said = ()
    values, heads = dict(table.VALUES), dict(table.HEADS)
    if lang != "en":
        told = import_module(f"causalgreen.report.phrases_{lang}_said").SAID
        said = tuple((re.compile(pattern, re.DOTALL), out) for pattern, out in told)
        checks = import_module(f"causalgreen.report.phrases_{lang}_checks")
        values |= checks.WORDS
        heads |= checks.HEADS
    return Phrases(lang, text, heads, values, table.PATHS, said)
