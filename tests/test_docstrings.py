"""Public names say in numpy style what they take, give and raise, show it, and name a source."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import textwrap
from pathlib import Path

import pytest

import causalgreen as cg

ROOT = Path(__file__).resolve().parent.parent
NAMES = [name for name in cg.__all__ if name not in ("__version__", "data")]
# What estimates, or decides how: each names where its method comes from.
SOURCED = {
    "FixedEffects", "lasso", "lightgbm", "random_forest", "stack", "forest", "linear_surface",
    "econml", "exposure", "Effects", "Study",
    *(f"Explanation.{verb}" for verb in (
        "groups", "contrast", "projection", "calibration", "sorted_groups", "profile", "targeting",
        "policy", "shapley", "curve", "family", "claims",
    )),
}  # fmt: skip


def _sections(text):
    """Sections of a numpy docstring, each with its text."""
    parts = re.split(r"^([A-Z]\w+(?: \w+)?)\n-{3,}$", inspect.cleandoc(text or ""), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _told(section):
    """Names that a section of parameters or attributes begins an entry with."""
    heads = re.findall(r"^(\*{0,2}\w[^\n:]*?)(?: ?:.*)?$", section, re.M)
    return {name.strip().lstrip("*") for head in heads for name in head.split(",")}


def _raises(function):
    """Whether the function itself raises, apart from functions inside it."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except OSError:  # made by a decorator
        return False
    return any(isinstance(node, ast.Raise) and node.exc for node in ast.walk(tree))


def lacks(name, function, shown):
    """What the docstring of a function lacks; ``shown``: it needs an example, too."""
    sections = _sections(function.__doc__)
    signature = inspect.signature(function)
    taken = [p for p in signature.parameters if p not in ("self", "cls")]
    missing = [f"Parameters: {p}" for p in taken if p not in _told(sections.get("Parameters", ""))]
    gives = signature.return_annotation not in ("None", None)
    if gives and (taken or shown) and not {"Returns", "Yields"} & set(sections):
        missing.append("Returns")
    if _raises(function) and "Raises" not in sections:
        missing.append("Raises")
    if shown and ">>>" not in sections.get("Examples", ""):
        missing.append("Examples")
    if name in SOURCED and "References" not in sections:
        missing.append("References")
    return missing


def _methods(kind):
    for name, _ in inspect.getmembers(kind):
        holder = next((base for base in kind.__mro__ if name in vars(base)), None)
        if name.startswith("_") or not holder.__module__.startswith("causalgreen"):
            continue
        held = vars(holder)[name]
        found = getattr(held, "__func__", held)
        if inspect.isfunction(found):
            yield name, found


def _of_class(name, kind):
    sections = _sections(kind.__doc__)
    given = {"Parameters", "Attributes"} & set(sections)
    missing = [] if given or issubclass(kind, BaseException) else ["Parameters or Attributes"]
    if "Examples" not in sections and not issubclass(kind, BaseException):
        missing.append("Examples")
    if name in SOURCED and "References" not in sections:
        missing.append("References")
    missing = [f"{name} lacks {part}" for part in missing]
    for method, function in _methods(kind):
        whole = f"{name}.{method}"
        missing += [f"{whole} lacks {part}" for part in lacks(whole, function, False)]
    return missing


@pytest.mark.parametrize("name", NAMES)
def test_docstring_is_whole(name):
    thing = getattr(cg, name)
    if inspect.isclass(thing):
        assert _of_class(name, thing) == []
    else:
        assert [f"{name} lacks {part}" for part in lacks(name, thing, True)] == []


def _behind_the_doors():
    """Public names of the packages below, each with its door."""
    for door in ("data", "graph", "panel", "report", "study"):
        module = importlib.import_module(f"causalgreen.{door}")
        for name in module.__all__:
            thing = getattr(module, name)
            if callable(thing) and name not in NAMES:
                yield pytest.param(thing, id=f"{door}.{name}")


@pytest.mark.parametrize("thing", list(_behind_the_doors()))
def test_docstring_behind_a_door_is_whole(thing):
    """The same, but that a result may be shown where it is made."""
    name = thing.__name__
    found = _of_class(name, thing) if inspect.isclass(thing) else lacks(name, thing, False)
    assert [part for part in found if part != f"{name} lacks Examples"] == []


def test_what_lacks_is_named():
    def halve(x: float, *, digits: int = 2) -> float:
        """Half of a number.

        Parameters
        ----------
        x : float
            The number.
        """
        if x < 0:
            raise ValueError(digits)
        return x / 2

    assert lacks("halve", halve, True) == ["Parameters: digits", "Returns", "Raises", "Examples"]
    assert lacks("forest", halve, False)[-1] == "References"
    assert lacks("forest", cg.forest, True) == []


def test_what_needs_a_source_exists():
    for name in SOURCED:
        kind, _, method = name.partition(".")
        assert callable(getattr(getattr(cg, kind), method) if method else getattr(cg, kind))


def test_no_markup_of_another_kind():
    """The site is made of Markdown: roles of Sphinx would be shown as they are written."""
    found = [
        f"{file.relative_to(ROOT)}: {role}"
        for file in sorted((ROOT / "causalgreen").rglob("*.py"))
        for role in re.findall(r":[a-z]+:`[^`]*`", file.read_text("utf-8"))
    ]
    assert found == []
