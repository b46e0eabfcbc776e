"""Other packages, used as their documentation shows, on the same tables.

All peers get the same LightGBM nuisances where they take a learner, with settings that users give
them (a rate of .1, 100 rounds, 8 leaves); each keeps its own folds and inference.
Imports are inside the functions because each peer takes seconds to import.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from benchmarks.economies import CONTROLS, TRAITS, twice_demeaned

__all__ = [
    "Estimate", "NotRun", "doubleml", "econml", "statspai_dml", "statspai_mediate",
    "statspai_paths", "two_way_fixed_effects",
]  # fmt: skip

Z = 1.959963984540054


class NotRun(Exception):  # noqa: N818  (nothing is wrong: the tables say that it was not run)
    """A peer that this machine does not have, which is no failure of it."""


class Estimate(NamedTuple):
    """One effect by one method with its 95 % interval."""

    label: str
    term: str
    estimate: float
    std_error: float
    conf_low: float
    conf_high: float


def _normal(label: str, term: str, estimate: float, std_error: float) -> Estimate:
    return Estimate(
        label, term, estimate, std_error, estimate - Z * std_error, estimate + Z * std_error
    )


def _boosting(seed: int) -> Any:
    from lightgbm import LGBMRegressor

    return LGBMRegressor(
        n_estimators=100, learning_rate=0.1, num_leaves=8, min_child_samples=20,
        random_state=seed, n_jobs=1, verbose=-1,
    )  # fmt: skip


def econml(label: str, frame: pd.DataFrame, seed: int, groups: bool = False) -> list[Estimate]:
    """LinearDML with own and peers' AI as two treatments, firm and year means removed."""
    from econml.dml import LinearDML
    from sklearn.multioutput import MultiOutputRegressor

    columns = ["green_patents", "ai", "peer_ai", *CONTROLS]
    flat = twice_demeaned(frame, columns)
    # Levels, too: a curved function of a control is no function of its deviations alone.
    W = np.column_stack([flat[list(CONTROLS)], frame[[*CONTROLS, *TRAITS, "year"]]])
    model = LinearDML(
        model_y=_boosting(seed), model_t=MultiOutputRegressor(_boosting(seed)), cv=5,
        random_state=seed,
    )  # fmt: skip
    city = {"groups": frame["city"].to_numpy()} if groups else {}
    model.fit(
        flat["green_patents"].to_numpy(), flat[["ai", "peer_ai"]].to_numpy(), X=None, W=W, **city
    )
    out = []
    for term, step in (("own_total", [1, 0]), ("spillover", [0, 1]), ("overall", [1, 1])):
        effect = model.effect_inference(T0=np.zeros((1, 2)), T1=np.array([step], dtype=float))
        low, high = effect.conf_int(alpha=0.05)
        numbers = (effect.point_estimate, effect.stderr, low, high)
        out.append(Estimate(label, term, *(float(np.ravel(v)[0]) for v in numbers)))
    return out


def doubleml(
    label: str, frame: pd.DataFrame, seed: int, learner: str = "linear", approach: str = "wg_approx"
) -> list[Estimate]:
    """DoubleMLPLPR, within or in first differences; it clusters by firm. Years are dummies."""
    from doubleml import DoubleMLPanelData, DoubleMLPLPR
    from sklearn.linear_model import LinearRegression

    years = pd.get_dummies(frame["year"], prefix="year", drop_first=True, dtype=float)
    table = pd.concat(
        [frame[["firm", "year", "green_patents", "ai", "peer_ai", *CONTROLS]], years], axis=1
    )
    data = DoubleMLPanelData(
        table, y_col="green_patents", d_cols="ai", t_col="year", id_col="firm",
        x_cols=["peer_ai", *CONTROLS, *years.columns], static_panel=True,
    )  # fmt: skip
    model = LinearRegression() if learner == "linear" else _boosting(seed)
    np.random.seed(seed)  # noqa: NPY002  (DoubleML draws its folds from the global state)
    fit = DoubleMLPLPR(data, model, model, approach=approach).fit()
    low, high = fit.confint(level=0.95).to_numpy()[0]
    return [Estimate(label, "own_total", float(fit.coef[0]), float(fit.se[0]), low, high)]


