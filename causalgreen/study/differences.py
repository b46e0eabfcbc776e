"""What differs between two manifests, in sentences, and whether that can change numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from html import escape
from textwrap import fill
from typing import TYPE_CHECKING, Any

from causalgreen.study.learner_record import learner_differences

if TYPE_CHECKING:
    import pandas as pd

    from causalgreen.study.fingerprint import DataRecord
    from causalgreen.study.manifest import Manifest

__all__ = ["Difference", "Differences", "data_differences", "differences", "version_differences"]

NUMBERS, DIGITS, NOTHING = (
    "can change the numbers", "can change the last digits", "does not change the numbers",
)  # fmt: skip
_ARITHMETIC = {"numpy", "scipy", "machine"}


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference.

    Attributes
    ----------
    part : str
        ``"data"``, ``"roles"``, ``"graph"``, ``"method"``, ``"versions"`` or ``"estimates"``.
    sentence : str
        What differs.
    consequence : str
        ``"can change the numbers"``, ``"can change the last digits"`` or
        ``"does not change the numbers"``.
    """

    part: str
    sentence: str
    consequence: str

    def __str__(self) -> str:
        end = "" if self.part == "estimates" else f" This {self.consequence}."
        return f"{self.part}: {self.sentence}.{end}"


@dataclass(frozen=True, slots=True, repr=False)
class Differences:
    """All differences between this manifest and another.

    Attributes
    ----------
    found : tuple of Difference
    """

    found: tuple[Difference, ...]

    def __iter__(self) -> Iterator[Difference]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    @property
    def can_change_numbers(self) -> bool:
        """Whether estimates may differ by more than their last digits."""
        return any(d.consequence == NUMBERS for d in self.found)

    def of(self, part: str) -> Differences:
        """Those of one part."""
        return Differences(tuple(d for d in self.found if d.part == part))

    def tidy(self) -> pd.DataFrame:
        """One row for each difference."""
        import pandas as pd

        columns = [f.name for f in fields(Difference)]
        return pd.DataFrame([[getattr(d, c) for c in columns] for d in self], columns=columns)

    def __str__(self) -> str:
        if not self.found:
            return "Nothing differs: the same study, and the same numbers."
        return "\n".join(fill(f"- {d}", 98, subsequent_indent="  ") for d in self.found)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        if not self.found:
            return f"<p>{escape(str(self))}</p>"
        return "<ul>" + "".join(f"<li>{escape(str(d))}</li>" for d in self.found) + "</ul>"


def differences(this: Manifest, other: Manifest) -> Differences:
    """Compare two manifests part by part."""
    return Differences(
        (
            *data_differences(this.data, other.data),
            *_roles(this, other),
            *_graph(this, other),
            *_method(this, other),
            *version_differences(this, dict(other.versions)),
            *_estimates(this, other),
        )
    )


def data_differences(this: DataRecord, other: DataRecord) -> tuple[Difference, ...]:
    """What differs in the tables."""
    if this.digest == other.digest and _kinds(this) == _kinds(other):
        return ()
    said = []
    for name in ("rows", "firms", "periods"):
        a, b = getattr(this, name), getattr(other, name)
        if a != b:
            said.append(f"{a:,} {name} here and {b:,} there")
    if (this.first, this.last) != (other.first, other.last):
        said.append(f"{this.first} to {this.last} here and {other.first} to {other.last} there")
    sizes = [Difference("data", "; ".join(said), NUMBERS)] if said else []
    here, there = ({c.name: c for c in d.columns} for d in (this, other))
    out = sizes + _values(this, here, there)
    out += [
        Difference(
            "data", f"{c.name} holds {_kind(c)} here and {_kind(there[c.name])} there; the "
            "order of firms and clusters, hence the folds, follow it", NUMBERS
        )
        for c in this.columns if c.name in there and _kind(c) != _kind(there[c.name])
    ]  # fmt: skip
    for names, place in (
        (here.keys() - there.keys(), "here"),
        (there.keys() - here.keys(), "there"),
    ):
        if names:
            out.append(Difference("data", f"{_listed(sorted(names))} only {place}", NUMBERS))
    return tuple(out)


def _values(this: DataRecord, here: dict[str, Any], there: dict[str, Any]) -> list[Difference]:
    """Columns whose values differ; where rows are others, no column can be compared."""
    moved = [n for n in here if n in there and here[n].digest != there[n].digest]
    keys = [c.name for c in this.columns[:2] if c.name in moved]
    if keys:
        said = (
            f"the rows differ: {' and '.join(keys)} do not hold the same values, so that no other "
            "column can be compared (codes that were read as numbers have lost their zeros)"
        )
        return [Difference("data", said, NUMBERS)]
    values = []
    for name in moved:
        a, b = here[name].mean, there[name].mean
        values.append(name if a is None or b is None else f"{name} (mean {a!r} and {b!r})")
    said = f"the values differ in {_listed(values)}"
    return [Difference("data", said, NUMBERS)] if values else []


