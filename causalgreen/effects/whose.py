"""Whether numbers are those of a study: no other one must stand under its question."""

from __future__ import annotations

from typing import Any

from causalgreen.errors import DesignError

__all__ = ["refuse_other_study"]

ASKED = {"effects": "paths()", "surface": "surface()", "falsification": "falsify()"}


def refuse_other_study(study: Any, found: Any, name: str) -> None:
    """Refuse what another study has found.

    Parameters
    ----------
    study : Study
    found : Effects, Surface, Explanation, Claims or Falsification
    name : str
        Of the argument.

    Raises
    ------
    DesignError
        Saying in what the studies differ.
    """
    whose = getattr(found, "surface", getattr(found, "effects", found))
    if (context := getattr(whose, "context", None)) is None:
        return
    moments = study.__dict__.get("moments")
    other = context.other_than(study.panel.roles, None if moments is None else moments.sample)
    if other:
        raise DesignError(
            f"{name}= was given what another study found: {other}. Give what this study finds, "
            f"such as study.{ASKED[name]}"
        )
