"""Learners in writing, with all their settings, and back."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from causalgreen.errors import DesignError

if TYPE_CHECKING:
    from causalgreen.residuals.tasks import Learner, Stack

__all__ = ["LearnerRecord", "learner_differences", "learner_of", "record_learners"]

OURS = {
    "LinearLearner": "linear",
    "LassoLearner": "lasso",
    "LightGBMLearner": "lightgbm",
}
SKLEARN, OTHER = "scikit-learn", "other"
# What a manifest that does not name a setting was written without.
BEFORE = {"extra_trees": False, "linear_tree": False}
# A manifest is a file that others send: only classes of these packages are made from it.
TRUSTED = ("sklearn", "lightgbm", "xgboost")


@dataclass(frozen=True, slots=True)
class LearnerRecord:
    """One learner.

    Attributes
    ----------
    kind : str
        ``"linear"``, ``"lasso"``, ``"lightgbm"``, ``"scikit-learn"`` or ``"other"``.
    cls : str
        Its class.
    settings : mapping
        Every setting, as plain values.
    unwritten : tuple of str
        Settings that could not be written down in a way that can be read back.
    """

    kind: str
    cls: str
    settings: Mapping[str, Any]
    unwritten: tuple[str, ...] = ()

    @property
    def rebuildable(self) -> bool:
        """Whether the learner can be made again from what is written."""
        return self.kind != OTHER and not self.unwritten

    @property
    def name(self) -> str:
        """Short name."""
        return self.cls.rpartition(".")[2] if self.kind in (SKLEARN, OTHER) else self.kind

    def __str__(self) -> str:
        told = ", ".join(f"{name}={_shown(value)}" for name, value in self.settings.items())
        return f"{self.name}({told})"


def _shown(value: Any) -> str:
    """A setting as a person writes it."""
    if isinstance(value, dict):
        if "class" in value:
            told = ", ".join(f"{k}={_shown(v)}" for k, v in value["params"].items())
            return f"{value['class'].rpartition('.')[2]}({told})"
        if set(value) == {"tuple"}:
            return f"({', '.join(map(_shown, value['tuple']))})"
        return str(next(iter(value.values())))
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    return repr(value)


def learner_differences(
    here: tuple[LearnerRecord, ...], there: tuple[LearnerRecord, ...]
) -> str:  # fmt: skip
    """What differs between two stacks: learners, or settings of the same learners."""
    if [r.cls for r in here] != [r.cls for r in there]:
        a, b = (" + ".join(r.name for r in records) for records in (here, there))
        return f"learner: {a} here and {b} there"
    said = [
        f"{a.name} {key}={_shown(a.settings.get(key))} here and {_shown(b.settings.get(key))} there"
        for a, b in zip(here, there, strict=True)
        for key in dict.fromkeys((*a.settings, *b.settings))
        if a.settings.get(key) != b.settings.get(key)
    ]
    return f"learner: {'; '.join(said)}"


def record_learners(stack: Stack) -> tuple[LearnerRecord, ...]:
    """Write the members of a stack down.

    Examples
    --------
    >>> from causalgreen.residuals.learners import as_stack, lasso
    >>> print(record_learners(as_stack(lasso(knots=4)))[0])
    lasso(knots=4, interactions=True, n_penalties=12)
    """
    return tuple(_record(member) for member in stack.members)


def _record(learner: Learner) -> LearnerRecord:
    holes: list[str] = []
    model = getattr(learner, "model", None)
    if model is not None and type(learner).__name__ == "SklearnLearner":
        written = _plain(model, "", holes)
        if "class" not in written:  # fit and predict, and no way to ask for its settings
            cls = f"{type(model).__module__}.{type(model).__qualname__}"
            return LearnerRecord(OTHER, cls, {}, ("all settings",))
        # The study's seed takes the place of whatever was given.
        if "random_state" in written["params"]:
            written["params"]["random_state"] = None
            holes = [h for h in holes if h != "random_state"]
        return LearnerRecord(SKLEARN, written["class"], written["params"], tuple(holes))
    name = type(learner).__name__
    own = name in OURS and type(learner).__module__.startswith("causalgreen.")
    if is_dataclass(learner):
        found = {f.name: getattr(learner, f.name) for f in fields(learner)}
    else:
        found = dict(getattr(learner, "__dict__", {}))
    if own:
        found |= dict(found.pop("params", ()))
    settings = {key: _plain(value, key, holes) for key, value in found.items()}
    cls = f"{type(learner).__module__}.{name}"
    return LearnerRecord(OURS[name] if own else OTHER, cls, settings, tuple(holes))


def _plain(value: Any, name: str, holes: list[str]) -> Any:
    """A value as JSON holds it; what JSON cannot hold is described, and named in ``holes``."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        items = [_plain(v, f"{name}[{i}]", holes) for i, v in enumerate(value)]
        return {"tuple": items} if isinstance(value, tuple) else items
    if hasattr(value, "get_params") and not isinstance(value, type):
        prefix = f"{name}." if name else ""
        params = {
            key: _plain(v, f"{prefix}{key}", holes)
            for key, v in sorted(value.get_params(deep=False).items())
        }
        if type(value).__module__.partition(".")[0] not in TRUSTED:
            holes.append(name or "the class")
        return {"class": _public(type(value)), "params": params}
    holes.append(name)
    return {"repr": re.sub(r" at 0x[0-9a-f]+", "", repr(value))}


