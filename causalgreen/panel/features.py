"""What the learners see once the fixed effects are gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from causalgreen.panel.absorb import absorb, group_means

if TYPE_CHECKING:
    from causalgreen.panel.panel import Panel

__all__ = ["FeatureLayout", "encode_traits"]

# Names, columns, how freely linear learners use them (0: not at all), whether the others do.
Block = tuple[tuple[str, ...], np.ndarray, float, bool]
# A product takes only what its control leaves: of a level that no training cluster has, linear
# learners then predict what the control does elsewhere.
PRODUCT = 1e-3


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
        columns = [*self._controls(), *self._means(), *self._traits()]
        if columns and self.time and not self.approximate:
            period = self.panel.times[self.rows].astype(np.float64)[:, None]
            columns.append(((self.panel.roles.time,), period, False, True))
        if not columns:
            none = np.empty(0, dtype=bool)
            return (), np.empty((len(self.rows), 0)), np.empty(0), none, none.copy()
        names = tuple(name for block, *_ in columns for name in block)
        matrix = np.ascontiguousarray(np.column_stack([values for _, values, *_ in columns]))
        linear = np.array([free for block, _, free, _ in columns for _ in block], dtype=np.float64)
        flexible = np.array([flag for block, *_, flag in columns for _ in block], dtype=bool)
        own = set(encode_traits(self.panel)[0])
        return names, matrix, linear, flexible, np.array([name in own for name in names]) & flexible

    def _controls(self) -> Iterator[Block]:
        controls = self.panel.roles.controls
        if not controls:
            return
        values = self.panel.matrix(controls)
        now = values[self.rows]
        yield from self._both(controls, now)
        if self.lagged is not None:
            lags = tuple(f"{c} (lag)" for c in controls)
            yield from self._both(lags, values[self.lagged])
            now = now - values[self.lagged]
        yield from self._products(controls, now)

    def _products(self, controls: tuple[str, ...], values: np.ndarray) -> Iterator[Block]:
        """Controls times centred traits, for linear learners."""
        names, traits = encode_traits(self.panel)
        if not names or self.approximate:
            return
        # Indicators stay 0 and 1: of a level that only held-out clusters have, nothing is learned.
        flags = np.array([np.isin(t[~np.isnan(t)], (0.0, 1.0)).all() for t in traits.T])
        centre = np.where(flags, 0.0, np.nanmean(traits, axis=0))
        spread = np.where(flags, 1.0, np.nanstd(traits, axis=0))
        traits = np.nan_to_num((traits - centre) / np.where(spread > 0, spread, 1.0))
        at_rows = traits[self.panel.unit_codes[self.rows]]
        for name, column in zip(names, at_rows.T, strict=True):
            labels = tuple(f"{c} x {name}" for c in controls)
            yield labels, self._clean(values * column[:, None]), PRODUCT, False

    def _means(self) -> Iterator[Block]:
        roles = self.panel.roles
        if self.kind not in ("within", "mundlak") or self.approximate:
            return
        names = roles.controls
        if self.kind == "mundlak":
            names = (*names, *roles.treatments, *roles.exposures, *roles.mediators)
        if not names:
            return
        means = group_means(self.panel.matrix(names)[self.rows], self.unit, self.weights)
        labels = tuple(f"{c} (firm mean)" for c in names)
        if self.kind == "mundlak":
            yield from self._both(labels, means[self.unit])
        else:
            yield labels, means[self.unit], False, True

    def _traits(self) -> Iterator[Block]:
        names, values = encode_traits(self.panel)
        if not names:
            return
        values = values[self.panel.unit_codes[self.rows]]
        if self.kind in ("none", "mundlak"):
            yield from self._both(names, values)
        else:
            yield names, values, False, True

    def _both(self, names: tuple[str, ...], values: np.ndarray) -> Iterator[Block]:
        """Values without the removed effects for linear learners, levels for the others."""
        if not self.removed:
            yield names, values, True, True
            return
        clean = self._clean(values)
        if self.approximate:
            yield names, clean, True, True
            return
        yield tuple(f"{name} (deviation)" for name in names), clean, True, False
        yield names, values, False, True

    def _clean(self, values: np.ndarray) -> np.ndarray:
        """Absorb with gaps bridged by the firm's mean, and leave the gaps missing."""
        missing = np.isnan(values)
        if not missing.any():
            return absorb(values, self.removed, self.weights)
        fill = group_means(values, self.unit, self.weights)[self.unit]
        fill = np.where(np.isnan(fill), np.nanmean(values, axis=0), fill)
        out = absorb(np.where(missing, fill, values), self.removed, self.weights)
        out[missing] = np.nan
        return out
