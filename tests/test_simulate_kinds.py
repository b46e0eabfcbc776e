"""The kinds of AI of the realistic economy: one more unit does what the truth says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import causalgreen as cg
from causalgreen.data import economy as realistic
from causalgreen.data.economy_paths import TYPES, coefficients, draw


@pytest.mark.parametrize("kind", list(TYPES))
def test_one_more_unit_of_a_kind_does_what_its_truth_says(kind, monkeypatch):
    def simulated():
        realism = cg.Realism(counts=False, links=False, missing=0.0)
        return cg.simulate_panel(200, 6, seed=2, realism=realism)

    def more(*arguments):
        draws = draw(*arguments)
        return replace(draws, types=draws.types | {kind: draws.types[kind] + 1})

    made = simulated()
    monkeypatch.setattr(realistic, "draw", more)
    columns = ["ai", "peer_ai", *TYPES, "clean_share", "skilled_share", "green_patents"]
    change = simulated().df[columns] - made.df[columns]  # chance is the same
    for name in ("ai", "peer_ai", *TYPES):
        np.testing.assert_allclose(change[name], float(name == kind), atol=1e-12, err_msg=name)
    traits = (made.df[name].to_numpy() for name in ("trait_size", "urban", "clean_industry"))
    c = coefficients(*traits, (1.0, 0.0, 1.0), made.realism.effect)
    truth = made.truth.of_type(kind).per_firm.loc[made.df["firm"]]
    restructuring = c.beta_r * change["clean_share"]
    human_capital = c.beta_h * change["skilled_share"]
    direct = change["green_patents"] - restructuring - human_capital
    np.testing.assert_allclose(restructuring, truth["restructuring"], atol=1e-10)
    np.testing.assert_allclose(human_capital, truth["human_capital"], atol=1e-10)
    np.testing.assert_allclose(direct, truth["direct"], atol=1e-10)
