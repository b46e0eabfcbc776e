"""Effects print beside models of pyfixest in the tables of maketables."""

from __future__ import annotations

import re

import pytest
from conftest import make_study, quiet_paths

import causalgreen as cg

pf = pytest.importorskip("pyfixest", reason="pyfixest is not installed")
maketables = pytest.importorskip("maketables", reason="maketables is not installed")


@pytest.fixture(scope="module")
def both():
    df, _ = cg.simulate_panel(n_firms=80, n_years=5, seed=0)
    effects = quiet_paths(make_study(df, n_jobs=1, progress=False))
    model = pf.feols("green_patents ~ ai + leverage | firm+year", df, vcov={"CRV1": "city"})
    return model, effects


def _pair(cell):
    return [float(n) for n in re.findall(r"-?\d+\.\d+", cell)]


def test_each_column_holds_the_numbers_of_its_model(both):
    model, effects = both
    table = maketables.ETable(list(both), coef_fmt="b:.4f \n (se:.4f)").df
    assert table.shape[1] == 2
    rows = table.loc["coef"]
    for term, estimate, error in zip(
        effects.terms, effects.estimate, effects.std_error, strict=True
    ):
        assert _pair(rows.loc[term].iloc[1]) == pytest.approx([estimate, error], abs=6e-5)
        assert rows.loc[term].iloc[0] == ""
    for term in ("ai", "leverage"):
        told = [model.coef()[term], model.se()[term]]
        assert _pair(rows.loc[term].iloc[0]) == pytest.approx(told, abs=6e-5)
        assert rows.loc[term].iloc[1] == ""


def test_outcome_sizes_and_fixed_effects_stand_below_both(both):
    model, effects = both
    table = maketables.ETable(list(both)).df
    assert {head[0] for head in table.columns} == {"green_patents"}
    assert table.loc[("fe", "firm")].tolist() == ["x", "x"]
    assert table.loc[("fe", "year")].tolist() == ["x", "x"]
    rows = table.loc[("stats", "Observations")].tolist()
    assert [int(str(n).replace(",", "")) for n in rows] == [model._N, effects.context.n_rows]


def test_latex_of_both_has_every_path(both):
    _, effects = both
    text = maketables.ETable(list(both)).make(type="tex")
    assert r"\toprule" in text
    plain = text.replace(r"\_", "_")
    assert all(f"\n{term} &" in plain for term in ("ai", *effects.terms))
