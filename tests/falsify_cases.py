"""Cases for the tests of falsification: a study, opened up."""

from __future__ import annotations

import warnings

import causalgreen as cg
from causalgreen.falsify.case import Case
from causalgreen.falsify.rerun import again_of


def case_of(study, *, simulations=200, seed=0, refit=False, **paths):
    """The case of a study, without its warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cg.CausalGreenWarning)
        effects = study.paths(**{"allow_unidentified": True} | paths)
        return Case(
            study.panel, study.graph, study.identify(), study.residuals, study.moments,
            study._layout, effects, again_of(study), simulations, seed, refit,
        )  # fmt: skip
