"""Settings of learners, checked where they are given."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np

from causalgreen.errors import DesignError
from causalgreen.residuals.parameter_names import (
    CONSTANT,
    ELSEWHERE,
    LATER,
    NAMED,
    OBJECTIVES,
    OWNED,
    SQUARED,
)

__all__ = ["boosting_params", "number", "refuse_forest", "share", "thawed", "truth", "whole"]

# What LightGBM stores whole numbers in.
LARGEST = 2**31 - 1


def whole(where: str, name: str, value: Any, least: int, most: int = LARGEST) -> int:
    """A whole number in a range, or what is allowed.

    Examples
    --------
    >>> whole("lasso()", "knots", 1, 2)
    Traceback (most recent call last):
    causalgreen.errors.DesignError: lasso(): knots=1; give a whole number, 2 or more
    """
    plain = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if plain and least <= value <= most:
        return int(value)
    bound = f"{least} or more" if most == LARGEST else f"from {least} to {most:,}"
    raise DesignError(f"{where}: {name}={value!r}; give a whole number, {bound}")


def number(where: str, name: str, value: Any, such: str) -> float:
    """A finite number above zero; an int stays one."""
    plain = isinstance(value, (int, float, np.integer, np.floating))
    if plain and not isinstance(value, bool) and 0 < value < math.inf:
        return value.item() if isinstance(value, np.generic) else value
    raise DesignError(f"{where}: {name}={value!r}; give a number above 0, such as {such}")


def share(where: str, name: str, value: Any, such: str) -> float:
    """A number above zero, and no more than one.

    Examples
    --------
    >>> share("lightgbm()", "learning_rate", 5, "0.5")
    Traceback (most recent call last):
    causalgreen.errors.DesignError: lightgbm(): learning_rate=5; give at most 1, such as 0.5
    """
    if (found := number(where, name, value, such)) <= 1:
        return found
    raise DesignError(f"{where}: {name}={value!r}; give at most 1, such as {such}")


def truth(where: str, name: str, value: Any) -> bool:
    """True or False."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    raise DesignError(f"{where}: {name}={value!r}; give True or False")


def boosting_params(
    given: Mapping[str, Any], *, linear_tree: bool = True
) -> tuple[tuple[str, Any], ...]:
    """Further parameters of LightGBM, by their own names, in a form that has a hash.

    Raises
    ------
    DesignError
        Where LightGBM would pass over a parameter, or fail in the middle of the cross-fitting.
    """
    if not given:
        return ()
    table = _table()
    own = {alias: name for name, aliases in table.items() for alias in aliases}
    found = [(name, own.get(name, name), value) for name, value in sorted(given.items())]
    _refuse_names(found, own)
    params = {known: _frozen(name, value) for name, known, value in found}
    _refuse_losses(params)
    _refuse_lines(params, linear_tree=linear_tree)
    _try(params)
    _refuse_halves(params)
    return tuple(sorted(params.items()))


def _table() -> dict[str, list[str]]:
    """Each parameter of LightGBM with its aliases, as the installed version knows them."""
    from lightgbm import basic

    try:
        return dict(basic._ConfigAliases._get_all_param_aliases())
    except AttributeError:  # another version: names are left to LightGBM
        return {}


def _refuse_names(found: list[tuple[str, str, Any]], own: Mapping[str, str]) -> None:
    if clash := [name for name, known, _ in found if known in OWNED]:
        raise DesignError(
            f"lightgbm(): {', '.join(clash)} cannot be set here. Threads, machines and seeds are "
            "the study's (n_jobs=, seed=, cg.cluster); rounds are chosen on held-out clusters up "
            "to max_rounds"
        )
    seen: dict[str, str] = {}
    for name, known, value in found:
        if known in NAMED:
            raise DesignError(
                f"lightgbm(): {name} is another name of {NAMED[known]}; give "
                f"{NAMED[known]}={value!r}"
            )
        if own and name not in own:
            raise DesignError(f"lightgbm(): LightGBM has no parameter {name!r}{_close(name, own)}")
        if known in ELSEWHERE:
            raise DesignError(
                f"lightgbm(): {name} changes nothing here: it is for LightGBM's files, command "
                "line or predictions; leave it out"
            )
        if known in seen:
            raise DesignError(
                f"lightgbm(): {seen[known]} and {name} are the same parameter; give one of them"
            )
        seen[known] = name