def statspai_dml(label: str, frame: pd.DataFrame, seed: int) -> list[Estimate]:
    """dml_panel with firm and year effects; it clusters by firm."""
    import statspai as sp

    fit = sp.dml_panel(
        frame, y="green_patents", treat="ai", covariates=["peer_ai", *CONTROLS],
        unit="firm", time="year", include_time_fe=True,
        ml_g=_boosting(seed), ml_m=_boosting(seed), seed=seed,
    )  # fmt: skip
    return [Estimate(label, "own_total", fit.estimate, fit.se, fit.ci_lower, fit.ci_upper)]


def statspai_paths(label: str, frame: pd.DataFrame, seed: int) -> list[Estimate]:
    """mediate_paths, on firm- and year-demeaned data; it takes a 0/1 treatment only."""
    import statspai as sp

    names = {"direct": "direct", "via_M1": "human_capital", "via_M2": "restructuring"}
    fit = sp.mediate_paths(
        _flat_for_mediation(frame), y="green_patents", treat="ai",
        mediators=["skilled_share", "clean_share"], covariates=["peer_ai", *CONTROLS],
        interaction=False, n_boot=200, seed=seed,
    )  # fmt: skip
    table = pd.DataFrame(fit.detail)
    detail = table[table["decomposition"] == "type1"].set_index("effect")
    columns = ["estimate", "se", "ci_lower", "ci_upper"]
    return [Estimate(label, t, *map(float, detail.loc[k, columns])) for k, t in names.items()]


def statspai_mediate(label: str, frame: pd.DataFrame, seed: int) -> list[Estimate]:
    """Mediate, one mediator at a time, on firm- and year-demeaned data; closed-form errors."""
    import statspai as sp

    flat, out = _flat_for_mediation(frame), []
    for term, mediator in (("restructuring", "clean_share"), ("human_capital", "skilled_share")):
        fit = sp.mediate(
            flat, y="green_patents", treat="ai", mediator=mediator,
            covariates=["peer_ai", *CONTROLS], inference="delta", seed=seed,
        )  # fmt: skip
        low, high = fit.ci
        out.append(Estimate(label, term, float(fit.estimate), float(fit.se), low, high))
    return out


def _flat_for_mediation(frame: pd.DataFrame) -> pd.DataFrame:
    columns = ["green_patents", "ai", "clean_share", "skilled_share", "peer_ai", *CONTROLS]
    return twice_demeaned(frame, columns)


def two_way_fixed_effects(label: str, frame: pd.DataFrame, seed: int) -> list[Estimate]:
    """Least squares with firm and year effects, errors by city; three-step mediation (Sobel)."""
    import pyfixest as pf

    def fit(outcome: str, extra: str = "") -> Any:
        # age moves one year a year: the two effects absorb it, so it is left out
        formula = f"{outcome} ~ ai + peer_ai + leverage + roa_lag {extra} | firm + year"
        return pf.feols(formula, data=frame, vcov={"CRV1": "city"}).tidy()

    total, full = fit("green_patents"), fit("green_patents", "+ clean_share + skilled_share")
    columns = ["Estimate", "Std. Error", "2.5%", "97.5%"]
    out = [
        Estimate(label, term, *(float(v) for v in table.loc[name, columns]))
        for term, table, name in (
            ("direct", full, "ai"), ("own_total", total, "ai"), ("spillover", total, "peer_ai"),
        )
    ]  # fmt: skip
    for term, mediator in (("restructuring", "clean_share"), ("human_capital", "skilled_share")):
        a, sa = fit(mediator).loc["ai", columns[:2]]
        b, sb = full.loc[mediator, columns[:2]]
        out.append(_normal(label, term, a * b, float(np.hypot(a * sb, b * sa))))
    return [*out, _overall(label, frame)]


def _overall(label: str, frame: pd.DataFrame) -> Estimate:
    """Sum of the coefficients of own and of peers' AI, with its error."""
    import pyfixest as pf

    shifted = frame.assign(own_minus_peers=frame["ai"] - frame["peer_ai"])
    # a * own + e * peers = a * (own - peers) + (a + e) * peers
    table = pf.feols(
        "green_patents ~ own_minus_peers + peer_ai + leverage + roa_lag | firm + year",
        data=shifted, vcov={"CRV1": "city"},
    ).tidy()  # fmt: skip
    row = table.loc["peer_ai", ["Estimate", "Std. Error", "2.5%", "97.5%"]]
    return Estimate(label, "overall", *(float(v) for v in row))
