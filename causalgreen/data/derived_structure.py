"""Industrial structure of a place: how far up it has moved, and how well labour follows output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from causalgreen.data.derived import Derived, account_of, frame_of, numbers, refuse, where
from causalgreen.errors import DataError, Fault

__all__ = ["industrial_upgrading", "rationalisation"]

_GAN = (
    "Gan, Zheng and Yu (干春晖, 郑若谷, 余典范) 2011, 中国产业结构变迁对经济增长和波动的影响, "
    "经济研究 46(5)"
)
_XU = "Xu and Jiang (徐敏, 姜勇) 2015, 数量经济技术经济研究 32(3), for the layers"


def industrial_upgrading(
    data: Any,
    primary: str | None = "primary",
    secondary: str = "secondary",
    tertiary: str = "tertiary",
) -> Derived:
    r"""Upgrading of the industrial structure (产业结构高级化).

    ``upgrading`` is the output of the tertiary sector over that of the secondary one (TS of Gan,
    Zheng and Yu 2011). ``upgrading_layers`` weighs the shares of the three sectors by 1, 2 and 3:
    it lies between 1 (all primary) and 3 (all tertiary).

    Parameters
    ----------
    data : DataFrame, Table or FirmPanel
    primary, secondary, tertiary : str
        Columns of output or value added, in one unit: yuan or shares. Without ``primary`` (None)
        there are no layers.

    Returns
    -------
    Derived
        ``upgrading``, and ``upgrading_layers`` where there are three sectors; missing where a
        sector is.

    Raises
    ------
    DataError
        A column is missing or no number; a sector is negative; the secondary one is 0.

    Examples
    --------
    >>> table = pd.DataFrame({"primary": [10.0], "secondary": [40.0], "tertiary": [50.0]})
    >>> industrial_upgrading(table).frame.round(3).values.tolist()
    [[1.25, 2.4]]
    """
    frame = frame_of(data)
    faults: list[Fault] = []
    names = [n for n in (primary, secondary, tertiary) if n is not None]
    x = numbers(frame, names, faults)
    if secondary in x and (x[secondary] == 0).any():
        what = f"{secondary!r} is 0, and cannot divide: {where(frame, x[secondary] == 0)}"
        faults.append(Fault("division", what, "correct or drop these rows"))
    if faults:
        raise DataError(faults)
    out = pd.DataFrame({"upgrading": x[tertiary] / x[secondary]}, index=frame.index)
    used: dict[str, Sequence[str]] = {"upgrading": (tertiary, secondary)}
    definition = f"upgrading = {tertiary} / {secondary}"
    if primary is not None:
        total = x[primary] + x[secondary] + x[tertiary]
        layers = (x[primary] + 2 * x[secondary] + 3 * x[tertiary]) / total
        out["upgrading_layers"] = layers
        used["upgrading_layers"] = (primary, secondary, tertiary)
        definition += "; upgrading_layers = sum of k times the share of sector k, k = 1, 2, 3"
    source = _GAN if primary is None else f"{_GAN}; {_XU}"
    return Derived(out, definition, source, account_of(out, used), (), (), data)


def rationalisation(data: Any, output: Sequence[str], employment: Sequence[str]) -> Derived:
    r"""Rationalisation of the industrial structure (产业结构合理化): a Theil index.

    .. math:: TL = \sum_i \frac{Y_i}{Y} \ln\left(\frac{Y_i}{Y} \Big/ \frac{L_i}{L}\right)

    0 where each sector has the same share in output and in employment; the larger, the further
    from balance. Papers that want "more is better" take its negative or its inverse: say which.

    Parameters
    ----------
    data : DataFrame, Table or FirmPanel
    output, employment : sequence of str
        Columns of output and of employment by sector, two or more, in the same order.

    Returns
    -------
    Derived
        ``structure_theil``; missing where a sector is.

    Raises
    ------
    DataError
        Columns are missing, no numbers, negative; a row sums to 0; a sector has output and
        nobody who works there.

    Examples
    --------
    >>> table = pd.DataFrame({"y1": [10.0], "y2": [40.0], "y3": [50.0],
    ...                       "l1": [30.0], "l2": [30.0], "l3": [40.0]})
    >>> made = rationalisation(table, ["y1", "y2", "y3"], ["l1", "l2", "l3"])
    >>> made.frame["structure_theil"].round(4).tolist()
    [0.1168]
    """
    frame = frame_of(data)
    faults: list[Fault] = []
    if len(output) != len(employment) or len(output) < 2 or isinstance(output, str):
        what = f"output names {len(output)} columns and employment {len(employment)}"
        raise refuse("sectors", what, "name the same sectors in both, two or more")
    x = numbers(frame, [*output, *employment], faults)
    if faults:
        raise DataError(faults)
    y, n = (np.column_stack([x[c] for c in cols]) for cols in (output, employment))
    for what, values in (("output", y), ("employment", n)):
        none = values.sum(axis=1) == 0
        if none.any():
            fix = "correct or drop these rows"
            faults.append(Fault("division", f"{what} sums to 0: {where(frame, none)}", fix))
    idle = ((y > 0) & (n == 0)).any(axis=1)
    if idle.any():
        what = f"a sector has output but no employment: {where(frame, idle)}"
        fix = "the index is infinite there; look at the employment of these rows"
        faults.append(Fault("no_employment", what, fix))
    if faults:
        raise DataError(faults)
    ys, ns = y / y.sum(axis=1, keepdims=True), n / n.sum(axis=1, keepdims=True)
    ratio = np.where(ys > 0, ys / np.where(ns > 0, ns, 1.0), 1.0)
    unknown = np.isnan(ys).any(axis=1) | np.isnan(ns).any(axis=1)
    theil = np.where(unknown, np.nan, (np.nan_to_num(ys) * np.log(ratio)).sum(axis=1))
    out = pd.DataFrame({"structure_theil": theil}, index=frame.index)
    used = {"structure_theil": (*output, *employment)}
    definition = "structure_theil = sum of y ln(y / l), shares in output and employment by sector"
    return Derived(out, definition, _GAN, account_of(out, used), (), (), data)