def _public(cls: type) -> str:
    """The shortest address of a class: private modules move between releases."""
    pieces = cls.__module__.split(".")
    for end in range(1, len(pieces) + 1):
        module = ".".join(pieces[:end])
        try:
            if getattr(import_module(module), cls.__name__, None) is cls:
                return f"{module}.{cls.__name__}"
        except ImportError:
            break
    return f"{cls.__module__}.{cls.__qualname__}"


def learner_of(records: tuple[LearnerRecord, ...]) -> Any:
    """Make learners again.

    Raises
    ------
    DesignError
        Naming each learner, and each setting, that the record cannot give back.
    """
    from causalgreen.residuals.learners import stack

    lost = [
        f"{r.cls}" + (f" ({', '.join(r.unwritten)})" if r.unwritten else "")
        for r in records
        if not r.rebuildable
    ]
    if lost:
        raise DesignError(
            f"these learners cannot be made again from the manifest: {'; '.join(lost)}. Give them: "
            "cg.Study.from_manifest(manifest, frame, learner=...)"
        )
    members = [_made(r) for r in records]
    return members[0] if len(members) == 1 else stack(*members)


def _made(record: LearnerRecord) -> Any:
    from causalgreen.residuals import learners

    settings = {key: _read(value) for key, value in record.settings.items()}
    if record.kind == "lightgbm":
        settings = BEFORE | settings
    if record.kind == SKLEARN:
        return learners.as_learner(_object(record.cls, settings))
    makers = {"linear": learners.linear, "lasso": learners.lasso, "lightgbm": learners.lightgbm}
    if record.kind not in makers:
        raise DesignError(f"the manifest names a learner that is not known: {record.kind!r}")
    try:
        return makers[record.kind](**settings)
    except TypeError as error:
        raise DesignError(f"the manifest's {record.kind} learner: {error}") from error


def _read(value: Any) -> Any:
    if isinstance(value, list):
        return [_read(v) for v in value]
    if isinstance(value, dict):
        if "class" in value:
            return _object(value["class"], {k: _read(v) for k, v in value["params"].items()})
        if "tuple" in value:
            return tuple(_read(v) for v in value["tuple"])
        return float(value["float"])
    return value


def _object(address: str, params: Mapping[str, Any]) -> Any:
    from sklearn.base import BaseEstimator

    module, _, name = address.rpartition(".")
    if module.partition(".")[0] not in TRUSTED:
        raise DesignError(
            f"the manifest asks for {address}; learners are made from a manifest only if they "
            f"belong to {', '.join(TRUSTED)}. Give it: from_manifest(..., learner=...)"
        )
    try:
        cls = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise DesignError(
            f"the manifest asks for {address}, which is not installed here ({error})"
        ) from error
    if not (isinstance(cls, type) and issubclass(cls, BaseEstimator)):
        raise DesignError(f"the manifest asks for {address}, which is no estimator")
    try:
        return cls(**params)
    except TypeError as error:
        raise DesignError(f"{address} of this version takes other settings: {error}") from error
