"""Everything that took long can be stored, read by another process, and asked and drawn again."""

from __future__ import annotations

import pickle
import subprocess
import sys
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pytest
from conftest import make_study

import causalgreen as cg
from causalgreen.falsify.registry import falsify

QUESTIONS = {
    "groups": ("size",), "contrast": ("size",), "projection": (), "calibration": (),
    "sorted_groups": (), "profile": (), "targeting": (), "policy": (), "shapley": (),
    "curve": ("size",), "interaction": ("size", "urban"), "claims": (),
}  # fmt: skip


@pytest.fixture(scope="module")
def kept(table):
    """A study with its residuals, a surface, and every check."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study = make_study(table, traits=["size", "urban"])
        surface = study.surface(cg.forest(100))
        tried = falsify(study, simulations=40, network=["city", "industry"], progress=False)
    return study, surface, tried


def again(thing):
    return pickle.loads(pickle.dumps(thing))


def test_a_study_answers_as_before_without_fitting_again(kept):
    study, copy = kept[0], again(kept[0])
    assert "residuals" in copy.__dict__
    for ask in ("paths", "identify", "nuisance_report"):
        assert str(getattr(copy, ask)()) == str(getattr(study, ask)())


def test_every_check_is_drawn_again(kept):
    tried, copy = kept[2], again(kept[2])
    assert str(copy) == str(tried)
    drawn = [finding.name for finding in copy if finding.draw is not None]
    assert len(drawn) > 10
    for name in drawn:
        assert copy[name].plot().get_axes()
        plt.close("all")


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_about_a_surface_is_answered_and_drawn_again(kept, question):
    study, surface, _ = kept
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        explanation = study.explain(surface)
        answer = getattr(explanation, question)(*QUESTIONS[question])
        copy = again(answer)
        assert str(copy) == str(answer)
        assert copy.plot() is not None
    plt.close("all")


def test_another_process_reads_them(kept, tmp_path):
    study, surface, tried = kept
    path = tmp_path / "kept.pickle"
    path.write_bytes(pickle.dumps({"study": study, "surface": surface, "tried": tried}))
    code = (
        "import pickle, sys, warnings; warnings.simplefilter('ignore');"
        "kept = pickle.load(open(sys.argv[1], 'rb'));"
        "print(repr(float(kept['study'].explain(kept['surface']).groups('size').effects"
        ".estimate[0])))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    ).stdout
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        here = study.explain(surface).groups("size").effects.estimate[0]
    np.testing.assert_allclose(float(told), here, rtol=1e-12)
