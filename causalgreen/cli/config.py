"""Read a study file: every mistake in it is found at once."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from causalgreen.errors import CausalGreenError, Fault

__all__ = ["LEARNERS", "ConfigError", "StudyConfig", "read_config"]

LEARNERS = ("default", "linear", "lasso", "lightgbm", "random_forest")
KINDS = ("within", "first_difference", "mundlak", "none")
ESTIMATION = ("coefficients", "covariance", "population", "allow_unidentified")
Edges = tuple[tuple[str, str], ...]


class ConfigError(CausalGreenError):
    """A study file or a command that cannot be followed; carries every mistake in it."""

    def __init__(self, where: str, faults: list[Fault]) -> None:
        self.faults = tuple(faults)
        count = "1 mistake" if len(faults) == 1 else f"{len(faults)} mistakes"
        lines = [f"{where} has {count}:"]
        for number, fault in enumerate(faults, 1):
            lines.append(f"{number}. {fault.what}\n    what to do: {fault.fix}")
        super().__init__("\n".join(lines))


@dataclass(frozen=True, slots=True)
class StudyConfig:
    """A study file, read and checked.

    Attributes
    ----------
    source, table, output : Path
        The study file, its table, and the folder for what comes out.
    roles : mapping
        Arguments of ``Panel.from_frame``.
    study : mapping
        ``fixed_effects``, ``time_effects``, ``absorb``, ``learner``, ``folds``, ``repeats``,
        ``seed``, ``n_jobs``, and what `estimation` holds.
    latent : tuple of mapping
        Latent nodes of the graph: arguments of ``CausalGraph.add_node``.
    add, drop, reverse : tuple of (str, str)
        Edits of the template graph.
    report : mapping
        ``lang``; whether the report says for whom (``whom``) and tries to break the numbers
        (``falsify``), with so many ``simulations``.
    """

    source: Path
    table: Path
    output: Path
    roles: Mapping[str, Any]
    study: Mapping[str, Any]
    add: Edges = ()
    drop: Edges = ()
    reverse: Edges = ()
    latent: tuple[Mapping[str, Any], ...] = ()
    report: Mapping[str, Any] = field(default_factory=dict)

    @property
    def estimation(self) -> dict[str, Any]:
        """Arguments of ``Study.paths``."""
        return {name: self.study[name] for name in ESTIMATION}


@dataclass(frozen=True, slots=True)
class _Key:
    """What a key may hold: ``parse`` returns the value or raises ValueError with what is meant."""

    parse: Callable[[Any], Any]
    default: Any = None
    required: bool = False


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError('a text in quotation marks, such as "firm"')
    return value


def _texts(value: Any) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(v, str) and v.strip() for v in values):
        raise ValueError('a name or a list of names, such as ["age", "leverage"]')
    return tuple(values)


def _groups(value: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise ValueError('groups of columns, such as { human_capital = ["skilled_share"] }')
    return {name: _texts(columns) for name, columns in value.items()}


def _edges(value: Any) -> Edges:
    meant = 'a list of edges, such as ["leverage -> ai"]'
    if not isinstance(value, list):
        raise ValueError(meant)
    edges = []
    for edge in value:
        ends = [end.strip() for end in edge.split("->")] if isinstance(edge, str) else edge
        if not isinstance(ends, list) or len(ends) != 2:
            raise ValueError(meant)
        if not all(isinstance(end, str) and end for end in ends):
            raise ValueError(meant)
        edges.append((ends[0], ends[1]))
    return tuple(edges)


def _latent(value: Any) -> tuple[dict[str, Any], ...]:
    meant = 'a list such as [{ name = "talent", causes = ["ai", "green_patents"] }]'
    if not isinstance(value, list):
        raise ValueError(meant)
    nodes = []
    for node in value:
        if not isinstance(node, dict) or "name" not in node:
            raise ValueError(meant)
        if odd := sorted(set(node) - {"name", "causes", "caused_by", "shock"}):
            raise ValueError(f"{meant}; a node has name, causes, caused_by, shock, not {odd[0]!r}")
        ends = {key: _texts(node[key]) for key in ("causes", "caused_by") if key in node}
        nodes.append(
            {"name": _text(node["name"]), "shock": _flag(node.get("shock", False)), **ends}
        )
    return tuple(nodes)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _whole(least: int) -> Callable[[Any], int]:
    def parse(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ValueError(f"a whole number from {least} on")
        return value

    return parse


def _jobs(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value == 0:
        raise ValueError("a number of processes, or -1 for all cores")
    return value


def _one_of(choices: tuple[str, ...]) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if value not in choices:
            by_case = {choice.casefold(): choice for choice in choices}
            near = difflib.get_close_matches(str(value).casefold(), by_case, n=1)
            hint = f" (did you mean {by_case[near[0]]!r}?)" if near else ""
            raise ValueError(f"one of {', '.join(map(repr, choices))}{hint}")
        return str(value)

    return parse


_SCHEMA: dict[str, dict[str, _Key]] = {
    "data": {"path": _Key(_text, required=True)},
    "roles": {
        "unit": _Key(_text, required=True),
        "time": _Key(_text, required=True),
        "outcome": _Key(_text, required=True),
        "treatment": _Key(_texts, required=True),
        "exposure": _Key(_texts),
        "mediators": _Key(_groups, {}),
        "traits": _Key(_texts),
        "controls": _Key(_texts),
        "cluster": _Key(_texts),
        "weight": _Key(_text),
    },
    "study": {
        "fixed_effects": _Key(_one_of(KINDS), "within"),
        "time_effects": _Key(_flag, True),
        "absorb": _Key(_texts, ()),
        "learner": _Key(_one_of(LEARNERS), "default"),
        "folds": _Key(_whole(2)),
        "repeats": _Key(_whole(1), 1),
        "seed": _Key(_whole(0), 0),
        "n_jobs": _Key(_jobs),
        "coefficients": _Key(_one_of(("auto", "varying", "constant")), "auto"),
        "covariance": _Key(_one_of(("auto", "CR1", "CV3")), "auto"),
        "population": _Key(_flag, True),
        "allow_unidentified": _Key(_flag, False),
    },
    "graph": {
        "latent": _Key(_latent, ()),
        "add": _Key(_edges, ()),
        "drop": _Key(_edges, ()),
        "reverse": _Key(_edges, ()),
    },
    "report": {
        "lang": _Key(_one_of(("en", "zh")), "en"),
        "whom": _Key(_flag, False),
        "falsify": _Key(_flag, False),
        "simulations": _Key(_whole(20), 400),
    },
    "output": {"folder": _Key(_text)},
}


@dataclass(slots=True)
class _Reading:
    """Faults gathered while a file is read."""

    faults: list[Fault] = field(default_factory=list)

    def add(self, code: str, what: str, fix: str) -> None:
        self.faults.append(Fault(code, what, fix))

    def sections(self, document: dict[str, Any]) -> dict[str, dict[str, Any]]:
        for name in document:
            if name not in _SCHEMA:
                self.unknown("section", f"[{name}]", name, list(_SCHEMA))
        return {name: self.section(name, document.get(name, {})) for name in _SCHEMA}

    def section(self, name: str, found: Any) -> dict[str, Any]:
        if not isinstance(found, dict):
            self.add("wrong_type", f"{name} is not a section", f"write a line [{name}] above it")
            return {}
        keys = _SCHEMA[name]
        for key in found:
            if key not in keys:
                self.unknown("key", f"{key!r} in [{name}]", key, list(keys))
        return {key: self.value(name, key, rule, found) for key, rule in keys.items()}

    def value(self, section: str, key: str, rule: _Key, found: dict[str, Any]) -> Any:
        if key not in found:
            if rule.required:
                self.add("missing_key", f"[{section}] has no {key!r}", f"add: {key} = ...")
            return rule.default
        try:
            return rule.parse(found[key])
        except ValueError as meant:
            what = f"[{section}] {key} = {found[key]!r} cannot be used"
            self.add("wrong_value", what, f"give {meant}")
            return rule.default

    def unknown(self, kind: str, shown: str, name: str, known: list[str]) -> None:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        known_list = f"known {kind}s: {', '.join(known)}"
        fix = f"did you mean {near[0]!r}? ({known_list})" if near else known_list
        self.add("unknown_key", f"there is no {kind} {shown}", fix)


def read_config(path: Path) -> StudyConfig:
    """Read a study file; paths in it are relative to it.

    Parameters
    ----------
    path : Path
        A TOML file with ``[data]``, ``[roles]`` and, as wanted, ``[study]``, ``[graph]``,
        ``[report]``, ``[output]``.

    Raises
    ------
    ConfigError
        With every mistake that was found: unknown, missing and ill-typed keys.
    """
    reading = _Reading()
    document = reading.sections(_document(path))
    if document["report"].get("whom") and not document["roles"].get("traits"):
        what = "[report] whom = true asks for whom, and [roles] names no traits"
        reading.add("missing_key", what, 'add: traits = ["..."] to [roles], or whom = false')
    if reading.faults:
        raise ConfigError(str(path), reading.faults)
    folder = document["output"]["folder"] or f"{path.stem}-output"
    return StudyConfig(
        source=path,
        table=path.parent / document["data"]["path"],
        output=path.parent / folder,
        roles=document["roles"],
        study=document["study"],
        report=document["report"],
        **document["graph"],
    )


def _document(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        fault = Fault("no_file", f"there is no file {path}", "check the path of the study file")
    except UnicodeDecodeError as error:
        fault = Fault("encoding", f"it is not UTF-8 text: {error}", "save it as UTF-8")
    except tomllib.TOMLDecodeError as error:
        fix = "texts go in quotation marks; write C:/folder/panel.csv with forward slashes"
        fault = Fault("syntax", f"it is not valid TOML: {error}", fix)
    raise ConfigError(str(path), [fault])
