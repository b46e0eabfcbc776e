"""What a summary or a report was handed: refused before anything is computed."""

from __future__ import annotations

from typing import Any

from causalgreen.effects.whose import refuse_other_study
from causalgreen.errors import DesignError
from causalgreen.falsify.finding import Falsification, Finding

__all__ = ["check_given"]

EFFECTS = ("tidy", "terms", "context")


def check_given(effects: Any, surface: Any, falsification: Any, study: Any = None) -> None:
    """Refuse what stands in another's place, or was found by another study.

    Parameters
    ----------
    effects, surface, falsification
        As in ``Study.summary`` and ``Study.report``; None for what was not given.
    study : Study, optional
        Whose they have to be.

    Raises
    ------
    DesignError
        Naming the argument, what was given, and what belongs there.

    Examples
    --------
    >>> check_given(None, None, "passed")
    Traceback (most recent call last):
    causalgreen.errors.DesignError: falsification='passed': give what study.falsify() returned
    """
    for name, value in (("effects", effects), ("surface", surface)):
        if isinstance(value, (Falsification, Finding)):
            raise DesignError(
                f"{name}= was given findings: name the argument, as in falsification=found"
            )
    if effects is not None and not all(hasattr(effects, a) for a in EFFECTS):
        raise DesignError(f"effects={_told(effects)}: give effects, such as study.paths()")
    if surface is not None and not (hasattr(surface, "tidy") or hasattr(surface, "claims")):
        raise DesignError(
            f"surface={_told(surface)}: give study.surface(), or what study.explain() returned"
        )
    if isinstance(falsification, Finding):
        raise DesignError(
            f"falsification= was given the one finding {falsification.name!r}: give all that "
            f"study.falsify() returned, or study.falsify([{falsification.name!r}])"
        )
    if falsification is not None and not isinstance(falsification, Falsification):
        raise DesignError(
            f"falsification={_told(falsification)}: give what study.falsify() returned"
        )
    given = {"effects": effects, "surface": surface, "falsification": falsification}
    for name, value in given.items():
        if study is not None and value is not None:
            refuse_other_study(study, value, name)


def _told(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"<{type(value).__name__}>"