def _kinds(data: DataRecord) -> dict[str, Any]:
    return {c.name: _kind(c) for c in data.columns}


def _kind(column: Any) -> str:
    words = {"number": "numbers", "date": "dates", "ordered": f"levels {', '.join(column.levels)}"}
    return words.get(column.kind, column.kind)


def _roles(this: Manifest, other: Manifest) -> Iterator[Difference]:
    for field in fields(this.roles):
        a, b = getattr(this.roles, field.name), getattr(other.roles, field.name)
        if a != b:
            said = f"{field.name} {_shown(a)} here and {_shown(b)} there"
            yield Difference("roles", said, NUMBERS)


def _shown(value: Any) -> str:
    if not value:
        return "none"
    if isinstance(value, str):
        return value
    return ", ".join(
        v if isinstance(v, str) else f"{v[0]} ({', '.join(v[1])})" for v in value
    )  # fmt: skip


def _graph(this: Manifest, other: Manifest) -> Iterator[Difference]:
    """Arrows tell which paths are reported and in which order mediators act; no more."""
    if this.graph_digest == other.graph_digest:
        return
    said = []
    words = {"edges": "arrows ", "nodes": "nodes ", "latent": "latent ", "shocks": "shocks "}
    for name, word in words.items():
        a, b = set(getattr(this.graph, name)), set(getattr(other.graph, name))
        for only, place in ((a - b, "here"), (b - a, "there")):
            if only:
                items = [" -> ".join(x) if isinstance(x, tuple) else x for x in sorted(only)]
                said.append(f"{word}only {place}: {_listed(items)}")
    judged = {e.term: e.verdict for e in other.estimands}
    said += [
        f"{e.term} is {e.verdict} here and {judged.get(e.term, 'absent')} there"
        for e in this.estimands
        if judged.get(e.term) != e.verdict
    ]
    terms = {e.term for e in this.estimates} == {e.term for e in other.estimates}
    same = terms and this.graph.mediator_order() == other.graph.mediator_order()
    yield Difference("graph", "; ".join(said), NOTHING if same else NUMBERS)


def _method(this: Manifest, other: Manifest) -> Iterator[Difference]:
    time = this.roles.time
    if this.fixed_effects != other.fixed_effects:
        a, b = (m.fixed_effects.describe(time) for m in (this, other))
        if a == b:
            a, b = "approximate", "exact"
        if this.fixed_effects.approximate < other.fixed_effects.approximate:
            a, b = b, a
        yield Difference("method", f"fixed effects: {a} here and {b} there", NUMBERS)
    if this.learners != other.learners:
        yield Difference("method", learner_differences(this.learners, other.learners), NUMBERS)
    for name in ("folds", "repeats", "seed"):
        a, b = getattr(this, name), getattr(other, name)
        if a != b:
            yield Difference("method", f"{name}: {a} here and {b} there", NUMBERS)
    one, two = this.estimation, other.estimation
    if one is None or two is None:
        if one is not two:
            place = "here" if one is None else "there"
            told = f"the estimates {place} are not those of study.paths() as they are"
            yield Difference("method", told, NUMBERS)
        return
    for field in fields(one):
        a, b = getattr(one, field.name), getattr(two, field.name)
        if a != b:
            yield Difference("method", f"{field.name}: {a} here and {b} there", NUMBERS)


def version_differences(this: Manifest, there: dict[str, str]) -> tuple[Difference, ...]:
    """What differs in versions."""
    here = dict(this.versions)
    used = {r.cls.partition(".")[0].replace("sklearn", "scikit-learn") for r in this.learners}
    used |= {"lightgbm" for r in this.learners if r.kind == "lightgbm"}
    used |= {"scikit-learn" for r in this.learners if r.kind == "lasso"}
    out = []
    for name in dict.fromkeys((*here, *there)):
        a, b = here.get(name, "absent"), there.get(name, "absent")
        if a == b:
            continue
        if name == "causalgreen" or name in used:
            consequence = NUMBERS
        else:
            consequence = DIGITS if name in _ARITHMETIC else NOTHING
        out.append(Difference("versions", f"{name} {a} here and {b} there", consequence))
    return tuple(out)


def _estimates(this: Manifest, other: Manifest) -> Iterator[Difference]:
    there = {e.term: e for e in other.estimates}
    moved = [
        f"{e.term} {e.estimate:.6g} ({e.std_error:.4g}) here and "
        f"{there[e.term].estimate:.6g} ({there[e.term].std_error:.4g}) there"
        for e in this.estimates
        if e.term in there and there[e.term] != e
    ]
    if moved:
        yield Difference("estimates", "; ".join(moved), NUMBERS)
    mine = {e.term for e in this.estimates}
    for names, place in ((mine - there.keys(), "here"), (there.keys() - mine, "there")):
        if names:
            yield Difference("estimates", f"{_listed(sorted(names))} only {place}", NUMBERS)


def _listed(items: Sequence[str], most: int = 6) -> str:
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(items[:most]) + more
