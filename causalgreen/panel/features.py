"""What the learners see once the fixed effects are gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from causalgreen.panel.absorb import absorb, exhausted, group_means

if TYPE_CHECKING:
    from causalgreen.panel.panel import Panel

__all__ = ["FeatureCounts", "FeatureLayout", "encode_traits"]

# Names, what makes the columns, how freely linear learners use them (0: not at all), whether the
# others do. Columns are made one block at a time, in their place: a large panel has room for one
# copy of the features, not for two.
Block = tuple[tuple[str, ...], Callable[[], np.ndarray], float, bool]
# Columns from which effects are removed at a time: the projections keep several copies.
COLUMNS = 8
# A product takes only what its control leaves: of a level that no training cluster has, linear
# learners then predict what the control does elsewhere.
PRODUCT = 1e-3
# Largest values of columns that are taken as they are.
SMALL, LARGE = 1e-4, 1e12


def encode_traits(panel: Panel) -> tuple[tuple[str, ...], np.ndarray]:
    """Baseline traits as numbers, one row per firm; categories as indicators.

    Parameters
    ----------
    panel : Panel
        The firm-year table.

    Returns
    -------
    names : tuple of str, length k
    values : numpy.ndarray, shape (n_firms, k)
        NaN where a number is missing; a missing category has no indicator set.
    """
    import pandas as pd

    if not panel.roles.traits:
        return (), np.empty((panel.n_units, 0))
    frame = pd.get_dummies(panel.baseline_traits(), dtype=np.float64)
    return tuple(map(str, frame.columns)), frame.to_numpy(dtype=np.float64)


def _in_range(values: np.ndarray) -> np.ndarray:
    """Columns in units far from one, times a power of two: learners have absolute cut-offs."""
    with np.errstate(invalid="ignore"):
        size = np.nan_to_num(np.fmax.reduce(np.abs(values), axis=0, initial=0.0))
    far = (size > 0) & ((size < SMALL) | (size > LARGE))
    if not far.any():
        return values
    power = np.where(far, -np.frexp(size)[1], 0)
    return np.ldexp(values, power)


@dataclass(frozen=True, slots=True)
class FeatureCounts:
    """How many features there are.

    Attributes
    ----------
    total, linear, flexible, traits : int
        All; those that linear learners see; those that the others see; traits among these.
    block : int
        The largest number that is made at a time.
    """

    total: int
    linear: int
    flexible: int
    traits: int
    block: int


@dataclass(frozen=True, slots=True)
class FeatureLayout:
    """Lays out features under a transform.

    Linear learners see controls without the removed effects, and their products with the traits:
    where effects vary with a trait, so does the way controls move the outcome through the
    treatment. The other learners see levels, firm means, traits and the period.

    Attributes
    ----------
    panel : Panel
    kind : str
        ``within``, ``first_difference``, ``mundlak`` or ``none``.
    time, approximate : bool
        As in ``FixedEffects``.
    rows, lagged : numpy.ndarray of int
        Rows used, and under first differences the rows before.
    unit : numpy.ndarray of int, shape (m,)
        Firm of each row used.
    removed : list of numpy.ndarray of int, each of shape (m,)
        Effects to remove.
    weights : numpy.ndarray or None, shape (m,)
    """

    panel: Panel
    kind: str
    time: bool
    approximate: bool
    rows: np.ndarray
    lagged: np.ndarray | None
    unit: np.ndarray
    removed: list[np.ndarray]
    weights: np.ndarray | None

    def build(self) -> tuple[tuple[str, ...], np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Names, matrix of shape (m, f), what linear learners see, the others see, the traits."""
        columns, own = self._columns()
        names = tuple(name for block, *_ in columns for name in block)
        matrix = np.empty((len(self.rows), len(names)))
        low = 0
        for block, make, *_ in columns:
            matrix[:, low : low + len(block)] = make()
            low += len(block)
        linear = np.array([free for block, _, free, _ in columns for _ in block], dtype=np.float64)
        flexible = np.array([flag for block, *_, flag in columns for _ in block], dtype=bool)
        traits = np.array([name in own for name in names], dtype=bool) & flexible
        return names, matrix, linear, flexible, traits

    def count(self) -> FeatureCounts:
        """How many columns there are, of which kinds; nothing is made."""
        columns, own = self._columns()
        sizes = [len(block) for block, *_ in columns]
        return FeatureCounts(
            sum(sizes),
            sum(size for size, (*_, free, _) in zip(sizes, columns, strict=True) if free),
            sum(size for size, (*_, flag) in zip(sizes, columns, strict=True) if flag),
            sum(name in own for block, *_, flag in columns if flag for name in block),
            max(sizes, default=0),
        )

    def _columns(self) -> tuple[list[Block], frozenset[str]]:
        """All blocks, and which names are those of traits."""
        names, traits = encode_traits(self.panel)
        columns = [*self._controls(names, traits), *self._means(), *self._traits(names, traits)]
        if columns and self.time and not self.approximate:
            columns.append(((self.panel.roles.time,), self._period, False, True))
        return columns, frozenset(names)

    def _period(self) -> np.ndarray:
        return self.panel.times[self.rows].astype(np.float64)[:, None]

    def _levels(self, names: tuple[str, ...], *, back: bool = False) -> np.ndarray:
        """Columns of the panel at the rows used, or at those before."""
        values = _in_range(self.panel.matrix(names))
        if back:
            assert self.lagged is not None
            return values[self.lagged]
        whole = len(self.rows) == len(values)
        return values if whole else values[self.rows]

    def _controls(self, names: tuple[str, ...], traits: np.ndarray) -> Iterator[Block]:
        controls = self.panel.roles.controls
        if not controls:
            return
        yield from self._both(controls, lambda: self._levels(controls))
        if self.lagged is not None:
            lags = tuple(f"{c} (lag)" for c in controls)
            yield from self._both(lags, lambda: self._levels(controls, back=True))
        yield from self._products(controls, names, traits)

    def _products(
        self, controls: tuple[str, ...], names: tuple[str, ...], traits: np.ndarray
    ) -> Iterator[Block]:
        """Controls times centred traits, for linear learners."""
        if not names or self.approximate:
            return
        # Indicators stay 0 and 1: of a level that only held-out clusters have, nothing is learned.
        flags = np.array([np.isin(t[~np.isnan(t)], (0.0, 1.0)).all() for t in traits.T])
        centre = np.where(flags, 0.0, np.nanmean(traits, axis=0))
        spread = np.where(flags, 1.0, np.nanstd(traits, axis=0))
        traits = np.nan_to_num((traits - centre) / np.where(spread > 0, spread, 1.0))

        def product(column: np.ndarray) -> np.ndarray:
            values = self._levels(controls)
            if self.lagged is not None:
                values = values - self._levels(controls, back=True)
            return self._clean(values * column[self.panel.unit_codes[self.rows]][:, None])

        for name, column in zip(names, traits.T, strict=True):
            labels = tuple(f"{c} x {name}" for c in controls)
            yield labels, partial(product, column), PRODUCT, False

    def _means(self) -> Iterator[Block]:
        roles = self.panel.roles
        if self.kind not in ("within", "mundlak") or self.approximate:
            return
        names = roles.controls
        if self.kind == "mundlak":
            names = (*names, *roles.treatments, *roles.exposures, *roles.mediators)
        if not names:
            return
        labels = tuple(f"{c} (firm mean)" for c in names)

        def means() -> np.ndarray:
            return group_means(self._levels(names), self.unit, self.weights)[self.unit]

        if self.kind == "mundlak":
            yield from self._both(labels, means)
        else:
            yield labels, means, False, True

    def _traits(self, names: tuple[str, ...], values: np.ndarray) -> Iterator[Block]:
        if not names:
            return

        def make() -> np.ndarray:
            return values[self.panel.unit_codes[self.rows]]

        if self.kind in ("none", "mundlak"):
            yield from self._both(names, make)
        else:
            yield names, make, False, True

    def _both(self, names: tuple[str, ...], make: Callable[[], np.ndarray]) -> Iterator[Block]:
        """Values without the removed effects for linear learners, levels for the others."""
        if not self.removed:
            yield names, make, True, True
        elif self.approximate:
            yield names, lambda: self._clean(make()), True, True
        else:
            deviations = tuple(f"{name} (deviation)" for name in names)
            yield deviations, lambda: self._clean(make()), True, False
            yield names, make, False, True

    def _clean(self, values: np.ndarray) -> np.ndarray:
        """Absorb with gaps bridged by the firm's mean, and leave the gaps missing.

        What is left by rounding alone is nothing: a learner that scales columns would see noise.
        """
        out = np.empty_like(values)
        for low in range(0, values.shape[1], COLUMNS):
            part = slice(low, low + COLUMNS)
            out[:, part] = self._absorbed(np.ascontiguousarray(values[:, part]))
        return out

    def _absorbed(self, values: np.ndarray) -> np.ndarray:
        missing = np.isnan(values)
        if missing.any():
            fill = group_means(values, self.unit, self.weights)[self.unit]
            fill = np.where(np.isnan(fill), np.nanmean(values, axis=0), fill)
            values = np.where(missing, fill, values)
        out = absorb(values, self.removed, self.weights)
        out[:, exhausted(values, out, self.weights)] = 0.0
        out[missing] = np.nan
        return out
