"""Learners of the nuisance functions, as objects: each predicts held-out clusters."""

from __future__ import annotations

from typing import Any

from causalgreen.errors import DesignError
from causalgreen.residuals.parameters import (
    boosting_params,
    refuse_forest,
    share,
    truth,
    whole,
)
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
        Knots of the cubic splines, at quantiles of each control; 2 or more.
    interactions : bool
        Pairwise products, too; they are left out where there would be more than about 500 terms.
    n_penalties : int
        Length of the penalty path, 2 or more: the first penalty drops every term.

    Returns
    -------
    Learner

    Raises
    ------
    DesignError
        If a setting is out of range.

    References
    ----------
    Tibshirani (1996), doi 10.1111/j.2517-6161.1996.tb02080.x.

    Examples
    --------
    >>> lasso().name
    'lasso'
    """
    from causalgreen.residuals.sieve import LassoLearner

    where = "lasso()"
    return LassoLearner(
        whole(where, "knots", knots, 2), truth(where, "interactions", interactions),
        whole(where, "n_penalties", n_penalties, 2),
    )  # fmt: skip


def lightgbm(
    *,
    learning_rate: float = 0.5,
    num_leaves: int = 8,
    min_child_samples: int = 20,
    max_rounds: int = 300,
    max_bin: int = 63,
    on_linear: bool = True,
    extra_trees: bool = True,
    linear_tree: bool = True,
    **params: Any,
) -> Learner:
    """Gradient boosting (LightGBM), stopped where the loss on held-out clusters is lowest.

    Parameters
    ----------
    learning_rate, num_leaves, min_child_samples, max_bin
        As in LightGBM. Small trees in few large steps, stopped early: settings that were chosen
        by the bias that they leave in simulated economies.
    max_rounds : int
        Rounds at most.
    on_linear : bool
        Boost the residuals of a linear fit, so that linear confounding costs no trees.
    extra_trees : bool
        Every node tries one threshold of each feature, drawn at random. Sums of such trees are
        smoother than sums of trees that cut where it fits best, and follow a curved confounder
        more closely.
    linear_tree : bool
        Leaves hold a line in the features that lead to them, not a number: fewer and smaller trees
        follow a curve. Features are bounded at about four times their spread, so that a line does
        not run away where a held-out firm is far from all others. ``linear_lambda``, its ridge
        penalty, is 1 unless it is given.
    **params
        Further LightGBM parameters, such as ``lambda_l2`` or ``feature_fraction``.

    Returns
    -------
    Learner

    Raises
    ------
    DesignError
        If a setting is out of range or unknown to LightGBM, is one of the above by another name,
        or would break the folds or the seeds (``num_threads``, ``seed``, ``objective``, ...).

    References
    ----------
    Ke et al. (2017), LightGBM, NeurIPS 30. Geurts, Ernst and Wehenkel (2006), Extremely randomized
    trees, Machine Learning 63, doi 10.1007/s10994-006-6226-1. Shi, Li and Li (2019), Gradient
    boosting with piece-wise linear regression trees, IJCAI, doi 10.24963/ijcai.2019/476.

    Examples
    --------
    >>> lightgbm(num_leaves=4).name
    'lightgbm'
    """
    from causalgreen.residuals.boosting import LightGBMLearner

    where = "lightgbm()"
    return LightGBMLearner(
        share(where, "learning_rate", learning_rate, "0.5"),
        whole(where, "num_leaves", num_leaves, 2, 131_072),
        whole(where, "min_child_samples", min_child_samples, 0),
        whole(where, "max_rounds", max_rounds, 1),
        whole(where, "max_bin", max_bin, 2),
        truth(where, "on_linear", on_linear),
        truth(where, "extra_trees", extra_trees),
        truth(where, "linear_tree", linear_tree),
        boosting_params(params, linear_tree=linear_tree),
    )


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

    Raises
    ------
    DesignError
        If a setting is out of range, unknown to scikit-learn, or the study's (``n_jobs``, ...).

    References
    ----------
    Breiman (2001), Random forests, Machine Learning 45(1), doi 10.1023/A:1010933404324.

    Examples
    --------
    >>> random_forest().name
    'RandomForestRegressor'
    """
    from sklearn.ensemble import RandomForestRegressor

    trees = whole("random_forest()", "n_trees", n_trees, 1)
    refuse_forest(params, RandomForestRegressor().get_params())
    forest = RandomForestRegressor(
        n_estimators=trees, min_samples_leaf=min_samples_leaf, n_jobs=1, **params
    )
    try:
        forest._validate_params()
    except ValueError as error:
        raise DesignError(f"random_forest(): {error}") from error
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
    if kind := _no_regressor(model):
        raise DesignError(
            f"{type(model).__name__} is no regressor but a {kind}: nuisances are conditional "
            "means, also of a 0/1 treatment. Pass a regressor such as cg.lightgbm()"
        )
    if hasattr(model, "fit") and hasattr(model, "predict") and not isinstance(model, type):
        from causalgreen.residuals.regressor import SklearnLearner

        return SklearnLearner(model)
    raise DesignError(
        f"{model!r} is no learner. Pass cg.lightgbm(), cg.lasso(), cg.linear(), "
        "cg.random_forest(), cg.stack(...), or an instance of a scikit-learn regressor"
    )


def _no_regressor(model: Any) -> str:
    """What an estimator is, where it is no regressor; of others nothing is known."""
    from causalgreen.residuals.regressor import tags_of

    if isinstance(model, type):
        return ""
    tags = tags_of(model)
    kind = getattr(model, "_estimator_type", None) if tags is None else tags.estimator_type
    if kind is not None:
        return "" if kind == "regressor" else str(kind).replace("_", " ")
    if hasattr(model, "predict_proba"):
        return "classifier"
    return "transformer" if hasattr(model, "transform") and not hasattr(model, "predict") else ""


def as_stack(model: Any) -> Stack:
    """Every learner as a stack, of one member where it is alone; None is the default."""
    if model is None:
        return default_learner()
    return model if isinstance(model, Stack) else Stack((as_learner(model),))
