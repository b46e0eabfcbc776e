"""Learners of the nuisance functions, as objects: each predicts held-out clusters."""

from __future__ import annotations

from typing import Any

from causalgreen.errors import DesignError
from causalgreen.residuals.tasks import Learner, Stack

__all__ = [
    "Learner",
    "Stack",
    "as_learner",
    "default_learner",
    "lasso",
    "lightgbm",
    "linear",
    "random_forest",
    "stack",
]


def linear() -> Learner:
    """Least squares with an intercept; missing values are filled by the mean and flagged.

    Returns
    -------
    Learner

    Examples
    --------
    >>> linear().name
    'linear'
    """
    from causalgreen.residuals.linear import LinearLearner

    return LinearLearner()


def lasso(knots: int = 6, interactions: bool = True, n_penalties: int = 12) -> Learner:
    """Lasso on splines, squares and pairwise products of the controls.

    The penalty is the one with the lowest loss on held-out clusters.

    Parameters
    ----------
    knots : int
        Knots of the cubic splines, at quantiles of each control.
    interactions : bool
        Pairwise products, too; they are left out where there would be more than about 500 terms.
    n_penalties : int
        Length of the penalty path.

    Returns
    -------
    Learner

    References
    ----------
    Tibshirani (1996), doi 10.1111/j.2517-6161.1996.tb02080.x.

    Examples
    --------
    >>> lasso().name
    'lasso'
    """
    from causalgreen.residuals.sieve import LassoLearner

    return LassoLearner(knots, interactions, n_penalties)


def lightgbm(
    *,
    learning_rate: float = 0.3,
    num_leaves: int = 16,
    min_child_samples: int = 20,
    max_rounds: int = 300,
    max_bin: int = 255,
    on_linear: bool = True,
    **params: Any,
) -> Learner:
    """Gradient boosting (LightGBM), stopped where the loss on held-out clusters is lowest.

    Parameters
    ----------
    learning_rate, num_leaves, min_child_samples, max_bin
        As in LightGBM. Small trees in few large steps, stopped early, on many bins: the settings
        that left the least bias in simulated economies.
    max_rounds : int
        Rounds at most.
    on_linear : bool
        Boost the residuals of a linear fit, so that linear confounding costs no trees.
    **params
        Further LightGBM parameters.

    Returns
    -------
    Learner

    Raises
    ------
    DesignError
        If a parameter would break the folds or the seeds (``num_threads``, ``seed``, ...).

    References
    ----------
    Ke et al. (2017), LightGBM, NeurIPS 30.

    Examples
    --------
    >>> lightgbm(num_leaves=4).name
    'lightgbm'
    """
    from causalgreen.residuals.boosting import LightGBMLearner

    owned = {"num_threads", "n_jobs", "seed", "random_state", "num_iterations", "n_estimators"}
    if clash := sorted(owned & set(params)):
        raise DesignError(
            f"lightgbm(): {', '.join(clash)} cannot be set here. Threads and seeds are the study's "
            "(n_jobs=, seed=); rounds are chosen on held-out clusters up to max_rounds"
        )
    return LightGBMLearner(
        learning_rate, num_leaves, min_child_samples, max_rounds, max_bin, on_linear,
        tuple(sorted(params.items())),
    )  # fmt: skip


def random_forest(n_trees: int = 200, min_samples_leaf: int = 5, **params: Any) -> Learner:
    """Random forest (scikit-learn).

    Parameters
    ----------
    n_trees, min_samples_leaf : int
        Trees, and rows in a leaf at least.
    **params
        Further arguments of ``sklearn.ensemble.RandomForestRegressor``.

    Returns
    -------
    Learner

    References
    ----------
    Breiman (2001), Random forests, Machine Learning 45(1), doi 10.1023/A:1010933404324.

    Examples
    --------
    >>> random_forest().name
    'RandomForestRegressor'
    """
    from sklearn.ensemble import RandomForestRegressor

    forest = RandomForestRegressor(
        n_estimators=n_trees, min_samples_leaf=min_samples_leaf, n_jobs=1, **params
    )
    return as_learner(forest)


def stack(*members: Any) -> Stack:
    """Several learners, combined by convex weights (short-stacking).

    Parameters
    ----------
    *members
        Learners, or scikit-learn regressors.

    Returns
    -------
    Stack

    Raises
    ------
    DesignError
        If there is no member, or one that is no regressor.

    References
    ----------
    Ahrens, Hansen, Schaffer and Wiemann (2025), Model averaging and double machine learning,
    Journal of Applied Econometrics 40(3), doi 10.1002/jae.3103.

    Examples
    --------
    >>> stack(linear(), lightgbm()).name
    'stack(linear, lightgbm)'
    """
    if not members:
        raise DesignError("stack() needs at least one learner, such as cg.linear()")
    flat: list[Learner] = []
    for member in members:
        flat.extend(as_stack(member).members)
    return Stack(tuple(flat))


def default_learner() -> Stack:
    """Least squares, a lasso on curved terms, and boosting on the linear fit, stacked."""
    return stack(linear(), lasso(), lightgbm())


def as_learner(model: Any) -> Learner:
    """Take a learner as it is; wrap a scikit-learn regressor."""
    if isinstance(model, Learner):
        return model
    kind = getattr(model, "_estimator_type", None)
    if hasattr(model, "predict_proba") or kind in ("classifier", "clusterer"):
        raise DesignError(
            f"{type(model).__name__} is no regressor: nuisances are conditional means, also "
            "of a 0/1 treatment. Pass a regressor such as cg.lightgbm()"
        )
    if hasattr(model, "fit") and hasattr(model, "predict") and not isinstance(model, type):
        from causalgreen.residuals.regressor import SklearnLearner

        return SklearnLearner(model)
    raise DesignError(
        f"{model!r} is no learner. Pass cg.lightgbm(), cg.lasso(), cg.linear(), "
        "cg.random_forest(), cg.stack(...), or an instance of a scikit-learn regressor"
    )


def as_stack(model: Any) -> Stack:
    """Every learner as a stack, of one member where it is alone; None is the default."""
    if model is None:
        return default_learner()
    return model if isinstance(model, Stack) else Stack((as_learner(model),))
