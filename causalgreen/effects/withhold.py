"""Nothing is reported that the graph does not identify, unless the user says so."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from causalgreen.effects.effects import Effects
from causalgreen.errors import IdentificationWarning

if TYPE_CHECKING:
    from causalgreen.graph.identification import PathVerdict

__all__ = ["withhold"]


def withhold(effects: Effects, unidentified: Sequence[PathVerdict], allow: bool) -> Effects:
    """Leave out paths that the graph does not identify, or say that they are not.

    Parameters
    ----------
    effects : Effects
        All paths.
    unidentified : sequence of PathVerdict
        Verdicts of the paths that are not identified.
    allow : bool
        Keep them, with a note.

    Returns
    -------
    Effects
        With a note where anything is not identified; the details go with the paths.

    Warns
    -----
    IdentificationWarning
        Naming the paths and what is open.
    """
    if not unidentified:
        return effects
    names = ", ".join(v.term for v in unidentified)
    why = "; ".join(dict.fromkeys(v.open_path or v.reason for v in unidentified))
    if allow:
        note = f"not identified, reported because allow_unidentified=True: {names} ({why})"
    else:
        note = (
            f"withheld, because the graph does not identify them: {names} ({why}). "
            "allow_unidentified=True reports them all the same"
        )
        gone = {v.term for v in unidentified}
        effects = effects.select([t for t in effects.terms if t not in gone], detail=False)
    warnings.warn(note, IdentificationWarning, stacklevel=3)
    return effects.noting(note)