def _close(name: str, own: Mapping[str, str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, [*own, *NAMED.values(), "max_rounds", "on_linear"], 1)
    return f"; did you mean {near[0]}?" if near else "; its documentation lists what it has"


def _refuse_halves(params: Mapping[str, Any]) -> None:
    """LightGBM samples rows only where it is told both how many and how often."""
    part, often = params.get("bagging_fraction", 1.0), params.get("bagging_freq", 0)
    if (part != 1.0) != bool(often) and params.get("data_sample_strategy") != "goss":
        raise DesignError(
            f"lightgbm(): bagging_fraction={part!r} with bagging_freq={often!r} changes nothing; "
            "give both, such as bagging_fraction=0.5, bagging_freq=1, or neither"
        )


def _refuse_lines(params: Mapping[str, Any], *, linear_tree: bool) -> None:
    """What lines in leaves rule out, and what they alone can use."""
    if not linear_tree and "linear_lambda" in params:
        raise DesignError(
            "lightgbm(): linear_lambda is the penalty of lines in leaves, and with "
            "linear_tree=False there are none; leave it out"
        )
    for name, why in CONSTANT.items():
        value = params.get(name)
        if linear_tree and value and str(value).lower() not in ("cpu", "false"):
            raise DesignError(
                f"lightgbm(): {name} needs linear_tree=False: {why}; give linear_tree=False, too"
            )


def _refuse_losses(params: Mapping[str, Any]) -> None:
    why = (
        "nuisances are conditional means, and trees are grown on what is left of a linear fit, "
        "which lies on both sides of zero"
    )
    objective = params.get("objective", "regression")
    if objective not in SQUARED:
        raise DesignError(
            f"lightgbm(): objective={objective!r}; {why}: only 'regression' (squared error) will do"
        )
    if other := sorted(OBJECTIVES & set(params)):
        raise DesignError(
            f"lightgbm(): {', '.join(other)} belong(s) to other objectives than squared error, the "
            f"only one here: {why}; leave it out"
        )
    metric = params.get("metric", "l2")
    names = metric.split(",") if isinstance(metric, str) else metric
    if not isinstance(names, (list, tuple)) or not names or not set(names) <= SQUARED:
        raise DesignError(
            f"lightgbm(): metric={metric!r}; it ends the training of a conditional mean: only "
            "'l2' and 'rmse' will do"
        )


def _frozen(name: str, value: Any) -> Any:
    """A learner is a key of what folds share: lists become tuples."""
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return tuple(_frozen(name, item) for item in value)
    if not isinstance(value, Hashable) or callable(value):
        raise DesignError(
            f"lightgbm(): {name}={value!r}; give a number, a text, True, False, or a list of these"
        )
    return value


def thawed(params: tuple[tuple[str, Any], ...]) -> Iterator[tuple[str, Any]]:
    """The same with lists again, as LightGBM wants them.

    Examples
    --------
    >>> dict(thawed((("interaction_constraints", ((0, 1), (2,))),)))
    {'interaction_constraints': [[0, 1], [2]]}
    """

    def lists(value: Any) -> Any:
        return [lists(item) for item in value] if isinstance(value, tuple) else value

    for name, value in params:
        yield name, lists(value)


def _try(params: Mapping[str, Any]) -> None:
    """Train one tree on a handful of rows: LightGBM says now what it would say in a fold."""
    import warnings

    import lightgbm as lgb

    some = {name: value for name, value in params.items() if name not in LATER}
    if not some:
        return
    settings = {
        "objective": "regression", "boost_from_average": False, "verbosity": -1, "num_threads": 1,
        "deterministic": True, "force_row_wise": True, "num_leaves": 2,
        **dict(thawed(tuple(some.items()))),
    }  # fmt: skip
    x = np.arange(60.0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data = lgb.Dataset(np.column_stack([x, x % 7]), x, params=settings)
            lgb.train(settings, data, 1)
    except (lgb.basic.LightGBMError, TypeError, ValueError) as error:
        told = ", ".join(f"{name}={value!r}" for name, value in some.items())
        reason = str(error).partition(" at /")[0].strip()
        raise DesignError(f"lightgbm({told}): LightGBM refuses: {reason}") from error


def refuse_forest(given: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    """Refuse arguments of a random forest that it has not, or that are not the caller's."""
    for name, ours in {"n_estimators": "n_trees", "n_jobs": None, "random_state": None}.items():
        if name in given:
            use = f"give {ours}" if ours else "threads and seeds are the study's (n_jobs=, seed=)"
            raise DesignError(f"random_forest(): {name} cannot be set here; {use}")
    if unknown := [name for name in given if name not in known]:
        raise DesignError(
            f"random_forest(): scikit-learn's forest has no argument {unknown[0]!r}; it has "
            f"{', '.join(sorted(known))}"
        )
    criterion = given.get("criterion", "squared_error")
    if criterion not in ("squared_error", "friedman_mse"):
        raise DesignError(
            f"random_forest(): criterion={criterion!r}; nuisances are conditional means of numbers "
            "on both sides of zero: choose 'squared_error' or 'friedman_mse'"
        )
