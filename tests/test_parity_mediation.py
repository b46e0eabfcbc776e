"""JOBS II: linear mediation as in Imai, Keele and Tingley (2010)."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import errors, estimates, make_study, quiet_paths

import causalgreen as cg

FOLDER = Path(os.environ.get("CAUSALGREEN_DATA", "absent")) / "mediation_jobs"
COVARIATES = ["econ_hard", "sex", "age"]
ROLES = {
    "unit": "person",
    "time": "wave",
    "outcome": "depress2",
    "mediators": {"search": "job_seek"},
}


@pytest.fixture(scope="module")
def jobs():
    if not (FOLDER / "jobs.csv").exists():
        pytest.skip("CAUSALGREEN_DATA names no folder with mediation_jobs/jobs.csv")
    df = pd.read_csv(FOLDER / "jobs.csv")
    return df.assign(person=np.arange(len(df)), wave=1)


@pytest.mark.shared_data
def test_linear_mediation_is_exact(jobs):
    # Covariates as further treatments are regressors of every equation; the one wave's effect is
    # the intercept.
    roles = ROLES | {"treatment": ["treat", *COVARIATES]}
    effects = quiet_paths(make_study(jobs, fixed_effects="none", roles=roles))
    found = estimates(effects)
    assert abs(found["search[treat]"] - -0.015745) < 1e-6
    assert abs(found["direct[treat]"] - -0.040265) < 1e-6
    one = np.ones((len(jobs), 1))
    X = np.column_stack([jobs[["treat", *COVARIATES]], one])
    total = np.linalg.lstsq(X, jobs["depress2"], rcond=None)[0][0]
    assert abs(found["own_total[treat]"] - total) < 1e-10


@pytest.mark.shared_data
def test_standard_errors_are_those_of_statsmodels(jobs):
    sm = pytest.importorskip("statsmodels.api")
    roles = ROLES | {"treatment": ["treat", *COVARIATES]}
    mine = errors(quiet_paths(make_study(jobs, fixed_effects="none", roles=roles)))
    X = sm.add_constant(jobs[["treat", *COVARIATES, "job_seek"]])
    fit = sm.OLS(jobs["depress2"], X).fit()
    fit = fit.get_robustcov_results("cluster", groups=jobs["person"])
    order = list(X.columns)
    for name in ("treat", "job_seek"):
        assert abs(mine[f"{name} -> depress2"] - fit.bse[order.index(name)]) < 1e-10


@pytest.mark.shared_data
def test_cross_fitting_moves_the_effects_by_a_fraction_of_their_errors(jobs):
    roles = ROLES | {"treatment": "treat", "controls": COVARIATES}
    study = make_study(jobs, cg.linear(), "none", roles=roles, repeats=20, folds=10)
    effects = quiet_paths(study)
    truth = {"direct": -0.040265, "search": -0.015745}
    for term, value in truth.items():
        position = effects.terms.index(term)
        assert abs(effects[term] - value) < 0.1 * effects.std_error[position]
        assert 0 < effects.spread[position] < 0.1 * effects.std_error[position]
