"""SHAP interaction values, summed back to traits: the only place that imports shap."""

from __future__ import annotations

import numpy as np

from causalgreen.panel.traits import TraitCode
from causalgreen.residuals.distil import Distilled

__all__ = ["interaction_strength"]


def interaction_strength(model: Distilled, X: np.ndarray, code: TraitCode) -> np.ndarray:
    """Mean absolute SHAP interaction of each pair of traits.

    Parameters
    ----------
    model : Distilled
        Its linear part has no interactions.
    X : numpy.ndarray, shape (n, c)
        Encoded traits of some firms.
    code : TraitCode
        Which columns belong to which of k traits.

    Returns
    -------
    numpy.ndarray, shape (k, k)
        Zero on the diagonal.
    """
    k = len(code.traits)
    if model.trees is None:
        return np.zeros((k, k))
    import shap

    pairs = np.asarray(shap.TreeExplainer(model.trees).shap_interaction_values(X))
    member = (np.array(code.source)[:, None] == np.arange(k)).astype(np.float64)
    by_trait = np.einsum("ck,ncd,dl->nkl", member, pairs, member, optimize=True)
    out = 2 * np.abs(by_trait).mean(axis=0)  # shap gives half of it to either side
    np.fill_diagonal(out, 0.0)
    return np.asarray((out + out.T) / 2)
